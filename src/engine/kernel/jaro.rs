//! Jaro-Winkler similarity.

use super::{Scratch, WORD};

/// Room for rounding in bounds that are compared with a cut-off before the exact value is known.
const SLACK: f64 = 1e-9;

/// Jaro-Winkler similarity, if it is at least `cutoff`.
///
/// ```
/// use padan::engine::kernel::{Scratch, jaro_winkler};
///
/// let mut scratch = Scratch::default();
/// assert_eq!(jaro_winkler("MARTHA", "MARHTA", 0.9, &mut scratch), Some(strsim::jaro_winkler("MARTHA", "MARHTA")));
/// assert_eq!(jaro_winkler("MARTHA", "AHMAD", 0.9, &mut scratch), None);
/// ```
pub fn jaro_winkler(a: &str, b: &str, cutoff: f64, scratch: &mut Scratch) -> Option<f64> {
    let fast = a.len() <= WORD && b.len() <= WORD && a.is_ascii() && b.is_ascii();
    let similarity = if a.is_empty() || b.is_empty() || !fast {
        strsim::jaro_winkler(a, b)
    } else {
        if winkler(best(a.len(), b.len()), 4) + SLACK < cutoff {
            return None;
        }
        let (a, b) = (a.as_bytes(), b.as_bytes());
        let jaro = scratch.masks.with(b, |masks| jaro(a, b.len(), masks));
        let common = a.iter().zip(b).take(4).take_while(|(x, y)| x == y).count();
        if jaro > 0.7 { winkler(jaro, common) } else { jaro }
    };
    (similarity >= cutoff).then_some(similarity)
}

fn winkler(jaro: f64, common: usize) -> f64 {
    jaro + 0.1 * common as f64 * (1.0 - jaro)
}

/// The Jaro similarity of two texts of these lengths cannot be higher.
fn best(a: usize, b: usize) -> f64 {
    weigh(a.min(b), 0, a, b)
}

fn weigh(matches: usize, transpositions: usize, a: usize, b: usize) -> f64 {
    let found = matches as f64;
    ((found / a as f64) + (found / b as f64) + ((matches - transpositions) as f64 / found)) / 3.0
}

fn jaro(a: &[u8], b_len: usize, b_masks: &[u64; 128]) -> f64 {
    let range = (a.len().max(b_len) / 2).saturating_sub(1);
    let (mut a_found, mut b_found) = (0u64, 0u64);
    for (i, letter) in a.iter().enumerate() {
        let window = below(b_len.min(i + range + 1)) & !below(i.saturating_sub(range));
        let free = b_masks[usize::from(*letter)] & window & !b_found;
        // The lowest free position takes the match, as in the reference.
        let first = free & free.wrapping_neg();
        b_found |= first;
        a_found |= u64::from(first != 0) << i;
    }
    let matches = a_found.count_ones() as usize;
    if matches == 0 {
        return 0.0;
    }
    let mut out_of_place = 0;
    let (mut a_left, mut b_left) = (a_found, b_found);
    while a_left != 0 {
        let letter = a[a_left.trailing_zeros() as usize];
        let position = b_left & b_left.wrapping_neg();
        out_of_place += usize::from(b_masks[usize::from(letter)] & position == 0);
        a_left &= a_left - 1;
        b_left &= b_left - 1;
    }
    weigh(matches, out_of_place / 2, a.len(), b_len)
}

/// The bits below position `n`.
fn below(n: usize) -> u64 {
    if n >= WORD { u64::MAX } else { (1 << n) - 1 }
}

//! Levenshtein distance, bit-parallel (Myers 1999 in Hyyrö's form).

use super::{Scratch, ordered};

/// Levenshtein distance, if it is at most `cutoff`.
pub fn levenshtein(a: &str, b: &str, cutoff: usize, scratch: &mut Scratch) -> Option<usize> {
    let Some((short, long)) = ordered(a, b) else {
        return Some(strsim::levenshtein(a, b)).filter(|d| *d <= cutoff);
    };
    if long.len() - short.len() > cutoff {
        return None;
    }
    if short.is_empty() {
        return Some(long.len());
    }
    let distance = scratch.masks.with(short, |masks| rows(short.len(), long, masks));
    Some(distance).filter(|d| *d <= cutoff)
}

fn rows(short: usize, long: &[u8], masks: &[u64; 128]) -> usize {
    let last = 1u64 << (short - 1);
    let (mut plus, mut minus, mut distance) = (u64::MAX, 0u64, short);
    for letter in long {
        let equal = masks[usize::from(*letter)];
        let diagonal = ((equal & plus).wrapping_add(plus) ^ plus) | equal | minus;
        let up = minus | !(diagonal | plus);
        let down = diagonal & plus;
        distance += usize::from(up & last != 0);
        distance -= usize::from(down & last != 0);
        let up = up << 1 | 1;
        plus = down << 1 | !(diagonal | up);
        minus = up & diagonal;
    }
    distance
}

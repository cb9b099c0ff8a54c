//! Jaro-Winkler similarity.
//!
//! The matches of Jaro are the same whichever side looks for them: letter by letter, both sides are walked upwards,
//! and windows only move upwards. So either side may be the prepared one.

use super::WORD;
use super::prepared::Side;

/// Room for rounding in bounds that are compared with a cut-off before the exact value is known.
const SLACK: f64 = 1e-9;
/// Up to this length the windows are read from a table.
const SHORT: usize = 32;

/// The Jaro-Winkler similarity, if it is at least `cutoff`. The other text has 1 to 64 ASCII letters.
pub(super) fn similarity(side: Side<'_>, other: &[u8], cutoff: f64) -> Option<f64> {
    let (length, count) = (side.text.len(), other.len());
    let common = side.text.iter().zip(other).take(4).take_while(|(x, y)| x == y).count();
    let needed = needed(length, count, common, cutoff);
    if needed > length.min(count) {
        return None;
    }
    let range = range(length.max(count));
    let jaro = if length <= SHORT && count <= SHORT {
        let windows = WINDOWS[range].iter().map(|window| u64::from(*window));
        let found = matches(side, other, windows, count - needed)?;
        let (matches, transpositions) = transpositions(side, other, found);
        weigh_short(matches, transpositions, length, count)
    } else {
        let windows = (0..count).map(|at| below(at + range + 1) & !below(at.saturating_sub(range)));
        let found = matches(side, other, windows, count - needed)?;
        let (matches, transpositions) = transpositions(side, other, found);
        weigh(matches, transpositions, length, count)
    };
    Some(boosted(jaro, common)).filter(|similarity| *similarity >= cutoff)
}

/// Matched places of the prepared and of the other text.
type Found = (u64, u64);

/// The matches, unless more than `most_missed` letters of the other text have none.
#[inline]
fn matches(side: Side<'_>, other: &[u8], windows: impl Iterator<Item = u64>, most_missed: usize) -> Option<Found> {
    let (mut free, mut matched, mut missed) = (u64::MAX, 0u64, 0);
    for ((at, letter), window) in other.iter().enumerate().zip(windows) {
        let free_here = side.places(*letter) & window & free;
        // The lowest free place takes the match, as in the reference.
        let first = free_here & free_here.wrapping_neg();
        free ^= first;
        matched |= u64::from(first != 0) << at;
        missed += usize::from(first == 0);
        if missed > most_missed {
            return None;
        }
    }
    Some((!free, matched))
}

/// How many letters match, and half of how many of them are out of order.
#[inline]
fn transpositions(side: Side<'_>, other: &[u8], (mut places, mut matched): Found) -> (usize, usize) {
    let (mut matches, mut out_of_place) = (0, 0);
    while matched != 0 {
        let letter = other[matched.trailing_zeros() as usize];
        let place = places & places.wrapping_neg();
        out_of_place += usize::from(side.places(letter) & place == 0);
        matches += 1;
        matched &= matched - 1;
        places ^= place;
    }
    (matches, out_of_place / 2)
}

/// The Jaro similarity, in the order of the reference's operations; of two sides, either can come first.
fn weigh(matches: usize, transpositions: usize, a: usize, b: usize) -> f64 {
    if matches == 0 {
        return 0.0;
    }
    let found = matches as f64;
    ((found / a as f64) + (found / b as f64) + ((matches - transpositions) as f64 / found)) / 3.0
}

/// [`weigh`] for two texts of at most 32 letters, with three of the four divisions looked up.
#[inline]
pub(super) fn weigh_short(matches: usize, transpositions: usize, a: usize, b: usize) -> f64 {
    let part = |part: usize, whole: usize| QUOTIENTS[whole][part];
    (part(matches, a) + part(matches, b) + part(matches - transpositions, matches)) / 3.0
}

/// Per whole its parts, divided by it. No part of nothing is anything.
static QUOTIENTS: [[f64; SHORT + 1]; SHORT + 1] = {
    let mut quotients = [[0.0; SHORT + 1]; SHORT + 1];
    let mut whole = 1;
    while whole <= SHORT {
        let mut part = 0;
        while part <= SHORT {
            quotients[whole][part] = part as f64 / whole as f64;
            part += 1;
        }
        whole += 1;
    }
    quotients
};

/// The Jaro-Winkler similarity of two texts whose first `common` letters are the same; at most four count.
#[inline]
pub(super) fn boosted(jaro: f64, common: usize) -> f64 {
    let boosted = jaro + 0.1 * common as f64 * (1.0 - jaro);
    if jaro > 0.7 { boosted } else { jaro }
}

/// How far apart two letters may stand that match.
#[inline]
pub(super) fn range(longer: usize) -> usize {
    (longer / 2).saturating_sub(1)
}

/// So many letters must match, or the similarity is below the cut-off. May be more than there are.
fn needed(a: usize, b: usize, common: usize, cutoff: f64) -> usize {
    // What Jaro must reach before the boost, which only counts above 0.7.
    let share = 0.1 * common as f64;
    let least = if cutoff > 0.7 { ((cutoff - share) / (1.0 - share)).max(0.7) } else { cutoff };
    // Without transpositions it is (m / a + m / b + 1) / 3.
    let (a, b) = (a as f64, b as f64);
    (((3.0 * least - 1.0 - SLACK) * a * b / (a + b)) - SLACK).ceil().max(0.0) as usize
}

/// Per range, for each place of one text the places of the other that may match it.
static WINDOWS: [[u32; SHORT]; SHORT / 2] = {
    let mut windows = [[0; SHORT]; SHORT / 2];
    let mut range = 0;
    while range < SHORT / 2 {
        let mut at = 0;
        while at < SHORT {
            let from = at.saturating_sub(range);
            windows[range][at] = (below(at + range + 1) & !below(from)) as u32;
            at += 1;
        }
        range += 1;
    }
    windows
};

/// The bits below place `n`.
const fn below(n: usize) -> u64 {
    if n >= WORD { u64::MAX } else { (1 << n) - 1 }
}

//! Jaro-Winkler similarities of one prepared text and eight others: the steps of `kernel::jaro` in lanes.

use super::{Eight, LANES, Lane, Side};
use crate::engine::kernel::jaro::{boosted, range, weigh_short};

/// The similarities of a text of at most `N` letters; those beyond `count` mean nothing.
pub(super) fn similarities<T: Lane, const N: usize>(side: Side<'_>, eight: &Eight<N>) -> [f64; LANES] {
    let steps = eight.longest();
    let mut window = [T::default(); LANES];
    let mut grow = [T::default(); LANES];
    for k in 0..LANES {
        let range = range(side.text.len().max(eight.lengths[k])) as u32;
        grow[k] = T::low((1 << range) - 1);
        window[k] = T::low((2 << range) - 1);
    }
    let one = T::low(1);
    let mut free = [T::all_if(true); LANES];
    let mut matched = [[T::default(); LANES]; N];
    let mut letters = [[T::default(); LANES]; N];
    let mut found = [T::default(); LANES];
    for at in 0..steps {
        letters[at] = std::array::from_fn(|k| T::low(side.places(eight.letters[k][at])));
        for k in 0..LANES {
            let free_here = letters[at][k] & window[k] & free[k];
            let first = free_here & T::default().minus(free_here);
            free[k] = free[k] ^ first;
            matched[at][k] = T::all_if(free_here != T::default());
            found[k] = found[k].minus(matched[at][k]);
            // The window grows to its full width and then moves on.
            window[k] = window[k] << 1 | grow[k] & one;
            grow[k] = grow[k] >> 1;
        }
    }
    let wrong = out_of_place(&letters[..steps], &matched[..steps], free.map(|free| !free));
    let mut similarities = [0.0; LANES];
    for k in 0..LANES {
        let jaro = weigh_short(found[k].number(), wrong[k].number() / 2, side.text.len(), eight.lengths[k]);
        similarities[k] = boosted(jaro, common(side.text, &eight.letters[k], eight.lengths[k]));
    }
    similarities
}

/// How many matched letters do not stand in the order of the matched places.
fn out_of_place<T: Lane>(letters: &[[T; LANES]], matched: &[[T; LANES]], mut places: [T; LANES]) -> [T; LANES] {
    let mut wrong = [T::default(); LANES];
    for (letters, matched) in letters.iter().zip(matched) {
        for k in 0..LANES {
            let place = places[k] & T::default().minus(places[k]) & matched[k];
            places[k] = places[k] ^ place;
            let stands = T::all_if(letters[k] & place != T::default());
            wrong[k] = wrong[k].minus(matched[k] & !stands);
        }
    }
    wrong
}

/// Equal letters at the start, four at most.
#[inline]
fn common<const N: usize>(text: &[u8], other: &[u8; N], length: usize) -> usize {
    let start = |letters: &[u8]| letters.iter().take(4).rev().fold(0, |word, letter| word << 8 | u32::from(*letter));
    let same = (start(text) ^ start(other)).trailing_zeros() as usize / 8;
    same.min(length).min(text.len())
}

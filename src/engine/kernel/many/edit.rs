//! Levenshtein and OSA distances of one prepared text and eight others: the steps of their kernels in lanes.

use super::{Eight, LANES, Lane, Side};

/// Whether two neighbours that are swapped are one edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Swaps {
    /// They are: OSA.
    Count,
    /// They are two: Levenshtein.
    AreEdits,
}

/// The distances of a text of at most `N` letters; those beyond `count` mean nothing.
#[inline]
pub(super) fn distances<T: Lane, const N: usize>(side: Side<'_>, eight: &Eight<N>, swaps: Swaps) -> [usize; LANES] {
    let (one, last) = (T::low(1), side.text.len() as u32 - 1);
    let swaps = T::all_if(swaps == Swaps::Count);
    let lengths = eight.lengths.map(|length| T::low(length as u64));
    let mut plus = [T::all_if(true); LANES];
    let mut minus = [T::default(); LANES];
    let mut diagonal = [T::default(); LANES];
    let mut before = [T::default(); LANES];
    let mut distance = [T::low(side.text.len() as u64); LANES];
    let mut left = lengths;
    for at in 0..eight.longest() {
        let equal: [T; LANES] = std::array::from_fn(|k| T::low(side.places(eight.letters[k][at])));
        for k in 0..LANES {
            let swapped = (!diagonal[k] & equal[k]) << 1 & before[k] & swaps;
            let carried = (equal[k] & plus[k]).plus(plus[k]);
            diagonal[k] = (carried ^ plus[k]) | equal[k] | minus[k] | swapped;
            let up = minus[k] | !(diagonal[k] | plus[k]);
            let down = diagonal[k] & plus[k];
            // Texts that are at their end keep their distance.
            let counts = T::all_if(left[k] != T::default()) & one;
            left[k] = left[k].minus(counts);
            distance[k] = distance[k].plus(up >> last & counts).minus(down >> last & counts);
            let up = up << 1 | one;
            plus[k] = down << 1 | !(diagonal[k] | up);
            minus[k] = up & diagonal[k];
            before[k] = equal[k];
        }
    }
    distance.map(Lane::number)
}

//! Levenshtein and OSA distances of one text and sixteen others: the steps of their kernels in registers.

use std::arch::x86_64::{
    __m256i, _mm256_and_si256, _mm256_andnot_si256, _mm256_or_si256, _mm256_setzero_si256, _mm256_xor_si256,
};

use super::super::Swaps;
use super::word::{all, equal, greater, minus, plus};

/// The bit vectors of the kernels, one word a text.
pub(super) struct Edit<const BITS: u32> {
    lengths: __m256i,
    /// The last place of the prepared text.
    last: __m256i,
    /// All bits where neighbours that are swapped are one edit.
    swaps: __m256i,
    plus: __m256i,
    minus: __m256i,
    diagonal: __m256i,
    before: __m256i,
    distance: __m256i,
}

impl<const BITS: u32> Edit<BITS> {
    /// The distances of texts of these lengths from one of `length` letters, before the first letter.
    #[target_feature(enable = "avx2")]
    pub(super) fn new(length: usize, lengths: __m256i, swaps: Swaps) -> Self {
        let none = _mm256_setzero_si256();
        Self {
            lengths,
            last: all::<BITS>(1 << (length - 1)),
            swaps: if swaps == Swaps::Count { equal::<BITS>(none, none) } else { none },
            plus: equal::<BITS>(none, none),
            minus: none,
            diagonal: none,
            before: none,
            distance: all::<BITS>(length as u32),
        }
    }

    /// One letter further: `places` are those where the prepared text has the letters at place `at` of the others.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn step(&mut self, at: usize, places: __m256i) {
        let ones = equal::<BITS>(places, places);
        let not_diagonal = _mm256_andnot_si256(self.diagonal, places);
        let swapped = _mm256_and_si256(plus::<BITS>(not_diagonal, not_diagonal), self.before);
        let swapped = _mm256_and_si256(swapped, self.swaps);
        let carried = plus::<BITS>(_mm256_and_si256(places, self.plus), self.plus);
        let or_places = _mm256_or_si256(_mm256_or_si256(places, self.minus), swapped);
        self.diagonal = _mm256_or_si256(_mm256_xor_si256(carried, self.plus), or_places);
        let neither = _mm256_andnot_si256(_mm256_or_si256(self.diagonal, self.plus), ones);
        let up = _mm256_or_si256(self.minus, neither);
        let down = _mm256_and_si256(self.diagonal, self.plus);
        // Texts that are at their end keep their distance: there both are all bits.
        let last = _mm256_and_si256(self.last, greater::<BITS>(self.lengths, all::<BITS>(at as u32)));
        let has_last = |words: __m256i| equal::<BITS>(_mm256_and_si256(words, last), last);
        self.distance = plus::<BITS>(minus::<BITS>(self.distance, has_last(up)), has_last(down));
        let up = minus::<BITS>(plus::<BITS>(up, up), ones);
        let neither = _mm256_andnot_si256(_mm256_or_si256(self.diagonal, up), ones);
        self.plus = _mm256_or_si256(plus::<BITS>(down, down), neither);
        self.minus = _mm256_and_si256(up, self.diagonal);
        self.before = places;
    }

    /// The distances.
    pub(super) fn distances(&self) -> __m256i {
        self.distance
    }
}

//! Jaro-Winkler similarities of one text and sixteen others: the steps of `kernel::jaro` in registers.

use std::arch::x86_64::{__m256i, _mm256_and_si256, _mm256_andnot_si256, _mm256_setzero_si256, _mm256_xor_si256};

use super::group::LETTERS;
use super::word::{equal, halved, lowest, minus, plus};

/// The matches of a text and others, one word a text, and then those that are out of order.
pub(super) struct Jaro<const BITS: u32> {
    /// Places of the prepared text that may match the next letter.
    window: __m256i,
    /// As many bits as the window still grows.
    grow: __m256i,
    /// Places of the prepared text without a match.
    free: __m256i,
    /// Letters without a match.
    missed: __m256i,
    /// Per place of the others, where the prepared text has the letter, if it has a match, and none otherwise.
    matched: [__m256i; LETTERS],
    steps: usize,
}

impl<const BITS: u32> Jaro<BITS> {
    /// Before the first letter; `ranges` has as many bits in each word as two letters that match may stand apart.
    #[target_feature(enable = "avx2")]
    pub(super) fn new(ranges: __m256i) -> Self {
        let none = _mm256_setzero_si256();
        let ones = equal::<BITS>(none, none);
        Self {
            window: minus::<BITS>(plus::<BITS>(ranges, ranges), ones),
            grow: ranges,
            free: ones,
            missed: none,
            matched: [none; LETTERS],
            steps: 0,
        }
    }

    /// One letter further: `places` are those where the prepared text has it.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn step(&mut self, places: __m256i) {
        let none = _mm256_setzero_si256();
        // The lowest free place takes the match, as in the reference.
        let first = lowest::<BITS>(_mm256_and_si256(_mm256_and_si256(places, self.window), self.free));
        self.free = _mm256_xor_si256(self.free, first);
        let missed = equal::<BITS>(first, none);
        self.missed = minus::<BITS>(self.missed, missed);
        self.matched[self.steps % LETTERS] = _mm256_andnot_si256(missed, places);
        self.steps += 1;
        // The window grows to its full width and then moves on.
        let one = minus::<BITS>(none, equal::<BITS>(none, none));
        self.window = plus::<BITS>(plus::<BITS>(self.window, self.window), _mm256_and_si256(self.grow, one));
        self.grow = halved::<BITS>(self.grow);
    }

    /// Letters without a match, steps beyond the end of a text among them.
    pub(super) fn missed(&self) -> __m256i {
        self.missed
    }

    /// How many matched letters do not stand in the order of the matched places.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn out_of_place(&self) -> __m256i {
        let none = _mm256_setzero_si256();
        let mut places = _mm256_xor_si256(self.free, equal::<BITS>(none, none));
        let mut wrong = none;
        for letter in &self.matched[..self.steps] {
            let missed = equal::<BITS>(*letter, none);
            let place = _mm256_andnot_si256(missed, lowest::<BITS>(places));
            places = _mm256_xor_si256(places, place);
            let stands_elsewhere = equal::<BITS>(_mm256_and_si256(*letter, place), none);
            wrong = minus::<BITS>(wrong, _mm256_andnot_si256(missed, stands_elsewhere));
        }
        wrong
    }
}

//! Lanes and groups of eight texts.

use std::ops::{BitAnd, BitOr, BitXor, Not, Shl, Shr};

/// Texts that are compared in step.
pub(super) const LANES: usize = 8;

/// The word of one lane.
pub(super) trait Lane:
    Copy
    + Default
    + PartialEq
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
    + Not<Output = Self>
    + Shl<u32, Output = Self>
    + Shr<u32, Output = Self>
{
    /// The low bits of a word.
    fn low(word: u64) -> Self;
    /// As a number.
    fn number(self) -> usize;
    /// Sum, as if there were no bits beyond the lane.
    fn plus(self, other: Self) -> Self;
    /// Difference, as if there were no bits beyond the lane.
    fn minus(self, other: Self) -> Self;
    /// All bits where something holds, none where it does not.
    fn all_if(holds: bool) -> Self;
}

macro_rules! lane {
    ($word:ty) => {
        impl Lane for $word {
            #[inline]
            fn low(word: u64) -> Self {
                word as Self
            }

            #[inline]
            fn number(self) -> usize {
                self as usize
            }

            #[inline]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }

            #[inline]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }

            #[inline]
            fn all_if(holds: bool) -> Self {
                if holds { Self::MAX } else { 0 }
            }
        }
    };
}

lane!(u16);
lane!(u32);

/// Up to eight ASCII texts of 1 to `N` letters, filled up with zeros.
pub(super) struct Eight<const N: usize> {
    pub(super) letters: [[u8; N]; LANES],
    pub(super) lengths: [usize; LANES],
    /// Which of the other texts each is.
    pub(super) places: [usize; LANES],
    pub(super) count: usize,
}

impl<const N: usize> Default for Eight<N> {
    fn default() -> Self {
        Self { letters: [[0; N]; LANES], lengths: [0; LANES], places: [0; LANES], count: 0 }
    }
}

impl<const N: usize> Eight<N> {
    /// Takes one more text; says whether the group is full.
    #[inline]
    pub(super) fn push(&mut self, place: usize, text: &[u8]) -> bool {
        self.letters[self.count % LANES] = filled_up(text);
        self.lengths[self.count % LANES] = text.len();
        self.places[self.count % LANES] = place;
        self.count += 1;
        self.count == LANES
    }

    /// Puts the results where the texts came from, and empties the group.
    pub(super) fn hand_out<R: Copy>(&mut self, results: [R; LANES], found: &mut [R]) {
        for (place, result) in self.places[..self.count].iter().zip(results) {
            found[*place] = result;
        }
        self.count = 0;
        self.lengths = [0; LANES];
    }

    /// Letters of the longest text.
    #[inline]
    pub(super) fn longest(&self) -> usize {
        self.lengths.iter().copied().max().unwrap_or(0).min(N)
    }
}

/// A text of at most `N` letters with zeros behind it. Two loads that overlap are faster than a copy of unknown length.
#[inline]
fn filled_up<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut filled = [0; N];
    let low = &text[..text.len().min(16)];
    if let Some(target) = filled.first_chunk_mut::<16>() {
        *target = word(low).to_le_bytes();
    }
    if let (Some(last), Some(target)) = (text.last_chunk::<16>(), filled.get_mut(16..32)) {
        let beyond = 32 - text.len() as u32;
        let high = u128::from_le_bytes(*last).checked_shr(8 * beyond).unwrap_or(0);
        target.copy_from_slice(&high.to_le_bytes());
    }
    filled
}

/// At most 16 letters in one word, the first one lowest.
#[inline]
fn word(text: &[u8]) -> u128 {
    let beyond = |chunk: usize| 8 * (text.len() - chunk);
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return u128::from(u64::from_le_bytes(*first)) | u128::from(u64::from_le_bytes(*last)) << beyond(8);
    }
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return u128::from(u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << beyond(4));
    }
    text.iter().rev().fold(0, |word, letter| word << 8 | u128::from(*letter))
}

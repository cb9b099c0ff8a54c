//! Texts that are compared together, and their letters turned so that one register holds one place of all of them.

use std::arch::x86_64::{
    __m128i, _mm_and_si128, _mm_cmpeq_epi8, _mm_set1_epi8, _mm_setzero_si128, _mm_sub_epi8, _mm_unpackhi_epi8,
    _mm_unpacklo_epi8,
};

use super::word::{bytes, loaded};

/// Texts that are compared in step.
pub(in super::super) const LANES: usize = 16;
/// Letters that a text may have.
pub(in super::super) const LETTERS: usize = 32;
/// The bits that no ASCII letter has.
const NOT_ASCII: u128 = u128::from_le_bytes([0x80; LANES]);

/// Up to sixteen ASCII texts of at most [`LETTERS`] letters.
#[derive(Default)]
pub(in super::super) struct Group {
    /// The letters in two words, the first one lowest, with zeros behind them.
    rows: [[u128; LANES]; LETTERS / LANES],
    lengths: [u32; LANES],
    /// Which of the other texts each is.
    places: [usize; LANES],
    count: usize,
}

impl Group {
    /// Takes one more text, if it is short enough and ASCII; says whether it did.
    #[inline]
    pub(in super::super) fn take(&mut self, place: usize, text: &str) -> bool {
        let text = text.as_bytes();
        let words = match text.len() {
            0..=LANES => [word(text), 0],
            17..=LETTERS => [word(text), word(&text[LANES..])],
            _ => return false,
        };
        if (words[0] | words[1]) & NOT_ASCII != 0 {
            return false;
        }
        let lane = self.count % LANES;
        (self.rows[0][lane], self.rows[1][lane]) = (words[0], words[1]);
        self.lengths[lane] = text.len() as u32;
        self.places[lane] = place;
        self.count += 1;
        true
    }

    /// Says whether another text has no room.
    #[inline]
    pub(in super::super) fn is_full(&self) -> bool {
        self.count == LANES
    }

    /// Empties the group; says where its texts came from.
    #[inline]
    pub(in super::super) fn empty(&mut self) -> &[usize] {
        &self.places[..std::mem::take(&mut self.count)]
    }

    /// Letters of each text.
    #[inline]
    pub(super) fn lengths(&self) -> [u32; LANES] {
        self.lengths
    }

    /// The letters, turned. What a lane had before stays in those beyond the texts.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn columns(&self) -> Columns {
        let longest = self.lengths.into_iter().max().unwrap_or(0) as usize;
        let [first, second] = &self.rows;
        let second = if longest > LANES { turned(second) } else { [_mm_setzero_si128(); LANES] };
        Columns { letters: [turned(first), second], longest }
    }
}

/// One register a place; zeros stand behind the end of a text.
pub(super) struct Columns {
    letters: [[__m128i; LANES]; LETTERS / LANES],
    longest: usize,
}

impl Columns {
    /// The places that any text has.
    #[inline]
    pub(super) fn letters(&self) -> &[__m128i] {
        &self.letters.as_flattened()[..self.longest]
    }

    /// How many letters each text and another have in common at the start, four at most.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn common(&self, text: &[u8]) -> [u8; LANES] {
        let mut count = _mm_setzero_si128();
        let mut same = _mm_set1_epi8(-1);
        for (letters, letter) in self.letters().iter().zip(text).take(4) {
            same = _mm_and_si128(same, _mm_cmpeq_epi8(*letters, _mm_set1_epi8(letter.cast_signed())));
            count = _mm_sub_epi8(count, same);
        }
        bytes(count)
    }
}

/// Sixteen rows of sixteen letters to columns: four times each half is put between the other's letters.
#[inline]
#[target_feature(enable = "avx2")]
fn turned(rows: &[u128; LANES]) -> [__m128i; LANES] {
    let mut turned = [_mm_setzero_si128(); LANES];
    for (register, row) in turned.iter_mut().zip(rows) {
        *register = loaded(row.to_le_bytes());
    }
    for _ in 0..LANES.trailing_zeros() {
        let halves = turned;
        for at in 0..LANES / 2 {
            turned[2 * at] = _mm_unpacklo_epi8(halves[at], halves[at + LANES / 2]);
            turned[2 * at + 1] = _mm_unpackhi_epi8(halves[at], halves[at + LANES / 2]);
        }
    }
    turned
}

/// The first sixteen letters in one word, the first one lowest. Two loads that overlap are faster than a copy of unknown
/// length.
#[inline]
fn word(text: &[u8]) -> u128 {
    if let Some(first) = text.first_chunk() {
        return u128::from_le_bytes(*first);
    }
    let beyond = |chunk: usize| 8 * (text.len() - chunk);
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return u128::from(u64::from_le_bytes(*first)) | u128::from(u64::from_le_bytes(*last)) << beyond(8);
    }
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return u128::from(u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << beyond(4));
    }
    text.iter().rev().fold(0, |word, letter| word << 8 | u128::from(*letter))
}

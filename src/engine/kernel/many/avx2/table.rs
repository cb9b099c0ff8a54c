//! Where a text has the letters of sixteen others: a table of 128 words that is read by shuffling bytes.
//!
//! A shuffle finds sixteen bytes in a table of sixteen. The table of the words is cut into rows of sixteen letters, of
//! which a text has few, and into planes, one for each byte of a word.

use std::arch::x86_64::{
    __m128i, __m256i, _mm_adds_epu8, _mm_or_si128, _mm_set1_epi8, _mm_setzero_si128, _mm_shuffle_epi8,
    _mm_unpackhi_epi8, _mm_unpackhi_epi16, _mm_unpacklo_epi8, _mm_unpacklo_epi16, _mm_xor_si128, _mm256_set_m128i,
};

use super::group::LANES;
use super::word::loaded;
use crate::engine::kernel::prepared::Side;

/// Letters of a row.
const ROW: usize = 16;
/// Rows of ASCII.
const ROWS: usize = 128 / ROW;

/// The rows that have a letter of the text.
pub(super) struct LetterRows {
    rows: [Row; ROWS],
    count: usize,
}

#[derive(Clone, Copy, Default)]
struct Row {
    /// Its first letter.
    first: u8,
    /// The bytes of its words, the lowest ones first.
    planes: [[u8; ROW]; 4],
}

impl LetterRows {
    /// The table of a text of at most 32 letters.
    pub(super) fn new(side: Side<'_>) -> Self {
        let mut table = Self { rows: [Row::default(); ROWS], count: 0 };
        for letter in side.text {
            let first = letter & !(ROW as u8 - 1);
            let known = table.rows[..table.count].iter().position(|row| row.first == first);
            let at = known.unwrap_or_else(|| {
                table.rows[table.count].first = first;
                table.count += 1;
                table.count - 1
            });
            let places = (side.places(*letter) as u32).to_le_bytes();
            for (plane, byte) in table.rows[at].planes.iter_mut().zip(places) {
                plane[usize::from(letter - first)] = byte;
            }
        }
        table
    }

    /// The places of sixteen letters, in words of 16 bits.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn short(&self, letters: __m128i) -> __m256i {
        let [low, high] = self.bytes(letters, 0);
        _mm256_set_m128i(_mm_unpackhi_epi8(low, high), _mm_unpacklo_epi8(low, high))
    }

    /// The places of sixteen letters, in words of 32 bits.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn long(&self, letters: __m128i) -> [__m256i; 2] {
        let ([a, b], [c, d]) = (self.bytes(letters, 0), self.bytes(letters, 2));
        let half = |low: __m128i, high: __m128i| {
            _mm256_set_m128i(_mm_unpackhi_epi16(low, high), _mm_unpacklo_epi16(low, high))
        };
        [half(_mm_unpacklo_epi8(a, b), _mm_unpacklo_epi8(c, d)), half(_mm_unpackhi_epi8(a, b), _mm_unpackhi_epi8(c, d))]
    }

    /// Two planes of the words, from `plane`.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn bytes(&self, letters: __m128i, plane: usize) -> [__m128i; 2] {
        let mut found = [_mm_setzero_si128(); 2];
        for row in &self.rows[..self.count] {
            // The place in the row, or at least 128, which a shuffle takes for none.
            let place = _mm_xor_si128(letters, _mm_set1_epi8(row.first.cast_signed()));
            let place = _mm_adds_epu8(place, _mm_set1_epi8((128 - ROW) as i8));
            found[0] = _mm_or_si128(found[0], _mm_shuffle_epi8(loaded(row.planes[plane]), place));
            found[1] = _mm_or_si128(found[1], _mm_shuffle_epi8(loaded(row.planes[plane + 1]), place));
        }
        found
    }
}

const _: () = assert!(LANES == ROW, "a register holds a letter of each text, and a row");

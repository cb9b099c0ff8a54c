//! Sixteen texts in step, in the 256-bit registers of AVX2.
//!
//! Functions that use the feature say so, and the compiler lets only such functions call them. What begins such a call
//! is [`Wide`], which is only made on a machine that has the feature.

mod edit;
mod group;
mod jaro;
mod table;
mod word;

use self::edit::Edit;
pub(super) use self::group::{Group, LANES, LETTERS};
use self::jaro::Jaro;
use self::table::LetterRows;
use self::word::{LONG, SHORT, long, long_numbers, short, short_numbers};
use super::Swaps;
use crate::engine::kernel::jaro::{boosted, range, weigh_short};
use crate::engine::kernel::prepared::Side;

/// A text of at most [`LETTERS`] letters that is compared with groups of others.
pub(super) struct Wide<'a> {
    side: Side<'a>,
    table: LetterRows,
}

impl<'a> Wide<'a> {
    /// `None` on a machine without AVX2, and for a longer text.
    pub(super) fn new(side: Side<'a>) -> Option<Self> {
        let fits = side.text.len() <= LETTERS && std::arch::is_x86_feature_detected!("avx2");
        fits.then(|| Self { side, table: LetterRows::new(side) })
    }

    /// The Jaro-Winkler similarities of a group; those beyond its texts mean nothing.
    #[expect(unsafe_code, reason = "calls what needs AVX2")]
    pub(super) fn similarities(&self, group: &Group) -> [f64; LANES] {
        // SAFETY: what it needs is AVX2, and a `Wide` is only made where the machine has it.
        unsafe { self.jaro_winkler(group) }
    }

    /// The edit distances of a group; those beyond its texts mean nothing.
    #[expect(unsafe_code, reason = "calls what needs AVX2")]
    pub(super) fn distances(&self, group: &Group, swaps: Swaps) -> [u32; LANES] {
        // SAFETY: what it needs is AVX2, and a `Wide` is only made where the machine has it.
        unsafe { self.edits(group, swaps) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn jaro_winkler(&self, group: &Group) -> [f64; LANES] {
        let (columns, lengths) = (group.columns(), group.lengths());
        let length = self.side.text.len();
        let ranges = lengths.map(|other| (1 << range(length.max(other as usize))) - 1);
        let (missed, wrong) = if length <= SHORT as usize {
            let mut jaro = Jaro::<SHORT>::new(short(ranges));
            for letters in columns.letters() {
                jaro.step(self.table.short(*letters));
            }
            (short_numbers(jaro.missed()), short_numbers(jaro.out_of_place()))
        } else {
            let [low, high] = long(ranges);
            let (mut low, mut high) = (Jaro::<LONG>::new(low), Jaro::<LONG>::new(high));
            for letters in columns.letters() {
                let places = self.table.long(*letters);
                low.step(places[0]);
                high.step(places[1]);
            }
            let missed = long_numbers([low.missed(), high.missed()]);
            (missed, long_numbers([low.out_of_place(), high.out_of_place()]))
        };
        let common = columns.common(self.side.text);
        let mut similarities = [0.0; LANES];
        for lane in 0..LANES {
            let matches = columns.letters().len() - missed[lane] as usize;
            let jaro = weigh_short(matches, wrong[lane] as usize / 2, length, lengths[lane] as usize);
            similarities[lane] = boosted(jaro, usize::from(common[lane]));
        }
        similarities
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn edits(&self, group: &Group, swaps: Swaps) -> [u32; LANES] {
        let (columns, lengths, length) = (group.columns(), group.lengths(), self.side.text.len());
        if length <= SHORT as usize {
            let mut edit = Edit::<SHORT>::new(length, short(lengths), swaps);
            for (at, letters) in columns.letters().iter().enumerate() {
                edit.step(at, self.table.short(*letters));
            }
            return short_numbers(edit.distances());
        }
        let [low, high] = long(lengths);
        let (mut low, mut high) = (Edit::<LONG>::new(length, low, swaps), Edit::<LONG>::new(length, high, swaps));
        for (at, letters) in columns.letters().iter().enumerate() {
            let places = self.table.long(*letters);
            low.step(at, places[0]);
            high.step(at, places[1]);
        }
        long_numbers([low.distances(), high.distances()])
    }
}

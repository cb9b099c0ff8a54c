//! Two values to a relation and a measure. A comparison's levels are defined over these (see `plan`).
//!
//! A comparator is one small file and one line in `SPECS`. It is symmetric where the model expects it: pairs are
//! always compared with the lower record number first, so that even a measure that is not symmetric gives one answer.

mod both_equal;
mod date;
mod date_after;
mod digits;
mod edit;
mod exact;
mod in_step;
mod jaro_winkler;
mod name_column;
mod number;
mod overlap;
mod prefix;
mod region;
#[cfg(test)]
mod tests;

use super::cells::Cells;
use super::field::{Field, Kind};
use super::kernel::Prepared;
use super::name::NameScratch;

/// The visible list of comparators.
pub(crate) const SPECS: &[&Spec] = &[
    &exact::SPEC,
    &digits::NIK_RELATION,
    &name_column::SPEC,
    &jaro_winkler::SPEC,
    &edit::LEVENSHTEIN,
    &edit::OSA,
    &edit::DAMERAU,
    &overlap::TOKEN_SET,
    &overlap::OVERLAP,
    &date::SPEC,
    &date_after::SPEC,
    &number::SPEC,
    &prefix::SPEC,
    &region::SPEC,
    &both_equal::SPEC,
];

/// The comparators that read the words of a text, not only the text.
pub(crate) const READS_WORDS: [&str; 2] = [overlap::TOKEN_SET.name, overlap::OVERLAP.name];

/// The comparators that ask only whether two values are equal.
pub(crate) const ONLY_EQUAL: [&str; 2] = [exact::SPEC.name, both_equal::SPEC.name];

/// What a model file may say about a comparator, and how it is made.
pub(crate) struct Spec {
    /// Its name in model files.
    pub(crate) name: &'static str,
    /// Relations it tells apart; the first is the one that `equal = true` means.
    pub(crate) relations: &'static [&'static str],
    /// Column types it reads.
    pub(crate) kinds: &'static [Kind],
    /// Fewest and most columns.
    pub(crate) columns: (usize, usize),
    /// It has a measure, for `min` and `max`.
    pub(crate) measured: bool,
    /// Its measure is a 32-bit float; only the name comparator, which also knows rarity.
    pub(crate) single: bool,
    /// Options of the comparison it reads.
    pub(crate) options: &'static [&'static str],
    /// Makes it.
    pub(crate) build: fn(&Settings) -> Box<dyn Compare>,
}

/// What a comparator is made from.
pub(crate) struct Settings {
    pub(crate) fields: Vec<Field>,
    /// The lowest `min` or `max` of a level: similarities below it are of no interest.
    pub(crate) lowest: f64,
    /// The highest `min` or `max` of a level: distances above it are of no interest.
    pub(crate) highest: f64,
    pub(crate) placeholder_days: Vec<u32>,
    pub(crate) years: u32,
    pub(crate) grace_days: u32,
    pub(crate) value: Option<String>,
}

/// Two rows to compare.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) cells: &'a Cells,
    pub(crate) a: u32,
    pub(crate) b: u32,
}

/// What came out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Outcome {
    /// How many of the two values are missing.
    pub(crate) missing: u8,
    /// Index into the relations of the comparator.
    pub(crate) relation: u8,
    /// Similarity or distance, as the comparator defines it.
    pub(crate) value: f64,
    /// Bits of rarity of what agrees; names only.
    pub(crate) rarity: f64,
}

impl Outcome {
    #[inline]
    const fn of(relation: u8, value: f64) -> Self {
        Self { missing: 0, relation, value, rarity: 0.0 }
    }

    #[inline]
    const fn missing(how_many: u8) -> Self {
        Self { missing: how_many, relation: 0, value: 0.0, rarity: 0.0 }
    }
}

/// Both values, or how many are missing.
fn both<T>(a: Option<T>, b: Option<T>) -> Result<(T, T), Outcome> {
    match (a, b) {
        (Some(a), Some(b)) => Ok((a, b)),
        (None, None) => Err(Outcome::missing(2)),
        (Some(_), None) | (None, Some(_)) => Err(Outcome::missing(1)),
    }
}

impl Pair<'_> {
    /// Both packed values.
    #[inline]
    fn values(self, field: Field) -> Result<(u64, u64), Outcome> {
        let (a, b) = (self.cells.cell(self.a, field), self.cells.cell(self.b, field));
        if a != 0 && b != 0 { Ok((a, b)) } else { Err(Outcome::missing(u8::from(a == 0) + u8::from(b == 0))) }
    }
}

/// A comparator.
pub(crate) trait Compare: Send + Sync {
    /// Compares two rows. Never allocates.
    fn compare(&self, pair: Pair<'_>, scratch: &mut Scratch) -> Outcome;

    /// [`Self::compare`] of each of `others` with `row`, in their order.
    fn compare_many(&self, cells: &Cells, others: &[u32], row: u32, scratch: &mut Scratch, found: &mut Vec<Outcome>) {
        one_by_one(self, cells, others, row, scratch, found);
    }
}

/// [`Compare::compare_many`] for comparators that gain nothing from many rows.
#[inline]
fn one_by_one<C: Compare + ?Sized>(
    comparator: &C,
    cells: &Cells,
    others: &[u32],
    row: u32,
    scratch: &mut Scratch,
    found: &mut Vec<Outcome>,
) {
    found.extend(others.iter().map(|other| comparator.compare(Pair { cells, a: *other, b: row }, scratch)));
}

/// What one worker reuses from pair to pair.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    names: NameScratch,
    /// Per column the text that was compared last: the next pair is likely to have it again.
    prepared: Vec<Prepared>,
    a: [u8; 19],
    b: [u8; 19],
    /// What is measured in step: numbers of texts, and what came out.
    apart: Vec<u32>,
    similarities: Vec<Option<f64>>,
    distances: Vec<Option<usize>>,
}

/// The relations of comparators that measure two values which are not equal.
const EQUAL: u8 = 0;
const DIFFERENT: u8 = 1;

/// What stands prepared for a column.
fn prepared(prepared: &mut Vec<Prepared>, field: Field) -> &mut Prepared {
    if prepared.len() <= field.index {
        prepared.resize_with(field.index + 1, Prepared::default);
    }
    &mut prepared[field.index]
}

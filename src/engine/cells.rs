//! Packed values: one fixed run of 32-bit words a row, so that comparing two rows touches few cache lines.
//!
//! What comparators read. Whose rows these are, and what plan asks about them, `rows` knows.

use std::sync::Arc;

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::field::{Field, Kind};
use super::name::NameRules;
use super::table::{Dictionary, Names, Sets, Texts};
use super::value::Day;

/// Rows that one thread puts together at a time.
const ROWS_STORED_AT_ONCE: usize = 1 << 12;

/// Words of 32 bits in a line.
const LINE: usize = 16;

/// What a processor fetches at once. Rows start at one, so that a row of some ten columns costs one wait.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line([u32; LINE]);

impl Line {
    const EMPTY: Self = Self([0; LINE]);
}

/// The packed values of all rows by slot, and the dictionaries of their columns.
pub(crate) struct Cells {
    lines: Vec<Line>,
    /// Lines of one row.
    stride: usize,
    tables: Vec<Dictionary>,
    names: Arc<NameRules>,
}

impl Cells {
    /// No rows yet, of so many words each; one dictionary a column.
    pub(crate) fn new(words: usize, tables: Vec<Dictionary>, names: Arc<NameRules>) -> Self {
        Self { lines: Vec::new(), stride: words.div_ceil(LINE), tables, names }
    }

    /// The rules by which names are compared.
    pub(crate) fn name_rules(&self) -> &NameRules {
        &self.names
    }

    /// Lets names be compared by other rules.
    pub(crate) fn compare_names_by(&mut self, names: Arc<NameRules>) {
        self.names = names;
    }

    /// Makes room for so many more rows, once.
    pub(crate) fn reserve(&mut self, rows: usize) {
        self.lines.reserve_exact(rows * self.stride);
    }

    /// Makes it so many rows; new ones are empty.
    pub(crate) fn resize(&mut self, rows: usize) {
        self.lines.resize(rows * self.stride, Line::EMPTY);
    }

    /// Makes it so many rows, those from `first` on of these packed values, column by column.
    pub(crate) fn append(&mut self, rows: usize, first: usize, columns: &[(Field, &[u64])]) {
        self.resize(rows);
        let new = self.lines[first * self.stride..].par_chunks_mut(self.stride).enumerate();
        new.with_min_len(ROWS_STORED_AT_ONCE).for_each(|(at, row)| {
            for (field, cells) in columns {
                store(row, *field, cells[at]);
            }
        });
    }

    /// Makes it rows of these words, so many each, one row behind the other.
    pub(crate) fn fill(&mut self, width: usize, words: &[u32]) {
        self.lines = vec![Line::EMPTY; words.len() / width * self.stride];
        self.lines.par_chunks_mut(self.stride).zip(words.par_chunks(width)).for_each(|(row, words)| {
            for (line, words) in row.iter_mut().zip(words.chunks(LINE)) {
                line.0[..words.len()].copy_from_slice(words);
            }
        });
    }

    /// How many words a row takes.
    pub(crate) fn words_of_row(&self) -> usize {
        self.stride * LINE
    }

    /// The words of a row.
    pub(crate) fn words(&self, slot: u32) -> impl Iterator<Item = u32> {
        self.row(slot).iter().flat_map(|line| line.0)
    }

    #[inline]
    fn row(&self, slot: u32) -> &[Line] {
        &self.lines[slot as usize * self.stride..][..self.stride]
    }

    pub(crate) fn store(&mut self, slot: u32, field: Field, cell: u64) {
        store(&mut self.lines[slot as usize * self.stride..][..self.stride], field, cell);
    }

    /// A packed value; 0 is missing.
    #[inline]
    pub(crate) fn cell(&self, slot: u32, field: Field) -> u64 {
        let row = slot as usize * self.stride;
        let word = |at: usize| u64::from(self.lines[row + at / LINE].0[at % LINE]);
        let low = word(field.offset);
        if field.wide() { low | word(field.offset + 1) << 32 } else { low }
    }

    /// Reads a little of what comparing this row will read; `lettered` are the columns whose letters are compared.
    #[inline]
    pub(crate) fn touch(&self, slot: u32, lettered: &[Field]) -> u64 {
        let row = self.row(slot);
        let mut seen = row.iter().fold(0, |seen, line| seen ^ u64::from(line.0[0]));
        for field in lettered {
            let id = row[field.offset / LINE].0[field.offset % LINE];
            seen ^= match &self.tables[field.index] {
                Dictionary::Texts(texts) if id != 0 => u64::from(texts.touch(id)),
                Dictionary::Names(names) if id != 0 => names.touch(id),
                Dictionary::None | Dictionary::Texts(_) | Dictionary::Names(_) | Dictionary::Sets(_) => 0,
            };
        }
        seen
    }

    pub(crate) fn day(&self, slot: u32, field: Field) -> Option<Day> {
        Day::from_code(self.cell(slot, field) as u32)
    }

    pub(crate) fn number(&self, slot: u32, field: Field) -> Option<f64> {
        let cell = self.cell(slot, field);
        (cell != 0).then(|| f64::from_bits(!cell))
    }

    pub(crate) fn table(&self, field: Field) -> &Dictionary {
        &self.tables[field.index]
    }

    /// The dictionaries, one a column.
    pub(crate) fn tables(&self) -> &[Dictionary] {
        &self.tables
    }

    /// The dictionaries, to add to.
    pub(crate) fn tables_mut(&mut self) -> &mut [Dictionary] {
        &mut self.tables
    }

    #[inline]
    pub(crate) fn texts(&self, field: Field) -> &Texts {
        let Dictionary::Texts(texts) = self.table(field) else { unreachable!("the plan gave it a text column") };
        texts
    }

    pub(crate) fn names(&self, field: Field) -> &Names {
        let Dictionary::Names(names) = self.table(field) else { unreachable!("the plan gave it a name column") };
        names
    }

    pub(crate) fn sets(&self, field: Field) -> &Sets {
        let Dictionary::Sets(sets) = self.table(field) else { unreachable!("the plan gave it a set column") };
        sets
    }

    /// Hash of the content of a packed value that is there: equal values hash alike, in every column and every run.
    #[inline]
    pub(crate) fn content(&self, field: Field, cell: u64) -> Option<u64> {
        match field.kind {
            Kind::Text | Kind::Code => Some(self.texts(field).hash(cell as u32)),
            Kind::Name => self.names(field).concat(cell as u32),
            Kind::Digits | Kind::Date | Kind::Number => Some(xxh3_64(&cell.to_le_bytes())),
            Kind::Set => None,
        }
    }
}

/// Puts a packed value into a row.
#[inline]
fn store(row: &mut [Line], field: Field, cell: u64) {
    let mut put = |at: usize, word: u32| row[at / LINE].0[at % LINE] = word;
    put(field.offset, cell as u32);
    if field.wide() {
        put(field.offset + 1, (cell >> 32) as u32);
    }
}

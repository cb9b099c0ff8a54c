//! A list as an operator has it: a file, the table in it, and how its columns become the fields of a feed.
//!
//! `sheet` knows what a file holds and `feed::mapping` what its columns mean; here the two meet. [`List`] is opened once, looked
//! at ([`List::draft`], [`List::preview`]), corrected, and read as a batch whose rows bear the numbers that the spreadsheet
//! program shows. [`List::marked`] gives the rows back with what became of each. Everything stays in memory.

mod error;
mod marking;
mod notes;
mod rows;

use std::io::BufRead;
use std::ops::{ControlFlow, Range};

use bytes::Bytes;
use sha2::{Digest, Sha256};

pub use self::error::ListError;
pub use self::marking::Words;
use self::rows::{RowReader, samples};
use crate::domain::batch::{ReceiptLine, RowError};
use crate::domain::feed::Feed;
use crate::feed::cell::{Cell, TableRow};
use crate::feed::mapping::{
    ColumnGuess, Draft, Mapper, Mapping, MappingError, Problem, Sentence, Shown, fold_heading, guess,
};
use crate::feed::{BatchReader, Context, ReadBatch};
use crate::sheet::{Form, Heading, NOTE_HEADING, OUTCOME_HEADING, Opened, SheetError, SheetLimits, TableInfo, open};

/// Rows that are looked at before a mapping is proposed, and letters of their cells: they are held as long as the list is.
const SAMPLE_ROWS: usize = 2_000;
const SAMPLE_LETTERS: usize = 4 << 20;

/// So many bytes of rows are read before it is asked whether there is room for more.
const ASKED_FOR: u64 = 256 << 10;

/// A list, and how it is to be read.
pub struct List {
    name: String,
    feed: Feed,
    context: Context,
    opened: Opened,
    /// SHA-256 of the file.
    sha256: [u8; 32],
    table: usize,
    heading: Option<Heading>,
    /// Columns that Padan put there when it gave the list back.
    marks: Range<usize>,
    sample: Vec<TableRow>,
    mapping: Mapping,
    /// What each column was taken for at first, and why.
    guesses: Vec<ColumnGuess>,
}

/// One row as Padan understands it, and why it would be refused.
#[derive(Debug, Clone)]
pub struct PreviewRow {
    /// Its number in the file.
    pub number: u64,
    /// Field by field.
    pub fields: Vec<Shown>,
    /// Why it cannot be sent as it is.
    pub reasons: Vec<RowError>,
}

impl List {
    /// Opens a file and proposes how to read it: as was remembered, where its headings are there, else by headings and values.
    /// Of several tables the first one that is shown and has headings is taken.
    ///
    /// # Errors
    ///
    /// A file that is no list, is damaged or holds more than `limits` allow.
    pub fn open(
        name: &str,
        bytes: Bytes,
        limits: &SheetLimits,
        (feed, remembered, context): (Feed, Option<&Mapping>, Context),
    ) -> Result<Self, ListError> {
        let sha256 = Sha256::digest(&bytes).into();
        let opened = open(name, bytes, limits)?;
        let mut list = Self {
            name: name.to_owned(),
            feed,
            context,
            opened,
            sha256,
            table: 0,
            heading: None,
            marks: 0..0,
            sample: Vec::new(),
            mapping: remembered.cloned().unwrap_or_else(|| Mapping::empty(feed)),
            guesses: Vec::new(),
        };
        for table in 0..list.opened.tables().len() {
            let is_hidden = matches!(&list.opened.tables()[table].form, Form::Sheet(sheet) if sheet.is_hidden);
            if !is_hidden && list.holds_rows(table)? {
                list.choose_table(table)?;
                return Ok(list);
            }
        }
        Err(ListError::NoHeading)
    }

    /// Its name, as it was sent.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The feed that its rows are of.
    pub fn feed(&self) -> Feed {
        self.feed
    }

    /// The tables of the file, and which of them is read.
    pub fn tables(&self) -> (&[TableInfo], usize) {
        (self.opened.tables(), self.table)
    }

    /// Files of a ZIP file that are no lists, and why.
    pub fn passed_over(&self) -> &[(String, SheetError)] {
        self.opened.passed_over()
    }

    /// Where the headings stand; nothing where each row names its fields itself.
    pub fn heading(&self) -> Option<&Heading> {
        self.heading.as_ref()
    }

    /// How it is read.
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// Lets it be read in another way.
    pub fn set_mapping(&mut self, mapping: Mapping) {
        self.mapping = mapping;
    }

    /// Some of what stands in a column, for somebody to look at.
    pub fn samples_of(&self, column: usize, most: usize) -> Vec<String> {
        samples(&self.sample, column, most)
    }

    /// Columns in which something stands under no heading, from 0: nobody reads them.
    pub fn unnamed_columns(&self) -> Vec<usize> {
        let Some(heading) = &self.heading else { return Vec::new() };
        let width = self.sample.iter().map(|row| row.cells.len()).max().unwrap_or_default();
        let unnamed = (0..width).filter(|at| heading.headings.get(*at).is_none_or(String::is_empty));
        let unnamed = unnamed.filter(|at| !self.marks.contains(at));
        unnamed
            .filter(|at| self.sample.iter().any(|row| row.cells.get(*at).is_some_and(|cell| !cell.is_empty())))
            .collect()
    }

    /// What a column was taken for when the list was opened, and why.
    pub fn guess_of(&self, column: usize) -> Option<&ColumnGuess> {
        self.guesses.iter().find(|guess| guess.column == column)
    }

    /// Reads another table of the file, as is proposed for it.
    ///
    /// # Errors
    ///
    /// A table without a row of headings.
    pub fn choose_table(&mut self, table: usize) -> Result<(), ListError> {
        if self.opened.json(table).is_some() {
            (self.table, self.heading) = (table, None);
            self.sample.clear();
            return Ok(());
        }
        let mut heading = self.opened.heading_row(table)?.ok_or(ListError::NoHeading)?;
        self.marks = leave_marks_out(&mut heading.headings);
        let from = heading.data_from();
        let (mut sample, mut letters) = (Vec::new(), 0);
        self.opened.rows(table, |row| {
            if row.number >= from {
                letters += row.cells.iter().map(Cell::letters).sum::<usize>();
                sample.push(row);
            }
            let more = sample.len() < SAMPLE_ROWS && letters < SAMPLE_LETTERS;
            if more { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        self.opened.rest();
        (self.table, self.heading, self.sample) = (table, Some(heading), sample);
        let known = (self.mapping.feed == self.feed).then_some(&self.mapping);
        let draft = guess(self.feed, self.headings(), &self.sample, known, self.context);
        (self.mapping, self.guesses) = (draft.mapping, draft.columns);
        for guess in &mut self.guesses {
            guess.target = self.mapping.target_of(&guess.heading);
        }
        Ok(())
    }

    fn holds_rows(&mut self, table: usize) -> Result<bool, ListError> {
        Ok(self.opened.json(table).is_some() || self.opened.heading_row(table)?.is_some())
    }

    /// What is proposed, and what somebody has to decide before it can be sent.
    pub fn draft(&self) -> Draft {
        guess(self.feed, self.headings(), &self.sample, Some(&self.mapping), self.context)
    }

    /// What somebody has to decide before it can be sent.
    pub fn undecided(&self) -> Vec<Sentence> {
        let problems = self.draft().problems;
        problems.iter().filter(|problem| problem.blocks()).map(Problem::sentence).collect()
    }

    /// The first rows as Padan understands them; nothing where each row names its fields itself, or the mapping does not fit.
    pub fn preview(&self, most: usize) -> Vec<PreviewRow> {
        let Ok(mapper) = self.mapping.compile(self.headings(), self.context) else { return Vec::new() };
        let reader = RowReader { mapper, width: self.width() };
        let rows = self.sample.iter().filter(|row| !matches!(reader.row(row), Ok(None))).take(most);
        let shown = |row: &TableRow| PreviewRow {
            number: row.number,
            fields: reader.shown(row),
            reasons: reader.row(row).err().map(|line| line.kesalahan).unwrap_or_default(),
        };
        rows.map(shown).collect()
    }

    /// Reads the rows as a batch. What comes out of a packed file may be much more than the file: `room` is asked for so many
    /// bytes more as it goes on, and says whether they may be taken into memory.
    ///
    /// # Errors
    ///
    /// A mapping that does not fit, a damaged file, no room, and what [`BatchReader`] refuses a whole batch for.
    pub fn read(&mut self, mut reader: BatchReader, room: &mut dyn FnMut(u64) -> bool) -> Result<ReadBatch, ListError> {
        if let Some(mut json) = self.opened.json(self.table) {
            loop {
                let piece = json.fill_buf().map_err(SheetError::from)?;
                if piece.is_empty() {
                    return Ok(reader.finish()?);
                }
                let taken = piece.len();
                if !room(taken as u64) {
                    return Err(ListError::NoRoom);
                }
                reader.push(piece)?;
                json.consume(taken);
            }
        }
        let (mut failed, mut asked) = (None, 0);
        self.each_row(|line, row| {
            asked += row.as_ref().map_or(0, String::len) as u64;
            if asked >= ASKED_FOR && !room(std::mem::take(&mut asked)) {
                failed = Some(ListError::NoRoom);
            } else {
                failed = reader.push_row(line, row).err().map(ListError::from);
            }
            if failed.is_none() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        self.opened.rest();
        failed.map_or(Ok(()), Err)?;
        Ok(reader.finish_as(self.digest())?)
    }

    /// Hands out every row as the text that is sent, or why it cannot be, with its number in the file.
    ///
    /// # Errors
    ///
    /// A mapping that does not fit; a damaged file.
    pub fn each_row(
        &mut self,
        mut visit: impl FnMut(u64, Result<String, ReceiptLine>) -> ControlFlow<()>,
    ) -> Result<(), ListError> {
        let reader = RowReader { mapper: self.mapper()?, width: self.width() };
        let from = self.heading.as_ref().map_or(0, Heading::data_from);
        self.opened.rows(self.table, |row| {
            if row.number < from {
                return ControlFlow::Continue(());
            }
            match reader.row(&row) {
                Ok(None) => ControlFlow::Continue(()),
                Ok(Some(text)) => visit(row.number, Ok(text)),
                Err(line) => visit(row.number, Err(line)),
            }
        })?;
        Ok(())
    }

    /// The mapping, fitted; a key that counts the rows is none.
    fn mapper(&self) -> Result<Mapper, ListError> {
        let mapper = self.mapping.compile(self.headings(), self.context)?;
        if mapper.running_id(&self.sample) {
            let heading = self.mapping.id.columns.first().cloned().unwrap_or_default();
            return Err(MappingError::RunningNumber { heading }.into());
        }
        Ok(mapper)
    }

    /// Cells that a row may have, where a separator inside a value would make more of them.
    fn width(&self) -> Option<usize> {
        let is_text = matches!(self.opened.tables()[self.table].form, Form::Text(_));
        self.heading.as_ref().filter(|_| is_text).map(|heading| heading.headings.len())
    }

    fn headings(&self) -> &[String] {
        self.heading.as_ref().map_or(&[], |heading| &heading.headings)
    }

    /// What was sent: the file, the table of it, and the mapping it is read by.
    fn digest(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.sha256);
        hash.update((self.table as u64).to_be_bytes());
        hash.update(self.mapping.to_toml());
        hex::encode(hash.finalize())
    }
}

/// A list that was given back with its bad cells marked has two columns more, at its end. They are no columns of the list.
fn leave_marks_out(headings: &mut [String]) -> Range<usize> {
    let is = |heading: &String, mark: &str| fold_heading(heading) == fold_heading(mark);
    let last = headings.iter().rposition(|heading| !heading.is_empty()).unwrap_or_default();
    let Some([outcome, note]) = last.checked_sub(1).and_then(|first| headings.get_mut(first..=last)) else {
        return 0..0;
    };
    if !is(outcome, OUTCOME_HEADING) || !is(note, NOTE_HEADING) {
        return 0..0;
    }
    outcome.clear();
    note.clear();
    last - 1..last + 1
}

#[cfg(test)]
mod tests;

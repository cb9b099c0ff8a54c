//! Tables for the batch commands: CSV, NDJSON and Parquet, one or several files, into columns of text.
//!
//! Nothing is interpreted here beyond what makes a cell: a match plan says what a column means. The row id is the column
//! asked for, or one of `unique_id`, `id`, `rec_id`; in a file named after a feed (`dinsos-anggota-keluarga.ndjson`) and
//! in a table with the columns `feed` and `id_sumber` it is `FEED|id_sumber`. Empty, `null` and absent are all missing. A
//! list of plain values becomes `a;b`; an object is no cell. What is passed over is counted, file by file: see [`Source`].

mod args;
mod column;
mod csv;
mod error;
mod lines;
mod ndjson;
mod number;
mod parquet;
mod parquet_text;
mod source;
mod state;
mod text;

use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use encoding_rs::Encoding;
use rustc_hash::FxHashMap;

pub use self::args::ReadArgs;
pub use self::column::{TextColumn, TextIndex};
pub use self::csv::CsvRows;
pub use self::error::{InputError, RowProblem, shown};
use self::lines::Lines;
pub use self::source::{Format, Source, notes};
use self::state::{Settled, Withdrawal};
use crate::domain::date::Date;
use crate::domain::feed::Feed;
use crate::sheet::text::Bytes;

/// Columns that may hold the row id, in this order, when no column was named.
const ID_COLUMNS: [&str; 3] = ["unique_id", "id", "rec_id"];
/// Rows are numbered with 31 bits.
const MAX_ROWS: usize = i32::MAX as usize;

/// Which columns to keep. What is not kept costs no memory.
#[derive(Debug, Clone, Default)]
pub enum Wanted {
    /// Every column that is a scalar.
    #[default]
    All,
    /// These; each must be in at least one of the files.
    Only(Vec<String>),
    /// Those of these that are there.
    Any(Vec<String>),
}

/// What the rows of feeds are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Meaning {
    /// States of records: of two with one id the newer counts, and `hapus` takes the record away.
    #[default]
    States,
    /// Statements about rows (a truth, labels): each counts, and two with one id are one too many.
    Statements,
}

/// What names a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum IdWanted {
    /// A column of a known name.
    #[default]
    Known,
    /// This column, in files that are not feeds.
    Column(String),
    /// Nothing: rows have no id.
    None,
}

/// How to read.
#[derive(Debug, Clone, Default)]
pub struct InputOptions {
    /// The id of a row.
    pub id: IdWanted,
    /// The columns to keep.
    pub wanted: Wanted,
    /// What rows of feeds are.
    pub meaning: Meaning,
    /// The encoding of text files that are neither UTF-8 nor UTF-16.
    pub encoding: Option<&'static Encoding>,
    /// The format of files whose name does not tell it.
    pub format: Option<Format>,
    /// The day of the run: a `tgl_data` after it holds no record against a row that has a day.
    pub today: Option<Date>,
}

/// Rows of all inputs, by column.
pub struct InputTable {
    columns: Vec<String>,
    cells: Vec<TextColumn>,
    ids: TextColumn,
    lines: Lines,
    sources: Vec<Source>,
}

impl InputTable {
    /// Reads all files, in the order given. Afterwards every id is there once: of several states of a record the newest is
    /// left, and where two inputs use one id each has its input before it.
    pub fn read(paths: &[PathBuf], options: &InputOptions) -> Result<Self, InputError> {
        let (mut table, withdrawals) = Self::read_unchecked(paths, options)?;
        if options.meaning == Meaning::Statements {
            table.unique_ids()?;
            return Ok(table);
        }
        let settled = state::settle(&mut table, &withdrawals, options.today)?;
        table.drop_rows(&settled);
        if table.name_sources(&settled)? {
            table.unique_ids()?;
        }
        Ok(table)
    }

    /// Reads all files as statements; [`Self::unique_ids`] is still to be called.
    pub(super) fn read_statements(paths: &[PathBuf], options: &InputOptions) -> Result<Self, InputError> {
        Self::read_unchecked(paths, &InputOptions { meaning: Meaning::Statements, ..options.clone() })
            .map(|(table, _)| table)
    }

    fn read_unchecked(paths: &[PathBuf], options: &InputOptions) -> Result<(Self, Vec<Withdrawal>), InputError> {
        source::each_once(paths)?;
        let mut builder = Builder::new(options);
        for path in paths {
            builder.read_file(path)?;
        }
        builder.finish()
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Names of the columns kept, in the order first seen.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The number of a column.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// The cells of a column.
    pub fn column(&self, index: usize) -> &TextColumn {
        &self.cells[index]
    }

    /// The ids of the rows.
    pub fn ids(&self) -> &TextColumn {
        &self.ids
    }

    /// The ids alone; the cells are gone.
    pub fn into_ids(self) -> TextColumn {
        self.ids
    }

    /// The id of a row.
    pub fn id(&self, row: usize) -> &str {
        self.ids.get(row).expect("a row without an id was refused when it was read")
    }

    /// The files read, in order.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// What a reader of the result has to know about the inputs: rows withdrawn, replaced and passed over.
    pub fn notes(&self) -> Vec<String> {
        source::notes(&self.sources)
    }

    /// An index of the ids, when every id is there once.
    pub(in crate::cli) fn unique_ids(&self) -> Result<TextIndex<'_>, InputError> {
        let mut index = TextIndex::new(&self.ids);
        for row in 0..self.len() {
            let first = index.first(row) as usize;
            if first != row {
                return Err(InputError::DuplicateId { first: self.place(first), second: self.place(row) });
            }
        }
        Ok(index)
    }

    /// File and line of a row, for messages. In a Parquet file it is the number of the row.
    pub fn place(&self, row: usize) -> (PathBuf, u64) {
        (self.sources[self.source_of(row)].path.clone(), self.line(row))
    }

    fn line(&self, row: usize) -> u64 {
        self.lines.get(row)
    }

    /// The number of a row's source.
    fn source_of(&self, row: usize) -> usize {
        self.sources.partition_point(|source| source.first_row <= row) - 1
    }

    /// The day a row is of, as it is written.
    fn day(&self, row: usize) -> Option<&str> {
        self.column_index("tgl_data").and_then(|column| self.cells[column].get(row))
    }

    /// Leaves out what does not count.
    fn drop_rows(&mut self, settled: &Settled) {
        if settled.dropped.is_empty() {
            return;
        }
        for cells in self.cells.iter_mut().chain([&mut self.ids]) {
            *cells = cells.without(&settled.dropped);
        }
        self.lines = self.lines.without(&settled.dropped, self.ids.len() + settled.dropped.len());
        let before = |row: usize| settled.dropped.partition_point(|dropped| *dropped < row);
        for source in &mut self.sources {
            let (first, end) = (source.first_row, source.first_row + source.rows);
            source.first_row = first - before(first);
            source.rows = end - before(end) - source.first_row;
        }
    }

    /// Writes the input before the ids of those inputs whose ids meet; answers whether there were any.
    fn name_sources(&mut self, settled: &Settled) -> Result<bool, InputError> {
        if !settled.clashing.contains(&true) {
            return Ok(false);
        }
        source::label(&mut self.sources, &settled.clashing);
        let mut ids = TextColumn::default();
        for source in &self.sources {
            for row in source.first_row..source.first_row + source.rows {
                let id = self.ids.get(row).unwrap_or_default();
                let too_much = |_| source.refused(self.lines.get(row), RowProblem::TooMuchText);
                let added = match (&source.label, source.feed) {
                    (None, _) => ids.push(id),
                    (Some(label), None) => ids.push_parts(&[label, "|", id]),
                    // The label of a feed's file ends in the feed's name.
                    (Some(label), Some(feed)) => ids.push_parts(&[label, &id[feed.name().len()..]]),
                };
                added.map_err(too_much)?;
            }
        }
        self.ids = ids;
        Ok(true)
    }
}

/// Where the id of a file's rows is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IdRule {
    /// Nowhere: rows are numbered.
    Number,
    /// In one column of the file.
    Column(usize),
    /// `FEED|` and one column.
    Feed(&'static str, usize),
    /// Two columns: feed and `id_sumber`.
    FeedColumns(usize, usize),
}

/// A table while it is being read.
struct Builder<'o> {
    options: &'o InputOptions,
    columns: Vec<String>,
    cells: Vec<TextColumn>,
    /// Every column of the present file, and its number when it is wanted.
    by_name: FxHashMap<String, Option<usize>>,
    ids: TextColumn,
    lines: Lines,
    sources: Vec<Source>,
    withdrawals: Vec<Withdrawal>,
    /// The columns of all files in the order first seen.
    seen: Vec<String>,
}

impl<'o> Builder<'o> {
    fn new(options: &'o InputOptions) -> Self {
        let mut builder = Self {
            options,
            columns: Vec::new(),
            cells: Vec::new(),
            by_name: FxHashMap::default(),
            ids: TextColumn::default(),
            lines: Lines::default(),
            sources: Vec::new(),
            withdrawals: Vec::new(),
            seen: Vec::new(),
        };
        if let Wanted::Only(names) = &options.wanted {
            for name in names {
                builder.add_column(name);
            }
        }
        builder
    }

    fn read_file(&mut self, path: &Path) -> Result<(), InputError> {
        let name = source::Name::of(path);
        let first_row = self.rows();
        let has_states = name.feed.is_some() && self.options.meaning == Meaning::States;
        self.sources.push(Source { first_row, has_states, ..Source::new(path, name.feed) });
        self.by_name.clear();
        if name.feed.is_some_and(|feed| !feed.describes_person()) {
            self.source().holds_no_persons = true;
            return Ok(());
        }
        match source::format(&name, path, self.options.format)? {
            Some(Format::Parquet) if !name.is_packed && path.as_os_str() != text::STDIN => {
                parquet::read(self, path, text::file(path)?)?;
            }
            told => self.read_bytes(path, text::open(path)?, told)?,
        }
        let rows = self.rows() - first_row;
        self.source().rows = rows;
        self.other_spelling(path)
    }

    fn read_bytes(&mut self, path: &Path, mut bytes: Bytes, told: Option<Format>) -> Result<(), InputError> {
        let failed = |source| InputError::Read { path: path.to_owned(), source };
        let format = match told {
            Some(format) => format,
            None => text::format_of(bytes.fill_buf().map_err(failed)?),
        };
        match format {
            Format::Csv => csv::read(self, path, text::decoded(bytes, path, self.options.encoding)?),
            Format::Ndjson => ndjson::read(self, path, text::decoded(bytes, path, self.options.encoding)?),
            Format::Parquet => {
                let mut whole = Vec::new();
                bytes.read_to_end(&mut whole).map_err(failed)?;
                parquet::read(self, path, ::bytes::Bytes::from(whole))
            }
        }
    }

    /// Refuses a column that differs from a wanted one only in how its name is written: it would count as missing.
    fn other_spelling(&self, path: &Path) -> Result<(), InputError> {
        let (Wanted::Only(wanted) | Wanted::Any(wanted)) = &self.options.wanted else { return Ok(()) };
        let missing = wanted.iter().filter(|name| !self.by_name.contains_key(*name));
        for column in missing {
            let spelled = self.by_name.iter().filter(|(_, kept)| kept.is_none());
            if let Some(found) = spelled.map(|(name, _)| name).filter(|name| source::is_alike(name, column)).min() {
                let (path, found, column) = (path.to_owned(), found.clone(), column.clone());
                return Err(InputError::OtherSpelling { path, found, column });
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(InputTable, Vec<Withdrawal>), InputError> {
        if !self.sources.is_empty() && self.sources.iter().all(|source| source.holds_no_persons) {
            return Err(InputError::NoPersons { path: self.sources[0].path.clone() });
        }
        let rows = self.rows();
        if let Wanted::Only(names) = &self.options.wanted
            && let Some(name) = names.iter().find(|name| !self.seen.contains(name))
            && rows > 0
        {
            return Err(InputError::NoColumn { column: name.clone(), present: self.seen });
        }
        self.cells.iter_mut().for_each(|cells| cells.pad(rows));
        let Self { columns, cells, ids, lines, sources, withdrawals, .. } = self;
        Ok((InputTable { columns, cells, ids, lines, sources }, withdrawals))
    }

    fn rows(&self) -> usize {
        self.ids.len()
    }

    fn source(&mut self) -> &mut Source {
        self.sources.last_mut().expect("pushed before a file is read")
    }

    fn feed(&self) -> Option<Feed> {
        self.sources.last().and_then(|source| source.feed)
    }

    /// The number of a column in the table, when it is wanted.
    fn column_for(&mut self, name: &str) -> Option<usize> {
        if let Some(column) = self.by_name.get(name) {
            return *column;
        }
        let is_wanted = match &self.options.wanted {
            Wanted::All => true,
            Wanted::Only(names) | Wanted::Any(names) => names.iter().any(|wanted| wanted == name),
        };
        let column = is_wanted.then(|| self.add_column(name));
        if !self.seen.iter().any(|seen| seen == name) {
            self.seen.push(name.to_owned());
        }
        self.by_name.insert(name.to_owned(), column);
        column
    }

    fn add_column(&mut self, name: &str) -> usize {
        let known = self.columns.iter().position(|column| column == name);
        known.unwrap_or_else(|| {
            self.columns.push(name.to_owned());
            self.cells.push(TextColumn::default());
            self.columns.len() - 1
        })
    }

    /// The column that holds a feed's name, filled for files named after one; `None` when nobody wants it.
    fn feed_column(&mut self) -> Option<(usize, &'static str)> {
        let feed = self.feed()?;
        self.column_for("feed").map(|column| (column, feed.name()))
    }

    /// Finds the id of a file whose column names are known.
    fn id_rule(&mut self, path: &Path, header: &[String]) -> Result<IdRule, InputError> {
        let at = |name: &str| header.iter().position(|column| column == name);
        let missing = |wanted: &[&str]| InputError::no_id_column(path, wanted, header);
        let (rule, column) = if self.options.id == IdWanted::None {
            (IdRule::Number, "")
        } else if let Some(feed) = self.feed() {
            let column = at("id_sumber").ok_or_else(|| missing(&["id_sumber"]))?;
            (IdRule::Feed(feed.name(), column), "id_sumber")
        } else if let IdWanted::Column(name) = &self.options.id {
            (IdRule::Column(at(name).ok_or_else(|| missing(&[name]))?), name.as_str())
        } else if let Some((name, column)) = ID_COLUMNS.iter().find_map(|name| Some((*name, at(name)?))) {
            (IdRule::Column(column), name)
        } else if let (Some(feed), Some(key)) = (at("feed"), at("id_sumber")) {
            (IdRule::FeedColumns(feed, key), "id_sumber")
        } else {
            return Err(missing(&ID_COLUMNS));
        };
        let has_states = matches!(rule, IdRule::Feed(..) | IdRule::FeedColumns(..));
        self.source().has_states = has_states && self.options.meaning == Meaning::States;
        column.clone_into(&mut self.source().id_column);
        Ok(rule)
    }

    /// Sets a cell of the row being read. The second value for one cell is refused.
    fn set(&mut self, column: usize, text: &str) -> Result<(), RowProblem> {
        let row = self.rows();
        let cells = &mut self.cells[column];
        if cells.len() > row {
            return Err(RowProblem::ColumnTwice { column: self.columns[column].clone() });
        }
        cells.pad(row);
        cells.push(text).map_err(|_| RowProblem::TooMuchText)
    }

    /// Ends the row being read. Its id is a key, with the feed before it where it is of one.
    fn end_row(&mut self, id: Option<[&str; 2]>, line: u64) -> Result<(), RowProblem> {
        let row = self.rows();
        if id.is_some_and(|[_, key]| key.is_empty()) {
            return Err(RowProblem::NoId);
        }
        if row >= MAX_ROWS {
            return Err(RowProblem::TooManyRows);
        }
        let added = match id {
            None => self.ids.push(&(row + 1).to_string()),
            Some(["", key]) => self.ids.push(key),
            Some([feed, key]) => self.ids.push_parts(&[feed, "|", key]),
        };
        self.lines.push(row, line);
        added.map_err(|_| RowProblem::TooMuchText)
    }

    /// Forgets the cells of the row being read.
    fn forget_row(&mut self) {
        let rows = self.rows();
        self.cells.iter_mut().filter(|cells| cells.len() > rows).for_each(TextColumn::pop);
    }
}

#[cfg(test)]
mod tests;

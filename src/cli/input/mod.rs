//! Tables for the batch commands: CSV, NDJSON and Parquet, one or several files, into columns of text.
//!
//! Nothing is interpreted here beyond what makes a cell: a match plan says what a column means. The row id is the column
//! asked for, or one of `unique_id`, `id`, `rec_id`; in a file named after a feed (`dinsos-anggota-keluarga.ndjson`) and
//! in a table with the columns `feed` and `id_sumber` it is `FEED|id_sumber`. Empty, `null` and absent are all missing. A
//! list of plain values becomes `a;b`; an object is no cell and is left out.

mod column;
mod csv;
mod error;
mod ndjson;
mod parquet;

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

pub use self::column::{TextColumn, TextIndex};
pub use self::csv::CsvRows;
pub use self::error::{InputError, RowProblem};
use crate::domain::feed::Feed;

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

/// How to read.
#[derive(Debug, Clone, Default)]
pub struct InputOptions {
    /// The id column of files that are not feeds.
    pub id: Option<String>,
    /// The columns to keep.
    pub wanted: Wanted,
}

/// One file of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// The number of its first row.
    pub first_row: usize,
    /// Rows taken from it.
    pub rows: usize,
    /// Rows that the sender withdrew (`hapus`): left out.
    pub withdrawn: usize,
    /// The feed it is named after.
    pub feed: Option<Feed>,
    /// The column that the id was read from.
    pub id_column: String,
}

/// Rows of all inputs, by column.
pub struct InputTable {
    columns: Vec<String>,
    cells: Vec<TextColumn>,
    ids: TextColumn,
    sources: Vec<Source>,
    skipped: Vec<PathBuf>,
}

impl InputTable {
    /// Reads all files, in the order given, and checks that every id is there once.
    pub fn read(paths: &[PathBuf], options: &InputOptions) -> Result<Self, InputError> {
        let table = Self::read_unchecked(paths, options)?;
        table.unique_ids()?;
        Ok(table)
    }

    /// Reads all files; [`Self::unique_ids`] is still to be called.
    pub(super) fn read_unchecked(paths: &[PathBuf], options: &InputOptions) -> Result<Self, InputError> {
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

    /// Files that hold no persons (`bank-penyaluran`) and were left out.
    pub fn skipped(&self) -> &[PathBuf] {
        &self.skipped
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

    /// File and number of a row in it, for messages.
    pub(in crate::cli) fn place(&self, row: usize) -> (PathBuf, u64) {
        let at = self.sources.partition_point(|source| source.first_row <= row) - 1;
        (self.sources[at].path.clone(), (row - self.sources[at].first_row + 1) as u64)
    }
}

/// Where the id of a file's rows is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IdRule {
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
    /// Every column seen so far, and its number when it is wanted.
    by_name: FxHashMap<String, Option<usize>>,
    ids: TextColumn,
    sources: Vec<Source>,
    skipped: Vec<PathBuf>,
    /// The same names in the order first seen.
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
            sources: Vec::new(),
            skipped: Vec::new(),
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
        let feed = feed_of(path);
        if feed.is_some_and(|feed| !feed.describes_person()) {
            self.skipped.push(path.to_owned());
            return Ok(());
        }
        let first_row = self.rows();
        self.sources.push(Source {
            path: path.to_owned(),
            first_row,
            rows: 0,
            withdrawn: 0,
            feed,
            id_column: String::new(),
        });
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("csv") => csv::read(self, path)?,
            Some("ndjson" | "jsonl") => ndjson::read(self, path)?,
            Some("parquet") => parquet::read(self, path)?,
            _ => return Err(InputError::UnknownFormat { path: path.to_owned() }),
        }
        let rows = self.rows() - first_row;
        self.source().rows = rows;
        Ok(())
    }

    fn finish(mut self) -> Result<InputTable, InputError> {
        let rows = self.rows();
        if let Wanted::Only(names) = &self.options.wanted
            && let Some(name) = names.iter().find(|name| !self.seen.contains(name))
            && rows > 0
        {
            return Err(InputError::NoColumn { column: name.clone(), present: self.seen });
        }
        self.cells.iter_mut().for_each(|cells| cells.pad(rows));
        let Self { columns, cells, ids, sources, skipped, .. } = self;
        Ok(InputTable { columns, cells, ids, sources, skipped })
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
        self.seen.push(name.to_owned());
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
        let missing =
            |wanted: String| InputError::NoIdColumn { path: path.to_owned(), wanted, present: header.to_vec() };
        let (rule, column) = if let Some(feed) = self.feed() {
            let column = at("id_sumber").ok_or_else(|| missing("id_sumber".to_owned()))?;
            (IdRule::Feed(feed.name(), column), "id_sumber")
        } else if let Some(name) = &self.options.id {
            (IdRule::Column(at(name).ok_or_else(|| missing(name.clone()))?), name.as_str())
        } else if let Some((name, column)) = ID_COLUMNS.iter().find_map(|name| Some((*name, at(name)?))) {
            (IdRule::Column(column), name)
        } else if let (Some(feed), Some(key)) = (at("feed"), at("id_sumber")) {
            (IdRule::FeedColumns(feed, key), "id_sumber")
        } else {
            return Err(missing(ID_COLUMNS.join(", ")));
        };
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

    /// Ends the row being read with the parts of its id.
    fn end_row(&mut self, id: &[&str]) -> Result<(), RowProblem> {
        if id.last().is_none_or(|part| part.is_empty()) {
            return Err(RowProblem::NoId);
        }
        if self.rows() >= MAX_ROWS {
            return Err(RowProblem::TooManyRows);
        }
        self.ids.push_parts(id).map_err(|_| RowProblem::TooMuchText)
    }

    /// Forgets the cells of the row being read: its sender withdrew it.
    fn drop_row(&mut self) {
        let rows = self.rows();
        self.cells.iter_mut().filter(|cells| cells.len() > rows).for_each(TextColumn::pop);
        self.source().withdrawn += 1;
    }
}

fn feed_of(path: &Path) -> Option<Feed> {
    path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok())
}

#[cfg(test)]
mod tests;

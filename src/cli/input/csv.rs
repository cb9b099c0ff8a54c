//! CSV, as spreadsheets and other tools write it: a header line; comma, semicolon, tab or bar; quotes; blanks around cells.
//!
//! [`Records`] takes rows apart; here they get a header, and a file and a line for what is wrong with them.

use std::path::{Path, PathBuf};

use super::text;
use super::{Builder, IdRule, InputError, RowProblem};
use crate::sheet::guard::unguarded;
use crate::sheet::records::{Records, RecordsError};
use crate::sheet::text::{Bytes, trimmed};
use crate::sheet::tidy::separator;

/// How long a row may be is limited by the columns, which refuse what they cannot hold.
const ANY_LENGTH: usize = usize::MAX;

/// A CSV file, row by row.
pub struct CsvRows {
    path: PathBuf,
    records: Records,
    header: Vec<String>,
}

impl CsvRows {
    /// Opens a file and reads its header.
    pub fn open(path: &Path, encoding: Option<&'static encoding_rs::Encoding>) -> Result<Self, InputError> {
        Self::of(text::decoded(text::open(path)?, path, encoding)?, path)
    }

    /// Reads the header of bytes that are UTF-8.
    pub(super) fn of(bytes: Bytes, path: &Path) -> Result<Self, InputError> {
        let failed = |source| InputError::Read { path: path.to_owned(), source };
        let records = Records::new(bytes, separator, ANY_LENGTH).map_err(failed)?;
        let mut rows = Self { path: path.to_owned(), records, header: Vec::new() };
        if !rows.next_with_a_value()? {
            return Err(rows.problem(RowProblem::NoHeader));
        }
        let names = (0..rows.records.record().len()).map(|at| rows.cell(at).map(str::to_owned));
        rows.header = names.collect::<Result<_, _>>()?;
        let named = |name: &String| !name.is_empty();
        let mut twice = rows.header.iter().enumerate().filter(|(_, name)| named(name));
        if let Some((_, name)) = twice.find(|(at, name)| rows.header[..*at].contains(name)) {
            return Err(rows.problem(RowProblem::ColumnTwice { column: name.clone() }));
        }
        Ok(rows)
    }

    /// Names of the columns; empty where a column has none.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Goes to the next row that holds anything; `false` at the end.
    pub fn advance(&mut self) -> Result<bool, InputError> {
        if !self.next_with_a_value()? {
            return Ok(false);
        }
        let found = self.records.record().len();
        if found != self.header.len() {
            let (found, expected) = (found as u64, self.header.len() as u64);
            return Err(self.problem(RowProblem::CellCount { found, expected }));
        }
        match self.records.rows_in_quotes() {
            Some(lines) => Err(self.problem(RowProblem::RowsInQuotes { lines })),
            None => Ok(true),
        }
    }

    fn next_with_a_value(&mut self) -> Result<bool, InputError> {
        self.records.advance().map_err(|error| refusal(&self.path, error))
    }

    /// A cell of the current row, without the blanks around it and the apostrophe that guards it from a spreadsheet.
    pub fn cell(&self, column: usize) -> Result<&str, InputError> {
        let bytes = self.records.record().get(column).unwrap_or_default();
        std::str::from_utf8(bytes).map(|cell| unguarded(trimmed(cell))).map_err(|_| self.problem(RowProblem::NotUtf8))
    }

    /// The line on which the current row begins.
    pub fn line(&self) -> u64 {
        self.records.line()
    }

    /// The problem at the current row.
    pub fn problem(&self, problem: RowProblem) -> InputError {
        InputError::Row { path: self.path.clone(), line: self.line(), problem }
    }
}

/// Reads a CSV file into the table.
pub(super) fn read(builder: &mut Builder<'_>, path: &Path, bytes: Bytes) -> Result<(), InputError> {
    let mut rows = CsvRows::of(bytes, path)?;
    let id = builder.id_rule(path, rows.header())?;
    let header = rows.header().to_vec();
    let is_told = |name: &str| name == "feed" && matches!(id, IdRule::Feed(..));
    let named = header.iter().enumerate().filter(|(_, name)| !name.is_empty() && !is_told(name));
    let targets: Vec<(usize, usize)> = named.filter_map(|(i, name)| Some((i, builder.column_for(name)?))).collect();
    let feed = builder.feed_column();
    let state = builder.state_columns(id, &header);
    let mut unnamed: Vec<(usize, bool)> =
        (0..header.len()).filter(|i| header[*i].is_empty()).map(|i| (i, false)).collect();
    while rows.advance()? {
        for (column, filled) in unnamed.iter_mut().filter(|(_, filled)| !filled) {
            *filled = !rows.cell(*column)?.is_empty();
        }
        let line = rows.line();
        let refused = |problem| rows.problem(problem);
        let parts = match id {
            IdRule::Number => None,
            IdRule::Column(column) => Some(["", rows.cell(column)?]),
            IdRule::Feed(name, column) => Some([name, rows.cell(column)?]),
            IdRule::FeedColumns(name, column) => {
                let name = rows.cell(name)?;
                if builder.pass_payment(name) {
                    continue;
                }
                if name.is_empty() {
                    return Err(refused(RowProblem::NoFeed));
                }
                Some([name, rows.cell(column)?])
            }
        };
        if let (Some(state), Some(parts)) = (&state, parts) {
            let is_withdrawn = state.withdrawn(|column| rows.cell(column))?.map_err(refused)?;
            if is_withdrawn {
                let day = state.day.map(|column| rows.cell(column)).transpose()?.unwrap_or_default();
                builder.withdraw(parts, day, line).map_err(refused)?;
                continue;
            }
        }
        for (from, to) in &targets {
            builder.set(*to, rows.cell(*from)?).map_err(refused)?;
        }
        if let Some((column, name)) = feed {
            builder.set(column, name).map_err(refused)?;
        }
        builder.end_row(parts, line).map_err(refused)?;
    }
    let source = builder.source();
    source.empty_rows = rows.records.empty_rows();
    source.unnamed_empty = unnamed.iter().filter(|(_, filled)| !filled).count();
    source.unnamed_filled = unnamed.iter().filter(|(_, filled)| *filled).map(|(column, _)| column + 1).collect();
    Ok(())
}

fn refusal(path: &Path, error: RecordsError) -> InputError {
    let path = path.to_owned();
    let row = |path, line, problem| InputError::Row { path, line, problem };
    match error {
        RecordsError::OpenQuote(line) => row(path, line, RowProblem::OpenQuote),
        RecordsError::NotCsv(line) => row(path, line, RowProblem::NotCsv),
        RecordsError::Endless(line) => row(path, line, RowProblem::TooMuchText),
        RecordsError::Io(source) => InputError::Read { path, source },
    }
}

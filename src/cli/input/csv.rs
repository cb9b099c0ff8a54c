//! CSV, as spreadsheets and other tools write it: a header line; comma, semicolon, tab or bar; quotes; blanks around cells.
//!
//! The crate `csv` takes rows apart. [`Tidy`] stands before it and sees what it does not tell: quotes that are never closed.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};

use crate::cli::printable::unguarded;

use super::text::{self, Bytes, is_blank, trimmed};
use super::tidy::{OpenQuote, Tidy, separator};
use super::{Builder, IdRule, InputError, RowProblem};

const BUFFER: usize = 1 << 16;

/// A CSV file, row by row.
pub struct CsvRows {
    path: PathBuf,
    reader: Reader<Tidy<Bytes>>,
    delimiter: u8,
    header: Vec<String>,
    record: ByteRecord,
    /// The line on which the row begins, and the one after its end.
    line: u64,
    next_line: u64,
    /// Rows without any value that were passed over.
    empty_rows: usize,
}

impl CsvRows {
    /// Opens a file and reads its header.
    pub fn open(path: &Path, encoding: Option<&'static encoding_rs::Encoding>) -> Result<Self, InputError> {
        Self::of(text::decoded(text::open(path)?, path, encoding)?, path)
    }

    /// Reads the header of bytes that are UTF-8.
    pub(super) fn of(mut bytes: Bytes, path: &Path) -> Result<Self, InputError> {
        let start = bytes.fill_buf().map_err(|source| InputError::Read { path: path.to_owned(), source })?;
        let (delimiter, told_by) = separator(start);
        bytes.consume(told_by);
        let tidy = Tidy::new(bytes, delimiter, told_by > 0);
        let mut builder = ReaderBuilder::new();
        builder.delimiter(delimiter).has_headers(false).flexible(true).buffer_capacity(BUFFER);
        let reader = builder.from_reader(tidy);
        let (header, record) = (Vec::new(), ByteRecord::new());
        let mut rows =
            Self { path: path.to_owned(), reader, delimiter, header, record, line: 1, next_line: 1, empty_rows: 0 };
        if !rows.next_with_a_value()? {
            return Err(rows.problem(RowProblem::NoHeader));
        }
        let names = (0..rows.record.len()).map(|at| rows.cell(at).map(str::to_owned));
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
        if self.record.len() != self.header.len() {
            let (found, expected) = (self.record.len() as u64, self.header.len() as u64);
            return Err(self.problem(RowProblem::CellCount { found, expected }));
        }
        let spans_lines = self.next_line > self.line + 1;
        if spans_lines && holds_rows(&self.record, self.delimiter) {
            return Err(self.problem(RowProblem::RowsInQuotes { lines: self.next_line - self.line }));
        }
        Ok(true)
    }

    fn next_with_a_value(&mut self) -> Result<bool, InputError> {
        loop {
            let began = self.next_line;
            let more = self.reader.read_byte_record(&mut self.record);
            if !more.map_err(|error| refusal(&self.path, began, error))? {
                return Ok(false);
            }
            // Every row ends with a line end, the last one with one that `Tidy` gave it.
            self.next_line = self.reader.position().line();
            self.line = if self.next_line == began + 1 {
                began
            } else {
                let inside = self.record.as_slice().split(|byte| *byte == b'\n').count() - 1;
                self.next_line - 1 - inside as u64
            };
            if !self.record.iter().all(is_empty) {
                return Ok(true);
            }
            self.empty_rows += 1;
        }
    }

    /// A cell of the current row, without the blanks around it and the apostrophe that guards it from a spreadsheet.
    pub fn cell(&self, column: usize) -> Result<&str, InputError> {
        let bytes = self.record.get(column).unwrap_or_default();
        std::str::from_utf8(bytes).map(|cell| unguarded(trimmed(cell))).map_err(|_| self.problem(RowProblem::NotUtf8))
    }

    /// The line on which the current row begins.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The problem at the current row.
    pub fn problem(&self, problem: RowProblem) -> InputError {
        InputError::Row { path: self.path.clone(), line: self.line, problem }
    }
}

fn is_empty(cell: &[u8]) -> bool {
    let shows = |byte: &u8| byte.is_ascii_graphic();
    !cell.iter().any(shows) && std::str::from_utf8(cell).is_ok_and(|text| text.chars().all(is_blank))
}

/// Whether the lines of a row look like rows of their own when its quotes are taken for letters: as many cells, and a first
/// cell of the same shape. Then two quotation marks that do not belong together made one row of several.
fn holds_rows(record: &ByteRecord, delimiter: u8) -> bool {
    let text = record.iter().collect::<Vec<_>>().join(&delimiter);
    let first = shape(record.get(0).unwrap_or_default());
    let width = record.len();
    let is_row = |line: &[u8]| {
        let mut cells = line.split(|byte| *byte == delimiter);
        cells.next().is_some_and(|cell| shape(cell) == first) && cells.count() + 1 == width
    };
    width > 1 && text.split(|byte| *byte == b'\n').all(is_row)
}

/// `9` for digits, `a` for letters, however many.
fn shape(cell: &[u8]) -> Vec<u8> {
    let class = |byte: &u8| match byte {
        b'0'..=b'9' => b'9',
        b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => b'a',
        other => *other,
    };
    let mut shape: Vec<u8> = cell.trim_ascii().iter().map(class).collect();
    shape.dedup();
    shape
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
    source.empty_rows = rows.empty_rows;
    source.unnamed_empty = unnamed.iter().filter(|(_, filled)| !filled).count();
    source.unnamed_filled = unnamed.iter().filter(|(_, filled)| *filled).map(|(column, _)| column + 1).collect();
    Ok(())
}

fn refusal(path: &Path, line: u64, error: csv::Error) -> InputError {
    let path = path.to_owned();
    let ErrorKind::Io(source) = error.into_kind() else {
        return InputError::Row { path, line, problem: RowProblem::NotCsv };
    };
    match source.get_ref().and_then(|inner| inner.downcast_ref::<OpenQuote>()) {
        Some(open) => InputError::Row { path, line: open.line, problem: RowProblem::OpenQuote },
        None => InputError::Read { path, source },
    }
}

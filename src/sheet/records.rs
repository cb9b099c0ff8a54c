//! Rows of a text file with separators, with the line on which each begins.
//!
//! The crate `csv` takes rows apart. [`Tidy`] stands before it and sees what it does not tell: quotes that are never closed,
//! and rows that never end.

use std::io::{self, BufRead};

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};

use super::text::{Bytes, is_blank};
use super::tidy::{EndlessRow, OpenQuote, Tidy};

const BUFFER: usize = 1 << 16;

/// Why rows could not be read on.
#[derive(Debug)]
pub(crate) enum RecordsError {
    /// A quoted cell that is not closed, and the line on which it begins.
    OpenQuote(u64),
    /// A row longer than any may be.
    Endless(u64),
    /// Not a row, and its line.
    NotCsv(u64),
    /// The bytes could not be read.
    Io(io::Error),
}

/// The rows of a text file, one after the other.
pub(crate) struct Records {
    reader: Reader<Tidy<Bytes>>,
    delimiter: u8,
    record: ByteRecord,
    /// The line on which the row begins, and the one after its end.
    line: u64,
    next_line: u64,
    empty_rows: usize,
}

impl Records {
    /// Rows of bytes that are UTF-8. `choose` finds the separator at their beginning, and the length of a line that names it.
    pub(crate) fn new(mut bytes: Bytes, choose: fn(&[u8]) -> (u8, usize), row_limit: usize) -> io::Result<Self> {
        let (delimiter, told_by) = choose(bytes.fill_buf()?);
        bytes.consume(told_by);
        let tidy = Tidy::new(bytes, delimiter, told_by > 0, row_limit);
        let mut builder = ReaderBuilder::new();
        builder.delimiter(delimiter).has_headers(false).flexible(true).buffer_capacity(BUFFER);
        let reader = builder.from_reader(tidy);
        Ok(Self { reader, delimiter, record: ByteRecord::new(), line: 1, next_line: 1, empty_rows: 0 })
    }

    /// Goes to the next row that holds anything; `false` at the end.
    pub(crate) fn advance(&mut self) -> Result<bool, RecordsError> {
        loop {
            let began = self.next_line;
            let more = self.reader.read_byte_record(&mut self.record);
            if !more.map_err(|error| refusal(began, error))? {
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

    /// The current row.
    pub(crate) fn record(&self) -> &ByteRecord {
        &self.record
    }

    /// The line on which the current row begins.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Rows without any value that were passed over.
    pub(crate) fn empty_rows(&self) -> usize {
        self.empty_rows
    }

    /// Of how many lines the current row is, when they look like rows of their own.
    pub(crate) fn rows_in_quotes(&self) -> Option<u64> {
        let lines = self.next_line - self.line;
        (lines > 1 && holds_rows(&self.record, self.delimiter)).then_some(lines)
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

fn refusal(line: u64, error: csv::Error) -> RecordsError {
    let ErrorKind::Io(source) = error.into_kind() else { return RecordsError::NotCsv(line) };
    let inner = source.get_ref();
    if let Some(open) = inner.and_then(|inner| inner.downcast_ref::<OpenQuote>()) {
        return RecordsError::OpenQuote(open.line);
    }
    if let Some(endless) = inner.and_then(|inner| inner.downcast_ref::<EndlessRow>()) {
        return RecordsError::Endless(endless.line);
    }
    RecordsError::Io(source)
}

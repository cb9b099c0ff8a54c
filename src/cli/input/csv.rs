//! CSV, as spreadsheets and other tools write it: a header line; comma, semicolon or tab; quotes; blanks around cells.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder, Trim};

use super::{Builder, IdRule, InputError, RowProblem};

const BUFFER: usize = 1 << 18;
const SEPARATORS: [u8; 3] = *b",;\t";

/// A CSV file, row by row.
pub struct CsvRows {
    path: PathBuf,
    reader: Reader<Tidy<BufReader<File>>>,
    header: Vec<String>,
    record: ByteRecord,
    line: u64,
}

impl CsvRows {
    /// Opens a file and reads its header.
    pub fn open(path: &Path) -> Result<Self, InputError> {
        let failed = |source| InputError::Read { path: path.to_owned(), source };
        let mut file = BufReader::with_capacity(BUFFER, File::open(path).map_err(failed)?);
        let delimiter = separator(file.fill_buf().map_err(failed)?);
        let tidy = Tidy::new(file, delimiter);
        let mut reader = ReaderBuilder::new().delimiter(delimiter).trim(Trim::All).from_reader(tidy);
        let problem = |line, problem| InputError::Row { path: path.to_owned(), line, problem };
        let cells = reader.byte_headers().map_err(|error| refusal(path, 1, error))?;
        let header: Vec<String> = cells
            .iter()
            .map(|cell| std::str::from_utf8(cell).map(str::to_owned).map_err(|_| problem(1, RowProblem::NotUtf8)))
            .collect::<Result<_, _>>()?;
        if header.is_empty() {
            return Err(problem(1, RowProblem::NoHeader));
        }
        if let Some(twice) = header.iter().enumerate().find(|(i, name)| header[..*i].contains(name)) {
            return Err(problem(1, RowProblem::ColumnTwice { column: twice.1.clone() }));
        }
        Ok(Self { path: path.to_owned(), reader, header, record: ByteRecord::new(), line: 1 })
    }

    /// Names of the columns.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Goes to the next row; `false` at the end.
    pub fn advance(&mut self) -> Result<bool, InputError> {
        let more = self.reader.read_byte_record(&mut self.record);
        let more = more.map_err(|error| refusal(&self.path, self.line, error))?;
        self.line = self.record.position().map_or(self.line, csv::Position::line);
        Ok(more)
    }

    /// A cell of the current row; empty when it is missing.
    pub fn cell(&self, column: usize) -> Result<&str, InputError> {
        let bytes = self.record.get(column).unwrap_or_default();
        std::str::from_utf8(bytes).map_err(|_| self.problem(RowProblem::NotUtf8))
    }

    /// The problem at the current row.
    pub fn problem(&self, problem: RowProblem) -> InputError {
        InputError::Row { path: self.path.clone(), line: self.line, problem }
    }
}

/// Reads a CSV file into the table.
pub(super) fn read(builder: &mut Builder<'_>, path: &Path) -> Result<(), InputError> {
    let mut rows = CsvRows::open(path)?;
    let id = builder.id_rule(path, rows.header())?;
    let feed = if rows.header().iter().any(|name| name == "feed") { None } else { builder.feed_column() };
    let withdrawn = builder.feed().and_then(|_| rows.header().iter().position(|name| name == "hapus"));
    let header = rows.header().to_vec();
    let targets: Vec<(usize, usize)> =
        header.iter().enumerate().filter_map(|(i, name)| Some((i, builder.column_for(name)?))).collect();
    while rows.advance()? {
        if let Some(column) = withdrawn
            && matches!(rows.cell(column)?, "true" | "TRUE" | "1")
        {
            builder.drop_row();
            continue;
        }
        for (from, to) in &targets {
            builder.set(*to, rows.cell(*from)?).map_err(|problem| rows.problem(problem))?;
        }
        if let Some((column, name)) = feed {
            builder.set(column, name).map_err(|problem| rows.problem(problem))?;
        }
        let ended = match id {
            IdRule::Column(column) => builder.end_row(&[rows.cell(column)?]),
            IdRule::Feed(name, column) => builder.end_row(&[name, "|", rows.cell(column)?]),
            IdRule::FeedColumns(name, column) => builder.end_row(&[rows.cell(name)?, "|", rows.cell(column)?]),
        };
        ended.map_err(|problem| rows.problem(problem))?;
    }
    Ok(())
}

fn refusal(path: &Path, line: u64, error: csv::Error) -> InputError {
    let line = error.position().map_or(line, csv::Position::line);
    let path = path.to_owned();
    if let ErrorKind::UnequalLengths { len, expected_len, .. } = error.kind() {
        let problem = RowProblem::CellCount { found: *len, expected: *expected_len };
        return InputError::Row { path, line, problem };
    }
    if let ErrorKind::Io(source) = error.into_kind() {
        return InputError::Read { path, source };
    }
    InputError::Row { path, line, problem: RowProblem::NotCsv }
}

/// The separator that is most often in the first line.
fn separator(start: &[u8]) -> u8 {
    let first_line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let parts = |separator: u8| first_line.split(|byte| *byte == separator).count();
    SEPARATORS.into_iter().rev().max_by_key(|separator| parts(*separator)).unwrap_or(b',')
}

/// Drops a byte order mark and the blanks between a separator and a cell, so that a quote after `, ` opens a quoted cell.
struct Tidy<R> {
    inner: R,
    delimiter: u8,
    place: Place,
    started: bool,
}

/// Where in the text the next byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    CellStart,
    Plain,
    Quoted,
    /// After a quote in a quoted cell: its end, or the first half of a doubled quote.
    AfterQuote,
}

impl Place {
    /// Where the byte leads, and whether it is kept.
    fn step(self, byte: u8, delimiter: u8) -> (Self, bool) {
        let ends_cell = byte == delimiter || byte == b'\n' || byte == b'\r';
        match self {
            Self::CellStart | Self::AfterQuote if byte == b' ' => (self, false),
            Self::CellStart | Self::AfterQuote if byte == b'"' => (Self::Quoted, true),
            Self::Quoted if byte == b'"' => (Self::AfterQuote, true),
            Self::Quoted => (Self::Quoted, true),
            Self::CellStart | Self::Plain | Self::AfterQuote if ends_cell => (Self::CellStart, true),
            Self::CellStart | Self::Plain | Self::AfterQuote => (Self::Plain, true),
        }
    }
}

impl<R: BufRead> Tidy<R> {
    fn new(inner: R, delimiter: u8) -> Self {
        Self { inner, delimiter, place: Place::CellStart, started: false }
    }
}

impl<R: BufRead> Read for Tidy<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let input = self.inner.fill_buf()?;
            if input.is_empty() || out.is_empty() {
                return Ok(0);
            }
            let skip = if !self.started && input.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
            let taken = (input.len() - skip).min(out.len());
            let mut written = 0;
            for byte in &input[skip..skip + taken] {
                let (next, keep) = self.place.step(*byte, self.delimiter);
                self.place = next;
                out[written] = *byte;
                written += usize::from(keep);
            }
            self.started = true;
            self.inner.consume(skip + taken);
            if written > 0 {
                return Ok(written);
            }
        }
    }
}

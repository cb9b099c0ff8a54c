//! What stands between a CSV file and the crate that reads it: one form of line end, quotes behind blanks, and a watch on
//! quotation marks that are not closed; and the choice of the separator.

use std::io::{self, BufRead, Read};

/// Separators, the likelier first. A bar stands in ids of feeds, so it comes last.
const SEPARATORS: [u8; 4] = *b",;\t|";
/// Rows that are looked at to choose among them.
const ROWS_LOOKED_AT: usize = 50;

/// A quoted cell that is not closed where a cell may end.
#[derive(Debug, thiserror::Error)]
#[error("a quoted cell that begins on line {line} is not closed")]
pub(crate) struct OpenQuote {
    /// Where it was opened.
    pub(crate) line: u64,
}

/// A row that goes on for longer than any row may.
#[derive(Debug, thiserror::Error)]
#[error("the row that begins near line {line} does not end")]
pub(crate) struct EndlessRow {
    /// Where it was seen.
    pub(crate) line: u64,
}

/// What a byte is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Letter,
    Blank,
    Separator,
    Quote,
    LineEnd,
}

/// Where in the text the next byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    CellStart,
    Plain,
    Quoted,
    /// After a quote in a quoted cell: its end, or the first half of a doubled quote.
    AfterQuote,
    /// The same in a cell that holds a line end: here only its end may come, or the second half.
    AfterLines,
    /// After the end of such a cell and a blank.
    Tail,
    /// A cell that holds a line end goes on behind its quote: it was opened by mistake.
    Broken,
}

const PLACES: [Place; 7] =
    [Place::CellStart, Place::Plain, Place::Quoted, Place::AfterQuote, Place::AfterLines, Place::Tail, Place::Broken];
const SIGNS: [Sign; 5] = [Sign::Letter, Sign::Blank, Sign::Separator, Sign::Quote, Sign::LineEnd];

/// Where each sign leads; that a quoted cell holds line ends is known besides.
const NEXT: [[Place; SIGNS.len()]; PLACES.len()] = {
    let mut table = [[Place::Plain; SIGNS.len()]; PLACES.len()];
    let mut place = 0;
    while place < PLACES.len() {
        let mut sign = 0;
        while sign < SIGNS.len() {
            table[place][sign] = leads_to(PLACES[place], SIGNS[sign]);
            sign += 1;
        }
        place += 1;
    }
    table
};

const fn leads_to(place: Place, sign: Sign) -> Place {
    match (place, sign) {
        (Place::Quoted, Sign::Quote) => Place::AfterQuote,
        (Place::Quoted, _) | (Place::CellStart | Place::AfterQuote | Place::AfterLines, Sign::Quote) => Place::Quoted,
        (Place::Broken, _) => Place::Broken,
        (_, Sign::Separator | Sign::LineEnd) | (Place::CellStart, Sign::Blank) => Place::CellStart,
        (Place::AfterLines | Place::Tail, Sign::Blank) => Place::Tail,
        (Place::AfterLines | Place::Tail, _) => Place::Broken,
        (Place::CellStart | Place::Plain | Place::AfterQuote, _) => Place::Plain,
    }
}

fn next(place: Place, sign: Sign) -> Place {
    NEXT[place as usize][sign as usize]
}

/// The signs of a file with this separator.
fn signs(delimiter: u8) -> [Sign; 256] {
    let mut signs = [Sign::Letter; 256];
    signs[usize::from(b' ')] = Sign::Blank;
    signs[usize::from(b'\t')] = Sign::Blank;
    signs[usize::from(b'"')] = Sign::Quote;
    signs[usize::from(b'\n')] = Sign::LineEnd;
    signs[usize::from(b'\r')] = Sign::LineEnd;
    signs[usize::from(delimiter)] = Sign::Separator;
    signs
}

/// What is given next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The end of a first line that was read already.
    FirstLine,
    Text,
    Ended,
}

/// Gives every line the same end, drops the blanks before a cell so that a quote after `, ` opens a quoted cell, and refuses
/// a quoted cell that is not closed.
pub(crate) struct Tidy<R> {
    inner: R,
    signs: [Sign; 256],
    place: Place,
    /// The last byte was a carriage return: a line feed that follows belongs to it.
    after_return: bool,
    /// The present line.
    line: u64,
    /// Where the present quoted cell began, and whether it holds a line end.
    opened: u64,
    has_lines: bool,
    stage: Stage,
    /// Bytes of the present row as of the last piece that was taken over, and how many there may be.
    row: usize,
    row_limit: usize,
}

impl<R: BufRead> Tidy<R> {
    /// Begins at the start, or behind a first line that was read already and is counted. A row that is longer than
    /// `row_limit` bytes, by more than one piece of the input, is refused.
    pub(crate) fn new(inner: R, delimiter: u8, behind_first_line: bool, row_limit: usize) -> Self {
        Self {
            inner,
            signs: signs(delimiter),
            place: Place::CellStart,
            after_return: false,
            line: 1,
            opened: 0,
            has_lines: false,
            stage: if behind_first_line { Stage::FirstLine } else { Stage::Text },
            row: 0,
            row_limit,
        }
    }

    /// Takes the input over into `out`; answers how many bytes are kept.
    fn take(&mut self, input: usize, out: &mut [u8]) -> io::Result<usize> {
        let mut place = self.place;
        let mut written = 0;
        let mut row_start = None;
        for byte in &self.inner.fill_buf()?[..input] {
            let sign = self.signs[usize::from(*byte)];
            let before = place;
            place = next(before, sign);
            out[written] = *byte;
            written += usize::from(before != Place::CellStart || sign != Sign::Blank);
            if sign == Sign::LineEnd {
                if *byte == b'\n' && self.after_return {
                    written -= 1;
                } else {
                    out[written - 1] = b'\n';
                    self.line += 1;
                    self.has_lines = true;
                }
                self.after_return = *byte == b'\r';
                if place == Place::CellStart {
                    row_start = Some(written);
                }
                continue;
            }
            self.after_return = false;
            if sign == Sign::Quote {
                if place == Place::Quoted && before == Place::CellStart {
                    (self.opened, self.has_lines) = (self.line, false);
                } else if place == Place::AfterQuote && self.has_lines {
                    place = Place::AfterLines;
                }
            }
        }
        self.place = place;
        self.inner.consume(input);
        self.row = row_start.map_or(self.row + written, |start| written - start);
        if self.row > self.row_limit {
            return Err(io::Error::new(io::ErrorKind::InvalidData, EndlessRow { line: self.line }));
        }
        Ok(written)
    }

    /// The end of the file: outside of quotes, and with a line end.
    fn end(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.place == Place::Quoted {
            return Err(self.open_quote());
        }
        self.stage = Stage::Ended;
        out[0] = b'\n';
        Ok(1)
    }

    fn open_quote(&self) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, OpenQuote { line: self.opened })
    }
}

impl<R: BufRead> Read for Tidy<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.stage == Stage::Ended || out.is_empty() {
            return Ok(0);
        }
        if self.stage == Stage::FirstLine {
            self.stage = Stage::Text;
            self.line += 1;
            out[0] = b'\n';
            return Ok(1);
        }
        loop {
            let input = self.inner.fill_buf()?.len();
            if input == 0 {
                return self.end(out);
            }
            let written = self.take(input.min(out.len()), out)?;
            if self.place == Place::Broken {
                return Err(self.open_quote());
            }
            if written > 0 {
                return Ok(written);
            }
        }
    }
}

/// The separator of a file that begins so, and how long the first line is that names it (`sep=;`).
///
/// A separator is one that stands in the first row outside of quotes. Where there are several, one counts that gives all rows
/// looked at as many cells as the first, then one that is there more often.
pub(crate) fn separator(start: &[u8]) -> (u8, usize) {
    if let Some(told) = told_separator(start) {
        return told;
    }
    let rated = SEPARATORS.into_iter().rev().map(|separator| (rating(start, separator), separator));
    let best = rated.filter(|((_, cells), _)| *cells > 1).max_by_key(|(rating, _)| *rating);
    (best.map_or(b',', |(_, separator)| separator), 0)
}

/// Excel's first line: `sep=;`, also in quotes.
fn told_separator(start: &[u8]) -> Option<(u8, usize)> {
    let end = start.iter().position(|byte| matches!(byte, b'\n' | b'\r'))?;
    let line = start[..end].strip_prefix(b"\"").map_or(&start[..end], |line| line.strip_suffix(b"\"").unwrap_or(line));
    let told = line.get(..4).filter(|name| name.eq_ignore_ascii_case(b"sep="))?.len();
    let &[separator] = &line[told..] else { return None };
    let line_end = if start[end..].starts_with(b"\r\n") { 2 } else { 1 };
    (separator.is_ascii() && separator != b'"').then_some((separator, end + line_end))
}

/// The separator of a table that may have titles before its header: the one that gives most rows one number of cells.
pub(crate) fn separator_behind_titles(start: &[u8]) -> (u8, usize) {
    if let Some(told) = told_separator(start) {
        return told;
    }
    let rated = SEPARATORS.into_iter().rev().map(|separator| (usual(&cell_counts(start, separator)), separator));
    let best = rated.filter(|((_, cells), _)| *cells > 1).max_by_key(|(rating, _)| *rating);
    (best.map_or(b',', |(_, separator)| separator), 0)
}

/// How many rows have the commonest number of cells above one, and that number.
fn usual(counts: &[usize]) -> (usize, usize) {
    let several = counts.iter().filter(|cells| **cells > 1);
    let rated = several.map(|cells| (counts.iter().filter(|other| *other == cells).count(), *cells));
    rated.max().unwrap_or((0, 1))
}

/// Whether all rows have as many cells as the first, and how many those are.
fn rating(start: &[u8], separator: u8) -> (bool, usize) {
    let counts = cell_counts(start, separator);
    let first = counts.first().copied().unwrap_or(1);
    (counts.iter().all(|cells| *cells == first), first)
}

/// The number of cells of each of the first rows that hold anything. A row that is cut off counts only where it is the first.
fn cell_counts(start: &[u8], separator: u8) -> Vec<usize> {
    let signs = signs(separator);
    let (mut place, mut cells, mut is_blank) = (Place::CellStart, 1, true);
    let mut counts = Vec::new();
    for byte in start {
        let sign = signs[usize::from(*byte)];
        place = next(place, sign);
        is_blank &= matches!(sign, Sign::Blank | Sign::LineEnd);
        if place != Place::CellStart || sign == Sign::Blank {
            continue;
        }
        if sign == Sign::Separator {
            cells += 1;
        } else if !is_blank {
            counts.push(cells);
            (cells, is_blank) = (1, true);
            if counts.len() == ROWS_LOOKED_AT {
                break;
            }
        }
    }
    if counts.is_empty() {
        counts.push(cells);
    }
    counts
}

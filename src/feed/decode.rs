//! A body in pieces, cut anywhere, becomes rows in line order.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::alarm::Alarms;
use super::limits::Limits;
use super::row::{BOM, Context, ValidRow, is_json_blank, read_row, refused, too_long};
use crate::domain::batch::{ReceiptLine, RowError, RowOutcome};
use crate::domain::feed::Feed;

/// Why a whole body is refused. Nothing of it is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// There is no row in it.
    #[error("the body holds no row")]
    Empty,
    /// It is longer than allowed.
    #[error("the body is longer than {limit} bytes")]
    TooManyBytes {
        /// `Limits::body_bytes`.
        limit: u64,
    },
    /// It has more rows than allowed.
    #[error("the body has more than {limit} rows")]
    TooManyRows {
        /// `Limits::rows`.
        limit: u64,
    },
    /// Nearly all rows so far are refused: the columns have other names, or it is another list. The rest is not read.
    #[error("{refused} of the first {rows} rows are refused")]
    NearlyAllRefused {
        /// Rows that were read.
        rows: u64,
        /// How many of them are refused.
        refused: u64,
        /// The commonest reasons, each with the rows that have it.
        reasons: Vec<(RowError, u64)>,
    },
}

/// A body that was read to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadBatch {
    /// Every line with content, in line order: the row, or why it is refused. A key that comes twice is here twice.
    pub rows: Vec<Result<ValidRow, ReceiptLine>>,
    /// SHA-256 of the body as it came, hexadecimal.
    pub sha256: String,
    /// Warnings about the batch as a whole: see [`super::alarm`].
    pub alarms: Vec<String>,
}

impl ReadBatch {
    /// What a receipt would say of each row, if none of them stood before.
    pub fn lines(&self) -> impl Iterator<Item = ReceiptLine> {
        self.rows.iter().map(|row| match row {
            Ok(row) => ReceiptLine {
                baris: row.line,
                id_sumber: Some(row.id_sumber.clone()),
                hasil: if row.flags.is_empty() { RowOutcome::Diterima } else { RowOutcome::Ditandai },
                tanpa_perubahan: false,
                berlaku: None,
                tanda: row.flags.clone(),
                kesalahan: Vec::new(),
            },
            Err(line) => line.clone(),
        })
    }

    /// How many rows were refused.
    pub fn refused(&self) -> usize {
        self.rows.iter().filter(|row| row.is_err()).count()
    }
}

/// Reads a body as it arrives. Keeps one unfinished line and the rows read so far, never the body.
///
/// ```
/// use padan::domain::{date::Date, feed::Feed};
/// use padan::feed::{BatchReader, Context, Limits};
///
/// let context = Context::on(Date::constant(2025, 11, 20));
/// let mut reader = BatchReader::new(Feed::Rekening, Limits::default(), context);
/// reader.push(br#"{"id_sumber":"R1","tgl_data":"2025-1"#)?;
/// reader.push(br#"1-20","hapus":true}"#)?;
/// assert_eq!(reader.finish()?.refused(), 0);
/// # Ok::<(), padan::feed::BodyError>(())
/// ```
pub struct BatchReader {
    feed: Feed,
    limits: Limits,
    context: Context,
    hash: Sha256,
    bytes: u64,
    line: u64,
    unfinished: Unfinished,
    rows: Vec<Result<ValidRow, ReceiptLine>>,
    refused: u64,
    alarms: Alarms,
    failed: Option<BodyError>,
}

/// The beginning of a line whose end has not come yet.
#[derive(Default)]
struct Unfinished {
    /// As much as a line may have, and one byte more.
    kept: Vec<u8>,
    /// Something else than blanks was dropped after that.
    dropped_content: bool,
}

impl BatchReader {
    /// Starts a body.
    pub fn new(feed: Feed, limits: Limits, context: Context) -> Self {
        Self {
            feed,
            limits,
            context,
            hash: Sha256::new(),
            bytes: 0,
            line: 0,
            unfinished: Unfinished::default(),
            rows: Vec::new(),
            refused: 0,
            alarms: Alarms::default(),
            failed: None,
        }
    }

    /// Takes the next piece. After an error the body is lost, and every further call says so again.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), BodyError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        // What still fits is read first, so that the answer does not depend on where the body was cut.
        let room = usize::try_from(self.limits.body_bytes - self.bytes).unwrap_or(usize::MAX);
        let fitting = &bytes[..bytes.len().min(room)];
        self.bytes += fitting.len() as u64;
        self.hash.update(fitting);
        let outcome = self.take_lines(fitting);
        let too_long = fitting.len() < bytes.len();
        let outcome = outcome.and(if too_long { Err(self.too_many_bytes()) } else { Ok(()) });
        self.failed = outcome.clone().err();
        outcome
    }

    /// Takes a row of a table, of which a mapping made a row of the feed or said why not. `line` is its number in the table.
    /// It counts as one line of a body: limits, alarms and the early end are the same. Of blank rows there is nothing to take.
    pub fn push_row(&mut self, line: u64, row: Result<String, ReceiptLine>) -> Result<(), BodyError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        self.line = line;
        let outcome = self.take_row(row);
        self.failed = outcome.clone().err();
        outcome
    }

    fn take_row(&mut self, row: Result<String, ReceiptLine>) -> Result<(), BodyError> {
        match row {
            Ok(text) => {
                // A line break belongs to every row.
                self.bytes = self.bytes.saturating_add(text.len() as u64 + 1);
                if self.bytes > self.limits.body_bytes {
                    return Err(self.too_many_bytes());
                }
                self.take_line(text.as_bytes(), false)
            }
            Err(line) => self.room_for_a_row().and_then(|()| self.add(Err(line))),
        }
    }

    /// Ends the body; a last line needs no line break.
    pub fn finish(mut self) -> Result<ReadBatch, BodyError> {
        if self.failed.is_none() {
            self.end_line(&[])?;
        }
        let sha256 = hexadecimal(&std::mem::take(&mut self.hash).finalize());
        self.finish_as(sha256)
    }

    /// Ends a table that was taken by [`Self::push_row`]. `sha256` is the digest, hexadecimal, of the file and of the
    /// mapping it was read by: the rows alone do not say what was sent.
    pub fn finish_as(self, sha256: String) -> Result<ReadBatch, BodyError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.rows.is_empty() {
            return Err(BodyError::Empty);
        }
        Ok(ReadBatch { rows: self.rows, sha256, alarms: self.alarms.raised().into_iter().map(str::to_owned).collect() })
    }

    const fn too_many_bytes(&self) -> BodyError {
        BodyError::TooManyBytes { limit: self.limits.body_bytes }
    }

    fn take_lines(&mut self, bytes: &[u8]) -> Result<(), BodyError> {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|b| *b == b'\n') {
            self.end_line(&rest[..end])?;
            rest = &rest[end + 1..];
        }
        self.keep(rest);
        Ok(())
    }

    fn keep(&mut self, piece: &[u8]) {
        let Unfinished { kept, dropped_content } = &mut self.unfinished;
        // The mark before the text and one byte more than allowed, so that a line too long is seen as such.
        let room = (self.limits.row_bytes.saturating_add(BOM.len() + 1)).saturating_sub(kept.len());
        let (fits, dropped) = piece.split_at(piece.len().min(room));
        kept.extend_from_slice(fits);
        *dropped_content |= !is_blank(dropped);
    }

    fn end_line(&mut self, last_piece: &[u8]) -> Result<(), BodyError> {
        self.line += 1;
        if self.unfinished.kept.is_empty() {
            return self.take_line(last_piece, false);
        }
        self.keep(last_piece);
        let Unfinished { mut kept, dropped_content } = std::mem::take(&mut self.unfinished);
        let outcome = self.take_line(&kept, dropped_content);
        kept.clear();
        self.unfinished.kept = kept;
        outcome
    }

    fn take_line(&mut self, line: &[u8], more_content: bool) -> Result<(), BodyError> {
        let line = line.strip_prefix(BOM).unwrap_or(line);
        if is_blank(line) && !more_content {
            return Ok(());
        }
        self.room_for_a_row()?;
        let row = if line.len() > self.limits.row_bytes {
            Err(refused(self.line, None, vec![too_long(&self.limits)]))
        } else {
            read_row(self.feed, &self.limits, self.context, self.line, line).map(|(row, nik)| {
                if !row.withdrawn {
                    self.alarms.note(&row.core, &row.detail, nik.as_ref(), self.context.today);
                }
                row
            })
        };
        self.add(row)
    }

    const fn room_for_a_row(&self) -> Result<(), BodyError> {
        if self.rows.len() as u64 >= self.limits.rows {
            return Err(BodyError::TooManyRows { limit: self.limits.rows });
        }
        Ok(())
    }

    fn add(&mut self, row: Result<ValidRow, ReceiptLine>) -> Result<(), BodyError> {
        self.refused += u64::from(row.is_err());
        self.rows.push(row);
        self.look_at_refused()
    }

    /// Ends a body of which nearly all rows are refused. It is looked at when the rows have doubled, so that it does not
    /// depend on where the body was cut, and costs next to nothing.
    fn look_at_refused(&self) -> Result<(), BodyError> {
        let (rows, from) = (self.rows.len() as u64, self.limits.refused_from);
        let due = from != 0 && rows >= from && rows % from == 0 && (rows / from).is_power_of_two();
        if !due || self.refused * FEW_OF < rows * (FEW_OF - 1) {
            return Ok(());
        }
        let mut counts: HashMap<(&str, &str), (&RowError, u64)> = HashMap::new();
        for reason in self.rows.iter().filter_map(|row| row.as_ref().err()).flat_map(|line| &line.kesalahan) {
            counts.entry((&reason.pointer, &reason.code)).or_insert((reason, 0)).1 += 1;
        }
        let mut reasons: Vec<(RowError, u64)> = counts.into_values().map(|(reason, n)| (reason.clone(), n)).collect();
        reasons.sort_unstable_by(|(a, of_a), (b, of_b)| {
            of_b.cmp(of_a).then_with(|| (&a.pointer, &a.code).cmp(&(&b.pointer, &b.code)))
        });
        reasons.truncate(MOST_REASONS);
        Err(BodyError::NearlyAllRefused { rows, refused: self.refused, reasons })
    }

    /// By what the rows are judged.
    pub fn context(&self) -> Context {
        self.context
    }

    /// The feed that is read.
    pub fn feed(&self) -> Feed {
        self.feed
    }
}

/// One row in so many that is not refused is few.
const FEW_OF: u64 = 20;

/// Reasons that are told of a body that was ended.
const MOST_REASONS: usize = 20;

fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| is_json_blank(char::from(*b)))
}

fn hexadecimal(digest: &[u8]) -> String {
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or_default()).collect()
}

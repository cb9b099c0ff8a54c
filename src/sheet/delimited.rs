//! A text file with separators as a table.

use std::io::BufRead;

use encoding_rs::{DecoderResult, Encoding, UTF_8, WINDOWS_1252};

use super::building::RowBuilder;
use super::error::{Foreign, SheetError};
use super::guard::unguarded;
use super::limits::SheetLimits;
use super::packed::Packed;
use super::records::Records;
use super::table::{RowsRead, Visit};
use super::text::{Bytes, decoded, encoding_of, trimmed};
use super::tidy::separator_behind_titles;
use crate::feed::cell::Cell;

/// How text was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextForm {
    /// The encoding, by its name on the web: `UTF-8`, `UTF-16LE`, `windows-1252`.
    pub encoding: &'static str,
    /// Whether that is a guess: the file says nothing and is not UTF-8. Letters with accents need a look.
    pub is_guess: bool,
}

/// A text file that was looked through.
pub(super) struct Delimited {
    packed: Packed,
    encoding: &'static Encoding,
    pub(super) form: TextForm,
    /// Bytes that came out when it was looked through.
    pub(super) unpacked: u64,
}

impl Delimited {
    /// Finds out how the text is encoded, and that it is text at all. Reads it once, a piece at a time.
    pub(super) fn open(packed: Packed, limits: &SheetLimits) -> Result<Self, SheetError> {
        let mut bytes = packed.reader(limits);
        let shown = encoding_of(bytes.fill_buf()?);
        let mut unpacked = 0;
        let encoding = match shown {
            Some((encoding, mark)) => {
                bytes.consume(mark);
                if !is_text(&mut bytes, encoding, &mut unpacked)? {
                    return Err(SheetError::NotText);
                }
                encoding
            }
            None if is_text(&mut bytes, UTF_8, &mut unpacked)? => UTF_8,
            None if is_text(&mut packed.reader(limits), WINDOWS_1252, &mut unpacked)? => WINDOWS_1252,
            None => return Err(SheetError::Foreign(Foreign::Binary)),
        };
        let form = TextForm { encoding: encoding.name(), is_guess: encoding == WINDOWS_1252 };
        Ok(Self { packed, encoding, form, unpacked })
    }

    /// Hands out the rows, as far as somebody wants them.
    pub(super) fn rows(&self, limits: &SheetLimits, visit: Visit<'_>) -> Result<RowsRead, SheetError> {
        let bytes: Bytes = decoded(self.packed.reader(limits), Some(self.encoding))?;
        let mut records = Records::new(bytes, separator_behind_titles, limits.row_bytes)?;
        let mut row = RowBuilder::new(limits);
        while records.advance().map_err(|error| SheetError::of_records(error, limits.row_bytes))? {
            row.begin(records.line());
            if let Some(lines) = records.rows_in_quotes() {
                return Err(SheetError::RowsInQuotes { row: records.line(), lines });
            }
            for (column, cell) in records.record().iter().enumerate() {
                let text = std::str::from_utf8(cell).map_err(|_| SheetError::NotText)?;
                let text = unguarded(trimmed(text));
                row.room_for(text)?;
                row.set(column, if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) })?;
            }
            if let Some(finished) = row.finish()?
                && visit(finished).is_break()
            {
                break;
            }
        }
        Ok(RowsRead { rows: row.rows(), blank: records.empty_rows() as u64 })
    }
}

/// Whether all bytes are text in an encoding: letters of it, and no control signs but those of lines and columns. Counts them.
fn is_text(bytes: &mut Bytes, encoding: &'static Encoding, seen: &mut u64) -> Result<bool, SheetError> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut out = [0; 16 << 10];
    loop {
        let input = bytes.fill_buf()?;
        let last = input.is_empty();
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(input, &mut out, last);
        let controls = |byte: &u8| matches!(byte, 0..=8 | 0x0e..=0x19 | 0x1b..=0x1f | 0x7f);
        if matches!(result, DecoderResult::Malformed(..)) || out[..written].iter().any(controls) {
            return Ok(false);
        }
        bytes.consume(read);
        *seen += read as u64;
        if last && result == DecoderResult::InputEmpty {
            return Ok(true);
        }
    }
}

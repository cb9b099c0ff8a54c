//! Sheets of a workbook, a cell at a time.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxError};

use super::building::RowBuilder;
use super::calendar::{Epoch, day_or_time, written_day};
use super::error::SheetError;
use super::limits::SheetLimits;
use super::survey::{SheetFacts, Surveyed, survey};
use super::table::{RowsRead, Visit};
use crate::feed::cell::Cell;

/// A workbook that was looked through.
pub(super) struct Workbook {
    xlsx: Xlsx<Cursor<Bytes>>,
    sheets: Vec<Sheet>,
    /// Bytes that came out when it was looked through.
    pub(super) unpacked: u64,
}

/// A sheet with cells.
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) is_hidden: bool,
    pub(super) facts: SheetFacts,
}

/// Runs what calamine does. It was looked through before, so a panic is a fault of ours or of calamine's; the file is refused.
fn guarded<T>(read: impl FnOnce() -> Result<T, XlsxError>, row: Option<u64>) -> Result<T, SheetError> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(_)) | Err(_) => Err(SheetError::BadWorkbook { row }),
    }
}

impl Workbook {
    /// Looks a workbook through and opens it.
    pub(super) fn open(bytes: &Bytes, limits: &SheetLimits) -> Result<Self, SheetError> {
        let Surveyed { sheets: facts, unpacked } = survey(bytes, limits)?;
        let xlsx = guarded(|| Xlsx::new(Cursor::new(bytes.clone())), None)?;
        let told = xlsx.sheets_metadata();
        if told.len() != facts.len() {
            return Err(SheetError::BadWorkbook { row: None });
        }
        let with_cells = told.iter().zip(facts).filter(|(sheet, _)| sheet.typ == SheetType::WorkSheet);
        let sheets = with_cells
            .map(|(sheet, facts)| Sheet {
                name: sheet.name.clone(),
                is_hidden: sheet.visible != SheetVisible::Visible,
                facts,
            })
            .collect();
        Ok(Self { xlsx, sheets, unpacked })
    }

    /// Its sheets, in their order.
    pub(super) fn sheets(&self) -> &[Sheet] {
        &self.sheets
    }

    /// Hands out the rows of a sheet, from the top, as far as somebody wants them.
    pub(super) fn rows(
        &mut self,
        sheet: usize,
        limits: &SheetLimits,
        visit: Visit<'_>,
    ) -> Result<RowsRead, SheetError> {
        let Self { xlsx, sheets, .. } = self;
        let name = &sheets[sheet].name;
        let epoch = if xlsx.has_1904_epoch() { Epoch::Of1904 } else { Epoch::Of1900 };
        let mut cells = guarded(|| xlsx.worksheet_cells_reader(name), None)?;
        let mut row = RowBuilder::new(limits);
        let mut last = 0;
        loop {
            let known = row.number();
            let cell = guarded(|| cells.next_cell(), Some(known).filter(|row| *row > 0))?;
            let number = cell.as_ref().map(|cell| u64::from(cell.get_position().0) + 1);
            if number != Some(known) && known > 0 {
                // Rows that go back are in no workbook that any program writes.
                if number.is_some_and(|number| number < known) {
                    return Err(SheetError::BadWorkbook { row: Some(known) });
                }
                if let Some(finished) = row.finish()? {
                    last = known;
                    if visit(finished).is_break() {
                        break;
                    }
                }
            }
            let (Some(cell), Some(number)) = (cell, number) else { break };
            if number != known {
                row.begin(number);
            }
            let value = value(cell.get_value(), epoch, &mut row)?;
            row.set(cell.get_position().1 as usize, value)?;
        }
        Ok(RowsRead { rows: row.rows(), blank: last.saturating_sub(row.rows()) })
    }
}

/// A cell as everybody else knows it.
fn value(value: &DataRef<'_>, epoch: Epoch, row: &mut RowBuilder<'_>) -> Result<Cell, SheetError> {
    let mut text = |text: &str| row.room_for(text).map(|()| text.to_owned());
    Ok(match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(found) | DataRef::DurationIso(found) => as_text(text(found)?),
        DataRef::SharedString(found) => as_text(text(found)?),
        DataRef::DateTimeIso(found) => written_day(text(found)?),
        DataRef::Int(number) => Cell::Number(*number as f64),
        DataRef::Float(number) if number.is_finite() => Cell::Number(*number),
        DataRef::Float(_) => Cell::Error("#NUM!".to_owned()),
        DataRef::Bool(truth) => Cell::Bool(*truth),
        DataRef::DateTime(when) => day_or_time(when, epoch),
        DataRef::Error(kind) => Cell::Error(kind.to_string()),
    })
}

fn as_text(text: String) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text) }
}

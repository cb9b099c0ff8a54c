//! A row while its cells come in, held against the limits.

use crate::feed::cell::{Cell, TableRow};

use super::error::{Limit, SheetError};
use super::limits::SheetLimits;

/// Collects the cells of one row after the other.
pub(super) struct RowBuilder<'l> {
    limits: &'l SheetLimits,
    row: TableRow,
    bytes: usize,
    /// Rows that were handed out.
    rows: u64,
}

impl<'l> RowBuilder<'l> {
    pub(super) fn new(limits: &'l SheetLimits) -> Self {
        Self { limits, row: TableRow::default(), bytes: 0, rows: 0 }
    }

    /// Begins a row.
    pub(super) fn begin(&mut self, number: u64) {
        self.row = TableRow { number, cells: Vec::new() };
        self.bytes = 0;
    }

    /// The number of the row that was begun; 0 before the first.
    pub(super) fn number(&self) -> u64 {
        self.row.number
    }

    /// Rows that were handed out.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether a text may stand in a cell of this row: asked before it is copied.
    pub(super) fn room_for(&mut self, text: &str) -> Result<(), SheetError> {
        let SheetLimits { cell_bytes, row_bytes, .. } = *self.limits;
        if text.len() > cell_bytes {
            return Err(self.too_much(Limit::CellBytes, cell_bytes as u64));
        }
        self.bytes += text.len();
        if self.bytes > row_bytes {
            return Err(self.too_much(Limit::RowBytes, row_bytes as u64));
        }
        Ok(())
    }

    /// Puts a cell into a column, counted from 0. Empty ones need no place.
    pub(super) fn set(&mut self, column: usize, cell: Cell) -> Result<(), SheetError> {
        if matches!(cell, Cell::Empty) {
            return Ok(());
        }
        if column >= self.limits.columns {
            return Err(self.too_much(Limit::Columns, self.limits.columns as u64));
        }
        if column >= self.row.cells.len() {
            self.row.cells.resize(column + 1, Cell::Empty);
        }
        self.row.cells[column] = cell;
        Ok(())
    }

    /// The row, when anything stands in it.
    pub(super) fn finish(&mut self) -> Result<Option<TableRow>, SheetError> {
        if self.row.cells.iter().all(Cell::is_empty) {
            return Ok(None);
        }
        self.rows += 1;
        if self.rows > self.limits.rows {
            return Err(self.too_much(Limit::Rows, self.limits.rows));
        }
        Ok(Some(std::mem::take(&mut self.row)))
    }

    fn too_much(&self, what: Limit, limit: u64) -> SheetError {
        SheetError::TooMuch { what, limit, row: Some(self.row.number) }
    }
}

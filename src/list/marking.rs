//! A list given back with its bad cells marked.

use std::collections::HashMap;
use std::ops::ControlFlow;

use super::{List, ListError};
use crate::domain::batch::{ReceiptLine, RowOutcome};
use crate::domain::flag::Severity;
use crate::feed::cell::Cell;
use crate::feed::mapping::Mapper;
use crate::sheet::{Heading, MarkedRow, marked};

/// Of a longer list only the rows that need a look are given back.
const WHOLE_LIST: usize = 50_000;

/// A whole number below this is written without loss.
const EXACT: f64 = 1e15;

/// The words for what became of rows.
pub struct Words<'a> {
    /// Of an outcome.
    pub outcome: &'a dyn Fn(RowOutcome) -> String,
    /// What is said of a row, each with its JSON pointer.
    pub notes: &'a dyn Fn(&ReceiptLine) -> Vec<(String, String)>,
}

/// What a cell shows.
pub(super) fn text_of(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) | Cell::Error(text) => text.trim().to_owned(),
        Cell::Number(number) if number.fract() == 0.0 && number.abs() < EXACT => format!("{number:.0}"),
        Cell::Number(number) => number.to_string(),
        Cell::Date(day) => day.to_string(),
        Cell::Bool(true) => "TRUE".to_owned(),
        Cell::Bool(false) => "FALSE".to_owned(),
    }
}

impl List {
    /// The list as a workbook: what became of each row, and its bad cells coloured, to be corrected and sent again. Of a long
    /// list only the rows that need a look.
    ///
    /// # Errors
    ///
    /// A list of JSON rows; one that a workbook cannot hold.
    pub fn marked(&mut self, lines: &[ReceiptLine], words: &Words<'_>) -> Result<Vec<u8>, ListError> {
        let mapper = self.mapper()?;
        let by_row: HashMap<u64, &ReceiptLine> = lines.iter().map(|line| (line.baris, line)).collect();
        let from = self.heading.as_ref().map_or(0, Heading::data_from);
        let (whole, mut rows) = (lines.len() <= WHOLE_LIST, Vec::new());
        self.opened.rows(self.table, |row| {
            if row.number >= from
                && let Some(line) = by_row.get(&row.number)
                && (whole || !line.is_clean())
            {
                let cells = row.cells.iter().map(text_of).collect();
                rows.push(marked_row(row.number, cells, line, &mapper, words));
            }
            ControlFlow::Continue(())
        })?;
        self.opened.rest();
        Ok(marked(self.feed.name(), self.headings(), rows)?)
    }
}

fn marked_row(number: u64, cells: Vec<String>, line: &ReceiptLine, mapper: &Mapper, words: &Words<'_>) -> MarkedRow {
    let repaired = |pointer: &str| {
        line.kesalahan.iter().all(|reason| reason.pointer != pointer)
            && line
                .tanda
                .iter()
                .filter(|flag| flag.pointer == pointer)
                .all(|flag| flag.code.severity() == Severity::Info)
    };
    let notes = (words.notes)(line);
    let of_cells = notes.iter().filter(|(pointer, _)| !repaired(pointer));
    let marks =
        of_cells.filter_map(|(pointer, sentence)| Some((mapper.column_of(pointer)?, sentence.clone()))).collect();
    let note = notes.into_iter().map(|(_, sentence)| sentence).collect::<Vec<_>>().join("; ");
    MarkedRow { number, cells, marks, outcome: (words.outcome)(line.hasil), note }
}

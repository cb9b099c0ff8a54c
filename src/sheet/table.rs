//! The tables of a file.

use std::ops::ControlFlow;

use super::delimited::TextForm;
use super::survey::Merged;
use crate::feed::cell::TableRow;

/// Who takes the rows.
pub(super) type Visit<'v> = &'v mut dyn FnMut(TableRow) -> ControlFlow<()>;

/// How a table is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// A sheet of a workbook.
    Sheet(SheetForm),
    /// Text with separators.
    Text(TextForm),
    /// A JSON object a line: no cells, its bytes are handed on.
    Json,
}

/// What is to be known of a sheet beside its cells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SheetForm {
    /// Whether the sheet is hidden.
    pub is_hidden: bool,
    /// Hidden columns, by their letters.
    pub hidden_columns: Vec<String>,
    /// Hidden rows, by hand or by a filter. They are read as all others.
    pub hidden_rows: u64,
    /// Columns in which formulas stand, by their letters; what they came to is read.
    pub formula_columns: Vec<String>,
    /// Merged cells near the top: titles and headings.
    pub merged: Vec<Merged>,
}

/// One table of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableInfo {
    /// The file of a ZIP file it is in.
    pub member: Option<String>,
    /// The sheet of a workbook it is.
    pub sheet: Option<String>,
    /// How it is written.
    pub form: Form,
}

impl TableInfo {
    /// Its name for people: `isi.xlsx: Lembar1` for a sheet of a workbook in a ZIP file; empty for a file of its own.
    pub fn name(&self) -> String {
        match (&self.member, &self.sheet) {
            (Some(member), Some(sheet)) => format!("{member}: {sheet}"),
            (Some(name), None) | (None, Some(name)) => name.clone(),
            (None, None) => String::new(),
        }
    }
}

/// What was read of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowsRead {
    /// Rows that hold anything.
    pub rows: u64,
    /// Rows among them that hold nothing.
    pub blank: u64,
}

/// The letters of a column, which is counted from 1: 28 is `AB`.
pub fn column_letters(column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = column;
    while rest > 0 {
        letters.push(char::from(b'A' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

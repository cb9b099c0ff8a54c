//! Cells and rows of a table, as a file holds them: before anybody knows which column is which field.

use std::fmt;

use crate::domain::date::Date;

/// One cell.
#[derive(Clone, Default, PartialEq)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// Text, as it stands; CSV has nothing else.
    Text(String),
    /// A number of a workbook: a double, so that of more than 15 digits the last ones are lost.
    Number(f64),
    /// A number that the workbook shows as a date.
    Date(Date),
    /// `TRUE` or `FALSE` of a workbook.
    Bool(bool),
    /// A formula that failed: `#N/A`, `#REF!`.
    Error(String),
}

impl Cell {
    /// Bytes of its text; other cells are small.
    pub fn letters(&self) -> usize {
        match self {
            Self::Text(text) | Self::Error(text) => text.len(),
            Self::Empty | Self::Number(_) | Self::Date(_) | Self::Bool(_) => 0,
        }
    }

    /// Whether nothing stands in it; blanks are nothing.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::Number(_) | Self::Date(_) | Self::Bool(_) | Self::Error(_) => false,
        }
    }
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "Empty",
            Self::Text(_) => "Text(***)",
            Self::Number(_) => "Number(***)",
            Self::Date(_) => "Date(***)",
            Self::Bool(_) => "Bool(***)",
            Self::Error(_) => "Error(***)",
        })
    }
}

/// One row of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableRow {
    /// Its number as the spreadsheet program shows it, from 1; in a text file the line on which it begins.
    pub number: u64,
    /// Its cells from the first column on; cells behind the last one are empty.
    pub cells: Vec<Cell>,
}

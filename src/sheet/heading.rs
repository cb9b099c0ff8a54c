//! Which row holds the headings: a guess, for somebody to confirm.
//!
//! Lists of offices begin with titles (the office, the programme, the month) over merged cells, then comes the row of headings,
//! often a row that numbers the columns, then the rows. A heading is short, says no number, and has something below it.

use rustc_hash::FxHashSet;

use super::survey::Merged;
use crate::feed::cell::{Cell, TableRow};

/// A heading may be so long.
const HEADING_LETTERS: usize = 60;
/// Digits that a heading may hold: `RT 01`, `Bantuan 2025`.
const HEADING_DIGITS: usize = 4;
/// Rows below that are looked at.
const ROWS_BELOW: usize = 10;

/// Where headings stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// The number of the row, as the spreadsheet program shows it.
    pub row: u64,
    /// What stands in it, by column, without line breaks and blanks around; empty where a column has none. Where the row
    /// below parts a merged heading (Alamat: RT, RW), both together.
    pub headings: Vec<String>,
    /// Rows above that hold something: titles, which are passed over.
    pub titles: Vec<u64>,
    /// Rows below that belong to the headings: the second line of parted headings, and one that numbers the columns.
    pub below: Vec<u64>,
}

impl Heading {
    /// The first row that may be data.
    pub fn data_from(&self) -> u64 {
        self.below.last().unwrap_or(&self.row) + 1
    }
}

/// Finds the row of headings among the first rows of a table: the first one of which most cells are short, distinct texts, and
/// in whose columns the rows below stand.
pub fn heading_row(rows: &[TableRow], merged: &[Merged]) -> Option<Heading> {
    let at = (0..rows.len()).find(|at| is_heading(&rows[*at], &rows[at + 1..], merged))?;
    let mut heading = Heading {
        row: rows[at].number,
        headings: rows[at].cells.iter().map(words).collect(),
        titles: rows[..at].iter().map(|row| row.number).collect(),
        below: Vec::new(),
    };
    let mut below = rows[at + 1..].iter().peekable();
    if let Some(row) = below.next_if(|row| parts_headings(row, &rows[at], merged)) {
        heading.part(row, merged);
    }
    if let Some(row) = below.next_if(|row| numbers_columns(row)) {
        heading.below.push(row.number);
    }
    Some(heading)
}

fn filled(row: &TableRow) -> impl Iterator<Item = (usize, &Cell)> {
    row.cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty())
}

/// A heading on one line.
fn words(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => {
            text.split(super::text::is_blank).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
        }
        Cell::Empty | Cell::Number(_) | Cell::Date(_) | Cell::Bool(_) | Cell::Error(_) => String::new(),
    }
}

fn may_be_heading(cell: &Cell) -> bool {
    let words = words(cell);
    let digits = words.chars().filter(char::is_ascii_digit).count();
    let letters = words.chars().count();
    letters > 0 && letters <= HEADING_LETTERS && digits <= HEADING_DIGITS && words.chars().any(char::is_alphabetic)
}

fn is_heading(row: &TableRow, below: &[TableRow], merged: &[Merged]) -> bool {
    let cells: Vec<&Cell> = filled(row).map(|(_, cell)| cell).collect();
    let fit = cells.iter().filter(|cell| may_be_heading(cell)).count();
    let distinct: FxHashSet<String> = cells.iter().map(|cell| words(cell).to_lowercase()).collect();
    let below = &below[..below.len().min(ROWS_BELOW)];
    let width = below.iter().map(|row| filled(row).count()).max().unwrap_or(0);
    // Merged cells count as many times as they have columns: only their first one is filled.
    let covered = covered(row, merged);
    let is_wide_enough = covered.len() >= 2 || (width <= 1 && !covered.is_empty());
    is_wide_enough
        && cells.len() * 2 > covered.len()
        && fit * 5 >= cells.len() * 4
        && distinct.len() * 5 >= cells.len() * 4
        && covered.len() * 2 >= width
        && stand_below(below, &covered)
}

/// The columns over which the cells of a row reach.
fn covered(row: &TableRow, merged: &[Merged]) -> FxHashSet<usize> {
    let reach = |column: usize| {
        let of_cell =
            |merged: &&Merged| u64::from(merged.rows.0) == row.number && merged.columns.0 as usize == column + 1;
        let last = merged.iter().find(of_cell).map_or(column, |merged| merged.columns.1 as usize - 1);
        column..=last
    };
    filled(row).flat_map(|(column, _)| reach(column)).collect()
}

/// Whether most of what stands below stands in these columns. Nothing below is an empty list: its headings are headings.
fn stand_below(below: &[TableRow], columns: &FxHashSet<usize>) -> bool {
    let cells = below.iter().flat_map(filled).count();
    let within = below.iter().flat_map(filled).filter(|(column, _)| columns.contains(column)).count();
    within * 5 >= cells * 3
}

/// Whether a row names the parts of merged headings above it: all of its cells stand below such, and look like headings.
fn parts_headings(row: &TableRow, above: &TableRow, merged: &[Merged]) -> bool {
    let is_part = |column: usize| part_of(above, column, merged).is_some();
    row.number == above.number + 1
        && filled(row).next().is_some()
        && filled(row).all(|(column, cell)| is_part(column) && may_be_heading(cell))
}

/// The column where the merged heading over several columns begins that stands over this one.
fn part_of(above: &TableRow, column: usize, merged: &[Merged]) -> Option<usize> {
    let over = merged.iter().find(|merged| {
        u64::from(merged.rows.1) == above.number
            && merged.columns.0 < merged.columns.1
            && (merged.columns.0 as usize..=merged.columns.1 as usize).contains(&(column + 1))
    });
    over.map(|merged| merged.columns.0 as usize - 1)
}

/// Whether a row only numbers the columns: 1, 2, 3 or (1), (2), (3).
fn numbers_columns(row: &TableRow) -> bool {
    let number = |cell: &Cell| match cell {
        Cell::Number(number) => Some(*number),
        Cell::Text(text) => text.trim_matches(|sign: char| !sign.is_ascii_digit()).parse::<f64>().ok(),
        Cell::Empty | Cell::Date(_) | Cell::Bool(_) | Cell::Error(_) => None,
    };
    let numbers: Option<Vec<f64>> = filled(row).map(|(_, cell)| number(cell)).collect();
    numbers.is_some_and(|numbers| {
        numbers.len() >= 3
            && numbers.first().is_some_and(|first| (*first - 1.0).abs() < 0.5)
            && numbers.windows(2).all(|pair| (pair[1] - pair[0] - 1.0).abs() < 0.5)
    })
}

impl Heading {
    /// Takes in the second line of parted headings.
    fn part(&mut self, row: &TableRow, merged: &[Merged]) {
        let above = TableRow { number: self.row, cells: Vec::new() };
        let first_line = self.headings.clone();
        for (column, cell) in filled(row) {
            let Some(over) = part_of(&above, column, merged) else { continue };
            let over = first_line.get(over).map(String::as_str).unwrap_or_default();
            if column >= self.headings.len() {
                self.headings.resize(column + 1, String::new());
            }
            let both = [over, &words(cell)];
            self.headings[column] = both.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        }
        self.below.push(row.number);
    }
}

//! A workbook of rows with their bad cells marked: to be corrected there and sent again.

use rust_xlsxwriter::{Color, Format, FormatAlign, IgnoreError, Workbook, Worksheet, XlsxError};

use super::error::SheetError;
use super::template::{heading_format, note, properties};

/// Heading of the column that says what became of a row. Who reads a marked workbook passes over columns of this name.
pub const OUTCOME_HEADING: &str = "Hasil";
/// Heading of the column that says why. Who reads a marked workbook passes over columns of this name.
pub const NOTE_HEADING: &str = "Keterangan";

/// So many cells get a note that opens over them; behind that they are coloured, and `Keterangan` says why. More notes make a
/// workbook slow to open.
const NOTES: usize = 20_000;
/// Of a note so many letters are shown over the cell.
const NOTE_LETTERS: usize = 1_000;
/// Letters that the name of a sheet may have.
const SHEET_NAME: usize = 31;
/// Rows below the heading.
const ROWS: u32 = 1_048_575;
const WIDTH: f64 = 18.0;
const NOTE_WIDTH: f64 = 70.0;

const RED: Color = Color::RGB(0x00FF_C7CE);
const BLUE: Color = Color::RGB(0x00DD_EBF7);

/// One row.
#[derive(Clone, Default)]
pub struct MarkedRow {
    /// Its number in the file that was sent.
    pub number: u64,
    /// What stood in its cells, in the order of the headings.
    pub cells: Vec<String>,
    /// Columns of bad cells, counted from 0, and what is wrong with each.
    pub marks: Vec<(usize, String)>,
    /// What became of it, in a word or two.
    pub outcome: String,
    /// What is to be done about it.
    pub note: String,
}

/// A workbook with these rows under their headings. Bad cells are coloured and say why; `Hasil` and `Keterangan` stand behind
/// the last column, so that the file can be corrected and sent again as it is. Every cell is text, whatever it begins with,
/// and the same rows give the same bytes. `title` becomes the name of the sheet.
///
/// # Errors
///
/// [`SheetError::Unwritable`] for more rows, columns or letters than a workbook can hold: nothing is cut off silently.
pub fn marked(
    title: &str,
    headings: &[String],
    rows: impl IntoIterator<Item = MarkedRow>,
) -> Result<Vec<u8>, SheetError> {
    let columns = u16::try_from(headings.len()).map_err(|_| SheetError::Unwritable)?;
    let write = || -> Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        workbook.set_properties(&properties()?);
        let sheet = workbook.add_worksheet();
        sheet.set_name(sheet_name(title))?;
        let mut writer = Writer::new(sheet, columns);
        writer.headings(headings)?;
        for row in rows {
            writer.row(&row)?;
        }
        writer.finish()?;
        workbook.save_to_buffer()
    };
    write().map_err(|_| SheetError::Unwritable)
}

/// A name that a sheet may have.
fn sheet_name(title: &str) -> String {
    let fit = |sign: char| if sign.is_control() || "[]:*?/\\'".contains(sign) { ' ' } else { sign };
    let mut letters = 0;
    let room = |sign: &char| {
        letters += sign.len_utf16();
        letters <= SHEET_NAME
    };
    let name: String = title.chars().map(fit).take_while(room).collect();
    let name = name.trim();
    // Excel keeps this name for itself.
    if name.is_empty() || name.eq_ignore_ascii_case("history") { OUTCOME_HEADING.to_owned() } else { name.to_owned() }
}

struct Writer<'w> {
    sheet: &'w mut Worksheet,
    columns: u16,
    /// The last row that was written.
    last: u32,
    notes: usize,
    plain: Format,
    bad: Format,
    wrapped: Format,
}

impl<'w> Writer<'w> {
    fn new(sheet: &'w mut Worksheet, columns: u16) -> Self {
        let plain = Format::new().set_num_format("@");
        let bad = plain.clone().set_background_color(RED);
        let wrapped = plain.clone().set_text_wrap().set_align(FormatAlign::Top);
        Self { sheet, columns, last: 0, notes: 0, plain, bad, wrapped }
    }

    fn headings(&mut self, headings: &[String]) -> Result<(), XlsxError> {
        let look = heading_format().set_background_color(BLUE);
        let all = headings.iter().map(String::as_str).chain([OUTCOME_HEADING, NOTE_HEADING]);
        for (column, heading) in (0..).zip(all) {
            self.sheet.set_column_width(column, WIDTH)?.set_column_format(column, &self.plain)?;
            self.sheet.write_string_with_format(0, column, heading, &look)?;
        }
        self.sheet.set_column_width(self.columns + 1, NOTE_WIDTH)?;
        Ok(())
    }

    fn row(&mut self, row: &MarkedRow) -> Result<(), XlsxError> {
        self.last += 1;
        let at = self.last;
        for (column, cell) in (0..self.columns).zip(&row.cells) {
            self.sheet.write_string_with_format(at, column, cell, &self.plain)?;
        }
        for (column, why) in &row.marks {
            let Some(column) = u16::try_from(*column).ok().filter(|column| *column < self.columns) else { continue };
            let cell = row.cells.get(usize::from(column)).map_or("", String::as_str);
            self.sheet.write_string_with_format(at, column, cell, &self.bad)?;
            self.explain(at, column, why)?;
        }
        self.sheet.write_string_with_format(at, self.columns, &row.outcome, &self.plain)?;
        let told = format!("Baris {}: {}", row.number, row.note);
        self.sheet.write_string_with_format(at, self.columns + 1, told, &self.wrapped)?;
        Ok(())
    }

    fn explain(&mut self, row: u32, column: u16, why: &str) -> Result<(), XlsxError> {
        self.notes += 1;
        if self.notes <= NOTES {
            let short: String = why.chars().take(NOTE_LETTERS).collect();
            self.sheet.insert_note(row, column, &note(&short))?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), XlsxError> {
        let last = self.columns + 1;
        self.sheet.autofilter(0, 0, self.last, last)?;
        self.sheet.ignore_error_range(0, 0, self.last.clamp(1, ROWS), last, IgnoreError::NumberStoredAsText)?;
        self.sheet.set_freeze_panes(1, 0)?;
        Ok(())
    }
}

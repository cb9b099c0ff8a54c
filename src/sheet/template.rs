//! The workbook that a feed is filled in with.

use rust_xlsxwriter::{
    Color, DataValidation, DataValidationRule, DocProperties, ExcelDateTime, Format, FormatAlign, IgnoreError, Note,
    Workbook, Worksheet, XlsxError,
};

use super::error::SheetError;
use super::fields::{Field, Shape, fields};
use super::guide;
use crate::domain::feed::Feed;

/// The `id_sumber` of the example row. A row that still has it was forgotten there and is nobody's.
pub const EXAMPLE_ID: &str = "CONTOH-1";

/// The last row of a sheet and the row of the example, counted from 0.
const LAST_ROW: u32 = 1_048_575;
const EXAMPLE_ROW: u32 = 1;
/// A drop-down takes so many letters, commas included.
const CHOICE_LETTERS: usize = 255;
/// A column is at least and at most so many letters wide.
const WIDTHS: (usize, usize) = (10, 36);
/// How large a note is shown, in pixels: wide, and high for each line.
const NOTE_WIDTH: u32 = 320;
const NOTE_LINE_HEIGHT: u32 = 18;
const NOTE_LINE_LETTERS: usize = 48;

const REQUIRED: Color = Color::RGB(0x00F4_B183);
const OPTIONAL: Color = Color::RGB(0x00DD_EBF7);
const GREY: Color = Color::RGB(0x0080_8080);

/// A workbook to fill in for a feed: its fields as headings with notes, drop-downs, formats that keep numbers as they are
/// typed, an example row, and a sheet that explains each column. The same bytes each time.
///
/// # Errors
///
/// [`SheetError::Unwritable`], when a field does not fit into a workbook; a test writes them all.
pub fn template(feed: Feed) -> Result<Vec<u8>, SheetError> {
    let fields = fields(feed);
    let write = || -> Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        workbook.set_properties(&properties()?);
        let sheet = workbook.add_worksheet();
        sheet.set_name(feed.name())?;
        fill_in(sheet, &fields)?;
        guide::write(workbook.add_worksheet(), feed, &fields)?;
        workbook.save_to_buffer()
    };
    write().map_err(|_| SheetError::Unwritable)
}

/// Nothing about the machine or the time, so that the same content has the same bytes.
pub(super) fn properties() -> Result<DocProperties, XlsxError> {
    let made = ExcelDateTime::from_ymd(2025, 1, 1)?;
    Ok(DocProperties::new().set_author("Padan").set_creation_datetime(&made))
}

fn fill_in(sheet: &mut Worksheet, fields: &[Field]) -> Result<(), XlsxError> {
    let last = fields.len() as u16 - 1;
    for (column, field) in (0..).zip(fields) {
        sheet.set_column_width(column, width(field) as f64)?;
        sheet.set_column_format(column, &format(&field.shape))?;
        let colour = if field.is_required { REQUIRED } else { OPTIONAL };
        let heading = heading_format().set_background_color(colour);
        sheet.write_string_with_format(0, column, &field.name, &heading)?;
        sheet.insert_note(0, column, &note(&about(field)))?;
        if let Some(rule) = validation(field)? {
            sheet.add_data_validation(EXAMPLE_ROW, column, LAST_ROW, column, &rule)?;
        }
        write_example(sheet, column, field)?;
    }
    let example = format!("Baris contoh: hapus sebelum dikirim. id_sumber {EXAMPLE_ID} bukan milik siapa pun.");
    sheet.insert_note(EXAMPLE_ROW, 0, &note(&example))?;
    sheet.ignore_error_range(0, 0, LAST_ROW, last, IgnoreError::NumberStoredAsText)?;
    sheet.set_freeze_panes(1, 1)?;
    Ok(())
}

/// How headings look, but for their colour.
pub(super) fn heading_format() -> Format {
    Format::new().set_bold().set_num_format("@").set_align(FormatAlign::VerticalCenter)
}

/// A note as large as its text.
pub(super) fn note(text: &str) -> Note {
    let lines: usize = text.lines().map(|line| line.chars().count() / NOTE_LINE_LETTERS + 1).sum();
    Note::new(text)
        .set_author("Padan")
        .add_author_prefix(false)
        .set_width(NOTE_WIDTH)
        .set_height((lines as u32 + 1) * NOTE_LINE_HEIGHT)
}

/// What a heading's note says.
fn about(field: &Field) -> String {
    let duty = if field.is_required { "Wajib diisi." } else { "Boleh kosong." };
    let values = field.values();
    let values = if values.is_empty() { String::new() } else { format!("Nilai: {values}") };
    let lines = [field.title.as_str(), duty, &field.description, &format!("Bentuk: {}", field.form()), &values];
    lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Text stays text: a number of 16 digits would lose its last one.
fn format(shape: &Shape) -> Format {
    let format = Format::new();
    match shape {
        Shape::Date => format.set_num_format("yyyy-mm-dd"),
        Shape::Whole { .. } => format.set_num_format("0"),
        Shape::Bool | Shape::Number => format,
        Shape::Text { .. } | Shape::Choice(_) | Shape::Codes(_) | Shape::Groups(_) => format.set_num_format("@"),
    }
}

fn width(field: &Field) -> usize {
    let (least, most) = WIDTHS;
    field.name.len().max(field.example().chars().count()).saturating_add(3).clamp(least, most)
}

fn validation(field: &Field) -> Result<Option<DataValidation>, XlsxError> {
    let rule = match &field.shape {
        Shape::Choice(values) if values.join(",").chars().count() <= CHOICE_LETTERS => {
            DataValidation::new().allow_list_strings(values)?
        }
        Shape::Bool => DataValidation::new().allow_list_strings(&["TRUE", "FALSE"])?,
        Shape::Whole { least: Some(least), most: Some(most) } => {
            DataValidation::new().allow_decimal_number(DataValidationRule::Between(*least as f64, *most as f64))
        }
        Shape::Date => {
            let (first, last) = (ExcelDateTime::from_ymd(1900, 1, 1)?, ExcelDateTime::from_ymd(2100, 12, 31)?);
            DataValidation::new().allow_date(DataValidationRule::Between(first, last))
        }
        Shape::Choice(_)
        | Shape::Whole { .. }
        | Shape::Text { .. }
        | Shape::Number
        | Shape::Codes(_)
        | Shape::Groups(_) => return Ok(None),
    };
    let told = format!("{}: {}.", field.name, field.form());
    Ok(Some(rule.ignore_blank(true).set_error_title("Periksa isi sel")?.set_error_message(told)?))
}

fn write_example(sheet: &mut Worksheet, column: u16, field: &Field) -> Result<(), XlsxError> {
    let text = field.example();
    let look = format(&field.shape).set_italic().set_font_color(GREY);
    let number = match &field.shape {
        Shape::Whole { .. } => text.parse::<f64>().ok(),
        Shape::Text { .. }
        | Shape::Date
        | Shape::Bool
        | Shape::Number
        | Shape::Choice(_)
        | Shape::Codes(_)
        | Shape::Groups(_) => None,
    };
    if text.is_empty() {
        sheet.write_blank(EXAMPLE_ROW, column, &look)?;
    } else if matches!(field.shape, Shape::Date) {
        sheet.write_datetime_with_format(EXAMPLE_ROW, column, ExcelDateTime::parse_from_str(&text)?, &look)?;
    } else if let Some(number) = number {
        sheet.write_number_with_format(EXAMPLE_ROW, column, number, &look)?;
    } else {
        sheet.write_string_with_format(EXAMPLE_ROW, column, &text, &look)?;
    }
    Ok(())
}

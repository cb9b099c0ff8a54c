//! The sheet of a template that explains each column, in Indonesian.

use rust_xlsxwriter::{Color, Format, FormatAlign, Worksheet, XlsxError};

use super::fields::Field;
use super::template::{EXAMPLE_ID, heading_format};
use crate::domain::feed::Feed;

const HEADINGS: [(&str, f64); 6] =
    [("Kolom", 24.0), ("Arti", 36.0), ("Wajib", 8.0), ("Bentuk", 40.0), ("Nilai", 60.0), ("Penjelasan", 80.0)];
const BLUE: Color = Color::RGB(0x00DD_EBF7);

/// The sheet of a template that says how it is filled in.
pub const GUIDE_SHEET: &str = "Petunjuk";

/// What is to be known before the first row.
fn rules() -> [String; 6] {
    [
        "Isi lembar pertama, satu baris untuk setiap orang atau pembayaran. Jangan ubah nama kolom; urutannya bebas."
            .to_owned(),
        format!("Hapus baris contoh ({EXAMPLE_ID}) sebelum dikirim."),
        "Kolom berwarna jingga wajib diisi. Yang tidak diketahui dikosongkan, bukan diisi 0 atau -.".to_owned(),
        "NIK, No. KK dan nomor lain adalah teks: tempel sebagai nilai, supaya nol di depan dan digit terakhir tidak hilang."
            .to_owned(),
        "id_sumber adalah kunci tetap baris di sistem Anda. Jangan pakai nomor urut lembar: bila baris bergeser, orangnya tertukar."
            .to_owned(),
        "Satu sel dengan beberapa nilai: pisahkan dengan titik koma (;).".to_owned(),
    ]
}

/// Writes it.
pub(super) fn write(sheet: &mut Worksheet, feed: Feed, fields: &[Field]) -> Result<(), XlsxError> {
    sheet.set_name(GUIDE_SHEET)?;
    let title = Format::new().set_bold().set_font_size(14);
    sheet.write_string_with_format(0, 0, format!("Petunjuk mengisi {}", feed.name()), &title)?;
    let mut row = 1;
    for rule in rules() {
        sheet.write_string(row, 0, rule)?;
        row += 1;
    }
    row += 1;
    let heading = heading_format().set_background_color(BLUE);
    for (column, (name, width)) in (0..).zip(HEADINGS) {
        sheet.set_column_width(column, width)?;
        sheet.write_string_with_format(row, column, name, &heading)?;
    }
    let cell = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    for (row, field) in (row + 1..).zip(fields) {
        for (column, text) in (0..).zip(explained(field)) {
            sheet.write_string_with_format(row, column, text, &cell)?;
        }
    }
    sheet.set_freeze_panes(row + 1, 1)?;
    Ok(())
}

/// One column, as [`HEADINGS`] names it.
fn explained(field: &Field) -> [String; 6] {
    let duty = if field.is_required { "ya" } else { "tidak" };
    [field.name.clone(), field.title.clone(), duty.to_owned(), field.form(), field.values(), field.description.clone()]
}

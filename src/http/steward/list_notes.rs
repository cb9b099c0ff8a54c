//! What is to be known of a list before it is sent: what is passed over, what is hidden, what was taken for granted.

use super::format;
use super::layout::Lang;
use crate::feed::mapping::Mapping;
use crate::list::List;
use crate::sheet::{Form, SheetForm, TextForm, column_letters};

/// The notes, in the order in which they are shown.
pub(super) fn of(list: &List, mapping: &Mapping, lang: Lang) -> Vec<String> {
    let (tables, chosen) = list.tables();
    let mut notes = match &tables[chosen].form {
        Form::Sheet(sheet) => of_sheet(sheet, lang),
        Form::Text(text) => of_text(*text, lang),
        Form::Json => Vec::new(),
    };
    if let Some(heading) = list.heading() {
        let (row, titles) = (heading.row, heading.titles.len());
        notes.push(lang.pick(
            format!("Judul kolom: baris {row}; {titles} baris di atasnya dilewati"),
            format!("Headings: row {row}; {titles} rows above are passed over"),
        ));
    }
    let unnamed = list.unnamed_columns();
    if !unnamed.is_empty() {
        let letters = unnamed.iter().map(|at| column_letters(*at as u32 + 1)).collect::<Vec<_>>().join(", ");
        notes.push(lang.pick(
            format!("Kolom {letters} berisi tetapi tidak berjudul, maka tidak dibaca"),
            format!("Columns {letters} hold something under no heading, and are not read"),
        ));
    }
    notes.extend(of_mapping(mapping, lang));
    notes.extend(list.passed_over().iter().map(|(name, error)| {
        lang.pick(format!("{name} dilewati: {}", error.pesan()), format!("{name} is passed over: {error}"))
    }));
    notes
}

fn of_sheet(sheet: &SheetForm, lang: Lang) -> Vec<String> {
    let mut notes = Vec::new();
    if !sheet.hidden_columns.is_empty() {
        let columns = sheet.hidden_columns.join(", ");
        notes.push(lang.pick(
            format!("Kolom tersembunyi {columns} ikut dibaca"),
            format!("Hidden columns {columns} are read, too"),
        ));
    }
    if sheet.hidden_rows > 0 {
        let rows = format::count(sheet.hidden_rows, lang);
        notes.push(lang.pick(
            format!("{rows} baris tersembunyi (mungkin karena filter) ikut dibaca"),
            format!("{rows} hidden rows (by a filter, perhaps) are read, too"),
        ));
    }
    notes
}

fn of_text(text: TextForm, lang: Lang) -> Vec<String> {
    let guessed = text.is_guess.then(|| {
        let encoding = text.encoding;
        lang.pick(
            format!("Berkas ini bukan UTF-8; dibaca sebagai {encoding}. Periksa huruf khusus pada pratinjau"),
            format!("The file is not UTF-8; it is read as {encoding}. Look at special letters in the preview"),
        )
    });
    guessed.into_iter().collect()
}

fn of_mapping(mapping: &Mapping, lang: Lang) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(day) = mapping.fields.get("tgl_data").and_then(|source| source.constant.as_deref()) {
        notes.push(lang.pick(
            format!("Data per tanggal {day} untuk semua baris; ganti di bawah bila daftar ini lebih baru"),
            format!("All rows are as of {day}; change it below if the list is newer"),
        ));
    }
    let personal = ["nik", "no_kk"].iter().filter_map(|field| mapping.fields.get(*field)?.column.as_ref());
    if personal.into_iter().any(|column| mapping.id.columns.contains(column)) {
        let (pesan, message) = (
            "Kunci baris memakai NIK atau No. KK: bila nomornya diperbaiki, baris itu menjadi baris lain. Pakai kode dari \
             sistem Anda bila ada",
            "The key of rows is the NIK or KK number: once a number is corrected, the row is another one. Take a code of \
             your own system where there is one",
        );
        notes.push(lang.pick(pesan, message).to_owned());
    }
    notes
}

//! What is to be known of a list before it is sent: what is passed over, what is hidden, what was taken for granted.

use super::List;
use crate::domain::feed::Feed;
use crate::feed::mapping::{Mapping, Sentence, Target};
use crate::sheet::{Form, GUIDE_SHEET, SheetForm, TextForm, column_letters};

impl List {
    /// What its sender may not know of how it is read, in the order in which it is told. Whoever reads a list for somebody
    /// tells it: none of this is an error, and all of it may be one.
    pub fn notes(&self) -> Vec<Sentence> {
        let (tables, chosen) = self.tables();
        let mut notes = Vec::new();
        // Of a workbook of ours nobody expects that its guide is read.
        let is_template = tables[chosen].name().parse::<Feed>().is_ok();
        let others = tables.iter().enumerate().filter(|(at, _)| *at != chosen).map(|(_, table)| table.name());
        let others: Vec<String> = others.filter(|name| !(is_template && name == GUIDE_SHEET)).collect();
        if !others.is_empty() {
            let (read, others) = (tables[chosen].name(), others.join(", "));
            notes.push(Sentence::new(
                format!("Yang dibaca hanya {read}; tidak dibaca: {others}"),
                format!("Only {read} is read; not read: {others}"),
            ));
        }
        match &tables[chosen].form {
            Form::Sheet(sheet) => of_sheet(sheet, &mut notes),
            Form::Text(text) => of_text(*text, &mut notes),
            Form::Json => {}
        }
        self.of_columns(&mut notes);
        of_mapping(self.mapping(), &mut notes);
        notes.extend(self.passed_over().iter().map(|(name, error)| {
            Sentence::new(format!("{name} dilewati: {}", error.pesan()), format!("{name} is passed over: {error}"))
        }));
        notes
    }

    fn of_columns(&self, notes: &mut Vec<Sentence>) {
        let Some(heading) = self.heading() else { return };
        let (row, titles) = (heading.row, heading.titles.len());
        if titles > 0 {
            notes.push(Sentence::new(
                format!("Judul kolom: baris {row}; {titles} baris di atasnya dilewati"),
                format!("Headings: row {row}; {titles} rows above are passed over"),
            ));
        }
        let unnamed = self.unnamed_columns();
        if !unnamed.is_empty() {
            let letters = unnamed.iter().map(|at| column_letters(*at as u32 + 1)).collect::<Vec<_>>().join(", ");
            notes.push(Sentence::new(
                format!("Kolom {letters} berisi tetapi tidak berjudul, maka tidak dibaca"),
                format!("Columns {letters} hold something under no heading, and are not read"),
            ));
        }
        let is_unread = |heading: &&String| {
            !heading.is_empty() && self.mapping().target_of(heading).is_none_or(|target| target == Target::LeftOut)
        };
        let unread: Vec<&str> = heading.headings.iter().filter(is_unread).map(String::as_str).collect();
        if !unread.is_empty() {
            let unread = unread.join(", ");
            notes.push(Sentence::new(
                format!("Kolom yang tidak dibaca: {unread}"),
                format!("Columns that are not read: {unread}"),
            ));
        }
    }
}

fn of_sheet(sheet: &SheetForm, notes: &mut Vec<Sentence>) {
    if !sheet.hidden_columns.is_empty() {
        let columns = sheet.hidden_columns.join(", ");
        notes.push(Sentence::new(
            format!("Kolom tersembunyi {columns} ikut dibaca"),
            format!("Hidden columns {columns} are read, too"),
        ));
    }
    if sheet.hidden_rows > 0 {
        let rows = sheet.hidden_rows;
        notes.push(Sentence::new(
            format!("{rows} baris tersembunyi (mungkin karena filter) ikut dibaca"),
            format!("{rows} hidden rows (by a filter, perhaps) are read, too"),
        ));
    }
}

fn of_text(text: TextForm, notes: &mut Vec<Sentence>) {
    if text.is_guess {
        let encoding = text.encoding;
        notes.push(Sentence::new(
            format!("Berkas ini bukan UTF-8; dibaca sebagai {encoding}. Periksa huruf khusus"),
            format!("The file is not UTF-8; it is read as {encoding}. Look at special letters"),
        ));
    }
}

fn of_mapping(mapping: &Mapping, notes: &mut Vec<Sentence>) {
    if let Some(day) = mapping.fields.get("tgl_data").and_then(|source| source.constant.as_deref()) {
        notes.push(Sentence::new(
            format!("Data per tanggal {day} untuk semua baris; ganti bila daftar ini lebih baru"),
            format!("All rows are as of {day}; change it if the list is newer"),
        ));
    }
    let personal = ["nik", "no_kk"].iter().filter_map(|field| mapping.fields.get(*field)?.column.as_ref());
    if personal.into_iter().any(|column| mapping.id.columns.contains(column)) {
        notes.push(Sentence::new(
            "Kunci baris memakai NIK atau No. KK: bila nomornya diperbaiki, baris itu menjadi baris lain. Pakai kode dari \
             sistem Anda bila ada",
            "The key of rows is the NIK or KK number: once a number is corrected, the row is another one. Take a code of \
             your own system where there is one",
        ));
    }
}

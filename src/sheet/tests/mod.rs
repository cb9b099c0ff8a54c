//! Files as people and programs make them, as text; and what is read of them, as text.

mod headings;
mod hostile;
mod kinds;
mod laws;
mod texts;
mod twins;
mod workbooks;
mod written;

use std::io::{Cursor, Write};
use std::ops::ControlFlow;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::feed::cell::{Cell, TableRow};

pub(super) const CONTINUE: ControlFlow<()> = ControlFlow::Continue(());

/// A ZIP file of these parts.
pub(super) fn zip(parts: &[(&str, &[u8])]) -> Bytes {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a part");
        zip.write_all(content).expect("memory");
    }
    zip.finish().expect("memory").into_inner().into()
}

pub(super) fn gzip(content: &[u8]) -> Bytes {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(content).expect("memory");
    gzip.finish().expect("memory").into()
}

/// The parts of a workbook of one sheet, to be changed.
#[derive(Clone)]
pub(super) struct Book {
    pub(super) parts: Vec<(String, Vec<u8>)>,
}

pub(super) const MAIN: &str = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
     xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"";
const KINDS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";

impl Book {
    /// A workbook whose one sheet has these rows.
    pub(super) fn of_rows(rows: &str) -> Self {
        Self::of_sheet(&format!("<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>"))
    }

    /// A workbook with this sheet.
    pub(super) fn of_sheet(sheet: &str) -> Self {
        let rels = format!(
            "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"a\" Type=\"{KINDS}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
        );
        let links = format!(
            "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{KINDS}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
        );
        let book =
            format!("<workbook {MAIN}><sheets><sheet name=\"Data\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>");
        let parts = [
            ("[Content_Types].xml", format!("<Types xmlns=\"{PACKAGE}/content-types\"/>")),
            ("_rels/.rels", rels),
            ("xl/workbook.xml", book),
            ("xl/_rels/workbook.xml.rels", links),
            ("xl/worksheets/sheet1.xml", sheet.to_owned()),
        ];
        Self { parts: parts.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect() }
    }

    /// With this part, in place of one of its name.
    pub(super) fn with(mut self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        self.parts.retain(|(known, _)| known != name);
        self.parts.push((name.to_owned(), content.into()));
        self
    }

    /// With these formats of numbers, as cell formats 1, 2, 3.
    pub(super) fn with_formats(self, formats: &[&str]) -> Self {
        let codes = formats.iter().enumerate();
        let codes: String = codes
            .map(|(at, code)| format!("<numFmt numFmtId=\"{}\" formatCode=\"{code}\"/>", 164 + at))
            .collect::<Vec<_>>()
            .concat();
        let uses = (0..formats.len()).map(|at| format!("<xf numFmtId=\"{}\" applyNumberFormat=\"1\"/>", 164 + at));
        let uses = uses.collect::<Vec<_>>().concat();
        let styles = format!(
            "<styleSheet {MAIN}><numFmts>{codes}</numFmts><fonts><font/></fonts><cellXfs><xf numFmtId=\"0\"/>{uses}</cellXfs></styleSheet>"
        );
        self.with("xl/styles.xml", styles)
    }

    /// With these shared texts, each as the inside of an `si`.
    pub(super) fn with_strings(self, strings: &[&str]) -> Self {
        let inside = strings.iter().map(|text| format!("<si>{text}</si>")).collect::<Vec<_>>().concat();
        self.with("xl/sharedStrings.xml", format!("<sst {MAIN} uniqueCount=\"{}\">{inside}</sst>", strings.len()))
    }

    pub(super) fn bytes(&self) -> Bytes {
        let parts: Vec<(&str, &[u8])> =
            self.parts.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
        zip(&parts)
    }
}

/// A cell as text that tells its kind.
pub(super) fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Empty => "-".to_owned(),
        Cell::Text(text) => format!("'{text}'"),
        Cell::Number(number) => format!("{number}"),
        Cell::Date(date) => format!("@{date}"),
        Cell::Bool(truth) => format!("{truth}"),
        Cell::Error(kind) => format!("!{kind}"),
    }
}

pub(super) fn shown_row(row: &TableRow) -> String {
    format!("{}: {}", row.number, row.cells.iter().map(shown).collect::<Vec<_>>().join(" "))
}

pub(super) fn opened(name: &str, bytes: Bytes) -> Result<Opened, SheetError> {
    open(name, bytes, &SheetLimits::default())
}

/// All rows of a table, as text.
pub(super) fn rows_of(opened: &mut Opened, table: usize) -> Result<Vec<String>, SheetError> {
    let mut rows = Vec::new();
    opened.rows(table, |row| {
        rows.push(shown_row(&row));
        CONTINUE
    })?;
    Ok(rows)
}

/// All rows of the first table of a file.
pub(super) fn read(name: &str, bytes: Bytes) -> Result<Vec<String>, SheetError> {
    rows_of(&mut opened(name, bytes)?, 0)
}

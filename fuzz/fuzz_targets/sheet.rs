//! Any bytes as a file that somebody sends, and as the sheet, the texts and the formats of a workbook: read or refused in words,
//! within the limits, twice the same.

#![no_main]

use std::io::{Cursor, Write};

use libfuzzer_sys::fuzz_target;
use padan::sheet::{SheetLimits, open};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

#[path = "../../src/sheet/tests/twins.rs"]
mod twins;

/// The parts that stand around what the fuzzer thinks of.
const PARTS: [(&str, &str); 6] = [
    (
        "_rels/.rels",
        "<Relationships><Relationship Id=\"a\" Type=\"x/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
    ),
    (
        "xl/_rels/workbook.xml.rels",
        "<Relationships><Relationship Id=\"a\" Type=\"x/worksheet\" Target=\"sheet.xml\"/></Relationships>",
    ),
    ("xl/workbook.xml", "<workbook><sheets><sheet name=\"a\" r:id=\"a\"/></sheets></workbook>"),
    ("xl/sheet.xml", "<worksheet><sheetData><row><c t=\"s\" s=\"1\"><v>0</v></c></row></sheetData></worksheet>"),
    ("xl/sharedStrings.xml", "<sst uniqueCount=\"1\"><si><t>a</t></si></sst>"),
    ("xl/styles.xml", "<styleSheet><cellXfs><xf/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"),
];

/// A workbook one part of which is these bytes.
fn book(at: usize, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (part, (name, content)) in PARTS.iter().enumerate() {
        zip.start_file(*name, SimpleFileOptions::default()).ok()?;
        zip.write_all(if part == at { bytes } else { content.as_bytes() }).ok()?;
    }
    Some(zip.finish().ok()?.into_inner())
}

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    match usize::from(*first) % (PARTS.len() + 3) {
        at if at < PARTS.len() => {
            if let Some(book) = book(at, rest) {
                twins::check("a.xlsx", &book);
            }
        }
        at => twins::check(["a", "a.csv", "a.ndjson"][at - PARTS.len()], rest),
    }
});

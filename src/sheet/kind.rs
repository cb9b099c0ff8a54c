//! What a file is, seen from its bytes. A name helps only where the bytes are text.

use super::error::{Foreign, SheetError};
use super::text::encoding_of;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZIP: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];
const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// What other files begin with.
const FOREIGN: &[(&[u8], Foreign)] = &[
    (b"%PDF", Foreign::Pdf),
    (b"\x89PNG", Foreign::Image),
    (b"\xff\xd8\xff", Foreign::Image),
    (b"GIF8", Foreign::Image),
    (b"II*\0", Foreign::Image),
    (b"MM\0*", Foreign::Image),
    (b"RIFF", Foreign::Image),
    (b"BM", Foreign::Image),
    (b"PAR1", Foreign::Parquet),
    (b"Rar!\x1a", Foreign::Archive),
    (b"7z\xbc\xaf\x27\x1c", Foreign::Archive),
    (b"\x28\xb5\x2f\xfd", Foreign::Archive),
    (b"\xfd7zXZ", Foreign::Archive),
    (b"BZh", Foreign::Archive),
    (b"{\\rtf", Foreign::Document),
    (b"\x7fELF", Foreign::Binary),
];

/// Beginnings of two letters that a text may have, too: there something else has to show that it is none.
const SHORT: &[&[u8]] = &[b"BM", b"BZh", b"RIFF", b"GIF8"];

/// What bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Gzip,
    Zip,
    /// Cells with separators between them.
    Delimited,
    /// A JSON object a line.
    Ndjson,
}

/// Of a text so many bytes are looked at.
const LOOKED_AT: usize = 8 << 10;

/// What a file is that begins so and has this name. A whole file tells an encrypted workbook from an old one.
pub(super) fn kind_of(start: &[u8], name: &str) -> Result<Kind, SheetError> {
    if start.is_empty() {
        return Err(SheetError::Empty);
    }
    if start.starts_with(GZIP) {
        return Ok(Kind::Gzip);
    }
    if ZIP.iter().any(|magic| start.starts_with(magic)) {
        return Ok(Kind::Zip);
    }
    if start.starts_with(OLE) {
        return Err(SheetError::Foreign(if is_encrypted(start) { Foreign::Encrypted } else { Foreign::OldWorkbook }));
    }
    match foreign(start) {
        Some(kind) => Err(SheetError::Foreign(kind)),
        None => text_kind(&start[..start.len().min(LOOKED_AT)], name),
    }
}

/// Whether an OLE file is a wrapper around an encrypted workbook: its directory names the package so, in UTF-16.
fn is_encrypted(bytes: &[u8]) -> bool {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.windows(name.len()).any(|window| window == name)
}

fn foreign(start: &[u8]) -> Option<Foreign> {
    let has_zeros = || start.iter().take(512).any(|byte| *byte == 0);
    let begins = |magic: &&[u8]| start.starts_with(magic) && (!SHORT.contains(magic) || has_zeros());
    let known = FOREIGN.iter().find(|(magic, _)| begins(magic)).map(|(_, kind)| *kind);
    let is_tar = || start.get(257..262) == Some(b"ustar");
    let is_heic = || start.get(4..8) == Some(b"ftyp");
    known.or_else(|| is_tar().then_some(Foreign::Archive)).or_else(|| is_heic().then_some(Foreign::Image))
}

/// Text: cells, JSON, or a page that only calls itself a workbook.
fn text_kind(start: &[u8], name: &str) -> Result<Kind, SheetError> {
    let (text, _) = encoding_of(start).map_or_else(
        || (String::from_utf8_lossy(start), false),
        |(encoding, mark)| encoding.decode_without_bom_handling(&start[mark..]),
    );
    let text = text.trim_start_matches(super::text::is_blank);
    if text.is_empty() && start.len() < LOOKED_AT {
        return Err(SheetError::Empty);
    }
    let lower: String = text.chars().take(512).flat_map(char::to_lowercase).collect();
    if lower.starts_with("<?xml") && (lower.contains("excel.sheet") || lower.contains("office:spreadsheet")) {
        return Err(SheetError::Foreign(Foreign::XmlWorkbook));
    }
    if ["<html", "<!doctype", "<table", "<head", "<body", "<meta", "<style", "<?xml", "mime-version:"]
        .iter()
        .any(|tag| lower.starts_with(tag))
    {
        return Err(SheetError::Foreign(Foreign::WebPage));
    }
    let names_json = [".ndjson", ".jsonl", ".json"].iter().any(|ending| name.to_ascii_lowercase().ends_with(ending));
    let is_list = text.strip_prefix('[').is_some_and(|rest| names_json || rest.trim_start().starts_with('{'));
    if is_list {
        return Err(SheetError::Foreign(Foreign::JsonList));
    }
    Ok(if names_json || text.starts_with('{') { Kind::Ndjson } else { Kind::Delimited })
}

/// What a ZIP file is by the names of its parts: a workbook, something else, or a bag of files.
pub(super) fn zip_kind(names: &[String]) -> Result<ZipKind, SheetError> {
    let has = |part: &str| names.iter().any(|name| name.replace('\\', "/").eq_ignore_ascii_case(part));
    let ends = |part: &str| names.iter().any(|name| name.to_ascii_lowercase().ends_with(part));
    if has("xl/workbook.bin") {
        return Err(SheetError::Foreign(Foreign::BinaryWorkbook));
    }
    if has("word/document.xml") || has("ppt/presentation.xml") {
        return Err(SheetError::Foreign(Foreign::Document));
    }
    if has("mimetype") && has("content.xml") {
        return Err(SheetError::Foreign(Foreign::OpenDocument));
    }
    let is_package = has("[Content_Types].xml") || has("_rels/.rels");
    Ok(if has("xl/workbook.xml") || (is_package && ends("workbook.xml")) { ZipKind::Workbook } else { ZipKind::Bag })
}

/// Of the two kinds of ZIP file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ZipKind {
    Workbook,
    Bag,
}

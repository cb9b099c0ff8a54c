//! Text files as UTF-8, however they come: packed with gzip or zstd, in UTF-16, with a byte order mark, in an old code
//! page where the caller says so, and standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use encoding_rs::Encoding;
use flate2::bufread::MultiGzDecoder;

use super::{Format, InputError};
use crate::sheet::text::{BUFFER, Bytes};

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// XLSX is a ZIP file, XLS an OLE one.
const SPREADSHEETS: [&[u8]; 2] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"];

/// The path that means standard input.
pub(super) const STDIN: &str = "-";

/// Opens a file.
pub(super) fn file(path: &Path) -> Result<File, InputError> {
    let failed = |source| InputError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(InputError::Directory { path: path.to_owned() });
    }
    Ok(file)
}

/// What bytes are of which nobody told it.
pub(super) fn format_of(start: &[u8]) -> Format {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    match text.first() {
        Some(b'{' | b'[') => Format::Ndjson,
        Some(_) if text.starts_with(b"PAR1") => Format::Parquet,
        _ => Format::Csv,
    }
}

/// Opens a file, or standard input, and unpacks it where it begins as gzip or zstd do.
pub(super) fn open(path: &Path) -> Result<Bytes, InputError> {
    let failed = |source| InputError::Read { path: path.to_owned(), source };
    let mut bytes: Bytes = if path.as_os_str() == STDIN {
        Box::new(BufReader::with_capacity(BUFFER, io::stdin()))
    } else {
        Box::new(BufReader::with_capacity(BUFFER, file(path)?))
    };
    let start = bytes.fill_buf().map_err(failed)?;
    if start.starts_with(GZIP) {
        bytes = Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(bytes)));
    } else if start.starts_with(ZSTD) {
        let unpacked = zstd::Decoder::with_buffer(bytes).map_err(failed)?;
        bytes = Box::new(BufReader::with_capacity(BUFFER, unpacked));
    }
    let start = bytes.fill_buf().map_err(failed)?;
    if SPREADSHEETS.iter().any(|magic| start.starts_with(magic)) {
        return Err(InputError::Spreadsheet { path: path.to_owned() });
    }
    Ok(bytes)
}

/// Turns bytes into UTF-8 without a byte order mark: see [`crate::sheet::text::decoded`].
pub(super) fn decoded(bytes: Bytes, path: &Path, told: Option<&'static Encoding>) -> Result<Bytes, InputError> {
    crate::sheet::text::decoded(bytes, told).map_err(|source| InputError::Read { path: path.to_owned(), source })
}

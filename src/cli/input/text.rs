//! Text files as UTF-8, however they come: packed with gzip or zstd, in UTF-16, with a byte order mark, in an old code
//! page where the caller says so, and standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use flate2::bufread::MultiGzDecoder;

use super::{Format, InputError};

const BUFFER: usize = 1 << 18;
/// So many bytes are looked at to see UTF-16 that has no byte order mark.
const LOOKED_AT: usize = 512;
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// XLSX is a ZIP file, XLS an OLE one.
const SPREADSHEETS: [&[u8]; 2] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"];

/// The path that means standard input.
pub(super) const STDIN: &str = "-";

/// Bytes that are read from front to back.
pub(super) type Bytes = Box<dyn BufRead + Send>;

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

/// Turns bytes into UTF-8 without a byte order mark. A mark says what they are; without one UTF-16 is known by its zero
/// bytes, and anything else is what the caller says, or UTF-8. UTF-8 is handed on unchecked: readers check what they take.
pub(super) fn decoded(mut bytes: Bytes, path: &Path, told: Option<&'static Encoding>) -> Result<Bytes, InputError> {
    let start = bytes.fill_buf().map_err(|source| InputError::Read { path: path.to_owned(), source })?;
    let (encoding, mark) = match Encoding::for_bom(start) {
        Some((encoding, mark)) => (encoding, mark),
        None => (utf16_without_mark(start).or(told).unwrap_or(UTF_8), 0),
    };
    bytes.consume(mark);
    if encoding == UTF_8 {
        return Ok(bytes);
    }
    let decoding = Decoding { bytes, decoder: encoding.new_decoder_without_bom_handling(), ended: false };
    Ok(Box::new(BufReader::with_capacity(BUFFER, decoding)))
}

/// Text of Latin letters has a zero in every second byte, digits and separators always.
fn utf16_without_mark(start: &[u8]) -> Option<&'static Encoding> {
    let start = &start[..start.len().min(LOOKED_AT) / 2 * 2];
    let zeros = |from: usize| start.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), start.len() / 2);
    match (even, odd) {
        (0, odd) if odd * 2 > pairs => Some(UTF_16LE),
        (even, 0) if even * 2 > pairs => Some(UTF_16BE),
        _ => None,
    }
}

/// The bytes are not text in the encoding they were said to be in.
#[derive(Debug, thiserror::Error)]
#[error("not text in the encoding {encoding}")]
pub(super) struct WrongEncoding {
    encoding: &'static str,
}

/// A reader of another encoding, as UTF-8.
struct Decoding {
    bytes: Bytes,
    decoder: encoding_rs::Decoder,
    ended: bool,
}

impl Read for Decoding {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !self.ended {
            let input = self.bytes.fill_buf()?;
            let last = input.is_empty();
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(input, out, last);
            self.bytes.consume(read);
            match result {
                DecoderResult::Malformed(..) => {
                    let encoding = self.decoder.encoding().name();
                    return Err(io::Error::new(io::ErrorKind::InvalidData, WrongEncoding { encoding }));
                }
                DecoderResult::InputEmpty => self.ended = last,
                DecoderResult::OutputFull => {}
            }
            if written > 0 {
                return Ok(written);
            }
        }
        Ok(0)
    }
}

/// A cell, a column name or an id without the blanks around it: those of Unicode, and signs without width.
pub(super) fn trimmed(text: &str) -> &str {
    let plain = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    if plain(bytes.first()) && plain(bytes.last()) { text } else { text.trim_matches(is_blank) }
}

/// Whether a sign shows nothing.
pub(super) fn is_blank(sign: char) -> bool {
    sign.is_whitespace()
        || sign.is_control()
        || matches!(sign, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

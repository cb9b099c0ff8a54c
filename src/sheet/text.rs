//! Text of any encoding that spreadsheets write, as UTF-8; and what of a cell shows nothing.

use std::io::{self, BufRead, BufReader, Read};

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Bytes that are read at once.
pub(crate) const BUFFER: usize = 1 << 18;
/// So many bytes are looked at to see UTF-16 that has no byte order mark.
const LOOKED_AT: usize = 512;

/// Bytes that are read from front to back.
pub(crate) type Bytes = Box<dyn BufRead + Send>;

/// Turns bytes into UTF-8 without a byte order mark. A mark says what they are; without one UTF-16 is known by its zero
/// bytes, and anything else is what the caller says, or UTF-8. UTF-8 is handed on unchecked: readers check what they take.
pub(crate) fn decoded(mut bytes: Bytes, told: Option<&'static Encoding>) -> io::Result<Bytes> {
    let (encoding, mark) = encoding_of(bytes.fill_buf()?).unwrap_or((told.unwrap_or(UTF_8), 0));
    bytes.consume(mark);
    if encoding == UTF_8 {
        return Ok(bytes);
    }
    let decoding = Decoding { bytes, decoder: encoding.new_decoder_without_bom_handling(), ended: false };
    Ok(Box::new(BufReader::with_capacity(BUFFER, decoding)))
}

/// The encoding that the beginning of a text shows, and the length of its byte order mark.
pub(crate) fn encoding_of(start: &[u8]) -> Option<(&'static Encoding, usize)> {
    Encoding::for_bom(start).or_else(|| utf16_without_mark(start).map(|encoding| (encoding, 0)))
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
pub(crate) struct WrongEncoding {
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
pub(crate) fn trimmed(text: &str) -> &str {
    let plain = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    if plain(bytes.first()) && plain(bytes.last()) { text } else { text.trim_matches(is_blank) }
}

/// Whether a sign shows nothing.
pub(crate) fn is_blank(sign: char) -> bool {
    sign.is_whitespace()
        || sign.is_control()
        || matches!(sign, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

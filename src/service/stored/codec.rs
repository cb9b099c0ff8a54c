//! How nouns become stored bytes and keys. Every value starts with a format; an unknown one is refused.
//!
//! Plain values are JSON. Longer ones are packed with zstd and a dictionary of what such values have in common, which
//! makes them a third as long; `examples/kamus.rs` made it. How well a value is packed is not part of its content, so
//! digests and comparisons look at [`plain`] bytes.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::LazyLock;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

use crate::domain::agency::AgencyId;
use crate::domain::batch::AcceptedRow;
use crate::domain::feed::Feed;
use crate::domain::record::{RecordId, Sequence};
use crate::service::error::ServiceError;

/// Format: the value as it is.
pub(super) const PLAIN: u8 = 1;

/// Format: the length of the plain value without its format (four bytes, big-endian), then it, packed with dictionary 1.
const PACKED_1: u8 = 2;

/// Dictionary 1. Values packed with it need it for ever.
const KAMUS_1: &[u8] = include_bytes!("../../../config/codec/kamus-1.zdict");

/// Higher levels pack hardly better with a dictionary and take much longer.
const LEVEL: i32 = 1;

/// Shorter values stay plain: packing would not pay.
const PACK_FROM: usize = 48;

/// What claims to be longer is damaged.
const MAX_PLAIN: usize = 64 << 20;

static PACKING: LazyLock<EncoderDictionary<'static>> = LazyLock::new(|| EncoderDictionary::copy(KAMUS_1, LEVEL));
static UNPACKING: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(KAMUS_1));

thread_local! {
    static PACKER: RefCell<Compressor<'static>> = RefCell::new(
        Compressor::with_prepared_dictionary(&PACKING).expect("the dictionary is part of the program")
    );
    static UNPACKER: RefCell<Decompressor<'static>> = RefCell::new(
        Decompressor::with_prepared_dictionary(&UNPACKING).expect("the dictionary is part of the program")
    );
}

/// Encodes a noun.
pub(in crate::service) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    packed(to_plain(value))
}

fn to_plain<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = vec![PLAIN];
    serde_json::to_writer(&mut bytes, value).expect("nouns have string keys and no failing Serialize");
    bytes
}

/// Packs a plain value, if that makes it shorter.
fn packed(plain: Vec<u8>) -> Vec<u8> {
    if plain.len() < PACK_FROM {
        return plain;
    }
    let (_, content) = plain.split_at(1);
    let Ok(short) = PACKER.with_borrow_mut(|packer| packer.compress(content)) else { return plain };
    if short.len() + 5 >= plain.len() {
        return plain;
    }
    let mut bytes = Vec::with_capacity(short.len() + 5);
    bytes.push(PACKED_1);
    bytes.extend_from_slice(&(content.len() as u32).to_be_bytes());
    bytes.extend_from_slice(&short);
    bytes
}

/// The content of a stored value, however well it is packed; `what` names the table in the error.
pub(in crate::service) fn plain<'a>(bytes: &'a [u8], what: &str) -> Result<Cow<'a, [u8]>, ServiceError> {
    let corrupt = |why: &str| ServiceError::Corrupt { what: format!("{what} ({why})") };
    match bytes.split_first() {
        Some((&PLAIN, content)) => Ok(Cow::Borrowed(content)),
        Some((&PACKED_1, rest)) => {
            let (length, short) = rest.split_first_chunk::<4>().ok_or_else(|| corrupt("length"))?;
            let length = u32::from_be_bytes(*length) as usize;
            if length > MAX_PLAIN {
                return Err(corrupt("length"));
            }
            let content = UNPACKER.with_borrow_mut(|unpacker| unpacker.decompress(short, length));
            content.ok().filter(|content| content.len() == length).map(Cow::Owned).ok_or_else(|| corrupt("packing"))
        }
        _ => Err(corrupt("format")),
    }
}

/// Decodes a noun; `what` names the table in the error.
pub(in crate::service) fn decode<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, ServiceError> {
    serde_json::from_slice(&plain(bytes, what)?).map_err(|_| ServiceError::Corrupt { what: what.to_owned() })
}

/// Encodes an accepted row: its circumstances as JSON, a line feed, and the row exactly as sent.
pub(in crate::service) fn encode_row(row: &AcceptedRow) -> Vec<u8> {
    let mut bytes = to_plain(row);
    bytes.push(b'\n');
    bytes.extend_from_slice(row.raw.as_bytes());
    packed(bytes)
}

/// Decodes what [`encode_row`] wrote.
pub(in crate::service) fn decode_row(bytes: &[u8]) -> Result<AcceptedRow, ServiceError> {
    let corrupt = || ServiceError::Corrupt { what: "row".to_owned() };
    let rest = plain(bytes, "row")?;
    let cut = rest.iter().position(|b| *b == b'\n').ok_or_else(corrupt)?;
    let mut row: AcceptedRow = serde_json::from_slice(&rest[..cut]).map_err(|_| corrupt())?;
    std::str::from_utf8(&rest[cut + 1..]).map_err(|_| corrupt())?.clone_into(&mut row.raw);
    Ok(row)
}

/// Key of a record by its natural key: feed code, agency, zero byte, `id_sumber`.
pub(in crate::service) fn natural_key_of(agency: &AgencyId, feed: Feed, id_sumber: &str) -> Vec<u8> {
    let mut bytes = vec![feed.code()];
    bytes.extend_from_slice(agency.as_str().as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(id_sumber.as_bytes());
    bytes
}

/// Key of anything named by a record number: eight bytes, big-endian, so that scans run in number order.
pub(in crate::service) fn id_key(id: RecordId) -> Vec<u8> {
    id.0.to_be_bytes().to_vec()
}

/// Key of one accepted row of a record.
pub(in crate::service) fn row_key(id: RecordId, sequence: Sequence) -> Vec<u8> {
    let mut bytes = id_key(id);
    bytes.extend_from_slice(&sequence.0.to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_values_come_back_and_damage_is_found() {
        for length in [0, 1, 47, 48, 60, 500, 5_000, 200_000] {
            let text: String = "\"nama\":\"SITI RAHAYU\",".chars().cycle().take(length).collect();
            let stored = encode(&text);
            assert_eq!(decode::<String>(&stored, "text").expect("own bytes"), text, "{length}");
            assert!(length < 100 || stored.len() < length / 2, "{length}: {} bytes", stored.len());
            for cut in [0, 1, 2, 5, stored.len() - 1].into_iter().filter(|cut| *cut < stored.len()) {
                assert!(decode::<String>(&stored[..cut], "text").is_err(), "{length} cut to {cut}");
            }
        }
        assert_eq!(decode::<u8>(b"\x017", "number").expect("what earlier programs wrote"), 7);
        let huge = [&[PACKED_1, 0xff, 0xff, 0xff, 0xff][..], b"x"].concat();
        assert!(decode::<String>(&huge, "text").is_err(), "no memory is asked for by a damaged length");
    }

    /// What cannot be packed is kept as it is.
    #[test]
    fn noise_stays_plain() {
        let noise: Vec<u64> =
            (0..40_u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(i as u32)).collect();
        let stored = encode(&noise);
        assert_eq!(decode::<Vec<u64>>(&stored, "noise").expect("own bytes"), noise);
    }

    #[test]
    fn rows_keep_their_text_to_the_byte() {
        let row = AcceptedRow {
            sequence: Sequence(7),
            record: RecordId(3),
            agency: AgencyId::new("dinsos-3201").expect("good"),
            feed: Feed::AnggotaKeluarga,
            batch: "b".to_owned(),
            line: 1,
            received: None,
            flags: vec![],
            regions: vec!["3201".to_owned()],
            asked: Vec::new(),
            raw: "{\"nama\":\"A\\nB\"}".to_owned(),
        };
        assert_eq!(decode_row(&encode_row(&row)).expect("own bytes"), row);
        assert!(decode_row(b"\x03{}\n{}").is_err(), "an unknown format is refused");
        assert!(decode_row(b"").is_err());
    }
}

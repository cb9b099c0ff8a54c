//! How nouns become stored bytes and keys. Every value starts with a format version; an unknown one is refused.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::ServiceError;
use crate::domain::agency::AgencyId;
use crate::domain::batch::AcceptedRow;
use crate::domain::feed::Feed;
use crate::domain::record::{RecordId, Sequence};

/// Version of the value format written by this program.
const FORMAT: u8 = 1;

/// Encodes a noun.
pub(super) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    serde_json::to_writer(&mut bytes, value).expect("nouns have string keys and no failing Serialize");
    bytes
}

/// Decodes a noun; `what` names the table in the error.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, ServiceError> {
    serde_json::from_slice(body(bytes, what)?).map_err(|_| ServiceError::Corrupt { what: what.to_owned() })
}

fn body<'a>(bytes: &'a [u8], what: &str) -> Result<&'a [u8], ServiceError> {
    match bytes.split_first() {
        Some((&FORMAT, rest)) => Ok(rest),
        _ => Err(ServiceError::Corrupt { what: format!("{what} (format)") }),
    }
}

/// Encodes an accepted row: its circumstances as JSON, a line feed, and the row exactly as sent.
pub(super) fn encode_row(row: &AcceptedRow) -> Vec<u8> {
    let mut bytes = encode(row);
    bytes.push(b'\n');
    bytes.extend_from_slice(row.raw.as_bytes());
    bytes
}

/// Decodes what [`encode_row`] wrote.
pub(super) fn decode_row(bytes: &[u8]) -> Result<AcceptedRow, ServiceError> {
    let corrupt = || ServiceError::Corrupt { what: "row".to_owned() };
    let rest = body(bytes, "row")?;
    let cut = rest.iter().position(|b| *b == b'\n').ok_or_else(corrupt)?;
    let mut row: AcceptedRow = serde_json::from_slice(&rest[..cut]).map_err(|_| corrupt())?;
    std::str::from_utf8(&rest[cut + 1..]).map_err(|_| corrupt())?.clone_into(&mut row.raw);
    Ok(row)
}

/// Key of a record by its natural key: feed code, agency, zero byte, `id_sumber`.
pub(super) fn natural_key_of(agency: &AgencyId, feed: Feed, id_sumber: &str) -> Vec<u8> {
    let mut bytes = vec![feed.code()];
    bytes.extend_from_slice(agency.as_str().as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(id_sumber.as_bytes());
    bytes
}

/// Key of anything named by a record number: eight bytes, big-endian, so that scans run in number order.
pub(super) fn id_key(id: RecordId) -> Vec<u8> {
    id.0.to_be_bytes().to_vec()
}

/// Key of one accepted row of a record.
pub(super) fn row_key(id: RecordId, sequence: Sequence) -> Vec<u8> {
    let mut bytes = id_key(id);
    bytes.extend_from_slice(&sequence.0.to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_text_to_the_byte() {
        let row = AcceptedRow {
            sequence: Sequence(7),
            record: RecordId(3),
            agency: AgencyId::new("dinsos-3201").expect("good"),
            feed: Feed::AnggotaKeluarga,
            batch: "b".to_owned(),
            line: 1,
            flags: vec![],
            raw: "{\"nama\":\"A\\nB\"}".to_owned(),
        };
        assert_eq!(decode_row(&encode_row(&row)).expect("own bytes"), row);
        assert!(decode_row(b"\x02{}\n{}").is_err(), "an unknown format is refused");
        assert!(decode_row(b"").is_err());
    }
}

//! How decisions are named in the store.

use super::codec::id_key;
use crate::domain::record::RecordId;
use crate::service::error::ServiceError;

/// The pair and the number of the decision under this key.
pub(in crate::service) fn place_of(key: &[u8]) -> Result<(RecordId, RecordId, u64), ServiceError> {
    let number = |at: usize| Some(u64::from_be_bytes(key.get(at..at + 8)?.try_into().ok()?));
    let place = || Some((RecordId(number(0)?), RecordId(number(8)?), number(16)?));
    place().filter(|_| key.len() == 24).ok_or(ServiceError::Corrupt { what: "decision key".to_owned() })
}

/// Key of the n-th decision about a pair. Two stewards who decide at once want the same key, and one gets it.
pub(in crate::service) fn decision_key(a: RecordId, b: RecordId, nth: usize) -> Vec<u8> {
    let mut key = id_key(a);
    key.extend(id_key(b));
    key.extend((nth as u64).to_be_bytes());
    key
}

//! The candidate index as it rests in the store: a key of the engine to the records that have it.
//!
//! Keys sort as the engine's do. Records are ascending, so each is stored as its distance from the one before, seven bits a
//! byte: of a million records one takes two or three bytes.

use crate::engine::{PostingKey, PostingPart};
use crate::service::error::ServiceError;

/// The form of the values.
const FORMAT: u8 = 1;

/// The key under which the records of a posting are stored.
pub(in crate::service) fn posting_key(key: PostingKey) -> Vec<u8> {
    [key.list.to_be_bytes().as_slice(), &key.hash.to_be_bytes()].concat()
}

/// The posting that is stored under a key.
pub(in crate::service) fn read_posting_key(stored: &[u8]) -> Result<PostingKey, ServiceError> {
    let (list, hash) = stored.split_at_checked(2).ok_or_else(corrupt)?;
    let list = u16::from_be_bytes(list.try_into().map_err(|_| corrupt())?);
    Ok(PostingKey { list, hash: u64::from_be_bytes(hash.try_into().map_err(|_| corrupt())?) })
}

/// Where a part of the index is stored: from the first key on, and up to the second.
pub(in crate::service) fn range_of(part: &PostingPart) -> (Vec<u8>, Option<Vec<u8>>) {
    let from = posting_key(PostingKey { list: part.list, hash: *part.hashes.start() });
    let next = match part.hashes.end().checked_add(1) {
        Some(hash) => PostingKey { list: part.list, hash },
        None => PostingKey { list: part.list + 1, hash: 0 },
    };
    (from, Some(posting_key(next)))
}

/// Records, ascending, as they are stored.
pub(in crate::service) fn write_records(records: impl Iterator<Item = u64>) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    let mut before = 0;
    for record in records {
        let mut distance = record - before;
        while distance >= 0x80 {
            bytes.push(distance as u8 | 0x80);
            distance >>= 7;
        }
        bytes.push(distance as u8);
        before = record;
    }
    bytes
}

/// A posting with so many records that they are not listed, as it is stored.
pub(in crate::service) fn unlisted() -> Vec<u8> {
    vec![FORMAT]
}

/// The records of a stored posting; `None` where they are not listed.
pub(in crate::service) fn read_records(stored: &[u8]) -> Result<Option<Vec<u64>>, ServiceError> {
    let [FORMAT, bytes @ ..] = stored else { return Err(corrupt()) };
    let mut records = Vec::new();
    let (mut record, mut distance, mut shift) = (0u64, 0u64, 0);
    for byte in bytes {
        if shift > 63 {
            return Err(corrupt());
        }
        distance |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            record = record.checked_add(distance).ok_or_else(corrupt)?;
            records.push(record);
            (distance, shift) = (0, 0);
        }
    }
    if shift == 0 { Ok(Some(records).filter(|records| !records.is_empty())) } else { Err(corrupt()) }
}

fn corrupt() -> ServiceError {
    ServiceError::Corrupt { what: "postings".to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn records_are_read_as_they_were_written(
            records in proptest::collection::btree_set(prop_oneof![0..300u64, any::<u64>()], 1..40),
            cut in any::<prop::sample::Index>(),
        ) {
            let records: Vec<u64> = records.into_iter().collect();
            let stored = write_records(records.iter().copied());
            prop_assert_eq!(read_records(&stored).unwrap(), Some(records.clone()));
            // What is cut off is shorter or refused, never something else.
            let read = read_records(&stored[..cut.index(stored.len())]);
            prop_assert!(read.is_err() || records.starts_with(&read.unwrap().unwrap_or_default()));
        }

        #[test]
        fn keys_are_read_as_they_were_written_and_sort_alike(a in any::<(u16, u64)>(), b in any::<(u16, u64)>()) {
            let keys = [a, b].map(|(list, hash)| PostingKey { list, hash });
            let stored = keys.map(posting_key);
            prop_assert_eq!(keys.map(|key| read_posting_key(&posting_key(key)).unwrap()), keys);
            prop_assert_eq!(stored[0].cmp(&stored[1]), keys[0].cmp(&keys[1]));
        }
    }

    #[test]
    fn what_is_no_posting_is_refused() {
        assert_eq!(read_records(&unlisted()).unwrap(), None);
        for stored in [&[][..], &[2], &[1, 0x80], &[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]] {
            assert!(read_records(stored).is_err(), "{stored:?}");
        }
        assert!(read_posting_key(b"short").is_err() && read_posting_key(b"much longer").is_err());
        let last = range_of(&PostingPart { list: 1, hashes: 5..=u64::MAX, most_compared: 9 });
        assert_eq!(last.1, Some(posting_key(PostingKey { list: 2, hash: 0 })));
    }
}

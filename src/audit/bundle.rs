//! Entries of a tile in one file: each with its length before it, in two bytes.

use thiserror::Error;

use super::hash::EntryTooLong;

/// A bundle does not hold the entries that it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BundleError {
    /// It ends too early.
    #[error("it ends within entry {position} of {expected}")]
    Cut {
        /// The entry's position in the bundle, from 0.
        position: usize,
        /// How many entries it should hold.
        expected: usize,
    },
    /// Something follows the last entry.
    #[error("{bytes} bytes follow the last of {expected} entries")]
    Rest {
        /// How many bytes.
        bytes: usize,
        /// How many entries it should hold.
        expected: usize,
    },
}

/// The bytes of a bundle.
pub fn encode_entries<E: AsRef<[u8]>>(entries: impl IntoIterator<Item = E>) -> Result<Vec<u8>, EntryTooLong> {
    let mut bytes = Vec::new();
    for entry in entries {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len()).map_err(|_| EntryTooLong { bytes: entry.len() })?;
        bytes.extend(length.to_be_bytes());
        bytes.extend(entry);
    }
    Ok(bytes)
}

/// The entries of a bundle, which holds exactly `count`.
pub fn decode_entries(bytes: &[u8], count: usize) -> Result<Vec<&[u8]>, BundleError> {
    let (mut entries, mut rest) = (Vec::with_capacity(count.min(bytes.len())), bytes);
    for position in 0..count {
        let (entry, after) = first_entry(rest).ok_or(BundleError::Cut { position, expected: count })?;
        entries.push(entry);
        rest = after;
    }
    if !rest.is_empty() {
        return Err(BundleError::Rest { bytes: rest.len(), expected: count });
    }
    Ok(entries)
}

fn first_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

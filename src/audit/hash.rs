//! The hashes of the tree: of an entry, of two hashes, of no entries at all.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// The longest entry: bundles of entries keep its length in 16 bits.
pub const MAX_ENTRY_BYTES: usize = u16::MAX as usize;

/// A SHA-256 hash in the tree; as text it is base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; Hash::LEN]);

/// An entry is longer than the log can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an entry of {bytes} bytes is longer than the {MAX_ENTRY_BYTES} that a log entry may have")]
pub struct EntryTooLong {
    /// Its length.
    pub bytes: usize,
}

/// A text is not a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a hash is 32 bytes as padded base64, and the text is not")]
pub struct HashError;

impl Hash {
    /// Its length in bytes.
    pub const LEN: usize = 32;

    /// The hash that these bytes are.
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// The hash of an entry, which is a leaf of the tree.
    pub fn of_entry(entry: &[u8]) -> Result<Self, EntryTooLong> {
        if entry.len() > MAX_ENTRY_BYTES {
            return Err(EntryTooLong { bytes: entry.len() });
        }
        Ok(Self(Sha256::new().chain_update([0]).chain_update(entry).finalize().into()))
    }

    /// The root of a tree without entries.
    pub fn of_empty_tree() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// The hash over two that stand side by side.
    pub(super) fn of_children(left: Self, right: Self) -> Self {
        Self(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
    }

    /// The root over hashes that stand side by side; at least one.
    pub(super) fn over(hashes: &[Self]) -> Self {
        if let [one] = hashes {
            return *one;
        }
        let (left, right) = hashes.split_at(split(hashes.len() as u64) as usize);
        Self::of_children(Self::over(left), Self::over(right))
    }
}

/// How many of `count` leaves stand left of a tree's root: the largest power of two below `count`, which is at least 2.
pub(super) fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        let bytes = STANDARD.decode(text).map_err(|_| HashError)?;
        bytes.try_into().map(Self).map_err(|_| HashError)
    }
}

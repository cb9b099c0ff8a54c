//! Limits of a store, and where it is.

use std::{fmt, path::PathBuf, str::FromStr};

use serde::{Deserialize, Serialize};

/// Limits and sizes of a store; every adapter keeps the limits on calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Bytes of keys and values in one batch.
    pub max_batch_bytes: usize,
    /// Bytes of one value.
    pub max_value_bytes: usize,
    /// Keys in one `get_many`, rows in one page of `scan`. A read holds up writers; pages of some thousands are best.
    pub max_read_rows: usize,
    /// Batches made durable together.
    pub max_group_batches: usize,
    /// Bytes after which a group takes no further batch.
    pub max_group_bytes: usize,
    /// Batches that wait for the writer; further ones wait outside.
    pub max_queued_batches: usize,
    /// Bytes of all batches that wait for the writer; further ones wait outside.
    pub max_queued_bytes: usize,
    /// Bytes of pages that the engine keeps in memory.
    pub cache_bytes: u64,
    /// Bytes that must stay free on disk; below that, writes are refused and reads go on.
    pub reserve_bytes: u64,
    /// How long opening waits for a predecessor that is just ending.
    pub lock_wait_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_batch_bytes: 128 << 20,
            max_value_bytes: 16 << 20,
            max_read_rows: 1 << 16,
            max_group_batches: 512,
            max_group_bytes: 4 << 20,
            max_queued_batches: 1_024,
            max_queued_bytes: 256 << 20,
            cache_bytes: 256 << 20,
            reserve_bytes: 128 << 20,
            lock_wait_ms: 2_000,
        }
    }
}

impl Config {
    /// Bytes of one key. Not configurable: pages of an embedded engine are laid out by it (`sled/value.rs`).
    pub fn max_key_bytes(&self) -> usize {
        256
    }
}

/// Where a store is: `memory:`, `redb:PATH` or `sled:PATH`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum StoreUrl {
    /// In this process only; gone with it.
    Memory,
    /// A folder of the embedded database redb.
    Redb(PathBuf),
    /// A folder of the embedded database sled.
    Sled(PathBuf),
}

/// Why a text is not a store's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreUrlError {
    /// The part before the colon names no adapter. What follows it is not repeated: it may hold a password.
    #[error("no store is called '{scheme}'; there are 'redb:PATH', 'sled:PATH' and 'memory:'")]
    Unknown {
        /// The part before the colon, at most 20 characters of it.
        scheme: String,
    },
    /// The adapter needs a path.
    #[error("'{scheme}:' needs the path of a folder, as in '{scheme}:/var/lib/padan'")]
    NoPath {
        /// The adapter.
        scheme: &'static str,
    },
    /// The adapter takes no path.
    #[error("'memory:' takes nothing after the colon")]
    NeedlessPath,
}

impl FromStr for StoreUrl {
    type Err = StoreUrlError;

    fn from_str(text: &str) -> Result<Self, StoreUrlError> {
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        match (scheme, rest) {
            ("memory", "") => Ok(Self::Memory),
            ("memory", _) => Err(StoreUrlError::NeedlessPath),
            ("redb", "") => Err(StoreUrlError::NoPath { scheme: "redb" }),
            ("redb", path) => Ok(Self::Redb(PathBuf::from(path))),
            ("sled", "") => Err(StoreUrlError::NoPath { scheme: "sled" }),
            ("sled", path) => Ok(Self::Sled(PathBuf::from(path))),
            _ => Err(StoreUrlError::Unknown { scheme: scheme.chars().take(20).collect() }),
        }
    }
}

impl StoreUrl {
    /// The folder of an embedded store.
    pub fn folder(&self) -> Option<&PathBuf> {
        match self {
            Self::Memory => None,
            Self::Redb(path) | Self::Sled(path) => Some(path),
        }
    }

    /// The folder of an embedded store, to be changed.
    pub fn folder_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::Memory => None,
            Self::Redb(path) | Self::Sled(path) => Some(path),
        }
    }
}

impl TryFrom<String> for StoreUrl {
    type Error = StoreUrlError;

    fn try_from(text: String) -> Result<Self, StoreUrlError> {
        text.parse()
    }
}

impl From<StoreUrl> for String {
    fn from(url: StoreUrl) -> Self {
        url.to_string()
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Redb(path) => write!(f, "redb:{}", path.display()),
            Self::Sled(path) => write!(f, "sled:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let found = text.parse::<StoreUrl>().map(|url| url.to_string()).map_err(|error| error.to_string());
            assert_eq!(found, expected.map(String::from).map_err(String::from), "{text}");
        };
        check("memory:", Ok("memory:"));
        check("sled:/var/lib/padan", Ok("sled:/var/lib/padan"));
        check("sled:data:2", Ok("sled:data:2"));
        check("memory", Ok("memory:"));
        check("memory:x", Err("'memory:' takes nothing after the colon"));
        check("sled:", Err("'sled:' needs the path of a folder, as in 'sled:/var/lib/padan'"));
        check("redb:", Err("'redb:' needs the path of a folder, as in 'redb:/var/lib/padan'"));
        check("redb:x", Ok("redb:x"));
        check("", Err("no store is called ''; there are 'redb:PATH', 'sled:PATH' and 'memory:'"));
        check("mysql:x", Err("no store is called 'mysql'; there are 'redb:PATH', 'sled:PATH' and 'memory:'"));
        let secret = "postgres://padan:rahasia@db/padan".parse::<StoreUrl>().unwrap_err().to_string();
        assert_eq!(secret, "no store is called 'postgres'; there are 'redb:PATH', 'sled:PATH' and 'memory:'");
    }
}

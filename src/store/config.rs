//! Limits of a store, and where it is.

use std::{fmt, path::PathBuf, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{PostgresUrl, postgres::PostgresUrlError};

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
    /// Connections to a database server that read at a time. One more writes, one leads, and each snapshot has its own.
    pub server_connections: usize,
    /// How long a statement may take on a database server, and how long it may wait for another gateway's group.
    pub server_timeout_ms: u64,
    /// How long a call waits for a database server that is away before it is refused.
    pub server_wait_ms: u64,
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
            server_connections: 8,
            server_timeout_ms: 30_000,
            server_wait_ms: 3_000,
        }
    }
}

impl Config {
    /// Bytes of one key. Not configurable: pages of an embedded engine are laid out by it (`sled/value.rs`).
    pub fn max_key_bytes(&self) -> usize {
        256
    }
}

/// Where a store is: `memory:`, `redb:PATH`, `sled:PATH` or `postgres://…`.
///
/// Shown, it holds no password. Serialized, it does: settings that are written can be read again, and whoever shows what
/// was serialized hides it (`Settings::effective`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum StoreUrl {
    /// In this process only; gone with it.
    Memory,
    /// A folder of the embedded database redb.
    Redb(PathBuf),
    /// A folder of the embedded database sled.
    Sled(PathBuf),
    /// A schema of a PostgreSQL database.
    Postgres(Box<PostgresUrl>),
}

/// Why a text is not a store's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreUrlError {
    /// The part before the colon names no adapter. What follows it is not repeated: it may hold a password.
    #[error("no store is called '{scheme}'; there are 'redb:PATH', 'sled:PATH', 'postgres://…' and 'memory:'")]
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
    /// What follows `postgres:` cannot be used.
    #[error(transparent)]
    Postgres(#[from] PostgresUrlError),
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
            ("postgres" | "postgresql", rest) => Ok(Self::Postgres(Box::new(PostgresUrl::parse(rest)?))),
            _ => Err(StoreUrlError::Unknown { scheme: scheme.chars().take(20).collect() }),
        }
    }
}

impl StoreUrl {
    /// The folder of an embedded store.
    pub fn folder(&self) -> Option<&PathBuf> {
        match self {
            Self::Memory | Self::Postgres(_) => None,
            Self::Redb(path) | Self::Sled(path) => Some(path),
        }
    }

    /// Whether its address holds a password.
    pub fn holds_password(&self) -> bool {
        matches!(self, Self::Postgres(url) if url.complete() != url.to_string())
    }

    /// The files and folders that it names, to be changed.
    pub fn paths_mut(&mut self) -> Vec<&mut PathBuf> {
        match self {
            Self::Memory => Vec::new(),
            Self::Redb(path) | Self::Sled(path) => vec![path],
            Self::Postgres(url) => url.files_mut().collect(),
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
        match url {
            StoreUrl::Postgres(url) => url.complete(),
            shown @ (StoreUrl::Memory | StoreUrl::Redb(_) | StoreUrl::Sled(_)) => shown.to_string(),
        }
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Redb(path) => write!(f, "redb:{}", path.display()),
            Self::Sled(path) => write!(f, "sled:{}", path.display()),
            Self::Postgres(url) => url.fmt(f),
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
        check("", Err("no store is called ''; there are 'redb:PATH', 'sled:PATH', 'postgres://…' and 'memory:'"));
        check(
            "mysql:x",
            Err("no store is called 'mysql'; there are 'redb:PATH', 'sled:PATH', 'postgres://…' and 'memory:'"),
        );
        let secret = "mysql://padan:rahasia@db/padan".parse::<StoreUrl>().unwrap_err().to_string();
        assert_eq!(
            secret,
            "no store is called 'mysql'; there are 'redb:PATH', 'sled:PATH', 'postgres://…' and 'memory:'"
        );
        check(
            "postgres:padan",
            Err(
                "'postgres:' needs '//' behind it, as in 'postgres://padan@db.example/padan' (escape other characters as %40)",
            ),
        );
        check("postgresql://p:x@[::1]/h", Ok("postgres://p:***@[::1]:5432/h?schema=padan&sslmode=prefer"));
    }

    #[test]
    fn what_is_serialized_can_be_read_again() {
        for text in ["memory:", "redb:a b", "postgres://p:ra%2Fhasia@[::1]:5432/h?schema=padan&sslmode=prefer"] {
            let url: StoreUrl = text.parse().unwrap();
            let written = serde_json::to_string(&url).unwrap();
            assert_eq!(serde_json::from_str::<StoreUrl>(&written).unwrap(), url, "{text}");
            assert!(written.contains(text) && !format!("{url} {url:?}").contains("hasia"), "{text}");
        }
    }
}

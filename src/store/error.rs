//! What can go wrong, split by what the caller can do about it.

use std::{io, sync::Arc};

use super::Table;

/// Why a store did not do what it was asked.
///
/// No variant carries a key or a value: both may be about a person.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Nothing was written because a precondition does not hold: read again, then decide.
    #[error("precondition {index} on table {table} does not hold")]
    Conflict {
        /// The table that the precondition is about.
        table: Table,
        /// Its position among the batch's preconditions.
        index: usize,
    },
    /// Nothing was written because the disk has no room: make room; writing resumes by itself.
    #[error("the disk has {free} bytes free and the store keeps {reserve} in reserve")]
    Full {
        /// Bytes free for the store.
        free: u64,
        /// Bytes that must stay free.
        reserve: u64,
    },
    /// The call is over a limit of [`Config`](super::Config): send less.
    #[error("{what} has size {size}, the limit is {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size, in bytes or rows.
        size: usize,
        /// The limit, in the same unit.
        limit: usize,
    },
    /// Another instance works on the same store.
    #[error("another instance holds the store")]
    Locked,
    /// The store was written by a program with another format.
    #[error("the store has format {found}, this program knows format {known}")]
    Format {
        /// The version found.
        found: u8,
        /// The version that this program reads and writes.
        known: u8,
    },
    /// Stored bytes are not what was written.
    #[error("stored bytes are damaged: {finding}, found while {doing}")]
    Corrupt {
        /// What was being done.
        doing: &'static str,
        /// What is wrong.
        finding: Damage,
    },
    /// The operating system refused. After a write, whether it happened is unknown.
    #[error("failed while {doing}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The cause.
        source: Arc<io::Error>,
    },
    /// Nothing was written because the database server is away or will not: try again.
    #[error("the database server did not do its part while {doing}")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// The cause.
        source: Arc<io::Error>,
    },
    /// The database server is set up so that it may lose what it acknowledges, or cannot be written to.
    #[error("the database server has {name} = {found}, the store needs {needed}")]
    Setting {
        /// The server's name for it.
        name: &'static str,
        /// Its value there.
        found: String,
        /// The value that it should have.
        needed: &'static str,
    },
    /// An earlier write failed, so none is taken any more. What was acknowledged can still be read.
    #[error("the store stopped writing after a failure while {after}")]
    Poisoned {
        /// What was being done when it failed.
        after: &'static str,
    },
    /// The store was opened to be read.
    #[error("the store was opened to be read only")]
    ReadOnly,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

/// What is wrong with stored bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The engine below found its own bytes damaged.
    #[error("the storage engine's own check failed")]
    Engine,
    /// The engine below could not even report what is wrong.
    #[error("the storage engine gave up")]
    Panic,
    /// A store that was created before opened without any content.
    #[error("the store came back empty")]
    Empty,
    /// There is data of another program in its place.
    #[error("there is data that is not Padan's")]
    Foreign,
    /// The store opened with less than was acknowledged.
    #[error("{lost} acknowledged commit groups are missing")]
    Lost {
        /// How many.
        lost: u64,
    },
    /// A value's envelope or checksum is wrong.
    #[error("a value does not match its checksum")]
    Value,
}

impl StoreError {
    /// The next step for whoever runs the gateway, where there is one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Conflict { .. } | Self::TooLarge { .. } | Self::ReadOnly | Self::Closed => None,
            Self::Full { .. } => Some("free disk space or move the store; writing resumes by itself"),
            Self::Locked => Some("stop the other `padan serve` on this store, or give this one another store"),
            Self::Format { .. } => {
                Some("use the program version that wrote the store, or restore a backup into a new one")
            }
            Self::Corrupt { .. } => {
                Some("keep the store as it is for examination and restore the last backup elsewhere")
            }
            Self::Io { .. } => Some("check the disk and the folder's permissions"),
            Self::Unavailable { .. } => {
                Some("check that the database server runs, can be reached and lets Padan in; writing resumes by itself")
            }
            Self::Setting { .. } => {
                Some("set it in postgresql.conf and restart the server, or name the server that takes writes")
            }
            Self::Poisoned { .. } => Some("check the disk, then restart; every acknowledged write is kept"),
        }
    }

    pub(super) fn away(doing: &'static str, source: io::Error) -> Self {
        Self::Unavailable { doing, source: Arc::new(source) }
    }

    pub(super) fn io(doing: &'static str, source: io::Error) -> Self {
        Self::Io { doing, source: Arc::new(source) }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn messages_and_hints() {
        let cause = || io::Error::other("cause");
        let cases = [
            (StoreError::Conflict { table: Table::Cases, index: 2 }, "precondition 2 on table cases does not hold", ""),
            (
                StoreError::Full { free: 5, reserve: 9 },
                "the disk has 5 bytes free and the store keeps 9 in reserve",
                "free disk space or move the store; writing resumes by itself",
            ),
            (StoreError::TooLarge { what: "key", size: 300, limit: 256 }, "key has size 300, the limit is 256", ""),
            (
                StoreError::Locked,
                "another instance holds the store",
                "stop the other `padan serve` on this store, or give this one another store",
            ),
            (
                StoreError::Format { found: 2, known: 1 },
                "the store has format 2, this program knows format 1",
                "use the program version that wrote the store, or restore a backup into a new one",
            ),
            (
                StoreError::Corrupt { doing: "reading a key", finding: Damage::Engine },
                "stored bytes are damaged: the storage engine's own check failed, found while reading a key",
                "keep the store as it is for examination and restore the last backup elsewhere",
            ),
            (
                StoreError::io("syncing a group", cause()),
                "failed while syncing a group",
                "check the disk and the folder's permissions",
            ),
            (
                StoreError::away("writing a group", cause()),
                "the database server did not do its part while writing a group",
                "check that the database server runs, can be reached and lets Padan in; writing resumes by itself",
            ),
            (
                StoreError::Setting { name: "fsync", found: "off".to_owned(), needed: "on" },
                "the database server has fsync = off, the store needs on",
                "set it in postgresql.conf and restart the server, or name the server that takes writes",
            ),
            (
                StoreError::Poisoned { after: "syncing a group" },
                "the store stopped writing after a failure while syncing a group",
                "check the disk, then restart; every acknowledged write is kept",
            ),
            (StoreError::ReadOnly, "the store was opened to be read only", ""),
            (StoreError::Closed, "the store is closed", ""),
        ];
        for (error, message, hint) in cases {
            assert_eq!(error.to_string(), message);
            assert_eq!(error.hint().unwrap_or_default(), hint, "{message}");
            let caused = matches!(error, StoreError::Io { .. } | StoreError::Unavailable { .. });
            assert_eq!(error.source().is_some(), caused, "{message}");
        }
    }
}

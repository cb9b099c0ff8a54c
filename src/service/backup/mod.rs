//! Backups: the content of a store as a chain of encrypted files, and the way back, onto any adapter.
//!
//! A chain is a folder: one full part and any number of increments, each a file `NNNNNN.part` with a description
//! `NNNNNN.json` beside it that holds no personal data. A full part is one snapshot of all tables. An increment is what
//! the journal names since the part before it; what is derived is left out, for the restored gateway derives it. A part
//! counts when its description is there, which is written last: a backup that was killed leaves nothing behind but a
//! file that the next one replaces.
//!
//! Inside a part: zstd below age, so that who holds a part and not the key learns its length and nothing else.

use std::io;
use std::path::PathBuf;

use super::error::ServiceError;
use crate::store::StoreError;

mod chain;
mod part;
mod read;

mod write;

pub use self::chain::{Chain, Description, Kind};
pub use self::part::{Identity, Recipients};
pub use self::read::{Restored, restore};
pub use self::write::{Made, Wanted, backup};

/// Why a backup or a restore was not done.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file of the chain cannot be read or written.
    #[error("{}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file of the chain is not what was written.
    #[error("{}: {problem}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The folder holds no backup.
    #[error("there is no backup in {}", path.display())]
    NoChain {
        /// Which folder.
        path: PathBuf,
    },
    /// A public key cannot be read.
    #[error("'{text}' is not a public key of age")]
    Recipient {
        /// What was given; a public key is no secret.
        text: String,
    },
    /// The file with the private key holds none.
    #[error("{} holds no private key of age", path.display())]
    NoIdentity {
        /// Which file.
        path: PathBuf,
    },
    /// The private key is not one that the part was written for.
    #[error("{}: the key does not open it", path.display())]
    WrongKey {
        /// Which file.
        path: PathBuf,
    },
    /// The chain does not belong to the store: an increment would not fit.
    #[error("the backup in {} is ahead of the store: it is another store's", path.display())]
    OtherStore {
        /// Which folder.
        path: PathBuf,
    },
    /// There is something in the store that is to be restored into.
    #[error("the store is not empty")]
    NotEmpty,
    /// What was restored is not what was backed up.
    #[error("what was restored has digest {found}, what was backed up {expected}")]
    Different {
        /// The digest of the backup.
        expected: String,
        /// The digest of the restored store.
        found: String,
    },
    /// The store failed.
    #[error("the store")]
    Store(#[from] ServiceError),
}

impl From<StoreError> for BackupError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.into())
    }
}

impl BackupError {
    /// The next step, where there is an obvious one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::File { .. } => Some("check the folder, its owner and the disk"),
            Self::Damaged { .. } => Some("restore from another copy of the backup; a chain ends before a damaged part"),
            Self::NoChain { .. } => Some("`padan backup --to DIR` makes one"),
            Self::Recipient { .. } => Some("`padan keys backup` makes a pair; the public key begins with age1"),
            Self::NoIdentity { .. } | Self::WrongKey { .. } => {
                Some("give the file that `padan keys backup` wrote, with --identity")
            }
            Self::OtherStore { .. } => Some("back up into another folder"),
            Self::NotEmpty => Some("restore into a new store, then let the gateway use that one"),
            Self::Different { .. } => Some("keep the store as it is for examination, and restore from another copy"),
            Self::Store(_) => None,
        }
    }
}

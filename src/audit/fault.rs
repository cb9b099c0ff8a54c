//! What may be wrong with an export, each with the file that it is about.

use std::{fmt, io};

use thiserror::Error;

use super::bundle::BundleError;
use super::checkpoint::CheckpointError;
use super::hash::Hash;
use super::trust::TrustError;

/// Most faults that are told one by one.
pub(super) const MAX_FAULTS: usize = 100;

/// One thing that is wrong with an export.
#[derive(Debug, Error)]
pub enum Fault {
    /// A file is not there.
    #[error("{path} is missing")]
    Missing {
        /// The file.
        path: String,
    },
    /// A file cannot be read.
    #[error("{path} cannot be read")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The checkpoint is none.
    #[error("checkpoint: {0}")]
    Checkpoint(CheckpointError),
    /// The checkpoint is not signed as it should be.
    #[error("checkpoint: {0}")]
    Trust(TrustError),
    /// A tile has another length than it should.
    #[error("{path} is not {expected} bytes long")]
    TileLength {
        /// The tile.
        path: String,
        /// Its right length.
        expected: usize,
    },
    /// A tile was changed: one above it that is right says so.
    #[error("{path} was changed: its root is not hash {position} of {above}")]
    Tile {
        /// The tile that was changed.
        path: String,
        /// The tile above it.
        above: String,
        /// The place in that, from 0.
        position: usize,
    },
    /// The tiles are not those that the checkpoint signs.
    #[error("the tiles lead to the root {found}, and the checkpoint signs {signed}")]
    Root {
        /// The signed root.
        signed: Hash,
        /// The root of the tiles.
        found: Hash,
    },
    /// One of two files was changed; told beside [`Fault::Root`], to say where.
    #[error("{above} or {below} was changed: hash {position} of the first is not what the second gives")]
    Disagree {
        /// The file nearer to the root.
        above: String,
        /// The file below it.
        below: String,
        /// The place in the first, from 0.
        position: usize,
    },
    /// A bundle is not one.
    #[error("{path} was changed: {how}")]
    Bundle {
        /// The bundle.
        path: String,
        /// How.
        how: BundleError,
    },
    /// An entry was changed: the tile that is right says so.
    #[error("entry {index} in {path} was changed")]
    Entry {
        /// The bundle.
        path: String,
        /// The number of the entry.
        index: u64,
    },
    /// The log is shorter than it was.
    #[error("the log had {earlier} entries before, and the export has {size}")]
    Shrunk {
        /// How many it had.
        earlier: u64,
        /// How many it has.
        size: u64,
    },
    /// The log has another past than it had.
    #[error("the first {size} entries had the root {expected}, and in the export they have {found}")]
    Rewritten {
        /// How many entries.
        size: u64,
        /// Their root before.
        expected: Hash,
        /// Their root now.
        found: Hash,
    },
}

/// An export does not hold what its log signed.
#[derive(Debug)]
pub struct Damage {
    /// What is wrong, in the order of the entries; at most a hundred.
    pub faults: Vec<Fault>,
    /// How many faults there are.
    pub count: u64,
    /// How many entries are right all the same.
    pub verified: u64,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.faults.first().expect("damage is made with its first fault");
        match self.count {
            1 => write!(f, "{first}"),
            count => write!(f, "{first}; and {} more", count - 1),
        }
    }
}

impl std::error::Error for Damage {}

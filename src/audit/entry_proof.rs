//! What a receipt carries: that one entry is in the log, as a small text that is verified without the log.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use super::checkpoint::{CheckpointError, SignedCheckpoint, decimal};
use super::hash::{EntryTooLong, Hash};
use super::proof::{ProofError, verify_inclusion};
use super::trust::{Cosignature, Trust, TrustError};

/// The first line: the format and its version.
const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// Most hashes of a path: the height of the largest tree.
const MAX_PATH: usize = 64;

/// That an entry is in a log, in the format `tlog-proof`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryProof {
    extra: Option<Vec<u8>>,
    index: u64,
    path: Vec<Hash>,
    checkpoint: SignedCheckpoint,
}

/// Bytes are not a proof, or one proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EntryProofError {
    /// Not text, or of another format.
    #[error("a proof begins with the line {FIRST_LINE}, and this does not")]
    FirstLine,
    /// Extra data that is not base64.
    #[error("the extra data of a proof is not base64")]
    Extra,
    /// No index.
    #[error("a proof has a line with the index of its entry, and this has none")]
    Index,
    /// Lines that are no path.
    #[error("a proof has at most {MAX_PATH} lines with a hash each and then an empty one, and this has not")]
    Path,
    /// What follows is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint is not signed as it should be.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The entry is none.
    #[error(transparent)]
    Entry(#[from] EntryTooLong),
    /// The entry is not in the tree.
    #[error("the entry is not the one that the proof is of")]
    Proof(#[source] ProofError),
}

impl EntryProof {
    /// The proof that the entry at `index` is in the checkpoint's tree.
    pub fn new(index: u64, path: Vec<Hash>, checkpoint: SignedCheckpoint) -> Self {
        Self { extra: None, index, path, checkpoint }
    }

    /// Adds data that the reader needs to make the entry again. Nothing vouches for it before it made the right entry.
    #[must_use]
    pub fn with_extra(self, extra: Vec<u8>) -> Self {
        Self { extra: Some(extra), ..self }
    }

    /// The extra data.
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// The number of the entry.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The checkpoint, verified or not.
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Reads one; its text form is the same bytes again.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryProofError> {
        let text = std::str::from_utf8(bytes).map_err(|_| EntryProofError::FirstLine)?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(EntryProofError::Path)?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(FIRST_LINE) {
            return Err(EntryProofError::FirstLine);
        }
        let extra = lines.next_if(|line| line.starts_with("extra ")).and_then(|line| line.strip_prefix("extra "));
        let extra = extra.map(|encoded| STANDARD.decode(encoded)).transpose().map_err(|_| EntryProofError::Extra)?;
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(decimal);
        let index = index.ok_or(EntryProofError::Index)?;
        let path: Vec<Hash> = lines.map(str::parse).collect::<Result<_, _>>().map_err(|_| EntryProofError::Path)?;
        if path.len() > MAX_PATH {
            return Err(EntryProofError::Path);
        }
        Ok(Self { extra, index, path, checkpoint: SignedCheckpoint::parse(checkpoint.as_bytes())? })
    }

    /// Checks that the log holds this entry, and says which witnesses saw the checkpoint.
    pub fn verify(&self, entry: &[u8], trust: &Trust) -> Result<Vec<Cosignature>, EntryProofError> {
        let (checkpoint, cosignatures) = trust.verify(&self.checkpoint)?;
        let leaf = Hash::of_entry(entry)?;
        verify_inclusion(checkpoint.head(), self.index, leaf, &self.path).map_err(EntryProofError::Proof)?;
        Ok(cosignatures)
    }
}

impl fmt::Display for EntryProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

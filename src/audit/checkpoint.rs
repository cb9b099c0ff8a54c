//! Checkpoints: how many entries a log has and the root over them, signed.

use std::fmt;

use thiserror::Error;

use super::key::{KeyName, LogSigner, WitnessSigner};
use super::node::TreeHead;
use super::note::{Note, NoteError, Signature};

/// What a log says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    head: TreeHead,
    extensions: Vec<String>,
}

/// A checkpoint and signatures that nobody has verified yet: see [`Trust::verify`](super::Trust::verify).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

/// Bytes are not a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// Not even a signed note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Fewer than three lines, or an empty one.
    #[error("a checkpoint has at least three lines and none that is empty, and this has not")]
    Lines,
    /// The second line is no size.
    #[error("the second line of a checkpoint is the number of entries, and this is not")]
    Size,
    /// The third line is no hash.
    #[error("the third line of a checkpoint is the root as base64, and this is not")]
    Root,
}

impl Checkpoint {
    /// The checkpoint of the log `origin` at this tree.
    pub fn new(origin: &KeyName, head: TreeHead) -> Self {
        Self { origin: origin.as_str().to_owned(), head, extensions: Vec::new() }
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many entries, and the root.
    pub fn head(&self) -> TreeHead {
        self.head
    }

    /// Signs it, which a log does only for a tree that it will never take back.
    pub fn sign(self, signer: &LogSigner) -> SignedCheckpoint {
        let text = self.to_string();
        let signatures = vec![signer.sign(&text)];
        SignedCheckpoint { checkpoint: self, note: Note { text, signatures } }
    }

    fn parse(text: &str) -> Result<Self, CheckpointError> {
        let body = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?;
        let mut lines = body.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::Lines);
        };
        let extensions: Vec<_> = lines.map(str::to_owned).collect();
        if origin.is_empty() || extensions.iter().any(String::is_empty) {
            return Err(CheckpointError::Lines);
        }
        let size = decimal(size).ok_or(CheckpointError::Size)?;
        let root = root.parse().map_err(|_| CheckpointError::Root)?;
        Ok(Self { origin: origin.to_owned(), head: TreeHead { size, root }, extensions })
    }
}

/// A number as the formats write it: digits alone, and no zero before others.
pub(super) fn decimal(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.head.size, self.head.root)?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl SignedCheckpoint {
    /// Reads one; its text form is the same bytes again.
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        Ok(Self { checkpoint: Checkpoint::parse(&note.text)?, note })
    }

    /// What it says, verified or not.
    pub fn unverified(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Countersigns it at a time in seconds since 1970. A witness does so only after it has verified the log's signature
    /// and that the tree continues the one that it countersigned before.
    pub fn countersign(&self, witness: &WitnessSigner, time: u64) -> Signature {
        witness.countersign(&self.note.text, time)
    }

    /// Adds a signature that a witness has answered with.
    pub fn add(&mut self, signature: Signature) {
        self.note.signatures.push(signature);
    }

    /// The signed text.
    pub(super) fn text(&self) -> &str {
        &self.note.text
    }

    pub(super) fn signatures(&self) -> &[Signature] {
        &self.note.signatures
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.note, f)
    }
}

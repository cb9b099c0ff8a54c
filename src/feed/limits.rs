//! How much a sender may ask of the gateway at once.

use serde::{Deserialize, Serialize};

/// Limits of one batch. Part of the configuration; unknown keys are errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of the whole body, after decompression. More refuses the batch. Default 128 MiB.
    pub body_bytes: u64,
    /// Rows of one batch; blank lines do not count. More refuses the batch. Default 200,000.
    pub rows: u64,
    /// From so many rows on a batch of which 19 in 20 are refused ends, and nothing of it is stored: its columns have other
    /// names, or it is another list. Looked at again each time the rows have doubled. 0: never. Default 5,000.
    pub refused_from: u64,
    /// Bytes of one line without its line break. A longer line is refused, the others are read. Default 64 KiB.
    pub row_bytes: usize,
    /// Objects and lists inside each other, the row itself included. A deeper row is refused. Default 8; the reader
    /// underneath stops at 100 whatever stands here.
    pub depth: u8,
}

/// Deeper than this the JSON parser would refuse by itself, with a message of its own.
const DEEPEST: u8 = 100;

impl Limits {
    /// The depth that is enforced.
    pub(super) fn levels(&self) -> u8 {
        self.depth.min(DEEPEST)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes: 128 << 20, rows: 200_000, refused_from: 5_000, row_bytes: 64 << 10, depth: 8 }
    }
}

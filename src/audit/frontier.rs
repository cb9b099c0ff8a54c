//! The right edge of the tree: all that is needed to append, and the root at any time.

use thiserror::Error;

use super::hash::{Hash, split};
use super::node::{MissingNode, NodeId, TILE_HEIGHT, TreeHead};
use super::proof::{Reader, perfect};

/// The first byte of a stored frontier.
const VERSION: u8 = 1;

/// The roots of the complete subtrees that a tree of this size consists of, the largest first. At most 64 hashes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

/// Stored bytes are not a frontier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrontierError {
    /// Cut before its size.
    #[error("a stored frontier is cut: {0} bytes")]
    Cut(usize),
    /// Of a newer program, or no frontier.
    #[error("a stored frontier has version {0}, and this program reads version {VERSION}")]
    Version(u8),
    /// Another number of hashes than its size needs.
    #[error("a stored frontier of {size} entries has {found} bytes of hashes, and needs {expected}")]
    Length {
        /// Its size.
        size: u64,
        /// Bytes that it needs.
        expected: usize,
        /// Bytes that are there.
        found: usize,
    },
}

impl Frontier {
    /// How many entries.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds an entry by its hash, and passes on what has to be kept: its hash, and each hash over a tile that it
    /// completes.
    pub fn append(&mut self, leaf: Hash, mut keep: impl FnMut(NodeId, Hash)) {
        let index = self.size;
        let mut hash = leaf;
        keep(NodeId { level: 0, index }, leaf);
        for height in 1..=index.trailing_ones() {
            let left = self.peaks.pop().expect("a peak stands for each bit of the size");
            hash = Hash::of_children(left, hash);
            if height % TILE_HEIGHT == 0 {
                keep(NodeId { level: (height / TILE_HEIGHT) as u8, index: index >> height }, hash);
            }
        }
        self.peaks.push(hash);
        self.size = index.checked_add(1).expect("no log has 2^64 entries");
    }

    /// The tree as it is now.
    pub fn head(&self) -> TreeHead {
        let mut peaks = self.peaks.iter().rev().copied();
        let root = match peaks.next() {
            None => Hash::of_empty_tree(),
            Some(last) => peaks.fold(last, |right, left| Hash::of_children(left, right)),
        };
        TreeHead { size: self.size, root }
    }

    /// The frontier of the first `size` entries, from the hashes that were kept; an earlier tree of the same log, too.
    pub(super) fn from_reader(size: u64, read: Reader<'_>) -> Result<Self, MissingNode> {
        let (mut peaks, mut start) = (Vec::with_capacity(size.count_ones() as usize), 0);
        while start < size {
            let rest = size - start;
            let count = if rest.is_power_of_two() { rest } else { split(rest) };
            let height = count.trailing_zeros();
            peaks.push(perfect(height, start >> height, read)?);
            start += count;
        }
        Ok(Self { size, peaks })
    }

    /// Its stored form: a version, the size, the hashes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(9 + self.peaks.len() * Hash::LEN);
        bytes.push(VERSION);
        bytes.extend(self.size.to_be_bytes());
        for peak in &self.peaks {
            bytes.extend(peak.as_bytes());
        }
        bytes
    }

    /// The frontier that was stored.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrontierError> {
        let Some((&[version, ref size @ ..], hashes)) = bytes.split_first_chunk::<9>() else {
            return Err(FrontierError::Cut(bytes.len()));
        };
        if version != VERSION {
            return Err(FrontierError::Version(version));
        }
        let size = u64::from_be_bytes(*size);
        let expected = size.count_ones() as usize * Hash::LEN;
        let (chunks, rest) = hashes.as_chunks::<{ Hash::LEN }>();
        if hashes.len() != expected || !rest.is_empty() {
            return Err(FrontierError::Length { size, expected, found: hashes.len() });
        }
        Ok(Self { size, peaks: chunks.iter().copied().map(Hash::from_bytes).collect() })
    }
}

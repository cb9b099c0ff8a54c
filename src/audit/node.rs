//! Which hashes of the tree are kept, and the two facts that a checkpoint signs.

use thiserror::Error;

use super::hash::Hash;

/// How many levels of the binary tree one level of tiles spans.
pub(super) const TILE_HEIGHT: u32 = 8;

/// The place of a hash that is kept: `level` 0 holds the hash of each entry, each next level one hash over 256 full ones
/// below it. Every other hash of the tree is computed from these when it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// The level, counted in tiles.
    pub level: u8,
    /// The place within the level.
    pub index: u64,
}

/// A tree: how many entries, and the root over them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    /// How many entries.
    pub size: u64,
    /// The root.
    pub root: Hash,
}

/// A kept hash that should be there is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("hash {} of level {} is missing", .0.index, .0.level)]
pub struct MissingNode(pub NodeId);

impl NodeId {
    /// Its key in an ordered store: the hashes of a tile stand side by side.
    pub fn to_key(self) -> [u8; 9] {
        let mut key = [0; 9];
        key[0] = self.level;
        key[1..].copy_from_slice(&self.index.to_be_bytes());
        key
    }

    /// The place that a key names.
    pub fn from_key(key: [u8; 9]) -> Self {
        let [level, index @ ..] = key;
        Self { level, index: u64::from_be_bytes(index) }
    }
}

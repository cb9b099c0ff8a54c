//! Proofs that an entry is in a tree.
//!
//! A proof is made from the hashes that were kept. A caller whose store answers in batches asks first for the
//! [`inclusion_needs`], reads those, and then makes the proof from them.

use std::collections::BTreeSet;

use thiserror::Error;

use super::hash::{Hash, split};
use super::node::{MissingNode, NodeId, TILE_HEIGHT, TreeHead};

/// Where kept hashes are read.
pub(super) type Reader<'a> = &'a mut dyn FnMut(NodeId) -> Option<Hash>;

/// Why there is no proof, or why one proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ProofError {
    /// The entry is not in a tree of that size.
    #[error("entry {index} is not in a tree of {size} entries")]
    NoSuchEntry {
        /// The entry's place.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// A kept hash is not there.
    #[error(transparent)]
    Missing(#[from] MissingNode),
    /// More or fewer hashes than this proof has.
    #[error("a proof has {found} hashes, which is not the number that this proof has")]
    Length {
        /// How many there are.
        found: usize,
    },
    /// The proof leads to another root.
    #[error("a proof leads to the root {found}, and the tree of {size} entries has the root {expected}")]
    Root {
        /// The tree's size.
        size: u64,
        /// The tree's root.
        expected: Hash,
        /// What the proof leads to.
        found: Hash,
    },
}

/// The hashes that prove that the entry at `index` is in the tree of the first `size` entries, from the leaf's neighbour
/// to the root's child.
pub fn inclusion(index: u64, size: u64, mut read: impl FnMut(NodeId) -> Option<Hash>) -> Result<Vec<Hash>, ProofError> {
    if index >= size {
        return Err(ProofError::NoSuchEntry { index, size });
    }
    let (mut start, mut end, mut path) = (0, size, Vec::new());
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(range(middle, end, &mut read)?);
            end = middle;
        } else {
            path.push(range(start, middle, &mut read)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The kept hashes from which [`inclusion`] makes its proof; at most 512 of each level.
pub fn inclusion_needs(index: u64, size: u64) -> Result<BTreeSet<NodeId>, ProofError> {
    let mut needs = BTreeSet::new();
    inclusion(index, size, note_in(&mut needs)).map(|_| needs)
}

/// Checks that the entry with this hash is at `index` in the tree.
pub fn verify_inclusion(tree: TreeHead, index: u64, leaf: Hash, path: &[Hash]) -> Result<(), ProofError> {
    if index >= tree.size {
        return Err(ProofError::NoSuchEntry { index, size: tree.size });
    }
    let mut climb = Climb { place: index, last: tree.size - 1 };
    let mut hash = leaf;
    for &next in path {
        hash = if climb.is_right(path.len())? { Hash::of_children(next, hash) } else { Hash::of_children(hash, next) };
    }
    climb.ends_at_root(path.len())?;
    leads_to(tree, hash)
}

/// The hash over the entries from `start` to before `end`, where `start` is one that splitting the tree leads to.
fn range(start: u64, end: u64, read: Reader<'_>) -> Result<Hash, MissingNode> {
    let count = end - start;
    if count.is_power_of_two() {
        let height = count.trailing_zeros();
        return perfect(height, start >> height, read);
    }
    let middle = start + split(count);
    let left = range(start, middle, read)?;
    Ok(Hash::of_children(left, range(middle, end, read)?))
}

/// The root of a complete subtree: kept where a level of tiles is, else computed from the level below.
pub(super) fn perfect(height: u32, index: u64, read: Reader<'_>) -> Result<Hash, MissingNode> {
    if height.is_multiple_of(TILE_HEIGHT) {
        let node = NodeId { level: (height / TILE_HEIGHT) as u8, index };
        return read(node).ok_or(MissingNode(node));
    }
    let left = perfect(height - 1, 2 * index, read)?;
    Ok(Hash::of_children(left, perfect(height - 1, 2 * index + 1, read)?))
}

/// A reader that only notes what is asked of it.
pub(super) fn note_in(needs: &mut BTreeSet<NodeId>) -> impl FnMut(NodeId) -> Option<Hash> + '_ {
    |node| {
        needs.insert(node);
        Some(Hash::from_bytes([0; Hash::LEN]))
    }
}

fn leads_to(tree: TreeHead, found: Hash) -> Result<(), ProofError> {
    if found == tree.root {
        return Ok(());
    }
    Err(ProofError::Root { size: tree.size, expected: tree.root, found })
}

/// The way from a leaf up to the root: the place of the hash in its level, and the level's last place.
struct Climb {
    place: u64,
    last: u64,
}

impl Climb {
    /// Whether the next hash stands left of ours, so that ours is the right one; then goes up to the next fork.
    fn is_right(&mut self, found: usize) -> Result<bool, ProofError> {
        if self.last == 0 {
            return Err(ProofError::Length { found });
        }
        let right = self.place % 2 == 1 || self.place == self.last;
        if right {
            // On the right edge, levels where our hash has no neighbour are passed by; the leftmost place has one.
            self.rise(self.place.trailing_zeros());
        }
        self.rise(1);
        Ok(right)
    }

    fn rise(&mut self, levels: u32) {
        self.place >>= levels;
        self.last >>= levels;
    }

    fn ends_at_root(&self, found: usize) -> Result<(), ProofError> {
        if self.last == 0 { Ok(()) } else { Err(ProofError::Length { found }) }
    }
}

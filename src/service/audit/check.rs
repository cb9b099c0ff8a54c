//! The log as `padan verify` looks at it: entries without a gap, and hashes and a head that follow from them.

use xxhash_rust::xxh3::xxh3_128;

use super::Entry;
use super::tree::{hash_of, leaf};
use crate::audit::{Frontier, Hash, NodeId};
use crate::service::error::ServiceError;
use crate::service::stored::codec::decode;
use crate::store::Position;

/// The log while it is read from its first entry to its last, and then its hashes.
#[derive(Default)]
pub(in crate::service) struct LogCheck {
    /// The tree as it is kept; entries behind it have no hashes yet.
    kept: Frontier,
    grown: Frontier,
    is_kept: bool,
    /// Sums over the hashes that follow from the entries, and over those that are there: their order does not matter.
    wanted: u128,
    found: u128,
}

impl LogCheck {
    /// Begins; `kept` is the tree as its mark says.
    pub(in crate::service) fn new(kept: Frontier) -> Self {
        let is_kept = kept.size() == 0;
        Self { kept, is_kept, ..Self::default() }
    }

    /// Takes the next entry; whether it is the next one.
    pub(in crate::service) fn entry(&mut self, key: &[u8], bytes: &[u8]) -> Result<bool, ServiceError> {
        decode::<Entry>(bytes, "audit entry")?;
        let next = Position(self.grown.size() + 1);
        let (has_hashes, wanted) = (next.0 <= self.kept.size(), &mut self.wanted);
        self.grown.append(leaf(bytes)?, |node, hash| {
            if has_hashes {
                *wanted = wanted.wrapping_add(summand(node, hash));
            }
        });
        self.is_kept |= self.grown == self.kept;
        Ok(Position::of(key) == Some(next))
    }

    /// Takes a hash that is kept.
    pub(in crate::service) fn node(&mut self, key: &[u8], bytes: &[u8]) -> Result<(), ServiceError> {
        let corrupt = |_| ServiceError::Corrupt { what: "place of a hash of the audit log".to_owned() };
        let node = NodeId::from_key(key.try_into().map_err(corrupt)?);
        self.found = self.found.wrapping_add(summand(node, hash_of(bytes)?));
        Ok(())
    }

    /// Whether the tree follows from the entries.
    pub(in crate::service) fn is_sound(&self) -> bool {
        self.is_kept && self.wanted == self.found
    }
}

fn summand(node: NodeId, hash: Hash) -> u128 {
    xxh3_128(&[node.to_key().as_slice(), hash.as_bytes()].concat())
}

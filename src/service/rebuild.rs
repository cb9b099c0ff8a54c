//! `padan rebuild`: everything derived is derived again from the inputs and compared with what the store holds.

use std::sync::Arc;

use super::digest::{StateDigest, StateHash, digest_of};
use super::error::ServiceError;
use super::gateway::{Gateway, Parts};

/// What a rebuild found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// The digests of the store before.
    pub before: StateDigest,
    /// The digest of what follows from the inputs.
    pub derived: String,
    /// Derived entries.
    pub entries: u64,
    /// Entries that were different, missing or too many.
    pub differences: u64,
}

impl Rebuilt {
    /// The store held exactly what follows from its inputs.
    pub fn identical(&self) -> bool {
        self.before.derived == self.derived && self.differences == 0
    }
}

/// What to do with differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// Only count them.
    Compare,
    /// Write what follows from the inputs.
    Write,
}

/// Derives all again and compares: one state of the store, up to where its derived state reaches, so that a gateway may
/// go on meanwhile. Reads the whole store.
pub async fn rebuild(parts: Parts, repair: Repair) -> Result<Rebuilt, ServiceError> {
    let store = Arc::clone(&parts.store);
    let snapshot = store.snapshot().await?;
    let before = digest_of(&*snapshot).await?;
    let gateway = Gateway::load(parts, &*snapshot).await?;
    let mut wanted = gateway.derive_all().await?;
    let entries = wanted.puts.len() as u64;
    let mut hash = StateHash::default();
    // Tables sort by their codes, so this is the order in which a store is read for its digest.
    for ((table, key), value) in &wanted.puts {
        hash.add(*table, key, value)?;
    }
    let difference = gateway.difference(&*snapshot, &mut wanted).await?;
    // sled's writer waits as long as it is there.
    drop(snapshot);
    let differences = (difference.puts.len() + difference.deletes.len()) as u64;
    if repair == Repair::Write {
        gateway.write_compared(difference).await?;
    }
    Ok(Rebuilt { before, derived: hash.finish(), entries, differences })
}

//! `padan rebuild`: everything derived is derived again from the inputs and compared with what the store holds.

use super::digest::{StateDigest, StateHash, digest_of};
use super::error::ServiceError;
use super::gateway::{Gateway, Parts};
use super::load::Until;

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

/// Derives all again and compares. Reads the whole store; takes as long as a start.
pub async fn rebuild(parts: Parts, repair: Repair) -> Result<Rebuilt, ServiceError> {
    let before = digest_of(parts.store.reader()).await?;
    let gateway = Gateway::load(parts, Until::Head).await?;
    let mut wanted = gateway.derive_all().await?;
    let entries = wanted.puts.len() as u64;
    let mut hash = StateHash::default();
    // Tables sort by their codes, so this is the order in which a store is read for its digest.
    for ((table, key), value) in &wanted.puts {
        hash.add(*table, key, value)?;
    }
    let difference = gateway.difference(&mut wanted).await?;
    let differences = (difference.puts.len() + difference.deletes.len()) as u64;
    if repair == Repair::Write {
        gateway.write_compared(difference).await?;
    }
    Ok(Rebuilt { before, derived: hash.finish(), entries, differences })
}

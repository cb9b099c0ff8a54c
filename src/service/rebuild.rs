//! `padan rebuild`: everything derived is derived again from the inputs and compared with what the store holds.

use std::sync::Arc;

use super::answers::view::View;
use super::digest::{StateDigest, StateHash, digest_of};
use super::error::ServiceError;
use super::gateway::{Gateway, Parts};
use super::rules::Touched;
use super::stored::codec::encode;
use crate::store::Table;

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
    /// Outcomes of the rules, lists and counts that are not what evaluating everything says; `None` where they were not
    /// evaluated up to the state compared, which the next gateway does.
    pub outcome_differences: Option<u64>,
    /// Keys of the candidate index that are not what follows from the rows; `None` where none rests in the store.
    pub index_differences: Option<u64>,
}

impl Rebuilt {
    /// The store held exactly what follows from its inputs.
    pub fn identical(&self) -> bool {
        let none = |differences: Option<u64>| differences.is_none_or(|differences| differences == 0);
        let same = self.before.derived == self.derived && self.differences == 0;
        same && none(self.outcome_differences) && none(self.index_differences)
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
    let mut difference = gateway.difference(&*snapshot, &mut wanted).await?;
    let differences = (difference.puts.len() + difference.deletes.len()) as u64;
    let index_differences = gateway.posting_differences(&*snapshot).await?;
    let applied = gateway.tail().await?.applied;
    gateway.put_view(View::new((applied.position(), None), Some(snapshot), store));
    let outcome_differences = gateway.outcome_differences().await?;
    // sled's writer waits as long as the state is held.
    gateway.release_view();
    if repair == Repair::Write {
        if differences > 0 || outcome_differences != Some(0) {
            // The next gateway evaluates everything again.
            difference.puts.insert((Table::Outcomes, Touched::key(applied)), encode(&Touched::everything()));
        }
        gateway.write_compared(difference).await?;
    }
    Ok(Rebuilt { before, derived: hash.finish(), entries, differences, outcome_differences, index_differences })
}

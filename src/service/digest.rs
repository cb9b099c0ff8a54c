//! One number for the whole state: the same content gives the same digest on every store.
//!
//! Two numbers tell the inputs. `inputs` is over every accepted row that is there, so it is another one after the retention
//! rule took rows away: it equals that of a store into which those rows never came. `current` is over the same without
//! the rows that newer ones have replaced, so no compaction changes it, and it tells whether two stores agree of which
//! only one was compacted.

use sha2::{Digest, Sha256};

use super::error::ServiceError;
use super::gateway::Gateway;
use crate::service::stored::codec::plain;
use crate::service::stored::head::Head;
use crate::service::stored::journal::{Reached, derived_mark};
use crate::service::stored::lookups::leads_to_decision;
use crate::service::stored::reading::Pages;
use crate::store::{Read, Snapshot, Store, Table};

/// What was accepted and decided: the inputs of everything else.
pub(super) const INPUTS: &[Table] = &[Table::Records, Table::Rows, Table::Decisions, Table::Completeness];

/// What follows from the inputs, in the order of the tables' codes.
pub(super) const DERIVED: &[Table] = &[Table::Members, Table::Persons, Table::Families, Table::Cases, Table::Lookups];

/// Digests of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDigest {
    /// Over accepted records, decisions and declarations.
    pub inputs: String,
    /// Over the same without rows that newer ones have replaced.
    pub current: String,
    /// Over members, golden persons, families and cases.
    pub derived: String,
    /// Entries read.
    pub entries: u64,
}

/// The digest of a store's present state, and how far it reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreDigest {
    /// The digests.
    pub state: StateDigest,
    /// The last position of the journal.
    pub head: u64,
    /// Whether the derived state follows from everything up to there.
    pub settled: bool,
}

/// The digest of one state of a store.
pub async fn digest(snapshot: &dyn Read) -> Result<StoreDigest, ServiceError> {
    let head = snapshot.head().await?;
    Ok(StoreDigest { state: digest_of(snapshot).await?, head: head.0, settled: settled(snapshot).await? })
}

/// The present state of a store; of several tries, a tenth of a second apart, the first that is matched to its end.
pub async fn snapshot_at_rest(store: &dyn Store, tries: usize) -> Result<Snapshot, ServiceError> {
    for _ in 1..tries {
        let snapshot = store.snapshot().await?;
        if settled(&*snapshot).await? {
            return Ok(snapshot);
        }
        drop(snapshot);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    store.snapshot().await.map_err(ServiceError::from)
}

/// Whether the derived state of a store follows from everything that its journal names.
async fn settled(snapshot: &dyn Read) -> Result<bool, ServiceError> {
    let head = snapshot.head().await?;
    let (_, mark) = derived_mark(snapshot).await?;
    let reached = Reached { through: head.0, rows: 0 };
    Ok(mark.is_some_and(|mark| mark.whole && mark.reached == reached))
}

impl Gateway {
    /// The digest of the present state; waits for the matcher to catch up.
    pub async fn digest(&self) -> Result<StateDigest, ServiceError> {
        self.settled().await;
        self.matching().loaded().await?;
        digest_of(self.reader()).await
    }
}

/// Digests of what a store holds.
pub(super) async fn digest_of(store: &dyn Read) -> Result<StateDigest, ServiceError> {
    let (inputs, current) = inputs_of(store).await?;
    let derived = tables(store, DERIVED).await?;
    let entries = inputs.entries + derived.entries;
    Ok(StateDigest { inputs: inputs.finish(), current: current.finish(), derived: derived.finish(), entries })
}

/// The digest of all inputs, and that of those that count.
async fn inputs_of(store: &dyn Read) -> Result<(StateHash, StateHash), ServiceError> {
    let (mut inputs, mut current) = (StateHash::default(), StateHash::default());
    // Heads come before rows: the numbers of the present rows. No two rows have the same.
    let mut present: Vec<u64> = Vec::new();
    for table in INPUTS {
        let mut pages = Pages::of(store, *table);
        while let Some(page) = pages.next().await? {
            for (key, value) in &page {
                let content = plain(value, table.name())?;
                inputs.add_plain(*table, key, &content);
                if *table == Table::Records {
                    let head: Head = serde_json::from_slice(&content)
                        .map_err(|_| ServiceError::Corrupt { what: "record".to_owned() })?;
                    present.push(head.sequence.0);
                }
                if *table != Table::Rows || is_present(key, &present) {
                    current.add_plain(*table, key, &content);
                }
            }
        }
        present.sort_unstable();
    }
    Ok((inputs, current))
}

/// Whether a row's key names one of the rows that heads name.
fn is_present(key: &[u8], present: &[u64]) -> bool {
    let sequence = key.last_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes));
    sequence.is_some_and(|sequence| present.binary_search(&sequence).is_ok())
}

async fn tables(store: &dyn Read, tables: &[Table]) -> Result<StateHash, ServiceError> {
    let mut hash = StateHash::default();
    for table in tables {
        let mut pages = Pages::of(store, *table);
        while let Some(page) = pages.next().await? {
            for (key, value) in &page {
                hash.add(*table, key, value)?;
            }
        }
    }
    Ok(hash)
}

/// SHA-256 over entries in table and key order, each part with its length.
#[derive(Default)]
pub(super) struct StateHash {
    hash: Sha256,
    entries: u64,
}

impl StateHash {
    /// Adds the next entry: its content, however it is stored.
    ///
    /// What only leads to decisions is left out: it stays where a decision is taken back, and that is to restore the state.
    pub(super) fn add(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), ServiceError> {
        if table == Table::Lookups && leads_to_decision(key) {
            return Ok(());
        }
        self.add_plain(table, key, &plain(value, table.name())?);
        Ok(())
    }

    fn add_plain(&mut self, table: Table, key: &[u8], content: &[u8]) {
        for part in [table.name().as_bytes(), key, content] {
            self.hash.update((part.len() as u64).to_be_bytes());
            self.hash.update(part);
        }
        self.entries += 1;
    }

    /// The digest, in hexadecimal.
    pub(super) fn finish(self) -> String {
        hex::encode(self.hash.finalize())
    }
}

//! One number for the whole state: the same content gives the same digest on every store.

use sha2::{Digest, Sha256};

use super::accept::hex;
use super::error::ServiceError;
use super::gateway::Gateway;
use super::reading::Pages;
use crate::store::{Read, Table};

/// What was accepted and decided: the inputs of everything else.
const INPUTS: &[Table] = &[Table::Records, Table::Rows, Table::Decisions, Table::Completeness];

/// What follows from the inputs, in the order of the tables' codes.
pub(super) const DERIVED: &[Table] = &[Table::Members, Table::Persons, Table::Families, Table::Cases];

/// Digests of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDigest {
    /// Over accepted records, decisions and declarations.
    pub inputs: String,
    /// Over members, golden persons, families and cases.
    pub derived: String,
    /// Entries read.
    pub entries: u64,
}

impl Gateway {
    /// The digest of the present state; waits for the matcher to catch up.
    pub async fn digest(&self) -> Result<StateDigest, ServiceError> {
        self.settled().await;
        digest_of(self.reader()).await
    }
}

/// Digests of what a store holds.
pub(super) async fn digest_of(store: &dyn Read) -> Result<StateDigest, ServiceError> {
    let inputs = tables(store, INPUTS).await?;
    let derived = tables(store, DERIVED).await?;
    let entries = inputs.entries + derived.entries;
    Ok(StateDigest { inputs: inputs.finish(), derived: derived.finish(), entries })
}

async fn tables(store: &dyn Read, tables: &[Table]) -> Result<StateHash, ServiceError> {
    let mut hash = StateHash::default();
    for table in tables {
        let mut pages = Pages::of(store, *table);
        while let Some(page) = pages.next().await? {
            for (key, value) in &page {
                hash.add(*table, key, value);
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
    /// Adds the next entry.
    pub(super) fn add(&mut self, table: Table, key: &[u8], value: &[u8]) {
        for part in [table.name().as_bytes(), key, value] {
            self.hash.update((part.len() as u64).to_be_bytes());
            self.hash.update(part);
        }
        self.entries += 1;
    }

    /// The digest, in hexadecimal.
    pub(super) fn finish(self) -> String {
        hex(&self.hash.finalize())
    }
}

//! What remembers: named tables of bytes behind one small contract, kept by every adapter.
//!
//! **For**: the service layer, which owns every encoding and every use case. A [`WriteBatch`] carries all writes of
//! one use case over all tables together with what must still be true ([`Precondition`]); [`Store::commit`] applies it
//! whole or not at all. Reads come in batches too ([`Read::get_many`]) and as ordered pages ([`Read::scan`]). A batch
//! may leave a note in the journal and an entry in the audit log: positions without gaps, in the order of commits, over all
//! instances on one store.
//!
//! **Not for**: it knows no record, person or agency, builds no index by itself, and has no method per screen. Whoever
//! decides on what it read repeats it as a precondition; a [`Snapshot`] is for long readers (backup, digest).
//!
//! # Contract
//!
//! 1. *Durable*: `commit` returns `Ok` only when the bytes would survive a power cut. An error other than `Conflict`,
//!    `Full`, `TooLarge`, `Unavailable` and `Closed` leaves the outcome unknown, as does dropping the future; ask again with the same
//!    idempotency key.
//! 2. *Atomic*: a batch is seen and recovered whole or not at all, over all tables.
//! 3. *Serial*: preconditions hold at the moment the batch is applied; of racing batches that exclude each other
//!    exactly one succeeds.
//! 4. *Read what is kept*: one `get_many` or one page of `scan` sees one state, which includes every commit answered
//!    before the call; what it returns is as durable as an acknowledged write.
//! 5. *Honest*: after a write or an fsync failed, an embedded store writes nothing any more ([`StoreError::Poisoned`])
//!    and repeats no fsync; what it still reads was acknowledged. A full disk refuses writes and resumes by itself. A
//!    store on a server refuses while the server is away and goes on when it is back.
//!
//! `conformance.rs` examines each adapter. A new adapter is a file, an arm in [`open`] and a scheme of [`StoreUrl`].

use std::sync::Arc;

use async_trait::async_trait;

mod batch;
mod config;
#[cfg(test)]
mod conformance;
mod error;
#[cfg(test)]
pub(crate) mod failing;
mod folder;
mod group;
mod keys;
mod memory;
mod postgres;
pub mod private;
mod redb;
mod seal;
mod sled;
mod staged;
mod table;

pub use self::{
    batch::{Precondition, WriteBatch},
    config::{Config, StoreUrl, StoreUrlError},
    error::{Damage, StoreError},
    keys::{Position, after, prefix_end},
    postgres::{PostgresUrl, PostgresUrlError},
    table::Table,
};

/// A key and its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// One state of a store, however long it is read. Room and sometimes writers wait for it, so drop it soon.
pub struct Snapshot {
    reader: Box<dyn Read>,
    /// What keeps the state from being changed, if that is needed.
    _guard: Box<dyn Send + Sync>,
}

/// What a commit led to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Committed {
    /// Where the batch's note stands in the journal.
    pub journal: Option<Position>,
    /// Where the batch's entry stands in the audit log.
    pub audit: Option<Position>,
}

/// Reading named tables of bytes.
#[async_trait]
pub trait Read: Send + Sync {
    /// The values of `keys`, in their order.
    async fn get_many(&self, table: Table, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StoreError>;

    /// At most `limit` rows with `from <= key < to` in key order; without `to`, up to the end of the table.
    ///
    /// Fewer rows than `limit` mean that the range is exhausted. The next page starts at [`after`] the last key.
    async fn scan(
        &self,
        table: Table,
        from: Vec<u8>,
        to: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError>;

    /// The greatest key of a table.
    async fn last(&self, table: Table) -> Result<Option<Vec<u8>>, StoreError>;

    /// The value of one key.
    async fn get(&self, table: Table, key: Vec<u8>) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.get_many(table, vec![key]).await?.pop().flatten())
    }

    /// The last position of the journal; 0 when nothing was noted yet.
    async fn head(&self) -> Result<Position, StoreError> {
        Ok(self.last(Table::Journal).await?.as_deref().and_then(Position::of).unwrap_or_default())
    }
}

/// Named tables of bytes; the module's header is the contract. Every store can be read as a [`Read`].
#[async_trait]
pub trait Store: Send + Sync {
    /// The adapter's name, for logs and metrics.
    fn name(&self) -> &'static str;

    /// The reading half.
    fn reader(&self) -> &dyn Read;

    /// Applies the batch to all tables if every precondition holds; returns when it is durable.
    async fn commit(&self, batch: WriteBatch) -> Result<Committed, StoreError>;

    /// The present state, to be read at leisure.
    async fn snapshot(&self) -> Result<Snapshot, StoreError>;

    /// The present state, where it can be held for as long as somebody likes at no cost to anybody; `None` where readers
    /// that stay make others wait or keep what should go.
    async fn held(&self) -> Result<Option<Snapshot>, StoreError> {
        Ok(None)
    }

    /// Whether a write would be taken now; the error says why not.
    async fn health(&self) -> Result<(), StoreError>;

    /// Bytes that the store takes up.
    async fn disk_bytes(&self) -> Result<u64, StoreError>;

    /// Takes no further write and returns when those under way are answered. Reads still work.
    ///
    /// What the store holds of the outside is released when its last handle is dropped.
    async fn close(&self) -> Result<(), StoreError>;

    /// Whether other instances may write to the same store: then the journal has to be followed.
    fn shared(&self) -> bool {
        false
    }

    /// Whether this instance is the one that does what only one should do at a time; tries to become it. Advice, not a
    /// guard: what is written by virtue of it still needs a precondition.
    async fn lead(&self) -> Result<bool, StoreError> {
        Ok(true)
    }
}

#[async_trait]
impl<S: Store + ?Sized> Read for S {
    async fn get_many(&self, table: Table, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.reader().get_many(table, keys).await
    }

    async fn scan(
        &self,
        table: Table,
        from: Vec<u8>,
        to: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        self.reader().scan(table, from, to, limit).await
    }

    async fn last(&self, table: Table) -> Result<Option<Vec<u8>>, StoreError> {
        self.reader().last(table).await
    }
}

impl Snapshot {
    fn new(reader: impl Read + 'static, guard: impl Send + Sync + 'static) -> Self {
        Self { reader: Box::new(reader), _guard: Box::new(guard) }
    }
}

impl std::ops::Deref for Snapshot {
    type Target = dyn Read;

    fn deref(&self) -> &Self::Target {
        &*self.reader
    }
}

/// Opens the store at `url`, creating it where there is none.
///
/// Blocks while the adapter recovers, so call it at start or on a thread that may wait.
pub fn open(url: &StoreUrl, config: &Config) -> Result<Arc<dyn Store>, StoreError> {
    Ok(match url {
        StoreUrl::Memory => Arc::new(memory::MemoryStore::new(config.clone())),
        StoreUrl::Postgres(url) => Arc::new(postgres::PostgresStore::open(url, config)?),
        StoreUrl::Redb(path) => Arc::new(redb::RedbStore::open(path, config)?),
        StoreUrl::Sled(path) => Arc::new(sled::SledStore::open(path, config)?),
    })
}

/// Opens the store at `url` to read what is there; every write is refused.
///
/// redb can be read while a gateway works on it, and so can a store on a server. sled has to be free.
pub fn open_to_read(url: &StoreUrl, config: &Config) -> Result<Arc<dyn Store>, StoreError> {
    match url {
        StoreUrl::Redb(path) => Ok(Arc::new(redb::RedbReader::open(path, config)?)),
        StoreUrl::Memory | StoreUrl::Postgres(_) | StoreUrl::Sled(_) => open(url, config),
    }
}

/// Bytes that are free on the disk of a folder.
pub fn free_bytes(folder: &std::path::Path) -> std::io::Result<u64> {
    fs2::available_space(folder)
}

/// What giving free pages back to the disk led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shrunk {
    /// Bytes on the disk before.
    pub before: u64,
    /// Bytes on the disk now.
    pub after: u64,
}

/// Gives the free pages of the store at `url` back to the disk; nobody else may have it open. `None` where there is
/// nothing to do by hand: sled and servers do it themselves.
///
/// Blocks for about as long as it takes to copy the store. Safe to break off.
pub fn shrink(url: &StoreUrl, config: &Config) -> Result<Option<Shrunk>, StoreError> {
    match url {
        StoreUrl::Redb(path) => redb::shrink(path, config).map(Some),
        StoreUrl::Memory | StoreUrl::Postgres(_) | StoreUrl::Sled(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn open_gives_the_adapter_that_the_address_names() {
        let folder = tempfile::tempdir().unwrap();
        let at = |scheme: &str| format!("{scheme}:{}", folder.path().join(scheme).display());
        let addresses =
            [("memory:".to_owned(), "memory", false), (at("redb"), "redb", true), (at("sled"), "sled", true)];
        for (address, name, lasting) in addresses {
            let url: StoreUrl = address.parse().unwrap();
            let config = Config { reserve_bytes: 0, ..Config::default() };
            let store = open(&url, &config).unwrap();
            assert_eq!(store.name(), name);
            let mut batch = WriteBatch::new();
            batch.put(Table::Batches, *b"k", *b"v");
            store.commit(batch).await.unwrap();
            assert!(store.disk_bytes().await.unwrap() > 0, "{name}");
            drop(store);
            let again = open(&url, &config).unwrap().get(Table::Batches, b"k".to_vec()).await.unwrap();
            assert_eq!(again.is_some(), lasting, "{name}");
        }
    }
}

//! The embedded store: sled 0.34.7, with what it lacks put around it.
//!
//! * One transaction over all trees per group, because writes outside of one are seen half done after a kill.
//! * `fdatasync` after sled's `flush`, because that only starts the writing (`writer.rs`).
//! * Values cut into pieces that stay inside the log (`value.rs`).
//! * A mark of what was acknowledged, because sled's recovery drops what it cannot read (`folder.rs`).
//! * Answers that depend on bytes not yet durable wait for them (`gate.rs`).
//!
//! sled's `Mode` is not set: nothing in 0.34.7 reads it. Reads run on the runtime's blocking threads, for they may go
//! to the disk and wait while a group is applied. After a failed write the database is never closed, only left: its
//! destructor would sync again and panic on failure. Reads then still work unless sled wants to reorganise the page
//! that they pass through; the process has to be restarted before another can open the folder.

use std::{fs::OpenOptions, ops::Bound, path::Path, sync::Arc};

use async_trait::async_trait;
use tokio::task::spawn_blocking;

use self::{
    gate::Gate,
    trees::Trees,
    writer::{Sync, Writer},
};
use super::{
    Committed, Config, Damage, Read, Row, Snapshot, Store, StoreError, Table, WriteBatch, batch::fits, folder::Folder,
    group::Queue, staged::Staged,
};

mod gate;
#[cfg(test)]
mod tests;
mod trees;
mod value;
mod writer;

/// A store in a folder. Dropping it waits for the batches under way.
pub(super) struct SledStore {
    queue: Queue,
    reader: Reader,
}

/// The reading half.
#[derive(Clone)]
struct Reader {
    shared: Arc<Shared>,
    limits: Config,
}

/// What readers and the writer use together.
struct Shared {
    gate: Gate,
    trees: Trees,
    folder: Folder,
    reserve_bytes: u64,
}

impl SledStore {
    /// Opens or creates the store in the folder `path`.
    pub(super) fn open(path: &Path, config: &Config) -> Result<Self, StoreError> {
        Self::open_with(path, config, Arc::new(std::fs::File::sync_data))
    }

    fn open_with(path: &Path, config: &Config, sync: Sync) -> Result<Self, StoreError> {
        let folder = Folder::take(path, config)?;
        let (trees, group) = Trees::open(&folder, config)?;
        let database = OpenOptions::new().read(true).write(true).open(path.join("db"));
        let database = database.map_err(|error| StoreError::io("opening the log", error))?;
        sync(&database).map_err(|error| StoreError::io("making the opened store durable", error))?;
        let mark = folder.settle(&["conf", "blobs"], group)?;
        let (next_number, heads) = (trees.next_number()?, trees.heads()?);
        let shared = Arc::new(Shared { gate: Gate::new(group), trees, folder, reserve_bytes: config.reserve_bytes });
        let writer = Writer { shared: Arc::clone(&shared), database, sync, mark, group, next_number, heads };
        Ok(Self { queue: Queue::start(writer, config)?, reader: Reader { shared, limits: config.clone() } })
    }
}

impl Reader {
    /// Runs a read off the executor and holds its answer back until it is durable.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Trees) -> Result<T, StoreError> + Send + 'static,
        touches: impl FnOnce(&T, &Staged) -> bool + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.shared);
        let (found, group) = blocking(move || shared.gate.read(|| read(&shared.trees), touches)).await?;
        if let Some(group) = group {
            self.shared.gate.wait(group).await?;
        }
        Ok(found)
    }
}

#[async_trait]
impl Read for Reader {
    async fn get_many(&self, table: Table, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        fits("list of keys", keys.len(), self.limits.max_read_rows)?;
        let asked = keys.clone();
        let read = move |trees: &Trees| keys.iter().map(|key| trees.get(table, key)).collect();
        self.read(read, move |_, staged| asked.iter().any(|key| staged.get(table, key).is_some())).await
    }

    async fn scan(
        &self,
        table: Table,
        from: Vec<u8>,
        to: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        fits("page", limit, self.limits.max_read_rows)?;
        if limit == 0 || to.as_ref().is_some_and(|to| *to <= from) {
            return Ok(Vec::new());
        }
        let end = to.map_or(Bound::Unbounded, Bound::Excluded);
        let (first, last) = (Bound::Included(from.clone()), end.clone());
        self.read(
            move |trees| trees.scan(table, (first, last), limit),
            move |rows: &Vec<Row>, staged| {
                // A full page says nothing about what lies behind its last row.
                let seen = rows.get(limit - 1).map_or(end, |(key, _)| Bound::Included(key.clone()));
                staged.touches(table, (Bound::Included(from), seen))
            },
        )
        .await
    }

    async fn last(&self, table: Table) -> Result<Option<Vec<u8>>, StoreError> {
        // Any change of the table may be a change of its last key.
        self.read(move |trees| trees.last(table), move |_, staged| staged.touches(table, ..)).await
    }
}

#[async_trait]
impl Store for SledStore {
    fn name(&self) -> &'static str {
        "sled"
    }

    fn reader(&self) -> &dyn Read {
        &self.reader
    }

    async fn commit(&self, batch: WriteBatch) -> Result<Committed, StoreError> {
        self.queue.commit(batch, || self.reader.shared.gate.failure()).await
    }

    async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        // sled has no older versions of its pages: the writer waits as long as the snapshot is there.
        let hold = self.queue.hold().await?;
        Ok(Snapshot::new(self.reader.clone(), hold))
    }

    async fn health(&self) -> Result<(), StoreError> {
        self.queue.open()?;
        let shared = Arc::clone(&self.reader.shared);
        blocking(move || shared.writable(0).and_then(|()| shared.folder.takes_writes())).await
    }

    async fn disk_bytes(&self) -> Result<u64, StoreError> {
        let shared = Arc::clone(&self.reader.shared);
        blocking(move || shared.folder.bytes()).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.queue.close().await;
        Ok(())
    }
}

impl Shared {
    /// Whether `bytes` can be written now.
    fn writable(&self, bytes: u64) -> Result<(), StoreError> {
        if !self.trees.works() {
            self.poison("reorganising pages");
        }
        match self.gate.failure() {
            Some(failure) => Err(failure),
            None => self.folder.has_room(bytes, self.reserve_bytes),
        }
    }

    /// Ends writing for good; only the first cause counts.
    fn poison(&self, after: &'static str) {
        if self.gate.poison(StoreError::Poisoned { after }) {
            // Closing sled would repeat the sync; see the header.
            std::mem::forget(self.trees.clone());
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    // What sled says when it panics may quote keys and values, so it is not passed on.
    let panicked = StoreError::Corrupt { doing: "reading the store", finding: Damage::Panic };
    spawn_blocking(work).await.unwrap_or(Err(panicked))
}

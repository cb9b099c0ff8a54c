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

use std::{
    ops::Bound,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use async_trait::async_trait;
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    task::spawn_blocking,
};

use self::{
    folder::{Folder, Sync},
    gate::Gate,
    trees::{Staged, Trees},
    writer::{Job, Writer},
};
use super::{Config, Damage, Row, Store, StoreError, Table, WriteBatch, batch::fits};

mod folder;
mod gate;
#[cfg(test)]
mod tests;
mod trees;
mod value;
mod writer;

/// A store in a folder. Dropping it waits for the batches under way.
pub(super) struct SledStore {
    shared: Arc<Shared>,
    limits: Config,
    queue: Mutex<Option<mpsc::Sender<Job>>>,
    /// Bytes that the queue may still take.
    room: Arc<Semaphore>,
    writer: Mutex<Option<JoinHandle<()>>>,
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
        let folder = Folder::take(path, sync)?;
        let (trees, group) = Trees::open(&folder, config)?;
        let files = folder.settle(group)?;
        let next_number = trees.next_number()?;
        let shared = Arc::new(Shared { gate: Gate::new(group), trees, folder, reserve_bytes: config.reserve_bytes });
        let (sender, queue) = mpsc::channel(config.max_queued_batches.max(1));
        let writer = Writer { shared: Arc::clone(&shared), limits: config.clone(), files, queue, group, next_number };
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| StoreError::io("starting the writer", error))?;
        Ok(Self {
            shared,
            limits: config.clone(),
            queue: Mutex::new(Some(sender)),
            room: Arc::new(Semaphore::new(queue_bytes(config))),
            writer: Mutex::new(Some(thread)),
        })
    }

    fn sender(&self) -> Result<mpsc::Sender<Job>, StoreError> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or(StoreError::Closed)
    }

    /// Why the writer does not answer.
    fn stopped(&self) -> StoreError {
        self.shared.gate.failure().unwrap_or(StoreError::Closed)
    }

    fn stop(&self) -> Option<JoinHandle<()>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

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
impl Store for SledStore {
    fn name(&self) -> &'static str {
        "sled"
    }

    async fn commit(&self, batch: WriteBatch) -> Result<(), StoreError> {
        batch.within(&self.limits)?;
        let queue = self.sender()?;
        // A batch larger than the whole queue waits until it has the queue to itself.
        let share = batch.bytes().min(queue_bytes(&self.limits)) as u32;
        let room = Arc::clone(&self.room).acquire_many_owned(share).await.map_err(|_| StoreError::Closed)?;
        let (answer, answered) = oneshot::channel();
        queue.send(Job { batch, answer, room }).await.map_err(|_| self.stopped())?;
        // A writer that ended early must not be waited for by its own sender.
        drop(queue);
        answered.await.unwrap_or_else(|_| Err(self.stopped()))
    }

    async fn get_many(&self, table: Table, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        fits("list of keys", keys.len(), self.limits.max_read_rows)?;
        let keys = Arc::new(keys);
        let asked = Arc::clone(&keys);
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

    async fn health(&self) -> Result<(), StoreError> {
        self.sender()?;
        let shared = Arc::clone(&self.shared);
        blocking(move || shared.writable(0)).await
    }

    async fn disk_bytes(&self) -> Result<u64, StoreError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || shared.folder.bytes()).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        if let Some(writer) = self.stop() {
            // The writer catches its panics, so there is nothing to learn from joining it.
            let _ = spawn_blocking(move || writer.join()).await;
        }
        Ok(())
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        if let Some(writer) = self.stop() {
            // As in `close`.
            let _ = writer.join();
        }
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

/// One permit a byte, counted in 32 bits.
fn queue_bytes(limits: &Config) -> usize {
    limits.max_queued_bytes.min(u32::MAX as usize)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    // What sled says when it panics may quote keys and values, so it is not passed on.
    let panicked = StoreError::Corrupt { doing: "reading the store", finding: Damage::Panic };
    spawn_blocking(work).await.unwrap_or(Err(panicked))
}

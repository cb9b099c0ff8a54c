//! The embedded store: redb 4, one file of copy-on-write trees, with what it lacks put around it.
//!
//! * Groups of batches, because each of its commits pays for an fsync (`group.rs`).
//! * A checksum on each value, because it looks at its own checksums only when it opens a file (`seal.rs`).
//! * Its full check at every opening: a damaged file is refused, where a plain open might go on and fall over later.
//! * A mark of what was acknowledged, because it goes back one commit when the last one is damaged (`folder.rs`).
//!
//! Readers see the last durable state and never wait for the writer. After a failed write redb refuses to read as well;
//! the process has to be restarted, and the folder opens with everything that was acknowledged.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use tokio::task::spawn_blocking;

use self::{tables::Tables, writer::Writer};
use super::{
    Committed, Config, Damage, Read, Row, Snapshot, Store, StoreError, Table, WriteBatch, batch::fits, folder::Folder,
    group::Queue,
};

mod tables;
#[cfg(test)]
mod tests;
mod writer;

/// The database's file in the folder.
const FILE: &str = "padan.redb";

/// A store in a folder. Dropping it waits for the batches under way.
pub(super) struct RedbStore {
    queue: Queue,
    reader: Reader,
}

/// What readers and the writer use together.
struct Shared {
    database: redb::Database,
    folder: Folder,
    reserve_bytes: u64,
    /// Why nothing is written any more.
    failure: OnceLock<StoreError>,
}

/// The reading half: of the newest state, or of one.
#[derive(Clone)]
struct Reader {
    shared: Arc<Shared>,
    limits: Config,
    one_state: Option<Arc<Tables>>,
}

impl RedbStore {
    /// Opens or creates the store in the folder `path`.
    pub(super) fn open(path: &Path, config: &Config) -> Result<Self, StoreError> {
        let folder = Folder::take(path, config)?;
        let (database, group) = open_database(&folder, config)?;
        let mark = folder.settle(&[FILE], group)?;
        let (reserve_bytes, failure) = (config.reserve_bytes, OnceLock::new());
        let shared = Arc::new(Shared { database, folder, reserve_bytes, failure });
        let writer = Writer::new(Arc::clone(&shared), mark, group)?;
        let reader = Reader { shared, limits: config.clone(), one_state: None };
        Ok(Self { queue: Queue::start(writer, config)?, reader })
    }
}

#[async_trait]
impl Store for RedbStore {
    fn name(&self) -> &'static str {
        "redb"
    }

    fn reader(&self) -> &dyn Read {
        &self.reader
    }

    async fn commit(&self, batch: WriteBatch) -> Result<Committed, StoreError> {
        self.queue.commit(batch, || self.reader.shared.failure.get().cloned()).await
    }

    async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let shared = Arc::clone(&self.reader.shared);
        let tables = blocking(move || Tables::open(&shared.database)).await?;
        Ok(Snapshot::new(Reader { one_state: Some(Arc::new(tables)), ..self.reader.clone() }, ()))
    }

    async fn health(&self) -> Result<(), StoreError> {
        self.queue.open()?;
        let shared = Arc::clone(&self.reader.shared);
        blocking(move || shared.writable(0)).await
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

#[async_trait]
impl Read for Reader {
    async fn get_many(&self, table: Table, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        fits("list of keys", keys.len(), self.limits.max_read_rows)?;
        self.read(move |tables| keys.iter().map(|key| tables.get(table, key)).collect()).await
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
        self.read(move |tables| tables.scan(table, &from, to.as_deref(), limit)).await
    }

    async fn last(&self, table: Table) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(move |tables| tables.last(table)).await
    }
}

impl Reader {
    /// Runs a read off the executor, on one state.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Tables) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (shared, one_state) = (Arc::clone(&self.shared), self.one_state.clone());
        blocking(move || match one_state {
            Some(tables) => read(&tables),
            None => read(&Tables::open(&shared.database)?),
        })
        .await
    }
}

impl Shared {
    /// Whether `bytes` can be written now.
    fn writable(&self, bytes: u64) -> Result<(), StoreError> {
        match self.failure.get() {
            Some(failure) => Err(failure.clone()),
            None => self.folder.has_room(bytes, self.reserve_bytes),
        }
    }

    /// Ends writing for good; only the first cause counts.
    fn poison(&self, after: &'static str) {
        // Whoever came first has said it.
        let _ = self.failure.set(StoreError::Poisoned { after });
    }
}

/// Opens the database, checks what it holds against the mark, and returns the number of the last group.
///
/// redb asserts some of what it reads; on a damaged file that is a panic, which must not take the program down.
fn open_database(folder: &Folder, config: &Config) -> Result<(redb::Database, u64), StoreError> {
    let panicked = StoreError::Corrupt { doing: "opening the database", finding: Damage::Panic };
    catch_unwind(AssertUnwindSafe(|| {
        let mut builder = redb::Builder::new();
        builder.set_cache_size(usize::try_from(config.cache_bytes).unwrap_or(usize::MAX));
        builder.set_check_integrity_on_open(true);
        let file = folder.path().join(FILE);
        let known = folder.acknowledged()?.is_some();
        if known && !file.try_exists().map_err(|error| StoreError::io("looking for the database", error))? {
            return Err(StoreError::Corrupt { doing: "opening the store", finding: Damage::Empty });
        }
        let database = builder.create(file).map_err(|error| tables::failed("opening the database", error))?;
        let group = tables::prepare(&database, folder)?;
        Ok((database, group))
    }))
    .unwrap_or(Err(panicked))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    // What redb says when it panics may quote keys and values, so it is not passed on.
    let panicked = StoreError::Corrupt { doing: "reading the store", finding: Damage::Panic };
    spawn_blocking(work).await.unwrap_or(Err(panicked))
}

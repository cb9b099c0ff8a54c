//! The embedded store: redb 4, one file of copy-on-write trees, with what it lacks put around it.
//!
//! * Groups of batches, because each of its commits pays for an fsync (`group.rs`).
//! * A checksum on each value, because it looks at its own checksums only when it opens a file (`seal.rs`).
//! * Its full check at every opening: a damaged file is refused, where a plain open might go on and fall over later.
//! * A mark of what was acknowledged, because it goes back one commit when the last one is damaged (`folder.rs`).
//!
//! Readers see the last durable state and never wait for the writer. After a failed write redb refuses to read as well;
//! the process has to be restarted, and the folder opens with everything that was acknowledged. (A disk that fills up is
//! noticed before that: `reserve_bytes`.)

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use tokio::task::spawn_blocking;

use self::{tables::Tables, writer::Writer};
use super::{
    Committed, Config, Damage, Read, Row, Shrunk, Snapshot, Store, StoreError, Table, WriteBatch, batch::fits,
    folder::Folder, group::Queue,
};

mod tables;
#[cfg(test)]
mod tests;
mod writer;

/// The database's file in the folder.
const FILE: &str = "padan.redb";

/// The file while it is created.
const UNFINISHED: &str = "padan.redb.new";

/// A store in a folder. Dropping it waits for the batches under way.
pub(super) struct RedbStore {
    queue: Queue,
    reader: Reader,
}

/// What readers and the writer use together.
struct Shared {
    database: Database,
    folder: Folder,
    reserve_bytes: u64,
    /// Why nothing is written any more.
    failure: OnceLock<StoreError>,
}

/// The file, opened to write or only to read.
enum Database {
    Writes(redb::Database),
    Reads(redb::ReadOnlyDatabase),
}

/// The store as another process sees it while this one only reads.
pub(super) struct RedbReader(Reader);

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
        let mark = match folder.settle(&[FILE], group) {
            Ok(mark) => mark,
            Err(error) => {
                // Closing redb would repeat the sync that failed.
                std::mem::forget(database);
                return Err(error);
            }
        };
        let (reserve_bytes, failure) = (config.reserve_bytes, OnceLock::new());
        let shared = Arc::new(Shared { database: Database::Writes(database), folder, reserve_bytes, failure });
        let writer = Writer::new(Arc::clone(&shared), mark, group)?;
        let reader = Reader { shared, limits: config.clone(), one_state: None };
        Ok(Self { queue: Queue::start(writer, config)?, reader })
    }
}

impl RedbReader {
    /// Opens the store in the folder `path` to read, whether or not a gateway works on it.
    pub(super) fn open(path: &Path, config: &Config) -> Result<Self, StoreError> {
        let folder = Folder::look(path);
        let database = match open_to_read(&folder, config)? {
            // Its last writer was killed, and nobody has opened it since: that has to be put in order first.
            Err(redb::DatabaseError::RepairAborted) => {
                drop(RedbStore::open(path, config)?);
                open_to_read(&folder, config)?
            }
            opened => opened,
        };
        let database = database.map_err(|error| tables::failed("opening the database", error))?;
        // The mark first: the gateway may go on writing.
        let acknowledged = folder.acknowledged()?;
        tables::check(&Tables::open(&database)?, acknowledged)?;
        let (reserve_bytes, failure) = (config.reserve_bytes, OnceLock::new());
        let shared = Arc::new(Shared { database: Database::Reads(database), folder, reserve_bytes, failure });
        Ok(Self(Reader { shared, limits: config.clone(), one_state: None }))
    }
}

#[async_trait]
impl Store for RedbReader {
    fn name(&self) -> &'static str {
        "redb"
    }

    fn reader(&self) -> &dyn Read {
        &self.0
    }

    async fn commit(&self, _: WriteBatch) -> Result<Committed, StoreError> {
        Err(StoreError::ReadOnly)
    }

    async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.0.snapshot().await
    }

    async fn health(&self) -> Result<(), StoreError> {
        Err(StoreError::ReadOnly)
    }

    async fn disk_bytes(&self) -> Result<u64, StoreError> {
        self.0.disk_bytes().await
    }

    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
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
        self.reader.snapshot().await
    }

    async fn held(&self) -> Result<Option<Snapshot>, StoreError> {
        self.reader.snapshot().await.map(Some)
    }

    async fn health(&self) -> Result<(), StoreError> {
        self.queue.open()?;
        let shared = Arc::clone(&self.reader.shared);
        blocking(move || shared.writable(0).and_then(|()| shared.folder.takes_writes())).await
    }

    async fn disk_bytes(&self) -> Result<u64, StoreError> {
        self.reader.disk_bytes().await
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
    async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let shared = Arc::clone(&self.shared);
        let tables = blocking(move || shared.database.tables()).await?;
        Ok(Snapshot::new(Reader { one_state: Some(Arc::new(tables)), ..self.clone() }, ()))
    }

    async fn disk_bytes(&self) -> Result<u64, StoreError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || shared.folder.bytes()).await
    }

    /// Runs a read off the executor, on one state.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Tables) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (shared, one_state) = (Arc::clone(&self.shared), self.one_state.clone());
        blocking(move || match one_state {
            Some(tables) => read(&tables),
            None => read(&shared.database.tables()?),
        })
        .await
    }
}

impl Database {
    /// The last durable state.
    fn tables(&self) -> Result<Tables, StoreError> {
        match self {
            Self::Writes(database) => Tables::open(database),
            Self::Reads(database) => Tables::open(database),
        }
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
        let mut builder = builder(config);
        builder.set_check_integrity_on_open(true);
        let file = folder.path().join(FILE);
        let acknowledged = folder.acknowledged()?;
        let empty = StoreError::Corrupt { doing: "opening the store", finding: Damage::Empty };
        let database = match std::fs::metadata(&file) {
            Ok(found) if found.len() == 0 => return Err(empty),
            Ok(_) => builder.open(file).map_err(|error| tables::failed("opening the database", error))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && acknowledged.is_some() => return Err(empty),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => create(&builder, folder)?,
            Err(error) => return Err(StoreError::io("looking for the database", error)),
        };
        let group = tables::check(&Tables::open(&database)?, acknowledged)?;
        Ok((database, group))
    }))
    .unwrap_or(Err(panicked))
}

/// Moves what is at the end of the file into its free pages, and cuts the file off behind it.
///
/// Each of redb's steps is a commit of its own, which changes no content: the mark stays true.
pub(super) fn shrink(path: &Path, config: &Config) -> Result<Shrunk, StoreError> {
    let doing = "shrinking the store";
    let folder = Folder::take(path, config)?;
    let before = folder.bytes()?;
    let (mut database, group) = open_database(&folder, config)?;
    let shrinking = catch_unwind(AssertUnwindSafe(move || {
        while database.compact().map_err(|error| tables::failed(doing, error))? {}
        Ok(())
    }));
    shrinking.unwrap_or(Err(StoreError::Corrupt { doing, finding: Damage::Panic }))?;
    folder.settle(&[FILE], group)?;
    Ok(Shrunk { before, after: folder.bytes()? })
}

/// Makes a database beside its place and moves it there when it is complete: redb does not open what a power cut left of
/// a file that it was about to create, and nothing was acknowledged in it. It stays open meanwhile: redb does not tell of a
/// sync that fails when it closes.
fn create(builder: &redb::Builder, folder: &Folder) -> Result<redb::Database, StoreError> {
    let failed = |error| StoreError::io("creating the database", error);
    let unfinished = folder.path().join(UNFINISHED);
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let database = builder.create(&unfinished).map_err(|error| tables::failed("creating the database", error))?;
    tables::create(&database)?;
    std::fs::rename(unfinished, folder.path().join(FILE)).map_err(failed)?;
    Ok(database)
}

/// Opens the file to be read; what redb answers, unless it panicked.
fn open_to_read(
    folder: &Folder,
    config: &Config,
) -> Result<Result<redb::ReadOnlyDatabase, redb::DatabaseError>, StoreError> {
    let builder = builder(config);
    let opened = catch_unwind(AssertUnwindSafe(|| builder.open_read_only(folder.path().join(FILE))));
    opened.map_err(|_| StoreError::Corrupt { doing: "opening the database", finding: Damage::Panic })
}

/// One process writes; others may read at the same time (`padan backup`, `digest`, `verify`).
fn builder(config: &Config) -> redb::Builder {
    let mut builder = redb::Builder::new();
    builder.set_cache_size(usize::try_from(config.cache_bytes).unwrap_or(usize::MAX));
    builder.set_concurrency_mode(redb::ConcurrencyMode::SingleWriter);
    builder
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    // What redb says when it panics may quote keys and values, so it is not passed on.
    let panicked = StoreError::Corrupt { doing: "reading the store", finding: Damage::Panic };
    spawn_blocking(work).await.unwrap_or(Err(panicked))
}

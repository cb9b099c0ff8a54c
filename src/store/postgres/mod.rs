//! The store on a server: PostgreSQL 15 or newer, on which several gateways may work at once.
//!
//! * Each table is an SQL table of keys and sealed values in one schema (`schema.rs`); its backup, its replicas and its disk
//!   are the server's.
//! * One row puts the groups of all gateways in order (`writer.rs`), so preconditions hold over all of them and the journal
//!   has no gaps. That row is also the limit: groups are written one after the other, whoever writes them.
//! * A server that is away refuses; the next call tries again. Only a server that came back with less than it acknowledged (a
//!   replica that lagged behind) ends writing.
//! * It must be a server that keeps what it acknowledges: the settings that matter are looked at with each connection.
//!
//! It knows no other user of the database, and it vacuums and backs up nothing.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use tokio::sync::Mutex;
use tokio_postgres::types::Type;

use self::{
    connection::Connection,
    reader::{Pool, Reader},
    server::{Role, Server},
    statement::Ask,
    writer::Writer,
};
use super::{Committed, Config, Damage, Read, Snapshot, Store, StoreError, Table, WriteBatch, group::Queue};

mod address;
mod connection;
mod failure;
mod passfile;
mod reader;
mod schema;
mod server;
mod statement;
#[cfg(test)]
mod tests;
mod tls;
mod writer;

pub use self::address::{PostgresUrl, PostgresUrlError};

const LEAD: &str = "SELECT pg_try_advisory_lock($1)";
const SIZE: &str = "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class \
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'";

/// A store in a schema. Dropping it waits for the batches under way.
pub(super) struct PostgresStore {
    queue: Queue,
    shared: Arc<Shared>,
    reader: Reader,
    pool: Arc<Pool>,
    leading: Mutex<Option<Leading>>,
}

/// What the writer and the rest use together.
struct Shared {
    server: Arc<Server>,
    /// Why nothing is written any more.
    failure: OnceLock<StoreError>,
}

/// The connection that leads or would like to; the lock goes with it.
struct Leading {
    connection: Connection,
    leads: bool,
}

impl PostgresStore {
    /// Opens the store, preparing its tables where they are missing.
    pub(super) fn open(url: &PostgresUrl, config: &Config) -> Result<Self, StoreError> {
        let server = Arc::new(Server::new(url, config)?);
        let opening = Arc::clone(&server);
        server.wait_for(async move {
            let connection = opening.connect(Role::Work).await?;
            schema::prepare(&opening, &connection).await
        })?;
        let pool = Arc::new(Pool::new(Arc::clone(&server)));
        let shared = Arc::new(Shared { server, failure: OnceLock::new() });
        let queue = Queue::start(Writer::new(Arc::clone(&shared)), config)?;
        let reader = Reader::Newest(Arc::clone(&pool));
        Ok(Self { queue, shared, reader, pool, leading: Mutex::new(None) })
    }
}

#[async_trait]
impl Store for PostgresStore {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn reader(&self) -> &dyn Read {
        &self.reader
    }

    async fn commit(&self, batch: WriteBatch) -> Result<Committed, StoreError> {
        self.queue.commit(batch, || self.shared.failure.get().cloned()).await
    }

    async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        Ok(Snapshot::new(self.pool.snapshot().await?, ()))
    }

    async fn health(&self) -> Result<(), StoreError> {
        self.queue.open()?;
        match self.shared.failure.get() {
            Some(failure) => Err(failure.clone()),
            None => self.pool.rows("asking after the server", (Ask::Last, Table::Journal), &[]).await.map(drop),
        }
    }

    async fn disk_bytes(&self) -> Result<u64, StoreError> {
        let doing = "measuring the store";
        let connection = self.shared.server.connect(Role::Work).await?;
        let asking = connection.client().query_typed_one(SIZE, &[]);
        let row = connection.timely(asking).await.map_err(|failure| failure.into_error(doing))?;
        let bytes: i64 = row.try_get(0).map_err(|error| not_ours(&error))?;
        Ok(bytes.unsigned_abs())
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.queue.close().await;
        *self.leading.lock().await = None;
        Ok(())
    }

    fn shared(&self) -> bool {
        true
    }

    async fn lead(&self) -> Result<bool, StoreError> {
        self.queue.open()?;
        let mut leading = self.leading.lock().await;
        let mut held = match leading.take().filter(|held| !held.connection.client().is_closed()) {
            Some(held) => held,
            None => Leading { connection: self.shared.server.connect(Role::Work).await?, leads: false },
        };
        held.leads = held.ask(self.shared.server.lock_number("lead")).await?;
        Ok(leading.insert(held).leads)
    }
}

impl Leading {
    /// Whether the lock is held, or could be taken now.
    async fn ask(&self, lock: i64) -> Result<bool, StoreError> {
        let client = self.connection.client();
        let answer = if self.leads {
            // The lock lives as long as the connection does.
            self.connection.timely(client.check_connection()).await.map(|()| true)
        } else {
            let row = self.connection.timely(client.query_typed_one(LEAD, &[(&lock, Type::INT8)])).await;
            row.and_then(|row| Ok(row.try_get(0)?))
        };
        answer.map_err(|failure| failure.into_error("asking to lead"))
    }
}

/// A row is not of the type that the tables were made with.
fn not_ours(_: &tokio_postgres::Error) -> StoreError {
    StoreError::Corrupt { doing: "reading a row", finding: Damage::Foreign }
}

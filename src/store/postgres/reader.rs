//! Reading: over a few connections that are used in turn, or over one that keeps a state.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use deadpool::managed::{self, Object, PoolConfig, PoolError, QueueMode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::types::ToSql;

use super::{
    connection::Connection,
    server::{Dialler, Role, Server},
    statement::{Ask, Private},
};
use crate::store::{Read, Row, StoreError, Table, batch::fits, seal};

/// Snapshots of one gateway at a time; further ones wait.
const SNAPSHOTS: usize = 4;

/// Takes the state: in REPEATABLE READ that is the first statement's business.
const KEEP: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT value FROM padan_own WHERE name = 'group'";

/// Connections that are used in turn.
pub(super) struct Pool {
    server: Arc<Server>,
    connections: managed::Pool<Dialler>,
    snapshots: Arc<Semaphore>,
}

/// The reading half: of the newest state, or of one.
#[derive(Clone)]
pub(super) enum Reader {
    /// Whatever is newest.
    Newest(Arc<Pool>),
    /// The state that a connection keeps.
    OneState(Arc<OneState>),
}

/// A connection in a transaction that sees one state; the server lets go of it when the connection ends.
pub(super) struct OneState {
    server: Arc<Server>,
    connection: Connection,
    _room: OwnedSemaphorePermit,
}

impl Pool {
    pub(super) fn new(server: Arc<Server>) -> Self {
        let mut config = PoolConfig::new(server.limits().server_connections.clamp(1, 1_000));
        // Few connections then do the work of a quiet hour, with their statements prepared.
        config.queue_mode = QueueMode::Lifo;
        let connections = managed::Pool::builder(Dialler(Arc::clone(&server))).config(config).build();
        let connections = connections.expect("only time-outs would need a runtime");
        Self { server, connections, snapshots: Arc::new(Semaphore::new(SNAPSHOTS)) }
    }

    /// The present state, kept.
    pub(super) async fn snapshot(&self) -> Result<Reader, StoreError> {
        let room = Arc::clone(&self.snapshots).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let connection = self.server.connect(Role::Snapshot).await?;
        connection.execute(KEEP).await.map_err(|failure| failure.into_error("taking a snapshot"))?;
        let server = Arc::clone(&self.server);
        Ok(Reader::OneState(Arc::new(OneState { server, connection, _room: room })))
    }

    /// Runs a statement. One that failed with a connection which had been idle is tried again: the server may have been
    /// restarted since.
    pub(super) async fn rows(
        &self,
        doing: &'static str,
        (ask, table): (Ask, Table),
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<tokio_postgres::Row>, StoreError> {
        loop {
            let connection = self.connections.get().await.map_err(refused)?;
            match connection.rows(ask, table, parameters).await {
                Err(failure) if failure.lost() && Object::metrics(&connection).recycle_count > 0 => {
                    // Connections end together, so the others are not worth a try.
                    self.connections.retain(|_, _| false);
                }
                answer => return answer.map_err(|failure| failure.into_error(doing)),
            }
        }
    }
}

fn refused(error: PoolError<StoreError>) -> StoreError {
    match error {
        PoolError::Backend(error) => error,
        // There are no time-outs and no hooks: connecting has a deadline of its own, and so has a statement.
        PoolError::Closed | PoolError::Timeout(_) | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
            StoreError::Closed
        }
    }
}

impl Reader {
    async fn rows(
        &self,
        doing: &'static str,
        what: (Ask, Table),
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<tokio_postgres::Row>, StoreError> {
        match self {
            Self::Newest(pool) => pool.rows(doing, what, parameters).await,
            Self::OneState(state) => {
                let rows = state.connection.rows(what.0, what.1, parameters).await;
                rows.map_err(|failure| failure.into_error(doing))
            }
        }
    }

    fn max_read_rows(&self) -> usize {
        match self {
            Self::Newest(pool) => pool.server.limits().max_read_rows,
            Self::OneState(state) => state.server.limits().max_read_rows,
        }
    }
}

#[async_trait]
impl Read for Reader {
    async fn get_many(&self, table: Table, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        fits("list of keys", keys.len(), self.max_read_rows())?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.rows("reading keys", (Ask::Many, table), &[&Private(keys.as_slice())]).await?;
        let found: HashMap<Vec<u8>, Vec<u8>> =
            rows.iter().map(|row| opened(table, row)).collect::<Result<_, StoreError>>()?;
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }

    async fn scan(
        &self,
        table: Table,
        from: Vec<u8>,
        to: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        fits("page", limit, self.max_read_rows())?;
        if limit == 0 || to.as_ref().is_some_and(|to| *to <= from) {
            return Ok(Vec::new());
        }
        let (doing, from, limit) = ("scanning a table", Private(from), i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = match to.map(Private) {
            Some(to) => self.rows(doing, (Ask::Range, table), &[&from, &limit, &to]).await?,
            None => self.rows(doing, (Ask::From, table), &[&from, &limit]).await?,
        };
        rows.iter().map(|row| opened(table, row)).collect()
    }

    async fn last(&self, table: Table) -> Result<Option<Vec<u8>>, StoreError> {
        let rows = self.rows("looking for the last key", (Ask::Last, table), &[]).await?;
        rows.first().map(|row| opened(table, row).map(|(key, _)| key)).transpose()
    }
}

/// A row as it was written, or `Corrupt`.
pub(super) fn opened(table: Table, row: &tokio_postgres::Row) -> Result<Row, StoreError> {
    let column = |place| row.try_get::<_, &[u8]>(place).map_err(|error| super::not_ours(&error));
    let (key, stored) = (column(0)?, column(1)?);
    Ok((key.to_vec(), seal::open(table, key, stored)?))
}

//! One connection to the server, and how long its answers are waited for.

use std::{
    future::Future,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use deadpool_postgres::ClientWrapper;
use tokio::time::timeout;
use tokio_postgres::{Client, Statement, types::ToSql};

use super::{
    failure::{Answer, Failure},
    statement::Ask,
};
use crate::store::Table;

/// A connection with the statements that were prepared on it. It ends when this is dropped.
pub(super) struct Connection {
    client: ClientWrapper,
    patience: Duration,
    /// Whether the last request has no answer: whoever asked may have gone, or the connection is lost.
    unanswered: AtomicBool,
}

impl Connection {
    pub(super) fn new(client: ClientWrapper, patience: Duration) -> Self {
        Self { client, patience, unanswered: AtomicBool::new(false) }
    }

    /// Whether it can be used, and waits for no answer that belongs to somebody else.
    pub(super) fn is_idle(&self) -> bool {
        !self.client.is_closed() && !self.unanswered.load(Ordering::Relaxed)
    }

    /// Runs the prepared statement.
    pub(super) async fn rows(
        &self,
        ask: Ask,
        table: Table,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Answer<Vec<tokio_postgres::Row>> {
        let statement = self.prepared(ask, table).await?;
        self.timely(self.client.query(&statement, parameters)).await
    }

    /// The statement, prepared when it is asked for the first time.
    pub(super) async fn prepared(&self, ask: Ask, table: Table) -> Answer<Statement> {
        self.timely(self.client.prepare_cached(&ask.text(table))).await
    }

    /// Waits for a request of [`client`](Self::client), but not for ever.
    pub(super) async fn timely<T>(&self, request: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Answer<T> {
        self.unanswered.store(true, Ordering::Relaxed);
        let answer = within(self.patience, async { Ok(request.await?) }).await;
        self.unanswered.store(answer.as_ref().is_err_and(Failure::lost), Ordering::Relaxed);
        answer
    }

    /// Runs statements that were written here and give nothing back.
    pub(super) async fn execute(&self, text: &str) -> Answer<()> {
        self.timely(self.client.batch_execute(text)).await
    }

    /// What sends requests.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }
}

/// The answer, if it comes in time.
pub(super) async fn within<T>(patience: Duration, request: impl Future<Output = Answer<T>>) -> Answer<T> {
    timeout(patience, request).await.unwrap_or(Err(Failure::Late))
}

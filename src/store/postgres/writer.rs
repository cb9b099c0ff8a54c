//! How a group is written: one transaction that begins by taking its turn among all gateways.
//!
//! Two round trips: one takes the turn and reads what preconditions ask, one writes and commits. A statement sees the state
//! at its own beginning (READ COMMITTED), so what is read behind the lock includes the group of whoever had it before.

use std::{
    collections::{BTreeMap, HashMap},
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::Poll,
};

use futures_util::future::maybe_done;
use tokio_postgres::types::Type;

use super::{
    Shared,
    connection::Connection,
    failure::{Answer, Failure},
    reader::opened,
    server::Role,
    statement::{Ask, Private},
};
use crate::store::{Damage, StoreError, Table, group::Engine, keys::Heads, seal, staged::Staged};

const TURN: &str = "SELECT value FROM padan_own WHERE name = 'group' FOR UPDATE";
const NEXT: &str = "UPDATE padan_own SET value = value + 1 WHERE name = 'group'";

/// The writing half of a store.
pub(super) struct Writer {
    shared: Arc<Shared>,
    /// Without one, the next group connects.
    connection: Option<Connection>,
    before: Before,
    /// The last group that was seen or written.
    group: i64,
}

/// What is known of the state before the group under way.
#[derive(Default)]
struct Before {
    group: i64,
    heads: Heads,
    values: Values,
}

/// Keys with their values or without one.
type Values = HashMap<(Table, Vec<u8>), Option<Vec<u8>>>;

/// Keys to be read, by table.
type Asked = BTreeMap<Table, Vec<Vec<u8>>>;

/// A request that was not sent yet.
type Request<'a> = Pin<Box<dyn Future<Output = Result<Vec<tokio_postgres::Row>, tokio_postgres::Error>> + Send + 'a>>;

impl Writer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, connection: None, before: Before::default(), group: 0 }
    }

    /// Fails for good when the server knows less than it acknowledged.
    fn nothing_is_lost(&mut self, found: i64) -> Result<(), StoreError> {
        if found < self.group {
            let finding = Damage::Lost { lost: self.group.abs_diff(found) };
            let error = StoreError::Corrupt { doing: "beginning a group", finding };
            // Whoever came first has said it.
            let _ = self.shared.failure.set(error.clone());
            return Err(error);
        }
        self.group = found;
        Ok(())
    }
}

impl Engine for Writer {
    fn begin(&mut self, _bytes: u64, asked: &[(Table, &[u8])]) -> Result<(), StoreError> {
        if let Some(failure) = self.shared.failure.get() {
            return Err(failure.clone());
        }
        let mut by_table = Asked::new();
        for (table, key) in asked {
            by_table.entry(*table).or_default().push(key.to_vec());
        }
        let (shared, old) = (Arc::clone(&self.shared), self.connection.take());
        let (connection, before) = shared.server.block_on(begin(&shared, old, &by_table))?;
        // Without the connection the transaction ends, and with it the turn.
        self.nothing_is_lost(before.group)?;
        (self.connection, self.before) = (Some(connection), before);
        Ok(())
    }

    fn get(&mut self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(value) = self.before.values.get(&(table, key.to_vec())) {
            return Ok(value.clone());
        }
        let connection = self.connection.as_ref().ok_or(StoreError::Closed)?;
        let reading = read(connection, table, vec![key.to_vec()]);
        let values = self.shared.server.block_on(reading)?;
        self.before.values.extend(values);
        Ok(self.before.values.get(&(table, key.to_vec())).cloned().flatten())
    }

    fn heads(&mut self) -> Heads {
        self.before.heads
    }

    fn end(&mut self, staged: Staged) -> Result<(), StoreError> {
        self.before.values = Values::new();
        let Some(connection) = self.connection.take() else { return Err(StoreError::Closed) };
        if staged.is_empty() {
            // When it fails, the next group finds out.
            let _ = self.shared.server.block_on(connection.execute("ROLLBACK"));
        } else {
            self.shared.server.block_on(write(&connection, &staged))?;
            self.group += 1;
        }
        self.connection = Some(connection);
        Ok(())
    }

    fn panicked(&mut self) {
        // Whoever came first has said it.
        let _ = self.shared.failure.set(StoreError::Poisoned { after: "writing a group" });
    }
}

/// Takes the turn and reads. A connection that was idle may have ended since: then with a new one.
async fn begin(shared: &Shared, old: Option<Connection>, asked: &Asked) -> Result<(Connection, Before), StoreError> {
    let doing = "beginning a group";
    if let Some(connection) = old.filter(|connection| !connection.client().is_closed()) {
        match take_turn(&connection, asked).await {
            Ok(answers) => return before(asked, &answers).map(|before| (connection, before)),
            Err(failure) if failure.lost() => {}
            Err(failure) => return Err(failure.into_error(doing)),
        }
    }
    let connection = shared.server.connect(Role::Work).await?;
    let answers = take_turn(&connection, asked).await.map_err(|failure| failure.into_error(doing))?;
    before(asked, &answers).map(|before| (connection, before))
}

/// Begins the transaction; the answers are the group's row, the last ones of the journal and the audit log, and the rows of
/// each table.
async fn take_turn(connection: &Connection, asked: &Asked) -> Answer<Vec<Vec<tokio_postgres::Row>>> {
    let client = connection.client();
    let journal = connection.prepared(Ask::Last, Table::Journal).await?;
    let audit = connection.prepared(Ask::Last, Table::Audit).await?;
    let mut reading = Vec::with_capacity(asked.len());
    for (table, keys) in asked {
        reading.push((connection.prepared(Ask::Many, *table).await?, Private(keys.as_slice())));
    }
    let mut requests: Vec<Request<'_>> = vec![
        Box::pin(async { client.batch_execute("BEGIN").await.map(|()| Vec::new()) }),
        Box::pin(client.query_typed(TURN, &[])),
        Box::pin(client.query(&journal, &[])),
        Box::pin(client.query(&audit, &[])),
    ];
    for (statement, keys) in &reading {
        requests.push(Box::pin(async move { client.query(statement, &[keys]).await }));
    }
    let answers = connection.timely(async { Ok(pipelined(requests).await) }).await?;
    Ok(answers.into_iter().skip(1).collect::<Result<_, _>>()?)
}

fn before(asked: &Asked, answers: &[Vec<tokio_postgres::Row>]) -> Result<Before, StoreError> {
    let no_group = StoreError::Corrupt { doing: "beginning a group", finding: Damage::Value };
    let [turn, journal, audit, found @ ..] = answers else { return Err(no_group) };
    let group = turn.first().and_then(|row| row.try_get(0).ok()).ok_or(no_group)?;
    let last = |table: Table| if table == Table::Journal { journal } else { audit }.first();
    let heads = Heads::of(|table| last(table).map(|row| Ok(opened(table, row)?.0)).transpose())?;
    let mut values = Values::new();
    for ((table, keys), rows) in asked.iter().zip(found) {
        values.extend(values_of(*table, keys.clone(), rows)?);
    }
    Ok(Before { group, heads, values })
}

/// What was found for the keys.
fn values_of(table: Table, keys: Vec<Vec<u8>>, rows: &[tokio_postgres::Row]) -> Result<Values, StoreError> {
    let mut values: Values = keys.into_iter().map(|key| ((table, key), None)).collect();
    for row in rows {
        let (key, value) = opened(table, row)?;
        values.insert((table, key), Some(value));
    }
    Ok(values)
}

async fn read(connection: &Connection, table: Table, keys: Vec<Vec<u8>>) -> Result<Values, StoreError> {
    let rows = connection.rows(Ask::Many, table, &[&Private(keys.as_slice())]).await;
    values_of(table, keys, &rows.map_err(|failure| failure.into_error("checking a precondition"))?)
}

/// Writes all changes and commits.
///
/// All of it is sent at once: after a statement that failed, the server takes COMMIT for ROLLBACK, so what was first to
/// fail says what became of the group.
async fn write(connection: &Connection, staged: &Staged) -> Result<(), StoreError> {
    let doing = "writing a group";
    let changes = changes(connection, staged).await.map_err(|failure| failure.into_error(doing))?;
    let client = connection.client();
    let mut requests: Vec<Request<'_>> = Vec::with_capacity(changes.len() + 2);
    for change in &changes {
        requests.push(Box::pin(async move {
            let keys = Private(change.keys.as_slice());
            let values = change.values.as_deref().map(Private);
            match &values {
                Some(values) => client.query(&change.statement, &[&keys, values]).await,
                None => client.query(&change.statement, &[&keys]).await,
            }
        }));
    }
    requests.push(Box::pin(async { client.execute_typed(NEXT, NONE).await.map(|_| Vec::new()) }));
    requests.push(Box::pin(async { client.batch_execute("COMMIT").await.map(|()| Vec::new()) }));
    let before_commit = requests.len() - 1;
    let answers = connection.timely(async { Ok(pipelined(requests).await) }).await;
    let answers = answers.map_err(|failure| failure.into_doubt(doing))?;
    match answers.into_iter().enumerate().find_map(|(place, answer)| Some((place, answer.err()?))) {
        None => Ok(()),
        Some((place, error)) => {
            let failure = Failure::from(error);
            // Refused by the server before it came to COMMIT: nothing was written. Without a word of it, who knows.
            let nothing = place < before_commit && failure.said().is_some();
            Err(if nothing { failure.into_error(doing) } else { failure.into_doubt("committing a group") })
        }
    }
}

/// No parameters.
const NONE: &[(&(dyn tokio_postgres::types::ToSql + Sync), Type)] = &[];

/// Keys of one table that get values, or that go.
struct Change<'a> {
    statement: tokio_postgres::Statement,
    keys: Vec<&'a [u8]>,
    values: Option<Vec<Vec<u8>>>,
}

async fn changes<'a>(connection: &Connection, staged: &'a Staged) -> Answer<Vec<Change<'a>>> {
    let mut changes = Vec::new();
    for (table, staged) in staged.changes() {
        let (mut put, mut values, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        for (key, value) in staged {
            match value {
                Some(value) => {
                    put.push(key.as_slice());
                    values.push(seal::seal(table, key, value));
                }
                None => gone.push(key.as_slice()),
            }
        }
        if !put.is_empty() {
            let statement = connection.prepared(Ask::Put, table).await?;
            changes.push(Change { statement, keys: put, values: Some(values) });
        }
        if !gone.is_empty() {
            let statement = connection.prepared(Ask::Delete, table).await?;
            changes.push(Change { statement, keys: gone, values: None });
        }
    }
    Ok(changes)
}

/// Sends all requests in their order before it waits for the first answer.
async fn pipelined<T>(requests: Vec<Pin<Box<dyn Future<Output = T> + Send + '_>>>) -> Vec<T> {
    let mut sent: Vec<_> = requests.into_iter().map(|request| Box::pin(maybe_done(request))).collect();
    poll_fn(|cx| {
        let ready = sent.iter_mut().map(|request| request.as_mut().poll(cx).is_ready());
        // Every one of them is polled; a request is sent when it is polled for the first time.
        if ready.fold(true, |all, ready| all & ready) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    sent.iter_mut().filter_map(|request| request.as_mut().take_output()).collect()
}

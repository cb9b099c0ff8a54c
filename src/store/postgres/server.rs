//! The way to the server: an address, connections that are set up to be trusted, and a thread that drives them.

use std::{
    collections::HashMap,
    future::Future,
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    runtime::Runtime,
    time::{sleep, timeout},
};
use tokio_postgres::{
    Client, Statement,
    config::SslMode,
    types::{ToSql, Type},
};

use super::{
    address::{PostgresUrl, TlsMode},
    failure::{Answer, Failure},
    statement::Ask,
    tls::Connector,
};
use crate::store::{Config, StoreError, Table};

/// The oldest release that is used and tested.
const OLDEST: u32 = 150_000;
const SESSION: &str = include_str!("../../../schemas/sql/session.sql");

/// The pause before a second attempt to connect; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);
/// The server ends statements itself; this much later it counts as dead.
const GRACE: Duration = Duration::from_secs(5);

/// A server, and the thread on which its connections are driven: callers come and go with runtimes of their own.
pub(super) struct Server {
    url: PostgresUrl,
    tls: Connector,
    limits: Config,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Short statements and transactions.
    Work,
    /// One state, read at the reader's pace.
    Snapshot,
}

/// A connection and the statements prepared on it.
pub(super) struct Connection {
    client: Client,
    statements: Mutex<HashMap<(Ask, Table), Statement>>,
    patience: Duration,
}

impl Server {
    /// Prepares the way; nothing is connected yet.
    pub(super) fn new(url: &PostgresUrl, limits: &Config) -> Result<Self, StoreError> {
        let tls = Connector::new(url)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("store-postgres")
            .enable_all()
            .build()
            .map_err(|error| StoreError::io("starting the thread of the database's connections", error))?;
        Ok(Self { url: url.clone(), tls, limits: limits.clone(), runtime: Some(runtime) })
    }

    /// The limits of the store.
    pub(super) fn limits(&self) -> &Config {
        &self.limits
    }

    /// The schema that holds the store.
    pub(super) fn schema(&self) -> &str {
        &self.url.schema
    }

    /// A number that stands for `purpose` and the schema among the database's advisory locks.
    pub(super) fn lock_number(&self, purpose: &str) -> i64 {
        let name = format!("padan/{purpose}/{}", self.url.schema);
        xxhash_rust::xxh3::xxh3_64(name.as_bytes()).cast_signed()
    }

    /// Runs `work` on a thread that may wait and belongs to no runtime.
    pub(super) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime().block_on(work)
    }

    /// Runs `work` wherever the caller is and waits for it, even on a thread of a runtime.
    pub(super) fn wait_for<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = std::sync::mpsc::channel();
        self.runtime().spawn(async move {
            // Whoever asked waits for it.
            let _ = answer.send(work.await);
        });
        answered.recv().unwrap_or(Err(StoreError::Closed))
    }

    /// A new connection. A server that is just starting or away is tried again until `server_wait_ms` have passed.
    pub(super) async fn connect(self: &Arc<Self>, role: Role) -> Result<Connection, StoreError> {
        let server = Arc::clone(self);
        let connecting = self.runtime().spawn(async move {
            let until = Instant::now() + Duration::from_millis(server.limits.server_wait_ms);
            let mut pause = FIRST_PAUSE;
            loop {
                match server.dial(role).await {
                    Err(Refusal::Away(_)) if Instant::now() + pause < until => sleep(pause).await,
                    Err(Refusal::Away(failure)) => return Err(failure.into_error("connecting to the database")),
                    Err(Refusal::Final(error)) => return Err(error),
                    Ok(connection) => return Ok(connection),
                }
                pause = LONGEST_PAUSE.min(pause * 2);
            }
        });
        connecting.await.unwrap_or(Err(StoreError::Closed))
    }

    async fn dial(&self, role: Role) -> Result<Connection, Refusal> {
        let config = self.config().map_err(Refusal::Final)?;
        let connected = within(self.patience(), async { Ok(config.connect(self.tls.clone()).await?) }).await;
        let (client, driver) = connected.map_err(Refusal::of)?;
        tokio::spawn(async move {
            // Those who wait on the connection are told by their own requests.
            let _ = driver.await;
        });
        let (statements, patience) = (Mutex::default(), self.patience());
        let connection = Connection { client, statements, patience };
        self.set_up(&connection, role).await?;
        Ok(connection)
    }

    /// Sets the session up and looks whether the server keeps what it acknowledges.
    async fn set_up(&self, connection: &Connection, role: Role) -> Result<(), Refusal> {
        let milliseconds = self.limits.server_timeout_ms.to_string();
        let pause = if role == Role::Snapshot { "0" } else { &milliseconds };
        let schema = self.url.schema.as_str();
        let parameters: [(&(dyn ToSql + Sync), Type); 3] =
            [(&schema, Type::TEXT), (&milliseconds, Type::TEXT), (&pause, Type::TEXT)];
        let asked = connection.timely(connection.client.query_typed_one(SESSION, &parameters)).await;
        let row = asked.map_err(Refusal::of)?;
        let wanted: [(&'static str, &'static [&'static str]); 4] = [
            ("fsync", &["on"]),
            ("full_page_writes", &["on"]),
            ("synchronous_commit", &["on", "remote_apply"]),
            ("transaction_read_only", &["off"]),
        ];
        let value = |name: &str| row.try_get::<_, String>(name).map_err(|error| Refusal::of(error.into()));
        for (name, good) in wanted {
            let found = value(name)?;
            if !good.contains(&found.as_str()) {
                return Err(Refusal::Final(StoreError::Setting { name, found, needed: good[0] }));
            }
        }
        let version = value("server_version_num")?;
        if version.parse::<u32>().is_ok_and(|version| version < OLDEST) {
            let name = "server_version_num";
            return Err(Refusal::Final(StoreError::Setting { name, found: version, needed: "150000 or more" }));
        }
        Ok(())
    }

    fn config(&self) -> Result<tokio_postgres::Config, StoreError> {
        let mut config = tokio_postgres::Config::new();
        let Config { server_timeout_ms, server_wait_ms, .. } = self.limits;
        config
            .host(&self.url.host)
            .port(self.url.port)
            .user(&self.url.user)
            .dbname(&self.url.database)
            .application_name("padan")
            .connect_timeout(Duration::from_millis(server_wait_ms.max(1_000)))
            .tcp_user_timeout(Duration::from_millis(server_timeout_ms) + GRACE)
            .keepalives_idle(Duration::from_secs(10))
            .ssl_mode(match self.url.tls {
                TlsMode::Disable => SslMode::Disable,
                _ if self.url.is_socket() => SslMode::Disable,
                TlsMode::Prefer => SslMode::Prefer,
                TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => SslMode::Require,
            });
        if let Some(password) = self.password()? {
            config.password(password);
        }
        Ok(config)
    }

    /// The password: of the address, of the environment, or of the file, which is read each time.
    fn password(&self) -> Result<Option<String>, StoreError> {
        let known = self.url.password.clone().or_else(|| std::env::var("PGPASSWORD").ok());
        match (&self.url.passfile, known) {
            (Some(file), None) => {
                from_file(file, &self.url).map_err(|error| StoreError::io("reading the passfile", error))
            }
            (_, known) => Ok(known),
        }
    }

    fn patience(&self) -> Duration {
        Duration::from_millis(self.limits.server_timeout_ms) + GRACE
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("it is taken only when the server is dropped")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // The last handle may go on a thread of another runtime, which must not wait.
            runtime.shutdown_background();
        }
    }
}

impl Connection {
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
        let known = self.statements.lock().unwrap_or_else(PoisonError::into_inner).get(&(ask, table)).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.timely(self.client.prepare(&ask.text(table))).await?;
        self.statements.lock().unwrap_or_else(PoisonError::into_inner).insert((ask, table), statement.clone());
        Ok(statement)
    }

    /// Waits for a request of [`client`](Self::client), but not for ever.
    pub(super) async fn timely<T>(&self, request: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Answer<T> {
        within(self.patience, async { Ok(request.await?) }).await
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

/// Why a connection was not made.
enum Refusal {
    /// It may be in a moment.
    Away(Failure),
    /// It needs somebody's hand.
    Final(StoreError),
}

impl Refusal {
    /// The server's own words are final, unless it says that it is starting or full.
    fn of(failure: Failure) -> Self {
        let passing =
            failure.said().is_none_or(|said| said.code().code().starts_with("57P") || said.code().code() == "53300");
        if passing { Self::Away(failure) } else { Self::Final(failure.into_error("connecting to the database")) }
    }
}

async fn within<T>(patience: Duration, request: impl Future<Output = Answer<T>>) -> Answer<T> {
    timeout(patience, request).await.unwrap_or(Err(Failure::Late))
}

/// Finds the password in libpq's password file, which others must not be able to read.
fn from_file(file: &Path, url: &PostgresUrl) -> io::Result<Option<String>> {
    use std::os::unix::fs::PermissionsExt;
    let open = std::fs::metadata(file)?.permissions().mode() & 0o077 != 0;
    if open {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "others may read it; `chmod 600` it"));
    }
    let host = if url.is_socket() { "localhost" } else { &url.host };
    let wanted = [host, &url.port.to_string(), &url.database, &url.user];
    let text = std::fs::read_to_string(file)?;
    Ok(text.lines().filter(|line| !line.starts_with('#')).find_map(|line| password_in(line, wanted)))
}

/// The password of a line `HOST:PORT:DATABASE:USER:PASSWORD`, where `*` fits everything and `\` makes a character plain.
fn password_in(line: &str, wanted: [&str; 4]) -> Option<String> {
    let (mut fields, mut plain) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '\\' if !plain => plain = true,
            ':' if !plain && fields.len() < 5 => fields.push(String::new()),
            _ => {
                fields.last_mut()?.push(c);
                plain = false;
            }
        }
    }
    let fits = fields.len() == 5 && fields.iter().zip(wanted).all(|(field, wanted)| field == "*" || field == wanted);
    fits.then(|| fields.swap_remove(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_password_file() {
        let wanted = ["db", "5432", "hub", "padan"];
        let check =
            |line: &str, expected: Option<&str>| assert_eq!(password_in(line, wanted).as_deref(), expected, "{line}");
        check("db:5432:hub:padan:rahasia", Some("rahasia"));
        check("*:*:*:padan:ra:ha\\\\sia\\:", Some("ra:ha\\sia:"));
        check("*:*:*:*:", Some(""));
        check("db:5433:hub:padan:rahasia", None);
        check("db:5432:hub:padan", None);
        check("", None);
    }
}

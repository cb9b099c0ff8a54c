//! The way to the server: an address, connections that are set up to be trusted, and a thread that drives them.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use deadpool_postgres::ClientWrapper;
use tokio::{runtime::Runtime, time::sleep};
use tokio_postgres::{
    config::SslMode,
    types::{ToSql, Type},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    address::{PostgresUrl, TlsMode},
    connection::{Connection, within},
    failure::Failure,
    passfile, tls,
};
use crate::store::{Config, StoreError};

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
    tls: MakeRustlsConnect,
    limits: Config,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

/// Makes connections for the pool, and says which may be used once more.
pub(super) struct Dialler(pub(super) Arc<Server>);

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Short statements and transactions.
    Work,
    /// One state, read at the reader's pace.
    Snapshot,
}

impl Server {
    /// Prepares the way; nothing is connected yet.
    pub(super) fn new(url: &PostgresUrl, limits: &Config) -> Result<Self, StoreError> {
        let tls = tls::connector(url)?;
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
        let driving = tokio::spawn(async move {
            // Those who wait on the connection are told by their own requests.
            let _ = driver.await;
        });
        let connection = Connection::new(ClientWrapper::new(client, driving), self.patience());
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
        let asked = connection.timely(connection.client().query_typed_one(SESSION, &parameters)).await;
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
                passfile::password_for(&self.url, file).map_err(|error| StoreError::io("reading the passfile", error))
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

impl Manager for Dialler {
    type Type = Connection;
    type Error = StoreError;

    async fn create(&self) -> Result<Connection, StoreError> {
        self.0.connect(Role::Work).await
    }

    async fn recycle(&self, connection: &mut Connection, _: &Metrics) -> RecycleResult<StoreError> {
        if connection.is_idle() { Ok(()) } else { Err(RecycleError::message("it ended, or a request is under way")) }
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

//! A whole gateway in this process: store, matcher and server. `serve` and `demo` run it, and so do the tests.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::CliError;
use crate::auth::Changes;
use crate::config::Settings;
use crate::domain::date::Timestamp;
use crate::http::{HttpError, Identity, RunningServer, Served, TlsError, Wiring};
use crate::service::clock::{Clock, SystemClock};
use crate::service::gateway::Gateway;
use crate::service::start::{Missing, StartError, StartWith};
use crate::store::StoreUrl;
use crate::worker::{self, Running};

/// A gateway at work.
pub struct Launched {
    /// The use cases.
    pub gateway: Gateway,
    server: RunningServer,
    matcher: JoinHandle<()>,
    stop: watch::Sender<Running>,
}

/// Why a gateway did not start or end well.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// Models, rules or the store.
    #[error("opening the gateway")]
    Start(#[from] StartError),
    /// The listener, TLS or the server.
    #[error("serving")]
    Http(#[from] HttpError),
    /// The address cannot be listened on.
    #[error("listening on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl LaunchError {
    /// The next step, where there is an obvious one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Http(HttpError::Tls(TlsError::OpenKey { .. })) => {
                Some("chmod 600 the file, and where others may have read it make a new key")
            }
            Self::Http(HttpError::Tls(TlsError::Expired { .. })) => {
                Some("put a new certificate in its place; `padan keys dev --force` makes one for development")
            }
            Self::Http(HttpError::Tls(TlsError::NotYet { .. })) => Some("set the clock of this machine right"),
            Self::Http(HttpError::Tls(_)) => {
                Some("name the files in [http.tls]; `padan keys dev --out keys` makes them for development")
            }
            Self::Http(HttpError::Files(_)) => Some("raise the limit: `ulimit -n 65536`, or LimitNOFILE= of a service"),
            Self::Http(HttpError::Config(_)) => Some(super::SETTINGS_HINT),
            Self::Listen { .. } => Some("choose another port with --listen, or end what listens there"),
            Self::Start(error) => Some(start_hint(error)),
            Self::Http(_) => None,
        }
    }
}

fn start_hint(error: &StartError) -> &'static str {
    match error {
        StartError::Models(_) => {
            "mend the file (config/model/README.md, config/rules/README.md), or leave the setting out to use what is built in"
        }
        StartError::AuditKey { .. } => {
            "`padan keys audit` makes one, for its owner only (chmod 600); without [service] audit_key the log is not signed"
        }
        StartError::NoStore { .. } => {
            "check `store` in the configuration (a path there starts at the file's folder), or name it with --store"
        }
        StartError::Store { .. } => {
            "end the padan that works on this store, or check the folder, its owner and the disk, or the database server; --store names another"
        }
    }
}

/// The configuration of a gateway, and where its store is.
#[derive(Debug, clap::Args)]
pub(super) struct StoreArgs {
    /// The configuration (TOML) of the gateway.
    #[arg(long, value_name = "FILE", env = "PADAN_CONFIG")]
    pub(super) config: PathBuf,
    /// Another store than the configuration names: `redb:PATH`, `sled:PATH`, `postgres://…` or `memory:`.
    #[arg(long, value_name = "URL", env = "PADAN_STORE", hide_env_values = true)]
    pub(super) store: Option<StoreUrl>,
}

impl StoreArgs {
    /// Reads the configuration.
    pub(super) fn settings(&self) -> Result<Settings, CliError> {
        settings(&self.config, self.store.as_ref())
    }

    /// What to open the store with, without a gateway.
    pub(super) fn existing(&self, missing: Missing) -> Result<StartWith, CliError> {
        existing(&self.config, self.store.as_ref(), missing)
    }
}

/// Reads the configuration, with another store than it names where one is given.
fn settings(config: &Path, store: Option<&StoreUrl>) -> Result<Settings, CliError> {
    let mut settings = Settings::read(config).map_err(|error| {
        let doing = format!("reading the configuration {}", config.display());
        CliError::wrong_call(doing, error).hint(Some(super::SETTINGS_HINT))
    })?;
    if let Some(store) = store {
        settings.store = store.clone();
    }
    Ok(settings)
}

/// What to open a store with that is there already, without a gateway.
pub(super) fn existing(config: &Path, store: Option<&StoreUrl>, missing: Missing) -> Result<StartWith, CliError> {
    let settings = settings(config, store)?;
    let service = settings.service();
    Ok(StartWith {
        store: settings.store,
        missing,
        store_limits: settings.store_limits,
        clients: settings.client,
        settings: service,
        models: settings.models,
        clock: Arc::new(SystemClock),
    })
}

/// The store, or what it is read with, cannot be used.
pub(super) fn not_opened(error: StartError) -> CliError {
    let hint = start_hint(&error);
    CliError::failed("opening the store", error).hint(Some(hint))
}

/// The matcher's memory on disk, beside an embedded store.
const INDEX_FILE: &str = "padan.index";

/// Starts everything; returns when the gateway is ready. It stops when `stopped` resolves or [`Launched::stop`] is called.
pub async fn launch(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    metrics: Option<metrics_exporter_prometheus::PrometheusHandle>,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> Result<Launched, LaunchError> {
    let identity = Identity::Files(settings.http.tls.clone());
    let address = settings.http.listen;
    crate::http::make_room(&settings.http).map_err(HttpError::from)?;
    let listen = |address| TcpListener::bind(address).map_err(|source| LaunchError::Listen { address, source });
    let (listener, admin) = (listen(address)?, settings.http.admin_listen.map(listen).transpose()?);
    let mut service = settings.service();
    if service.index_file.is_none() {
        service.index_file = settings.store.folder().map(|folder| folder.join(INDEX_FILE));
    }
    let start = StartWith {
        store: settings.store.clone(),
        missing: Missing::Create,
        store_limits: settings.store_limits.clone(),
        clients: settings.client.clone(),
        settings: service,
        models: settings.models.clone(),
        clock,
    };
    let gateway = start.open().await?;
    let (stop, stopping) = watch::channel(Running::Yes);
    let matcher = worker::start(gateway.clone(), stopping);
    let wiring = Wiring { listener, admin, identity, metrics };
    let server = crate::http::start(gateway.clone(), &settings.http, wiring, stopped)?;
    Ok(Launched { gateway, server, matcher, stop })
}

/// What a reload came to.
#[derive(Debug)]
pub struct Reloaded {
    /// Which clients are other.
    pub clients: Changes,
    /// Until when the certificate is valid, where it is another one; or why the old one stays.
    pub certificate: Result<Option<Timestamp>, TlsError>,
}

/// Takes over from other settings what may change while a gateway works.
pub struct Reloader {
    gateway: Gateway,
    served: Served,
}

impl Reloader {
    /// Puts the clients and the certificate of other settings in the place of those in force. Connections and sessions go
    /// on; those of clients that are gone end. A certificate that cannot be shown leaves the old one in its place.
    pub fn reload(&self, settings: &Settings) -> Reloaded {
        Reloaded {
            clients: self.gateway.replace_clients(settings.client.clone()),
            certificate: self.served.reload(&Identity::Files(settings.http.tls.clone()), Timestamp::now()),
        }
    }
}

impl Launched {
    /// What takes other settings over.
    pub fn reloader(&self) -> Reloader {
        Reloader { gateway: self.gateway.clone(), served: self.server.served() }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Where machines that watch are answered apart, if anywhere.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.server.admin_address()
    }

    /// Waits for the shutdown signal, lets work in flight end, and closes the store.
    pub async fn finished(self) -> Result<(), LaunchError> {
        let ended = self.server.finished().await;
        end(self.gateway, self.matcher, &self.stop).await;
        Ok(ended?)
    }

    /// Stops it now, in the same order.
    pub async fn stop(self) -> Result<(), LaunchError> {
        let ended = self.server.stop().await;
        end(self.gateway, self.matcher, &self.stop).await;
        Ok(ended?)
    }
}

async fn end(gateway: Gateway, matcher: JoinHandle<()>, stop: &watch::Sender<Running>) {
    gateway.settled().await;
    stop.send_replace(Running::Stopping);
    // A matcher that panicked has said so in the log; nothing acknowledged is lost by it.
    let _ = matcher.await;
    gateway.close().await;
}

//! Starting and stopping the server. The listener is made outside and passed in; one signal stops it, and work in
//! flight gets time to end.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpServer, middleware};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::task::JoinHandle;
use tracing_actix_web::TracingLogger;

use super::config::{Config, ConfigError};
use super::frame::{frame, head_as_get};
use super::routes;
use super::span::RouteSpan;
use super::steward::session::{SessionError, Sessions};
use super::tls::{Identity, Served, TlsError, Watch};
use crate::auth::Clients;
use crate::domain::date::Timestamp;
use crate::service::gateway::Gateway;

/// What the server is given by whoever starts it.
pub struct Wiring {
    /// Where to listen; port 0 in tests.
    pub listener: TcpListener,
    /// Certificate and key.
    pub identity: Identity,
    /// Renders `/metrics` for callers who may read reports; without it the path answers 404.
    pub metrics: Option<PrometheusHandle>,
}

/// Why the server did not start, or stopped badly.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The settings would not work.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No certificate to show.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// No randomness for session ids.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The listener cannot be used.
    #[error("the listener cannot be used")]
    Listen(#[source] io::Error),
    /// The server ended with an error.
    #[error("the server ended with an error")]
    Ended(#[source] io::Error),
    /// The server's task was lost.
    #[error("the server's task was lost")]
    Lost(#[source] tokio::task::JoinError),
}

/// A server at work.
#[derive(Debug)]
pub struct RunningServer {
    address: SocketAddr,
    handle: ServerHandle,
    task: JoinHandle<io::Result<()>>,
    served: Served,
    _watch: Watch,
}

impl RunningServer {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the shutdown signal came and the work in flight ended.
    pub async fn finished(self) -> Result<(), HttpError> {
        self.task.await.map_err(HttpError::Lost)?.map_err(HttpError::Ended)
    }

    /// The certificate it shows, to be replaced.
    pub fn served(&self) -> Served {
        self.served.clone()
    }

    /// Stops it now: no new connections, work in flight gets its time.
    pub async fn stop(self) -> Result<(), HttpError> {
        self.handle.stop(true).await;
        self.finished().await
    }
}

/// Starts the gateway's server inside a tokio runtime. It ends when `shutdown` does.
pub fn start(
    gateway: Gateway,
    config: &Config,
    wiring: Wiring,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<RunningServer, HttpError> {
    let clients = gateway.clients_in_force().clone();
    let everything = move |app: &mut ServiceConfig| {
        app.app_data(web::Data::new(gateway.clone()));
    };
    listen(config, wiring, clients, everything, shutdown)
}

/// The server without a gateway behind it, so that refusals can be tested alone.
fn listen(
    config: &Config,
    wiring: Wiring,
    clients: Clients,
    more: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<RunningServer, HttpError> {
    config.check()?;
    let served = Served::load(&wiring.identity, Timestamp::now())?;
    let tls = served.server_config()?;
    let address = wiring.listener.local_addr().map_err(HttpError::Listen)?;
    let shared = routes::Shared::new(config, clients, Sessions::new(&config.limits)?, served.clone(), wiring.metrics);
    let limits = &config.limits;
    let factory = move || {
        let (shared, more) = (shared.clone(), more.clone());
        App::new()
            .wrap(middleware::from_fn(head_as_get))
            .wrap(TracingLogger::<RouteSpan>::new())
            .wrap(middleware::from_fn(frame))
            .configure(|app| shared.configure(app))
            .configure(more)
    };
    let mut server = HttpServer::new(factory)
        .client_request_timeout(Duration::from_secs(limits.head_timeout_s))
        .tls_handshake_timeout(Duration::from_secs(limits.head_timeout_s))
        .keep_alive(Duration::from_secs(limits.keep_alive_s))
        .max_connections(limits.max_connections)
        .shutdown_timeout(limits.stop_timeout_s)
        .shutdown_signal(shutdown);
    if let Some(workers) = config.workers {
        server = server.workers(workers.max(1));
    }
    let server = server.listen_rustls_0_23(wiring.listener, tls).map_err(HttpError::Listen)?.run();
    let handle = server.handle();
    tracing::info!(listen = %address, "the gateway listens");
    Ok(RunningServer { address, handle, task: tokio::spawn(server), _watch: served.watch(), served })
}

#[cfg(test)]
mod tests;

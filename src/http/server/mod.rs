//! Starting and stopping the server. The listener is made outside and passed in; one signal stops it, and work in
//! flight gets time to end.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_http::HttpService;
use actix_service::map_config;
use actix_web::dev::{AppConfig, Server, ServerHandle};
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, middleware};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::task::JoinHandle;
use tracing_actix_web::TracingLogger;

use super::config::{Config, ConfigError};
use super::door::{self, Door, LINGER, UNREAD};
use super::files::{FilesError, make_room};
use super::frame::{frame, head_as_get};
use super::routes;
use super::span::RouteSpan;
use super::steward::session::{SessionError, Sessions};
use super::tls::{Identity, Served, TlsError, Watch};
use crate::auth::Clients;
use crate::domain::date::Timestamp;
use crate::service::gateway::Gateway;

/// Connections that the system keeps until they are taken in.
const BACKLOG: i32 = 4_096;
/// Connections of the second listener.
const ADMIN_CONNECTIONS: usize = 64;

/// What the server is given by whoever starts it.
pub struct Wiring {
    /// Where to listen; port 0 in tests.
    pub listener: TcpListener,
    /// Where machines that watch are answered apart, if anywhere.
    pub admin: Option<TcpListener>,
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
    /// Not enough open files to serve anybody.
    #[error(transparent)]
    Files(#[from] FilesError),
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
    main: Listening,
    admin: Option<Listening>,
    served: Served,
    _watch: Watch,
}

/// A listener at work.
#[derive(Debug)]
struct Listening {
    address: SocketAddr,
    handle: ServerHandle,
    task: JoinHandle<io::Result<()>>,
}

impl Listening {
    async fn finished(self) -> Result<(), HttpError> {
        self.task.await.map_err(HttpError::Lost)?.map_err(HttpError::Ended)
    }
}

impl RunningServer {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.main.address
    }

    /// Where machines that watch are answered apart, if anywhere.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(|admin| admin.address)
    }

    /// Waits until the shutdown signal came and the work in flight ended. Until then it is still said how things are.
    pub async fn finished(self) -> Result<(), HttpError> {
        let ended = self.main.finished().await;
        if let Some(admin) = self.admin {
            admin.handle.stop(true).await;
            admin.finished().await?;
        }
        ended
    }

    /// The certificate it shows, to be replaced.
    pub fn served(&self) -> Served {
        self.served.clone()
    }

    /// Stops it now: no new connections, work in flight gets its time.
    pub async fn stop(self) -> Result<(), HttpError> {
        self.main.handle.stop(true).await;
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
    let room = make_room(config)?;
    let served = Served::load(&wiring.identity, Timestamp::now())?;
    let tls = served.server_config()?;
    let shared = routes::Shared::new(config, clients, Sessions::new(&config.limits)?, served.clone(), wiring.metrics);
    let main = Listener { config, door: Door::new(config, tls.clone(), room), workers: config.workers(), room };
    let (of_main, more_of_main) = (shared.clone(), more.clone());
    let main = main.serve(wiring.listener, shutdown, move |app| {
        of_main.configure(app);
        more_of_main(app);
    })?;
    let admin =
        Listener { config, door: Door::new(config, tls, ADMIN_CONNECTIONS), workers: 1, room: ADMIN_CONNECTIONS };
    let serve_admin = |listener| {
        admin.serve(listener, std::future::pending(), move |app| {
            shared.configure_admin(app);
            more(app);
        })
    };
    let admin = wiring.admin.map(serve_admin).transpose()?;
    tracing::info!(listen = %main.address, admin = ?admin.as_ref().map(|admin| admin.address), "the gateway listens");
    Ok(RunningServer { main, admin, _watch: served.watch(), served })
}

/// How a listener serves.
struct Listener<'a> {
    config: &'a Config,
    door: Door,
    workers: usize,
    room: usize,
}

impl Listener<'_> {
    fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
        configure: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    ) -> Result<Listening, HttpError> {
        let address = listener.local_addr().map_err(HttpError::Listen)?;
        // Who comes in a crowd waits here, and is not sent away to try again a second later.
        socket2::SockRef::from(&listener).listen(BACKLOG).map_err(HttpError::Listen)?;
        let builder = Server::build()
            .workers(self.workers)
            .max_concurrent_connections(self.room.div_ceil(self.workers))
            .shutdown_timeout(self.config.limits.stop_timeout_s)
            .shutdown_signal(shutdown);
        let (stopping, limits, door) = (builder.graceful_shutdown_signal(), self.config.limits.clone(), self.door);
        let factory = move || {
            let (stopping, configure) = (stopping.clone(), configure.clone());
            let app = App::new()
                .wrap(middleware::from_fn(head_as_get))
                .wrap(TracingLogger::<RouteSpan>::new())
                .wrap(middleware::from_fn(frame))
                .configure(configure);
            let http = HttpService::<door::Stream, _, _>::build()
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .keep_alive(Duration::from_secs(limits.keep_alive_s))
                .client_request_timeout(Duration::from_secs(limits.head_timeout_s))
                .client_disconnect_timeout(LINGER)
                .h1_write_buffer_size(UNREAD)
                .secure()
                .on_connect_ext(|stream, data| {
                    data.insert(door::connection_of(stream));
                })
                .finish(map_config(app, |()| AppConfig::default()));
            door.clone().before(http)
        };
        let server = builder.listen("padan", listener, factory).map_err(HttpError::Listen)?.run();
        Ok(Listening { address, handle: server.handle(), task: tokio::spawn(server) })
    }
}

#[cfg(test)]
mod tests;

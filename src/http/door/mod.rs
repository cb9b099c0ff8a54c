//! Between the listener and HTTP: who is let in, how long a handshake may take, and what every connection is held to
//! before and after its caller has shown a right. Knows nothing of routes, callers or pages.

mod config;
mod connection;
mod pace;
mod socket;
mod strangers;
mod wire;
mod words;

#[cfg(test)]
mod tests;

use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_http::Protocol;
use actix_http::error::DispatchError;
use actix_web::dev::{Service, ServiceFactory};
use futures_util::future::{LocalBoxFuture, poll_fn};
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub(crate) use connection::{Connection, LINGER, Turn};

pub use config::Connections;

use super::config::Config;
use connection::{End, Open, Times, Verdict};
use socket::Socket;
use strangers::Strangers;
use wire::{Setup, Wire};
use words::Words;

use crate::telemetry::metric;

/// Bytes that the system keeps of an answer and has not sent: what a reader that does not read costs, and how finely it is
/// seen that a slow one reads.
const UNSENT: u32 = 128 << 10;

/// Bytes of an answer that wait in TLS, and again in HTTP, for a reader.
pub(crate) const UNREAD: usize = 16 << 10;

/// An open connection, as HTTP sees it.
pub(crate) type Stream = Wire<TlsStream<Socket<TcpStream>>>;
/// What the HTTP service is given.
type Opened = (Stream, Protocol, Option<std::net::SocketAddr>);

/// The connection of a stream, for those who see its requests.
pub(crate) fn connection_of(stream: &Stream) -> Arc<Connection> {
    Arc::clone(stream.connection())
}

/// What the workers of one listener share.
#[derive(Clone)]
pub(crate) struct Door {
    acceptor: TlsAcceptor,
    strangers: Arc<Strangers>,
    times: Times,
    handshake: Duration,
    settings: Connections,
}

impl Door {
    /// A door behind which HTTP/2 and HTTP/1.1 are spoken; there is `room` for so many connections.
    pub(crate) fn new(config: &Config, mut tls: ServerConfig, room: usize) -> Self {
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let settings = config.connections.clone();
        let seconds = Duration::from_secs;
        Self {
            acceptor: TlsAcceptor::from(Arc::new(tls)),
            // Those who have shown a right keep half of the room.
            strangers: Strangers::new(&settings, room / 2),
            times: Times {
                head: seconds(config.limits.head_timeout_s),
                keep_alive: seconds(config.limits.keep_alive_s),
                answer: seconds(settings.answer_idle_s),
            },
            handshake: seconds(settings.handshake_timeout_s),
            settings,
        }
    }

    /// Puts the door before an HTTP service.
    pub(crate) fn before<F>(self, http: F) -> Guarded<F> {
        Guarded { door: self, http: Rc::new(http) }
    }

    /// The stream of a new connection, when it comes to that.
    async fn open(&self, socket: TcpStream) -> Option<Opened> {
        let peer = socket.peer_addr().ok()?;
        // So that whoever sent its first bytes along is never taken for one that says nothing.
        tokio::task::yield_now().await;
        // A system without this setting serves as well; a slow reader only costs it more.
        let _ = socket2::SockRef::from(&socket).set_tcp_notsent_lowat(UNSENT);
        let address = peer.ip().to_canonical();
        let connection = Connection::new(address, &self.strangers, self.times, self.settings.max_streams);
        let open = Open::new(connection);
        let mut tls = self.handshake(socket, open.connection()).await?;
        tls.get_mut().1.set_buffer_limit(Some(UNREAD));
        open.connection().opened();
        let http_2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
        let (protocol, words) = if http_2 {
            (Protocol::Http2, Words::Streams(self.settings.max_streams))
        } else {
            (Protocol::Http1, Words::Http1)
        };
        let flood = Duration::from_secs(self.settings.stranger_flood_s);
        let setup = Setup { bytes_per_s: self.settings.stranger_bytes_per_s, flood, words };
        Some((Wire::new(tls, open, setup), protocol, Some(peer)))
    }

    async fn handshake(&self, socket: TcpStream, connection: &Arc<Connection>) -> Option<TlsStream<Socket<TcpStream>>> {
        let accept = self.acceptor.accept(Socket::new(socket, Arc::clone(connection)));
        let end = tokio::select! {
            tls = accept => return tls.ok(),
            () = tokio::time::sleep(self.handshake) => End::Handshake,
            end = ended(connection) => end,
        };
        metrics::counter!(metric::CONNECTIONS_ENDED, "reason" => end.name()).increment(1);
        None
    }
}

/// Resolves when somebody else ends the connection.
async fn ended(connection: &Connection) -> End {
    poll_fn(|cx| {
        connection.listen(cx.waker());
        match connection.verdict(tokio::time::Instant::now()) {
            Verdict::Over(end) => Poll::Ready(end),
            Verdict::Go(_) | Verdict::Deaf => Poll::Pending,
        }
    })
    .await
}

/// An HTTP service behind a door; makes one for each worker.
pub(crate) struct Guarded<F> {
    door: Door,
    http: Rc<F>,
}

impl<F> ServiceFactory<TcpStream> for Guarded<F>
where
    F: ServiceFactory<Opened, Config = (), Response = (), Error = DispatchError> + 'static,
    F::Service: 'static,
{
    type Response = ();
    type Error = DispatchError;
    type Config = ();
    type Service = GuardedService<F::Service>;
    type InitError = F::InitError;
    type Future = LocalBoxFuture<'static, Result<Self::Service, Self::InitError>>;

    fn new_service(&self, (): ()) -> Self::Future {
        let (door, http) = (self.door.clone(), Rc::clone(&self.http));
        Box::pin(async move { Ok(GuardedService { door: Rc::new(door), http: Rc::new(http.new_service(()).await?) }) })
    }
}

/// An HTTP service of one worker, behind a door.
pub(crate) struct GuardedService<S> {
    door: Rc<Door>,
    http: Rc<S>,
}

impl<S> Service<TcpStream> for GuardedService<S>
where
    S: Service<Opened, Response = (), Error = DispatchError> + 'static,
{
    type Response = ();
    type Error = DispatchError;
    type Future = LocalBoxFuture<'static, Result<(), DispatchError>>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.http.poll_ready(cx)
    }

    fn call(&self, socket: TcpStream) -> Self::Future {
        let (door, http) = (Rc::clone(&self.door), Rc::clone(&self.http));
        Box::pin(async move {
            match door.open(socket).await {
                Some(opened) => http.call(opened).await,
                None => Ok(()),
            }
        })
    }
}

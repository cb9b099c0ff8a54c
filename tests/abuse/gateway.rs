//! A gateway in a process of its own with short deadlines, and ways to reach it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use padan::config::Settings;
use padan::store::StoreUrl;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::{Process, free_address, settings};

/// One gateway at a time: what is measured is not another test's.
static ALONE: Mutex<()> = Mutex::new(());

/// A gateway that listens.
pub(crate) struct Gateway {
    pub(crate) process: Process,
    pub(crate) target: Target,
    /// Where machines that watch are answered apart.
    pub(crate) admin: Target,
    _dir: tempfile::TempDir,
    _alone: MutexGuard<'static, ()>,
}

/// An address and who vouches for it.
#[derive(Clone)]
pub(crate) struct Target {
    address: SocketAddr,
    roots: Arc<rustls::RootCertStore>,
}

pub(crate) type Tls = TlsStream<TcpStream>;

/// A gateway's configuration in a folder of its own, and a way to start it.
pub(crate) struct Prepared {
    pub(crate) config: PathBuf,
    settings: Settings,
    dir: tempfile::TempDir,
}

/// Deadlines of one or two seconds, and what `change` makes of them.
pub(crate) fn prepare(change: impl FnOnce(&mut Settings)) -> Prepared {
    let dir = tempfile::tempdir().expect("a folder");
    let mut settings = settings(dir.path(), StoreUrl::Memory);
    settings.http.listen = free_address();
    settings.http.admin_listen = Some(free_address());
    if !crate::load::full() {
        let http = &mut settings.http;
        (http.limits.head_timeout_s, http.limits.keep_alive_s, http.limits.sign_in_timeout_s) = (1, 2, 2);
        (http.connections.handshake_timeout_s, http.connections.answer_idle_s) = (2, 2);
        http.connections.stranger_flood_s = 2;
    }
    change(&mut settings);
    let config = dir.path().join("padan.toml");
    std::fs::write(&config, toml::to_string(&settings).expect("TOML")).expect("written");
    Prepared { config, settings, dir }
}

impl Prepared {
    /// Starts the command.
    pub(crate) fn start(self, command: Command) -> Gateway {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let process = Process::launch(command);
        assert!(process.listens(), "the gateway did not come to listen:\n{}", process.told());
        let mut roots = rustls::RootCertStore::empty();
        let ca = CertificateDer::from_pem_file(self.dir.path().join("ca.pem")).expect("the CA");
        roots.add(ca).expect("a root");
        let at = |address| Target { address, roots: Arc::new(roots.clone()) };
        let http = &self.settings.http;
        let (target, admin) = (at(http.listen), at(http.admin_listen.expect("it has one")));
        Gateway { process, target, admin, _dir: self.dir, _alone: alone }
    }
}

/// A gateway with short deadlines.
pub(crate) fn start() -> Gateway {
    with(|_| {})
}

/// The same with other settings.
pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Gateway {
    let prepared = prepare(change);
    let command = Process::serve(&prepared.config);
    prepared.start(command)
}

impl Gateway {
    /// Whether it says something, now or in a moment.
    pub(crate) async fn tells(&self, text: &str) -> bool {
        let told = async {
            while !self.process.told().contains(text) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), told).await.is_ok()
    }

    /// Megabytes that the process holds.
    pub(crate) fn megabytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has memory");
        line.trim().trim_end_matches(" kB").trim().parse::<u64>().expect("a number") / 1024
    }

    /// Files and sockets that it has open.
    pub(crate) fn open_files(&self) -> u64 {
        std::fs::read_dir(format!("/proc/{}/fd", self.process.id())).expect("it runs").count() as u64
    }

    /// Seconds of processor time that the process has used.
    pub(crate) fn processor_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).expect("it runs");
        let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
        let ticks = |at: usize| fields[at].parse::<f64>().expect("a number");
        (ticks(11) + ticks(12)) / 100.0
    }
}

impl Target {
    /// A socket, and nothing said on it.
    pub(crate) async fn tcp(&self) -> io::Result<TcpStream> {
        TcpStream::connect(self.address).await
    }

    /// A connection on which a protocol (`h2`, `http/1.1`) is agreed.
    pub(crate) async fn tls(&self, protocol: &str) -> io::Result<Tls> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("TLS 1.3")
            .with_root_certificates(Arc::clone(&self.roots));
        let mut config = config.with_no_client_auth();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let name = "localhost".try_into().expect("a name");
        TlsConnector::from(Arc::new(config)).connect(name, self.tcp().await?).await
    }

    /// Sends the bytes of a request on a connection of its own; the answer, until the connection is closed.
    pub(crate) async fn ask(&self, request: &[u8]) -> io::Result<String> {
        let mut tls = self.tls("http/1.1").await?;
        tls.write_all(request).await?;
        Ok(rest(&mut tls).await)
    }

    /// An honest caller that comes anew: whether it was answered.
    pub(crate) async fn is_served(&self) -> bool {
        let asked = self.ask(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        let answer = tokio::time::timeout(Duration::from_secs(15), asked).await;
        answer.is_ok_and(|answer| answer.is_ok_and(|text| text.starts_with("HTTP/1.1 200 ")))
    }
}

/// Everything until the end, however that comes.
pub(crate) async fn rest(tls: &mut Tls) -> String {
    let mut bytes = Vec::new();
    // Whoever is cut off has read what came before.
    let _ = tls.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

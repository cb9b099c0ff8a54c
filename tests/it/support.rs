//! The app is one builder away: a running gateway on loopback over TLS, a fresh store, and clients by role.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use padan::audit::{KeyKind, SigningKey};
use padan::auth::{Client, Directory, Right, token_hash};
use padan::cli::keys::DevKeys;
use padan::cli::launch::{Launched, launch};
use padan::cli::output::{Access, write_file};
use padan::config::Settings;
use padan::domain::agency::{AgencyId, AgencyKind};
use padan::domain::date::{Date, Timestamp};
use padan::service::clock::SystemClock;
use padan::store::StoreUrl;
use serde_json::Value;

/// The day the sample worlds are of.
pub(crate) const AS_OF: Date = Date::constant(2025, 11, 20);

/// A client: name, token, agency, rights.
type Role = (&'static str, &'static str, Option<(&'static str, AgencyKind)>, &'static [Right]);

/// Clients of every test gateway.
const CLIENTS: &[Role] = &[
    ("dinsos", "kode-dinsos", Some(("dinsos-3201", AgencyKind::Dinsos)), &[Right::Push]),
    ("disdik", "kode-disdik", Some(("disdik-3201", AgencyKind::Disdik)), &[Right::Push]),
    ("dinkes", "kode-dinkes", Some(("dinkes-3201", AgencyKind::Dinkes)), &[Right::Push]),
    ("bank", "kode-bank", Some(("bank-009", AgencyKind::Bank)), &[Right::Push]),
    ("petugas", "kode-petugas", None, &[Right::Review, Right::Persons, Right::Reports]),
    ("petugas-dua", "kode-petugas-dua", None, &[Right::Review, Right::Persons, Right::Reports]),
    ("pembaca", "kode-pembaca", None, &[Right::Reports]),
    ("auditor", "kode-auditor", None, &[Right::Audit]),
];

/// An address on loopback that nobody listens on.
pub(crate) fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port")
}

/// Settings of a test gateway in `dir`: certificates are made there, the port is free.
pub(crate) fn settings(dir: &Path, store: StoreUrl) -> Settings {
    let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let keys = DevKeys::generate(&["127.0.0.1".to_owned(), "localhost".to_owned()], today).expect("keys");
    keys.write(dir).expect("key files");
    let mut settings = Settings { store, ..Settings::default() };
    settings.http.tls.cert = dir.join("server.pem");
    settings.http.tls.key = dir.join("server-key.pem");
    settings.http.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    settings.http.workers = Some(2);
    settings.service.as_of = Some(AS_OF);
    let audit_key = SigningKey::new("padan.test/audit".parse().expect("a name"), KeyKind::Log, [7; 32]);
    write_file(&dir.join("audit.key"), Access::Private, audit_key.to_text().as_bytes()).expect("a key");
    std::fs::write(dir.join("audit.pub"), audit_key.verifier_key().to_string()).expect("a key");
    settings.service.audit_key = Some(dir.join("audit.key"));
    settings.store_limits.cache_bytes = 64 << 20;
    let clients: Vec<Client> = CLIENTS
        .iter()
        .map(|(name, token, agency, rights)| Client {
            name: (*name).to_owned(),
            token_sha256: token_hash(token),
            rights: rights.to_vec(),
            agency: agency.map(|(id, _)| AgencyId::new(id).expect("a good id")),
            kind: agency.map(|(_, kind)| kind),
            regions: Vec::new(),
            purpose: None,
        })
        .collect();
    settings.client = Directory::new(&clients).expect("good clients");
    settings
}

/// A gateway in this process.
pub(crate) struct TestApp {
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) launched: Option<Launched>,
    dir: tempfile::TempDir,
    address: SocketAddr,
}

impl TestApp {
    /// On the memory store.
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    /// With other settings.
    pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let mut settings = settings(dir.path(), StoreUrl::Memory);
        change(&mut settings);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
        let launched = runtime
            .block_on(launch(&settings, Arc::new(SystemClock), None, std::future::pending()))
            .expect("the gateway starts");
        let address = launched.address();
        Self { runtime, launched: Some(launched), dir, address }
    }

    /// A client with the token of a role; `""` sends none.
    pub(crate) fn client(&self, role: &str) -> TestClient {
        let client = TestClient::new(self.address, &self.dir.path().join("ca.pem"), role);
        TestClient { settles: Some((self.runtime.handle().clone(), self.gateway())), ..client }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The file of its certificate authority.
    pub(crate) fn ca(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    /// The public key of its audit log.
    pub(crate) fn audit_key(&self) -> PathBuf {
        self.dir.path().join("audit.pub")
    }

    /// The use cases, to look behind the interface.
    pub(crate) fn gateway(&self) -> padan::service::gateway::Gateway {
        self.launched.as_ref().expect("running").gateway.clone()
    }

    /// Returns when everything pushed is matched.
    pub(crate) fn settle(&self) {
        let gateway = self.gateway();
        self.runtime.block_on(async move { gateway.settled().await });
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let Some(launched) = self.launched.take() else { return };
        let waiting = launched.gateway.waiting_rows();
        let stopped = self.runtime.block_on(launched.stop());
        if !std::thread::panicking() {
            stopped.expect("the gateway stops");
            assert_eq!(waiting, 0, "work was left in the queue");
        }
    }
}

/// An HTTP client of one role.
#[derive(Clone)]
pub(crate) struct TestClient {
    agent: ureq::Agent,
    base: String,
    token: Option<String>,
    ca: Vec<u8>,
    /// Answers do not wait for what was pushed before; this client does.
    settles: Option<(tokio::runtime::Handle, padan::service::gateway::Gateway)>,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) text: String,
    /// The cookie that it sets first, as it is sent back.
    pub(crate) cookie: Option<String>,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON ({}): {}", self.status, self.text))
    }

    /// Asserts a status, showing the body otherwise.
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

impl TestClient {
    pub(crate) fn new(address: SocketAddr, ca: &Path, role: &str) -> Self {
        let pem = std::fs::read(ca).expect("the CA");
        let certificate = ureq::tls::Certificate::from_pem(&pem).expect("PEM");
        let roots = ureq::tls::RootCerts::new_with_certs(&[certificate]);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls =
            ureq::tls::TlsConfig::builder().root_certs(roots).unversioned_rustls_crypto_provider(provider).build();
        let agent = ureq::Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_mins(1)))
            .build()
            .new_agent();
        let token = CLIENTS.iter().find(|(name, ..)| *name == role).map(|(_, token, ..)| (*token).to_owned());
        Self { agent, base: format!("https://{address}"), token, ca: pem, settles: None }
    }

    /// A TLS connection, to write bytes by hand.
    pub(crate) fn raw(&self) -> rustls::StreamOwned<rustls::ClientConnection, std::net::TcpStream> {
        use rustls::pki_types::pem::PemObject;
        let mut roots = rustls::RootCertStore::empty();
        let authority = rustls::pki_types::CertificateDer::from_pem_slice(&self.ca).expect("PEM");
        roots.add(authority).expect("a CA");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("TLS 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = "localhost".try_into().expect("a name");
        let connection = rustls::ClientConnection::new(Arc::new(config), name).expect("a client");
        let host = self.base.trim_start_matches("https://");
        let stream = std::net::TcpStream::connect(host).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
        rustls::StreamOwned::new(connection, stream)
    }

    /// The same client, which takes answers as they are.
    pub(crate) fn without_waiting(mut self) -> Self {
        self.settles = None;
        self
    }

    /// The same client with another token.
    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// Returns when everything acknowledged so far is matched.
    fn settle(&self) {
        if let Some((runtime, gateway)) = &self.settles {
            runtime.block_on(gateway.settled());
        }
    }

    /// Returns when a gateway in another process, asked with a token that may see the overview, has matched what waits.
    pub(crate) fn settled(&self) -> &Self {
        let until = std::time::Instant::now() + Duration::from_mins(1);
        let waits = || {
            let overview = self.get("/v1/overview").expect(200).json();
            // Of those that another gateway took nobody else counts the rows.
            let batches = overview["batches"].as_array().expect("a list");
            overview["waiting_rows"] != 0 || batches.iter().any(|batch| batch["evaluated"] != true)
        };
        while waits() {
            assert!(std::time::Instant::now() < until, "rows still wait to be matched");
            std::thread::sleep(Duration::from_millis(20));
        }
        self
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.settle();
        let request = self.agent.get(format!("{}{path}", self.base));
        let request = match &self.token {
            Some(token) => request.header("Authorization", format!("Bearer {token}")),
            None => request,
        };
        read(request.call().expect("an answer"))
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.try_send(method, path, headers, body).expect("an answer")
    }

    /// As [`TestClient::send`], for servers that may be dead.
    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, ureq::Error> {
        self.settle();
        let uri = format!("{}{path}", self.base);
        let mut request = ureq::http::Request::builder().method(method).uri(uri);
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.agent.run(request.body(body).expect("a request")).map(read)
    }

    /// Sends a form as a browser does, with what else its headers say.
    pub(crate) fn form(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let usual = [("Content-Type", "application/x-www-form-urlencoded"), ("Origin", self.base.as_str())];
        self.send("POST", path, &[&usual, headers].concat(), body.as_bytes())
    }

    /// Signs in with an access code; the answer is the session's cookie.
    pub(crate) fn sign_in(&self, code: &str) -> String {
        let answer = self.form("/masuk", &[], &format!("kode={code}")).expect(303);
        answer.cookie.expect("a session")
    }

    /// A page, for whoever has a session.
    pub(crate) fn page(&self, path: &str, cookie: &str) -> Answer {
        self.send("GET", path, &[("Accept", "text/html"), ("Cookie", cookie)], b"")
    }

    /// Pushes rows with an idempotency key.
    pub(crate) fn push(&self, feed: &str, key: &str, body: &str) -> Answer {
        let headers = [("Content-Type", "application/x-ndjson"), ("Idempotency-Key", key)];
        self.send("POST", &format!("/v1/feeds/{feed}/batches"), &headers, body.as_bytes())
    }

    /// Sends JSON with an idempotency key.
    pub(crate) fn json(&self, method: &str, path: &str, key: &str, body: &Value) -> Answer {
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key)];
        self.send(method, path, &headers, body.to_string().as_bytes())
    }
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Answer {
    let status = response.status().as_u16();
    let value = |v: &ureq::http::HeaderValue| v.to_str().unwrap_or_default().to_owned();
    let kind = response.headers().get("content-type").map(value).unwrap_or_default();
    let cookie = response.headers().get("set-cookie").map(value);
    let cookie = cookie.and_then(|cookie| cookie.split(';').next().map(str::to_owned));
    let text = response.body_mut().with_config().limit(256 << 20).read_to_string().unwrap_or_default();
    Answer { status, kind, text, cookie }
}

/// A gateway in a process of its own, with everything it says.
pub(crate) struct Process {
    child: Child,
    told: Arc<Mutex<String>>,
    heard: std::sync::mpsc::Receiver<()>,
}

impl Process {
    /// Starts `padan serve` and returns when it listens.
    pub(crate) fn start(config: &Path) -> Self {
        let process = Self::launch(Self::serve(config));
        assert!(process.listens(), "the gateway did not come to listen:\n{}", process.told());
        process
    }

    /// `padan serve`, not started yet.
    pub(crate) fn serve(config: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_padan"));
        command.args(["serve", "--config"]).arg(config);
        command
    }

    /// Starts a gateway and does not wait for it.
    pub(crate) fn launch(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the gateway starts");
        let told = Arc::new(Mutex::new(String::new()));
        let (listens, heard) = std::sync::mpsc::channel();
        let lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let log = told.clone();
        // Somebody has to read what it says, or the gateway would wait for us.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let ready = line.contains("padan listens on");
                let mut log = log.lock().expect("nobody panics with it");
                log.push_str(&line);
                log.push('\n');
                drop(log);
                if ready {
                    // Nobody waits for it twice.
                    let _ = listens.send(());
                }
            }
        });
        Self { child, told, heard }
    }

    /// Waits until it listens; says whether it came to that.
    pub(crate) fn listens(&self) -> bool {
        self.heard.recv_timeout(Duration::from_mins(1)).is_ok()
    }

    /// Sends it a signal by its name: `HUP`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().expect("`kill` runs");
        assert!(sent.success(), "{name}");
    }

    /// Returns when it has said something for the `times`-th time.
    pub(crate) fn says(&self, words: &str, times: usize) {
        let until = std::time::Instant::now() + Duration::from_secs(30);
        while self.told().matches(words).count() < times {
            assert!(std::time::Instant::now() < until, "it did not say '{words}':\n{}", self.told());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it said so far.
    pub(crate) fn told(&self) -> String {
        self.told.lock().expect("nobody panics with it").clone()
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn end(mut self) {
        let asked = Command::new("kill").arg(self.id().to_string()).status().expect("`kill` runs");
        assert!(asked.success() && self.child.wait().expect("dead").success(), "{}", self.told());
    }

    /// Ends it at once (SIGKILL).
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("dead");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A test that failed leaves no process behind; one that ended it already has nothing left to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file under `tests/data`.
pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// The role that sends a feed.
pub(crate) fn sender(feed: &str) -> &'static str {
    match feed.split('-').next() {
        Some("dinsos") => "dinsos",
        Some("disdik") => "disdik",
        Some("dinkes") => "dinkes",
        _ => "bank",
    }
}

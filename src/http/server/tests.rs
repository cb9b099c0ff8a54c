//! The real server, over TLS on a port of its own, without a gateway behind it: refusals that come before any use case.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusBuilder;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tokio::sync::oneshot;

use super::*;
use crate::http::config::Limits;
use crate::http::steward::samples;

struct TestServer {
    running: RunningServer,
    stop: oneshot::Sender<()>,
    client: Arc<ClientConfig>,
}

/// An answer, taken apart.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}: ")));
        line.and_then(|line| line.split_once(": ")).map(|(_, value)| value)
    }

    fn code(&self) -> String {
        let document: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        document["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl TestServer {
    fn start(limits: Limits) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        let cert_pem = made.cert.pem().into_bytes();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&cert_pem).expect("PEM")).expect("a root");
        let client = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("TLS 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let wiring = Wiring {
            listener: TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port"),
            admin: None,
            identity: Identity::Memory { cert_pem, key_pem: made.signing_key.serialize_pem().into_bytes() },
            metrics: Some(PrometheusBuilder::new().build_recorder().handle()),
        };
        let config = Config { workers: Some(1), limits, ..Config::default() };
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move {
            let _ = stopped.await;
        };
        let running = listen(&config, wiring, Clients::new(samples::directory()), |_| {}, shutdown).expect("it starts");
        Self { running, stop, client: Arc::new(client) }
    }

    /// Sends the pieces of a request and reads the answer; a blocking client on a thread of its own.
    async fn send(&self, pieces: Vec<Vec<u8>>) -> Answer {
        let (address, client) = (self.running.address(), Arc::clone(&self.client));
        tokio::task::spawn_blocking(move || {
            let name = "localhost".try_into().expect("a name");
            let tls = ClientConnection::new(client, name).expect("a client");
            let socket = TcpStream::connect(address).expect("it listens");
            socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a time");
            let mut stream = StreamOwned::new(tls, socket);
            for piece in pieces {
                if stream.write_all(&piece).and_then(|()| stream.flush()).is_err() {
                    break;
                }
            }
            let mut bytes = Vec::new();
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut buffer) {
                bytes.extend_from_slice(&buffer[..count]);
            }
            parse(&bytes)
        })
        .await
        .expect("the client thread ends")
    }

    async fn request(&self, head: &str, body: &[u8]) -> Answer {
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let head = format!("{head}\r\nHost: localhost\r\nConnection: close\r\n{length}\r\n");
        self.send(vec![head.into_bytes(), body.to_vec()]).await
    }

    async fn stop(self) {
        self.stop.send(()).expect("it still runs");
        self.running.finished().await.expect("it ends well");
    }
}

fn parse(bytes: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

const TOKEN: &str = "\r\nAuthorization: Bearer dinsos-token";
const STEWARD: &str = "\r\nAuthorization: Bearer steward-token";
const NDJSON: &str = "\r\nContent-Type: application/x-ndjson";
const JSON: &str = "\r\nContent-Type: application/json";
const KEY: &str = "\r\nIdempotency-Key: k1";

#[tokio::test]
async fn refusals_that_come_before_any_use_case() {
    let server = TestServer::start(Limits { max_record_bytes: 64, max_document_bytes: 64, ..Limits::default() });
    let push = "POST /v1/feeds/dinsos-anggota-keluarga/batches HTTP/1.1";
    let record = "POST /v1/feeds/dinsos-anggota-keluarga/records HTTP/1.1";
    let lookup = "POST /v1/persons/lookup HTTP/1.1";
    let long = "x".repeat(200);
    for (head, body, status, code) in [
        (push.to_owned(), "{}", 401, "UNAUTHENTICATED"),
        (format!("{push}\r\nAuthorization: Bearer nobody"), "{}", 401, "UNAUTHENTICATED"),
        (format!("{push}\r\nAuthorization: Basic ZGluc29z"), "{}", 401, "UNAUTHENTICATED"),
        (format!("{push}{TOKEN}{NDJSON}"), "{}", 400, "IDEMPOTENCY_KEY_MISSING"),
        (format!("{push}{TOKEN}{NDJSON}\r\nIdempotency-Key: {long}"), "{}", 400, "IDEMPOTENCY_KEY_INVALID"),
        (format!("{}{TOKEN}{NDJSON}{KEY}", push.replace("dinsos-anggota-keluarga", "x")), "{}", 404, "FEED_UNKNOWN"),
        (format!("{push}{TOKEN}{JSON}{KEY}"), "{}", 415, "MEDIA_TYPE"),
        (format!("{push}{TOKEN}{NDJSON}{KEY}\r\nContent-Encoding: gzip"), "{}", 415, "MEDIA_TYPE"),
        (format!("{record}{TOKEN}{JSON}{KEY}"), &long, 413, "BODY_TOO_LARGE"),
        (format!("{record}{TOKEN}{JSON}{KEY}"), "", 400, "BODY_EMPTY"),
        (format!("{record}{TOKEN}{JSON}{KEY}"), "{\"nik\":", 400, "BODY_NOT_JSON"),
        (format!("{lookup}{TOKEN}{JSON}"), "{}", 403, "FORBIDDEN"),
        (format!("{lookup}{STEWARD}{JSON}"), "{}", 422, "FIELD_INVALID"),
        (format!("{lookup}{STEWARD}{JSON}"), "{\"nik\": 1}", 422, "FIELD_INVALID"),
        (format!("GET /v1/persons/3201014107709001 HTTP/1.1{STEWARD}"), "", 404, "NOT_FOUND"),
        (format!("GET /v1/cases?limit=0 HTTP/1.1{STEWARD}"), "", 400, "QUERY_INVALID"),
        (format!("GET /v1/cases?nik=3201014107709001 HTTP/1.1{STEWARD}"), "", 400, "QUERY_INVALID"),
        (format!("GET /v1/reports/complementarity?as_of=2025-02-30 HTTP/1.1{STEWARD}"), "", 400, "QUERY_INVALID"),
        (format!("GET /v1/reports/complementarity?kind=loud HTTP/1.1{STEWARD}"), "", 400, "QUERY_INVALID"),
        (
            format!("POST /v1/cases/C1-2/verdict HTTP/1.1{STEWARD}{JSON}{KEY}"),
            "{\"putusan\":\"GABUNGKAN\",\"alasan\":\" \"}",
            422,
            "FIELD_INVALID",
        ),
        (format!("PUT /v1/feeds/bank-rekening/completeness HTTP/1.1{TOKEN}{JSON}{KEY}"), "[]", 403, "WRONG_FEED"),
        (
            format!("PUT /v1/feeds/dinsos-anggota-keluarga/completeness HTTP/1.1{TOKEN}{JSON}{KEY}"),
            "[]",
            400,
            "BODY_EMPTY",
        ),
        (format!("{}{TOKEN}{KEY}", push.replace("dinsos-anggota-keluarga", "bank-rekening")), "{}", 403, "WRONG_FEED"),
        (format!("{}{TOKEN}{KEY}", record.replace("dinsos-anggota-keluarga", "bank-rekening")), "{", 403, "WRONG_FEED"),
        ("GET /v1/nothing HTTP/1.1".to_owned(), "", 404, "NOT_FOUND"),
        ("DELETE /v1/persons/P0000000001 HTTP/1.1".to_owned(), "", 405, "METHOD_NOT_ALLOWED"),
        ("GET /v1/schemas/x HTTP/1.1".to_owned(), "", 404, "FEED_UNKNOWN"),
        ("GET /metrics HTTP/1.1".to_owned(), "", 401, "UNAUTHENTICATED"),
        (format!("GET /metrics HTTP/1.1{TOKEN}"), "", 403, "FORBIDDEN"),
    ] {
        let answer = server.request(&head, body.as_bytes()).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{head}\n{}", answer.body);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{head}");
        assert!(!answer.body.contains("3201014107709001") && !answer.head.contains("3201014107709001"), "{head}");
        let id = answer.header("x-request-id").expect("an id");
        assert!(answer.body.contains(id), "the document names the request");
        assert_eq!(answer.header("allow").is_some(), status == 405, "{head}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{head}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{head}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_announces_a_gigabyte_is_refused_unread() {
    let server = TestServer::start(Limits::default());
    let head = format!(
        "POST /v1/feeds/dinsos-anggota-keluarga/batches HTTP/1.1{TOKEN}{NDJSON}{KEY}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 1073741824\r\n\r\n"
    );
    let answer = server.send(vec![head.into_bytes(), b"{}\n".to_vec()]).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "BODY_TOO_LARGE"));
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_grows_past_its_limit_is_refused_on_the_way() {
    let server = TestServer::start(Limits { max_record_bytes: 1024, ..Limits::default() });
    let head = format!(
        "POST /v1/feeds/dinsos-anggota-keluarga/records HTTP/1.1{TOKEN}{JSON}{KEY}\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let chunk = format!("400\r\n{}\r\n", " ".repeat(1024)).into_bytes();
    let answer = server.send(vec![head.into_bytes(), chunk.clone(), chunk, b"0\r\n\r\n".to_vec()]).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "BODY_TOO_LARGE"));
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let server = TestServer::start(Limits { body_idle_s: 1, ..Limits::default() });
    let head = format!(
        "POST /v1/feeds/dinsos-anggota-keluarga/records HTTP/1.1{TOKEN}{JSON}{KEY}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 10\r\n\r\n"
    );
    let answer = server.send(vec![head.into_bytes(), b"{".to_vec()]).await;
    assert_eq!((answer.status, answer.code().as_str()), (408, "BODY_SLOW"));
    server.stop().await;
}

#[tokio::test]
async fn signing_in_takes_a_code_and_the_right_origin() {
    let server = TestServer::start(Limits { sign_in_failures: 2, ..Limits::default() });
    let form = "POST /masuk HTTP/1.1\r\nAccept: text/html\r\nContent-Type: application/x-www-form-urlencoded";
    let ours = format!("{form}\r\nOrigin: https://localhost");
    let sent_away = server.request("GET /konflik/C1-2 HTTP/1.1\r\nAccept: text/html", b"").await;
    assert_eq!((sent_away.status, sent_away.header("location")), (303, Some("/masuk?kembali=%2Fkonflik%2FC1-2")));
    let foreign = server.request(&format!("{form}\r\nOrigin: https://evil.test"), b"kode=steward-token").await;
    assert_eq!(foreign.status, 403);
    let good = server.request(&ours, b"kode=steward-token&kembali=%2Fcari").await;
    assert_eq!((good.status, good.header("location")), (303, Some("/cari")));
    let cookie = good.header("set-cookie").expect("a session").to_owned();
    for flag in ["__Host-padan=", "HttpOnly", "Secure", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(flag), "{cookie} lacks {flag}");
    }
    let session = cookie.split(';').next().expect("a value");
    let page =
        server.request(&format!("GET /cari?lang=en HTTP/1.1\r\nAccept: text/html\r\nCookie: {session}"), b"").await;
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains("Find a person") && page.header("set-cookie").is_some_and(|c| c.starts_with("bahasa=en"))
    );
    assert!(page.header("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")));
    let unsigned = format!(
        "POST /cari HTTP/1.1\r\nAccept: text/html\r\nContent-Type: application/x-www-form-urlencoded\r\nOrigin: https://localhost\r\nCookie: {session}"
    );
    assert_eq!(server.request(&unsigned, b"token=wrong&cara=nik&nik=1").await.status, 403);
    for (status, words) in [(401, "tidak dikenal"), (401, "tidak dikenal"), (429, "Terlalu banyak")] {
        let wrong = server.request(&ours, b"kode=guess").await;
        assert_eq!(wrong.status, status);
        assert!(wrong.body.contains(words) && !wrong.body.contains("guess"), "{}", wrong.body);
    }
    server.stop().await;
}

#[tokio::test]
async fn figures_are_for_callers_who_may_read_reports() {
    let server = TestServer::start(Limits::default());
    let answer = server.request(&format!("GET /metrics HTTP/1.1{STEWARD}"), b"").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain; version=0.0.4")));
    server.stop().await;
}

#[tokio::test]
async fn what_needs_no_caller_is_served() {
    let server = TestServer::start(Limits::default());
    for (head, status, kind) in [
        ("GET /healthz HTTP/1.1", 200, "text/plain; charset=utf-8"),
        ("GET /v1/schemas/bank-rekening HTTP/1.1", 200, "application/schema+json"),
        ("GET /v1/openapi.json HTTP/1.1", 200, "application/json"),
        ("GET /docs/ HTTP/1.1", 401, "application/problem+json"),
        ("GET /docs/ HTTP/1.1\r\nAuthorization: Bearer dinsos-token", 200, "text/html"),
        ("GET /masuk HTTP/1.1", 200, "text/html; charset=utf-8"),
        ("GET /masalah/BODY_TOO_LARGE HTTP/1.1", 200, "text/html; charset=utf-8"),
        ("GET /nowhere HTTP/1.1\r\nAccept: text/html", 404, "text/html; charset=utf-8"),
        ("GET /aset/other.css HTTP/1.1", 404, "application/problem+json"),
    ] {
        let answer = server.request(head, b"").await;
        assert_eq!((answer.status, answer.header("content-type")), (status, Some(kind)), "{head}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{head}");
    }
    server.stop().await;
}

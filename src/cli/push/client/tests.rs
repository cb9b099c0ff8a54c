use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;
use crate::cli::keys::DevKeys;
use crate::domain::date::Timestamp;

const CALL: Call<'static> =
    Call { method: &Method::POST, path: "/v1/x", key: Some("k1"), content_type: NDJSON, accept: JSON, body: b"{}\n" };

/// Answers the requests of one connection after the other; gives back their heads and bodies.
fn serve(listener: &TcpListener, tls: Option<&Arc<ServerConfig>>, answers: &[&str]) -> Vec<String> {
    answers
        .iter()
        .map(|answer| {
            let (socket, _) = listener.accept().expect("a connection");
            match tls {
                None => exchange(socket, answer),
                Some(tls) => {
                    let connection = ServerConnection::new(Arc::clone(tls)).expect("a connection");
                    exchange(StreamOwned::new(connection, socket), answer)
                }
            }
        })
        .collect()
}

fn exchange<S: Read + Write>(stream: S, answer: &str) -> String {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return head;
        }
    }
    let head = head.to_lowercase();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().expect("n"));
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("the body");
    reader.get_mut().write_all(answer.as_bytes()).expect("sent");
    reader.get_mut().flush().expect("sent");
    head + &String::from_utf8(body).expect("text")
}

fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

#[test]
fn a_request_carries_token_key_and_body_over_tls() {
    let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let keys = DevKeys::generate(&["127.0.0.1".to_owned()], today).expect("keys");
    let others = DevKeys::generate(&["127.0.0.1".to_owned()], today).expect("keys");
    let chain: Vec<_> = CertificateDer::pem_slice_iter(keys.server.as_bytes()).map(|c| c.expect("PEM")).collect();
    let key = PrivateKeyDer::from_pem_slice(keys.server_key.as_bytes()).expect("PEM");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).expect("a pair"));

    let (socket, port) = listener();
    let answer = "HTTP/1.1 201 Created\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
    let server = std::thread::spawn(move || serve(&socket, Some(&config), &[answer, ""]));
    let address = format!("https://127.0.0.1:{port}");
    let client = Client::new(&address, " tok\n", Some(keys.ca.as_bytes())).expect("a client");
    let got = client.send(&CALL).expect("an answer");
    assert_eq!((got.status, got.retry_after, got.body.as_slice()), (201, None, b"ok".as_slice()));

    let stranger = Client::new(&address, "tok", Some(others.ca.as_bytes())).expect("a client");
    assert!(matches!(stranger.send(&CALL), Err(SendError::Fixed(_))), "a certificate of another authority");

    let seen = server.join().expect("served");
    for part in ["post /v1/x http/1.1", "authorization: bearer tok\r\n", "idempotency-key: k1\r\n", "\r\n\r\n{}\n"] {
        assert!(seen[0].contains(part), "{part} is not in {}", seen[0]);
    }
    assert!(!seen[1].contains("tok"), "the token went to a gateway that is not ours");
}

#[test]
fn redirects_are_answers_and_a_dead_port_is_worth_another_try() {
    let (socket, port) = listener();
    let answer = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n";
    let server = std::thread::spawn(move || serve(&socket, None, &[answer]));
    let client = Client::new(&format!("http://127.0.0.1:{port}"), "t", None).expect("a client");
    let got = client.send(&Call { method: &Method::GET, key: None, ..CALL }).expect("an answer");
    assert_eq!((got.status, got.retry_after), (302, Some(Duration::from_secs(7))));
    server.join().expect("served");
    assert!(matches!(client.send(&CALL), Err(SendError::Connection(_))));
}

#[test]
fn clients_that_cannot_be_safe_are_refused() {
    type Case<'a> = (&'a str, &'a str, Option<&'a [u8]>, Option<&'a str>);
    let keys = DevKeys::generate(&["localhost".to_owned()], jiff::civil::date(2025, 11, 20)).expect("keys");
    let ca = Some(keys.ca.as_bytes());
    let good = "https://localhost:8443";
    let cases: &[Case<'_>] = &[
        (good, "t", ca, None),
        ("https://padan.example.go.id/", "t", ca, None),
        ("http://127.0.0.1:80", "t", None, None),
        ("http://127.0.0.1.example.org", "t", ca, Some("NotTls")),
        ("http://127.0.0.1@example.org", "t", ca, Some("Address")),
        ("http://localhost:80", "t", ca, Some("NotTls")),
        ("ftp://localhost", "t", ca, Some("NotTls")),
        ("localhost:8443", "t", ca, Some("NotTls")),
        ("https://localhost/v1", "t", ca, Some("Address")),
        ("", "t", ca, Some("Address")),
        (good, "t", None, Some("NoCa")),
        (good, "t", Some(b"no PEM"), Some("BadCa")),
        (good, "  ", ca, Some("BadToken")),
        (good, "two words", ca, Some("BadToken")),
    ];
    for (address, token, ca, wanted) in cases {
        let got = Client::new(address, token, *ca).err().map(|error| format!("{error:?}"));
        assert_eq!(got.as_deref(), *wanted, "{address} {token:?}");
    }
}

/// Gives prepared answers and counts them.
struct Script {
    answers: RefCell<Vec<Result<Answer, SendError>>>,
    keys: RefCell<Vec<String>>,
}

impl Transport for Script {
    fn send(&self, call: &Call<'_>) -> Result<Answer, SendError> {
        self.keys.borrow_mut().push(call.key.unwrap_or_default().to_owned());
        self.answers.borrow_mut().remove(0)
    }
}

fn answer(status: u16, retry_after: Option<u64>) -> Answer {
    let body = br#"{"type":"x","title":"Refused","detail":"because"}"#.to_vec();
    Answer { status, retry_after: retry_after.map(Duration::from_secs), body }
}

#[test]
fn patience_repeats_what_may_pass() {
    type Case = (&'static str, Vec<Result<Answer, SendError>>, &'static [u64], Result<u16, &'static str>);
    let said = |status, retry_after| Ok(answer(status, retry_after));
    let broken = || Err(SendError::Connection(ureq::Error::ConnectionFailed));
    let fixed = || Err(SendError::Fixed(ureq::Error::HostNotFound));
    let cases: Vec<Case> = vec![
        ("at once", vec![said(200, None)], &[], Ok(200)),
        ("busy, then done", vec![said(503, Some(9)), said(429, None), said(201, None)], &[9, 2], Ok(201)),
        ("in flight from an earlier try", vec![broken(), said(409, None), said(200, None)], &[1, 2], Ok(200)),
        ("refused for good", vec![said(403, Some(9))], &[], Err("the gateway answered 403: Refused: because")),
        (
            "busy for ever",
            vec![said(503, None), said(503, None), said(503, None), said(503, None)],
            &[1, 2, 3],
            Err("the gateway answered 503: Refused: because"),
        ),
        ("away for ever", vec![broken(), broken(), broken(), broken()], &[1, 2, 3], Err("no answer came (tries: 4)")),
        ("a wrong certificate", vec![fixed()], &[], Err("no answer came (tries: 1)")),
    ];
    for (name, answers, pauses, wanted) in cases {
        let tries = answers.len();
        let script = Script { answers: RefCell::new(answers), keys: RefCell::default() };
        let paused = RefCell::new(Vec::new());
        let patience = Patience { tries: 4, first: Duration::from_secs(1), longest: Duration::from_secs(3) };
        let session = Session { transport: &script, patience, pause: &|time| paused.borrow_mut().push(time.as_secs()) };
        let mut notes = 0;
        let got = session.call(&CALL, &mut |_| notes += 1);
        let got = got.map(|answer| answer.status).map_err(|error| {
            assert!(error.hint().is_some(), "{name}: no hint");
            error.to_string()
        });
        assert_eq!(got, wanted.map_err(str::to_owned), "{name}");
        assert_eq!(*paused.borrow(), pauses, "{name}");
        assert_eq!(notes, pauses.len(), "{name}");
        assert_eq!(*script.keys.borrow(), vec!["k1"; tries], "{name}: the key stays");
    }
}

#[test]
fn a_stream_that_breaks_is_worth_another_try() {
    let (socket, port) = listener();
    let server = std::thread::spawn(move || {
        let (stream, _): (TcpStream, _) = socket.accept().expect("a connection");
        exchange(stream, "HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf of")
    });
    let client = Client::new(&format!("http://127.0.0.1:{port}"), "t", None).expect("a client");
    let got = client.send(&CALL);
    assert!(matches!(got, Err(SendError::Connection(_))), "{got:?}");
    server.join().expect("served");
}

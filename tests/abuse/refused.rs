//! Behind a refusal nothing is read for long, and what is no request is refused in words, too.

use std::time::Instant;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::gateway::{self, Target, Tls};
use crate::load;

/// Far more than any buffer on the way holds.
const MOST: usize = 64 << 20;

/// Sends a head and then a body without an end, which begins in a way of its own; the answer, and how many bytes the gateway
/// took.
async fn send(target: &Target, head: &str, beginning: &str, piece: &[u8]) -> (String, usize) {
    let tls = target.tls("http/1.1").await.expect("a connection");
    let (mut reader, mut writer) = tokio::io::split(tls);
    let reading = tokio::spawn(async move {
        let mut bytes = Vec::new();
        // Whoever is cut off has read what came before.
        let _ = reader.read_to_end(&mut bytes).await;
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let mut sent = 0;
    writer.write_all(format!("{head}\r\nhost: localhost\r\n\r\n{beginning}").as_bytes()).await.expect("a head");
    while sent < MOST && writer.write_all(piece).await.is_ok() {
        sent += piece.len();
    }
    (reading.await.expect("it ends"), sent)
}

#[tokio::test]
async fn a_refused_body_is_not_read_to_its_end() {
    let gateway = gateway::start();
    let push = "POST /v1/feeds/dinsos-anggota-keluarga/batches HTTP/1.1\r\nidempotency-key: k";
    let (token, rows) = ("authorization: Bearer kode-dinsos", "content-type: application/x-ndjson");
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(1 << 16));
    let extension = "x".repeat(1 << 16);
    let chunked = "transfer-encoding: chunked";
    let cases = [
        (format!("{push}\r\n{rows}\r\n{chunked}"), "", &chunk, 401),
        (format!("{push}\r\n{rows}\r\ncontent-length: 1000000000"), "", &chunk, 401),
        (format!("{push}\r\n{token}\r\n{rows}\r\ncontent-length: 1000000000"), "", &chunk, 413),
        (format!("{push}\r\n{token}\r\ncontent-type: text/plain\r\n{chunked}"), "", &chunk, 415),
        (format!("{}\r\n{token}\r\n{rows}\r\n{chunked}", push.replace("dinsos-a", "x")), "", &chunk, 404),
        (format!("GET /healthz HTTP/1.1\r\n{chunked}"), "", &chunk, 200),
        (format!("POST /nowhere HTTP/1.1\r\n{chunked}"), "", &chunk, 404),
        (format!("POST /healthz HTTP/1.1\r\n{chunked}"), "", &chunk, 405),
        (format!("POST /v1/persons/lookup HTTP/1.1\r\n{token}\r\n{chunked}"), "", &chunk, 403),
        (format!("POST /masuk HTTP/1.1\r\n{chunked}"), "", &chunk, 403),
        (format!("{push}\r\n{rows}\r\n{chunked}"), "1;x=", &extension, 401),
        (format!("{push}\r\n{rows}\r\n{chunked}"), "0\r\nx: ", &extension, 401),
    ];
    let began = Instant::now();
    let sending =
        cases.iter().map(|(head, beginning, piece, _)| send(&gateway.target, head, beginning, piece.as_bytes()));
    let found = join_all(sending).await;
    assert!(began.elapsed() < load::release(), "{:?}", began.elapsed());
    for ((head, _, _, status), (answer, sent)) in cases.iter().zip(found) {
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{head}\n{answer}");
        assert!(answer.to_ascii_lowercase().contains("connection: close"), "{head}\n{answer}");
        assert!(sent < MOST / 4, "{head}: {sent} bytes were taken");
    }
}

#[tokio::test]
async fn a_refusal_of_what_was_read_keeps_the_connection() {
    let gateway = gateway::start();
    let ask = |body: &str, more: &str| {
        format!(
            "POST /v1/persons/lookup HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer kode-petugas\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n{more}\r\n{body}",
            body.len()
        )
    };
    let requests = [ask("{}", ""), ask("{", ""), ask("{}", "connection: close\r\n")].concat();
    let answer = gateway.target.ask(requests.as_bytes()).await.expect("answers");
    let found: Vec<&str> = answer.match_indices("HTTP/1.1 ").map(|(at, _)| &answer[at + 9..at + 12]).collect();
    assert_eq!(found, ["422", "400", "422"], "{answer}");
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_words() {
    let gateway = gateway::start();
    let long = format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n", "x".repeat(140_000));
    for (request, status, code) in [
        ("GET /healthz HTTP/1.1\r\nhost\r\n\r\n", 400, "BAD_REQUEST"),
        ("no request at all\r\n\r\n", 400, "BAD_REQUEST"),
        ("GET /healthz HTTP/1.1\r\nhost: localhost\r\n", 408, "HEAD_SLOW"),
        (&long, 431, "HEAD_TOO_LARGE"),
    ] {
        let answer = gateway.target.ask(request.as_bytes()).await.expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(head.contains("content-type: application/problem+json"), "{answer}");
        let document: serde_json::Value = serde_json::from_str(body).expect("a document");
        assert_eq!(document["code"], code);
        let id = document["request_id"].as_str().expect("an id");
        assert!(head.contains(id) && document["judul"] != document["title"], "{answer}");
        assert!(gateway.tells(id).await, "the log knows it, too");
    }
}

#[tokio::test]
async fn every_answer_has_the_headers_that_keep_a_browser_safe() {
    let gateway = gateway::start();
    for (request, status) in [
        ("GET /healthz HTTP/1.1", 200),
        ("HEAD /healthz HTTP/1.1", 200),
        ("HEAD /v1/openapi.json HTTP/1.1", 200),
        ("GET /docs/ HTTP/1.1", 401),
        ("GET /docs/ HTTP/1.1\r\naccept: text/html", 303),
        ("GET /docs/ HTTP/1.1\r\nauthorization: Bearer kode-dinsos", 200),
        ("GET /nowhere HTTP/1.1", 404),
        ("GET\r\n", 400),
    ] {
        let text = format!("{request}\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        let mut tls: Tls = gateway.target.tls("http/1.1").await.expect("a connection");
        tls.write_all(text.as_bytes()).await.expect("sent");
        let answer = gateway::rest(&mut tls).await;
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {head}");
        assert!(head.contains("strict-transport-security: max-age=31536000"), "{request}: {head}");
        assert_eq!(body.is_empty(), request.starts_with("HEAD") || status == 303, "{request}: {body}");
    }
}

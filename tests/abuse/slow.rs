//! Heads and bodies that trickle, and answers that nobody takes.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use crate::attack::{is_ended, trickle};
use crate::gateway::{self, Target};
use crate::load::{self, number};

const SIGN_IN: &str = "POST /masuk HTTP/1.1\r\nhost: localhost\r\norigin: https://localhost\r\n\
                       content-type: application/x-www-form-urlencoded\r\ncontent-length: 4000\r\n\r\nkode=";

async fn slow(target: Target, beginning: &'static str) -> bool {
    match target.tls("http/1.1").await {
        Ok(tls) => trickle(tls, beginning.as_bytes().to_vec()).await,
        Err(_) => true,
    }
}

#[tokio::test]
async fn slow_heads_and_bodies_end_and_harm_nobody() {
    let gateway = gateway::start();
    let many = number(150, 1_000);
    for (name, beginning) in [
        ("slow heads", "GET /healthz HTTP/1.1\r\nx-slow: "),
        ("slow second heads", "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\nx-slow: "),
        ("slow bodies at /masuk", SIGN_IN),
    ] {
        let attackers = (0..many).map(|_| slow(gateway.target.clone(), beginning));
        let report = load::run(&gateway, name, attackers).await;
        report.is_calm(128);
        assert_eq!(report.ended, many, "{name}: {report:?}");
    }
}

/// Asks for the same again and again and reads nothing.
async fn deaf(target: Target) -> bool {
    let Ok(mut tls) = target.tls("http/1.1").await else { return true };
    let request =
        "GET /v1/openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(if load::full() { 1_000 } else { 64 });
    if tls.write_all(request.as_bytes()).await.is_err() {
        return true;
    }
    // A socket that is not read says nothing of its end, so the gateway is asked whether it still holds it.
    sleep(if load::full() { load::release() } else { Duration::from_secs(4) }).await;
    is_ended(tls).await
}

#[tokio::test]
async fn readers_that_do_not_read_are_let_go() {
    let gateway = gateway::start();
    let many = number(150, 1_000);
    let report = load::run(&gateway, "readers that do not read", (0..many).map(|_| deaf(gateway.target.clone()))).await;
    report.is_calm(256);
    assert_eq!(report.ended, many, "{report:?}");
    assert!(gateway.open_files() < many as u64 / 2, "{} files are open", gateway.open_files());
}

/// An agency on a slow line: it has shown its token, so it may take its time and send more than a stranger.
#[tokio::test]
async fn an_agency_on_a_slow_line_is_served() {
    let gateway = gateway::with(|settings| settings.http.connections.stranger_bytes_per_s = 1_000);
    let row =
        serde_json::json!({"id_sumber": "A", "tgl_data": "2025-11-01", "nama": "SITI", "alamat": "X".repeat(900)});
    let rows = format!("{row}\n").repeat(100);
    let head = format!(
        "POST /v1/feeds/dinsos-anggota-keluarga/batches HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         authorization: Bearer kode-dinsos\r\nidempotency-key: k\r\ncontent-type: application/x-ndjson\r\n\
         content-length: {}\r\n\r\n",
        rows.len()
    );
    let mut tls = gateway.target.tls("http/1.1").await.expect("a connection");
    tls.write_all(head.as_bytes()).await.expect("sent");
    for piece in rows.as_bytes().chunks(rows.len() / 9) {
        sleep(Duration::from_millis(400)).await;
        tls.write_all(piece).await.expect("sent");
        tls.flush().await.expect("sent");
    }
    let answer = gateway::rest(&mut tls).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

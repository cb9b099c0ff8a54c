//! HTTP/2: many streams at once, streams that are taken back, and frames that hold nothing.

use tokio::io::AsyncWriteExt;

use crate::attack::flood;
use crate::frames::{
    self, CONTINUATION, DATA, END_HEADERS, HEADERS, PING, RST_STREAM, SETTINGS, frame, get, head, streams,
};
use crate::gateway::{self, Target};
use crate::load::{self, number};

const MAX_CONCURRENT_STREAMS: u16 = 3;
const STEWARD: Option<&str> = Some("kode-petugas");

/// Opens streams whose answers nobody takes.
async fn open(target: Target, count: usize) -> bool {
    let Ok(mut tls) = frames::connect(&target, 0).await else { return true };
    let requests: Vec<u8> =
        streams(count).flat_map(|stream| get(stream, "/docs/swagger-ui-bundle.js", STEWARD)).collect();
    // A gateway that ends the connection meanwhile takes no more.
    let _ = tls.write_all(&requests).await;
    tokio::time::timeout(load::release() + load::time(), frames::listen(tls)).await.is_ok()
}

#[tokio::test]
async fn answers_that_nobody_takes_cost_little_and_end() {
    let gateway = gateway::start();
    let attackers = [open(gateway.target.clone(), 100), open(gateway.target.clone(), number(1_000, 5_000))];
    let report = load::run(&gateway, "streams without a window", attackers).await;
    report.is_calm(256);
    assert_eq!(report.ended, 2, "{report:?}");
}

#[tokio::test]
async fn the_limit_of_streams_is_announced_and_kept() {
    let gateway = gateway::start();
    let mut tls = frames::connect(&gateway.target, 0).await.expect("a connection");
    let requests: Vec<u8> = streams(150).flat_map(|stream| get(stream, "/v1/openapi.json", None)).collect();
    tls.write_all(&requests).await.expect("sent");
    let heard = frames::listen(tls).await;
    let announced = heard.settings.iter().find(|(number, _)| *number == MAX_CONCURRENT_STREAMS);
    assert_eq!(announced.map(|(_, value)| *value), Some(100), "{heard:?}");
    assert_eq!(heard.answers, 150, "those beyond the limit are answered, too: {heard:?}");

    // Whoever keeps to it is served as often as it likes.
    let mut tls = frames::connect(&gateway.target, 65_535).await.expect("a connection");
    for (nth, stream) in streams(300).enumerate() {
        tls.write_all(&get(stream, "/healthz", None)).await.expect("sent");
        if nth % 50 == 49 {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    }
    let heard = frames::listen(tls).await;
    assert_eq!((heard.answers, heard.resets, heard.goaway), (300, 0, Some(0)), "and told when it ends: {heard:?}");
}

async fn flooded(target: Target, beginning: Vec<u8>, piece: Vec<u8>) -> bool {
    let Ok(mut tls) = frames::connect(&target, 65_535).await else { return true };
    match tls.write_all(&beginning).await {
        Ok(()) => flood(tls, piece).await,
        Err(_) => true,
    }
}

/// Streams that are opened and taken back at once: many numbers, since none may come twice.
fn taken_back() -> Vec<u8> {
    let cancel = 8_u32.to_be_bytes();
    let both = |stream| [get(stream, "/masuk", None), frame(RST_STREAM, 0, stream, &cancel)].concat();
    streams(50_000).flat_map(both).collect()
}

#[tokio::test]
async fn floods_of_frames_end_and_take_no_processor() {
    let gateway = gateway::start();
    let post = frame(HEADERS, END_HEADERS, 1, &head("POST", "/masuk", None));
    let begun = frame(HEADERS, 0, 1, &head("GET", "/healthz", None)[..4]);
    for (name, beginning, piece) in [
        ("rapid reset", Vec::new(), taken_back()),
        ("empty data", post, frame(DATA, 0, 1, &[]).repeat(500)),
        ("empty settings", Vec::new(), frame(SETTINGS, 0, 0, &[]).repeat(500)),
        ("pings", Vec::new(), frame(PING, 0, 0, &[0; 8]).repeat(500)),
        ("continuations", begun, frame(CONTINUATION, 0, 1, &[]).repeat(500)),
        ("unknown frames", Vec::new(), frame(0xee, 0, 0, &[]).repeat(500)),
    ] {
        let many = number(4, 20);
        let attackers = (0..many).map(|_| flooded(gateway.target.clone(), beginning.clone(), piece.clone()));
        let report = load::run(&gateway, name, attackers).await;
        report.is_calm(128);
        assert_eq!(report.ended, many, "{name}: {report:?}");
        assert!(report.processor < 0.5, "{name}: {report:?}");
    }
}

//! Connections on which nothing is said: before TLS, behind it, and in HTTP/2.

use std::time::Instant;

use crate::attack::is_ended;
use crate::frames::{self, HEADERS, head};
use crate::gateway::{self, Target};
use crate::load::{self, number, time};

/// Connects without a word, again whenever it is cut off, as long as the attack lasts.
async fn silent(target: Target) -> bool {
    let until = Instant::now() + time();
    loop {
        let Ok(socket) = target.tcp().await else { return false };
        let ended = is_ended(socket).await;
        if !ended || Instant::now() > until {
            return ended;
        }
    }
}

#[tokio::test]
async fn sockets_on_which_nothing_is_said_keep_nobody_out() {
    // In the short run there is not room for all of them, so that each that comes ends another one.
    let gateway = gateway::with(|settings| {
        if !load::full() {
            settings.http.connections.max_strangers_per_address = 450;
        }
    });
    let many = number(600, 1_100);
    let report = load::run(&gateway, "silent sockets", (0..many).map(|_| silent(gateway.target.clone()))).await;
    report.is_calm(64);
    assert_eq!(report.ended, many, "{report:?}");
    assert!(gateway.admin.is_served().await);
}

#[tokio::test]
async fn connections_without_a_request_end_in_every_protocol() {
    let gateway = gateway::start();
    for protocol in ["http/1.1", "h2"] {
        let hold = async |target: Target| match target.tls(protocol).await {
            Ok(tls) => is_ended(tls).await,
            Err(_) => true,
        };
        let attackers = (0..number(100, 500)).map(|_| hold(gateway.target.clone()));
        let report = load::run(&gateway, &format!("{protocol} without a request"), attackers).await;
        report.is_calm(64);
        assert_eq!(report.ended, number(100, 500), "{report:?}");
    }
}

/// A preface and then: nothing, half a head, or one request and nothing more.
async fn half(target: Target, nth: usize) -> bool {
    let Ok(mut tls) = frames::connect(&target, 65_535).await else { return true };
    let block = head("GET", "/healthz", None);
    let bytes = match nth % 3 {
        0 => Vec::new(),
        1 => frames::frame(HEADERS, 0, 1, &block[..4]),
        _ => frames::get(1, "/healthz", None),
    };
    if tokio::io::AsyncWriteExt::write_all(&mut tls, &bytes).await.is_err() {
        return true;
    }
    is_ended(tls).await
}

#[tokio::test]
async fn http_2_connections_end_like_others() {
    // In the long run the time between two requests is that of a browser, so only the first two kinds have to end.
    let gateway = gateway::start();
    let many = number(90, 500);
    let attackers = (0..many).map(|nth| half(gateway.target.clone(), if load::full() { nth % 2 } else { nth }));
    let report = load::run(&gateway, "half a head in HTTP/2", attackers).await;
    report.is_calm(64);
    assert_eq!(report.ended, many, "{report:?}");
}

//! Connections without sockets. What is due in minutes is asked for as of then; what a wire waits for is short.

use std::net::{IpAddr, Ipv4Addr};

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, sleep, timeout};

use super::*;

const TIMES: Times =
    Times { head: Duration::from_secs(10), keep_alive: Duration::from_mins(1), answer: Duration::from_secs(40) };
/// The time of an answer where it is waited for.
const SHORT: Duration = Duration::from_millis(300);

fn strangers(most: usize, most_of_address: usize) -> Arc<Strangers> {
    let settings = Connections {
        max_strangers: most,
        max_strangers_per_address: most_of_address,
        proxies: vec![address(9)],
        ..Connections::default()
    };
    Strangers::new(&settings, usize::MAX)
}

fn address(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
}

fn connect(strangers: &Arc<Strangers>, from: IpAddr) -> Open {
    Open::new(Connection::new(from, strangers, TIMES, 2))
}

/// What is due in so many seconds from now, unless something happens before.
fn in_seconds(open: &Open, seconds: u64) -> Verdict {
    open.connection().verdict(Instant::now() + Duration::from_secs(seconds))
}

fn one() -> Open {
    connect(&strangers(10, 10), address(1))
}

fn verdict(open: &Open) -> Verdict {
    open.connection().verdict(Instant::now())
}

fn is_over(open: &Open) -> bool {
    matches!(verdict(open), Verdict::Over(End::Crowded))
}

/// A wire, and what the other side has of it.
fn wire(buffer: usize, setup: Setup) -> (Wire<DuplexStream>, DuplexStream) {
    let (here, there) = duplex(buffer);
    let connection = Connection::new(address(1), &strangers(10, 10), Times { answer: SHORT, ..TIMES }, 2);
    (Wire::new(here, Open::new(connection), setup), there)
}

const SETUP: Setup = Setup { bytes_per_s: 10_000, flood: Duration::from_millis(500), words: Words::Nothing };

#[tokio::test]
async fn the_oldest_stranger_makes_room() {
    for (most, of_address, from, over) in [
        (10, 2, [1, 1, 1, 2], [true, false, false, false]),
        (3, 3, [1, 2, 3, 4], [true, false, false, false]),
        (10, 2, [1, 2, 1, 2], [false; 4]),
        (10, 2, [9, 9, 9, 9], [false; 4]),
        (2, 2, [9, 9, 9, 9], [true, true, false, false]),
    ] {
        let strangers = strangers(most, of_address);
        let open: Vec<Open> = from.map(|last| connect(&strangers, address(last))).into();
        let found: Vec<bool> = open.iter().map(is_over).collect();
        assert_eq!(found, over, "{most} in all, {of_address} of an address, from {from:?}");
    }
}

#[tokio::test]
async fn whoever_says_nothing_makes_room_first() {
    let strangers = strangers(10, 3);
    let open: Vec<Open> = (0..3).map(|_| connect(&strangers, address(1))).collect();
    open[0].connection().spoke();
    open[2].connection().spoke();
    let fourth = connect(&strangers, address(1));
    assert_eq!([&open[0], &open[1], &open[2], &fourth].map(is_over), [false, true, false, false]);
    let fifth = connect(&strangers, address(1));
    assert_eq!([&open[0], &open[2], &fourth, &fifth].map(is_over), [false, false, true, false]);
    fifth.connection().spoke();
    let sixth = connect(&strangers, address(1));
    assert_eq!([&open[0], &open[2], &fifth, &sixth].map(is_over), [true, false, false, false], "not the newcomer");
}

#[tokio::test]
async fn whoever_showed_a_right_makes_no_room_and_takes_none() {
    let strangers = strangers(10, 1);
    let known = connect(&strangers, address(1));
    known.connection().show_right();
    let second = connect(&strangers, address(1));
    assert!(!is_over(&known) && !is_over(&second));
    known.connection().refuse_body(false);
    assert!(is_over(&second), "a caller whose body was refused is a stranger again");
    drop(second);
    drop(connect(&strangers, address(1)));
    assert!(is_over(&known));
    let six = |text: &str| connect(&strangers, text.parse().expect("an address"));
    let (first, other) = (six("2001:db8::1"), six("2001:db8:0:1::1"));
    let same = six("2001:db8::2");
    assert_eq!([&first, &other, &same].map(is_over), [true, false, false], "a network counts as one address");
}

#[tokio::test]
async fn a_connection_ends_when_nothing_is_asked() {
    let open = one();
    assert!(matches!(in_seconds(&open, 10), Verdict::Go(Some(_))), "the layer above may answer first");
    assert_eq!(in_seconds(&open, 11), Verdict::Over(End::NoRequest));
    let turn = Turn::begin(open.connection(), false).expect("the first");
    assert_eq!(in_seconds(&open, 3_600), Verdict::Go(None), "work may take its time");
    drop(turn);
    assert!(matches!(in_seconds(&open, 60), Verdict::Go(Some(_))));
    assert_eq!(in_seconds(&open, 61), Verdict::Over(End::Idle));
}

#[tokio::test]
async fn each_head_has_its_time() {
    let open = one();
    drop(Turn::begin(open.connection(), false));
    open.connection().heard(0, true);
    assert!(matches!(in_seconds(&open, 60), Verdict::Go(Some(_))), "nothing was heard");
    open.connection().heard(1, false);
    assert!(matches!(in_seconds(&open, 60), Verdict::Go(Some(_))), "streams say other things, too");
    open.connection().heard(1, true);
    assert!(matches!(in_seconds(&open, 9), Verdict::Go(Some(_))));
    assert_eq!(in_seconds(&open, 10), Verdict::Over(End::SlowHead));
    drop(Turn::begin(open.connection(), false));
    assert!(matches!(in_seconds(&open, 60), Verdict::Go(Some(_))), "it came to its end");
}

#[tokio::test]
async fn an_answer_that_is_not_taken_ends_the_connection() {
    let open = one();
    let turns = [Turn::begin(open.connection(), false), Turn::begin(open.connection(), false)]
        .map(|turn| turn.expect("two may be"));
    turns[0].sends();
    turns[1].sends();
    assert!(matches!(in_seconds(&open, 39), Verdict::Go(Some(_))));
    assert_eq!(in_seconds(&open, 40), Verdict::Over(End::Unread));
    turns[0].waits();
    assert_eq!(in_seconds(&open, 40), Verdict::Over(End::Unread), "the other one is still not taken");
    turns[1].waits();
    assert_eq!(in_seconds(&open, 40), Verdict::Go(None), "who waits for us is not waited for");
}

#[tokio::test]
async fn whoever_goes_on_opening_streams_is_let_go() {
    let open = one();
    let _turns = [Turn::begin(open.connection(), false), Turn::begin(open.connection(), false)];
    for _ in 0..2 {
        assert!(Turn::begin(open.connection(), false).is_none());
    }
    assert!(matches!(verdict(&open), Verdict::Go(_)));
    assert!(Turn::begin(open.connection(), false).is_none());
    assert_eq!(verdict(&open), Verdict::Over(End::Streams));
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_let_go() {
    let (mut wire, _there) = wire(10, SETUP);
    let _turn = Turn::begin(wire.connection(), false);
    let begun = Instant::now();
    let error = wire.write_all(&[0; 100]).await.expect_err("nobody reads");
    assert_eq!(error.to_string(), "unread");
    assert!(begun.elapsed() >= SHORT);
}

#[tokio::test]
async fn a_reader_that_reads_a_little_is_served() {
    let (mut wire, mut there) = wire(1, SETUP);
    let _turn = Turn::begin(wire.connection(), false);
    let reader = async {
        for _ in 0..6 {
            sleep(SHORT / 3).await;
            there.read_u8().await.expect("a byte");
        }
    };
    let (written, ()) = tokio::join!(wire.write_all(&[0; 6]), reader);
    written.expect("all of it");
}

#[tokio::test]
async fn a_stranger_is_read_at_its_pace_and_then_no_more() {
    for known in [true, false] {
        let (mut wire, mut there) = wire(1_000, SETUP);
        let _turn = Turn::begin(wire.connection(), false);
        if known {
            wire.connection().show_right();
        }
        tokio::spawn(async move { there.write_all(&vec![0; 100_000]).await });
        let mut bytes = Vec::new();
        let error = wire.read_to_end(&mut bytes).await.err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), (!known).then_some("flood"));
        // Four seconds' worth at once, and half a second's on top.
        assert!(bytes.len() == 100_000 || (40_000..60_000).contains(&bytes.len()), "{} bytes", bytes.len());
    }
}

#[tokio::test]
async fn behind_a_refused_body_little_is_read() {
    let (mut wire, mut there) = wire(64 << 10, Setup { bytes_per_s: u64::MAX, ..SETUP });
    drop(Turn::begin(wire.connection(), false));
    wire.connection().refuse_body(true);
    let sender = tokio::spawn(async move { there.write_all(&vec![0; 4 << 20]).await });
    let mut found = Vec::new();
    wire.read_to_end(&mut found).await.expect("an end");
    assert!((1 << 20..=(1 << 20) + (64 << 10)).contains(&found.len()), "{} bytes", found.len());
    assert_eq!(wire.connection().verdict(Instant::now()), Verdict::Deaf);
    drop(wire);
    assert!(sender.await.expect("it ends").is_err());

    let open = one();
    drop(Turn::begin(open.connection(), false));
    open.connection().refuse_body(true);
    assert!(matches!(in_seconds(&open, 1), Verdict::Go(Some(_))), "the answer may arrive");
    assert_eq!(in_seconds(&open, 2), Verdict::Deaf);
}

#[tokio::test]
async fn a_connection_that_is_not_needed_ends_with_a_farewell() {
    let connection = Connection::new(address(1), &strangers(1, 1), Times { head: Duration::ZERO, ..TIMES }, 1);
    let (here, mut there) = duplex(100);
    let mut wire = Wire::new(here, Open::new(connection), Setup { words: Words::Streams(1), ..SETUP });
    wire.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.expect("the first frame");
    let mut found = Vec::new();
    assert_eq!(wire.read_to_end(&mut found).await.expect("the end of the stream"), 0);
    drop(wire);
    there.read_to_end(&mut found).await.expect("read");
    assert_eq!(found[15 + 3], 7, "GOAWAY: {found:?}");
}

#[tokio::test]
async fn requests_that_wait_behind_one_another_are_left_where_they_are() {
    let (mut wire, mut there) = wire(4_096, Setup { words: Words::Http1, ..SETUP });
    there.write_all(&[0; 4_096]).await.expect("written");
    let mut buf = [0; 4_096];
    let count = wire.read(&mut buf).await.expect("a little");
    assert!(count <= 512, "{count} bytes at once");
    let turn = Turn::begin(wire.connection(), false).expect("the first");
    assert!(timeout(SHORT, wire.read(&mut buf)).await.is_err(), "nothing while it is answered");
    drop(turn);
    assert!(wire.read(&mut buf).await.is_ok_and(|count| count > 0));
    let _turn = Turn::begin(wire.connection(), true).expect("the second");
    assert!(wire.read(&mut buf).await.is_ok_and(|count| count > 0), "a body is read");
    wire.connection().show_right();
    assert!(wire.read(&mut buf).await.is_ok_and(|count| count > 1_024), "and whole pieces of it, of a known caller");
}

#[tokio::test]
async fn whoever_is_ended_from_elsewhere_is_woken() {
    let (mut wire, _there) = wire(10, SETUP);
    let connection = Arc::clone(wire.connection());
    let reader = tokio::spawn(async move { wire.read_u8().await.map_err(|error| error.to_string()) });
    tokio::task::yield_now().await;
    connection.end(End::Crowded);
    assert_eq!(reader.await.expect("it ends"), Err("crowded".to_owned()));
}

#[tokio::test]
async fn what_the_layer_leaves_unsaid_is_said_whatever_the_wire_takes_at_once() {
    let sent = [&[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 16, 0, 0][..], b"more"].concat();
    let (mut wire, mut there) = wire(1, Setup { words: Words::Streams(100), ..SETUP });
    let mut found = Vec::new();
    let write = async {
        wire.write_all(&sent).await.expect("written");
        drop(wire);
    };
    let ((), read) = tokio::join!(write, there.read_to_end(&mut found));
    read.expect("read");
    assert_eq!(found, [&[0, 0, 12, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100, 0, 4, 0, 16, 0, 0][..], b"more"].concat());
}

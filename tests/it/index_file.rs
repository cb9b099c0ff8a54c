//! A start that reads the index from disk: the same answers as after matching every row again, whatever happened to the file.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use padan::store::StoreUrl;
use serde_json::{Value, json};

use crate::support::{Process, TestClient, data, free_address, sender, settings};

/// Rows pushed at a time.
const ROWS: usize = 300;

const FEEDS: [&str; 3] = ["dinkes-kepesertaan-jkn", "dinsos-anggota-keluarga", "disdik-peserta-didik"];

/// A folder with a configuration and a store.
struct Place {
    dir: tempfile::TempDir,
    address: std::net::SocketAddr,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let mut settings = settings(dir.path(), StoreUrl::Redb(dir.path().join("store")));
        settings.http.listen = free_address();
        fs::write(dir.path().join("padan.toml"), toml::to_string(&settings).expect("TOML")).expect("written");
        Self { address: settings.http.listen, dir }
    }

    fn index(&self) -> PathBuf {
        self.dir.path().join("store/padan.index")
    }

    /// A gateway that has said how it came to its index.
    fn start(&self, says: &str) -> Process {
        let gateway = Process::start(&self.dir.path().join("padan.toml"));
        said(&gateway, says);
        gateway
    }

    fn client(&self, role: &str) -> TestClient {
        TestClient::new(self.address, &self.dir.path().join("ca.pem"), role)
    }

    fn push(&self, feed: &str) {
        let text = fs::read_to_string(data(&format!("kab-sampel/{feed}.ndjson"))).expect("a feed");
        let rows: Vec<&str> = text.lines().take(ROWS).collect();
        self.client(sender(feed)).push(feed, feed, &rows.join("\n")).expect(200);
        self.client("petugas").settled();
    }

    /// What the engine finds near somebody: only its own memory answers that.
    fn near(&self) -> Value {
        let asked = json!({"nama": "SITI AMINAH", "tanggal_lahir": "1980-05-03"});
        self.client("petugas").json("POST", "/v1/persons/lookup", "k", &asked).expect(200).json()
    }

    /// Everything derived is what follows from the rows.
    fn check(&self, when: &str) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_padan"));
        let rebuilt = command.args(["rebuild", "--config", "padan.toml"]).current_dir(self.dir.path()).output();
        let rebuilt = rebuilt.expect("padan runs");
        assert!(rebuilt.status.success(), "{when}: {}", String::from_utf8_lossy(&rebuilt.stdout));
    }
}

/// Waits until a gateway has said `what`.
fn said(gateway: &Process, what: &str) {
    let patience = Instant::now() + Duration::from_mins(1);
    while !gateway.told().contains(what) {
        assert!(Instant::now() < patience, "it never said '{what}':\n{}", gateway.told());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_start_goes_on_from_the_index_on_disk() {
    let (read, built) = ("read the index from disk", "read the store and built the index");
    let place = Place::new();
    let gateway = place.start(built);
    place.push(FEEDS[0]);
    gateway.end();
    assert!(place.index().is_file(), "it is written when a gateway ends");

    let gateway = place.start(read);
    place.push(FEEDS[1]);
    let found = place.near();
    // The index on disk now stands before what is derived.
    gateway.kill();
    let gateway = place.start(read);
    assert_eq!(place.near(), found, "the steps between are matched again");
    place.push(FEEDS[2]);
    gateway.end();
    place.check("gone on from the index");

    let whole = fs::read(place.index()).expect("the index");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for (name, bytes) in [
        ("a byte is another", flipped.as_slice()),
        ("cut off", &whole[..whole.len() * 2 / 3]),
        ("empty", b""),
        ("something else", b"PadanIx0 and so on"),
    ] {
        fs::write(place.index(), bytes).expect("written");
        let gateway = place.start("the index on disk cannot be used");
        assert!(!place.near().is_null(), "{name}");
        // It answers before it has said how it came to its index.
        said(&gateway, built);
        gateway.end();
        assert_eq!(fs::read(place.index()).expect("the index").len(), whole.len(), "{name}: written again");
    }
    place.check("built anew");
}

#[test]
fn an_index_of_another_store_is_passed_over() {
    let (one, other) = (Place::new(), Place::new());
    for (place, feed) in [(&one, FEEDS[0]), (&other, FEEDS[1])] {
        let gateway = place.start("built the index");
        place.push(feed);
        gateway.end();
    }
    fs::copy(one.index(), other.index()).expect("copied");
    let gateway = other.start("the index on disk is of another state");
    let persons = other.near();
    gateway.end();
    assert!(persons["items"].is_array(), "{persons}");
    other.check("another store's index");
}

//! The retention rule as its users meet it: the command, a gateway that keeps it, and what clients are told afterwards.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use padan::domain::date::Timestamp;
use padan::domain::feed::Feed;
use padan::service::clock::Clock;
use padan::service::gateway::IdempotencyKey;
use padan::service::start::{Missing, StartWith};
use padan::store::StoreUrl;
use serde_json::Value;

use crate::support::{Process, TestClient, data, free_address, sender, settings};

/// Rows pushed at each of two moments.
const ROWS: usize = 300;

/// A day long ago; every row comes an hour after the one before.
struct OldClock(AtomicU64);

impl Clock for OldClock {
    fn now(&self) -> Timestamp {
        "2025-11-21T00:00:00Z".parse().expect("a time")
    }

    fn new_id(&self) -> String {
        format!("lama-{:06}", self.0.fetch_add(1, Ordering::SeqCst))
    }
}

/// A folder with a configuration and a store of old batches: rows of one feed in two versions.
struct Place {
    dir: tempfile::TempDir,
    address: std::net::SocketAddr,
}

impl Place {
    fn new(older_than: Option<&str>) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let mut settings = settings(dir.path(), StoreUrl::Redb(dir.path().join("store")));
        settings.http.listen = free_address();
        // What is pushed here is of a time long ago.
        settings.retention.clock_limit = "36500d".parse().expect("an age");
        settings.retention.older_than = older_than.map(|age| age.parse().expect("an age"));
        fs::write(dir.path().join("padan.toml"), toml::to_string(&settings).expect("TOML")).expect("written");
        let start = StartWith {
            store: settings.store.clone(),
            missing: Missing::Create,
            store_limits: settings.store_limits.clone(),
            clients: settings.client.clone(),
            settings: settings.service.clone(),
            models: settings.models.clone(),
            clock: Arc::new(OldClock(AtomicU64::new(1))),
        };
        let runtime = tokio::runtime::Runtime::new().expect("runtime");
        runtime.block_on(fill(start));
        Self { address: settings.http.listen, dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_padan"));
        let command = command.args(arguments).current_dir(self.dir.path()).env("PADAN_CONFIG", "padan.toml");
        command.output().expect("padan runs")
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[&["--json"], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    fn client(&self, role: &str) -> TestClient {
        TestClient::new(self.address, &self.path("ca.pem"), role)
    }
}

/// Pushes the sample's first rows, then each of them again with a later date.
async fn fill(start: StartWith) {
    let gateway = start.open().await.expect("a gateway");
    let feed = Feed::KepesertaanJkn;
    let text = fs::read_to_string(sample(feed)).expect("a feed");
    let lines: Vec<&str> = text.lines().take(ROWS).collect();
    let later = lines.iter().map(|line| {
        let mut row: Value = serde_json::from_str(line).expect("JSON");
        row["tgl_data"] = "2025-11-20".into();
        row["status_jkn"] = "NONAKTIF".into();
        row.to_string()
    });
    let later: Vec<String> = later.collect();
    for (key, body) in [("first", lines.join("\n")), ("second", later.join("\n"))] {
        let caller = gateway.clients().by_token(&format!("kode-{}", sender(feed.name()))).expect("a sender");
        let mut intake = gateway.read_push(feed);
        intake.push(body.as_bytes()).expect("read");
        let body = intake.finish().expect("a body");
        assert_eq!(body.refused(), 0);
        gateway.push(&caller, feed, IdempotencyKey::new(key).expect("a key"), body).await.expect("pushed");
    }
    gateway.catch_up().await.expect("matched");
    gateway.close().await;
}

fn sample(feed: Feed) -> PathBuf {
    data(&format!("kab-sampel/{feed}.ndjson"))
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).expect("the database").len()
}

#[test]
fn the_command_counts_takes_and_gives_room_back() {
    let place = Place::new(None);
    let before = place.json(&["digest"]);
    for (arguments, told) in [
        (&["compact"][..], "neither --older-than nor the configuration says how old"),
        (&["compact", "--older-than", "0d"], "the shortest is '1d'"),
        (&["compact", "--older-than", "1y"], "'1y' is not a number of days with a d behind it, as in '365d'"),
        (&["compact", "--older-than", "9d", "--dry-run", "--shrink"], "cannot be used with"),
    ] {
        let output = place.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), said.contains(told)), (Some(2), true), "{arguments:?}: {said}");
    }
    let young = place.run(&["compact", "--older-than", "36500d", "--dry-run"]);
    assert!(String::from_utf8_lossy(&young.stdout).contains("nothing is older than 36500d and may go"));

    let counted = place.json(&["compact", "--older-than", "9d", "--dry-run"]);
    assert_eq!(place.json(&["digest"]), before, "nothing was written");
    let dry = String::from_utf8_lossy(&place.run(&["compact", "--older-than", "9d", "--dry-run"]).stdout).into_owned();
    assert!(dry.contains("rows") && dry.contains("300 entries") && dry.contains("would go"), "{dry}");
    assert_eq!((&counted["dry_run"], &counted["tables"]["rows"]["entries"]), (&true.into(), &ROWS.into()));

    let database = place.path("store/padan.redb");
    let bytes = size(&database);
    let taken = place.json(&["compact", "--older-than", "9d", "--shrink"]);
    assert_eq!((&taken["tables"], &taken["total"]), (&counted["tables"], &counted["total"]));
    assert!(size(&database) < bytes, "{bytes} bytes, then {}", size(&database));
    assert!(taken["disk_bytes"]["after"].as_u64() < taken["disk_bytes"]["before"].as_u64(), "{taken}");
    let after = place.json(&["digest"]);
    assert_eq!((&after["current"], &after["derived"]), (&before["current"], &before["derived"]));
    assert_ne!(after["inputs"], before["inputs"]);
    assert_eq!(after["settled"], Value::Bool(true));
    let verified = place.json(&["verify"]);
    assert_eq!((&verified["sound"], &verified["derived_differences"]), (&Value::Bool(true), &Value::from(0)));
    let again = String::from_utf8_lossy(&place.run(&["compact", "--older-than", "9d"]).stdout).into_owned();
    assert!(again.contains("nothing is older than 9d"), "{again}");
}

#[test]
fn a_gateway_keeps_the_rule_and_tells_what_went() {
    let place = Place::new(Some("9d"));
    let before = place.json(&["digest"]);
    let gateway = Process::start(&place.path("padan.toml"));
    let patience = Instant::now() + Duration::from_mins(1);
    while !gateway.told().contains("took away what is older than the retention period") {
        assert!(Instant::now() < patience, "nothing went:\n{}", gateway.told());
        std::thread::sleep(Duration::from_millis(50));
    }
    let told = gateway.told();
    let line = told.lines().find(|line| line.contains("took away")).expect("one line");
    assert!(line.contains("rows=300") && line.contains("idempotency_keys=2"), "{line}");

    let sender = place.client("dinkes");
    // The gateway that filled the store took the first id for itself.
    let batch = sender.get("/v1/batches/lama-000002").expect(200).json();
    assert!(batch["compacted_at"].is_string() && batch["counts"]["baris"] == ROWS, "{batch}");
    let receipt = sender.get("/v1/batches/lama-000002/receipt").expect(410).json();
    assert_eq!(receipt["code"], "COMPACTED", "{receipt}");
    assert!(receipt["detail"].as_str().is_some_and(|detail| detail.contains(batch["compacted_at"].as_str().unwrap())));

    let text = fs::read_to_string(sample(Feed::KepesertaanJkn)).expect("a feed");
    let rows: Vec<&str> = text.lines().skip(ROWS).take(10).collect();
    sender.push(Feed::KepesertaanJkn.name(), "new", &rows.join("\n")).expect(200);
    let new = sender.push(Feed::KepesertaanJkn.name(), "new", &rows.join("\n")).expect(200).json();
    assert_eq!((&new["replayed"], new["batch"].get("compacted_at")), (&Value::Bool(true), None));
    // Who asks for cases waits until everything is matched.
    place.client("petugas").get("/v1/cases?limit=1").expect(200);
    assert_eq!(place.json(&["verify"])["sound"], Value::Bool(true), "beside the running gateway");
    gateway.kill();
    assert_ne!(place.json(&["digest"])["current"], before["current"], "ten rows came");
}

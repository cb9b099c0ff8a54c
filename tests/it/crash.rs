//! The gateway is killed (SIGKILL) again and again while batches are pushed: every acknowledged row is there
//! afterwards, once, and belongs to one person.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};

use padan::domain::feed::Feed;
use padan::store::StoreUrl;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::support::{Process, TestClient, data, sender, settings};

/// How often the gateway is killed.
const KILLS: u32 = 50;

/// Rows of one pushed batch.
const BATCH: usize = 40;

#[test]
fn acknowledged_rows_survive_fifty_kills() {
    let dir = tempfile::tempdir().expect("a folder");
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let mut settings = settings(dir.path(), StoreUrl::Sled(dir.path().join("store")));
    settings.http.listen = SocketAddr::from(([127, 0, 0, 1], free.port()));
    settings.log.filter = "warn".to_owned();
    let config = dir.path().join("padan.toml");
    std::fs::write(&config, toml::to_string(&settings).expect("TOML")).expect("written");

    let mut batches = batches();
    let mut acknowledged: BTreeSet<(Feed, String)> = BTreeSet::new();
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let (mut kills, mut retried) = (0, 0);
    let mut key = 0_u64;
    while kills < KILLS {
        let victim = Process::start(&config);
        let end = Instant::now() + Duration::from_millis(random.random_range(5..250));
        let pusher = std::thread::spawn({
            let ca = dir.path().join("ca.pem");
            let mine: Vec<_> = batches.drain(..batches.len().min(60)).collect();
            let address = settings.http.listen;
            let first = key;
            move || push_until_it_dies(address, &ca, mine, first)
        });
        key += 60;
        std::thread::sleep(end.saturating_duration_since(Instant::now()));
        victim.kill();
        kills += 1;
        let (done, rest) = pusher.join().expect("the pusher ends");
        retried += usize::from(!rest.is_empty());
        for (feed, rows) in done {
            acknowledged.extend(rows.into_iter().map(|row| (feed, id_of(&row))));
        }
        batches.extend(rest);
        if batches.len() < 60 {
            batches.extend(self::batches());
        }
    }
    let victim = Process::start(&config);
    let steward = TestClient::new(settings.http.listen, &dir.path().join("ca.pem"), "petugas");
    let overview = steward.get("/v1/overview").expect(200).json();
    for (feed, id) in &acknowledged {
        let look = serde_json::json!({"sumber": {"feed": feed.name(), "id_sumber": id}});
        let found = steward.json("POST", "/v1/persons/lookup", "look", &look).expect(200).json();
        let persons = found["items"].as_array().expect("a list");
        assert_eq!(persons.len(), 1, "a row of {feed} is lost or matched twice");
        let sources = persons[0]["sources"].as_array().expect("sources");
        let same = sources.iter().filter(|s| s["id_sumber"] == *id && s["feed"] == feed.name()).count();
        assert_eq!(same, 1, "a row of {feed} stands {same} times in its person");
    }
    victim.kill();
    println!(
        "{KILLS} kills, {} acknowledged rows, {retried} interrupted pushes: lost 0, doubled 0 ({} persons)",
        acknowledged.len(),
        overview["persons"],
    );
    assert!(acknowledged.len() > 1_000, "only {} rows were acknowledged", acknowledged.len());
}

type Batch = (Feed, Vec<String>);

/// Pushes one batch after the other until the gateway is gone; answers what was acknowledged, and what was not.
fn push_until_it_dies(address: SocketAddr, ca: &Path, batches: Vec<Batch>, first: u64) -> (Vec<Batch>, Vec<Batch>) {
    let mut done = Vec::new();
    let mut rest = batches.into_iter().enumerate();
    while let Some((nth, (feed, rows))) = rest.next() {
        let client = TestClient::new(address, ca, sender(feed.name()));
        let key = format!("batch-{}", first + nth as u64);
        let headers = [("Content-Type", "application/x-ndjson"), ("Idempotency-Key", key.as_str())];
        let path = format!("/v1/feeds/{feed}/batches");
        match client.try_send("POST", &path, &headers, rows.join("\n").as_bytes()) {
            Ok(answer) if answer.status == 200 => done.push((feed, rows)),
            _ => {
                let mut left = vec![(feed, rows)];
                left.extend(rest.map(|(_, batch)| batch));
                return (done, left);
            }
        }
    }
    (done, Vec::new())
}

/// All person rows of the sample, in batches that change feed each time.
fn batches() -> Vec<Batch> {
    let mut all = Vec::new();
    for feed in Feed::ALL.into_iter().filter(|feed| feed.describes_person()) {
        let text = std::fs::read_to_string(data(&format!("kab-sampel/{feed}.ndjson"))).expect("a feed");
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        all.extend(lines.chunks(BATCH).enumerate().map(|(nth, chunk)| (nth, feed, chunk.to_vec())));
    }
    all.sort_by_key(|(nth, feed, _)| (*nth, *feed));
    all.into_iter().map(|(_, feed, rows)| (feed, rows)).collect()
}

fn id_of(row: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(row).expect("JSON");
    value["id_sumber"].as_str().expect("a key").to_owned()
}

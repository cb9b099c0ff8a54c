//! Invariant 3: the same rows in any order and in any batches, one by one and in bulk, on any store, give the same
//! clusters, golden values and cases.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use padan::auth::{Caller, Directory};
use padan::domain::feed::Feed;
use padan::service::clock::SystemClock;
use padan::service::gateway::{Gateway, IdempotencyKey};
use padan::service::rebuild::{Repair, rebuild};
use padan::service::start::{Missing, StartWith};
use padan::store::StoreUrl;
use padan::worker::{self, Running};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::support::{data, sender, settings};

/// Random orders on each store.
const ORDERS: u64 = 50;

/// Rows of a few families in all person feeds, with everything that makes order matter: duplicates in one feed, copied
/// NIKs, twins, and two versions of some rows.
fn rows() -> Vec<(Feed, String)> {
    let truth = std::fs::read_to_string(data("kab-sampel/kebenaran.csv")).expect("the truth");
    let families: std::collections::BTreeSet<String> =
        truth.lines().skip(1).filter_map(|line| line.split(',').nth(3)).take(700).map(str::to_owned).collect();
    let wanted: std::collections::BTreeSet<(String, String)> = truth
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut parts = line.split(',');
            let (feed, id) = (parts.next()?.to_owned(), parts.next()?.to_owned());
            families.contains(parts.nth(1)?).then_some((feed, id))
        })
        .collect();
    let mut rows = Vec::new();
    for feed in Feed::ALL.into_iter().filter(|feed| feed.describes_person()) {
        let path = data(&format!("kab-sampel/{feed}.ndjson"));
        for line in std::fs::read_to_string(path).expect("a feed").lines() {
            let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let id = value["id_sumber"].as_str().expect("a key").to_owned();
            if !wanted.contains(&(feed.name().to_owned(), id)) {
                continue;
            }
            // Every seventh row also comes in an older version with another name: the newer must win in any order.
            if rows.len() % 7 == 0 {
                let mut old = value.clone();
                old["tgl_data"] = serde_json::json!("2025-01-01");
                old["nama"] = serde_json::json!("NAMA SEBELUMNYA");
                rows.push((feed, old.to_string()));
            }
            // Every seventeenth in one with a slip in its day, which has to win over nothing.
            if rows.len() % 17 == 0 {
                let mut ahead = value.clone();
                ahead["tgl_data"] = serde_json::json!("2099-01-01");
                ahead["nama"] = serde_json::json!("NAMA KELAK");
                rows.push((feed, ahead.to_string()));
            }
            rows.push((feed, line.to_owned()));
            // Every eleventh is withdrawn later, every thirteenth moves to another card: what they held together parts.
            if rows.len() % 11 == 0 {
                let gone =
                    serde_json::json!({"id_sumber": value["id_sumber"], "tgl_data": "2025-11-21", "hapus": true});
                rows.push((feed, gone.to_string()));
            } else if rows.len() % 13 == 0 {
                let mut moved = value;
                moved["tgl_data"] = serde_json::json!("2025-11-21");
                moved["no_kk"] = serde_json::json!("3201012011249901");
                rows.push((feed, moved.to_string()));
            }
        }
    }
    rows
}

/// Clusters as sets of row ids, without the numbers that depend on arrival, and how many cases there are.
type State = (Vec<Vec<String>>, usize);

async fn state_of(gateway: &Gateway, steward: &Caller) -> State {
    let mut clusters: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for member in gateway.clusters().await.expect("clusters") {
        clusters.entry(member.person).or_default().push(member.row_id);
    }
    let mut clusters: Vec<Vec<String>> = clusters.into_values().collect();
    clusters.sort();
    (clusters, gateway.overview(steward).await.expect("an overview").open_cases as usize)
}

/// A gateway and its worker.
struct Run {
    gateway: Gateway,
    matcher: tokio::task::JoinHandle<()>,
    stop: tokio::sync::watch::Sender<Running>,
}

impl Run {
    fn start(gateway: Gateway) -> Self {
        let (stop, stopping) = tokio::sync::watch::channel(Running::Yes);
        let matcher = worker::start(gateway.clone(), stopping);
        Self { gateway, matcher, stop }
    }

    /// Ends it wherever the matcher is, without waiting for what was acknowledged.
    async fn break_off(self) {
        self.stop.send_replace(Running::Stopping);
        self.matcher.await.expect("the matcher ends");
        self.gateway.close().await;
    }
}

async fn push_all(store: StoreUrl, dir: &Path, batches: &[Vec<(Feed, String)>]) -> State {
    // A few times on the way.
    let restarts = store != StoreUrl::Memory;
    let settings = settings(dir, StoreUrl::Memory);
    let clients: Directory = settings.client.clone();
    let start = || StartWith {
        store: store.clone(),
        missing: Missing::Create,
        store_limits: settings.store_limits.clone(),
        clients: clients.clone(),
        settings: settings.service.clone(),
        models: settings.models.clone(),
        clock: Arc::new(SystemClock),
    };
    let mut running = Some(Run::start(start().open().await.expect("a gateway")));
    for (nth, batch) in batches.iter().enumerate() {
        if restarts && nth % batches.len().div_ceil(4) == 1 {
            running.take().expect("running").break_off().await;
            running = Some(Run::start(start().open().await.expect("it opens again")));
        }
        let gateway = &running.as_ref().expect("running").gateway;
        for feed in Feed::ALL {
            let lines: Vec<&str> = batch.iter().filter(|(f, _)| *f == feed).map(|(_, line)| line.as_str()).collect();
            if lines.is_empty() {
                continue;
            }
            let caller = clients.by_token(&format!("kode-{}", sender(feed.name()))).expect("a sender");
            let mut intake = gateway.read_push(feed);
            intake.push(lines.join("\n").as_bytes()).expect("read");
            let body = intake.finish().expect("a body");
            assert_eq!(body.refused(), 0);
            let key = IdempotencyKey::new(&format!("{nth}-{feed}")).expect("a key");
            gateway.push(&caller, feed, key, body).await.expect("pushed");
        }
    }
    let Run { gateway, matcher, stop } = running.expect("running");
    gateway.settled().await;
    let steward = clients.by_token("kode-petugas").expect("a steward");
    let state = state_of(&gateway, &steward).await;
    stop.send_replace(Running::Stopping);
    matcher.await.expect("the matcher ends");
    gateway.close().await;
    drop(gateway);
    if store != StoreUrl::Memory {
        // What was derived step by step is what follows from the inputs at once: golden values, families and cases, too.
        let parts = start().parts().await.expect("the store opens again");
        let rebuilt = rebuild(parts, Repair::Compare).await.expect("rebuilt");
        assert!(rebuilt.identical() && rebuilt.entries > 1_000, "{rebuilt:?}");
    }
    state
}

fn batches(rows: &[(Feed, String)], seed: u64) -> Vec<Vec<(Feed, String)>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut rows = rows.to_vec();
    rows.shuffle(&mut random);
    let largest = *[1, 3, 17, 120, rows.len()].get(seed as usize % 5).expect("one of five");
    let mut batches = Vec::new();
    while !rows.is_empty() {
        let size = random.random_range(1..=largest).min(rows.len());
        batches.push(rows.split_off(rows.len() - size));
    }
    batches
}

/// Pushes the rows in many orders, each to the store that `store` names for it, and says what came out each time.
fn check(store: impl Fn(&Path, u64) -> StoreUrl) -> String {
    let rows = rows();
    assert!(rows.len() > 400, "{} rows", rows.len());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    let dir = tempfile::tempdir().expect("a folder");
    let expected = runtime.block_on(push_all(StoreUrl::Memory, dir.path(), std::slice::from_ref(&rows)));
    assert!(expected.0.iter().any(|cluster| cluster.len() > 2) && expected.1 > 0, "something to cluster and to ask");
    for seed in 0..ORDERS {
        let found = runtime.block_on(push_all(store(dir.path(), seed), dir.path(), &batches(&rows, seed)));
        assert_eq!(found, expected, "order {seed}");
    }
    format!("{ORDERS} orders of {} rows: {} clusters, {} cases each time", rows.len(), expected.0.len(), expected.1)
}

#[test]
fn any_order_gives_the_same_clusters_in_memory() {
    println!("{}", check(|_, _| StoreUrl::Memory));
}

/// On disk, the gateway is also broken off and opened again on the way.
#[test]
fn any_order_gives_the_same_clusters_on_redb() {
    println!("{}", check(|dir, seed| StoreUrl::Redb(dir.join(format!("store-{seed}")))));
}

#[test]
fn any_order_gives_the_same_clusters_on_sled() {
    println!("{}", check(|dir, seed| StoreUrl::Sled(dir.join(format!("store-{seed}")))));
}

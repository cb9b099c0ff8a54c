//! A candidate index that rests in the store: the same derived state as with one in memory, whoever writes it, whoever dies,
//! and whenever the setting changes.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use padan::domain::feed::Feed;
use padan::service::IndexPlace;
use padan::service::clock::SystemClock;
use padan::service::rebuild::{Rebuilt, Repair, rebuild};
use padan::service::start::{Missing, StartWith};
use padan::service::verify::verify;
use padan::store::{StoreUrl, Table};
use serde_json::json;

use crate::postgres::PostgresServer;
use crate::shared::Run;
use crate::support::{Process, TestClient, data, free_address, sender, settings};

/// Rows of each feed of the sample.
const ROWS: usize = 240;

/// Rows of one push.
const PUSH: usize = 40;

/// A push: who sends what.
type Push = (Feed, String, Vec<String>);

/// A part of the sample, then some rows of it changed, gone and back.
fn pushes() -> Vec<Push> {
    let mut pushes: Vec<Push> = Vec::new();
    for feed in Feed::ALL.into_iter().filter(|feed| feed.describes_person()) {
        let text = std::fs::read_to_string(data(&format!("kab-sampel/{feed}.ndjson"))).expect("a feed");
        let rows: Vec<String> = text.lines().take(ROWS).map(str::to_owned).collect();
        let chunks = rows.chunks(PUSH).enumerate();
        pushes.extend(chunks.map(|(nth, rows)| (feed, format!("{nth:03}-{feed}"), rows.to_vec())));
    }
    pushes.sort_by(|a, b| a.1.cmp(&b.1));
    let first = pushes.clone();
    for (feed, key, rows) in first.iter().step_by(3) {
        let of = |row: &String, change: &dyn Fn(&mut serde_json::Value)| {
            let mut value: serde_json::Value = serde_json::from_str(row).expect("JSON");
            change(&mut value);
            value.to_string()
        };
        let later = |value: &mut serde_json::Value| value["tgl_data"] = json!("2025-11-18");
        let renamed = rows.iter().step_by(5).map(|row| {
            of(row, &|value| {
                later(value);
                value["nama"] = json!("SITI AMINAH");
            })
        });
        let gone = rows.iter().skip(1).step_by(5).map(|row| {
            let value: serde_json::Value = serde_json::from_str(row).expect("JSON");
            json!({"id_sumber": value["id_sumber"], "tgl_data": "2025-11-18", "hapus": true}).to_string()
        });
        let changed = renamed.chain(gone).collect();
        pushes.push((*feed, format!("changed-{key}"), changed));
        let back = rows.iter().skip(1).step_by(10).map(|row| of(row, &|value| value["tgl_data"] = json!("2025-11-19")));
        pushes.push((*feed, format!("back-{key}"), back.collect()));
    }
    pushes
}

fn start_with(dir: &Path, store: &StoreUrl, index: IndexPlace, cache_bytes: usize) -> StartWith {
    let mut settings = settings(dir, StoreUrl::Memory);
    settings.service.index = index;
    settings.service.index_cache_bytes = cache_bytes;
    settings.service.index_file = Some(dir.join("index"));
    StartWith {
        store: store.clone(),
        missing: Missing::Create,
        store_limits: settings.store_limits.clone(),
        clients: settings.client.clone(),
        settings: settings.service.clone(),
        models: settings.models.clone(),
        clock: Arc::new(SystemClock),
    }
}

async fn start(dir: &Path, store: &StoreUrl, index: IndexPlace) -> Run {
    Run::on(start_with(dir, store, index, 1_000)).await
}

async fn push(run: &Run, (feed, key, rows): &Push) {
    run.push(*feed, key, &rows.join("\n")).await;
    run.gateway.settled().await;
}

/// The derived state that an index in memory leads to.
async fn expected(pushes: &[Push]) -> String {
    let dir = tempfile::tempdir().expect("a folder");
    let run = start(dir.path(), &StoreUrl::Memory, IndexPlace::Memory).await;
    for one in pushes {
        push(&run, one).await;
    }
    let derived = run.gateway.digest().await.expect("a digest").derived;
    run.end().await;
    derived
}

/// Everything in a store is what follows from its rows, the index as well.
async fn check(dir: &Path, store: &StoreUrl, rests: bool) -> Rebuilt {
    // All is matched anew, in memory.
    let parts = start_with(dir, store, IndexPlace::Memory, 0).parts().await.expect("the store opens");
    let snapshot = parts.store.snapshot().await.expect("a snapshot");
    assert!(verify(&*snapshot).await.expect("verified").sound());
    assert_eq!(snapshot.last(Table::Postings).await.expect("read").is_some(), rests);
    drop(snapshot);
    let rebuilt = rebuild(parts, Repair::Compare).await.expect("rebuilt");
    assert!(rebuilt.identical(), "{rebuilt:?}");
    assert_eq!(rebuilt.index_differences, rests.then_some(0));
    rebuilt
}

#[test]
fn postgres_with_an_index_of_its_own_is_as_one_without() {
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    let dir = tempfile::tempdir().expect("a folder");
    let store: StoreUrl = PostgresServer::shared().address("alone").parse().expect("an address");
    runtime.block_on(async {
        let pushes = pushes();
        let run = start(dir.path(), &store, IndexPlace::Store).await;
        for one in &pushes {
            push(&run, one).await;
        }
        run.end().await;
        assert_eq!(check(dir.path(), &store, true).await.derived, expected(&pushes).await);
    });
}

#[test]
fn two_gateways_on_one_database_follow_one_index() {
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    let dirs = [0, 1].map(|_| tempfile::tempdir().expect("a folder"));
    let store: StoreUrl = PostgresServer::shared().address("resting").parse().expect("an address");
    runtime.block_on(async {
        let pushes = pushes();
        let mut runs = Vec::new();
        for dir in &dirs {
            runs.push(start(dir.path(), &store, IndexPlace::Store).await);
        }
        let third = pushes.len() / 3;
        for (nth, one) in pushes.iter().enumerate() {
            push(&runs[nth % 2], one).await;
            if nth == third || nth == 2 * third {
                // The other one leads from here on, and this one comes back from its file behind it.
                let leader = runs.remove(0);
                leader.end().await;
                let at = usize::from(nth != third);
                runs.push(start(dirs[at].path(), &store, IndexPlace::Store).await);
            }
        }
        let mut states = BTreeSet::new();
        for run in runs {
            run.gateway.settled().await;
            states.insert(run.gateway.digest().await.expect("a digest").derived);
            run.end().await;
        }
        states.insert(check(dirs[0].path(), &store, true).await.derived);
        assert_eq!(states.len(), 1);
    });
}

#[test]
fn the_setting_may_change_from_start_to_start() {
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    let dir = tempfile::tempdir().expect("a folder");
    let store = StoreUrl::Redb(dir.path().join("store"));
    runtime.block_on(async {
        let pushes = pushes();
        let wanted = expected(&pushes).await;
        let places = [IndexPlace::Memory, IndexPlace::Store, IndexPlace::Store, IndexPlace::Memory, IndexPlace::Store];
        for (place, some) in places.into_iter().zip(pushes.chunks(pushes.len().div_ceil(places.len()))) {
            let run = start(dir.path(), &store, place).await;
            for one in some {
                push(&run, one).await;
            }
            run.end().await;
            check(dir.path(), &store, place == IndexPlace::Store).await;
        }
        assert_eq!(check(dir.path(), &store, true).await.derived, wanted);
    });
}

#[test]
fn a_gateway_killed_at_any_time_goes_on_with_the_index_in_the_store() {
    let dir = tempfile::tempdir().expect("a folder");
    let store: StoreUrl = PostgresServer::shared().address("killed").parse().expect("an address");
    let mut settings = settings(dir.path(), store.clone());
    settings.http.listen = free_address();
    settings.service.index = IndexPlace::Store;
    settings.service.index_cache_bytes = 10_000;
    let config = dir.path().join("padan.toml");
    std::fs::write(&config, toml::to_string(&settings).expect("TOML")).expect("written");
    let pushes = pushes();
    let mut gateway = Process::start(&config);
    for (nth, (feed, key, rows)) in pushes.iter().enumerate() {
        let client = TestClient::new(settings.http.listen, &dir.path().join("ca.pem"), sender(feed.name()));
        client.push(feed.name(), key, &rows.join("\n")).expect(200);
        if nth % 7 == 3 {
            // What was acknowledged just now is being matched and written.
            gateway.kill();
            gateway = Process::start(&config);
        }
    }
    TestClient::new(settings.http.listen, &dir.path().join("ca.pem"), "petugas").settled();
    gateway.kill();
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    runtime.block_on(async { check(dir.path(), &store, true).await });
}

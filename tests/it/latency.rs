//! Nobody who asks waits for matching. The figures of a release build under a long load are in `benches/README.md`; here
//! it is only that no answer takes as long as the matching that goes on beside it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use padan::domain::feed::Feed;
use padan::store::StoreUrl;

use crate::support::{TestApp, TestClient, data, sender};

/// What people ask all the time.
const QUESTIONS: [&str; 6] = [
    "/healthz",
    "/v1/cases?limit=20",
    "/v1/persons/P0000000001",
    "/v1/reports/complementarity",
    "/v1/overview",
    "/v1/cases?limit=20&kode_wilayah=3201",
];

/// The slowest answer that is still far from waiting for a step of the matching, in a build with checks on two busy cores.
const SLOWEST: Duration = Duration::from_secs(1);

#[test]
fn answers_do_not_wait_for_matching() {
    let dir = tempfile::tempdir().expect("a folder");
    let app = TestApp::with(|settings| {
        settings.store = StoreUrl::Redb(dir.path().join("store"));
        // What waits is matched step by step, which takes longest.
        settings.service.match_at_once_from = u64::MAX;
    });
    let done = AtomicBool::new(false);
    let slowest = std::thread::scope(|scope| {
        let asks = scope.spawn(|| ask_until(&app.client("petugas").without_waiting(), &done));
        push_all(&app);
        app.settle();
        done.store(true, Ordering::Release);
        asks.join().expect("everything is answered")
    });
    for (path, taken) in &slowest {
        assert!(*taken < SLOWEST, "{path} took {taken:?}");
    }
}

/// Asks until `done`; answers how long the slowest answer of each kind took.
fn ask_until(steward: &TestClient, done: &AtomicBool) -> Vec<(&'static str, Duration)> {
    let mut slowest = QUESTIONS.map(|path| (path, Duration::ZERO));
    while !done.load(Ordering::Acquire) {
        for (path, worst) in &mut slowest {
            let began = Instant::now();
            let status = steward.get(path).status;
            assert!(matches!(status, 200 | 404), "{path}: {status}");
            *worst = began.elapsed().max(*worst);
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    slowest.to_vec()
}

fn push_all(app: &TestApp) {
    for feed in Feed::ALL {
        let text = std::fs::read_to_string(data(&format!("kab-sampel/{feed}.ndjson"))).expect("a feed");
        let lines: Vec<&str> = text.lines().collect();
        for (number, chunk) in lines.chunks(500).enumerate() {
            let pusher = app.client(sender(feed.name())).without_waiting();
            pusher.push(feed.name(), &format!("{feed}-{number}"), &chunk.join("\n")).expect(200);
        }
    }
}

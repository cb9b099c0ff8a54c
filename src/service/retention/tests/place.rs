//! A gateway on a store, with a clock that a test moves.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::SignedDuration;
use serde_json::json;

use crate::auth::{Client, Clients, Directory, Right, token_hash};
use crate::domain::agency::{AgencyId, AgencyKind};
use crate::domain::date::Timestamp;
use crate::domain::feed::Feed;
use crate::service::answers::views::Pushed;
use crate::service::clock::Clock;
use crate::service::digest::{StateDigest, digest};
use crate::service::gateway::{Gateway, IdempotencyKey, Parts};
use crate::service::models::{self, Models};
use crate::service::rebuild::{Repair, rebuild};
use crate::service::retention::{self, Counts};
use crate::service::verify::{Verified, verify};
use crate::store::{self, Read, Row, Store, StoreUrl, Table, WriteBatch};

/// The rule of all tests.
pub(super) const RULE: &str = "30d";

/// Who pushes, and who decides.
pub(super) const SENDER: &str = "kode-dinkes";
pub(super) const STEWARD: &str = "kode-petugas";

/// A clock that stands until it is moved.
pub(super) struct TestClock {
    now: Mutex<Timestamp>,
    ids: AtomicU64,
}

impl TestClock {
    fn new() -> Self {
        let now = "2025-06-01T08:00:00Z".parse().expect("a time");
        Self { now: Mutex::new(now), ids: AtomicU64::new(1) }
    }

    pub(super) fn pass(&self, days: i64) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.checked_add(SignedDuration::from_hours(24 * days)).expect("not so far");
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new_id(&self) -> String {
        format!("id-{:08}", self.ids.fetch_add(1, Ordering::SeqCst))
    }
}

pub(super) fn open(url: &StoreUrl) -> Arc<dyn Store> {
    store::open(url, &store::Config { reserve_bytes: 0, ..store::Config::default() }).expect("a store")
}

fn clients() -> Directory {
    let client = |name: &str, rights: &[Right], agency: Option<&str>| Client {
        name: name.to_owned(),
        token_sha256: token_hash(&format!("kode-{name}")),
        rights: rights.to_vec(),
        agency: agency.map(|id| AgencyId::new(id).expect("an id")),
        kind: agency.map(|_| AgencyKind::Dinkes),
        regions: Vec::new(),
        purpose: None,
    };
    let steward = [Right::Review, Right::Persons, Right::Reports];
    Directory::new(&[client("dinkes", &[Right::Push], Some("dinkes-3201")), client("petugas", &steward, None)])
        .expect("clients")
}

pub(super) fn parts(store: Arc<dyn Store>, clock: &Arc<TestClock>, rule: Option<&str>) -> Parts {
    let older_than = rule.map(|age| age.parse().expect("an age"));
    let settings = crate::service::Config {
        retention: retention::Config { older_than, clock_limit: "36500d".parse().expect("an age") },
        ..crate::service::Config::default()
    };
    let models = Arc::new(Models::load(&models::Config::default()).expect("models"));
    Parts {
        store,
        clients: Clients::new(clients()),
        settings,
        models,
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        signer: None,
    }
}

/// A gateway and what it stands on.
pub(super) struct Place {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<TestClock>,
    pub(super) gateway: Gateway,
    rule: Option<&'static str>,
}

impl Place {
    pub(super) async fn new(store: Arc<dyn Store>, rule: Option<&'static str>) -> Self {
        Self::at(store, Arc::new(TestClock::new()), rule).await
    }

    pub(super) async fn at(store: Arc<dyn Store>, clock: Arc<TestClock>, rule: Option<&'static str>) -> Self {
        let gateway = Gateway::open(parts(Arc::clone(&store), &clock, rule)).await.expect("a gateway");
        Self { store, clock, gateway, rule }
    }

    pub(super) async fn memory() -> Self {
        Self::new(open(&StoreUrl::Memory), Some(RULE)).await
    }

    /// Another gateway on the same store, as after a restart.
    pub(super) async fn again(self) -> Self {
        drop(self.gateway);
        Self::at(self.store, self.clock, self.rule).await
    }

    /// Pushes rows of the health insurance feed, and has them matched.
    pub(super) async fn push(&self, key: &str, rows: &[String]) -> Pushed {
        let pushed = self.push_only(key, rows).await;
        self.gateway.catch_up().await.expect("matched");
        pushed
    }

    pub(super) async fn push_only(&self, key: &str, rows: &[String]) -> Pushed {
        let caller = self.gateway.clients().by_token(SENDER).expect("a sender");
        let mut intake = self.gateway.read_push(Feed::KepesertaanJkn);
        intake.push(rows.join("\n").as_bytes()).expect("read");
        let body = intake.finish().expect("a body");
        assert_eq!(body.refused(), 0);
        let key = IdempotencyKey::new(key).expect("a key");
        self.gateway.push(&caller, Feed::KepesertaanJkn, key, body).await.expect("pushed")
    }

    /// Compacts and lets the matcher pass what that left in the journal.
    pub(super) async fn compact(&self) -> Counts {
        self.gateway.catch_up().await.expect("matched");
        let counts = self.gateway.compact().await.expect("compacted");
        self.gateway.catch_up().await.expect("matched");
        counts
    }

    pub(super) async fn digest(&self) -> StateDigest {
        let snapshot = self.store.snapshot().await.expect("a snapshot");
        digest(&*snapshot).await.expect("a digest").state
    }

    pub(super) async fn verified(&self) -> Verified {
        let snapshot = self.store.snapshot().await.expect("a snapshot");
        verify(&*snapshot).await.expect("verified")
    }

    /// Everything says what it should, and everything derived follows from what is there.
    pub(super) async fn check(&self, name: &str) {
        assert_eq!(self.verified().await.wrong, BTreeMap::new(), "{name}");
        let parts = parts(Arc::clone(&self.store), &self.clock, None);
        let rebuilt = rebuild(parts, Repair::Compare).await.expect("rebuilt");
        assert!(rebuilt.identical(), "{name}: {rebuilt:?}");
    }

    pub(super) async fn all(&self, table: Table) -> Vec<Row> {
        self.store.scan(table, Vec::new(), None, 60_000).await.expect("a page")
    }

    pub(super) async fn delete(&self, table: Table, key: &[u8]) {
        let mut write = WriteBatch::new();
        write.delete(table, key);
        self.store.commit(write).await.expect("deleted");
    }
}

/// A row of the health insurance feed. `version` is part of what it tells.
pub(super) fn row(person: usize, tgl_data: &str, version: usize) -> String {
    let (day, month, year) = (person % 28 + 1, person / 28 % 12 + 1, 1950 + person / 336 % 60);
    json!({
        "id_sumber": format!("J{person}"), "tgl_data": tgl_data,
        "nik": format!("320101{day:02}{month:02}{:02}{:04}", year % 100, person + 1),
        "nama": format!("{} {}", NAMES[person % NAMES.len()], NAMES[(person / 7 + version) % NAMES.len()]),
        "tanggal_lahir": format!("{year}-{month:02}-{day:02}"), "jenis_kelamin": "L", "kode_desa": "3201011001",
        "no_jkn": format!("{:013}", 9_000 + person), "segmen": "PBPU", "status_jkn": "AKTIF",
    })
    .to_string()
}

pub(super) fn withdrawal(person: usize, tgl_data: &str) -> String {
    json!({"id_sumber": format!("J{person}"), "tgl_data": tgl_data, "hapus": true}).to_string()
}

const NAMES: [&str; 9] = ["SITI", "BUDI", "WARSONO", "RAHAYU", "KUSUMA", "LESTARI", "PRATAMA", "HANDAYANI", "SETIAWAN"];

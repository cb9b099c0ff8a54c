//! Random histories, with compaction at random points and without it.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::place::{Place, RULE, STEWARD, open, row, withdrawal};
use crate::domain::case::CaseState;
use crate::domain::decision::Verdict;
use crate::service::answers::views::{CaseFilter, VerdictRequest};
use crate::service::clock::Clock;
use crate::service::gateway::IdempotencyKey;
use crate::store::{StoreUrl, Table};

/// Records of one history.
const PERSONS: usize = 24;

/// What is pushed next. Some dates lie before what is there: such rows come too late to count.
fn batch(random: &mut ChaCha8Rng) -> Vec<String> {
    let mut rows = Vec::new();
    for _ in 0..random.random_range(1..=6) {
        let person = random.random_range(0..PERSONS);
        let date = format!("2025-05-{:02}", random.random_range(1..=28));
        rows.push(match random.random_range(0..6) {
            0 => withdrawal(person, &date),
            // Half of the records tell of the same person as the one before them, under the same NIK or without one.
            1 => another(person, &row(person / 2 * 2, &date, random.random_range(0..3))),
            // Something to ask: another birth date under the NIK, or no NIK.
            kind @ (2 | 3) => {
                let text = another(person, &row(person / 2 * 2, &date, 0));
                let mut value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                value["no_jkn"] = format!("{:013}", 7_000 + person).into();
                match kind {
                    2 => value["nik"] = serde_json::Value::Null,
                    _ => value["tanggal_lahir"] = "1949-12-31".into(),
                }
                value.to_string()
            }
            _ => row(person, &date, random.random_range(0..2)),
        });
    }
    rows
}

/// The row under the number of another record.
fn another(person: usize, row: &str) -> String {
    row.replace(&format!("\"J{}\"", person / 2 * 2), &format!("\"J{person}\""))
}

pub(super) async fn cases(place: &Place) -> Vec<String> {
    let steward = place.gateway.clients().by_token(STEWARD).expect("a steward");
    let mut told = Vec::new();
    for state in [CaseState::Baru, CaseState::Istirahat, CaseState::Selesai] {
        let filter = CaseFilter { state, ..CaseFilter::default() };
        let page = place.gateway.cases(&steward, filter, None, 200).await.expect("cases");
        told.extend(page.items.into_iter().map(|view| format!("{:?} {:?}", view.case, view.decisions)));
    }
    told
}

/// Decides the first open case, if there is one.
async fn decide(place: &Place, nth: usize) {
    let steward = place.gateway.clients().by_token(STEWARD).expect("a steward");
    let open = place.gateway.cases(&steward, CaseFilter::default(), None, 1).await.expect("cases");
    let Some(id) = open.items.first().map(|view| view.case.id.clone()) else { return };
    let key = IdempotencyKey::new(&format!("putusan-{nth}")).expect("a key");
    let verdict = if nth.is_multiple_of(2) { Verdict::BukanDuplikat } else { Verdict::Gabungkan };
    let request = VerdictRequest { verdict: Some(verdict), reason: "sudah diperiksa".to_owned() };
    let gateway = place.gateway.clone();
    let deciding = tokio::spawn(async move { gateway.decide(&steward, &id, key, request).await.map(drop) });
    while !deciding.is_finished() {
        place.gateway.catch_up().await.expect("matched");
        tokio::task::yield_now().await;
    }
    deciding.await.expect("it ends").expect("decided");
}

/// One history on two stores; one of them is compacted and opened again now and then. Answers how many rows went and how
/// many cases there are.
async fn check(url: &StoreUrl, seed: u64) -> (usize, usize) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let kept = Place::new(open(&StoreUrl::Memory), None).await;
    let mut compacted = Place::new(open(url), Some(RULE)).await;
    let mut taken = 0;
    for nth in 0..30 {
        let rows = batch(&mut random);
        let decided = random.random_range(0..8) == 0;
        for place in [&kept, &compacted] {
            place.push(&format!("push-{nth}"), &rows).await;
            if decided {
                decide(place, nth).await;
            }
        }
        let days = random.random_range(0..12);
        kept.clock.pass(days);
        compacted.clock.pass(days);
        if random.random_range(0..3) == 0 {
            taken += compacted.compact().await.of(Table::Rows).entries as usize;
        }
        if random.random_range(0..10) == 0 {
            compacted = compacted.again().await;
            compacted.gateway.catch_up().await.expect("matched");
            // The new gateway took an id as its name; batches are to be called the same in both.
            kept.clock.new_id();
        }
    }
    let (one, other) = (kept.digest().await, compacted.digest().await);
    assert_eq!((&one.current, &one.derived), (&other.current, &other.derived), "seed {seed}");
    let found = cases(&kept).await;
    assert_eq!(found, cases(&compacted).await, "seed {seed}");
    kept.check("kept").await;
    compacted.check("compacted").await;
    let rows = (kept.all(Table::Rows).await.len(), compacted.all(Table::Rows).await.len());
    assert_eq!(rows.0, rows.1 + taken, "seed {seed}: what went is what was counted");
    (taken, found.len())
}

async fn check_all(seeds: u64, url: impl Fn(u64) -> StoreUrl) {
    let (mut taken, mut cases) = (0, 0);
    for seed in 0..seeds {
        let (rows, found) = check(&url(seed), seed).await;
        taken += rows;
        cases += found;
    }
    println!("{seeds} histories: {taken} rows went, {cases} cases are the same");
    assert!(taken as u64 > 10 * seeds && cases > 0, "{taken} rows and {cases} cases: the histories say too little");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_derived_changes_in_memory() {
    check_all(8, |_| StoreUrl::Memory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_derived_changes_on_redb() {
    let dir = tempfile::tempdir().expect("a folder");
    check_all(3, |seed| StoreUrl::Redb(dir.path().join(seed.to_string()))).await;
}

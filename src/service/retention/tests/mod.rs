//! What goes, what stays, and that nobody notices but who asks for what went.

mod backups;
mod clock;
mod place;
mod random;
mod settings;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::place::{Place, RULE, SENDER, STEWARD, open, parts, row, withdrawal};
use super::*;
use crate::domain::feed::Feed;
use crate::service::answers::views::LookupQuery;
use crate::service::clock::Clock;
use crate::service::digest::digest;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::verify::Wrong;
use crate::store::failing::{FailingStore, Outcome};
use crate::store::{Position, Row, Store, StoreUrl, Table};

/// Three records: one updated twice, one withdrawn, one left alone. All of it ten days apart.
async fn history(place: &Place) {
    place.push("first", &[row(1, "2025-05-01", 1), row(2, "2025-05-01", 1), row(3, "2025-05-01", 1)]).await;
    place.clock.pass(10);
    place.push("second", &[row(1, "2025-05-02", 2), withdrawal(2, "2025-05-02")]).await;
    place.clock.pass(10);
    place.push("third", &[row(1, "2025-05-03", 3)]).await;
}

/// The rule of the command, with a clock that is believed.
fn rule() -> Rule {
    Rule { age: RULE.parse().expect("an age"), clock_limit: None }
}

fn entries(counts: &Counts) -> [u64; 4] {
    [Table::Rows, Table::Receipts, Table::Idempotency, Table::Journal].map(|table| counts.of(table).entries)
}

#[tokio::test]
async fn what_was_replaced_long_ago_goes_and_the_rest_stays() {
    let place = Place::memory().await;
    history(&place).await;
    let before = place.digest().await;
    assert_eq!(entries(&place.compact().await), [0; 4], "nothing is old enough");
    place.clock.pass(11);
    // Day 31: the first push is old enough, but what replaced its rows is not.
    assert_eq!(entries(&place.compact().await), [0, 1, 1, 1]);
    assert_eq!(place.digest().await, before);
    place.check("rows stay as long as they were present within the period").await;
    place.clock.pass(9);
    assert_eq!(entries(&place.compact().await), [2, 1, 1, 1]);
    place.clock.pass(10);
    assert_eq!(entries(&place.compact().await), [1, 1, 1, 1]);
    place.clock.pass(400);
    assert_eq!(entries(&place.compact().await), [0; 4], "its own notes do not keep it going");
    assert_eq!(place.all(Table::Rows).await.len(), 3, "one row a record, the withdrawal among them");
    assert_eq!(place.all(Table::Batches).await.len(), 3);
    assert!(!place.all(Table::Journal).await.is_empty(), "positions go on");
    let after = place.digest().await;
    assert_eq!((&after.current, &after.derived), (&before.current, &before.derived));
    assert_ne!(after.inputs, before.inputs, "it tells all rows that are there");
    let place = place.again().await;
    place.push("fourth", &[row(4, "2025-05-04", 1)]).await;
    place.check("a gateway that opened a compacted store").await;
    let records: Vec<u8> = place.all(Table::Rows).await.iter().map(|(key, _)| key[7]).collect();
    assert_eq!(records, [1, 2, 3, 4], "no number is given twice");
}

/// A case keeps its question with the row that withdraws its record, and that row stays as long as it stands.
#[tokio::test]
async fn a_case_rests_however_long_its_record_is_away() {
    let place = Place::memory().await;
    let asked = |day: &str| {
        let mut row: serde_json::Value = serde_json::from_str(&row(2, day, 0)).expect("JSON");
        // Somebody else under the same NIK.
        (row["id_sumber"], row["no_jkn"]) = ("J3".into(), "0000000007003".into());
        (row["nama"], row["tanggal_lahir"]) = ("LINA MARLINA".into(), "1983-07-19".into());
        row.to_string()
    };
    place.push("asked", &[row(2, "2025-05-01", 0), asked("2025-05-01")]).await;
    let open = random::cases(&place).await;
    assert!(!open.is_empty(), "there is nothing to rest");
    place.clock.pass(1);
    place.push("withdrawn", &[withdrawal(3, "2025-05-02")]).await;
    let rests = random::cases(&place).await;
    assert_eq!(rests.len(), open.len());
    assert!(rests.iter().all(|case| case.contains("Istirahat")), "{rests:?}");
    place.check("it rests").await;
    let before = place.digest().await;
    place.clock.pass(400);
    assert!(place.compact().await.of(Table::Rows).entries > 0, "the row that raised the question goes");
    let place = place.again().await;
    place.gateway.catch_up().await.expect("matched");
    let after = place.digest().await;
    assert_eq!((&after.derived, random::cases(&place).await), (&before.derived, rests));
    place.check("compacted and opened again").await;
    place.push("back", &[asked("2025-05-03")]).await;
    assert_eq!(random::cases(&place).await, open, "the same case is open again");
    place.check("back").await;
}

#[tokio::test]
async fn without_a_rule_nothing_goes() {
    let place = Place::new(open(&StoreUrl::Memory), None).await;
    history(&place).await;
    place.clock.pass(4_000);
    assert!(place.compact().await.is_empty());
    place.gateway.keep_rule().await;
    assert_eq!(place.all(Table::Journal).await.len(), 3);
}

/// The body of the worker: a step at a time, then an hour of rest by the clock.
#[tokio::test]
async fn a_gateway_keeps_the_rule_step_by_step() {
    let place = Place::memory().await;
    history(&place).await;
    place.clock.pass(100);
    place.gateway.keep_rule().await;
    assert_eq!(place.all(Table::Journal).await.len(), 1, "a step takes what it may, and leaves its note");
    place.gateway.catch_up().await.expect("matched");
    place.gateway.keep_rule().await;
    place.push("fourth", &[row(1, "2025-05-04", 4)]).await;
    place.gateway.keep_rule().await;
    assert_eq!(place.all(Table::Rows).await.len(), 4);
    place.clock.pass(100);
    place.gateway.keep_rule().await;
    place.gateway.catch_up().await.expect("matched");
    assert_eq!(place.all(Table::Rows).await.len(), 3);
    place.check("kept").await;
}

/// A row that is not matched yet stays, and so does what the journal tells of it.
#[tokio::test]
async fn what_is_not_matched_waits() {
    let place = Place::memory().await;
    history(&place).await;
    place.push_only("fourth", &[row(1, "2025-05-04", 4)]).await;
    place.clock.pass(100);
    let counts = place.gateway.compact().await.expect("compacted");
    assert_eq!(entries(&counts), [3, 3, 3, 3]);
    let sequences: Vec<u8> = place.all(Table::Rows).await.iter().map(|(key, _)| key[15]).collect();
    assert_eq!(sequences, [6, 7, 5, 3], "of record 1 the matched row and the one that waits");
    place.gateway.catch_up().await.expect("matched");
    place.check("matched later").await;
    assert_eq!(entries(&place.compact().await), [1, 1, 1, 1]);
    place.check("and compacted").await;
}

#[tokio::test]
async fn an_auditor_gets_a_true_answer() {
    let place = Place::memory().await;
    history(&place).await;
    let sender = place.gateway.clients().by_token(SENDER).expect("a sender");
    let id = String::from_utf8(place.all(Table::Batches).await[0].0.clone()).expect("an id");
    assert_eq!(place.gateway.receipt(&sender, &id, None, 10).await.expect("a receipt").items.len(), 3);
    place.clock.pass(100);
    let at = place.clock.now();
    place.compact().await;
    let batch = place.gateway.batch(&sender, &id).await.expect("it stays").batch;
    assert_eq!((batch.counts.baris, batch.counts.diterima + batch.counts.ditandai), (3, 3));
    assert_eq!(batch.compacted_at, Some(at));
    match place.gateway.receipt(&sender, &id, None, 10).await {
        Err(ServiceError::Compacted { at: told }) => assert_eq!(told, at),
        other => panic!("{:?}", other.map(|page| page.items.len())),
    }
    let steward = place.gateway.clients().by_token(STEWARD).expect("a steward");
    let query = LookupQuery { source: Some((Feed::KepesertaanJkn, "J1".to_owned())), ..LookupQuery::default() };
    let person = place.gateway.lookup(&steward, query).await.expect("found").persons.remove(0);
    let told: Vec<&str> = person.history.iter().map(|line| line.what).collect();
    assert_eq!(told, ["row_kept"], "not that it was the first");
}

/// Inside the period a key gives the answer that was given; outside, the same rows are taken again and change nothing.
#[tokio::test]
async fn a_key_is_remembered_for_the_period() {
    let place = Place::memory().await;
    history(&place).await;
    place.clock.pass(29);
    place.compact().await;
    let again = place.push("third", &[row(1, "2025-05-03", 3)]).await;
    assert!(again.replayed && again.lines.len() == 1);
    place.clock.pass(2);
    let before = place.digest().await;
    place.compact().await;
    let rows = place.all(Table::Rows).await;
    let again = place.push("third", &[row(1, "2025-05-03", 3)]).await;
    assert!(!again.replayed, "a new push");
    assert_eq!(again.batch.counts.tanpa_perubahan, 1, "that changes nothing");
    assert_eq!(place.all(Table::Rows).await, rows, "no row is there twice");
    let after = place.digest().await;
    assert_eq!((after.current, after.derived), (before.current, before.derived));
    place.check("replayed").await;
}

/// More rows than one step looks at, so that there are steps within a batch.
async fn large(store: Arc<dyn Store>) -> Place {
    let place = Place::new(store, Some(RULE)).await;
    for version in 1..=2 {
        let date = format!("2025-05-{version:02}");
        let rows: Vec<String> = (1..=1_200).map(|person| row(person, &date, version)).collect();
        place.push(&format!("v{version}"), &rows).await;
        place.clock.pass(1);
    }
    place.clock.pass(100);
    place
}

/// Broken off at every commit, with the commit written and not, it goes on to the same end.
#[tokio::test]
async fn broken_off_anywhere_it_goes_on() {
    let whole = large(open(&StoreUrl::Memory)).await;
    let counts = whole.compact().await;
    assert_eq!(entries(&counts), [1_200, 76, 2, 2]);
    let expected = whole.digest().await;
    for (nth, outcome) in (1..=4).flat_map(|nth| [(nth, Outcome::Nothing), (nth, Outcome::Written)]) {
        let place = large(open(&StoreUrl::Memory)).await;
        let name = format!("commit {nth}, {outcome:?}");
        let failing: Arc<dyn Store> = Arc::new(FailingStore::new(Arc::clone(&place.store), nth, outcome));
        let broken = compact(&*failing, place.clock.now(), rule(), Mode::Remove).await;
        // Three steps: the fourth commit is never asked for.
        assert_eq!(broken.is_err(), nth <= 3, "{name}");
        if nth == 2 {
            assert!(place.all(Table::Rows).await.len() > 1_200 || outcome == Outcome::Written, "{name}: halfway");
            place.check(&name).await;
        }
        let place = place.again().await;
        place.compact().await;
        assert_eq!(place.digest().await, expected, "{name}");
        assert_eq!(place.verified().await.wrong, BTreeMap::new(), "{name}");
    }
}

#[tokio::test]
async fn records_with_very_many_rows_are_read_whole() {
    let place = Place::memory().await;
    place.push("other", &[row(2, "2025-05-01", 1)]).await;
    for version in 0..600 {
        place.push_only(&format!("v{version}"), &[row(1, "2025-05-01", version)]).await;
    }
    place.push("last", &[row(3, "2025-05-01", 1), row(3, "2025-05-02", 2)]).await;
    place.clock.pass(31);
    let counts = place.compact().await;
    assert_eq!(counts.of(Table::Rows).entries, 599 + 1);
    assert_eq!(place.all(Table::Rows).await.len(), 3);
    place.check("one row a record").await;
}

#[tokio::test]
async fn of_two_that_compact_at_once_one_is_refused() {
    let place = Place::memory().await;
    history(&place).await;
    place.clock.pass(100);
    let now = place.clock.now();
    let marks = async || commit::StoredMarks::read(place.store.reader()).await.expect("read").expect("whole");
    let (first, second) = (marks().await, marks().await);
    let step = async || {
        let mut planner = plan::Planner { reader: place.store.reader(), cutoff: now, now, counted: None };
        planner.next(first.reached, first.matched()).await.expect("planned").expect("a step")
    };
    let (one, two) = (step().await, step().await);
    first.commit(&*place.store, one, commit::MarkPassedBy::Follower).await.expect("the first");
    let refused = second.commit(&*place.store, two, commit::MarkPassedBy::Follower).await;
    assert!(matches!(refused, Err(ServiceError::Changed { .. })));
    place.gateway.catch_up().await.expect("matched");
    place.check("once").await;
}

async fn clusters(gateway: &Gateway) -> BTreeMap<String, u64> {
    let members = gateway.clusters().await.expect("clusters");
    members.into_iter().map(|member| (member.row_id, member.person.0.0)).collect()
}

/// A gateway that follows and was passed reads the store again, and tells the same.
#[tokio::test]
async fn a_gateway_that_was_passed_reads_the_store_again() {
    let place = Place::memory().await;
    place.push("zero", &[row(9, "2025-05-01", 1)]).await;
    let another = async || {
        let gateway = Gateway::open(parts(Arc::clone(&place.store), &place.clock, None)).await.expect("another");
        gateway.catch_up().await.expect("matched");
        gateway
    };
    let slow = another().await;
    history(&place).await;
    place.clock.pass(100);
    place.compact().await;
    place.push("fourth", &[row(2, "2025-05-04", 4)]).await;
    slow.catch_up().await.expect("it is not lost");
    assert_eq!(clusters(&slow).await, clusters(&place.gateway).await);
    assert_eq!(clusters(&slow).await.len(), 4);
    place.check("both").await;
    // A gap that no compaction explains is damage.
    let slow = another().await;
    let last = place.all(Table::Journal).await.pop().expect("one");
    place.push_only("fifth", &[row(5, "2025-05-04", 4)]).await;
    place.push_only("sixth", &[row(6, "2025-05-04", 4)]).await;
    place.delete(Table::Journal, &Position::of(&last.0).expect("a position").next().key()).await;
    assert!(matches!(slow.catch_up().await, Err(ServiceError::Corrupt { .. })));
}

/// Deletes a key of a compacted store and answers what is wrong then.
async fn damaged(table: Table, which: impl Fn(&[Row]) -> usize) -> Vec<Wrong> {
    let place = Place::memory().await;
    history(&place).await;
    place.clock.pass(15);
    place.compact().await;
    place.push("fourth", &[row(5, "2025-05-04", 1)]).await;
    place.check("before").await;
    let rows = place.all(table).await;
    place.delete(table, &rows[which(&rows)].0).await;
    place.verified().await.wrong.into_keys().collect()
}

#[tokio::test]
async fn damage_to_a_compacted_store_is_found() {
    // Rows by record: 1, 4, 6; 2, 5; 3; and 7 of the last push.
    assert_eq!(damaged(Table::Rows, |_| 1).await, [Wrong::JournalWithoutRow]);
    let alone = damaged(Table::Rows, |rows| rows.len() - 2).await;
    assert!(alone.contains(&Wrong::HeadWithoutRow), "present, of a compacted batch: {alone:?}");
    assert_eq!(damaged(Table::Batches, |_| 0).await, [Wrong::RowWithoutBatch, Wrong::RowWithoutJournal]);
    assert_eq!(damaged(Table::Receipts, |_| 0).await, [Wrong::ReceiptLines]);
    assert_eq!(damaged(Table::Journal, |_| 0).await, [Wrong::JournalGap, Wrong::RowWithoutJournal], "the front");
    let middle = damaged(Table::Journal, |rows| rows.len() - 2).await;
    assert_eq!(middle, [Wrong::JournalGap], "a note in the middle");
}

/// The command's way: counted first, then taken, and the store is matched to its end without a gateway.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_at_rest_is_compacted_as_it_was_counted() {
    let dir = tempfile::tempdir().expect("a folder");
    let place = Place::new(open(&StoreUrl::Redb(dir.path().join("store"))), None).await;
    for mode in [Mode::DryRun, Mode::Remove] {
        let empty = compact(&*place.store, place.clock.now(), rule(), mode).await;
        assert!(matches!(empty, Err(RetentionError::NotMatched)), "{empty:?}");
    }
    history(&place).await;
    // A record whose old rows come up in several entries is counted once.
    place.push("more", &[row(1, "2025-05-04", 7)]).await;
    place.clock.pass(100);
    let now = place.clock.now();
    let before = place.digest().await;
    let counted = compact(&*place.store, now, rule(), Mode::DryRun).await.expect("counted");
    assert_eq!((place.digest().await, place.all(Table::Journal).await.len()), (before, 4), "nothing was written");
    let taken = compact(&*place.store, now, rule(), Mode::Remove).await.expect("taken");
    assert_eq!(counted, taken);
    assert_eq!(entries(&taken), [4, 4, 4, 4]);
    let snapshot = place.store.snapshot().await.expect("a snapshot");
    assert!(digest(&*snapshot).await.expect("a digest").settled, "nothing is left for a gateway to do");
    place.check("at rest").await;
    assert!(compact(&*place.store, now, rule(), Mode::Remove).await.expect("again").is_empty());
    assert_eq!(place.all(Table::Journal).await.len(), 1);
}

//! Laws about rows that come one after the other: a gateway without its server, on a store in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use padan::domain::batch::Completeness;
use padan::domain::case::CaseState;
use padan::domain::decision::Verdict;
use padan::domain::feed::Feed;
use padan::domain::record::PersonId;
use padan::service::answers::views::{CaseFilter, SearchAnswer, SearchQuery, VerdictRequest};
use padan::service::clock::SystemClock;
use padan::service::gateway::{Gateway, IdempotencyKey};
use padan::service::start::{Missing, StartWith};
use padan::store::StoreUrl;
use padan::worker::{self, Running};
use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use crate::gateway_support::{sender, settings};
use crate::rows::{Persons, Row, persons_of, same};
use crate::world::{Case, in_every_world};

/// A gateway at work, and who may speak with it.
pub(crate) struct Office {
    runtime: tokio::runtime::Runtime,
    gateway: Gateway,
    matcher: tokio::task::JoinHandle<()>,
    stop: tokio::sync::watch::Sender<Running>,
    clients: padan::auth::Directory,
    sent: usize,
}

/// What follows from all rows: who is whom, and how many cases are open and how many rest.
type State = (Persons, [u64; 2]);

impl Office {
    pub(crate) fn open() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let settings = settings(dir.path(), StoreUrl::Memory);
        let clients = settings.client.clone();
        let start = StartWith {
            store: StoreUrl::Memory,
            missing: Missing::Create,
            store_limits: settings.store_limits.clone(),
            clients: clients.clone(),
            // Small as the worlds are, rows are matched at once where that would be faster.
            settings: padan::service::Config { match_at_once_from: 1, ..settings.service.clone() },
            models: settings.models.clone(),
            clock: Arc::new(SystemClock),
        };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
        let gateway = runtime.block_on(start.open()).expect("a gateway");
        let (stop, stopping) = tokio::sync::watch::channel(Running::Yes);
        let inside = runtime.enter();
        let matcher = worker::start(gateway.clone(), stopping);
        drop(inside);
        Self { runtime, gateway, matcher, stop, clients, sent: 0 }
    }

    /// Pushes rows, feed by feed.
    pub(crate) fn push(&mut self, rows: &[Row]) {
        for feed in Feed::ALL {
            let lines: Vec<String> = rows.iter().filter(|row| row.feed == feed).map(Row::line).collect();
            if lines.is_empty() {
                continue;
            }
            let caller = self.clients.by_token(&format!("kode-{}", sender(feed.name()))).expect("a sender");
            let mut intake = self.gateway.read_push(feed);
            intake.push(lines.join("\n").as_bytes()).expect("read");
            let body = intake.finish().expect("a body");
            assert_eq!(body.refused(), 0, "a row was refused");
            self.sent += 1;
            let key = IdempotencyKey::new(&self.sent.to_string()).expect("a key");
            self.runtime.block_on(self.gateway.push(&caller, feed, key, body)).expect("pushed");
        }
    }

    /// An agency says that a feed is complete somewhere, or that it is not.
    pub(crate) fn declare(&mut self, rows: &[Row], random: &mut ChaCha8Rng) {
        let feed = *Feed::ALL.choose(random).expect("one of six");
        let village = rows.iter().find_map(|row| row.text("kode_desa")).expect("somebody lives somewhere");
        let digits = *[2, 4, 6].choose(random).expect("one of three");
        let caller = self.clients.by_token(&format!("kode-{}", sender(feed.name()))).expect("a sender");
        let declared = Completeness {
            feed,
            kode_wilayah: village[..digits].to_owned(),
            periode: "2025-T4".parse().expect("a quarter"),
            lengkap: random.random_bool(0.8),
        };
        self.sent += 1;
        let key = IdempotencyKey::new(&self.sent.to_string()).expect("a key");
        self.runtime.block_on(self.gateway.declare(&caller, feed, key, vec![declared])).expect("declared");
    }

    /// A steward decides some open cases, or takes decisions back.
    pub(crate) fn decide(&mut self, random: &mut ChaCha8Rng) {
        let steward = self.clients.by_token("kode-petugas").expect("a steward");
        let state = if random.random_bool(0.7) { CaseState::Baru } else { CaseState::Selesai };
        self.runtime.block_on(async {
            self.gateway.settled().await;
            let filter = CaseFilter { state, ..CaseFilter::default() };
            let cases = self.gateway.cases(&steward, filter, None, 5).await.expect("cases").items;
            for case in cases.iter().filter(|case| case.can_be_decided() || case.can_be_taken_back()) {
                let verdict = *[Verdict::Gabungkan, Verdict::BukanDuplikat].choose(random).expect("one of two");
                let verdict = (state == CaseState::Baru).then_some(verdict);
                self.sent += 1;
                let key = IdempotencyKey::new(&self.sent.to_string()).expect("a key");
                let request = VerdictRequest { verdict, reason: "contoh".to_owned() };
                // The verdict before may have settled it.
                let _ = self.gateway.decide(&steward, &case.case.id, key, request).await;
            }
        });
    }

    /// Entries of outcomes that are not what a full evaluation says.
    pub(crate) fn outcome_differences(&self) -> Option<u64> {
        self.runtime.block_on(async {
            self.gateway.settled().await;
            self.gateway.outcome_differences().await.expect("compared")
        })
    }

    fn state(&self) -> State {
        let steward = self.clients.by_token("kode-petugas").expect("a steward");
        self.runtime.block_on(async {
            self.gateway.settled().await;
            let mut persons: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
            for member in self.gateway.clusters().await.expect("clusters") {
                persons.entry(member.person).or_default().insert(member.row_id);
            }
            let overview = self.gateway.overview(&steward).await.expect("an overview");
            (persons.into_values().collect(), [overview.open_cases, overview.resting_cases])
        })
    }

    /// Waits until everything is matched.
    pub(crate) fn settle(&self) {
        self.runtime.block_on(self.gateway.settled());
    }

    /// How many cases are open.
    pub(crate) fn open_cases(&self) -> u64 {
        self.state().1[0]
    }

    /// The person of each row that is there, by the row's id.
    fn person_of_row(&self) -> BTreeMap<String, PersonId> {
        self.runtime.block_on(async {
            self.gateway.settled().await;
            let members = self.gateway.clusters().await.expect("clusters");
            members.into_iter().map(|member| (member.row_id, member.person)).collect()
        })
    }

    /// Who is found by a text.
    fn found_by(&self, text: &str) -> SearchAnswer {
        let steward = self.clients.by_token("kode-petugas").expect("a steward");
        let query = SearchQuery { text: text.to_owned(), ..SearchQuery::default() };
        self.runtime.block_on(self.gateway.search(&steward, query)).expect("an answer")
    }

    /// Whether anybody is found by the word that [`changed`] puts into names.
    fn finds_wrong_names(&self) -> bool {
        self.runtime.block_on(self.gateway.settled());
        let found = self.found_by("salah");
        found.persons.iter().any(|person| person.words.iter().any(|word| word == "SALA"))
    }

    pub(crate) fn close(self) {
        self.stop.send_replace(Running::Stopping);
        self.runtime.block_on(async {
            self.matcher.await.expect("the matcher ends");
            self.gateway.close().await;
        });
    }
}

/// Goes through a world with a gateway.
pub(crate) fn with_a_gateway(law: impl Fn(&mut Office, &[Row], &mut ChaCha8Rng) -> Result<(), String>) {
    in_every_world(|Case { rows, mut random }| {
        let mut office = Office::open();
        let held = law(&mut office, &rows, &mut random);
        office.close();
        held
    });
}

fn alike(before: &State, after: &State, what: &str) -> Result<(), String> {
    same(&before.0, &after.0).map_err(|why| format!("{what}: {why}"))?;
    let (one, other) = (before.1, after.1);
    if one == other { Ok(()) } else { Err(format!("{what}: {one:?} cases open and resting, then {other:?}")) }
}

/// In any order and in batches of any size, and as `dedupe` has it of the same rows.
#[test]
fn pushed_in_any_order_and_batches_rows_give_what_dedupe_gives() {
    with_a_gateway(|office, rows, random| {
        let mut left = rows.to_vec();
        left.shuffle(random);
        let largest = *[40, 150, left.len()].choose(random).expect("one of three");
        while !left.is_empty() {
            let size = random.random_range(1..=largest).min(left.len());
            office.push(&left.split_off(left.len() - size));
        }
        same(&persons_of(rows), &office.state().0)
    });
}

/// The rows with one thing changed, all of the same day as before.
pub(crate) fn changed(rows: &[Row], random: &mut ChaCha8Rng) -> Vec<Row> {
    let one = |row: &Row| {
        let mut other = row.clone();
        if let Some(name) = row.text("nama") {
            let name = format!("{name} SALAH");
            other.set("nama", &name);
        }
        other.fields.remove("nik");
        other
    };
    rows.iter().filter(|_| random.random_bool(0.3)).map(one).collect()
}

/// Rows that take others back, of the same day.
pub(crate) fn withdrawals(rows: &[Row]) -> Vec<Row> {
    let one = |row: &Row| {
        let mut other = row.clone();
        other.fields.retain(|field, _| field == "id_sumber" || field == "tgl_data");
        other.fields.insert("hapus".to_owned(), Value::Bool(true));
        other
    };
    rows.iter().map(one).collect()
}

#[test]
fn a_wrong_version_and_a_withdrawal_leave_nothing_behind() {
    with_a_gateway(|office, rows, random| {
        office.push(rows);
        let first = office.state();
        office.push(&changed(rows, random));
        office.push(rows);
        alike(&first, &office.state(), "v1, v2, v1")?;
        let some: Vec<Row> = rows.iter().filter(|_| random.random_bool(0.3)).cloned().collect();
        office.push(&withdrawals(&some));
        let gone: BTreeSet<String> = some.iter().map(Row::id).collect();
        let rest: Vec<Row> = rows.iter().filter(|row| !gone.contains(&row.id())).cloned().collect();
        same(&persons_of(&rest), &office.state().0).map_err(|why| format!("withdrawn: {why}"))?;
        office.push(&some);
        alike(&first, &office.state(), "withdrawn and sent again")
    });
}

/// By the name on each row that is there its person is found, and nobody by a name that no row has any more.
#[test]
fn names_that_are_there_find_their_persons_and_no_others_do() {
    with_a_gateway(|office, rows, random| {
        office.push(rows);
        let wrong = changed(rows, random);
        office.push(&wrong);
        if !wrong.is_empty() && !office.finds_wrong_names() {
            return Err("nobody is found by a wrong name".to_owned());
        }
        let (again, gone): (Vec<Row>, Vec<Row>) = wrong.into_iter().partition(|_| random.random_bool(0.5));
        office.push(&withdrawals(&gone));
        let again: BTreeSet<String> = again.iter().map(Row::id).collect();
        office.push(&rows.iter().filter(|row| again.contains(&row.id())).cloned().collect::<Vec<_>>());
        let person_of = office.person_of_row();
        if office.finds_wrong_names() {
            return Err("somebody is found by a name that no row has".to_owned());
        }
        for row in rows.iter().filter(|_| random.random_bool(0.1)) {
            let Some((person, name)) = person_of.get(&row.id()).zip(row.text("nama")) else { continue };
            if name.chars().any(char::is_numeric) || !name.chars().any(char::is_alphabetic) {
                continue;
            }
            let found = office.found_by(name);
            let there = found.persons.iter().any(|found| found.id == *person);
            if !there && found.left_off == 0 {
                return Err(format!("row {} does not lead to its person", row.id()));
            }
        }
        Ok(())
    });
}

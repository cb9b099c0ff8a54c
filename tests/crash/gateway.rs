//! Gateway level: `padan serve` is killed while agencies push batches to it, and started again over what is left. In the
//! end every acknowledged row is found once and belongs to one person. Batches without an answer are sent again with
//! the same key and the same body, as an agency would.

use std::collections::{BTreeSet, VecDeque};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use padan::domain::feed::Feed;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::exam::{Amount, Exam};
use crate::fault::{Commits, Fault, Kill, PowerCut, ServerStop, moment};
use crate::site::Site;
use crate::support::{Answer, Process, TestClient, data, sender, settings};
use crate::tally::{Rule, Tally};

const KILLS: Amount = Amount { quick: 16, full: 1_000 };
const KILLS_ON_A_SERVER: Amount = Amount { quick: 12, full: 1_000 };
const CUTS: Amount = Amount { quick: 10, full: 300 };
const STOPS: Amount = Amount { quick: 6, full: 300 };
/// Kills of one store, so that starts stay quick.
const KILLS_OF_A_STORE: u32 = 50;
/// Milliseconds in which the kill comes once the gateway listens.
const LONGEST_MS: u64 = 250;
/// Milliseconds in which it comes when it hits the start.
const LONGEST_START_MS: u64 = 120;
/// Rows of one batch.
const ROWS: usize = 40;
/// Agencies that push at the same time, and clients that look afterwards.
const CLIENTS: usize = 3;
/// Before a batch that was refused is sent again.
const PAUSE: Duration = Duration::from_millis(20);
/// Kills beyond the wanted ones of a store that acknowledged nothing until then.
const MORE_KILLS: u32 = 20;
/// How long a batch that is not taken is sent again at the end.
const PATIENCE: Duration = Duration::from_secs(30);

const COUNTS: &[(&str, Rule)] = &[
    ("kills", Rule::Some),
    ("interrupted pushes", Rule::Some),
    ("acknowledged rows", Rule::Some),
    ("lost", Rule::Zero),
    ("doubled", Rule::Zero),
    ("would not open", Rule::Zero),
    ("batches never taken", Rule::Zero),
    ("unsound", Rule::Zero),
];

/// A batch on its way: the same key and the same body until it is taken.
pub(crate) struct Push {
    key: String,
    feed: Feed,
    rows: Vec<String>,
}

/// A gateway's site: its store, its settings, its clients.
pub(crate) struct Hub {
    pub(crate) site: Site,
    pub(crate) config: PathBuf,
    address: SocketAddr,
}

/// What agencies have sent and what they know of it.
#[derive(Default)]
pub(crate) struct Ledger {
    waiting: VecDeque<Push>,
    acknowledged: BTreeSet<(Feed, String)>,
    interrupted: u64,
    sent: u64,
}

/// SIGKILL.
pub(crate) fn kill(exam: &Exam) -> Vec<Tally> {
    let mut tally = Tally::new("gateway-kill", "gateway killed under pushes", COUNTS);
    run(exam, &mut Kill, exam.amount_by_home(KILLS, KILLS_ON_A_SERVER), &mut tally);
    vec![tally]
}

/// SIGKILL, and the power goes with it.
pub(crate) fn power(exam: &Exam) -> Vec<Tally> {
    let mut tally = Tally::new("gateway-power", "power lost under pushes", COUNTS);
    run(exam, &mut PowerCut::new(exam, None), exam.amount(CUTS), &mut tally);
    vec![tally]
}

/// The server stops at once; gateways outlive it or not.
pub(crate) fn stop(exam: &Exam) -> Vec<Tally> {
    let mut tally = Tally::new("gateway-stop", "server stopped at once under pushes", COUNTS);
    run(exam, &mut ServerStop::new(Commits::Flushed), exam.amount(STOPS), &mut tally);
    vec![tally]
}

fn run(exam: &Exam, fault: &mut dyn Fault, kills: u32, tally: &mut Tally) {
    let mut random = ChaCha8Rng::seed_from_u64(exam.seed);
    let mut left = kills;
    while left > 0 {
        let hub = Hub::new(exam, 0);
        let mut ledger = Ledger::default();
        let of_this = left.min(KILLS_OF_A_STORE);
        left -= of_this;
        for kill in 0..of_this + MORE_KILLS {
            // On a machine that is busy with other things nothing may have been acknowledged yet, and then nothing was tried.
            if kill >= of_this && !ledger.acknowledged.is_empty() {
                break;
            }
            tally.add("kills", 1);
            if !one(&hub, fault, &mut ledger, &mut random, tally) {
                tally.add("would not open", 1);
                // The kills that this store would still have had are made up for with the next one.
                left += of_this.saturating_sub(kill + 1);
                break;
            }
        }
        look(&hub, &mut ledger, tally);
        verify(&hub, tally);
    }
}

/// One life of a gateway; `false` when it did not come to listen.
fn one(hub: &Hub, fault: &mut dyn Fault, ledger: &mut Ledger, random: &mut ChaCha8Rng, tally: &mut Tally) -> bool {
    let mut command = Process::serve(&hub.config);
    fault.arm(&hub.site, &mut command);
    let process = Process::launch(command);
    let at_start = random.random_bool(0.25);
    if !at_start && !process.listens() {
        tally.note(process.told());
        process.kill();
        return false;
    }
    let end = Instant::now() + moment(random, if at_start { LONGEST_START_MS } else { LONGEST_MS });
    std::thread::scope(|scope| {
        if !at_start {
            ledger.refill();
            scope.spawn(|| hub.push_until_it_dies(ledger));
        }
        std::thread::sleep(end.saturating_duration_since(Instant::now()));
        fault.strike(&hub.site, Box::new(|| process.kill()), random);
    });
    true
}

/// Starts the gateway once more, sends what is still waiting, and looks up every acknowledged row.
fn look(hub: &Hub, ledger: &mut Ledger, tally: &mut Tally) {
    let process = Process::launch(Process::serve(&hub.config));
    tally.add("interrupted pushes", ledger.interrupted);
    tally.add("acknowledged rows", ledger.acknowledged.len() as u64);
    if !process.listens() {
        tally.add("would not open", 1);
        tally.note(process.told());
        return;
    }
    let interrupted: Vec<Push> = ledger.waiting.drain(..).take(CLIENTS).collect();
    for push in interrupted {
        if hub.push_until_taken(&push) {
            ledger.acknowledge(&push);
        } else {
            tally.add("batches never taken", 1);
        }
    }
    let (lost, doubled) = hub.count(&ledger.acknowledged);
    tally.add("lost", lost);
    tally.add("doubled", doubled);
}

/// With nobody at work: everything in the store is whole and names what is there, and persons, families and cases are
/// what follows from the rows.
fn verify(hub: &Hub, tally: &mut Tally) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_padan"));
    let verified = command.args(["verify", "--config"]).arg(&hub.config).output().expect("padan runs");
    if !verified.status.success() {
        tally.add("unsound", 1);
        tally.note(format!("{}{}", text(&verified.stdout), text(&verified.stderr)));
    }
}

fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

impl Ledger {
    /// Enough batches for one life of a gateway. Those that were interrupted come first.
    pub(crate) fn refill(&mut self) {
        while self.waiting.len() < 60 {
            for (feed, rows) in batches() {
                self.sent += 1;
                self.waiting.push_back(Push { key: format!("batch-{}", self.sent), feed, rows });
            }
        }
    }

    pub(crate) fn next(&mut self) -> Option<Push> {
        self.waiting.pop_front()
    }

    pub(crate) fn acknowledge(&mut self, push: &Push) {
        self.acknowledged.extend(push.rows.iter().map(|row| (push.feed, id_of(row))));
    }

    pub(crate) fn acknowledged(&self) -> &BTreeSet<(Feed, String)> {
        &self.acknowledged
    }

    fn interrupt(&mut self, push: Push) {
        self.interrupted += 1;
        self.waiting.push_front(push);
    }
}

impl Hub {
    /// A new one; its store keeps `reserve` bytes free.
    pub(crate) fn new(exam: &Exam, reserve: u64) -> Self {
        let site = Site::new(exam);
        let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
        let address = SocketAddr::from(([127, 0, 0, 1], free.port()));
        let mut settings = settings(&site.aside(""), site.address().parse().expect("an address"));
        settings.http.listen = address;
        "warn".clone_into(&mut settings.log.filter);
        settings.store_limits.reserve_bytes = reserve;
        let config = site.aside("padan.toml");
        std::fs::write(&config, toml::to_string(&settings).expect("TOML")).expect("written");
        Self { site, config, address }
    }

    /// A client of a role.
    pub(crate) fn client(&self, role: &str) -> TestClient {
        TestClient::new(self.address, &self.site.aside("ca.pem"), role)
    }

    /// Several agencies push one batch after the other until the gateway is gone. What is refused while the store is away
    /// is sent again.
    fn push_until_it_dies(&self, ledger: &mut Ledger) {
        let ledger = Mutex::new(ledger);
        std::thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    loop {
                        let next = ledger.lock().expect("nobody panics with it").next();
                        let Some(push) = next else { return };
                        let status = self.push(&push).map(|answer| answer.status);
                        let mut ledger = ledger.lock().expect("nobody panics with it");
                        if status == Some(200) {
                            ledger.acknowledge(&push);
                            continue;
                        }
                        ledger.interrupt(push);
                        drop(ledger);
                        if status.is_none() {
                            return;
                        }
                        std::thread::sleep(PAUSE);
                    }
                });
            }
        });
    }

    /// Sends a batch; `None` when there is no answer.
    pub(crate) fn push(&self, push: &Push) -> Option<Answer> {
        let headers = [("Content-Type", "application/x-ndjson"), ("Idempotency-Key", push.key.as_str())];
        let path = format!("/v1/feeds/{}/batches", push.feed);
        self.client(sender(push.feed.name())).try_send("POST", &path, &headers, push.rows.join("\n").as_bytes()).ok()
    }

    /// Sends a batch until it is taken.
    pub(crate) fn push_until_taken(&self, push: &Push) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if self.push(push).is_some_and(|answer| answer.status == 200) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }

    /// How many of these rows are not found, and how many are found more than once.
    pub(crate) fn count(&self, rows: &BTreeSet<(Feed, String)>) -> (u64, u64) {
        let rows: Vec<&(Feed, String)> = rows.iter().collect();
        std::thread::scope(|scope| {
            let parts = rows.chunks(rows.len().div_ceil(CLIENTS).max(1));
            let lookers: Vec<_> = parts.map(|part| scope.spawn(|| self.count_part(part))).collect();
            let found = lookers.into_iter().map(|looker| looker.join().expect("a looker ends"));
            found.fold((0, 0), |(lost, doubled), (l, d)| (lost + l, doubled + d))
        })
    }

    fn count_part(&self, rows: &[&(Feed, String)]) -> (u64, u64) {
        let (steward, mut lost, mut doubled) = (self.client("petugas"), 0, 0);
        let deadline = Instant::now() + PATIENCE;
        for (feed, id) in rows {
            let mut times = times_found(&steward, *feed, id);
            // It may still wait to be matched.
            while times == 0 && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(50));
                times = times_found(&steward, *feed, id);
            }
            match times {
                0 => lost += 1,
                1 => {}
                _ => doubled += 1,
            }
        }
        (lost, doubled)
    }
}

/// How often a row stands in how many persons.
fn times_found(steward: &TestClient, feed: Feed, id: &str) -> usize {
    let look = serde_json::json!({"sumber": {"feed": feed.name(), "id_sumber": id}});
    let found = steward.json("POST", "/v1/persons/lookup", "look", &look);
    if found.status == 404 {
        return 0;
    }
    let found = found.expect(200).json();
    let persons = found["items"].as_array().expect("a list");
    let is_same = |source: &&serde_json::Value| source["id_sumber"] == *id && source["feed"] == feed.name();
    let times =
        |person: &serde_json::Value| person["sources"].as_array().expect("sources").iter().filter(is_same).count();
    persons.iter().map(times).sum()
}

/// All person rows of the sample, in batches that change feed each time.
fn batches() -> Vec<(Feed, Vec<String>)> {
    let mut all = Vec::new();
    for feed in Feed::ALL.into_iter().filter(|feed| feed.describes_person()) {
        let text = std::fs::read_to_string(data(&format!("kab-sampel/{feed}.ndjson"))).expect("a feed");
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        all.extend(lines.chunks(ROWS).enumerate().map(|(nth, chunk)| (nth, feed, chunk.to_vec())));
    }
    all.sort_by_key(|(nth, feed, _)| (*nth, *feed));
    all.into_iter().map(|(_, feed, rows)| (feed, rows)).collect()
}

fn id_of(row: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(row).expect("JSON");
    value["id_sumber"].as_str().expect("a key").to_owned()
}

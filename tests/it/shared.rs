//! Several gateways on one PostgreSQL: two records of one person, taken by two gateways at the same moment, become one
//! person; one that dies leaves nothing undone; a server that stops at once loses nothing.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use padan::domain::feed::Feed;
use padan::service::clock::SystemClock;
use padan::service::gateway::{Gateway, IdempotencyKey};
use padan::service::rebuild::{Repair, rebuild};
use padan::service::start::{Missing, StartWith};
use padan::store::StoreUrl;
use padan::worker::{self, Running};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::postgres::PostgresServer;
use crate::support::{Process, TestClient, data, free_address, sender, settings};

/// Pairs of records that two gateways are given at the same moment.
const TWINS: usize = 2_000;

/// Pairs under way at a time.
const AT_ONCE: usize = 4;

fn store(schema: &str) -> StoreUrl {
    PostgresServer::shared().address(schema).parse().expect("an address")
}

fn start_with(dir: &Path, store: StoreUrl) -> StartWith {
    let settings = settings(dir, StoreUrl::Memory);
    StartWith {
        store,
        missing: Missing::Create,
        store_limits: settings.store_limits.clone(),
        clients: settings.client.clone(),
        settings: settings.service.clone(),
        models: settings.models.clone(),
        clock: Arc::new(SystemClock),
    }
}

/// A gateway and its worker.
pub(crate) struct Run {
    pub(crate) gateway: Gateway,
    worker: JoinHandle<()>,
    stop: tokio::sync::watch::Sender<Running>,
}

impl Run {
    async fn start(dir: &Path, schema: &str) -> Self {
        Self::on(start_with(dir, store(schema))).await
    }

    /// Started with other settings.
    pub(crate) async fn on(start: StartWith) -> Self {
        let gateway = start.open().await.expect("a gateway");
        let (stop, stopping) = tokio::sync::watch::channel(Running::Yes);
        let worker = worker::start(gateway.clone(), stopping);
        Self { gateway, worker, stop }
    }

    /// Pushes rows, of which none is refused.
    pub(crate) async fn push(&self, feed: Feed, key: &str, row: &str) {
        let caller = self.gateway.clients().by_token(&format!("kode-{}", sender(feed.name()))).expect("a sender");
        let mut intake = self.gateway.read_push(feed);
        intake.push(row.as_bytes()).expect("read");
        let body = intake.finish().expect("a body");
        assert_eq!(body.refused(), 0, "{feed}");
        let key = IdempotencyKey::new(key).expect("a key");
        self.gateway.push(&caller, feed, key, body).await.expect("pushed");
    }

    /// Ends it as a signal would.
    pub(crate) async fn end(self) {
        self.stop.send_replace(Running::Stopping);
        self.worker.await.expect("the worker ends");
        self.gateway.close().await;
    }
}

/// One person as two agencies know them: one NIK, one name, one birth date that no other pair shares.
fn twins(number: usize) -> [(Feed, String); 2] {
    let (day, month, year) = (number % 28 + 1, number / 28 % 12 + 1, 1950 + number / 336 % 60);
    let nik = format!("320101{day:02}{month:02}{:02}{:04}", year % 100, number + 1);
    let name: String = format!("{number:04}")
        .bytes()
        .map(|digit| ["BA", "DI", "GU", "KE", "LO", "MA", "NI", "PU", "RE", "SO"][usize::from(digit - b'0')])
        .collect();
    let (name, born) = (format!("{name}TO WARSONO"), format!("{year}-{month:02}-{day:02}"));
    let first = json!({
        "id_sumber": format!("A{number}"), "tgl_data": "2025-11-01", "nik": nik, "nama": name, "tanggal_lahir": born,
        "jenis_kelamin": "L", "id_keluarga": format!("K{number}"), "kode_desa": "3201011001",
    });
    let second = json!({
        "id_sumber": format!("J{number}"), "tgl_data": "2025-11-01", "nik": nik, "nama": name, "tanggal_lahir": born,
        "jenis_kelamin": "L", "kode_desa": "3201011001", "no_jkn": format!("{:013}", 9_000 + number),
        "segmen": "PBPU", "status_jkn": "AKTIF",
    });
    [(Feed::AnggotaKeluarga, first.to_string()), (Feed::KepesertaanJkn, second.to_string())]
}

#[test]
fn two_gateways_make_one_person_of_two_records_taken_at_once() {
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    let dir = tempfile::tempdir().expect("a folder");
    let split = runtime.block_on(async {
        let runs = [Arc::new(Run::start(dir.path(), "twins").await), Arc::new(Run::start(dir.path(), "twins").await)];
        for first in (0..TWINS).step_by(AT_ONCE) {
            let mut under_way = tokio::task::JoinSet::new();
            for number in first..first + AT_ONCE {
                for (nth, (feed, row)) in twins(number).into_iter().enumerate() {
                    let run = Arc::clone(&runs[(nth + number) % 2]);
                    under_way.spawn(async move { run.push(feed, &format!("twin-{number}-{nth}"), &row).await });
                }
            }
            under_way.join_all().await;
        }
        let mut states = BTreeSet::new();
        for run in &runs {
            run.gateway.settled().await;
            let clusters = run.gateway.clusters().await.expect("clusters");
            assert_eq!(clusters.len(), 2 * TWINS, "every record belongs to somebody, and to one");
            let persons: BTreeSet<_> = clusters.iter().map(|member| member.person).collect();
            states.insert((persons.len() - TWINS, run.gateway.digest().await.expect("a digest").derived));
        }
        assert_eq!(states.len(), 1, "both gateways tell the same");
        for run in runs {
            Arc::into_inner(run).expect("nobody else has it").end().await;
        }
        let parts = start_with(dir.path(), store("twins")).parts().await.expect("the store opens");
        assert!(rebuild(parts, Repair::Compare).await.expect("rebuilt").identical());
        states.pop_first().expect("one").0
    });
    println!("{TWINS} pairs taken at once by two gateways: {split} split persons");
    assert_eq!(split, 0);
}

/// A case that rests is the same to every gateway, also where the one that wrote it is gone.
#[test]
fn a_case_rests_whoever_leads() {
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    let dir = tempfile::tempdir().expect("a folder");
    runtime.block_on(async {
        let (first, second) = (Run::start(dir.path(), "rests").await, Run::start(dir.path(), "rests").await);
        let counted = async |run: &Run| {
            run.gateway.settled().await;
            let steward = run.gateway.clients().by_token("kode-petugas").expect("a steward");
            let overview = run.gateway.overview(&steward).await.expect("an overview");
            let digest = run.gateway.digest().await.expect("a digest").derived;
            ([overview.open_cases, overview.resting_cases], digest)
        };
        let row = |number: usize, day: u8| {
            json!({
                "id_sumber": format!("A{number}"), "tgl_data": format!("2025-11-{day:02}"),
                "nik": format!("32010501058000{number}1"), "nama": "AGUS PERMADI", "tanggal_lahir": "1980-05-01",
                "jenis_kelamin": "L", "kode_desa": "3201052008", "id_keluarga": format!("K{number}"),
                "status_padan_dukcapil": "PADAN",
            })
            .to_string()
        };
        let feed = Feed::AnggotaKeluarga;
        first.push(feed, "first", &row(1, 1)).await;
        first.push(feed, "second", &row(2, 1)).await;
        let open = counted(&first).await;
        assert_eq!((open.0, counted(&second).await), ([1, 0], open.clone()));
        second
            .push(feed, "gone", &json!({"id_sumber": "A2", "tgl_data": "2025-11-02", "hapus": true}).to_string())
            .await;
        let rests = counted(&second).await;
        assert_eq!((rests.0, counted(&first).await), ([0, 1], rests.clone()));
        first.end().await;
        assert_eq!(counted(&second).await, rests, "the other one leads now");
        let third = Run::start(dir.path(), "rests").await;
        third.push(feed, "back", &row(2, 3)).await;
        assert_eq!(counted(&third).await, counted(&second).await);
        assert_eq!(counted(&second).await.0, [1, 0], "it is open again");
        third.end().await;
        second.end().await;
        let parts = start_with(dir.path(), store("rests")).parts().await.expect("the store opens");
        assert!(rebuild(parts, Repair::Compare).await.expect("rebuilt").identical());
    });
}

/// Both gateways take pushes; one after the other is killed (SIGKILL) under load and comes back; in between the server
/// stops at once. Whoever pushed repeats what was not acknowledged, with the same key, at either gateway.
#[test]
fn gateways_and_the_server_may_die_under_load() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = PostgresServer::start("");
    let configs = configure(dir.path(), &server);
    let mut gateways = [0, 1].map(|nth| Some(Process::start(&configs[nth].0)));
    let (done, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0));
    let batches = batches();
    let mut faults = [0; 3];
    std::thread::scope(|scope| {
        let pushers: Vec<_> = [0, 1]
            .map(|nth| {
                let (configs, batches, acknowledged) = (&configs, &batches, &acknowledged);
                scope.spawn(move || {
                    for (number, (feed, rows)) in batches.iter().enumerate().filter(|(number, _)| number % 2 == nth) {
                        push_until_taken(configs, number, *feed, rows);
                        acknowledged.fetch_add(1, Ordering::SeqCst);
                    }
                })
            })
            .into_iter()
            .collect();
        let (done, acknowledged, total) = (&done, &acknowledged, batches.len());
        scope.spawn(move || {
            for pusher in pushers {
                pusher.join().expect("everything is taken in the end");
            }
            done.store(true, Ordering::SeqCst);
        });
        // A fault whenever another seventh of the batches has been taken.
        let mut next = 0;
        while !done.load(Ordering::SeqCst) {
            if acknowledged.load(Ordering::SeqCst) < total * (next + 1) / 7 || next >= 6 {
                std::thread::sleep(Duration::from_millis(5));
                continue;
            }
            match next % 3 {
                2 => server.control(&["restart", "-m", "immediate"]),
                victim => {
                    gateways[victim].take().expect("running").kill();
                    gateways[victim] = Some(Process::start(&configs[victim].0));
                }
            }
            faults[next % 3] += 1;
            next += 1;
        }
    });
    for (_, address, ca) in &configs {
        check_everything(*address, ca, &batches);
    }
    drop(gateways);
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    let rebuilt = runtime.block_on(async {
        let url = server.address("hub").parse().expect("an address");
        let parts = start_with(dir.path(), url).parts().await.expect("the store opens");
        rebuild(parts, Repair::Compare).await.expect("rebuilt")
    });
    assert!(rebuilt.identical(), "{rebuilt:?}");
    move_to_one_machine(&configs[0].0, dir.path());
    let rows: usize = batches.iter().map(|(_, rows)| rows.len()).sum();
    let (kills, stops) = (faults[0] + faults[1], faults[2]);
    println!(
        "{kills} gateways killed, {stops} immediate stops of the server, {rows} acknowledged rows: lost 0, doubled 0"
    );
    assert!(kills >= 4 && stops >= 2, "{kills} kills, {stops} stops");
}

/// What several gateways wrote is backed up, restored into an embedded store, and worked on: no number is given twice.
fn move_to_one_machine(config: &Path, dir: &Path) {
    let padan = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_padan"));
        let output = command.args(arguments).current_dir(dir).env("PADAN_CONFIG", config).output().expect("padan runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let recipient = padan(&["keys", "backup", "--out", "backup.key"]);
    padan(&["backup", "--to", "backups", "--recipient", &recipient]);
    padan(&["restore", "--from", "backups", "--identity", "backup.key", "--store", "redb:alone"]);
    let url = StoreUrl::Redb(dir.join("alone"));
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    runtime.block_on(async {
        let run = Run::on(start_with(dir, url.clone())).await;
        run.gateway.settled().await;
        let before = run.gateway.clusters().await.expect("clusters").len();
        for number in 0..20 {
            for (nth, (feed, row)) in twins(number).into_iter().enumerate() {
                run.push(feed, &format!("later-{number}-{nth}"), &row).await;
            }
        }
        run.gateway.settled().await;
        assert_eq!(run.gateway.clusters().await.expect("clusters").len(), before + 40, "nobody was written over");
        run.end().await;
    });
    assert!(padan(&["verify", "--store", &url.to_string()]).ends_with("sound"));
}

/// A gateway as its clients know it: configuration, address, authority.
type Configured = (std::path::PathBuf, std::net::SocketAddr, std::path::PathBuf);

/// Two gateways on one database.
fn configure(dir: &Path, server: &PostgresServer) -> [Configured; 2] {
    [0, 1].map(|nth| {
        let own = dir.join(format!("{nth}"));
        std::fs::create_dir(&own).expect("made");
        let mut settings = settings(&own, server.address("hub").parse().expect("an address"));
        settings.http.listen = free_address();
        "warn".clone_into(&mut settings.log.filter);
        let config = own.join("padan.toml");
        std::fs::write(&config, toml::to_string(&settings).expect("TOML")).expect("written");
        (config, settings.http.listen, own.join("ca.pem"))
    })
}

type Batch = (Feed, Vec<String>);

/// The person rows of the sample.
fn batches() -> Vec<Batch> {
    let mut all = Vec::new();
    for feed in Feed::ALL.into_iter().filter(|feed| feed.describes_person()) {
        let text = std::fs::read_to_string(data(&format!("kab-sampel/{feed}.ndjson"))).expect("a feed");
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        all.extend(lines.chunks(25).enumerate().map(|(nth, chunk)| (nth, feed, chunk.to_vec())));
    }
    all.sort_by_key(|(nth, feed, _)| (*nth, *feed));
    all.into_iter().map(|(_, feed, rows)| (feed, rows)).collect()
}

/// Sends a batch to one gateway and the other in turn until one acknowledges it.
fn push_until_taken(configs: &[Configured; 2], number: usize, feed: Feed, rows: &[String]) {
    let key = format!("batch-{number}");
    let headers = [("Content-Type", "application/x-ndjson"), ("Idempotency-Key", key.as_str())];
    let path = format!("/v1/feeds/{feed}/batches");
    let patience = Instant::now() + Duration::from_mins(2);
    for attempt in number.. {
        let (_, address, ca) = &configs[attempt % 2];
        let client = TestClient::new(*address, ca, sender(feed.name()));
        if client.try_send("POST", &path, &headers, rows.join("\n").as_bytes()).is_ok_and(|answer| answer.status == 200)
        {
            return;
        }
        assert!(Instant::now() < patience, "no gateway takes batch {number}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Every row is there once, and in one person.
fn check_everything(address: std::net::SocketAddr, ca: &Path, batches: &[Batch]) {
    let steward = TestClient::new(address, ca, "petugas");
    steward.settled();
    for (feed, rows) in batches.iter().step_by(7) {
        for row in rows {
            let value: serde_json::Value = serde_json::from_str(row).expect("JSON");
            let id = value["id_sumber"].as_str().expect("a key");
            let look = json!({"sumber": {"feed": feed.name(), "id_sumber": id}});
            let found = steward.json("POST", "/v1/persons/lookup", "look", &look).expect(200).json();
            let persons = found["items"].as_array().expect("a list");
            assert_eq!(persons.len(), 1, "a row of {feed} is lost or matched twice");
            let sources = persons[0]["sources"].as_array().expect("sources");
            let same = sources.iter().filter(|s| s["id_sumber"] == id && s["feed"] == feed.name()).count();
            assert_eq!(same, 1, "a row of {feed} stands {same} times in its person");
        }
    }
    let overview = steward.get("/v1/overview").expect(200).json();
    let records: u64 = overview["feeds"].as_array().expect("feeds").iter().filter_map(|f| f["records"].as_u64()).sum();
    let pushed: usize = batches.iter().map(|(_, rows)| rows.len()).sum();
    assert_eq!(records, pushed as u64, "records of all feeds");
}

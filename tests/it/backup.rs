//! Backups by the command, while the gateway takes pushes; restored on another adapter; and everything that can be
//! wrong with one.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use padan::domain::feed::Feed;
use padan::store::StoreUrl;
use serde_json::Value;

use crate::support::{Process, TestClient, data, free_address, sender, settings};

/// Rows of one pushed batch.
const BATCH: usize = 200;

/// A folder with a gateway's configuration, keys and a pair for backups.
struct Place {
    dir: tempfile::TempDir,
    address: std::net::SocketAddr,
    recipient: String,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let mut settings = settings(dir.path(), StoreUrl::Redb(dir.path().join("store")));
        settings.http.listen = free_address();
        "warn".clone_into(&mut settings.log.filter);
        fs::write(dir.path().join("padan.toml"), toml::to_string(&settings).expect("TOML")).expect("written");
        let mut place = Self { address: settings.http.listen, dir, recipient: String::new() };
        let made = place.run(&["keys", "backup", "--out", "backup.key"]);
        String::from_utf8_lossy(&made.stdout).trim().clone_into(&mut place.recipient);
        assert!(place.recipient.starts_with("age1"), "{}", place.recipient);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_padan"));
        command.args(arguments).current_dir(self.dir.path()).env("PADAN_CONFIG", "padan.toml");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("padan runs")
    }

    /// Runs a command that must succeed and answers its document.
    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[&["--json"], arguments].concat());
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {told}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// Runs a command that must fail and answers what it tells.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    fn backup(&self) -> Value {
        self.json(&["backup", "--to", "backups", "--recipient", &self.recipient])
    }

    fn client(&self, role: &str) -> TestClient {
        TestClient::new(self.address, &self.path("ca.pem"), role)
    }

    /// Pushes batches of the sample, `nth` of three parts of them.
    fn push(&self, nth: usize) {
        for feed in Feed::ALL {
            let text = fs::read_to_string(data(&format!("kab-sampel/{feed}.ndjson"))).expect("a feed");
            let lines: Vec<&str> = text.lines().collect();
            for (number, chunk) in lines.chunks(BATCH).enumerate().filter(|(number, _)| number % 3 == nth) {
                let key = format!("{feed}-{number}");
                self.client(sender(feed.name())).push(feed.name(), &key, &chunk.join("\n")).expect(200);
            }
        }
    }

    /// The files of the chain.
    fn parts(&self) -> Vec<PathBuf> {
        let names = fs::read_dir(self.path("backups")).expect("a folder").map(|entry| entry.expect("an entry").path());
        let mut parts: Vec<PathBuf> = names.filter(|path| path.extension().is_some_and(|e| e == "part")).collect();
        parts.sort();
        parts
    }
}

#[test]
fn a_backup_under_load_restores_on_another_adapter_with_the_same_digest() {
    let place = Place::new();
    let gateway = Process::start(&place.path("padan.toml"));
    let made = std::thread::scope(|scope| {
        let pusher = scope.spawn(|| (0..2).for_each(|nth| place.push(nth)));
        let mut made = vec![place.backup()];
        while !pusher.is_finished() {
            made.push(place.backup());
        }
        pusher.join().expect("everything is pushed");
        made
    });
    assert_eq!(made[0]["part"]["kind"], "full");
    let closed = serde_json::json!([{
        "feed": "bank-rekening", "kode_wilayah": "3201", "periode": "2025-T4", "lengkap": true
    }]);
    place.client("bank").json("PUT", "/v1/feeds/bank-rekening/completeness", "tutup", &closed).expect(200);
    let petugas = place.client("petugas");
    let case = petugas.settled().get("/v1/cases?limit=1").expect(200).json()["items"][0]["id"].clone();
    let verdict = serde_json::json!({"putusan": "GABUNGKAN", "alasan": "orang yang sama"});
    let path = format!("/v1/cases/{}/verdict", case.as_str().expect("an open case"));
    petugas.json("POST", &path, "putusan", &verdict).expect(200);
    place.push(2);
    petugas.settled();

    // The drill: one command, on another adapter, while the gateway goes on.
    let arguments = ["backup", "--to", "backups", "--recipient", &place.recipient, "--identity", "backup.key"];
    let drill = place.json(&[&arguments[..], &["--drill", "sled:drill"]].concat());
    assert_eq!((&drill["equal"], &drill["source"]["settled"]), (&Value::Bool(true), &Value::Bool(true)), "{drill}");
    let nothing_new = place.backup();
    assert_eq!(nothing_new["part"], Value::Null, "{nothing_new}");
    assert!(nothing_new["parts"].as_u64().is_some_and(|parts| parts >= 2), "{nothing_new}");
    petugas.get("/v1/cases?limit=1").expect(200);
    assert_eq!(place.backup()["part"]["kind"], "increment", "who only looked is in a backup, too");
    let sound = place.json(&["verify"]);
    assert_eq!(sound["sound"], Value::Bool(true), "beside the running gateway");
    gateway.kill();

    let source = place.json(&["digest"]);
    let restored = ["restore", "--from", "backups", "--identity", "backup.key", "--store", "redb:second"];
    for found in [place.json(&restored), place.json(&["digest", "--store", "sled:drill"])] {
        assert_eq!((&found["inputs"], &found["derived"]), (&source["inputs"], &source["derived"]));
    }
    for store in ["redb:second", "sled:drill"] {
        let verified = place.json(&["verify", "--store", store]);
        assert_eq!((&verified["sound"], &verified["derived_differences"]), (&Value::Bool(true), &Value::from(0)));
        let entries = [&verified, &sound].map(|verified| verified["entries"]["audit"].as_u64().unwrap_or_default());
        assert_eq!(entries[0] + u64::from(store == "sled:drill"), entries[1], "{store}");
    }
    println!("{} parts under load, equal digests on redb and sled", nothing_new["parts"]);
}

#[test]
fn what_is_wrong_with_a_backup_is_told_and_nothing_is_half_restored() {
    let place = Place::new();
    let gateway = Process::start(&place.path("padan.toml"));
    place.push(0);
    place.backup();
    place.push(1);
    // A backup that was killed leaves a file that does not count.
    fs::write(place.path("backups/000002.part"), b"half a part").expect("written");
    place.backup();
    gateway.kill();

    let restore = |store: &'static str| ["restore", "--from", "backups", "--identity", "backup.key", "--store", store];
    let check = |name: &str, arguments: &[&str], expected: &str| {
        let told = place.refused(arguments);
        assert!(told.contains(expected) && told.contains("hint:"), "{name}: {told}");
    };
    check("no chain", &["restore", "--from", "none", "--identity", "backup.key", "--store", "redb:a"], "no backup in");
    check("into a store that is in use", &restore("redb:store"), "the store is not empty");
    place.run(&["keys", "backup", "--out", "other.key"]);
    check(
        "another key",
        &["restore", "--from", "backups", "--identity", "other.key", "--store", "redb:b"],
        "the key does not open it",
    );
    check(
        "no key in the file",
        &["restore", "--from", "backups", "--identity", "padan.toml", "--store", "redb:c"],
        "holds no private key",
    );
    let second = place.parts()[1].clone();
    let good = fs::read(&second).expect("a part");
    for (name, at) in
        [("a flipped bit at the start", 10), ("in the middle", good.len() / 2), ("at the end", good.len() - 1)]
    {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&second, bad).expect("written");
        let into = format!("redb:bit-{at}");
        let arguments = ["restore", "--from", "backups", "--identity", "backup.key", "--store", &into];
        check(name, &arguments, "not those that were written");
        // Its first part was brought back: no gateway may take that for the whole.
        let told = place.refused(&["serve", "--store", &into, "--listen", "127.0.0.1:0"]);
        assert!(told.contains("a restore into this store has not ended"), "{name}: {told}");
    }
    fs::write(&second, &good).expect("written");
    fs::remove_file(place.path("backups/000001.json")).expect("removed");
    check("the first description is gone", &restore("redb:d"), "no backup in");
}

/// Killed at any point, a backup starts again where the chain ends, and a restore from the beginning.
#[test]
fn killed_backups_and_restores_start_again() {
    let place = Place::new();
    let gateway = Process::start(&place.path("padan.toml"));
    place.push(0);
    let recipient = place.recipient.clone();
    let arguments = ["backup", "--to", "backups", "--recipient", &recipient];
    let killed = kill_at_many_points(|| place.command(&arguments));
    place.push(1);
    place.backup();
    // Who asks for cases waits until everything is matched.
    place.client("petugas").settled();
    gateway.kill();
    let source = place.json(&["digest"]);
    let restore = ["restore", "--from", "backups", "--identity", "backup.key", "--store", "redb:restored"];
    let again = kill_at_many_points(|| place.command(&restore));
    // Also when the last one was killed while it matched, or had come to its end.
    let found = place.json(&restore);
    assert_eq!(found, place.json(&["digest", "--store", "redb:restored"]));
    assert_eq!((&found["inputs"], &found["derived"]), (&source["inputs"], &source["derived"]));
    println!("{killed} backups and {again} restores killed: equal digests");
}

/// Starts a command and kills it, each time a little later; answers how many were killed before their end.
fn kill_at_many_points(command: impl Fn() -> Command) -> usize {
    let mut killed = 0;
    for wait in [0, 5, 15, 30, 60, 90, 130, 180, 240, 320, 420] {
        let mut child: Child = command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("padan starts");
        std::thread::sleep(std::time::Duration::from_millis(wait));
        child.kill().expect("it is ours");
        killed += usize::from(!child.wait().expect("it ends").success());
    }
    assert!(killed >= 3, "only {killed} were killed before they had ended");
    killed
}

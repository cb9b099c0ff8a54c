//! The audit log: whoever sees somebody is in it before they see them, and an export is verified without the gateway.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use padan::audit::{KeyKind, SigningKey};
use serde_json::{Value, json};

use crate::support::TestApp;

const FEED: &str = "dinsos-anggota-keluarga";
/// Values that stand nowhere else.
const MARKS: &[&str] = &["ZXQVARA", "3201014107709917", "KP. ZXQALAMAT", "1970-07-01"];

struct Place {
    app: TestApp,
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { app: TestApp::start(), dir: tempfile::tempdir().expect("a folder") }
    }

    fn push(&self, id: &str) -> String {
        let row = json!({"id_sumber": id, "tgl_data": "2025-11-01", "nik": MARKS[1], "nama": MARKS[0],
            "alamat": MARKS[2], "tanggal_lahir": MARKS[3], "id_keluarga": "K1"});
        let pushed = self.app.client("dinsos").push(FEED, id, &row.to_string()).expect(200).json();
        pushed["batch"]["id"].as_str().expect("an id").to_owned()
    }

    /// Looks the person up as a steward; answers its number.
    fn look(&self) -> String {
        let found = self.app.client("petugas").json("POST", "/v1/persons/lookup", "", &json!({"nik": MARKS[1]}));
        found.expect(200).json()["items"][0]["id"].as_str().expect("a person").to_owned()
    }

    fn padan(args: &[&str]) -> Output {
        let command = Command::new(env!("CARGO_BIN_EXE_padan"))
            .args(["--json", "audit"])
            .args(args)
            .env("PADAN_TOKEN", "kode-auditor")
            .output();
        command.expect("padan runs")
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    fn export(&self) -> Value {
        let (to, ca, out) = (self.app.url(), self.app.ca(), self.log());
        let (ca, out) = (ca.display().to_string(), out.display().to_string());
        let done = Self::padan(&["export", "--to", &to, "--ca", &ca, "--out", &out]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&done.stdout).expect("JSON")
    }

    fn verify(&self, more: &[&str]) -> Output {
        let (log, key) = (self.log().display().to_string(), self.app.audit_key().display().to_string());
        Self::padan(&[&["verify", &log, "--key", &key], more].concat())
    }

    /// The exported entries about a number, as `padan audit verify` prints them.
    fn about(&self, number: &str) -> Vec<Value> {
        let done = self.verify(&["--about", number]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let text = String::from_utf8(done.stdout).expect("UTF-8");
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["entry"].is_object()).map(|line| line["entry"].clone()).collect()
    }
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn bytes_below(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        all.extend(if entry.is_dir() { bytes_below(&entry) } else { std::fs::read(entry).expect("a file") });
    }
    all
}

#[test]
fn who_saw_somebody_is_in_the_log_and_others_verify_it() {
    let place = Place::new();
    let batch = place.push("a");
    let person = place.look();
    let steward = place.app.client("petugas");
    steward.get(&format!("/v1/persons/{person}")).expect(200);
    steward.get("/v1/cases").expect(200);
    steward.get("/v1/reports/complementarity").expect(200);
    let pages = place.app.client("");
    let cookie = pages.sign_in("kode-petugas");
    pages.page(&format!("/orang/{person}"), &cookie).expect(200);

    let export = place.export();
    assert_eq!(export["entries"], 6, "push, look-up, reading, cases, sign-in, page: {export}");
    let seen = place.about(&person);
    let does: Vec<(String, String)> = seen.iter().map(|entry| (text(entry, "who"), text(entry, "does"))).collect();
    let wanted = [("petugas", "person.lookup"), ("petugas", "person.read"), ("petugas", "person.read")];
    assert_eq!(does, wanted.map(|(who, does)| (who.to_owned(), does.to_owned())), "{seen:?}");
    assert!(seen.iter().all(|entry| text(entry, "right") == "persons" && text(entry, "request").len() == 36));
    let sent = place.about(&batch).remove(0);
    assert_eq!((text(&sent, "does"), text(&sent, "agency")), ("rows.push".to_owned(), "dinsos-3201".to_owned()));
    assert_eq!(sent["detail"]["rows"]["counts"]["baris"], 1);

    let auditor = place.app.client("auditor");
    let told = auditor.get(&format!("/v1/audit/persons/{person}")).expect(200).json();
    let told: Vec<String> =
        told["entries"].as_array().expect("a list").iter().map(|it| text(&it["entry"], "does")).collect();
    assert_eq!(told, ["person.lookup", "person.read", "person.read"], "the same as the export says");
    let exported = bytes_below(&place.log());
    for mark in MARKS {
        assert!(!exported.windows(mark.len()).any(|bytes| bytes == mark.as_bytes()), "no value about a person");
    }
}

#[test]
fn an_export_goes_on_and_a_change_is_seen() {
    let place = Place::new();
    for nth in 0..300 {
        place.app.client("petugas").get(&format!("/v1/cases?limit={}", nth % 7 + 1)).expect(200);
    }
    let first = place.export();
    assert_eq!(first["entries"], 300);
    place.push("a");
    let second = place.export();
    assert!(
        second["entries"].as_u64() > Some(300) && second["fetched"].as_u64() < first["fetched"].as_u64().map(|n| n + 2)
    );
    assert!(place.verify(&[]).status.success(), "it goes on from the export before");

    let bundle = place.log().join("tile/entries/000");
    let sound = std::fs::read(&bundle).expect("entries");
    for at in [0, 2, 77, sound.len() - 1] {
        let mut changed = sound.clone();
        changed[at] ^= 1;
        std::fs::write(&bundle, &changed).expect("written");
        let refused = place.verify(&[]);
        assert_eq!(refused.status.code(), Some(1), "byte {at}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("tile/entries/000"), "{refused:?}");
    }
    std::fs::write(&bundle, &sound).expect("written");
    let foreign = place.log().join("tile/entries/zzz");
    std::fs::write(&foreign, "x").expect("written");
    assert_eq!(place.verify(&[]).status.code(), Some(1), "a file that does not belong there");
    std::fs::remove_file(&foreign).expect("removed");
    // What was shown once has to be the beginning of what is shown now.
    assert!(place.verify(&[]).status.success());
    let other = Place::new();
    other.app.client("petugas").get("/v1/cases").expect(200);
    other.export();
    std::fs::copy(other.log().join("checkpoint"), place.log().join("checkpoint.before")).expect("copied");
    assert_eq!(place.verify(&[]).status.code(), Some(1), "another history");
    // A log that is shorter than it was is not written over what shows it.
    let (to, ca, out) = (other.app.url(), other.app.ca().display().to_string(), place.log().display().to_string());
    let cut_back = Place::padan(&["export", "--to", &to, "--ca", &ca, "--out", &out]);
    assert_eq!(cut_back.status.code(), Some(1), "{}", String::from_utf8_lossy(&cut_back.stderr));
}

#[test]
fn a_witness_countersigns_once_and_is_asked_for() {
    let place = Place::new();
    place.app.client("petugas").get("/v1/cases").expect(200);
    let (key, public) = (place.dir.path().join("w.key"), place.dir.path().join("w.pub"));
    let witness = SigningKey::new("saksi.test/w".parse().expect("a name"), KeyKind::Witness, [9; 32]);
    std::fs::write(&key, witness.to_text()).expect("written");
    std::fs::write(&public, witness.verifier_key().to_string()).expect("written");
    let (key, public) = (key.display().to_string(), public.display().to_string());
    for _ in 0..2 {
        place.export();
        assert_eq!(place.verify(&["--witness", &public]).status.code(), Some(1), "nobody has countersigned yet");
        for _ in 0..2 {
            assert!(place.verify(&["--countersign", &key]).status.success());
        }
        assert!(place.verify(&["--witness", &public]).status.success(), "once, however often it was asked to");
    }
}

#[test]
fn a_verdict_that_is_sent_again_shows_its_case_on_record() {
    let place = Place::new();
    let row = |id: &str, name: &str, born: &str| {
        json!({"id_sumber": id, "tgl_data": "2025-11-01", "nik": MARKS[1], "nama": name, "tanggal_lahir": born,
            "id_keluarga": id})
    };
    let rows = [row("a", MARKS[0], MARKS[3]), row("b", "BUDI SANTOSO", "1985-02-03")].map(|row| row.to_string());
    place.app.client("dinsos").push(FEED, "k", &rows.join("\n")).expect(200);
    let steward = place.app.client("petugas");
    let case = text(&steward.get("/v1/cases").expect(200).json()["items"][0], "id");
    let verdict = json!({"putusan": "BUKAN_DUPLIKAT", "alasan": "dua orang"});
    for _ in 0..2 {
        steward.json("POST", &format!("/v1/cases/{case}/verdict"), "sama", &verdict).expect(200);
    }
    place.export();
    let does: Vec<String> = place.about(&case).iter().map(|entry| text(entry, "does")).collect();
    assert_eq!(does, ["case.list", "case.decide", "case.read", "case.read"], "{case}");
    for person in ["P0000000001", "P0000000002"] {
        assert_eq!(place.about(person).len(), 4, "{person} is named by all of them");
    }
}

#[test]
fn whoever_is_named_is_written_down_under_each_number() {
    let place = Place::new();
    let twin = |id: &str, nik: &str, name: &str| {
        json!({"id_sumber": id, "tgl_data": "2025-11-01", "nik": nik, "nama": name, "tanggal_lahir": MARKS[3],
            "id_keluarga": "K1", "alamat": MARKS[2]})
    };
    let rows = [twin("a", MARKS[1], MARKS[0]), twin("b", "3201014107700099", "BUDI SANTOSO")];
    let rows = rows.map(|row| row.to_string()).join("\n");
    place.app.client("dinsos").push(FEED, "k", &rows).expect(200);
    let steward = place.app.client("petugas");
    steward.get("/v1/persons/P0000000001").expect(200);
    // Another spelling of a number is none, and what was never anybody's leaves no trace.
    steward.get("/v1/persons/P00000000001").expect(404);
    let auditor = place.app.client("auditor");
    for nobody in ["P3299887766554433", "P0000000099", "P00000000001"] {
        auditor.get(&format!("/v1/audit/persons/{nobody}")).expect(404);
    }
    // A member of the family was shown, too.
    let told = auditor.get("/v1/audit/persons/P0000000002").expect(200).json();
    assert_eq!(told["entries"][0]["entry"]["does"], "person.read", "{told}");
    place.export();
    assert!(!String::from_utf8_lossy(&bytes_below(&place.log())).contains("3299887766554433"));
    for link in ["tile/loop", "tile/entries/more"] {
        std::os::unix::fs::symlink(".", place.log().join(link)).expect("a link");
        assert_eq!(place.verify(&[]).status.code(), Some(1), "{link} does not belong there");
        std::fs::remove_file(place.log().join(link)).expect("removed");
    }
    assert!(place.verify(&[]).status.success());
}

#[test]
fn a_receipt_is_proved_without_the_gateway() {
    let place = Place::new();
    let batches: Vec<String> = (0..30).map(|nth| place.push(&format!("r{nth}"))).collect();
    let path = |batch: &String| format!("/v1/batches/{batch}/receipt/proof");
    for batch in [&batches[0], &batches[17], &batches[29]] {
        let proof = place.app.client("dinsos").get(&path(batch)).expect(200).text;
        let file = place.dir.path().join("proof");
        std::fs::write(&file, &proof).expect("written");
        let (file, key) = (file.display().to_string(), place.app.audit_key().display().to_string());
        let done = Place::padan(&["proof", &file, "--key", &key]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let told: Value = serde_json::from_slice(&done.stdout).expect("JSON");
        assert_eq!(told["entry"]["about"][0], json!(batch));
        for (from, to) in [("index ", "index 1"), ("extra e", "extra f")] {
            std::fs::write(&file, proof.replacen(from, to, 1)).expect("written");
            assert_eq!(Place::padan(&["proof", &file, "--key", &key]).status.code(), Some(1), "{from}");
        }
    }
    place.app.client("disdik").get(&path(&batches[0])).expect(404);
    place.app.client("dinsos").get(&path(&"no-batch".to_owned())).expect(404);
}

#[test]
fn the_log_is_for_who_may_read_it() {
    let place = Place::new();
    let person = {
        place.push("a");
        place.look()
    };
    let audit =
        ["/v1/audit/checkpoint".to_owned(), "/v1/audit/tile/0/000".to_owned(), format!("/v1/audit/persons/{person}")];
    for role in ["dinsos", "petugas", "pembaca"] {
        for path in &audit {
            place.app.client(role).get(path).expect(403);
        }
        place.app.client(role).get("/v1/audit/key").expect(200);
    }
    let auditor = place.app.client("auditor");
    for path in [format!("/v1/persons/{person}"), "/v1/cases".to_owned(), "/v1/reports/complementarity".to_owned()] {
        auditor.get(&path).expect(403);
    }
    for path in ["/v1/audit/tile/0/999", "/v1/audit/tile/9/000", "/v1/audit/tile/entries/..", "/v1/audit/persons/x"] {
        auditor.get(path).expect(404);
    }
}

#[test]
fn without_an_entry_nobody_is_shown() {
    let place = Place::new();
    place.push("a");
    let person = place.look();
    place.app.settle();
    let gateway = place.app.gateway();
    place.app.runtime.block_on(async { gateway.close().await });
    let steward = place.app.client("petugas").without_waiting();
    for path in [format!("/v1/persons/{person}"), "/v1/cases".to_owned()] {
        let refused = steward.get(&path).expect(503);
        assert!(!refused.text.contains(MARKS[0]), "{}", refused.text);
    }
    steward.get("/v1/reports/complementarity").expect(200);
    assert_ne!(place.app.client("").form("/masuk", &[], "kode=kode-petugas").status, 303, "nobody signs in");
}

//! Who read what is a line of the log: by every way there is, with the numbers of whom it showed and no value of theirs.

use std::path::Path;

use padan::store::StoreUrl;
use serde_json::{Value, json};

use crate::support::{Process, TestClient, free_address, settings};

const FEED: &str = "dinsos-anggota-keluarga";
/// Values that stand nowhere else.
const MARKS: &[&str] = &["ZXQVARA", "3201014107709917", "KP. ZXQALAMAT", "1970-07-01"];

struct Place {
    process: Process,
    dir: tempfile::TempDir,
    address: std::net::SocketAddr,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let mut settings = settings(dir.path(), StoreUrl::Redb(dir.path().join("store")));
        settings.http.listen = free_address();
        settings.http.trusted_proxies = vec!["127.0.0.1".parse().expect("an address")];
        settings.log.format = padan::telemetry::LogFormat::Json;
        let config = dir.path().join("padan.toml");
        std::fs::write(&config, toml::to_string(&settings).expect("TOML")).expect("written");
        Self { process: Process::start(Path::new(&config)), dir, address: settings.http.listen }
    }

    fn client(&self, role: &str) -> TestClient {
        TestClient::new(self.address, &self.dir.path().join("ca.pem"), role)
    }

    /// The lines about access, oldest first, without those before `from`.
    fn lines(&self) -> Vec<Value> {
        let told = self.process.told();
        let lines = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["target"] == "padan::access").collect()
    }
}

fn row(id: &str) -> String {
    json!({"id_sumber": id, "tgl_data": "2025-11-01", "nik": MARKS[1], "nama": MARKS[0], "alamat": MARKS[2],
        "tanggal_lahir": MARKS[3], "id_keluarga": "K1"})
    .to_string()
}

/// Operation, caller, right, result and subject of each line.
fn shown(lines: &[Value]) -> Vec<[String; 5]> {
    let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let keys = ["operation", "who", "right", "result", "subject"];
    lines.iter().map(|line| keys.map(|key| text(line, key))).collect()
}

#[test]
fn every_reading_and_every_refusal_is_a_line() {
    let place = Place::new();
    let pushed = place.client("dinsos").push(FEED, "k", &[row("a"), row("b")].join("\n")).expect(200).json();
    let batch = pushed["batch"]["id"].as_str().expect("an id").to_owned();
    let steward = place.client("petugas");
    steward.settled();
    let before = place.lines().len();
    let found = steward.json("POST", "/v1/persons/search", "", &json!({"teks": MARKS[0]})).expect(200).json();
    let person = found["items"][0]["id"].as_str().expect("a person").to_owned();
    steward.json("POST", "/v1/persons/lookup", "", &json!({"nik": MARKS[1]})).expect(200);
    steward.get(&format!("/v1/persons/{person}")).expect(200);
    steward.get(&format!("/v1/persons/{}", MARKS[1])).expect(404);
    steward.get("/v1/cases").expect(200);
    steward.get("/v1/reports/complementarity").expect(200);
    steward.get(&format!("/v1/batches/{batch}/receipt")).expect(404);
    place.client("dinsos").get(&format!("/v1/batches/{batch}/receipt")).expect(200);
    place.client("pembaca").get(&format!("/v1/persons/{person}")).expect(403);
    place.client("dinsos").with_token(MARKS[0]).get("/v1/overview").expect(401);
    let pages = place.client("");
    let cookie = pages.sign_in("kode-petugas");
    let page = pages.page(&format!("/orang/{person}"), &cookie).expect(200);
    let token = page.text.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let token = token.expect("a form token").to_owned();
    let search = format!("token={token}&cara=teks&teks={}", MARKS[0]);
    pages.form("/cari", &[("Cookie", &cookie), ("Accept", "text/html")], &search).expect(200);
    pages.form("/keluar", &[("Cookie", &cookie)], &format!("token={token}")).expect(303);
    pages.page(&format!("/orang/{person}"), &cookie).expect(303);
    let proxied = [("X-Forwarded-For", "203.0.113.7")];
    pages.form("/masuk", &proxied, &format!("kode={}", MARKS[0])).expect(401);

    let lines = place.lines().split_off(before);
    // Both of its rows may once have given the person its number.
    assert_eq!(person, "P0000000001");
    let numbers = "P0000000001 P0000000002";
    let wanted = [
        ["person.search", "petugas", "persons", "shown", numbers],
        ["person.lookup", "petugas", "persons", "shown", numbers],
        ["person.read", "petugas", "persons", "shown", numbers],
        ["person.read", "petugas", "persons", "refused", ""],
        ["case.list", "petugas", "review", "shown", ""],
        ["report.read", "petugas", "reports", "shown", ""],
        ["receipt.read", "petugas", "push", "refused", ""],
        ["receipt.read", "dinsos", "push", "shown", &batch],
        ["person.read", "pembaca", "persons", "refused", ""],
        ["-", "-", "-", "refused", ""],
        ["sign_in", "petugas", "", "done", ""],
        ["person.read", "petugas", "persons", "shown", numbers],
        ["person.search", "petugas", "persons", "shown", numbers],
        ["sign_out", "petugas", "", "done", ""],
        ["person.read", "-", "persons", "refused", ""],
        ["sign_in", "-", "", "unknown_code", ""],
        ["-", "-", "-", "refused", ""],
    ];
    assert_eq!(shown(&lines), wanted.map(|line| line.map(str::to_owned)).to_vec());
    for line in &lines {
        let text = |key: &str| line[key].as_str().unwrap_or_default();
        assert!(text("request.id").len() == 36 && !text("timestamp").is_empty(), "{line}");
        let from = if text("result") == "unknown_code" || line["status"] == 401 && text("operation") == "-" {
            ""
        } else {
            "127.0.0.1"
        };
        assert!(text("from") == from || text("from") == "203.0.113.7" || text("from") == "127.0.0.1", "{line}");
    }
    assert_eq!(lines[15]["from"], "203.0.113.7", "the address that the trusted proxy names");
    let told = place.process.told();
    assert!(MARKS.iter().all(|mark| !told.contains(mark)), "{told}");
    place.process.end();
}

//! Invariant 9: no value about a person in a URL, a log, a metric, a panic, an error or a temporary file. A marked record
//! goes through the system, and everything the system says is searched for the mark.

use std::net::{SocketAddr, TcpListener};

use padan::store::StoreUrl;
use serde_json::{Value, json};

use crate::support::{Process, TestClient, settings};

/// Values that stand nowhere else: name, mother, NIK, KK, telephone, address.
const MARKS: &[&str] =
    &["ZXQVARA", "ZXQIBU", "3201014107709917", "3201011503119918", "081299887766", "KP. ZXQALAMAT", "1970-07-01"];

fn marked(id: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut row = json!({
        "id_sumber": id, "tgl_data": "2025-11-01", "nik": MARKS[2], "no_kk": MARKS[3], "nama": MARKS[0],
        "nama_ibu_kandung": MARKS[1], "no_hp": MARKS[4], "alamat": MARKS[5], "tanggal_lahir": MARKS[6],
        "jenis_kelamin": "P", "id_keluarga": "K1", "kode_desa": "3201011001",
    });
    change(&mut row);
    row.to_string()
}

fn search(what: &str, text: &str, allowed: &[&str]) {
    for mark in MARKS.iter().filter(|mark| !allowed.contains(mark)) {
        assert!(!text.contains(mark), "{what} holds the mark {mark}:\n{text}");
    }
}

#[test]
fn a_marked_record_leaves_no_mark() {
    let dir = tempfile::tempdir().expect("a folder");
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let mut settings = settings(dir.path(), StoreUrl::Redb(dir.path().join("store")));
    settings.http.listen = SocketAddr::from(([127, 0, 0, 1], free.port()));
    settings.log.filter = "debug".to_owned();
    let config = dir.path().join("padan.toml");
    std::fs::write(&config, toml::to_string(&settings).expect("TOML")).expect("written");
    let process = Process::start(&config);
    let client = |role: &str| TestClient::new(settings.http.listen, &dir.path().join("ca.pem"), role);
    let feed = "dinsos-anggota-keluarga";

    // Accepted, flagged and refused rows; bodies that are none; values in every place a client can put them.
    let rows = [
        marked("a", |_| {}),
        marked("b", |row| row["jenis_kelamin"] = json!("L")),
        marked("c", |row| row["desil"] = json!(MARKS[0])),
        marked("d", |row| row[MARKS[0]] = json!(1)),
        marked("e", |row| row["nama"] = json!([MARKS[0]])),
        format!("{{\"nama\":\"{}\"", MARKS[0]),
    ];
    let pushed = client("dinsos").push(feed, "k", &rows.join("\n")).expect(200);
    search("the receipt", &pushed.text, &[]);
    let batch = pushed.json()["batch"]["id"].as_str().expect("an id").to_owned();
    search("the stored receipt", &client("dinsos").get(&format!("/v1/batches/{batch}/receipt")).expect(200).text, &[]);
    let steward = client("petugas");
    let problems = [
        client("bank").push(feed, "k", &rows[0]),
        client("dinsos").json("POST", &format!("/v1/feeds/{feed}/records"), "r", &json!({"nama": MARKS[0]})),
        steward.json("POST", "/v1/persons/lookup", "l", &json!({"nama": MARKS[0]})),
        steward.json("POST", "/v1/persons/lookup", "m", &json!({"nik": {"x": MARKS[2]}})),
        steward.json("POST", "/v1/persons/search", "s", &json!({"teks": MARKS[0], "tahun_lahir": MARKS[6]})),
        steward.json("POST", "/v1/persons/search", "t", &json!({"teks": MARKS[2].repeat(20)})),
        steward.json("POST", "/v1/cases/C1-2/verdict", "v", &json!({"putusan": MARKS[0], "alasan": "x"})),
        client("dinsos").with_token(MARKS[0]).get("/v1/overview"),
    ];
    for (nth, problem) in problems.iter().enumerate() {
        assert!(problem.status >= 400, "problem {nth}: {}", problem.text);
        search("a problem document", &problem.text, &[]);
    }

    steward.settled();
    // Whoever may see the person sees a masked number and no mother's name; the rest is the answer.
    let shown = [MARKS[0], MARKS[4], MARKS[5], MARKS[6]];
    let found = steward.json("POST", "/v1/persons/lookup", "n", &json!({"nik": MARKS[2]})).expect(200);
    assert!(found.text.contains(MARKS[0]), "{}", found.text);
    search("a person", &found.text, &shown);
    for typed in [MARKS[0], MARKS[2], MARKS[3]] {
        let found = steward.json("POST", "/v1/persons/search", "n", &json!({"teks": typed})).expect(200);
        assert!(found.text.contains(MARKS[0]), "{}", found.text);
        search("a hit", &found.text, &[MARKS[0], MARKS[6]]);
    }

    search("the metrics", &steward.get("/metrics").expect(200).text, &[]);
    search("the log", &process.told(), &[]);
    process.kill();
}

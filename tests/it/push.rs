//! Bad input: each is answered with a precise problem document or receipt line, and nothing is stored by halves.

use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

const FEED: &str = "dinsos-anggota-keluarga";
const BATCHES: &str = "/v1/feeds/dinsos-anggota-keluarga/batches";

fn row(id: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut row = json!({
        "id_sumber": id, "tgl_data": "2025-11-01", "nik": "3201014107709001", "nama": "SITI AMINAH",
        "tanggal_lahir": "1970-07-01", "jenis_kelamin": "P", "id_keluarga": "K1", "kode_desa": "3201011001",
    });
    change(&mut row);
    row.to_string()
}

fn records(app: &TestApp) -> u64 {
    app.settle();
    let overview = app.client("petugas").get("/v1/overview").expect(200).json();
    let feeds = overview["feeds"].as_array().expect("feeds").clone();
    feeds.iter().map(|feed| feed["records"].as_u64().expect("a count")).sum()
}

fn problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{code}: {}", answer.text);
    assert!(answer.kind.starts_with("application/problem+json"), "{code}: {}", answer.kind);
    let body = answer.json();
    assert_eq!(body["code"], code, "{body}");
    assert_eq!(body["status"], status, "{body}");
    for member in ["type", "title", "judul", "detail", "request_id"] {
        assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{code}: no {member}: {body}");
    }
}

#[test]
fn rows_of_a_wrong_shape_are_refused_one_by_one() {
    let app = TestApp::start();
    let cases: Vec<(&str, Vec<u8>, &str, &str)> = vec![
        ("not JSON", b"{\"id_sumber\":".to_vec(), "", "NOT_JSON"),
        ("an array", b"[1]".to_vec(), "", "NOT_OBJECT"),
        ("wrong type", row("a", |r| r["desil"] = json!("1")).into_bytes(), "/desil", "TYPE"),
        ("unknown field", row("b", |r| r["agama"] = json!("x")).into_bytes(), "/agama", "UNKNOWN_FIELD"),
        ("NIK as a number", row("c", |r| r["nik"] = json!(3_201_014_107_709_001_u64)).into_bytes(), "/nik", "TYPE"),
        (
            "no such day",
            row("d", |r| r["tanggal_lahir"] = json!("2023-02-30")).into_bytes(),
            "/tanggal_lahir",
            "NO_SUCH_DAY",
        ),
        (
            "no name",
            row("e", |r| drop(r.as_object_mut().expect("object").remove("nama"))).into_bytes(),
            "/nama",
            "REQUIRED",
        ),
        ("invalid UTF-8", b"{\"id_sumber\":\"\xff\"}".to_vec(), "", "NOT_UTF8"),
    ];
    for (name, line, pointer, code) in cases {
        let good = row(&format!("ok {name}"), |_| {});
        let body = [good.as_bytes(), b"\n", &line, b"\n"].concat();
        let headers = [("Content-Type", "application/x-ndjson"), ("Idempotency-Key", &*name.replace(' ', "-"))];
        let answer = app.client("dinsos").send("POST", BATCHES, &headers, &body).expect(200).json();
        assert_eq!(answer["batch"]["counts"]["ditolak"], 1, "{name}: {answer}");
        let refused = answer["not_clean"].as_array().expect("lines").iter().find(|line| line["hasil"] == "ditolak");
        let refused = refused.unwrap_or_else(|| panic!("{name}: no refused line in {answer}"));
        assert_eq!(refused["baris"], 2, "{name}");
        let found = refused["kesalahan"].as_array().expect("reasons").iter();
        let found: Vec<(&str, &str)> =
            found.map(|e| (e["pointer"].as_str().unwrap_or("?"), e["code"].as_str().unwrap_or("?"))).collect();
        assert!(found.contains(&(pointer, code)), "{name}: {found:?}");
    }
    assert_eq!(records(&app), 8, "the eight good rows, and nothing of the refused ones");
}

#[test]
fn doubtful_values_keep_the_row_and_flag_it() {
    let app = TestApp::start();
    let cases = [
        ("17 digits", json!({"nik": "32010141077090011"}), "LEN_17"),
        ("scientific", json!({"nik": "3.20101E+15"}), "EXCEL_SCIENTIFIC"),
        ("future birth", json!({"tanggal_lahir": "2125-01-01"}), "DOB_FUTURE"),
        ("other sex", json!({"jenis_kelamin": "L"}), "SEX_MISMATCH"),
    ];
    for (name, change, flag) in cases {
        let body = row(name, |r| {
            for (key, value) in change.as_object().expect("an object") {
                r[key] = value.clone();
            }
        });
        let answer = app.client("dinsos").push(FEED, &name.replace(' ', "-"), &body).expect(200).json();
        assert_eq!(answer["batch"]["counts"]["ditandai"], 1, "{name}: {answer}");
        assert!(answer["not_clean"].to_string().contains(flag), "{name}: {answer}");
    }
    assert_eq!(records(&app), 4);
}

#[test]
fn requests_that_cannot_be_taken_get_a_problem_and_store_nothing() {
    let app = TestApp::start();
    let good = row("a", |_| {});
    let ndjson = ("Content-Type", "application/x-ndjson");
    let key = ("Idempotency-Key", "k1");
    let dinsos = app.client("dinsos");
    let send = |headers: &[(&str, &str)], body: &[u8]| dinsos.send("POST", BATCHES, headers, body);
    problem(&send(&[ndjson, key], b""), 400, "BODY_EMPTY");
    problem(&send(&[ndjson], good.as_bytes()), 400, "IDEMPOTENCY_KEY_MISSING");
    problem(&send(&[("Content-Type", "text/html"), key], good.as_bytes()), 415, "MEDIA_TYPE");
    problem(&app.client("").push(FEED, "k", &good), 401, "UNAUTHENTICATED");
    problem(&app.client("").with_token("salah").push(FEED, "k", &good), 401, "UNAUTHENTICATED");
    problem(&app.client("bank").push(FEED, "k", &good), 403, "WRONG_FEED");
    problem(&app.client("petugas").push(FEED, "k", &good), 403, "WRONG_FEED");
    problem(&app.client("dinsos").push("tidak-ada", "k", &good), 404, "FEED_UNKNOWN");
    problem(&app.client("dinsos").get("/v1/tidak-ada"), 404, "NOT_FOUND");
    problem(&app.client("dinsos").get("/v1/persons/P0000000001"), 403, "FORBIDDEN");
    problem(&app.client("petugas").get("/v1/persons/P0000000001"), 404, "NOT_FOUND");
    assert_eq!(records(&app), 0);
}

#[test]
fn a_body_over_the_limit_is_refused_without_being_read() {
    use std::io::{Read, Write};
    let app = TestApp::with(|settings| settings.http.limits.max_body_bytes = 1 << 20);
    // A body that announces one gigabyte is refused at its head ...
    let mut stream = app.client("dinsos").raw();
    let head = format!(
        "POST {BATCHES} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer kode-dinsos\r\nIdempotency-Key: g\r\n\
         Content-Type: application/x-ndjson\r\nContent-Length: 1073741824\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("written");
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).expect("an answer");
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    // ... and one that does not say how long it is, when it passes the limit.
    let line = row("a", |_| {});
    let body = format!("{line}\n").repeat(8_000);
    let answer = app.client("dinsos").push(FEED, "besar", &body);
    problem(&answer, 413, "BODY_TOO_LARGE");
    assert_eq!(records(&app), 0);
}

#[test]
fn an_idempotency_key_gives_the_same_answer_once_and_for_all() {
    let app = TestApp::start();
    let dinsos = app.client("dinsos");
    let first = dinsos.push(FEED, "satu", &row("a", |_| {})).expect(200).json();
    let again = dinsos.push(FEED, "satu", &row("a", |_| {})).expect(200).json();
    assert_eq!(first["batch"]["id"], again["batch"]["id"]);
    assert_eq!((&first["replayed"], &again["replayed"]), (&json!(false), &json!(true)));
    problem(&dinsos.push(FEED, "satu", &row("b", |_| {})), 422, "IDEMPOTENCY_KEY_REUSED");
    // The same row under another key changes nothing.
    let same = dinsos.push(FEED, "dua", &row("a", |_| {})).expect(200).json();
    assert_eq!(same["batch"]["counts"]["tanpa_perubahan"], 1, "{same}");
    assert_eq!(records(&app), 1);
}

#[test]
fn a_single_record_is_accepted_or_answered_with_its_problem() {
    let app = TestApp::start();
    let path = "/v1/feeds/dinsos-anggota-keluarga/records";
    let send = |key: &str, body: &str| {
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key)];
        app.client("dinsos").send("POST", path, &headers, body.as_bytes())
    };
    send("1", &row("a", |_| {})).expect(201);
    let refused = send("2", &row("b", |r| r["nik"] = json!(1)));
    problem(&refused, 422, "ROW_REFUSED");
    assert_eq!(refused.json()["errors"][0]["pointer"], "/nik");
    assert_eq!(records(&app), 1);
}

#[test]
fn older_rows_do_not_overwrite_newer_ones_and_withdrawn_rows_leave() {
    let app = TestApp::start();
    let dinsos = app.client("dinsos");
    dinsos.push(FEED, "baru", &row("a", |r| r["tgl_data"] = json!("2025-11-10"))).expect(200);
    let old = row("a", |r| {
        r["tgl_data"] = json!("2025-10-01");
        r["nama"] = json!("NAMA LAMA");
    });
    let answer = dinsos.push(FEED, "lama", &old).expect(200).json();
    assert_eq!(answer["batch"]["counts"]["lebih_lama"], 1, "{answer}");
    assert_eq!(answer["batch"]["counts"]["diterima"], 0, "nothing is called accepted that has no effect: {answer}");
    app.settle();
    let look = json!({"sumber": {"feed": FEED, "id_sumber": "a"}});
    let found = app.client("petugas").json("POST", "/v1/persons/lookup", "x", &look).expect(200);
    assert!(found.text.contains("SITI AMINAH") && !found.text.contains("NAMA LAMA"), "{}", found.text);
    let gone = json!({"id_sumber": "a", "tgl_data": "2025-11-11", "hapus": true}).to_string();
    dinsos.push(FEED, "hapus", &gone).expect(200);
    assert_eq!(records(&app), 0);
    // A row that arrives late, but is of an earlier day, does not bring it back.
    dinsos.push(FEED, "telat", &row("a", |r| r["tgl_data"] = json!("2025-11-09"))).expect(200);
    assert_eq!(records(&app), 0);
}

#[test]
fn agencies_see_their_own_batches_only() {
    let app = TestApp::start();
    let answer = app.client("dinsos").push(FEED, "k", &row("a", |_| {})).expect(200).json();
    let path = format!("/v1/batches/{}", answer["batch"]["id"].as_str().expect("an id"));
    app.settle();
    let own = app.client("dinsos").get(&path).expect(200).json();
    assert_eq!(own["matched"], true, "{own}");
    app.client("dinsos").get(&format!("{path}/receipt")).expect(200);
    let foreign = app.client("bank").get(&path);
    let absent = app.client("bank").get("/v1/batches/0190c8e2-0000-7000-8000-000000000000");
    assert_eq!((foreign.status, foreign.json()["code"].clone()), (absent.status, absent.json()["code"].clone()));
    assert_eq!(foreign.status, 404);
}

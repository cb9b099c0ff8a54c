//! Lists as operators have them, by the interface and by the pages: the same digest as NDJSON, tried before they are sent,
//! and corrected in the workbook that comes back.

use serde_json::{Value, json};

use crate::support::{TestApp, data};

const FEED: &str = "dinsos-anggota-keluarga";
const CSV: &str = "text/csv";

/// Rows of a sample, but for what a table takes from a text: empty ones, blanks around it, and the apostrophe before digits.
fn rows(feed: &str, most: usize) -> Vec<serde_json::Map<String, Value>> {
    let text = std::fs::read_to_string(data(&format!("kab-sampel/{feed}.ndjson"))).expect("the sample");
    let read = |line: &str| -> serde_json::Map<String, Value> {
        let mut row: serde_json::Map<String, Value> = serde_json::from_str(line).expect("a row");
        for value in row.values_mut() {
            if let Value::String(text) = value {
                *text = text.trim().trim_start_matches('\'').to_owned();
            }
        }
        row.retain(|_, value| !value.is_null() && value != "");
        row
    };
    text.lines().take(most).map(read).collect()
}

/// A value as a cell.
fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(item).collect::<Vec<_>>().join("; "),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// An item of a list: a code, or a programme with its state.
fn item(value: &Value) -> String {
    let parts = ["kode", "status", "periode"].map(|part| value[part].as_str().unwrap_or_default());
    value.as_str().map_or_else(|| parts.join(" ").trim_end().to_owned(), str::to_owned)
}

fn as_csv(rows: &[serde_json::Map<String, Value>]) -> String {
    let mut headings: Vec<&String> = Vec::new();
    for key in rows.iter().flat_map(serde_json::Map::keys) {
        if !headings.contains(&key) {
            headings.push(key);
        }
    }
    let line = |cells: Vec<String>| {
        cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect::<Vec<_>>().join(";")
    };
    let body =
        rows.iter().map(|row| line(headings.iter().map(|key| row.get(*key).map(cell).unwrap_or_default()).collect()));
    std::iter::once(line(headings.iter().map(|key| (*key).clone()).collect()))
        .chain(body)
        .collect::<Vec<_>>()
        .join("\n")
}

fn zipped(name: &str, text: &str) -> Vec<u8> {
    zipped_all(&[(name, text)])
}

fn zipped_all(members: &[(&str, &str)]) -> Vec<u8> {
    use std::io::Write as _;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in members {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).expect("a member");
        archive.write_all(text.as_bytes()).expect("written");
    }
    archive.finish().expect("a ZIP file").into_inner()
}

fn gzipped(text: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).expect("written");
    packed.finish().expect("packed")
}

fn send(app: &TestApp, role: &str, path: &str, kind: &str, body: &[u8]) -> crate::support::Answer {
    let key = uuid::Uuid::now_v7().to_string();
    app.client(role).send("POST", path, &[("Content-Type", kind), ("Idempotency-Key", &key)], body)
}

fn digest(app: &TestApp) -> String {
    app.settle();
    let gateway = app.gateway();
    app.runtime.block_on(async move { gateway.digest().await }).expect("a digest").derived
}

#[test]
fn every_feed_as_csv_gzip_and_zip_gives_what_ndjson_gives() {
    let feeds = [
        ("dinsos", FEED),
        ("disdik", "disdik-peserta-didik"),
        ("dinkes", "dinkes-kepesertaan-jkn"),
        ("dinkes", "dinkes-layanan-kia"),
        ("bank", "bank-rekening"),
        ("bank", "bank-penyaluran"),
    ];
    let apps = ["ndjson", "csv", "gzip", "zip"].map(|form| (form, TestApp::start()));
    for (role, feed) in feeds {
        let rows = rows(feed, 150);
        let table = as_csv(&rows);
        let lines: Vec<String> = rows.iter().map(|row| Value::Object(row.clone()).to_string()).collect();
        let path = format!("/v1/feeds/{feed}/batches");
        for (form, app) in &apps {
            let answer = match *form {
                "ndjson" => send(app, role, &path, "application/x-ndjson", lines.join("\n").as_bytes()),
                "csv" => send(app, role, &path, CSV, table.as_bytes()),
                "gzip" => send(app, role, &path, "application/gzip", &gzipped(&table)),
                _ => send(app, role, &path, "application/zip", &zipped("daftar.csv", &table)),
            };
            let counts = answer.expect(200).json()["batch"]["counts"].clone();
            assert_eq!((&counts["baris"], &counts["ditolak"]), (&json!(rows.len()), &json!(0)), "{form} {feed}");
        }
        let wanted = digest(&apps[0].1);
        for (form, app) in &apps[1..] {
            assert_eq!(digest(app), wanted, "{form} {feed}");
        }
    }
}

/// Whether an answer has a note that says this.
fn said(answer: &Value, what: &str) -> bool {
    let mut notes = answer["notes"].as_array().into_iter().flatten();
    notes.any(|note| note["message"].as_str().is_some_and(|text| text.contains(what)))
}

#[test]
fn a_list_is_tried_mapped_and_remembered() {
    let app = TestApp::start();
    let batches = format!("/v1/feeds/{FEED}/batches");
    let list = "DAFTAR KELUARGA\n\nKode;NIK KTP;Nama Lengkap;Tgl Lahir;L/P;ID Keluarga\n\
                D1;3201054107700082;SITI AMINAH;01/07/1970;Perempuan;K1\nD2;;BUDI;31/02/1970;Laki-laki;K1\n";
    // The column `Kode` may be anything, and no column says as of when the list is.
    let refused = send(&app, "dinsos", &batches, CSV, list.as_bytes()).expect(422).json();
    assert_eq!(refused["code"], "LIST_UNREADABLE");
    assert!(refused["errors"].as_array().is_some_and(|errors| errors.len() >= 2), "{refused}");
    assert!(!refused.to_string().contains("SITI"), "no value: {refused}");

    let mapping = format!("/v1/feeds/{FEED}/mapping");
    app.client("dinsos").get(&mapping).expect(404);
    let kept = json!({
        "version": 1, "feed": FEED, "id": {"columns": ["Kode"]},
        "fields": {
            "tgl_data": {"constant": "2025-11-20"}, "nik": {"column": "NIK KTP"}, "nama": {"column": "Nama Lengkap"},
            "tanggal_lahir": {"column": "Tgl Lahir"}, "id_keluarga": {"column": "ID Keluarga"},
            "jenis_kelamin": {"column": "L/P", "values": {"Perempuan": "P", "Laki-laki": "L"}}
        }
    });
    let keep = |role: &str, body: &Value| app.client(role).json("PUT", &mapping, "k", body);
    for (wrong, status) in [
        (json!({"version": 1, "feed": "bank-rekening", "id": {"columns": []}}), 422),
        (json!({"version": 2, "feed": FEED, "id": {"columns": []}}), 422),
        (json!({"version": 1, "feed": FEED, "id": {"columns": []}, "fields": {"agama": {"column": "x"}}}), 422),
        (json!({"feed": FEED}), 422),
    ] {
        assert_eq!(keep("dinsos", &wrong).status, status, "{wrong}");
    }
    keep("bank", &kept).expect(403);
    keep("dinsos", &kept).expect(204);
    assert_eq!(app.client("dinsos").get(&mapping).expect(200).json()["id"], kept["id"]);

    let tried = send(&app, "dinsos", &format!("{batches}?check=true"), CSV, list.as_bytes()).expect(200).json();
    assert_eq!((&tried["counts"]["diterima"], &tried["counts"]["ditolak"]), (&json!(1), &json!(1)), "{tried}");
    let overview = app.client("petugas").get("/v1/overview").expect(200).json();
    assert!(overview["batches"].as_array().is_some_and(Vec::is_empty), "nothing was stored");

    let sent = send(&app, "dinsos", &batches, CSV, list.as_bytes()).expect(200).json();
    // Rows bear the numbers that the spreadsheet program shows.
    assert_eq!(
        (&sent["not_clean"][0]["baris"], &sent["not_clean"][0]["hasil"]),
        (&json!(5), &json!("ditolak")),
        "{sent}"
    );
    for what in ["Headings: row 3", "All rows are as of 2025-11-20"] {
        assert!(said(&tried, what) && said(&sent, what), "{what}: {sent}");
    }
    let corrected = list.replace("31/02/1970", "28/02/1970");
    let again = send(&app, "dinsos", &batches, CSV, corrected.as_bytes()).expect(200).json();
    let counts = &again["batch"]["counts"];
    assert_eq!((&counts["tanpa_perubahan"], &counts["ditolak"]), (&json!(1), &json!(0)), "only what changed: {again}");
    what_is_passed_over_is_told(&app, list, &kept);
    app.settle();
}

/// The same list in a ZIP file beside another one, and with a column that the mapping leaves out.
fn what_is_passed_over_is_told(app: &TestApp, list: &str, kept: &Value) {
    let mut with_remark = kept.clone();
    with_remark["left_out"] = json!(["Ket"]);
    let mapping = format!("/v1/feeds/{FEED}/mapping");
    app.client("dinsos").json("PUT", &mapping, "remark", &with_remark).expect(204);
    let wider = list
        .replace("L/P;ID", "L/P;Ket;ID")
        .replace("Perempuan;", "Perempuan;zqx;")
        .replace("Laki-laki;", "Laki-laki;baru;");
    let two = zipped_all(&[("a.csv", &wider), ("b.csv", list)]);
    let check = format!("/v1/feeds/{FEED}/batches?check=true");
    let told = send(app, "dinsos", &check, "application/zip", &two).expect(200).json();
    for what in ["Columns that are not read: Ket", "Only a.csv is read; not read: b.csv"] {
        assert!(said(&told, what), "{what}: {told}");
    }
    assert!(!told.to_string().contains("zqx"), "no value: {told}");
}

#[test]
fn what_is_no_list_is_refused_in_a_sentence() {
    let app = TestApp::start();
    let batches = format!("/v1/feeds/{FEED}/batches");
    let nested = zipped("dalam.zip", &String::from_utf8_lossy(&zipped("a.csv", "a;b\n1;2\n")));
    for (what, kind, body) in [
        ("an old workbook", "application/octet-stream", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec()),
        ("a PDF", "application/octet-stream", b"%PDF-1.7 x".to_vec()),
        ("a picture", "application/octet-stream", b"\x89PNG\r\n\x1a\n".to_vec()),
        ("half a ZIP file", "application/zip", b"PK\x03\x04abc".to_vec()),
        ("half a gzip file", "application/gzip", b"\x1f\x8b\x08".to_vec()),
        ("no headings", CSV, b"1;2\n3;4\n".to_vec()),
        ("a ZIP file in one", "application/zip", nested),
    ] {
        let answer = send(&app, "dinsos", &batches, kind, &body);
        assert_eq!(answer.status, 422, "{what}: {}", answer.text);
        let told = answer.json();
        assert_eq!(told["code"], "LIST_UNREADABLE", "{what}");
        assert!(told["errors"][0]["pesan"].as_str().is_some_and(|text| text.len() > 10), "{what}: {told}");
    }
    send(&app, "dinsos", &format!("{batches}?sheet=Lain"), CSV, b"a;b\n1;2\n").expect(422);
    send(&app, "dinsos", &format!("{batches}?lembar=1"), CSV, b"a;b\n1;2\n").expect(400);
    send(&app, "bank", &batches, CSV, b"a;b\n1;2\n").expect(403);
}

#[test]
fn templates_are_there_for_each_feed_of_an_agency() {
    let app = TestApp::start();
    for feed in ["bank-rekening", "bank-penyaluran"] {
        let answer = app.client("bank").get(&format!("/v1/feeds/{feed}/template")).expect(200);
        assert!(answer.kind.contains("spreadsheetml"), "{}", answer.kind);
    }
    app.client("bank").get(&format!("/v1/feeds/{FEED}/template")).expect(403);
}

//! A state is not a request: what was said last counts, whatever was said before, and what has no effect is never called
//! accepted. Each test names the fault that it holds.

use std::process::Command;

use padan::auth::{Client, Directory, Right, token_hash};
use padan::domain::agency::{AgencyId, AgencyKind};
use serde_json::{Value, json};

use crate::support::{TestApp, TestClient};

const DINSOS: &str = "dinsos-anggota-keluarga";
const BANK: &str = "bank-rekening";

/// Two offices of Dinas Sosial, two banks, and a steward.
fn app() -> TestApp {
    app_with("")
}

/// The same, with entries of the configuration that say who is to send.
fn app_with(expected: &str) -> TestApp {
    #[derive(serde::Deserialize)]
    struct Written {
        #[serde(default)]
        expected: Vec<padan::service::completeness::ExpectedConfig>,
    }
    let expected = toml::from_str::<Written>(expected).expect("entries").expected;
    TestApp::with(|settings| {
        let pusher = |name: &str, kind| Client {
            name: name.to_owned(),
            token_sha256: token_hash(name),
            rights: vec![Right::Push],
            agency: Some(AgencyId::new(name).expect("a good id")),
            kind: Some(kind),
            regions: Vec::new(),
            purpose: None,
        };
        let steward = Client {
            name: "petugas".to_owned(),
            token_sha256: token_hash("petugas"),
            rights: vec![Right::Persons, Right::Review, Right::Reports],
            agency: None,
            kind: None,
            regions: Vec::new(),
            purpose: None,
        };
        let clients = [
            pusher("dinsos-a", AgencyKind::Dinsos),
            pusher("dinsos-b", AgencyKind::Dinsos),
            pusher("bank-x", AgencyKind::Bank),
            pusher("bank-y", AgencyKind::Bank),
            steward,
        ];
        settings.client = Directory::new(&clients).expect("good clients");
        settings.expected = expected;
    })
}

fn client(app: &TestApp, name: &str) -> TestClient {
    app.client("").with_token(name)
}

fn key() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// Pushes rows; answers the answer.
fn push(app: &TestApp, agency: &str, feed: &str, rows: &[Value]) -> Value {
    let body: Vec<String> = rows.iter().map(ToString::to_string).collect();
    client(app, agency).push(feed, &key(), &body.join("\n")).expect(200).json()
}

/// Declares `region period +` (or `-`), split by commas; answers the answer.
fn declare(app: &TestApp, agency: &str, feed: &str, text: &str) -> Value {
    let entry = |entry: &str| {
        let parts: Vec<&str> = entry.split_whitespace().collect();
        json!({"kode_wilayah": parts[0], "periode": parts[1], "lengkap": parts[2] == "+"})
    };
    let entries: Vec<Value> = text.split(',').map(entry).collect();
    let path = format!("/v1/feeds/{feed}/completeness");
    client(app, agency).json("PUT", &path, "one-key-for-all", &json!(entries)).expect(200).json()
}

fn row(id: &str, date: &str, more: &Value) -> Value {
    let mut row =
        json!({"id_sumber": id, "tgl_data": date, "nama": "WATI KUSUMA", "kode_desa": "3201052008", "id_keluarga": id});
    for (key, value) in more.as_object().expect("an object") {
        row[key] = value.clone();
    }
    row
}

fn person_of(app: &TestApp, feed: &str, id: &str) -> Value {
    let asked = json!({"sumber": {"feed": feed, "id_sumber": id}});
    client(app, "petugas").json("POST", "/v1/persons/lookup", &key(), &asked).expect(200).json()["items"][0].clone()
}

/// The address of the golden record that a row belongs to; `null` where it belongs to nobody.
fn address(app: &TestApp, id: &str) -> Value {
    let person = person_of(app, DINSOS, id);
    let fields = person["fields"].as_array().cloned().unwrap_or_default();
    fields.iter().find(|field| field["name"] == "alamat").map_or(Value::Null, |field| field["value"].clone())
}

fn outcome(answer: &Value) -> &str {
    let counts = answer["batch"]["counts"].as_object().expect("counts");
    let found = counts.iter().find(|(name, count)| *name != "baris" && **count == json!(1));
    found.map(|(name, _)| name.as_str()).expect("one row, one outcome")
}

#[test]
fn a_day_that_has_not_come_outranks_nothing() {
    // B04. Rows one after the other as `day address`, `hapus` withdraws; then what became of the last, and the address.
    type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str, Option<&'static str>);
    let cases: &[Case] = &[
        ("alone, it stands", &[("2099-01-01", "X")], "ditandai", Some("X")),
        ("then a day that can be", &[("2099-01-01", "X"), ("2025-11-02", "A")], "diterima", Some("A")),
        ("and then a withdrawal", &[("2099-01-01", "X"), ("2025-11-03", "hapus")], "diterima", None),
        ("after a day that can be", &[("2025-11-02", "A"), ("2099-01-01", "X")], "lebih_lama", Some("A")),
        ("in between", &[("2025-11-02", "A"), ("2099-01-01", "X"), ("2025-11-02", "B")], "diterima", Some("B")),
        ("the later of two", &[("2099-01-01", "X"), ("2098-01-01", "Y")], "ditandai", Some("Y")),
        ("a withdrawal", &[("2099-01-01", "hapus"), ("2025-11-06", "A")], "diterima", Some("A")),
        ("a withdrawal after", &[("2025-11-05", "A"), ("2099-01-01", "hapus")], "lebih_lama", Some("A")),
        ("no such day is needed", &[("2025-11-05", "A"), ("2025-11-04", "hapus")], "lebih_lama", Some("A")),
        ("the same again", &[("2025-11-05", "A"), ("2025-11-05", "A")], "tanpa_perubahan", Some("A")),
        ("the same day ahead again", &[("2099-01-01", "X"), ("2099-01-01", "X")], "tanpa_perubahan", Some("X")),
    ];
    let app = app();
    for (nth, (name, rows, last, wanted)) in cases.iter().enumerate() {
        let id = format!("R{nth}");
        let mut answer = Value::Null;
        for (day, what) in *rows {
            let sent = match *what {
                "hapus" => json!({"id_sumber": id, "tgl_data": day, "hapus": true}),
                // Each its own name, so that no two of them are one person.
                what => {
                    row(&id, day, &json!({"nama": format!("ORANG {}", char::from(b'A' + nth as u8)), "alamat": what}))
                }
            };
            answer = push(&app, "dinsos-a", DINSOS, &[sent]);
        }
        assert_eq!(outcome(&answer), *last, "{name}: {answer}");
        assert_eq!(address(&app, &id).as_str(), *wanted, "{name}");
        if *last == "lebih_lama" {
            let line = &answer["not_clean"][0];
            let day = rows[0].0;
            assert_eq!((&line["hasil"], &line["berlaku"]), (&json!("lebih_lama"), &json!(day)), "{name}: {line}");
            assert_eq!(line["tanda"][0]["code"], "LEBIH_LAMA", "{name}: {line}");
            for language in ["pesan", "message"] {
                assert!(line["tanda"][0][language].as_str().is_some_and(|text| text.contains(day)), "{name}: {line}");
            }
        }
    }
}

#[test]
fn a_day_that_has_not_come_binds_no_other_agency() {
    // B04: one agency's 2099 against another's day, in either order, for values and for the family's home.
    for order in [["dinsos-a", "dinsos-b"], ["dinsos-b", "dinsos-a"]] {
        let app = app();
        for agency in order {
            let person = json!({"nik": "3201054907820012", "tanggal_lahir": "1982-07-09", "jenis_kelamin": "P"});
            let (id, day, home) = match agency {
                "dinsos-a" => ("D1", "2099-01-01", json!({"alamat": "JL. SALAH 9", "kode_desa": "3201052009"})),
                _ => ("E1", "2025-11-05", json!({"alamat": "JL. MELATI 1", "kode_desa": "3201052008"})),
            };
            let mut sent = row(id, day, &person);
            sent["alamat"] = home["alamat"].clone();
            sent["kode_desa"] = home["kode_desa"].clone();
            push(&app, agency, DINSOS, &[sent]);
        }
        assert_eq!(address(&app, "D1"), "JL. MELATI 1", "{order:?}");
        assert_eq!(person_of(&app, DINSOS, "D1")["id"], person_of(&app, DINSOS, "E1")["id"], "they are one person");
        let fields = person_of(&app, DINSOS, "D1")["fields"].as_array().cloned().expect("fields");
        let village = fields.iter().find(|field| field["name"] == "kode_desa").expect("a village");
        assert_eq!(village["value"], "3201052008", "{order:?}");
    }
}

#[test]
fn going_back_goes_back() {
    // B23, at the gateway: v1, v2, v1 is v1; withdrawn and sent again is there.
    let app = app();
    let v1 = row("D1", "2025-11-01", &json!({"alamat": "JL. MELATI 1"}));
    let v2 = row("D1", "2025-11-01", &json!({"alamat": "JL. SALAH 9"}));
    let gone = json!({"id_sumber": "D1", "tgl_data": "2025-11-01", "hapus": true});
    for (rows, wanted) in
        [(&[&v1, &v2, &v1][..], Some("JL. MELATI 1")), (&[&gone], None), (&[&v1], Some("JL. MELATI 1"))]
    {
        for sent in rows {
            assert_eq!(outcome(&push(&app, "dinsos-a", DINSOS, &[(*sent).clone()])), "diterima");
        }
        assert_eq!(address(&app, "D1").as_str(), wanted);
    }
    // B24: the history calls each thing by its name.
    push(&app, "dinsos-a", DINSOS, &[row("D1", "2025-10-01", &json!({}))]);
    let person = person_of(&app, DINSOS, "D1");
    let history = person["history"].as_array().cloned().expect("a history");
    let happened: Vec<&str> = history.iter().filter_map(|line| line["what"].as_str()).collect();
    let wanted = ["row_accepted", "row_updated", "row_updated", "row_withdrawn", "row_accepted", "row_older"];
    assert_eq!(happened, wanted, "{history:?}");
}

/// Two families, one of which has an account at bank X.
fn two_families(app: &TestApp) {
    let wati = json!({
        "nik": "3201054907820012", "tanggal_lahir": "1982-07-09", "jenis_kelamin": "P", "hubungan_keluarga": 1,
        "program": [{"kode": "PKH", "status": "AKTIF", "periode": "2025-T4"}],
    });
    let rudi = json!({
        "nik": "3201050503800011", "nama": "RUDI HARTONO", "tanggal_lahir": "1980-03-05", "jenis_kelamin": "L",
        "hubungan_keluarga": 1, "program": [{"kode": "PKH", "status": "AKTIF", "periode": "2025-T4"}],
    });
    push(app, "dinsos-a", DINSOS, &[row("D1", "2025-11-01", &wati), row("D2", "2025-11-01", &rudi)]);
    push(app, "bank-x", BANK, &[account("X1")]);
}

fn account(id: &str) -> Value {
    json!({
        "id_sumber": id, "tgl_data": "2025-11-01", "nik": "3201050503800011", "nama": "RUDI HARTONO",
        "tanggal_lahir": "1980-03-05", "kode_bank": "009", "no_rekening": "1000000011", "status_rekening": "AKTIF",
        "kks_diserahkan": true,
    })
}

/// Families without account: gaps and those that cannot be told; then the agencies that are awaited.
fn without_account(app: &TestApp) -> (u64, u64, Vec<String>) {
    let report = client(app, "petugas").get("/v1/reports/complementarity?rule=G05").expect(200).json();
    let counts = &report["cells"][0]["counts"];
    let open = report["open_feeds"].as_array().expect("a list").iter();
    let awaited = open.flat_map(|feed| feed["awaited"].as_array().expect("a list").clone());
    let awaited = awaited.filter_map(|name| name.as_str().map(str::to_owned)).collect();
    let count = |name: &str| counts[name].as_u64().unwrap_or_default();
    (count("belum_menerima"), count("belum_dapat_dinilai"), awaited)
}

#[test]
fn a_feed_is_closed_when_all_have_closed_who_are_to_send_it() {
    // B02 and B03.
    let app = app();
    two_families(&app);
    let told = |changed, unchanged| (json!(changed), json!(unchanged));
    let steps = [
        ("bank-y", "3201 2025-T4 -", told(0, 1), (0, 1), &["bank-x", "bank-y"][..]),
        ("bank-x", "3201 2025-T4 +", told(1, 0), (0, 1), &["bank-y"]),
        ("bank-y", "3201 2025-T4 -", told(0, 1), (0, 1), &["bank-y"]),
        ("bank-y", "32 2025-10 +,32 2025-11 +", told(2, 0), (0, 1), &["bank-y"]),
        ("bank-y", "32 2025-12 +", told(1, 0), (1, 0), &[]),
        ("bank-x", "3201 2025-T4 -", told(1, 0), (0, 1), &["bank-x"]),
        ("bank-x", "3201 2025-T4 +", told(1, 0), (1, 0), &[]),
        ("bank-x", "320105 2025-11 +", told(0, 1), (1, 0), &[]),
        ("bank-x", "320105 2025-11 -", told(1, 0), (0, 1), &["bank-x"]),
        ("bank-x", "3201 2025-T4 +", told(1, 0), (1, 0), &[]),
    ];
    for (nth, (agency, text, told, gaps, awaited)) in steps.into_iter().enumerate() {
        let answer = declare(&app, agency, BANK, text);
        assert_eq!((answer["changed"].clone(), answer["unchanged"].clone()), told, "step {nth}: {answer}");
        assert_eq!(answer["unsent"], json!([]), "step {nth}");
        let found = without_account(&app);
        assert_eq!((found.0, found.1), gaps, "step {nth}: {agency} {text}");
        assert_eq!(found.2, awaited, "step {nth}: {agency} {text}");
    }
    let path = "/v1/feeds/bank-rekening/completeness";
    let all = client(&app, "petugas").get(path).expect(200).json();
    let who = |list: &Value| -> Vec<String> {
        let items = list["items"].as_array().expect("a list").iter();
        items.map(|item| format!("{} {}", item["agency"].as_str().unwrap_or("-"), item["lengkap"])).collect()
    };
    assert_eq!(all["total"], 6, "{all}");
    assert!(who(&all).contains(&"bank-x true".to_owned()) && who(&all).contains(&"bank-y true".to_owned()), "{all}");
    let own = client(&app, "bank-y").get(path).expect(200).json();
    assert!(who(&own).iter().all(|who| who.starts_with("bank-y")), "{own}");
    client(&app, "dinsos-a").get(path).expect(403);
}

#[test]
fn who_is_to_send_may_be_configured() {
    let app = app_with("[[expected]]\nfeed = \"bank-rekening\"\nagencies = [\"bank-x\"]\nregions = [\"3201\"]\n");
    two_families(&app);
    declare(&app, "bank-x", BANK, "3201 2025-T4 +");
    assert_eq!(without_account(&app), (1, 0, vec![]), "bank-y is not to send it here");
}

/// A reload of the clients: bank-y sends nothing any more, then it does again.
#[test]
fn who_is_to_send_may_change_while_the_gateway_goes_on() {
    let app = app();
    two_families(&app);
    declare(&app, "bank-x", BANK, "3201 2025-T4 +");
    assert_eq!(without_account(&app), (0, 1, vec!["bank-y".to_owned()]));
    let all: Vec<Client> = (*app.gateway().clients()).clone().into();
    let fewer: Vec<Client> = all.iter().filter(|client| client.name != "bank-y").cloned().collect();
    for (clients, wanted) in [(fewer, (1, 0, vec![])), (all, (0, 1, vec!["bank-y".to_owned()]))] {
        app.gateway().replace_clients(Directory::new(&clients).expect("good clients"));
        let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while without_account(&app) != wanted {
            assert!(std::time::Instant::now() < until, "{:?}", without_account(&app));
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

#[test]
fn declarations_that_cannot_be_true_are_refused_whole() {
    let app = app();
    let path = "/v1/feeds/bank-rekening/completeness";
    for (body, pointer) in [
        (json!([{"kode_wilayah": "99", "periode": "2025-T4", "lengkap": true}]), "/0/kode_wilayah"),
        (
            json!([{"kode_wilayah": "3201", "periode": "2025-T4", "lengkap": true},
                   {"kode_wilayah": "3201", "periode": "2025-T4", "lengkap": false}]),
            "/1/lengkap",
        ),
        (json!([{"kode_wilayah": "3201", "periode": "1025-T4", "lengkap": true}]), "/0/periode"),
    ] {
        let answer = client(&app, "bank-x").json("PUT", path, &key(), &body).expect(422).json();
        assert_eq!(answer["errors"][0]["pointer"], pointer, "{answer}");
    }
    assert_eq!(client(&app, "petugas").get(path).expect(200).json()["total"], 0);
}

#[test]
fn rows_that_left_a_complete_list_are_named() {
    // B29.
    let app = app();
    two_families(&app);
    let none = json!([]);
    assert_eq!(declare(&app, "dinsos-a", DINSOS, "3201 2025-T4 +")["unsent"], none, "the first list");
    assert_eq!(declare(&app, "dinsos-a", DINSOS, "3201 2025-T4 +")["unsent"], none, "nothing was sent since");
    // The whole list again, as it stands: nothing left it.
    two_families(&app);
    assert_eq!(declare(&app, "dinsos-a", DINSOS, "3201 2025-T4 +")["unsent"], none, "all of it was sent");
    push(&app, "dinsos-a", DINSOS, &[row("D3", "2025-11-15", &json!({"nama": "BUDI SANTOSO"}))]);
    push(&app, "dinsos-b", DINSOS, &[row("D1", "2025-11-15", &json!({"nama": "ANI LESTARI"}))]);
    assert_eq!(declare(&app, "dinsos-a", DINSOS, "3271 2025-T4 +")["unsent"], none, "another place");
    for round in ["at once", "and when it is said again"] {
        let unsent = declare(&app, "dinsos-a", DINSOS, "3201 2025-T4 +,3201 2025-11 +")["unsent"].clone();
        let told = &unsent[0];
        assert_eq!((&told["rows"], &told["ids"]), (&json!(2), &json!(["D1", "D2"])), "{round}: {unsent}");
        assert_eq!(unsent.as_array().map(Vec::len), Some(1), "{round}: once for the region");
    }
    let gone = json!({"id_sumber": "D1", "tgl_data": "2025-11-16", "hapus": true});
    push(&app, "dinsos-a", DINSOS, &[gone, row("D2", "2025-11-16", &json!({"nama": "RUDI HARTONO"}))]);
    let unsent = declare(&app, "dinsos-a", DINSOS, "3201 2025-T4 +")["unsent"].clone();
    assert_eq!(unsent[0]["ids"], json!(["D3"]), "{unsent}");
    // A bank says no village: the person's home counts.
    let app = self::app();
    two_families(&app);
    declare(&app, "bank-x", BANK, "3201 2025-T4 +");
    push(&app, "bank-x", BANK, &[json!({"id_sumber": "X9", "tgl_data": "2025-11-01", "hapus": true})]);
    let unsent = declare(&app, "bank-x", BANK, "3201 2025-T4 +")["unsent"].clone();
    assert_eq!(unsent[0]["ids"], json!(["X1"]), "{unsent}");
}

/// Runs `padan push` on files in a folder; answers the exit code, its document and what it said.
fn padan_push(app: &TestApp, dir: &std::path::Path, arguments: &[&str]) -> (Option<i32>, Value, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_padan"))
        .args(["--json", "push"])
        .args(arguments)
        .args(["--to", &app.url(), "--ca"])
        .arg(app.ca())
        .current_dir(dir)
        .env("PADAN_TOKEN", "dinsos-a")
        .env("XDG_STATE_HOME", dir.join("state"))
        .output()
        .expect("padan runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default(), told)
}

#[test]
fn the_command_pushes_anew_and_tells_what_had_no_effect() {
    // B23 and B04 on the command line.
    let app = app();
    let dir = tempfile::tempdir().expect("a folder");
    let write = |name: &str, row: &Value| {
        let path = dir.path().join(format!("{name}.ndjson"));
        std::fs::write(path, row.to_string()).expect("written");
    };
    write("v1", &row("=D1", "2025-11-01", &json!({"alamat": "JL. MELATI 1"})));
    write("v2", &row("=D1", "2025-11-01", &json!({"alamat": "JL. SALAH 9"})));
    write("old", &row("=D1", "2025-10-01", &json!({"alamat": "JL. LAMA 3"})));
    write("gone", &json!({"id_sumber": "=D1", "tgl_data": "2025-11-01", "hapus": true}));
    for (name, code, counted, wanted) in [
        ("v1", 0, "diterima", Some("JL. MELATI 1")),
        ("v2", 0, "diterima", Some("JL. SALAH 9")),
        ("v1", 0, "diterima", Some("JL. MELATI 1")),
        ("v1", 0, "tanpa_perubahan", Some("JL. MELATI 1")),
        ("old", 3, "lebih_lama", Some("JL. MELATI 1")),
        ("gone", 0, "diterima", None),
        ("v1", 0, "diterima", Some("JL. MELATI 1")),
    ] {
        let file = format!("{name}.ndjson");
        let (exit, told, said) = padan_push(&app, dir.path(), &[DINSOS, &file, "--receipt", "r.csv", "--wait"]);
        assert_eq!(exit, Some(code), "{name}: {said}");
        let file = &told["files"][0];
        assert_eq!((&file["counts"][counted], &file["repeated"]), (&json!(1), &json!(0)), "{name}: {told}");
        assert_eq!(address(&app, "=D1").as_str(), wanted, "{name}");
        if counted == "lebih_lama" {
            let receipt = std::fs::read_to_string(dir.path().join("r.csv")).expect("a receipt");
            assert!(receipt.contains(",'=D1,lebih_lama,/tgl_data,LEBIH_LAMA,"), "{receipt}");
        }
    }
    let left = std::fs::read_dir(dir.path().join("state/padan/push")).expect("the folder of runs");
    assert_eq!(left.count(), 0, "runs that ended leave nothing behind");
}

//! What an agency says about people for whom another one answers: ABUSE.md, finding 8.

use std::sync::Arc;

use padan::auth::{Client, Directory, Right, token_hash};
use padan::domain::agency::{AgencyId, AgencyKind};
use padan::service::clock::SystemClock;
use padan::service::rebuild::{Repair, rebuild};
use padan::service::start::{Missing, StartWith};
use padan::store::StoreUrl;
use serde_json::{Value, json};

use crate::support::{TestApp, TestClient, settings};

const DINSOS: &str = "dinsos-anggota-keluarga";
const JKN: &str = "dinkes-kepesertaan-jkn";
const NIK: &str = "3201054907820012";

/// A gateway and the folder of its store.
struct Place {
    app: TestApp,
    dir: tempfile::TempDir,
}

impl std::ops::Deref for Place {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.app
    }
}

/// Dinas Sosial of two neighbours, each for its own region, Dinas Kesehatan for both, and a steward.
fn app() -> Place {
    let dir = tempfile::tempdir().expect("a folder");
    let store = StoreUrl::Redb(dir.path().join("data"));
    let app = TestApp::with(|settings| {
        settings.store = store;
        let client = |name: &str, kind: Option<AgencyKind>, regions: &[&str]| Client {
            name: name.to_owned(),
            token_sha256: token_hash(name),
            rights: kind.map_or(vec![Right::Persons, Right::Review, Right::Reports], |_| vec![Right::Push]),
            agency: kind.map(|_| AgencyId::new(name).expect("a good id")),
            kind,
            regions: regions.iter().map(|region| (*region).to_owned()).collect(),
            purpose: None,
        };
        let clients = [
            client("dinsos-3201", Some(AgencyKind::Dinsos), &["3201"]),
            client("dinsos-3271", Some(AgencyKind::Dinsos), &["3271"]),
            client("dinkes", Some(AgencyKind::Dinkes), &["3201", "3271"]),
            client("dinkes-3271", Some(AgencyKind::Dinkes), &["3271"]),
            client("bank-3201", Some(AgencyKind::Bank), &["3201"]),
            client("bank-3271", Some(AgencyKind::Bank), &["3271"]),
            client("petugas", None, &[]),
        ];
        settings.client = Directory::new(&clients).expect("good clients");
    });
    Place { app, dir }
}

fn client(app: &TestApp, name: &str) -> TestClient {
    app.client("").with_token(name)
}

fn key() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn push(app: &TestApp, agency: &str, feed: &str, row: &Value) -> Value {
    client(app, agency).push(feed, &key(), &row.to_string()).expect(200).json()
}

/// A row about the same woman.
fn row(id: &str, day: &str, village: &str, more: &Value) -> Value {
    let mut row = json!({
        "id_sumber": id, "tgl_data": day, "nik": NIK, "nama": "WATI KUSUMA", "tanggal_lahir": "1982-07-09",
        "jenis_kelamin": "P", "nama_ibu_kandung": "EUIS", "kode_desa": village, "id_keluarga": id
    });
    for (key, value) in more.as_object().expect("an object") {
        row[key] = value.clone();
    }
    row
}

/// What the golden record of her says.
fn golden(app: &TestApp, field: &str) -> Value {
    let asked = json!({"sumber": {"feed": DINSOS, "id_sumber": "A"}});
    let found = client(app, "petugas").json("POST", "/v1/persons/lookup", &key(), &asked).expect(200).json();
    let fields = found["items"][0]["fields"].as_array().cloned().unwrap_or_default();
    fields.iter().find(|line| line["name"] == field).map_or(Value::Null, |line| line["value"].clone())
}

fn cases(app: &TestApp) -> Vec<Value> {
    let found = client(app, "petugas").get("/v1/cases?question=statement").expect(200).json();
    found["items"].as_array().cloned().expect("a list")
}

fn decide(app: &TestApp, case: &Value, verdict: &Value) {
    let path = format!("/v1/cases/{}/verdict", case["id"].as_str().expect("an id"));
    let body = json!({"putusan": verdict, "alasan": "Sudah ditanyakan ke desa"});
    client(app, "petugas").json("POST", &path, &key(), &body).expect(200);
}

impl Place {
    /// Ends the gateway: its store holds what follows from its inputs.
    fn ends_sound(self) {
        let Self { app, dir } = self;
        app.settle();
        drop(app);
        let store = StoreUrl::Redb(dir.path().join("data"));
        let settings = settings(dir.path(), store.clone());
        let with = StartWith {
            store,
            missing: Missing::Refuse,
            store_limits: settings.store_limits.clone(),
            clients: settings.client.clone(),
            settings: settings.service.clone(),
            models: settings.models.clone(),
            clock: Arc::new(SystemClock),
        };
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let rebuilt = runtime.block_on(async {
            let parts = with.parts().await.expect("the store opens");
            rebuild(parts, Repair::Compare).await.expect("rebuilt")
        });
        assert_eq!((rebuilt.differences, &rebuilt.before.derived), (0, &rebuilt.derived), "{rebuilt:?}");
    }
}

const HOME: &str = "3201052008";
const ELSEWHERE: &str = "3271011001";

#[test]
fn a_row_from_outside_changes_nothing_before_a_steward_has_looked() {
    let app = app();
    push(&app, "dinsos-3201", DINSOS, &row("A", "2025-11-01", HOME, &json!({"alamat": "JL. MELATI 1"})));
    let told = json!({"alamat": "ALAMAT PALSU", "tgl_meninggal": "2025-01-01"});
    // It names the place where she is known, which its sender does not answer for, or a place of its own.
    for (nth, village) in [HOME, ELSEWHERE].into_iter().enumerate() {
        let sent = push(&app, "dinsos-3271", DINSOS, &row("B", &format!("2025-11-1{nth}"), village, &told));
        let flags = sent["not_clean"][0]["tanda"].as_array().cloned().unwrap_or_default();
        assert_eq!(flags.iter().any(|flag| flag["code"] == "OUTSIDE_REGION"), village == HOME, "{sent}");
        assert_eq!(golden(&app, "alamat"), "JL. MELATI 1", "{village}");
        assert_eq!(golden(&app, "kode_desa"), HOME, "{village}");
        assert_eq!(golden(&app, "tgl_meninggal"), Value::Null, "{village}");
        let asked = cases(&app);
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert_eq!(asked[0]["reasons"], json!(["OUTSIDE_REGION", "DEATH_BY_ONE_AGENCY"]));
    }
    let case = cases(&app).remove(0);
    decide(&app, &case, &json!("GABUNGKAN"));
    assert_eq!(golden(&app, "alamat"), "ALAMAT PALSU", "a steward has said that it is so");
    assert_eq!(golden(&app, "tgl_meninggal"), "2025-01-01");
    assert!(cases(&app).is_empty());
    // And it is taken back, as if nobody had ever said it.
    decide(&app, &case, &json!("BATALKAN"));
    assert_eq!(golden(&app, "alamat"), "JL. MELATI 1");
    assert_eq!(cases(&app).len(), 1);
    decide(&app, &case, &json!("GABUNGKAN"));
    app.ends_sound();
}

#[test]
fn a_confirmation_is_about_the_row_that_stood() {
    let app = app();
    push(&app, "dinsos-3201", DINSOS, &row("A", "2025-11-01", HOME, &json!({"alamat": "JL. MELATI 1"})));
    push(&app, "dinsos-3271", DINSOS, &row("B", "2025-11-10", ELSEWHERE, &json!({"alamat": "ALAMAT BARU"})));
    let case = cases(&app).remove(0);
    decide(&app, &case, &json!("GABUNGKAN"));
    assert_eq!(golden(&app, "alamat"), "ALAMAT BARU");
    push(&app, "dinsos-3271", DINSOS, &row("B", "2025-11-12", ELSEWHERE, &json!({"alamat": "ALAMAT LAIN"})));
    assert_eq!(golden(&app, "alamat"), "JL. MELATI 1");
    assert_eq!(cases(&app)[0]["reasons"], json!(["OUTSIDE_REGION"]));

    // Another person's row: it goes, and nothing is asked any more.
    decide(&app, &case, &json!("BUKAN_DUPLIKAT"));
    assert!(cases(&app).is_empty());
    assert_eq!(golden(&app, "alamat"), "JL. MELATI 1");
    decide(&app, &case, &json!("BATALKAN"));
    assert_eq!(cases(&app).len(), 1, "the answer was taken back");
    app.ends_sound();
}

#[test]
fn where_she_is_known_is_where_her_own_agency_first_said_so() {
    let app = app();
    let own = json!({"alamat": "JL. MELATI 1"});
    push(&app, "dinsos-3201", DINSOS, &row("A", "2025-11-01", HOME, &own));
    push(&app, "dinsos-3271", DINSOS, &row("B", "2025-11-10", ELSEWHERE, &json!({"alamat": "JL. SALAK 2"})));
    assert_eq!(cases(&app).len(), 1);
    // Her own agency hands her over: it says that she lives there now.
    push(&app, "dinsos-3201", DINSOS, &row("A", "2025-11-11", ELSEWHERE, &own));
    assert_eq!(golden(&app, "alamat"), "JL. SALAK 2");
    assert!(cases(&app).is_empty(), "{:?}", cases(&app));
    // And takes her back, who is the first that knew her: what the other says is asked about again.
    push(&app, "dinsos-3201", DINSOS, &row("A", "2025-11-12", HOME, &own));
    assert_eq!(golden(&app, "alamat"), "JL. MELATI 1");
    assert_eq!(cases(&app).len(), 1);
    app.ends_sound();
}

#[test]
fn a_death_that_one_agency_reports_is_looked_at() {
    let app = app();
    push(&app, "dinsos-3201", DINSOS, &row("A", "2025-11-01", HOME, &json!({"tgl_meninggal": "2025-01-01"})));
    assert!(cases(&app).is_empty(), "nobody else knows her");
    let card = json!({
        "id_sumber": "J", "tgl_data": "2025-11-02", "nik": NIK, "nama": "WATI KUSUMA", "tanggal_lahir": "1982-07-09",
        "jenis_kelamin": "P", "kode_desa": HOME, "no_jkn": "0001234567890", "segmen": "PBI_APBN", "status_jkn": "AKTIF"
    });
    push(&app, "dinkes", JKN, &card);
    // A third row of hers: an answer is about all of them, and is found again.
    push(&app, "dinsos-3201", DINSOS, &row("C", "2025-11-01", HOME, &json!({})));
    assert_eq!(cases(&app)[0]["reasons"], json!(["DEATH_BY_ONE_AGENCY"]));
    assert_eq!(golden(&app, "tgl_meninggal"), "2025-01-01", "her own agency says so");
    let case = cases(&app).remove(0);
    decide(&app, &case, &json!("GABUNGKAN"));
    assert!(cases(&app).is_empty(), "a steward knows");
    let path = format!("/v1/cases/{}", case["id"].as_str().expect("an id"));
    assert_eq!(client(&app, "petugas").get(&path).expect(200).json()["state"], "selesai");
    decide(&app, &case, &json!("BATALKAN"));
    decide(&app, &case, &json!("BUKAN_DUPLIKAT"));
    assert_eq!(client(&app, "petugas").get(&path).expect(200).json()["state"], "selesai");
    decide(&app, &case, &json!("BATALKAN"));
    assert_eq!(cases(&app).len(), 1);
    let dead = json!({"tgl_data": "2025-11-03", "status_jkn": "MENINGGAL"});
    let mut card = card;
    for (key, value) in dead.as_object().expect("an object") {
        card[key] = value.clone();
    }
    push(&app, "dinkes", JKN, &card);
    assert!(cases(&app).is_empty(), "two agencies say so");
    app.ends_sound();
}

/// How many outcomes a rule has in her sub-district, whatever they are.
fn found(app: &TestApp, rule: &str, outcome: &str) -> u64 {
    let path = format!("/v1/reports/complementarity?rule={rule}&as_of=2025-12-31");
    let report = client(app, "petugas").get(&path).expect(200).json();
    report["cells"].as_array().into_iter().flatten().filter_map(|cell| cell["counts"][outcome].as_u64()).sum()
}

#[test]
fn the_rules_do_not_take_an_outsiders_word_either() {
    let app = app();
    let paid = json!({"program": [{"kode": "PKH", "status": "AKTIF", "periode": "2025-T4"}]});
    push(&app, "dinsos-3201", DINSOS, &row("A", "2025-11-01", HOME, &paid));
    let account = |id: &str, number: &str| {
        json!({
            "id_sumber": id, "tgl_data": "2025-11-02", "nik": NIK, "nama": "WATI KUSUMA", "tanggal_lahir": "1982-07-09",
            "kode_desa": HOME, "kode_bank": "009", "no_rekening": number, "status_rekening": "AKTIF",
            "kks_diserahkan": true,
        })
    };
    push(&app, "bank-3201", "bank-rekening", &account("R1", "1000000011"));
    push(&app, "bank-3271", "bank-rekening", &account("R2", "1000000022"));
    let dead = json!({
        "id_sumber": "J", "tgl_data": "2025-06-02", "nik": NIK, "nama": "WATI KUSUMA", "tanggal_lahir": "1982-07-09",
        "jenis_kelamin": "P", "kode_desa": HOME, "no_jkn": "0001234567890", "segmen": "PBI_APBN",
        "status_jkn": "MENINGGAL",
    });
    push(&app, "dinkes-3271", JKN, &dead);
    app.settle();
    assert_eq!(cases(&app).len(), 2, "{:?}", cases(&app));
    assert_eq!((found(&app, "O07", "tumpang_tindih"), found(&app, "O09", "tumpang_tindih")), (0, 0));
    for case in cases(&app) {
        decide(&app, &case, &json!("GABUNGKAN"));
    }
    app.settle();
    assert_eq!(
        (found(&app, "O07", "tumpang_tindih"), found(&app, "O09", "tumpang_tindih")),
        (1, 1),
        "a steward looked"
    );
    app.ends_sound();
}

#[test]
fn an_agency_closes_its_own_regions_only() {
    let app = app();
    let closes = |agency: &str, region: &str| {
        let body = json!([{"kode_wilayah": region, "periode": "2025-T4", "lengkap": true}]);
        client(&app, agency).json("PUT", &format!("/v1/feeds/{DINSOS}/completeness"), &key(), &body)
    };
    for region in ["3201", "31", "32"] {
        let refused = closes("dinsos-3271", region).expect(422).json();
        assert!(refused["errors"][0]["pesan"].as_str().is_some_and(|text| text.contains("wilayah")), "{refused}");
    }
    closes("dinsos-3271", "3271").expect(200);
    let awaited = |region: &str| {
        let path = format!("/v1/reports/complementarity?kode_wilayah={region}");
        client(&app, "petugas").get(&path).expect(200).json()
    };
    // Where it does not answer nobody waits for it.
    closes("dinsos-3201", "3201").expect(200);
    let text = awaited("3201").to_string();
    assert!(!text.contains("dinsos-3271"), "{text}");
}

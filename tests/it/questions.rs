//! What is asked and answered: look-ups by number, shared NIKs, pages of a queue that moves, decisions that rest,
//! families, regions, and figures of two scopes (FAULTS B06, B13, B15, B24, B25, B27, B33).

use serde_json::{Value, json};

use crate::support::{TestApp, TestClient};

const NIK: &str = "3201050503800011";

/// A gateway with clients, and a count for keys.
pub(crate) struct Place {
    pub(crate) app: TestApp,
    pub(crate) steward: TestClient,
    keys: std::cell::Cell<u32>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let app = TestApp::start();
        let steward = app.client("petugas");
        Self { app, steward, keys: std::cell::Cell::new(0) }
    }

    pub(crate) fn key(&self) -> String {
        self.keys.set(self.keys.get() + 1);
        format!("k{}", self.keys.get())
    }

    /// Pushes rows and waits until they are matched.
    pub(crate) fn push(&self, role: &str, feed: &str, rows: &[Value]) {
        let body = rows.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        let answer = self.app.client(role).push(feed, &self.key(), &body);
        assert!(answer.status < 300, "{}", answer.text);
        assert_eq!(answer.json()["counts"]["ditolak"].as_u64().unwrap_or(0), 0, "{}", answer.text);
        self.app.settle();
    }

    pub(crate) fn members(&self, rows: &[Value]) {
        self.push("dinsos", "dinsos-anggota-keluarga", rows);
    }

    fn get(&self, path: &str) -> Value {
        self.steward.get(path).expect(200).json()
    }

    fn ids(&self, path: &str) -> (Vec<String>, Option<String>) {
        let page = self.get(path);
        let items = page["items"].as_array().expect("a list");
        let ids = items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect();
        (ids, page["next"].as_str().map(str::to_owned))
    }

    pub(crate) fn verdict(&self, case: &str, putusan: &str) -> u16 {
        let body = json!({"putusan": putusan, "alasan": "uji"});
        self.steward.json("POST", &format!("/v1/cases/{case}/verdict"), &self.key(), &body).status
    }

    fn lookup(&self, question: &Value) -> Value {
        self.steward.json("POST", "/v1/persons/lookup", &self.key(), question).expect(200).json()
    }
}

pub(crate) fn member(id: &str, nik: &str, nama: &str, born: &str, family: &str) -> Value {
    let sex = if nik.as_bytes().get(6).is_some_and(|digit| *digit >= b'4') { "P" } else { "L" };
    json!({
        "id_sumber": id, "tgl_data": "2025-11-01", "nik": nik, "nama": nama, "tanggal_lahir": born,
        "jenis_kelamin": sex, "kode_desa": "3201052008", "id_keluarga": family,
    })
}

/// Two rows that nobody can tell to be one person or two.
fn asked(nth: usize, name: &str) -> Vec<Value> {
    let row = |side: usize| {
        let mut row = member(
            &format!("Q{nth}{side}"),
            &format!("3201050{nth}058000{side}1"),
            name,
            &format!("1980-05-0{nth}"),
            &format!("K{nth}{side}"),
        );
        row["status_padan_dukcapil"] = json!("PADAN");
        row
    };
    vec![row(1), row(2)]
}

fn queue() -> Place {
    let place = Place::new();
    let names = ["AGUS PERMADI", "BENI KURNIA", "CAHYO MAHARDIKA", "DODI FIRMANSYAH", "EKO PURWANTO", "FAJAR NUGRAHA"];
    let rows: Vec<Value> = names.iter().enumerate().flat_map(|(at, name)| asked(at + 1, name)).collect();
    place.members(&rows);
    place
}

#[test]
fn deciding_and_pushing_between_two_pages_hides_no_case_and_shows_none_twice() {
    let place = queue();
    let (all, _) = place.ids("/v1/cases?limit=50");
    assert_eq!(all.len(), 6);
    let (first, next) = place.ids("/v1/cases?limit=2");
    assert_eq!(first, all[..2]);
    assert_eq!(place.verdict(&first[0], "BUKAN_DUPLIKAT"), 200);
    place.members(&asked(7, "GILANG RAMADHAN"));
    let mut seen = first;
    let mut next = next;
    while let Some(path) = next {
        let (page, more) = place.ids(&path);
        seen.extend(page);
        next = more;
    }
    let mut once = seen.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), seen.len(), "no case comes twice: {seen:?}");
    for id in &all {
        assert!(seen.contains(id), "{id} is on no page of {seen:?}");
    }
    place.steward.get("/v1/cases?cursor=2").expect(422);
    let (done, none) = place.ids("/v1/cases?state=selesai&limit=1");
    assert_eq!((done, none), (vec![all[0].clone()], None));
}

#[test]
fn cases_can_be_cut_to_every_level_of_region() {
    let place = queue();
    for (region, total) in
        [("32", 6), ("3201", 6), ("320105", 6), ("3201052008", 6), ("3201052009", 0), ("320106", 0), ("33", 0)]
    {
        assert_eq!(place.get(&format!("/v1/cases?kode_wilayah={region}"))["total"], total, "{region}");
    }
    place.steward.get("/v1/cases?kode_wilayah=32010").expect(400);
}

#[test]
fn a_number_finds_everybody_who_bears_it() {
    let place = Place::new();
    let found = |question: Value| {
        let answer = place.lookup(&question);
        (answer["items"].as_array().expect("a list").len(), answer["bearers"].as_u64(), answer["shared"].as_bool())
    };
    let nik = || json!({"nik": NIK});
    place.members(&[member("S2", NIK, "LINA MARLINA", "1983-07-19", "K2")]);
    assert_eq!(found(nik()), (1, Some(1), Some(false)), "her birth date contradicts the number");
    place.members(&[member("S1", NIK, "RUDI HARTONO", "1980-03-05", "K1")]);
    assert_eq!(found(nik()), (2, Some(2), Some(true)));
    place.members(&[member("S3", "3201.0505.0380.0011", "TONO SUGIARTO", "2005-01-30", "K3")]);
    assert_eq!(found(nik()), (3, Some(3), Some(true)), "a guard lets matching pass over it");
    for (raw, bearers) in [("320105050380", 1), ("1234567890123456", 1), ("32010505038000119", 1)] {
        let id = format!("X{raw}");
        place.members(&[member(&id, raw, "SITI AMINAH", "1990-02-02", "K9")]);
        assert_eq!(found(json!({"nik": raw})).1, Some(bearers), "{raw}");
    }
    let many: Vec<Value> =
        (0..230).map(|n| member(&format!("M{n}"), "3201054907420012", "WATI KUSUMA", "1942-07-09", "K7")).collect();
    place.members(&many);
    let answer = place.lookup(&json!({"nik": "3201054907420012"}));
    let persons = answer["items"].as_array().expect("a list");
    let rows: usize = persons.iter().map(|person| person["sources"].as_array().map_or(0, Vec::len)).sum();
    assert!(rows >= 230, "rows beyond the limits of blocking are found, too: {rows}");
    let gone = json!({"id_sumber": "S3", "tgl_data": "2025-11-02", "hapus": true});
    place.members(&[gone]);
    assert_eq!(found(nik()), (2, Some(2), Some(true)));
    place.push(
        "dinkes",
        "dinkes-kepesertaan-jkn",
        &[json!({"id_sumber": "J1", "tgl_data": "2025-11-02", "nik": "3201054907420012", "nama": "WATI KUSUMA",
            "tanggal_lahir": "1942-07-09", "no_jkn": "0001234567890", "segmen": "PBI_APBN", "status_jkn": "AKTIF"})],
    );
    assert_eq!(found(json!({"no_jkn": "1234567890"})), (1, Some(1), Some(false)), "the zeros were lost");
    assert_eq!(found(json!({"no_kk": "3201054907420012"})), (0, Some(0), Some(false)), "a NIK is no KK number");
}

fn shared_cases(place: &Place) -> Vec<Value> {
    place.get("/v1/cases?question=shared_nik")["items"].as_array().expect("a list").clone()
}

#[test]
fn one_nik_on_several_persons_is_one_case_and_a_finding() {
    let place = Place::new();
    let rows = [
        member("S1", NIK, "RUDI HARTONO", "1980-03-05", "K1"),
        member("S2", NIK, "LINA MARLINA", "1983-07-19", "K2"),
        member("S3", NIK, "TONO SUGIARTO", "2005-01-30", "K3"),
    ];
    place.members(&rows[..1]);
    assert!(shared_cases(&place).is_empty());
    place.members(&rows[1..]);
    let cases = shared_cases(&place);
    assert_eq!(cases.len(), 1);
    assert_eq!((&cases[0]["id"], &cases[0]["shared"]["persons"]), (&json!("N-1"), &json!(3)));
    assert_eq!(cases[0]["reasons"], json!(["SHARED_NIK"]));
    let (by_reason, _) = place.ids("/v1/cases?reason=SHARED_NIK&kode_wilayah=3201052008");
    assert_eq!(by_reason, ["N-1"]);
    let one = place.get("/v1/cases/N-1");
    assert_eq!((one["sources"].as_array().map(Vec::len), &one["explanation"]), (Some(3), &Value::Null));
    let report = place.get("/v1/reports/complementarity?rule=Q03");
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(3));
    assert_eq!(place.lookup(&json!({"nik": NIK}))["items"][0]["cases"], json!(["N-1"]));

    // A steward says that they are three persons, then takes it back.
    assert_eq!(place.verdict("N-1", "BUKAN_DUPLIKAT"), 200);
    assert!(shared_cases(&place).is_empty());
    assert_eq!(place.ids("/v1/cases?state=selesai&question=shared_nik").0, ["N-1"]);
    assert_eq!(place.get("/v1/overview")["decided_cases"], 1);
    assert_eq!(place.verdict("N-1", "BATALKAN"), 200);
    assert_eq!(shared_cases(&place).len(), 1);

    // It closes by itself when the number is corrected.
    let corrected: Vec<Value> = [
        ("S2", "3201055907830021", "LINA MARLINA", "1983-07-19"),
        ("S3", "3201053001050021", "TONO SUGIARTO", "2005-01-30"),
    ]
    .iter()
    .map(|(id, nik, nama, born)| {
        let mut row = member(id, nik, nama, born, "K2");
        row["tgl_data"] = json!("2025-11-03");
        row
    })
    .collect();
    place.members(&corrected);
    assert!(shared_cases(&place).is_empty(), "one person is left with the number");
}

#[test]
fn however_many_rows_bear_a_nik_it_is_one_case() {
    let place = Place::new();
    let rows: Vec<Value> = (0..900)
        .map(|n| {
            let born = format!("19{:02}-0{}-1{}", 50 + n % 40, 1 + n % 9, n % 10);
            let name = ["RUDI HARTONO", "LINA MARLINA", "TONO SUGIARTO", "AGUS PERMADI", "SITI ROHMAH"][n % 5];
            let mut row = member(&format!("M{n}"), NIK, name, &born, &format!("K{n}"));
            row["kode_desa"] = json!(if n == 899 { "3201102003" } else { "3201052008" });
            row
        })
        .collect();
    place.members(&rows);
    let cases = shared_cases(&place);
    assert_eq!(cases.len(), 1);
    assert!(cases[0]["shared"]["persons"].as_u64().is_some_and(|persons| persons > 8), "{}", cases[0]);
    assert_eq!((&cases[0]["shared"]["records"], cases[0]["records"].as_array().map(Vec::len)), (&json!(900), Some(20)));
    let id = cases[0]["id"].as_str().expect("an id");
    assert_eq!(place.verdict(id, "BUKAN_DUPLIKAT"), 422, "too many to be decided at once");
    let (there, _) = place.ids("/v1/cases?question=shared_nik&kode_wilayah=3201102003");
    assert_eq!(there, [id], "everybody who bears it counts, also those it does not name");
}

#[test]
fn a_decision_rests_while_a_row_is_withdrawn() {
    let place = Place::new();
    place.members(&asked(1, "HENDRA GUNAWAN"));
    let (cases, _) = place.ids("/v1/cases");
    let id = &cases[0];
    assert_eq!(place.verdict(id, "BUKAN_DUPLIKAT"), 200);
    let decided = || place.get("/v1/cases?state=selesai");
    assert_eq!((&decided()["total"], &decided()["items"][0]["resting"]), (&json!(1), &json!(false)));
    place.members(&[json!({"id_sumber": "Q12", "tgl_data": "2025-11-05", "hapus": true})]);
    assert_eq!((&decided()["total"], &decided()["items"][0]["resting"]), (&json!(1), &json!(true)));
    assert_eq!(place.get("/v1/overview")["decided_cases"], 1);
    let case = place.get(&format!("/v1/cases/{id}"));
    assert_eq!((&case["resting"], &case["withdrawn"]), (&json!(true), &json!([2])));
    assert!(case["weight"].is_number(), "it stays as it stood when it was decided: {case}");
    assert_eq!(case["sources"][1]["withdrawn"], true);
    let gone = place.get("/v1/persons/P0000000002");
    assert_eq!(
        (&gone["withdrawn"], gone["history"].as_array().is_some_and(|lines| lines.len() >= 2)),
        (&json!(true), true)
    );
    place.steward.get("/v1/persons/P0000000099").expect(404);
    assert_eq!(place.verdict(id, "BATALKAN"), 200);
    assert_eq!(counted(&place), [0, 1, 0], "it is as if nobody had decided before the row went");
    let mut back = asked(1, "HENDRA GUNAWAN").remove(1);
    back["tgl_data"] = json!("2025-11-06");
    place.members(&[back]);
    assert_eq!(place.ids("/v1/cases").0, std::slice::from_ref(id), "the question is open again");
}

/// Open, resting and decided cases, each as the list and as the overview count them.
fn counted(place: &Place) -> [u64; 3] {
    let overview = place.get("/v1/overview");
    [("baru", "open_cases"), ("istirahat", "resting_cases"), ("selesai", "decided_cases")].map(|(state, count)| {
        let total = place.get(&format!("/v1/cases?state={state}"))["total"].as_u64().expect("a total");
        assert_eq!(overview[count], total, "{count}");
        total
    })
}

/// A row of [`asked`] of a later day.
fn later(nth: usize, name: &str, day: u8) -> Value {
    let mut row = asked(nth, name).remove(1);
    row["tgl_data"] = json!(format!("2025-11-{day:02}"));
    row
}

#[test]
fn an_open_case_rests_while_a_row_is_withdrawn() {
    let place = queue();
    let (all, _) = place.ids("/v1/cases");
    let id = place.ids("/v1/cases?order=oldest").0.remove(0);
    let before = place.get(&format!("/v1/cases/{id}"));
    assert_eq!(counted(&place), [6, 0, 0]);
    place.members(&[json!({"id_sumber": "Q12", "tgl_data": "2025-11-05", "hapus": true})]);
    assert_eq!(counted(&place), [5, 1, 0]);
    assert_eq!(place.ids("/v1/cases?state=istirahat&kode_wilayah=3201052008").0, std::slice::from_ref(&id));
    assert_eq!(place.ids("/v1/cases?state=istirahat&reason=SHARED_NIK").0, Vec::<String>::new());
    let rests = place.get(&format!("/v1/cases/{id}"));
    assert_eq!(
        (&rests["state"], &rests["resting"], &rests["withdrawn"]),
        (&json!("istirahat"), &json!(true), &json!([2]))
    );
    for kept in ["id", "question", "reasons", "weight", "records", "explanation"] {
        assert_eq!(rests[kept], before[kept], "{kept}");
    }
    assert_eq!(place.get("/v1/persons/P0000000001")["cases"], json!([]), "nobody is asked about him now");
    for verdict in ["GABUNGKAN", "BUKAN_DUPLIKAT", "BATALKAN"] {
        assert_eq!(place.verdict(&id, verdict), 409, "{verdict}");
    }
    place.members(&[later(1, "AGUS PERMADI", 6)]);
    assert_eq!((counted(&place), place.ids("/v1/cases").0), ([6, 0, 0], all), "the same case is open again");

    // Back as somebody else: there is nothing left to ask.
    place.members(&[json!({"id_sumber": "Q12", "tgl_data": "2025-11-07", "hapus": true})]);
    let mut other = member("Q12", "3201055507920002", "RATNA DEWI", "1992-07-15", "K12");
    other["tgl_data"] = json!("2025-11-08");
    place.members(&[other]);
    assert_eq!(counted(&place), [5, 0, 0]);
    place.steward.get(&format!("/v1/cases/{id}")).expect(404);
}

#[test]
fn the_case_of_a_nik_of_two_rests_and_that_of_more_goes_on() {
    let place = Place::new();
    let rows = [
        member("S1", NIK, "RUDI HARTONO", "1980-03-05", "K1"),
        member("S2", NIK, "LINA MARLINA", "1983-07-19", "K2"),
        member("S3", NIK, "TONO SUGIARTO", "2005-01-30", "K3"),
    ];
    place.members(&rows);
    let withdraw = |id: &str| place.members(&[json!({"id_sumber": id, "tgl_data": "2025-11-05", "hapus": true})]);
    let stands = || {
        let listed = |state: &str| place.ids(&format!("/v1/cases?question=shared_nik&state={state}")).0;
        assert!([listed("baru"), listed("istirahat")].concat() == ["N-1"], "it is in one list");
        let case = place.get("/v1/cases/N-1");
        (case["state"].clone(), case["shared"]["persons"].as_u64().expect("a number"))
    };
    assert_eq!(stands(), (json!("baru"), 3));
    withdraw("S3");
    assert_eq!(stands(), (json!("baru"), 2));
    withdraw("S2");
    assert_eq!(stands(), (json!("istirahat"), 2));
    let mut back = rows[2].clone();
    back["tgl_data"] = json!("2025-11-06");
    place.members(&[back]);
    assert_eq!(stands(), (json!("baru"), 2));
}

#[test]
fn open_cases_come_heaviest_or_oldest_first() {
    let place = queue();
    // The last of them is the oldest: it comes with its second row first.
    let heaviest = place.ids("/v1/cases").0;
    let oldest = place.ids("/v1/cases?order=oldest").0;
    let younger =
        |id: &String| id.split_once('-').and_then(|(_, record)| record.parse::<u64>().ok()).expect("a record");
    assert!(oldest.is_sorted_by_key(younger), "{oldest:?}");
    assert_ne!(oldest, heaviest);
    assert_eq!(place.ids("/v1/cases?order=heaviest").0, heaviest);
    // Page by page, while the first of them is decided.
    let (mut seen, mut next) = place.ids("/v1/cases?order=oldest&limit=2");
    assert_eq!(place.verdict(&oldest[0], "BUKAN_DUPLIKAT"), 200);
    while let Some(path) = next {
        assert!(path.contains("order=oldest"), "{path}");
        let (page, more) = place.ids(&path);
        seen.extend(page);
        next = more;
    }
    assert_eq!(seen, oldest);
    let cursor = place.ids("/v1/cases?limit=2").1.expect("more");
    place.steward.get(&format!("{cursor}&order=oldest")).expect(422);
    for (query, status) in [
        ("order=newest", 400),
        ("order=oldest&state=selesai", 400),
        ("order=heaviest&state=istirahat", 400),
        ("state=dikerjakan", 400),
        ("state=baru&order=oldest&question=same_person&kode_wilayah=32", 200),
    ] {
        place.steward.get(&format!("/v1/cases?{query}")).expect(status);
    }
}

#[test]
fn head_is_answered_wherever_get_is() {
    let place = Place::new();
    for path in
        ["/healthz", "/readyz", "/v1/overview", "/v1/cases", "/docs/", "/v1/openapi.json", "/masuk", "/v1/nothing"]
    {
        let get = place.steward.get(path);
        let head = place.steward.send("HEAD", path, &[], b"");
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
        assert_eq!(head.kind, get.kind, "{path}");
    }
    let refused = place.steward.send("HEAD", "/v1/persons/lookup", &[], b"");
    assert_eq!(refused.status, 405);
}

#[test]
fn a_rule_of_two_scopes_has_two_figures() {
    let place = Place::new();
    let born =
        [("3201054907420012", "WATI KUSUMA", "1982-07-09", 1), ("3201051204080013", "DIMAS KUSUMA", "2008-04-12", 4)];
    let rows: Vec<Value> = born
        .iter()
        .enumerate()
        .map(|(at, (nik, nama, born, relation))| {
            let mut row = member(&format!("D{at}"), nik, nama, born, "K1");
            row["hubungan_keluarga"] = json!(relation);
            row["desil"] = json!(7);
            if at == 0 {
                row["program"] = json!([{"kode": "PKH", "status": "AKTIF", "periode": "2025-T4"}]);
            }
            row
        })
        .collect();
    place.members(&rows);
    let jkn: Vec<Value> = born
        .iter()
        .enumerate()
        .map(|(at, (nik, nama, born, _))| {
            json!({"id_sumber": format!("J{at}"), "tgl_data": "2025-11-02", "nik": nik, "nama": nama, "tanggal_lahir": born,
                "no_jkn": format!("000123456789{at}"), "segmen": "PBI_APBN", "status_jkn": "AKTIF"})
        })
        .collect();
    place.push("dinkes", "dinkes-kepesertaan-jkn", &jkn);
    let report = place.get("/v1/reports/complementarity?rule=O13");
    let cells = report["cells"].as_array().expect("cells");
    let mut counted: Vec<(&str, u64)> = cells
        .iter()
        .map(|cell| (cell["scope"].as_str().expect("a scope"), cell["counts"]["tumpang_tindih"].as_u64().unwrap_or(0)))
        .collect();
    counted.sort_unstable();
    assert_eq!(counted, [("family", 1), ("person", 2)]);
}

#[test]
fn a_third_list_is_no_bridge_between_two_families() {
    let place = Place::new();
    let person =
        |id: &str, nik: &str, nama: &str, born: &str, family: &str, kk: &str, relation: u8, programme: &str| {
            let mut row = member(id, nik, nama, born, family);
            if !kk.is_empty() {
                row["no_kk"] = json!(kk);
                row["hubungan_keluarga"] = json!(relation);
            }
            if !programme.is_empty() {
                row["program"] = json!([{"kode": programme, "status": "AKTIF", "periode": "2025-T4"}]);
            }
            row
        };
    let (bambang, ratna) = ("3201050101150011", "3201050202160022");
    let children = [
        ("3201050303120012", "DIMAS SETIADI", "2012-03-03", "K1", bambang),
        ("3201054404140013", "NADIA SETIADI", "2014-04-04", "K1", bambang),
        ("3201050606110022", "YOGA PRATAMA", "2011-06-06", "K2", ratna),
        ("3201054707150023", "TIARA PRATIWI", "2015-07-07", "K2", ratna),
    ];
    let mut rows = vec![
        person("A1", "3201050102750011", "BAMBANG SETIADI", "1975-02-01", "K1", bambang, 1, "PKH"),
        person("B1", "3201054505780021", "RATNA KOMALA", "1978-05-05", "K2", ratna, 1, "SEMBAKO"),
    ];
    rows.extend(
        children
            .iter()
            .enumerate()
            .map(|(at, (nik, nama, born, family, kk))| person(&format!("C{at}"), nik, nama, born, family, kk, 4, "")),
    );
    place.members(&rows);
    let families = || place.get("/v1/overview")["families"].clone();
    assert_eq!(families(), 2);
    let bridge: Vec<Value> = children
        .iter()
        .enumerate()
        .map(|(at, (nik, nama, born, ..))| person(&format!("M{at}"), nik, nama, born, "K7", "", 0, ""))
        .collect();
    place.members(&bridge);
    assert_eq!(families(), 3, "the third list fits both equally well and belongs to neither");
}

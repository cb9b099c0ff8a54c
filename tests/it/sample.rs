//! The six files of `kab-sampel` pushed by the command line, as an agency would, and what comes out of them.

use std::collections::{BTreeMap, HashMap};
use std::process::Command;

use padan::domain::feed::Feed;
use padan::engine::evaluate;
use serde_json::{Value, json};

use crate::support::{TestApp, data, sender};

fn push_sample(app: &TestApp, dir: &std::path::Path) {
    for feed in Feed::ALL {
        let token = dir.join(format!("{feed}.token"));
        std::fs::write(&token, format!("kode-{}", sender(feed.name()))).expect("a token");
        let output = Command::new(env!("CARGO_BIN_EXE_padan"))
            .args(["--json", "push", "--wait", "--to", app.url().as_str()])
            .arg(data(&format!("kab-sampel/{feed}.ndjson")))
            .arg("--ca")
            .arg(app.ca())
            .arg("--token-file")
            .arg(&token)
            .output()
            .expect("padan push");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{feed}: {told}");
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
        let counts = &report["files"][0]["counts"];
        assert_eq!(counts["ditolak"], 0, "{feed}: {counts}");
        let lines =
            std::fs::read_to_string(data(&format!("kab-sampel/{feed}.ndjson"))).expect("a feed").lines().count();
        assert_eq!(counts["baris"], lines, "{feed}");
    }
}

/// Numbers for texts: equal where the text is equal.
#[derive(Default)]
struct Labels(HashMap<String, u32>);

impl Labels {
    fn of(&mut self, text: &str) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(text.to_owned()).or_insert(next)
    }
}

fn quality(app: &TestApp) -> evaluate::ClusterQuality {
    let gateway = app.gateway();
    let found = app.runtime.block_on(async move { gateway.clusters().await }).expect("clusters");
    let found: BTreeMap<String, String> = found.into_iter().map(|m| (m.row_id, m.person.to_string())).collect();
    let truth = std::fs::read_to_string(data("kab-sampel/kebenaran.csv")).expect("the truth");
    let (mut names, mut persons) = (Labels::default(), Labels::default());
    let (mut is, mut says) = (Vec::new(), Vec::new());
    for line in truth.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let id = format!("{}|{}", cells[0], cells[1]);
        is.push(persons.of(cells[2]));
        says.push(names.of(found.get(&id).unwrap_or(&id)));
    }
    evaluate::clusters(&is, &says)
}

#[test]
fn the_sample_is_pushed_matched_reviewed_and_reported() {
    let app = TestApp::start();
    let dir = tempfile::tempdir().expect("a folder");
    push_sample(&app, dir.path());
    app.settle();

    let quality = quality(&app);
    println!("kab-sampel: {:?}", quality.pairwise);
    assert!(quality.pairwise.precision >= 0.99 && quality.pairwise.recall >= 0.90, "{:?}", quality.pairwise);

    explain_any_pair(&app);
    decide_and_undo(&app);
    let (gaps, unknown) = report_waits_for_completeness(&app);
    println!("kab-sampel: {gaps} gaps, {unknown} not to be assessed");
}

/// Any two records can be explained by whoever may review, the same as in their case, and nothing of them is told.
fn explain_any_pair(app: &TestApp) {
    let steward = app.client("petugas");
    let cases = steward.get("/v1/cases?limit=1").expect(200).json();
    let id = cases["items"][0]["id"].as_str().expect("a case").to_owned();
    let case = steward.get(&format!("/v1/cases/{id}")).expect(200).json();
    let key = |at: usize| json!({"feed": case["sources"][at]["feed"], "id_sumber": case["sources"][at]["id_sumber"]});
    let ask =
        |who: &str, a: Value, b: Value| app.client(who).json("POST", "/v1/explain", "x", &json!({"a": a, "b": b}));
    let pair = ask("petugas", key(0), key(1)).expect(200).json();
    assert_eq!(pair["explanation"], case["explanation"]);
    assert_eq!(pair["records"], json!([case["sources"][0]["id"], case["sources"][1]["id"]]));
    assert!(pair["blocking_rules"].as_array().is_some_and(|rules| !rules.is_empty()), "{pair}");
    let other_way = ask("petugas", key(1), key(0)).expect(200).json();
    assert_eq!(other_way["explanation"], pair["explanation"], "the order does not matter");
    let unknown = json!({"feed": "bank-rekening", "id_sumber": "tidak-ada"});
    for (who, a, b, status) in [
        ("pembaca", key(0), key(1), 403),
        ("petugas", key(0), key(0), 404),
        ("petugas", key(0), unknown, 404),
        ("petugas", key(0), json!({"feed": "x"}), 422),
    ] {
        assert_eq!(ask(who, a, b).status, status, "{who}");
    }
}

/// A steward joins two persons, a second one finds it decided, and the undo restores the state exactly.
fn decide_and_undo(app: &TestApp) {
    let steward = app.client("petugas");
    let cases = steward.get("/v1/cases?limit=1").expect(200).json();
    let id = cases["items"][0]["id"].as_str().expect("a case").to_owned();
    let case = steward.get(&format!("/v1/cases/{id}")).expect(200).json();
    let sum: f64 = case["explanation"]["lines"]
        .as_array()
        .expect("lines")
        .iter()
        .map(|l| l["weight"].as_f64().expect("bits"))
        .sum();
    let total = case["explanation"]["total"].as_f64().expect("a total");
    assert!((sum - total).abs() < 1e-3, "the explanation adds up: {sum} and {total}");
    let before = digest(app);
    let path = format!("/v1/cases/{id}/verdict");
    let verdict = |who: &str, key: &str, putusan: &str| {
        app.client(who).json("POST", &path, key, &json!({"putusan": putusan, "alasan": "diperiksa di lapangan"}))
    };
    assert_eq!(verdict("pembaca", "x", "GABUNGKAN").status, 403);
    let empty = steward.json("POST", &path, "kosong", &json!({"putusan": "GABUNGKAN", "alasan": " "}));
    assert_eq!(empty.status, 422, "{}", empty.text);
    verdict("petugas", "satu", "GABUNGKAN").expect(200);
    verdict("petugas", "satu", "GABUNGKAN").expect(200);
    let late = verdict("petugas-dua", "dua", "BUKAN_DUPLIKAT");
    assert_eq!((late.status, late.json()["code"].clone()), (409, json!("CHANGED")));
    assert_ne!(digest(app), before, "the decision had an effect");
    verdict("petugas-dua", "tiga", "BATALKAN").expect(200);
    assert_eq!(digest(app), before, "the undo restores the state exactly");
}

fn digest(app: &TestApp) -> String {
    let gateway = app.gateway();
    app.runtime.block_on(async move { gateway.digest().await }).expect("a digest").derived
}

/// Without a declaration a missing row is no gap. Answers the gaps after it, and what still cannot be assessed.
fn report_waits_for_completeness(app: &TestApp) -> (u64, u64) {
    let counts = |outcome: &str| -> u64 {
        let report = app.client("pembaca").get("/v1/reports/complementarity").expect(200).json();
        let cells = report["cells"].as_array().expect("cells").clone();
        cells.iter().filter_map(|cell| cell["counts"][outcome].as_u64()).sum()
    };
    assert_eq!(counts("belum_menerima"), 0, "nothing is closed yet");
    assert!(counts("belum_dapat_dinilai") > 0);
    let all: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(data("kab-sampel/kelengkapan.json")).expect("declarations"))
            .expect("JSON");
    for feed in Feed::ALL {
        let own: Vec<&Value> = all.iter().filter(|entry| entry["feed"] == feed.name()).collect();
        let path = format!("/v1/feeds/{feed}/completeness");
        app.client(sender(feed.name())).json("PUT", &path, &format!("tutup-{feed}"), &json!(own)).expect(200);
    }
    let (gaps, unknown) = (counts("belum_menerima"), counts("belum_dapat_dinilai"));
    assert!(gaps > 100, "{gaps}");
    assert!(unknown > 0, "one sub-district's bank has not sent its list");
    (gaps, unknown)
}

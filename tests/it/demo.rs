//! The first command of the README, and the proof that its store holds what follows from its inputs.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn padan(arguments: &[&str], dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_padan")).args(arguments).current_dir(dir).output().expect("padan runs")
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn the_demo_runs_and_its_store_can_be_rebuilt_and_reported() {
    let dir = tempfile::tempdir().expect("a folder");
    let demo = json(&padan(&["--json", "demo", "--exit", "--persons", "3000", "--dir", "demo"], dir.path()));
    assert!(demo["quality"]["pairwise"]["precision"].as_f64().is_some_and(|p| p >= 0.98), "{demo}");
    assert!(demo["quality"]["pairwise"]["recall"].as_f64().is_some_and(|r| r >= 0.85), "{demo}");
    assert!(demo["files"].as_array().is_some_and(|files| files.iter().all(|f| f["counts"]["ditolak"] == 0)), "{demo}");

    let rebuilt = json(&padan(&["--json", "rebuild", "--config", "demo/padan.toml"], dir.path()));
    assert_eq!((&rebuilt["identical"], &rebuilt["differences"]), (&Value::Bool(true), &Value::from(0)), "{rebuilt}");
    assert_eq!(rebuilt["stored"], rebuilt["derived"]);
    assert!(rebuilt["entries"].as_u64().is_some_and(|entries| entries > 5_000), "{rebuilt}");

    let report = json(&padan(&["--json", "report", "--config", "demo/padan.toml", "--csv", "temuan.csv"], dir.path()));
    let rules = report["aturan"].as_array().expect("rules");
    for wanted in ["G01", "G02", "G03", "G04", "G05", "O01", "O02", "O03", "O04", "O05", "O07", "O08", "Q02"] {
        assert_eq!(rules.iter().filter(|rule| rule["aturan"] == wanted).count(), 1, "{wanted}");
    }
    let csv = std::fs::read_to_string(dir.path().join("temuan.csv")).expect("written");
    assert!(
        csv.starts_with("aturan,kode_kecamatan,kecamatan,hasil,jumlah,subjek\n") && csv.lines().count() > 20,
        "{csv}"
    );

    // A second world from the same seed is the same world.
    json(&padan(&["--json", "simulate", "--persons", "3000", "--out", "dunia"], dir.path()));
    for file in ["dinsos-anggota-keluarga.ndjson", "kebenaran.csv"] {
        let read = |folder: &str| std::fs::read(dir.path().join(folder).join(file)).expect("a file");
        assert!(read("dunia") == read("demo/dunia"), "{file} differs");
    }
}

#[test]
fn wrong_calls_are_told_what_is_wrong() {
    let dir = tempfile::tempdir().expect("a folder");
    let wrong = padan(&["rebuild", "--config", "tidak-ada.toml"], dir.path());
    let told = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert_eq!(wrong.status.code(), Some(2), "{told}");
    assert!(told.starts_with("error: reading the configuration tidak-ada.toml"), "{told}");
    std::fs::write(dir.path().join("padan.toml"), "store = \"sled:kosong\"\n").expect("written");
    let empty = padan(&["rebuild", "--config", "padan.toml"], dir.path());
    let told = String::from_utf8_lossy(&empty.stderr).into_owned();
    assert_eq!(empty.status.code(), Some(1), "{told}");
    assert!(told.contains("there is no store at sled:") && !dir.path().join("kosong").exists(), "{told}");
}

//! What a released program wrote, every later one reads: stores, values, backups.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use padan::store::StoreUrl;
use serde_json::Value;

use crate::support::{data, settings};

/// Runs a command of the program in `dir` and answers its document.
fn padan(dir: &Path, arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_padan"))
        .arg("--json")
        .args(arguments)
        .current_dir(dir)
        .env("PADAN_CONFIG", "padan.toml")
        .output()
        .expect("padan runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The kept stores, one folder for each release that changed a format.
fn kept() -> Vec<PathBuf> {
    let folders = fs::read_dir(data("stores")).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut folders: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(!folders.is_empty(), "there is one at least");
    folders
}

#[test]
fn stores_and_backups_of_earlier_releases_are_read() {
    for folder in kept() {
        let dir = tempfile::tempdir().expect("a folder");
        let settings = settings(dir.path(), StoreUrl::Redb(dir.path().join("store")));
        fs::write(dir.path().join("padan.toml"), toml::to_string(&settings).expect("TOML")).expect("written");
        fs::create_dir(dir.path().join("store")).expect("made");
        let packed = fs::read(folder.join("padan.redb.zst")).expect("the store");
        let database = zstd::decode_all(&*packed).expect("zstd");
        fs::write(dir.path().join("store/padan.redb"), database).expect("written");
        let told = fs::read_to_string(folder.join("digest.json")).expect("its digest");
        let written: Value = serde_json::from_str(&told).expect("JSON");
        let digest = padan(dir.path(), &["digest"]);
        // A later program may tell more.
        for (name, told) in written.as_object().expect("a document") {
            assert_eq!(&digest[name], told, "{} {name}", folder.display());
        }
        assert_eq!(padan(dir.path(), &["verify", "--quick"])["sound"], Value::Bool(true), "{}", folder.display());

        let (from, key) = (folder.join("backup"), folder.join("backup.key"));
        let (from, key) = (from.to_str().expect("UTF-8"), key.to_str().expect("UTF-8"));
        let arguments = ["restore", "--from", from, "--identity", key, "--store", "redb:restored"];
        let restored = padan(dir.path(), &arguments);
        assert_eq!(restored["inputs"], written["inputs"], "{}", folder.display());
    }
}

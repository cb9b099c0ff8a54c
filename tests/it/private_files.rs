//! Whatever the umask, what commands leave is for its owner alone: a session of commands, and every file and folder of it.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use padan::config::Settings;
use padan::store::StoreUrl;

use crate::support::{Process, data, free_address, settings};

/// Certificates are to be handed on.
const PUBLIC: &[&str] = &["ca.pem", "server.pem"];

struct Session {
    dir: tempfile::TempDir,
    umask: &'static str,
}

impl Session {
    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A command under the umask.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", "umask \"$1\"; shift; exec \"$@\"", "sh", self.umask, env!("CARGO_BIN_EXE_padan")]);
        command.args(arguments).current_dir(self.dir.path()).env("XDG_STATE_HOME", self.at("state"));
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().expect("sh runs");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 3)), "{arguments:?}: {told}");
        output
    }

    fn configure(&self) -> SocketAddr {
        let keys = tempfile::tempdir().expect("a folder");
        let mut settings: Settings = settings(keys.path(), StoreUrl::Redb("store".into()));
        settings.http.tls.cert = "keys/server.pem".into();
        settings.http.tls.key = "keys/server-key.pem".into();
        settings.service.audit_key = Some("audit.key".into());
        settings.http.listen = free_address();
        fs::write(self.at("padan.toml"), toml::to_string(&settings).expect("TOML")).expect("written");
        fs::write(self.at("kode"), "kode-dinsos\n").expect("written");
        fs::copy(data("kab-sampel/dinsos-anggota-keluarga.ndjson"), self.at("rows.ndjson")).expect("copied");
        settings.http.listen
    }

    /// Keys, a world, matching of files, a gateway, pushes with receipts, a report, backups and a restored store.
    fn work(&self) {
        let address = self.configure();
        self.run(&["keys", "dev", "--out", "keys"]);
        self.run(&["keys", "token", "--name", "a", "--out", "a.token"]);
        self.run(&["keys", "audit", "--name", "padan.test/audit", "--out", "audit.key"]);
        let public = self.run(&["keys", "backup", "--out", "backup.key"]);
        let public = String::from_utf8(public.stdout).expect("text").trim().to_owned();
        self.run(&["simulate", "--persons", "300", "--out", "world"]);
        let people = data("febrl3.csv");
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/model/febrl.toml");
        let (people, model) = (people.to_str().expect("a path"), model.to_str().expect("a path"));
        self.run(&["dedupe", people, "--model", model, "--out", "out"]);
        let serve = Process::launch(self.command(&["serve", "--config", "padan.toml"]));
        assert!(serve.listens(), "{}", serve.told());
        let to = format!("https://{address}");
        for receipt in ["r.csv", "r.ndjson"] {
            self.run(&[
                "push",
                "dinsos-anggota-keluarga",
                "rows.ndjson",
                "--to",
                &to,
                "--ca",
                "keys/ca.pem",
                "--token-file",
                "kode",
                "--receipt",
                receipt,
                "--wait",
            ]);
        }
        serve.end();
        self.run(&["report", "--config", "padan.toml", "--csv", "report.csv"]);
        self.run(&["backup", "--config", "padan.toml", "--to", "backups", "--recipient", &public]);
        for store in ["redb:again", "sled:again-sled"] {
            self.run(&[
                "restore",
                "--config",
                "padan.toml",
                "--from",
                "backups",
                "--identity",
                "backup.key",
                "--store",
                store,
            ]);
        }
    }

    /// Everything below the folder that a command made: path and mode.
    fn found(&self) -> Vec<(PathBuf, u32)> {
        let mut found = Vec::new();
        let mut open = vec![self.dir.path().to_owned()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(&folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                let data = fs::symlink_metadata(&path).expect("it is there");
                found.push((path.clone(), data.permissions().mode() & 0o777));
                if data.is_dir() {
                    open.push(path);
                }
            }
        }
        found
    }
}

#[test]
fn what_commands_leave_is_for_its_owner_alone() {
    for umask in ["022", "000"] {
        let session = Session { dir: tempfile::tempdir().expect("a folder"), umask };
        session.work();
        let ours = ["padan.toml", "kode", "rows.ndjson"].map(|name| session.at(name));
        let found = session.found();
        let named = |name: &str| found.iter().any(|(path, _)| path.ends_with(name));
        for name in [
            "store/padan.redb",
            "store/padan.index",
            "a.token",
            "backup.key",
            "r.csv",
            "r.ndjson",
            "report.csv",
            "out/clusters.csv",
            "world/kebenaran.csv",
            "backups/000001.part",
            "again/padan.redb",
            "again-sled/db",
        ] {
            assert!(named(name), "{name} is not there: {found:?}");
        }
        for (path, mode) in found.iter().filter(|(path, _)| !ours.contains(path)) {
            let public = PUBLIC.iter().any(|name| path.ends_with(name));
            let wanted = if path.is_dir() {
                0o700
            } else if public {
                0o644
            } else {
                0o600
            };
            assert_eq!(*mode, wanted, "umask {umask}: {} has {mode:o}", path.display());
        }
    }
}

#[test]
fn a_store_that_was_open_is_narrowed_and_it_is_said() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut settings = settings(dir.path(), StoreUrl::Redb(dir.path().join("store")));
    settings.http.listen = free_address();
    let config = dir.path().join("padan.toml");
    fs::write(&config, toml::to_string(&settings).expect("TOML")).expect("written");
    Process::start(&config).end();
    let (folder, file) = (dir.path().join("store"), dir.path().join("store/padan.redb"));
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("a mode");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("a mode");
    let process = Process::start(&config);
    process.says("other accounts of this machine could read the store; it is for its owner alone now", 1);
    process.end();
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
}

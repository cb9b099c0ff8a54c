//! Faults that somebody really met, one folder each under `tests/cases/`: input, command lines, and what is right.
//!
//! `run` is a bash script; what it prints, on stdout and stderr together, is held against `expected`, in which `[..]` stands
//! for any text within a line and `...` for any lines. `SNAPSHOTS=overwrite` writes what came out; `CASE=B07` runs only the
//! folders whose names begin so. `tests/cases/README.md` says how to add one.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Instant;

use snapbox::assert::{Assert, DEFAULT_ACTION_ENV};
use snapbox::{Data, IntoData};

/// Cases that run at the same time.
const AT_ONCE: usize = 2;
/// Seconds after which a case is ended, with everything it started.
const LIMIT: &str = "180";

/// What a case is given, as the first line of its `run` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SetUp {
    /// `people.toml`, the model of the page about models.
    S1,
    /// A gateway with its clients.
    S2,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// The folders with a `run`, in order; of these, those that are asked for.
fn cases() -> Vec<PathBuf> {
    let wanted = std::env::var("CASE").unwrap_or_default();
    let entries = fs::read_dir(folder()).expect("the cases").map(|entry| entry.expect("an entry").path());
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    let mut cases: Vec<PathBuf> =
        entries.filter(|path| path.join("run").is_file() && name(path).starts_with(&wanted)).collect();
    cases.sort();
    cases
}

/// What the first line of a script asks for.
fn set_up(script: &str) -> Result<SetUp, String> {
    match script.lines().next().and_then(|line| line.strip_prefix("# set-up: ")) {
        Some("S1") => Ok(SetUp::S1),
        Some("S2") => Ok(SetUp::S2),
        _ => Err("the first line of `run` is neither `# set-up: S1` nor `# set-up: S2`\n".to_owned()),
    }
}

/// The model of the page about models: taken from there, it never says anything else.
fn people_model() -> &'static str {
    let page = include_str!("../config/model/README.md");
    page.split_once("```toml\n").and_then(|(_, after)| after.split_once("```\n")).expect("the page has a model").0
}

/// Copies a folder; `expected` stays behind, so that no script can look at it.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else if name != "expected" {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}

/// The search path, with the program under test before everything else.
fn search_path() -> OsString {
    let program = Path::new(env!("CARGO_BIN_EXE_padan")).parent().expect("a folder").to_owned();
    let others = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(program).chain(std::env::split_paths(&others))).expect("a search path")
}

/// Runs the script of a case in a copy of its folder and returns all that it said.
fn said(case: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("{error}\n");
    let script = fs::read_to_string(case.join("run")).map_err(failed)?;
    let set_up = set_up(&script)?;
    let dir = tempfile::tempdir().map_err(failed)?;
    let (work, home) = (dir.path().join("case"), dir.path().join("home"));
    copy(case, &work).map_err(failed)?;
    fs::create_dir(&home).map_err(failed)?;
    fs::write(work.join("people.toml"), people_model()).map_err(failed)?;
    let told = dir.path().join("told");
    let out = File::create(&told).map_err(failed)?;
    let begin = match set_up {
        SetUp::S1 => "",
        SetUp::S2 => ". \"$setup/S2\" || exit; ",
    };
    // `timeout` ends the whole group of processes, so nothing is left behind whatever a script does.
    let status = Command::new("timeout")
        .args(["--kill-after=5", LIMIT, "bash", "-u", "-c"])
        .arg(format!("setup='{}'; . \"$setup/words\"; {begin}. ./run; :", folder().join("setup").display()))
        .env_clear()
        .envs([("LC_ALL", "C.UTF-8"), ("TZ", "UTC")])
        .env("PATH", search_path())
        .env("HOME", &home)
        .env("TMPDIR", dir.path())
        .current_dir(&work)
        .stdin(std::process::Stdio::null())
        .stdout(out.try_clone().map_err(failed)?)
        .stderr(out)
        .status()
        .map_err(failed)?;
    let mut said = String::from_utf8_lossy(&fs::read(&told).map_err(failed)?).into_owned();
    if !status.success() {
        writeln!(said, "the script ended with {}", status.code().unwrap_or(-1)).expect("a string");
    }
    Ok(said)
}

/// Runs a case; the difference where there is one.
fn check(case: &Path) -> Result<(), String> {
    let said = said(case)?;
    let expected = Data::read_from(&case.join("expected"), None);
    let assert = Assert::new().normalize_paths(false).action_env(DEFAULT_ACTION_ENV);
    assert.try_eq(None, said.into_data(), expected).map_err(|error| error.to_string())
}

#[test]
fn every_case_ends_as_it_should() {
    let cases = cases();
    assert!(!cases.is_empty(), "no case has this name");
    let (next, failed, times) = (Mutex::new(cases.iter()), Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(case) = next.lock().expect("nobody panics with it").next() else { return };
                    let (name, began) = (case.file_name().expect("a name").to_string_lossy(), Instant::now());
                    if let Err(difference) = check(case) {
                        failed.lock().expect("nobody panics with it").push(format!("{name}\n{difference}"));
                    }
                    times.lock().expect("nobody panics with it").push((began.elapsed(), name));
                }
            });
        }
    });
    let mut times = times.into_inner().expect("nobody panicked");
    times.sort();
    let slowest: Vec<String> =
        times.iter().rev().take(3).map(|(time, name)| format!("{name} {:.1} s", time.as_secs_f64())).collect();
    // Not `println!`: the harness would keep that to itself.
    writeln!(std::io::stdout(), "{} cases; slowest: {}", times.len(), slowest.join(", ")).expect("stdout");
    let mut failed = failed.into_inner().expect("nobody panicked");
    failed.sort();
    assert!(failed.is_empty(), "{} of {} cases:\n\n{}", failed.len(), cases.len(), failed.join("\n"));
}

//! What may come in from outside.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use spdx::{Expression, ParseMode};

use crate::report;

/// Licences of what is built into the program.
const LICENCES: &[&str] = &[
    "Apache-2.0",
    "MIT",
    "MIT-0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "BSL-1.0",
    "CC0-1.0",
    "Unicode-3.0",
    "Unlicense",
    "CDLA-Permissive-2.0",
];

/// Crates that the pure half must not pull in; a `*` at the end stands for any end.
const NOT_PURE: &[&str] = &[
    "actix*",
    "tokio*",
    "hyper*",
    "axum*",
    "tower*",
    "mio",
    "socket2",
    "h2",
    "async-*",
    "futures*",
    "reqwest",
    "ureq*",
    "rustls*",
    "ring",
    "rcgen",
    "sled",
    "redb",
    "postgres*",
    "sqlx*",
    "rusqlite",
    "tracing*",
    "metrics*",
    "clap*",
    "indicatif",
    "askama*",
    "utoipa*",
    "arrow*",
    "parquet",
    "csv",
    "uuid",
];

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_pure_half_pulls_in_nothing_of_the_outside() {
    let tree = cargo(&[
        "tree",
        "--offline",
        "--locked",
        "--no-default-features",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    let crates: BTreeSet<&str> =
        tree.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty()).collect();
    assert!(crates.contains("padan") && crates.contains("serde"), "cargo tree said: {tree}");
    let is_outside = |name: &str| {
        NOT_PURE
            .iter()
            .any(|outside| outside.strip_suffix('*').map_or(name == *outside, |start| name.starts_with(start)))
    };
    let outside: Vec<String> =
        crates.iter().filter(|name| is_outside(name)).map(|name| format!("{name} is in the tree")).collect();
    report(&outside);
}

#[test]
fn sled_is_pinned_to_the_release_that_was_examined() {
    assert_eq!(table("Cargo.toml")["dependencies"]["sled"]["version"].as_str(), Some("=0.34.7"));
    let locked = locked("Cargo.lock").into_iter().filter(|(name, _)| name == "sled");
    assert_eq!(locked.map(|(_, version)| version).collect::<Vec<_>>(), ["0.34.7"]);
}

#[test]
fn all_licences_are_on_the_list() {
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo names its host");
    let text = cargo(&["metadata", "--offline", "--locked", "--format-version", "1", "--filter-platform", host]);
    let metadata: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 100, "only {} packages", packages.len());
    let fits = |package: &&serde_json::Value| !package["license"].as_str().is_some_and(may_be_used);
    let problems = packages.iter().filter(fits).map(|package| format!("{}: {}", package["name"], package["license"]));
    report(&problems.collect::<Vec<_>>());
}

#[test]
fn licence_expressions_are_understood() {
    for (expression, wanted) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT", true),
        ("MIT/Apache-2.0", true),
        ("MIT AND GPL-3.0-only", false),
        ("(MIT OR GPL-3.0-only) AND Unicode-3.0", true),
        ("(MIT AND GPL-3.0-only) OR GPL-2.0-only", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("MIT OR GPL-3.0-only AND GPL-2.0-only", true),
        ("", false),
    ] {
        assert_eq!(may_be_used(expression), wanted, "{expression}");
    }
}

/// Whether an SPDX expression can be met with licences of the list.
fn may_be_used(expression: &str) -> bool {
    let known = |licence: &spdx::LicenseReq| licence.license.id().is_some_and(|id| LICENCES.contains(&id.name));
    Expression::parse_mode(expression, ParseMode::LAX).is_ok_and(|expression| expression.evaluate(known))
}

fn table(path: &str) -> toml::Table {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path);
    text.parse().expect("TOML")
}

/// Name and version of every package of a lock file.
fn locked(path: &str) -> BTreeSet<(String, String)> {
    let lock = table(path);
    let packages = lock["package"].as_array().expect("packages");
    let text = |package: &toml::Value, key: &str| package[key].as_str().unwrap_or_default().to_owned();
    packages.iter().map(|package| (text(package, "name"), text(package, "version"))).collect()
}

#[test]
fn the_fuzz_targets_take_what_the_package_takes() {
    // Else they are checked against other releases, and everything is compiled twice.
    let (package, fuzz) = (locked("Cargo.lock"), locked("fuzz/Cargo.lock"));
    let known: BTreeSet<&String> = package.iter().map(|(name, _)| name).collect();
    let other = fuzz.difference(&package).filter(|(name, _)| known.contains(name));
    let other: Vec<String> = other.map(|(name, version)| format!("fuzz/Cargo.lock has {name} {version}")).collect();
    report(&other);
}

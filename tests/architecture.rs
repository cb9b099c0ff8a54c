//! The plan of the house, held by machine: who may use whom, how big things may get, what may come in from outside.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::source::{Function, SourceFile, files_under};

#[path = "architecture/source.rs"]
mod source;

/// Who may use whom (the list of the house rules). A module that is not here is not part of the plan; `a::b` allows only
/// that part of `a`.
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    // the pure half
    ("feed", &["domain"]),
    ("normalise", &["domain"]),
    ("engine", &["domain"]),
    ("golden", &["domain"]),
    ("complement", &["domain"]),
    ("review", &["domain"]),
    ("simulate", &["domain"]),
    // where stages of the pure half meet
    ("prepare", &["domain", "normalise", "engine"]),
    ("tables", &["domain", "feed", "normalise", "engine", "prepare"]),
    // what remembers
    ("store", &["domain"]),
    ("auth", &["domain", "store"]),
    ("audit", &["domain", "store"]),
    ("outbox", &["domain", "store"]),
    // use cases
    (
        "service",
        &[
            "domain",
            "feed",
            "normalise",
            "engine",
            "prepare",
            "golden",
            "complement",
            "review",
            "store",
            "auth",
            "audit",
            "outbox",
            METRIC_NAMES,
        ],
    ),
    // the outside
    ("worker", &["domain", "auth", "service"]),
    ("http", &["domain", "feed", "auth", "service", WATERFALL, METRIC_NAMES]),
    ("telemetry", &[]),
    // Log and metrics are set up by the commands that run a gateway: only they have read its settings.
    (
        "cli",
        &[
            "domain",
            "feed",
            "engine",
            "tables",
            "simulate",
            "store",
            "auth",
            "service",
            "worker",
            "http",
            "config",
            "telemetry",
        ],
    ),
    ("main", &["cli"]),
    ("lib", &[]),
];

/// Where the bars of an explanation stand: pages and the command line draw one picture.
const WATERFALL: &str = "engine::waterfall";

/// Constants without any code: whoever counts names its metrics from the one list there is.
const METRIC_NAMES: &str = "telemetry::metric";

/// `config` may use these modules, but only their configuration types.
const CONFIGURED: &[&str] = &[
    "feed",
    "normalise",
    "engine",
    "golden",
    "complement",
    "review",
    "store",
    "auth",
    "audit",
    "outbox",
    "service",
    "worker",
    "http",
    "domain",
    "telemetry",
];
/// Types that a configuration file holds under another name than `Config`: the list of clients, the store's address.
const CONFIG_TYPES: &[&str] = &["Directory", "StoreUrl"];

const MAX_FILE_LINES: usize = 700;
const MAX_FUNCTION_LINES: usize = 70;
const MAX_PARAMETERS: usize = 6;

/// Functions that are longer because they are a table, each with its reason: file, function, why.
const LONG_FUNCTIONS: &[(&str, &str, &str)] = &[];

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

fn report(problems: &[String]) {
    assert!(problems.is_empty(), "{} problems:\n  {}", problems.len(), problems.join("\n  "));
}

/// What a file uses and may not.
fn forbidden(file: &SourceFile) -> Vec<String> {
    let own = file.module();
    let allowed = MAY_USE.iter().find(|(module, _)| *module == own).map(|(_, allowed)| *allowed);
    let place = |line: usize| format!("{}:{line}", file.path.display());
    if allowed.is_none() && own != "config" {
        return vec![format!("{}: module '{own}' has no line in MAY_USE", file.path.display())];
    }
    let is_config = |path: &[String]| {
        let named = |part: &String| part.ends_with("Config") || CONFIG_TYPES.contains(&part.as_str());
        CONFIGURED.contains(&path[0].as_str()) && path.iter().any(named)
    };
    let within = |path: &[String], part: &str| part.split("::").eq(path.iter().take(part.split("::").count()));
    let fits = |path: &[String]| {
        let module = path[0].as_str();
        let is_module = MAY_USE.iter().any(|(known, _)| *known == module) || module == "config";
        !is_module
            || module == own
            || allowed.map_or_else(|| is_config(path), |allowed| allowed.iter().any(|part| within(path, part)))
    };
    let paths = file.crate_paths();
    paths
        .iter()
        .filter(|(_, path)| !fits(path))
        .map(|(l, path)| format!("{}: {own} -> {}", place(*l), path.join("::")))
        .collect()
}

#[test]
fn modules_use_only_what_the_plan_allows() {
    let files = files_under("src");
    assert!(files.len() > 10, "only {} files were found", files.len());
    report(&files.iter().flat_map(forbidden).collect::<Vec<_>>());
}

/// What a module hands on of another: whoever uses it would seem to use only the first.
fn handed_on(file: &SourceFile) -> Vec<String> {
    let own = file.module();
    let foreign = |path: &[String]| path[0] != own && MAY_USE.iter().any(|(known, _)| *known == path[0]);
    let paths = file.reexports();
    let foreign = paths.iter().filter(|(_, path)| foreign(path));
    foreign.map(|(line, path)| format!("{}:{line}: {own} hands on {}", file.path.display(), path.join("::"))).collect()
}

#[test]
fn no_module_hands_on_what_is_of_another() {
    report(&files_under("src").iter().flat_map(handed_on).collect::<Vec<_>>());
}

#[test]
fn reexports_are_seen() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("src/service/x.rs", "pub use crate::engine::A;", &["1: service hands on engine::A"]),
        ("src/service/x.rs", "pub(crate) use crate::{feed::B, service::C};", &["1: service hands on feed::B"]),
        ("src/service/x.rs", "pub use super::super::store::D;", &["1: service hands on store::D"]),
        ("src/service/x.rs", "use crate::engine::A; pub use self::y::B; pub use super::z;", &[]),
    ];
    for (path, text, wanted) in cases {
        let file = SourceFile::new(PathBuf::from(path), (*text).to_owned());
        let found: Vec<String> = handed_on(&file)
            .iter()
            .map(|problem| problem.trim_start_matches(path).trim_start_matches(':').to_owned())
            .collect();
        assert_eq!(found, *wanted, "{path}: {text}");
    }
}

/// Which parts of a module use which: edges, each with the first place it was seen at. Tests may use what they like.
fn edges_inside(files: &[SourceFile]) -> BTreeMap<(String, String), String> {
    let mut edges = BTreeMap::new();
    let parts: BTreeSet<String> = files.iter().filter_map(SourceFile::part).collect();
    for file in files.iter().filter(|file| !file.is_test()) {
        let Some(own) = file.part() else { continue };
        for (line, path) in file.paths_in_module() {
            if path[0] != own && parts.contains(&path[0]) {
                let place = format!("{}:{line}", file.path.display());
                edges.entry((own.clone(), path[0].clone())).or_insert(place);
            }
        }
    }
    edges
}

/// The edges that lie on a circle: those from whose end a way leads back to their start.
fn on_circles(edges: &BTreeMap<(String, String), String>) -> Vec<String> {
    let leads_to = |from: &String, to: &String| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(part) = open.pop() {
            open.extend(
                edges.keys().filter(|(of, _)| of == part).map(|(_, used)| used).filter(|used| seen.insert(*used)),
            );
        }
        seen.contains(to)
    };
    let circular = edges.iter().filter(|((own, used), _)| leads_to(used, own));
    circular.map(|((own, used), place)| format!("{place}: {own} -> {used}")).collect()
}

#[test]
fn the_parts_of_the_engine_form_no_circle() {
    let files = files_under("src/engine");
    let edges = edges_inside(&files);
    assert!(edges.len() > 20, "only {} edges were found", edges.len());
    report(&on_circles(&edges));
    // What the front door hands out is used from outside: inside, it would hide who needs whom.
    let parts: BTreeSet<String> = files.iter().filter_map(SourceFile::part).collect();
    let through_the_door = files.iter().filter(|file| !file.is_test() && file.part().is_some()).flat_map(|file| {
        let paths = file.paths_in_module().into_iter().filter(|(_, path)| !parts.contains(&path[0]));
        paths.map(|(line, path)| {
            format!("{}:{line}: by way of the front door: {}", file.path.display(), path.join("::"))
        })
    });
    report(&through_the_door.collect::<Vec<_>>());
}

#[test]
fn circles_are_seen_in_every_spelling() {
    let cases: &[(&[(&str, &str)], usize)] = &[
        (&[("src/engine/a.rs", "use super::b::X;"), ("src/engine/b.rs", "use crate::domain::c;")], 0),
        (&[("src/engine/a.rs", "use super::b::X;"), ("src/engine/b/mod.rs", "use super::a::Y;")], 2),
        (
            &[
                ("src/engine/a.rs", "use crate::engine::{b::X, d};"),
                ("src/engine/b/in.rs", "fn f() { super::super::c::go() }"),
                ("src/engine/c.rs", "use crate::{domain::N, engine::a};"),
                ("src/engine/d.rs", "use super::c; mod t { use super::super::b; use super::a; }"),
            ],
            6,
        ),
        (&[("src/engine/a.rs", "use super::b::X;"), ("src/engine/b/tests.rs", "use super::super::a::Y;")], 0),
    ];
    for (files, wanted) in cases {
        let files: Vec<SourceFile> =
            files.iter().map(|(path, text)| SourceFile::new(PathBuf::from(path), (*text).to_owned())).collect();
        let found = on_circles(&edges_inside(&files));
        assert_eq!(found.len(), *wanted, "{found:?}");
    }
}

#[test]
fn forbidden_edges_are_seen_in_every_spelling() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("src/domain/x.rs", "use crate::domain::feed::Feed; use super::nik::Nik;", &[]),
        ("src/domain/x.rs", "use crate::store::Store;", &["1: domain -> store::Store"]),
        ("src/engine/a/b.rs", "fn f() {\n crate::http::go() }", &["2: engine -> http::go"]),
        ("src/engine/a/b.rs", "use super::super::super::store::X;", &["1: engine -> store::X"]),
        ("src/engine/a/mod.rs", "use super::super::{domain::A, auth};", &["1: engine -> auth"]),
        (
            "src/engine/a/mod.rs",
            "mod t {\n use super::super::super::cli; use super::super::store; }",
            &["2: engine -> cli"],
        ),
        (
            "src/feed.rs",
            "use crate::{domain::{A, B as C, d::E}, engine::{self, F},\n service as s};",
            &["1: feed -> engine::self", "1: feed -> engine::F", "2: feed -> service"],
        ),
        (
            "src/feed.rs",
            "// use crate::store;\n/* crate::a /* crate::store */ crate::store */ const X: &str = \"crate::store::Y\";",
            &[],
        ),
        (
            "src/feed.rs",
            "const R: &str = r#\"\" crate::store\"#; const C: char = '\"'; const D: &str = \"\\\"crate::store\";",
            &[],
        ),
        ("src/feed.rs", "pub(crate) fn f<'a>(x: &'a str) { $crate::store::x }", &["1: feed -> store::x"]),
        (
            "src/config/mod.rs",
            "use crate::http::Config as H; use crate::auth::Directory; use crate::service::config::ServiceConfig;",
            &[],
        ),
        (
            "src/http/x.rs",
            "use crate::telemetry::metric::NAME; use crate::telemetry::{log, metric};\nuse crate::telemetry;",
            &["1: http -> telemetry::log", "2: http -> telemetry"],
        ),
        ("src/config/mod.rs", "use crate::service::Service;", &["1: config -> service::Service"]),
        ("src/main.rs", "fn main() { padan::cli::run(); padan::store::open() }", &["1: main -> store::open"]),
        ("src/lobby.rs", "", &["module 'lobby' has no line in MAY_USE"]),
    ];
    for (path, text, wanted) in cases {
        let file = SourceFile::new(PathBuf::from(path), (*text).to_owned());
        let found: Vec<String> = forbidden(&file)
            .iter()
            .map(|problem| problem.trim_start_matches(path).trim_start_matches(':').trim_start().to_owned())
            .collect();
        assert_eq!(found, *wanted, "{path}: {text}");
    }
}

#[test]
fn files_and_functions_keep_to_their_budgets() {
    let mut problems = Vec::new();
    for file in files_under("src").iter().chain(&files_under("tests")) {
        let path = file.path.display();
        let lines = file.text.lines().count();
        if lines > MAX_FILE_LINES {
            problems.push(format!("{path}: {lines} lines, at most {MAX_FILE_LINES}"));
        }
        for function in file.functions() {
            let Function { name, line, lines, parameters } = &function;
            let exempt = LONG_FUNCTIONS.iter().any(|(f, n, _)| Path::new(f) == file.path && n == name);
            if *lines > MAX_FUNCTION_LINES && !exempt {
                problems.push(format!("{path}:{line}: {name} has {lines} lines, at most {MAX_FUNCTION_LINES}"));
            }
            if *parameters > MAX_PARAMETERS {
                problems.push(format!("{path}:{line}: {name} has {parameters} parameters, at most {MAX_PARAMETERS}"));
            }
        }
    }
    for (file, function, reason) in LONG_FUNCTIONS {
        let known = files_under("src").into_iter().find(|known| known.path == Path::new(file));
        let long = known
            .is_some_and(|known| known.functions().iter().any(|f| f.name == *function && f.lines > MAX_FUNCTION_LINES));
        if !long || reason.is_empty() {
            problems.push(format!("LONG_FUNCTIONS: {file} {function} is not long any more, or has no reason"));
        }
    }
    report(&problems);
}

#[test]
fn functions_are_measured() {
    let text = "trait T { fn a(&self, x: u8); }\nimpl X {\n  fn b<F: Fn(u8, u8) -> u8>(&mut self, m: HashMap<A, B>, f: [u8; 2],) -> [u8; 3]\n  where F: X {\n    if x { fn c() {} }\n  }\n}\nfn d<'a>(&'a mut self, (x, y): (u8, u8), g: fn(A, B) -> C) { '{' }\n";
    let file = SourceFile::new(PathBuf::from("src/x.rs"), text.to_owned());
    let found: Vec<(String, usize, usize, usize)> =
        file.functions().into_iter().map(|f| (f.name, f.line, f.lines, f.parameters)).collect();
    let wanted = [("b", 3, 4, 2), ("c", 5, 1, 0), ("d", 8, 1, 2)];
    assert_eq!(found, wanted.map(|(name, line, lines, parameters)| (name.to_owned(), line, lines, parameters)));
}

#[test]
fn nothing_is_left_undone_or_silenced() {
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat()];
    let mut problems = Vec::new();
    for file in files_under("src").iter().chain(&files_under("tests")) {
        let path = file.path.display();
        for (line, what) in file.uses_of(&["todo", "unimplemented", "dbg"], &["ignore", "allow"]) {
            problems.push(format!("{path}:{line}: {what}"));
        }
        for (at, line) in file.text.lines().enumerate() {
            if marks.iter().any(|mark| line.split(|c: char| !c.is_alphanumeric()).any(|word| word == mark)) {
                problems.push(format!("{path}:{}: work left undone", at + 1));
            }
        }
    }
    report(&problems);
}

#[test]
fn unsafe_code_stands_in_the_kernels_and_says_why() {
    let mut problems = Vec::new();
    for file in &files_under("src") {
        let mut before = "";
        for (at, line) in file.text.lines().map(str::trim).enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if code.split_whitespace().any(|word| word.trim_start_matches(|c: char| !c.is_alphanumeric()) == "unsafe") {
                let place = format!("{}:{}", file.path.display(), at + 1);
                if !file.path.starts_with("src/engine/kernel") {
                    problems.push(format!("{place}: unsafe code outside of the kernels"));
                } else if !before.starts_with("// SAFETY: ") {
                    problems.push(format!("{place}: no SAFETY paragraph"));
                }
            }
            before = line;
        }
    }
    report(&problems);
}

#[test]
fn leftovers_are_seen() {
    let text = "#[ignore]\nfn a() { todo!() }\n#![allow(x)]\n#[expect(y)] // #[allow(z)]\nfn ignore() { allow(1) }";
    let file = SourceFile::new(PathBuf::from("src/x.rs"), text.to_owned());
    let found = file.uses_of(&["todo"], &["ignore", "allow"]);
    assert_eq!(found, [(1, "ignore".to_owned()), (2, "todo".to_owned()), (3, "allow".to_owned())]);
}

/// Prints the share of tests and of documentation: for people, who know what is worth testing.
#[test]
fn shares_are_printed() {
    let (mut all, mut tests, mut text) = (0, 0, String::new());
    for file in files_under("src").iter().chain(&files_under("tests")) {
        let lines = file.text.lines().count();
        all += lines;
        tests += if file.is_test() { lines } else { file.test_lines() };
    }
    for module in ["engine", "http"] {
        let files = files_under("src").into_iter().filter(|file| file.module() == module && !file.is_test());
        let (mut lines, mut docs) = (0, 0);
        for file in files {
            lines += file.text.lines().count() - file.test_lines();
            docs += file
                .text
                .lines()
                .filter(|line| ["///", "//!"].iter().any(|d| line.trim_start().starts_with(d)))
                .count();
        }
        if let Some(share) = (docs * 100).checked_div(lines) {
            write!(text, "; {module}: {share} % of the lines without tests are documentation").expect("a string");
        }
    }
    assert!(tests > 0 && tests < all, "{tests} of {all} lines cannot be right");
    // Not `println!`: the harness would keep that to itself.
    writeln!(std::io::stdout(), "tests are {} % of {all} lines of Rust{text}", tests * 100 / all).expect("stdout");
}

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
    let read = |name: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect(name);
    let manifest: toml::Table = read("Cargo.toml").parse().expect("TOML");
    assert_eq!(manifest["dependencies"]["sled"]["version"].as_str(), Some("=0.34.7"));
    let lock: toml::Table = read("Cargo.lock").parse().expect("TOML");
    let packages = lock["package"].as_array().expect("packages");
    let locked: Vec<_> =
        packages.iter().filter(|p| p["name"].as_str() == Some("sled")).map(|p| p["version"].as_str()).collect();
    assert_eq!(locked, [Some("0.34.7")]);
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
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any_of(&mut rest) && rest.is_empty()
}

fn any_of(words: &mut &[&str]) -> bool {
    let mut fits = all_of(words);
    while let [first, rest @ ..] = *words
        && *first == "OR"
    {
        *words = rest;
        fits |= all_of(words);
    }
    fits
}

fn all_of(words: &mut &[&str]) -> bool {
    let mut fits = one(words);
    while let [first, rest @ ..] = *words
        && (*first == "AND" || *first == "WITH")
    {
        // An exception only adds rights.
        let is_exception = *first == "WITH";
        *words = rest;
        let next = if is_exception { skip(words) } else { one(words) };
        fits &= next;
    }
    fits
}

fn one(words: &mut &[&str]) -> bool {
    let [first, rest @ ..] = *words else { return false };
    *words = rest;
    if *first != "(" {
        return LICENCES.contains(first);
    }
    let fits = any_of(words);
    skip(words) && fits
}

fn skip(words: &mut &[&str]) -> bool {
    let [_, rest @ ..] = *words else { return false };
    *words = rest;
    true
}

//! Who may use whom.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::report;
use crate::source::{SourceFile, files_under};

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
    // files in, workbooks out
    ("sheet", &["domain", "feed"]),
    // what remembers
    ("store", &["domain"]),
    ("auth", &["domain", "store"]),
    ("audit", &[]),
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
            "sheet",
            "store",
            "auth",
            "audit",
            "outbox",
            METRIC_NAMES,
        ],
    ),
    // the outside
    ("worker", &["domain", "auth", "service"]),
    ("list", &["domain", "feed", "sheet"]),
    ("http", &["domain", "feed", "sheet", "list", "auth", "service", WATERFALL, METRIC_NAMES]),
    ("telemetry", &[]),
    // Log and metrics are set up by the commands that run a gateway: only they have read its settings.
    (
        "cli",
        &[
            "domain",
            "feed",
            "engine",
            "tables",
            "sheet",
            "simulate",
            "store",
            "auth",
            "audit",
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
    "sheet",
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
/// Types that a configuration file holds under another name than `Config`: the list of clients, the store's
/// address, limits of files.
const CONFIG_TYPES: &[&str] = &["Directory", "SheetLimits", "StoreUrl"];

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
    let files = files_under("src").count();
    assert!(files > 10, "only {files} files were found");
    report(&files_under("src").flat_map(forbidden).collect::<Vec<_>>());
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
    report(&files_under("src").flat_map(handed_on).collect::<Vec<_>>());
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
fn edges_inside(files: &[&SourceFile]) -> BTreeMap<(String, String), String> {
    let mut edges = BTreeMap::new();
    let parts: BTreeSet<String> = files.iter().filter_map(|file| file.part()).collect();
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
    let files: Vec<&SourceFile> = files_under("src/engine").collect();
    let edges = edges_inside(&files);
    assert!(edges.len() > 20, "only {} edges were found", edges.len());
    report(&on_circles(&edges));
    // What the front door hands out is used from outside: inside, it would hide who needs whom.
    let parts: BTreeSet<String> = files.iter().filter_map(|file| file.part()).collect();
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
        let found = on_circles(&edges_inside(&files.iter().collect::<Vec<_>>()));
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
        (
            "src/feed.rs",
            "macro_rules! m { () => { $crate::store::x() } }\nfn f<'a>(x: &'a str) { g!(x, crate::{store::y, domain}) }",
            &["1: feed -> store::x", "2: feed -> store::y"],
        ),
        (
            "src/feed.rs",
            "#[derive(crate::store::D)]\nstruct S<T: crate::cli::T>(Vec<crate::http::E>);",
            &["1: feed -> store::D", "2: feed -> cli::T", "2: feed -> http::E"],
        ),
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

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::domain::name::{NameParts, NameToken};
use crate::engine::{Day, Digits, Kind};
use crate::engine::{Live, MachineDecision, Value};

const EXAMPLE: &str = include_str!("example.toml");

/// A model that is as small as it can be, with room for one more line of each kind.
fn small(levels: &str, more: &str) -> String {
    format!(
        r#"model = {{ name = "m", version = "1", trained = true }}
thresholds = {{ link = 5.0, review = 1.0, prior = 0.1 }}
column = [{{ name = "a", type = "text" }}, {{ name = "d", type = "digits" }}]
block = [{{ name = "b", keys = ["a"], max_block = 9 }}]
[[comparison]]
name = "c"
columns = ["a"]
function = "jaro_winkler"
levels = [
{levels}
]
{more}"#
    )
}

const BLOCK: &str = r#"block = [{ name = "b", keys = ["a"], max_block = 9 }]"#;
const LEVELS: &str = r#"{ label = "equal", equal = true, weight = 1.0 }, { label = "no", else = true, weight = -1.0 }"#;

/// One refused model file of `refused.toml`.
#[derive(serde::Deserialize)]
struct Case {
    name: String,
    put: String,
    text: String,
    at: (usize, usize),
    message: String,
    hint: String,
}

impl Case {
    fn model(&self) -> String {
        let plain = small(LEVELS, "");
        match self.put.as_str() {
            "levels" => small(&self.text, ""),
            "comparison" => small(LEVELS, &format!("[[comparison]]\nname = \"e\"\n{}", self.text)),
            "block" => plain.replace(BLOCK, &self.text),
            "top" => plain.replace("[[comparison]]", &format!("{}\n[[comparison]]", self.text)),
            other => panic!("put {other}?"),
        }
    }
}

#[test]
fn wrong_models_are_refused() {
    let mut cases: BTreeMap<String, Vec<Case>> = toml::from_str(include_str!("refused.toml")).unwrap();
    for case in cases.remove("case").unwrap() {
        let error = Plan::parse(&case.model()).expect_err(&case.name);
        assert_eq!((error.line, error.column), case.at, "{}: {error}", case.name);
        assert_eq!(error.problem.to_string(), case.message, "{}", case.name);
        assert!(error.hint().contains(&case.hint), "{}: {}", case.name, error.hint());
        let expected = format!("model file, line {}, column {}: {}", case.at.0, case.at.1, case.message);
        assert_eq!(error.to_string(), expected, "{}", case.name);
    }
    let review = small(LEVELS, "").replace("review = 1.0", "review = 6.0");
    assert_eq!(Plan::parse(&review).unwrap_err().problem.to_string(), "`review` must be not above `link`");
}

fn person(nik: &str, name: &str, born: (u32, u32, u32)) -> Vec<Value> {
    let parts = |name: &str| {
        let token = |w: &str| NameToken { clean: w.to_owned(), k1: w.to_owned(), soft: false };
        let concat = name.replace(' ', "");
        let k2 = name.split(' ').map(str::to_owned).chain([format!("#{concat}")]).collect();
        let tokens = name.split(' ').map(token).collect();
        Value::Name(Box::new(NameParts { tokens, concat, k2, ..NameParts::default() }))
    };
    let digits = |text: &str| Digits::parse(text).map_or(Value::Missing, Value::Digits);
    let day = |(y, m, d)| Day::new(y, m, d).map_or(Value::Missing, Value::Date);
    vec![
        digits(nik),
        parts(name),
        day(born),
        Value::Code("P".to_owned()),
        parts("SITI AMINAH"),
        digits("3201012001019001"),
        digits("3201012001"),
        Value::Text("KP BABAKAN RT 1".to_owned()),
        Value::Set(vec!["0812".to_owned()]),
        Value::Missing,
        Value::Missing,
        Value::Missing,
        Value::Missing,
    ]
}

/// The first person of the cases with some columns changed: `nik=3201 nama=SRI_LESTARI`; a bare `-` is missing.
fn changed(plan: &Plan, changes: &str) -> Vec<Value> {
    let mut row = person("3201014107709001", "SRI LESTARI", (1970, 7, 12));
    for (column, text) in changes.split_whitespace().filter_map(|change| change.split_once('=')) {
        let at = plan.columns().iter().position(|c| c.name == column).unwrap();
        let text = text.replace('_', " ");
        row[at] = match plan.columns()[at].kind {
            _ if text == "-" => Value::Missing,
            Kind::Digits => Value::Digits(Digits::parse(&text).unwrap()),
            Kind::Name => person("1", &text, (1970, 7, 12)).swap_remove(1),
            Kind::Date => {
                let day: u32 = text.parse().unwrap();
                Value::Date(Day::new(day / 10_000, day / 100 % 100, day % 100).unwrap())
            }
            Kind::Code | Kind::Text | Kind::Number | Kind::Set => Value::Code(text),
        };
    }
    row
}

/// What differs in the first and in the second row of a pair, and what becomes of it.
const DECIDED: &[(&str, &str, &str, MachineDecision, &[&str])] = &[
    ("the same", "", "", MachineDecision::Link, &[]),
    ("a wrong digit in the serial", "", "nik=3201014107709101", MachineDecision::Review, &["V1"]),
    ("a wrong digit in the region", "", "nik=2201014107709001", MachineDecision::Link, &[]),
    ("twins", "", "nik=3201014107709002", MachineDecision::Review, &["V1"]),
    ("sisters", "", "nik=3201014107709002 nama=TUTI_WULAN", MachineDecision::Review, &["V1"]),
    ("two confirmed numbers", "padan=PADAN", "padan=PADAN nik=1801015505809003", MachineDecision::Review, &["V2"]),
    ("one confirmed number twice", "padan=PADAN", "padan=PADAN", MachineDecision::Link, &[]),
    ("the number of the head", "", "tanggal_lahir=19990102", MachineDecision::Distinct, &["V3"]),
    ("another sex", "", "nik=3201010107709001 jenis_kelamin=L no_kk=-", MachineDecision::Review, &["V6"]),
    ("another sex, but name and family", "", "nik=3201010107709001 jenis_kelamin=L", MachineDecision::Link, &[]),
    ("dead, later active", "meninggal=20240101", "aktif=20240601", MachineDecision::Review, &["V7"]),
    ("dead, active just after", "meninggal=20240101", "aktif=20240120", MachineDecision::Link, &[]),
    ("no number", "", "nik=-", MachineDecision::Review, &[]),
    (
        "somebody else",
        "",
        "nik=1801015505809003 nama=TUTI_WULAN tanggal_lahir=19800515",
        MachineDecision::Distinct,
        &[],
    ),
];

#[test]
fn the_example_decides_as_it_says() {
    let plan = Arc::new(Plan::parse(EXAMPLE).unwrap());
    for (case, a, b, decision, vetoes) in DECIDED {
        let rows = [(1, changed(&plan, a)), (2, changed(&plan, b))];
        let live = Live::bulk(Arc::clone(&plan), &rows, &[]).unwrap();
        let why = live.explain(1, 2).unwrap();
        assert_eq!(
            (why.decision, why.vetoes.as_slice()),
            (*decision, vetoes.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>().as_slice()),
            "{case}: {why:#?}"
        );
    }
}

#[test]
fn a_number_of_too_many_names_is_nobodys() {
    let plan = Arc::new(Plan::parse(EXAMPLE).unwrap());
    let rows: Vec<(u64, Vec<Value>)> = (1..)
        .zip(["SRI LESTARI", "TUTI WULAN", "AGUS SALIM"])
        .map(|(id, name)| (id, person("3201014107709001", name, (1970 + id as u32, 7, 12))))
        .collect();
    let level = |rows: &[(u64, Vec<Value>)]| {
        let live = Live::bulk(Arc::clone(&plan), rows, &[]).unwrap();
        let why = live.explain(1, 2).unwrap();
        (why.steps[0].level.clone(), why.rules.contains(&"B1 same NIK".to_owned()))
    };
    assert_eq!(level(&rows[..2]), ("exact".to_owned(), true));
    assert_eq!(level(&rows), ("missing".to_owned(), false));
}

#[test]
fn the_example_shows_every_function() {
    for spec in crate::engine::compare::SPECS {
        assert!(EXAMPLE.contains(spec.name), "{} is not shown", spec.name);
        for word in spec.relations.iter().chain(spec.options) {
            assert!(EXAMPLE.contains(word), "{word} is not shown");
        }
    }
}

#[test]
fn frequencies_move_a_weight_around_its_mean() {
    let frequencies = Frequencies { rows: 100, counts: vec![(1, 50), (2, 2)], single: 48 };
    let table = FrequencyTable::new(&frequencies).unwrap();
    assert!(table.bits(1) < 0.0 && table.bits(2) > 0.0 && table.bits(3) > table.bits(2));
    let mean: f64 = 0.25 + 0.0004 + 48.0 * 0.0001;
    assert!((table.bits(1) - (mean / 0.5).log2()).abs() < 1e-12);
    assert!((table.bits(99) - (mean / 0.01).log2()).abs() < 1e-12);
    assert!(FrequencyTable::new(&Frequencies::default()).is_none());
}

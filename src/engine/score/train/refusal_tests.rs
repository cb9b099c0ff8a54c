//! Lists that teach nothing, and lists that do: the rows of the report that strangers were linked in a list without
//! duplicates (kosukeimai/fastLink #34), and others of the kind.

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::engine::{Day, MachineDecision, Value, match_rows};

const MODEL: &str = r#"
model = { name = "people", version = "1", trained = false }
thresholds = { link = 15.0, review = 3.0, prior = 0.001 }
cluster = { max_size = 10 }
column = [
  { name = "name", type = "text" },
  { name = "born", type = "date" },
  { name = "phone", type = "code" },
  { name = "city", type = "code" },
]
block = [
  { name = "birth date", keys = ["born"], max_block = 200 },
  { name = "phone", keys = ["phone"], max_block = 50 },
  { name = "a word of the name and the city", keys = ["name.tokens", "city"], max_block = 200 },
]

[[comparison]]
name = "name"
columns = ["name"]
function = "token_set"
levels = [
  { label = "same words", equal = true, m = 0.8, u = 0.001 },
  { label = "some words", min = 0.3, m = 0.15, u = 0.05 },
  { label = "other", else = true, m = 0.05, u = 0.949 },
]

[[comparison]]
name = "born"
columns = ["born"]
function = "date"
levels = [
  { label = "equal", equal = true, m = 0.85, u = 0.0001 },
  { label = "one slip", relation = ["SWAPPED", "ONE_DIGIT", "TRANSPOSED"], m = 0.1, u = 0.002 },
  { label = "other", else = true, m = 0.05, u = 0.9979 },
]

[[comparison]]
name = "phone"
columns = ["phone"]
function = "exact"
levels = [{ label = "equal", equal = true PHONE_EQUAL }, { label = "other", else = true PHONE_OTHER }]

[training]
random_pairs = 40000
"#;

/// The model with the weights of the telephone set by hand, or to be learned.
fn model(phone: [&str; 2]) -> String {
    MODEL.replace("PHONE_EQUAL", phone[0]).replace("PHONE_OTHER", phone[1])
}

fn models() -> [String; 2] {
    [model([", weight = 6.0", ", weight = -1.0"]), model(["", ""])]
}

/// Name, birth date, telephone, city; an empty one is missing.
type Row = [String; 4];

const GIVEN: [&str; 20] = [
    "ADI", "BUDI", "CITRA", "DEWI", "EKO", "FITRI", "GITA", "HADI", "INDRA", "JOKO", "KIKI", "LINA", "MAYA", "NINA",
    "OKI", "PUTRI", "RINA", "SARI", "TONO", "WATI",
];
const SURNAMES: [&str; 15] = [
    "PRATAMA",
    "SAPUTRA",
    "WIJAYA",
    "KUSUMA",
    "SANTOSO",
    "LESTARI",
    "NUGROHO",
    "HIDAYAT",
    "GUNAWAN",
    "PERMATA",
    "SETIAWAN",
    "RAHAYU",
    "UTOMO",
    "MULYANI",
    "FIRMANSYAH",
];

/// Three hundred different people, as in the report.
fn unique() -> Vec<Row> {
    let row = |n: usize| {
        let name = format!("{} {}", GIVEN[(n - 1) / 15], SURNAMES[(n - 1) % 15]);
        let born = format!("{}-{:02}-{:02}", 1950 + n % 50, 1 + n % 12, 1 + n * 7 % 28);
        [name, born, format!("0812{}", 10_000_000 + n * 7919), ["MEDAN", "BINJAI", "DELI"][n % 3].to_owned()]
    };
    (1..=300).map(row).collect()
}

/// People drawn at random: large pools of names, or the few of the report.
fn random(n: usize, names: u32, seed: u64) -> Vec<Row> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut row = |_| {
        let name = format!("G{} S{}", rng.random_range(0..names), rng.random_range(0..names * 2));
        let born =
            format!("{}-{:02}-{:02}", rng.random_range(1940..2005), rng.random_range(1..13), rng.random_range(1..29));
        let phone = format!("0812{}", rng.random_range(10_000_000..99_999_999));
        [name, born, phone, ["MEDAN", "BINJAI", "DELI"][rng.random_range(0..3)].to_owned()]
    };
    (0..n).map(&mut row).collect()
}

/// Families with one surname, one city and one telephone.
fn families(n: usize) -> Vec<Row> {
    let mut rows = random(n, 200, 3);
    for family in rows.chunks_mut(4) {
        let (first, rest) = family.split_first_mut().expect("no chunk is empty");
        for member in rest {
            let given = member[0].split_once(' ').expect("two words").0.to_owned();
            let surname = first[0].split_once(' ').expect("two words").1.to_owned();
            *member = [format!("{given} {surname}"), member[1].clone(), first[2].clone(), first[3].clone()];
        }
    }
    rows
}

fn with(mut rows: Vec<Row>, column: usize, value: &str) -> Vec<Row> {
    for row in &mut rows {
        value.clone_into(&mut row[column]);
    }
    rows
}

/// Rows, and behind them a copy of every so many of them, some with a slip.
fn copied(rows: &[Row], every: usize, slips: bool) -> Vec<Row> {
    let copy = |(at, row): (usize, &Row)| {
        let mut row = row.clone();
        match if slips { at % 5 } else { 4 } {
            0 => row[0] = row[0].split(' ').rev().collect::<Vec<_>>().join(" "),
            1 => row[2] = String::new(),
            2 => row[1].replace_range(9..10, if row[1].ends_with('9') { "8" } else { "9" }),
            3 => row[3] = String::new(),
            _ => {}
        }
        row
    };
    let copies: Vec<Row> = rows.iter().step_by(every).enumerate().map(copy).collect();
    [rows, &copies].concat()
}

fn table(rows: &[Row], text: &str) -> Rows {
    let mut table = Rows::new(Arc::new(Plan::parse(text).unwrap()));
    let values = |row: &Row| {
        let some = |at: usize, value: fn(String) -> Value| {
            if row[at].is_empty() { Value::Missing } else { value(row[at].clone()) }
        };
        let date = |text: String| {
            let part = |range: std::ops::Range<usize>| text[range].parse().unwrap();
            Value::Date(Day::new(part(0..4), part(5..7), part(8..10)).unwrap())
        };
        vec![some(0, Value::Text), some(1, date), some(2, Value::Code), some(3, Value::Code)]
    };
    let rows: Vec<(u64, Vec<Value>)> = (0..).zip(rows.iter().map(values)).collect();
    table.extend(&rows).unwrap();
    table
}

#[test]
fn lists_without_duplicates_are_refused() {
    let unique = unique();
    let cases: Vec<(&str, Vec<Row>)> = vec![
        ("the list of the report", unique.clone()),
        ("ten of one surname", unique.iter().step_by(30).cloned().collect()),
        ("no birth date", with(unique.clone(), 1, "")),
        ("one city", with(unique.clone(), 3, "MEDAN")),
        ("one birth date", with(unique.clone(), 1, "1990-01-01")),
        ("one telephone", with(unique.clone(), 2, "081200000000")),
        ("one of everything but the name", with(with(with(unique.clone(), 1, "1990-01-01"), 2, "0812"), 3, "MEDAN")),
        ("telephones only", with(with(with(unique.clone(), 0, ""), 1, ""), 3, "")),
        ("nothing at all", with(with(with(with(unique.clone(), 0, ""), 1, ""), 2, ""), 3, "")),
        ("two rows", unique[..2].to_vec()),
        ("one row", unique[..1].to_vec()),
        ("no row", Vec::new()),
        ("six rows, at random", random(6, 4, 1)),
        ("a hundred, at random, few names", random(100, 10, 1)),
        ("a thousand, at random, few names", random(1000, 20, 2)),
        ("two thousand, at random", random(2000, 200, 3)),
        ("families", families(800)),
        ("one pair in a thousand rows", copied(&random(1000, 200, 4), 1000, false)),
        ("five pairs in a thousand rows", copied(&random(1000, 200, 4), 200, false)),
    ];
    for (name, rows) in &cases {
        for text in models() {
            let trained = train(&mut table(rows, &text), &text);
            let error = trained.map(|trained| trained.summary).expect_err(name);
            assert!(matches!(error, TrainError::NoLesson(_) | TrainError::TooFew { .. }), "{name}: {error}");
            assert!(!error.hint().is_empty());
        }
    }
}

/// How many pairs are linked, and how many of them are right: a row and the copy behind the first `originals`.
fn links(rows: &[Row], originals: usize, every: usize, text: &str) -> (usize, usize) {
    let mut table = table(rows, text);
    let trained = train(&mut table, text).unwrap_or_else(|error| panic!("{error}"));
    let mut table = table.with_plan(trained.plan()).unwrap();
    let linkage = match_rows(&mut table, &[]).unwrap();
    let links: Vec<_> = linkage.edges.iter().filter(|edge| edge.decision == MachineDecision::Link).collect();
    let right = links.iter().filter(|edge| edge.pair.1 as usize == originals + edge.pair.0 as usize / every).count();
    (links.len(), right)
}

#[test]
fn lists_with_duplicates_are_learned_from() {
    for text in models() {
        let unique = unique();
        assert_eq!(links(&copied(&unique, 1, false), 300, 1, &text), (300, 300), "the same list twice");
        let (all, right) = links(&copied(&unique, 2, true), 300, 2, &text);
        assert!(all - right <= 12 && right >= 140, "150 copies with slips: {right} of {all}");
        for (n, every) in [(300, 2), (1000, 5), (1000, 20)] {
            let rows = random(n, 200, 9);
            let (all, right) = links(&copied(&rows, every, true), n, every, &text);
            assert!(all - right <= n / every / 20 && right * 10 >= n / every * 9, "{n}, {every}: {right} of {all}");
        }
    }
}

#[test]
fn where_no_threshold_is_precise_enough_nothing_is_linked_and_it_is_said() {
    let rows = copied(&random(1000, 200, 9), 5, true);
    let text = format!("{}precision = 0.99999999999\n", models()[0]);
    let mut table = table(&rows, &text);
    let trained = train(&mut table, &text).unwrap();
    assert!(trained.summary.links_nothing);
    assert_eq!(trained.summary.expected, (0.0, 0.0, 0.0));
    let said = trained.problems[0].to_string();
    assert!(
        said.starts_with("no threshold is expected to reach the precision 0.99999999999: nothing is linked"),
        "{said}"
    );
    let mut table = table.with_plan(trained.plan()).unwrap();
    let linkage = match_rows(&mut table, &[]).unwrap();
    assert!(linkage.clusters().is_empty() && !linkage.review.is_empty(), "{} questions", linkage.review.len());
}

#[test]
fn a_comparison_is_not_learned_from_pairs_that_its_own_column_chose() {
    // Without a birth date or a telephone, the only rule left reads the name.
    let rows = with(with(copied(&random(1000, 30, 9), 2, true), 1, ""), 2, "");
    let text = models()[1].clone();
    let error = train(&mut table(&rows, &text), &text).map(|trained| trained.parameters).expect_err("only the name");
    assert!(
        matches!(error, TrainError::NoLesson(NoLesson::NoComparison { .. } | NoLesson::FewMatches { .. })),
        "{error}"
    );

    // With a birth date, only the telephone is not learned.
    let rows = with(copied(&random(1000, 200, 9), 2, true), 2, "");
    let trained = train(&mut table(&rows, &text), &text).unwrap();
    let not_learned =
        |p: &TrainingProblem| matches!(p, TrainingProblem::NotLearned { comparison, .. } if comparison == "phone");
    assert!(trained.problems.iter().any(not_learned), "{:?}", trained.problems);
    let same = |level: &str| trained.parameters.iter().find(|p| p.comparison == "name" && p.level == level).unwrap();
    assert!(same("same words").m.unwrap() > 0.9, "{:?}", trained.parameters);
}

#[test]
fn what_a_rule_asks_is_known_by_the_fields() {
    let text = r#"
        model = { name = "m", version = "1", trained = false }
        thresholds = { link = 0.0, review = 0.0, prior = 0.5 }
        column = [
          { name = "born", type = "date" },
          { name = "born_or_number", type = "date", from = "born|number" },
          { name = "name", type = "text" },
          { name = "sound", type = "text", from = "name+title" },
          { name = "town", type = "text" },
        ]
        block = [
          { name = "born", keys = ["born.year"], max_block = 9 },
          { name = "name", keys = ["name"], max_block = 9 },
          { name = "town", keys = ["town"], max_block = 9 },
        ]
        [[comparison]]
        name = "born_or_number"
        columns = ["born_or_number"]
        function = "exact"
        levels = [{ label = "equal", equal = true }, { label = "other", else = true }]
        [[comparison]]
        name = "sound"
        columns = ["sound"]
        function = "exact"
        levels = [{ label = "equal", equal = true }, { label = "other", else = true }]
        [[comparison]]
        name = "town"
        columns = ["town"]
        function = "exact"
        levels = [
          { label = "equal", equal = true, only_if = [{ comparison = "sound", levels = ["equal"] }] },
          { label = "other", else = true },
        ]"#;
    let plan = Plan::parse(text).unwrap_or_else(|error| panic!("{error}"));
    // Bits: born_or_number, sound, town. A level of the town asks for the sound.
    let wanted = [("born", 0b110), ("name", 0b001), ("town", 0b011)];
    for (rule, (name, free)) in plan.rules().iter().zip(wanted) {
        assert_eq!(patterns::free_of(&plan, rule), free, "{name}");
    }
}

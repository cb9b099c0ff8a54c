use std::sync::Arc;

use super::digits::{NIK_RELATION, ORDER};
use crate::engine::plan::Plan;
use crate::engine::value::{Day, Digits, Value};
use crate::engine::{ExplainedStep, Live};

/// One comparison over columns of one type; two values a row, so that functions of two columns can be asked.
fn model(kind: &str, body: &str) -> Arc<Plan> {
    let text = format!(
        r#"model = {{ name = "m", version = "1", trained = true }}
        thresholds = {{ link = 5.0, review = 1.0, prior = 0.1 }}
        column = [{{ name = "x", type = "{kind}" }}, {{ name = "y", type = "{kind}" }}]
        block = [{{ name = "b", keys = ["x"], max_block = 9 }}]
        [[comparison]]
        name = "c"
        {body}"#
    );
    Arc::new(Plan::parse(&text).unwrap_or_else(|error| panic!("{error}")))
}

const LEVELS: &str = r#"levels = [{ label = "any", else = true, weight = 0.0 }]"#;

/// The step of a pair of rows; both ways round it must be the same.
fn step(plan: &Arc<Plan>, a: impl Into<Vec<Value>>, b: impl Into<Vec<Value>>) -> ExplainedStep {
    let (a, b) = (a.into(), b.into());
    let of = |a: &Vec<Value>, b: &Vec<Value>| {
        let live = Live::bulk(Arc::clone(plan), &[(1, a.clone()), (2, b.clone())], &[]).unwrap();
        live.explain(1, 2).unwrap().steps.remove(0)
    };
    let (there, back) = (of(&a, &b), of(&b, &a));
    assert_eq!(there, back, "not symmetric");
    there
}

fn one(plan: &Arc<Plan>, a: Value, b: Value) -> (Option<&'static str>, Option<f64>) {
    let step = step(plan, [a, Value::Missing], [b, Value::Missing]);
    (step.relation, step.measure)
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn digits(text: &str) -> Value {
    Value::Digits(Digits::parse(text).unwrap())
}

fn day(year: u32, month: u32, day: u32) -> Value {
    Value::Date(Day::new(year, month, day).unwrap())
}

fn set(items: &[&str]) -> Value {
    Value::Set(items.iter().map(|item| (*item).to_owned()).collect())
}

#[test]
fn missing_values_have_no_relation() {
    let plan = model("text", &format!("columns = [\"x\"]\nfunction = \"exact\"\n{LEVELS}"));
    for (a, b) in [(Value::Missing, text("A")), (text(""), text("A")), (Value::Missing, Value::Missing)] {
        let step = step(&plan, [a, Value::Missing], [b, Value::Missing]);
        assert_eq!((step.relation, step.measure, step.level.as_str()), (None, None, "missing"));
    }
    let levels = r#"levels = [
      { label = "any", else = true, weight = 0.0 },
      { label = "none", missing = "both", weight = 1.0 },
      { label = "half", missing = "one", weight = 2.0 },
    ]"#;
    let plan = model("text", &format!("columns = [\"x\"]\nfunction = \"exact\"\n{levels}"));
    let level = |a, b| step(&plan, [a, Value::Missing], [b, Value::Missing]).level;
    assert_eq!(level(Value::Missing, Value::Missing), "none");
    assert_eq!(level(Value::Missing, text("A")), "half");
    assert_eq!(level(text("B"), text("A")), "any");
}

#[test]
fn exact_of_every_type() {
    let cases = [
        ("text", text("A B"), text("A B"), text("A  B")),
        ("digits", digits("007"), digits("007"), digits("7")),
        ("date", day(1970, 13, 1), day(1970, 13, 1), day(1970, 1, 13)),
        ("number", Value::Number(0.0), Value::Number(-0.0), Value::Number(1.0)),
        ("set", set(&["b", "a"]), set(&["a", "b", "a"]), set(&["a"])),
    ];
    for (kind, a, same, other) in cases {
        let plan = model(kind, &format!("columns = [\"x\"]\nfunction = \"exact\"\n{LEVELS}"));
        assert_eq!(one(&plan, a.clone(), same).0, Some("EQUAL"), "{kind}");
        assert_eq!(one(&plan, a, other).0, Some("DIFFERENT"), "{kind}");
    }
}

#[test]
fn nik_relations_of_the_handbook() {
    let codes: Vec<&str> = ORDER.iter().map(|relation| relation.code()).collect();
    assert_eq!(codes, NIK_RELATION.relations[..codes.len()]);
    let plan = model("digits", &format!("columns = [\"x\"]\nfunction = \"nik_relation\"\n{LEVELS}"));
    let vectors = include_str!("../../../tests/data/vectors/nik_relation_vectors.csv");
    for line in vectors.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(one(&plan, digits(cells[0]), digits(cells[1])).0, Some(cells[2]), "{line}");
    }
}

#[test]
fn dates() {
    let body = "columns = [\"x\"]\nfunction = \"date\"\nplaceholder_days = [\"01-01\", \"01-07\"]\nyears = 1";
    let plan = model("date", &format!("{body}\n{LEVELS}"));
    let cases = [
        ("EQUAL", (1970, 7, 12), (1970, 7, 12)),
        ("EQUAL_PLACEHOLDER", (1970, 7, 1), (1970, 7, 1)),
        ("SWAPPED", (1970, 1, 7), (1970, 7, 1)),
        ("YEAR_OFF", (1970, 7, 12), (1971, 7, 12)),
        ("ONE_DIGIT", (1970, 7, 12), (1980, 7, 12)),
        ("ONE_DIGIT", (1970, 7, 12), (1970, 7, 19)),
        ("TRANSPOSED", (1970, 7, 12), (1970, 7, 21)),
        ("TRANSPOSED", (1970, 7, 12), (1907, 7, 12)),
        ("SAME_YEAR_PLACEHOLDER", (1970, 1, 1), (1970, 8, 23)),
        ("SAME_YEAR", (1970, 3, 24), (1970, 8, 13)),
        ("DIFFERENT", (1970, 3, 24), (1982, 8, 13)),
    ];
    for (relation, a, b) in cases {
        let found = one(&plan, day(a.0, a.1, a.2), day(b.0, b.1, b.2));
        assert_eq!(found.0, Some(relation), "{relation:?}");
    }
    let years = one(&plan, day(1970, 1, 1), day(1980, 1, 1)).1.unwrap();
    assert!((years - 10.0).abs() < 0.01, "{years}");
}

#[test]
fn words_and_elements() {
    let share = |columns: &str| model("text", &format!("columns = {columns}\nfunction = \"token_set\"\n{LEVELS}"));
    let words = share("[\"x\"]");
    assert_eq!(one(&words, text("JL MAWAR 3"), text("MAWAR 3 JL")), (Some("EQUAL"), Some(1.0)));
    assert_eq!(one(&words, text("MAWAR"), text("JL MAWAR")), (Some("SUBSET"), Some(0.5)));
    assert_eq!(one(&words, text("MAWAR A"), text("MAWAR B C")), (Some("OVERLAP"), Some(0.25)));
    assert_eq!(one(&words, text("A"), text("B")), (Some("DISJOINT"), Some(0.0)));
    let both = share("[\"x\", \"y\"]");
    let swapped = step(&both, [text("ANNA"), text("SMITH")], [text("SMITH"), text("ANNA")]);
    assert_eq!((swapped.relation, swapped.measure), (Some("EQUAL"), Some(1.0)));
    let half = step(&both, [text("ANNA"), Value::Missing], [text("SMITH"), text("ANNA")]);
    assert_eq!((half.relation, half.measure), (Some("SUBSET"), Some(0.5)));
    let overlap = model("set", &format!("columns = [\"x\"]\nfunction = \"overlap\"\n{LEVELS}"));
    assert_eq!(one(&overlap, set(&["1", "2", "3"]), set(&["3", "2", "4"])), (Some("OVERLAP"), Some(2.0)));
}

#[test]
fn measures_stop_at_the_thresholds() {
    let levels = r#"levels = [
      { label = "near", max = 1, weight = 1.0 },
      { label = "far", min = 3, weight = 0.0 },
      { label = "between", else = true, weight = 0.0 },
    ]"#;
    for function in ["levenshtein", "osa", "damerau"] {
        let plan = model("text", &format!("columns = [\"x\"]\nfunction = \"{function}\"\n{levels}"));
        let level = |b: &str| step(&plan, [text("ABCDEF"), Value::Missing], [text(b), Value::Missing]).level;
        assert_eq!(level("ABCDEX"), "near", "{function}");
        assert_eq!(level("ABCDXX"), "between", "{function}");
        assert_eq!(level("ABCXXX"), "far", "{function}");
        assert_eq!(level("XXXXXX"), "far", "{function}");
        assert_eq!(level("ABCDFE"), if function == "levenshtein" { "between" } else { "near" }, "{function}");
    }
    let levels = r#"levels = [
      { label = "near", min = 0.9, weight = 1.0 },
      { label = "far", max = 0.5, weight = 0.0 },
      { label = "between", else = true, weight = 0.0 },
    ]"#;
    let plan = model("text", &format!("columns = [\"x\"]\nfunction = \"jaro_winkler\"\n{levels}"));
    let level = |b: &str| step(&plan, [text("MARTHA"), Value::Missing], [text(b), Value::Missing]).level;
    assert_eq!((level("MARHTA").as_str(), level("MARC").as_str(), level("XYZ").as_str()), ("near", "between", "far"));
}

#[test]
fn numbers_prefixes_regions_and_given_values() {
    let number = model("number", &format!("columns = [\"x\"]\nfunction = \"number\"\n{LEVELS}"));
    assert_eq!(one(&number, Value::Number(1.5), Value::Number(-1.0)), (Some("DIFFERENT"), Some(2.5)));
    assert_eq!(one(&number, Value::Number(2.0), Value::Number(2.0)), (Some("EQUAL"), Some(0.0)));
    assert_eq!(one(&number, Value::Number(f64::NAN), Value::Number(2.0)), (None, None));
    let prefix = model("digits", &format!("columns = [\"x\"]\nfunction = \"prefix\"\n{LEVELS}"));
    assert_eq!(one(&prefix, digits("0812"), digits("08123")), (Some("PREFIX"), Some(4.0)));
    assert_eq!(one(&prefix, digits("0812"), digits("0813")), (Some("DIFFERENT"), Some(3.0)));
    let region = model("digits", &format!("columns = [\"x\"]\nfunction = \"region\"\n{LEVELS}"));
    for (other, relation) in [
        ("3201012001", "SAME10"),
        ("3201012002", "SAME6"),
        ("320101", "SAME6"),
        ("3201022001", "SAME4"),
        ("3271012001", "SAME2"),
        ("1801012001", "DIFFERENT"),
    ] {
        assert_eq!(one(&region, digits("3201012001"), digits(other)).0, Some(relation), "{other}");
    }
    let given = model("text", &format!("columns = [\"x\"]\nfunction = \"both_equal\"\nvalue = \"PADAN\"\n{LEVELS}"));
    assert_eq!(one(&given, text("PADAN"), text("PADAN")).0, Some("BOTH"));
    assert_eq!(one(&given, text("PADAN"), Value::Missing).0, Some("ONE"));
    assert_eq!(one(&given, text("BELUM"), text("BELUM")).0, Some("NONE"));
}

#[test]
fn activity_after_an_event() {
    let body = "columns = [\"x\", \"y\"]\nfunction = \"date_after\"\ngrace_days = 30";
    let plan = model("date", &format!("{body}\n{LEVELS}"));
    let died = [day(2024, 1, 1), Value::Missing];
    let active = |d| [Value::Missing, d];
    assert_eq!(step(&plan, died.clone(), active(day(2024, 1, 31))).relation, Some("NOT_AFTER"));
    assert_eq!(step(&plan, died.clone(), active(day(2024, 2, 1))).relation, Some("AFTER"));
    assert_eq!(step(&plan, died.clone(), active(Value::Missing)).relation, None);
    assert_eq!(step(&plan, died.clone(), died).relation, None);
}

#[test]
fn a_second_date_stands_in_and_confirms() {
    let body = "columns = [\"x\", \"y\"]\nfunction = \"date\"\nplaceholder_days = [\"01-07\"]";
    let plan = model("date", &format!("{body}\n{LEVELS}"));
    let (right, wrong, placeholder) = (day(1985, 3, 12), day(1986, 3, 12), day(1985, 7, 1));
    let none = || Value::Missing;
    for (a, b, relation) in [
        ([right.clone(), none()], [right.clone(), wrong.clone()], Some("EQUAL")),
        ([right.clone(), none()], [wrong.clone(), right.clone()], Some("CROSS")),
        ([right.clone(), none()], [none(), right.clone()], Some("CROSS")),
        ([placeholder.clone(), none()], [right.clone(), placeholder.clone()], Some("CROSS_PLACEHOLDER")),
        ([right.clone(), none()], [none(), wrong.clone()], Some("YEAR_OFF")),
        ([right.clone(), wrong.clone()], [wrong.clone(), none()], Some("CROSS")),
        ([placeholder, wrong.clone()], [none(), wrong], Some("DIFFERENT")),
        ([none(), right.clone()], [none(), right.clone()], None),
        ([right, none()], [none(), none()], None),
    ] {
        assert_eq!(step(&plan, a.clone(), b.clone()).relation, relation, "{relation:?}");
    }
}

//! The published JSON Schema of model files and the parser say the same.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::Plan;
use crate::engine::compare::SPECS;
use crate::engine::field::Kind;

const SCHEMA: &str = include_str!("../../../schemas/model.schema.json");

/// A model with every kind of table, each under a header of its own.
const MODEL: &str = r#"
[model]
name = "m"
version = "1"
trained = true

[[column]]
name = "a"
type = "text"

[[block]]
name = "b"
keys = ["a.first(2)"]
max_block = 9

[[comparison]]
name = "c"
columns = ["a"]
function = "exact"

[[comparison.levels]]
label = "equal"
equal = true
weight = 1.0

[comparison.levels.tf]
min = -1.0
max = 1.0

[[comparison.levels]]
label = "other"
else = true
m = 0.25
u = 0.5

[[strong]]
name = "s"

[[strong.all]]
comparison = "c"
levels = ["equal"]

[[veto]]
id = "V1"
action = "review"
all = [{ comparison = "c", levels = ["other"] }]

[[guard]]
column = "a"
distinct_of = "a"
max = 2

[[frequency]]
column = "a"
rows = 10
counts = { "00000000000000aa" = 4 }

[training]
recall = 0.5

[cluster]
max_size = 6

[thresholds]
link = 5.0
review = 1.0
prior = 0.1
"#;

fn schema() -> Value {
    serde_json::from_str(SCHEMA).expect("the schema is JSON")
}

fn as_json(text: &str) -> Value {
    let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{error}"));
    serde_json::to_value(table).expect("TOML without dates is JSON")
}

fn problems(text: &str) -> Vec<String> {
    let validator = jsonschema::draft202012::new(&schema()).expect("the schema is a schema");
    validator.iter_errors(&as_json(text)).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn every_model_of_the_house_fits_the_schema() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/model");
    let entries = std::fs::read_dir(folder).expect("the models");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    assert!(paths.len() >= 3, "{paths:?}");
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a model");
        assert_eq!(problems(&text), Vec::<String>::new(), "{}", path.display());
    }
    for text in [include_str!("example.toml"), MODEL] {
        assert_eq!(problems(text), Vec::<String>::new());
        assert!(Plan::parse(text).is_ok());
    }
}

#[test]
fn what_the_schema_refuses_the_parser_refuses_too() {
    for (name, old, new) in [
        ("unknown key", "[model]", "[model]\nnme = 1"),
        ("unknown table", "[model]", "[thing]\nx = 1\n[model]"),
        ("missing threshold", "link = 5.0", ""),
        ("missing thresholds", "[thresholds]\nlink = 5.0\nreview = 1.0\nprior = 0.1", ""),
        ("missing model", "[model]\nname = \"m\"\nversion = \"1\"\ntrained = true", ""),
        ("wrong type", "link = 5.0", "link = \"high\""),
        ("a list where a text belongs", "name = \"b\"", "name = [\"b\"]"),
        ("no number of rows", "max_block = 9", "max_block = 9.5"),
        ("a block of one", "max_block = 9", "max_block = 1"),
        ("no key", "keys = [\"a.first(2)\"]", "keys = []"),
        ("unknown derivation", "a.first(2)", "a.frist(2)"),
        ("unknown function", "function = \"exact\"", "function = \"exakt\""),
        ("unknown type", "type = \"text\"", "type = \"txt\""),
        ("unknown relation", "equal = true", "relation = [\"EQALU\"]"),
        ("unknown missing", "equal = true", "missing = \"some\""),
        ("no condition", "equal = true", ""),
        ("no weight in a trained model", "weight = 1.0", ""),
        ("weight and m", "weight = 1.0", "weight = 1.0\nm = 0.5"),
        ("m without u", "u = 0.5", ""),
        ("m of one", "m = 0.25", "m = 1.0"),
        ("a strong identifier of nothing", "[[strong.all]]", "[[strong.none]]"),
        ("unknown action", "action = \"review\"", "action = \"reveiw\""),
        ("no levels in a condition", "levels = [\"equal\"]", "levels = []"),
        ("a guard of none", "max = 2", "max = 0"),
        ("no rows", "rows = 10", "rows = 0"),
        ("no hash", "00000000000000aa", "aa"),
        ("certain recall", "recall = 0.5", "recall = 1.0"),
        ("too few random pairs", "recall = 0.5", "random_pairs = 10"),
        ("a cluster of one", "max_size = 6", "max_size = 1"),
        ("unknown limit", "max_size = 6", "min_pair_weight = \"lnik\""),
        ("certain prior", "prior = 0.1", "prior = 1.0"),
    ] {
        assert!(MODEL.contains(old), "{name}: nothing to change");
        let wrong = MODEL.replacen(old, new, 1);
        assert!(!problems(&wrong).is_empty(), "{name}: the schema takes it");
        assert!(Plan::parse(&wrong).is_err(), "{name}: the parser takes it");
    }
}

#[test]
fn every_key_of_the_schema_is_a_key_of_the_parser() {
    let schema = schema();
    for (header, pointer) in [
        ("", ""),
        ("[model]\n", "/$defs/model"),
        ("[[column]]\n", "/$defs/column"),
        ("[[block]]\n", "/$defs/block"),
        ("[[comparison]]\n", "/$defs/comparison"),
        ("[[comparison.levels]]\n", "/$defs/level"),
        ("[comparison.levels.tf]\n", "/$defs/scale"),
        ("[[strong]]\n", "/$defs/strong"),
        ("[[strong.all]]\n", "/$defs/reference"),
        ("[[veto]]\n", "/$defs/veto"),
        ("[[guard]]\n", "/$defs/guard"),
        ("[[frequency]]\n", "/$defs/frequency"),
        ("[training]\n", "/$defs/training"),
        ("[cluster]\n", "/$defs/cluster"),
        ("[thresholds]\n", "/$defs/thresholds"),
    ] {
        let wrong = MODEL.replacen(header, &format!("{header}nobody_knows_this = 1\n"), 1);
        let message = Plan::parse(&wrong).expect_err(header).problem.to_string();
        let expected = message.split_once("expected").unwrap_or_else(|| panic!("{header}: {message}")).1;
        let known: BTreeSet<&str> = expected.split('`').skip(1).step_by(2).collect();
        let at = schema.pointer(&format!("{pointer}/properties")).and_then(Value::as_object);
        let described: BTreeSet<&str> = at.expect(pointer).keys().map(String::as_str).collect();
        assert_eq!(described, known, "{header}");
    }
}

#[test]
fn the_words_of_the_schema_are_those_of_the_engine() {
    let schema = schema();
    let words = |pointer: &str| -> BTreeSet<String> {
        let list = schema.pointer(pointer).and_then(Value::as_array).expect(pointer);
        list.iter().map(|word| word.as_str().expect("a word").to_owned()).collect()
    };
    let own = |words: &mut dyn Iterator<Item = &'static str>| words.map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(words("/$defs/comparison/properties/function/enum"), own(&mut SPECS.iter().map(|spec| spec.name)));
    let relations = &mut SPECS.iter().flat_map(|spec| spec.relations.iter().copied());
    assert_eq!(words("/$defs/level/properties/relation/items/enum"), own(relations));
    assert_eq!(words("/$defs/column/properties/type/enum"), own(&mut Kind::ALL.map(Kind::word).into_iter()));
}

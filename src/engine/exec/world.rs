//! Random small worlds for tests: few names, tight blocks and guards, so that everything collides and flips.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::{Change, Edge, Live};
use crate::domain::name::{NameParts, NameToken};
use crate::engine::cluster::{Judgement, Proposal, Refusal};
use crate::engine::plan::Plan;
use crate::engine::value::{Day, Digits, Value};

/// Alphabets are tiny, blocks and guards tight, so that everything collides and flips.
pub(super) const MODEL: &str = r#"
model = { name = "small world", version = "1", trained = true }
thresholds = { link = 6.0, review = 2.0, prior = 0.01 }
cluster = { max_size = 4, min_pair_weight = -6.0, min_mean_weight = 1.0 }

column = [
  { name = "number", type = "digits" },
  { name = "name", type = "name" },
  { name = "born", type = "date" },
  { name = "source", type = "code" },
  { name = "phones", type = "set" },
]

guard = [
  { column = "number", distinct_of = "name", max = 2 },
  { column = "number", distinct_of = "born", max = 3 },
  { column = "born", distinct_of = "number|phones", max = 5 },
]

block = [
  { name = "number", keys = ["number.deletions"], max_block = 4 },
  { name = "name and birth", keys = ["name.k2", "born.unordered"], max_block = 3 },
  { name = "name", keys = ["name.whole"], max_block = 5 },
  { name = "phone or year", keys = ["phones|born.year", "name.tokens"], max_block = 2 },
]

[[comparison]]
name = "number"
columns = ["number"]
function = "osa"
levels = [
  { label = "equal", equal = true, weight = 5.0 },
  { label = "near", max = 1, weight = 2.0 },
  { label = "other", else = true, weight = -3.0 },
]

[[comparison]]
name = "name"
columns = ["name"]
function = "name"
levels = [
  { label = "equal", equal = true, weight = 4.0, rarity = { min = 3.0, max = 4.5, factor = 0.5 } },
  { label = "part", relation = ["SUBSET", "NEAR"], weight = 1.5 },
  { label = "other", else = true, weight = -4.0 },
]

[[comparison]]
name = "born"
columns = ["born"]
function = "date"
levels = [
  { label = "equal", relation = ["EQUAL"], weight = 3.0 },
  { label = "near", relation = ["SWAPPED", "YEAR_OFF", "ONE_DIGIT"], weight = 1.0 },
  { label = "mild", else = true, only_if = [{ comparison = "number", levels = ["equal"] }], weight = -0.5 },
  { label = "other", else = true, weight = -2.5 },
]

[[comparison]]
name = "source"
columns = ["source"]
function = "exact"
levels = [{ label = "same", equal = true, weight = 0.0 }, { label = "other", else = true, weight = 0.0 }]

[[comparison]]
name = "phones"
columns = ["phones"]
function = "overlap"
levels = [{ label = "some", min = 1, weight = 2.0 }, { label = "none", else = true, weight = -0.25 }]

[[strong]]
name = "number"
all = [{ comparison = "number", levels = ["equal", "near"] }]

[[strong]]
name = "person"
all = [{ comparison = "name", levels = ["equal"] }, { comparison = "born", levels = ["equal", "near"] }]

[[veto]]
id = "SAME_SOURCE"
action = "distinct"
all = [{ comparison = "source", levels = ["same"] }, { comparison = "name", levels = ["other"] }]

[[veto]]
id = "TWINS"
action = "review"
all = [{ comparison = "born", levels = ["equal"] }]
any = [{ comparison = "name", levels = ["other"] }, { comparison = "number", levels = ["other"] }]
unless = [{ comparison = "phones", levels = ["some"] }]
"#;

pub(super) type Row = Vec<Value>;
pub(super) type Decided = Vec<(u64, u64, Judgement)>;
pub(super) type State = (Vec<Vec<u64>>, Vec<Edge>, Vec<Proposal>, Vec<Refusal>);

pub(super) fn plan() -> Arc<Plan> {
    Arc::new(Plan::parse(MODEL).unwrap())
}

pub(super) fn name(words: &[&str]) -> Value {
    let tokens = words.iter().map(|w| NameToken { clean: (*w).to_owned(), k1: (*w).to_owned(), soft: false });
    let mut k2: Vec<String> = words.iter().filter(|w| w.len() > 1).map(|w| (*w).to_owned()).collect();
    k2.push(format!("#{}", words.concat()));
    Value::Name(Box::new(NameParts { tokens: tokens.collect(), concat: words.concat(), k2, ..NameParts::default() }))
}

pub(super) fn row() -> impl Strategy<Value = Row> {
    let number = prop_oneof![
        1 => Just(Value::Missing),
        1 => Just(Value::Unreadable),
        12 => "[12]{2,3}".prop_map(|d| Value::Digits(Digits::parse(&d).unwrap())),
    ];
    let word = prop_oneof![Just("ANI"), Just("BUDI"), Just("C")];
    let name = prop_oneof![
        1 => Just(Value::Missing),
        8 => proptest::collection::vec(word, 1..3).prop_map(|words| name(&words)),
    ];
    let born = prop_oneof![
        1 => Just(Value::Missing),
        1 => Just(Value::Unreadable),
        10 => (0u32..2, 1u32..3, 1u32..3).prop_map(|(y, m, d)| Value::Date(Day::new(1970 + y, m, d).unwrap())),
    ];
    let source = prop_oneof![Just("A"), Just("B"), Just("C")].prop_map(|s| Value::Code(s.to_owned()));
    // Sets as they are kept, so that equal rows are equal here, too.
    let phones = proptest::collection::btree_set("[78]", 0..3)
        .prop_map(|set| if set.is_empty() { Value::Missing } else { Value::Set(set.into_iter().collect()) });
    (number, name, born, source, phones).prop_map(|(n, m, b, s, p)| vec![n, m, b, s, p])
}

/// Rows that come many times and say enough to be one entity.
pub(super) fn known() -> impl Strategy<Value = Row> {
    (0..3usize).prop_map(|which| {
        let (number, words, day) =
            [("11", ["ANI", "C"], 1), ("12", ["BUDI", "C"], 2), ("111", ["ANI", "BUDI"], 1)][which];
        let born = Value::Date(Day::new(1970, 1, day).unwrap());
        let number = Value::Digits(Digits::parse(number).unwrap());
        vec![number, name(&words), born, Value::Code("C".to_owned()), Value::Missing]
    })
}

pub(super) fn change() -> impl Strategy<Value = Change> {
    let id = 1u64..14;
    let judgement = prop_oneof![Just(Judgement::Same), Just(Judgement::Different), Just(Judgement::Cleared)];
    prop_oneof![
        12 => (id.clone(), row()).prop_map(|(id, values)| Change::Upsert { id, values }),
        4 => (id.clone(), known()).prop_map(|(id, values)| Change::Upsert { id, values }),
        3 => id.clone().prop_map(|id| Change::Remove { id }),
        4 => (id.clone(), id, judgement).prop_map(|(a, b, judgement)| Change::Decide { a, b, judgement }),
    ]
}

/// What remains of changes, said in another way.
pub(super) fn remaining(changes: &[Change]) -> (Vec<(u64, Row)>, Decided) {
    let mut rows = BTreeMap::new();
    let mut decisions = Vec::new();
    for change in changes {
        match change {
            Change::Upsert { id, values } => drop(rows.insert(*id, values.clone())),
            Change::Remove { id } => drop(rows.remove(id)),
            Change::Decide { a, b, judgement } => decisions.push((*a, *b, *judgement)),
        }
    }
    (rows.into_iter().collect(), decisions)
}

pub(super) fn state(live: &Live) -> State {
    let review = live.review().cloned().collect();
    (live.clusters(), live.edges(), review, live.refusals().copied().collect())
}

//! The pairs of a row weighed side by side are those weighed one by one.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::engine::value::{Digits, Value};

/// Every comparator that measures texts in step, one that does not, and comparisons that others ask.
const MODEL: &str = r#"
model = { name = "texts", version = "1", trained = true }
thresholds = { link = 6.0, review = -2.0, prior = 0.01 }

column = [
  { name = "number", type = "digits" },
  { name = "given", type = "text" },
  { name = "surname", type = "text" },
  { name = "street", type = "text" },
]

block = [{ name = "number", keys = ["number"], max_block = 50 }]

[[comparison]]
name = "start"
columns = ["surname"]
function = "prefix"
levels = [{ label = "start", relation = ["PREFIX"], weight = 0.0 }, { label = "other", else = true, weight = 0.0 }]

[[comparison]]
name = "number"
columns = ["number"]
function = "osa"
levels = [
  { label = "equal", equal = true, weight = 5.0 },
  { label = "near", max = 1, weight = 2.0 },
  { label = "other", else = true, weight = -1.0 },
]

[[comparison]]
name = "given"
columns = ["given"]
function = "jaro_winkler"
levels = [
  { label = "equal", equal = true, weight = 4.0 },
  { label = "near", min = 0.85, weight = 2.5 },
  { label = "start", else = true, only_if = [{ comparison = "start", levels = ["start"] }], weight = 0.75 },
  { label = "vague", min = 0.7, weight = 0.5 },
  { label = "other", else = true, weight = -1.5 },
]

[[comparison]]
name = "surname"
columns = ["surname"]
function = "levenshtein"
levels = [
  { label = "equal", equal = true, weight = 3.0 },
  { label = "near", max = 2, weight = 1.25 },
  { label = "other", else = true, weight = -2.0 },
]

[[comparison]]
name = "street"
columns = ["street"]
function = "osa"
levels = [
  { label = "equal", equal = true, weight = 2.0 },
  { label = "near", max = 2, weight = 1.0 },
  { label = "other", else = true, weight = -0.5 },
]

[[strong]]
name = "number"
all = [{ comparison = "number", levels = ["equal", "near"] }]

[[veto]]
id = "SURNAME"
action = "review"
all = [{ comparison = "surname", levels = ["other"] }]
"#;

fn row() -> impl Strategy<Value = Vec<Value>> {
    let text = || prop_oneof![1 => Just(Value::Missing), 9 => "[abé]{1,4}[abc ]{0,30}".prop_map(Value::Text)];
    let number = prop_oneof![
        1 => Just(Value::Missing),
        9 => "[12]{3,6}".prop_map(|digits| Digits::parse(&digits).map_or(Value::Missing, Value::Digits)),
    ];
    (number, text(), text(), text()).prop_map(|(number, given, surname, street)| vec![number, given, surname, street])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn side_by_side_and_one_by_one_give_the_same_edges(values in proptest::collection::vec(row(), 1..60)) {
        let mut rows = Rows::new(Arc::new(Plan::parse(MODEL).unwrap()));
        let numbered: Vec<(u64, Vec<Value>)> = (1..).zip(values).collect();
        rows.extend(&numbered).unwrap();
        let scorer = Scorer::new(&rows);
        let mut scratch = Scratch::default();
        let slots: Vec<u32> = rows.slots().collect();
        for (count, row) in slots.iter().enumerate() {
            let others = &slots[..count];
            let alone = |(place, other): (usize, &u32)| {
                scorer.edge(*other, *row, &mut Scratch::default()).map(|edge| (place, edge))
            };
            let expected: Vec<(usize, Scored)> = others.iter().enumerate().filter_map(alone).collect();
            let mut found = Vec::new();
            scorer.edges(*row, others.iter().copied(), &mut scratch, |place, edge| found.push((place, edge)));
            prop_assert_eq!(&found, &expected);
        }
    }
}

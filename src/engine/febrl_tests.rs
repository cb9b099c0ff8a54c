//! The engine on FEBRL data set 3, which it was not made for: pairwise F1 of the clusters against the truth.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Day, Digits, Linkage, Plan, Rows, Value, match_rows};

const MODEL: &str = include_str!("../../config/model/febrl.toml");
const ROWS: &str = include_str!("../../tests/data/febrl3.csv");

/// Rows with the entity of each: `rec-1496-org` and `rec-1496-dup-0` are one.
fn rows(plan: &Plan) -> (Vec<(u64, Vec<Value>)>, Vec<u32>) {
    let mut lines = ROWS.lines().map(|line| line.split(',').map(str::trim).collect::<Vec<&str>>());
    let header = lines.next().unwrap();
    let (mut rows, mut entities) = (Vec::new(), Vec::new());
    for (id, cells) in (1..).zip(lines) {
        entities.push(cells[0].split('-').nth(1).unwrap().parse().unwrap());
        let cell = |column: &str| cells[header.iter().position(|name| *name == column).unwrap()];
        rows.push((id, plan.columns().iter().map(|c| value(c.normaliser.as_deref(), cell(&c.from), c.kind)).collect()));
    }
    (rows, entities)
}

fn value(normaliser: Option<&str>, text: &str, kind: super::Kind) -> Value {
    match normaliser {
        Some("digits") => Digits::parse(text).map_or(Value::Missing, Value::Digits),
        Some("date") => {
            let number: u32 = text.parse().unwrap_or_default();
            let day = Day::new(number / 10_000, number / 100 % 100, number % 100);
            day.map_or(Value::Missing, Value::Date)
        }
        _ if kind == super::Kind::Code => Value::Code(text.to_lowercase()),
        _ => Value::Text(text.to_lowercase()),
    }
}

fn link() -> (Linkage, Vec<u32>) {
    let plan = Plan::parse(MODEL).unwrap();
    let (values, entities) = rows(&plan);
    let mut rows = Rows::new(Arc::new(plan.clone()));
    rows.extend(&values).unwrap();
    let weighed = plan.with_frequencies(rows.frequencies());
    let mut rows = rows.with_plan(Arc::new(weighed)).unwrap();
    (match_rows(&mut rows, &[]).unwrap(), entities)
}

fn pairs(sizes: impl Iterator<Item = usize>) -> usize {
    sizes.map(|n| n * (n - 1) / 2).sum()
}

#[test]
fn febrl_pairs_are_found() {
    let (linkage, entities) = link();
    let mut truth: BTreeMap<u32, usize> = BTreeMap::new();
    for entity in &entities {
        *truth.entry(*entity).or_default() += 1;
    }
    let mut right = 0;
    for cluster in &linkage.clusters() {
        let mut parts: BTreeMap<u32, usize> = BTreeMap::new();
        for id in cluster {
            *parts.entry(entities[*id as usize - 1]).or_default() += 1;
        }
        right += pairs(parts.into_values());
    }
    let (expected, found) = (pairs(truth.into_values()), pairs(linkage.clusters().iter().map(Vec::len)));
    assert_eq!(expected, 6538);
    let (precision, recall) = (right as f64 / found as f64, right as f64 / expected as f64);
    let f1 = 2.0 * precision * recall / (precision + recall);
    assert!(f1 >= 0.9995, "F1 {f1:.5}, precision {precision:.5}, recall {recall:.5}");
    assert!(linkage.blocking.pairs() < 5000 * 25, "{:?}", linkage.blocking);
    assert!(linkage.review.len() < 50, "{} questions", linkage.review.len());
}

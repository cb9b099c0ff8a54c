//! The traps of the handbook's checklist that concern matching, through the real model: small sets of rows and what must
//! come of them.

use std::collections::BTreeSet;

use padan::domain::date::Date;
use padan::engine::Meter;
use padan::tables::{Matched, TableModel, Tabular};

/// A row: fields of the feeds with their values.
type Row = &'static [(&'static str, &'static str)];

struct Few(Vec<Row>);

impl Tabular for Few {
    fn rows(&self) -> usize {
        self.0.len()
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.fields().position(|field| field == name)
    }

    fn cell(&self, row: usize, column: usize) -> Option<&str> {
        let name = self.fields().nth(column)?;
        self.0[row].iter().find(|(field, _)| *field == name).map(|(_, value)| *value)
    }
}

impl Few {
    /// The field of each cell; the same name may come up again.
    fn fields(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().flat_map(|row| row.iter()).map(|(field, _)| *field)
    }
}

/// What must come of two rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// One person, by the machine.
    One,
    /// A steward is asked.
    Asked,
    /// Two persons, and nobody is asked.
    Apart,
}

/// A name with the number of the trap, the rows, and the fate of the pairs that the trap is about.
type Trap = (&'static str, &'static [Row], &'static [(u32, u32, Fate)]);

use Fate::{Apart, Asked, One};

mod table;

fn fate(matched: &Matched, a: u32, b: u32) -> Fate {
    let cluster = |row: u32| matched.clusters[row as usize];
    let asked: BTreeSet<(u32, u32)> =
        matched.review.iter().map(|pair| (cluster(pair.rows.0), cluster(pair.rows.1))).collect();
    let pair = (cluster(a), cluster(b));
    if pair.0 == pair.1 {
        One
    } else if asked.contains(&pair) || asked.contains(&(pair.1, pair.0)) {
        Asked
    } else {
        Apart
    }
}

#[test]
fn every_trap_ends_as_the_handbook_says() {
    let model = TableModel::parse(None).expect("the built-in model");
    let mut wrong = Vec::new();
    for (name, rows, fates) in table::TRAPS {
        let meter = Meter::default();
        let filled = model.fill(&Few(rows.to_vec()), Date::constant(2025, 11, 20), &meter).expect("filled");
        let matched = model.link(filled.rows, &meter).expect("matched");
        for (a, b, wanted) in *fates {
            let found = fate(&matched, *a, *b);
            if found != *wanted {
                let weight = matched.pairs.iter().find(|pair| pair.rows == (*a, *b)).map(|pair| pair.weight);
                wrong.push(format!("{name}: rows {a} and {b} are {found:?}, not {wanted:?}; weight {weight:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

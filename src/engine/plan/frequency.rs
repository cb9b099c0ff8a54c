//! Term frequencies: agreement on a rare value says more than agreement on a common one.
//!
//! They are frozen in the model (hashes and counts, never values), so that the weight of a pair does not depend on
//! when it is computed.

use rustc_hash::FxHashMap;

use super::column::Columns;
use super::comparison::counted;
use super::file;
use super::key::parse_hash;
use super::place::Place;
use crate::engine::error::{PlanError, Problem};

/// How often each value of a column occurs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frequencies {
    /// Rows that have a value.
    pub rows: u64,
    /// Hash of a value, and how many rows have it; only values of two and more rows.
    pub counts: Vec<(u64, u64)>,
    /// How many values occur once.
    pub single: u64,
}

/// Frequencies as bits that an agreement gains or loses.
#[derive(Debug)]
pub(crate) struct FrequencyTable {
    bits: FxHashMap<u64, f64>,
    unseen: f64,
}

impl FrequencyTable {
    /// From counts: the mean is the chance that two random rows agree, so that the adjustment is 0 on average.
    pub(crate) fn new(frequencies: &Frequencies) -> Option<Self> {
        if frequencies.rows == 0 {
            return None;
        }
        let rows = frequencies.rows as f64;
        let share = |count: u64| count as f64 / rows;
        let mut counts = frequencies.counts.clone();
        counts.sort_unstable();
        let common: f64 = counts.iter().map(|(_, count)| share(*count) * share(*count)).sum();
        let mean = common + frequencies.single as f64 / rows / rows;
        if mean <= 0.0 {
            return None;
        }
        let bits = counts.iter().map(|(hash, count)| (*hash, (mean / share(*count)).log2())).collect();
        Some(Self { bits, unseen: (mean * rows).log2() })
    }

    /// log2(mean frequency / frequency) of a value; a value that the model never saw counts as one that occurs once.
    pub(crate) fn bits(&self, hash: u64) -> f64 {
        self.bits.get(&hash).copied().unwrap_or(self.unseen)
    }
}

/// Reads the frequencies of a model file: one entry a column, `None` where there are none.
pub(super) fn compile(
    place: Place<'_>,
    columns: &Columns,
    tables: &[file::Frequency],
) -> Result<Vec<Option<Frequencies>>, PlanError> {
    place.unique("frequency", tables.iter().map(|table| &table.column))?;
    let mut all: Vec<Option<Frequencies>> = columns.list.iter().map(|_| None).collect();
    for table in tables {
        let field = columns.find(place, &table.column)?;
        if !counted(field.kind) {
            let column = table.column.get_ref().clone();
            let problem = Problem::WrongKind { by: "frequency".to_owned(), column, kind: field.kind, wanted: vec![] };
            return Err(place.refuse(table.column.span(), problem));
        }
        if *table.rows.get_ref() == 0 {
            return Err(place.refuse(table.rows.span(), Problem::Range { name: "rows", range: "at least 1" }));
        }
        let mut counts = Vec::new();
        for (hash, count) in &table.counts {
            let Some(hash) = parse_hash(hash) else {
                let problem = Problem::Form { text: hash.clone(), wanted: "a hash of 16 hexadecimal digits" };
                return Err(place.refuse(table.column.span(), problem));
            };
            counts.push((hash, (*count).max(1)));
        }
        counts.sort_unstable();
        all[field.index] = Some(Frequencies { rows: *table.rows.get_ref(), counts, single: table.single });
    }
    Ok(all)
}

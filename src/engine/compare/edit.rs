//! Edit distances of two texts or two strings of digits; beyond the highest number the levels ask for, infinite.

use super::in_step::{Texts, enter};
use super::{Compare, DIFFERENT, EQUAL, Outcome, Pair, Scratch, Settings, Spec, one_by_one, prepared};
use crate::engine::cells::Cells;
use crate::engine::field::{Field, Kind};
use crate::engine::value::Digits;

pub(super) const LEVENSHTEIN: Spec = spec("levenshtein", |settings| build(settings, Measure::Levenshtein));
pub(super) const OSA: Spec = spec("osa", |settings| build(settings, Measure::Osa));
pub(super) const DAMERAU: Spec = spec("damerau", |settings| build(settings, Measure::Damerau));

const fn spec(name: &'static str, build: fn(&Settings) -> Box<dyn Compare>) -> Spec {
    Spec {
        name,
        relations: &["EQUAL", "DIFFERENT"],
        kinds: &[Kind::Text, Kind::Digits],
        columns: (1, 1),
        measured: true,
        single: false,
        options: &[],
        build,
    }
}

fn build(settings: &Settings, measure: Measure) -> Box<dyn Compare> {
    Box::new(Edit { field: settings.fields[0], measure, cutoff: settings.highest.max(0.0) as usize })
}

#[derive(Clone, Copy)]
enum Measure {
    Levenshtein,
    Osa,
    Damerau,
}

struct Edit {
    field: Field,
    measure: Measure,
    cutoff: usize,
}

impl Compare for Edit {
    fn compare(&self, pair: Pair<'_>, scratch: &mut Scratch) -> Outcome {
        let (a, b) = match pair.values(self.field) {
            Ok(cells) => cells,
            Err(missing) => return missing,
        };
        if a == b {
            return Outcome::of(EQUAL, 0.0);
        }
        let (mut a_digits, mut b_digits) = ([0; 19], [0; 19]);
        let (a, b) = if self.field.kind == Kind::Digits {
            let (Some(a), Some(b)) = (Digits::from_code(a), Digits::from_code(b)) else { return Outcome::missing(2) };
            (a.write(&mut a_digits), b.write(&mut b_digits))
        } else {
            let texts = pair.cells.texts(self.field);
            (texts.text(a as u32), texts.text(b as u32))
        };
        let prepared = prepared(&mut scratch.prepared, self.field);
        let other = prepared.prepare_either(a, b);
        let distance = match self.measure {
            Measure::Levenshtein => prepared.levenshtein(other, self.cutoff),
            Measure::Osa => prepared.osa(other, self.cutoff),
            Measure::Damerau => prepared.damerau(other, self.cutoff),
        };
        Outcome::of(DIFFERENT, value(distance))
    }

    fn compare_many(&self, cells: &Cells, others: &[u32], row: u32, scratch: &mut Scratch, found: &mut Vec<Outcome>) {
        if self.field.kind == Kind::Digits || matches!(self.measure, Measure::Damerau) {
            return one_by_one(self, cells, others, row, scratch, found);
        }
        let (texts, start) = (Texts { cells, field: self.field, others, row }, found.len());
        texts.outcomes(0.0, &mut scratch.apart, found);
        let prepared = prepared(&mut scratch.prepared, self.field);
        prepared.prepare(texts.own());
        let apart = texts.of(&scratch.apart);
        match self.measure {
            Measure::Levenshtein => prepared.levenshtein_many(apart, self.cutoff, &mut scratch.distances),
            Measure::Osa | Measure::Damerau => prepared.osa_many(apart, self.cutoff, &mut scratch.distances),
        }
        enter(&mut found[start..], scratch.distances.iter().map(|distance| value(*distance)));
    }
}

fn value(distance: Option<usize>) -> f64 {
    distance.map_or(f64::INFINITY, |distance| distance as f64)
}

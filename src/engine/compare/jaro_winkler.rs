//! Jaro-Winkler similarity of two texts; below the lowest `min` of the levels it is 0.

use super::in_step::{Texts, enter};
use super::{Compare, DIFFERENT, EQUAL, Outcome, Pair, Scratch, Settings, Spec, prepared};
use crate::engine::cells::Cells;
use crate::engine::field::{Field, Kind};

pub(super) const SPEC: Spec = Spec {
    name: "jaro_winkler",
    relations: &["EQUAL", "DIFFERENT"],
    kinds: &[Kind::Text],
    columns: (1, 1),
    measured: true,
    single: false,
    options: &[],
    build,
};

fn build(settings: &Settings) -> Box<dyn Compare> {
    Box::new(JaroWinkler { field: settings.fields[0], cutoff: settings.lowest })
}

struct JaroWinkler {
    field: Field,
    cutoff: f64,
}

impl Compare for JaroWinkler {
    fn compare(&self, pair: Pair<'_>, scratch: &mut Scratch) -> Outcome {
        let (a, b) = match pair.values(self.field) {
            Ok(cells) => cells,
            Err(missing) => return missing,
        };
        if a == b {
            return Outcome::of(EQUAL, 1.0);
        }
        let texts = pair.cells.texts(self.field);
        let (a, b) = (texts.text(a as u32), texts.text(b as u32));
        let prepared = prepared(&mut scratch.prepared, self.field);
        let other = prepared.prepare_either(a, b);
        Outcome::of(DIFFERENT, prepared.jaro_winkler(other, self.cutoff).unwrap_or(0.0))
    }

    fn compare_many(&self, cells: &Cells, others: &[u32], row: u32, scratch: &mut Scratch, found: &mut Vec<Outcome>) {
        let (texts, start) = (Texts { cells, field: self.field, others, row }, found.len());
        texts.outcomes(1.0, &mut scratch.apart, found);
        let prepared = prepared(&mut scratch.prepared, self.field);
        prepared.prepare(texts.own());
        prepared.jaro_winkler_many(texts.of(&scratch.apart), self.cutoff, &mut scratch.similarities);
        enter(&mut found[start..], scratch.similarities.iter().map(|found| found.unwrap_or(0.0)));
    }
}

//! Edit distances of two texts or two strings of digits; beyond the highest number the levels ask for, infinite.

use super::{Compare, Outcome, Pair, Scratch, Settings, Spec};
use crate::engine::kernel::{Distance, Prepared};
use crate::engine::plan::{Field, Kind};
use crate::engine::value::Digits;

pub(super) const LEVENSHTEIN: Spec =
    spec("levenshtein", |s| build(s, |prepared, other, cutoff| prepared.levenshtein(other, cutoff)));
pub(super) const OSA: Spec = spec("osa", |s| build(s, |prepared, other, cutoff| prepared.osa(other, cutoff)));
pub(super) const DAMERAU: Spec = spec("damerau", |s| build(s, Prepared::damerau));

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

fn build(settings: &Settings, distance: Distance) -> Box<dyn Compare> {
    Box::new(Edit { field: settings.fields[0], distance, cutoff: settings.highest.max(0.0) as usize })
}

struct Edit {
    field: Field,
    distance: Distance,
    cutoff: usize,
}

impl Compare for Edit {
    fn compare(&self, pair: Pair<'_>, scratch: &mut Scratch) -> Outcome {
        let (a, b) = match pair.cells(self.field) {
            Ok(cells) => cells,
            Err(missing) => return missing,
        };
        if a == b {
            return Outcome::of(0, 0.0);
        }
        let (mut a_digits, mut b_digits) = ([0; 19], [0; 19]);
        let (a, b) = if self.field.kind == Kind::Digits {
            let (Some(a), Some(b)) = (Digits::from_code(a), Digits::from_code(b)) else { return Outcome::missing(2) };
            (a.write(&mut a_digits), b.write(&mut b_digits))
        } else {
            let texts = pair.rows.texts(self.field);
            (texts.text(a as u32), texts.text(b as u32))
        };
        let prepared = scratch.prepared(self.field);
        let other = prepared.prepare_either(a, b);
        let distance = (self.distance)(prepared, other, self.cutoff);
        Outcome::of(1, distance.map_or(f64::INFINITY, |d| d as f64))
    }
}

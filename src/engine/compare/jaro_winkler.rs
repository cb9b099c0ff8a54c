//! Jaro-Winkler similarity of two texts; below the lowest `min` of the levels it is 0.

use super::{Compare, Outcome, Pair, Scratch, Settings, Spec};
use crate::engine::plan::{Field, Kind};

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
        let (a, b) = match pair.cells(self.field) {
            Ok(cells) => cells,
            Err(missing) => return missing,
        };
        if a == b {
            return Outcome::of(0, 1.0);
        }
        let texts = pair.rows.texts(self.field);
        let (a, b) = (texts.text(a as u32), texts.text(b as u32));
        let prepared = scratch.prepared(self.field);
        let other = prepared.prepare_either(a, b);
        Outcome::of(1, prepared.jaro_winkler(other, self.cutoff).unwrap_or(0.0))
    }
}

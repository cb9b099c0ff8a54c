//! The distance of two numbers.

use super::{Compare, Outcome, Pair, Scratch, Settings, Spec, both};
use crate::engine::field::{Field, Kind};

pub(super) const SPEC: Spec = Spec {
    name: "number",
    relations: &["EQUAL", "DIFFERENT"],
    kinds: &[Kind::Number],
    columns: (1, 1),
    measured: true,
    single: false,
    options: &[],
    build,
};

fn build(settings: &Settings) -> Box<dyn Compare> {
    Box::new(Numbers { field: settings.fields[0] })
}

struct Numbers {
    field: Field,
}

impl Compare for Numbers {
    fn compare(&self, pair: Pair<'_>, _: &mut Scratch) -> Outcome {
        match both(pair.cells.number(pair.a, self.field), pair.cells.number(pair.b, self.field)) {
            Ok((a, b)) => {
                let distance = (a - b).abs();
                Outcome::of(u8::from(distance > 0.0), distance)
            }
            Err(missing) => missing,
        }
    }
}

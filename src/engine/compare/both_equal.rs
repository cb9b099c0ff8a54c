//! Whether both, one or none of the rows carry a given value. A missing value is not the given one.

use xxhash_rust::xxh3::xxh3_64;

use super::{Compare, Outcome, Pair, Scratch, Settings, Spec};
use crate::engine::field::{Field, Kind};

pub(super) const SPEC: Spec = Spec {
    name: "both_equal",
    relations: &["BOTH", "ONE", "NONE"],
    kinds: &[Kind::Code, Kind::Text],
    columns: (1, 1),
    measured: false,
    single: false,
    options: &["value"],
    build,
};

fn build(settings: &Settings) -> Box<dyn Compare> {
    let value = settings.value.as_deref().unwrap_or_default();
    Box::new(BothEqual { field: settings.fields[0], value: xxh3_64(value.as_bytes()) })
}

struct BothEqual {
    field: Field,
    value: u64,
}

impl Compare for BothEqual {
    fn compare(&self, pair: Pair<'_>, _: &mut Scratch) -> Outcome {
        let carries = |slot| {
            let id = pair.cells.cell(slot, self.field) as u32;
            id != 0 && pair.cells.texts(self.field).hash(id) == self.value
        };
        Outcome::of(2 - u8::from(carries(pair.a)) - u8::from(carries(pair.b)), 0.0)
    }
}

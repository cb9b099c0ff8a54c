//! Equal or not.

use super::{Compare, Outcome, Pair, Scratch, Settings, Spec};
use crate::engine::field::{Field, Kind};

pub(super) const SPEC: Spec = Spec {
    name: "exact",
    relations: &["EQUAL", "DIFFERENT"],
    kinds: &[Kind::Text, Kind::Name, Kind::Digits, Kind::Date, Kind::Code, Kind::Number, Kind::Set],
    columns: (1, 1),
    measured: false,
    single: false,
    options: &[],
    build,
};

fn build(settings: &Settings) -> Box<dyn Compare> {
    Box::new(Exact { field: settings.fields[0] })
}

struct Exact {
    field: Field,
}

impl Compare for Exact {
    fn compare(&self, pair: Pair<'_>, _: &mut Scratch) -> Outcome {
        let (a, b) = match pair.values(self.field) {
            Ok(cells) => cells,
            Err(missing) => return missing,
        };
        let equal = match self.field.kind {
            // Two names are equal when their folded letters are, not only when they were written alike.
            Kind::Name => {
                let names = pair.cells.names(self.field);
                a == b || names.concat(a as u32).is_some_and(|concat| names.concat(b as u32) == Some(concat))
            }
            Kind::Text | Kind::Digits | Kind::Date | Kind::Code | Kind::Number | Kind::Set => a == b,
        };
        Outcome::of(u8::from(!equal), 0.0)
    }
}

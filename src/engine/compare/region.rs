//! Nested region codes: two digits a province, four a regency, six a district, ten a village.

use super::{Compare, Outcome, Pair, Scratch, Settings, Spec};
use crate::engine::field::{Field, Kind};
use crate::engine::value::Digits;

pub(super) const SPEC: Spec = Spec {
    name: "region",
    relations: &["SAME10", "SAME6", "SAME4", "SAME2", "DIFFERENT"],
    kinds: &[Kind::Digits, Kind::Code, Kind::Text],
    columns: (1, 1),
    measured: false,
    single: false,
    options: &[],
    build,
};

fn build(settings: &Settings) -> Box<dyn Compare> {
    Box::new(Region { field: settings.fields[0] })
}

struct Region {
    field: Field,
}

impl Compare for Region {
    fn compare(&self, pair: Pair<'_>, scratch: &mut Scratch) -> Outcome {
        let (a, b) = match pair.values(self.field) {
            Ok(cells) => cells,
            Err(missing) => return missing,
        };
        let (a, b) = if self.field.kind == Kind::Digits {
            let (Some(a), Some(b)) = (Digits::from_code(a), Digits::from_code(b)) else { return Outcome::missing(2) };
            (a.write(&mut scratch.a), b.write(&mut scratch.b))
        } else {
            let texts = pair.cells.texts(self.field);
            (texts.text(a as u32), texts.text(b as u32))
        };
        let common = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
        let relation = [10, 6, 4, 2].iter().position(|digits| common >= *digits).unwrap_or(4);
        Outcome::of(relation as u8, 0.0)
    }
}

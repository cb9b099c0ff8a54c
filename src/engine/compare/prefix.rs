//! How far two texts or strings of digits agree from the start: truncated fields, short forms.

use super::{Compare, Outcome, Pair, Scratch, Settings, Spec};
use crate::engine::field::{Field, Kind};
use crate::engine::value::Digits;

pub(super) const SPEC: Spec = Spec {
    name: "prefix",
    relations: &["EQUAL", "PREFIX", "DIFFERENT"],
    kinds: &[Kind::Text, Kind::Code, Kind::Digits],
    columns: (1, 1),
    measured: true,
    single: false,
    options: &[],
    build,
};

fn build(settings: &Settings) -> Box<dyn Compare> {
    Box::new(Prefix { field: settings.fields[0] })
}

struct Prefix {
    field: Field,
}

impl Compare for Prefix {
    /// The measure is the number of bytes that agree.
    fn compare(&self, pair: Pair<'_>, _: &mut Scratch) -> Outcome {
        let (a, b) = match pair.values(self.field) {
            Ok(cells) => cells,
            Err(missing) => return missing,
        };
        if self.field.kind == Kind::Digits {
            let (Some(a), Some(b)) = (Digits::from_code(a), Digits::from_code(b)) else { return Outcome::missing(2) };
            let common = a.common_start(b);
            return Outcome::of(relation(a == b, common, a.count().min(b.count())), common as f64);
        }
        let texts = pair.cells.texts(self.field);
        let (a, b) = (texts.text(a as u32).as_bytes(), texts.text(b as u32).as_bytes());
        let common = a.iter().zip(b).take_while(|(x, y)| x == y).count();
        Outcome::of(relation(a == b, common, a.len().min(b.len())), common as f64)
    }
}

const fn relation(equal: bool, common: usize, shorter: usize) -> u8 {
    match (equal, common == shorter) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    }
}

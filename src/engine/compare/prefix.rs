//! How far two texts or strings of digits agree from the start: truncated fields, short forms.

use super::{Compare, Outcome, Pair, Scratch, Settings, Spec};
use crate::engine::plan::{Field, Kind};
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
    fn compare(&self, pair: Pair<'_>, scratch: &mut Scratch) -> Outcome {
        let (a, b) = match pair.cells(self.field) {
            Ok(cells) => cells,
            Err(missing) => return missing,
        };
        let (a, b) = if self.field.kind == Kind::Digits {
            let (Some(a), Some(b)) = (Digits::from_code(a), Digits::from_code(b)) else { return Outcome::missing(2) };
            (a.write(&mut scratch.a), b.write(&mut scratch.b))
        } else {
            let texts = pair.rows.texts(self.field);
            (texts.text(a as u32), texts.text(b as u32))
        };
        let (relation, common) = relation(a.as_bytes(), b.as_bytes());
        Outcome::of(relation, common as f64)
    }
}

fn relation(a: &[u8], b: &[u8]) -> (u8, usize) {
    let common = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let relation = match common {
        _ if a == b => 0,
        n if n == a.len().min(b.len()) => 1,
        _ => 2,
    };
    (relation, common)
}

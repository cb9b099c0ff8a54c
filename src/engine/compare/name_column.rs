//! Names: the alignment of `engine::name` over the prepared names of a column. A second column stands in where a row
//! lacks the first.

use super::{Compare, Outcome, Pair, Scratch, Settings, Spec};
use crate::engine::field::{Field, Kind};
use crate::engine::name::{NameLabel, compare_names};

pub(super) const SPEC: Spec = Spec {
    name: "name",
    relations: &["EQUAL", "NEAR", "SUBSET", "TAIL", "TRUNCATED", "INITIALS", "CAPPED", "DIFFERENT"],
    kinds: &[Kind::Name],
    columns: (1, 2),
    measured: true,
    single: true,
    options: &[],
    build,
};

fn build(settings: &Settings) -> Box<dyn Compare> {
    Box::new(Names { fields: settings.fields.clone() })
}

struct Names {
    fields: Vec<Field>,
}

impl Compare for Names {
    fn compare(&self, pair: Pair<'_>, scratch: &mut Scratch) -> Outcome {
        let name = |slot| {
            let known = self.fields.iter().find(|field| pair.cells.cell(slot, **field) != 0)?;
            Some(pair.cells.names(*known).prepared(pair.cells.cell(slot, *known) as u32))
        };
        let (a, b) = match super::both(name(pair.a), name(pair.b)) {
            Ok(names) => names,
            Err(missing) => return missing,
        };
        let similarity = compare_names(a, b, pair.cells.name_rules(), &mut scratch.names);
        Outcome {
            missing: 0,
            relation: relation(similarity.label),
            value: f64::from(similarity.score),
            rarity: f64::from(similarity.rarity),
        }
    }
}

fn relation(label: NameLabel) -> u8 {
    match label {
        NameLabel::Equal => 0,
        NameLabel::Near => 1,
        NameLabel::Subset => 2,
        NameLabel::Tail => 3,
        NameLabel::Truncated => 4,
        NameLabel::Initials => 5,
        NameLabel::Capped => 6,
        NameLabel::Different => 7,
    }
}

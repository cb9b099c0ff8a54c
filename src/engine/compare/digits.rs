//! How two identity numbers of sixteen digits relate: the noun lives in `domain::nik`, here it meets packed digits.

use super::{Compare, Outcome, Pair, Scratch, Settings, Spec};
use crate::domain::nik::{NikRelation, nik_relation};
use crate::engine::plan::{Field, Kind};
use crate::engine::value::Digits;

pub(super) const NIK_RELATION: Spec = Spec {
    name: "nik_relation",
    relations: &[
        "EXACT",
        "TRANSPOSE",
        "SEX_FLIP",
        "DDMM_SWAP",
        "SUB1_SERIAL",
        "SUB1",
        "SERIAL_DIFF",
        "REGION_DIFF",
        "SUB2",
        "INDEL1",
        "DIFFERENT",
    ],
    kinds: &[Kind::Digits],
    columns: (1, 1),
    measured: false,
    single: false,
    options: &[],
    build,
};

/// The relations in the order of the list above.
pub(super) const ORDER: [NikRelation; 11] = [
    NikRelation::Exact,
    NikRelation::Transpose,
    NikRelation::SexFlip,
    NikRelation::DdmmSwap,
    NikRelation::Sub1Serial,
    NikRelation::Sub1,
    NikRelation::SerialDiff,
    NikRelation::RegionDiff,
    NikRelation::Sub2,
    NikRelation::Indel1,
    NikRelation::Different,
];

fn build(settings: &Settings) -> Box<dyn Compare> {
    Box::new(Relation { field: settings.fields[0] })
}

struct Relation {
    field: Field,
}

impl Compare for Relation {
    fn compare(&self, pair: Pair<'_>, scratch: &mut Scratch) -> Outcome {
        let (a, b) = match pair.cells(self.field) {
            Ok(cells) => cells,
            Err(missing) => return missing,
        };
        if a == b {
            return Outcome::of(0, 0.0);
        }
        let (Some(a), Some(b)) = (Digits::from_code(a), Digits::from_code(b)) else { return Outcome::missing(2) };
        let (a, b) = (a.write(&mut scratch.a), b.write(&mut scratch.b));
        let relation = nik_relation(a, b);
        Outcome::of(ORDER.iter().position(|r| *r == relation).unwrap_or(ORDER.len() - 1) as u8, 0.0)
    }
}

//! How two identity numbers of sixteen digits relate: the noun lives in `domain::nik`, here it meets packed digits.

use super::{Compare, Outcome, Pair, Scratch, Settings, Spec};
use crate::domain::nik::{NikRelation, nik_relation};
use crate::engine::field::{Field, Kind};
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
        "SUB1_DEFECTIVE",
    ],
    kinds: &[Kind::Digits],
    columns: (1, 2),
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

/// Where `Different` stands in it.
const DIFFERENT: u8 = ORDER.len() as u8 - 1;

/// Whether two numbers of 16 digits are certainly `Different`, seen from their three parts: region, date and serial
/// number. Every other relation leaves one part alone, and where two differ each of them has one digit changed. Nearly
/// all pairs end here.
fn far_apart(a: Digits, b: Digits) -> bool {
    let (Some(a), Some(b)) = (a.sixteen(), b.sixteen()) else { return false };
    let parts = |n: u64| [n / 10_000_000_000, n / 10_000 % 1_000_000, n % 10_000];
    let mut apart = parts(a);
    apart.iter_mut().zip(parts(b)).for_each(|(x, y)| *x = x.abs_diff(y));
    let one_digit = |mut difference: u64| {
        while difference >= 10 && difference.is_multiple_of(10) {
            difference /= 10;
        }
        difference < 10
    };
    match apart.iter().filter(|difference| **difference != 0).count() {
        3 => true,
        2 => !apart.into_iter().all(one_digit),
        _ => false,
    }
}

/// One digit of the first twelve differs, and one of the numbers has an error: the same slip, seen from both sides.
const SUB1_DEFECTIVE: u8 = ORDER.len() as u8;

fn build(settings: &Settings) -> Box<dyn Compare> {
    Box::new(Relation { field: settings.fields[0], defective: settings.fields.get(1).copied() })
}

/// Numbers that can be used, and in a second column those with an error. Such a one may be near a good one; not near says
/// nothing, and two of them are no identity, even if they are equal.
struct Relation {
    field: Field,
    defective: Option<Field>,
}

impl Relation {
    /// Compares a number that can be used with one that has an error, where there are such.
    fn near(&self, pair: Pair<'_>, missing: Outcome, scratch: &mut Scratch) -> Outcome {
        let Some(defective) = self.defective else { return missing };
        let good = |row: u32| pair.cells.cell(row, self.field);
        let bad = |row: u32| pair.cells.cell(row, defective);
        let (a, b) = match (good(pair.a), good(pair.b)) {
            (good, 0) => (good, bad(pair.b)),
            (0, good) => (bad(pair.a), good),
            (_, _) => return missing,
        };
        let (Some(a), Some(b)) = (Digits::from_code(a), Digits::from_code(b)) else { return missing };
        if far_apart(a, b) {
            return missing;
        }
        let relation = nik_relation(a.write(&mut scratch.a), b.write(&mut scratch.b));
        match relation {
            NikRelation::Sub1 => Outcome::of(SUB1_DEFECTIVE, 0.0),
            NikRelation::Transpose | NikRelation::SexFlip | NikRelation::DdmmSwap | NikRelation::Indel1 => {
                Outcome::of(ORDER.iter().position(|r| *r == relation).map_or(DIFFERENT, |at| at as u8), 0.0)
            }
            NikRelation::Exact
            | NikRelation::Sub1Serial
            | NikRelation::SerialDiff
            | NikRelation::RegionDiff
            | NikRelation::Sub2
            | NikRelation::Different => missing,
        }
    }
}

impl Compare for Relation {
    fn compare(&self, pair: Pair<'_>, scratch: &mut Scratch) -> Outcome {
        let (a, b) = match pair.values(self.field) {
            Ok(cells) => cells,
            Err(missing) => return self.near(pair, missing, scratch),
        };
        if a == b {
            return Outcome::of(0, 0.0);
        }
        let (Some(a), Some(b)) = (Digits::from_code(a), Digits::from_code(b)) else { return Outcome::missing(2) };
        if far_apart(a, b) {
            return Outcome::of(DIFFERENT, 0.0);
        }
        let (a, b) = (a.write(&mut scratch.a), b.write(&mut scratch.b));
        let relation = nik_relation(a, b);
        Outcome::of(ORDER.iter().position(|r| *r == relation).map_or(DIFFERENT, |at| at as u8), 0.0)
    }
}

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
        if far_apart(a, b) {
            return Outcome::of(DIFFERENT, 0.0);
        }
        let (a, b) = (a.write(&mut scratch.a), b.write(&mut scratch.b));
        let relation = nik_relation(a, b);
        Outcome::of(ORDER.iter().position(|r| *r == relation).map_or(DIFFERENT, |at| at as u8), 0.0)
    }
}

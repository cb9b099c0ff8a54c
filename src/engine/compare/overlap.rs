//! Words of texts or elements of sets in common.
//!
//! `token_set` measures the share of common words (1 when all are common), and joins the words of two columns, so that
//! swapped fields meet. `overlap` measures the number of common elements.

use super::{Compare, Outcome, Pair, Scratch, Spec, both};
use crate::engine::cells::Cells;
use crate::engine::field::{Field, Kind};

const RELATIONS: &[&str] = &["EQUAL", "SUBSET", "OVERLAP", "DISJOINT"];

pub(super) const TOKEN_SET: Spec = Spec {
    name: "token_set",
    relations: RELATIONS,
    kinds: &[Kind::Text, Kind::Name, Kind::Set],
    columns: (1, 2),
    measured: true,
    single: false,
    options: &[],
    build: |settings| Box::new(Overlap { fields: settings.fields.clone(), measure: share }),
};

pub(super) const OVERLAP: Spec = Spec {
    name: "overlap",
    relations: RELATIONS,
    kinds: &[Kind::Text, Kind::Name, Kind::Set],
    columns: (1, 2),
    measured: true,
    single: false,
    options: &[],
    build: |settings| Box::new(Overlap { fields: settings.fields.clone(), measure: |common, _, _| common as f64 }),
};

struct Overlap {
    fields: Vec<Field>,
    measure: fn(common: usize, a: usize, b: usize) -> f64,
}

fn share(common: usize, a: usize, b: usize) -> f64 {
    common as f64 / (a + b - common) as f64
}

impl Compare for Overlap {
    fn compare(&self, pair: Pair<'_>, _: &mut Scratch) -> Outcome {
        let of = |slot| {
            let first = words(pair.cells, slot, self.fields[0]);
            let second = self.fields.get(1).map_or(&[][..], |field| words(pair.cells, slot, *field));
            (!first.is_empty() || !second.is_empty()).then_some((first, second))
        };
        let (a, b) = match both(of(pair.a), of(pair.b)) {
            Ok(words) => words,
            Err(missing) => return missing,
        };
        let (mut all_a, mut common) = (0, 0);
        for word in merged(a) {
            all_a += 1;
            common += usize::from(b.0.binary_search(&word).is_ok() || b.1.binary_search(&word).is_ok());
        }
        let all_b = merged(b).count();
        let relation = match common {
            0 => 3,
            _ if common == all_a && common == all_b => 0,
            _ if common == all_a.min(all_b) => 1,
            _ => 2,
        };
        Outcome::of(relation, (self.measure)(common, all_a, all_b))
    }
}

/// The distinct words of two ascending lists.
fn merged<'a>((first, second): (&'a [u64], &'a [u64])) -> impl Iterator<Item = u64> + 'a {
    let new = move |word: &&u64| first.binary_search(word).is_err();
    first.iter().chain(second.iter().filter(new)).copied()
}

fn words(cells: &Cells, slot: u32, field: Field) -> &[u64] {
    let id = cells.cell(slot, field) as u32;
    match field.kind {
        _ if id == 0 => &[],
        Kind::Name => cells.names(field).words(id),
        Kind::Set => cells.sets(field).elements(id),
        Kind::Text | Kind::Code | Kind::Digits | Kind::Date | Kind::Number => cells.texts(field).words(id),
    }
}

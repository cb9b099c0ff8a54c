//! Dates: equal, day and month swapped, a year off, one digit off.
//!
//! The most specific relation is told. The measure is the distance in years. A model lists placeholder days
//! (`01-01`, `01-07`): days that people give who know only the year.
//!
//! A second column is another source of the same date. It stands in where one row lacks the first, and it is asked where
//! the first ones differ: a first date that equals the other row's second one is `CROSS`.

use super::{Compare, Outcome, Pair, Scratch, Settings, Spec};
use crate::engine::field::{Field, Kind};
use crate::engine::value::Day;

pub(super) const SPEC: Spec = Spec {
    name: "date",
    relations: &[
        "EQUAL",
        "EQUAL_PLACEHOLDER",
        "SWAPPED",
        "YEAR_OFF",
        "ONE_DIGIT",
        "TRANSPOSED",
        "SAME_YEAR_PLACEHOLDER",
        "SAME_YEAR",
        "DIFFERENT",
        "CROSS",
        "CROSS_PLACEHOLDER",
    ],
    kinds: &[Kind::Date],
    columns: (1, 2),
    measured: true,
    single: false,
    options: &["placeholder_days", "years"],
    build,
};

/// Index of `CROSS`, with the placeholder behind it.
const CROSS: u8 = 9;

fn build(settings: &Settings) -> Box<dyn Compare> {
    let placeholders = settings.placeholder_days.clone();
    let other = settings.fields.get(1).copied();
    Box::new(Dates { field: settings.fields[0], other, placeholders, years: settings.years })
}

struct Dates {
    field: Field,
    other: Option<Field>,
    placeholders: Vec<u32>,
    years: u32,
}

impl Compare for Dates {
    fn compare(&self, pair: Pair<'_>, _: &mut Scratch) -> Outcome {
        let first = |slot| pair.cells.day(slot, self.field);
        let second = |slot| self.other.and_then(|other| pair.cells.day(slot, other));
        let (a, b) = (first(pair.a), first(pair.b));
        let (x, y) = match super::both(a.or_else(|| b.and(second(pair.a))), b.or_else(|| a.and(second(pair.b)))) {
            Ok(days) => days,
            Err(missing) => return missing,
        };
        let years = (x.ordinal() - y.ordinal()).unsigned_abs() as f64 / 365.25;
        if a == b {
            return Outcome::of(u8::from(self.placeholder(x)), years);
        }
        // Two second dates that are equal are no evidence about the first ones.
        let meets = |own: Option<Day>, slot| own.filter(|day| second(slot) == Some(*day));
        let cross = meets(a, pair.b).or_else(|| meets(b, pair.a));
        let relation = cross.map_or_else(|| self.relation(x, y), |day| CROSS + u8::from(self.placeholder(day)));
        Outcome::of(relation, years)
    }
}

impl Dates {
    fn placeholder(&self, day: Day) -> bool {
        self.placeholders.contains(&day.month_day())
    }

    /// How two dates that are not equal relate.
    fn relation(&self, a: Day, b: Day) -> u8 {
        let same_year = a.year() == b.year();
        if same_year && a.month() == b.day() && a.day() == b.month() {
            2
        } else if a.month_day() == b.month_day() && a.year().abs_diff(b.year()) <= self.years {
            3
        } else if same_year && (self.placeholder(a) || self.placeholder(b)) {
            6
        } else {
            match digits_apart(a.code(), b.code()) {
                Apart::One => 4,
                Apart::Swapped => 5,
                Apart::More => 8 - u8::from(same_year),
            }
        }
    }
}

enum Apart {
    One,
    Swapped,
    More,
}

fn digits_apart(mut a: u32, mut b: u32) -> Apart {
    let (mut apart, mut last, mut swapped) = (0, None, false);
    for place in 0..8 {
        let (x, y) = (a % 10, b % 10);
        if x != y {
            apart += 1;
            swapped = last == Some((place, y, x));
            last = Some((place + 1, x, y));
        }
        a /= 10;
        b /= 10;
    }
    match apart {
        1 => Apart::One,
        2 if swapped => Apart::Swapped,
        _ => Apart::More,
    }
}

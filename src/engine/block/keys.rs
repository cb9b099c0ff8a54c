//! Keys: 64-bit hashes of derived values. Equal in every run, on every machine and in every column.

use xxhash_rust::xxh3::xxh3_64;

use crate::engine::field::{Field, Kind};
use crate::engine::plan::{Derive, Derived, Part, Rule};
use crate::engine::rows::Rows;
use crate::engine::value::{Day, Digits};

/// Buffers that one worker reuses.
#[derive(Debug, Default)]
pub(crate) struct KeyScratch {
    values: Vec<u64>,
    joined: Vec<u64>,
}

/// How a packed value is read: as guards left it, or as it was given.
pub(crate) type Read = fn(&Rows, u32, Field) -> u64;

/// The distinct keys of a row under a rule, ascending; none when a part is missing.
pub(crate) fn keys_of(rows: &Rows, rule: &Rule, slot: u32, scratch: &mut KeyScratch, out: &mut Vec<u64>) {
    join(rows, slot, Rows::cell, (rule.seed, &rule.parts), scratch, out);
    if rule.many {
        out.sort_unstable();
        out.dedup();
    }
    if !rule.frozen.is_empty() {
        out.retain(|key| !rule.frozen.contains(key));
    }
}

/// Reads a little of what the keys of a row are made from, so that the memory of several rows is waited for at once.
pub(crate) fn touch(rows: &Rows, rule: &Rule, slot: u32) -> u64 {
    let of = |derived: &Derived| {
        let cell = rows.cell(slot, derived.field);
        match derived.field.kind {
            Kind::Text | Kind::Code if cell != 0 && derived.derive == Derive::Tokens => {
                rows.cells().texts(derived.field).words(cell as u32).first().copied().unwrap_or_default()
            }
            Kind::Text | Kind::Code if cell != 0 => rows.cells().texts(derived.field).hash(cell as u32),
            Kind::Text | Kind::Code | Kind::Name | Kind::Digits | Kind::Date | Kind::Number | Kind::Set => cell,
        }
    };
    rule.parts.iter().flatten().fold(0, |sum, derived| sum ^ of(derived))
}

/// The distinct values of one part, as it was given, ascending.
pub(crate) fn values_of(rows: &Rows, part: &Part, slot: u32, scratch: &mut KeyScratch, out: &mut Vec<u64>) {
    join(rows, slot, Rows::given, (0, std::slice::from_ref(part)), scratch, out);
    out.sort_unstable();
    out.dedup();
}

/// Every combination of one value of each part.
fn join(
    rows: &Rows,
    slot: u32,
    read: Read,
    (seed, parts): (u64, &[Part]),
    scratch: &mut KeyScratch,
    out: &mut Vec<u64>,
) {
    out.clear();
    out.push(seed);
    for part in parts {
        scratch.values.clear();
        for derived in part {
            derive(rows, *derived, read(rows, slot, derived.field), &mut scratch.values);
        }
        // Two sources of one value are often equal: what follows would be done twice.
        if part.len() > 1 {
            scratch.values.sort_unstable();
            scratch.values.dedup();
        }
        std::mem::swap(out, &mut scratch.joined);
        out.clear();
        for before in &scratch.joined {
            out.extend(scratch.values.iter().map(|value| combined(*before, *value)));
        }
        if out.is_empty() {
            return;
        }
    }
}

/// A key of what came before and one more hash: both halves of a wide product, folded together. Hashes are mixed
/// already; this only has to keep the order of the parts and every bit of them.
fn combined(before: u64, value: u64) -> u64 {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let product = u128::from(before.rotate_left(32) ^ value) * u128::from(GOLDEN);
    (product >> 64) as u64 ^ product as u64
}

/// Appends the hashes of the derived values of a packed value.
fn derive(rows: &Rows, Derived { field, derive }: Derived, cell: u64, out: &mut Vec<u64>) {
    if cell == 0 {
        return;
    }
    let id = cell as u32;
    match derive {
        Derive::Plain if field.kind == Kind::Set => out.extend(rows.cells().sets(field).elements(id)),
        Derive::Plain => out.extend(rows.content(field, cell)),
        Derive::First(n) => out.extend(cut(rows, field, cell, End::First(n))),
        Derive::Last(n) => out.extend(cut(rows, field, cell, End::Last(n))),
        Derive::Deletions { from, to } => deletions(cell, (from, to), out),
        Derive::Year => out.extend(Day::from_code(id).map(|day| number(u64::from(day.year())))),
        Derive::Unordered => out.extend(Day::from_code(id).map(|day| {
            let (low, high) = (day.month().min(day.day()), day.month().max(day.day()));
            number(u64::from(day.year() * 10_000 + low * 100 + high))
        })),
        Derive::Near => out.extend(Day::from_code(id).into_iter().flat_map(|day| {
            let year = u64::from(day.year() * 10_000);
            [number(year + u64::from(day.month() * 100)), number(year + u64::from(day.day()))]
        })),
        Derive::K2 => out.extend(rows.cells().names(field).k2(id)),
        Derive::Whole => out.extend(rows.cells().names(field).whole(id)),
        Derive::Tokens => out.extend(match field.kind {
            Kind::Name => rows.cells().names(field).words(id),
            Kind::Set => rows.cells().sets(field).elements(id),
            Kind::Text | Kind::Code | Kind::Digits | Kind::Date | Kind::Number => rows.cells().texts(field).words(id),
        }),
    }
}

fn number(value: u64) -> u64 {
    xxh3_64(&value.to_le_bytes())
}

#[derive(Clone, Copy)]
enum End {
    First(usize),
    Last(usize),
}

/// The first or last letters or digits; none when there are not as many.
fn cut(rows: &Rows, field: Field, cell: u64, end: End) -> Option<u64> {
    match field.kind {
        Kind::Digits => {
            let digits = Digits::from_code(cell)?;
            let cut = match end {
                End::First(n) => digits.first(n),
                End::Last(n) => digits.last(n),
            };
            cut.map(|digits| number(digits.code()))
        }
        Kind::Date => {
            let (End::First(n) | End::Last(n)) = end;
            let power = 10u64.pow(8u32.checked_sub(n as u32)?);
            Some(number(match end {
                End::First(_) => cell / power,
                End::Last(_) => cell % 10u64.pow(n as u32),
            }))
        }
        Kind::Text | Kind::Code | Kind::Name | Kind::Number | Kind::Set => {
            let text = rows.cells().texts(field).text(cell as u32);
            let part = match end {
                End::First(n) => prefix(text, n),
                End::Last(n) => suffix(text, n),
            };
            part.map(|part| xxh3_64(part.as_bytes()))
        }
    }
}

fn prefix(text: &str, n: usize) -> Option<&str> {
    text.char_indices().nth(n - 1).map(|(at, last)| &text[..at + last.len_utf8()])
}

fn suffix(text: &str, n: usize) -> Option<&str> {
    text.char_indices().nth_back(n - 1).map(|(at, _)| &text[at..])
}

/// The digits, and the digits with each one of some places left out: two numbers that are one substitution, one insertion,
/// one deletion or one swap of neighbours apart there have one of these in common.
fn deletions(cell: u64, (from, to): (usize, usize), out: &mut Vec<u64>) {
    let Some(digits) = Digits::from_code(cell) else { return };
    out.push(number(cell));
    out.extend(digits.without_each(from, to).map(|less| number(less.code())));
}

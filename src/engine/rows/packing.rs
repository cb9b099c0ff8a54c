//! Values to packed ones, a column of many rows at a time.

use std::borrow::Cow;

use crate::engine::name::NameRules;
use crate::engine::table::{Dictionary, text_hash};
use crate::engine::value::Value;

/// Values of a column that are packed together: the waits for the memory of its dictionary overlap.
const VALUES_AT_ONCE: usize = 32;
/// Values of a column that are remembered while its rows are packed. Families stand together in a list, and share a card,
/// an address and a mother; so few are enough, and a core keeps them near.
const REMEMBERED: usize = 1 << 12;

/// What a value is made from, in short: where two are equal, so are the values. `None` is not remembered.
pub(super) type Digest = Option<u128>;

/// The packed values of one column.
#[derive(Default)]
pub(super) struct PackedColumn {
    pub(super) cells: Vec<u64>,
    /// Rows whose values could not be read.
    pub(super) unread: Vec<u32>,
}

/// Packs the values of so many rows; `value` is asked only where the digest of a row is not remembered.
pub(super) fn pack_column<'a>(
    (table, names): (&mut Dictionary, &NameRules),
    rows: usize,
    digest: impl Fn(usize) -> Digest,
    value: impl Fn(usize) -> Cow<'a, Value>,
) -> PackedColumn {
    let mut packed = PackedColumn { cells: vec![0; rows], unread: Vec::new() };
    let mut remembered: Vec<(u128, u64)> = Vec::new();
    let mut waiting: Vec<(usize, Digest, Cow<'_, Value>)> = Vec::with_capacity(VALUES_AT_ONCE);
    for row in 0..rows {
        let digest = digest(row);
        match digest.and_then(|digest| remembered.get(place_of(digest)).filter(|known| known.0 == digest)) {
            Some((_, cell)) => packed.cells[row] = *cell,
            None => waiting.push((row, digest, value(row))),
        }
        if waiting.len() == VALUES_AT_ONCE || row + 1 == rows {
            packed.take((table, names), &mut waiting, &mut remembered);
        }
    }
    packed
}

impl PackedColumn {
    /// Packs what waits, in its order, and remembers it.
    fn take(
        &mut self,
        (table, names): (&mut Dictionary, &NameRules),
        waiting: &mut Vec<(usize, Digest, Cow<'_, Value>)>,
        remembered: &mut Vec<(u128, u64)>,
    ) {
        let mut hashes = [0; VALUES_AT_ONCE];
        hashes.iter_mut().zip(waiting.iter()).for_each(|(hash, (.., value))| *hash = hash_of(value));
        touch(table, &hashes[..waiting.len()]);
        for ((row, digest, value), hash) in waiting.drain(..).zip(hashes) {
            let cell = pack(table, names, &value, hash);
            self.cells[row] = cell;
            if matches!(*value, Value::Unreadable) {
                // Whoever counts these is told of each of them.
                self.unread.push(row as u32);
            } else if let Some(digest) = digest {
                if remembered.is_empty() {
                    remembered.resize(REMEMBERED, (0, 0));
                }
                remembered[place_of(digest)] = (digest, cell);
            }
        }
    }
}

/// Where a digest is remembered.
const fn place_of(digest: u128) -> usize {
    digest as usize % REMEMBERED
}

/// The hash of a text; of other values nothing is asked.
#[inline]
pub(super) fn hash_of(value: &Value) -> u64 {
    if let Value::Text(text) | Value::Code(text) = value { text_hash(text) } else { 0 }
}

/// Reads what packing texts of these hashes will read.
fn touch(table: &Dictionary, hashes: &[u64]) {
    if let Dictionary::Texts(texts) = table {
        std::hint::black_box(hashes.iter().fold(0, |seen, hash| seen ^ texts.touch_hash(*hash)));
    }
}

/// A value as it stands in a row; `hash` is that of [`hash_of`].
pub(super) fn pack(table: &mut Dictionary, names: &NameRules, value: &Value, hash: u64) -> u64 {
    match (value, table) {
        (Value::Digits(digits), _) => digits.code(),
        (Value::Date(day), _) => u64::from(day.code()),
        (Value::Number(number), _) if !number.is_nan() => !(number + 0.0).to_bits(),
        (Value::Text(text) | Value::Code(text), Dictionary::Texts(texts)) => u64::from(texts.intern(text, hash)),
        (Value::Name(parts), Dictionary::Names(known)) => u64::from(known.intern(parts, names)),
        (Value::Set(set), Dictionary::Sets(sets)) => u64::from(sets.intern(set)),
        (
            Value::Missing
            | Value::Unreadable
            | Value::Number(_)
            | Value::Text(_)
            | Value::Code(_)
            | Value::Name(_)
            | Value::Set(_),
            _,
        ) => 0,
    }
}

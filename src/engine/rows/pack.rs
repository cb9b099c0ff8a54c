//! Values to packed values, and back into other rows.

use super::{LINE, Line, Rows};
use crate::engine::plan::{Field, Kind, Plan};
use crate::engine::table::{Names, Sets, Table, Texts, text_hash};
use crate::engine::value::Value;

impl Rows {
    /// Puts a copy of a row of another set under the same plan into a free slot, as guards left it. What they hid, and
    /// what could not be read, is left behind: weights do not ask it.
    pub(crate) fn copy_of(&mut self, other: &Self, slot: u32) -> u32 {
        let own = self.open_slot(other.id(slot));
        let plan = std::sync::Arc::clone(&self.plan);
        for field in plan.fields() {
            let cell = self.tables[field.index].copy_of(&other.tables[field.index], other.cell(slot, *field));
            self.store(own, *field, cell);
        }
        own
    }
}

pub(super) fn empty_table(kind: Kind, words: bool) -> Table {
    match kind {
        Kind::Text | Kind::Code => Table::Texts(Texts::new(words)),
        Kind::Name => Table::Names(Names::default()),
        Kind::Set => Table::Sets(Sets::default()),
        Kind::Digits | Kind::Date | Kind::Number => Table::None,
    }
}

/// Puts a packed value into a row.
#[inline]
pub(super) fn store(row: &mut [Line], field: Field, cell: u64) {
    let mut put = |at: usize, word: u32| row[at / LINE].0[at % LINE] = word;
    put(field.offset, cell as u32);
    if field.wide() {
        put(field.offset + 1, (cell >> 32) as u32);
    }
}

/// The hash of a text; of other values nothing is asked.
#[inline]
pub(super) fn hash_of(value: &Value) -> u64 {
    if let Value::Text(text) | Value::Code(text) = value { text_hash(text) } else { 0 }
}

/// Reads what packing texts of these hashes will read.
pub(super) fn touch(table: &Table, hashes: &[u64]) {
    if let Table::Texts(texts) = table {
        std::hint::black_box(hashes.iter().fold(0, |seen, hash| seen ^ texts.touch_hash(*hash)));
    }
}

/// A value as it stands in a row; `hash` is that of [`hash_of`].
pub(super) fn pack(table: &mut Table, plan: &Plan, value: &Value, hash: u64) -> u64 {
    match (value, table) {
        (Value::Digits(digits), _) => digits.code(),
        (Value::Date(day), _) => u64::from(day.code()),
        (Value::Number(number), _) if !number.is_nan() => !(number + 0.0).to_bits(),
        (Value::Text(text) | Value::Code(text), Table::Texts(texts)) => u64::from(texts.intern(text, hash)),
        (Value::Name(parts), Table::Names(names)) => u64::from(names.intern(parts, plan.names())),
        (Value::Set(set), Table::Sets(sets)) => u64::from(sets.intern(set)),
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

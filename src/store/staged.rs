//! Writes by table and key: what a group of batches is about to change.

use std::collections::BTreeMap;

use super::{Committed, Position, Table, batch::Write, keys::Heads};

/// The changes of a group; of two changes of one key the later one counts.
#[derive(Default)]
pub(super) struct Staged {
    tables: [BTreeMap<Vec<u8>, Option<Vec<u8>>>; Table::COUNT],
}

impl Staged {
    /// Adds a batch's writes.
    pub(super) fn add(&mut self, writes: Vec<Write>) {
        for Write { table, key, value } in writes {
            self.tables[table.index()].insert(key, value);
        }
    }

    /// What is staged for a key: a new value, or its deletion.
    pub(super) fn get(&self, table: Table, key: &[u8]) -> Option<&Option<Vec<u8>>> {
        self.tables[table.index()].get(key)
    }

    /// Whether nothing is staged.
    pub(super) fn is_empty(&self) -> bool {
        self.tables.iter().all(BTreeMap::is_empty)
    }

    /// Whether a change is staged in the range.
    pub(super) fn touches(&self, table: Table, range: impl std::ops::RangeBounds<Vec<u8>>) -> bool {
        self.tables[table.index()].range(range).next().is_some()
    }

    /// The last positions once it is written.
    pub(super) fn heads(&self, before: Heads) -> Heads {
        let last = |table: Table| {
            let mut changes = self.tables[table.index()].iter().rev();
            // What is deleted was there before.
            changes.find(|(_, entry)| entry.is_some()).and_then(|(key, _)| Position::of(key))
        };
        before.after(Committed { journal: last(Table::Journal), audit: last(Table::Audit) })
    }

    /// The tables that change, each with its changes in key order; `None` deletes.
    pub(super) fn changes(&self) -> impl Iterator<Item = (Table, &BTreeMap<Vec<u8>, Option<Vec<u8>>>)> {
        Table::ALL.into_iter().zip(&self.tables).filter(|(_, changes)| !changes.is_empty())
    }
}

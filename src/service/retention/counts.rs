//! What went, by table.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::Serialize;

use crate::store::Table;

/// What went from a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// Entries.
    pub entries: u64,
    /// Bytes of their keys and values.
    pub bytes: u64,
}

/// What went from all tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    tables: BTreeMap<Table, Taken>,
}

impl Counts {
    /// Adds one entry.
    pub(super) fn add(&mut self, table: Table, key: &[u8], value: &[u8]) {
        let taken = self.tables.entry(table).or_default();
        taken.entries += 1;
        taken.bytes += (key.len() + value.len()) as u64;
    }

    /// What went from a table.
    pub fn of(&self, table: Table) -> Taken {
        self.tables.get(&table).copied().unwrap_or_default()
    }

    /// Whether nothing went.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Over all tables.
    pub fn total(&self) -> Taken {
        let mut total = Taken::default();
        for taken in self.tables.values() {
            total.entries += taken.entries;
            total.bytes += taken.bytes;
        }
        total
    }

    /// The tables that something went from, by name.
    pub fn by_name(&self) -> BTreeMap<&'static str, Taken> {
        self.tables.iter().map(|(table, taken)| (table.name(), *taken)).collect()
    }
}

impl AddAssign<&Self> for Counts {
    fn add_assign(&mut self, other: &Self) {
        for (table, more) in &other.tables {
            let taken = self.tables.entry(*table).or_default();
            taken.entries += more.entries;
            taken.bytes += more.bytes;
        }
    }
}

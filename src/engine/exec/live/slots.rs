//! Record numbers to slots. The table holds slots only: the rows know the record number of each.

use hashbrown::HashTable;

use crate::engine::error::RowError;
use crate::engine::rows::Rows;

/// Which slot each record has.
#[derive(Debug, Default)]
pub(super) struct Slots(HashTable<u32>);

impl Slots {
    /// The slots of all rows; refuses a record that is there twice.
    pub(super) fn of(rows: &Rows) -> Result<Self, RowError> {
        let mut slots = Self(HashTable::with_capacity(rows.len()));
        for slot in rows.slots() {
            if slots.get(rows, rows.id(slot)).is_some() {
                return Err(RowError::Twice { id: rows.id(slot) });
            }
            slots.insert(rows, slot);
        }
        Ok(slots)
    }

    /// The slot of a record.
    #[inline]
    pub(super) fn get(&self, rows: &Rows, id: u64) -> Option<u32> {
        self.0.find(hash(id), |slot| rows.id(*slot) == id).copied()
    }

    /// Enters the row of a slot, whose record is new.
    pub(super) fn insert(&mut self, rows: &Rows, slot: u32) {
        self.0.insert_unique(hash(rows.id(slot)), slot, |slot| hash(rows.id(*slot)));
    }

    /// Takes a record out whose row is still in its slot.
    pub(super) fn remove(&mut self, rows: &Rows, id: u64) -> Option<u32> {
        let entry = self.0.find_entry(hash(id), |slot| rows.id(*slot) == id).ok()?;
        Some(entry.remove().0)
    }
}

/// Record numbers follow each other; the table wants every bit to matter, the highest ones most.
#[inline]
fn hash(id: u64) -> u64 {
    let product = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ product >> 32
}

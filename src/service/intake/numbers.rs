//! Numbers of records and rows. A gateway that has its store to itself counts on from what is there; gateways that
//! share one draw blocks of numbers from it, so that no two give the same.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::domain::record::{RecordId, Sequence};
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::stored::codec::{decode, encode};
use crate::store::{Read, StoreError, Table, WriteBatch};

/// Numbers drawn from a shared store at a time.
const BLOCK: u64 = 4_096;

/// Where a shared store keeps what is free.
const MARK: &[u8] = b"numbers";

/// How often a block is asked for again because another gateway took one in between.
const MAX_TRIES: usize = 100;

/// Numbers of either kind that this gateway may give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::service) struct Numbers {
    records: Range<u64>,
    sequences: Range<u64>,
}

/// The numbers at hand.
pub(in crate::service) struct Pool {
    free: Mutex<Numbers>,
    /// The first free ones as far as was known at the start.
    first: Free,
}

/// The first numbers that nobody was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::service) struct Free {
    pub(in crate::service) record: u64,
    pub(in crate::service) sequence: u64,
}

impl Free {
    /// The later of two, in each kind.
    pub(in crate::service) fn max(self, other: Self) -> Self {
        Self { record: self.record.max(other.record), sequence: self.sequence.max(other.sequence) }
    }

    /// Takes note of numbers that were given.
    pub(in crate::service) fn add(&mut self, record: RecordId, sequence: Sequence) {
        self.record = self.record.max(record.0 + 1);
        self.sequence = self.sequence.max(sequence.0 + 1);
    }
}

impl Pool {
    /// All numbers from `first` on when the store is this gateway's alone; none yet when it is shared.
    pub(in crate::service) fn new(first: Free, shared: bool) -> Self {
        let end = |first| if shared { first } else { u64::MAX };
        let free = Numbers { records: first.record..end(first.record), sequences: first.sequence..end(first.sequence) };
        Self { free: Mutex::new(free), first }
    }

    /// Takes `count` of each, rows above `above`; `None` when there are not enough.
    fn take(&self, count: u64, above: Sequence) -> Option<Numbers> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let enough =
            free.records.end - free.records.start >= count && free.sequences.end - free.sequences.start >= count;
        if !enough || free.sequences.start <= above.0 {
            return None;
        }
        let (record, sequence) = (free.records.start + count, free.sequences.start + count);
        let taken = Numbers { records: free.records.start..record, sequences: free.sequences.start..sequence };
        (free.records.start, free.sequences.start) = (record, sequence);
        Some(taken)
    }

    /// Takes back what was not used, unless others have drawn since.
    fn take_back(&self, rest: &Numbers) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.records.start == rest.records.end {
            free.records.start = rest.records.start;
        }
        if free.sequences.start == rest.sequences.end {
            free.sequences.start = rest.sequences.start;
        }
    }

    /// The first numbers that were not given yet.
    pub(in crate::service) fn first_free(&self) -> Free {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        Free { record: free.records.start, sequence: free.sequences.start }
    }

    fn put(&self, block: Numbers) {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) = block;
    }
}

impl Numbers {
    /// The next record number; as many were drawn as can be needed.
    pub(in crate::service) fn record(&mut self) -> RecordId {
        RecordId(self.records.next().expect("a number for each row was drawn"))
    }

    /// The next row number.
    pub(in crate::service) fn sequence(&mut self) -> Sequence {
        Sequence(self.sequences.next().expect("a number for each row was drawn"))
    }
}

/// The first numbers that no gateway on a shared store has drawn; `None` where none ever drew any.
pub(in crate::service) async fn given(reader: &dyn Read) -> Result<Option<Free>, ServiceError> {
    let stored = reader.get(Table::Marks, MARK.to_vec()).await?;
    stored.as_deref().map(|bytes| decode(bytes, "numbers")).transpose()
}

impl Gateway {
    /// Draws `count` record numbers and as many row numbers above `above`.
    pub(in crate::service) async fn draw(&self, count: usize, above: Sequence) -> Result<Numbers, ServiceError> {
        let count = count as u64;
        for _ in 0..MAX_TRIES {
            if let Some(numbers) = self.intake().numbers.take(count, above) {
                return Ok(numbers);
            }
            let stored = self.get(Table::Marks, MARK.to_vec()).await?;
            let known = stored.as_deref().map(|bytes| decode::<Free>(bytes, "numbers")).transpose()?;
            let first = self.intake().numbers.first;
            let free = known.map_or(first, |known| known.max(first));
            let size = count.max(BLOCK);
            let block =
                Numbers { records: free.record..free.record + size, sequences: free.sequence..free.sequence + size };
            let mut write = WriteBatch::new();
            match stored {
                Some(before) => write.require_equals(Table::Marks, MARK, before),
                None => write.require_absent(Table::Marks, MARK),
            };
            write.put(Table::Marks, MARK, encode(&Free { record: block.records.end, sequence: block.sequences.end }));
            match self.store().commit(write).await {
                Ok(_) => self.intake().numbers.put(block),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(ServiceError::Busy)
    }

    /// Gives back what was drawn and not used.
    pub(in crate::service) fn give_back(&self, rest: &Numbers) {
        self.intake().numbers.take_back(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_given_once_and_come_back_in_order() {
        let pool = Pool::new(Free { record: 1, sequence: 1 }, false);
        let mut first = pool.take(3, Sequence(0)).expect("all numbers are free");
        assert_eq!((first.record(), first.sequence()), (RecordId(1), Sequence(1)));
        pool.take_back(&first);
        let mut second = pool.take(2, Sequence(0)).expect("free");
        assert_eq!((second.record(), second.sequence()), (RecordId(2), Sequence(2)));
        let third = pool.take(1, Sequence(0)).expect("free");
        pool.take_back(&second);
        assert_eq!(pool.take(1, Sequence(0)).expect("free").records, 5..6, "others drew behind it");
        assert_eq!(third.records, 4..5);
    }

    #[test]
    fn a_shared_pool_starts_empty_and_blocks_below_a_row_are_not_used() {
        let pool = Pool::new(Free { record: 9, sequence: 9 }, true);
        assert_eq!(pool.take(1, Sequence(0)), None);
        pool.put(Numbers { records: 10..20, sequences: 30..40 });
        assert_eq!(pool.take(1, Sequence(30)), None, "a row newer than these numbers is known");
        assert!(pool.take(10, Sequence(29)).is_some());
        assert_eq!(pool.take(1, Sequence(0)), None, "used up");
    }
}

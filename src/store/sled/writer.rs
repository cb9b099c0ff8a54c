//! How sled writes a group: one transaction, its own flush, our fsync, the mark.

use std::{fs::File, io, sync::Arc};

use super::Shared;
use crate::store::{StoreError, Table, folder::Mark, group::Engine, keys::Heads, staged::Staged};

/// sled's log takes at most about this many times the bytes of a group: each change, and now and then a whole page.
const LOG_FACTOR: u64 = 4;

/// How a file is made durable; a parameter so that tests can make it fail.
pub(super) type Sync = Arc<dyn Fn(&File) -> io::Result<()> + Send + std::marker::Sync>;

/// The writing half of a store.
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) database: File,
    pub(super) sync: Sync,
    pub(super) mark: Mark,
    /// The last group applied.
    pub(super) group: u64,
    /// The number for the next value in pieces.
    pub(super) next_number: u64,
    /// The last positions that were given.
    pub(super) heads: Heads,
}

impl Engine for Writer {
    fn begin(&mut self, bytes: u64, _asked: &[(Table, &[u8])]) -> Result<(), StoreError> {
        self.shared.writable(bytes * LOG_FACTOR)
    }

    fn get(&mut self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.shared.trees.get(table, key)
    }

    fn heads(&mut self) -> Heads {
        self.heads
    }

    fn end(&mut self, staged: Staged) -> Result<(), StoreError> {
        if staged.is_empty() {
            return Ok(());
        }
        self.group += 1;
        let heads = staged.heads(self.heads);
        let (doing, written) = self.write(staged);
        match &written {
            Ok(()) => {
                self.heads = heads;
                self.shared.gate.settle(self.group);
            }
            Err(_) => self.shared.poison(doing),
        }
        written
    }

    fn panicked(&mut self) {
        self.shared.poison("writing a group");
    }
}

impl Writer {
    /// What was being done last, and how it went.
    fn write(&mut self, staged: Staged) -> (&'static str, Result<(), StoreError>) {
        let (group, next_number) = (self.group, &mut self.next_number);
        let Shared { gate, trees, .. } = &*self.shared;
        if let Err(error) = gate.enter(group, staged, |staged| trees.apply(staged, group, next_number)) {
            return ("applying a group", Err(error));
        }
        if let Err(error) = trees.flush() {
            return ("writing a group", Err(error));
        }
        // sled's flush ends at sync_file_range, which does not survive a power cut. Never called again after it failed:
        // the kernel reports a lost write once.
        if let Err(error) = (self.sync)(&self.database) {
            return ("syncing a group", Err(StoreError::io("syncing a group", error)));
        }
        ("marking a group", self.mark.set(group))
    }
}

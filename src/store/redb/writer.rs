//! How redb writes a group: one transaction over all tables, durable when it is committed, then the mark.

use std::sync::Arc;

use super::{
    Database, Shared,
    tables::{Tables, failed, note_group, of},
};
use crate::store::{StoreError, Table, folder::Mark, group::Engine, keys::Heads, seal, staged::Staged};

/// A group may take up about this many times its bytes for a while: pages are copied before they change.
const COPY_FACTOR: u64 = 4;

/// The writing half of a store.
pub(super) struct Writer {
    shared: Arc<Shared>,
    mark: Mark,
    /// The last group written.
    group: u64,
    /// The last positions that were given.
    heads: Heads,
    /// The state before the group under way.
    before: Option<Tables>,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, mark: Mark, group: u64) -> Result<Self, StoreError> {
        let heads = shared.database.tables()?.heads()?;
        Ok(Self { shared, mark, group, heads, before: None })
    }

    fn write(&self, staged: &Staged) -> Result<(), StoreError> {
        let doing = "writing a group";
        let Database::Writes(database) = &self.shared.database else { return Err(StoreError::ReadOnly) };
        let writing = database.begin_write().map_err(|error| failed(doing, error))?;
        for (table, changes) in staged.changes() {
            let mut open = writing.open_table(of(table)).map_err(|error| failed(doing, error))?;
            for (key, value) in changes {
                match value {
                    Some(value) => open.insert(key.as_slice(), seal::seal(table, key, value).as_slice()),
                    None => open.remove(key.as_slice()),
                }
                .map_err(|error| failed(doing, error))?;
            }
        }
        note_group(&writing, self.group)?;
        writing.commit().map_err(|error| failed("syncing a group", error))?;
        self.mark.set(self.group)
    }
}

impl Engine for Writer {
    fn begin(&mut self, bytes: u64, _asked: &[(Table, &[u8])]) -> Result<(), StoreError> {
        self.shared.writable(bytes * COPY_FACTOR)?;
        self.before = Some(self.shared.database.tables()?);
        Ok(())
    }

    fn get(&mut self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.before.as_ref().expect("a group was begun").get(table, key)
    }

    fn heads(&mut self) -> Heads {
        self.heads
    }

    fn end(&mut self, staged: Staged) -> Result<(), StoreError> {
        // The old pages may be used again as soon as nobody reads them.
        self.before = None;
        if staged.is_empty() {
            return Ok(());
        }
        self.group += 1;
        let written = self.write(&staged);
        match &written {
            Ok(()) => self.heads = staged.heads(self.heads),
            Err(_) => self.shared.poison("writing a group"),
        }
        written
    }

    fn panicked(&mut self) {
        self.shared.poison("writing a group");
    }
}

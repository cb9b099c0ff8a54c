//! A store in this process's memory: for tests and for tools that keep nothing.
//!
//! Same semantics as every other adapter but one: nothing outlives the process. Calls take the lock for as long as
//! they work and never wait while they hold it.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    ops::Bound,
    sync::{PoisonError, RwLock},
};

use async_trait::async_trait;

use super::{Committed, Config, Read, Row, Snapshot, Store, StoreError, Table, WriteBatch, batch::fits, keys::Heads};

/// Tables in memory.
pub(super) struct MemoryStore(Reader);

/// The reading half, and the copy that a snapshot is.
struct Reader {
    limits: Config,
    state: RwLock<State>,
}

#[derive(Default, Clone)]
struct State {
    closed: bool,
    bytes: u64,
    tables: [BTreeMap<Vec<u8>, Vec<u8>>; Table::COUNT],
}

impl MemoryStore {
    pub(super) fn new(limits: Config) -> Self {
        Self(Reader { limits, state: RwLock::default() })
    }
}

impl Reader {
    fn read<T>(&self, work: impl FnOnce(&State) -> T) -> T {
        work(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn reader(&self) -> &dyn Read {
        &self.0
    }

    async fn commit(&self, batch: WriteBatch) -> Result<Committed, StoreError> {
        batch.within(&self.0.limits)?;
        let mut state = self.0.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(StoreError::Closed);
        }
        batch.check(|table, key| Ok(state.tables[table.index()].get(key)))?;
        let (writes, committed) = batch.into_writes(state.heads());
        for write in writes {
            state.apply(write.table, write.key, write.value);
        }
        Ok(committed)
    }

    async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let state = self.0.read(State::clone);
        Ok(Snapshot::new(Reader { limits: self.0.limits.clone(), state: RwLock::new(state) }, ()))
    }

    async fn health(&self) -> Result<(), StoreError> {
        self.0.read(|state| if state.closed { Err(StoreError::Closed) } else { Ok(()) })
    }

    async fn disk_bytes(&self) -> Result<u64, StoreError> {
        Ok(self.0.read(|state| state.bytes))
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.0.state.write().unwrap_or_else(PoisonError::into_inner).closed = true;
        Ok(())
    }
}

#[async_trait]
impl Read for Reader {
    async fn get_many(&self, table: Table, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        fits("list of keys", keys.len(), self.limits.max_read_rows)?;
        Ok(self.read(|state| keys.iter().map(|key| state.tables[table.index()].get(key).cloned()).collect()))
    }

    async fn scan(
        &self,
        table: Table,
        from: Vec<u8>,
        to: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        fits("page", limit, self.limits.max_read_rows)?;
        if to.as_ref().is_some_and(|to| *to <= from) {
            return Ok(Vec::new());
        }
        let range = (Bound::Included(from), to.map_or(Bound::Unbounded, Bound::Excluded));
        Ok(self.read(|state| {
            let rows = state.tables[table.index()].range(range);
            rows.take(limit).map(|(key, value)| (key.clone(), value.clone())).collect()
        }))
    }

    async fn last(&self, table: Table) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.read(|state| state.tables[table.index()].last_key_value().map(|(key, _)| key.clone())))
    }
}

impl State {
    fn heads(&self) -> Heads {
        let last = |table: Table| self.tables[table.index()].last_key_value().map(|(key, _)| key.clone());
        let Ok(heads) = Heads::of(|table| Ok::<_, Infallible>(last(table)));
        heads
    }

    fn apply(&mut self, table: Table, key: Vec<u8>, value: Option<Vec<u8>>) {
        let key_bytes = key.len();
        let added = value.as_ref().map_or(0, |value| key_bytes + value.len());
        let table = &mut self.tables[table.index()];
        let old = match value {
            Some(value) => table.insert(key, value),
            None => table.remove(&key),
        };
        let removed = old.map_or(0, |old| key_bytes + old.len());
        self.bytes = self.bytes + added as u64 - removed as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::conformance::{self, Memory};
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn conforms() {
        let limits = conformance::limits();
        conformance::run(|_| Arc::new(MemoryStore::new(limits.clone())), Memory::Forgets).await;
    }

    #[tokio::test]
    async fn counts_its_bytes() {
        let store = MemoryStore::new(Config::default());
        let check = async |name: &str, write: fn(&mut WriteBatch), expected: u64| {
            let mut batch = WriteBatch::new();
            write(&mut batch);
            store.commit(batch).await.unwrap();
            assert_eq!(store.disk_bytes().await.unwrap(), expected, "{name}");
        };
        check("put", |b| _ = b.put(Table::Rows, *b"ab", *b"cdef"), 6).await;
        check("overwrite", |b| _ = b.put(Table::Rows, *b"ab", *b"c"), 3).await;
        check("delete nothing", |b| _ = b.delete(Table::Rows, *b"x"), 3).await;
        check("delete", |b| _ = b.delete(Table::Rows, *b"ab"), 0).await;
    }
}

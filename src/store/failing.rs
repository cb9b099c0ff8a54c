//! A store that fails on the n-th write, for tests of what stands on a store.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;

use super::{Committed, Read, Snapshot, Store, StoreError, WriteBatch};

/// What the failing write leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing was written.
    Nothing,
    /// The batch was written; only the answer is an error.
    Written,
}

/// Passes all calls on to another store, except that one write fails and all later ones are refused.
pub(crate) struct FailingStore {
    inner: Arc<dyn Store>,
    /// Writes left before the one that fails.
    left: AtomicUsize,
    outcome: Outcome,
}

impl FailingStore {
    /// The `nth` commit fails, counted from 1; those behind it are refused as by a poisoned store.
    pub(crate) fn new(inner: Arc<dyn Store>, nth: usize, outcome: Outcome) -> Self {
        Self { inner, left: AtomicUsize::new(nth), outcome }
    }

    /// Counts one write down; what is left is 1 for the write that fails and 0 for those behind it.
    fn count_down(&self) -> usize {
        let next = |left: usize| Some(left.saturating_sub(1));
        self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next).expect("the closure always gives a value")
    }
}

#[async_trait]
impl Store for FailingStore {
    fn name(&self) -> &'static str {
        "failing"
    }

    fn reader(&self) -> &dyn Read {
        self.inner.reader()
    }

    async fn commit(&self, batch: WriteBatch) -> Result<Committed, StoreError> {
        match self.count_down() {
            0 => Err(StoreError::Poisoned { after: "failing on purpose" }),
            1 => {
                if self.outcome == Outcome::Written {
                    self.inner.commit(batch).await?;
                }
                Err(StoreError::io("failing on purpose", std::io::Error::other("asked for by a test")))
            }
            _ => self.inner.commit(batch).await,
        }
    }

    async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.inner.snapshot().await
    }

    async fn health(&self) -> Result<(), StoreError> {
        if self.left.load(Ordering::SeqCst) == 0 {
            return Err(StoreError::Poisoned { after: "failing on purpose" });
        }
        self.inner.health().await
    }

    async fn disk_bytes(&self) -> Result<u64, StoreError> {
        self.inner.disk_bytes().await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.inner.close().await
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, StoreUrl, Table, open};
    use super::*;

    #[tokio::test]
    async fn the_nth_write_fails_and_later_ones_are_refused() {
        for (outcome, expected) in [(Outcome::Nothing, 1), (Outcome::Written, 2)] {
            let memory = open(&StoreUrl::Memory, &Config::default()).unwrap();
            let store = FailingStore::new(Arc::clone(&memory), 2, outcome);
            let mut answers = Vec::new();
            for key in 0..4_u8 {
                let mut batch = WriteBatch::new();
                batch.put(Table::Cases, [key], [key]);
                answers.push(match store.commit(batch).await {
                    Ok(_) => "ok",
                    Err(StoreError::Io { .. }) => "io",
                    Err(StoreError::Poisoned { .. }) => "poisoned",
                    Err(other) => panic!("{outcome:?}: {other}"),
                });
            }
            assert_eq!(answers, ["ok", "io", "poisoned", "poisoned"], "{outcome:?}");
            assert!(store.health().await.is_err(), "{outcome:?}");
            let kept = store.scan(Table::Cases, Vec::new(), None, 10).await.unwrap();
            assert_eq!(kept.len(), expected, "{outcome:?}");
        }
    }
}

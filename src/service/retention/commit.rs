//! One step of a compaction, written whole or not at all.

use super::plan::Step;
use crate::service::error::ServiceError;
use crate::service::stored::codec::encode;
use crate::service::stored::journal::{
    COMPACTED_MARK, CompactedMark, DERIVED_MARK, DerivedMark, Entry, Reached, compacted_mark, derived_mark,
};
use crate::store::{Committed, Position, Read, Store, StoreError, Table, WriteBatch};

/// Where a compaction stands: what is compacted, and what may be.
pub(super) struct StoredMarks {
    /// The mark of compaction as it is stored.
    stored: Option<Vec<u8>>,
    /// How far the journal is compacted.
    pub(super) reached: Reached,
    /// The mark of the derived state as it is stored, and as it reads.
    derived: (Vec<u8>, DerivedMark),
}

/// Who sees to it that the mark of the derived state passes what a step leaves in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MarkPassedBy {
    /// The gateway that follows the journal.
    Follower,
    /// The step itself, where everything before it is matched: nobody else works on the store.
    Step,
}

impl StoredMarks {
    /// Reads the marks; `None` where the derived state is not whole, so that nothing may go.
    pub(super) async fn read(reader: &dyn Read) -> Result<Option<Self>, ServiceError> {
        let (stored, mark) = compacted_mark(reader).await?;
        let reached = mark.map(|mark| mark.reached).unwrap_or_default();
        Ok(match derived_mark(reader).await? {
            (Some(bytes), Some(derived)) if derived.whole => Some(Self { stored, reached, derived: (bytes, derived) }),
            _ => None,
        })
    }

    /// What follows from everything up to here is written.
    pub(super) fn matched(&self) -> Reached {
        self.derived.1.reached
    }

    /// Writes a step; answers where its note stands. Somebody else who compacts at the same time makes it fail.
    pub(super) async fn commit(
        self,
        store: &dyn Store,
        step: Step,
        passed_by: MarkPassedBy,
    ) -> Result<Committed, ServiceError> {
        let mut write = WriteBatch::new();
        match self.stored {
            Some(before) => write.require_equals(Table::Marks, COMPACTED_MARK, before),
            None => write.require_absent(Table::Marks, COMPACTED_MARK),
        };
        for (key, batch) in step.batch_values() {
            write.put(Table::Batches, key, batch);
        }
        for (table, key) in step.deletes {
            write.delete(table, key);
        }
        let (stored, derived) = self.derived;
        let mark = CompactedMark { reached: step.reached, free: derived.free };
        write.put(Table::Marks, COMPACTED_MARK, encode(&mark));
        if !step.removed.is_empty() {
            if passed_by == MarkPassedBy::Step {
                let head = store.head().await?;
                pass(&mut write, (stored, derived), head);
            }
            write.note(Entry::Compacted(step.removed).encoded());
        }
        match store.commit(write).await {
            Ok(committed) => Ok(committed),
            Err(StoreError::Conflict { .. }) => Err(ServiceError::Changed { what: "retention" }),
            Err(error) => Err(error.into()),
        }
    }
}

/// Moves the mark of the derived state over the note behind `head`, from which nothing follows.
fn pass(write: &mut WriteBatch, (stored, derived): (Vec<u8>, DerivedMark), head: Position) {
    if derived.reached != (Reached { through: head.0, rows: 0 }) {
        return;
    }
    let reached = Reached { through: head.next().0, rows: 0 };
    write.require_absent(Table::Journal, head.next().key()).require_equals(Table::Marks, DERIVED_MARK, stored);
    write.put(Table::Marks, DERIVED_MARK, encode(&DerivedMark { reached, ..derived }));
}

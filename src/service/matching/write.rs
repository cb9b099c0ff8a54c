//! Writing what is derived, under a mark of how far it reaches.

use super::derive::Changes;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::stored::codec::encode;
use crate::service::stored::journal::{DERIVED_MARK, DerivedMark, Reached};
use crate::store::{StoreError, Table, WriteBatch};

/// Entries written in one transaction while much is written; see [`Gateway::write_in_parts`].
const PART: usize = 2_000;

/// What is needed to write what is derived.
#[derive(Debug, Default)]
pub(in crate::service) struct Pen {
    /// The mark of the derived state as it was stored last.
    pub(in crate::service) mark: Option<Vec<u8>>,
    /// This gateway writes.
    pub(in crate::service) leads: bool,
    /// What is written keeps the index in the store as the derived state is.
    pub(in crate::service) index: bool,
    /// Another gateway wrote while this one thought that it led.
    pub(in crate::service) replaced: bool,
}

impl Gateway {
    /// Writes what follows from a step, in one commit with its mark; a leader that was replaced leads no more.
    pub(super) async fn write_derived(
        &self,
        pen: &mut Pen,
        reached: Reached,
        changes: Changes,
    ) -> Result<(), ServiceError> {
        if changes.bytes() > self.settings().max_derived_bytes {
            return self.write_in_parts(pen, reached, changes).await;
        }
        let mut write = WriteBatch::new();
        for ((table, key), value) in changes.into_entries() {
            match value {
                Some(value) => write.put(table, key, value),
                None => write.delete(table, key),
            };
        }
        self.commit_marked(pen, reached, write, true).await
    }

    /// Writes what is too much for one commit. Its mark says from the first part to the last that the state is not
    /// whole, so that whoever finds it there compares everything.
    async fn write_in_parts(&self, pen: &mut Pen, reached: Reached, changes: Changes) -> Result<(), ServiceError> {
        self.commit_marked(pen, reached, WriteBatch::new(), false).await?;
        let (mut write, mut entries) = (WriteBatch::new(), 0);
        for ((table, key), value) in changes.into_entries() {
            match value {
                Some(value) => write.put(table, key, value),
                None => write.delete(table, key),
            };
            entries += 1;
            if entries % PART == 0 && pen.leads {
                self.commit_marked(pen, reached, std::mem::take(&mut write), false).await?;
            }
        }
        if pen.leads { self.commit_marked(pen, reached, write, true).await } else { Ok(()) }
    }

    /// Writes what a comparison of everything found, for whoever opened the store to do just that.
    pub(in crate::service) async fn write_compared(&self, difference: Changes) -> Result<(), ServiceError> {
        let mut tail = self.tail().await?;
        tail.pen.leads = true;
        let reached = tail.applied;
        self.write_in_parts(&mut tail.pen, reached, difference).await?;
        self.ensure_postings(&mut tail).await?;
        if tail.pen.leads { Ok(()) } else { Err(ServiceError::Changed { what: "derived state" }) }
    }

    /// Commits a part under a mark that says how far the state reaches, and whether this makes it whole.
    pub(super) async fn commit_marked(
        &self,
        pen: &mut Pen,
        reached: Reached,
        mut write: WriteBatch,
        whole: bool,
    ) -> Result<(), ServiceError> {
        let mark = encode(&DerivedMark {
            reached,
            whole,
            by: self.models().derived_by(),
            free: self.intake().numbers.first_free(),
            writer: self.instance().to_owned(),
            index: pen.index,
        });
        match &pen.mark {
            Some(before) => write.require_equals(Table::Marks, DERIVED_MARK, before.clone()),
            None => write.require_absent(Table::Marks, DERIVED_MARK),
        };
        write.put(Table::Marks, DERIVED_MARK, mark.clone());
        match self.store().commit(write).await {
            Ok(_) => pen.mark = Some(mark),
            Err(StoreError::Conflict { .. }) => {
                tracing::info!("another gateway writes the derived state; this one follows it");
                (pen.leads, pen.replaced) = (false, true);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

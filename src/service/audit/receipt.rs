//! The entry that says what became of a batch, with the proof that the log holds it: what an agency can show to others.

use super::tree::AuditError;
use crate::audit::EntryProof;
use crate::auth::Caller;
use crate::domain::date::Timestamp;
use crate::service::audit::Entry;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::stored::codec::decode;
use crate::store::{Position, Table};

/// Entries come in the order of commits; one was planned at most so long before a later one.
const APART: jiff::SignedDuration = jiff::SignedDuration::from_mins(15);

/// Entries that are read at once.
const PORTION: usize = 512;

impl Gateway {
    /// The proof of a batch of the caller's agency.
    pub async fn receipt_proof(&self, caller: &Caller, batch: &str) -> Result<EntryProof, AuditError> {
        let batch = self.batch(caller, batch).await?.batch;
        let is_it = |entry: &Entry| entry.does == "rows.push" && entry.about.first() == Some(&batch.id);
        // Batches of early programs are in no log.
        let position = self.entry_near(batch.received_at, is_it).await?.ok_or(AuditError::NoFile)?;
        self.audit_proof(position).await
    }

    /// The entry of about this time that is wanted.
    async fn entry_near(
        &self,
        at: Timestamp,
        wanted: impl Fn(&Entry) -> bool,
    ) -> Result<Option<Position>, ServiceError> {
        let (mut before, mut end) = (0, super::tree::last_entry(self.reader()).await?);
        let last = end;
        while end - before > PORTION as u64 {
            let middle = before + (end - before) / 2;
            let entry = self.entry(Position(middle)).await?;
            if entry.at.duration_since(at) < -APART { before = middle } else { end = middle }
        }
        let mut from = before;
        while from < last {
            let page = self.reader().scan(Table::Audit, Position(from + 1).key(), None, PORTION).await?;
            for (key, bytes) in &page {
                let entry: Entry = decode(bytes, "audit entry")?;
                if wanted(&entry) {
                    return Ok(Position::of(key));
                }
                if entry.at.duration_since(at) > APART {
                    return Ok(None);
                }
            }
            from += page.len().max(1) as u64;
        }
        Ok(None)
    }

    async fn entry(&self, position: Position) -> Result<Entry, ServiceError> {
        let bytes = self.get(Table::Audit, position.key()).await?;
        decode(&bytes.ok_or_else(super::tree::missing)?, "audit entry")
    }
}

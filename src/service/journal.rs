//! The journal: what each commit of inputs brought in. It is the matcher's queue, what gateways on one store learn of
//! each other from, and the thread along which backups grow. The retention rule takes entries away from its front; the last
//! one always stays, so that positions never start again.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::codec::{decode, encode};
use super::error::ServiceError;
use super::gateway::store_error;
use super::numbers::Free;
use super::reading::Pages;
use crate::domain::date::Timestamp;
use crate::domain::record::{RecordId, Sequence};
use crate::store::{Position, Read, Table};

/// What one commit brought in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Entry {
    /// A push.
    Rows {
        /// The batch.
        batch: String,
        /// The idempotency key.
        once: String,
        /// Every row that was stored.
        rows: Vec<(RecordId, Sequence)>,
    },
    /// A steward's decision about one case, for each pair that it decides.
    Decisions {
        /// The idempotency key.
        once: String,
        /// Pair and number of each.
        decisions: Vec<(RecordId, RecordId, u64)>,
    },
    /// Declarations of completeness.
    Declarations {
        /// The idempotency key.
        once: String,
        /// Their keys.
        names: Vec<String>,
        /// When; early programs did not say it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
    },
    /// The retention rule took something away.
    Compacted(Removed),
}

/// The batch of an entry that is a push. Reads nothing else of it: there may be very many rows.
pub(super) fn batch_of(entry: &[u8]) -> Result<Option<String>, ServiceError> {
    #[derive(Deserialize)]
    struct Pushed {
        batch: Option<String>,
    }
    Ok(decode::<Pushed>(entry, "journal")?.batch)
}

/// What one commit of a compaction took away. Whoever copies a store along its journal takes the same away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Removed {
    /// When.
    pub(super) at: Timestamp,
    /// The first and the last of the journal's own entries, if any: none between them stays.
    pub(super) journal: Option<(u64, u64)>,
    /// Rows that newer ones had replaced.
    pub(super) rows: Vec<(RecordId, Sequence)>,
    /// Batches that have no receipt any more.
    pub(super) batches: Vec<String>,
    /// Idempotency keys.
    pub(super) once: Vec<String>,
}

/// How far compaction has come, under [`COMPACTED_MARK`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CompactedMark {
    /// The journal begins behind this place; rows of the entry behind it may have been looked at, too.
    pub(super) reached: Reached,
    /// The first numbers that nothing up to there was given: the entries that told it are gone.
    pub(super) free: Free,
}

/// How far the derived state has come, under [`DERIVED_MARK`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DerivedMark {
    /// Everything up to here is in it.
    pub(super) reached: Reached,
    /// Nothing beyond it is in it: false while much is written in several commits.
    pub(super) whole: bool,
    /// Which models, and which program, it follows from.
    pub(super) by: String,
    /// The first numbers that no row up to there, and no push under way then, was given.
    pub(super) free: Free,
    /// Which gateway wrote it: two that write at once notice each other.
    pub(super) writer: String,
}

/// A place between two units of work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Reached {
    /// The last entry that is done.
    pub(super) through: u64,
    /// Rows of the entry behind it that are done as well.
    pub(super) rows: usize,
}

/// The mark of how far the derived state has come.
pub(super) const DERIVED_MARK: &[u8] = b"derived";

/// The mark of how far the journal is compacted.
pub(super) const COMPACTED_MARK: &[u8] = b"compacted";

/// Says which backup was restored into this store, when it has ended.
pub(super) const RESTORED_MARK: &[u8] = b"restored";

/// Says that a restore into this store has not ended.
pub(super) const RESTORING_MARK: &[u8] = b"restoring";

/// What is not yet part of the derived state.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Rows.
    pub(super) rows: HashSet<(RecordId, Sequence)>,
    /// Decisions: pair and number.
    pub(super) decisions: HashSet<(RecordId, RecordId, u64)>,
}

impl Reached {
    pub(super) fn position(self) -> Position {
        Position(self.through)
    }
}

impl Ahead {
    /// Everything noted behind `reached`.
    pub(super) async fn of(reader: &dyn Read, reached: Reached) -> Result<Self, ServiceError> {
        let mut ahead = Self::default();
        let mut pages = entries_behind(reader, reached.position());
        let mut skip = reached.rows;
        while let Some(page) = pages.next().await? {
            for (_, entry) in &page {
                match decode::<Entry>(entry, "journal")? {
                    Entry::Rows { rows, .. } => ahead.rows.extend(rows.into_iter().skip(skip)),
                    Entry::Decisions { decisions, .. } => ahead.decisions.extend(decisions),
                    Entry::Declarations { .. } | Entry::Compacted(_) => {}
                }
                skip = 0;
            }
        }
        Ok(ahead)
    }
}

/// The entries behind a position, a page at a time.
pub(super) fn entries_behind(reader: &dyn Read, position: Position) -> Pages<'_> {
    Pages::between(reader, Table::Journal, position.next().key(), None)
}

/// The mark of the derived state, as it is stored and as it reads.
pub(super) async fn derived_mark(reader: &dyn Read) -> Result<(Option<Vec<u8>>, Option<DerivedMark>), ServiceError> {
    let stored = reader.get(Table::Marks, DERIVED_MARK.to_vec()).await.map_err(store_error)?;
    let mark = stored.as_deref().map(|bytes| decode(bytes, "mark")).transpose()?;
    Ok((stored, mark))
}

/// The mark of compaction, as it is stored and as it reads; none where nothing was ever compacted.
pub(super) async fn compacted_mark(
    reader: &dyn Read,
) -> Result<(Option<Vec<u8>>, Option<CompactedMark>), ServiceError> {
    let stored = reader.get(Table::Marks, COMPACTED_MARK.to_vec()).await.map_err(store_error)?;
    let mark = stored.as_deref().map(|bytes| decode(bytes, "mark")).transpose()?;
    Ok((stored, mark))
}

impl Removed {
    /// Nothing yet.
    pub(super) fn at(at: Timestamp) -> Self {
        Self { at, journal: None, rows: Vec::new(), batches: Vec::new(), once: Vec::new() }
    }

    /// Whether it names nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.journal.is_none() && self.rows.is_empty() && self.batches.is_empty() && self.once.is_empty()
    }
}

impl Entry {
    /// As it is stored.
    pub(super) fn encoded(&self) -> Vec<u8> {
        encode(self)
    }
}

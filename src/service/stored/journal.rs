//! The journal: what each commit of inputs brought in. It is the matcher's queue, what gateways on one store learn of
//! each other from, and the thread along which backups grow. The retention rule takes entries away from its front; the last
//! one always stays, so that positions never start again.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::codec::{decode, encode};
use super::reading::Pages;
use crate::domain::date::Timestamp;
use crate::domain::record::{RecordId, Sequence};
use crate::service::error::ServiceError;
use crate::service::intake::numbers::Free;
use crate::store::{Position, Read, Table};

/// What one commit brought in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(in crate::service) enum Entry {
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
    /// How an agency's lists become rows of a feed.
    Mapping {
        /// The idempotency key.
        once: String,
        /// Its key.
        name: String,
        /// When.
        at: Timestamp,
    },
    /// The retention rule took something away.
    Compacted(Removed),
}

/// The batch of an entry that is a push. Reads nothing else of it: there may be very many rows.
pub(in crate::service) fn batch_of(entry: &[u8]) -> Result<Option<String>, ServiceError> {
    #[derive(Deserialize)]
    struct Pushed {
        batch: Option<String>,
    }
    Ok(decode::<Pushed>(entry, "journal")?.batch)
}

/// What one commit of a compaction took away. Whoever copies a store along its journal takes the same away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::service) struct Removed {
    /// When.
    pub(in crate::service) at: Timestamp,
    /// The first and the last of the journal's own entries, if any: none between them stays.
    pub(in crate::service) journal: Option<(u64, u64)>,
    /// Rows that newer ones had replaced.
    pub(in crate::service) rows: Vec<(RecordId, Sequence)>,
    /// Batches that have no receipt any more.
    pub(in crate::service) batches: Vec<String>,
    /// Idempotency keys.
    pub(in crate::service) once: Vec<String>,
}

/// How far compaction has come, under [`COMPACTED_MARK`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::service) struct CompactedMark {
    /// The journal begins behind this place; rows of the entry behind it may have been looked at, too.
    pub(in crate::service) reached: Reached,
    /// The first numbers that nothing up to there was given: the entries that told it are gone.
    pub(in crate::service) free: Free,
}

/// How far the derived state has come, under [`DERIVED_MARK`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::service) struct DerivedMark {
    /// Everything up to here is in it.
    pub(in crate::service) reached: Reached,
    /// Nothing beyond it is in it: false while much is written in several commits.
    pub(in crate::service) whole: bool,
    /// Which models, and which program, it follows from.
    pub(in crate::service) by: String,
    /// The first numbers that no row up to there, and no push under way then, was given.
    pub(in crate::service) free: Free,
    /// Which gateway wrote it: two that write at once notice each other.
    pub(in crate::service) writer: String,
    /// The table `postings` is the candidate index of this state.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::service) index: bool,
}

/// A place between two units of work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(in crate::service) struct Reached {
    /// The last entry that is done.
    pub(in crate::service) through: u64,
    /// Rows of the entry behind it that are done as well.
    pub(in crate::service) rows: usize,
}

/// The mark of how far the derived state has come.
pub(in crate::service) const DERIVED_MARK: &[u8] = b"derived";

/// The mark of how far the journal is compacted.
pub(in crate::service) const COMPACTED_MARK: &[u8] = b"compacted";

/// Says which backup was restored into this store, when it has ended.
pub(in crate::service) const RESTORED_MARK: &[u8] = b"restored";

/// Says that a restore into this store has not ended.
pub(in crate::service) const RESTORING_MARK: &[u8] = b"restoring";

/// What is not yet part of the derived state.
#[derive(Debug, Default)]
pub(in crate::service) struct Ahead {
    /// Rows.
    pub(in crate::service) rows: HashSet<(RecordId, Sequence)>,
    /// Decisions: pair and number.
    pub(in crate::service) decisions: HashSet<(RecordId, RecordId, u64)>,
}

impl Reached {
    pub(in crate::service) fn position(self) -> Position {
        Position(self.through)
    }
}

impl Ahead {
    /// Everything noted behind `reached`.
    pub(in crate::service) async fn of(reader: &dyn Read, reached: Reached) -> Result<Self, ServiceError> {
        let mut ahead = Self::default();
        let mut pages = entries_behind(reader, reached.position());
        let mut skip = reached.rows;
        while let Some(page) = pages.next().await? {
            for (_, entry) in &page {
                match decode::<Entry>(entry, "journal")? {
                    Entry::Rows { rows, .. } => ahead.rows.extend(rows.into_iter().skip(skip)),
                    Entry::Decisions { decisions, .. } => ahead.decisions.extend(decisions),
                    Entry::Declarations { .. } | Entry::Mapping { .. } | Entry::Compacted(_) => {}
                }
                skip = 0;
            }
        }
        Ok(ahead)
    }
}

/// The entries behind a position, a page at a time.
pub(in crate::service) fn entries_behind(reader: &dyn Read, position: Position) -> Pages<'_> {
    Pages::between(reader, Table::Journal, position.next().key(), None)
}

/// The mark of the derived state, as it is stored and as it reads.
pub(in crate::service) async fn derived_mark(
    reader: &dyn Read,
) -> Result<(Option<Vec<u8>>, Option<DerivedMark>), ServiceError> {
    let stored = reader.get(Table::Marks, DERIVED_MARK.to_vec()).await?;
    let mark = stored.as_deref().map(|bytes| decode(bytes, "mark")).transpose()?;
    Ok((stored, mark))
}

/// The mark of compaction, as it is stored and as it reads; none where nothing was ever compacted.
pub(in crate::service) async fn compacted_mark(
    reader: &dyn Read,
) -> Result<(Option<Vec<u8>>, Option<CompactedMark>), ServiceError> {
    let stored = reader.get(Table::Marks, COMPACTED_MARK.to_vec()).await?;
    let mark = stored.as_deref().map(|bytes| decode(bytes, "mark")).transpose()?;
    Ok((stored, mark))
}

impl Removed {
    /// Nothing yet.
    pub(in crate::service) fn at(at: Timestamp) -> Self {
        Self { at, journal: None, rows: Vec::new(), batches: Vec::new(), once: Vec::new() }
    }

    /// Whether it names nothing.
    pub(in crate::service) fn is_empty(&self) -> bool {
        self.journal.is_none() && self.rows.is_empty() && self.batches.is_empty() && self.once.is_empty()
    }
}

impl Entry {
    /// The batch, if it is a push.
    pub(in crate::service) fn batch(&self) -> Option<&str> {
        match self {
            Self::Rows { batch, .. } => Some(batch),
            Self::Decisions { .. } | Self::Declarations { .. } | Self::Mapping { .. } | Self::Compacted(_) => None,
        }
    }

    /// As it is stored.
    pub(in crate::service) fn encoded(&self) -> Vec<u8> {
        encode(self)
    }
}

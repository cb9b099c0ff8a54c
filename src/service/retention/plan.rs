//! What the next step of a compaction takes away.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::counts::Counts;
use super::versions::replaced;
use crate::domain::batch::Batch;
use crate::domain::date::Timestamp;
use crate::domain::decision::Decision;
use crate::domain::record::{RecordId, Sequence};
use crate::service::error::ServiceError;
use crate::service::stored::codec::{decode, encode};
use crate::service::stored::decisions::decision_key;
use crate::service::stored::journal::{Ahead, Entry, Reached, Removed};
use crate::service::stored::reading::{Pages, get_many};
use crate::store::{Position, Read, Row, Table, prefix_end};

/// Rows looked at in one step, so that a commit stays small. The receipt of a batch goes at once.
const STEP_ROWS: usize = 1_000;

/// Entries of the journal looked at in one step.
const STEP_ENTRIES: usize = 256;

/// Plans the steps of one run.
pub(super) struct Planner<'a> {
    pub(super) reader: &'a dyn Read,
    /// What is not later than this is old enough.
    pub(super) cutoff: Timestamp,
    /// When the run takes place.
    pub(super) now: Timestamp,
    /// Rows planned before and not taken away: a dry run counts each once.
    pub(super) counted: Option<HashSet<(RecordId, Sequence)>>,
}

/// One step: one commit.
pub(super) struct Step {
    /// How far the journal is compacted after it.
    pub(super) reached: Reached,
    /// What the journal will tell of it.
    pub(super) removed: Removed,
    /// Keys that go.
    pub(super) deletes: Vec<(Table, Vec<u8>)>,
    /// Batches that say from now on that they were compacted.
    pub(super) batches: Vec<Batch>,
    /// What goes, by table.
    pub(super) counts: Counts,
}

/// An entry that is old enough.
struct Aged {
    position: Position,
    stored: Row,
    entry: Entry,
    batch: Option<Batch>,
}

impl Planner<'_> {
    /// The step behind `from`, of entries that `matched` has passed; `None` when nothing is left to do.
    pub(super) async fn next(&mut self, from: Reached, matched: Reached) -> Result<Option<Step>, ServiceError> {
        let aged = self.aged(from, matched).await?;
        // What earlier steps left in the journal goes with what comes behind it: else each run would make the next one.
        if aged.len() < STEP_ENTRIES && aged.iter().all(|aged| matches!(aged.entry, Entry::Compacted(_))) {
            return Ok(None);
        }
        let mut step = Step {
            reached: from,
            removed: Removed::at(self.now),
            deletes: Vec::new(),
            batches: Vec::new(),
            counts: Counts::default(),
        };
        let (mut records, mut room) = (BTreeSet::new(), STEP_ROWS);
        for aged in aged {
            if let Entry::Rows { rows, .. } = &aged.entry {
                let done = if step.reached.through + 1 == aged.position.0 { step.reached.rows } else { 0 };
                let left = &rows[done.min(rows.len())..];
                let take = left.len().min(room);
                records.extend(left[..take].iter().map(|(record, _)| *record));
                room -= take;
                if take < left.len() {
                    step.reached = Reached { through: aged.position.0 - 1, rows: done + take };
                    break;
                }
            }
            self.take_entry(&mut step, aged).await?;
        }
        self.take_rows(&mut step, records, matched).await?;
        self.take_keys(&mut step).await?;
        Ok(Some(step))
    }

    /// The entries at the front of the journal that are old enough and matched.
    async fn aged(&self, from: Reached, matched: Reached) -> Result<Vec<Aged>, ServiceError> {
        let (start, end) = (from.position().next(), matched.position().next());
        let page = self.reader.scan(Table::Journal, start.key(), Some(end.key()), STEP_ENTRIES).await;
        let page = page?;
        let entries: Vec<Entry> = page.iter().map(|(_, bytes)| decode(bytes, "journal")).collect::<Result<_, _>>()?;
        let mut batches = self.batches_of(&entries).await?;
        let mut aged = Vec::new();
        for (stored, entry) in page.into_iter().zip(entries) {
            let corrupt = |what: &str| ServiceError::Corrupt { what: what.to_owned() };
            let position = Position::of(&stored.0).ok_or_else(|| corrupt("journal"))?;
            let batch = match &entry {
                Entry::Rows { batch: id, .. } => {
                    Some(batches.remove(id).ok_or_else(|| corrupt("a batch that the journal names"))?)
                }
                Entry::Decisions { .. } | Entry::Declarations { .. } | Entry::Mapping { .. } | Entry::Compacted(_) => {
                    None
                }
            };
            let at = self.time_of(&entry, batch.as_ref()).await?;
            // An entry that does not say when it was made came right behind the one before it.
            if at.is_some_and(|at| at > self.cutoff) {
                break;
            }
            aged.push(Aged { position, stored, entry, batch });
        }
        Ok(aged)
    }

    /// When an entry was made, where it says so; `batch` is that of a push.
    async fn time_of(&self, entry: &Entry, batch: Option<&Batch>) -> Result<Option<Timestamp>, ServiceError> {
        Ok(match entry {
            Entry::Rows { .. } => batch.map(|batch| batch.received_at),
            Entry::Decisions { decisions, .. } => self.decided_at(decisions).await?,
            Entry::Declarations { at, .. } => *at,
            Entry::Mapping { at, .. } => Some(*at),
            Entry::Compacted(removed) => Some(removed.at),
        })
    }

    /// When the entry at a position came, where there is one and it says so.
    pub(super) async fn came_at(&self, position: Position) -> Result<Option<Timestamp>, ServiceError> {
        let Some(bytes) = self.reader.get(Table::Journal, position.key()).await? else { return Ok(None) };
        let entry: Entry = decode(&bytes, "journal")?;
        let batch = self.batches_of(std::slice::from_ref(&entry)).await?.into_values().next();
        self.time_of(&entry, batch.as_ref()).await
    }

    /// The batches that entries name, by their ids.
    async fn batches_of(&self, entries: &[Entry]) -> Result<HashMap<String, Batch>, ServiceError> {
        let id = |entry: &Entry| match entry {
            Entry::Rows { batch, .. } => Some(batch.as_bytes().to_vec()),
            Entry::Decisions { .. } | Entry::Declarations { .. } | Entry::Mapping { .. } | Entry::Compacted(_) => None,
        };
        let keys = entries.iter().filter_map(id).collect();
        let found = get_many(self.reader, Table::Batches, keys).await?;
        let batches = found.into_iter().flatten().map(|bytes| decode::<Batch>(&bytes, "batch"));
        batches.map(|batch| batch.map(|batch| (batch.id.clone(), batch))).collect()
    }

    async fn decided_at(&self, places: &[(RecordId, RecordId, u64)]) -> Result<Option<Timestamp>, ServiceError> {
        let keys = places.iter().map(|(a, b, nth)| decision_key(*a, *b, *nth as usize)).collect();
        let found = get_many(self.reader, Table::Decisions, keys).await?;
        let decisions = found.into_iter().flatten().map(|bytes| decode::<Decision>(&bytes, "decision"));
        Ok(decisions.collect::<Result<Vec<_>, _>>()?.into_iter().map(|decision| decision.at).max())
    }

    /// Takes an entry whose rows have all been looked at, with the receipt of its batch and its idempotency key.
    async fn take_entry(&self, step: &mut Step, aged: Aged) -> Result<(), ServiceError> {
        let Aged { position, stored: (key, value), entry, batch } = aged;
        if let Some(batch) = batch {
            let (from, to) = (batch.id.as_bytes().to_vec(), prefix_end(batch.id.as_bytes()));
            let mut pages = Pages::between(self.reader, Table::Receipts, from, to);
            while let Some(page) = pages.next().await? {
                for (key, value) in page {
                    step.counts.add(Table::Receipts, &key, &value);
                    step.deletes.push((Table::Receipts, key));
                }
            }
            step.removed.batches.push(batch.id.clone());
            step.batches.push(Batch { compacted_at: Some(self.now), ..batch });
        }
        match entry {
            Entry::Rows { once, .. }
            | Entry::Decisions { once, .. }
            | Entry::Declarations { once, .. }
            | Entry::Mapping { once, .. } => {
                step.removed.once.push(once);
            }
            Entry::Compacted(_) => {}
        }
        let first = step.removed.journal.map_or(position.0, |(first, _)| first);
        step.removed.journal = Some((first, position.0));
        step.counts.add(Table::Journal, &key, &value);
        step.deletes.push((Table::Journal, key));
        step.reached = Reached { through: position.0, rows: 0 };
        Ok(())
    }

    /// Takes the replaced rows of the records.
    async fn take_rows(
        &mut self,
        step: &mut Step,
        records: BTreeSet<RecordId>,
        matched: Reached,
    ) -> Result<(), ServiceError> {
        let ahead = Ahead::of(self.reader, matched).await?;
        let records: Vec<RecordId> = records.into_iter().collect();
        for version in replaced(self.reader, &records, self.cutoff, &ahead).await? {
            let row = (version.record, version.sequence);
            if self.counted.as_mut().is_some_and(|counted| !counted.insert(row)) {
                continue;
            }
            step.counts.add(Table::Rows, &version.key, &version.value);
            step.removed.rows.push(row);
            step.deletes.push((Table::Rows, version.key));
        }
        Ok(())
    }

    /// Takes the idempotency keys that the entries named.
    async fn take_keys(&self, step: &mut Step) -> Result<(), ServiceError> {
        let keys: Vec<Vec<u8>> = step.removed.once.iter().map(|once| once.as_bytes().to_vec()).collect();
        let found = get_many(self.reader, Table::Idempotency, keys.clone()).await?;
        for (key, value) in keys.into_iter().zip(found) {
            if let Some(value) = value {
                step.counts.add(Table::Idempotency, &key, &value);
                step.deletes.push((Table::Idempotency, key));
            }
        }
        Ok(())
    }
}

impl Step {
    /// Batches as they are stored from now on.
    pub(super) fn batch_values(&self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        self.batches.iter().map(|batch| (batch.id.as_bytes().to_vec(), encode(batch)))
    }
}

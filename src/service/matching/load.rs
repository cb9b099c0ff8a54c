//! Opening: every accepted row and decision that the derived state follows from is read, and the matcher is built from
//! them in one go; what came later is the journal's business (`follow`). A crash between acknowledging and matching
//! leaves nothing undone.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rayon::prelude::*;

use super::checkpoint::{self, Beside, Resumed};
use super::derive::Changes;
use super::follow::Tail;
use super::matcher::{Gathered, Incoming, Matcher};
use super::write::Pen;
use crate::domain::batch::AcceptedRow;
use crate::domain::decision::Decision;
use crate::domain::person::{FamilyId, GoldenFamily};
use crate::domain::record::{Record, RecordId, RecordKey};
use crate::engine::{Resting, RowError};
use crate::feed::reread;
use crate::service::digest::DERIVED;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::intake::numbers::{Free, given};
use crate::service::models::Models;
use crate::service::stored::codec::{decode, decode_row, plain};
use crate::service::stored::decisions::place_of;
use crate::service::stored::journal::{Ahead, CompactedMark, RESTORING_MARK, Reached, compacted_mark, derived_mark};
use crate::service::stored::reading::Pages;
use crate::store::{Position, Read, Row, Table};

/// What opening found.
pub(in crate::service) struct Loaded {
    pub(in crate::service) matcher: Matcher,
    pub(in crate::service) tail: Tail,
    /// Rows that were matched anew: no index on disk knows them.
    pub(in crate::service) anew: u64,
}

/// What taking pushes needs to know.
pub(in crate::service) struct AtOpening {
    /// The first numbers that nothing was given.
    pub(in crate::service) free: Free,
    /// The last position of the journal.
    pub(in crate::service) head: Position,
    /// What follows from everything up to here is in the store.
    pub(in crate::service) derived: Position,
}

/// Reads what taking pushes needs to know: the mark of the derived state tells most of it, the journal behind it the
/// rest. Without a mark all rows are looked at.
pub(in crate::service) async fn begin(snapshot: &dyn Read, models: &Models) -> Result<AtOpening, ServiceError> {
    if snapshot.get(Table::Marks, RESTORING_MARK.to_vec()).await?.is_some() {
        return Err(ServiceError::Incomplete);
    }
    let head = snapshot.head().await?;
    let (_, mark) = derived_mark(snapshot).await?;
    let (mut free, reached, whole) = match mark {
        Some(mark) => (mark.free, mark.reached, mark.whole && mark.by == models.derived_by()),
        None => (Free { record: 1, sequence: 1 }, Reached::default(), false),
    };
    let (_, compacted) = compacted_mark(snapshot).await?;
    if let Some(compacted) = &compacted {
        // The entries that would tell what was given are gone.
        free = free.max(compacted.free);
    }
    // Where several gateways worked, others than the one that left the mark gave numbers, too.
    if let Some(given) = given(snapshot).await? {
        free = free.max(given);
    }
    let ahead = Ahead::of(snapshot, reached).await?;
    for (record, sequence) in &ahead.rows {
        free.add(*record, *sequence);
    }
    let mut pages = Pages::of(snapshot, Table::Decisions);
    while let Some(page) = pages.next().await? {
        for (_, bytes) in &page {
            free.add(RecordId(0), decode::<Decision>(bytes, "decision")?.sequence);
        }
    }
    let derived = if whole && passed(reached, compacted.as_ref()) { reached.position() } else { Position::default() };
    Ok(AtOpening { free, head, derived })
}

/// Whether the journal still tells everything that came behind `reached`. It does not in a store that was restored from
/// a chain of backups whose journal was compacted meanwhile.
fn passed(reached: Reached, compacted: Option<&CompactedMark>) -> bool {
    compacted.is_none_or(|compacted| compacted.reached.position() <= reached.position())
}

/// What the index of a matcher is read from.
pub(in crate::service) struct Index<'a> {
    /// The file that may stand in for reading all rows.
    pub(in crate::service) file: Option<&'a Path>,
    /// Where its postings rest, if not in memory.
    pub(in crate::service) resting: Option<Resting>,
}

/// How far a load goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::service) enum Trust {
    /// The same, from the index on disk if there is one that fits. It may stand before the mark.
    Index,
    /// To the mark of the derived state, if that is of this program and these models; what came later is followed.
    Mark,
    /// To the end: everything is derived anew.
    Nothing,
}

/// Reads what the derived state of a store follows from, all of it where that is in doubt, and matches it in bulk.
pub(in crate::service) async fn load(
    snapshot: &dyn Read,
    models: &Arc<Models>,
    trust: Trust,
    index: Index<'_>,
) -> Result<Loaded, ServiceError> {
    let head = snapshot.head().await?;
    let (mark, derived) = derived_mark(snapshot).await?;
    let by = models.derived_by();
    let (_, compacted) = compacted_mark(snapshot).await?;
    let trusted = derived
        .filter(|_| trust != Trust::Nothing)
        .filter(|derived| derived.whole && derived.by == by && passed(derived.reached, compacted.as_ref()));
    if let (Trust::Index, Some(path), Some(derived)) = (trust, index.file, &trusted) {
        let beside = Beside { path, resting: index.resting.clone() };
        let resumed = checkpoint::resume(beside, snapshot, models, derived, compacted.as_ref()).await?;
        if let Some(resumed) = resumed {
            let mut loaded = resume(resumed, snapshot, models, mark).await?;
            loaded.matcher.live.note_postings(derived.index);
            return Ok(loaded);
        }
    }
    let applied = trusted.as_ref().map_or(Reached { through: head.0, rows: 0 }, |derived| derived.reached);
    let ahead = Ahead::of(snapshot, applied).await?;
    let started = Instant::now();
    let gathered = Gathered::new(Arc::clone(models));
    let gathered = Rows { models, ahead: &ahead, present: Vec::new(), gathered }.read(snapshot).await?;
    let decisions = decisions(snapshot, &ahead).await?;
    // In doubt they are derived with all the rest.
    let families = if trusted.is_some() { families(snapshot).await? } else { Vec::new() };
    let read_ms = started.elapsed().as_millis() as u64;
    let records = gathered.len();
    let there = trusted.as_ref().is_some_and(|derived| derived.index);
    let started = Instant::now();
    let work = move || {
        let mut matcher = Matcher::bulk(gathered, decisions, index.resting)?;
        matcher.note_all_families(families);
        matcher.live.note_postings(there);
        Ok(matcher)
    };
    let matcher = join(tokio::task::spawn_blocking(work)).await?.map_err(|error| unfit(&error))?;
    let match_ms = started.elapsed().as_millis() as u64;
    tracing::info!(records, read_ms, match_ms, trusted = trusted.is_some(), "read the store and built the index");
    let tail = Tail { applied, unsure: trusted.is_none(), dropped: false, pen: Pen { mark, ..Pen::default() } };
    Ok(Loaded { matcher, tail, anew: records as u64 })
}

/// The matcher as the index on disk has it.
async fn resume(
    resumed: Resumed,
    snapshot: &dyn Read,
    models: &Arc<Models>,
    mark: Option<Vec<u8>>,
) -> Result<Loaded, ServiceError> {
    let (started, applied, models) = (Instant::now(), resumed.reached, Arc::clone(models));
    let decisions = decisions(snapshot, &Ahead::of(snapshot, applied).await?).await?;
    let matcher = join(tokio::task::spawn_blocking(move || resumed.matcher(models, decisions))).await?;
    let assemble_ms = started.elapsed().as_millis() as u64;
    tracing::info!(records = matcher.known.len(), assemble_ms, "read the index from disk");
    let tail = Tail { applied, unsure: false, dropped: false, pen: Pen { mark, ..Pen::default() } };
    Ok(Loaded { matcher, tail, anew: 0 })
}

/// Records that are packed together.
const AT_ONCE: usize = 1 << 16;

/// The rows read so far.
struct Rows<'a> {
    models: &'a Arc<Models>,
    ahead: &'a Ahead,
    /// The present state of records, in the order of their numbers; that of the last one may still be replaced.
    present: Vec<Incoming>,
    /// The records before them.
    gathered: Gathered,
}

impl Rows<'_> {
    /// Reads all rows but those ahead. One page is taken apart while the next is read.
    async fn read(mut self, reader: &dyn Read) -> Result<Gathered, ServiceError> {
        let mut pages = Pages::of(reader, Table::Rows);
        let mut under_way = None;
        loop {
            let page = pages.next().await?;
            if let Some(parsed) = under_way.take() {
                let parsed: Result<Vec<Incoming>, ServiceError> = join(parsed).await?;
                self.add(parsed?);
            }
            let Some(page) = page else {
                self.gather(0).await?;
                return Ok(self.gathered);
            };
            if self.present.len() > AT_ONCE {
                self.gather(1).await?;
            }
            let models = Arc::clone(self.models);
            let work = move || page.par_iter().map(|row| incoming(row, &models)).collect();
            under_way = Some(tokio::task::spawn_blocking(work));
        }
    }

    /// Packs all records but the last `keep`, so that their values are not held any longer.
    async fn gather(&mut self, keep: usize) -> Result<(), ServiceError> {
        let last = self.present.split_off(self.present.len().saturating_sub(keep));
        let records = std::mem::replace(&mut self.present, last);
        let empty = Gathered::new(Arc::clone(self.models));
        let mut gathered = std::mem::replace(&mut self.gathered, empty);
        let work = move || gathered.take(records).map(|()| gathered);
        self.gathered = join(tokio::task::spawn_blocking(work)).await?.map_err(|error| unfit(&error))?;
        Ok(())
    }

    /// Rows come ordered by record, then by number.
    fn add(&mut self, parsed: Vec<Incoming>) {
        for row in parsed {
            if !self.ahead.rows.is_empty() && self.ahead.rows.contains(&(row.id, row.known.standing.sequence)) {
                continue;
            }
            match self.present.last_mut().filter(|last| last.id == row.id) {
                Some(last) if last.known.standing < row.known.standing => *last = row,
                Some(_) => {}
                None => self.present.push(row),
            }
        }
    }
}

fn unfit(error: &RowError) -> ServiceError {
    ServiceError::Corrupt { what: error.to_string() }
}

async fn join<T>(task: tokio::task::JoinHandle<T>) -> Result<T, ServiceError> {
    task.await.map_err(|_| ServiceError::NotReady)
}

fn incoming((_, bytes): &Row, models: &Models) -> Result<Incoming, ServiceError> {
    let mut row = decode_row(bytes)?;
    let asked = std::mem::take(&mut row.asked);
    Ok(Incoming::of(&record_of(&row)?, asked, models))
}

/// The family of each membership row.
async fn families(reader: &dyn Read) -> Result<Vec<(RecordId, FamilyId)>, ServiceError> {
    let mut families = Vec::new();
    let mut pages = Pages::of(reader, Table::Families);
    while let Some(page) = pages.next().await? {
        let read = move || page.par_iter().map(|(_, bytes)| decode(bytes, "family")).collect();
        let read: Result<Vec<GoldenFamily>, ServiceError> = join(tokio::task::spawn_blocking(read)).await?;
        let of = |family: GoldenFamily| family.records.into_iter().map(move |record| (record, family.id));
        families.extend(read?.into_iter().flat_map(of));
    }
    Ok(families)
}

/// All decisions but those `ahead`: those about a pair in the order in which they were made.
async fn decisions(reader: &dyn Read, ahead: &Ahead) -> Result<Vec<Decision>, ServiceError> {
    let mut decisions = Vec::new();
    let mut pages = Pages::of(reader, Table::Decisions);
    while let Some(page) = pages.next().await? {
        for (key, bytes) in &page {
            let decision: Decision = decode(bytes, "decision")?;
            if !ahead.decisions.contains(&place_of(key)?) {
                decisions.push(decision);
            }
        }
    }
    Ok(decisions)
}

/// The record an accepted row describes.
pub(in crate::service) fn record_of(row: &AcceptedRow) -> Result<Record, ServiceError> {
    let parsed = reread(row.feed, &row.raw).map_err(|_| ServiceError::Corrupt { what: "row".to_owned() })?;
    Ok(Record {
        id: row.record,
        key: RecordKey { agency: row.agency.clone(), feed: row.feed, id_sumber: parsed.id_sumber },
        sequence: row.sequence,
        tgl_data: row.received.unwrap_or(parsed.tgl_data),
        withdrawn: parsed.withdrawn,
        core: parsed.core,
        detail: parsed.detail,
        flags: row.flags.clone(),
        regions: row.regions.clone(),
    })
}

/// Whether two stored values have the same content.
pub(super) fn same(table: Table, a: &[u8], b: &[u8]) -> Result<bool, ServiceError> {
    Ok(a == b || plain(a, table.name())? == plain(b, table.name())?)
}

impl Gateway {
    /// Derives everything from the matcher's state.
    pub(in crate::service) async fn derive_all(&self) -> Result<Changes, ServiceError> {
        let dirty = self.matching().read(Matcher::everything)?;
        self.derived(dirty).await
    }

    /// What has to be written so that a store that is as `stored` holds exactly `wanted`.
    pub(in crate::service) async fn difference(
        &self,
        stored: &dyn Read,
        wanted: &mut Changes,
    ) -> Result<Changes, ServiceError> {
        let mut difference = Changes::default();
        for table in DERIVED {
            let mut pages = Pages::of(stored, *table);
            while let Some(page) = pages.next().await? {
                for (key, value) in page {
                    let place = (*table, key);
                    match wanted.puts.get(&place) {
                        Some(right) if same(*table, right, &value)? => drop(wanted.puts.remove(&place)),
                        Some(_) => {}
                        None => drop(difference.deletes.insert(place)),
                    }
                }
            }
        }
        difference.puts = std::mem::take(&mut wanted.puts);
        Ok(difference)
    }
}

//! Following the journal: the matcher takes what was acknowledged, in order, and what follows from it is written.
//!
//! One commit holds what follows from a step together with the mark of how far it reaches, so a gateway may die at any
//! point: the next one goes on from the mark. Of several gateways on one store each follows the whole journal, so that
//! each can answer; one of them, the leader, writes. A leader that was replaced without noticing finds another mark
//! than its own and writes nothing more.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rayon::prelude::*;

use super::Pace;
use super::anew::Way;
use super::derive::{Changes, derive};
use super::load::{Trust, record_of};
use super::matcher::{Dirty, Matcher};
use super::places::Areas;
use super::postings::add_postings;
use super::write::Pen;
use crate::domain::decision::Decision;
use crate::domain::record::{Record, RecordId, Sequence};
use crate::engine::LiveError;
use crate::service::completeness::region_of;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::rules::Touched;
use crate::service::stored::codec::{decode, decode_row, encode, row_key};
use crate::service::stored::decisions::decision_key;
use crate::service::stored::journal::{Entry, Reached, derived_mark};
use crate::service::stored::reading::get_many;
use crate::store::{Position, Table};
use crate::telemetry::metric;

/// Rows matched and written in one step.
const STEP_ROWS: usize = 10_000;

/// The same where the candidate index rests in the store: a step reads and writes many keys of each row.
const STEP_ROWS_RESTING: usize = 2_000;

/// Entries of the journal looked at in one step.
const STEP_ENTRIES: usize = 256;

/// How often a gateway that has its store to itself looks for work nobody told it of: a client that went away while
/// its push was being made durable.
const LOOK_ALONE: Duration = Duration::from_secs(1);

/// How often a gateway looks for what others wrote.
const LOOK_SHARED: Duration = Duration::from_millis(20);

/// How long a gateway waits after its store failed, where the store may come back.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// The index is written to disk when one in so many rows is not in the file.
const INDEX_AFTER: u64 = 30;

/// Where this gateway stands in the journal.
#[derive(Debug)]
pub(in crate::service) struct Tail {
    /// What the matcher has taken.
    pub(in crate::service) applied: Reached,
    /// What the store holds of derived state does not follow from the mark, or not from the matcher's state: it has to
    /// be compared as a whole.
    pub(in crate::service) unsure: bool,
    /// There is no index in the store that should go.
    pub(super) dropped: bool,
    /// What is needed to write what follows.
    pub(in crate::service) pen: Pen,
}

/// Work that is taken at once.
pub(super) struct Step {
    pub(super) reached: Reached,
    pub(super) records: Vec<Record>,
    pub(super) rows: Vec<(RecordId, Sequence)>,
    pub(super) decisions: Vec<Decision>,
    /// Regions for which something was declared.
    pub(super) declared: BTreeSet<String>,
}

impl Step {
    /// Nothing yet, behind a place in the journal.
    fn behind(applied: Reached) -> Self {
        Self {
            reached: applied,
            records: Vec::new(),
            rows: Vec::new(),
            decisions: Vec::new(),
            declared: BTreeSet::new(),
        }
    }
}

/// What follows from a step, to be written.
pub(super) struct Unwritten {
    reached: Reached,
    changes: Changes,
    /// The number of what changed of the candidate index.
    pub(super) batch: u32,
}

/// What lies behind a place in the journal.
enum Next {
    Step(Step),
    Nothing,
    /// The retention rule took away what this gateway would have had to match next.
    TooFarBehind,
}

/// Whether a failure passes by itself: a full disk, a server that is away. An embedded store that failed stays so.
fn passes(error: &ServiceError, shared: bool) -> bool {
    matches!(error, ServiceError::Full | ServiceError::Away(_)) || (shared && matches!(error, ServiceError::Store(_)))
}

impl Gateway {
    /// Follows the journal until the gateway stops: the body of the matching worker. Safe to stop at any point.
    ///
    /// A full disk and a database server that is away are waited for; any other failure ends it.
    pub async fn work(&self) -> Result<(), ServiceError> {
        let shared = self.store().shared();
        loop {
            match self.catch_up().await {
                Ok(()) => {
                    self.note_pace(Pace::Following);
                    self.keep_rule().await;
                    if let Err(error) = self.keep_audit_tree().await {
                        tracing::warn!(
                            error = &error as &dyn std::error::Error,
                            "the tree of the audit log did not follow"
                        );
                    }
                }
                Err(error) if passes(&error, shared) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the store takes nothing now; matching goes on when it does"
                    );
                    drop(error);
                    self.note_pace(Pace::Stalled);
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
                Err(error) => {
                    self.note_pace(Pace::Stopped);
                    return Err(error);
                }
            }
            let look = if shared { LOOK_SHARED } else { LOOK_ALONE };
            // Woken or not, the journal is looked at.
            let _ = tokio::time::timeout(look, self.intake().work_is_there()).await;
        }
    }

    /// Takes what the journal holds if there is anything that can not be asked yet: a store that was matched to its end is
    /// not matched again.
    pub async fn bring_up_to_date(&self) -> Result<(), ServiceError> {
        let head = self.reader().head().await?;
        if self.published_position() == Some(head) { Ok(()) } else { self.catch_up().await }
    }

    /// Takes everything that the journal holds, after reading the store if that was not done yet.
    pub async fn catch_up(&self) -> Result<(), ServiceError> {
        let mut tail = self.tail().await?;
        self.acquire_leadership(&mut tail).await?;
        if tail.applied == Reached::default() {
            // A first load may be long: reports say from the start that nothing is known.
            self.keep_outcomes(&tail).await?;
        }
        // What follows from the last step is written while the next one is matched.
        let mut unwritten = None;
        loop {
            if self.index_rests() && !tail.pen.leads {
                // Who leads writes the index, and this gateway comes after it.
                break;
            }
            self.ensure_postings(&mut tail).await?;
            match self.way_to_match(&tail)? {
                Way::Steps => {}
                Way::AtOnce => {
                    self.write_step(&mut tail, unwritten.take()).await?;
                    self.match_all_at_once(&mut tail).await?;
                }
                Way::Later => return self.write_step(&mut tail, unwritten).await,
            }
            let next = self.next_step(tail.applied, None).await;
            // What is not written is lost with a failure: the store does not hold what follows from here then.
            tail.unsure |= next.is_err() && unwritten.is_some();
            match next? {
                Next::Step(step) => unwritten = self.take(&mut tail, unwritten, step).await?,
                Next::Nothing if unwritten.is_some() => self.write_step(&mut tail, unwritten.take()).await?,
                Next::Nothing => break,
                Next::TooFarBehind => {
                    self.write_step(&mut tail, unwritten.take()).await?;
                    self.read_again(&mut tail).await?;
                }
            }
        }
        if tail.pen.replaced && self.index_rests() {
            return Ok(());
        }
        self.acquire_leadership(&mut tail).await?;
        self.keep_outcomes(&tail).await?;
        self.drop_postings(&mut tail).await?;
        self.look_for_stop_keys(tail.applied.position()).await?;
        if self.intake().quiet() { self.keep_index(&tail, INDEX_AFTER).await } else { Ok(()) }
    }

    /// Leads if nobody else does; a follower learns how far the leader has come.
    async fn acquire_leadership(&self, tail: &mut Tail) -> Result<(), ServiceError> {
        if !tail.pen.leads {
            let leads = self.store().lead().await?;
            self.follow_leader(tail, leads).await?;
            let (stored, mark) = derived_mark(self.reader()).await?;
            let mark = mark.filter(|mark| mark.whole && mark.by == self.models().derived_by());
            let reached = mark.as_ref().map(|mark| mark.reached);
            let index = self.index_rests() && mark.is_some_and(|mark| mark.index);
            tail.pen = Pen { mark: stored, leads, index, ..Pen::default() };
            if !leads {
                // What the leader wrote can be read, as far as this gateway's matcher knows of it.
                return self.note_matched(reached.unwrap_or_default().min(tail.applied)).await;
            }
            tail.unsure |= reached != Some(tail.applied);
        }
        if tail.unsure {
            self.derive_anew(tail).await?;
        }
        if tail.pen.leads { self.note_matched(tail.applied).await } else { Ok(()) }
    }

    /// Reads the store. Where the index on disk stands before what is derived, the steps between are matched again, and
    /// nothing is written.
    pub(super) async fn resumed(&self) -> Result<Tail, ServiceError> {
        let snapshot = Arc::new(self.store().snapshot().await?);
        let mut tail = self.read_store(&**snapshot, Trust::Index).await?;
        let (_, mark) = derived_mark(&**snapshot).await?;
        let goal = mark.filter(|_| !tail.unsure).map(|mark| mark.reached).unwrap_or_default();
        if self.index_rests() && tail.applied < goal {
            let taken = self.step_to(&mut tail, goal, &snapshot).await?;
            return if taken { Ok(tail) } else { self.read_store(&**snapshot, Trust::Mark).await };
        }
        while tail.applied < goal {
            match self.next_step(tail.applied, Some(goal.position())).await? {
                Next::Step(step) => drop(self.match_step(&mut tail.applied, step).await?),
                Next::Nothing | Next::TooFarBehind => return self.read_store(&**snapshot, Trust::Mark).await,
            }
        }
        Ok(tail)
    }

    /// The next work behind `applied`, up to a position if one is given.
    async fn next_step(&self, applied: Reached, to: Option<Position>) -> Result<Next, ServiceError> {
        let from = applied.position().next().key();
        let end = to.map(|to| to.next().key());
        let page = self.reader().scan(Table::Journal, from.clone(), end, STEP_ENTRIES).await?;
        if page.first().is_some_and(|(key, _)| *key != from) {
            return self.left_behind(applied, "the journal").await;
        }
        let mut step = Step::behind(applied);
        let mut decided = Vec::new();
        for (key, entry) in page {
            let room = self.step_rows().saturating_sub(step.records.len() + step.rows.len());
            if room == 0 {
                break;
            }
            let position = Position::of(&key).ok_or(ServiceError::Corrupt { what: "journal".to_owned() })?;
            match decode(&entry, "journal")? {
                Entry::Rows { rows, .. } => self.add_rows(&mut step, position, &rows, room),
                Entry::Decisions { decisions, .. } => {
                    decided.extend(decisions);
                    step.reached = Reached { through: position.0, rows: 0 };
                }
                Entry::Declarations { names, .. } => {
                    step.declared.extend(names.iter().filter_map(|name| region_of(name)).map(str::to_owned));
                    step.reached = Reached { through: position.0, rows: 0 };
                }
                // Nothing follows from it.
                Entry::Mapping { .. } | Entry::Compacted(_) => {
                    step.reached = Reached { through: position.0, rows: 0 };
                }
            }
        }
        if step.reached == applied {
            return Ok(Next::Nothing);
        }
        step.decisions = self.decisions_at(decided).await?;
        let rows = std::mem::take(&mut step.rows);
        match self.records_at(&rows).await? {
            Some(records) => step.records.extend(records),
            None => return self.left_behind(applied, "a row that the journal names").await,
        }
        Ok(Next::Step(step))
    }

    /// Something that should lie behind `applied` is not there: the leader may have passed it and let it go. If not, the
    /// store is damaged.
    async fn left_behind(&self, applied: Reached, what: &str) -> Result<Next, ServiceError> {
        let (_, mark) = derived_mark(self.reader()).await?;
        if mark.is_some_and(|mark| mark.reached > applied) {
            Ok(Next::TooFarBehind)
        } else {
            Err(ServiceError::Corrupt { what: what.to_owned() })
        }
    }

    /// Matches one state of the store in bulk, as at the start.
    async fn read_again(&self, tail: &mut Tail) -> Result<(), ServiceError> {
        tracing::info!("the retention rule passed this gateway; it reads the store again");
        let snapshot = self.store().snapshot().await?;
        *tail = self.read_store(&*snapshot, Trust::Mark).await?;
        Ok(())
    }

    /// Adds as many rows of an entry as there is room for. Records that are still in memory are not read again.
    fn add_rows(&self, step: &mut Step, position: Position, rows: &[(RecordId, Sequence)], room: usize) {
        let done = if step.reached.through + 1 == position.0 { step.reached.rows } else { 0 };
        let left = &rows[done.min(rows.len())..];
        if left.len() > room {
            step.rows.extend(&left[..room]);
            step.reached = Reached { through: position.0 - 1, rows: done + room };
            return;
        }
        match self.intake().records_at_hand(position).filter(|_| done == 0) {
            Some(records) => step.records.extend(records),
            None => step.rows.extend(left),
        }
        step.reached = Reached { through: position.0, rows: 0 };
    }

    fn step_rows(&self) -> usize {
        if self.index_rests() { STEP_ROWS_RESTING } else { STEP_ROWS }
    }

    /// Decisions by pair and number.
    pub(super) async fn decisions_at(
        &self,
        decided: Vec<(RecordId, RecordId, u64)>,
    ) -> Result<Vec<Decision>, ServiceError> {
        let keys = decided.iter().map(|(a, b, nth)| decision_key(*a, *b, *nth as usize)).collect();
        let found = get_many(self.reader(), Table::Decisions, keys).await?;
        found.into_iter().flatten().map(|bytes| decode(&bytes, "decision")).collect()
    }

    /// Accepted rows as records; `None` where one is not there.
    pub(super) async fn records_at(&self, rows: &[(RecordId, Sequence)]) -> Result<Option<Vec<Record>>, ServiceError> {
        let keys = rows.iter().map(|(record, sequence)| row_key(*record, *sequence)).collect();
        let found = get_many(self.reader(), Table::Rows, keys).await?;
        found.into_iter().map(|bytes| bytes.map(|bytes| record_of(&decode_row(&bytes)?)).transpose()).collect()
    }

    /// Matches a step while what followed from the one before is written; answers what follows from it.
    async fn take(
        &self,
        tail: &mut Tail,
        before: Option<Unwritten>,
        step: Step,
    ) -> Result<Option<Unwritten>, ServiceError> {
        let started = std::time::Instant::now();
        // Should anything fail from here on, the matcher is ahead of the store.
        let sure = !std::mem::replace(&mut tail.unsure, true);
        let Tail { applied, pen, .. } = tail;
        let batch = before.as_ref().map(|before| before.batch);
        let (written, matched) = tokio::join!(self.write_changes(pen, before), self.match_step(applied, step));
        written?;
        let changes = matched?;
        self.note_postings_written(batch).await?;
        tail.unsure = !sure;
        metrics::histogram!(metric::MATCH_SECONDS).record(started.elapsed().as_secs_f64());
        Ok((tail.pen.leads && sure).then_some(changes))
    }

    /// Matches a step. A follower derives as well: the matcher notes the families.
    pub(super) async fn match_step(&self, applied: &mut Reached, step: Step) -> Result<Unwritten, ServiceError> {
        let Step { reached, records, decisions, declared, .. } = step;
        self.matching().note_changed((records.len() + decisions.len()) as u64);
        let asked = self.asked_then(&records).await?;
        let work = move |matcher: &mut Matcher| {
            let mut dirty = matcher.apply(records, asked, decisions)?;
            if !declared.is_empty() {
                let declared = Areas::of(declared.iter().map(String::as_str));
                dirty.touched.extend(matcher.records_in(&declared));
            }
            Ok::<_, LiveError>((dirty, matcher.live.changed_postings()))
        };
        let (dirty, changed) = match self.on_matcher(work).await? {
            Ok(found) => found,
            Err(error) => {
                if self.matching().read(Matcher::is_half_changed)? {
                    self.matching().forget();
                }
                return Err(error.into());
            }
        };
        *applied = reached;
        let touched = Touched::of_step(&dirty.touched);
        let mut changes = self.derived(dirty).await?;
        changes.puts.insert((Table::Outcomes, Touched::key(reached)), encode(&touched));
        let batch = changed.batch;
        add_postings(&mut changes, changed);
        Ok(Unwritten { reached, changes, batch })
    }

    /// Writes what followed from the last step, if that is not done.
    async fn write_step(&self, tail: &mut Tail, step: Option<Unwritten>) -> Result<(), ServiceError> {
        let sure = !std::mem::replace(&mut tail.unsure, true);
        let batch = step.as_ref().map(|step| step.batch);
        self.write_changes(&mut tail.pen, step).await?;
        self.note_postings_written(batch).await?;
        tail.unsure = !sure;
        Ok(())
    }

    /// Writes what followed from a step, and publishes it.
    async fn write_changes(&self, pen: &mut Pen, step: Option<Unwritten>) -> Result<(), ServiceError> {
        let Some(Unwritten { reached, mut changes, .. }) = step.filter(|_| pen.leads) else { return Ok(()) };
        self.renew_persons(&mut changes).await?;
        self.write_derived(pen, reached, changes).await?;
        if pen.leads { self.note_matched(reached).await } else { Ok(()) }
    }

    /// Derives what a change touched.
    pub(super) async fn derived(&self, dirty: Dirty) -> Result<Changes, ServiceError> {
        let (dirty, keys) = self
            .on_matcher(|matcher| {
                let keys = matcher.row_keys(&matcher.records_needed(&dirty));
                (dirty, keys)
            })
            .await?;
        let rows = get_many(self.reader(), Table::Rows, keys).await?;
        let read = move || rows.par_iter().flatten().map(|bytes| record_of(&decode_row(bytes)?)).collect();
        let records: Result<Vec<Record>, ServiceError> =
            tokio::task::spawn_blocking(read).await.map_err(|_| ServiceError::NotReady)?;
        let records = records?;
        self.on_matcher(move |matcher| derive(matcher, &dirty, &records)).await
    }

    /// Works on the matcher, away from the threads that answer.
    pub(super) async fn on_matcher<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Matcher) -> T + Send + 'static,
    ) -> Result<T, ServiceError> {
        let gateway = self.clone();
        let work = tokio::task::spawn_blocking(move || gateway.matching().change(work));
        work.await.map_err(|_| ServiceError::NotReady)?
    }

    fn note_pace(&self, pace: Pace) {
        self.matching().note_progress(|progress| progress.pace = pace);
    }

    /// Publishes what is derived up to here.
    pub(super) async fn note_matched(&self, reached: Reached) -> Result<(), ServiceError> {
        let matched = reached.position();
        let waiting = self.intake().drop_matched(matched);
        self.intake().drop_evaluated(self.matching().evaluated());
        metrics::gauge!(metric::ROWS_WAITING).set(waiting as f64);
        self.publish().await?;
        self.matching().note_progress(|progress| progress.matched = progress.matched.max(matched));
        Ok(())
    }
}

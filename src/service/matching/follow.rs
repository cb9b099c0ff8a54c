//! Following the journal: the matcher takes what was acknowledged, in order, and what follows from it is written.
//!
//! One commit holds what follows from a step together with the mark of how far it reaches, so a gateway may die at any
//! point: the next one goes on from the mark. Of several gateways on one store each follows the whole journal, so that
//! each can answer; one of them, the leader, writes. A leader that was replaced without noticing finds another mark
//! than its own and writes nothing more.

use std::time::Duration;

use super::Pace;
use super::derive::{Changes, derive};
use super::load::{Trust, record_of};
use super::matcher::{Dirty, Matcher};
use crate::domain::decision::Decision;
use crate::domain::record::{Record, RecordId, Sequence};
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::rules::Touched;
use crate::service::stored::codec::{decode, decode_row, encode, row_key};
use crate::service::stored::decisions::decision_key;
use crate::service::stored::journal::{DERIVED_MARK, DerivedMark, Entry, Reached, derived_mark};
use crate::service::stored::reading::get_many;
use crate::store::{Position, StoreError, Table, WriteBatch};
use crate::telemetry::metric;

/// Rows matched and written in one step.
const STEP_ROWS: usize = 10_000;

/// Entries of the journal looked at in one step.
const STEP_ENTRIES: usize = 256;

/// How often a gateway that has its store to itself looks for work nobody told it of: a client that went away while
/// its push was being made durable.
const LOOK_ALONE: Duration = Duration::from_secs(1);

/// How often a gateway looks for what others wrote.
const LOOK_SHARED: Duration = Duration::from_millis(20);

/// How long a gateway waits after its store failed, where the store may come back.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// Entries written in one transaction while much is written; see [`Gateway::write_in_parts`].
const PART: usize = 2_000;

/// Where this gateway stands in the journal.
#[derive(Debug)]
pub(in crate::service) struct Tail {
    /// What the matcher has taken.
    pub(in crate::service) applied: Reached,
    /// The mark of the derived state as it was stored last.
    pub(in crate::service) mark: Option<Vec<u8>>,
    /// What the store holds of derived state does not follow from the mark, or not from the matcher's state: it has to
    /// be compared as a whole.
    pub(in crate::service) unsure: bool,
    /// This gateway writes.
    pub(in crate::service) leads: bool,
}

/// Work that is taken at once.
struct Step {
    reached: Reached,
    records: Vec<Record>,
    rows: Vec<(RecordId, Sequence)>,
    decisions: Vec<Decision>,
    declared: bool,
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
        loop {
            if self.all_at_once_is_faster(&tail)? {
                self.match_all_at_once(&mut tail).await?;
            }
            match self.next_step(tail.applied).await? {
                Next::Step(step) => self.take(&mut tail, step).await?,
                Next::Nothing => break,
                Next::TooFarBehind => self.read_again(&mut tail).await?,
            }
        }
        self.acquire_leadership(&mut tail).await?;
        self.keep_outcomes(&tail).await?;
        self.look_for_stop_keys(tail.applied.position()).await
    }

    /// Leads if nobody else does; a follower learns how far the leader has come.
    async fn acquire_leadership(&self, tail: &mut Tail) -> Result<(), ServiceError> {
        if !tail.leads {
            tail.leads = self.store().lead().await?;
            let (stored, mark) = derived_mark(self.reader()).await?;
            tail.mark = stored;
            let mark = mark.filter(|mark| mark.whole && mark.by == self.models().derived_by());
            let reached = mark.map(|mark| mark.reached);
            if !tail.leads {
                // What the leader wrote can be read, as far as this gateway's matcher knows of it.
                return self.note_matched(reached.unwrap_or_default().min(tail.applied)).await;
            }
            tail.unsure |= reached != Some(tail.applied);
        }
        if tail.unsure {
            self.derive_anew(tail).await?;
        }
        if tail.leads { self.note_matched(tail.applied).await } else { Ok(()) }
    }

    /// The next work behind `applied`.
    async fn next_step(&self, applied: Reached) -> Result<Next, ServiceError> {
        let from = applied.position().next().key();
        let page = self.reader().scan(Table::Journal, from.clone(), None, STEP_ENTRIES).await?;
        if page.first().is_some_and(|(key, _)| *key != from) {
            return self.left_behind(applied, "the journal").await;
        }
        let mut step =
            Step { reached: applied, records: Vec::new(), rows: Vec::new(), decisions: Vec::new(), declared: false };
        let mut decided = Vec::new();
        for (key, entry) in page {
            let room = STEP_ROWS - step.records.len() - step.rows.len();
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
                Entry::Declarations { .. } => {
                    step.declared = true;
                    step.reached = Reached { through: position.0, rows: 0 };
                }
                // Nothing follows from it.
                Entry::Compacted(_) => step.reached = Reached { through: position.0, rows: 0 },
            }
        }
        if step.reached == applied {
            return Ok(Next::Nothing);
        }
        let keys = decided.iter().map(|(a, b, nth)| decision_key(*a, *b, *nth as usize)).collect();
        for bytes in get_many(self.reader(), Table::Decisions, keys).await?.into_iter().flatten() {
            step.decisions.push(decode(&bytes, "decision")?);
        }
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
        match self.intake().fresh_records(position).filter(|_| done == 0) {
            Some(records) => step.records.extend(records),
            None => step.rows.extend(left),
        }
        step.reached = Reached { through: position.0, rows: 0 };
    }

    /// Accepted rows as records; `None` where one is not there.
    async fn records_at(&self, rows: &[(RecordId, Sequence)]) -> Result<Option<Vec<Record>>, ServiceError> {
        let keys = rows.iter().map(|(record, sequence)| row_key(*record, *sequence)).collect();
        let found = get_many(self.reader(), Table::Rows, keys).await?;
        found.into_iter().map(|bytes| bytes.map(|bytes| record_of(&decode_row(&bytes)?)).transpose()).collect()
    }

    /// Matches a step and writes what follows from it.
    async fn take(&self, tail: &mut Tail, step: Step) -> Result<(), ServiceError> {
        let started = std::time::Instant::now();
        let Step { reached, records, decisions, declared, .. } = step;
        let dirty = self.on_matcher(|matcher| matcher.apply(records, decisions)).await?;
        let dirty = dirty.map_err(|error| ServiceError::Corrupt { what: error.to_string() })?;
        tail.applied = reached;
        // Should anything fail from here on, the matcher is ahead of the store.
        let sure = !std::mem::replace(&mut tail.unsure, true);
        // A follower derives as well: the matcher notes the families.
        let mut touched = Touched::records(dirty.touched.iter().copied());
        touched.all = declared;
        let mut changes = self.derived(dirty).await?;
        changes.puts.insert((Table::Outcomes, Touched::key(reached)), encode(&touched));
        if tail.leads && sure {
            self.write_derived(tail, changes).await?;
        }
        tail.unsure = !sure;
        metrics::histogram!(metric::MATCH_SECONDS).record(started.elapsed().as_secs_f64());
        if tail.leads && sure {
            self.note_matched(reached).await?;
        }
        Ok(())
    }

    /// Derives what a change touched.
    pub(super) async fn derived(&self, dirty: Dirty) -> Result<Changes, ServiceError> {
        let (dirty, keys) = self
            .on_matcher(|matcher| {
                let keys = matcher.row_keys(&matcher.records_needed(&dirty));
                (dirty, keys)
            })
            .await?;
        let mut records = Vec::with_capacity(keys.len());
        for bytes in get_many(self.reader(), Table::Rows, keys).await?.into_iter().flatten() {
            records.push(record_of(&decode_row(&bytes)?)?);
        }
        self.on_matcher(move |matcher| derive(matcher, &dirty, &records)).await
    }

    /// Works on the matcher, away from the threads that answer.
    async fn on_matcher<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Matcher) -> T + Send + 'static,
    ) -> Result<T, ServiceError> {
        let gateway = self.clone();
        let work = tokio::task::spawn_blocking(move || gateway.matching().change(work));
        work.await.map_err(|_| ServiceError::NotReady)?
    }

    /// Writes what follows from a step, in one commit with its mark; a leader that was replaced leads no more.
    async fn write_derived(&self, tail: &mut Tail, changes: Changes) -> Result<(), ServiceError> {
        if changes.bytes() > self.settings().max_derived_bytes {
            return self.write_in_parts(tail, changes).await;
        }
        let mut write = WriteBatch::new();
        for ((table, key), value) in changes.into_entries() {
            match value {
                Some(value) => write.put(table, key, value),
                None => write.delete(table, key),
            };
        }
        self.commit_marked(tail, write, true).await
    }

    /// Writes what is too much for one commit. Its mark says from the first part to the last that the state is not
    /// whole, so that whoever finds it there compares everything.
    async fn write_in_parts(&self, tail: &mut Tail, changes: Changes) -> Result<(), ServiceError> {
        self.commit_marked(tail, WriteBatch::new(), false).await?;
        let (mut write, mut entries) = (WriteBatch::new(), 0);
        for ((table, key), value) in changes.into_entries() {
            match value {
                Some(value) => write.put(table, key, value),
                None => write.delete(table, key),
            };
            entries += 1;
            if entries % PART == 0 && tail.leads {
                self.commit_marked(tail, std::mem::take(&mut write), false).await?;
            }
        }
        if tail.leads { self.commit_marked(tail, write, true).await } else { Ok(()) }
    }

    /// Writes what a comparison of everything found, for whoever opened the store to do just that.
    pub(in crate::service) async fn write_compared(&self, difference: Changes) -> Result<(), ServiceError> {
        let mut tail = self.tail().await?;
        tail.leads = true;
        self.write_in_parts(&mut tail, difference).await?;
        if tail.leads { Ok(()) } else { Err(ServiceError::Changed { what: "derived state" }) }
    }

    pub(super) async fn commit_marked(
        &self,
        tail: &mut Tail,
        mut write: WriteBatch,
        whole: bool,
    ) -> Result<(), ServiceError> {
        let mark = encode(&DerivedMark {
            reached: tail.applied,
            whole,
            by: self.models().derived_by(),
            free: self.intake().numbers.first_free(),
            writer: self.instance().to_owned(),
        });
        match &tail.mark {
            Some(before) => write.require_equals(Table::Marks, DERIVED_MARK, before.clone()),
            None => write.require_absent(Table::Marks, DERIVED_MARK),
        };
        write.put(Table::Marks, DERIVED_MARK, mark.clone());
        match self.store().commit(write).await {
            Ok(_) => tail.mark = Some(mark),
            Err(StoreError::Conflict { .. }) => {
                tracing::info!("another gateway writes the derived state; this one follows it");
                tail.leads = false;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
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

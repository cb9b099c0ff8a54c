//! What takes inputs in: rows, decisions of stewards, declarations of completeness, mappings of lists.
//!
//! Every input goes through [`Gateway::take_in`], which owns what they have in common: one transaction holds what the
//! input writes, its idempotency key and its note in the journal. The transaction says what was read while it was planned;
//! where another input changed that in between, the input is planned anew. An input says what it writes ([`Input::plan`])
//! and knows nothing of keys, tries or the matcher's queue. Its entry in the audit log is part of the same transaction, and
//! what later belongs into it (an event) has its place in [`Planned`], too.

pub(super) mod budget;
mod decide;
mod declare;
pub(super) mod idempotency;
pub(super) mod mapping;
pub(super) mod numbers;
pub(super) mod push;
mod waiting;
mod withdrawal;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::Notify;

use self::budget::Budget;
use self::idempotency::{InFlight, Known, RequestId};
use self::numbers::Pool;
use self::waiting::Waiting;
use crate::domain::agency::AgencyId;
use crate::domain::record::Record;
use crate::service::audit;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::matching::load::AtOpening;
use crate::service::stored::journal::Entry;
use crate::store::{Position, StoreError, WriteBatch};

/// How often an input is planned anew because another one changed what it depends on.
const MAX_TRIES: usize = 50;

/// Without a push of many rows for so long the intake is quiet.
const QUIET: Duration = Duration::from_secs(2);

/// So many rows are many.
const MANY_ROWS: usize = 100;

/// The state of the intake.
pub(super) struct Intake {
    /// Numbers of records and rows.
    pub(super) numbers: Pool,
    in_flight: InFlight,
    /// What callers have under way.
    budget: Arc<Budget>,
    waiting: Mutex<Waiting>,
    wake: Notify,
    /// The last position that this gateway knows to be acknowledged.
    acknowledged: AtomicU64,
    /// The end of the journal when the gateway was started.
    began: Position,
    /// The pushes of many rows that followed each other without a pause.
    stream: Mutex<Stream>,
}

/// Pushes of many rows, one after the other.
#[derive(Default)]
struct Stream {
    rows: u64,
    last: Option<Instant>,
}

impl Stream {
    fn ended(&self) -> bool {
        self.last.is_none_or(|last| last.elapsed() >= QUIET)
    }

    fn add(&mut self, rows: u64) {
        self.rows = rows + if self.ended() { 0 } else { self.rows };
        self.last = Some(Instant::now());
    }
}

/// Something that is taken in.
#[async_trait]
pub(super) trait Input: Sync {
    /// What the caller is told.
    type Answer: Send;

    /// Which request it is.
    fn request(&self) -> RequestId;

    /// What it writes, as the state is now. Called again after a conflict.
    async fn plan(&self, gateway: &Gateway) -> Result<Planned<Self::Answer>, ServiceError>;

    /// The answer where somebody else changed what the plan depends on and the caller has to look again; `None` where it
    /// is simply planned anew.
    fn on_conflict(&self) -> Option<ServiceError> {
        None
    }
}

/// What an input writes.
pub(super) struct Planned<T> {
    /// The changes, and what has to be true when they are made.
    pub(super) write: WriteBatch,
    /// The note in the journal, for the idempotency key that it is given.
    pub(super) note: Box<dyn FnOnce(String) -> Entry + Send>,
    /// What the request led to, to be remembered under its key.
    pub(super) led_to: String,
    /// Records that are new or changed: the matcher need not read them again.
    pub(super) records: Vec<Record>,
    /// What the audit log says of it.
    pub(super) audit: audit::Entry,
    /// What the caller is told.
    pub(super) answer: T,
}

/// What became of an input.
pub(super) enum TakenIn<T> {
    /// It is durable.
    New {
        /// Where its note stands in the journal.
        position: Position,
        /// What the caller is told.
        answer: T,
    },
    /// It was taken in before, under the same key; what it led to.
    Before(String),
}

impl Intake {
    pub(super) fn new(begun: &AtOpening, shared: bool) -> Self {
        Self {
            numbers: Pool::new(begun.free, shared),
            in_flight: InFlight::default(),
            budget: Arc::default(),
            waiting: Mutex::default(),
            wake: Notify::new(),
            acknowledged: AtomicU64::new(begun.head.0),
            began: begun.head,
            stream: Mutex::default(),
        }
    }

    /// The last position that this gateway knows to be acknowledged.
    pub(super) fn acknowledged(&self) -> Position {
        Position(self.acknowledged.load(Ordering::Acquire))
    }

    /// Rows that this gateway acknowledged and that are not matched yet.
    pub(super) fn waiting_rows(&self) -> u64 {
        self.waiting().waiting_rows()
    }

    /// The same, of the rows of an agency.
    pub(super) fn waiting_rows_of(&self, agency: &AgencyId) -> u64 {
        self.waiting().waiting_rows_of(agency)
    }

    /// The batches that this gateway took and that are not matched yet.
    pub(super) fn waiting_batches(&self) -> BTreeSet<String> {
        self.waiting().waiting_batches()
    }

    /// Whether a batch that this gateway took is matched and the rules were not evaluated for it.
    pub(super) fn waits_for_rules(&self, batch: &str, evaluated: Position) -> bool {
        self.waiting().waits_for_rules(batch, evaluated)
    }

    /// Forgets which batches wait for the rules up to here.
    pub(super) fn drop_evaluated(&self, through: Position) {
        self.waiting().drop_evaluated(through);
    }

    /// Whether every input behind `matched` was taken by this gateway since it was started.
    pub(super) fn knows_all_behind(&self, matched: Position) -> bool {
        matched >= self.began
    }

    /// Records that were acknowledged just now and are still in memory.
    pub(super) fn records_at_hand(&self, position: Position) -> Option<Vec<Record>> {
        self.waiting().take(position)
    }

    /// Forgets what is matched; answers how many rows still wait.
    pub(super) fn drop_matched(&self, through: Position) -> u64 {
        let mut waiting = self.waiting();
        waiting.drop_through(through);
        waiting.waiting_rows()
    }

    /// Whether no push of many rows was acknowledged for a while.
    pub(super) fn quiet(&self) -> bool {
        self.stream().ended()
    }

    /// Rows of large pushes that came in one after the other and still come; none while it is quiet.
    pub(super) fn coming_in(&self) -> u64 {
        let stream = self.stream();
        if stream.ended() { 0 } else { stream.rows }
    }

    fn stream(&self) -> MutexGuard<'_, Stream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when something was acknowledged.
    pub(super) async fn work_is_there(&self) {
        self.wake.notified().await;
    }

    /// Lets the matcher look whether there is something to do.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Tells the matcher of what is durable now.
    fn note_acknowledged(&self, position: Position, records: Vec<Record>, batch: Option<String>) {
        self.acknowledged.fetch_max(position.0, Ordering::AcqRel);
        if records.len() >= MANY_ROWS {
            self.stream().add(records.len() as u64);
        }
        self.waiting().add(position, records, batch);
        self.wake.notify_one();
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gateway {
    /// Takes an input in; returns when it is durable.
    ///
    /// The same key with the same request leads to what it led to before; with another request
    /// [`ServiceError::KeyReused`], and while the first is under way [`ServiceError::InFlight`].
    async fn take_in<I: Input>(&self, input: &I) -> Result<TakenIn<I::Answer>, ServiceError> {
        let request = input.request();
        let _under_way = self.intake().in_flight.begin(&request)?;
        for _ in 0..MAX_TRIES {
            let known = request.known(self.reader()).await?;
            if let Known::Answer(led_to) = known {
                return Ok(TakenIn::Before(led_to));
            }
            let Planned { mut write, note, led_to, records, audit, answer } = input.plan(self).await?;
            request.remember(&mut write, known, led_to);
            let note = note(request.text());
            let batch = note.batch().map(str::to_owned);
            write.note(note.encoded()).audit(audit.encoded());
            match self.store().commit(write).await {
                Ok(committed) => {
                    let position = committed.journal.expect("every input leaves a note");
                    self.intake().note_acknowledged(position, records, batch);
                    return Ok(TakenIn::New { position, answer });
                }
                Err(StoreError::Conflict { .. }) => {
                    if let Some(error) = input.on_conflict() {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(ServiceError::Busy)
    }
}

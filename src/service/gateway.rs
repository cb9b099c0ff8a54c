//! The gateway: what all use cases share — store, models, clock, counters, the matcher and its queue.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::{mpsc, oneshot, watch};

use super::Config;
use super::clock::{Clock, day_in_jakarta};
use super::error::ServiceError;
use super::matcher::Matcher;
use super::models::Models;
use super::reports::Evaluated;
use crate::auth::{Caller, Directory};
use crate::domain::date::Date;
use crate::domain::decision::Decision;
use crate::domain::feed::Feed;
use crate::domain::record::{Record, RecordId, Sequence};
pub use crate::feed::{BatchReader as Intake, BodyError, ReadBatch as ReadBody};
use crate::feed::{BatchReader, Context};
use crate::store::{Read, Store, StoreError, Table};
use crate::telemetry::metric;

/// The use cases of the hub; cheap to clone. `http`, `worker` and `cli` call it and nothing below it.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    clients: Directory,
    settings: Config,
    models: Arc<Models>,
    clock: Arc<dyn Clock>,
    next_record: AtomicU64,
    next_sequence: AtomicU64,
    in_flight: Mutex<HashSet<Vec<u8>>>,
    matcher: RwLock<Matcher>,
    queue: mpsc::UnboundedSender<Job>,
    waiting: AtomicU64,
    waiting_batches: Mutex<HashSet<Sequence>>,
    accepted: AtomicU64,
    matched: watch::Sender<u64>,
    ready: AtomicBool,
    declarations: AtomicU64,
    kept_findings: tokio::sync::Mutex<Option<Arc<Evaluated>>>,
}

/// One changed record on its way to the matcher.
pub(super) struct RowChange(pub(super) Record);

/// Work for the matcher, in the order it was acknowledged.
pub(super) enum Job {
    /// Rows of one push.
    Rows(Vec<RowChange>),
    /// A decision, and whom to tell when its effect is there.
    Decisions(Vec<Decision>, oneshot::Sender<()>),
}

/// The receiving end of the matcher's queue; `worker` drives it.
pub struct Jobs(pub(super) mpsc::UnboundedReceiver<Job>);

/// What a gateway is made of.
pub struct Parts {
    /// Where bytes rest.
    pub store: Arc<dyn Store>,
    /// Who may call.
    pub clients: Directory,
    /// Limits and dates.
    pub settings: Config,
    /// Match model, survivorship and rules.
    pub models: Arc<Models>,
    /// Time and identity.
    pub clock: Arc<dyn Clock>,
}

impl Gateway {
    /// Opens a gateway on a store: reads what is there, matches what was not matched yet, and is ready when it returns.
    pub async fn open(parts: Parts) -> Result<(Self, Jobs), ServiceError> {
        let (gateway, jobs) = Self::load(parts).await?;
        gateway.repair_derived().await?;
        gateway.0.ready.store(true, Ordering::Release);
        Ok((gateway, jobs))
    }

    /// Reads and matches what is in the store, and writes nothing.
    pub(super) async fn load(parts: Parts) -> Result<(Self, Jobs), ServiceError> {
        let loaded = super::load::load(&parts.store, &parts.models).await?;
        let (queue, jobs) = mpsc::unbounded_channel();
        let rows = loaded.rows;
        let gateway = Self(Arc::new(Inner {
            store: parts.store,
            clients: parts.clients,
            settings: parts.settings,
            models: parts.models,
            clock: parts.clock,
            next_record: AtomicU64::new(loaded.next_record),
            next_sequence: AtomicU64::new(loaded.next_sequence),
            in_flight: Mutex::new(HashSet::new()),
            matcher: RwLock::new(loaded.matcher),
            queue,
            waiting: AtomicU64::new(0),
            waiting_batches: Mutex::new(HashSet::new()),
            accepted: AtomicU64::new(rows),
            matched: watch::channel(rows).0,
            ready: AtomicBool::new(false),
            declarations: AtomicU64::new(0),
            kept_findings: tokio::sync::Mutex::new(None),
        }));
        Ok((gateway, Jobs(jobs)))
    }

    /// Who calls.
    pub fn clients(&self) -> &Directory {
        &self.0.clients
    }

    /// Starts reading a push; callers whose agency does not send the feed are refused before a byte is read.
    pub fn intake(&self, caller: &Caller, feed: Feed) -> Result<BatchReader, ServiceError> {
        caller.may_push(feed).ok_or(ServiceError::WrongFeed { feed })?;
        let today = day_in_jakarta(self.clock().now());
        Ok(BatchReader::new(feed, self.settings().intake, Context::on(today)))
    }

    /// Ready to serve: what was stored has been read and matched.
    pub fn ready(&self) -> bool {
        self.0.ready.load(Ordering::Acquire)
    }

    /// Takes the gateway out of service: `/readyz` says so from now on.
    pub fn stop_serving(&self) {
        self.0.ready.store(false, Ordering::Release);
    }

    /// The limits and dates in force.
    pub fn settings(&self) -> &Config {
        &self.0.settings
    }

    /// The models and rules in force.
    pub fn models(&self) -> &Arc<Models> {
        &self.0.models
    }

    /// Rows acknowledged and not yet matched.
    pub fn waiting_rows(&self) -> u64 {
        self.0.waiting.load(Ordering::Acquire)
    }

    /// Returns when everything acknowledged before the call has been matched, or at once when the matcher stopped: then
    /// the state is as old as its last change, and `/readyz` says that the gateway is not well.
    pub async fn settled(&self) {
        let goal = self.0.accepted.load(Ordering::Acquire);
        let mut matched = self.0.matched.subscribe();
        tokio::select! {
            // The sender lives as long as `self`, so waiting can only end by reaching the goal.
            _ = matched.wait_for(|done| *done >= goal) => {}
            () = self.0.queue.closed() => {}
        }
    }

    /// Lets writes under way end and closes the store.
    pub async fn close(&self) {
        self.stop_serving();
        if let Err(error) = self.store().close().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the store did not close cleanly");
        }
    }

    /// The date reports are made for when the question names none.
    pub fn as_of(&self) -> Date {
        self.settings().as_of_or(self.clock())
    }

    pub(super) fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    pub(super) fn reader(&self) -> &dyn Read {
        self.0.store.reader()
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    pub(super) fn next_record(&self) -> RecordId {
        RecordId(self.0.next_record.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn next_sequence(&self) -> Sequence {
        Sequence(self.0.next_sequence.fetch_add(1, Ordering::Relaxed))
    }

    /// The number of rows matched so far: grows with every change of the derived state.
    pub(super) fn state_number(&self) -> u64 {
        *self.0.matched.borrow()
    }

    /// Grows with every declaration of completeness.
    pub(super) fn declaration_number(&self) -> u64 {
        self.0.declarations.load(Ordering::Acquire)
    }

    /// Notes that declarations changed.
    pub(super) fn note_declared(&self) {
        self.0.declarations.fetch_add(1, Ordering::AcqRel);
    }

    /// The findings computed last.
    pub(super) fn kept_findings(&self) -> &tokio::sync::Mutex<Option<Arc<Evaluated>>> {
        &self.0.kept_findings
    }

    pub(super) async fn get(&self, table: Table, key: Vec<u8>) -> Result<Option<Vec<u8>>, ServiceError> {
        self.reader().get(table, key).await.map_err(store_error)
    }

    /// Reads the matcher. Never held across an await.
    pub(super) fn matcher<T>(&self, read: impl FnOnce(&Matcher) -> T) -> T {
        // A panic while matching poisons the lock; the state behind it is rebuilt at the next start, and reading on
        // would show half a change, so the panic is passed on.
        read(&self.0.matcher.read().expect("the matcher did not panic"))
    }

    /// Changes the matcher; only the worker does.
    pub(super) fn matcher_mut<T>(&self, write: impl FnOnce(&mut Matcher) -> T) -> T {
        write(&mut self.0.matcher.write().expect("the matcher did not panic"))
    }

    /// Whether the batch that ends with this row still waits for the matcher.
    pub(super) fn is_waiting(&self, last: Sequence) -> bool {
        self.0.waiting_batches.lock().unwrap_or_else(PoisonError::into_inner).contains(&last)
    }

    /// Hands work to the matcher, in the order of acknowledgement.
    pub(super) fn enqueue(&self, job: Job) -> Result<(), ServiceError> {
        let units = job.units();
        self.0.waiting.fetch_add(units, Ordering::AcqRel);
        self.0.accepted.fetch_add(units, Ordering::AcqRel);
        if let Some(last) = job.last_sequence() {
            self.0.waiting_batches.lock().unwrap_or_else(PoisonError::into_inner).insert(last);
        }
        // A closed queue means the gateway is stopping: the rows are durable and are matched at the next start.
        self.0.queue.send(job).map_err(|_| ServiceError::NotReady)
    }

    /// Notes that work is done.
    pub(super) fn note_matched(&self, units: u64, batches: &[Sequence]) {
        {
            let mut waiting = self.0.waiting_batches.lock().unwrap_or_else(PoisonError::into_inner);
            for last in batches {
                waiting.remove(last);
            }
        }
        self.0.waiting.fetch_sub(units, Ordering::AcqRel);
        self.0.matched.send_modify(|done| *done += units);
        metrics::gauge!(metric::ROWS_WAITING).set(self.waiting_rows() as f64);
    }

    /// Marks an idempotency key as in flight until the guard is dropped.
    pub(super) fn take_off(&self, key: &[u8]) -> Result<Flight, ServiceError> {
        let mut flying = self.0.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        if !flying.insert(key.to_vec()) {
            return Err(ServiceError::InFlight);
        }
        Ok(Flight { gateway: self.clone(), key: key.to_vec() })
    }
}

impl Job {
    /// The last row of the batch behind it, by which the batch knows that it is matched.
    pub(super) fn last_sequence(&self) -> Option<Sequence> {
        match self {
            Self::Rows(rows) => rows.last().map(|row| row.0.sequence),
            Self::Decisions(..) => None,
        }
    }

    pub(super) fn units(&self) -> u64 {
        match self {
            Self::Rows(rows) => rows.len() as u64,
            Self::Decisions(..) => 1,
        }
    }
}

/// A request that is being worked on.
pub(super) struct Flight {
    gateway: Gateway,
    key: Vec<u8>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.gateway.0.in_flight.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// A client's name for one write, so that it can be repeated safely.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// 1 to 128 visible ASCII characters.
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Wraps an error of the store.
pub(super) fn store_error(error: StoreError) -> ServiceError {
    ServiceError::Store(Box::new(error))
}

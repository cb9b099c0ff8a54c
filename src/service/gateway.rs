//! The gateway: what all use cases share — store, models, clock, counters, the matcher and its queue.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::{Notify, watch};

use super::Config;
use super::clock::{Clock, newest_day_in_indonesia};
use super::error::ServiceError;
use super::follow::Tail;
use super::fresh::Fresh;
use super::load::Begun;
use super::matcher::Matcher;
use super::models::Models;
use super::numbers::Pool;
use super::reports::Evaluated;
use super::retention::Rounds;
use crate::auth::{Caller, Directory};
use crate::domain::date::Date;
use crate::domain::feed::Feed;
use crate::domain::record::Record;
use crate::feed::{BatchReader, Context};
use crate::store::{Position, Read, Store, StoreError, Table};

/// The use cases of the hub; cheap to clone. `http`, `worker` and `cli` call it and nothing below it.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    clients: Directory,
    settings: Config,
    models: Arc<Models>,
    clock: Arc<dyn Clock>,
    /// Tells this gateway from others on the same store.
    instance: String,
    numbers: Pool,
    in_flight: Mutex<HashSet<Vec<u8>>>,
    /// `None` until the store has been read.
    matcher: RwLock<Option<Matcher>>,
    tail: tokio::sync::Mutex<Option<Tail>>,
    fresh: Mutex<Fresh>,
    wake: Notify,
    /// The last position that this gateway knows to be acknowledged.
    acknowledged: AtomicU64,
    progress: watch::Sender<Progress>,
    /// Changes of the matcher so far.
    steps: AtomicU64,
    ready: AtomicBool,
    declarations: AtomicU64,
    kept_findings: tokio::sync::Mutex<Option<Arc<Evaluated>>>,
    rounds: tokio::sync::Mutex<Rounds>,
}

/// How far the matcher is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    /// The store has been read.
    pub(super) loaded: bool,
    /// What follows from everything up to here can be read.
    pub(super) matched: Position,
    /// The store takes nothing now, so what can be read stays as it is for a while.
    pub(super) stalled: bool,
    /// The matcher has stopped: nothing more will be matched.
    pub(super) stopped: bool,
}

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
    /// Opens a gateway on a store; it takes pushes when this returns. What has to be read to match and to answer is read
    /// by whoever calls [`Gateway::work`] or [`Gateway::catch_up`]; until then questions wait.
    pub async fn open(parts: Parts) -> Result<Self, ServiceError> {
        let snapshot = parts.store.snapshot().await.map_err(store_error)?;
        let begun = super::load::begin(&*snapshot, &parts.models).await?;
        drop(snapshot);
        let gateway = Self::new(parts, &begun);
        gateway.0.ready.store(true, Ordering::Release);
        Ok(gateway)
    }

    /// Reads and matches what the derived state in `snapshot` follows from, and writes nothing.
    pub(super) async fn load(parts: Parts, snapshot: &dyn Read) -> Result<Self, ServiceError> {
        let begun = super::load::begin(snapshot, &parts.models).await?;
        let gateway = Self::new(parts, &begun);
        let mut tail = gateway.0.tail.lock().await;
        gateway.load_into(&mut tail, snapshot).await?;
        drop(tail);
        Ok(gateway)
    }

    /// Reads the store and builds the matcher.
    async fn load_into(&self, tail: &mut Option<Tail>, snapshot: &dyn Read) -> Result<(), ServiceError> {
        *tail = Some(self.load_matcher(snapshot).await?);
        self.note_progress(|progress| progress.loaded = true);
        Ok(())
    }

    /// Builds the matcher from a state of the store; answers where it stands in the journal.
    pub(super) async fn load_matcher(&self, snapshot: &dyn Read) -> Result<Tail, ServiceError> {
        let loaded = super::load::load(snapshot, self.models()).await?;
        *self.0.matcher.write().expect("the matcher did not panic") = Some(loaded.matcher);
        Ok(loaded.tail)
    }

    fn new(parts: Parts, begun: &Begun) -> Self {
        Self(Arc::new(Inner {
            instance: parts.clock.new_id(),
            numbers: Pool::new(begun.free, parts.store.shared()),
            store: parts.store,
            clients: parts.clients,
            settings: parts.settings,
            models: parts.models,
            clock: parts.clock,
            in_flight: Mutex::new(HashSet::new()),
            matcher: RwLock::new(None),
            tail: tokio::sync::Mutex::new(None),
            fresh: Mutex::default(),
            wake: Notify::new(),
            acknowledged: AtomicU64::new(begun.head.0),
            progress: watch::channel(Progress { matched: begun.derived, ..Progress::default() }).0,
            steps: AtomicU64::new(0),
            ready: AtomicBool::new(false),
            declarations: AtomicU64::new(0),
            kept_findings: tokio::sync::Mutex::new(None),
            rounds: tokio::sync::Mutex::default(),
        }))
    }

    /// Who calls.
    pub fn clients(&self) -> &Directory {
        &self.0.clients
    }

    /// Starts reading a push; callers whose agency does not send the feed are refused before a byte is read.
    pub fn intake(&self, caller: &Caller, feed: Feed) -> Result<BatchReader, ServiceError> {
        caller.may_push(feed).ok_or(ServiceError::WrongFeed { feed })?;
        let today = newest_day_in_indonesia(self.clock().now());
        Ok(BatchReader::new(feed, self.settings().intake, Context::on(today)))
    }

    /// Ready to serve: pushes are taken, and questions answered as soon as the store has been read.
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

    /// Rows that this gateway acknowledged and that are not matched yet.
    pub fn waiting_rows(&self) -> u64 {
        self.fresh().lock().unwrap_or_else(PoisonError::into_inner).waiting_rows()
    }

    /// Returns when everything acknowledged before the call has been matched, or at once when nothing can be: the store
    /// takes no writes (then the state is as old as its last change), or the matcher stopped (then `/readyz` says so).
    pub async fn settled(&self) {
        let mut goal = self.0.acknowledged.load(Ordering::Acquire);
        if self.store().shared() {
            // Others acknowledge, too. Without an answer this gateway's own have to do.
            goal = self.reader().head().await.map_or(goal, |head| goal.max(head.0));
        }
        self.matched_through(Position(goal)).await;
    }

    /// Returns when everything acknowledged before the call can be read; `NotReady` when the store will not be read.
    pub(super) async fn matched_state(&self) -> Result<(), ServiceError> {
        self.settled().await;
        self.loaded().await
    }

    /// Returns when the store has been read; `NotReady` when it will not be.
    pub(super) async fn loaded(&self) -> Result<(), ServiceError> {
        let mut progress = self.0.progress.subscribe();
        let now = progress.wait_for(|now| now.loaded || now.stalled || now.stopped).await.map(|now| *now);
        if now.is_ok_and(|now| now.loaded) { Ok(()) } else { Err(ServiceError::NotReady) }
    }

    /// Returns when everything up to `goal` is matched, or at once when the matcher stopped.
    pub(super) async fn matched_through(&self, goal: Position) {
        let mut progress = self.0.progress.subscribe();
        // The sender lives as long as `self`.
        let _ = progress.wait_for(|now| (now.loaded && now.matched >= goal) || now.stalled || now.stopped).await;
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

    pub(super) fn numbers(&self) -> &Pool {
        &self.0.numbers
    }

    pub(super) fn instance(&self) -> &str {
        &self.0.instance
    }

    /// Where this gateway stands in the journal; reads the store first if that was not done yet.
    pub(super) async fn tail(&self) -> Result<tokio::sync::MappedMutexGuard<'_, Tail>, ServiceError> {
        let mut tail = self.0.tail.lock().await;
        if tail.is_none() {
            let snapshot = self.store().snapshot().await.map_err(store_error)?;
            self.load_into(&mut tail, &*snapshot).await?;
        }
        Ok(tokio::sync::MutexGuard::map(tail, |tail| tail.as_mut().expect("it was filled just now")))
    }

    pub(super) fn fresh(&self) -> &Mutex<Fresh> {
        &self.0.fresh
    }

    /// Grows with every change of the derived state.
    pub(super) fn state_number(&self) -> u64 {
        self.0.steps.load(Ordering::Acquire)
    }

    /// Notes that the derived state changed.
    pub(super) fn note_step(&self) {
        self.0.steps.fetch_add(1, Ordering::AcqRel);
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

    /// Where the retention rule stands.
    pub(super) fn rounds(&self) -> &tokio::sync::Mutex<Rounds> {
        &self.0.rounds
    }

    pub(super) async fn get(&self, table: Table, key: Vec<u8>) -> Result<Option<Vec<u8>>, ServiceError> {
        self.reader().get(table, key).await.map_err(store_error)
    }

    /// Reads the matcher. Never held across an await.
    pub(super) fn matcher<T>(&self, read: impl FnOnce(&Matcher) -> T) -> T {
        // A panic while matching poisons the lock; the state behind it is rebuilt at the next start, and reading on
        // would show half a change, so the panic is passed on.
        let matcher = self.0.matcher.read().expect("the matcher did not panic");
        read(matcher.as_ref().expect("whoever asks the matcher has waited for it"))
    }

    /// Changes the matcher; only the worker does.
    pub(super) fn matcher_mut<T>(&self, write: impl FnOnce(&mut Matcher) -> T) -> T {
        let mut matcher = self.0.matcher.write().expect("the matcher did not panic");
        write(matcher.as_mut().expect("whoever asks the matcher has waited for it"))
    }

    /// What follows from everything up to here can be read.
    pub(super) fn matched(&self) -> Position {
        self.0.progress.borrow().matched
    }

    /// Notes how far the matcher is.
    pub(super) fn note_progress(&self, change: impl FnOnce(&mut Progress)) {
        self.0.progress.send_modify(change);
    }

    /// Tells the matcher of what was acknowledged at `position`; `records` saves it from reading them.
    pub(super) fn note_acknowledged(&self, position: Position, records: Vec<Record>) {
        self.0.acknowledged.fetch_max(position.0, Ordering::AcqRel);
        self.fresh().lock().unwrap_or_else(PoisonError::into_inner).add(position, records);
        self.0.wake.notify_one();
    }

    /// Records that were acknowledged just now and are still in memory.
    pub(super) fn fresh_records(&self, position: Position) -> Option<Vec<Record>> {
        self.fresh().lock().unwrap_or_else(PoisonError::into_inner).take(position)
    }

    /// Returns when something was acknowledged.
    pub(super) async fn work_is_there(&self) {
        self.0.wake.notified().await;
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
    if matches!(error, StoreError::Full { .. }) {
        ServiceError::Full
    } else if matches!(error, StoreError::Unavailable { .. }) {
        ServiceError::Away(Box::new(error))
    } else {
        ServiceError::Store(Box::new(error))
    }
}

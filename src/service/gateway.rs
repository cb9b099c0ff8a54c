//! The gateway: the front door to all use cases, and what its parts share.
//!
//! `intake` takes inputs in, `matching` follows the journal and owns the matcher, `answers` reads what was published,
//! `rules` evaluates what they say of whom. Each has its own state here and its methods in its own folder.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::Config;
use super::answers::view::View;
use super::answers::views::StopKeyLine;
use super::audit::Audit;
use super::clock::{Clock, newest_day_in_indonesia};
use super::error::ServiceError;
use super::intake::Intake;
pub use super::intake::budget::Admitted;
pub use super::intake::idempotency::IdempotencyKey;
use super::matching::Matching;
use super::matching::load::AtOpening;
use super::matching::matcher::Matcher;
use super::models::Models;
use super::retention::Rounds;
use super::rules::Rules;
use crate::audit::LogSigner;
use crate::auth::{Changes, Clients, Directory};
use crate::domain::date::{Date, Timestamp};
use crate::domain::feed::Feed;
use crate::feed::{BatchReader, Context};
use crate::store::{Position, Read, Store, Table};

/// The use cases of the hub; cheap to clone. `http`, `worker` and `cli` call it and nothing below it.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    parts: Parts,
    /// Tells this gateway from others on the same store.
    instance: String,
    ready: AtomicBool,
    intake: Intake,
    matching: Matching,
    /// What can be asked; `None` until there is something.
    published: RwLock<Option<Arc<Published>>>,
    rules: Rules,
    audit: Audit,
    rounds: tokio::sync::Mutex<Rounds>,
}

/// What the matching publishes after each step.
struct Published {
    view: Arc<View>,
    stop_keys: Arc<Vec<StopKeyLine>>,
}

/// What a gateway is made of.
pub struct Parts {
    /// Where bytes rest.
    pub store: Arc<dyn Store>,
    /// Who may call.
    pub clients: Clients,
    /// Limits and dates.
    pub settings: Config,
    /// Match model, survivorship and rules.
    pub models: Arc<Models>,
    /// Time and identity.
    pub clock: Arc<dyn Clock>,
    /// Signs the heads of the audit log; without it none is signed.
    pub signer: Option<LogSigner>,
}

impl Gateway {
    /// Opens a gateway on a store. When this returns it takes pushes, and answers what can be answered from what was derived
    /// before. What has to be read to match is read by whoever calls [`Gateway::work`] or [`Gateway::catch_up`].
    pub async fn open(parts: Parts) -> Result<Self, ServiceError> {
        let snapshot = parts.store.snapshot().await?;
        let begun = super::matching::load::begin(&*snapshot, &parts.models).await?;
        drop(snapshot);
        let gateway = Self::new(parts, &begun);
        gateway.publish().await?;
        gateway.0.ready.store(true, Ordering::Release);
        Ok(gateway)
    }

    /// Reads and matches what the derived state in `snapshot` follows from, and writes nothing.
    pub(super) async fn load(parts: Parts, snapshot: &dyn Read) -> Result<Self, ServiceError> {
        let begun = super::matching::load::begin(snapshot, &parts.models).await?;
        let gateway = Self::new(parts, &begun);
        gateway.load_from(snapshot).await?;
        Ok(gateway)
    }

    fn new(mut parts: Parts, begun: &AtOpening) -> Self {
        Self(Arc::new(Inner {
            instance: parts.clock.new_id(),
            ready: AtomicBool::new(false),
            intake: Intake::new(begun, parts.store.shared()),
            matching: Matching::new(begun),
            published: RwLock::new(None),
            rules: Rules::default(),
            audit: Audit::new(parts.signer.take()),
            rounds: tokio::sync::Mutex::default(),
            parts,
        }))
    }

    /// Who may call now.
    pub fn clients(&self) -> Arc<Directory> {
        self.0.parts.clients.now()
    }

    /// The clients in force, for whoever has to learn of others.
    pub fn clients_in_force(&self) -> &Clients {
        &self.0.parts.clients
    }

    /// Puts other clients in the place of those before; answers what is other. Where other agencies are to send a feed, what
    /// is closed may be another thing: the rules are evaluated again for everybody.
    pub fn replace_clients(&self, clients: Directory) -> Changes {
        let senders = |clients: &Directory| {
            let regions = |feed| clients.regions_of_senders(feed).map(str::to_owned).collect::<Vec<_>>();
            Feed::ALL.map(|feed| (clients.agencies_sending(feed), regions(feed)))
        };
        let before = senders(&self.clients());
        let after = senders(&clients);
        let changes = self.0.parts.clients.replace(clients);
        if before != after {
            self.rules().evaluate_everything();
            self.intake().wake();
        }
        changes
    }

    /// Reads a push of a feed.
    pub fn read_push(&self, feed: Feed) -> BatchReader {
        let today = newest_day_in_indonesia(self.clock().now());
        BatchReader::new(feed, self.settings().intake, Context::on(today))
    }

    /// Ready to serve: pushes are taken, and questions answered.
    pub fn ready(&self) -> bool {
        self.0.ready.load(Ordering::Acquire)
    }

    /// Whether the store takes writes now; if not, why.
    pub async fn takes_writes(&self) -> Result<(), ServiceError> {
        Ok(self.store().health().await?)
    }

    /// Takes the gateway out of service: `/readyz` says so from now on.
    pub fn stop_serving(&self) {
        self.0.ready.store(false, Ordering::Release);
    }

    /// The limits and dates in force.
    pub fn settings(&self) -> &Config {
        &self.0.parts.settings
    }

    /// The models and rules in force.
    pub fn models(&self) -> &Arc<Models> {
        &self.0.parts.models
    }

    /// Rows that this gateway acknowledged and that are not matched yet.
    pub fn waiting_rows(&self) -> u64 {
        self.intake().waiting_rows()
    }

    /// Returns when everything acknowledged before the call has been matched, or at once when nothing can be: the store
    /// takes no writes (then the state is as old as its last change), or the matcher stopped (then `/readyz` says so).
    pub async fn settled(&self) {
        let mut goal = self.intake().acknowledged();
        if self.store().shared() {
            // Others acknowledge, too. Without an answer this gateway's own have to do.
            goal = self.reader().head().await.map_or(goal, |head| goal.max(head));
        }
        self.matched_through(goal).await;
        self.matching().evaluated_through(goal).await;
    }

    /// Returns when everything up to `goal` is matched, or at once when the matcher stopped.
    pub(super) async fn matched_through(&self, goal: Position) {
        self.matching().matched_through(goal).await;
    }

    /// Lets writes under way end, keeps the index on disk and closes the store.
    pub async fn close(&self) {
        self.stop_serving();
        self.keep_index_at_end().await;
        if let Err(error) = self.store().close().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the store did not close cleanly");
        }
    }

    /// The date reports are made for when the question names none.
    pub fn as_of(&self) -> Date {
        self.settings().as_of_or(self.clock())
    }

    pub(super) fn store(&self) -> &Arc<dyn Store> {
        &self.0.parts.store
    }

    pub(super) fn reader(&self) -> &dyn Read {
        self.store().reader()
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.0.parts.clock
    }

    /// The present moment, by the gateway's clock.
    pub fn now(&self) -> Timestamp {
        self.clock().now()
    }

    pub(super) fn instance(&self) -> &str {
        &self.0.instance
    }

    pub(super) fn intake(&self) -> &Intake {
        &self.0.intake
    }

    pub(super) fn matching(&self) -> &Matching {
        &self.0.matching
    }

    pub(super) fn rules(&self) -> &Rules {
        &self.0.rules
    }

    pub(super) fn audit(&self) -> &Audit {
        &self.0.audit
    }

    /// Where the retention rule stands.
    pub(super) fn rounds(&self) -> &tokio::sync::Mutex<Rounds> {
        &self.0.rounds
    }

    pub(super) async fn get(&self, table: Table, key: Vec<u8>) -> Result<Option<Vec<u8>>, ServiceError> {
        Ok(self.reader().get(table, key).await?)
    }

    /// What can be asked now. Waits only where there is nothing yet: at the first start, and where another program or
    /// other models derived what is there.
    pub(super) async fn view(&self) -> Result<Arc<View>, ServiceError> {
        if self.published().is_none() {
            self.matching().published().await;
        }
        self.published().map(|published| Arc::clone(&published.view)).ok_or(ServiceError::NotReady)
    }

    /// Keys too common to be compared, as of the last step; none before the store has been read.
    pub(super) fn stop_keys(&self) -> Arc<Vec<StopKeyLine>> {
        self.published().map(|published| Arc::clone(&published.stop_keys)).unwrap_or_default()
    }

    /// The position of the view that can be asked now.
    pub(super) fn published_position(&self) -> Option<Position> {
        self.published().map(|published| published.view.position)
    }

    /// The view that can be asked now.
    pub(super) fn published_view(&self) -> Option<Arc<View>> {
        self.published().map(|published| Arc::clone(&published.view))
    }

    fn published(&self) -> Option<Arc<Published>> {
        self.0.published.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a view in the place of the one before.
    pub(super) fn put_view(&self, view: View) {
        let published = Arc::new(Published { view: Arc::new(view), stop_keys: self.stop_keys() });
        *self.0.published.write().unwrap_or_else(PoisonError::into_inner) = Some(published);
    }

    /// Puts the keys that are too common in the place of those before, if there is anything to be asked.
    pub(super) fn put_stop_keys(&self, found: Vec<StopKeyLine>) {
        let mut published = self.0.published.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(now) = published.as_mut() {
            *now = Arc::new(Published { view: Arc::clone(&now.view), stop_keys: Arc::new(found) });
        }
    }

    /// Lets the state go that is held: what is there is read as it is, until the next view is published. A store that is
    /// written from end to end could use none of its pages again as long as somebody holds them.
    pub(super) fn release_view(&self) {
        if let Some(view) = self.published_view() {
            self.put_view(View::new((view.position, view.evaluated), None, Arc::clone(self.store())));
        }
    }

    /// Asks the matcher's own memory something, away from the threads that answer.
    pub(super) async fn ask_matcher<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Matcher) -> T + Send + 'static,
    ) -> Result<T, ServiceError> {
        self.matching().loaded().await?;
        let gateway = self.clone();
        let work = tokio::task::spawn_blocking(move || gateway.matching().read(ask));
        work.await.map_err(|_| ServiceError::NotReady)?
    }
}

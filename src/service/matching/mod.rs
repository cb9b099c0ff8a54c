//! What follows the journal and alone owns the matcher: rows and decisions in, members, persons, families and cases out.
//!
//! `load` builds the matcher from a state of the store, `follow` takes the journal's entries to it in order and writes
//! what follows from them (`derive`) with a mark of how far it has come. After each step the state of the store is
//! published: whoever asks something reads that and waits for nobody. Only a search by likeness and the explanation of
//! any two records need the matcher's own memory; they read it and write nothing.

mod anew;
mod apply;
mod behind;
mod checkpoint;
pub(super) mod components;
mod crowds;
pub(super) mod derive;
mod explained;
pub(super) mod follow;
pub(super) mod identifiers;
pub(super) mod load;
mod look_up;
mod lookups;
pub(super) mod matcher;
pub(super) mod names;
pub(super) mod places;
mod postings;
mod records;
mod settle;
mod shared_nik;
mod statements;
mod withdrawn;
mod write;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard, watch};

use self::follow::Tail;
use self::load::{AtOpening, Trust};
use self::matcher::Matcher;
use super::answers::view::View;
use super::error::ServiceError;
use super::gateway::Gateway;
use super::rules::outcomes_mark;
use super::stored::journal::derived_mark;
use crate::store::{Position, Read};

/// The state of the matching.
pub(super) struct Matching {
    /// `None` until the store has been read.
    matcher: RwLock<Option<Matcher>>,
    tail: Mutex<Option<Tail>>,
    progress: watch::Sender<Progress>,
    /// Rows and decisions that the index on disk does not know.
    changed: AtomicU64,
    /// When the keys that are too common were looked for, and how far the matcher was.
    looked: std::sync::Mutex<Option<(Instant, Position)>>,
}

/// How far the matcher is.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    /// The store has been read.
    loaded: bool,
    /// What follows from everything up to here can be read.
    matched: Position,
    /// What the rules say of everything up to here can be read.
    evaluated: Position,
    /// There is something to be asked.
    published: bool,
    /// Whether the journal is followed.
    pace: Pace,
}

/// Whether the journal is followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Pace {
    /// It is.
    #[default]
    Following,
    /// The store takes nothing now, so what can be read stays as it is for a while.
    Stalled,
    /// It is not any more: nothing more will be matched.
    Stopped,
}

impl Progress {
    /// Whether it is of no use to wait.
    fn stands_still(&self) -> bool {
        self.pace != Pace::Following
    }
}

impl Matching {
    pub(super) fn new(begun: &AtOpening) -> Self {
        let progress = Progress { matched: begun.derived, ..Progress::default() };
        Self {
            matcher: RwLock::new(None),
            tail: Mutex::new(None),
            changed: AtomicU64::new(0),
            progress: watch::channel(progress).0,
            looked: std::sync::Mutex::default(),
        }
    }

    /// What follows from everything up to here can be read.
    pub(super) fn matched(&self) -> Position {
        self.progress.borrow().matched
    }

    /// What the rules say of everything up to here can be read.
    pub(super) fn evaluated(&self) -> Position {
        self.progress.borrow().evaluated
    }

    /// Returns when a first view was published, or at once when none will be.
    pub(super) async fn published(&self) {
        let mut progress = self.progress.subscribe();
        let _ = progress.wait_for(|now| now.published || now.stands_still()).await;
    }

    /// Returns when the store has been read; `NotReady` when it will not be.
    pub(super) async fn loaded(&self) -> Result<(), ServiceError> {
        let mut progress = self.progress.subscribe();
        let now = progress.wait_for(|now| now.loaded || now.stands_still()).await.map(|now| *now);
        if now.is_ok_and(|now| now.loaded) { Ok(()) } else { Err(ServiceError::NotReady) }
    }

    /// Returns when everything up to `goal` is matched, or at once when nothing can be: the store takes no writes, or the
    /// matcher stopped.
    pub(super) async fn matched_through(&self, goal: Position) {
        let mut progress = self.progress.subscribe();
        // The sender lives as long as `self`.
        let _ = progress.wait_for(|now| (now.loaded && now.matched >= goal) || now.stands_still()).await;
    }

    /// Returns when the rules were evaluated for everything up to `goal`, or at once when they will not be.
    pub(super) async fn evaluated_through(&self, goal: Position) {
        let mut progress = self.progress.subscribe();
        let _ = progress.wait_for(|now| now.evaluated >= goal || now.stands_still()).await;
    }

    /// The rules say the same as before of everything up to here.
    pub(super) fn note_evaluated(&self, through: Position) {
        self.note_progress(|progress| progress.evaluated = progress.evaluated.max(through));
    }

    fn note_progress(&self, change: impl FnOnce(&mut Progress)) {
        self.progress.send_modify(change);
    }

    /// Reads the matcher. Takes as long as a change under way needs, so not for a thread that answers; never held across
    /// an await. `NotReady` while the store is being read, and after matching failed.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Matcher) -> T) -> Result<T, ServiceError> {
        let matcher = self.matcher.read().map_err(|_| ServiceError::NotReady)?;
        matcher.as_ref().map(read).ok_or(ServiceError::NotReady)
    }

    /// Changes the matcher; only who holds the tail does. A panic while it is changed leaves half a change behind: from
    /// then on nothing is read or written here, until the gateway is started again.
    fn change<T>(&self, write: impl FnOnce(&mut Matcher) -> T) -> Result<T, ServiceError> {
        let mut matcher = self.matcher.write().map_err(|_| ServiceError::NotReady)?;
        matcher.as_mut().map(write).ok_or(ServiceError::NotReady)
    }

    /// So many rows and decisions more that the index on disk does not know.
    fn note_changed(&self, more: u64) {
        self.changed.fetch_add(more, Ordering::Relaxed);
    }

    /// Whether there is no matcher; one that failed is there.
    fn is_missing(&self) -> bool {
        self.matcher.read().is_ok_and(|matcher| matcher.is_none())
    }

    fn forget(&self) {
        *self.matcher.write().unwrap_or_else(PoisonError::into_inner) = None;
        self.matcher.clear_poison();
    }

    fn put(&self, matcher: Matcher) {
        *self.matcher.write().unwrap_or_else(PoisonError::into_inner) = Some(matcher);
        self.matcher.clear_poison();
    }
}

/// How often the keys that are too common are looked for: it is a walk over all keys that are shared.
const STOP_KEYS_EVERY: Duration = Duration::from_secs(10);

impl Gateway {
    /// Publishes what the store holds of derived state, if that is whole and of these models. Nothing is published that has
    /// the numbers of what is there: one number is one state.
    pub(super) async fn publish(&self) -> Result<(), ServiceError> {
        let held = self.store().held().await?;
        let reader = held.as_deref().unwrap_or_else(|| self.reader());
        let (_, mark) = derived_mark(reader).await?;
        let by = self.models().derived_by();
        let Some(mark) = mark.filter(|mark| mark.whole && mark.by == by && mark.reached.rows == 0) else {
            return Ok(());
        };
        let (_, outcomes) = outcomes_mark(reader).await?;
        let evaluated = outcomes.filter(|outcomes| outcomes.whole && outcomes.by == self.models().rules_by());
        let evaluated = evaluated.map(|outcomes| outcomes.reached.position());
        let reached = (mark.reached.position(), evaluated);
        self.matching().note_evaluated(evaluated.unwrap_or_default());
        let before = self.published_view().filter(|view| view.is_held());
        if before.is_some_and(|view| (view.position, view.evaluated) == reached) {
            return Ok(());
        }
        let view = View::new(reached, held, Arc::clone(self.store()));
        self.put_view(view);
        self.matching().note_progress(|progress| progress.published = true);
        Ok(())
    }

    /// Looks for the keys that are too common, if something was matched since the last look and that was a while ago.
    pub(super) async fn look_for_stop_keys(&self, applied: Position) -> Result<(), ServiceError> {
        let looked = *self.matching().looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.is_some_and(|(at, of)| of == applied || at.elapsed() < STOP_KEYS_EVERY) {
            return Ok(());
        }
        let found = self.ask_matcher(Matcher::stop_keys).await?;
        *self.matching().looked.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), applied));
        self.put_stop_keys(found);
        Ok(())
    }

    /// Where this gateway stands in the journal; reads the store first if that was not done yet.
    pub(super) async fn tail(&self) -> Result<MappedMutexGuard<'_, Tail>, ServiceError> {
        let mut tail = self.matching().tail.lock().await;
        // There is none before the first load, and after one that failed.
        // A gateway that was replaced may have read an index that was another's already.
        let replaced = tail.as_ref().is_some_and(|tail| tail.pen.replaced) && self.index_rests();
        if tail.is_none() || self.matching().is_missing() || replaced {
            *tail = Some(self.resumed().await?);
        }
        Ok(MutexGuard::map(tail, |tail| tail.as_mut().expect("it was filled just now")))
    }

    /// Reads a state of the store into the matcher, to stand where it stands.
    pub(super) async fn load_from(&self, snapshot: &dyn Read) -> Result<(), ServiceError> {
        let mut tail = self.matching().tail.lock().await;
        *tail = Some(self.read_store(snapshot, Trust::Mark).await?);
        Ok(())
    }

    /// Reads a state of the store into a new matcher; answers where it stands in the journal.
    pub(super) async fn read_store(&self, snapshot: &dyn Read, trust: Trust) -> Result<Tail, ServiceError> {
        // Two would need the memory of two.
        self.matching().forget();
        let index = load::Index { file: self.settings().index_file.as_deref(), resting: self.resting() };
        let loaded = load::load(snapshot, self.models(), trust, index).await?;
        self.matching().note_changed(loaded.anew);
        self.matching().put(loaded.matcher);
        self.matching().note_progress(|progress| progress.loaded = true);
        Ok(loaded.tail)
    }
}

//! Compacting a store that no gateway works on, at once.

use std::collections::HashSet;

use super::age::Age;
use super::clock::ClockAhead;
use super::commit::{MarkPassedBy, StoredMarks};
use super::counts::Counts;
use super::plan::Planner;
use crate::domain::date::Timestamp;
use crate::service::error::ServiceError;
use crate::service::stored::journal::RESTORING_MARK;
use crate::store::{Read, Store, StoreError, Table};

/// What to do with what is old enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Take it away.
    Remove,
    /// Only count it.
    DryRun,
}

/// Why a store was not compacted.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// A gateway works on the store.
    #[error("a gateway works on this store")]
    Led,
    /// The derived state is not whole.
    #[error("the store is not matched")]
    NotMatched,
    /// The clock is far ahead of the journal.
    #[error("{0}")]
    Clock(ClockAhead),
    /// The store failed.
    #[error("the store")]
    Store(#[from] ServiceError),
}

impl From<StoreError> for RetentionError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.into())
    }
}

impl RetentionError {
    /// The next step, where there is an obvious one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Led => Some("let it do so itself: set [retention] older_than in its configuration"),
            Self::NotMatched => {
                Some("start the gateway until it is ready, or run `padan rebuild --write`, then try again")
            }
            Self::Clock(_) => {
                Some("set the clock right; where it is right and nothing came for so long, add --trust-clock")
            }
            Self::Store(_) => None,
        }
    }
}

/// What is to go.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// How old it has to be.
    pub age: Age,
    /// How far the clock may be ahead of the journal; without it the clock is believed.
    pub clock_limit: Option<Age>,
}

/// Takes away, or counts, what is older than the rule says at `now`. Steps are commits of their own: what breaks off goes on
/// when it is called again.
pub async fn compact(store: &dyn Store, now: Timestamp, rule: Rule, mode: Mode) -> Result<Counts, RetentionError> {
    if store.get(Table::Marks, RESTORING_MARK.to_vec()).await?.is_some() {
        return Err(ServiceError::Incomplete.into());
    }
    let cutoff = rule.age.before(now);
    if mode == Mode::DryRun {
        return count(store, now, cutoff).await;
    }
    if !store.lead().await? {
        return Err(RetentionError::Led);
    }
    let mut counts = Counts::default();
    loop {
        let marks = StoredMarks::read(store.reader()).await?.ok_or(RetentionError::NotMatched)?;
        let mut planner = Planner { reader: store.reader(), cutoff, now, counted: None };
        if let Some(limit) = rule.clock_limit
            && let Some(ahead) = planner.check_clock(marks.reached.position(), limit).await?
        {
            return Err(RetentionError::Clock(ahead));
        }
        let Some(step) = planner.next(marks.reached, marks.matched()).await? else { return Ok(counts) };
        counts += &step.counts;
        marks.commit(store, step, MarkPassedBy::Step).await?;
    }
}

/// One state of the store, however long it is read.
async fn count(store: &dyn Store, now: Timestamp, cutoff: Timestamp) -> Result<Counts, RetentionError> {
    let snapshot = store.snapshot().await.map_err(ServiceError::from)?;
    let marks = StoredMarks::read(&*snapshot).await?.ok_or(RetentionError::NotMatched)?;
    let mut planner = Planner { reader: &*snapshot, cutoff, now, counted: Some(HashSet::new()) };
    let (mut counts, mut reached) = (Counts::default(), marks.reached);
    while let Some(step) = planner.next(reached, marks.matched()).await? {
        counts += &step.counts;
        reached = step.reached;
    }
    Ok(counts)
}

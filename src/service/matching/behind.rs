//! Following another gateway whose candidate index rests in the store: what it has come to is taken in one step, so that the
//! index that it left is of the state that the step leads to.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::follow::{Step, Tail};
use super::load::Trust;
use super::postings::StoredPostings;
use crate::domain::record::{RecordId, Sequence};
use crate::service::completeness::region_of;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::stored::codec::decode;
use crate::service::stored::journal::{DerivedMark, Entry, Reached, derived_mark};
use crate::service::stored::reading::Pages;
use crate::store::{Position, Read, Snapshot, Table};

/// Rows that are matched in one such step, which takes some 4 kB of memory a row; further behind, the store is read again.
const MOST_ROWS: usize = 100_000;

/// What lies between two places in the journal.
#[derive(Default)]
pub(super) struct Between {
    pub(super) rows: Vec<(RecordId, Sequence)>,
    pub(super) decided: Vec<(RecordId, RecordId, u64)>,
    pub(super) declared: BTreeSet<String>,
}

impl Between {
    /// Reads it; `None` where it is too much for one step, or not all of it is there any more.
    async fn read(reader: &dyn Read, from: Reached, to: Reached) -> Result<Option<Self>, ServiceError> {
        let mut between = Self::default();
        let (mut skip, mut expected) = (from.rows, from.through + 1);
        let last = to.through + u64::from(to.rows > 0);
        let end = Some(Position(last).next().key());
        let mut pages = Pages::between(reader, Table::Journal, from.position().next().key(), end);
        while let Some(page) = pages.next().await? {
            for (key, entry) in page {
                let position = Position::of(&key).ok_or(ServiceError::Corrupt { what: "journal".to_owned() })?;
                if position.0 != expected {
                    return Ok(None);
                }
                let most = if position.0 > to.through { to.rows } else { usize::MAX };
                between.add(decode(&entry, "journal")?, std::mem::take(&mut skip), most);
                expected += 1;
            }
            if between.rows.len() > MOST_ROWS {
                return Ok(None);
            }
        }
        Ok(Some(between).filter(|_| expected == last + 1))
    }

    fn add(&mut self, entry: Entry, skip: usize, most: usize) {
        match entry {
            Entry::Rows { rows, .. } => self.rows.extend(rows.into_iter().take(most).skip(skip)),
            Entry::Decisions { decisions, .. } => self.decided.extend(decisions),
            Entry::Declarations { names, .. } => {
                self.declared.extend(names.iter().filter_map(|name| region_of(name)).map(str::to_owned));
            }
            // Nothing follows from it.
            Entry::Mapping { .. } | Entry::Compacted(_) => {}
        }
    }
}

impl Gateway {
    /// Comes to where the gateway that writes has come, where the index rests in the store.
    pub(super) async fn follow_leader(&self, tail: &mut Tail, leads: bool) -> Result<(), ServiceError> {
        if !self.index_rests() {
            return Ok(());
        }
        let (_, mark) = derived_mark(self.reader()).await?;
        if self.ahead_of(tail, mark).is_none() {
            return Ok(());
        }
        let snapshot = Arc::new(self.store().snapshot().await?);
        let (_, mark) = derived_mark(&**snapshot).await?;
        let Some(mark) = self.ahead_of(tail, mark) else { return Ok(()) };
        let taken = mark.index && self.step_to(tail, mark.reached, &snapshot).await?;
        // Without the index there is no step, but who leads now cannot wait for it.
        if !taken && (mark.index || leads) {
            tracing::info!("this gateway is too far behind for one step; it reads the store again");
            *tail = self.read_store(&**snapshot, Trust::Mark).await?;
        }
        Ok(())
    }

    /// The mark, if it is of this program and these models and lies before this gateway.
    fn ahead_of(&self, tail: &Tail, mark: Option<DerivedMark>) -> Option<DerivedMark> {
        mark.filter(|mark| mark.whole && mark.by == self.models().derived_by() && mark.reached > tail.applied)
    }

    /// Takes all that lies before `goal` in one step, with the index of a state that reaches just there. Says whether that
    /// could be done.
    pub(super) async fn step_to(
        &self,
        tail: &mut Tail,
        goal: Reached,
        snapshot: &Arc<Snapshot>,
    ) -> Result<bool, ServiceError> {
        let Some(between) = Between::read(&***snapshot, tail.applied, goal).await? else { return Ok(false) };
        let Some(step) = self.step_of(goal, between).await? else { return Ok(false) };
        // Of a store without rows everything is known: who leads later need not derive anew for having begun with it.
        let began = tail.applied == Reached::default();
        let source = StoredPostings::of(snapshot);
        self.on_matcher(move |matcher| matcher.live.read_postings_from(source)).await?;
        let matched = self.match_step(&mut tail.applied, step).await;
        let newest = self.newest_postings();
        let back = self.on_matcher(move |matcher| {
            matcher.live.note_postings(true);
            matcher.live.read_postings_from(newest);
        });
        let back = back.await;
        // A step that broke off took the matcher with it.
        let written = matched?.batch;
        back?;
        tail.unsure &= !began;
        self.note_postings_written(Some(written)).await?;
        Ok(true)
    }

    /// The rows and decisions of a step; `None` where one is not there.
    pub(super) async fn step_of(&self, reached: Reached, between: Between) -> Result<Option<Step>, ServiceError> {
        let decisions = self.decisions_at(between.decided).await?;
        let records = self.records_at(&between.rows).await?;
        let declared = between.declared;
        Ok(records.map(|records| Step { reached, records, rows: Vec::new(), decisions, declared }))
    }
}

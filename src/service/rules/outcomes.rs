//! Keeping outcomes: what steps of the matching touched is evaluated again, and the difference written.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

use super::evaluating::{Day, PORTION, findings_of};
use super::kept::{OutcomesMark, Touched, district_key, outcomes_mark};
use super::tally::{Slot, Tally};
use super::write::Writer;
use crate::domain::date::{Date, Period};
use crate::domain::feed::Feed;
use crate::domain::finding::Finding;
use crate::domain::record::RecordId;
use crate::service::answers::view::View;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::matching::follow::Tail;
use crate::service::stored::codec::decode;
use crate::service::stored::journal::Reached;
use crate::service::stored::reading::Pages;
use crate::store::{Read, Table, WriteBatch, prefix_end};

/// The state of the rules.
#[derive(Default)]
pub(in crate::service) struct Rules {
    /// The counts of the outcomes that were read or written last, with their mark.
    counted: RwLock<Option<(OutcomesMark, Tally)>>,
    /// The counts of another day that were evaluated last, and of which position.
    pub(super) other_day: tokio::sync::Mutex<Option<(u64, Date, Tally)>>,
    /// Where there was last nothing left to evaluate: up to which place, and on which day.
    done: Mutex<Option<(Reached, Date)>>,
    /// How often something changed that no step of the matching tells of, and up to which time everything was evaluated for it.
    changed: AtomicU64,
    evaluated_for: AtomicU64,
}

impl Rules {
    /// The counts of some outcomes, if they are at hand.
    pub(super) fn counted(&self, mark: &OutcomesMark) -> Option<Tally> {
        let counted = self.counted.read().unwrap_or_else(PoisonError::into_inner);
        counted.as_ref().filter(|(known, _)| known == mark).map(|(_, tally)| tally.clone())
    }

    /// Whether there is nothing to evaluate up to a place, on a day.
    fn is_done(&self, at: (Reached, Date)) -> bool {
        if self.changed() != self.evaluated_for.load(Ordering::Acquire) {
            return false;
        }
        *self.done.lock().unwrap_or_else(PoisonError::into_inner) == Some(at)
    }

    fn note_done(&self, at: (Reached, Date)) {
        *self.done.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }

    /// Lets it be looked again whether there is anything to evaluate.
    pub(in crate::service) fn look_again(&self) {
        *self.done.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Lets all rules be evaluated again for everybody, at the next look.
    pub(in crate::service) fn evaluate_everything(&self) {
        self.changed.fetch_add(1, Ordering::AcqRel);
    }

    fn changed(&self) -> u64 {
        self.changed.load(Ordering::Acquire)
    }

    /// Keeps counts at hand.
    pub(super) fn put_counted(&self, mark: OutcomesMark, tally: Tally) {
        *self.counted.write().unwrap_or_else(PoisonError::into_inner) = Some((mark, tally));
    }
}

/// A portion, and what the rules say of it.
pub(super) struct Evaluated {
    pub(super) records: Vec<RecordId>,
    pub(super) findings: Vec<Finding>,
}

/// What there is to evaluate.
struct Work {
    /// `None`: everything.
    records: Option<Vec<RecordId>>,
    /// The lists that are done when it is.
    lists: Vec<Vec<u8>>,
    day: Day,
    mark: OutcomesMark,
    /// See [`Rules::evaluate_everything`].
    changed: u64,
}

impl Gateway {
    /// The day a report is made for when nobody names one: the configured one, else today, or the end of the newest
    /// period that Dinas Sosial has closed, whichever is earlier. Enrolments are for a period; after it they say nothing.
    pub(super) async fn report_date(&self, view: &View) -> Result<Date, ServiceError> {
        let today = self.as_of();
        if self.settings().as_of.is_some() {
            return Ok(today);
        }
        let declared = view.declared().await?;
        let closed = declared.iter().filter(|item| item.lengkap && item.feed == Feed::AnggotaKeluarga);
        let newest = closed.map(|item| item.periode).filter(|period| period.start() <= today).map(Period::end).max();
        Ok(newest.map_or(today, |end| end.min(today)))
    }

    /// Evaluates what steps of the matching touched since the last time; everything where the rules, the day or what is
    /// closed changed. The matcher stands where the view does: whoever calls holds the tail.
    pub(in crate::service) async fn keep_outcomes(&self, tail: &Tail) -> Result<(), ServiceError> {
        let at = (tail.applied, self.as_of());
        if !tail.pen.leads || tail.unsure || self.rules().is_done(at) {
            return Ok(());
        }
        match self.evaluate_again(tail).await {
            Err(ServiceError::Changed { .. }) => {
                tracing::info!("another gateway keeps the outcomes; this one follows it");
                Ok(())
            }
            done => {
                done?;
                self.rules().note_done(at);
                self.matching().note_evaluated(tail.applied.position());
                Ok(())
            }
        }
    }

    async fn evaluate_again(&self, tail: &Tail) -> Result<(), ServiceError> {
        let view = self.view().await?;
        // Whoever leads alone writes them: what is there now is newer than the view, and as good.
        let (stored, mark) = outcomes_mark(self.reader()).await?;
        let Some(work) = self.work_on_outcomes(&view, tail, mark.as_ref()).await? else { return Ok(()) };
        let from_nothing = work.records.is_none();
        let at_hand = mark.as_ref().and_then(|mark| self.rules().counted(mark));
        let tally = match at_hand {
            Some(tally) => tally,
            None => tally_of(self.reader()).await?,
        };
        let mut writer = Writer::new(self, stored, tally, work.mark.clone(), from_nothing);
        let of = work.records.clone();
        let portions = self.ask_matcher(move |matcher| matcher.portions(of.as_deref(), PORTION)).await?;
        if portions.len() > 1 || from_nothing {
            writer.commit(WriteBatch::new(), false).await?;
        }
        // A portion is written while the next one is evaluated.
        let (started, parts) = (Instant::now(), portions.len());
        let mut evaluated = None;
        for portion in portions {
            let next = self.evaluate_portion(&view, &work.day, portion);
            let (written, next) = tokio::join!(writer.write(evaluated.take()), next);
            written?;
            evaluated = Some(next?);
        }
        writer.write(evaluated).await?;
        writer.end().await?;
        let mut end = WriteBatch::new();
        for list in work.lists {
            end.delete(Table::Outcomes, list);
        }
        writer.commit(end, true).await?;
        self.rules().evaluated_for.store(work.changed, Ordering::Release);
        if from_nothing {
            tracing::info!(parts, ms = started.elapsed().as_millis() as u64, "evaluated all rules for everybody");
        }
        self.rules().put_counted(writer.mark, writer.tally);
        self.publish().await
    }

    /// What the rules say of a portion of whole components.
    async fn evaluate_portion(
        &self,
        view: &View,
        day: &Day,
        portion: Vec<RecordId>,
    ) -> Result<Evaluated, ServiceError> {
        let surroundings = self.ask_matcher(|matcher| matcher.surroundings(portion)).await?;
        let records = surroundings.records.clone();
        let findings = findings_of(view.reader(), self.models(), day, surroundings).await?;
        Ok(Evaluated { records, findings })
    }

    /// What there is to evaluate; `None` when there is nothing.
    async fn work_on_outcomes(
        &self,
        view: &View,
        tail: &Tail,
        mark: Option<&OutcomesMark>,
    ) -> Result<Option<Work>, ServiceError> {
        let as_of = self.report_date(view).await?;
        let wanted = OutcomesMark { reached: tail.applied, as_of, by: self.models().rules_by(), whole: true };
        let changed = self.rules().changed();
        let mut lists = Vec::new();
        let mut records = BTreeSet::new();
        let fits = |mark: &OutcomesMark| mark.whole && mark.as_of == as_of && mark.by == wanted.by;
        let mut all = !mark.is_some_and(fits) || changed != self.rules().evaluated_for.load(Ordering::Acquire);
        let prefix = Touched::prefix();
        let end = prefix_end(&prefix);
        let mut pages = Pages::between(self.reader(), Table::Outcomes, prefix, end);
        while let Some(page) = pages.next().await? {
            for (key, bytes) in page {
                let touched: Touched = decode(&bytes, "outcomes")?;
                all |= touched.all;
                records.extend(touched.iter());
                lists.push(key);
            }
        }
        if !all && lists.is_empty() {
            return Ok(None);
        }
        let completeness = Arc::new(self.closed_together(view, as_of).await?);
        let records = (!all).then(|| records.into_iter().collect());
        Ok(Some(Work { records, lists, day: Day { as_of, completeness }, mark: wanted, changed }))
    }
}

/// All counts.
pub(super) async fn tally_of(reader: &dyn Read) -> Result<Tally, ServiceError> {
    let mut tally = Tally::default();
    let prefix = district_key("");
    let end = prefix_end(&prefix);
    let mut pages = Pages::between(reader, Table::Outcomes, prefix, end);
    while let Some(page) = pages.next().await? {
        // All counts of a province are too many for a thread that answers.
        let read = move || {
            for (key, bytes) in page {
                let slots: Vec<(Slot, u64)> = decode(&bytes, "outcomes")?;
                tally.put_district(String::from_utf8_lossy(&key[1..]).into_owned(), slots);
            }
            Ok::<_, ServiceError>(tally)
        };
        tally = tokio::task::spawn_blocking(read).await.map_err(|_| ServiceError::NotReady)??;
    }
    Ok(tally)
}

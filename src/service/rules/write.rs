//! Writing what changed of the outcomes, each portion in a transaction with the counts that it changes.

use std::collections::{BTreeMap, BTreeSet};

use super::kept::{Kept, OUTCOMES_MARK, OutcomesMark, district_key, subject_key, subjects_of};
use super::outcomes::{Evaluated, tally_of};
use super::tally::Tally;
use crate::domain::finding::{Finding, Scope, Subject};
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::stored::codec::{decode, encode};
use crate::service::stored::lookups::nothing;
use crate::service::stored::reading::get_many;
use crate::store::{StoreError, Table, WriteBatch};

/// Keys of lists that are kept until they are written in their order.
const LISTED_AT_ONCE: usize = 500_000;

/// Bytes of keys written in one transaction.
const PART_BYTES: usize = 4 << 20;

/// Writes differences under the mark.
pub(super) struct Writer<'a> {
    gateway: &'a Gateway,
    /// The mark as it was written last.
    stored: Option<Vec<u8>>,
    pub(super) tally: Tally,
    pub(super) mark: OutcomesMark,
    /// Where everything is evaluated: keys of lists to be written. Portions are records of all places, so that each key,
    /// taken with its portion, would change a page of its own. Counts then begin at nothing and are written at the end.
    listed: Option<Vec<Vec<u8>>>,
}

impl<'a> Writer<'a> {
    /// Goes on from what is stored and counted; `all`: everything is evaluated.
    pub(super) fn new(
        gateway: &'a Gateway,
        stored: Option<Vec<u8>>,
        tally: Tally,
        mark: OutcomesMark,
        all: bool,
    ) -> Self {
        let tally = if all { Tally::default() } else { tally };
        Self { gateway, stored, tally, mark, listed: all.then(Vec::new) }
    }

    /// Writes what changed of a portion.
    pub(super) async fn write(&mut self, portion: Option<Evaluated>) -> Result<(), ServiceError> {
        let Some(Evaluated { records, findings }) = portion else { return Ok(()) };
        let subjects: Vec<Subject> = records.iter().flat_map(|record| subjects_of(*record)).collect();
        let keys = subjects.iter().map(subject_key).collect();
        let before = get_many(self.gateway.reader(), Table::Outcomes, keys).await?;
        let (tally, listed) = (std::mem::take(&mut self.tally), self.listed.take());
        let work = move || {
            let mut difference = Difference { write: WriteBatch::new(), tally, listed, districts: BTreeSet::new() };
            difference.find(&subjects, before, findings)?;
            Ok::<_, ServiceError>(difference.counted())
        };
        let found = tokio::task::spawn_blocking(work).await.map_err(|_| ServiceError::NotReady)??;
        (self.tally, self.listed) = (found.tally, found.listed);
        if self.listed.as_ref().is_some_and(|listed| listed.len() >= LISTED_AT_ONCE) {
            self.write_listed().await?;
        }
        self.commit(found.write, false).await
    }

    /// Writes what was kept until everything is evaluated: lists and counts.
    pub(super) async fn end(&mut self) -> Result<(), ServiceError> {
        if self.listed.is_none() {
            return Ok(());
        }
        self.write_listed().await?;
        let (stored, counted) = (tally_of(self.gateway.reader()).await?, self.tally.clone());
        let mut write = WriteBatch::new();
        for district in stored.districts().chain(counted.districts()) {
            put_counts(&mut write, &counted, district);
            if write.bytes() >= PART_BYTES {
                self.commit(std::mem::take(&mut write), false).await?;
            }
        }
        self.commit(write, false).await
    }

    /// Writes the keys of lists that were kept.
    async fn write_listed(&mut self) -> Result<(), ServiceError> {
        let Some(mut listed) = self.listed.take() else { return Ok(()) };
        listed.sort_unstable();
        let mut write = WriteBatch::new();
        for key in listed {
            write.put(Table::Outcomes, key, nothing());
            if write.bytes() >= PART_BYTES {
                self.commit(std::mem::take(&mut write), false).await?;
            }
        }
        self.listed = Some(Vec::new());
        self.commit(write, false).await
    }

    /// Commits a part under the mark.
    pub(super) async fn commit(&mut self, mut write: WriteBatch, whole: bool) -> Result<(), ServiceError> {
        let mark = encode(&OutcomesMark { whole, ..self.mark.clone() });
        match &self.stored {
            Some(before) => write.require_equals(Table::Marks, OUTCOMES_MARK, before.clone()),
            None => write.require_absent(Table::Marks, OUTCOMES_MARK),
        };
        write.put(Table::Marks, OUTCOMES_MARK, mark.clone());
        match self.gateway.store().commit(write).await {
            Ok(_) => {
                self.stored = Some(mark);
                Ok(())
            }
            // Another gateway leads now, and evaluates.
            Err(StoreError::Conflict { .. }) => Err(ServiceError::Changed { what: "outcomes" }),
            Err(error) => Err(error.into()),
        }
    }
}

/// What has to be written so that of some subjects just these findings are kept.
struct Difference {
    write: WriteBatch,
    tally: Tally,
    listed: Option<Vec<Vec<u8>>>,
    /// Sub-districts in which something else is counted now.
    districts: BTreeSet<String>,
}

impl Difference {
    fn find(
        &mut self,
        subjects: &[Subject],
        before: Vec<Option<Vec<u8>>>,
        findings: Vec<Finding>,
    ) -> Result<(), ServiceError> {
        let mut new: BTreeMap<Vec<u8>, (Scope, Vec<Kept>)> = BTreeMap::new();
        for finding in findings {
            let scope = finding.subject.scope();
            let key = subject_key(&finding.subject);
            new.entry(key).or_insert_with(|| (scope, Vec::new())).1.push(Kept::of(finding));
        }
        for (subject, before) in subjects.iter().zip(before) {
            let Some(before) = before else { continue };
            let key = subject_key(subject);
            let now = new.get(&key).map(|(_, kept)| encode(kept));
            if now.as_ref() == Some(&before) {
                // Whoever evaluated everything before may have been cut off before lists and counts were written.
                if let Some((scope, kept)) = new.remove(&key).filter(|_| self.listed.is_some()) {
                    self.add(scope, kept);
                }
                continue;
            }
            self.take_away(subject.scope(), decode(&before, "outcomes")?);
            if now.is_none() {
                self.write.delete(Table::Outcomes, key);
            }
        }
        for (key, (scope, kept)) in new {
            self.write.put(Table::Outcomes, key, encode(&kept));
            self.add(scope, kept);
        }
        Ok(())
    }

    fn take_away(&mut self, scope: Scope, kept: Vec<Kept>) {
        for kept in kept {
            kept.index_key().map(|key| self.write.delete(Table::Outcomes, key));
            if self.listed.is_none() {
                let slot = kept.slot(scope);
                self.districts.insert(slot.0.clone());
                self.tally.take(slot);
            }
        }
    }

    fn add(&mut self, scope: Scope, kept: Vec<Kept>) {
        for kept in kept {
            let slot = kept.slot(scope);
            if let Some(listed) = &mut self.listed {
                listed.extend(kept.index_key());
            } else {
                self.districts.insert(slot.0.clone());
                kept.index_key().map(|key| self.write.put(Table::Outcomes, key, nothing()));
            }
            self.tally.add(slot);
        }
    }

    /// The same with the counts of the sub-districts in which something changed.
    fn counted(mut self) -> Self {
        for district in &self.districts {
            put_counts(&mut self.write, &self.tally, district);
        }
        self
    }
}

fn put_counts(write: &mut WriteBatch, tally: &Tally, district: &str) {
    let counts = tally.of_district(district);
    if counts.is_empty() {
        write.delete(Table::Outcomes, district_key(district));
    } else {
        write.put(Table::Outcomes, district_key(district), encode(&counts));
    }
}

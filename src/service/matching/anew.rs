//! Deriving everything anew, a portion of components at a time: after a restore, for another program or other models, and
//! where so much waits that to match it step by step would take longer than to match all of it at once.

use std::collections::BTreeSet;

use super::derive::Changes;
use super::follow::Tail;
use super::load::{Trust, same};
use super::lookups::{lookups_of_decision, shared_key};
use super::matcher::{Dirty, Matcher};
use crate::domain::record::{PersonId, RecordId};
use crate::service::digest::DERIVED;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::rules::Touched;
use crate::service::stored::codec::encode;
use crate::service::stored::lookups::{Lookup, nothing, record_in};
use crate::service::stored::reading::{Pages, get_many};
use crate::store::{Table, WriteBatch};

/// Records that are derived together.
const PORTION: usize = 20_000;

/// Stale entries deleted in one transaction.
const DELETED_AT_ONCE: usize = 10_000;

impl Gateway {
    /// Whether to match all at once: as much waits as is matched; or a quarter of it, and nothing comes in any more.
    /// Matching all takes a row about a fifth of the time that a step takes it.
    pub(super) fn all_at_once_is_faster(&self, tail: &Tail) -> Result<bool, ServiceError> {
        let waiting = self.waiting_rows();
        if !tail.leads || waiting < self.settings().match_at_once_from.max(1) {
            return Ok(false);
        }
        let matched = self.matching().read(|matcher| matcher.known.len() as u64)?;
        Ok(waiting >= matched || (waiting >= matched / 4 && self.intake().quiet()))
    }

    /// Matches all rows that are there at once. Until it is done, answers are as old as what was published last.
    pub(super) async fn match_all_at_once(&self, tail: &mut Tail) -> Result<(), ServiceError> {
        tracing::info!(waiting = self.waiting_rows(), "much waits to be matched: everything is matched at once");
        let snapshot = self.store().snapshot().await?;
        let read = self.read_store(&*snapshot, Trust::Nothing).await?;
        drop(snapshot);
        *tail = Tail { leads: tail.leads, mark: tail.mark.take(), ..read };
        self.derive_anew(tail).await?;
        if tail.leads { self.note_matched(tail.applied).await } else { Ok(()) }
    }

    /// Derives everything from the matcher's state, and writes where the store holds something else. Its marks say from
    /// the first part to the last that the state is not whole.
    pub(super) async fn derive_anew(&self, tail: &mut Tail) -> Result<(), ServiceError> {
        self.release_view();
        self.rules().look_again();
        let mut begin = WriteBatch::new();
        // What the rules say is of an earlier state from here on, and evaluated again.
        begin.put(Table::Outcomes, Touched::key(tail.applied), encode(&Touched::everything()));
        self.commit_marked(tail, begin, false).await?;
        for portion in self.matching().read(|matcher| matcher.portions(None, PORTION))? {
            let dirty = self.matching().read(|matcher| matcher.all_of(&portion))?;
            let changes = self.derived(dirty).await?;
            let write = self.differing(changes).await?;
            if tail.leads && !write.is_empty() {
                self.commit_marked(tail, write, false).await?;
            }
        }
        let rest = self.matching().read(Matcher::of_no_record)?;
        let mut write = self.differing(rest).await?;
        for table in DERIVED {
            self.delete_stale(tail, *table, &mut write).await?;
        }
        if tail.leads {
            self.commit_marked(tail, write, true).await?;
        }
        tail.unsure = false;
        Ok(())
    }

    /// What the store does not hold yet.
    async fn differing(&self, changes: Changes) -> Result<WriteBatch, ServiceError> {
        let places: Vec<(Table, Vec<u8>)> = changes.puts.keys().cloned().collect();
        let mut write = WriteBatch::new();
        let mut puts = changes.puts.into_values();
        for of_table in places.chunk_by(|a, b| a.0 == b.0) {
            let table = of_table[0].0;
            let keys = of_table.iter().map(|(_, key)| key.clone()).collect();
            let stored = get_many(self.reader(), table, keys).await?;
            for ((_, key), stored) in of_table.iter().zip(stored) {
                let right = puts.next().expect("a value for each place");
                if stored.map_or(Ok(true), |stored| same(table, &stored, &right).map(|same| !same))? {
                    write.put(table, key.clone(), right);
                }
            }
        }
        Ok(write)
    }

    /// Deletes entries of a table that do not follow from the matcher's state. What is left to delete stays in `write`.
    async fn delete_stale(&self, tail: &mut Tail, table: Table, write: &mut WriteBatch) -> Result<(), ServiceError> {
        let families = self.matching().read(|matcher| matcher.family_of.values().map(|id| id.0).collect())?;
        let mut pages = Pages::of(self.reader(), table);
        let mut stale = 0;
        while let Some(page) = pages.next().await? {
            let gone: Vec<Vec<u8>> = self.matching().read(|matcher| {
                let keys = page.into_iter().map(|(key, _)| key);
                keys.filter(|key| !matcher.has(table, key, &families)).collect()
            })?;
            for key in gone {
                write.delete(table, key);
                stale += 1;
            }
            if stale >= DELETED_AT_ONCE && tail.leads {
                self.commit_marked(tail, std::mem::take(write), false).await?;
                stale = 0;
            }
        }
        Ok(())
    }
}

impl Matcher {
    /// Everything about some records, as if it had just changed.
    fn all_of(&self, records: &[RecordId]) -> Dirty {
        let mut dirty = Dirty::default();
        for record in records {
            if let Some(person) = self.person_of(*record) {
                dirty.members.push((*record, Some(person)));
                dirty.persons.insert(person);
            }
            dirty.groups.extend(self.known.get(record).and_then(|known| known.family));
            let cases = self.cases_by_record.get(record).into_iter().flatten();
            let cases = cases.filter_map(|id| self.cases.get(id)).filter(|case| case.pair.0 == *record);
            for case in cases {
                dirty.cases.insert(case.id.clone());
                let lookups = self.lookups_of_case(case);
                dirty.lookups.extend(lookups.into_iter().map(|(key, value)| (key, Some(value))));
            }
            let lookups = self.lookups_of(*record);
            dirty.lookups.extend(lookups.into_iter().map(|(key, value)| (key, Some(value))));
        }
        dirty
    }

    /// What is derived and belongs to no record alone.
    fn of_no_record(&self) -> Changes {
        let mut changes = Changes::default();
        let mut put = |key, value| drop(changes.puts.insert((Table::Lookups, key), value));
        for (nik, case) in &self.shared {
            put(shared_key(*nik), encode(case));
        }
        for decision in self.decisions.values().flatten() {
            lookups_of_decision(decision).for_each(|key| put(key, nothing()));
        }
        put(Lookup::Counts.prefix(), encode(&self.counts));
        changes
    }

    /// Whether an entry with this key follows from this state.
    fn has(&self, table: Table, key: &[u8], families: &BTreeSet<RecordId>) -> bool {
        let record = record_in(key);
        match table {
            Table::Members => record.is_some_and(|id| self.person_of(id).is_some()),
            Table::Persons => record.is_some_and(|id| self.members.contains_key(&PersonId(id))),
            Table::Families => record.is_some_and(|id| families.contains(&id)),
            Table::Cases => std::str::from_utf8(key).is_ok_and(|id| self.cases.contains_key(id)),
            Table::Lookups => self.has_lookup(key),
            Table::Records
            | Table::Rows
            | Table::Batches
            | Table::Receipts
            | Table::Idempotency
            | Table::Decisions
            | Table::Completeness
            | Table::Journal
            | Table::Marks
            | Table::Outcomes => true,
        }
    }
}

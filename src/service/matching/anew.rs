//! Deriving everything anew, a portion of components at a time: after a restore, for another program or other models, and
//! where so much waits that to match it step by step would take longer than to match all of it at once.

use std::sync::Arc;
use std::time::Instant;

use rustc_hash::FxHashSet;

use super::derive::Changes;
use super::follow::Tail;
use super::load::{Trust, same};
use super::lookups::{lookups_of_decision, shared_key};
use super::matcher::{Dirty, Matcher};
use super::names::FoundBy;
use super::write::Pen;
use crate::domain::record::{PersonId, RecordId};
use crate::service::digest::DERIVED;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::rules::Touched;
use crate::service::stored::codec::encode;
use crate::service::stored::journal::Reached;
use crate::service::stored::lookups::{Lookup, nothing, number_in, record_in};
use crate::service::stored::reading::{Pages, get_many};
use crate::store::{Table, WriteBatch, prefix_end};

/// Records that are derived together.
const PORTION: usize = 20_000;

/// Bytes of keys and values of a part in which nothing but keys is written.
const PART_BYTES: usize = 4 << 20;

/// So many times what is matched is too much to let wait longer.
const MANY_TIMES: u64 = 64;

/// By what records are found whose keys stand in an order that has nothing to do with that of the records.
#[derive(Debug, Clone, Copy)]
enum Scattered {
    /// Numbers of persons.
    Number,
    /// Accounts of payments.
    Payment,
}

impl Scattered {
    fn lookup(self) -> Lookup {
        match self {
            Self::Number => Lookup::Number,
            Self::Payment => Lookup::Payment,
        }
    }
}

/// Look-ups that are compared with what is stored where they are written.
const COMPARED_APART: [Lookup; 3] = [Lookup::Number, Lookup::Payment, Lookup::Name];

/// How what waits is matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Step by step.
    Steps,
    /// All rows that are there at once.
    AtOnce,
    /// All at once, when nothing more comes in.
    Later,
}

impl Gateway {
    /// How to match what waits. To match all rows takes a row about a fifth of the time that a step takes it, so that it is
    /// faster from a quarter of what is matched on. While still more comes in it pays to wait for the end, but not until
    /// many times as much waits as is matched, or half of what may wait.
    pub(super) fn way_to_match(&self, tail: &Tail) -> Result<Way, ServiceError> {
        let (waiting, settings) = (self.waiting_rows(), self.settings());
        // Steps may keep pace with what comes in, and both are slower for it.
        let much = waiting.max(self.intake().coming_in());
        if !tail.pen.leads || much < settings.match_at_once_from.max(1) {
            return Ok(Way::Steps);
        }
        let matched = self.matching().read(|matcher| matcher.known.len() as u64)?;
        if much < matched / 4 {
            return Ok(Way::Steps);
        }
        let many_times = matched.max(settings.match_at_once_from).saturating_mul(MANY_TIMES);
        let enough = waiting >= many_times.min(settings.max_waiting_rows / 2);
        Ok(if enough || self.intake().quiet() { Way::AtOnce } else { Way::Later })
    }

    /// Matches all rows that are there at once. Until it is done, answers are as old as what was published last.
    pub(super) async fn match_all_at_once(&self, tail: &mut Tail) -> Result<(), ServiceError> {
        tracing::info!(waiting = self.waiting_rows(), "much waits to be matched: everything is matched at once");
        let snapshot = self.store().snapshot().await?;
        let read = self.read_store(&*snapshot, Trust::Nothing).await?;
        drop(snapshot);
        tail.applied = read.applied;
        self.derive_anew(tail).await?;
        if tail.pen.leads { self.note_matched(tail.applied).await } else { Ok(()) }
    }

    /// Derives everything from the matcher's state, and writes where the store holds something else. Its marks say from
    /// the first part to the last that the state is not whole.
    pub(super) async fn derive_anew(&self, tail: &mut Tail) -> Result<(), ServiceError> {
        self.release_view();
        self.rules().look_again();
        let (started, mut parts) = (Instant::now(), 0);
        let Tail { applied, pen, .. } = tail;
        // The index in the store, if it rests there, is written anew after this.
        pen.index = false;
        self.on_matcher(|matcher| matcher.live.note_postings(false)).await?;
        let mut part = WriteBatch::new();
        // What the rules say is of an earlier state from here on, and evaluated again.
        part.put(Table::Outcomes, Touched::key(*applied), encode(&Touched::everything()));
        self.commit_marked(pen, *applied, part, false).await?;
        for table in DERIVED.iter().filter(|table| **table != Table::Families) {
            self.delete_stale(pen, *applied, *table).await?;
        }
        let stale_ms = started.elapsed().as_millis() as u64;
        // A part is written while the next one is derived.
        let (mut part, mut names) = (WriteBatch::new(), FoundBy::default());
        for portion in self.matching().read(|matcher| matcher.portions(None, PORTION))? {
            let next = self.part_of(portion, &mut names);
            let (written, next) = tokio::join!(self.write_part(pen, *applied, part), next);
            written?;
            (part, parts) = (next?, parts + 1);
            if names.are_many() {
                self.write_names(pen, *applied, &mut names).await?;
            }
        }
        self.write_part(pen, *applied, part).await?;
        let derived_ms = started.elapsed().as_millis() as u64;
        // Which families there are is known when they are derived.
        self.delete_stale(pen, *applied, Table::Families).await?;
        self.write_names(pen, *applied, &mut names).await?;
        self.delete_stale_names(pen, *applied, names).await?;
        self.write_numbers(pen, *applied).await?;
        let rest = self.matching().read(Matcher::of_no_record)?;
        let last = self.differing(rest).await?;
        if pen.leads {
            self.commit_marked(pen, *applied, last, true).await?;
        }
        tail.unsure = false;
        let all_ms = started.elapsed().as_millis() as u64;
        tracing::info!(parts, stale_ms, derived_ms, all_ms, "derived everything anew");
        Ok(())
    }

    async fn write_part(&self, pen: &mut Pen, reached: Reached, part: WriteBatch) -> Result<(), ServiceError> {
        if pen.leads && !part.is_empty() { self.commit_marked(pen, reached, part, false).await } else { Ok(()) }
    }

    /// What the store does not hold yet of what follows from some records, but for names.
    async fn part_of(&self, portion: Vec<RecordId>, names: &mut FoundBy) -> Result<WriteBatch, ServiceError> {
        let dirty = self.ask_matcher(move |matcher| matcher.all_of(&portion)).await?;
        let mut changes = self.derived(dirty).await?;
        names.take(&mut changes);
        self.differing(changes).await
    }

    /// Writes the words by which persons are found that were derived so far, in the order of the words.
    async fn write_names(&self, pen: &mut Pen, reached: Reached, names: &mut FoundBy) -> Result<(), ServiceError> {
        let mut entries = names.entries().into_iter().peekable();
        while entries.peek().is_some() {
            let some = entries.by_ref().take(PORTION).map(|(key, value)| ((Table::Lookups, key), value));
            let write = self.differing(Changes { puts: some.collect(), ..Changes::default() }).await?;
            self.write_part(pen, reached, write).await?;
        }
        Ok(())
    }

    /// Deletes words by which nobody is found any more.
    async fn delete_stale_names(&self, pen: &mut Pen, reached: Reached, names: FoundBy) -> Result<(), ServiceError> {
        let names = names.complete();
        let prefix = Lookup::Name.prefix();
        let mut write = WriteBatch::new();
        let mut pages = Pages::between(self.reader(), Table::Lookups, prefix.clone(), prefix_end(&prefix));
        while let Some(page) = pages.next().await? {
            for (key, _) in page.into_iter().filter(|(key, _)| !names.allow(key)) {
                write.delete(Table::Lookups, key);
            }
            self.write_if_large(pen, reached, &mut write).await?;
        }
        self.write_part(pen, reached, write).await
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

    /// Writes by which numbers and accounts records are found, in the order of the keys, which are as good as random: taken
    /// with their records, each would change a page of its own.
    async fn write_numbers(&self, pen: &mut Pen, reached: Reached) -> Result<(), ServiceError> {
        for scattered in [Scattered::Number, Scattered::Payment] {
            let right = self.ask_matcher(move |matcher| matcher.numbered(scattered)).await?;
            let lookup = scattered.lookup();
            let mut right = right.into_iter().peekable();
            let key_of = |(number, record): (u64, RecordId)| lookup.of_record(number, record);
            let mut write = WriteBatch::new();
            let mut pages =
                Pages::between(self.reader(), Table::Lookups, lookup.prefix(), prefix_end(&lookup.prefix()));
            while let Some(page) = pages.next().await? {
                for (stored, _) in page {
                    let found = number_in(&stored).ok_or(ServiceError::Corrupt { what: "lookups".to_owned() })?;
                    while let Some(missing) = right.next_if(|pair| *pair < found) {
                        write.put(Table::Lookups, key_of(missing), nothing());
                    }
                    if right.next_if_eq(&found).is_none() {
                        write.delete(Table::Lookups, stored);
                    }
                }
                self.write_if_large(pen, reached, &mut write).await?;
            }
            for missing in right {
                write.put(Table::Lookups, key_of(missing), nothing());
                self.write_if_large(pen, reached, &mut write).await?;
            }
            self.write_part(pen, reached, write).await?;
        }
        Ok(())
    }

    async fn write_if_large(
        &self,
        pen: &mut Pen,
        reached: Reached,
        write: &mut WriteBatch,
    ) -> Result<(), ServiceError> {
        if write.bytes() < PART_BYTES {
            return Ok(());
        }
        self.write_part(pen, reached, std::mem::take(write)).await
    }

    /// Deletes entries of a table that do not follow from the matcher's state.
    async fn delete_stale(&self, pen: &mut Pen, reached: Reached, table: Table) -> Result<(), ServiceError> {
        let families =
            self.matching().read(|matcher| matcher.known.in_families().map(|(_, family)| family.0).collect())?;
        let families: Arc<FxHashSet<RecordId>> = Arc::new(families);
        let mut write = WriteBatch::new();
        for (from, to) in ranges_of(table) {
            let mut pages = Pages::between(self.reader(), table, from, to);
            while let Some(page) = pages.next().await? {
                let families = Arc::clone(&families);
                let gone = self.ask_matcher(move |matcher| {
                    let keys = page.into_iter().map(|(key, _)| key);
                    keys.filter(|key| !matcher.has(table, key, &families)).collect::<Vec<_>>()
                });
                for key in gone.await? {
                    write.delete(table, key);
                }
                self.write_if_large(pen, reached, &mut write).await?;
            }
        }
        self.write_part(pen, reached, write).await
    }
}

/// The ranges of a table in which stale entries are looked for one by one.
fn ranges_of(table: Table) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    if table != Table::Lookups {
        return vec![(Vec::new(), None)];
    }
    let mut apart = COMPARED_APART.map(Lookup::prefix);
    apart.sort();
    let starts = std::iter::once(Vec::new()).chain(apart.iter().filter_map(|prefix| prefix_end(prefix)));
    let ends = apart.iter().cloned().map(Some).chain([None]);
    starts.zip(ends).collect()
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
            dirty.groups.extend(self.known.get(*record).and_then(|known| known.family()));
            let cases = self.cases_by_record.get(record).into_iter().flatten();
            let cases = cases.filter_map(|id| self.cases.get(id)).filter(|case| case.pair.0 == *record);
            for case in cases {
                dirty.cases.insert(case.id.clone());
                let lookups = self.lookups_of_case(case);
                dirty.lookups.extend(lookups.into_iter().map(|(key, value)| (key, Some(value))));
            }
            dirty.lookups.extend(self.present_of(*record).map(|(key, value)| (key, Some(value))));
            dirty.lookups.extend(Some(self.cases_about(*record)).filter(|(_, value)| value.is_some()));
        }
        dirty
    }

    /// The numbers and records of a look-up, ascending.
    fn numbered(&self, scattered: Scattered) -> Vec<(u64, RecordId)> {
        let mut found: Vec<(u64, RecordId)> = match scattered {
            Scattered::Number => self.known.all_numbers().collect(),
            Scattered::Payment => self.payments().collect(),
        };
        found.sort_unstable();
        found
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
    fn has(&self, table: Table, key: &[u8], families: &FxHashSet<RecordId>) -> bool {
        let record = record_in(key);
        match table {
            Table::Members => record.is_some_and(|id| self.person_of(id).is_some()),
            Table::Persons => record.is_some_and(|id| self.known.is_person(PersonId(id))),
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
            | Table::Outcomes
            | Table::Postings
            | Table::Mappings
            | Table::Audit
            | Table::AuditNodes => true,
        }
    }
}

//! What can be asked: the derived state of the store at one position of the journal.
//!
//! The matching publishes a new view after each step, and whoever asks takes the one that is there: nobody waits for
//! matching. Where the store can hold a state ([`Store::held`]) an answer is of one state however long it takes;
//! elsewhere it is read from what is there, and what has gone meanwhile is left out.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::batch::{AcceptedRow, Declaration};
use crate::domain::case::Case;
use crate::domain::decision::{Decision, Verdict};
use crate::domain::person::{FamilyId, GoldenFamily, GoldenPerson};
use crate::domain::record::{PersonId, Record, RecordId};
use crate::service::error::ServiceError;
use crate::service::matching::identifiers::{Number, nik_of};
use crate::service::matching::load::record_of;
use crate::service::stored::codec::{decode, decode_row, id_key, row_key};
use crate::service::stored::lookups::{Counts, Lookup, Present, case_in, record_in};
use crate::service::stored::reading::{Pages, get_many};
use crate::store::{Position, Read, Snapshot, Store, Table, prefix_end};

/// One state, to be asked.
pub(in crate::service) struct View {
    /// Everything up to here is in it.
    pub(in crate::service) position: Position,
    /// And what the rules say of it up to here; `None` where nothing was evaluated yet.
    pub(in crate::service) evaluated: Option<Position>,
    held: Option<Snapshot>,
    store: Arc<dyn Store>,
}

impl View {
    /// The state that `store` holds now: matched and evaluated up to these positions.
    pub(in crate::service) fn new(
        (position, evaluated): (Position, Option<Position>),
        held: Option<Snapshot>,
        store: Arc<dyn Store>,
    ) -> Self {
        Self { position, evaluated, held, store }
    }

    /// Whether it stays as it is.
    pub(in crate::service) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// To read tables from.
    pub(in crate::service) fn reader(&self) -> &dyn Read {
        self.held.as_deref().unwrap_or_else(|| self.store.reader())
    }

    /// All declarations of completeness, in key order.
    pub(in crate::service) async fn declared(&self) -> Result<Vec<Declaration>, ServiceError> {
        Pages::of(self.reader(), Table::Completeness).decode_all().await
    }

    /// The keys that begin with `prefix`.
    async fn keys(&self, prefix: Vec<u8>) -> Result<Vec<Vec<u8>>, ServiceError> {
        let end = prefix_end(&prefix);
        let mut keys = Vec::new();
        let mut pages = Pages::between(self.reader(), Table::Lookups, prefix, end);
        while let Some(page) = pages.next().await? {
            keys.extend(page.into_iter().map(|(key, _)| key));
        }
        Ok(keys)
    }

    /// The records at the end of the keys that begin with `prefix`, ascending.
    async fn records_under(&self, prefix: Vec<u8>) -> Result<BTreeSet<RecordId>, ServiceError> {
        Ok(self.keys(prefix).await?.iter().filter_map(|key| record_in(key)).collect())
    }

    /// How much there is of everything.
    pub(in crate::service) async fn counts(&self) -> Result<Counts, ServiceError> {
        let stored = self.reader().get(Table::Lookups, Lookup::Counts.prefix()).await?;
        stored.map_or_else(|| Ok(Counts::default()), |bytes| decode(&bytes, "counts"))
    }

    /// The persons of records, in their order; `None` where a record is nobody's.
    pub(in crate::service) async fn persons_of(&self, ids: &[RecordId]) -> Result<Vec<Option<PersonId>>, ServiceError> {
        let keys = ids.iter().map(|id| id_key(*id)).collect();
        let found = get_many(self.reader(), Table::Members, keys).await?;
        found.into_iter().map(|bytes| bytes.map(|bytes| decode(&bytes, "member")).transpose()).collect()
    }

    /// The person of a record.
    pub(in crate::service) async fn person_of(&self, id: RecordId) -> Result<Option<PersonId>, ServiceError> {
        Ok(self.persons_of(&[id]).await?.pop().flatten())
    }

    /// Golden records. Persons that are not there are left out.
    pub(in crate::service) async fn golden(&self, ids: &[PersonId]) -> Result<Vec<GoldenPerson>, ServiceError> {
        let keys = ids.iter().map(|id| id_key(id.0)).collect();
        let found = get_many(self.reader(), Table::Persons, keys).await?;
        found.into_iter().flatten().map(|bytes| decode(&bytes, "person")).collect()
    }

    /// The records of a person, ascending.
    async fn records_of(&self, id: PersonId) -> Result<Vec<RecordId>, ServiceError> {
        Ok(self.golden(&[id]).await?.pop().map(|person| person.records).unwrap_or_default())
    }

    /// Families. Those that are not there are left out.
    pub(in crate::service) async fn families(&self, ids: &[FamilyId]) -> Result<Vec<GoldenFamily>, ServiceError> {
        let keys = ids.iter().map(|id| id_key(id.0)).collect();
        let found = get_many(self.reader(), Table::Families, keys).await?;
        found.into_iter().flatten().map(|bytes| decode(&bytes, "family")).collect()
    }

    async fn present(&self, ids: &[RecordId]) -> Result<Vec<Option<Present>>, ServiceError> {
        let keys = ids.iter().map(|id| Lookup::Present.key(&[&id_key(*id)])).collect();
        let found = get_many(self.reader(), Table::Lookups, keys).await?;
        found.into_iter().map(|bytes| bytes.map(|bytes| decode(&bytes, "present row")).transpose()).collect()
    }

    async fn rows(
        &self,
        ids: &[RecordId],
        wanted: impl Fn(&Present) -> bool + Send,
    ) -> Result<Vec<Record>, ServiceError> {
        let present = self.present(ids).await?;
        let there = ids.iter().zip(present).filter_map(|(id, present)| Some((id, present.filter(&wanted)?)));
        let keys = there.map(|(id, present)| row_key(*id, present.sequence)).collect();
        let found = get_many(self.reader(), Table::Rows, keys).await?;
        found.into_iter().flatten().map(|bytes| record_of(&decode_row(&bytes)?)).collect()
    }

    /// The present rows of records, in the order asked for. Withdrawn ones are left out.
    pub(in crate::service) async fn records(&self, ids: &[RecordId]) -> Result<Vec<Record>, ServiceError> {
        self.rows(ids, |present| !present.withdrawn).await
    }

    /// The last rows of records, in the order asked for; withdrawn ones, too.
    pub(in crate::service) async fn last_rows(&self, ids: &[RecordId]) -> Result<Vec<Record>, ServiceError> {
        self.rows(ids, |_| true).await
    }

    /// Those of these records that their sender withdrew.
    pub(in crate::service) async fn withdrawn(&self, ids: &[RecordId]) -> Result<Vec<RecordId>, ServiceError> {
        let present = self.present(ids).await?;
        let gone = ids.iter().zip(present).filter(|(_, present)| present.is_none_or(|present| present.withdrawn));
        Ok(gone.map(|(id, _)| *id).collect())
    }

    /// All rows of a record that there are, in the order of their numbers.
    pub(in crate::service) async fn versions(&self, id: RecordId) -> Result<Vec<AcceptedRow>, ServiceError> {
        let prefix = id_key(id);
        let end = prefix_end(&prefix);
        let mut rows = Vec::new();
        let mut pages = Pages::between(self.reader(), Table::Rows, prefix, end);
        while let Some(page) = pages.next().await? {
            for (_, bytes) in &page {
                rows.push(decode_row(bytes)?);
            }
        }
        Ok(rows)
    }

    /// The records that bear one of these numbers, ascending.
    pub(in crate::service) async fn bearers(&self, numbers: &[Number]) -> Result<BTreeSet<RecordId>, ServiceError> {
        let mut found = BTreeSet::new();
        for number in numbers {
            found.extend(self.records_under(Lookup::Number.key(&[&number.value().to_be_bytes()])).await?);
        }
        Ok(found)
    }

    /// The payments to any of these accounts, ascending.
    pub(in crate::service) async fn payments_to(&self, accounts: &[u64]) -> Result<Vec<RecordId>, ServiceError> {
        let mut found = BTreeSet::new();
        for account in accounts {
            found.extend(self.records_under(Lookup::Payment.key(&[&account.to_be_bytes()])).await?);
        }
        Ok(found.into_iter().collect())
    }

    /// A case by its id, in any state.
    pub(in crate::service) async fn case(&self, id: &str) -> Result<Option<Case>, ServiceError> {
        let stored = self.reader().get(Table::Cases, id.as_bytes().to_vec()).await?;
        stored.map(|bytes| decode(&bytes, "case")).transpose()
    }

    /// Ids of open cases that name one of these records, or the NIK of one that several persons bear.
    pub(in crate::service) async fn cases_of(&self, records: &[Record]) -> Result<Vec<String>, ServiceError> {
        let mut found = BTreeSet::new();
        for record in records {
            let keys = self.keys(Lookup::CaseOfRecord.key(&[&id_key(record.id)])).await?;
            found.extend(keys.iter().filter_map(|key| case_in(key, 9)).map(str::to_owned));
        }
        // Such a case names only the first of those who bear the NIK.
        let niks: BTreeSet<u64> = records.iter().filter_map(nik_of).map(Number::value).collect();
        let keys = niks.into_iter().map(|nik| Lookup::SharedNik.key(&[&nik.to_be_bytes()])).collect();
        for bytes in get_many(self.reader(), Table::Lookups, keys).await?.into_iter().flatten() {
            found.insert(decode(&bytes, "case id")?);
        }
        Ok(found.into_iter().collect())
    }

    /// The decisions about a pair, oldest first.
    pub(in crate::service) async fn decisions_of(
        &self,
        a: RecordId,
        b: RecordId,
    ) -> Result<Vec<Decision>, ServiceError> {
        let prefix = [id_key(a.min(b)), id_key(a.max(b))].concat();
        let end = prefix_end(&prefix);
        Pages::between(self.reader(), Table::Decisions, prefix, end).decode_all().await
    }

    /// The verdict that stands about a pair.
    async fn standing_verdict(&self, a: RecordId, b: RecordId) -> Result<Option<Verdict>, ServiceError> {
        Ok(self.decisions_of(a, b).await?.pop().and_then(|last| last.verdict))
    }

    /// The decisions that name a record.
    pub(in crate::service) async fn decisions_about(&self, id: RecordId) -> Result<Vec<Decision>, ServiceError> {
        let prefix = id_key(id);
        let end = prefix_end(&prefix);
        let mut found = Pages::between(self.reader(), Table::Decisions, prefix, end).decode_all().await?;
        for lower in self.records_under(Lookup::DecidedWith.key(&[&id_key(id)])).await? {
            found.extend(self.decisions_of(lower, id).await?);
        }
        Ok(found)
    }

    /// The pairs that decisions on a case are about, ascending.
    async fn pairs_of_case(&self, id: &str) -> Result<Vec<(RecordId, RecordId)>, ServiceError> {
        let keys = self.keys(Lookup::PairOfCase.key(&[id.as_bytes(), &[0]])).await?;
        let pair = |key: &Vec<u8>| Some((record_in(key.get(..key.len().checked_sub(8)?)?)?, record_in(key)?));
        Ok(keys.iter().filter_map(pair).collect())
    }

    /// The decisions on a case, oldest first. One verdict may be about many pairs: it is there once.
    pub(in crate::service) async fn decisions_on(&self, id: &str) -> Result<Vec<Decision>, ServiceError> {
        let mut decisions = Vec::new();
        for (a, b) in self.pairs_of_case(id).await? {
            decisions.extend(self.decisions_of(a, b).await?.into_iter().filter(|decision| decision.case == id));
        }
        decisions.sort_by_key(|decision| decision.sequence);
        decisions.dedup_by(|later, first| (later.at, &later.by, later.verdict) == (first.at, &first.by, first.verdict));
        Ok(decisions)
    }

    /// Pairs without a verdict between any two of several groups of records.
    pub(in crate::service) async fn undecided_between(
        &self,
        groups: &[Vec<RecordId>],
    ) -> Result<BTreeSet<(RecordId, RecordId)>, ServiceError> {
        let mut pairs = BTreeSet::new();
        for (at, left) in groups.iter().enumerate() {
            for right in &groups[at + 1..] {
                pairs.extend(left.iter().flat_map(|x| right.iter().map(move |y| (*x.min(y), *x.max(y)))));
            }
        }
        let mut undecided = BTreeSet::new();
        for (a, b) in pairs.into_iter().filter(|(a, b)| a != b) {
            if self.standing_verdict(a, b).await?.is_none() {
                undecided.insert((a, b));
            }
        }
        Ok(undecided)
    }

    /// Pairs whose standing verdict was given on a case.
    pub(in crate::service) async fn decided_on(
        &self,
        id: &str,
    ) -> Result<BTreeSet<(RecordId, RecordId)>, ServiceError> {
        let mut decided = BTreeSet::new();
        for (a, b) in self.pairs_of_case(id).await? {
            let last = self.decisions_of(a, b).await?.pop();
            if last.is_some_and(|last| last.verdict.is_some() && last.case == id) {
                decided.insert((a, b));
            }
        }
        Ok(decided)
    }

    /// The records of several persons, person by person.
    pub(in crate::service) async fn records_by_person(
        &self,
        persons: &[PersonId],
    ) -> Result<Vec<Vec<RecordId>>, ServiceError> {
        let mut found = Vec::with_capacity(persons.len());
        for person in persons {
            found.push(self.records_of(*person).await?);
        }
        Ok(found)
    }
}

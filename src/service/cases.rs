//! What stewards see and decide.

use super::accept::IdempotencySlot;
use super::codec::{decode, encode, id_key};
use super::error::ServiceError;
use super::gateway::{Gateway, IdempotencyKey, store_error};
use super::journal::Entry;
use super::questions::After;
use super::reading::get_many;
use super::shared_nik::MOST_DECIDED;
use super::views::{CaseFilter, CaseView, Decided, Page, PairView, VerdictRequest};
use crate::auth::{Caller, Right};
use crate::domain::case::{Case, CaseState, Question};
use crate::domain::decision::Decision;
use crate::domain::feed::Feed;
use crate::domain::person::GoldenPerson;
use crate::domain::record::{PersonId, RecordId, Sequence};
use crate::store::{StoreError, Table, WriteBatch};

/// Most cases of one page.
const MAX_PAGE: usize = 200;

/// Longest reason a steward may give, in characters.
const MAX_REASON: usize = 1_000;

impl Gateway {
    /// Cases, heaviest first (the likeliest duplicates); decided ones newest first.
    pub async fn cases(
        &self,
        caller: &Caller,
        filter: CaseFilter,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<CaseView>, ServiceError> {
        may_review(caller)?;
        self.matched_state().await?;
        let wrong = ServiceError::Invalid { pointer: "/cursor", problem: "not a cursor that this gateway gave" };
        let after = cursor.map(|text| After::parse(&text, filter.decided).ok_or(wrong)).transpose()?;
        let (all, total) = match filter.decided {
            Decided::Open => self.matcher(|m| m.open_cases(&filter, after.as_ref())),
            Decided::Done => self.matcher(|m| m.decided_cases(&filter, after.as_ref())),
        };
        let limit = limit.clamp(1, MAX_PAGE);
        let more = all.len() > limit;
        let (mut items, mut last) = (Vec::new(), None);
        for (place, case) in all.into_iter().take(limit) {
            items.push(self.case_view(case).await?);
            last = Some(place);
        }
        Ok(Page { items, next: last.filter(|_| more).map(|last| last.cursor()), total: Some(total as u64) })
    }

    /// One case, open or decided.
    pub async fn case(&self, caller: &Caller, id: &str) -> Result<CaseView, ServiceError> {
        may_review(caller)?;
        self.matched_state().await?;
        let case = self.matcher(|m| m.case(id)).ok_or(ServiceError::NotFound { what: "case" })?;
        self.case_view(case).await
    }

    /// Decides a case, or takes the decision back; its effect on the clusters is there when this returns.
    pub async fn decide(
        &self,
        caller: &Caller,
        id: &str,
        key: IdempotencyKey,
        request: VerdictRequest,
    ) -> Result<CaseView, ServiceError> {
        may_review(caller)?;
        let reason = request.reason.trim();
        if reason.is_empty() || reason.chars().count() > MAX_REASON {
            return Err(ServiceError::Invalid { pointer: "/alasan", problem: "give a reason of 1 to 1000 characters" });
        }
        let wanted = format!("decide|{id}|{:?}|{reason}", request.verdict);
        let slot = IdempotencySlot::named(&caller.name, &key, &wanted);
        let _flight = self.take_off(&slot.key)?;
        if self.remembered(&slot).await?.is_some() {
            return self.decided_view(id).await;
        }
        self.matched_state().await?;
        let case = self.matcher(|m| m.case(id)).ok_or(ServiceError::NotFound { what: "case" })?;
        if (case.state == CaseState::Selesai) != request.verdict.is_none() {
            return Err(ServiceError::Changed { what: "case" });
        }
        if request.verdict.is_some() && case.shared.is_some_and(|by| by.persons > MOST_DECIDED as u64) {
            return Err(ServiceError::Invalid {
                pointer: "/putusan",
                problem: "more than 8 persons share this NIK: have the number corrected by who sent it",
            });
        }
        let at = self.clock().now();
        let mut write = WriteBatch::new();
        let mut decisions = Vec::new();
        let pairs = self.matcher(|m| m.pairs_of_verdict(&case, request.verdict));
        let mut numbers = self.draw(pairs.len(), Sequence(0)).await?;
        for (a, b, nth) in pairs {
            let decision = Decision {
                sequence: numbers.sequence(),
                a,
                b,
                verdict: request.verdict,
                reason: reason.to_owned(),
                by: caller.name.clone(),
                at,
                case: id.to_owned(),
            };
            let place = decision_key(a, b, nth);
            write.require_absent(Table::Decisions, place.clone());
            write.put(Table::Decisions, place, encode(&decision));
            decisions.push((a, b, nth as u64));
        }
        self.give_back(&numbers);
        slot.remember(&mut write, id);
        write.note(Entry::Decisions { once: slot.once(), decisions }.encoded());
        let committed = match self.store().commit(write).await {
            Ok(committed) => committed,
            Err(StoreError::Conflict { .. }) => return Err(ServiceError::Changed { what: "case" }),
            Err(error) => return Err(store_error(error)),
        };
        let position = committed.journal.expect("every decision leaves a note");
        self.note_acknowledged(position, Vec::new());
        // The decisions are durable; should the worker stop now, their effect comes at the next start.
        self.matched_through(position).await;
        self.decided_view(id).await
    }

    /// A case after a verdict on it. When a decision was taken back, there may be no question any more: a row is withdrawn,
    /// or the machine knows the answer.
    async fn decided_view(&self, id: &str) -> Result<CaseView, ServiceError> {
        self.matched_state().await?;
        let case = self.matcher(|m| m.case(id).or_else(|| m.case_of_decisions(id)));
        self.case_view(case.ok_or(ServiceError::NotFound { what: "case" })?).await
    }

    /// Any two records explained by their source keys: for whoever may decide cases, and without any value of them.
    pub async fn explain(
        &self,
        caller: &Caller,
        a: (Feed, String),
        b: (Feed, String),
    ) -> Result<PairView, ServiceError> {
        may_review(caller)?;
        self.matched_state().await?;
        let (a, b) = (self.one_record("/a", &a).await?, self.one_record("/b", &b).await?);
        self.matcher(|m| m.pair(a, b)).ok_or(ServiceError::NotFound { what: "pair" })
    }

    /// The record of a source key. Agencies number their rows alone, so that two may use one key.
    async fn one_record(
        &self,
        pointer: &'static str,
        (feed, id_sumber): &(Feed, String),
    ) -> Result<RecordId, ServiceError> {
        match self.records_of_source(*feed, id_sumber).await?.as_slice() {
            [] => Err(ServiceError::NotFound { what: "record" }),
            [one] => Ok(*one),
            _ => Err(ServiceError::Invalid { pointer, problem: "several agencies sent a row with this key" }),
        }
    }

    async fn case_view(&self, case: Case) -> Result<CaseView, ServiceError> {
        let (a, b) = case.pair;
        let mut order = vec![a, b];
        order.extend(case.records.iter().copied().filter(|id| *id != a && *id != b));
        let records = self.last_rows(&order).await?;
        let about_a_pair = case.question != Question::SharedNik;
        let (explained, decisions, resting) = self.matcher(|m| {
            let explained = about_a_pair.then(|| m.explain(a, b)).flatten();
            (explained, m.decisions_on(&case), m.withdrawn(&order))
        });
        let persons = self.golden(&case.persons).await?;
        Ok(CaseView { case, records, explained, decisions, persons, resting })
    }

    /// The stored golden records of persons.
    pub(super) async fn golden(&self, ids: &[PersonId]) -> Result<Vec<GoldenPerson>, ServiceError> {
        let keys = ids.iter().map(|id| id_key(id.0)).collect();
        let found = get_many(self.reader(), Table::Persons, keys).await?;
        found.into_iter().flatten().map(|bytes| decode(&bytes, "person")).collect()
    }
}

fn may_review(caller: &Caller) -> Result<(), ServiceError> {
    if caller.has(Right::Review) { Ok(()) } else { Err(ServiceError::Forbidden) }
}

/// The pair and the number of the decision under this key.
pub(super) fn place_of(key: &[u8]) -> Result<(RecordId, RecordId, u64), ServiceError> {
    let number = |at: usize| Some(u64::from_be_bytes(key.get(at..at + 8)?.try_into().ok()?));
    let place = || Some((RecordId(number(0)?), RecordId(number(8)?), number(16)?));
    place().filter(|_| key.len() == 24).ok_or(ServiceError::Corrupt { what: "decision key".to_owned() })
}

/// Key of the n-th decision about a pair. Two stewards who decide at once want the same key, and one gets it.
pub(super) fn decision_key(a: RecordId, b: RecordId, nth: usize) -> Vec<u8> {
    let mut key = id_key(a);
    key.extend(id_key(b));
    key.extend((nth as u64).to_be_bytes());
    key
}

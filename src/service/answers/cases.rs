//! What stewards see: cases, open and decided, and any two records explained.

use std::collections::BTreeSet;

use super::case_list::Cursor;
use super::view::View;
use super::views::{CaseFilter, CaseView, Page, PairView};
use crate::auth::{Caller, Right};
use crate::domain::case::{Case, CaseState, Question};
use crate::domain::decision::{Decision, Verdict};
use crate::domain::feed::Feed;
use crate::domain::record::{PersonId, RecordId};
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;

/// Most cases of one page.
const MAX_PAGE: usize = 200;

impl Gateway {
    /// Cases of one state. Open ones heaviest first (the likeliest duplicates) or oldest first; resting ones heaviest first;
    /// decided ones newest first.
    pub async fn cases(
        &self,
        caller: &Caller,
        filter: CaseFilter,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<CaseView>, ServiceError> {
        may_review(caller)?;
        let wrong = ServiceError::Invalid { pointer: "/cursor", problem: "not a cursor that this gateway gave" };
        let after = cursor.map(|text| Cursor::parse(&text, filter.list()).ok_or(wrong)).transpose()?;
        let view = self.view().await?;
        let list = view.case_list(&filter, after.as_ref(), limit.clamp(1, MAX_PAGE)).await?;
        let mut items = Vec::with_capacity(list.cases.len());
        for case in list.cases {
            items.push(view.case_view(case).await?);
        }
        Ok(Page { items, next: list.last.map(|last| last.text()), total: Some(list.total) })
    }

    /// One case, in any state.
    pub async fn case(&self, caller: &Caller, id: &str) -> Result<CaseView, ServiceError> {
        may_review(caller)?;
        let view = self.view().await?;
        let case = view.case(id).await?.ok_or(ServiceError::NotFound { what: "case" })?;
        view.case_view(case).await
    }

    /// A case after a verdict on it. When a decision was taken back, there may be no question any more: a row is withdrawn,
    /// or the machine knows the answer.
    pub(in crate::service) async fn decided_view(&self, id: &str) -> Result<CaseView, ServiceError> {
        let view = self.view().await?;
        let case = match view.case(id).await? {
            Some(case) => Some(case),
            None => view.case_of_decisions(id).await?,
        };
        view.case_view(case.ok_or(ServiceError::NotFound { what: "case" })?).await
    }

    /// Any two records explained by their source keys: for whoever may decide cases, and without any value of them.
    pub async fn explain(
        &self,
        caller: &Caller,
        a: (Feed, String),
        b: (Feed, String),
    ) -> Result<PairView, ServiceError> {
        may_review(caller)?;
        let (a, b) = (self.one_record("/a", &a).await?, self.one_record("/b", &b).await?);
        let pair = self.ask_matcher(move |matcher| matcher.pair(a, b)).await?;
        pair.ok_or(ServiceError::NotFound { what: "pair" })
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
}

impl View {
    async fn case_view(&self, case: Case) -> Result<CaseView, ServiceError> {
        let (a, b) = case.pair;
        let mut order = vec![a, b];
        order.extend(case.records.iter().copied().filter(|id| *id != a && *id != b));
        let records = self.last_rows(&order).await?;
        let decisions = match case.question {
            Question::SharedNik | Question::Crowd | Question::Statement => self.decisions_on(&case.id).await?,
            Question::SamePerson | Question::OverLinked => self.decisions_of(a, b).await?,
        };
        let resting = self.withdrawn(&order).await?;
        let persons = self.golden(&case.persons).await?;
        Ok(CaseView { case, records, decisions, persons, resting })
    }

    /// A case about which there are decisions, though it is neither asked nor decided now.
    async fn case_of_decisions(&self, id: &str) -> Result<Option<Case>, ServiceError> {
        let decisions = self.decisions_on(id).await?;
        let Some(last) = decisions.last() else { return Ok(None) };
        let records: BTreeSet<RecordId> = decisions.iter().flat_map(|one| [one.a, one.b]).collect();
        let records: Vec<RecordId> = records.into_iter().collect();
        let persons: BTreeSet<PersonId> = self.persons_of(&records).await?.into_iter().flatten().collect();
        let state = if last.verdict.is_some() { CaseState::Selesai } else { CaseState::Baru };
        let asked = decisions.iter().rev().find_map(|decision| decision.asked.as_deref());
        let case = asked.cloned().unwrap_or_else(|| unasked(last));
        Ok(Some(Case { state, persons: persons.into_iter().collect(), ..case }))
    }

    /// The pairs of records that a verdict on a case is about, each with the number of decisions it has already.
    ///
    /// *Gabungkan* is about every record of one person and every record of the other: the steward saw them all, and a
    /// veto between two of them must not part what was joined before. Pairs that somebody decided before keep their
    /// verdict. Taking back is about all pairs that the case decided; *Bukan Duplikat* about the pair that was asked, and
    /// where it is about the word of one agency, about that row and every other one of the person.
    pub(in crate::service) async fn pairs_of_verdict(
        &self,
        case: &Case,
        verdict: Option<Verdict>,
    ) -> Result<Vec<(RecordId, RecordId, usize)>, ServiceError> {
        let (a, b) = case.pair;
        let about_nik = case.question == Question::SharedNik;
        let about_word = case.question == Question::Statement;
        let mut pairs = match verdict {
            // They are one person already: the row is confirmed.
            Some(Verdict::Gabungkan) if about_word => BTreeSet::new(),
            Some(Verdict::Gabungkan) => {
                let persons = if about_nik { case.persons.clone() } else { self.both(a, b).await? };
                self.undecided_between(&self.records_by_person(&persons).await?).await?
            }
            Some(Verdict::BukanDuplikat) if about_nik => {
                let alone: Vec<Vec<RecordId>> = case.records.iter().map(|record| vec![*record]).collect();
                self.undecided_between(&alone).await?
            }
            Some(Verdict::BukanDuplikat) if about_word => self.away_from_person(case).await?,
            Some(Verdict::BukanDuplikat) => BTreeSet::new(),
            None => self.decided_on(&case.id).await?,
        };
        if !about_nik {
            pairs.insert((a, b));
        }
        let mut counted = Vec::with_capacity(pairs.len());
        for (x, y) in pairs {
            counted.push((x, y, self.decisions_of(x, y).await?.len()));
        }
        Ok(counted)
    }

    /// The row whose word a case is about, and every other one of its person.
    async fn away_from_person(&self, case: &Case) -> Result<BTreeSet<(RecordId, RecordId)>, ServiceError> {
        let Some(said) = Case::statement_of(&case.id) else { return Ok(BTreeSet::new()) };
        let others = self.records_by_person(&case.persons).await?.into_iter().flatten().filter(|id| *id != said);
        self.undecided_between(&[vec![said], others.collect()]).await
    }

    /// The persons of two records.
    async fn both(&self, a: RecordId, b: RecordId) -> Result<Vec<PersonId>, ServiceError> {
        Ok(self.persons_of(&[a, b]).await?.into_iter().flatten().collect())
    }
}

/// The case of a decision with which nothing was kept of what was asked.
fn unasked(decision: &Decision) -> Case {
    let (a, b) = (decision.a.min(decision.b), decision.a.max(decision.b));
    Case {
        id: decision.case.clone(),
        question: if Case::is_of_shared(&decision.case) { Question::SharedNik } else { Question::SamePerson },
        pair: (a, b),
        records: vec![a, b],
        persons: Vec::new(),
        weight: 0.0,
        probability: 0.0,
        reasons: Vec::new(),
        state: CaseState::Selesai,
        why: None,
        shared: None,
    }
}

pub(in crate::service) fn may_review(caller: &Caller) -> Result<(), ServiceError> {
    if caller.has(Right::Review) { Ok(()) } else { Err(ServiceError::Forbidden) }
}

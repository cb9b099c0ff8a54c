//! What the matcher answers about cases, look-ups and its own state.

use std::collections::BTreeSet;

use super::matcher::Matcher;
use super::models::Models;
use super::views::{CaseFilter, Explained, LookupQuery, PairView};
use crate::domain::case::{Case, CaseState, Question};
use crate::domain::date::Date;
use crate::domain::decision::{Decision, Verdict};
use crate::domain::record::{PersonId, RecordId};

impl Matcher {
    /// The open cases that a filter lets through, heaviest first.
    pub(super) fn open_cases(&self, filter: &CaseFilter) -> Vec<Case> {
        let mut cases: Vec<Case> = self.all_cases().filter(|case| self.fits(case, filter)).cloned().collect();
        cases.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.id.cmp(&b.id)));
        cases
    }

    /// The decided cases that a filter lets through, newest first.
    pub(super) fn decided_cases(&self, filter: &CaseFilter) -> Vec<Case> {
        let mut latest: Vec<&Decision> =
            self.decided().filter_map(|(_, list)| list.last().filter(|last| last.verdict.is_some())).collect();
        // A verdict may be about many pairs; its case is named by the one that was asked.
        latest.retain(|decision| decision.case == Case::id_of(decision.a, decision.b));
        latest.sort_by_key(|decision| std::cmp::Reverse(decision.sequence));
        latest.iter().filter_map(|d| self.decided_case(d)).filter(|case| self.fits(case, filter)).collect()
    }

    /// The pairs of records that a verdict on a case is about, each with the number of decisions it has already.
    ///
    /// *Gabungkan* is about every record of one person and every record of the other: the steward saw them all, and a
    /// veto between two of them must not part what was joined before. Pairs that somebody decided before keep their
    /// verdict. Taking back is about all pairs that the case decided; *Bukan Duplikat* about the pair that was asked.
    pub(super) fn pairs_of_verdict(&self, case: &Case, verdict: Option<Verdict>) -> Vec<(RecordId, RecordId, usize)> {
        let standing = |a, b| self.decisions_of(a, b).last().filter(|last| last.verdict.is_some()).cloned();
        let (a, b) = case.pair;
        let mut pairs: BTreeSet<(RecordId, RecordId)> = BTreeSet::from([(a, b)]);
        match verdict {
            Some(Verdict::Gabungkan) => {
                let records = |id| self.person_of(id).map(|person| self.records_of(person)).unwrap_or_default();
                let (left, right) = (records(a), records(b));
                let crossing = left.iter().flat_map(|x| right.iter().map(move |y| (*x.min(y), *x.max(y))));
                pairs.extend(crossing.filter(|(x, y)| x != y && standing(*x, *y).is_none()));
            }
            Some(Verdict::BukanDuplikat) => {}
            None => {
                let decided = self.decided().filter_map(|(pair, list)| Some((*pair, list.last()?)));
                let here = decided.filter(|(_, last)| last.verdict.is_some() && last.case == case.id);
                pairs.extend(here.map(|(pair, _)| pair));
            }
        }
        pairs.into_iter().map(|(x, y)| (x, y, self.decisions_of(x, y).len())).collect()
    }

    /// A case by its id, open or decided.
    pub(super) fn case(&self, id: &str) -> Option<Case> {
        self.open_case(id).or_else(|| {
            let (a, b) = pair_of(id)?;
            let list = self.decisions_of(a, b);
            self.decided_case(list.last().filter(|last| last.verdict.is_some())?)
        })
    }

    fn decided_case(&self, decision: &Decision) -> Option<Case> {
        let (a, b) = (decision.a, decision.b);
        let persons: BTreeSet<PersonId> = [a, b].into_iter().filter_map(|id| self.person_of(id)).collect();
        let explained = self.explain(a, b)?;
        Some(Case {
            id: Case::id_of(a, b),
            question: Question::SamePerson,
            pair: (a.min(b), a.max(b)),
            records: vec![a.min(b), a.max(b)],
            persons: persons.into_iter().collect(),
            weight: explained.total,
            probability: explained.probability,
            reasons: explained.vetoes,
            state: CaseState::Selesai,
        })
    }

    fn fits(&self, case: &Case, filter: &CaseFilter) -> bool {
        let reason = filter.reason.as_ref().is_none_or(|reason| case.reasons.contains(reason));
        let place = filter.kode_wilayah.as_ref().is_none_or(|prefix| {
            let codes = case.records.iter().filter_map(|id| self.known.get(id)).filter_map(|known| known.kecamatan);
            codes.map(|code| code.to_string()).any(|code| code.starts_with(prefix))
        });
        reason && place
    }

    /// Persons whose records fit a look-up, heaviest first.
    pub(super) fn look_up(&mut self, models: &Models, query: &LookupQuery, today: Date) -> Vec<PersonId> {
        let values = super::columns::values_of_query(&models.columns, query, today);
        let found = self.live.probe(&values).expect("the values were made for the columns of this plan");
        let mut seen = BTreeSet::new();
        found.into_iter().filter_map(|(id, _)| self.person_of(RecordId(id))).filter(|p| seen.insert(*p)).collect()
    }

    /// Why a pair has its weight.
    pub(super) fn explain(&self, a: RecordId, b: RecordId) -> Option<Explained> {
        let tree = self.live.explain(a.0.min(b.0), a.0.max(b.0))?;
        Some(super::columns::explained(&self.models().plan, &tree))
    }

    /// Any two records explained; `None` when one takes no part in matching, or both are one.
    pub(super) fn pair(&self, a: RecordId, b: RecordId) -> Option<PairView> {
        let tree = self.live.explain(a.0.min(b.0), a.0.max(b.0))?;
        let persons = (self.person_of(a)?, self.person_of(b)?);
        let explained = super::columns::explained(&self.models().plan, &tree);
        Some(PairView { records: (a, b), persons, explained, rules: tree.rules })
    }

    /// Keys too common to be compared: rule and number of rows.
    pub(super) fn stop_keys(&self) -> Vec<(String, u64)> {
        self.live.stop_keys().into_iter().map(|key| (key.rule, key.rows as u64)).collect()
    }

    /// Name and version of the match model.
    pub(super) fn model_name(&self) -> String {
        let plan = &self.models().plan;
        format!("{} {}", plan.name(), plan.version())
    }
}

/// The pair of a case id: `C12-34`.
fn pair_of(id: &str) -> Option<(RecordId, RecordId)> {
    let (a, b) = id.strip_prefix('C')?.split_once('-')?;
    Some((RecordId(a.parse().ok()?), RecordId(b.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_id_names_its_pair() {
        let id = Case::id_of(RecordId(34), RecordId(12));
        assert_eq!(pair_of(&id), Some((RecordId(12), RecordId(34))));
        for wrong in ["", "C", "C1", "12-34", "C1-x"] {
            assert_eq!(pair_of(wrong), None, "{wrong}");
        }
    }
}

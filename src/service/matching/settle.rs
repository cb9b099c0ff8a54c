//! What becomes of cases that the engine does not ask now: `review` says it, from what people decided and what was asked
//! when a row was withdrawn. A case keeps its question as it stood.

use std::collections::BTreeSet;

use super::matcher::{Dirty, Matcher};
use crate::domain::case::{Case, CaseState, Question};
use crate::domain::decision::Decision;
use crate::domain::record::{PersonId, RecordId};
use crate::review::{Change, Facts, Settled, advance};

impl Matcher {
    /// Looks again at cases that rows or decisions are about, or were.
    pub(super) fn settle_cases(&mut self, ids: BTreeSet<String>, dirty: &mut Dirty) {
        for id in ids {
            let before = self.cases.get(&id).map(|case| (case, self.decided.get(&id).copied()));
            match advance(before, self.facts_of(&id)) {
                Change::Put(now) => {
                    let Settled { case, decision } = *now;
                    self.put_case(case, decision, dirty);
                }
                Change::Remove => self.forget_case(&id, dirty),
                Change::Nothing => self.refresh_case(&id, dirty),
            }
        }
    }

    /// What the state of a case follows from.
    fn facts_of(&self, id: &str) -> Facts<'_> {
        // What the engine asks is open since it was told.
        let asked = self.cases.get(id).filter(|case| case.state == CaseState::Baru);
        if asked.is_some() {
            return Facts { asked, ..Facts::default() };
        }
        let withdrawn = self.withdrawn_cases.case(id);
        let withdrawn = withdrawn.map(|case| Case { persons: self.persons_of(&case.records), ..case.clone() });
        Facts { asked, decided: self.decided_case(id), withdrawn }
    }

    /// A case with a verdict that stands, and the number of its last decision.
    fn decided_case(&self, id: &str) -> Option<(Case, u64)> {
        if Case::is_of_shared(id) {
            return self.decided_shared(id);
        }
        if Case::statement_of(id).is_some() {
            return self.decided_statement(id);
        }
        let (a, b) = Case::pair_of(id)?;
        let last = self.decisions.get(&(a, b))?.last()?;
        // A verdict may be about many pairs; its case is named by the one that was asked.
        (last.verdict.is_some() && last.case == id).then(|| (self.as_it_stood(last), last.sequence.0))
    }

    /// The case as the steward saw it, and whose the records are now. Early programs did not keep what was asked: then the
    /// pair is compared as it is now.
    fn as_it_stood(&self, decision: &Decision) -> Case {
        let (a, b) = (decision.a.min(decision.b), decision.a.max(decision.b));
        let persons = self.persons_of(&[a, b]);
        if let Some(asked) = &decision.asked {
            return Case { persons, ..(**asked).clone() };
        }
        let why = self.explain(a, b);
        Case {
            id: Case::id_of(a, b),
            question: Question::SamePerson,
            pair: (a, b),
            records: vec![a, b],
            persons,
            weight: why.as_ref().map_or(0.0, |why| why.total),
            probability: why.as_ref().map_or(0.0, |why| why.probability),
            reasons: why.as_ref().map(crate::domain::case::Explained::veto_ids).unwrap_or_default(),
            state: CaseState::Selesai,
            why,
            shared: None,
        }
    }

    /// The persons that some records belong to, ascending.
    pub(super) fn persons_of(&self, records: &[RecordId]) -> Vec<PersonId> {
        let persons: BTreeSet<PersonId> = records.iter().filter_map(|id| self.person_of(*id)).collect();
        persons.into_iter().collect()
    }
}

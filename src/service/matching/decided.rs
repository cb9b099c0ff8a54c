//! Decided cases: a case stays when it is decided, with its question as it stood.

use std::collections::BTreeSet;

use super::matcher::{Dirty, Matcher};
use crate::domain::case::{Case, CaseState, Question};
use crate::domain::decision::Decision;
use crate::domain::record::PersonId;

impl Matcher {
    /// Looks again at cases that decisions are about, or were: those that are not asked now and have a verdict are kept
    /// as decided, the others go.
    pub(super) fn settle_decided(&mut self, ids: BTreeSet<String>, dirty: &mut Dirty) {
        for id in ids {
            if let Some(case) = self.cases.get(&id).filter(|case| case.state == CaseState::Baru) {
                // Where its records are may have changed.
                let lookups = self.lookups_of_case(case);
                dirty.lookups.extend(lookups.into_iter().map(|(key, value)| (key, Some(value))));
                continue;
            }
            match self.decided_case(&id) {
                Some((case, sequence)) => self.put_case(case, Some(sequence), dirty),
                None => self.forget_case(&id, dirty),
            }
        }
    }

    /// A case with a verdict that stands, and the number of its last decision.
    fn decided_case(&self, id: &str) -> Option<(Case, u64)> {
        if Case::is_of_shared(id) {
            return self.decided_shared(id);
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
        let persons: BTreeSet<PersonId> = [a, b].into_iter().filter_map(|id| self.person_of(id)).collect();
        let persons = persons.into_iter().collect();
        if let Some(asked) = &decision.asked {
            return Case { state: CaseState::Selesai, persons, ..(**asked).clone() };
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
}

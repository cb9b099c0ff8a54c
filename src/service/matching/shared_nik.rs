//! One NIK that several persons bear: a case of its own, however many they are.
//!
//! Matching says nothing about it: it keeps them apart, or does not even compare them. But one of the numbers is wrong, and
//! somebody is paid under the name of another. The case is there as long as the number is shared, and a steward has not
//! said of all of them that they are different persons.

use std::collections::{BTreeMap, BTreeSet};

use super::identifiers::Number;
use super::lookups::shared_key;
use super::matcher::{Dirty, Matcher};
use crate::domain::case::{Case, CaseState, Question, SharedBy};
use crate::domain::decision::Verdict;
use crate::domain::record::{PersonId, RecordId};
use crate::review::MOST_DECIDED;
use crate::service::stored::codec::encode;

/// Persons that a case shows; the rest is counted.
const MOST_SHOWN: usize = 20;

/// Why such a case is there.
const REASON: &str = "SHARED_NIK";

impl Matcher {
    /// The cases of all NIKs that several records bear.
    pub(in crate::service) fn note_all_shared(&mut self) {
        let shared: BTreeSet<Number> = self.known.shared_numbers().collect();
        self.look_at_shared(&shared, &mut Dirty::default());
    }

    /// The NIKs of records.
    pub(in crate::service) fn niks_of<'a>(&self, records: impl Iterator<Item = &'a RecordId>) -> BTreeSet<Number> {
        records.filter_map(|id| self.known.get(*id)?.nik).collect()
    }

    /// Looks again at who bears these NIKs.
    pub(in crate::service) fn look_at_shared(&mut self, niks: &BTreeSet<Number>, dirty: &mut Dirty) {
        let now: Vec<(Number, Option<Case>)> = niks.iter().map(|nik| (*nik, self.shared_case(*nik))).collect();
        for (nik, case) in &now {
            let before = self.shared.get(nik);
            if let Some(id) = before.filter(|id| case.as_ref().is_none_or(|case| case.id != **id)).cloned() {
                self.shared.remove(nik);
                dirty.lookups.insert(shared_key(*nik), None);
                self.forget_case(&id, dirty);
            }
        }
        for (nik, case) in now {
            if let Some(case) = case {
                dirty.lookups.insert(shared_key(nik), Some(encode(&case.id)));
                self.shared.insert(nik, case.id.clone());
                self.put_case(case, None, dirty);
            }
        }
    }

    /// The case of a NIK; `None` when one person bears it, or a steward knows that they are different persons.
    fn shared_case(&self, nik: Number) -> Option<Case> {
        let mut rows: u64 = 0;
        let mut persons: BTreeMap<PersonId, RecordId> = BTreeMap::new();
        for record in self.bearers_of_nik(nik) {
            rows += 1;
            persons.entry(self.person_of(record)?).or_insert(record);
        }
        if persons.len() < 2 || self.all_told_apart(nik, &persons) {
            return None;
        }
        let mut shown: Vec<(RecordId, PersonId)> = persons.iter().map(|(person, record)| (*record, *person)).collect();
        shown.sort_unstable();
        let shared = SharedBy { persons: shown.len() as u64, records: rows };
        shown.truncate(MOST_SHOWN);
        Some(Case {
            id: Case::id_of_shared(shown[0].0),
            question: Question::SharedNik,
            pair: (shown[0].0, shown[1].0),
            records: shown.iter().map(|(record, _)| *record).collect(),
            persons: shown.iter().map(|(_, person)| *person).collect(),
            weight: 0.0,
            probability: 0.0,
            reasons: vec![REASON.to_owned()],
            state: CaseState::Baru,
            why: None,
            shared: Some(shared),
        })
    }

    /// Records of persons whose NIK this is, ascending.
    pub(super) fn bearers_of_nik(&self, nik: Number) -> impl Iterator<Item = RecordId> {
        let bears = move |id: &RecordId| self.known.get(*id).is_some_and(|known| known.nik == Some(nik));
        self.known.bearers(nik).into_iter().filter(bears).filter(|id| self.person_of(*id).is_some())
    }

    /// All records of an open case of a NIK, those that it does not name, too; none of another case.
    pub(in crate::service) fn shares_nik(&self, case: &Case) -> impl Iterator<Item = RecordId> {
        let asked = case.question == Question::SharedNik && case.state == CaseState::Baru;
        let nik = self.known.get(case.pair.0).and_then(|known| known.nik).filter(|_| asked);
        nik.into_iter().flat_map(|nik| self.bearers_of_nik(nik))
    }

    /// Whether stewards said of every two of these persons that they are different ones.
    fn all_told_apart(&self, nik: Number, persons: &BTreeMap<PersonId, RecordId>) -> bool {
        if persons.len() > MOST_DECIDED {
            return false;
        }
        let mut rows: BTreeMap<PersonId, Vec<RecordId>> = BTreeMap::new();
        for record in self.bearers_of_nik(nik) {
            if let Some(person) = self.person_of(record) {
                rows.entry(person).or_default().push(record);
            }
        }
        let rows: Vec<&Vec<RecordId>> = rows.values().collect();
        let apart = |a: &RecordId, b: &RecordId| self.standing_verdict(*a, *b) == Some(Verdict::BukanDuplikat);
        let told = |a: &[RecordId], b: &[RecordId]| a.iter().any(|x| b.iter().any(|y| apart(x, y)));
        rows.iter().enumerate().all(|(at, a)| rows[at + 1..].iter().all(|b| told(a, b)))
    }

    /// A decided case of a NIK, from the decisions that were made on it, and the number of the last one; `None` when none
    /// of them stands.
    pub(super) fn decided_shared(&self, id: &str) -> Option<(Case, u64)> {
        let (mut records, mut last, mut asked) = (BTreeSet::new(), None, None);
        for decision in self.standing_on(id) {
            records.extend([decision.a, decision.b]);
            last = last.max(Some(decision.sequence.0));
            asked = asked.or(decision.asked.as_deref());
        }
        let persons: BTreeSet<PersonId> = records.iter().filter_map(|record| self.person_of(*record)).collect();
        let first: Vec<RecordId> = records.iter().copied().take(2).collect();
        let shared = SharedBy { persons: persons.len() as u64, records: records.len() as u64 };
        let case = Case {
            id: id.to_owned(),
            question: Question::SharedNik,
            pair: (*first.first()?, *first.get(1)?),
            shared: Some(asked.and_then(|asked| asked.shared).unwrap_or(shared)),
            records: records.into_iter().collect(),
            persons: persons.into_iter().collect(),
            weight: 0.0,
            probability: 0.0,
            reasons: vec![REASON.to_owned()],
            state: CaseState::Selesai,
            why: None,
        };
        Some((case, last?))
    }
}

//! Crowds: persons whom open questions lead to one another, and who are so many that asking about two at a time would bury
//! the stewards.
//!
//! Ten thousand rows that share numbers in a chain raise half a million questions. Persons of whom questions lead from each
//! to each are one case where they are more than [`MOST_TOGETHER`], or where more than [`MOST_ASKED`] questions are about one
//! of them: it says how many they are, and no question about two of them is asked by itself. So there are at most six times
//! as many cases as persons, whatever somebody sends. In a million persons made as real lists are, the most that questions
//! joined were 17, and the most about one person 8.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::matcher::{Dirty, Matcher};
use crate::domain::case::{Case, CaseState, Question, SharedBy};
use crate::domain::record::{PersonId, RecordId};
use crate::engine::{Delta, Proposal};
use crate::telemetry::metric;

/// Persons joined by questions who are still asked about two at a time.
const MOST_TOGETHER: usize = 40;

/// Questions about one person up to which they are asked one by one.
const MOST_ASKED: usize = 12;

/// Persons that a case shows; the rest is counted.
const MOST_SHOWN: usize = 20;

/// Why such a case is there.
const REASON: &str = "CROWD";

/// All crowds. A crowd is named by its first person.
#[derive(Debug, Default)]
pub(super) struct Crowds {
    /// The crowd of each person that stands in one.
    of: FxHashMap<PersonId, PersonId>,
    persons: FxHashMap<PersonId, BTreeSet<PersonId>>,
}

impl Crowds {
    /// Whether a person stands in a crowd.
    pub(super) fn hold(&self, person: PersonId) -> bool {
        self.of.contains_key(&person)
    }

    /// The persons of the crowd with this name.
    pub(super) fn persons(&self, name: PersonId) -> impl Iterator<Item = PersonId> {
        self.persons.get(&name).into_iter().flatten().copied()
    }

    fn take(&mut self, name: PersonId) -> BTreeSet<PersonId> {
        let persons = self.persons.remove(&name).unwrap_or_default();
        for person in &persons {
            self.of.remove(person);
        }
        persons
    }

    fn put(&mut self, persons: BTreeSet<PersonId>) {
        let Some(name) = persons.first().copied() else { return };
        self.of.extend(persons.iter().map(|person| (*person, name)));
        self.persons.insert(name, persons);
    }
}

impl Matcher {
    /// Takes note of all questions that the engine asks.
    pub(super) fn note_all_questions(&mut self) {
        let pairs: Vec<(u64, u64)> = self.live.review().map(|item| item.pair).collect();
        let persons: BTreeSet<PersonId> =
            pairs.iter().flat_map(|(a, b)| [*a, *b]).filter_map(|id| self.person_of(RecordId(id))).collect();
        let mut dirty = Dirty::default();
        self.settle_questions(&persons, pairs.into_iter().collect(), &mut dirty);
    }

    /// Reads which questions the engine opened and closed, and those whose clusters or rows changed.
    pub(super) fn take_questions<'a>(
        &mut self,
        delta: &Delta,
        changed: impl Iterator<Item = &'a RecordId>,
        dirty: &mut Dirty,
    ) {
        for (a, b) in &delta.closed {
            self.forget_case(&Case::id_of(RecordId(*a), RecordId(*b)), dirty);
        }
        let mut touched: BTreeSet<u64> = delta.after.iter().flatten().copied().collect();
        touched.extend(changed.map(|id| id.0));
        let asked = touched.iter().flat_map(|id| self.live.review_of(*id)).chain(&delta.opened).map(|item| item.pair);
        let asked: BTreeSet<(u64, u64)> = asked.collect();
        let ends = asked.iter().chain(&delta.closed).flat_map(|(a, b)| [*a, *b]);
        let mut persons: BTreeSet<PersonId> =
            ends.chain(touched).filter_map(|id| self.person_of(RecordId(id))).collect();
        persons.extend(delta.before.iter().filter_map(|gone| gone.first()).map(|first| PersonId(RecordId(*first))));
        self.settle_questions(&persons, asked, dirty);
    }

    /// Settles which questions are asked by themselves and which belong to a crowd. `touched` are the persons about whom
    /// something else is asked than before, `asked` the questions that are new or changed.
    fn settle_questions(&mut self, touched: &BTreeSet<PersonId>, mut asked: BTreeSet<(u64, u64)>, dirty: &mut Dirty) {
        let (before, now) = self.settle_crowds(touched, dirty);
        for person in before.symmetric_difference(&now) {
            asked.extend(self.questions_about(*person).map(|item| item.pair));
        }
        let items = asked.into_iter().filter_map(|pair| self.live.question(pair).cloned());
        for item in items.collect::<Vec<_>>() {
            // Whom a question leads to stands in the same crowd, or in none.
            if self.person_of(RecordId(item.pair.0)).is_some_and(|person| self.crowds.hold(person)) {
                self.forget_case(&Case::id_of(RecordId(item.pair.0), RecordId(item.pair.1)), dirty);
            } else {
                self.note_case(&item, dirty);
            }
        }
    }

    /// Forms the crowds anew that these persons stand in, or stood in; answers who stood in them before and who does now.
    fn settle_crowds(
        &mut self,
        touched: &BTreeSet<PersonId>,
        dirty: &mut Dirty,
    ) -> (BTreeSet<PersonId>, BTreeSet<PersonId>) {
        let names = |crowds: &Crowds, persons: &BTreeSet<PersonId>| -> BTreeSet<PersonId> {
            persons.iter().filter_map(|person| crowds.of.get(person)).copied().collect()
        };
        let mut gone = names(&self.crowds, touched);
        let left = gone.iter().flat_map(|name| self.crowds.persons(*name));
        let seeds: BTreeSet<PersonId> = left.chain(touched.iter().copied()).collect();
        let found = self.crowds_around(&seeds);
        gone.extend(found.iter().flat_map(|persons| names(&self.crowds, persons)).collect::<Vec<_>>());
        if gone.is_empty() && found.is_empty() {
            return (BTreeSet::new(), BTreeSet::new());
        }
        let before: BTreeSet<PersonId> = gone.iter().flat_map(|name| self.crowds.take(*name)).collect();
        let now: BTreeSet<PersonId> = found.iter().flatten().copied().collect();
        if now.len() > before.len() {
            let (persons, crowds) = (now.len(), found.len());
            tracing::warn!(persons, crowds, "persons who resemble too many others are asked about as one case");
        }
        // Who comes into a crowd or out of it is in an open case, or no longer.
        let turned: Vec<PersonId> = before.symmetric_difference(&now).copied().collect();
        dirty.touched.extend(turned.into_iter().flat_map(|person| self.records_of(person)));
        let kept: BTreeSet<PersonId> = found.iter().filter_map(|persons| persons.first()).copied().collect();
        for name in gone.difference(&kept) {
            self.forget_case(&Case::id_of_crowd(name.0), dirty);
        }
        for persons in found {
            let case = self.case_of_crowd(&persons);
            self.crowds.put(persons);
            self.put_case(case, None, dirty);
        }
        metrics::gauge!(metric::CROWDED_PERSONS).set(self.crowds.of.len() as f64);
        (before, now)
    }

    /// The crowds that some persons stand in.
    fn crowds_around(&self, seeds: &BTreeSet<PersonId>) -> Vec<BTreeSet<PersonId>> {
        let (mut seen, mut found) = (FxHashSet::default(), Vec::new());
        for seed in seeds {
            let (mut together, mut open, mut most) = (BTreeSet::new(), vec![*seed], 0);
            while let Some(person) = open.pop() {
                if seen.insert(person) {
                    together.insert(person);
                    let before = open.len();
                    open.extend(self.questions_about(person).filter_map(|item| self.other_side(item, person)));
                    most = most.max(open.len() - before);
                }
            }
            found.extend(Some(together).filter(|together| together.len() > MOST_TOGETHER || most > MOST_ASKED));
        }
        found
    }

    /// What the engine asks about a person.
    fn questions_about(&self, person: PersonId) -> impl Iterator<Item = &Proposal> {
        self.records_of(person).into_iter().flat_map(|record| self.live.review_of(record.0))
    }

    fn other_side(&self, item: &Proposal, person: PersonId) -> Option<PersonId> {
        let ends = [item.pair.0, item.pair.1].map(|id| self.person_of(RecordId(id)));
        ends.into_iter().flatten().find(|end| *end != person)
    }

    /// The records of all persons in the crowd that a case is about; none of another case.
    pub(super) fn records_of_crowd(&self, case: &Case) -> impl Iterator<Item = RecordId> {
        let name = case.persons.first().copied().filter(|_| case.question == Question::Crowd);
        name.into_iter().flat_map(|name| self.crowds.persons(name)).flat_map(|person| self.records_of(person))
    }

    fn case_of_crowd(&self, persons: &BTreeSet<PersonId>) -> Case {
        let records = persons.iter().map(|person| self.records_of(*person).len() as u64).sum();
        let shown: Vec<PersonId> = persons.iter().copied().take(MOST_SHOWN).collect();
        Case {
            id: Case::id_of_crowd(shown[0].0),
            question: Question::Crowd,
            pair: (shown[0].0, shown[1].0),
            records: shown.iter().map(|person| person.0).collect(),
            persons: shown,
            weight: 0.0,
            probability: 0.0,
            reasons: vec![REASON.to_owned()],
            state: CaseState::Baru,
            why: None,
            shared: Some(SharedBy { persons: persons.len() as u64, records }),
        }
    }
}

//! What one agency says of a person and nobody else: it counts when a steward has looked.
//!
//! A person is known where the oldest of its rows is that says a place which its sender answers for. Who does not answer
//! for that place stands outside: what its rows say is set aside, and where they name another place, a death or an account
//! a case asks about it. A death that one agency alone reports is asked about, too, where another agency knows the person.
//! *Gabungkan* on such a case confirms the row as it is; a newer row of that record has to be confirmed again.

use std::collections::BTreeSet;

use super::matcher::{Dirty, Matcher};
use super::places::Place;
use crate::domain::case::{Case, CaseState, Question};
use crate::domain::decision::Verdict;
use crate::domain::feed::Feed;
use crate::domain::record::{PersonId, RecordId};

/// Why such a case is there: an agency speaks of a person whom it does not answer for.
const OUTSIDE: &str = "OUTSIDE_REGION";
/// Nobody else knows of the death.
const DEATH: &str = "DEATH_BY_ONE_AGENCY";

/// Where a person is known, and the row that says so.
#[derive(Debug, Clone, Copy)]
struct Home {
    record: RecordId,
    place: Place,
}

impl Matcher {
    /// The cases of what agencies alone say, for everybody.
    pub(super) fn note_all_statements(&mut self) {
        let persons: BTreeSet<PersonId> = self.known.persons().collect();
        self.look_at_statements(persons, BTreeSet::new(), &mut Dirty::default());
    }

    /// Looks again at what agencies alone say of these persons, and at these records, which may have left one.
    pub(super) fn look_at_statements(
        &mut self,
        persons: BTreeSet<PersonId>,
        left: BTreeSet<RecordId>,
        dirty: &mut Dirty,
    ) {
        for person in persons {
            let records = self.records_of(person);
            let cases = self.statements_among(person, &records);
            let asked: BTreeSet<RecordId> = cases.iter().filter_map(|case| Case::statement_of(&case.id)).collect();
            for record in records.into_iter().filter(|record| !asked.contains(record)) {
                self.close_statement(record, dirty);
            }
            for case in cases {
                self.put_case(case, None, dirty);
            }
        }
        for record in left.into_iter().filter(|record| self.person_of(*record).is_none()).collect::<Vec<_>>() {
            self.close_statement(record, dirty);
        }
    }

    /// The records of a person of which what they say is set aside.
    pub(super) fn aside(&self, of_person: &[RecordId]) -> BTreeSet<RecordId> {
        let Some(home) = self.home(of_person) else { return BTreeSet::new() };
        let outside = of_person.iter().filter(|record| self.stands_outside(**record, home));
        outside.filter(|record| !self.is_confirmed(**record, of_person)).copied().collect()
    }

    fn close_statement(&mut self, record: RecordId, dirty: &mut Dirty) {
        let id = Case::id_of_statement(record);
        if self.cases.get(&id).is_some_and(|case| case.state == CaseState::Baru) {
            self.forget_case(&id, dirty);
        }
    }

    fn statements_among(&self, person: PersonId, records: &[RecordId]) -> Vec<Case> {
        // Nearly all persons are known to one agency, or to some that answer for all of them.
        let home = self.home(records);
        let death = self.lonely_death(records);
        let case = |record: RecordId| {
            let outside = home.filter(|home| self.stands_outside(record, *home) && self.says_more(record, *home));
            let death = death.filter(|(dead, _)| *dead == record);
            let other = outside.map(|home| home.record).or(death.map(|(_, other)| other))?;
            let reasons = [outside.map(|_| OUTSIDE), death.map(|_| DEATH)];
            let confirmed = self.is_confirmed(record, records);
            (!confirmed).then(|| self.statement(person, (record, other), reasons.into_iter().flatten().collect()))
        };
        records.iter().filter_map(|record| case(*record)).collect()
    }

    fn statement(&self, person: PersonId, (record, other): (RecordId, RecordId), reasons: Vec<&str>) -> Case {
        let pair = (record.min(other), record.max(other));
        // Nobody doubts that the rows are of one person, so their weight gives the question no place in the queue.
        let why = self.explain(pair.0, pair.1);
        Case {
            id: Case::id_of_statement(record),
            question: Question::Statement,
            pair,
            records: vec![pair.0, pair.1],
            persons: vec![person],
            weight: 0.0,
            probability: 0.0,
            reasons: reasons.into_iter().map(str::to_owned).collect(),
            state: CaseState::Baru,
            why,
            shared: None,
        }
    }

    /// Where a person with these records, ascending, is known.
    fn home(&self, records: &[RecordId]) -> Option<Home> {
        records.iter().find_map(|record| {
            let place = self.known.get(*record)?.place?;
            self.known.sender_of(*record)?.answers_for(place).then_some(Home { record: *record, place })
        })
    }

    fn stands_outside(&self, record: RecordId, home: Home) -> bool {
        self.known.sender_of(record).is_some_and(|sender| !sender.answers_for(home.place))
    }

    /// Whether a row says what somebody has to look at.
    fn says_more(&self, record: RecordId, home: Home) -> bool {
        self.known.get(record).is_some_and(|known| {
            known.death || known.feed == Feed::Rekening || known.place.is_some_and(|place| place != home.place)
        })
    }

    /// The first record that reports a death of which no other agency knows, and one of another agency.
    fn lonely_death(&self, records: &[RecordId]) -> Option<(RecordId, RecordId)> {
        let is_death = |record: &RecordId| self.known.get(*record).is_some_and(|known| known.death);
        let dead = *records.iter().find(|record| is_death(record))?;
        let agency = self.known.sender_of(dead)?.agency();
        let of_other =
            |record: &&RecordId| self.known.sender_of(**record).is_some_and(|sender| sender.agency() != agency);
        let other = records.iter().find(of_other)?;
        let lonely = !records.iter().filter(of_other).any(is_death);
        lonely.then_some((dead, *other))
    }

    /// Whether a steward said of the row that stands now that it is about this person.
    fn is_confirmed(&self, record: RecordId, of_person: &[RecordId]) -> bool {
        let Some(row) = self.known.get(record).map(|known| known.standing.sequence) else { return false };
        of_person.iter().any(|other| {
            let pair = (record.min(*other), record.max(*other));
            let last = self.decisions.get(&pair).and_then(|decisions| decisions.last());
            last.is_some_and(|last| last.verdict == Some(Verdict::Gabungkan) && last.sequence > row)
        })
    }

    /// A decided case of what an agency alone says, and the number of the decision; `None` when it does not stand.
    pub(super) fn decided_statement(&self, id: &str) -> Option<(Case, u64)> {
        // One verdict may be about many pairs; the first of them keeps what was asked.
        let (mut last, mut asked) = (None, None);
        for decision in self.standing_on(id) {
            last = last.max(Some(decision.sequence.0));
            asked = decision.asked.as_deref().or(asked);
        }
        let asked = asked?.clone();
        Some((Case { persons: self.persons_of(&asked.records), ..asked }, last?))
    }
}

use proptest::prelude::*;

use super::*;
use crate::domain::case::{Case, CaseState, Question, SharedBy};
use crate::domain::decision::Verdict;
use crate::domain::record::RecordId;

/// What can happen to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// The engine asks, with this weight.
    Asked(u8),
    /// It asks no more: the evidence settled it.
    Dropped,
    /// A steward decides, and the engine follows.
    Decided,
    /// A steward decides what cannot be followed: the engine goes on asking.
    DecidedInVain,
    /// The decision is taken back; what was asked before is asked again.
    TakenBack,
    /// A row is withdrawn.
    Withdrawn,
    /// It is back, and the engine asks as before.
    Back,
    /// It is back with other values, and the engine asks nothing.
    BackSettled,
}

use Event::{Asked, Back, BackSettled, Decided, DecidedInVain, Dropped, TakenBack, Withdrawn};

fn case(weight: u8) -> Case {
    let (a, b) = (RecordId(1), RecordId(2));
    Case {
        id: Case::id_of(a, b),
        question: Question::SamePerson,
        pair: (a, b),
        records: vec![a, b],
        persons: Vec::new(),
        weight: f64::from(weight),
        probability: 0.5,
        reasons: vec!["REVIEW_BAND".to_owned()],
        state: CaseState::Baru,
        why: None,
        shared: None,
    }
}

/// A pair of records, what is known about it, and its case as it is kept.
#[derive(Debug, Default)]
struct Pair {
    /// What the engine would ask were both rows there and nothing decided.
    would_ask: Option<Case>,
    asked: Option<Case>,
    decided: Option<(Case, u64)>,
    /// The decision cannot be followed.
    in_vain: bool,
    kept: Option<Case>,
    withdrawn: bool,
    decisions: u64,
    stored: Option<Settled>,
}

impl Pair {
    fn after(events: &[Event]) -> Self {
        let mut pair = Self::default();
        for event in events {
            pair.happen(*event);
        }
        pair
    }

    fn happen(&mut self, event: Event) {
        match event {
            Asked(weight) => {
                self.would_ask = Some(case(weight));
                self.ask();
            }
            Dropped => (self.would_ask, self.asked) = (None, None),
            Decided | DecidedInVain => self.decide(event == Decided),
            TakenBack => {
                (self.decided, self.in_vain) = (None, false);
                self.ask();
            }
            Withdrawn if self.withdrawn => {}
            Withdrawn => {
                self.withdrawn = true;
                self.asked = None;
                self.kept = self.stored.as_ref().map(|stored| stored.case.clone());
            }
            Back | BackSettled => {
                (self.withdrawn, self.kept) = (false, None);
                self.would_ask = self.would_ask.take().filter(|_| event == Back);
                self.ask();
            }
        }
        self.settle();
    }

    fn ask(&mut self) {
        let may_ask = !self.withdrawn && (self.decided.is_none() || self.in_vain);
        self.asked = self.would_ask.clone().filter(|_| may_ask);
    }

    /// Only what may be decided is.
    fn decide(&mut self, followed: bool) {
        let Some(stored) = &self.stored else { return };
        if allows(&stored.case, Step::Decide(Verdict::Gabungkan)).is_ok() {
            self.decisions += 1;
            (self.decided, self.in_vain) = (Some((stored.case.clone(), self.decisions)), !followed);
            self.ask();
        }
    }

    fn facts(&self) -> Facts<'_> {
        Facts { asked: self.asked.as_ref(), decided: self.decided.clone(), withdrawn: self.kept.clone() }
    }

    fn settle(&mut self) {
        let before = self.stored.as_ref().map(|stored| (&stored.case, stored.decision));
        match advance(before, self.facts()) {
            Change::Nothing => {}
            Change::Put(now) => self.stored = Some(*now),
            Change::Remove => self.stored = None,
        }
    }

    fn state(&self) -> Option<CaseState> {
        self.stored.as_ref().map(|stored| stored.case.state)
    }
}

/// What has happened, and the state after each event that may come next.
type Line = (&'static str, &'static [Event], [Option<CaseState>; 8]);

#[test]
fn every_state_by_every_event() {
    const NONE: Option<CaseState> = None;
    const OPEN: Option<CaseState> = Some(CaseState::Baru);
    const RESTS: Option<CaseState> = Some(CaseState::Istirahat);
    const DONE: Option<CaseState> = Some(CaseState::Selesai);
    let events = [Asked(9), Dropped, Decided, DecidedInVain, TakenBack, Withdrawn, Back, BackSettled];
    let table: [Line; 6] = [
        ("nothing", &[], [OPEN, NONE, NONE, NONE, NONE, NONE, NONE, NONE]),
        ("open", &[Asked(5)], [OPEN, NONE, DONE, OPEN, OPEN, RESTS, OPEN, NONE]),
        ("decided in vain", &[Asked(5), DecidedInVain], [OPEN, DONE, DONE, OPEN, OPEN, DONE, OPEN, DONE]),
        ("resting", &[Asked(5), Withdrawn], [RESTS, RESTS, RESTS, RESTS, RESTS, RESTS, OPEN, NONE]),
        ("decided", &[Asked(5), Decided], [DONE, DONE, DONE, DONE, OPEN, DONE, DONE, DONE]),
        ("decided, a row away", &[Asked(5), Decided, Withdrawn], [DONE, DONE, DONE, DONE, RESTS, DONE, DONE, DONE]),
    ];
    for (name, so_far, expected) in table {
        for (event, expected) in events.into_iter().zip(expected) {
            let mut pair = Pair::after(so_far);
            pair.happen(event);
            assert_eq!(pair.state(), expected, "{name}, then {event:?}");
        }
    }
}

#[test]
fn every_state_by_every_step() {
    let steps = [Step::Decide(Verdict::Gabungkan), Step::Decide(Verdict::BukanDuplikat), Step::TakeBack];
    let (changed, rests) = (Err(NotAllowed::Changed), Err(NotAllowed::Resting));
    for (state, expected) in [
        (CaseState::Baru, [Ok(()), Ok(()), changed]),
        (CaseState::Istirahat, [rests, rests, rests]),
        (CaseState::Selesai, [changed, changed, Ok(())]),
    ] {
        let case = Case { state, ..case(5) };
        assert_eq!(steps.map(|step| allows(&case, step)), expected, "{state:?}");
    }
    for (persons, expected) in [(2, Ok(())), (8, Ok(())), (9, Err(NotAllowed::TooMany))] {
        let case = Case { shared: Some(SharedBy { persons, records: persons }), ..case(0) };
        assert_eq!(allows(&case, steps[1]), expected, "{persons} persons");
    }
}

#[test]
fn a_question_is_kept_as_it_stood() {
    for (events, weight) in [
        (&[Asked(5), Withdrawn, Asked(9)][..], 5.0),
        (&[Asked(5), Asked(9), Withdrawn], 9.0),
        (&[Asked(5), Decided, Asked(9)], 5.0),
        (&[Asked(5), Withdrawn, Asked(9), Back], 9.0),
        (&[Asked(5), Decided, Withdrawn, TakenBack], 5.0),
    ] {
        let stored = Pair::after(events).stored.expect("a case");
        assert!((stored.case.weight - weight).abs() < f64::EPSILON, "{events:?}: {}", stored.case.weight);
    }
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (0..4u8).prop_map(Asked),
        Just(Dropped),
        Just(Decided),
        Just(DecidedInVain),
        Just(TakenBack),
        Just(Withdrawn),
        Just(Back),
        Just(BackSettled),
    ]
}

proptest! {
    /// No decision is lost, nothing that is asked is left out, and what a case is does not depend on what it was.
    #[test]
    fn no_sequence_of_events_loses_a_decision(events in proptest::collection::vec(any_event(), 0..40)) {
        let mut pair = Pair::default();
        for event in events {
            pair.happen(event);
            let stored = pair.stored.clone();
            match (&pair.asked, &pair.decided) {
                (Some(_), _) => prop_assert_eq!(pair.state(), Some(CaseState::Baru)),
                (None, Some((_, number))) => {
                    prop_assert_eq!(pair.state(), Some(CaseState::Selesai));
                    prop_assert_eq!(stored.as_ref().and_then(|stored| stored.decision), Some(*number));
                }
                (None, None) => prop_assert_eq!(pair.state(), pair.kept.as_ref().map(|_| CaseState::Istirahat)),
            }
            // A rebuild knows nothing of what was before.
            let anew = match advance(None, pair.facts()) {
                Change::Put(now) => Some(*now),
                Change::Nothing | Change::Remove => None,
            };
            prop_assert_eq!(anew, stored);
        }
    }
}

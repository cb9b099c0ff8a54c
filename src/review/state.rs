//! What a case is now.

use crate::domain::case::{Case, CaseState};

/// What the state of a case follows from.
#[derive(Debug, Clone, Default)]
pub struct Facts<'a> {
    /// The question, while it is asked: the engine cannot settle it.
    pub asked: Option<&'a Case>,
    /// The question that was answered, where the last word about it is a verdict, and the number of that decision. Not
    /// looked at while it is asked: then the verdict could not be followed.
    pub decided: Option<(Case, u64)>,
    /// The question as it stood when a sender withdrew a row of it, as long as that row is withdrawn.
    pub withdrawn: Option<Case>,
}

/// A case as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// The case, in its state.
    pub case: Case,
    /// The number of its last decision, where it is decided.
    pub decision: Option<u64>,
}

/// What becomes of a case.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It is as it was, or there is none as before.
    Nothing,
    /// It is new, or another.
    Put(Box<Settled>),
    /// It is no more: nobody asks, and nobody has decided.
    Remove,
}

impl Facts<'_> {
    /// What the case is; `None` where there is none.
    ///
    /// A question that is asked is open, also where somebody has answered it: the answer could not be followed, so it has to
    /// be looked at again. A verdict outlasts the rows that it is about. What nobody answered rests while a row is away, and
    /// goes when all rows are back and nothing is asked about them any more.
    fn settle(self) -> Option<Settled> {
        let in_state = |case: Case, state, decision| Settled { case: Case { state, ..case }, decision };
        match self {
            Facts { asked: Some(case), .. } => Some(in_state(case.clone(), CaseState::Baru, None)),
            Facts { decided: Some((case, number)), .. } => Some(in_state(case, CaseState::Selesai, Some(number))),
            Facts { withdrawn: Some(case), .. } => Some(in_state(case, CaseState::Istirahat, None)),
            Facts { asked: None, decided: None, withdrawn: None } => None,
        }
    }
}

/// What becomes of a case that was `before`: the case and the number of its last decision.
pub fn advance(before: Option<(&Case, Option<u64>)>, facts: Facts<'_>) -> Change {
    match (before, facts.settle()) {
        (None, None) => Change::Nothing,
        (Some(_), None) => Change::Remove,
        (Some((case, decision)), Some(now)) if *case == now.case && decision == now.decision => Change::Nothing,
        (_, Some(now)) => Change::Put(Box::new(now)),
    }
}

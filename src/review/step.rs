//! What a steward may do with a case.

use crate::domain::case::{Case, CaseState};
use crate::domain::decision::Verdict;

/// Of so many persons at most a steward can say at once that they are one, or all different.
pub const MOST_DECIDED: usize = 8;

/// What a steward does with a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Answers it.
    Decide(Verdict),
    /// Takes the answer back.
    TakeBack,
}

/// Why a case does not allow a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAllowed {
    /// It is in another state than the steward saw: it was decided, or the decision was taken back.
    Changed,
    /// It rests: a row of it was withdrawn.
    Resting,
    /// More persons share the NIK than can be decided at once.
    TooMany,
}

impl Step {
    /// The step that a verdict is; none takes the earlier one back.
    pub fn of(verdict: Option<Verdict>) -> Self {
        verdict.map_or(Self::TakeBack, Self::Decide)
    }
}

/// Whether a case allows a step as it stands.
pub fn allows(case: &Case, step: Step) -> Result<(), NotAllowed> {
    match (case.state, step) {
        (CaseState::Baru, Step::Decide(_)) => {
            let many = case.shared.is_some_and(|by| by.persons > MOST_DECIDED as u64);
            if many { Err(NotAllowed::TooMany) } else { Ok(()) }
        }
        (CaseState::Selesai, Step::TakeBack) => Ok(()),
        (CaseState::Baru, Step::TakeBack) | (CaseState::Selesai, Step::Decide(_)) => Err(NotAllowed::Changed),
        (CaseState::Istirahat, Step::Decide(_) | Step::TakeBack) => Err(NotAllowed::Resting),
    }
}

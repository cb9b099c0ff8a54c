//! Weight and hard rules to a decision.

use super::plan::{Pattern, Plan, VetoAction};

/// What the machine would do with a pair, before clusters are formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// The same.
    Link,
    /// A steward decides.
    Review,
    /// Not the same.
    Distinct,
}

impl Decision {
    /// The word in output files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Review => "review",
            Self::Distinct => "distinct",
        }
    }
}

/// A decision and what led to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) decision: Decision,
    /// Bit `i`: the veto `i` of the plan holds.
    pub(crate) vetoes: u64,
    /// A strong identifier holds, or the plan asks for none.
    pub(crate) strong: bool,
}

/// Judges a pair by its levels and its weight: a link needs the weight, a strong identifier, and no veto.
pub(crate) fn decide(plan: &Plan, pattern: &Pattern, weight: f32) -> Judged {
    let vetoes = vetoes(plan, pattern);
    let strong = plan.strong().is_empty() || plan.strong().iter().any(|strong| strong.clause.holds(pattern));
    let apart = vetoes & apart(plan) != 0;
    let thresholds = plan.thresholds();
    let decision = if weight < thresholds.review || apart {
        Decision::Distinct
    } else if weight >= thresholds.link && strong && vetoes == 0 {
        Decision::Link
    } else {
        Decision::Review
    };
    Judged { decision, vetoes, strong }
}

/// The vetoes that hold.
pub(crate) fn vetoes(plan: &Plan, pattern: &Pattern) -> u64 {
    let holds = plan.veto_rules().iter().enumerate().filter(|(_, veto)| veto.clause.holds(pattern));
    holds.fold(0, |set, (i, _)| set | 1 << i)
}

/// The vetoes that keep a pair apart without asking.
fn apart(plan: &Plan) -> u64 {
    let apart = plan.veto_rules().iter().enumerate().filter(|(_, veto)| veto.action == VetoAction::Distinct);
    apart.fold(0, |set, (i, _)| set | 1 << i)
}

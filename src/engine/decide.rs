//! Weight and hard rules to a decision.

use super::plan::{Level, Pattern, Plan, VetoAction};

/// What the machine would do with a pair, before clusters are formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MachineDecision {
    /// The same.
    Link,
    /// A steward decides.
    Review,
    /// Not the same.
    Distinct,
}

impl MachineDecision {
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
    pub(crate) decision: MachineDecision,
    /// Bit `i`: the veto `i` of the plan holds.
    pub(crate) vetoes: u64,
    /// A strong identifier holds, or the plan asks for none.
    pub(crate) strong: bool,
    /// Comparisons, as bits, that could have kept the pair from being linked had a value been readable.
    pub(crate) unread: u32,
}

/// Judges a pair by its levels and its weight: a link needs the weight, a strong identifier, and no veto.
///
/// `unread` are the columns, as bits, in which a value of the pair could not be read. Such a value says nothing, but it
/// is there: a link must hold even if all of them spoke against it as much as they can.
pub(crate) fn decide(plan: &Plan, pattern: &Pattern, weight: f32, unread: u64) -> Judged {
    let vetoes = vetoes(plan, pattern);
    let strong = plan.strong().is_empty() || plan.strong().iter().any(|strong| strong.clause.holds(pattern));
    let apart = vetoes & apart(plan) != 0;
    let thresholds = plan.thresholds();
    let mut unsure = 0;
    let decision = if weight < thresholds.review || apart {
        MachineDecision::Distinct
    } else if weight >= thresholds.link && strong && vetoes == 0 {
        unsure = if unread == 0 { 0 } else { unsure_without(plan, pattern, weight, unread) };
        if unsure == 0 { MachineDecision::Link } else { MachineDecision::Review }
    } else {
        MachineDecision::Review
    };
    Judged { decision, vetoes, strong, unread: unsure }
}

/// The comparisons that lack an unreadable value, if the worst that they could say would keep the pair from being linked.
fn unsure_without(plan: &Plan, pattern: &Pattern, weight: f32, unread: u64) -> u32 {
    let (mut silent, mut worst) = (0, 0.0);
    for (index, (comparison, level)) in plan.comparisons().iter().zip(pattern).enumerate() {
        let lacks = comparison.columns.iter().any(|column| unread >> (*column).min(63) & 1 == 1);
        let made = comparison.levels.get(usize::from(*level));
        if lacks && made.is_some_and(Level::absent) {
            silent |= 1 << index;
            let said = comparison.levels.iter().filter(|level| !level.absent());
            worst += said.map(|level| level.weight).fold(0.0, f64::min);
        }
    }
    if f64::from(weight) + worst < f64::from(plan.thresholds().link) { silent } else { 0 }
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

//! An explanation of the engine in the words of cases.

use crate::domain::case::{Explained, ExplainedLine, VetoLine};
use crate::engine::{Explanation, Plan, VetoAction};

/// Why a pair has its weight.
pub(in crate::service) fn explained(plan: &Plan, tree: &Explanation) -> Explained {
    let lines = tree.steps.iter().map(|step| ExplainedLine {
        comparison: step.comparison.clone(),
        level: step.level.clone(),
        weight: step.weight + step.adjustment,
    });
    let thresholds = plan.thresholds();
    Explained {
        lines: lines.collect(),
        total: f64::from(tree.weight),
        probability: tree.probability,
        decision: tree.decision.word().to_owned(),
        vetoes: plan
            .vetoes_in(tree.veto_set)
            .map(|(id, action, about)| VetoLine {
                id: id.to_owned(),
                keeps_apart: action == VetoAction::Distinct,
                about: about.to_owned(),
            })
            .collect(),
        thresholds: (f64::from(thresholds.review), f64::from(thresholds.link)),
        model: format!("{} {}", plan.name(), plan.version()),
    }
}

//! Why: a pair as a tree that a steward can read. Values are not in it: the reader's role decides which may be shown.

use super::cluster::{Judgement, Judgements};
use super::decide::{MachineDecision, decide};
use super::plan::Plan;
use super::rows::Rows;
use super::score::{Scorer, Scratch, Which};

/// One comparison of the explained pair.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedStep {
    /// The comparison.
    pub comparison: String,
    /// The columns' relation as the comparator names it; `None` when a value is missing.
    pub relation: Option<&'static str>,
    /// Similarity or distance as the comparator defines it; `None` when a value is missing.
    pub measure: Option<f64>,
    /// The level that held.
    pub level: String,
    /// What the level weighs, in bits.
    pub weight: f64,
    /// What the frequency of the value adds, in bits.
    pub adjustment: f64,
}

/// The explanation of a pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The pair, the lower record number first.
    pub pair: (u64, u64),
    /// One entry a comparison, in the order of the model.
    pub steps: Vec<ExplainedStep>,
    /// The sum of weights and adjustments, in bits.
    pub weight: f32,
    /// Probability of a match under the model.
    pub probability: f64,
    /// Strong identifiers that hold.
    pub strong: Vec<String>,
    /// Whether the plan asks for one.
    pub strong_needed: bool,
    /// Ids of the vetoes that hold, each once.
    pub vetoes: Vec<String>,
    /// Comparisons without a value that is there and could not be read, if the worst they could say would keep the pair
    /// from being linked.
    pub unread: Vec<String>,
    /// The same as a set, in which vetoes of one id are told apart: [`super::Plan::vetoes_in`] names them.
    pub veto_set: u64,
    /// What the machine would do with the pair.
    pub decision: MachineDecision,
    /// What a person decided about it.
    pub judgement: Option<Judgement>,
    /// Blocking rules that would compare the pair, in order; empty when no rule finds it.
    pub rules: Vec<String>,
}

/// Explains a pair of slots; `rules` is what blocking says about it.
pub(crate) fn explain(rows: &Rows, a: u32, b: u32, decisions: &Judgements, rules: Vec<String>) -> Explanation {
    let plan = rows.plan();
    let scorer = Scorer::new(rows);
    let mut scratch = Scratch::default();
    let mut steps = Vec::new();
    let sum = scorer.weigh(a, b, Which::All, &mut scratch, |step, _| {
        let comparison = &plan.comparisons()[step.comparison];
        let present = step.outcome.missing == 0;
        steps.push(ExplainedStep {
            comparison: comparison.name.clone(),
            relation: present.then(|| comparison.relations[usize::from(step.outcome.relation)]),
            measure: present.then_some(step.outcome.value),
            level: comparison.levels[step.level].label.clone(),
            weight: step.weight,
            adjustment: step.adjustment,
        });
        true
    });
    let weight = sum.unwrap_or(f64::NEG_INFINITY) as f32;
    let pattern = Scorer::pattern(&scratch);
    let judged = decide(plan, pattern, weight, scorer.unread(a, b));
    let strong = plan.strong().iter().filter(|strong| strong.clause.holds(pattern)).map(|s| s.name.clone()).collect();
    let (a, b) = scorer.ordered(a, b);
    let pair = (rows.id(a), rows.id(b));
    Explanation {
        pair,
        steps,
        weight,
        probability: plan.probability(weight),
        strong,
        strong_needed: !plan.strong().is_empty(),
        vetoes: plan.veto_ids(judged.vetoes).into_iter().map(str::to_owned).collect(),
        unread: names_of(plan, judged.unread),
        veto_set: judged.vetoes,
        decision: judged.decision,
        judgement: decisions.judgement(pair.0, pair.1),
        rules,
    }
}

/// The names of comparisons given as bits.
fn names_of(plan: &Plan, bits: u32) -> Vec<String> {
    let numbered = plan.comparisons().iter().enumerate();
    numbered.filter(|(index, _)| bits >> index & 1 == 1).map(|(_, comparison)| comparison.name.clone()).collect()
}

//! What a person should look at before trusting a trained model. Facts, not prose.

use super::em::{Fit, Role};
use super::is_free;
use super::patterns::Sampled;
use crate::engine::plan::Plan;

/// Fewer matches than this at a level are chance.
const FEW: f64 = 5.0;
/// Share of the candidate pairs from which on they are nearly all matches.
const ALL: f64 = 0.95;
/// Mutual information, in bits, from which two comparisons are called dependent.
const DEPENDENT: f64 = 0.05;

/// Something that went wrong in training, or that the model gets wrong about the data.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TrainingProblem {
    /// The first level of a comparison is rarer among matches than among other pairs.
    #[error(
        "{comparison}: '{level}' is agreement, but rarer among matches (m = {m:.4}) than among others (u = {u:.4})"
    )]
    AgreementAgainst {
        /// The comparison.
        comparison: String,
        /// The level.
        level: String,
        /// Share among matches.
        m: f64,
        /// Share among other pairs.
        u: f64,
    },
    /// A level speaks more for a match than the level before it, which agrees more.
    #[error("{comparison}: '{level}' weighs {bits:.1} bits more than '{before}', which stands before it")]
    NotFalling {
        /// The comparison.
        comparison: String,
        /// The level.
        level: String,
        /// The level before.
        before: String,
        /// How much more.
        bits: f64,
    },
    /// No match is expected at a level: its weight is a guess.
    #[error("{comparison}: hardly any match is at '{level}' ({matches:.1}); its weight is a guess")]
    NeverSeen {
        /// The comparison.
        comparison: String,
        /// The level.
        level: String,
        /// Matches expected.
        matches: f64,
    },
    /// No random pair was at a level: its weight is a lower bound.
    #[error("{comparison}: no random pair was at '{level}'; it may weigh more than it does")]
    NeverByChance {
        /// The comparison.
        comparison: String,
        /// The level.
        level: String,
    },
    /// Two comparisons depend on each other among matches: their weights count the same evidence twice.
    #[error(
        "{first} and {second} depend on each other among matches ({bits:.3} bits); their evidence is counted twice"
    )]
    Dependent {
        /// One comparison.
        first: String,
        /// The other.
        second: String,
        /// Mutual information.
        bits: f64,
    },
    /// The shares still moved in the last round.
    #[error("the shares had not settled after {rounds} rounds (last change {change:.6})")]
    NotSettled {
        /// Rounds.
        rounds: usize,
        /// Largest change of a share in the last.
        change: f64,
    },
    /// No pairs tell what a comparison is like among matches: its m is that of the model, or a guess.
    #[error(
        "{comparison}: no blocking rule finds matches without reading what it reads ({matches:.0} of them); its m is not learned"
    )]
    NotLearned {
        /// The comparison.
        comparison: String,
        /// Matches expected among the pairs that could tell.
        matches: f64,
    },
    /// No threshold is expected to be as precise as the model asks, so that nothing is linked.
    #[error(
        "no threshold is expected to reach the precision {wanted}: nothing is linked. The best one, {weight:.2} bits, would \
         reach {precision:.4}"
    )]
    NoThreshold {
        /// What `[training] precision` asks for.
        wanted: f64,
        /// The threshold with the best F1.
        weight: f64,
        /// Its precision.
        precision: f64,
    },
    /// Nearly all pairs that the blocking rules give are taken for matches.
    #[error("{matches:.0} of {candidates} candidate pairs are taken for matches: the blocking rules give nothing else")]
    AllMatch {
        /// Matches expected.
        matches: f64,
        /// Candidate pairs.
        candidates: u64,
    },
}

/// Looks for all of them.
pub(super) fn find(plan: &Plan, roles: &[Vec<Role>], fit: &Fit, candidates: &Sampled) -> Vec<TrainingProblem> {
    let mut problems = Vec::new();
    for (c, comparison) in plan.comparisons().iter().enumerate() {
        let learned: Vec<usize> = (0..roles[c].len()).filter(|l| roles[c][*l] == Role::Learned).collect();
        let name = || comparison.name.clone();
        let label = |l: usize| comparison.levels[l].label.clone();
        if !learned.is_empty() && !fit.tells(c) {
            problems.push(TrainingProblem::NotLearned { comparison: name(), matches: fit.free[c] });
            continue;
        }
        if let Some(first) = learned.first().filter(|first| **first == 0)
            && fit.m[c][*first] < fit.u[c][*first]
        {
            let (m, u) = (fit.m[c][*first], fit.u[c][*first]);
            problems.push(TrainingProblem::AgreementAgainst { comparison: name(), level: label(*first), m, u });
        }
        for pair in learned.windows(2) {
            let bits = comparison.levels[pair[1]].weight - comparison.levels[pair[0]].weight;
            if bits > 0.5 {
                let (level, before) = (label(pair[1]), label(pair[0]));
                problems.push(TrainingProblem::NotFalling { comparison: name(), level, before, bits });
            }
        }
        for l in learned {
            let matches = fit.matches[c][l];
            if matches < FEW {
                problems.push(TrainingProblem::NeverSeen { comparison: name(), level: label(l), matches });
            }
            if fit.random[c][l] < 1.0 {
                problems.push(TrainingProblem::NeverByChance { comparison: name(), level: label(l) });
            }
        }
    }
    problems.extend(dependent(plan, roles, fit, candidates));
    if !fit.converged() {
        let change = fit.changes.last().copied().unwrap_or(f64::INFINITY);
        problems.push(TrainingProblem::NotSettled { rounds: fit.changes.len(), change });
    }
    let matches = fit.among(candidates);
    if matches > candidates.pairs() as f64 * ALL {
        problems.push(TrainingProblem::AllMatch { matches, candidates: candidates.pairs() });
    }
    problems
}

/// Pairs of comparisons with mutual information among matches, the strongest first.
fn dependent(plan: &Plan, roles: &[Vec<Role>], fit: &Fit, candidates: &Sampled) -> Vec<TrainingProblem> {
    let learns = |c: &usize| roles[*c].contains(&Role::Learned);
    let learned: Vec<usize> = (0..roles.len()).filter(learns).collect();
    let mut found = Vec::new();
    for (at, a) in learned.iter().enumerate() {
        for b in &learned[at + 1..] {
            let bits = mutual_information(roles, fit, candidates, (*a, *b));
            if bits > DEPENDENT {
                found.push((bits, *a, *b));
            }
        }
    }
    found.sort_by(|x, y| y.0.total_cmp(&x.0));
    let name = |c: usize| plan.comparisons()[c].name.clone();
    found.into_iter().map(|(bits, a, b)| TrainingProblem::Dependent { first: name(a), second: name(b), bits }).collect()
}

/// How many bits the level of one comparison tells about that of another, among matches with all four values there.
fn mutual_information(roles: &[Vec<Role>], fit: &Fit, candidates: &Sampled, (a, b): (usize, usize)) -> f64 {
    let (width_a, width_b) = (roles[a].len(), roles[b].len());
    let mut joint = vec![0.0; width_a * width_b];
    for (cell, p) in candidates.cells.iter().zip(&fit.match_of) {
        let (x, y) = (usize::from(cell.pattern[a]), usize::from(cell.pattern[b]));
        let present = !matches!(roles[a][x], Role::Absent(_)) && !matches!(roles[b][y], Role::Absent(_));
        if present && is_free(cell, a) && is_free(cell, b) {
            joint[x * width_b + y] += p * cell.count as f64;
        }
    }
    let all: f64 = joint.iter().sum();
    if all < 100.0 {
        return 0.0;
    }
    let row = |x: usize| joint[x * width_b..][..width_b].iter().sum::<f64>();
    let column = |y: usize| (0..width_a).map(|x| joint[x * width_b + y]).sum::<f64>();
    let (rows, columns): (Vec<f64>, Vec<f64>) = ((0..width_a).map(row).collect(), (0..width_b).map(column).collect());
    let cell = |(at, n): (usize, &f64)| {
        if *n > 0.0 { n / all * (n * all / (rows[at / width_b] * columns[at % width_b])).log2() } else { 0.0 }
    };
    joint.iter().enumerate().map(cell).sum()
}

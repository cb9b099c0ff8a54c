//! Expectation maximisation on counts of patterns.
//!
//! With a match as the hidden class and comparisons independent inside each class (Fellegi & Sunter 1969, Winkler
//! 1988), the log2 odds of a pattern are those of two random rows plus the sum of log2(m / u) of its levels. One round
//! weighs every pattern with its probability of being a match and counts again.

use super::is_free;
use super::labels::PairLabel;
use super::patterns::Sampled;
use super::threshold::{LEAST_PRIOR, MOST_PRIOR};

/// Rounds at most.
const ROUNDS: usize = 200;
/// Converged when no share moves more than this.
const CLOSE: f64 = 1e-5;
/// Pairs that every level is taken to have been seen in besides: no level is impossible.
const UNSEEN: f64 = 0.5;
/// Matches among the pairs that blocking left free from which on they alone say what m is; with fewer, what is taken for
/// m without them counts for the rest.
const ENOUGH: f64 = 50.0;
/// Matches from which on a comparison counts as learned.
const FEW: f64 = 10.0;
/// Matches that the result without labels counts for, where there are labels: a few labels do not overthrow it.
const UNLABELLED: f64 = 20.0;
/// What training does with a level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Role {
    /// It is learned.
    Learned,
    /// The model sets its weight.
    Fixed(f64),
    /// A value is missing: a weight, 0 where the model says nothing else.
    Absent(f64),
}

/// What is learned from.
pub(super) struct Input<'a> {
    pub(super) random: &'a Sampled,
    pub(super) candidates: &'a Sampled,
    pub(super) deterministic: &'a Sampled,
    pub(super) all_pairs: f64,
    /// Chance of a match to start from.
    pub(super) start: f64,
    /// m to begin with, where no deterministic rule tells it: always the same guess, so that a model which is trained again
    /// stays as it is.
    pub(super) begin: &'a [Vec<f64>],
    /// m where no pairs tell it: what the model says, or a guess.
    pub(super) guess: &'a [Vec<f64>],
    /// What labels add.
    pub(super) labels: Option<Labelled<'a>>,
}

/// What labels add to the pairs that carry them.
pub(super) struct Labelled<'a> {
    /// m as it was found without labels.
    pub(super) without: &'a [Vec<f64>],
    /// All matches and the chance of one, where the labels cover all rows.
    pub(super) complete: Option<(&'a Sampled, f64)>,
}

/// What was learned: per comparison and level.
#[derive(Debug, Clone, Default)]
pub(super) struct Fit {
    pub(super) m: Vec<Vec<f64>>,
    pub(super) u: Vec<Vec<f64>>,
    pub(super) lambda: f64,
    /// Expected matches among the candidates.
    pub(super) matches: Vec<Vec<f64>>,
    /// Random pairs at each level, as they were counted.
    pub(super) random: Vec<Vec<f64>>,
    /// Per comparison the matches with both values that no rule chose by its columns: what m was learned from.
    pub(super) free: Vec<f64>,
    /// Largest change of a share in each round.
    pub(super) changes: Vec<f64>,
    /// Probability of a match of each candidate pattern.
    pub(super) match_of: Vec<f64>,
}

impl Fit {
    /// Whether enough matches told what a comparison is like among them.
    pub(super) fn tells(&self, comparison: usize) -> bool {
        self.free[comparison] >= FEW
    }

    /// Matches that are expected among the candidates.
    pub(super) fn among(&self, candidates: &Sampled) -> f64 {
        let counted = candidates.cells.iter().zip(&self.match_of).map(|(cell, p)| cell.count as f64 * p);
        counted.sum::<f64>() * candidates.scale as f64
    }

    /// Whether the shares had settled.
    pub(super) fn converged(&self) -> bool {
        self.changes.last().is_some_and(|change| *change < CLOSE)
    }
}

/// Learns m, u and lambda.
pub(super) fn fit(roles: &[Vec<Role>], input: &Input<'_>) -> Fit {
    let all = |_: usize| 1.0;
    let random = counts(roles, input.random, all, Use::All);
    let mut fit = Fit { u: shares(roles, &random), lambda: input.start, random, ..Fit::default() };
    fit.m = match &input.labels {
        Some(labels) => labels.without.to_vec(),
        // Where to begin: the shares among pairs that meet a deterministic rule, as far as no rule forces them.
        None => shares_or(roles, &counts(roles, input.deterministic, |_| 1.0, Use::Free), input.begin),
    };
    for _ in 0..ROUNDS {
        let change = round(roles, input, &mut fit);
        fit.changes.push(change);
        if change < CLOSE {
            break;
        }
    }
    fit.match_of = probabilities(roles, &fit, input.candidates);
    fit.matches = counts(roles, input.candidates, |at| fit.match_of[at], Use::All);
    fit
}

/// One round; answers the largest change of a share.
fn round(roles: &[Vec<Role>], input: &Input<'_>, fit: &mut Fit) -> f64 {
    let among_candidates = probabilities(roles, fit, input.candidates);
    let among_random = probabilities(roles, fit, input.random);
    let mut free = match input.labels.as_ref().and_then(|labels| labels.complete) {
        Some((matches, _)) => counts(roles, matches, |_| 1.0, Use::All),
        None => counts(roles, input.candidates, |at| among_candidates[at], Use::Free),
    };
    fit.free = roles.iter().zip(&free).map(|(levels, counts)| present(levels, counts)).collect();
    if let Some(labels) = &input.labels {
        let levels = free.iter_mut().flatten().zip(labels.without.iter().flatten());
        levels.for_each(|(count, m)| *count += UNLABELLED * m);
    }
    let others = counts(roles, input.random, |at| 1.0 - among_random[at], Use::All);
    let (m, u) = (shares_or(roles, &free, input.guess), shares(roles, &others));
    let matches: f64 = input.candidates.cells.iter().zip(&among_candidates).map(|(c, p)| c.count as f64 * p).sum();
    let counted = matches * input.candidates.scale as f64 / input.all_pairs;
    let lambda = input.labels.as_ref().and_then(|labels| labels.complete).map_or(counted, |(_, lambda)| lambda);
    let lambda = lambda.clamp(LEAST_PRIOR, MOST_PRIOR);
    let moved = |old: &[Vec<f64>], new: &[Vec<f64>]| {
        old.iter().flatten().zip(new.iter().flatten()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
    };
    let change = moved(&fit.m, &m).max(moved(&fit.u, &u)).max((fit.lambda / lambda).ln().abs() / 100.0);
    (fit.m, fit.u, fit.lambda) = (m, u, lambda);
    change
}

/// Probability of a match of each pattern; what is known is certain.
pub(super) fn probabilities(roles: &[Vec<Role>], fit: &Fit, sampled: &Sampled) -> Vec<f64> {
    let weight = |c: usize, l: usize| match roles[c][l] {
        Role::Learned => (fit.m[c][l] / fit.u[c][l]).log2(),
        Role::Fixed(bits) | Role::Absent(bits) => bits,
    };
    let weights: Vec<Vec<f64>> =
        roles.iter().enumerate().map(|(c, levels)| (0..levels.len()).map(|l| weight(c, l)).collect()).collect();
    let prior = (fit.lambda / (1.0 - fit.lambda)).log2();
    let of = |cell: &super::Cell| match cell.known {
        PairLabel::Match => 1.0,
        PairLabel::Other => 0.0,
        PairLabel::No => {
            let sum: f64 = weights.iter().zip(cell.pattern).map(|(levels, level)| levels[usize::from(level)]).sum();
            1.0 / (1.0 + (-(prior + sum)).exp2())
        }
    };
    sampled.cells.iter().map(of).collect()
}

/// Which pairs count for a comparison.
#[derive(Clone, Copy, PartialEq)]
enum Use {
    All,
    /// Those that blocking did not force on its columns.
    Free,
}

/// Weighted counts per comparison and level.
fn counts(roles: &[Vec<Role>], sampled: &Sampled, weight: impl Fn(usize) -> f64, which: Use) -> Vec<Vec<f64>> {
    let mut counts: Vec<Vec<f64>> = roles.iter().map(|levels| vec![0.0; levels.len()]).collect();
    for (at, cell) in sampled.cells.iter().enumerate() {
        let weight = weight(at) * cell.count as f64;
        for (c, levels) in counts.iter_mut().enumerate() {
            if which == Use::All || is_free(cell, c) {
                levels[usize::from(cell.pattern[c])] += weight;
            }
        }
    }
    counts
}

/// Pairs with both values.
fn present(levels: &[Role], counts: &[f64]) -> f64 {
    levels.iter().zip(counts).filter(|(role, _)| !matches!(role, Role::Absent(_))).map(|(_, count)| count).sum()
}

/// Counts to shares of the levels among pairs that have both values.
fn shares(roles: &[Vec<Role>], counts: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let of = |(levels, counts): (&Vec<Role>, &Vec<f64>)| {
        let unseen = UNSEEN * levels.iter().filter(|role| !matches!(role, Role::Absent(_))).count() as f64;
        let all = present(levels, counts) + unseen;
        counts.iter().map(|count| (count + UNSEEN) / all).collect()
    };
    roles.iter().zip(counts).map(of).collect()
}

/// The same; where pairs are few, the guess stands in for those that are not there.
fn shares_or(roles: &[Vec<Role>], counts: &[Vec<f64>], guess: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let fill = |((levels, counts), guess): ((&Vec<Role>, &Vec<f64>), &Vec<f64>)| {
        let lacking = (ENOUGH - present(levels, counts)).max(0.0);
        counts.iter().zip(guess).map(|(count, m)| count + lacking * m).collect()
    };
    let filled: Vec<Vec<f64>> = roles.iter().zip(counts).zip(guess).map(fill).collect();
    shares(roles, &filled)
}

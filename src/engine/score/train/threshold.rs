//! Thresholds without labels: what the weights of the candidate pairs say about links to come.
//!
//! Each weight has its probability, so every threshold has an expected number of right and wrong links. `link` is where
//! the expected F1 is best among those with the precision that the model asks for; `review` is where a pair is likely
//! enough to be worth a person's time.

use crate::engine::plan::{Thresholds, Training};

/// Steps of a bit that weights are counted in.
const PER_BIT: f64 = 20.0;
/// Weights lie inside -`BITS`..`BITS`; what lies outside is certain.
const BITS: f64 = 80.0;
/// Steps to each side whose pairs tell what share of a weight matches: half a bit.
const AROUND: usize = 10;
/// Rounds that the chance of a match is fitted in.
const ROUNDS: usize = 100;

/// How many pairs weigh how much.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weights(Vec<u64>);

impl Default for Weights {
    fn default() -> Self {
        Self(vec![0; (2.0 * BITS * PER_BIT) as usize + 1])
    }
}

impl Weights {
    pub(super) fn add(&mut self, weight: f32) {
        let at = (f64::from(weight).clamp(-BITS, BITS) + BITS) * PER_BIT;
        self.0[at as usize] += 1;
    }

    pub(super) fn merge(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(sum, count)| *sum += count);
        self
    }

    pub(super) fn scaled(mut self, scale: u64) -> Self {
        self.0.iter_mut().for_each(|count| *count *= scale);
        self
    }

    /// Lower edge of each step and its pairs, the heaviest first.
    fn falling(&self) -> impl Iterator<Item = (f64, f64)> {
        self.0.iter().enumerate().rev().map(|(at, count)| (at as f64 / PER_BIT - BITS, *count as f64))
    }
}

/// What was chosen and what it promises.
pub(super) struct Chosen {
    pub(super) thresholds: Thresholds,
    /// Matches expected among the candidates.
    pub(super) matches: f64,
    /// Precision, recall of the candidates, F1.
    pub(super) expected: (f64, f64, f64),
    /// The same promise for other thresholds, ascending.
    pub(super) curve: Vec<ExpectedPoint>,
}

/// What linking from a weight on promises.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExpectedPoint {
    /// The threshold, in bits.
    pub weight: f64,
    /// Pairs that would be linked.
    pub pairs: f64,
    /// Of them the share that is expected to be right.
    pub precision: f64,
    /// Of the matches among the candidates the share that is expected among them.
    pub recall: f64,
}

/// Chooses by what the model expects.
pub(super) fn choose(weights: &Weights, all_pairs: f64, lambda: f64, wanted: &Training) -> Chosen {
    let lambda = settled(weights, all_pairs, lambda);
    let steps = weights.falling().map(|(weight, pairs)| {
        let probability = probability(weight, lambda);
        Step { weight, pairs, right: probability * pairs, probability }
    });
    chosen(&steps.collect::<Vec<_>>(), lambda, wanted)
}

/// Chooses by what is known: of each candidate pair whether it is a match.
pub(super) fn choose_known(weights: &Weights, matches: &Weights, lambda: f64, wanted: &Training) -> Chosen {
    let mut steps: Vec<Step> = weights
        .falling()
        .zip(matches.falling())
        .map(|((weight, pairs), (_, right))| Step { weight, pairs, right, probability: 0.0 })
        .collect();
    // The share of matches around a weight; where no pair is, that of the weight above.
    let mut last = 1.0;
    for at in 0..steps.len() {
        let around = &steps[at.saturating_sub(AROUND)..(at + AROUND).min(steps.len())];
        let (right, pairs) = around.iter().fold((0.0, 0.0), |(right, pairs), s| (right + s.right, pairs + s.pairs));
        if pairs > 0.0 {
            last = right / pairs;
        }
        steps[at].probability = last;
    }
    chosen(&steps, lambda, wanted)
}

/// Pairs of about one weight.
struct Step {
    weight: f64,
    pairs: f64,
    /// Matches among them.
    right: f64,
    /// Probability of a match.
    probability: f64,
}

/// The heaviest step comes first.
fn chosen(steps: &[Step], lambda: f64, wanted: &Training) -> Chosen {
    let matches: f64 = steps.iter().map(|step| step.right).sum();
    let (mut right, mut links) = (0.0, 0.0);
    let (mut best, mut strict) = ((BITS, 0.0, 1.0), None);
    let (mut review, mut curve) = (BITS, Vec::new());
    for step in steps {
        right += step.right;
        links += step.pairs;
        let (precision, f1) = (right / f64::max(links, 1.0), 2.0 * right / (links + matches).max(1.0));
        if f1 > best.1 {
            best = (step.weight, f1, precision);
            if precision >= wanted.precision {
                strict = Some(best);
            }
        }
        if step.probability >= wanted.review {
            review = step.weight;
        }
        if step.pairs > 0.0 {
            curve.push(ExpectedPoint {
                weight: step.weight,
                pairs: links,
                precision,
                recall: right / matches.max(1.0),
            });
        }
    }
    curve.reverse();
    let (link, f1, precision) = strict.unwrap_or(best);
    let recall = if precision > 0.0 { f1 / (2.0 - f1 / precision) } else { 0.0 };
    let thresholds = Thresholds { link: link as f32, review: review.min(link) as f32, prior: lambda };
    Chosen { thresholds, matches, expected: (precision, recall, f1), curve }
}

/// The chance of a match under which as many matches are expected as it says.
fn settled(weights: &Weights, all_pairs: f64, start: f64) -> f64 {
    let mut lambda = start;
    for _ in 0..ROUNDS {
        let next = (expected_matches(weights, lambda) / all_pairs).clamp(1e-15, 0.5);
        let close = (next / lambda - 1.0).abs() < 1e-6;
        lambda = next;
        if close {
            break;
        }
    }
    lambda
}

fn expected_matches(weights: &Weights, lambda: f64) -> f64 {
    weights.falling().map(|(weight, pairs)| probability(weight, lambda) * pairs).sum()
}

/// Probability in the middle of a step.
fn probability(weight: f64, lambda: f64) -> f64 {
    let prior = (lambda / (1.0 - lambda)).log2();
    1.0 / (1.0 + (-(weight + 0.5 / PER_BIT + prior)).exp2())
}

//! Thresholds without labels: what the weights of the candidate pairs say about links to come.
//!
//! Each weight has its probability, so every threshold has an expected number of right and wrong links. `link` is where
//! the expected F1 is best among those with the precision that the model asks for, and above every weight where there is
//! none; `review` is where a pair is likely enough to be worth a person's time.

use crate::engine::plan::{Thresholds, Training};

/// Steps of a bit that weights are counted in.
const PER_BIT: f64 = 20.0;
/// Weights lie inside -`BITS`..`BITS`; what lies outside is certain.
const BITS: f64 = 80.0;
/// Bounds of the chance of a match.
pub(super) const LEAST_PRIOR: f64 = 1e-15;
/// The upper one.
pub(super) const MOST_PRIOR: f64 = 0.5;
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
    /// Precision, recall of the candidates, F1; all 0 where nothing is linked.
    pub(super) expected: (f64, f64, f64),
    /// No threshold promises the precision that the model asks for: the weight of the best F1, and its precision.
    pub(super) missed: Option<(f64, f64)>,
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
///
/// `above` weighs more than any pair: where no threshold is good enough, nothing is linked.
pub(super) fn choose(weights: &Weights, all_pairs: f64, lambda: f64, wanted: &Training, above: f64) -> Chosen {
    let lambda = settled(weights, all_pairs, lambda);
    let steps = weights.falling().map(|(weight, pairs)| {
        let probability = probability(weight, lambda);
        Step { weight, pairs, right: probability * pairs, probability }
    });
    chosen(&steps.collect::<Vec<_>>(), lambda, wanted, above)
}

/// Chooses by what is known: of each candidate pair whether it is a match.
pub(super) fn choose_known(weights: &Weights, matches: &Weights, lambda: f64, wanted: &Training, above: f64) -> Chosen {
    let mut steps: Vec<Step> = weights
        .falling()
        .zip(matches.falling())
        .map(|((weight, pairs), (_, right))| Step { weight, pairs, right, probability: 0.0 })
        .collect();
    falling_shares(&mut steps);
    chosen(&steps, lambda, wanted, above)
}

/// Gives each step the share of matches at its weight, under which a lighter pair is never likelier to match than a heavier
/// one (isotonic regression): a few pairs far down do not make a weight look likely.
fn falling_shares(steps: &mut [Step]) {
    let mut pools: Vec<(usize, f64, f64)> = Vec::new();
    for (at, step) in steps.iter().enumerate().filter(|(_, step)| step.pairs > 0.0) {
        let mut pool = (at, step.right, step.pairs);
        while let Some((from, right, pairs)) = pools.last().copied() {
            if right / pairs > pool.1 / pool.2 {
                break;
            }
            pools.pop();
            pool = (from, right + pool.1, pairs + pool.2);
        }
        pools.push(pool);
    }
    let lightest = steps.iter().rposition(|step| step.pairs > 0.0);
    let mut pools = pools.into_iter().peekable();
    // Above the heaviest pair everything is taken for a match.
    let mut share = 1.0;
    for (at, step) in steps.iter_mut().enumerate() {
        while let Some((_, right, pairs)) = pools.next_if(|(from, ..)| *from <= at) {
            share = right / pairs;
        }
        step.probability = if lightest.is_some_and(|lightest| at <= lightest) { share } else { 0.0 };
    }
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
fn chosen(steps: &[Step], lambda: f64, wanted: &Training, above: f64) -> Chosen {
    let matches: f64 = steps.iter().map(|step| step.right).sum();
    let (mut right, mut links) = (0.0, 0.0);
    let (mut best, mut nearest): (Option<Promise>, Option<Promise>) = (None, None);
    let (mut review, mut curve) = (above, Vec::new());
    for step in steps {
        if step.probability >= wanted.review {
            review = step.weight;
        }
        if step.pairs == 0.0 {
            continue;
        }
        right += step.right;
        links += step.pairs;
        let precision = right / links;
        let recall = if matches > 0.0 { (right / matches).min(1.0) } else { 0.0 };
        let promise = Promise { weight: step.weight, precision, recall, f1: 2.0 * right / (links + matches) };
        if promise.f1 > nearest.map_or(0.0, |nearest| nearest.f1) {
            nearest = Some(promise);
        }
        if precision >= wanted.precision && promise.f1 > best.map_or(0.0, |best| best.f1) {
            best = Some(promise);
        }
        curve.push(ExpectedPoint { weight: step.weight, pairs: links, precision, recall });
    }
    curve.reverse();
    let link = best.map_or(above, |best| best.weight);
    let expected = best.map_or((0.0, 0.0, 0.0), |best| (best.precision, best.recall, best.f1));
    let missed = best.is_none().then(|| nearest.map_or((above, 0.0), |nearest| (nearest.weight, nearest.precision)));
    let thresholds = Thresholds { link: link as f32, review: review.min(link) as f32, prior: lambda };
    Chosen { thresholds, matches, expected, missed, curve }
}

/// What a threshold promises.
#[derive(Clone, Copy)]
struct Promise {
    weight: f64,
    precision: f64,
    recall: f64,
    f1: f64,
}

/// The chance of a match under which as many matches are expected as it says.
fn settled(weights: &Weights, all_pairs: f64, start: f64) -> f64 {
    let mut lambda = start;
    for _ in 0..ROUNDS {
        let next = (expected_matches(weights, lambda) / all_pairs).clamp(LEAST_PRIOR, MOST_PRIOR);
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
pub(super) fn probability(weight: f64, lambda: f64) -> f64 {
    let prior = (lambda / (1.0 - lambda)).log2();
    1.0 / (1.0 + (-(weight + 0.5 / PER_BIT + prior)).exp2())
}

//! Thresholds by the clusters that links form: one wrong link joins all that stands on its two sides.
//!
//! Links are followed as matching follows them, the heaviest first and under the same limits, so that the clusters of every
//! threshold come up one after the other in one pass. A pair of rows of one cluster counts as right as far as it is known, or
//! likely, to match. Where the model limits the mean weight between two clusters, that limit is chosen, too.

use rustc_hash::FxHashSet;

use super::super::{Scored, Scorer, Scratch};
use super::labels::{PairLabel, SlotLabels};
use super::threshold::probability;
use crate::engine::decide::MachineDecision;
use crate::engine::plan::Plan;
use crate::engine::rows::Rows;

/// Thresholds are hundredths of a bit in the model file; these are the steps that are told apart.
const STEP: f64 = 0.05;
/// Limits of the mean weight that are tried, from `review` to `link` of the pairs.
const MEANS: [f32; 4] = [0.0, 0.33, 0.67, 1.0];

/// Clusters under a threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    /// The threshold.
    pub(super) link: f64,
    /// The least mean weight between two clusters, where the model has one.
    pub(super) mean: Option<f32>,
    /// Over pairs of rows of one cluster.
    pub(super) precision: f64,
    /// Of all matches.
    pub(super) recall: f64,
    /// Of the two.
    pub(super) f1: f64,
}

/// What clusters are formed from.
pub(super) struct Choice<'a> {
    pub(super) rows: &'a Rows,
    /// The learned model, whose `link` is as low as its `review`: an edge is a link that matching might follow.
    pub(super) plan: &'a Plan,
    pub(super) labels: &'a SlotLabels,
    /// Pairs at or above `review`, the heaviest first.
    pub(super) edges: &'a [Scored],
    /// Matches that there are, or are expected.
    pub(super) matches: f64,
    /// The least precision.
    pub(super) precision: f64,
    /// The threshold of the pairs.
    pub(super) link: f32,
}

impl Choice<'_> {
    /// The best clusters by F1 among those that are precise enough.
    pub(super) fn best(&self) -> Option<Found> {
        let review = self.plan.thresholds().review;
        let means: Vec<Option<f32>> = match self.plan.cluster_limits().min_mean_weight {
            None => vec![None],
            Some(_) => MEANS.map(|share| Some(review + (self.link - review).max(0.0) * share)).to_vec(),
        };
        let mut best: Option<Found> = None;
        for mean in means {
            let found = self.under(mean);
            if let Some(found) = found.filter(|found| best.is_none_or(|best| found.f1 > best.f1)) {
                best = Some(found);
            }
        }
        best
    }

    /// The best threshold under a limit of the mean weight.
    fn under(&self, mean: Option<f32>) -> Option<Found> {
        let mut forming = Forming::new(self, mean);
        let mut best: Option<Found> = None;
        let mut rest = self.edges;
        while let Some(first) = rest.first() {
            let link = (f64::from(first.weight) / STEP).floor() * STEP;
            let end = rest.partition_point(|edge| f64::from(edge.weight) >= link);
            for edge in rest[..end].iter().filter(|edge| edge.decision == MachineDecision::Link) {
                forming.follow(edge);
            }
            rest = &rest[end..];
            let (right, pairs) = (forming.right, forming.pairs);
            let (precision, recall) = (right / pairs.max(1.0), (right / self.matches.max(1.0)).min(1.0));
            let f1 = 2.0 * right / (pairs + self.matches).max(1.0);
            if precision >= self.precision && best.is_none_or(|best| f1 > best.f1) {
                best = Some(Found { link, mean, precision, recall, f1 });
            }
        }
        best
    }
}

/// Clusters that grow link by link.
struct Forming<'a> {
    choice: &'a Choice<'a>,
    scorer: Scorer<'a>,
    scratch: Scratch,
    mean: Option<f32>,
    cluster_of: Vec<u32>,
    /// A join makes a new cluster, so that a refused pair of clusters is refused for good.
    clusters: Vec<Vec<u32>>,
    refused: FxHashSet<(u32, u32)>,
    right: f64,
    pairs: f64,
}

impl<'a> Forming<'a> {
    fn new(choice: &'a Choice<'a>, mean: Option<f32>) -> Self {
        let slots = choice.rows.slot_limit() as u32;
        Self {
            choice,
            scorer: Scorer::under(choice.rows, choice.plan),
            scratch: Scratch::default(),
            mean,
            cluster_of: (0..slots).collect(),
            clusters: (0..slots).map(|slot| vec![slot]).collect(),
            refused: FxHashSet::default(),
            right: 0.0,
            pairs: 0.0,
        }
    }

    fn follow(&mut self, edge: &Scored) {
        let (one, other) = (self.cluster_of[edge.a as usize], self.cluster_of[edge.b as usize]);
        let both = (one.min(other), one.max(other));
        if one == other || self.refused.contains(&both) {
            return;
        }
        let Some((right, pairs)) = self.joined(one, other) else {
            self.refused.insert(both);
            return;
        };
        let mut members = std::mem::take(&mut self.clusters[one as usize]);
        members.append(&mut self.clusters[other as usize]);
        let joined = self.clusters.len() as u32;
        for slot in &members {
            self.cluster_of[*slot as usize] = joined;
        }
        self.clusters.push(members);
        self.right += right;
        self.pairs += pairs;
    }

    /// Right pairs and all pairs across two clusters; `None` when they may not be joined.
    fn joined(&mut self, one: u32, other: u32) -> Option<(f64, f64)> {
        let (one, other) = (&self.clusters[one as usize], &self.clusters[other as usize]);
        let limits = self.choice.plan.cluster_limits();
        if one.len() + other.len() > limits.max_size {
            return None;
        }
        let (mut sum, mut right) = (0.0, 0.0);
        for a in one {
            for b in other {
                let score = self.scorer.score(*a, *b, &mut self.scratch);
                if score.judged.vetoes != 0 || limits.min_pair_weight.is_some_and(|least| score.weight < least) {
                    return None;
                }
                sum += f64::from(score.weight);
                right += match self.choice.labels.of(*a, *b) {
                    PairLabel::Match => 1.0,
                    PairLabel::Other => 0.0,
                    PairLabel::No => probability(f64::from(score.weight), self.choice.plan.thresholds().prior),
                };
            }
        }
        let pairs = (one.len() * other.len()) as f64;
        let weak = self.mean.is_some_and(|least| sum / pairs < f64::from(least));
        (!weak).then_some((right, pairs))
    }
}

//! The figures of an evaluation beyond precision and recall: for `--json`, for the page, and in short for the text.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::page::line;
use crate::cli::terminal::thousands;
use crate::engine::evaluate::{
    Bin, ClusterPoint, PairDecision, Point, WeighedPair, calibration, cluster_curve, curve, nearest, over_linked,
    size_distribution,
};

/// Pairs shown on each side of a threshold.
const NEAR: usize = 12;
/// Over-linked clusters that are listed.
const MOST_CLUSTERS: usize = 200;

/// What a person chooses thresholds by.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    /// Expected calibration error over ten bins of probability.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) calibration_error: Option<f64>,
    /// Bins with pairs.
    pub(super) calibration: Vec<Bin>,
    /// Where `review` and `link` stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thresholds: Option<Thresholds>,
    /// Quality and questions for each threshold, ascending.
    pub(super) curve: Vec<Point>,
    /// Quality of the clusters for each threshold, ascending: what pairs of that weight and more connect.
    pub(super) cluster_curve: Vec<ClusterPoint>,
    /// Clusters by size.
    pub(super) cluster_sizes: Sizes,
    /// How many clusters hold several entities.
    pub(super) over_linked_clusters: usize,
    /// The largest of them.
    pub(super) over_linked: Vec<OverLinkedLine>,
    /// Pairs around `link`, the heaviest first.
    pub(super) near_link: Vec<NearPair>,
    /// Pairs around `review`.
    pub(super) near_review: Vec<NearPair>,
}

/// The thresholds, and where they were found.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Thresholds {
    /// Asked from here.
    pub(super) review: f64,
    /// Linked from here.
    pub(super) link: f64,
    /// `model`, or `pairs`: the lightest link and the lightest pair.
    from: &'static str,
}

/// Clusters by number of rows.
#[derive(Debug, Serialize)]
pub(super) struct Sizes {
    /// As found.
    pub(super) found: BTreeMap<u32, u64>,
    /// As they are.
    #[serde(rename = "true")]
    pub(super) truth: BTreeMap<u32, u64>,
}

/// A cluster that holds several entities.
#[derive(Debug, Serialize)]
pub(super) struct OverLinkedLine {
    /// How many.
    pub(super) entities: usize,
    /// Its rows.
    pub(super) ids: Vec<String>,
}

/// A pair to look at.
#[derive(Debug, Serialize)]
pub(super) struct NearPair {
    /// One row.
    pub(super) a: String,
    /// The other.
    pub(super) b: String,
    /// Bits.
    pub(super) weight: f64,
    /// What was decided.
    pub(super) decision: &'static str,
    /// What is true.
    pub(super) is_true: bool,
}

impl Figures {
    /// Measures; `thresholds` are review and link of a model, `id` names a row.
    pub(super) fn new(
        truth: &[u32],
        found: &[u32],
        pairs: Option<&[WeighedPair]>,
        thresholds: Option<(f64, f64)>,
        id: &dyn Fn(u32) -> String,
    ) -> Self {
        let pairs = pairs.unwrap_or_default();
        let thresholds = match thresholds {
            Some((review, link)) => Some(Thresholds { review, link, from: "model" }),
            None => Thresholds::of_pairs(pairs),
        };
        let near = |threshold: Option<f64>| {
            let near = threshold.map(|threshold| nearest(pairs, threshold, NEAR)).unwrap_or_default();
            near.iter().map(|weighed| NearPair::new(truth, weighed, id)).collect()
        };
        let calibrated = calibration(truth, pairs);
        let clusters = over_linked(truth, found);
        let line = |cluster: &crate::engine::evaluate::OverLinked| OverLinkedLine {
            entities: cluster.entities,
            ids: cluster.rows.iter().map(|row| id(*row)).collect(),
        };
        Self {
            calibration_error: calibrated.as_ref().map(|found| found.error),
            calibration: calibrated.map(|found| found.bins).unwrap_or_default(),
            curve: curve(truth, found, pairs),
            cluster_curve: cluster_curve(truth, pairs, thresholds.map(|at| at.link)),
            cluster_sizes: Sizes { found: size_distribution(found), truth: size_distribution(truth) },
            over_linked_clusters: clusters.len(),
            over_linked: clusters.iter().take(MOST_CLUSTERS).map(line).collect(),
            near_link: near(thresholds.map(|at| at.link)),
            near_review: near(thresholds.map(|at| at.review)),
            thresholds,
        }
    }

    /// The point of the curve with the best F1.
    pub(super) fn best(&self) -> Option<&Point> {
        let known = self.curve.iter().filter(|point| !point.quality.f1.is_nan());
        known.max_by(|x, y| x.quality.f1.total_cmp(&y.quality.f1))
    }

    /// The thresholds with the best clusters: pairwise and B-cubed.
    pub(super) fn best_clusters(&self) -> Option<(&ClusterPoint, &ClusterPoint)> {
        let best = |f1: fn(&ClusterPoint) -> f64| self.cluster_curve.iter().max_by(|x, y| f1(x).total_cmp(&f1(y)));
        Some((best(|point| point.pairwise.f1)?, best(|point| point.b_cubed.f1)?))
    }

    /// The point at a weight.
    pub(super) fn at(&self, weight: f64) -> Option<&Point> {
        let after = self.curve.partition_point(|point| point.weight <= weight + 1e-9);
        self.curve.get(after.checked_sub(1)?)
    }

    /// In short.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        if let Some(error) = self.calibration_error {
            let pairs = self.calibration.iter().map(|bin| bin.pairs).sum();
            line(&mut out, format_args!("\ncalibration error {error:.4} over {} pairs", thousands(pairs)));
        }
        if let Some(best) = self.best() {
            let quality = best.quality;
            line(
                &mut out,
                format_args!(
                    "by weight alone: best F1 {:.5} at weight {:.2} (precision {:.5}, recall {:.5})",
                    quality.f1, best.weight, quality.precision, quality.recall
                ),
            );
        }
        if let Some((pairwise, b_cubed)) = self.best_clusters() {
            line(
                &mut out,
                format_args!(
                    "as clusters: best pairwise F1 {:.5} at weight {:.2}, best B-cubed F1 {:.5} at {:.2}",
                    pairwise.pairwise.f1, pairwise.weight, b_cubed.b_cubed.f1, b_cubed.weight
                ),
            );
        }
        if self.over_linked_clusters > 0 {
            let number = thousands(self.over_linked_clusters as u64);
            line(&mut out, format_args!("{number} clusters hold several entities; --html and --json list them"));
        }
        out
    }
}

impl Thresholds {
    /// The lightest link and the lightest pair.
    fn of_pairs(pairs: &[WeighedPair]) -> Option<Self> {
        let least = |weights: &mut dyn Iterator<Item = f64>| weights.filter(|w| w.is_finite()).reduce(f64::min);
        let review = least(&mut pairs.iter().map(|pair| pair.weight))?;
        let links = pairs.iter().filter(|pair| pair.pair.decision() == PairDecision::Link);
        let link = least(&mut links.map(|pair| pair.weight)).unwrap_or(review);
        Some(Self { review, link, from: "pairs" })
    }
}

impl NearPair {
    fn new(truth: &[u32], weighed: &WeighedPair, id: &dyn Fn(u32) -> String) -> Self {
        let (a, b) = weighed.pair.rows();
        let decision = match weighed.pair.decision() {
            PairDecision::Link => "link",
            PairDecision::Review => "review",
            PairDecision::Other => "other",
        };
        let is_true = truth[a as usize] == truth[b as usize];
        Self { a: id(a), b: id(b), weight: weighed.weight, decision, is_true }
    }
}

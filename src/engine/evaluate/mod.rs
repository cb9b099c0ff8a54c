//! How good clusters and pairs are, measured against a truth.
//!
//! Works on labels: row `i` has the true cluster `truth[i]` and the found cluster `found[i]`; which names stand behind
//! the labels is the caller's business. Labels may have gaps, but memory grows with the greatest one. The figures are
//! those of `score.py` of the benchmark: pairwise over the pairs that the clusters imply, B-cubed over rows, and the share
//! of true clusters that were found exactly.

mod curve;
mod sweep;

use rayon::slice::ParallelSliceMut;
use serde::Serialize;

pub use self::curve::{
    Bin, Calibration, OverLinked, Point, WeighedPair, calibration, curve, nearest, over_linked, size_distribution,
};
pub use self::sweep::{ClusterPoint, cluster_curve};

/// Precision, recall and their harmonic mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quality {
    /// Of what was found, the share that is true. 1 when nothing was found.
    pub precision: f64,
    /// Of what is true, the share that was found. 1 when nothing is there to be found.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
}

impl Quality {
    fn new(precision: f64, recall: f64) -> Self {
        let sum = precision + recall;
        Self { precision, recall, f1: if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 } }
    }
}

/// Clusters against the truth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClusterQuality {
    /// Rows compared.
    pub rows: u64,
    /// Pairs of rows that the truth puts together.
    pub true_pairs: u64,
    /// Pairs of rows that the clusters put together.
    pub found_pairs: u64,
    /// Pairs that both put together.
    pub common_pairs: u64,
    /// Over pairs of rows.
    pub pairwise: Quality,
    /// Over rows: the mean of what each row sees around it.
    pub b_cubed: Quality,
    /// Share of the true clusters that were found exactly.
    pub exact: f64,
    /// Found clusters, single rows included.
    pub clusters: u64,
    /// True clusters, single rows included.
    pub true_clusters: u64,
}

/// What the engine said about a pair that it listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PairDecision {
    /// Linked automatically.
    Link,
    /// Left to a person.
    Review,
    /// Compared and found to be different, or not decided at all.
    Other,
}

/// One listed pair of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedPair {
    lower: u32,
    upper: u32,
    decision: PairDecision,
}

impl ListedPair {
    /// A pair of two different rows, in either order. A row paired with itself is `None`.
    pub fn new(left: u32, right: u32, decision: PairDecision) -> Option<Self> {
        (left != right).then(|| Self { lower: left.min(right), upper: left.max(right), decision })
    }

    /// The two rows, the lower first.
    pub fn rows(&self) -> (u32, u32) {
        (self.lower, self.upper)
    }

    /// What the engine said.
    pub fn decision(&self) -> PairDecision {
        self.decision
    }
}

/// Listed pairs against the truth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PairQuality {
    /// Different pairs listed.
    pub listed: u64,
    /// Pairs of rows that the truth puts together.
    pub true_pairs: u64,
    /// Share of the true pairs that are listed at all: no later stage can do better than this.
    pub blocking_recall: f64,
    /// Pairs to be linked.
    pub link: u64,
    /// Share of those that are true.
    pub link_precision: f64,
    /// Share of the true pairs among those to be linked.
    pub link_recall: f64,
    /// Pairs to be reviewed.
    pub review: u64,
    /// Share of those that are true.
    pub review_precision: f64,
    /// Share of the true pairs that are linked or put before a person.
    pub link_or_review_recall: f64,
}

/// Compares clusters with the truth: one sort, memory linear in rows.
///
/// # Panics
/// When the two slices differ in length: they label the same rows.
///
/// ```
/// let quality = padan::engine::evaluate::clusters(&[0, 0, 1], &[5, 5, 5]);
/// assert_eq!(quality.common_pairs, 1);
/// assert_eq!(quality.pairwise.recall, 1.0);
/// ```
pub fn clusters(truth: &[u32], found: &[u32]) -> ClusterQuality {
    assert_eq!(truth.len(), found.len(), "truth and clusters label the same rows");
    let (true_sizes, found_sizes) = (sizes(truth), sizes(found));
    let mut both: Vec<u64> = found.iter().zip(truth).map(|(f, t)| u64::from(*f) << 32 | u64::from(*t)).collect();
    both.par_sort_unstable();

    let (mut common_pairs, mut exact) = (0, 0_u64);
    let (mut precision_sum, mut recall_sum) = (0.0, 0.0);
    for run in both.chunk_by(|a, b| a == b) {
        let size = run.len() as u64;
        let in_found = u64::from(found_sizes[(run[0] >> 32) as usize]);
        let in_truth = u64::from(true_sizes[run[0] as u32 as usize]);
        common_pairs += pairs_of(size);
        exact += u64::from(size == in_found && size == in_truth);
        precision_sum += (size * size) as f64 / in_found as f64;
        recall_sum += (size * size) as f64 / in_truth as f64;
    }

    let (true_pairs, found_pairs) = (pairs_in(&true_sizes), pairs_in(&found_sizes));
    let true_clusters = clusters_in(&true_sizes);
    let mean = |sum: f64| if truth.is_empty() { 1.0 } else { sum / truth.len() as f64 };
    ClusterQuality {
        rows: truth.len() as u64,
        true_pairs,
        found_pairs,
        common_pairs,
        pairwise: Quality::new(share(common_pairs, found_pairs), share(common_pairs, true_pairs)),
        b_cubed: Quality::new(mean(precision_sum), mean(recall_sum)),
        exact: share(exact, true_clusters),
        clusters: clusters_in(&found_sizes),
        true_clusters,
    }
}

/// Compares listed pairs with the truth. A pair listed twice counts once, with its more certain decision.
pub fn pairs(truth: &[u32], mut listed: Vec<ListedPair>) -> PairQuality {
    listed.par_sort_unstable();
    listed.dedup_by_key(|pair| (pair.lower, pair.upper));
    let is_true = |pair: &ListedPair| truth[pair.lower as usize] == truth[pair.upper as usize];
    let (mut count, mut hits) = ([0_u64; 3], [0_u64; 3]);
    for pair in &listed {
        count[pair.decision as usize] += 1;
        hits[pair.decision as usize] += u64::from(is_true(pair));
    }
    let true_pairs = pairs_in(&sizes(truth));
    let [link, review, _] = count;
    let [true_link, true_review, true_other] = hits;
    PairQuality {
        listed: listed.len() as u64,
        true_pairs,
        blocking_recall: share(true_link + true_review + true_other, true_pairs),
        link,
        link_precision: share(true_link, link),
        link_recall: share(true_link, true_pairs),
        review,
        review_precision: share(true_review, review),
        link_or_review_recall: share(true_link + true_review, true_pairs),
    }
}

fn sizes(labels: &[u32]) -> Vec<u32> {
    let mut sizes = vec![0; labels.iter().max().map_or(0, |greatest| *greatest as usize + 1)];
    for label in labels {
        sizes[*label as usize] += 1;
    }
    sizes
}

fn pairs_of(size: u64) -> u64 {
    size * size.saturating_sub(1) / 2
}

fn pairs_in(sizes: &[u32]) -> u64 {
    sizes.iter().map(|size| pairs_of(u64::from(*size))).sum()
}

fn clusters_in(sizes: &[u32]) -> u64 {
    sizes.iter().filter(|size| **size > 0).count() as u64
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(name: &str, got: f64, wanted: f64) {
        assert!((got - wanted).abs() < 1e-9, "{name}: got {got}, wanted {wanted}");
    }

    /// Name, truth, found, then (precision, recall) pairwise, (precision, recall) B-cubed, exact share.
    type ClusterCase = (&'static str, &'static [u32], &'static [u32], (f64, f64), (f64, f64), f64);

    #[test]
    fn clusters_are_measured_as_the_definitions_say() {
        let cases: &[ClusterCase] = &[
            ("nothing at all", &[], &[], (1.0, 1.0), (1.0, 1.0), 1.0),
            ("the same, other labels", &[0, 0, 1, 2], &[9, 9, 3, 4], (1.0, 1.0), (1.0, 1.0), 1.0),
            ("all alone", &[0, 0, 1, 1], &[0, 1, 2, 3], (1.0, 0.0), (1.0, 0.5), 0.0),
            ("all together", &[0, 0, 1, 1], &[7, 7, 7, 7], (1.0 / 3.0, 1.0), (0.5, 1.0), 0.0),
            ("one row moved", &[0, 0, 0, 1], &[5, 5, 6, 6], (0.5, 1.0 / 3.0), (0.75, 2.0 / 3.0), 0.0),
            ("one of two exact", &[0, 0, 1, 1], &[5, 5, 6, 7], (1.0, 0.5), (1.0, 0.75), 0.5),
        ];
        for (name, truth, found, pairwise, b_cubed, exact) in cases {
            let got = clusters(truth, found);
            near(name, got.pairwise.precision, pairwise.0);
            near(name, got.pairwise.recall, pairwise.1);
            near(name, got.b_cubed.precision, b_cubed.0);
            near(name, got.b_cubed.recall, b_cubed.1);
            near(name, got.exact, *exact);
        }
    }

    /// Every pair and every row, one by one: the plain twin.
    fn plain(truth: &[u32], found: &[u32]) -> (u64, u64, u64, f64, f64) {
        let n = truth.len();
        let (mut together, mut linked, mut both) = (0, 0, 0);
        for i in 0..n {
            for j in i + 1..n {
                let (t, f) = (truth[i] == truth[j], found[i] == found[j]);
                together += u64::from(t);
                linked += u64::from(f);
                both += u64::from(t && f);
            }
        }
        let mean = |within: &[u32]| -> f64 {
            let row = |i: usize| {
                let around: Vec<usize> = (0..n).filter(|j| within[*j] == within[i]).collect();
                let right = around.iter().filter(|j| truth[**j] == truth[i] && found[**j] == found[i]).count();
                right as f64 / around.len() as f64
            };
            (0..n).map(row).sum::<f64>() / n as f64
        };
        (together, linked, both, mean(found), mean(truth))
    }

    proptest::proptest! {
        #[test]
        fn fast_and_plain_agree(rows in proptest::collection::vec((0_u32..9, 0_u32..9), 1..60)) {
            let (truth, found): (Vec<u32>, Vec<u32>) = rows.into_iter().unzip();
            let got = clusters(&truth, &found);
            let (together, linked, both, precision, recall) = plain(&truth, &found);
            proptest::prop_assert_eq!((got.true_pairs, got.found_pairs, got.common_pairs), (together, linked, both));
            near("B-cubed precision", got.b_cubed.precision, precision);
            near("B-cubed recall", got.b_cubed.recall, recall);
        }
    }

    #[test]
    fn pairs_are_measured_once_each() {
        use PairDecision::{Link, Other, Review};
        let truth = [0, 0, 0, 1, 1, 2];
        let listed: Vec<ListedPair> =
            [(0, 1, Link), (1, 0, Review), (2, 0, Review), (5, 3, Link), (3, 5, Link), (2, 1, Other), (4, 4, Link)]
                .into_iter()
                .filter_map(|(l, r, decision)| ListedPair::new(l, r, decision))
                .collect();
        let got = pairs(&truth, listed);
        assert_eq!((got.listed, got.true_pairs, got.link, got.review), (4, 4, 2, 1));
        near("blocking recall", got.blocking_recall, 0.75);
        near("link precision", got.link_precision, 0.5);
        near("link recall", got.link_recall, 0.25);
        near("review precision", got.review_precision, 1.0);
        near("recall with review", got.link_or_review_recall, 0.5);
    }
}

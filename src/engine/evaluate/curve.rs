//! What thresholds would do, how far probabilities can be believed, and which clusters and pairs a person should look at.

use std::collections::BTreeMap;

use rayon::slice::ParallelSliceMut;
use rustc_hash::FxHashSet;
use serde::Serialize;

use super::{ListedPair, Quality, pairs_in, share, sizes};

/// Points of a curve stand this many bits apart.
pub(super) const STEP: f64 = 0.25;
/// Bins of a calibration.
const BINS: usize = 10;

/// A listed pair with what the model says of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeighedPair {
    /// The pair and its decision.
    pub pair: ListedPair,
    /// Its weight in bits.
    pub weight: f64,
    /// The probability of a match that the model gives.
    pub probability: f64,
}

/// What a threshold would do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// The threshold: pairs of this weight and more.
    pub weight: f64,
    /// How many they are.
    pub pairs: u64,
    /// Their quality, if all of them were linked.
    #[serde(flatten)]
    pub quality: Quality,
    /// Questions for a steward, if this were `review`: pairs of different clusters, each pair of clusters once.
    pub questions: u64,
}

/// Pairs whose probability lies in one tenth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// Where it starts.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// Pairs in it.
    pub pairs: u64,
    /// Their mean probability.
    pub predicted: f64,
    /// The share of them that is true.
    pub observed: f64,
}

/// How far the probabilities can be believed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    /// Expected calibration error: the mean distance between probability and truth, over bins, weighed by pairs.
    pub error: f64,
    /// Bins with pairs, ascending.
    pub bins: Vec<Bin>,
}

/// A cluster that holds more than one true entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OverLinked {
    /// Its rows, ascending.
    pub rows: Vec<u32>,
    /// How many entities they are.
    pub entities: usize,
}

/// Quality and questions for thresholds from the heaviest pair down to the lightest, ascending by weight.
pub fn curve(truth: &[u32], found: &[u32], pairs: &[WeighedPair]) -> Vec<Point> {
    let true_pairs = pairs_in(&sizes(truth));
    let mut falling: Vec<&WeighedPair> = pairs.iter().filter(|pair| pair.weight.is_finite()).collect();
    falling.par_sort_unstable_by(|x, y| y.weight.total_cmp(&x.weight).then_with(|| x.pair.cmp(&y.pair)));
    let (mut points, mut asked) = (Vec::new(), FxHashSet::default());
    let (mut listed, mut hits) = (0, 0);
    let mut rest = falling.as_slice();
    while let Some(first) = rest.first() {
        let weight = (first.weight / STEP).floor() * STEP;
        let end = rest.partition_point(|pair| pair.weight >= weight);
        for weighed in &rest[..end] {
            let (left, right) = weighed.pair.rows();
            listed += 1;
            hits += u64::from(truth[left as usize] == truth[right as usize]);
            let (one, other) = (found[left as usize], found[right as usize]);
            if one != other {
                asked.insert((one.min(other), one.max(other)));
            }
        }
        rest = &rest[end..];
        let quality = Quality::new(share(hits, listed), share(hits, true_pairs));
        points.push(Point { weight, pairs: listed, quality, questions: asked.len() as u64 });
    }
    points.reverse();
    points
}

/// Compares probabilities with the truth; `None` without pairs.
pub fn calibration(truth: &[u32], pairs: &[WeighedPair]) -> Option<Calibration> {
    let (mut counts, mut sums, mut hits) = ([0_u64; BINS], [0.0; BINS], [0_u64; BINS]);
    for weighed in pairs.iter().filter(|pair| (0.0..=1.0).contains(&pair.probability)) {
        let bin = ((weighed.probability * BINS as f64) as usize).min(BINS - 1);
        let (left, right) = weighed.pair.rows();
        counts[bin] += 1;
        sums[bin] += weighed.probability;
        hits[bin] += u64::from(truth[left as usize] == truth[right as usize]);
    }
    let all: u64 = counts.iter().sum();
    let bins: Vec<Bin> = (0..BINS)
        .filter(|bin| counts[*bin] > 0)
        .map(|bin| Bin {
            from: bin as f64 / BINS as f64,
            to: (bin + 1) as f64 / BINS as f64,
            pairs: counts[bin],
            predicted: sums[bin] / counts[bin] as f64,
            observed: hits[bin] as f64 / counts[bin] as f64,
        })
        .collect();
    let error = bins.iter().map(|bin| bin.pairs as f64 / all as f64 * (bin.predicted - bin.observed).abs()).sum();
    (all > 0).then_some(Calibration { error, bins })
}

/// How many clusters have how many rows.
pub fn size_distribution(labels: &[u32]) -> BTreeMap<u32, u64> {
    let mut distribution = BTreeMap::new();
    for size in sizes(labels).into_iter().filter(|size| *size > 0) {
        *distribution.entry(size).or_default() += 1;
    }
    distribution
}

/// Clusters with more than one entity, those with the most rows first.
pub fn over_linked(truth: &[u32], found: &[u32]) -> Vec<OverLinked> {
    let mut rows: Vec<u32> = (0..found.len() as u32).collect();
    rows.par_sort_unstable_by_key(|row| (found[*row as usize], *row));
    let mut clusters: Vec<OverLinked> = rows
        .chunk_by(|a, b| found[*a as usize] == found[*b as usize])
        .filter_map(|rows| {
            let entities: FxHashSet<u32> = rows.iter().map(|row| truth[*row as usize]).collect();
            (entities.len() > 1).then(|| OverLinked { rows: rows.to_vec(), entities: entities.len() })
        })
        .collect();
    clusters.sort_by_key(|cluster| (std::cmp::Reverse(cluster.rows.len()), cluster.rows[0]));
    clusters
}

/// The pairs whose weight is nearest to a threshold, at most so many on each side, the heaviest first.
pub fn nearest(pairs: &[WeighedPair], threshold: f64, on_each_side: usize) -> Vec<WeighedPair> {
    let order = |x: &&WeighedPair, y: &&WeighedPair| {
        let far = |pair: &WeighedPair| (pair.weight - threshold).abs();
        far(x).total_cmp(&far(y)).then_with(|| x.pair.cmp(&y.pair))
    };
    let side = |above: bool| {
        let mut side: Vec<&WeighedPair> =
            pairs.iter().filter(|pair| pair.weight.is_finite() && (pair.weight >= threshold) == above).collect();
        if side.len() > on_each_side {
            side.select_nth_unstable_by(on_each_side, order);
            side.truncate(on_each_side);
        }
        side
    };
    let mut near: Vec<WeighedPair> = side(true).into_iter().chain(side(false)).copied().collect();
    near.sort_by(|x, y| y.weight.total_cmp(&x.weight).then_with(|| x.pair.cmp(&y.pair)));
    near
}

#[cfg(test)]
mod tests {
    use super::super::PairDecision;
    use super::*;

    const TRUTH: [u32; 6] = [0, 0, 0, 1, 1, 2];

    fn pair(left: u32, right: u32, weight: f64, probability: f64) -> WeighedPair {
        let pair = ListedPair::new(left, right, PairDecision::Link).expect("two rows");
        WeighedPair { pair, weight, probability }
    }

    #[test]
    fn each_threshold_has_its_quality_and_questions() {
        let pairs = [
            pair(0, 1, 9.1, 0.9),
            pair(3, 4, 9.2, 0.9),
            pair(2, 3, 5.0, 0.6),
            pair(0, 2, 4.9, 0.5),
            pair(1, 3, 4.8, 0.4),
        ];
        let found = [0, 0, 2, 3, 3, 5];
        let points = curve(&TRUTH, &found, &pairs);
        let told: Vec<(f64, u64, f64, f64, u64)> =
            points.iter().map(|p| (p.weight, p.pairs, p.quality.precision, p.quality.recall, p.questions)).collect();
        // 4.8 and 4.9 are in one step; 1-3 asks about the clusters of 0 and 3, 0-2 about those of 0 and 2.
        assert_eq!(told, [(4.75, 5, 0.6, 0.75, 3), (5.0, 3, 2.0 / 3.0, 0.5, 1), (9.0, 2, 1.0, 0.5, 0)]);
        assert_eq!(curve(&TRUTH, &found, &[]), []);
        assert_eq!(curve(&TRUTH, &found, &[pair(0, 1, f64::NAN, 0.5)]), []);
    }

    #[test]
    fn calibration_is_the_distance_between_said_and_seen() {
        let pairs = [pair(0, 1, 1.0, 0.9), pair(0, 2, 1.0, 1.0), pair(0, 3, 1.0, 0.25), pair(3, 4, 1.0, 0.25)];
        let found = calibration(&TRUTH, &pairs).expect("pairs");
        assert_eq!(found.bins.len(), 2);
        assert_eq!((found.bins[0].from, found.bins[0].pairs, found.bins[0].observed), (0.2, 2, 0.5));
        assert!((found.error - (0.5 * 0.25 + 0.5 * 0.05)).abs() < 1e-12, "{found:?}");
        assert_eq!(calibration(&TRUTH, &[pair(0, 1, 1.0, f64::NAN)]), None);
    }

    #[test]
    fn clusters_to_look_at_come_biggest_first() {
        let found = [0, 0, 7, 0, 4, 4];
        let told = over_linked(&TRUTH, &found);
        assert_eq!(told[0], OverLinked { rows: vec![0, 1, 3], entities: 2 });
        assert_eq!(told[1], OverLinked { rows: vec![4, 5], entities: 2 });
        assert_eq!(told.len(), 2);
        assert_eq!(size_distribution(&found), BTreeMap::from([(1, 1), (2, 1), (3, 1)]));
        assert_eq!(size_distribution(&TRUTH), BTreeMap::from([(1, 1), (2, 1), (3, 1)]));
    }

    #[test]
    fn the_nearest_pairs_stand_on_both_sides() {
        let pairs: Vec<WeighedPair> = (0..20).map(|at| pair(at, at + 1, f64::from(at), 0.5)).collect();
        let weights: Vec<f64> = nearest(&pairs, 7.5, 2).iter().map(|pair| pair.weight).collect();
        assert_eq!(weights, [9.0, 8.0, 7.0, 6.0]);
        assert_eq!(nearest(&pairs, -3.0, 2).len(), 2, "nothing is below");
    }
}

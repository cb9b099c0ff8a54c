//! What clusters would be under other thresholds: all pairs of a weight and more are linked, step by step.

use rayon::slice::ParallelSliceMut;
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::curve::STEP;
use super::{PairDecision, Quality, WeighedPair, pairs_in, share, sizes};

/// Clusters under a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClusterPoint {
    /// The threshold: pairs of this weight and more are linked.
    pub weight: f64,
    /// Pairs linked.
    pub links: u64,
    /// Clusters, single rows included.
    pub clusters: u64,
    /// Over pairs of rows of one cluster.
    pub pairwise: Quality,
    /// Over rows.
    pub b_cubed: Quality,
}

/// Quality of the clusters under each threshold, ascending by weight.
///
/// Clusters are what the links connect: limits of clusters, vetoes between rows that only others connect, and human decisions
/// are not known here. A pair of `link` bits and more that was not linked was held back by something stronger than its
/// weight, and stays so. One sort, and one look at each pair of rows of one entity and cluster.
pub fn cluster_curve(truth: &[u32], pairs: &[WeighedPair], link: Option<f64>) -> Vec<ClusterPoint> {
    let held = |weighed: &WeighedPair| {
        weighed.pair.decision() != PairDecision::Link && link.is_some_and(|link| weighed.weight >= link)
    };
    let mut falling: Vec<&WeighedPair> =
        pairs.iter().filter(|weighed| weighed.weight.is_finite() && !held(weighed)).collect();
    falling.par_sort_unstable_by(|x, y| y.weight.total_cmp(&x.weight).then_with(|| x.pair.cmp(&y.pair)));
    let mut growing = Growing::new(truth);
    let (mut points, mut links) = (Vec::new(), 0);
    let mut rest = falling.as_slice();
    while let Some(first) = rest.first() {
        let weight = (first.weight / STEP).floor() * STEP;
        let end = rest.partition_point(|weighed| weighed.weight >= weight);
        for weighed in &rest[..end] {
            let (left, right) = weighed.pair.rows();
            growing.link(left, right);
        }
        links += end as u64;
        rest = &rest[end..];
        points.push(growing.point(weight, links));
    }
    points.reverse();
    points
}

/// Clusters that only grow, with what their quality is made of.
struct Growing {
    true_sizes: Vec<u32>,
    true_pairs: u64,
    above: Vec<u32>,
    /// Rows and entities of each cluster, at its top row; how many rows of each entity.
    members: Vec<(u32, FxHashMap<u32, u32>)>,
    clusters: u64,
    found_pairs: u64,
    common_pairs: u64,
    precision: f64,
    recall: f64,
}

impl Growing {
    fn new(truth: &[u32]) -> Self {
        let true_sizes = sizes(truth);
        let alone = |entity: &u32| (1, FxHashMap::from_iter([(*entity, 1)]));
        Self {
            true_pairs: pairs_in(&true_sizes),
            above: (0..truth.len() as u32).collect(),
            members: truth.iter().map(alone).collect(),
            clusters: truth.len() as u64,
            found_pairs: 0,
            common_pairs: 0,
            precision: truth.len() as f64,
            recall: truth.iter().map(|entity| 1.0 / f64::from(true_sizes[*entity as usize])).sum(),
            true_sizes,
        }
    }

    fn top(&mut self, mut row: u32) -> u32 {
        while self.above[row as usize] != row {
            let next = self.above[self.above[row as usize] as usize];
            self.above[row as usize] = next;
            row = next;
        }
        row
    }

    fn link(&mut self, left: u32, right: u32) {
        let (one, other) = (self.top(left), self.top(right));
        if one == other {
            return;
        }
        let more = |top: u32| self.members[top as usize].1.len();
        let (kept, gone) = if more(one) >= more(other) { (one, other) } else { (other, one) };
        let (rows, entities) = std::mem::take(&mut self.members[gone as usize]);
        self.above[gone as usize] = kept;
        let (size, known) = &mut self.members[kept as usize];
        let squares = |known: &FxHashMap<u32, u32>| known.values().map(|n| f64::from(*n).powi(2)).sum::<f64>();
        let (kept_squares, gone_squares) = (squares(known), squares(&entities));
        let mut both = 0.0;
        for (entity, count) in entities {
            let here = known.entry(entity).or_default();
            let common = u64::from(*here) * u64::from(count);
            self.common_pairs += common;
            both += 2.0 * common as f64;
            self.recall += 2.0 * common as f64 / f64::from(self.true_sizes[entity as usize]);
            *here += count;
        }
        let (a, b) = (f64::from(*size), f64::from(rows));
        self.precision += (kept_squares + gone_squares + both) / (a + b) - kept_squares / a - gone_squares / b;
        self.found_pairs += u64::from(*size) * u64::from(rows);
        *size += rows;
        self.clusters -= 1;
    }

    fn point(&self, weight: f64, links: u64) -> ClusterPoint {
        let rows = self.above.len().max(1) as f64;
        let pairwise =
            Quality::new(share(self.common_pairs, self.found_pairs), share(self.common_pairs, self.true_pairs));
        let b_cubed = Quality::new(self.precision / rows, self.recall / rows);
        ClusterPoint { weight, links, clusters: self.clusters, pairwise, b_cubed }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ListedPair, clusters};
    use super::*;

    fn pair(left: u32, right: u32, weight: f64, decision: PairDecision) -> WeighedPair {
        let pair = ListedPair::new(left, right, decision).expect("two rows");
        WeighedPair { pair, weight, probability: 0.5 }
    }

    /// Links all pairs of a weight and more, anew for each weight: the plain twin.
    fn plain(truth: &[u32], pairs: &[WeighedPair], weight: f64) -> super::super::ClusterQuality {
        let mut found: Vec<u32> = (0..truth.len() as u32).collect();
        for weighed in pairs.iter().filter(|weighed| weighed.weight >= weight) {
            let (left, right) = weighed.pair.rows();
            let (gone, kept) = (found[left as usize], found[right as usize]);
            found.iter_mut().filter(|cluster| **cluster == gone).for_each(|cluster| *cluster = kept);
        }
        clusters(truth, &found)
    }

    proptest::proptest! {
        #[test]
        fn growing_and_starting_anew_agree(
            truth in proptest::collection::vec(0_u32..6, 2..30),
            pairs in proptest::collection::vec((0_u32..30, 0_u32..30, -8_i8..8), 0..60),
        ) {
            let n = truth.len() as u32;
            let pairs: Vec<WeighedPair> = pairs
                .into_iter()
                .filter(|(a, b, _)| a % n != b % n)
                .map(|(a, b, weight)| pair(a % n, b % n, f64::from(weight) / 4.0, PairDecision::Review))
                .collect();
            for point in cluster_curve(&truth, &pairs, None) {
                let wanted = plain(&truth, &pairs, point.weight);
                proptest::prop_assert_eq!(point.clusters, wanted.clusters);
                for (got, wanted) in [(point.pairwise, wanted.pairwise), (point.b_cubed, wanted.b_cubed)] {
                    proptest::prop_assert!((got.precision - wanted.precision).abs() < 1e-9, "{:?} {:?}", got, wanted);
                    proptest::prop_assert!((got.recall - wanted.recall).abs() < 1e-9, "{:?} {:?}", got, wanted);
                }
            }
        }
    }

    #[test]
    fn what_was_held_back_stays_apart() {
        let truth = [0, 0, 1];
        let pairs = [
            pair(0, 1, 9.0, PairDecision::Link),
            pair(1, 2, 12.0, PairDecision::Review),
            pair(0, 2, 3.0, PairDecision::Review),
        ];
        let told = |link| -> Vec<(f64, u64, u64)> {
            cluster_curve(&truth, &pairs, link).iter().map(|p| (p.weight, p.links, p.clusters)).collect()
        };
        assert_eq!(told(Some(8.0)), [(3.0, 2, 1), (9.0, 1, 2)], "a veto stands above 12 bits");
        assert_eq!(told(None), [(3.0, 3, 1), (9.0, 2, 1), (12.0, 1, 2)]);
        assert_eq!(told(Some(20.0)).len(), 3);
    }
}

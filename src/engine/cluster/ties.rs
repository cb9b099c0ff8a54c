//! Joins of one weight, which are followed together or not at all, so that no order among equals matters.

use rustc_hash::FxHashMap;

/// A link between two clusters that is still to be followed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Join {
    /// The linked records, the lower number first.
    pub(super) pair: (u64, u64),
    pub(super) weight: f32,
    /// Their clusters, the older first.
    pub(super) clusters: (usize, usize),
}

impl Join {
    /// Whether both joins touch one cluster.
    pub(super) const fn meets(&self, other: &Self) -> bool {
        let ((a, b), (c, d)) = (self.clusters, other.clusters);
        a == c || a == d || b == c || b == d
    }
}

/// Joins that hang together through their clusters, each group in the order of its pairs, by their first pairs.
pub(super) fn groups(joins: &[Join]) -> Vec<Vec<Join>> {
    let mut group_of: FxHashMap<usize, usize> = FxHashMap::default();
    let mut groups: Vec<Vec<Join>> = Vec::new();
    for join in joins {
        let known = |cluster| group_of.get(&cluster).copied();
        let (one, other) = (known(join.clusters.0), known(join.clusters.1));
        let into = one.or(other).unwrap_or(groups.len());
        if into == groups.len() {
            groups.push(Vec::new());
        }
        let from = other.filter(|from| *from != into);
        let moved = from.map_or_else(Vec::new, |from| std::mem::take(&mut groups[from]));
        for join in moved.iter().chain([join]) {
            group_of.insert(join.clusters.0, into);
            group_of.insert(join.clusters.1, into);
        }
        groups[into].extend(moved);
        groups[into].push(*join);
    }
    groups.retain(|group| !group.is_empty());
    for group in &mut groups {
        group.sort_unstable_by_key(|join| join.pair);
    }
    groups.sort_unstable_by_key(|group| group[0].pair);
    groups
}

/// The sum of some weights.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sum {
    total: f64,
    count: u32,
}

impl Sum {
    pub(super) fn add(&mut self, weight: f32) {
        self.total += f64::from(weight);
        self.count += 1;
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self { total: self.total + other.total, count: self.count + other.count }
    }

    /// The mean weight; `None` of nothing.
    pub(super) fn mean(self) -> Option<f32> {
        (self.count > 0).then(|| (self.total / f64::from(self.count)) as f32)
    }
}

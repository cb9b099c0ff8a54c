//! One connected component to clusters.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Decisions, Refusal, RefusalReason, Verdict, key};
use crate::engine::plan::ClusterLimits;
use crate::engine::score::{Scorer, Scratch};

/// Rows that links and decisions connect.
#[derive(Debug, Default, Clone)]
pub(crate) struct Component {
    /// Slots, ascending by record number.
    pub(crate) members: Vec<u32>,
    /// Links inside: two slots and the weight.
    pub(crate) links: Vec<(u32, u32, f32)>,
}

/// What became of a component.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Resolved {
    /// Clusters: slots ascending by record number, clusters by their first record.
    pub(crate) clusters: Vec<Vec<u32>>,
    /// Refusals by pair.
    pub(crate) refusals: Vec<Refusal>,
}

/// Forms the clusters of a component. Costs one score for each pair that ends up in one cluster, and at most
/// `max_size` squared scores for each pair of clusters that is refused.
pub(crate) fn resolve(
    component: &Component,
    decisions: &Decisions,
    scorer: &Scorer<'_>,
    scratch: &mut Scratch,
) -> Resolved {
    if let ([_, _], [(a, b, weight)]) = (component.members.as_slice(), component.links.as_slice())
        && decisions.is_empty()
    {
        return resolve_pair(component, key(scorer.rows().id(*a), scorer.rows().id(*b)), *weight, scorer);
    }
    let mut forming = Forming::new(component, decisions, scorer);
    forming.follow_people();
    forming.follow_links(component, scratch);
    forming.finish()
}

/// What most components are: two rows and a link, which no veto forbids, or it would be none.
fn resolve_pair(component: &Component, pair: (u64, u64), weight: f32, scorer: &Scorer<'_>) -> Resolved {
    let limits = scorer.rows().plan().cluster_limits();
    let reason = if limits.max_size < 2 {
        RefusalReason::TooLarge { size: 2 }
    } else if limits.min_pair_weight.is_some_and(|least| weight < least) {
        RefusalReason::Contradiction { pair, weight }
    } else if limits.min_mean_weight.is_some_and(|least| weight < least) {
        RefusalReason::WeakOnAverage { mean: weight }
    } else {
        return Resolved { clusters: vec![component.members.clone()], refusals: Vec::new() };
    };
    let clusters = component.members.iter().map(|slot| vec![*slot]).collect();
    Resolved { clusters, refusals: vec![Refusal { pair, weight: Some(weight), reason }] }
}

struct Forming<'a> {
    scorer: &'a Scorer<'a>,
    decisions: &'a Decisions,
    limits: ClusterLimits,
    members: &'a [u32],
    place: FxHashMap<u64, usize>,
    /// Weights of the links by pair of records.
    links: FxHashMap<(u64, u64), f32>,
    /// The cluster of each member. A join makes a new cluster, so that a pair of clusters never changes its meaning.
    cluster_of: Vec<usize>,
    clusters: Vec<Vec<usize>>,
    refused: FxHashSet<(usize, usize)>,
    refusals: Vec<Refusal>,
}

impl<'a> Forming<'a> {
    fn new(component: &'a Component, decisions: &'a Decisions, scorer: &'a Scorer<'a>) -> Self {
        let members = component.members.as_slice();
        let id = |slot: u32| scorer.rows().id(slot);
        let place = members.iter().enumerate().map(|(at, slot)| (scorer.rows().id(*slot), at)).collect();
        Self {
            scorer,
            decisions,
            limits: scorer.rows().plan().cluster_limits(),
            members,
            place,
            links: component.links.iter().map(|(a, b, weight)| (key(id(*a), id(*b)), *weight)).collect(),
            cluster_of: (0..members.len()).collect(),
            clusters: (0..members.len()).map(|at| vec![at]).collect(),
            refused: FxHashSet::default(),
            refusals: Vec::new(),
        }
    }

    fn id(&self, at: usize) -> u64 {
        self.scorer.rows().id(self.members[at])
    }

    /// Joins what people called the same; only what people called different stands against it.
    fn follow_people(&mut self) {
        let mut pairs = Vec::new();
        for at in 0..self.members.len() {
            let id = self.id(at);
            let same = self.decisions.about(id).filter(|(other, v)| *v == Verdict::Same && *other > id);
            pairs.extend(same.filter_map(|(other, _)| self.place.get(&other).map(|to| (id, other, at, *to))));
        }
        pairs.sort_unstable();
        for (a, b, at, to) in pairs {
            let (one, other) = (self.cluster_of[at], self.cluster_of[to]);
            if one == other {
                continue;
            }
            match self.separated(one, other) {
                None => self.join(one, other),
                Some(reason) => self.refusals.push(Refusal { pair: (a, b), weight: None, reason }),
            }
        }
    }

    fn follow_links(&mut self, component: &Component, scratch: &mut Scratch) {
        let rows = self.scorer.rows();
        let mut links: Vec<(f32, (u64, u64))> =
            component.links.iter().map(|(a, b, weight)| (*weight, key(rows.id(*a), rows.id(*b)))).collect();
        links.sort_unstable_by(|x, y| y.0.total_cmp(&x.0).then(x.1.cmp(&y.1)));
        for (weight, pair) in links {
            let (one, other) = (self.cluster_of[self.place[&pair.0]], self.cluster_of[self.place[&pair.1]]);
            if one == other || self.refused.contains(&(one.min(other), one.max(other))) {
                continue;
            }
            match self.forbids(one, other, scratch) {
                None => self.join(one, other),
                Some(reason) => {
                    self.refused.insert((one.min(other), one.max(other)));
                    self.refusals.push(Refusal { pair, weight: Some(weight), reason });
                }
            }
        }
    }

    fn across(&self, one: usize, other: usize) -> impl Iterator<Item = (usize, usize)> {
        // Members stand in the order of their record numbers, and so do the pairs.
        let (first, second) = if self.clusters[one][0] < self.clusters[other][0] { (one, other) } else { (other, one) };
        self.clusters[first].iter().flat_map(move |a| self.clusters[second].iter().map(move |b| (*a, *b)))
    }

    fn separated(&self, one: usize, other: usize) -> Option<RefusalReason> {
        let apart =
            |(a, b): &(usize, usize)| self.decisions.verdict(self.id(*a), self.id(*b)) == Some(Verdict::Different);
        let (a, b) = self.across(one, other).find(apart)?;
        Some(RefusalReason::HumanSeparated { pair: key(self.id(a), self.id(b)) })
    }

    fn forbids(&self, one: usize, other: usize, scratch: &mut Scratch) -> Option<RefusalReason> {
        if let Some(reason) = self.separated(one, other) {
            return Some(reason);
        }
        let size = self.clusters[one].len() + self.clusters[other].len();
        if size > self.limits.max_size {
            return Some(RefusalReason::TooLarge { size });
        }
        let (mut sum, mut count) = (0.0f64, 0u32);
        for (a, b) in self.across(one, other) {
            let pair = key(self.id(a), self.id(b));
            if self.decisions.verdict(pair.0, pair.1) == Some(Verdict::Same) {
                continue;
            }
            // A link was scored when it was found, and no veto holds or it would be none.
            let weight = if let Some(weight) = self.links.get(&pair) {
                *weight
            } else {
                let score = self.scorer.score(self.members[a], self.members[b], scratch);
                if score.judged.vetoes != 0 {
                    return Some(RefusalReason::Veto { pair, vetoes: score.judged.vetoes });
                }
                score.weight
            };
            if self.limits.min_pair_weight.is_some_and(|least| weight < least) {
                return Some(RefusalReason::Contradiction { pair, weight });
            }
            sum += f64::from(weight);
            count += 1;
        }
        let mean = (sum / f64::from(count.max(1))) as f32;
        let weak = count > 0 && self.limits.min_mean_weight.is_some_and(|least| mean < least);
        weak.then_some(RefusalReason::WeakOnAverage { mean })
    }

    fn join(&mut self, one: usize, other: usize) {
        let mut members = std::mem::take(&mut self.clusters[one]);
        members.append(&mut self.clusters[other]);
        members.sort_unstable();
        for at in &members {
            self.cluster_of[*at] = self.clusters.len();
        }
        self.clusters.push(members);
    }

    fn finish(mut self) -> Resolved {
        self.refusals = self.lasting();
        let mut clusters: Vec<Vec<usize>> = self.clusters.into_iter().filter(|members| !members.is_empty()).collect();
        clusters.sort_unstable_by_key(|members| members[0]);
        let slots = |members: Vec<usize>| members.into_iter().map(|at| self.members[at]).collect();
        Resolved { clusters: clusters.into_iter().map(slots).collect(), refusals: self.refusals }
    }

    /// The first, that is the strongest, refusal of each pair of clusters that did stay apart, by pair.
    fn lasting(&self) -> Vec<Refusal> {
        let mut seen = FxHashSet::default();
        let mut lasting: Vec<Refusal> = Vec::new();
        for refusal in &self.refusals {
            let (a, b) = refusal.pair;
            let (one, other) = (self.cluster_of[self.place[&a]], self.cluster_of[self.place[&b]]);
            if one != other && seen.insert((one.min(other), one.max(other))) {
                lasting.push(*refusal);
            }
        }
        lasting.sort_unstable_by_key(|refusal| refusal.pair);
        lasting
    }
}

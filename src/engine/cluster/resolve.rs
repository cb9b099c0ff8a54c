//! One connected component to clusters.

use rustc_hash::{FxHashMap, FxHashSet};

use super::ties::{self, Join, Sum};
use super::{Judgement, Judgements, Refusal, RefusalReason, key};
use crate::engine::plan::ClusterLimits;
use crate::engine::score::{Said, Scorer, Scratch};

/// More joins of one weight that cannot all be followed are ties without a closer look, which would grow with their square.
const MOST_TOGETHER: usize = 64;

/// Where so many joins of one weight make a cluster that is too large, which records contradict each other in it is not
/// looked for: each pair would be held against each join.
const MOST_LOOKED_AT: usize = 16;

/// Rows that links and decisions connect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Component<'a> {
    /// Slots, ascending by record number.
    pub(crate) members: &'a [u32],
    /// Links inside: two slots and the weight.
    pub(crate) links: &'a [(u32, u32, f32)],
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
    component: Component<'_>,
    decisions: &Judgements,
    scorer: &Scorer<'_>,
    scratch: &mut Scratch,
) -> Resolved {
    if let ([_, _], [(a, b, weight)]) = (component.members, component.links)
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
fn resolve_pair(component: Component<'_>, pair: (u64, u64), weight: f32, scorer: &Scorer<'_>) -> Resolved {
    let limits = scorer.rows().plan().cluster_limits();
    let reason = if limits.max_size < 2 {
        RefusalReason::TooLarge { size: 2 }
    } else if limits.min_pair_weight.is_some_and(|least| weight < least) {
        RefusalReason::Contradiction { pair, weight }
    } else if limits.min_mean_weight.is_some_and(|least| weight < least) {
        RefusalReason::WeakOnAverage { mean: weight }
    } else {
        return Resolved { clusters: vec![component.members.to_vec()], refusals: Vec::new() };
    };
    let clusters = component.members.iter().map(|slot| vec![*slot]).collect();
    Resolved { clusters, refusals: vec![Refusal { pair, weight: Some(weight), reason }] }
}

/// Clusters that would become one, and the joins that would make them one.
#[derive(Clone, Copy)]
struct Together<'a> {
    clusters: &'a [usize],
    joins: &'a [Join],
}

struct Forming<'a> {
    scorer: &'a Scorer<'a>,
    decisions: &'a Judgements,
    limits: ClusterLimits,
    /// From this weight on a pair is a link.
    link: f32,
    members: &'a [u32],
    place: FxHashMap<u64, usize>,
    /// Weights of the links by pair of records.
    links: FxHashMap<(u64, u64), f32>,
    /// The cluster of each member. A join makes a new cluster, so that a pair of clusters never changes its meaning.
    cluster_of: Vec<usize>,
    clusters: Vec<Vec<usize>>,
    refused: FxHashSet<(usize, usize)>,
    refusals: Vec<Refusal>,
    /// Clusters that links of one weight lead to several others, with two records that keep these apart.
    tied: FxHashMap<usize, (u64, u64)>,
}

impl<'a> Forming<'a> {
    fn new(component: Component<'a>, decisions: &'a Judgements, scorer: &'a Scorer<'a>) -> Self {
        let members = component.members;
        let id = |slot: u32| scorer.rows().id(slot);
        let place = members.iter().enumerate().map(|(at, slot)| (scorer.rows().id(*slot), at)).collect();
        Self {
            scorer,
            decisions,
            limits: scorer.rows().plan().cluster_limits(),
            link: scorer.rows().plan().thresholds().link,
            members,
            place,
            links: component.links.iter().map(|(a, b, weight)| (key(id(*a), id(*b)), *weight)).collect(),
            cluster_of: (0..members.len()).collect(),
            clusters: (0..members.len()).map(|at| vec![at]).collect(),
            refused: FxHashSet::default(),
            refusals: Vec::new(),
            tied: FxHashMap::default(),
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
            let same = self.decisions.about(id).filter(|(other, v)| *v == Judgement::Same && *other > id);
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

    /// Follows the links by falling weight. Links of one weight are looked at together: which of them came first is chance.
    fn follow_links(&mut self, component: Component<'_>, scratch: &mut Scratch) {
        let rows = self.scorer.rows();
        let mut links: Vec<(f32, (u64, u64))> =
            component.links.iter().map(|(a, b, weight)| (*weight, key(rows.id(*a), rows.id(*b)))).collect();
        links.sort_unstable_by(|x, y| y.0.total_cmp(&x.0).then(x.1.cmp(&y.1)));
        for equal in links.chunk_by(|x, y| x.0.total_cmp(&y.0).is_eq()) {
            let mut seen = FxHashSet::default();
            let joins = equal.iter().map(|(weight, pair)| Join {
                pair: *pair,
                weight: *weight,
                clusters: self.clusters_of(*pair),
            });
            let known = |clusters: (usize, usize)| clusters.0 == clusters.1 || self.refused.contains(&clusters);
            let new = joins.filter(|join| !known(join.clusters) && seen.insert(join.clusters));
            let (open, undecided): (Vec<Join>, Vec<Join>) = new.partition(|join| self.tie_of(join).is_none());
            for join in undecided {
                // Who could not choose between two stronger links does not take a weaker one instead.
                if let Some(apart) = self.tie_of(&join) {
                    self.refuse(&join, RefusalReason::Tie { apart });
                }
            }
            self.follow_equal(open, scratch);
        }
    }

    /// The clusters of two records, the older first.
    fn clusters_of(&self, pair: (u64, u64)) -> (usize, usize) {
        let (one, other) = (self.cluster_of[self.place[&pair.0]], self.cluster_of[self.place[&pair.1]]);
        (one.min(other), one.max(other))
    }

    /// Follows joins of one weight. Where one can be followed only instead of another, none of them is.
    fn follow_equal(&mut self, open: Vec<Join>, scratch: &mut Scratch) {
        let mut possible = Vec::new();
        for join in open {
            match self.forbids(&join, scratch) {
                None => possible.push(join),
                Some(reason) => self.refuse(&join, reason),
            }
        }
        for group in ties::groups(&possible) {
            if self.follow_together(&group, scratch) {
                continue;
            }
            let rivals = self.rivals(&group, scratch);
            for (join, apart) in group.iter().zip(&rivals) {
                if let Some(apart) = apart {
                    self.refuse(join, RefusalReason::Tie { apart: *apart });
                    let others = group.iter().filter(|other| *other != join && join.meets(other));
                    let shared = others.flat_map(|other| [other.clusters.0, other.clusters.1]);
                    let shared = shared.filter(|cluster| [join.clusters.0, join.clusters.1].contains(cluster));
                    self.tied.extend(shared.map(|cluster| (cluster, *apart)).collect::<Vec<_>>());
                }
            }
            let left: Vec<Join> = group.iter().zip(&rivals).filter(|(_, r)| r.is_none()).map(|(j, _)| *j).collect();
            for rest in ties::groups(&left) {
                if !self.follow_together(&rest, scratch) {
                    let apart = self.apart_in(&rest, scratch).unwrap_or(rest[0].pair);
                    for join in &rest {
                        self.refuse(join, RefusalReason::Tie { apart });
                    }
                }
            }
        }
    }

    /// What keeps one of the clusters of a join from choosing between stronger links, if it could not.
    fn tie_of(&self, join: &Join) -> Option<(u64, u64)> {
        let known = |cluster: usize| self.tied.get(&cluster).copied();
        known(join.clusters.0).or_else(|| known(join.clusters.1))
    }

    fn refuse(&mut self, join: &Join, reason: RefusalReason) {
        self.refused.insert(join.clusters);
        self.refusals.push(Refusal { pair: join.pair, weight: Some(join.weight), reason });
    }

    /// Joins all clusters of joins that hang together, if all of them may stand together.
    fn follow_together(&mut self, group: &[Join], scratch: &mut Scratch) -> bool {
        if let [join] = group {
            self.join(join.clusters.0, join.clusters.1);
            return true;
        }
        if self.apart_in(group, scratch).is_some() {
            return false;
        }
        for join in group {
            let (one, other) = self.clusters_of(join.pair);
            if one != other {
                self.join(one, other);
            }
        }
        true
    }

    /// For each join of a group a pair of records that forbids it together with a neighbour, if there is one.
    fn rivals(&self, group: &[Join], scratch: &mut Scratch) -> Vec<Option<(u64, u64)>> {
        let mut rivals = vec![None; group.len()];
        if group.len() > MOST_TOGETHER {
            return group.iter().map(|join| Some(join.pair)).collect();
        }
        for (at, join) in group.iter().enumerate() {
            for (to, other) in group.iter().enumerate().skip(at + 1).filter(|(_, other)| join.meets(other)) {
                if rivals[at].is_some() && rivals[to].is_some() {
                    continue;
                }
                if let Some(apart) = self.apart_in(&[*join, *other], scratch) {
                    rivals[at].get_or_insert(apart);
                    rivals[to].get_or_insert(apart);
                }
            }
        }
        rivals
    }

    /// Two records that keep the clusters of some joins from standing together all at once.
    fn apart_in(&self, group: &[Join], scratch: &mut Scratch) -> Option<(u64, u64)> {
        let mut clusters: Vec<usize> = group.iter().flat_map(|join| [join.clusters.0, join.clusters.1]).collect();
        clusters.sort_unstable();
        clusters.dedup();
        let size: usize = clusters.iter().map(|cluster| self.clusters[*cluster].len()).sum();
        let last = || group.iter().map(|join| join.pair).max();
        if size > self.limits.max_size && group.len() > MOST_LOOKED_AT {
            return last();
        }
        let together = Together { clusters: &clusters, joins: group };
        let mut sum = Sum::default();
        for (at, one) in clusters.iter().enumerate() {
            for other in &clusters[at + 1..] {
                match self.sum_across((*one, *other), together, scratch) {
                    Ok(across) => sum = sum.and(across),
                    Err(reason) => return Some(reason.pair().unwrap_or(group[0].pair)),
                }
            }
        }
        let too_much = size > self.limits.max_size || self.weak(sum).is_some();
        if too_much { last() } else { None }
    }

    fn across(&self, one: usize, other: usize) -> impl Iterator<Item = (usize, usize)> {
        // Members stand in the order of their record numbers, and so do the pairs.
        let (first, second) = if self.clusters[one][0] < self.clusters[other][0] { (one, other) } else { (other, one) };
        self.clusters[first].iter().flat_map(move |a| self.clusters[second].iter().map(move |b| (*a, *b)))
    }

    fn separated(&self, one: usize, other: usize) -> Option<RefusalReason> {
        let apart =
            |(a, b): &(usize, usize)| self.decisions.judgement(self.id(*a), self.id(*b)) == Some(Judgement::Different);
        let (a, b) = self.across(one, other).find(apart)?;
        Some(RefusalReason::HumanSeparated { pair: key(self.id(a), self.id(b)) })
    }

    /// Why two clusters may not be joined; `None` when they may.
    fn forbids(&self, join: &Join, scratch: &mut Scratch) -> Option<RefusalReason> {
        let (one, other) = join.clusters;
        if let Some(reason) = self.separated(one, other) {
            return Some(reason);
        }
        let size = self.clusters[one].len() + self.clusters[other].len();
        if size > self.limits.max_size {
            return Some(RefusalReason::TooLarge { size });
        }
        let together = Together { clusters: &[one, other], joins: std::slice::from_ref(join) };
        match self.sum_across((one, other), together, scratch) {
            Ok(sum) => self.weak(sum),
            Err(reason) => Some(reason),
        }
    }

    /// The weights of all pairs across two clusters, or why one of them may not stand in one cluster.
    fn sum_across(
        &self,
        (one, other): (usize, usize),
        together: Together<'_>,
        scratch: &mut Scratch,
    ) -> Result<Sum, RefusalReason> {
        if let Some(reason) = self.separated(one, other) {
            return Err(reason);
        }
        let mut sum = Sum::default();
        for (a, b) in self.across(one, other) {
            let pair = key(self.id(a), self.id(b));
            if self.decisions.judgement(pair.0, pair.1) == Some(Judgement::Same) {
                continue;
            }
            // A link was scored when it was found, and no veto holds or it would be none.
            let weight = if let Some(weight) = self.links.get(&pair) {
                *weight
            } else {
                let score = self.scorer.score(self.members[a], self.members[b], scratch);
                if score.judged.vetoes != 0 {
                    return Err(RefusalReason::Veto { pair, vetoes: score.judged.vetoes });
                }
                let said = self.scorer.said(scratch);
                let contradicts = score.weight < self.link && said.against != 0;
                if contradicts && !self.settles((a, b), said, together, scratch) {
                    return Err(RefusalReason::Contradiction { pair, weight: score.weight });
                }
                score.weight
            };
            if self.limits.min_pair_weight.is_some_and(|least| weight < least) {
                return Err(RefusalReason::Contradiction { pair, weight });
            }
            sum.add(weight);
        }
        Ok(sum)
    }

    /// Whether links, or what people called the same, lead from one record to another by way of records that have a value
    /// wherever these two both have one, and no record whose link would join them is silent about what they disagree about.
    ///
    /// Who says less than two others cannot settle what they disagree about: without this, a row whose birth date is
    /// missing would join two people whose birth dates differ.
    fn settles(&self, (a, b): (usize, usize), said: Said, together: Together<'_>, scratch: &mut Scratch) -> bool {
        let silent = |at: usize, about: u32, scratch: &mut Scratch| {
            [a, b].into_iter().any(|end| {
                self.scorer.score(self.members[at], self.members[end], scratch);
                self.scorer.said(scratch).nothing & about != 0
            })
        };
        let mut ends = together.joins.iter().flat_map(|join| [join.pair.0, join.pair.1]).map(|id| self.place[&id]);
        if ends.any(|at| at != a && at != b && silent(at, said.against, scratch)) {
            return false;
        }
        // Asked of the members of these clusters, which are few, and not of all links of the component.
        let members = together.clusters.iter().flat_map(|cluster| &self.clusters[*cluster]);
        let mut unseen: Vec<usize> = members.copied().filter(|at| *at != a && *at != b).collect();
        let linked = |x: usize, y: usize| {
            let pair = key(self.id(x), self.id(y));
            self.links.contains_key(&pair) || self.decisions.judgement(pair.0, pair.1) == Some(Judgement::Same)
        };
        let mut reached = vec![a];
        while let Some(from) = reached.pop() {
            let (next, rest): (Vec<usize>, Vec<usize>) = unseen.into_iter().partition(|to| linked(from, *to));
            unseen = rest;
            for at in next {
                if !silent(at, said.something, scratch) {
                    if linked(at, b) {
                        return true;
                    }
                    reached.push(at);
                }
            }
        }
        false
    }

    fn weak(&self, sum: Sum) -> Option<RefusalReason> {
        let mean = sum.mean()?;
        self.limits.min_mean_weight.is_some_and(|least| mean < least).then_some(RefusalReason::WeakOnAverage { mean })
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

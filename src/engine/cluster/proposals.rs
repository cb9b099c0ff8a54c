//! Edges between clusters to questions for a steward.

use rustc_hash::FxHashMap;

use super::{Judgement, Judgements, Proposal, ProposalReason, Refusal, key};
use crate::engine::decide::MachineDecision;
use crate::engine::rows::Rows;
use crate::engine::score::{Scored, Scorer, Scratch};

/// The questions that edges between clusters raise, by pair. `refusals` are those inside the same components.
pub(crate) fn propose(
    rows: &Rows,
    edges: impl Iterator<Item = Scored>,
    cluster_of: impl Fn(u32) -> u64,
    members: impl Fn(u64) -> Vec<u64>,
    decisions: &Judgements,
    refusals: &[(Refusal, (u64, u64))],
) -> Vec<Proposal> {
    let refused: FxHashMap<(u64, u64), &Refusal> =
        refusals.iter().map(|(refusal, clusters)| (*clusters, refusal)).collect();
    let bridges = Bridges::of(refusals);
    let best = best_items(rows, edges, cluster_of, members, decisions, &bridges);
    let items = best.iter().map(|(edge, clusters)| {
        item(rows, edge, *clusters, refused.get(&key(clusters.0, clusters.1)).copied(), &bridges)
    });
    items.collect()
}

/// Pairs of records that cannot stand together, each with a third record that links to both sides: the lowest.
struct Bridges(FxHashMap<(u64, u64), u64>);

impl Bridges {
    fn of(refusals: &[(Refusal, (u64, u64))]) -> Self {
        let mut bridges: FxHashMap<(u64, u64), u64> = FxHashMap::default();
        for (refusal, _) in refusals {
            let Some(apart) = refusal.reason.pair() else { continue };
            let (a, b) = refusal.pair;
            for third in [a, b].into_iter().filter(|id| *id != apart.0 && *id != apart.1) {
                let known = bridges.entry(apart).or_insert(third);
                *known = third.min(*known);
            }
        }
        Self(bridges)
    }

    fn over(&self, pair: (u64, u64)) -> Option<u64> {
        self.0.get(&pair).copied()
    }
}

/// The pair to ask about between each two clusters, with the numbers of the two clusters, by pair: two records that a
/// third one would join although they contradict each other, else the strongest open edge.
///
/// `cluster_of` tells the lowest record number of a row's cluster, `members` the record numbers of a cluster. An edge
/// inside a cluster is settled. An edge that a veto keeps apart is no question, nor is a pair that a person judged. Where
/// a person separated two records of two clusters, other pairs of these are asked about only if they would be linked:
/// the machine gave one of them a place that the other could claim as well.
fn best_items(
    rows: &Rows,
    edges: impl Iterator<Item = Scored>,
    cluster_of: impl Fn(u32) -> u64,
    members: impl Fn(u64) -> Vec<u64>,
    decisions: &Judgements,
    bridges: &Bridges,
) -> Vec<(Scored, (u64, u64))> {
    let pair = |edge: &Scored| (rows.id(edge.a), rows.id(edge.b));
    let judged = |edge: &Scored| {
        let (a, b) = pair(edge);
        decisions.judgement(a, b) == Some(Judgement::Different)
    };
    let separated = |(one, other): (u64, u64)| {
        if decisions.is_empty() {
            return false;
        }
        let (one, other) = (members(one), members(other));
        let (few, many) = if one.len() <= other.len() { (one, other) } else { (other, one) };
        let apart = |(id, judgement)| judgement == Judgement::Different && many.contains(&id);
        few.iter().any(|id| decisions.about(*id).any(apart))
    };
    let mut best: FxHashMap<(u64, u64), Scored> = FxHashMap::default();
    let mut parted: FxHashMap<(u64, u64), bool> = FxHashMap::default();
    for edge in edges.filter(|edge| edge.decision != MachineDecision::Distinct) {
        let clusters = key(cluster_of(edge.a), cluster_of(edge.b));
        if clusters.0 == clusters.1 || judged(&edge) {
            continue;
        }
        let parted = *parted.entry(clusters).or_insert_with(|| separated(clusters));
        if parted && edge.decision != MachineDecision::Link {
            continue;
        }
        let kept = best.entry(clusters).or_insert(edge);
        let asked_for = |edge: &Scored| bridges.over(pair(edge)).is_some();
        let order = asked_for(&edge).cmp(&asked_for(kept)).then(edge.weight.total_cmp(&kept.weight));
        if order.then(pair(kept).cmp(&pair(&edge))).is_gt() {
            *kept = edge;
        }
    }
    let mut items: Vec<(Scored, (u64, u64))> =
        best.into_values().map(|edge| (edge, (cluster_of(edge.a), cluster_of(edge.b)))).collect();
    items.sort_unstable_by_key(|(edge, _)| pair(edge));
    items
}

/// The item of an edge between two clusters; `refusal` is the refusal between these clusters, if there is one.
fn item(rows: &Rows, edge: &Scored, clusters: (u64, u64), refusal: Option<&Refusal>, bridges: &Bridges) -> Proposal {
    let pair = (rows.id(edge.a), rows.id(edge.b));
    let mut reasons = Vec::new();
    if edge.weight < rows.plan().thresholds().link {
        reasons.push(ProposalReason::Band);
    }
    if edge.vetoes != 0 {
        reasons.push(ProposalReason::Veto { vetoes: edge.vetoes });
    }
    if edge.decision == MachineDecision::Review && reasons.is_empty() {
        let unread = rows.unread(edge.a) | rows.unread(edge.b) != 0
            && Scorer::new(rows).score(edge.a, edge.b, &mut Scratch::default()).judged.unread != 0;
        reasons.push(if unread { ProposalReason::Unreadable } else { ProposalReason::NoStrongIdentifier });
    }
    if let Some(refusal) = refusal {
        reasons.push(ProposalReason::Refused(refusal.reason));
    }
    if let Some(by) = bridges.over(pair) {
        reasons.push(ProposalReason::Bridge { by });
    }
    // Questions are kept, and most have one reason.
    reasons.shrink_to_fit();
    Proposal { pair, weight: edge.weight, reasons, clusters }
}

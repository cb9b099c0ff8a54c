//! Edges between clusters to questions for a steward.

use rustc_hash::FxHashMap;

use super::{Decisions, Refusal, ReviewItem, ReviewReason, Verdict, key};
use crate::engine::decide::Decision;
use crate::engine::plan::Thresholds;
use crate::engine::rows::Rows;
use crate::engine::score::Scored;

/// The questions that edges between clusters raise, by pair. `refusals` are those inside the same components.
pub(crate) fn review_items(
    rows: &Rows,
    edges: impl Iterator<Item = Scored>,
    cluster_of: impl Fn(u32) -> u64,
    members: impl Fn(u64) -> Vec<u64>,
    decisions: &Decisions,
    refusals: &[(Refusal, (u64, u64))],
) -> Vec<ReviewItem> {
    let refused: FxHashMap<(u64, u64), &Refusal> =
        refusals.iter().map(|(refusal, clusters)| (*clusters, refusal)).collect();
    let best = best_items(rows, edges, cluster_of, members, decisions);
    let thresholds = rows.plan().thresholds();
    let items = best.iter().map(|(edge, clusters)| {
        item(rows, edge, *clusters, thresholds, refused.get(&key(clusters.0, clusters.1)).copied())
    });
    items.collect()
}

/// The strongest open edge of each pair of clusters, with the numbers of the two clusters, by pair.
///
/// `cluster_of` tells the lowest record number of a row's cluster, `members` the record numbers of a cluster. An edge
/// inside a cluster is settled. An edge that a veto keeps apart is no question, and two clusters that a person
/// separated are not asked about again.
fn best_items(
    rows: &Rows,
    edges: impl Iterator<Item = Scored>,
    cluster_of: impl Fn(u32) -> u64,
    members: impl Fn(u64) -> Vec<u64>,
    decisions: &Decisions,
) -> Vec<(Scored, (u64, u64))> {
    let pair = |edge: &Scored| (rows.id(edge.a), rows.id(edge.b));
    let mut best: FxHashMap<(u64, u64), Scored> = FxHashMap::default();
    for edge in edges.filter(|edge| edge.decision != Decision::Distinct) {
        let clusters = key(cluster_of(edge.a), cluster_of(edge.b));
        if clusters.0 == clusters.1 {
            continue;
        }
        let kept = best.entry(clusters).or_insert(edge);
        if edge.weight.total_cmp(&kept.weight).then(pair(kept).cmp(&pair(&edge))).is_gt() {
            *kept = edge;
        }
    }
    let separated = |(one, other): &(u64, u64)| {
        let (one, other) = (members(*one), members(*other));
        let (few, many) = if one.len() <= other.len() { (one, other) } else { (other, one) };
        let apart = |(id, verdict)| verdict == Verdict::Different && many.contains(&id);
        few.iter().any(|id| decisions.about(*id).any(apart))
    };
    let open = best.into_iter().filter(|(clusters, _)| !separated(clusters));
    let mut items: Vec<(Scored, (u64, u64))> =
        open.map(|(_, edge)| (edge, (cluster_of(edge.a), cluster_of(edge.b)))).collect();
    items.sort_unstable_by_key(|(edge, _)| pair(edge));
    items
}

/// The item of an edge between two clusters; `refusal` is the refusal between these clusters, if there is one.
fn item(
    rows: &Rows,
    edge: &Scored,
    clusters: (u64, u64),
    thresholds: Thresholds,
    refusal: Option<&Refusal>,
) -> ReviewItem {
    let mut reasons = Vec::new();
    if edge.weight < thresholds.link {
        reasons.push(ReviewReason::Band);
    }
    if edge.vetoes != 0 {
        reasons.push(ReviewReason::Veto { vetoes: edge.vetoes });
    }
    if edge.decision == Decision::Review && reasons.is_empty() {
        reasons.push(ReviewReason::NoStrongIdentifier);
    }
    if let Some(refusal) = refusal {
        reasons.push(ReviewReason::Refused(refusal.reason));
    }
    ReviewItem { pair: (rows.id(edge.a), rows.id(edge.b)), weight: edge.weight, reasons, clusters }
}

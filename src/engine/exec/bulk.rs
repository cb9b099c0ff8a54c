//! All rows at once. The result does not depend on the number of threads or on the order of the rows.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::components::Components;
use super::copies::{Copies, EqualRows};
use super::{Edge, edge};
use crate::engine::block::bulk::{Blocks, Partner, Partners};
use crate::engine::block::{BlockReport, guard};
use crate::engine::cluster::{Judgement, Judgements, Proposal, Refusal, Resolved, key, propose, resolve};
use crate::engine::error::RowError;
use crate::engine::meter::{Meter, Stage};
use crate::engine::rows::Rows;
use crate::engine::score::train::{Labels, TrainError, Trained, train_on};
use crate::engine::score::{Scored, Scorer, Scratch};

/// Components that are counted together.
const COUNTED_AT_ONCE: usize = 256;

/// What matching all rows gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Linkage {
    /// Pairs at or above `review`, by pair.
    pub edges: Vec<Edge>,
    /// Each record with the lowest record of its cluster, by record.
    pub assignments: Vec<(u64, u64)>,
    /// Questions for stewards, by pair.
    pub review: Vec<Proposal>,
    /// Links and decisions that were not followed, by pair.
    pub refusals: Vec<Refusal>,
    /// Candidate pairs per rule, and the keys that were skipped.
    pub blocking: BlockReport,
}

impl Linkage {
    /// Clusters of at least two records, by their first. Costs a sort of all records.
    pub fn clusters(&self) -> Vec<Vec<u64>> {
        let mut by_cluster: Vec<(u64, u64)> = self.assignments.iter().map(|(id, cluster)| (*cluster, *id)).collect();
        by_cluster.par_sort_unstable();
        let of_two = by_cluster.chunk_by(|x, y| x.0 == y.0).filter(|members| members.len() > 1);
        of_two.map(|members| members.iter().map(|(_, id)| *id).collect()).collect()
    }
}

/// Matches all rows under the human decisions, given in the order in which they were taken.
///
/// Applies the plan's guards to the rows. Runs on the current rayon pool; costs one sort a blocking rule and one score
/// a candidate pair.
pub fn match_rows(rows: &mut Rows, decisions: &[(u64, u64, Judgement)]) -> Result<Linkage, RowError> {
    match_rows_metered(rows, decisions, &Meter::default())
}

/// [`match_rows`], with a meter to watch.
pub fn match_rows_metered(
    rows: &mut Rows,
    decisions: &[(u64, u64, Judgement)],
    meter: &Meter,
) -> Result<Linkage, RowError> {
    guard::apply(rows);
    let decisions = Judgements::new(decisions);
    let copies = Copies::find(rows, &decisions);
    let blocks = Blocks::build(rows, meter);
    match_blocks(rows, blocks, &copies, &decisions, meter)
}

/// Trains the model whose file is `text` on the rows, then matches them with it: what [`super::super::train`] and
/// [`match_rows`] give one after the other, for one round of blocking.
pub fn train_and_match(mut rows: Rows, text: &str, meter: &Meter) -> Result<(Trained, Rows, Linkage), TrainError> {
    let equal = EqualRows::find(&rows);
    let repeated = equal.repeated(&rows);
    let (trained, mut blocks) = train_on(&mut rows, text, &Labels::none(), &repeated, meter)?;
    let mut rows = rows.with_plan(trained.plan()).expect("training keeps the columns");
    let decisions = Judgements::default();
    let copies = Copies::among(&mut rows, equal, &decisions);
    // Training looks at all rows; a block that was too large for their copies may not be so without them.
    blocks.leave_out(&rows, &copies.aside());
    let linkage = match_blocks(&rows, blocks, &copies, &decisions, meter)?;
    Ok((trained, rows, linkage))
}

/// Scores the pairs of the blocks and forms clusters.
fn match_blocks(
    rows: &Rows,
    blocks: Blocks,
    copies: &Copies,
    decisions: &Judgements,
    meter: &Meter,
) -> Result<Linkage, RowError> {
    // Rows of a table have ascending numbers; a map of them would cost more than what is looked up in it.
    let ascending = rows.ascending();
    let slots = if ascending.is_some() { FxHashMap::default() } else { slots_by_id(rows)? };
    let slot_of = |id: u64| match ascending {
        Some(ids) => ids.binary_search(&id).ok().map(|slot| slot as u32),
        None => slots.get(&id).copied(),
    };
    let found = score_blocks(rows, blocks, meter);
    let in_order = || {
        let of_rules = found.edges.par_iter().zip(&found.rules);
        let mut edges: Vec<Edge> = of_rules.map(|(scored, rule)| edge(rows, scored, Some(*rule))).collect();
        edges.extend(copies.edges(rows));
        edges.par_sort_unstable_by_key(|edge| edge.pair);
        edges
    };
    let form = || form_clusters((rows, copies), &found.edges, decisions, slot_of, meter);
    // Much of either is done by one thread.
    let (formed, edges) = rayon::join(form, in_order);
    let mut assignments: Vec<(u64, u64)> =
        rows.slots().map(|slot| (rows.id(slot), formed.cluster_of[slot as usize])).collect();
    assignments.par_sort_unstable();
    Ok(Linkage { edges, assignments, review: formed.review, refusals: formed.refusals, blocking: found.blocking })
}

/// Slots by record number; refuses a record that is there twice.
pub(super) fn slots_by_id(rows: &Rows) -> Result<FxHashMap<u64, u32>, RowError> {
    let mut slot_of = FxHashMap::default();
    slot_of.reserve(rows.len());
    for slot in rows.slots() {
        if slot_of.insert(rows.id(slot), slot).is_some() {
            return Err(RowError::Twice { id: rows.id(slot) });
        }
    }
    Ok(slot_of)
}

/// Edges, the rule of each, and the counts.
pub(super) struct Found {
    pub(super) edges: Vec<Scored>,
    rules: Vec<u16>,
    pub(super) blocking: BlockReport,
}

/// Edges of one unit of work, each with its rule, and its pairs per rule.
type Swept = (Vec<(Scored, u16)>, Vec<u64>);

/// Scores all candidate pairs of rows whose guards are applied.
pub(super) fn find_edges(rows: &Rows) -> Found {
    let meter = Meter::default();
    score_blocks(rows, Blocks::build(rows, &meter), &meter)
}

fn score_blocks(rows: &Rows, blocks: Blocks, meter: &Meter) -> Found {
    let scorer = Scorer::new(rows).for_many();
    let rules = rows.plan().rules().len();
    meter.begin(Stage::Score, blocks.pairs());
    let scored: Vec<Swept> = blocks
        .tasks()
        .into_par_iter()
        .map_init(<(Partners, Vec<Partner>, Scratch)>::default, |(partners, leading, scratch), slots| {
            let (mut edges, mut counts) = (Vec::new(), vec![0; rules]);
            let looked = blocks.sweep(
                rows,
                slots,
                |row| !rows.stands_aside(row),
                partners,
                |row, partners| {
                    let partners = if rows.any_aside() {
                        leading.clear();
                        leading.extend(partners.iter().filter(|partner| !rows.stands_aside(partner.slot)));
                        leading.as_slice()
                    } else {
                        partners
                    };
                    count_in(&mut counts, partners);
                    let others = partners.iter().map(|partner| partner.slot);
                    scorer.edges(row, others, scratch, |place, edge| edges.push((edge, partners[place].rule() as u16)));
                },
            );
            meter.add(looked);
            (edges, counts)
        })
        .collect();
    let mut counts = vec![0; rules];
    let (mut edges, mut rule_of) = (Vec::new(), Vec::new());
    for (found, pairs) in scored {
        counts.iter_mut().zip(pairs).for_each(|(sum, count)| *sum += count);
        for (edge, rule) in found {
            edges.push(edge);
            rule_of.push(rule);
        }
    }
    Found { edges, rules: rule_of, blocking: blocks.report(&counts) }
}

/// Counts pairs, each under the first rule that gives it.
fn count_in(counts: &mut [u64], partners: &[Partner]) {
    for partner in partners {
        counts[partner.rule()] += 1;
    }
}

/// Candidate pairs per rule, without scoring them.
pub(super) fn count_pairs(rows: &Rows) -> BlockReport {
    let blocks = Blocks::build(rows, &Meter::default());
    let rules = rows.plan().rules().len();
    let add = |mut sum: Vec<u64>, counts: Vec<u64>| {
        sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        sum
    };
    let count = |partners: &mut Partners, slots: std::ops::Range<u32>| {
        let mut counts = vec![0; rules];
        blocks.sweep(rows, slots, |_| true, partners, |_, partners| count_in(&mut counts, partners));
        counts
    };
    let tasks = blocks.tasks().into_par_iter();
    let counts = tasks.map_init(Partners::default, count).reduce(|| vec![0; rules], add);
    blocks.report(&counts)
}

/// Clusters and what could not be settled.
pub(super) struct Formed {
    /// Per slot the lowest record of its cluster.
    pub(super) cluster_of: Vec<u64>,
    /// Clusters of at least two rows: slots ascending by record number.
    pub(super) clusters: Vec<Vec<u32>>,
    pub(super) review: Vec<Proposal>,
    pub(super) refusals: Vec<Refusal>,
}

/// Forms the clusters of all rows.
pub(super) fn form_clusters(
    (rows, copies): (&Rows, &Copies),
    edges: &[Scored],
    decisions: &Judgements,
    slot_of: impl Fn(u64) -> Option<u32>,
    meter: &Meter,
) -> Formed {
    let scorer = Scorer::new(rows);
    let components = Components::of(rows, edges, decisions, &slot_of);
    meter.begin(Stage::Cluster, components.len() as u64);
    let resolve = |scratch: &mut Scratch, at: usize| {
        let mut resolved = resolve(components.get(at), decisions, &scorer, scratch);
        resolved.clusters = resolved.clusters.into_iter().map(|cluster| copies.expand(rows, cluster)).collect();
        resolved.clusters.retain(|cluster| cluster.len() > 1);
        // One by one the threads would wait for each other's counting.
        if at.is_multiple_of(COUNTED_AT_ONCE) {
            meter.add(COUNTED_AT_ONCE.min(components.len() - at) as u64);
        }
        resolved
    };
    let resolved: Vec<Resolved> = (0..components.len()).into_par_iter().map_init(Scratch::default, resolve).collect();
    let (mut clusters, mut refusals) = (Vec::with_capacity(resolved.len()), Vec::new());
    for component in resolved {
        clusters.extend(component.clusters);
        refusals.extend(component.refusals);
    }
    // Whom nothing but their copies connects to anybody.
    let alone = copies.all().filter(|(leader, _)| !components.holds(*leader));
    clusters.extend(alone.map(|(leader, _)| copies.expand(rows, vec![leader])));
    drop(components);
    let mut cluster_of: Vec<u64> = (0..rows.slot_limit()).map(|slot| rows.id(slot as u32)).collect();
    for cluster in &clusters {
        let first = rows.id(cluster[0]);
        for slot in cluster {
            cluster_of[*slot as usize] = first;
        }
    }
    refusals.sort_unstable_by_key(|refusal: &Refusal| refusal.pair);
    let of_id = |id: u64| slot_of(id).map_or(id, |slot| cluster_of[slot as usize]);
    let between: Vec<(Refusal, (u64, u64))> =
        refusals.iter().map(|refusal| (*refusal, key(of_id(refusal.pair.0), of_id(refusal.pair.1)))).collect();
    // Asked for only where somebody decided something.
    let asked = clusters.iter().filter(|_| !decisions.is_empty());
    let members: FxHashMap<u64, &Vec<u32>> = asked.map(|cluster| (rows.id(cluster[0]), cluster)).collect();
    let members_of = |cluster: u64| match members.get(&cluster) {
        Some(slots) => slots.iter().map(|slot| rows.id(*slot)).collect(),
        None => vec![cluster],
    };
    let edges = edges.iter().copied();
    let review = propose(rows, edges, |slot| cluster_of[slot as usize], members_of, decisions, &between);
    Formed { cluster_of, clusters, review, refusals }
}

//! A matched set that is kept up to date: rows, the candidate index, edges, clusters, questions.
//!
//! Whatever the order and the batches in which changes arrive, a live set is equal to a bulk run over its rows and
//! decisions. A change touches only what it can affect: the candidates of changed rows, rows whose guard or stop key
//! flipped, and the components of changed edges.

mod apply;
mod checkpoint;
mod clusters;
mod halves;
mod index;
mod probe;
mod resting;
#[cfg(test)]
mod resting_tests;
mod slots;
#[cfg(test)]
mod tests;
mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::clusters::Clusters;
use self::halves::{Half, Halves};
use self::index::{Index, Keys};
pub use self::resting::PostingPart;
use self::slots::Slots;
pub use self::window::{ChangedPostings, PostingKey, PostingSource, Resting};
use super::bulk::{count_pairs, find_edges, form_clusters};
use super::copies::Copies;
use super::{Edge, copy_edge, edge};
use crate::engine::block::{BlockReport, StopKey};
use crate::engine::cluster::{Judgement, Judgements, Proposal, Refusal};
use crate::engine::error::RowError;
use crate::engine::explain::{Explanation, explain};
use crate::engine::meter::Meter;
use crate::engine::plan::Plan;
use crate::engine::rows::Rows;
use crate::engine::score::{Scored, Scorer, Scratch};
use crate::engine::value::Value;

/// One change of a live set.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A record is new or has other values.
    Upsert {
        /// The record.
        id: u64,
        /// One value a column of the plan.
        values: Vec<Value>,
    },
    /// A record is gone. Decisions about it stay and count again when it comes back.
    Remove {
        /// The record.
        id: u64,
    },
    /// A person decided about two records, present or not.
    Decide {
        /// One record.
        a: u64,
        /// The other.
        b: u64,
        /// What was decided.
        judgement: Judgement,
    },
}

/// What a batch of changes changed. Sets of records are ascending; lists are in the order of their first record.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Delta {
    /// Clusters that are no more, single records included.
    pub before: Vec<Vec<u64>>,
    /// Clusters that are new, single records included.
    pub after: Vec<Vec<u64>>,
    /// Questions that are new or differ from before.
    pub opened: Vec<Proposal>,
    /// Questions that are no more.
    pub closed: Vec<(u64, u64)>,
    /// Refusals that are new or differ from before.
    pub refused: Vec<Refusal>,
}

/// A live set of matched rows.
#[derive(Debug)]
pub struct Live {
    rows: Rows,
    slot_of: Slots,
    decisions: Judgements,
    index: Index,
    /// Rows that stand aside for equal ones.
    copies: Copies,
    halves: Halves,
    clusters: Clusters,
    review: BTreeMap<(u64, u64), Proposal>,
    /// The pairs of `review` the other way round.
    review_back: BTreeSet<(u64, u64)>,
    refusals: BTreeMap<(u64, u64), Refusal>,
    buffers: Buffers,
    /// A batch broke off.
    half_changed: bool,
    /// What the next batch asks for was read.
    prepared: bool,
}

/// What one worker reuses from record to record.
#[derive(Debug, Default)]
struct Buffers {
    keys: Keys,
    scratch: Scratch,
    candidates: Vec<u32>,
}

impl Live {
    /// An empty set.
    pub fn new(plan: Arc<Plan>) -> Self {
        Self::empty(Rows::new(plan), None)
    }

    fn empty(rows: Rows, resting: Option<Resting>) -> Self {
        Self {
            index: Index::new(rows.plan(), resting),
            copies: Copies::default(),
            rows,
            slot_of: Slots::default(),
            decisions: Judgements::default(),
            halves: Halves::default(),
            clusters: Clusters::default(),
            review: BTreeMap::new(),
            review_back: BTreeSet::new(),
            refusals: BTreeMap::new(),
            buffers: Buffers::default(),
            half_changed: false,
            prepared: false,
        }
    }

    /// A set built at once, in parallel, equal to one that got the rows one by one. Record numbers must be unique;
    /// decisions are given in the order in which they were taken.
    pub fn bulk(
        plan: Arc<Plan>,
        rows: &[(u64, Vec<Value>)],
        decisions: &[(u64, u64, Judgement)],
    ) -> Result<Self, RowError> {
        let mut packed = Rows::new(plan);
        packed.extend(rows)?;
        Self::of(packed, decisions, None)
    }

    /// [`Self::bulk`] of rows that are packed already, so that their values need not all be held at once. With `resting`
    /// its postings are not made: they rest elsewhere ([`Self::posting_parts`]).
    pub fn of(rows: Rows, decisions: &[(u64, u64, Judgement)], resting: Option<Resting>) -> Result<Self, RowError> {
        let mut live = Self::empty(rows, resting);
        live.slot_of = Slots::of(&live.rows)?;
        live.decisions = Judgements::new(decisions);
        live.index.build_guards(&mut live.rows);
        live.index.build_contents(&live.rows);
        live.copies = Copies::find(&mut live.rows, &live.decisions);
        let found = find_edges(&live.rows);
        live.index.build_blocks(&live.rows, &found.blocking.stop_keys);
        let edges = found.edges;
        let slot_of = |id: u64| live.slot_of(id);
        let formed = form_clusters((&live.rows, &live.copies), &edges, &live.decisions, slot_of, &Meter::default());
        live.halves.reach(live.rows.slot_limit());
        for scored in &edges {
            live.halves.connect(scored);
        }
        let ids = |cluster: &Vec<u32>| -> Vec<u64> { cluster.iter().map(|slot| live.rows.id(*slot)).collect() };
        live.clusters = Clusters::new(formed.cluster_of, formed.clusters.iter().map(ids));
        live.review_back = formed.review.iter().map(|item| (item.pair.1, item.pair.0)).collect();
        live.review = formed.review.into_iter().map(|item| (item.pair, item)).collect();
        live.refusals = formed.refusals.into_iter().map(|refusal| (refusal.pair, refusal)).collect();
        Ok(live)
    }

    /// The plan it works by.
    pub fn plan(&self) -> &Arc<Plan> {
        self.rows.plan()
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether a record is there.
    pub fn contains(&self, id: u64) -> bool {
        self.slot_of(id).is_some()
    }

    /// The records of the cluster of a record, ascending; `None` when there is no such record.
    pub fn cluster_of(&self, id: u64) -> Option<Vec<u64>> {
        let slot = self.slot_of(id)?;
        Some(self.clusters.members(self.clusters.of(slot)))
    }

    /// Clusters of at least two records, by their first.
    pub fn clusters(&self) -> Vec<Vec<u64>> {
        let mut clusters: Vec<Vec<u64>> = self.clusters.all().collect();
        clusters.sort_unstable();
        clusters
    }

    /// Questions for stewards, by pair.
    pub fn review(&self) -> impl Iterator<Item = &Proposal> {
        self.review.values()
    }

    /// The question about a pair.
    pub fn question(&self, pair: (u64, u64)) -> Option<&Proposal> {
        self.review.get(&pair)
    }

    /// Questions in which a record is one of the pair.
    pub fn review_of(&self, id: u64) -> Vec<&Proposal> {
        self.items_about(id).into_iter().filter_map(|pair| self.review.get(&pair)).collect()
    }

    /// Links and decisions that were not followed, by pair.
    pub fn refusals(&self) -> impl Iterator<Item = &Refusal> {
        self.refusals.values()
    }

    /// Pairs at or above `review`, by pair. Costs a sort of all of them.
    pub fn edges(&self) -> Vec<Edge> {
        let mut edges: Vec<Edge> = self.rows.slots().flat_map(|slot| self.edges_at(slot, Side::Lower)).collect();
        edges.sort_unstable_by_key(|edge| edge.pair);
        edges
    }

    /// Pairs at or above `review` that a record is in, by pair.
    pub fn edges_of(&self, id: u64) -> Vec<Edge> {
        let Some(slot) = self.slot_of(id) else { return Vec::new() };
        let mut edges = self.edges_at(slot, Side::Both);
        edges.sort_unstable_by_key(|edge| edge.pair);
        edges
    }

    /// The present decision about a pair.
    pub fn judgement(&self, a: u64, b: u64) -> Option<Judgement> {
        self.decisions.judgement(a, b)
    }

    /// Why a pair weighs what it weighs; `None` unless both records are there and differ.
    pub fn explain(&self, a: u64, b: u64) -> Option<Explanation> {
        let (a, b) = (self.slot_of(a)?, self.slot_of(b)?);
        if a == b {
            return None;
        }
        let names: Vec<&str> = self.rows.plan().rule_names().collect();
        let rules = self.index.rules_of_pair(&self.rows, a, b, &mut Keys::default());
        let rules = rules.into_iter().map(|rule| names[rule].to_owned()).collect();
        Some(explain(&self.rows, a, b, &self.decisions, rules))
    }

    /// Keys that too many rows share, so that their rule skips them. Costs a walk over all shared keys.
    pub fn stop_keys(&self) -> Vec<StopKey> {
        self.index.stop_keys(&self.rows)
    }

    /// Candidate pairs per rule, each pair counted once. Counts them anew: as dear as blocking in a bulk run.
    pub fn candidates(&self) -> BlockReport {
        count_pairs(&self.rows)
    }

    fn slot_of(&self, id: u64) -> Option<u32> {
        self.slot_of.get(&self.rows, id)
    }

    fn edges_at(&self, slot: u32, side: Side) -> Vec<Edge> {
        let lower = |half: &Half| side == Side::Both || self.rows.id(slot) < self.rows.id(half.other);
        let (mut keys, mut scratch) = (Keys::default(), Scratch::default());
        let scorer = Scorer::new(&self.rows);
        let leader = self.copies.leader(slot).filter(|_| side == Side::Both);
        let twins = self.copies.of(slot).iter().copied().map(|copy| (slot, copy));
        let pairs = twins.chain(leader.map(|leader| (leader, slot)));
        let copies: Vec<Edge> = pairs.map(|(one, copy)| copy_edge(&scorer, one, copy, &mut scratch)).collect();
        let halves = self.halves.of(slot).filter(lower);
        halves
            .map(|half| {
                let rules = self.index.rules_of_pair(&self.rows, slot, half.other, &mut keys);
                edge(&self.rows, &self.scored(slot, &half), Some(rules.first().copied().unwrap_or_default() as u16))
            })
            .chain(copies)
            .collect()
    }

    fn scored(&self, slot: u32, half: &Half) -> Scored {
        let Half { other, weight, decision, vetoes } = *half;
        let (a, b) = if self.rows.id(slot) < self.rows.id(other) { (slot, other) } else { (other, slot) };
        Scored { a, b, weight, decision, vetoes }
    }

    /// Pairs of questions about a record.
    fn items_about(&self, id: u64) -> Vec<(u64, u64)> {
        let of = (id, 0)..=(id, u64::MAX);
        let first = self.review.range(of.clone()).map(|(pair, _)| *pair);
        let second = self.review_back.range(of).map(|(high, low)| (*low, *high));
        first.chain(second).collect()
    }
}

/// Which edges of a row are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Those in which it has the lower record number.
    Lower,
    /// All.
    Both,
}

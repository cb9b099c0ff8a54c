//! Applying changes to a live set.
//!
//! First every changed row leaves the index and its edges; then values, guards and stop keys settle; then what became
//! a candidate is scored, and the components that any of this touched are clustered again from their edges.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::super::copies::twins;
use super::clusters::NO_CLUSTER;
use super::halves::Half;
use super::index::{Block, Crossed, Guarded, Was};
use super::{Buffers, Change, Delta, Live};
use crate::engine::cluster::{Component, Judgement, Refusal, Resolved, key, propose, resolve};
use crate::engine::decide::MachineDecision;
use crate::engine::error::LiveError;
use crate::engine::score::{Scored, Scorer, Scratch};
use crate::engine::value::Value;

/// From this many pieces of work on, a batch uses all threads.
const PARALLEL_FROM: usize = 64;

/// What a batch has touched so far.
#[derive(Default)]
struct Touched {
    /// Rows to score again.
    dirty: BTreeSet<u32>,
    /// Records whose row left its slot.
    left: BTreeSet<u64>,
    crossed: Crossed,
    guarded: FxHashSet<Guarded>,
    /// Rows whose components are clustered again.
    seeds: FxHashSet<u32>,
    /// Clusters that changed rows were in.
    clusters: BTreeSet<u64>,
    /// Contents of which a row came, went or was decided about.
    contents: BTreeSet<u64>,
    /// Records whose row stands aside now.
    turned: BTreeSet<u64>,
}

/// Rows that links and decisions connect.
struct Bonded {
    members: Vec<u32>,
    links: Vec<(u32, u32, f32)>,
}

impl Bonded {
    fn component(&self) -> Component<'_> {
        Component { members: &self.members, links: &self.links }
    }
}

impl Live {
    /// Applies changes in their order and says what they changed. Refuses the whole batch, and changes nothing, when a
    /// row does not fit the columns. Where postings rest elsewhere and cannot be read, what was changed until then stays:
    /// such a set is of no use any more.
    pub fn apply(&mut self, changes: Vec<Change>) -> Result<Delta, LiveError> {
        for change in &changes {
            if let Change::Upsert { id, values } = change {
                self.rows.check(*id, values)?;
            }
        }
        // Of several changes of one record, and of several decisions about one pair, only the last can matter.
        let mut records: BTreeMap<u64, Option<Vec<Value>>> = BTreeMap::new();
        let mut decisions = Vec::new();
        for change in changes {
            match change {
                Change::Upsert { id, values } => drop(records.insert(id, Some(values))),
                Change::Remove { id } => drop(records.insert(id, None)),
                Change::Decide { a, b, judgement } => decisions.push((a, b, judgement)),
            }
        }
        let records: Vec<(u64, Option<Vec<Value>>)> = records.into_iter().collect();
        if !self.prepared {
            self.prepare(&records)?;
        }
        self.prepared = false;
        self.half_changed = true;
        let mut touched = Touched::default();
        let mut decided = BTreeSet::new();
        for (a, b, judgement) in decisions {
            self.decisions.decide(a, b, judgement);
            decided.extend([a, b]);
        }
        self.replace(records, &mut touched);
        self.settle_guards(&mut touched)?;
        let decided_slots: Vec<u32> = decided.iter().filter_map(|id| self.slot_of(*id)).collect();
        self.load_keys_of(decided_slots.iter().copied())?;
        touched.contents.extend(decided_slots.iter().map(|slot| self.index.content_of(&self.rows, *slot)));
        self.settle_copies(&mut touched)?;
        self.enter_blocks(&mut touched)?;
        self.settle_blocks(&mut touched);
        self.score_dirty(&mut touched);
        touched.seeds.extend(decided_slots);
        self.half_changed = false;
        Ok(self.recluster(touched))
    }

    /// Takes changed rows out of the index and puts their new values into slots.
    fn replace(&mut self, records: Vec<(u64, Option<Vec<Value>>)>, touched: &mut Touched) {
        for (id, _) in &records {
            if let Some(slot) = self.slot_of.remove(&self.rows, *id) {
                if !self.rows.stands_aside(slot) {
                    self.detach(slot, touched);
                }
                touched.contents.insert(self.index.leave_content(&self.rows, slot));
                self.copies.leave(slot);
                self.index.leave_guards(&self.rows, slot, &mut touched.guarded);
                touched.left.insert(*id);
                touched.clusters.insert(self.clusters.set(slot, NO_CLUSTER));
                self.rows.remove(slot);
            }
        }
        for (id, values) in records {
            let Some(values) = values else { continue };
            let slot = self.rows.insert(id, &values);
            self.halves.reach(self.rows.slot_limit());
            self.clusters.reach(self.rows.slot_limit());
            self.slot_of.insert(&self.rows, slot);
            self.index.enter_guards(&self.rows, slot, &mut touched.guarded);
            touched.contents.insert(self.index.enter_content(&self.rows, slot));
            touched.dirty.insert(slot);
        }
    }

    /// Takes a row out of its blocks and cuts its edges.
    fn detach(&mut self, slot: u32, touched: &mut Touched) {
        self.index.leave(&self.rows, slot, &mut self.buffers.keys, &mut touched.crossed);
        touched.seeds.extend(self.halves.cut_all(slot));
    }

    /// Looks at the guarded values of changed rows again; rows whose value changed its meaning change, too.
    fn settle_guards(&mut self, touched: &mut Touched) -> Result<(), LiveError> {
        let mut flipped = BTreeSet::new();
        for guarded in std::mem::take(&mut touched.guarded) {
            flipped.extend(self.index.retry_guard(&self.rows, guarded));
        }
        self.load_keys_of(flipped.iter().copied())?;
        for slot in &flipped {
            touched.contents.insert(self.index.content_of(&self.rows, *slot));
            if !self.rows.stands_aside(*slot) && touched.dirty.insert(*slot) {
                self.detach(*slot, touched);
            }
        }
        for slot in touched.dirty.union(&flipped) {
            self.index.hide_tripped(&mut self.rows, *slot);
        }
        Ok(())
    }

    /// Settles anew which rows of the touched contents lead and which stand aside.
    fn settle_copies(&mut self, touched: &mut Touched) -> Result<(), LiveError> {
        for content in std::mem::take(&mut touched.contents) {
            let bucket = self.index.rows_of_content(content).to_vec();
            for twins in twins(&self.rows, &bucket, &self.decisions, &mut self.buffers.scratch) {
                for slot in twins.leading.iter().chain(&twins.aside) {
                    self.copies.forget(*slot);
                }
                for slot in &twins.leading {
                    if self.rows.stands_aside(*slot) {
                        self.rows.set_aside(*slot, false);
                        touched.dirty.insert(*slot);
                    }
                }
                touched.seeds.extend(&twins.leading);
                for slot in &twins.aside {
                    self.step_aside(*slot, touched)?;
                }
                self.copies.put(twins.leading[0], twins.aside);
            }
        }
        Ok(())
    }

    /// Takes a row that another one stands for from blocks, edges and clusters.
    fn step_aside(&mut self, slot: u32, touched: &mut Touched) -> Result<(), LiveError> {
        if self.rows.stands_aside(slot) {
            return Ok(());
        }
        if !touched.dirty.remove(&slot) {
            self.load_keys_of([slot])?;
            self.detach(slot, touched);
        }
        self.rows.set_aside(slot, true);
        touched.turned.insert(self.rows.id(slot));
        let cluster = self.clusters.of(slot);
        if cluster != NO_CLUSTER {
            touched.clusters.insert(cluster);
        }
        Ok(())
    }

    fn enter_blocks(&mut self, touched: &mut Touched) -> Result<(), LiveError> {
        self.load_keys_of(touched.dirty.iter().copied())?;
        for slot in &touched.dirty {
            self.index.enter(&self.rows, *slot, &mut self.buffers.keys, &mut touched.crossed);
        }
        self.index.sum_up(&self.rows, &mut touched.crossed);
        Ok(())
    }

    /// Opens blocks that are small enough again and closes those that became too large, for the rows that did not
    /// change themselves.
    fn settle_blocks(&mut self, touched: &mut Touched) {
        let plan = std::sync::Arc::clone(self.rows.plan());
        let mut flips: Vec<(Block, bool)> = Vec::new();
        for (block, was) in &touched.crossed {
            let is_open = self.index.is_open(*block, plan.rules()[block.0].max_block);
            if (*was == Was::Open) != is_open {
                flips.push((*block, is_open));
            }
        }
        flips.sort_unstable();
        for (block, opens) in flips {
            let rows = self.index.rows_of(block).iter().copied();
            let unchanged: Vec<u32> = rows.filter(|slot| !touched.dirty.contains(slot)).collect();
            if opens { self.open(&unchanged, touched) } else { self.close(&unchanged, touched) }
        }
    }

    fn open(&mut self, rows: &[u32], touched: &mut Touched) {
        let scorer = Scorer::new(&self.rows);
        let halves = &self.halves;
        let pairs_of = |at: usize, scratch: &mut Scratch| -> Vec<Scored> {
            let others = rows[at + 1..].iter().filter(|b| !halves.joined(rows[at], **b));
            others.filter_map(|b| scorer.edge(rows[at], *b, scratch)).collect()
        };
        let found: Vec<Vec<Scored>> = if rows.len() < PARALLEL_FROM {
            // Waiting for other threads would take longer than the few pairs of a usual block.
            (0..rows.len()).map(|at| pairs_of(at, &mut self.buffers.scratch)).collect()
        } else {
            (0..rows.len()).into_par_iter().map_init(Scratch::default, |s, at| pairs_of(at, s)).collect()
        };
        self.connect_all(found, touched);
    }

    fn close(&mut self, rows: &[u32], touched: &mut Touched) {
        let inside: FxHashSet<u32> = rows.iter().copied().collect();
        for slot in rows {
            let others = self.halves.of(*slot).map(|half| half.other);
            let others: Vec<u32> = others.filter(|other| other > slot && inside.contains(other)).collect();
            for other in others {
                if self.index.rules_of_pair(&self.rows, *slot, other, &mut self.buffers.keys).is_empty() {
                    self.halves.cut(*slot, other);
                    touched.seeds.extend([*slot, other]);
                }
            }
        }
    }

    /// Scores the candidates of changed rows.
    fn score_dirty(&mut self, touched: &mut Touched) {
        let scorer = Scorer::new(&self.rows);
        let (rows, index, dirty) = (&self.rows, &self.index, &touched.dirty);
        let edges_of = |Buffers { keys, scratch, candidates }: &mut Buffers, slot: u32| -> Vec<Scored> {
            index.candidates(rows, slot, keys, candidates);
            // A pair of two changed rows is scored once, from the higher slot.
            let once = candidates.iter().filter(|other| **other < slot || !dirty.contains(other));
            once.filter_map(|other| scorer.edge(slot, *other, scratch)).collect()
        };
        let found: Vec<Vec<Scored>> = if dirty.len() < PARALLEL_FROM {
            dirty.iter().map(|slot| edges_of(&mut self.buffers, *slot)).collect()
        } else {
            let slots: Vec<u32> = dirty.iter().copied().collect();
            slots.par_iter().map_init(Buffers::default, |buffers, slot| edges_of(buffers, *slot)).collect()
        };
        touched.seeds.extend(&touched.dirty);
        self.connect_all(found, touched);
    }

    fn connect_all(&mut self, found: Vec<Vec<Scored>>, touched: &mut Touched) {
        for scored in found.into_iter().flatten() {
            self.halves.connect(&scored);
            touched.seeds.extend([scored.a, scored.b]);
        }
    }

    /// Clusters the components of the touched rows again.
    fn recluster(&mut self, mut touched: Touched) -> Delta {
        // A decision is a bond, too: who was decided together with a row that left may now stand elsewhere.
        let partners = touched.left.iter().flat_map(|id| self.decisions.about(*id));
        touched.seeds.extend(partners.filter_map(|(other, _)| self.slot_of(other)));
        let components = self.components_of(&touched.seeds);
        let scorer = Scorer::new(&self.rows);
        let decisions = &self.decisions;
        let work = |scratch: &mut Scratch, bonded: &Bonded| resolve(bonded.component(), decisions, &scorer, scratch);
        let resolved: Vec<Resolved> = if components.len() < PARALLEL_FROM {
            components.iter().map(|component| work(&mut self.buffers.scratch, component)).collect()
        } else {
            components.par_iter().map_init(Scratch::default, work).collect()
        };
        let rows: Vec<u32> = components.iter().flat_map(|component| component.members.iter().copied()).collect();
        let mut ids: BTreeSet<u64> = rows.iter().map(|slot| self.rows.id(*slot)).collect();
        ids.extend(touched.left.iter().chain(&touched.turned));
        let mut delta = Delta::default();
        let refusals = self.replace_clusters(touched.clusters, &rows, resolved, &mut delta);
        self.replace_refusals(&ids, &refusals, &mut delta);
        self.replace_items(&ids, &rows, &refusals, &mut delta);
        delta
    }

    /// Components of links and decisions around some rows, single rows included.
    fn components_of(&self, seeds: &FxHashSet<u32>) -> Vec<Bonded> {
        let mut seen: FxHashSet<u32> = FxHashSet::default();
        let mut starts: Vec<u32> = seeds.iter().copied().filter(|slot| self.rows.alive(*slot)).collect();
        starts.retain(|slot| !self.rows.stands_aside(*slot));
        starts.sort_unstable_by_key(|slot| self.rows.id(*slot));
        let mut components = Vec::new();
        for start in starts {
            if !seen.insert(start) {
                continue;
            }
            let mut bonded = Bonded { members: vec![start], links: Vec::new() };
            let mut next = 0;
            while let Some(slot) = bonded.members.get(next).copied() {
                next += 1;
                let links = self.halves.of(slot).filter(|half| half.decision == MachineDecision::Link);
                for Half { other, weight, .. } in links {
                    if other > slot {
                        bonded.links.push((slot, other, weight));
                    }
                    bonded.members.extend(seen.insert(other).then_some(other));
                }
                let decided = self.decisions.about(self.rows.id(slot)).filter(|(_, v)| *v == Judgement::Same);
                for other in decided.filter_map(|(id, _)| self.slot_of(id)) {
                    bonded.members.extend(seen.insert(other).then_some(other));
                }
            }
            bonded.members.sort_unstable_by_key(|slot| self.rows.id(*slot));
            components.push(bonded);
        }
        components
    }

    /// Puts new clusters in the place of those that the rows, and the rows that left, were in.
    fn replace_clusters(
        &mut self,
        mut old: BTreeSet<u64>,
        rows: &[u32],
        resolved: Vec<Resolved>,
        delta: &mut Delta,
    ) -> Vec<(Refusal, (u64, u64))> {
        old.extend(rows.iter().map(|slot| self.clusters.of(*slot)).filter(|cluster| *cluster != NO_CLUSTER));
        let mut before: BTreeSet<Vec<u64>> = BTreeSet::new();
        for cluster in old {
            before.insert(self.clusters.take(cluster));
        }
        let mut after: BTreeSet<Vec<u64>> = BTreeSet::new();
        let mut refusals = Vec::new();
        for component in resolved {
            refusals.extend(component.refusals);
            for cluster in component.clusters {
                let cluster = self.copies.expand(&self.rows, cluster);
                let ids: Vec<u64> = cluster.iter().map(|slot| self.rows.id(*slot)).collect();
                for slot in &cluster {
                    self.clusters.set(*slot, ids[0]);
                }
                self.clusters.put(&ids);
                after.insert(ids);
            }
        }
        delta.before = before.difference(&after).cloned().collect();
        delta.after = after.difference(&before).cloned().collect();
        let of_id = |id: u64| {
            let slot = self.slot_of(id).expect("a refusal is about rows of its component");
            self.clusters.of(slot)
        };
        refusals.into_iter().map(|r: Refusal| (r, key(of_id(r.pair.0), of_id(r.pair.1)))).collect()
    }

    fn replace_refusals(&mut self, ids: &BTreeSet<u64>, new: &[(Refusal, (u64, u64))], delta: &mut Delta) {
        let mut old: BTreeMap<(u64, u64), Refusal> = BTreeMap::new();
        for id in ids {
            let pairs: Vec<(u64, u64)> =
                self.refusals.range((*id, 0)..=(*id, u64::MAX)).map(|(pair, _)| *pair).collect();
            old.extend(pairs.into_iter().filter_map(|pair| self.refusals.remove(&pair).map(|r| (pair, r))));
        }
        for (refusal, _) in new {
            if old.get(&refusal.pair) != Some(refusal) {
                delta.refused.push(*refusal);
            }
            self.refusals.insert(refusal.pair, *refusal);
        }
        delta.refused.sort_unstable_by_key(|refusal| refusal.pair);
    }

    fn replace_items(
        &mut self,
        ids: &BTreeSet<u64>,
        rows: &[u32],
        refusals: &[(Refusal, (u64, u64))],
        delta: &mut Delta,
    ) {
        let mut old = BTreeMap::new();
        for pair in ids.iter().flat_map(|id| self.items_about(*id)).collect::<Vec<_>>() {
            self.review_back.remove(&(pair.1, pair.0));
            old.extend(self.review.remove(&pair).map(|item| (pair, item)));
        }
        let edges = rows.iter().flat_map(|slot| self.halves.of(*slot).map(|half| self.scored(*slot, &half)));
        let items = propose(
            &self.rows,
            edges,
            |slot| self.clusters.of(slot),
            |cluster| self.clusters.members(cluster),
            &self.decisions,
            refusals,
        );
        for item in items {
            if old.remove(&item.pair).as_ref() != Some(&item) {
                delta.opened.push(item.clone());
            }
            self.review_back.insert((item.pair.1, item.pair.0));
            self.review.insert(item.pair, item);
        }
        delta.closed = old.into_keys().collect();
    }
}

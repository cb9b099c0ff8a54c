//! Rows that say the same in every column are one entity: the lowest record number stands for all of them, and the others
//! stand aside from blocking, scoring and the limits of clusters. So a record that came four hundred times neither fills
//! the blocks of others nor outgrows a cluster.
//!
//! Only where the words that they share would link two rows, whatever their unreadable values say: of rows that say next to
//! nothing each stays by itself. A record that a person judged stays by itself, too, because the judgement is about it and
//! not about its twins.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{Edge, copy_edge};
use crate::engine::cluster::{Decisions, Verdict};
use crate::engine::decide::Decision;
use crate::engine::rows::Rows;
use crate::engine::score::{Scorer, Scratch};

/// Which rows stand aside, and for whom.
#[derive(Debug, Default)]
pub(super) struct Copies {
    of: FxHashMap<u32, Vec<u32>>,
    leader: FxHashMap<u32, u32>,
}

/// Rows of one content: who leads, who stands aside for the first leader, and what two of them weigh.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Twins {
    pub(super) leading: Vec<u32>,
    pub(super) aside: Vec<u32>,
}

impl Copies {
    /// Lets copies stand aside in rows whose guards are applied.
    pub(super) fn find(rows: &mut Rows, decisions: &Decisions) -> Self {
        let slots: Vec<u32> = rows.slots().collect();
        let mut entries: Vec<(u64, u32)> = slots.par_iter().map(|slot| (rows.content_of_row(*slot), *slot)).collect();
        entries.par_sort_unstable();
        let buckets: Vec<&[(u64, u32)]> =
            entries.chunk_by(|x, y| x.0 == y.0).filter(|bucket| bucket.len() > 1).collect();
        let sorted: Vec<Vec<Twins>> = buckets
            .par_iter()
            .map_init(Scratch::default, |scratch, bucket| {
                let slots: Vec<u32> = bucket.iter().map(|(_, slot)| *slot).collect();
                twins(rows, &slots, decisions, scratch)
            })
            .collect();
        let mut copies = Self::default();
        for twins in sorted.into_iter().flatten().filter(|twins| !twins.aside.is_empty()) {
            twins.aside.iter().for_each(|slot| rows.set_aside(*slot, true));
            copies.put(twins.leading[0], twins.aside);
        }
        copies
    }

    /// Whether no row stands aside.
    pub(super) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// A cluster of leading rows with those that stand aside for them, by record number.
    pub(super) fn expand(&self, rows: &Rows, mut cluster: Vec<u32>) -> Vec<u32> {
        if self.is_empty() {
            return cluster;
        }
        let copies: Vec<u32> = cluster.iter().flat_map(|slot| self.of(*slot)).copied().collect();
        if !copies.is_empty() {
            cluster.extend(copies);
            cluster.sort_unstable_by_key(|slot| rows.id(*slot));
        }
        cluster
    }

    /// The edges between rows and those that stand aside for them.
    pub(super) fn edges(&self, rows: &Rows) -> Vec<Edge> {
        let (scorer, mut scratch) = (Scorer::new(rows), Scratch::default());
        let pairs = self.of.iter().flat_map(|(leader, copies)| copies.iter().map(|copy| (*leader, *copy)));
        pairs.map(|(leader, copy)| copy_edge(&scorer, leader, copy, &mut scratch)).collect()
    }

    /// The rows that stand aside for a row.
    pub(super) fn of(&self, leader: u32) -> &[u32] {
        self.of.get(&leader).map_or(&[], Vec::as_slice)
    }

    /// The row that stands for another one.
    pub(super) fn leader(&self, slot: u32) -> Option<u32> {
        self.leader.get(&slot).copied()
    }

    /// All rows that stand aside.
    pub(super) fn aside(&self) -> Vec<u32> {
        self.leader.keys().copied().collect()
    }

    /// Rows for which others stand aside, with these.
    pub(super) fn all(&self) -> impl Iterator<Item = (u32, &[u32])> {
        self.of.iter().map(|(leader, copies)| (*leader, copies.as_slice()))
    }

    /// Lets rows stand aside for another one, in the place of those that did so before.
    pub(super) fn put(&mut self, leader: u32, copies: Vec<u32>) {
        self.forget(leader);
        self.leader.extend(copies.iter().map(|copy| (*copy, leader)));
        if !copies.is_empty() {
            self.of.insert(leader, copies);
        }
    }

    /// A row is gone: nobody stands aside for it, and it stands aside for nobody.
    pub(super) fn leave(&mut self, slot: u32) {
        self.forget(slot);
        if let Some(leader) = self.leader.remove(&slot)
            && let Some(copies) = self.of.get_mut(&leader)
        {
            copies.retain(|copy| *copy != slot);
            if copies.is_empty() {
                self.of.remove(&leader);
            }
        }
    }

    /// Nobody stands aside for a row any more.
    pub(super) fn forget(&mut self, leader: u32) {
        for copy in self.of.remove(&leader).unwrap_or_default() {
            self.leader.remove(&copy);
        }
    }
}

/// Sorts rows of one hash: by equal content, then into those that lead and those that stand aside.
pub(super) fn twins(rows: &Rows, bucket: &[u32], decisions: &Decisions, scratch: &mut Scratch) -> Vec<Twins> {
    let mut left: Vec<u32> = bucket.to_vec();
    left.sort_unstable_by_key(|slot| rows.id(*slot));
    let mut found = Vec::new();
    while let Some(first) = left.first().copied() {
        let (same, rest): (Vec<u32>, Vec<u32>) = left.into_iter().partition(|slot| rows.same_content(first, *slot));
        left = rest;
        found.push(sort(rows, same, decisions, scratch));
    }
    found
}

/// Rows of one content, by record number.
fn sort(rows: &Rows, same: Vec<u32>, decisions: &Decisions, scratch: &mut Scratch) -> Twins {
    let alone = |same: Vec<u32>| Twins { leading: same, aside: Vec::new() };
    let [first, second, ..] = same.as_slice() else { return alone(same) };
    if Scorer::new(rows).score(*first, *second, scratch).judged.decision != Decision::Link {
        return alone(same);
    }
    if decisions.is_empty() {
        return Twins { leading: vec![*first], aside: same[1..].to_vec() };
    }
    let inside = |id: u64| same.iter().any(|slot| rows.id(*slot) == id);
    let parted = |slot: &u32| {
        decisions.about(rows.id(*slot)).any(|(other, verdict)| verdict == Verdict::Different && inside(other))
    };
    if same.iter().any(parted) {
        return alone(same);
    }
    let judged = |slot: &u32| decisions.about(rows.id(*slot)).next().is_some();
    let (mut leading, mut aside): (Vec<u32>, Vec<u32>) = same.iter().partition(|slot| **slot == *first || judged(slot));
    leading.sort_unstable_by_key(|slot| rows.id(*slot));
    aside.sort_unstable_by_key(|slot| rows.id(*slot));
    Twins { leading, aside }
}

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
use crate::engine::cluster::{Judgement, Judgements};
use crate::engine::decide::MachineDecision;
use crate::engine::error::CheckpointError;
use crate::engine::flat::{Sink, Source, require};
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

/// Sets of rows that say the same in every column, each by record number.
pub(super) struct EqualRows(Vec<Vec<u32>>);

impl EqualRows {
    /// Finds all sets of two and more.
    pub(super) fn find(rows: &Rows) -> Self {
        let slots: Vec<u32> = rows.slots().collect();
        let mut entries: Vec<(u64, u32)> = slots.par_iter().map(|slot| (rows.content_of_row(*slot), *slot)).collect();
        keep_repeated(&mut entries);
        entries.par_sort_unstable();
        let buckets: Vec<&[(u64, u32)]> =
            entries.chunk_by(|x, y| x.0 == y.0).filter(|bucket| bucket.len() > 1).collect();
        let sets = buckets.par_iter().flat_map_iter(|bucket| {
            let slots: Vec<u32> = bucket.iter().map(|(_, slot)| *slot).collect();
            equal_sets(rows, slots).into_iter().filter(|set| set.len() > 1)
        });
        Self(sets.collect())
    }

    /// Of each slot, whether a row with a lower record number says the same; nothing where no two rows do.
    pub(super) fn repeated(&self, rows: &Rows) -> Vec<bool> {
        let mut repeated = vec![false; if self.0.is_empty() { 0 } else { rows.slot_limit() }];
        self.0.iter().flat_map(|set| &set[1..]).for_each(|slot| repeated[*slot as usize] = true);
        repeated
    }
}

impl Copies {
    /// Lets copies stand aside in rows whose guards are applied.
    pub(super) fn find(rows: &mut Rows, decisions: &Judgements) -> Self {
        let equal = EqualRows::find(rows);
        Self::among(rows, equal, decisions)
    }

    /// The same, of rows of which it is known which are equal.
    pub(super) fn among(rows: &mut Rows, equal: EqualRows, decisions: &Judgements) -> Self {
        let sort = |scratch: &mut Scratch, set| sort(rows, set, decisions, scratch);
        let sorted: Vec<Twins> = equal.0.into_par_iter().map_init(Scratch::default, sort).collect();
        let mut copies = Self::default();
        for twins in sorted.into_iter().filter(|twins| !twins.aside.is_empty()) {
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

impl Copies {
    pub(super) fn write(&self, sink: &mut Sink<'_>) -> Result<(), CheckpointError> {
        let mut all: Vec<(u32, &[u32])> = self.all().collect();
        all.sort_unstable_by_key(|(leader, _)| *leader);
        sink.section(
            "rows that others stand aside for",
            all.iter().flat_map(|(leader, of)| of.iter().map(|_| *leader)),
        )?;
        sink.section("rows aside", all.iter().flat_map(|(_, of)| of.iter().copied()))
    }

    /// Reads which of these rows stand aside.
    pub(super) fn read(source: &mut Source<'_>, rows: &Rows) -> Result<Self, CheckpointError> {
        let leaders: Vec<u32> = source.section("rows that others stand aside for")?;
        let aside: Vec<u32> = source.exactly("rows aside", leaders.len())?;
        let mut copies = Self::default();
        let mut left = aside.as_slice();
        for of_leader in leaders.chunk_by(|a, b| a == b) {
            let (own, rest) = left.split_at(of_leader.len());
            left = rest;
            let leads = rows.holds(of_leader[0]) && !rows.stands_aside(of_leader[0]);
            let once =
                own.iter().all(|copy| rows.holds(*copy) && rows.stands_aside(*copy) && copies.leader(*copy).is_none());
            require("rows aside", leads && once && copies.of(of_leader[0]).is_empty())?;
            copies.put(of_leader[0], own.to_vec());
        }
        Ok(copies)
    }
}

/// Keeps rows whose hash another row has, too, and of the others one in sixteen or so: few rows are copies, and this is a
/// fraction of sorting them all.
fn keep_repeated(entries: &mut Vec<(u64, u32)>) {
    let places = (16 * entries.len()).next_power_of_two().max(64);
    let place = |hash: u64| {
        let place = hash as usize & (places - 1);
        (place / 64, 1u64 << (place % 64))
    };
    let (mut once, mut again) = (vec![0u64; places / 64], vec![0u64; places / 64]);
    for (hash, _) in entries.iter() {
        let (word, bit) = place(*hash);
        again[word] |= once[word] & bit;
        once[word] |= bit;
    }
    entries.retain(|(hash, _)| {
        let (word, bit) = place(*hash);
        again[word] & bit != 0
    });
}

/// Sorts rows of one hash: by equal content, then into those that lead and those that stand aside.
pub(super) fn twins(rows: &Rows, bucket: &[u32], decisions: &Judgements, scratch: &mut Scratch) -> Vec<Twins> {
    equal_sets(rows, bucket.to_vec()).into_iter().map(|same| sort(rows, same, decisions, scratch)).collect()
}

/// Rows of one hash by content, each set by record number.
fn equal_sets(rows: &Rows, mut left: Vec<u32>) -> Vec<Vec<u32>> {
    left.sort_unstable_by_key(|slot| rows.id(*slot));
    let mut sets = Vec::new();
    while let Some(first) = left.first().copied() {
        let (same, rest): (Vec<u32>, Vec<u32>) = left.into_iter().partition(|slot| rows.same_content(first, *slot));
        left = rest;
        sets.push(same);
    }
    sets
}

/// Rows of one content, by record number.
fn sort(rows: &Rows, same: Vec<u32>, decisions: &Judgements, scratch: &mut Scratch) -> Twins {
    let alone = |same: Vec<u32>| Twins { leading: same, aside: Vec::new() };
    let [first, second, ..] = same.as_slice() else { return alone(same) };
    if Scorer::new(rows).score(*first, *second, scratch).judged.decision != MachineDecision::Link {
        return alone(same);
    }
    if decisions.is_empty() {
        return Twins { leading: vec![*first], aside: same[1..].to_vec() };
    }
    let inside = |id: u64| same.iter().any(|slot| rows.id(*slot) == id);
    let parted = |slot: &u32| {
        decisions.about(rows.id(*slot)).any(|(other, judgement)| judgement == Judgement::Different && inside(other))
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

//! What people know about pairs: decisions of stewards about single pairs, or a truth that names the entity of rows.

use rustc_hash::FxHashMap;

use crate::engine::rows::Rows;

/// True pairs that training looks at, about; of more, every so many.
const MOST_TRUE_PAIRS: u64 = 2_000_000;
/// The entity of a row of which no truth speaks.
const NO_ENTITY: u32 = u32::MAX;

/// What is known about a pair.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum PairLabel {
    /// Nothing.
    #[default]
    No,
    /// They are the same.
    Match,
    /// They are different.
    Other,
}

/// Labels to train with.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    pairs: FxHashMap<(u64, u64), bool>,
    entities: FxHashMap<u64, u32>,
}

/// How many labels a training had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabelCount {
    /// Pairs known to match.
    pub matches: u64,
    /// Pairs known to be different.
    pub others: u64,
    /// The entity of every row is known, so that the chance of a match and the thresholds come from the labels, too.
    pub complete: bool,
}

impl Labels {
    /// No labels: training by expectation maximisation alone.
    pub fn none() -> Self {
        Self::default()
    }

    /// Decisions about pairs of records; of several about one pair, the last counts.
    pub fn of_pairs(decided: impl IntoIterator<Item = (u64, u64, bool)>) -> Self {
        let pairs = decided.into_iter().map(|(a, b, same)| ((a.min(b), a.max(b)), same)).collect();
        Self { pairs, entities: FxHashMap::default() }
    }

    /// The entity of each record that is known.
    pub fn of_entities(entities: impl IntoIterator<Item = (u64, u32)>) -> Self {
        Self { pairs: FxHashMap::default(), entities: entities.into_iter().collect() }
    }

    /// The same for the slots of rows: quick to look up.
    pub(super) fn by_slot(&self, rows: &Rows) -> SlotLabels {
        let mut entities = Vec::new();
        if !self.entities.is_empty() {
            entities = vec![NO_ENTITY; rows.slot_limit()];
            for slot in rows.slots() {
                entities[slot as usize] = self.entities.get(&rows.id(slot)).copied().unwrap_or(NO_ENTITY);
            }
        }
        let mut pairs = FxHashMap::default();
        if !self.pairs.is_empty() {
            let slot_of: FxHashMap<u64, u32> = rows.slots().map(|slot| (rows.id(slot), slot)).collect();
            for ((a, b), same) in &self.pairs {
                if let (Some(a), Some(b)) = (slot_of.get(a), slot_of.get(b)) {
                    pairs.insert((*a.min(b), *a.max(b)), *same);
                }
            }
        }
        let complete = !entities.is_empty() && rows.slots().all(|slot| entities[slot as usize] != NO_ENTITY);
        SlotLabels { pairs, entities, complete }
    }
}

/// Labels by slot.
pub(super) struct SlotLabels {
    pairs: FxHashMap<(u32, u32), bool>,
    entities: Vec<u32>,
    /// The entity of every row is known.
    pub(super) complete: bool,
}

impl SlotLabels {
    /// What is known about a pair.
    pub(super) fn of(&self, a: u32, b: u32) -> PairLabel {
        let same = if self.entities.is_empty() {
            if self.pairs.is_empty() { None } else { self.pairs.get(&(a.min(b), a.max(b))).copied() }
        } else {
            let (x, y) = (self.entities[a as usize], self.entities[b as usize]);
            (x != NO_ENTITY && y != NO_ENTITY).then_some(x == y)
        };
        match same {
            None => PairLabel::No,
            Some(true) => PairLabel::Match,
            Some(false) => PairLabel::Other,
        }
    }

    /// How many there are; `None` without any.
    pub(super) fn count(&self) -> Option<LabelCount> {
        if !self.pairs.is_empty() {
            let matches = self.pairs.values().filter(|same| **same).count() as u64;
            return Some(LabelCount { matches, others: self.pairs.len() as u64 - matches, complete: false });
        }
        let known = self.entities.iter().filter(|entity| **entity != NO_ENTITY).count() as u64;
        let matches: u64 = self.clusters().iter().map(|rows| pairs_of(rows.len())).sum();
        let others = known * known.saturating_sub(1) / 2 - matches;
        (known > 0).then_some(LabelCount { matches, others, complete: self.complete })
    }

    /// Pairs of rows of one entity, and how many of them one stands for.
    pub(super) fn true_pairs(&self) -> (Vec<(u32, u32)>, u64) {
        let clusters = self.clusters();
        let all: u64 = clusters.iter().map(|rows| pairs_of(rows.len())).sum();
        let step = all.div_ceil(MOST_TRUE_PAIRS).max(1);
        let of = |rows: &Vec<u32>| {
            let pair = |at: usize| rows[..at].iter().map(|earlier| (*earlier, rows[at])).collect::<Vec<_>>();
            (1..rows.len()).flat_map(pair).collect::<Vec<_>>()
        };
        (clusters.iter().flat_map(of).step_by(step as usize).collect(), step)
    }

    /// Slots of each entity with several rows, in the order of the entities.
    fn clusters(&self) -> Vec<Vec<u32>> {
        let known = (0u32..).zip(&self.entities).filter(|(_, entity)| **entity != NO_ENTITY);
        let mut slots: Vec<(u32, u32)> = known.map(|(slot, entity)| (*entity, slot)).collect();
        slots.sort_unstable();
        let several = slots.chunk_by(|a, b| a.0 == b.0).filter(|rows| rows.len() > 1);
        several.map(|rows| rows.iter().map(|(_, slot)| *slot).collect()).collect()
    }
}

fn pairs_of(rows: usize) -> u64 {
    (rows * rows.saturating_sub(1) / 2) as u64
}

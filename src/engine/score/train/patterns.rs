//! Pairs to counts of patterns: random pairs, candidate pairs, and pairs that meet a deterministic rule.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::super::{Scorer, Scratch};
use super::threshold::Weights;
use crate::engine::block::bulk::{Blocks, Partner, Partners};
use crate::engine::meter::{Meter, Stage};
use crate::engine::plan::{Pattern, Plan, Rule};
use crate::engine::rows::Rows;

/// Random pairs that one unit of work draws, with a seed of its own.
const PAIRS_PER_CHUNK: u64 = 1 << 15;

/// A pattern of levels, the comparisons that blocking did not force, and how many pairs have both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub(super) pattern: Pattern,
    /// Bit `c`: some rule that reads no column of comparison `c` gives these pairs.
    pub(super) free: u32,
    pub(super) count: u64,
}

/// Patterns of pairs, ascending, and how many pairs one counted pair stands for.
#[derive(Debug, Clone, Default)]
pub(super) struct Sampled {
    pub(super) cells: Vec<Cell>,
    pub(super) seen: u64,
    pub(super) scale: u64,
}

impl Sampled {
    fn new(counts: Counts, scale: u64) -> Self {
        let mut cells: Vec<Cell> =
            counts.into_iter().map(|((pattern, free), count)| Cell { pattern, free, count }).collect();
        cells.sort_unstable();
        let seen = cells.iter().map(|cell| cell.count).sum();
        Self { cells, seen, scale }
    }

    /// Pairs that the sample stands for, about.
    pub(super) fn pairs(&self) -> u64 {
        self.seen * self.scale
    }
}

/// Draws pairs of rows whose guards are applied.
pub(super) struct Sample<'a> {
    rows: &'a Rows,
    blocks: Blocks,
    /// Candidate pairs are looked at from one row in so many.
    scale: u64,
    meter: &'a Meter,
}

impl<'a> Sample<'a> {
    pub(super) fn new(rows: &'a Rows, meter: &'a Meter) -> Self {
        let blocks = Blocks::build(rows, meter);
        let training = rows.plan().training();
        let scale = blocks.pairs().div_ceil(training.candidate_pairs).max(1);
        meter.begin(Stage::Train, training.random_pairs + 2 * blocks.pairs() / scale);
        Self { rows, blocks, scale, meter }
    }

    /// The blocks that the pairs were drawn from.
    pub(super) fn into_blocks(self) -> Blocks {
        self.blocks
    }

    /// Random pairs, from the seed of the model and the record numbers alone.
    pub(super) fn random(&self) -> Sampled {
        let mut slots: Vec<u32> = self.rows.slots().collect();
        slots.sort_unstable_by_key(|slot| self.rows.id(*slot));
        let n = slots.len() as u64;
        if n < 2 {
            return Sampled::default();
        }
        let training = self.rows.plan().training();
        let wanted = training.random_pairs.min(n * (n - 1) / 2);
        let scorer = Scorer::new(self.rows);
        let chunk = |at: u64| {
            self.meter.add(PAIRS_PER_CHUNK);
            let mut rng = ChaCha8Rng::seed_from_u64(training.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ at);
            let (mut counts, mut scratch) = (FxHashMap::default(), Scratch::default());
            for _ in 0..PAIRS_PER_CHUNK.min(wanted - at * PAIRS_PER_CHUNK) {
                let a = below(&mut rng, n);
                let b = (a + 1 + below(&mut rng, n - 1)) % n;
                let pattern = scorer.pattern_of(slots[a as usize], slots[b as usize], &mut scratch);
                *counts.entry((pattern, u32::MAX)).or_default() += 1;
            }
            counts
        };
        let counts = (0..wanted.div_ceil(PAIRS_PER_CHUNK)).into_par_iter().map(chunk).reduce(FxHashMap::default, add);
        Sampled::new(counts, 1)
    }

    /// Candidate pairs: all, or those of every so many rows.
    pub(super) fn candidates(&self) -> Sampled {
        let counts = self.counts(&self.blocks, self.rows.plan().rules(), |row| self.is_sampled(row));
        Sampled::new(counts, self.scale)
    }

    /// Pairs that meet a deterministic rule of the model.
    pub(super) fn deterministic(&self) -> Sampled {
        let rules = &self.rows.plan().training().deterministic;
        let blocks = Blocks::of(self.rows, rules, &Meter::default());
        Sampled::new(self.counts(&blocks, rules, |_| true), 1)
    }

    /// Counts the patterns of the pairs that are seen from the wanted rows.
    fn counts(&self, blocks: &Blocks, rules: &[Rule], wanted: impl Fn(u32) -> bool + Sync + Send) -> Counts {
        let free: Vec<u32> = rules.iter().map(|rule| free_of(self.rows.plan(), rule)).collect();
        let scorer = Scorer::new(self.rows);
        let count = |mut counts: Counts, scratch: &mut Scratch, row, partner: &Partner| {
            let free = free.iter().enumerate().filter(|(rule, _)| partner.rules >> rule & 1 == 1);
            let free = free.fold(0, |mask, (_, free)| mask | free);
            *counts.entry((scorer.pattern_of(partner.slot, row, scratch), free)).or_default() += 1;
            counts
        };
        self.fold(blocks, wanted, count).reduce(Counts::default, add)
    }

    /// How many of the sampled candidate pairs weigh how much under a trained plan with the same columns.
    pub(super) fn weights(&self, plan: &Plan) -> Weights {
        let scorer = Scorer::under(self.rows, plan);
        let add = |mut weights: Weights, scratch: &mut Scratch, row, partner: &Partner| {
            weights.add(scorer.score(partner.slot, row, scratch).weight);
            weights
        };
        let weights = self.fold(&self.blocks, |row| self.is_sampled(row), add).reduce(Weights::default, Weights::merge);
        weights.scaled(self.scale)
    }

    /// Folds the pairs that are seen from the wanted rows, in pieces.
    fn fold<T: Default + Send>(
        &self,
        blocks: &Blocks,
        wanted: impl Fn(u32) -> bool + Sync + Send,
        add: impl Fn(T, &mut Scratch, u32, &Partner) -> T + Sync + Send,
    ) -> impl ParallelIterator<Item = T> {
        blocks.tasks().into_par_iter().map_init(<(Partners, Scratch)>::default, move |(partners, scratch), rows| {
            let (mut sum, mut looked) = (T::default(), 0);
            for row in rows.filter(|row| wanted(*row)) {
                let (partners, pairs) = blocks.partners(row, partners);
                looked += pairs;
                sum = partners.iter().fold(sum, |sum, partner| add(sum, scratch, row, partner));
            }
            self.meter.add(looked);
            sum
        })
    }

    /// Whether a row is one to look from: by its record number, so that the order of the rows is no matter.
    fn is_sampled(&self, row: u32) -> bool {
        xxh3_64(&self.rows.id(row).to_le_bytes()).is_multiple_of(self.scale)
    }
}

type Counts = FxHashMap<(Pattern, u32), u64>;

/// A number below `n`; with fewer than 2^32 rows none is likelier than another by more than 2^-32.
fn below(rng: &mut ChaCha8Rng, n: u64) -> u64 {
    (u128::from(rng.next_u64()) * u128::from(n) >> 64) as u64
}

/// The comparisons that read none of a rule's columns.
fn free_of(plan: &Plan, rule: &Rule) -> u32 {
    let free = |columns: &[usize]| !columns.iter().any(|column| rule.reads(*column));
    let comparisons = plan.comparisons().iter().enumerate().filter(|(_, c)| free(&c.columns));
    comparisons.fold(0, |mask, (c, _)| mask | 1 << c)
}

fn add(mut sum: Counts, part: Counts) -> Counts {
    if sum.len() < part.len() {
        return add(part, sum);
    }
    for (pattern, count) in part {
        *sum.entry(pattern).or_default() += count;
    }
    sum
}

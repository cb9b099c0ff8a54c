//! Pairs to counts of patterns: random pairs, candidate pairs, and pairs that meet a deterministic rule.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::super::{Scorer, Scratch};
use super::threshold::Weights;
use crate::engine::block::bulk::{Blocks, Task};
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
    fn new(counts: FxHashMap<(Pattern, u32), u64>, scale: u64) -> Self {
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
    tasks: Vec<Vec<Task>>,
    scale: usize,
}

impl<'a> Sample<'a> {
    pub(super) fn new(rows: &'a Rows) -> Self {
        let blocks = Blocks::build(rows);
        let tasks = blocks.tasks();
        let pairs: usize = tasks.iter().flatten().map(Task::pairs).sum();
        let scale = pairs.div_ceil(rows.plan().training().candidate_pairs as usize).max(1);
        Self { rows, blocks, tasks, scale }
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

    /// Candidate pairs: all, or every so many units of work.
    pub(super) fn candidates(&self) -> Sampled {
        let plan = self.rows.plan();
        let free: Vec<u32> = plan.rules().iter().map(|rule| free_of(plan, rule)).collect();
        let scorer = Scorer::new(self.rows);
        let counts = self
            .sampled_tasks()
            .map_init(Scratch::default, |scratch, tasks| {
                let mut counts = FxHashMap::default();
                for task in tasks {
                    self.blocks.sweep(task, |_, a, b| {
                        let free = self.blocks.rules_of(a, b).fold(0, |mask, rule| mask | free[rule]);
                        *counts.entry((scorer.pattern_of(a, b, scratch), free)).or_default() += 1;
                    });
                }
                counts
            })
            .reduce(FxHashMap::default, add);
        Sampled::new(counts, self.scale as u64)
    }

    /// Pairs that meet a deterministic rule of the model.
    pub(super) fn deterministic(&self) -> Sampled {
        let plan = self.rows.plan();
        let rules = &plan.training().deterministic;
        let blocks = Blocks::of(self.rows, rules);
        let free: Vec<u32> = rules.iter().map(|rule| free_of(plan, rule)).collect();
        let scorer = Scorer::new(self.rows);
        let counts = blocks
            .tasks()
            .par_iter()
            .map_init(Scratch::default, |scratch, tasks| {
                let mut counts = FxHashMap::default();
                for task in tasks {
                    blocks.sweep(task, |_, a, b| {
                        let free = blocks.rules_of(a, b).fold(0, |mask, rule| mask | free[rule]);
                        *counts.entry((scorer.pattern_of(a, b, scratch), free)).or_default() += 1;
                    });
                }
                counts
            })
            .reduce(FxHashMap::default, add);
        Sampled::new(counts, 1)
    }

    /// How many of the sampled candidate pairs weigh how much under a trained plan with the same columns.
    pub(super) fn weights(&self, plan: &Plan) -> Weights {
        let scorer = Scorer::under(self.rows, plan);
        let weights = self
            .sampled_tasks()
            .map_init(Scratch::default, |scratch, tasks| {
                let mut weights = Weights::default();
                for task in tasks {
                    self.blocks.sweep(task, |_, a, b| weights.add(scorer.score(a, b, scratch).weight));
                }
                weights
            })
            .reduce(Weights::default, Weights::merge);
        weights.scaled(self.scale as u64)
    }

    fn sampled_tasks(&self) -> impl IndexedParallelIterator<Item = &Vec<Task>> {
        self.tasks.par_iter().step_by(self.scale)
    }
}

/// Uniform in `0..n`, from raw bits: the samplers of other crates may change between their versions.
fn below(rng: &mut ChaCha8Rng, n: u64) -> u64 {
    ((u128::from(rng.next_u64()) * u128::from(n)) >> 64) as u64
}

/// The comparisons that read none of a rule's columns.
fn free_of(plan: &Plan, rule: &Rule) -> u32 {
    let free = |columns: &[usize]| !columns.iter().any(|column| rule.reads(*column));
    let comparisons = plan.comparisons().iter().enumerate().filter(|(_, c)| free(&c.columns));
    comparisons.fold(0, |mask, (c, _)| mask | 1 << c)
}

fn add(
    mut sum: FxHashMap<(Pattern, u32), u64>,
    part: FxHashMap<(Pattern, u32), u64>,
) -> FxHashMap<(Pattern, u32), u64> {
    if sum.len() < part.len() {
        return add(part, sum);
    }
    for (pattern, count) in part {
        *sum.entry(pattern).or_default() += count;
    }
    sum
}

//! Pairs to counts of patterns: random pairs, candidate pairs, and pairs that meet a deterministic rule.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::super::{Scorer, Scratch};
use super::labels::{Known, SlotLabels};
use super::threshold::Weights;
use crate::engine::block::bulk::{Blocks, Task};
use crate::engine::plan::{Pattern, Plan, Rule};
use crate::engine::rows::Rows;

/// Random pairs that one unit of work draws, with a seed of its own.
const PAIRS_PER_CHUNK: u64 = 1 << 15;

/// What distinguishes counted pairs: the levels, the comparisons that blocking did not force, and what is known of them.
type Seen = (Pattern, u32, Known);
/// Counts of pairs.
type Counts = FxHashMap<Seen, u64>;

/// A pattern of levels, the comparisons that blocking did not force, and how many pairs have both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub(super) pattern: Pattern,
    /// Bit `c`: some rule that reads no column of comparison `c` gives these pairs.
    pub(super) free: u32,
    /// What labels say about these pairs.
    pub(super) known: Known,
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
        let cell = |((pattern, free, known), count)| Cell { pattern, free, known, count };
        let mut cells: Vec<Cell> = counts.into_iter().map(cell).collect();
        cells.sort_unstable();
        let seen = cells.iter().map(|cell| cell.count).sum();
        Self { cells, seen, scale }
    }

    /// The same pairs as if nothing were known about them.
    pub(super) fn unlabelled(&self) -> Self {
        let cells = self.cells.iter().map(|cell| Cell { known: Known::No, ..*cell }).collect();
        Self { cells, ..*self }
    }

    /// Pairs that the sample stands for, about.
    pub(super) fn pairs(&self) -> u64 {
        self.seen * self.scale
    }
}

/// Draws pairs of rows whose guards are applied.
pub(super) struct Sample<'a> {
    rows: &'a Rows,
    labels: &'a SlotLabels,
    blocks: Blocks,
    tasks: Vec<Vec<Task>>,
    scale: usize,
}

impl<'a> Sample<'a> {
    pub(super) fn new(rows: &'a Rows, labels: &'a SlotLabels) -> Self {
        let blocks = Blocks::build(rows);
        let tasks = blocks.tasks();
        let pairs: usize = tasks.iter().flatten().map(Task::pairs).sum();
        let scale = pairs.div_ceil(rows.plan().training().candidate_pairs as usize).max(1);
        Self { rows, labels, blocks, tasks, scale }
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The plan of the rows.
    pub(super) fn plan(&self) -> &Plan {
        self.rows.plan()
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
            let (mut counts, mut scratch) = (Counts::default(), Scratch::default());
            for _ in 0..PAIRS_PER_CHUNK.min(wanted - at * PAIRS_PER_CHUNK) {
                let a = below(&mut rng, n);
                let b = (a + 1 + below(&mut rng, n - 1)) % n;
                let (a, b) = (slots[a as usize], slots[b as usize]);
                let pattern = scorer.pattern_of(a, b, &mut scratch);
                *counts.entry((pattern, u32::MAX, self.labels.of(a, b))).or_default() += 1;
            }
            counts
        };
        let counts = (0..wanted.div_ceil(PAIRS_PER_CHUNK)).into_par_iter().map(chunk).reduce(Counts::default, add);
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
                let mut counts = Counts::default();
                for task in tasks {
                    self.blocks.sweep(task, |_, a, b| {
                        let free = self.blocks.rules_of(a, b).fold(0, |mask, rule| mask | free[rule]);
                        let seen = (scorer.pattern_of(a, b, scratch), free, self.labels.of(a, b));
                        *counts.entry(seen).or_default() += 1;
                    });
                }
                counts
            })
            .reduce(Counts::default, add);
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
                let mut counts = Counts::default();
                for task in tasks {
                    blocks.sweep(task, |_, a, b| {
                        let free = blocks.rules_of(a, b).fold(0, |mask, rule| mask | free[rule]);
                        *counts.entry((scorer.pattern_of(a, b, scratch), free, Known::No)).or_default() += 1;
                    });
                }
                counts
            })
            .reduce(Counts::default, add);
        Sampled::new(counts, 1)
    }

    /// All pairs that are known to match, whether blocking finds them or not.
    pub(super) fn known_matches(&self) -> Sampled {
        let (pairs, scale) = self.labels.true_pairs();
        let scorer = Scorer::new(self.rows);
        let count = |(mut counts, mut scratch): (Counts, Scratch), (a, b): &(u32, u32)| {
            let seen = (scorer.pattern_of(*a, *b, &mut scratch), u32::MAX, Known::Match);
            *counts.entry(seen).or_default() += 1;
            (counts, scratch)
        };
        let counts = pairs.par_iter().fold(Default::default, count).map(|(counts, _)| counts);
        Sampled::new(counts.reduce(Counts::default, add), scale)
    }

    /// How many of the sampled candidate pairs weigh how much under a trained plan with the same columns: all of them,
    /// and those that are known to match.
    pub(super) fn weights(&self, plan: &Plan) -> (Weights, Weights) {
        let scorer = Scorer::under(self.rows, plan);
        let (all, known) = self
            .sampled_tasks()
            .map_init(Scratch::default, |scratch, tasks| {
                let (mut all, mut known) = (Weights::default(), Weights::default());
                for task in tasks {
                    self.blocks.sweep(task, |_, a, b| {
                        let weight = scorer.score(a, b, scratch).weight;
                        all.add(weight);
                        if self.labels.of(a, b) == Known::Match {
                            known.add(weight);
                        }
                    });
                }
                (all, known)
            })
            .reduce(Default::default, |(all, known), (more, more_known)| (all.merge(more), known.merge(more_known)));
        (all.scaled(self.scale as u64), known.scaled(self.scale as u64))
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

fn add(mut sum: Counts, part: Counts) -> Counts {
    if sum.len() < part.len() {
        return add(part, sum);
    }
    for (seen, count) in part {
        *sum.entry(seen).or_default() += count;
    }
    sum
}

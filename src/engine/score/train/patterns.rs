//! Pairs to counts of patterns: random pairs, candidate pairs, and pairs that meet a deterministic rule.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::xxh3_64;

use super::super::{Scored, Scorer, Scratch};
use super::labels::{PairLabel, SlotLabels};
use super::threshold::Weights;
use crate::engine::block::bulk::{Blocks, Partner, Partners};
use crate::engine::meter::{Meter, Stage};
use crate::engine::plan::{Pattern, Plan, Rule, TrainingBlocks};
use crate::engine::rows::Rows;

/// Random pairs whose rows are touched together, so that the waits for their memory overlap.
const PAIRS_AT_ONCE: usize = 16;
/// Pairs that meet a deterministic rule and are looked at, about: they only say where to begin.
const DETERMINISTIC_PAIRS: u64 = 100_000;
/// Random pairs that one unit of work draws, with a seed of its own.
const PAIRS_PER_CHUNK: u64 = 1 << 15;

/// What distinguishes counted pairs: the levels, the comparisons that blocking did not force, and what is known of them.
type Seen = (Pattern, u32, PairLabel);
/// Counts of pairs.
type Counts = FxHashMap<Seen, u64>;

/// A pattern of levels, the comparisons that blocking did not force, and how many pairs have both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub(super) pattern: Pattern,
    /// Bit `c`: some rule that reads no column of comparison `c` gives these pairs.
    pub(super) free: u32,
    /// What labels say about these pairs.
    pub(super) known: PairLabel,
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
        let cells = self.cells.iter().map(|cell| Cell { known: PairLabel::No, ..*cell }).collect();
        Self { cells, ..*self }
    }

    /// Pairs that the sample stands for, about.
    pub(super) fn pairs(&self) -> u64 {
        self.seen * self.scale
    }
}

/// Pairs in blocks, and the rules that count.
struct Pairs<'a> {
    blocks: &'a Blocks,
    rules: &'a [Rule],
    /// Bit `r`: pairs of rule `r` count.
    which: u64,
}

/// Draws pairs of rows whose guards are applied.
pub(super) struct Sample<'a> {
    rows: &'a Rows,
    labels: &'a SlotLabels,
    blocks: Blocks,
    /// Candidate pairs are looked at from one row in so many.
    scale: u64,
    meter: &'a Meter,
}

impl<'a> Sample<'a> {
    pub(super) fn new(rows: &'a Rows, labels: &'a SlotLabels, repeated: &[bool], meter: &'a Meter) -> Self {
        let blocks = Blocks::build_for_all(rows, repeated, meter);
        let training = rows.plan().training();
        let scale = blocks.pairs().div_ceil(training.candidate_pairs).max(1);
        meter.begin(Stage::Train, training.random_pairs + 2 * blocks.pairs() / scale);
        Self { rows, labels, blocks, scale, meter }
    }

    /// The blocks that the pairs were drawn from.
    pub(super) fn into_blocks(self) -> Blocks {
        self.blocks
    }

    /// The rows.
    pub(super) fn all(&self) -> &'a Rows {
        self.rows
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The plan of the rows.
    pub(super) fn plan(&self) -> &Plan {
        self.rows.plan()
    }

    /// Rows in the order that pairs are drawn in: by what they say, so that a file whose lines were shuffled teaches the same.
    /// Where only some of the candidate pairs are looked at, which ones depends on the record numbers, and so may this.
    fn in_order(&self) -> Vec<u32> {
        let mut slots: Vec<u32> = self.rows.slots().collect();
        if self.scale > 1 {
            slots.sort_unstable_by_key(|slot| self.rows.id(*slot));
            return slots;
        }
        let content = |slot: u32| {
            let mut said = Vec::with_capacity(8 * self.rows.plan().fields().len());
            for field in self.rows.plan().fields() {
                let cell = self.rows.cell(slot, *field);
                let hash = if cell == 0 { None } else { self.rows.content(*field, cell) };
                said.extend(hash.map_or([u8::from(cell != 0); 8], u64::to_le_bytes));
            }
            xxh3_64(&said)
        };
        let mut keyed: Vec<(u64, u64, u32)> =
            slots.par_iter().map(|slot| (content(*slot), self.rows.id(*slot), *slot)).collect();
        keyed.par_sort_unstable();
        keyed.into_iter().map(|(.., slot)| slot).collect()
    }

    /// Random pairs, from the seed of the model and the rows alone; all pairs where there are no more than are wanted.
    pub(super) fn random(&self) -> Sampled {
        let slots = self.in_order();
        let n = slots.len() as u64;
        if n < 2 {
            return Sampled::default();
        }
        let training = self.rows.plan().training();
        let all = n * (n - 1) / 2;
        let wanted = training.random_pairs.min(all);
        let scorer = Scorer::new(self.rows);
        let chunk = |at: u64| {
            self.meter.add(PAIRS_PER_CHUNK);
            let mut rng = ChaCha8Rng::seed_from_u64(training.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ at);
            let (mut counts, mut scratch) = (Counts::default(), Scratch::default());
            let mut left = PAIRS_PER_CHUNK.min(wanted - at * PAIRS_PER_CHUNK);
            let mut nth = at * PAIRS_PER_CHUNK;
            while left > 0 {
                let mut draw = || {
                    nth += 1;
                    let (a, b) = if wanted == all { nth_pair((nth - 1) % all) } else { two_of(&mut rng, n) };
                    (slots[a as usize], slots[b as usize])
                };
                let pairs: [(u32, u32); PAIRS_AT_ONCE] = std::array::from_fn(|_| draw());
                let pairs = &pairs[..left.min(PAIRS_AT_ONCE as u64) as usize];
                left -= pairs.len() as u64;
                let touched = pairs.iter().fold(0, |sum, (a, b)| sum ^ self.rows.touch(*a) ^ self.rows.touch(*b));
                std::hint::black_box(touched);
                for (a, b) in pairs {
                    let pattern = scorer.pattern_of(*a, *b, &mut scratch);
                    *counts.entry((pattern, u32::MAX, self.labels.of(*a, *b))).or_default() += 1;
                }
            }
            counts
        };
        let counts = (0..wanted.div_ceil(PAIRS_PER_CHUNK)).into_par_iter().map(chunk).reduce(Counts::default, add);
        Sampled::new(counts, 1)
    }

    /// The pairs that m is learned from: all that the rules for training give, or those of every so many rows.
    pub(super) fn candidates(&self) -> Sampled {
        let known = |a, b| self.labels.of(a, b);
        match &self.rows.plan().training().blocks {
            TrainingBlocks::Shared(which) => {
                let pairs = Pairs { blocks: &self.blocks, rules: self.rows.plan().rules(), which: *which };
                Sampled::new(self.counts(&pairs, |row| self.is_sampled(row, self.scale), known), self.scale)
            }
            TrainingBlocks::Own(rules) => {
                let blocks = self.blocks.of_others(self.rows, rules);
                let scale = blocks.pairs().div_ceil(self.rows.plan().training().candidate_pairs).max(1);
                let pairs = Pairs { blocks: &blocks, rules, which: u64::MAX };
                Sampled::new(self.counts(&pairs, |row| self.is_sampled(row, scale), known), scale)
            }
        }
    }

    /// Pairs that meet a deterministic rule of the model.
    pub(super) fn deterministic(&self) -> Sampled {
        let rules = &self.rows.plan().training().deterministic;
        let blocks = self.blocks.of_others(self.rows, rules);
        let scale = blocks.pairs().div_ceil(DETERMINISTIC_PAIRS).max(1);
        let pairs = Pairs { blocks: &blocks, rules, which: u64::MAX };
        Sampled::new(self.counts(&pairs, |row| self.is_sampled(row, scale), |_, _| PairLabel::No), scale)
    }

    /// Counts the patterns of the pairs that are seen from the wanted rows.
    fn counts(
        &self,
        pairs: &Pairs<'_>,
        wanted: impl Fn(u32) -> bool + Sync + Send,
        known: impl Fn(u32, u32) -> PairLabel + Sync + Send,
    ) -> Counts {
        let free: Vec<u32> = pairs.rules.iter().map(|rule| free_of(self.rows.plan(), rule)).collect();
        let scorer = Scorer::new(self.rows);
        let count = |counts: &mut Counts, scratch: &mut Scratch, row, partner: Partner| {
            let given = partner.rules & pairs.which;
            if given == 0 {
                return;
            }
            let free = free.iter().enumerate().filter(|(rule, _)| given >> rule & 1 == 1);
            let free = free.fold(0, |mask, (_, free)| mask | free);
            let seen = (scorer.pattern_of(partner.slot, row, scratch), free, known(partner.slot, row));
            *counts.entry(seen).or_default() += 1;
        };
        self.fold(pairs.blocks, wanted, count).reduce(Counts::default, add)
    }

    /// All pairs that are known to match, whether blocking finds them or not.
    pub(super) fn known_matches(&self) -> Sampled {
        let (pairs, scale) = self.labels.true_pairs();
        let scorer = Scorer::new(self.rows);
        let count = |(mut counts, mut scratch): (Counts, Scratch), (a, b): &(u32, u32)| {
            let seen = (scorer.pattern_of(*a, *b, &mut scratch), u32::MAX, PairLabel::Match);
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
        let add = |(all, known): &mut (Weights, Weights), scratch: &mut Scratch, row, partner: Partner| {
            let weight = scorer.score(partner.slot, row, scratch).weight;
            all.add(weight);
            if self.labels.of(partner.slot, row) == PairLabel::Match {
                known.add(weight);
            }
        };
        let sums = self.fold(&self.blocks, |row| self.is_sampled(row, self.scale), add);
        let merge = |(all, known): (Weights, Weights), (more, more_known)| (all.merge(more), known.merge(more_known));
        let (all, known) = sums.reduce(Default::default, merge);
        (all.scaled(self.scale), known.scaled(self.scale))
    }

    /// All candidate pairs at or above `review` under a plan, the heaviest first.
    pub(super) fn edges(&self, plan: &Plan) -> Vec<Scored> {
        let scorer = Scorer::under(self.rows, plan).for_many();
        let of_task = |(partners, scratch): &mut (Partners, Scratch), slots| {
            let mut edges = Vec::new();
            self.blocks.sweep(
                self.rows,
                slots,
                |_| true,
                partners,
                |row, partners| {
                    let others = partners.iter().map(|partner| partner.slot);
                    scorer.edges(row, others, scratch, |_, edge| edges.push(edge));
                },
            );
            edges
        };
        let tasks = self.blocks.tasks().into_par_iter().map_init(<(Partners, Scratch)>::default, of_task);
        let mut edges: Vec<Scored> = tasks.flatten_iter().collect();
        let pair = |edge: &Scored| (self.rows.id(edge.a), self.rows.id(edge.b));
        edges.par_sort_unstable_by(|x, y| y.weight.total_cmp(&x.weight).then_with(|| pair(x).cmp(&pair(y))));
        edges
    }

    /// Folds the pairs that are seen from the wanted rows, in pieces.
    fn fold<T: Default + Send>(
        &self,
        blocks: &Blocks,
        wanted: impl Fn(u32) -> bool + Sync + Send,
        add: impl Fn(&mut T, &mut Scratch, u32, Partner) + Sync + Send,
    ) -> impl ParallelIterator<Item = T> {
        blocks.tasks().into_par_iter().map_init(<(Partners, Scratch)>::default, move |(partners, scratch), slots| {
            let mut sum = T::default();
            let looked = blocks.sweep(self.rows, slots, &wanted, partners, |row, partners| {
                for partner in partners {
                    add(&mut sum, scratch, row, *partner);
                }
            });
            self.meter.add(looked);
            sum
        })
    }

    /// Whether a row is one to look from: by its record number, so that the order of the rows is no matter.
    fn is_sampled(&self, row: u32, scale: u64) -> bool {
        xxh3_64(&self.rows.id(row).to_le_bytes()).is_multiple_of(scale)
    }
}

/// Two different numbers below `n`.
fn two_of(rng: &mut ChaCha8Rng, n: u64) -> (u64, u64) {
    let a = below(rng, n);
    (a, (a + 1 + below(rng, n - 1)) % n)
}

/// The pairs of different numbers in a row: (0, 1), (0, 2), (1, 2), (0, 3) and so on.
fn nth_pair(nth: u64) -> (u64, u64) {
    let later = (nth * 2).isqrt();
    let later = if later * (later + 1) / 2 <= nth { later + 1 } else { later };
    (nth - later * (later - 1) / 2, later)
}

/// Uniform in `0..n`, from raw bits: the samplers of other crates may change between their versions.
fn below(rng: &mut ChaCha8Rng, n: u64) -> u64 {
    ((u128::from(rng.next_u64()) * u128::from(n)) >> 64) as u64
}

/// The comparisons that say nothing of what a rule asks: none of the fields they are made from is one of the rule's.
///
/// Two columns made from one field are the same here: a birth date says whether the years agree. So is what the levels of a
/// comparison ask of others.
pub(super) fn free_of(plan: &Plan, rule: &Rule) -> u32 {
    let fields = |reads: &dyn Fn(usize) -> bool| -> FxHashSet<&str> {
        let read = plan.columns().iter().enumerate().filter(|(column, _)| reads(*column));
        read.flat_map(|(_, column)| column.from.split(['|', '+']).map(str::trim)).collect()
    };
    let chosen_by = fields(&|column| rule.reads(column));
    let (mut forced, mut free) = (0u32, 0u32);
    // A level asks for comparisons that stand further up only.
    for (c, comparison) in plan.comparisons().iter().enumerate() {
        let own = fields(&|column| comparison.columns.contains(&column));
        if comparison.asks() & forced != 0 || !own.is_disjoint(&chosen_by) {
            forced |= 1 << c;
        } else {
            free |= 1 << c;
        }
    }
    free
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

#[cfg(test)]
mod tests {
    use super::nth_pair;

    #[test]
    fn every_pair_of_a_small_table_comes_once() {
        for n in 2..60_u64 {
            let mut pairs: Vec<(u64, u64)> = (0..n * (n - 1) / 2).map(nth_pair).collect();
            assert!(pairs.iter().all(|(a, b)| a < b && *b < n), "{n}");
            pairs.sort_unstable();
            pairs.dedup();
            assert_eq!(pairs.len() as u64, n * (n - 1) / 2, "{n}");
        }
    }
}

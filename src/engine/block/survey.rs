//! What each blocking rule costs and what it brings: the figures by which a person chooses rules.
//!
//! One sweep over the candidate pairs asks for each of them which rules give it, so that every figure of every rule
//! comes from the same pairs that matching compares.

use std::cmp::Reverse;

use rayon::prelude::*;

use super::StopKey;
use super::bulk::{Blocks, Partners};
use super::guard;
use super::keys::{KeyScratch, keys_of};
use crate::engine::meter::Meter;
use crate::engine::plan::Rule;
use crate::engine::rows::Rows;

/// Rows of a block that are named, to look at.
const EXAMPLES: usize = 5;
/// (key, row) entries that one pass sorts, about.
const ENTRIES_PER_PASS: usize = 1 << 23;
/// Keys of one row, about, under a rule that gives several.
const MANY: usize = 8;

/// Whether two records, by number, are known to be the same.
pub type SameEntity<'a> = &'a (dyn Fn(u64, u64) -> bool + Sync);

/// What the blocking rules of a plan do with a set of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// One entry a rule, in the order of the model.
    pub rules: Vec<RuleSurvey>,
    /// Candidate pairs, each counted once.
    pub pairs: u64,
    /// Those of them that are true, where a truth was given.
    pub true_pairs: u64,
}

/// What one rule does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleSurvey {
    /// The rule.
    pub rule: String,
    /// The pairs it gives.
    pub all: Share,
    /// Those that no earlier rule gives.
    pub new: Share,
    /// Those that no other rule gives: what would be lost without it.
    pub only: Share,
    /// Blocks of at least two rows that are compared.
    pub blocks: u64,
    /// The largest of them, the largest first.
    pub largest: Vec<LargeBlock>,
    /// Keys that too many rows share, so that the rule skips them; the most common first.
    pub stop_keys: Vec<LargeBlock>,
}

/// Pairs, and how many of them are known to be true.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Pairs.
    pub pairs: u64,
    /// True ones.
    pub true_pairs: u64,
}

/// A key with many rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LargeBlock {
    /// Hash of the key, as a model's `stop_keys` take it.
    pub key: u64,
    /// Rows that have it.
    pub rows: usize,
    /// Some of them, by record number, spread over the block.
    pub examples: Vec<u64>,
}

impl Share {
    fn add(&mut self, is_true: bool) {
        self.pairs += 1;
        self.true_pairs += u64::from(is_true);
    }

    fn merge(&mut self, other: Self) {
        self.pairs += other.pairs;
        self.true_pairs += other.true_pairs;
    }
}

/// Counts of all rules: all, new, only.
type Counts = Vec<[Share; 3]>;

/// Surveys the rules of the rows' plan. Applies the plan's guards to the rows.
///
/// `largest` is how many blocks of each rule are named. Costs blocking twice, and no comparison.
pub fn survey(rows: &mut Rows, same: Option<SameEntity<'_>>, largest: usize) -> Survey {
    guard::apply(rows);
    let counts = counts(rows, same);
    let plan = rows.plan();
    let rules: Vec<RuleSurvey> = plan
        .rules()
        .iter()
        .zip(&counts)
        .map(|(rule, [all, new, only])| {
            let sizes = Sizes::of(rows, rule, largest);
            RuleSurvey {
                rule: rule.name.clone(),
                all: *all,
                new: *new,
                only: *only,
                blocks: sizes.blocks,
                largest: sizes.largest,
                stop_keys: sizes.stop_keys,
            }
        })
        .collect();
    let sum = |of: fn(&Share) -> u64| rules.iter().map(|rule| of(&rule.new)).sum();
    Survey { pairs: sum(|share| share.pairs), true_pairs: sum(|share| share.true_pairs), rules }
}

fn counts(rows: &Rows, same: Option<SameEntity<'_>>) -> Counts {
    let blocks = Blocks::build(rows, &Meter::default());
    let none = || vec![[Share::default(); 3]; rows.plan().rules().len()];
    let is_true = |a, b| same.is_some_and(|same| same(rows.id(a), rows.id(b)));
    let count = |partners: &mut Partners, slots: std::ops::Range<u32>| {
        let mut counts = none();
        blocks.sweep(
            rows,
            slots,
            |_| true,
            partners,
            |row, partners| {
                for partner in partners {
                    let hit = is_true(partner.slot, row);
                    let given = |rule: &usize| partner.rules >> rule & 1 == 1;
                    (0..counts.len()).filter(given).for_each(|rule| counts[rule][0].add(hit));
                    counts[partner.rule()][1].add(hit);
                    if partner.rules.is_power_of_two() {
                        counts[partner.rule()][2].add(hit);
                    }
                }
            },
        );
        counts
    };
    let add = |mut sum: Counts, part: Counts| {
        sum.iter_mut().flatten().zip(part.into_iter().flatten()).for_each(|(sum, part)| sum.merge(part));
        sum
    };
    blocks.tasks().into_par_iter().map_init(Partners::default, count).reduce(none, add)
}

/// Blocks of one rule by size.
#[derive(Default)]
struct Sizes {
    blocks: u64,
    largest: Vec<LargeBlock>,
    stop_keys: Vec<LargeBlock>,
}

impl Sizes {
    fn of(rows: &Rows, rule: &Rule, most: usize) -> Self {
        let slots: Vec<u32> = rows.slots().collect();
        let entries = slots.len() * if rule.many { MANY } else { 1 };
        let passes = entries.div_ceil(ENTRIES_PER_PASS).max(1) as u64;
        let mut sizes = Self::default();
        for pass in 0..passes {
            let keys = |(scratch, keys): &mut (KeyScratch, Vec<u64>), slot: &u32| {
                keys_of(rows, rule, *slot, scratch, keys);
                keys.iter().filter(|key| **key % passes == pass).map(|key| (*key, *slot)).collect::<Vec<_>>()
            };
            let mut entries: Vec<(u64, u32)> =
                slots.par_iter().map_init(Default::default, keys).flatten_iter().collect();
            entries.par_sort_unstable();
            for block in entries.chunk_by(|x, y| x.0 == y.0).filter(|block| block.len() > 1) {
                sizes.keep(rows, rule, block, most);
            }
        }
        sizes.cut(most);
        sizes.stop_keys.sort_unstable_by_key(|block| (Reverse(block.rows), block.key));
        sizes
    }

    fn keep(&mut self, rows: &Rows, rule: &Rule, block: &[(u64, u32)], most: usize) {
        let large = || LargeBlock { key: block[0].0, rows: block.len(), examples: examples(rows, block) };
        if block.len() > rule.max_block {
            self.stop_keys.push(large());
            return;
        }
        self.blocks += 1;
        if self.largest.len() < most || self.largest.iter().any(|known| known.rows <= block.len()) {
            self.largest.push(large());
        }
        if self.largest.len() > most * 4 {
            self.cut(most);
        }
    }

    fn cut(&mut self, most: usize) {
        self.largest.sort_unstable_by_key(|block| (Reverse(block.rows), block.key));
        self.largest.truncate(most);
    }
}

/// Some rows of a block, spread over it, by record number.
fn examples(rows: &Rows, block: &[(u64, u32)]) -> Vec<u64> {
    let mut ids: Vec<u64> = block.iter().map(|(_, slot)| rows.id(*slot)).collect();
    ids.sort_unstable();
    let wanted = ids.len().min(EXAMPLES);
    (0..wanted).map(|at| ids[at * ids.len() / wanted]).collect()
}

/// The rules that give a pair of slots, ascending, and those that would but for a key that too many rows share.
///
/// Looks at all rows for each rule whose key the two share: for one pair, not for many.
pub(crate) fn rules_of_pair(rows: &Rows, a: u32, b: u32) -> (Vec<usize>, Vec<StopKey>) {
    let (mut given, mut stopped) = (Vec::new(), Vec::new());
    let (mut scratch, mut of_a, mut of_b) = (KeyScratch::default(), Vec::new(), Vec::new());
    for (index, rule) in rows.plan().rules().iter().enumerate() {
        keys_of(rows, rule, a, &mut scratch, &mut of_a);
        keys_of(rows, rule, b, &mut scratch, &mut of_b);
        let shared: Vec<u64> = of_a.iter().copied().filter(|key| of_b.contains(key)).collect();
        if shared.is_empty() {
            continue;
        }
        let sizes = sharing(rows, rule, &shared);
        if sizes.iter().any(|size| *size <= rule.max_block) {
            given.push(index);
        } else if let Some((key, size)) = shared.iter().zip(sizes).min_by_key(|(_, size)| *size) {
            let example = rows.id(a).min(rows.id(b));
            stopped.push(StopKey { rule: rule.name.clone(), key: *key, rows: size, example });
        }
    }
    (given, stopped)
}

/// How many rows have each of these keys.
fn sharing(rows: &Rows, rule: &Rule, wanted: &[u64]) -> Vec<usize> {
    let slots: Vec<u32> = rows.slots().collect();
    let none = || vec![0; wanted.len()];
    let count = |(scratch, keys): &mut (KeyScratch, Vec<u64>), slot: &u32| {
        keys_of(rows, rule, *slot, scratch, keys);
        wanted.iter().map(|key| usize::from(keys.contains(key))).collect::<Vec<_>>()
    };
    let add = |mut sum: Vec<usize>, part: Vec<usize>| {
        sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        sum
    };
    slots.par_iter().map_init(Default::default, count).reduce(none, add)
}

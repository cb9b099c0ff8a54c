//! Candidate pairs of all rows at once: per rule one sort of (key, row), then a sweep.
//!
//! A key that only one row has, and a stop key, are dropped at once. What stays is small: for each row and rule the
//! numbers of its blocks. A pair belongs to the first rule, and in it to the first block, that its two rows share, so
//! each pair comes up once without a set of pairs.

use rayon::prelude::*;

use super::keys::{KeyScratch, keys_of};
use super::{BlockReport, RuleReport, StopKey};
use crate::engine::meter::{Meter, Stage};
use crate::engine::plan::Rule;
use crate::engine::rows::Rows;

/// (key, row) entries that one pass sorts, at least; a rule with more entries than rows is sorted in several passes.
const ENTRIES_PER_PASS: usize = 1 << 22;
/// Pairs that one unit of parallel work holds, about.
const PAIRS_PER_TASK: usize = 1 << 14;

/// All blocks of all rules.
pub(crate) struct Blocks {
    rules: Vec<RuleBlocks>,
    /// Per row and rule: 0, or one more than the block, or where the row's list of blocks starts in the rule's lists.
    cells: Vec<u32>,
    stop_keys: Vec<StopKey>,
    names: Vec<String>,
}

/// The blocks of one rule.
struct RuleBlocks {
    /// Rows, block by block, ascending by record number.
    members: Vec<u32>,
    /// Where each block starts, and the end.
    starts: Vec<u32>,
    /// For rules that give a row several keys: length and blocks of each row that has any.
    lists: Vec<u32>,
    many: bool,
}

/// A part of a block: all pairs whose later row is one of `later`.
#[derive(Clone)]
pub(crate) struct Task {
    rule: usize,
    block: u32,
    later: std::ops::Range<usize>,
}

impl Task {
    /// How many pairs it has, those of earlier rules included.
    pub(crate) fn pairs(&self) -> usize {
        self.later.clone().sum()
    }
}

impl Blocks {
    /// Builds the blocks of rows whose guards are applied.
    pub(crate) fn build(rows: &Rows, meter: &Meter) -> Self {
        Self::of(rows, rows.plan().rules(), meter)
    }

    /// Builds the blocks of other rules than the plan's.
    pub(crate) fn of(rows: &Rows, of_rules: &[Rule], meter: &Meter) -> Self {
        let rules = of_rules.len();
        meter.begin(Stage::Block, rules as u64);
        let mut cells = vec![0; rows.slot_limit() * rules];
        let mut blocks = Vec::new();
        let mut stop_keys = Vec::new();
        for (index, rule) in of_rules.iter().enumerate() {
            let mut built = RuleBlocks { members: Vec::new(), starts: vec![0], lists: vec![0], many: rule.many };
            collect(rows, rule, &mut built, &mut stop_keys);
            built.enter(&mut cells, rules, index);
            blocks.push(built);
            meter.add(1);
        }
        stop_keys.sort_unstable();
        let names = of_rules.iter().map(|rule| rule.name.clone()).collect();
        Self { rules: blocks, cells, stop_keys, names }
    }

    /// Units of work, in a fixed order.
    pub(crate) fn tasks(&self) -> Vec<Vec<Task>> {
        let mut tasks: Vec<Vec<Task>> = Vec::new();
        let mut room = 0;
        for (rule, blocks) in self.rules.iter().enumerate() {
            for block in 0..blocks.starts.len() - 1 {
                let size = blocks.block(block as u32).len();
                let mut from = 1;
                while from < size {
                    let rows = (PAIRS_PER_TASK / size).max(1);
                    let to = (from + rows).min(size);
                    let pairs = (from..to).sum::<usize>();
                    if tasks.is_empty() || room < pairs {
                        tasks.push(Vec::new());
                        room = PAIRS_PER_TASK.max(pairs);
                    }
                    room -= pairs;
                    if let Some(last) = tasks.last_mut() {
                        last.push(Task { rule, block: block as u32, later: from..to });
                    }
                    from = to;
                }
            }
        }
        tasks
    }

    /// Calls `found(rule, earlier row, later row)` for the pairs of a task that no rule and no block gave before.
    pub(crate) fn sweep(&self, task: &Task, mut found: impl FnMut(usize, u32, u32)) {
        let members = self.rules[task.rule].block(task.block);
        for later in task.later.clone() {
            for earlier in &members[..later] {
                if self.is_first(task, *earlier, members[later]) {
                    found(task.rule, *earlier, members[later]);
                }
            }
        }
    }

    /// The rules that give a pair, ascending.
    pub(crate) fn rules_of(&self, a: u32, b: u32) -> impl Iterator<Item = usize> {
        let width = self.rules.len();
        let (a, b) = (a as usize * width, b as usize * width);
        let shared = move |rule: &usize| {
            let (x, y) = (self.cells[a + rule], self.cells[b + rule]);
            x != 0 && y != 0 && self.rules[*rule].first_shared(x, y).is_some()
        };
        (0..width).filter(shared)
    }

    fn is_first(&self, task: &Task, a: u32, b: u32) -> bool {
        let width = self.rules.len();
        let cells_of = |row: u32| &self.cells[row as usize * width..][..width];
        let (a_cells, b_cells) = (cells_of(a), cells_of(b));
        for (rule, (x, y)) in self.rules[..task.rule].iter().zip(a_cells.iter().zip(b_cells)) {
            if *x != 0 && *y != 0 && rule.first_shared(*x, *y).is_some() {
                return false;
            }
        }
        let rule = &self.rules[task.rule];
        rule.first_shared(a_cells[task.rule], b_cells[task.rule]) == Some(task.block)
    }

    /// Pairs per rule as counted by a sweep, with everything else that there is to say.
    pub(crate) fn report(self, new_pairs: &[u64]) -> BlockReport {
        let rules = self.rules.iter().zip(self.names).zip(new_pairs).map(|((blocks, rule), new_pairs)| RuleReport {
            rule,
            new_pairs: *new_pairs,
            blocks: blocks.starts.len() as u64 - 1,
            largest: blocks.starts.windows(2).map(|w| (w[1] - w[0]) as usize).max().unwrap_or(0),
        });
        BlockReport { rules: rules.collect(), stop_keys: self.stop_keys }
    }
}

impl RuleBlocks {
    fn block(&self, block: u32) -> &[u32] {
        let block = block as usize;
        &self.members[self.starts[block] as usize..self.starts[block + 1] as usize]
    }

    /// The lowest block that two rows share, by their cells.
    fn first_shared(&self, a: u32, b: u32) -> Option<u32> {
        if a == 0 || b == 0 {
            return None;
        }
        if !self.many {
            return (a == b).then(|| a - 1);
        }
        let (mut a, mut b) = (self.list(a), self.list(b));
        while let (Some(x), Some(y)) = (a.first(), b.first()) {
            match x.cmp(y) {
                std::cmp::Ordering::Equal => return Some(*x),
                std::cmp::Ordering::Less => a = &a[1..],
                std::cmp::Ordering::Greater => b = &b[1..],
            }
        }
        None
    }

    fn list(&self, at: u32) -> &[u32] {
        let at = at as usize;
        &self.lists[at + 1..][..self.lists[at] as usize]
    }

    /// Tells each row its blocks.
    fn enter(&mut self, cells: &mut [u32], width: usize, rule: usize) {
        let cell = |row: u32| row as usize * width + rule;
        if !self.many {
            for block in 0..self.starts.len() - 1 {
                for row in self.block(block as u32) {
                    cells[cell(*row)] = block as u32 + 1;
                }
            }
            return;
        }
        for row in &self.members {
            cells[cell(*row)] += 1;
        }
        let rows = cells.len() / width;
        for row in 0..rows {
            let count = std::mem::take(&mut cells[row * width + rule]);
            if count > 0 {
                cells[row * width + rule] = u32::try_from(self.lists.len()).expect("block lists stay below 4 G");
                self.lists.resize(self.lists.len() + count as usize + 1, 0);
            }
        }
        for block in 0..self.starts.len() - 1 {
            for member in self.starts[block]..self.starts[block + 1] {
                let at = cells[cell(self.members[member as usize])] as usize;
                self.lists[at] += 1;
                let end = at + self.lists[at] as usize;
                self.lists[end] = block as u32;
            }
        }
    }
}

/// Sorts the keys of one rule, in passes over disjoint ranges of hashes, and keeps its blocks.
fn collect(rows: &Rows, rule: &Rule, built: &mut RuleBlocks, stop_keys: &mut Vec<StopKey>) {
    let slots: Vec<u32> = rows.slots().collect();
    let most = slots.len() * rule.parts.iter().map(Vec::len).product::<usize>();
    let guess = if rule.many { most * 8 } else { most };
    let passes = guess.div_ceil(ENTRIES_PER_PASS.max(slots.len() * 2)).next_power_of_two().max(1);
    let shift = 64 - passes.trailing_zeros();
    for pass in 0..passes as u64 {
        let inside = |key: u64| passes == 1 || key >> shift == pass;
        let mut entries: Vec<(u64, u32)> = slots
            .par_chunks(4096)
            .map_init(
                || (KeyScratch::default(), Vec::new()),
                |(scratch, keys), slots| {
                    let mut entries = Vec::with_capacity(slots.len());
                    for slot in slots {
                        keys_of(rows, rule, *slot, scratch, keys);
                        entries.extend(keys.iter().filter(|key| inside(**key)).map(|key| (*key, *slot)));
                    }
                    entries
                },
            )
            .collect::<Vec<_>>()
            .concat();
        entries.par_sort_unstable();
        for block in entries.chunk_by(|x, y| x.0 == y.0).filter(|block| block.len() > 1) {
            built.keep(rows, rule, block, stop_keys);
        }
    }
}

impl RuleBlocks {
    fn keep(&mut self, rows: &Rows, rule: &Rule, block: &[(u64, u32)], stop_keys: &mut Vec<StopKey>) {
        if block.len() > rule.max_block {
            let example = block.iter().map(|(_, slot)| rows.id(*slot)).min().unwrap_or_default();
            stop_keys.push(StopKey { rule: rule.name.clone(), key: block[0].0, rows: block.len(), example });
            return;
        }
        let start = self.members.len();
        self.members.extend(block.iter().map(|(_, slot)| *slot));
        self.members[start..].sort_unstable_by_key(|slot| rows.id(*slot));
        self.starts.push(u32::try_from(self.members.len()).expect("block members stay below 4 G"));
    }
}

//! Candidate pairs of all rows at once: per rule one sort of (key, row), then a look from each row at its blocks.
//!
//! A key that only one row has, and a stop key, are dropped at once. What stays is small: for each row and rule the
//! its places in its blocks. The partners of a row are what its blocks hold before it, each once, with the rules that give
//! it; a pair is seen from its later row, so each pair comes up once without a set of pairs.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::keys::{KeyScratch, keys_of, touch};
use super::{BlockReport, RuleReport, StopKey};
use crate::engine::meter::{Meter, Stage};
use crate::engine::plan::Rule;
use crate::engine::rows::Rows;

/// (key, row) entries that one pass holds; a rule with more is sorted in several passes, which costs its keys each time.
const ENTRIES_PER_PASS: usize = 1 << 24;
/// Rows by which the number of entries is guessed.
const GUESSED_BY: usize = 1 << 10;
/// Entries that are sorted together: few enough to stay in a core's cache.
const ENTRIES_PER_PART: usize = 1 << 14;
/// Rows whose partners are gathered together.
const ROWS_AT_ONCE: usize = 16;
/// Rows whose values are touched together before their keys are made.
const KEYS_AT_ONCE: usize = 32;
/// Rows that one unit of parallel work looks from.
const ROWS_PER_TASK: u32 = 1 << 10;

/// A key and a row that has it.
type Entry = (u64, u32);

/// The mark of the first row of a block.
const FIRST: u32 = 1 << 31;

/// All blocks of all rules.
pub(crate) struct Blocks {
    rules: Vec<Arc<RuleBlocks>>,
    stop_keys: Vec<StopKey>,
    names: Vec<String>,
    slots: u32,
}

/// The blocks of one rule.
struct RuleBlocks {
    /// Rows, block by block, ascending by record number; the first row of a block is marked with [`FIRST`].
    members: Vec<u32>,
    /// Per row: 0, or one more than its place among the members, or where its list of places starts.
    cells: Vec<u32>,
    /// For rules that give a row several keys: length and places of each row that has any.
    lists: Vec<u32>,
    blocks: u64,
    largest: usize,
    pairs: u64,
    many: bool,
    stop_keys: Vec<StopKey>,
    /// Blocks that are too large, and would not be if rows that say the same were one.
    crowded: Vec<Vec<Entry>>,
}

/// A row that shares a block with another one, and has the lower record number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Partner {
    pub(crate) slot: u32,
    /// Bit `r`: rule `r` gives the pair.
    pub(crate) rules: u64,
}

impl Partner {
    /// The first rule that gives the pair.
    pub(crate) fn rule(self) -> usize {
        self.rules.trailing_zeros() as usize
    }
}

/// Partners of a few rows; one worker reuses it.
#[derive(Default)]
pub(crate) struct Partners {
    rows: Vec<u32>,
    seen: Vec<u64>,
    merged: Vec<Partner>,
    /// Where the partners of each row end.
    ends: Vec<usize>,
}

impl Blocks {
    /// Builds the blocks of rows whose guards are applied.
    pub(crate) fn build(rows: &Rows, meter: &Meter) -> Self {
        Self::build_for_all(rows, &[], meter)
    }

    /// The same of rows of which some will stand aside later: `repeated` tells of each slot whether another row says the
    /// same. Blocks that are too large with these and not without them are kept for [`Self::leave_out`].
    pub(crate) fn build_for_all(rows: &Rows, repeated: &[bool], meter: &Meter) -> Self {
        let rules = rows.plan().rules();
        meter.begin(Stage::Block, rules.len() as u64);
        Self::of(rows, rules, |rule| {
            let built = RuleBlocks::build(rows, rule, repeated);
            meter.add(1);
            Arc::new(built)
        })
    }

    /// Builds the blocks of other rules than the plan's, of which these are; what both have is not built again.
    pub(crate) fn of_others(&self, rows: &Rows, rules: &[Rule]) -> Self {
        let known = |rule: &Rule| rows.plan().rules().iter().position(|own| own.gives_the_blocks_of(rule));
        Self::of(rows, rules, |rule| match known(rule) {
            Some(at) => Arc::clone(&self.rules[at]),
            None => Arc::new(RuleBlocks::build(rows, rule, &[])),
        })
    }

    fn of(rows: &Rows, rules: &[Rule], build: impl Fn(&Rule) -> Arc<RuleBlocks> + Sync + Send) -> Self {
        let built: Vec<Arc<RuleBlocks>> = rules.par_iter().map(build).collect();
        let mut stop_keys: Vec<StopKey> = built.iter().flat_map(|rule| rule.stop_keys.iter().cloned()).collect();
        stop_keys.sort_unstable();
        let names = rules.iter().map(|rule| rule.name.clone()).collect();
        Self { rules: built, stop_keys, names, slots: rows.slot_limit() as u32 }
    }

    /// Pairs in the blocks, those that several rules give counted each time.
    pub(crate) fn pairs(&self) -> u64 {
        self.rules.iter().map(|rule| rule.pairs).sum()
    }

    /// Takes rows that stand aside by now out of the blocks that were too large with them. In all others they stay, for who
    /// sweeps to pass over.
    pub(crate) fn leave_out(&mut self, rows: &Rows, aside: &[u32]) {
        let rules = rows.plan().rules();
        let stop_keys = &self.stop_keys;
        let leave = |(rule, built): (&Rule, &mut Arc<RuleBlocks>)| {
            let of_rule = stop_keys.iter().filter(|stop| stop.rule == rule.name);
            let mut fewer: FxHashMap<u64, usize> = of_rule.map(|stop| (stop.key, 0)).collect();
            let (mut scratch, mut keys) = (KeyScratch::default(), Vec::new());
            for slot in if fewer.is_empty() { &[] } else { aside } {
                keys_of(rows, rule, *slot, &mut scratch, &mut keys);
                for key in &keys {
                    fewer.entry(*key).and_modify(|fewer| *fewer += 1);
                }
            }
            Arc::get_mut(built).expect("training is over").fit(rows, rule);
            fewer
        };
        let fewer: Vec<FxHashMap<u64, usize>> = rules.par_iter().zip(&mut self.rules).map(leave).collect();
        self.stop_keys.retain_mut(|stop| {
            let Some(at) = rules.iter().position(|rule| rule.name == stop.rule) else { return true };
            stop.rows -= fewer[at][&stop.key];
            stop.rows > rules[at].max_block
        });
        self.stop_keys.sort_unstable();
    }

    /// Rows in units of work: all slots, those without a row among them.
    pub(crate) fn tasks(&self) -> Vec<std::ops::Range<u32>> {
        let range = |from: u32| from..(from + ROWS_PER_TASK).min(self.slots);
        (0..self.slots).step_by(ROWS_PER_TASK as usize).map(range).collect()
    }

    /// Calls `found(row, partners)` for every row of a task that is wanted, with the rows with a lower record number that
    /// share a block with it: each pair comes up once. Answers how many pairs there are when those that several rules give
    /// count each time.
    pub(crate) fn sweep(
        &self,
        rows: &Rows,
        task: std::ops::Range<u32>,
        wanted: impl Fn(u32) -> bool,
        partners: &mut Partners,
        mut found: impl FnMut(u32, &[Partner]),
    ) -> u64 {
        let mut looked = 0;
        let mut slots = task.filter(|row| wanted(*row)).peekable();
        while slots.peek().is_some() {
            partners.rows.clear();
            partners.rows.extend(slots.by_ref().take(ROWS_AT_ONCE));
            looked += self.gather(rows, partners);
            let mut start = 0;
            for (row, end) in partners.rows.iter().zip(&partners.ends) {
                found(*row, &partners.merged[start..*end]);
                start = *end;
            }
        }
        looked
    }

    /// Fills in the partners of the rows. Each step first touches what it will read for all rows: one after the other
    /// they would wait for memory, so the waits overlap.
    fn gather(&self, rows: &Rows, partners: &mut Partners) -> u64 {
        let Partners { rows: of, seen, merged, ends } = partners;
        let place = |rule: &RuleBlocks, row: u32| match rule.cells[row as usize] {
            0 => 0,
            cell if rule.many => rule.members[rule.lists[cell as usize + 1] as usize],
            cell => rule.members[cell as usize - 1],
        };
        let touched = of.iter().flat_map(|row| self.rules.iter().map(|rule| place(rule, *row)));
        std::hint::black_box(touched.fold(0, |sum, member| sum ^ member));
        let mut looked = 0;
        merged.clear();
        ends.clear();
        for row in of.iter() {
            seen.clear();
            for (index, rule) in self.rules.iter().enumerate() {
                rule.earlier(*row, |member| seen.push(u64::from(member) << 8 | index as u64));
            }
            looked += seen.len() as u64;
            seen.sort_unstable();
            let start = merged.len();
            for entry in seen.iter() {
                let (slot, rule) = ((entry >> 8) as u32, 1u64 << (entry & 0xff));
                match merged[start..].last_mut() {
                    Some(last) if last.slot == slot => last.rules |= rule,
                    _ => merged.push(Partner { slot, rules: rule }),
                }
            }
            ends.push(merged.len());
        }
        std::hint::black_box(merged.iter().fold(0, |sum, partner| sum ^ rows.touch(partner.slot)));
        looked
    }

    /// Pairs per rule as counted by a sweep, with everything else that there is to say.
    pub(crate) fn report(self, new_pairs: &[u64]) -> BlockReport {
        let rules = self.rules.iter().zip(self.names).zip(new_pairs).map(|((blocks, rule), new_pairs)| RuleReport {
            rule,
            new_pairs: *new_pairs,
            blocks: blocks.blocks,
            largest: blocks.largest,
        });
        BlockReport { rules: rules.collect(), stop_keys: self.stop_keys }
    }
}

impl RuleBlocks {
    /// The rows that stand before this one in its blocks.
    fn earlier(&self, row: u32, mut found: impl FnMut(u32)) {
        let cell = self.cells[row as usize];
        // From the row's own place back to the first row of the block.
        let mut look = |place: u32| {
            let mut place = place as usize;
            while self.members[place] & FIRST == 0 {
                place -= 1;
                found(self.members[place] & !FIRST);
            }
        };
        match cell {
            0 => {}
            cell if self.many => self.list(cell).iter().for_each(|place| look(*place)),
            cell => look(cell - 1),
        }
    }

    fn list(&self, at: u32) -> &[u32] {
        let at = at as usize;
        &self.lists[at + 1..][..self.lists[at] as usize]
    }

    /// Takes in the blocks that are small enough without the rows that stand aside.
    fn fit(&mut self, rows: &Rows, rule: &Rule) {
        let mut fitting = Found::default();
        for mut block in std::mem::take(&mut self.crowded) {
            block.retain(|(_, slot)| !rows.stands_aside(*slot));
            if (2..=rule.max_block).contains(&block.len()) {
                fitting.keep((rows, &[]), rule, &block);
            }
        }
        let from = self.members.len();
        self.append(fitting);
        self.enter_from(from);
    }

    /// Tells rows the places that came to their own ones: those of the members from one on.
    fn enter_from(&mut self, from: usize) {
        let place_of = |at: usize| u32::try_from(at).expect("members and lists stay below 4 G");
        let members = (from..).zip(&self.members[from..]);
        let mut places: Vec<(u32, u32)> = members.map(|(at, member)| (*member & !FIRST, place_of(at))).collect();
        places.sort_unstable();
        for of_row in places.chunk_by(|x, y| x.0 == y.0) {
            let cell = &mut self.cells[of_row[0].0 as usize];
            if !self.many {
                *cell = of_row[0].1 + 1;
                continue;
            }
            // Its list goes to the end, where it can grow; the old one is nobody's.
            let old = *cell as usize;
            *cell = place_of(self.lists.len());
            let known = if old == 0 { 0 } else { self.lists[old] };
            self.lists.push(known + place_of(of_row.len()));
            self.lists.extend_from_within(old + 1..=old + known as usize);
            self.lists.extend(of_row.iter().map(|(_, place)| *place));
        }
    }

    /// Tells each row its places.
    fn enter(&mut self, slots: usize) {
        let mut cells = vec![0u32; slots];
        let row = |member: &u32| (*member & !FIRST) as usize;
        if !self.many {
            for (place, member) in (1..).zip(&self.members) {
                cells[row(member)] = place;
            }
            self.cells = cells;
            return;
        }
        for member in &self.members {
            cells[row(member)] += 1;
        }
        self.lists.clear();
        self.lists.push(0);
        self.lists.reserve_exact(self.members.len() + cells.iter().filter(|count| **count > 0).count());
        for cell in cells.iter_mut().filter(|count| **count > 0) {
            let count = std::mem::replace(cell, u32::try_from(self.lists.len()).expect("lists stay below 4 G"));
            self.lists.resize(self.lists.len() + count as usize + 1, 0);
        }
        for (place, member) in (0..).zip(&self.members) {
            let at = cells[row(member)] as usize;
            self.lists[at] += 1;
            let end = at + self.lists[at] as usize;
            self.lists[end] = place;
        }
        self.cells = cells;
    }

    fn build(rows: &Rows, rule: &Rule, repeated: &[bool]) -> Self {
        let mut built = Self::collect(rows, rule, repeated);
        built.enter(rows.slot_limit());
        built
    }

    /// Sorts the keys of one rule, in passes over disjoint ranges of hashes, and keeps its blocks.
    fn collect(rows: &Rows, rule: &Rule, repeated: &[bool]) -> Self {
        let mut built = Self {
            members: Vec::new(),
            cells: Vec::new(),
            lists: Vec::new(),
            blocks: 0,
            largest: 0,
            pairs: 0,
            many: rule.many,
            stop_keys: Vec::new(),
            crowded: Vec::new(),
        };
        let slots: Vec<u32> = rows.leading().collect();
        let guess = guess(rows, rule, &slots);
        let passes = guess.div_ceil(ENTRIES_PER_PASS);
        let parts = (guess / passes / ENTRIES_PER_PART).clamp(1, 1 << 12);
        // All passes cut the keys into equal ranges, ascending, of which each takes so many.
        let range_of = |key: u64| ((key >> 32) as usize * passes * parts) >> 32;
        for pass in 0..passes {
            let ranges = pass * parts..(pass + 1) * parts;
            let inside = |key: u64| passes == 1 || ranges.contains(&range_of(key));
            let part_of = |key: u64| range_of(key) - pass * parts;
            let split = |(scratch, keys, entries): &mut (KeyScratch, Vec<u64>, Vec<Entry>), slots: &[u32]| {
                entries.clear();
                for slots in slots.chunks(KEYS_AT_ONCE) {
                    std::hint::black_box(slots.iter().fold(0, |sum, slot| sum ^ touch(rows, rule, *slot)));
                    for slot in slots {
                        keys_of(rows, rule, *slot, scratch, keys);
                        entries.extend(keys.iter().filter(|key| inside(**key)).map(|key| (*key, *slot)));
                    }
                }
                Parted::new(entries, parts, part_of)
            };
            let chunks: Vec<Parted> = slots.par_chunks(ENTRIES_PER_PART).map_init(Default::default, split).collect();
            let keep = |entries: &mut Vec<Entry>, part| Found::of((rows, repeated), rule, (&chunks, part), entries);
            let sorted: Vec<Found> = (0..parts).into_par_iter().map_init(Vec::new, keep).collect();
            drop(chunks);
            built.members.reserve(sorted.iter().map(|found| found.members.len()).sum());
            for found in sorted {
                built.append(found);
            }
        }
        built.members.shrink_to_fit();
        u32::try_from(built.members.len()).map(|_| ()).expect("block members stay below 4 G");
        built
    }

    fn append(&mut self, found: Found) {
        self.members.extend(found.members);
        self.blocks += found.blocks;
        self.largest = self.largest.max(found.largest);
        self.pairs += found.pairs;
        self.stop_keys.extend(found.stop_keys);
        self.crowded.extend(found.crowded);
    }
}

/// How many entries the rows give, about. It settles how the work is cut, never what comes out.
fn guess(rows: &Rows, rule: &Rule, slots: &[u32]) -> usize {
    let (mut scratch, mut keys, mut entries, mut seen) = (KeyScratch::default(), Vec::new(), 0, 0);
    for slot in slots.iter().step_by((slots.len() / GUESSED_BY).max(1)) {
        keys_of(rows, rule, *slot, &mut scratch, &mut keys);
        (entries, seen) = (entries + keys.len(), seen + 1);
    }
    (slots.len() * entries / seen.max(1)).max(1)
}

/// The blocks of one range of keys.
#[derive(Default)]
struct Found {
    members: Vec<u32>,
    blocks: u64,
    largest: usize,
    pairs: u64,
    stop_keys: Vec<StopKey>,
    crowded: Vec<Vec<Entry>>,
}

impl Found {
    /// Sorts the entries of one part of all chunks; `entries` is what a worker uses again.
    fn of(of: (&Rows, &[bool]), rule: &Rule, (chunks, part): (&[Parted], usize), entries: &mut Vec<Entry>) -> Self {
        entries.clear();
        for chunk in chunks {
            entries.extend_from_slice(chunk.part(part));
        }
        entries.sort_unstable();
        let mut found = Self::default();
        for block in entries.chunk_by(|x, y| x.0 == y.0).filter(|block| block.len() > 1) {
            found.keep(of, rule, block);
        }
        found
    }

    fn keep(&mut self, (rows, repeated): (&Rows, &[bool]), rule: &Rule, block: &[Entry]) {
        if block.len() > rule.max_block {
            let example = block.iter().map(|(_, slot)| rows.id(*slot)).min().unwrap_or_default();
            self.stop_keys.push(StopKey { rule: rule.name.clone(), key: block[0].0, rows: block.len(), example });
            if !repeated.is_empty()
                && block.iter().filter(|(_, slot)| !repeated[*slot as usize]).count() <= rule.max_block
            {
                self.crowded.push(block.to_vec());
            }
            return;
        }
        let start = self.members.len();
        self.members.extend(block.iter().map(|(_, slot)| *slot));
        if rows.ascending().is_none() {
            self.members[start..].sort_unstable_by_key(|slot| rows.id(*slot));
        }
        self.members[start] |= FIRST;
        self.blocks += 1;
        self.largest = self.largest.max(block.len());
        self.pairs += block.len() as u64 * (block.len() as u64 - 1) / 2;
    }
}

/// Entries of some rows, those of one range of keys together.
struct Parted {
    entries: Vec<Entry>,
    ends: Vec<u32>,
}

impl Parted {
    fn new(entries: &[Entry], parts: usize, part_of: impl Fn(u64) -> usize) -> Self {
        let mut ends = vec![0u32; parts];
        for (key, _) in entries {
            ends[part_of(*key)] += 1;
        }
        let mut start = 0;
        for end in &mut ends {
            start += std::mem::replace(end, start);
        }
        let mut parted = vec![(0, 0); entries.len()];
        for entry in entries {
            let at = &mut ends[part_of(entry.0)];
            parted[*at as usize] = *entry;
            *at += 1;
        }
        Self { entries: parted, ends }
    }

    fn part(&self, part: usize) -> &[Entry] {
        let start = if part == 0 { 0 } else { self.ends[part - 1] as usize };
        &self.entries[start..self.ends[part] as usize]
    }
}

//! The candidate index: for each blocking rule and each guard, key to rows.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::engine::block::StopKey;
use crate::engine::block::guard;
use crate::engine::block::keys::{KeyScratch, keys_of};
use crate::engine::error::CheckpointError;
use crate::engine::flat::{Sink, Source, require};
use crate::engine::packed::postings::{Flat, Postings};
use crate::engine::plan::Plan;
use crate::engine::rows::{Hide, Rows};

/// A guarded value: the guard and the hash of the value.
pub(super) type Guarded = (usize, u64);
/// A block: the rule and the key.
pub(super) type Block = (usize, u64);

/// What a block was before a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Was {
    /// Its rows were compared.
    Open,
    /// It had too many rows.
    Closed,
}

/// Blocks whose size crossed the limit of their rule, and what they were before: most changes touch none.
pub(super) type Crossed = FxHashMap<Block, Was>;

/// Blocks and guards of a live set of rows.
#[derive(Debug, Default)]
pub(super) struct Index {
    blocks: Vec<Postings>,
    guarded: Vec<Postings>,
    tripped: FxHashSet<Guarded>,
}

impl Index {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            blocks: plan.rules().iter().map(|_| Postings::default()).collect(),
            guarded: plan.guards().iter().map(|_| Postings::default()).collect(),
            tripped: FxHashSet::default(),
        }
    }

    /// Indexes guarded values, and lets those count as missing that too many others share.
    pub(super) fn build_guards(&mut self, rows: &mut Rows) {
        let plan = std::sync::Arc::clone(rows.plan());
        for (number, of) in plan.guards().iter().enumerate() {
            let values = rows.slots().filter_map(|slot| guard::value_of(rows, of, slot).map(|value| (value, slot)));
            let mut entries: Vec<(u64, u32)> = values.collect();
            entries.par_sort_unstable();
            self.guarded[number] = Postings::build(&entries);
            let shared: Vec<(u64, &[u32])> = self.guarded[number].shared().collect();
            let tripped = shared.par_iter().filter(|(_, sharing)| guard::trips(rows, of, sharing));
            self.tripped.extend(tripped.map(|(value, _)| (number, *value)).collect::<Vec<_>>());
        }
        let slots: Vec<u32> = rows.slots().collect();
        for slot in slots {
            self.hide_tripped(rows, slot);
        }
    }

    /// Indexes the keys of all rows that do not stand aside.
    pub(super) fn build_blocks(&mut self, rows: &Rows) {
        let slots: Vec<u32> = rows.leading().collect();
        self.blocks = rows
            .plan()
            .rules()
            .par_iter()
            .map(|rule| {
                let (mut scratch, mut keys, mut entries) = (KeyScratch::default(), Vec::new(), Vec::new());
                for slot in &slots {
                    keys_of(rows, rule, *slot, &mut scratch, &mut keys);
                    entries.extend(keys.iter().map(|key| (*key, *slot)));
                }
                entries.par_sort_unstable();
                Postings::build(&entries)
            })
            .collect();
    }

    /// Calls `each` for the blocks of a row.
    pub(super) fn for_blocks(rows: &Rows, slot: u32, keys: &mut Keys, mut each: impl FnMut(Block)) {
        for (number, rule) in rows.plan().rules().iter().enumerate() {
            keys_of(rows, rule, slot, &mut keys.scratch, &mut keys.keys);
            keys.keys.iter().for_each(|key| each((number, *key)));
        }
    }

    pub(super) fn rows_of(&self, block: Block) -> &[u32] {
        self.blocks[block.0].rows(block.1)
    }

    /// Puts a row into its blocks; notes in `crossed` those that became too large by it, unless they are there.
    pub(super) fn enter(&mut self, rows: &Rows, slot: u32, keys: &mut Keys, crossed: &mut Crossed) {
        Self::for_blocks(rows, slot, keys, |block| {
            let size = self.blocks[block.0].insert(block.1, slot);
            if size == rows.plan().rules()[block.0].max_block + 1 {
                crossed.entry(block).or_insert(Was::Open);
            }
        });
    }

    /// Takes a row out of its blocks; notes in `crossed` those that are small enough again, unless they are there.
    pub(super) fn leave(&mut self, rows: &Rows, slot: u32, keys: &mut Keys, crossed: &mut Crossed) {
        Self::for_blocks(rows, slot, keys, |block| {
            let size = self.blocks[block.0].remove(block.1, slot);
            if size == rows.plan().rules()[block.0].max_block {
                crossed.entry(block).or_insert(Was::Closed);
            }
        });
    }

    /// Rows that share a block with a row, but for itself; ascending.
    pub(super) fn candidates(&self, rows: &Rows, slot: u32, keys: &mut Keys, out: &mut Vec<u32>) {
        self.sharing(rows, slot, keys, out);
        out.retain(|other| *other != slot);
    }

    /// Rows that share a block with a row, which may be one of other rows under the same plan; ascending.
    pub(super) fn sharing(&self, rows: &Rows, slot: u32, keys: &mut Keys, out: &mut Vec<u32>) {
        out.clear();
        Self::for_blocks(rows, slot, keys, |block| {
            let sharing = self.rows_of(block);
            if sharing.len() <= rows.plan().rules()[block.0].max_block {
                out.extend(sharing);
            }
        });
        out.sort_unstable();
        out.dedup();
    }

    /// The blocking rules under which two rows meet, in order.
    pub(super) fn rules_of_pair(&self, rows: &Rows, a: u32, b: u32, keys: &mut Keys) -> Vec<usize> {
        let mut rules = Vec::new();
        let mut of_b = Vec::new();
        for (number, rule) in rows.plan().rules().iter().enumerate() {
            keys_of(rows, rule, a, &mut keys.scratch, &mut keys.keys);
            keys_of(rows, rule, b, &mut keys.scratch, &mut of_b);
            let open = |key: &&u64| self.rows_of((number, **key)).len() <= rule.max_block;
            if keys.keys.iter().filter(|key| of_b.contains(key)).any(|key| open(&key)) {
                rules.push(number);
            }
        }
        rules
    }

    /// Calls `each` for the guarded values of a row.
    fn for_guarded(rows: &Rows, slot: u32, mut each: impl FnMut(Guarded)) {
        for (number, of) in rows.plan().guards().iter().enumerate() {
            if let Some(value) = guard::value_of(rows, of, slot) {
                each((number, value));
            }
        }
    }

    pub(super) fn enter_guards(&mut self, rows: &Rows, slot: u32, touched: &mut FxHashSet<Guarded>) {
        Self::for_guarded(rows, slot, |guarded| {
            touched.insert(guarded);
            self.guarded[guarded.0].insert(guarded.1, slot);
        });
    }

    pub(super) fn leave_guards(&mut self, rows: &Rows, slot: u32, touched: &mut FxHashSet<Guarded>) {
        Self::for_guarded(rows, slot, |guarded| {
            touched.insert(guarded);
            self.guarded[guarded.0].remove(guarded.1, slot);
        });
    }

    /// Looks at a guarded value again. The rows that share it, if that changed what it counts.
    pub(super) fn retry_guard(&mut self, rows: &Rows, guarded: Guarded) -> &[u32] {
        let sharing = self.guarded[guarded.0].rows(guarded.1);
        let trips = guard::trips(rows, &rows.plan().guards()[guarded.0], sharing);
        let changed = if trips { self.tripped.insert(guarded) } else { self.tripped.remove(&guarded) };
        if changed { sharing } else { &[] }
    }

    /// Lets exactly those values of a row count as missing that a guard says so of.
    pub(super) fn hide_tripped(&self, rows: &mut Rows, slot: u32) {
        let plan = std::sync::Arc::clone(rows.plan());
        let mut hidden: Vec<usize> = Vec::new();
        Self::for_guarded(rows, slot, |guarded| {
            if self.tripped.contains(&guarded) {
                hidden.push(plan.guards()[guarded.0].field.index);
            }
        });
        for of in plan.guards() {
            let hide = if hidden.contains(&of.field.index) { Hide::Yes } else { Hide::No };
            rows.hide(slot, of.field, hide);
        }
    }

    /// Keys that too many rows share, by rule name and key.
    pub(super) fn stop_keys(&self, rows: &Rows) -> Vec<StopKey> {
        let mut stop_keys = Vec::new();
        for (rule, postings) in rows.plan().rules().iter().zip(&self.blocks) {
            for (key, sharing) in postings.shared().filter(|(_, sharing)| sharing.len() > rule.max_block) {
                let example = sharing.iter().map(|slot| rows.id(*slot)).min().unwrap_or_default();
                stop_keys.push(StopKey { rule: rule.name.clone(), key, rows: sharing.len(), example });
            }
        }
        stop_keys.sort_unstable();
        stop_keys
    }
}

/// An index as a checkpoint has it.
pub(super) struct FlatIndex {
    blocks: Vec<Flat>,
    guarded: Vec<Flat>,
    tripped: FxHashSet<Guarded>,
}

impl FlatIndex {
    pub(super) fn read(plan: &Plan, source: &mut Source<'_>) -> Result<Self, CheckpointError> {
        let blocks = plan.rules().iter().map(|_| Flat::read(source)).collect::<Result<_, _>>()?;
        let guarded = plan.guards().iter().map(|_| Flat::read(source)).collect::<Result<_, _>>()?;
        let guards: Vec<u32> = source.section("guards that hold")?;
        let values: Vec<u64> = source.exactly("values they hold for", guards.len())?;
        require("guards that hold", guards.iter().all(|guard| (*guard as usize) < plan.guards().len()))?;
        let tripped = guards.into_iter().map(|guard| guard as usize).zip(values).collect();
        Ok(Self { blocks, guarded, tripped })
    }

    /// The index of these rows; tables are made in parallel.
    pub(super) fn restore(self, rows: &Rows) -> Result<Index, CheckpointError> {
        let restore =
            |flat: Vec<Flat>| flat.into_par_iter().map(|flat| flat.restore(|slot| rows.holds(slot))).collect();
        let blocks: Result<_, _> = restore(self.blocks);
        Ok(Index { blocks: blocks?, guarded: restore(self.guarded)?, tripped: self.tripped })
    }
}

impl Index {
    pub(super) fn write(&self, sink: &mut Sink<'_>) -> Result<(), CheckpointError> {
        self.blocks.iter().chain(&self.guarded).try_for_each(|postings| postings.write(sink))?;
        let mut tripped: Vec<Guarded> = self.tripped.iter().copied().collect();
        tripped.sort_unstable();
        sink.section("guards that hold", tripped.iter().map(|(guard, _)| *guard as u32))?;
        sink.section("values they hold for", tripped.iter().map(|(_, value)| *value))
    }
}

/// Buffers for deriving keys.
#[derive(Debug, Default)]
pub(super) struct Keys {
    scratch: KeyScratch,
    keys: Vec<u64>,
}

//! The candidate index: for the contents of rows, for each guard and for each blocking rule, key to rows.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::window::{Overfull, PostingKey, Resting, Window};
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

/// Postings that were read for one question and are not kept.
pub(super) type Seen = FxHashMap<PostingKey, Vec<u32>>;

/// Contents, blocks and guards of a live set of rows.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Those of contents, then of the guards, then of the blocking rules.
    pub(super) lists: Vec<Postings>,
    guards: usize,
    tripped: FxHashSet<Guarded>,
    /// Where postings rest elsewhere: which of them are in the lists.
    pub(super) window: Option<Box<Window>>,
}

impl Index {
    pub(super) fn new(plan: &Plan, resting: Option<Resting>) -> Self {
        let lists = (0..1 + plan.guards().len() + plan.rules().len()).map(|_| Postings::default()).collect();
        let window = resting.map(|resting| Box::new(Window::new(resting)));
        Self { lists, guards: plan.guards().len(), tripped: FxHashSet::default(), window }
    }

    /// Indexes guarded values, and lets those count as missing that too many others share.
    pub(super) fn build_guards(&mut self, rows: &mut Rows) {
        let plan = Arc::clone(rows.plan());
        for (number, of) in plan.guards().iter().enumerate() {
            let values = rows.slots().filter_map(|slot| guard::value_of(rows, of, slot).map(|value| (value, slot)));
            let mut entries: Vec<(u64, u32)> = values.collect();
            entries.par_sort_unstable();
            let blocks: Vec<&[(u64, u32)]> = entries.chunk_by(|a, b| a.0 == b.0).collect();
            let trips = |block: &&&[(u64, u32)]| {
                let sharing: Vec<u32> = block.iter().map(|(_, slot)| *slot).collect();
                guard::trips(rows, of, &sharing)
            };
            let tripped = blocks.par_iter().filter(|block| block.len() > of.max).filter(trips);
            self.tripped.extend(tripped.map(|block| (number, block[0].0)).collect::<Vec<_>>());
            if self.window.is_none() {
                self.lists[1 + number] = Postings::build(&entries);
            }
        }
        let slots: Vec<u32> = rows.slots().collect();
        for slot in slots {
            self.hide_tripped(rows, slot);
        }
    }

    /// Indexes the contents of all rows.
    pub(super) fn build_contents(&mut self, rows: &Rows) {
        if self.window.is_none() {
            let mut contents: Vec<(u64, u32)> = rows.slots().map(|slot| (rows.content_of_row(slot), slot)).collect();
            contents.par_sort_unstable();
            self.lists[0] = Postings::build(&contents);
        }
    }

    /// Indexes the keys of all rows that do not stand aside, of which these are the keys that too many have.
    pub(super) fn build_blocks(&mut self, rows: &Rows, stop_keys: &[StopKey]) {
        let plan = rows.plan();
        if let Some(window) = &mut self.window {
            let rule_of = |stop: &StopKey| plan.rules().iter().position(|rule| rule.name == stop.rule);
            // Whether it is listed turns out when it is asked for.
            let of_block = |stop: &StopKey| Overfull { rows: stop.rows, lowest: stop.example, unlisted: false };
            window
                .overfull
                .extend(stop_keys.iter().filter_map(|stop| Some(((rule_of(stop)?, stop.key), of_block(stop)))));
            return;
        }
        let slots: Vec<u32> = rows.leading().collect();
        let build = |rule| {
            let (mut scratch, mut keys, mut entries) = (KeyScratch::default(), Vec::new(), Vec::new());
            for slot in &slots {
                keys_of(rows, rule, *slot, &mut scratch, &mut keys);
                entries.extend(keys.iter().map(|key| (*key, *slot)));
            }
            entries.par_sort_unstable();
            Postings::build(&entries)
        };
        let built: Vec<Postings> = plan.rules().par_iter().map(build).collect();
        self.lists.splice(1 + self.guards.., built);
    }

    /// Calls `each` for the blocks of a row.
    pub(super) fn for_blocks(rows: &Rows, slot: u32, keys: &mut Keys, mut each: impl FnMut(Block)) {
        for (number, rule) in rows.plan().rules().iter().enumerate() {
            keys_of(rows, rule, slot, &mut keys.scratch, &mut keys.keys);
            keys.keys.iter().for_each(|key| each((number, *key)));
        }
    }

    /// The key of the content of a row. Where postings rest elsewhere it has to last longer than this process.
    pub(super) fn content_of(&self, rows: &Rows, slot: u32) -> u64 {
        if self.window.is_some() { rows.lasting_content_of_row(slot) } else { rows.content_of_row(slot) }
    }

    pub(super) fn key_of_block(&self, (rule, hash): Block) -> PostingKey {
        PostingKey { list: (1 + self.guards + rule) as u16, hash }
    }

    pub(super) fn key_of_guarded((guard, hash): Guarded) -> PostingKey {
        PostingKey { list: (1 + guard) as u16, hash }
    }

    pub(super) fn block_of(&self, key: PostingKey) -> Option<Block> {
        Some((usize::from(key.list).checked_sub(1 + self.guards)?, key.hash))
    }

    /// The rows of a key; none of a block that is listed nowhere.
    fn rows_at(&self, key: PostingKey) -> &[u32] {
        if let Some(window) = &self.window {
            assert!(window.holds(key) || window.is_unlisted(self.block_of(key)), "what is asked for is in memory");
        }
        self.lists[usize::from(key.list)].rows(key.hash)
    }

    /// Notes what a record does, where postings rest elsewhere. Says whether the rows of the key are listed.
    fn note_move(&mut self, key: PostingKey, record: u64, by: i8) -> bool {
        let block = self.block_of(key);
        let Some(window) = &mut self.window else { return true };
        let unlisted = window.is_unlisted(block);
        assert!(unlisted || window.holds(key), "what changes is in memory");
        window.note_move(key, record, by);
        !unlisted
    }

    /// Gives a key to a row; says how many rows have it now.
    fn put(&mut self, key: PostingKey, (slot, record): (u32, u64)) -> usize {
        let listed = self.note_move(key, record, 1);
        let list = &mut self.lists[usize::from(key.list)];
        if self.window.is_none() {
            return list.insert(key.hash, slot);
        }
        if listed && !list.has(key.hash, slot) {
            list.insert(key.hash, slot);
        }
        list.rows(key.hash).len()
    }

    /// Takes a key from a row; says how many rows have it now.
    fn take(&mut self, key: PostingKey, (slot, record): (u32, u64)) -> usize {
        let listed = self.note_move(key, record, -1);
        let list = &mut self.lists[usize::from(key.list)];
        if self.window.is_none() {
            return list.remove(key.hash, slot);
        }
        if listed && list.has(key.hash, slot) {
            list.remove(key.hash, slot);
        }
        list.rows(key.hash).len()
    }

    pub(super) fn rows_of(&self, block: Block) -> &[u32] {
        self.rows_at(self.key_of_block(block))
    }

    /// The rows of a content.
    pub(super) fn rows_of_content(&self, content: u64) -> &[u32] {
        self.rows_at(PostingKey { list: 0, hash: content })
    }

    /// Gives a row its content; the content.
    pub(super) fn enter_content(&mut self, rows: &Rows, slot: u32) -> u64 {
        let hash = self.content_of(rows, slot);
        self.put(PostingKey { list: 0, hash }, (slot, rows.id(slot)));
        hash
    }

    /// Takes its content from a row; the content.
    pub(super) fn leave_content(&mut self, rows: &Rows, slot: u32) -> u64 {
        let hash = self.content_of(rows, slot);
        self.take(PostingKey { list: 0, hash }, (slot, rows.id(slot)));
        hash
    }

    /// Puts a row into its blocks; notes in `crossed` those that became too large by it, unless they are there.
    pub(super) fn enter(&mut self, rows: &Rows, slot: u32, keys: &mut Keys, crossed: &mut Crossed) {
        Self::for_blocks(rows, slot, keys, |block| {
            let size = self.put(self.key_of_block(block), (slot, rows.id(slot)));
            if self.window.is_none() && size == rows.plan().rules()[block.0].max_block + 1 {
                crossed.entry(block).or_insert(Was::Open);
            }
        });
    }

    /// Takes a row out of its blocks; notes in `crossed` those that are small enough again, unless they are there.
    pub(super) fn leave(&mut self, rows: &Rows, slot: u32, keys: &mut Keys, crossed: &mut Crossed) {
        Self::for_blocks(rows, slot, keys, |block| {
            let size = self.take(self.key_of_block(block), (slot, rows.id(slot)));
            if self.window.is_none() && size == rows.plan().rules()[block.0].max_block {
                crossed.entry(block).or_insert(Was::Closed);
            }
        });
    }

    /// Rows that share a block with a row, but for itself; ascending.
    pub(super) fn candidates(&self, rows: &Rows, slot: u32, keys: &mut Keys, out: &mut Vec<u32>) {
        self.sharing((rows, slot), &Seen::default(), keys, out);
        out.retain(|other| *other != slot);
    }

    /// Rows that share a block with a row, which may be one of other rows under the same plan; ascending.
    pub(super) fn sharing(&self, (rows, slot): (&Rows, u32), seen: &Seen, keys: &mut Keys, out: &mut Vec<u32>) {
        out.clear();
        let is_overfull =
            |block: &Block| self.window.as_ref().is_some_and(|window| window.overfull.contains_key(block));
        Self::for_blocks(rows, slot, keys, |block| {
            if is_overfull(&block) {
                return;
            }
            let sharing = match seen.get(&self.key_of_block(block)) {
                Some(sharing) => sharing,
                None => self.rows_of(block),
            };
            if sharing.len() <= rows.plan().rules()[block.0].max_block {
                out.extend(sharing);
            }
        });
        out.sort_unstable();
        out.dedup();
    }

    /// Whether a block is small enough to be compared.
    pub(super) fn is_open(&self, block: Block, max_block: usize) -> bool {
        match &self.window {
            Some(window) => !window.overfull.contains_key(&block),
            None => self.rows_of(block).len() <= max_block,
        }
    }

    /// The blocking rules under which two rows meet, in order.
    pub(super) fn rules_of_pair(&self, rows: &Rows, a: u32, b: u32, keys: &mut Keys) -> Vec<usize> {
        let mut rules = Vec::new();
        let mut of_b = Vec::new();
        for (number, rule) in rows.plan().rules().iter().enumerate() {
            keys_of(rows, rule, a, &mut keys.scratch, &mut keys.keys);
            keys_of(rows, rule, b, &mut keys.scratch, &mut of_b);
            let open = |key: &&u64| self.is_open((number, **key), rule.max_block);
            if keys.keys.iter().filter(|key| of_b.contains(key)).any(|key| open(&key)) {
                rules.push(number);
            }
        }
        rules
    }

    /// Calls `each` for the guarded values of a row.
    pub(super) fn for_guarded(rows: &Rows, slot: u32, mut each: impl FnMut(Guarded)) {
        for (number, of) in rows.plan().guards().iter().enumerate() {
            if let Some(value) = guard::value_of(rows, of, slot) {
                each((number, value));
            }
        }
    }

    pub(super) fn enter_guards(&mut self, rows: &Rows, slot: u32, touched: &mut FxHashSet<Guarded>) {
        Self::for_guarded(rows, slot, |guarded| {
            touched.insert(guarded);
            self.put(Self::key_of_guarded(guarded), (slot, rows.id(slot)));
        });
    }

    pub(super) fn leave_guards(&mut self, rows: &Rows, slot: u32, touched: &mut FxHashSet<Guarded>) {
        Self::for_guarded(rows, slot, |guarded| {
            touched.insert(guarded);
            self.take(Self::key_of_guarded(guarded), (slot, rows.id(slot)));
        });
    }

    /// Looks at a guarded value again. The rows that share it, if that changed what it counts.
    pub(super) fn retry_guard(&mut self, rows: &Rows, guarded: Guarded) -> Vec<u32> {
        let sharing = self.rows_at(Self::key_of_guarded(guarded));
        let trips = guard::trips(rows, &rows.plan().guards()[guarded.0], sharing);
        if trips == self.tripped.contains(&guarded) {
            return Vec::new();
        }
        let sharing = sharing.to_vec();
        if trips {
            self.tripped.insert(guarded)
        } else {
            self.tripped.remove(&guarded)
        };
        sharing
    }

    /// Lets exactly those values of a row count as missing that a guard says so of.
    pub(super) fn hide_tripped(&self, rows: &mut Rows, slot: u32) {
        let plan = Arc::clone(rows.plan());
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
        let rules = rows.plan().rules();
        if let Some(window) = &self.window {
            stop_keys.extend(window.overfull.iter().map(|((rule, key), of_block)| StopKey {
                rule: rules[*rule].name.clone(),
                key: *key,
                rows: of_block.rows,
                example: of_block.lowest,
            }));
        }
        for (rule, postings) in rules.iter().zip(&self.lists[1 + self.guards..]).filter(|_| self.window.is_none()) {
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
    overfull: FxHashMap<Block, Overfull>,
}

impl FlatIndex {
    /// Reads an index; without `postings` one whose postings rest elsewhere.
    pub(super) fn read(plan: &Plan, source: &mut Source<'_>, postings: bool) -> Result<Self, CheckpointError> {
        let of = |count: usize| 0..if postings { count } else { 0 };
        let blocks = of(plan.rules().len()).map(|_| Flat::read(source)).collect::<Result<_, _>>()?;
        let guarded = of(plan.guards().len()).map(|_| Flat::read(source)).collect::<Result<_, _>>()?;
        let guards: Vec<u32> = source.section("guards that hold")?;
        let values: Vec<u64> = source.exactly("values they hold for", guards.len())?;
        require("guards that hold", guards.iter().all(|guard| (*guard as usize) < plan.guards().len()))?;
        let tripped = guards.into_iter().map(|guard| guard as usize).zip(values).collect();
        let overfull = if postings { FxHashMap::default() } else { read_overfull(plan, source)? };
        Ok(Self { blocks, guarded, tripped, overfull })
    }

    /// The index of these rows; tables are made in parallel. Without contents its postings rest elsewhere.
    pub(super) fn restore(
        self,
        rows: &Rows,
        contents: Option<Flat>,
        resting: Option<Resting>,
    ) -> Result<Index, CheckpointError> {
        let mut index = Index::new(rows.plan(), resting);
        index.tripped = self.tripped;
        if let Some(window) = &mut index.window {
            window.overfull = self.overfull;
            return Ok(index);
        }
        let lists: Vec<Flat> = contents.into_iter().chain(self.guarded).chain(self.blocks).collect();
        let restored: Result<Vec<Postings>, CheckpointError> =
            lists.into_par_iter().map(|flat| flat.restore(|slot| rows.holds(slot))).collect();
        index.lists = restored?;
        Ok(index)
    }
}

/// Reads the blocks that are too large.
fn read_overfull(plan: &Plan, source: &mut Source<'_>) -> Result<FxHashMap<Block, Overfull>, CheckpointError> {
    let rules: Vec<u32> = source.section("rules of overfull")?;
    let numbers: Vec<u64> = source.exactly("overfull", rules.len() * 3)?;
    // Whether they are listed is asked anew.
    require("rules of overfull", rules.iter().all(|rule| (*rule as usize) < plan.rules().len()))?;
    let of_block = |(rule, [key, rows, lowest]): (u32, &[u64; 3])| {
        ((rule as usize, *key), Overfull { rows: *rows as usize, lowest: *lowest, unlisted: false })
    };
    Ok(rules.into_iter().zip(numbers.as_chunks().0).map(of_block).collect())
}

impl Index {
    pub(super) fn write(&self, sink: &mut Sink<'_>) -> Result<(), CheckpointError> {
        if self.window.is_none() {
            let (others, blocks) = self.lists.split_at(1 + self.guards);
            let in_order = others[..1].iter().chain(blocks).chain(&others[1..]);
            in_order.into_iter().try_for_each(|postings| postings.write(sink))?;
        }
        let mut tripped: Vec<Guarded> = self.tripped.iter().copied().collect();
        tripped.sort_unstable();
        sink.section("guards that hold", tripped.iter().map(|(guard, _)| *guard as u32))?;
        sink.section("values they hold for", tripped.iter().map(|(_, value)| *value))?;
        let Some(window) = &self.window else { return Ok(()) };
        let mut overfull: Vec<(&Block, &Overfull)> = window.overfull.iter().collect();
        overfull.sort_unstable_by_key(|(block, _)| **block);
        sink.section("rules of overfull", overfull.iter().map(|((rule, _), _)| *rule as u32))?;
        let numbers = overfull.iter().flat_map(|((_, key), of_block)| [*key, of_block.rows as u64, of_block.lowest]);
        sink.section("overfull", numbers)
    }
}

/// Buffers for deriving keys.
#[derive(Debug, Default)]
pub(super) struct Keys {
    scratch: KeyScratch,
    keys: Vec<u64>,
}

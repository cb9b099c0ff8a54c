//! The candidate index where its postings rest elsewhere: what is read, what is handed out to be written, and how all of it
//! is made at once.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Live;
use super::index::{Block, Crossed, Index, Keys, Seen, Was};
use super::window::{ChangedPostings, Overfull, PostingKey, PostingSource, Window};
use crate::engine::block::guard;
use crate::engine::block::keys::{KeyScratch, keys_of};
use crate::engine::error::LiveError;
use crate::engine::rows::Rows;
use crate::engine::value::Value;

/// Postings that are made at once, where that is not too small a part of their list.
const PART: usize = 1 << 20;
/// Most parts of a list: each costs the keys of all rows.
const MOST_PARTS: usize = 16;
/// A block with so many times the rows that are compared is not listed any more; it is again when they can be compared.
const UNLISTED_FROM: usize = 2;
/// Rows by which the number of postings is guessed.
const GUESSED_BY: usize = 1 << 10;

/// A part of the candidate index: the keys of one list in a range of hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostingPart {
    /// The list, as in [`PostingKey`].
    pub list: u16,
    /// The hashes.
    pub hashes: RangeInclusive<u64>,
    /// A key with more records need not be listed; one with twice as many is not.
    pub most_compared: usize,
}

impl PostingPart {
    /// Whether a key with so many records is listed when all of the index is made at once.
    pub fn lists(&self, records: usize) -> bool {
        records <= self.most_compared.saturating_mul(UNLISTED_FROM)
    }
}

impl Index {
    /// Calls `each` for every key of a row.
    fn for_keys(&self, rows: &Rows, slot: u32, keys: &mut Keys, mut each: impl FnMut(PostingKey)) {
        each(PostingKey { list: 0, hash: self.content_of(rows, slot) });
        Self::for_guarded(rows, slot, |guarded| each(Self::key_of_guarded(guarded)));
        if !rows.stands_aside(slot) {
            Self::for_blocks(rows, slot, keys, |block| each(self.key_of_block(block)));
        }
    }

    /// Brings the rows of keys into memory that are not there.
    fn load(&mut self, mut wanted: Vec<PostingKey>, slot_of: impl Fn(u64) -> Option<u32>) -> Result<(), LiveError> {
        let Some(mut window) = self.window.take() else { return Ok(()) };
        wanted.retain(|key| !window.is_unlisted(self.block_of(*key)));
        let missing = window.missing(wanted);
        let read = if missing.is_empty() { Ok(Vec::new()) } else { window.resting.source.records(&missing) };
        for (key, records) in missing.into_iter().zip(read.iter().flatten()) {
            match (records, self.block_of(key)) {
                (None, Some(block)) => window.note_unlisted(block),
                (records, _) => {
                    let mut slots: Vec<u32> = records.iter().flatten().filter_map(|id| slot_of(*id)).collect();
                    slots.sort_unstable();
                    self.lists[usize::from(key.list)].put_in(key.hash, &slots);
                    window.hold(key, slots.len());
                }
            }
        }
        self.window = Some(window);
        read.map(drop).map_err(LiveError::Unread)
    }

    /// Sums up what a batch moved: which blocks crossed the limit of their rule, and which are too large now.
    pub(super) fn sum_up(&mut self, rows: &Rows, crossed: &mut Crossed) {
        let Some(mut window) = self.window.take() else { return };
        window.sum_up(|key| self.block_of(key));
        let moved = std::mem::take(&mut window.changed);
        let by: FxHashMap<Block, isize> =
            moved.iter().filter_map(|(key, by)| Some((self.block_of(*key)?, *by))).collect();
        let limit = |block: Block| rows.plan().rules()[block.0].max_block;
        let shrunk = |block: &&Block| {
            let of_block = window.overfull.get(*block).filter(|of_block| of_block.unlisted);
            of_block.is_some_and(|of_block| of_block.rows <= limit(**block))
        };
        let shrunk: Vec<Block> = by.keys().filter(shrunk).copied().collect();
        window.lost.extend(shrunk);
        let found = Self::find_rows(rows, std::mem::take(&mut window.lost));
        let known = by.keys().filter(|block| !window.is_unlisted(Some(**block)));
        let known: Vec<(Block, Vec<u32>)> = known.map(|block| (*block, self.listed(*block).to_vec())).collect();
        for (block, sharing) in known.into_iter().chain(found) {
            let before = sharing.len().saturating_add_signed(-by.get(&block).copied().unwrap_or_default());
            if (before > limit(block)) != (sharing.len() > limit(block)) {
                crossed.insert(block, if before > limit(block) { Was::Closed } else { Was::Open });
            }
            self.settle_crowd(&mut window, rows, block, &sharing);
        }
        window.changed = moved;
        self.window = Some(window);
    }

    fn listed(&self, block: Block) -> &[u32] {
        let key = self.key_of_block(block);
        self.lists[usize::from(key.list)].rows(key.hash)
    }

    /// Settles whether a block with these rows is too large, and whether they are listed.
    fn settle_crowd(&mut self, window: &mut Window, rows: &Rows, block: Block, sharing: &[u32]) {
        let (key, limit) = (self.key_of_block(block), rows.plan().rules()[block.0].max_block);
        if !window.holds(key) {
            self.lists[usize::from(key.list)].put_in(key.hash, sharing);
            window.hold(key, sharing.len());
        }
        if sharing.len() <= limit {
            window.overfull.remove(&block);
            return;
        }
        let unlisted = window.is_unlisted(Some(block)) || sharing.len() > UNLISTED_FROM * limit;
        if unlisted {
            // Not before its pairs are taken back.
            window.leaving.push(key);
        }
        let lowest = sharing.iter().map(|slot| rows.id(*slot)).min().unwrap_or_default();
        window.overfull.insert(block, Overfull { rows: sharing.len(), lowest, unlisted });
    }

    /// Lets the rows of blocks go from memory that are listed nowhere from now on.
    fn drop_unlisted(&mut self) {
        let Some(window) = &mut self.window else { return };
        for key in std::mem::take(&mut window.leaving) {
            let list = &mut self.lists[usize::from(key.list)];
            window.let_go(key, list.rows(key.hash).len());
            list.take_out(key.hash);
        }
    }

    /// The rows of blocks that are listed nowhere, ascending: costs the keys of all rows under their rules.
    fn find_rows(rows: &Rows, blocks: Vec<Block>) -> Vec<(Block, Vec<u32>)> {
        let mut found: FxHashMap<Block, Vec<u32>> = blocks.into_iter().map(|block| (block, Vec::new())).collect();
        let of_rules: BTreeSet<usize> = found.keys().map(|(rule, _)| *rule).collect();
        let slots: Vec<u32> = if of_rules.is_empty() { Vec::new() } else { rows.leading().collect() };
        for number in of_rules {
            let rule = &rows.plan().rules()[number];
            let of_some = |slots: &[u32]| {
                let (mut scratch, mut keys, mut some) = (KeyScratch::default(), Vec::new(), Vec::new());
                for slot in slots {
                    keys_of(rows, rule, *slot, &mut scratch, &mut keys);
                    let blocks = keys.iter().map(|key| (number, *key)).filter(|block| found.contains_key(block));
                    some.extend(blocks.map(|block| (block, *slot)));
                }
                some
            };
            let pairs: Vec<(Block, u32)> = slots.par_chunks(GUESSED_BY).flat_map_iter(of_some).collect();
            for (block, slot) in pairs {
                found.entry(block).or_default().push(slot);
            }
        }
        found.into_iter().collect()
    }

    /// Lets keys go from memory that there is no room for.
    fn make_room(&mut self) {
        let Some(window) = &mut self.window else { return };
        let lists = &mut self.lists;
        for key in window.without_room(|key| lists[usize::from(key.list)].rows(key.hash).len()) {
            lists[usize::from(key.list)].take_out(key.hash);
        }
    }
}

impl Live {
    /// Whether its postings rest elsewhere.
    pub fn rests(&self) -> bool {
        self.index.window.is_some()
    }

    /// Whether a batch broke off because postings could not be read: then the set is of no use.
    pub fn is_half_changed(&self) -> bool {
        self.half_changed
    }

    /// Reads what it takes to apply new values of records, `None` for one that goes. Where postings are in memory there is
    /// nothing to do. [`Self::apply`] does it by itself; done before, a source that is away is noticed while nothing has
    /// changed.
    pub fn prepare(&mut self, records: &[(u64, Option<Vec<Value>>)]) -> Result<(), LiveError> {
        self.prepared = false;
        if !self.rests() {
            return Ok(());
        }
        self.index.drop_unlisted();
        self.index.make_room();
        let mut coming = Rows::new(Arc::clone(self.rows.plan()));
        let (mut keys, mut wanted) = (Keys::default(), Vec::new());
        for (id, values) in records {
            if let Some(slot) = self.slot_of(*id) {
                self.index.for_keys(&self.rows, slot, &mut keys, |key| wanted.push(key));
            }
            if let Some(values) = values {
                coming.check(*id, values)?;
                let slot = coming.insert(*id, values);
                self.index.for_keys(&coming, slot, &mut keys, |key| wanted.push(key));
            }
        }
        // What changes enters its keys anew, in another slot perhaps.
        let changing: BTreeSet<u64> = records.iter().map(|(id, _)| *id).collect();
        let (rows, slot_of) = (&self.rows, &self.slot_of);
        self.index.load(wanted, |id| slot_of.get(rows, id).filter(|_| !changing.contains(&id)))?;
        self.prepared = true;
        Ok(())
    }

    /// Reads the keys of rows that turned out to be asked for.
    pub(super) fn load_keys_of(&mut self, slots: impl IntoIterator<Item = u32>) -> Result<(), LiveError> {
        if !self.rests() {
            return Ok(());
        }
        let mut wanted = Vec::new();
        for slot in slots {
            self.index.for_keys(&self.rows, slot, &mut self.buffers.keys, |key| wanted.push(key));
        }
        let (rows, slot_of) = (&self.rows, &self.slot_of);
        self.index.load(wanted, |id| slot_of.get(rows, id))
    }

    /// The postings of the blocks of a row of other rows, where they are not in memory.
    pub(super) fn look(&self, asked: &Rows, slot: u32) -> Result<Seen, LiveError> {
        let Some(window) = &self.index.window else { return Ok(Seen::default()) };
        let mut keys = Vec::new();
        if !window.there {
            // Slow, and right.
            let mut blocks = Vec::new();
            Index::for_blocks(asked, slot, &mut Keys::default(), |block| blocks.push(block));
            let found = Index::find_rows(&self.rows, blocks).into_iter();
            return Ok(found.map(|(block, rows)| (self.index.key_of_block(block), rows)).collect());
        }
        Index::for_blocks(asked, slot, &mut Keys::default(), |block| keys.push(self.index.key_of_block(block)));
        keys.retain(|key| !window.holds(*key));
        let records = window.resting.source.records(&keys).map_err(LiveError::Unread)?;
        // Of a block that is listed nowhere nobody is compared.
        let slots =
            |records: Option<Vec<u64>>| records.into_iter().flatten().filter_map(|id| self.slot_of(id)).collect();
        Ok(keys.into_iter().zip(records.into_iter().map(slots)).collect())
    }

    /// What the last batch changed of postings that rest elsewhere. It stays in memory until [`Self::postings_written`].
    pub fn changed_postings(&mut self) -> ChangedPostings {
        self.index.drop_unlisted();
        let guards = self.rows.plan().guards().len();
        let block_of = |key: PostingKey| Some((usize::from(key.list).checked_sub(1 + guards)?, key.hash));
        let Some(window) = &mut self.index.window else { return ChangedPostings::default() };
        let (changed, batch) = (std::mem::take(&mut window.changed), window.next_batch());
        let (rows, lists) = (&self.rows, &self.index.lists);
        let unlisted: FxHashSet<PostingKey> =
            changed.iter().map(|(key, _)| *key).filter(|key| window.is_unlisted(block_of(*key))).collect();
        let records = |key: PostingKey| {
            if unlisted.contains(&key) {
                return (key, None);
            }
            let slots = lists[usize::from(key.list)].rows(key.hash);
            let mut records: Vec<u64> = slots.iter().map(|slot| rows.id(*slot)).collect();
            records.sort_unstable();
            (key, Some(records))
        };
        ChangedPostings { batch, postings: changed.into_iter().map(|(key, _)| records(key)).collect() }
    }

    /// What was changed up to a batch can be read where postings rest.
    pub fn postings_written(&mut self, batch: u32) {
        if let Some(window) = &mut self.index.window {
            window.note_written(batch);
        }
        self.index.make_room();
    }

    /// Whether the postings of this set can be read where they are to rest. Until then nothing may be applied, and
    /// [`Self::probe`] looks at all rows.
    pub fn note_postings(&mut self, there: bool) {
        if let Some(window) = &mut self.index.window {
            window.there = there;
        }
    }

    /// All that rests elsewhere can be read there, as it is now: nothing of it has to stay in memory.
    pub fn forget_postings(&mut self) {
        if let Some(window) = &mut self.index.window {
            window.forget();
            window.there = true;
            self.index.lists.fill_with(Default::default);
        }
    }

    /// Where postings are read from now on. The other source is of the same state, or of that which the next batch leads to.
    pub fn read_postings_from(&mut self, source: Arc<dyn PostingSource>) {
        if let Some(window) = &mut self.index.window {
            window.resting.source = source;
        }
    }

    /// The parts of the whole index, ascending. Also where it is in memory: it follows from the rows.
    pub fn posting_parts(&self) -> Vec<PostingPart> {
        let lists = 0..self.index.lists.len() as u16;
        let rules = self.rows.plan().rules();
        let of_list = |list: u16| {
            let rule = usize::from(list).checked_sub(self.index.lists.len() - rules.len());
            let most = rule.map_or(usize::MAX, |rule| rules[rule].max_block);
            parts_of(list, most, self.guessed_postings(list).div_ceil(PART))
        };
        lists.flat_map(of_list).collect()
    }

    /// A part of the index: hash and record, ascending. Costs the keys of all rows under one rule.
    pub fn postings_of(&self, part: &PostingPart) -> Vec<(u64, u64)> {
        let slots: Vec<u32> = self.rows.slots().collect();
        let of_some = |slots: &[u32]| {
            let (mut scratch, mut hashes, mut found) = (KeyScratch::default(), Vec::new(), Vec::new());
            for slot in slots {
                self.hashes_of(part.list, *slot, &mut scratch, &mut hashes);
                let inside = hashes.iter().filter(|hash| part.hashes.contains(hash));
                found.extend(inside.map(|hash| (*hash, self.rows.id(*slot))));
            }
            found
        };
        let mut found: Vec<(u64, u64)> = slots.par_chunks(GUESSED_BY).flat_map_iter(of_some).collect();
        found.par_sort_unstable();
        found
    }

    /// The hashes of a row in one list.
    fn hashes_of(&self, list: u16, slot: u32, scratch: &mut KeyScratch, out: &mut Vec<u64>) {
        let (plan, guards) = (self.rows.plan(), self.rows.plan().guards());
        out.clear();
        match usize::from(list) {
            0 => out.push(self.rows.lasting_content_of_row(slot)),
            list if list <= guards.len() => out.extend(guard::value_of(&self.rows, &guards[list - 1], slot)),
            _ if self.rows.stands_aside(slot) => {}
            list => keys_of(&self.rows, &plan.rules()[list - 1 - guards.len()], slot, scratch, out),
        }
    }

    /// How many postings a list has, about.
    fn guessed_postings(&self, list: u16) -> usize {
        let (mut scratch, mut hashes, mut some, mut counted) = (KeyScratch::default(), Vec::new(), 0, 0);
        for slot in self.rows.slots().take(GUESSED_BY) {
            self.hashes_of(list, slot, &mut scratch, &mut hashes);
            (some, counted) = (some + 1, counted + hashes.len());
        }
        (self.rows.len() * counted).checked_div(some).unwrap_or_default()
    }
}

/// The hashes of a list in so many parts.
pub(super) fn parts_of(list: u16, most_compared: usize, parts: usize) -> Vec<PostingPart> {
    let parts = parts.clamp(1, MOST_PARTS) as u64;
    let width = u64::MAX / parts;
    let end = |part: u64| if part + 1 == parts { u64::MAX } else { (part + 1) * width - 1 };
    (0..parts).map(|part| PostingPart { list, hashes: part * width..=end(part), most_compared }).collect()
}

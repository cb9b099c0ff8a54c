//! The candidate index where its postings rest elsewhere: what is read, what is handed out to be written, and how all of it
//! is made at once.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use rayon::prelude::*;

use super::Live;
use super::index::{Crossed, Index, Keys, Seen, Was};
use super::window::{ChangedPostings, Crowd, PostingKey, PostingSource};
use crate::engine::block::guard;
use crate::engine::block::keys::{KeyScratch, keys_of};
use crate::engine::error::LiveError;
use crate::engine::rows::Rows;
use crate::engine::value::Value;

/// Postings that are made at once, where that is not too small a part of their list.
const PART: usize = 1 << 20;
/// Most parts of a list: each costs the keys of all rows.
const MOST_PARTS: usize = 16;
/// Rows by which the number of postings is guessed.
const GUESSED_BY: usize = 1 << 10;

/// A part of the candidate index: the keys of one list in a range of hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostingPart {
    /// The list, as in [`PostingKey`].
    pub list: u16,
    /// The hashes.
    pub hashes: RangeInclusive<u64>,
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
    fn load(&mut self, wanted: Vec<PostingKey>, slot_of: impl Fn(u64) -> Option<u32>) -> Result<(), LiveError> {
        let Some(window) = &mut self.window else { return Ok(()) };
        let missing = window.missing(wanted);
        if missing.is_empty() {
            return Ok(());
        }
        let records = window.resting.source.records(&missing).map_err(LiveError::Unread)?;
        for (key, records) in missing.into_iter().zip(records) {
            let mut slots: Vec<u32> = records.into_iter().filter_map(&slot_of).collect();
            slots.sort_unstable();
            self.lists[usize::from(key.list)].put_in(key.hash, &slots);
            window.hold(key);
        }
        Ok(())
    }

    /// Sums up what a batch moved: which blocks crossed the limit of their rule, and which are too large now.
    pub(super) fn sum_up(&mut self, rows: &Rows, crossed: &mut Crossed) {
        let Some(mut window) = self.window.take() else { return };
        window.sum_up();
        for (key, by) in &window.changed {
            let Some(block) = self.block_of(*key) else { continue };
            let sharing = self.lists[usize::from(key.list)].rows(key.hash);
            let limit = rows.plan().rules()[block.0].max_block;
            let before = sharing.len().saturating_add_signed(-by);
            if (before > limit) != (sharing.len() > limit) {
                crossed.insert(block, if before > limit { Was::Closed } else { Was::Open });
            }
            if sharing.len() > limit {
                let lowest = sharing.iter().map(|slot| rows.id(*slot)).min().unwrap_or_default();
                window.crowds.insert(block, Crowd { rows: sharing.len(), lowest });
            } else {
                window.crowds.remove(&block);
            }
        }
        self.window = Some(window);
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
        if !self.rests() {
            return Ok(());
        }
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
        self.index.load(wanted, |id| slot_of.get(rows, id).filter(|_| !changing.contains(&id)))
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
        Index::for_blocks(asked, slot, &mut Keys::default(), |block| keys.push(self.index.key_of_block(block)));
        keys.retain(|key| !window.holds(*key));
        let records = window.resting.source.records(&keys).map_err(LiveError::Unread)?;
        let slots = |records: Vec<u64>| records.into_iter().filter_map(|id| self.slot_of(id)).collect();
        Ok(keys.into_iter().zip(records.into_iter().map(slots)).collect())
    }

    /// What the last batch changed of postings that rest elsewhere. It stays in memory until [`Self::postings_written`].
    pub fn changed_postings(&mut self) -> ChangedPostings {
        let Some(window) = &mut self.index.window else { return ChangedPostings::default() };
        let (changed, batch) = (std::mem::take(&mut window.changed), window.next_batch());
        let (rows, lists) = (&self.rows, &self.index.lists);
        let records = |key: PostingKey| {
            let slots = lists[usize::from(key.list)].rows(key.hash);
            let mut records: Vec<u64> = slots.iter().map(|slot| rows.id(*slot)).collect();
            records.sort_unstable();
            (key, records)
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

    /// All that rests elsewhere can be read there, as it is now: nothing of it has to stay in memory.
    pub fn forget_postings(&mut self) {
        if let Some(window) = &mut self.index.window {
            window.forget();
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
        lists.flat_map(|list| parts_of(list, self.guessed_postings(list).div_ceil(PART))).collect()
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
        if some == 0 { 0 } else { self.rows.len() * counted / some }
    }
}

/// The hashes of a list in so many parts.
pub(super) fn parts_of(list: u16, parts: usize) -> Vec<PostingPart> {
    let parts = parts.clamp(1, MOST_PARTS) as u64;
    let width = u64::MAX / parts;
    let end = |part: u64| if part + 1 == parts { u64::MAX } else { (part + 1) * width - 1 };
    (0..parts).map(|part| PostingPart { list, hashes: part * width..=end(part) }).collect()
}

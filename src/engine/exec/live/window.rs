//! Postings that rest elsewhere, in a database say, and of which only some are in memory.
//!
//! What a batch asks for is read before the batch changes anything, as the keys of the rows that change; what turns out
//! later, because a guard flips or a copy steps aside, is asked for when it does. A key that was read is kept up to date like
//! one that never left memory, until there is no room for it. What a batch changed stays until somebody says that it was
//! written.
//!
//! A block that is far too large to be compared is not listed anywhere, only counted: else each batch would write all of it
//! again. Should it become small enough, its rows are looked for.
//!
//! What is read may be of before the batch or of after it: a row enters a key only if it is not there, and the size of a
//! block before the batch is that of after it without what the batch moved. So a set that follows another one, whose
//! postings are ahead, can read these, if it takes everything up to there in one batch.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::index::Block;
use crate::engine::error::Unread;

/// A key of the candidate index: a list (of contents, of a guard, of a blocking rule) and a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostingKey {
    /// The list: 0 for contents, then the guards, then the blocking rules of the plan.
    pub list: u16,
    /// The key in it. Equal in every run and on every machine.
    pub hash: u64,
}

/// Where postings rest.
pub trait PostingSource: std::fmt::Debug + Send + Sync {
    /// The records that have each of these keys; empty for a key that is not there, `None` for one that is not listed. All of
    /// one state.
    fn records(&self, keys: &[PostingKey]) -> Result<Vec<Option<Vec<u64>>>, Unread>;
}

/// How a live set does without postings of its own.
#[derive(Debug, Clone)]
pub struct Resting {
    /// Where they are read.
    pub source: Arc<dyn PostingSource>,
    /// Bytes of them that stay in memory from batch to batch, about.
    pub cache_bytes: usize,
}

/// Postings that a batch changed, to be written where they rest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangedPostings {
    /// The number of the batch, for [`super::Live::postings_written`].
    pub batch: u32,
    /// Keys with the records they have now, ascending; without records the key is no more. `None`: so many that they are not
    /// listed.
    pub postings: Vec<(PostingKey, Option<Vec<u64>>)>,
}

/// Bytes of a key in memory without its rows, and of each row: about.
const KEY_BYTES: usize = 56;
const ROW_BYTES: usize = 6;

/// A block that is too large to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overfull {
    pub(super) rows: usize,
    /// The lowest record in it.
    pub(super) lowest: u64,
    /// It is known that its rows are listed nowhere.
    pub(super) unlisted: bool,
}

/// Which postings are in memory, and what became of them.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) resting: Resting,
    /// The source has the postings of this set.
    pub(super) there: bool,
    /// Keys whose rows are in memory, with the batch that asked for them last.
    held: FxHashMap<PostingKey, u32>,
    /// What they take, about.
    bytes: usize,
    batch: u32,
    /// Rows that came to keys (1) or left them (-1) in the batch under way.
    moves: Vec<(PostingKey, u64, i8)>,
    /// Keys that the last batch changed, and by how many rows.
    pub(super) changed: Vec<(PostingKey, isize)>,
    /// Keys that are not known to be written, with the batch that changed them last.
    unwritten: FxHashMap<PostingKey, u32>,
    /// Keys whose rows go from memory when the batch is done.
    pub(super) leaving: Vec<PostingKey>,
    /// Blocks whose rows have to be looked for.
    pub(super) lost: Vec<Block>,
    /// All blocks that are too large.
    pub(super) overfull: FxHashMap<Block, Overfull>,
}

impl Window {
    pub(super) fn new(resting: Resting) -> Self {
        Self {
            resting,
            there: false,
            held: FxHashMap::default(),
            bytes: 0,
            batch: 0,
            moves: Vec::new(),
            changed: Vec::new(),
            unwritten: FxHashMap::default(),
            leaving: Vec::new(),
            lost: Vec::new(),
            overfull: FxHashMap::default(),
        }
    }

    /// Whether the rows of a key are in memory.
    pub(super) fn holds(&self, key: PostingKey) -> bool {
        self.held.contains_key(&key)
    }

    /// Those of the keys that are not in memory, each once; the others are kept longer.
    pub(super) fn missing(&mut self, mut keys: Vec<PostingKey>) -> Vec<PostingKey> {
        keys.sort_unstable();
        keys.dedup();
        let batch = self.batch;
        keys.retain(|key| self.held.get_mut(key).map(|last| *last = batch).is_none());
        keys
    }

    /// The rows of a key, so many, are in memory from now on.
    pub(super) fn hold(&mut self, key: PostingKey, rows: usize) {
        self.held.insert(key, self.batch);
        self.bytes += KEY_BYTES + ROW_BYTES * rows;
    }

    /// Notes that a record came to a key, or left it.
    pub(super) fn note_move(&mut self, key: PostingKey, record: u64, by: i8) {
        self.moves.push((key, record, by));
    }

    /// Whether the rows of a block are known to be listed nowhere.
    pub(super) fn is_unlisted(&self, block: Option<Block>) -> bool {
        block.and_then(|block| self.overfull.get(&block)).is_some_and(|of_block| of_block.unlisted)
    }

    /// The rows of a block are listed nowhere. Of one that was not too large they have to be looked for.
    pub(super) fn note_unlisted(&mut self, block: Block) {
        let unknown = Overfull { rows: usize::MAX, lowest: 0, unlisted: true };
        let of_block = self.overfull.entry(block).or_insert(unknown);
        of_block.unlisted = true;
        if of_block.rows == usize::MAX {
            self.lost.push(block);
        }
    }

    /// The rows of a key are not in memory any more.
    pub(super) fn let_go(&mut self, key: PostingKey, rows: usize) {
        self.held.remove(&key);
        self.bytes = self.bytes.saturating_sub(KEY_BYTES + ROW_BYTES * rows);
    }

    /// Sums up what the batch moved. A row that left a key and came back did not move.
    pub(super) fn sum_up(&mut self, block_of: impl Fn(PostingKey) -> Option<Block>) {
        let mut moves = std::mem::take(&mut self.moves);
        moves.sort_unstable_by_key(|(key, record, _)| (*key, *record));
        self.changed.clear();
        for of_key in moves.chunk_by(|a, b| a.0 == b.0) {
            let of_records = of_key.chunk_by(|a, b| a.1 == b.1);
            let sums = of_records.map(|of| (of[0].1, of.iter().map(|(.., by)| isize::from(*by)).sum::<isize>()));
            let sums: Vec<(u64, isize)> = sums.filter(|(_, sum)| *sum != 0).collect();
            let (key, by) = (of_key[0].0, sums.iter().map(|(_, sum)| sum).sum::<isize>());
            if sums.is_empty() {
                continue;
            }
            self.changed.push((key, by));
            let block = block_of(key);
            match block.and_then(|block| self.overfull.get_mut(&block)).filter(|of_block| of_block.unlisted) {
                Some(of_block) if of_block.rows == usize::MAX => {}
                Some(of_block) => {
                    of_block.rows = of_block.rows.saturating_add_signed(by);
                    let came = sums.iter().filter(|(_, sum)| *sum > 0).map(|(record, _)| *record).min();
                    if sums.iter().any(|(record, sum)| *sum < 0 && *record == of_block.lowest) {
                        self.lost.extend(block);
                    }
                    of_block.lowest = of_block.lowest.min(came.unwrap_or(u64::MAX));
                }
                None => self.bytes = self.bytes.saturating_add_signed(by * ROW_BYTES.cast_signed()),
            }
        }
        self.unwritten.extend(self.changed.iter().map(|(key, _)| (*key, self.batch)));
    }

    /// Begins the next batch; the number of the one before.
    pub(super) fn next_batch(&mut self) -> u32 {
        self.batch += 1;
        self.batch - 1
    }

    /// What was changed up to a batch is written.
    pub(super) fn note_written(&mut self, batch: u32) {
        self.unwritten.retain(|_, changed| *changed > batch);
    }

    /// Everything goes from memory; what was changed is written, or of no interest.
    pub(super) fn forget(&mut self) {
        self.held = FxHashMap::default();
        self.bytes = 0;
        self.unwritten = FxHashMap::default();
        self.changed = Vec::new();
        self.moves = Vec::new();
        self.leaving = Vec::new();
        // What is listed is asked anew.
        self.overfull.values_mut().for_each(|of_block| of_block.unlisted = false);
    }

    /// The keys that go because there is no room for them: those that were not asked for longest. `rows` tells how many rows
    /// a key has.
    pub(super) fn without_room(&mut self, rows: impl Fn(PostingKey) -> usize) -> Vec<PostingKey> {
        let room = self.resting.cache_bytes;
        if self.bytes <= room {
            return Vec::new();
        }
        let bytes = |key: &PostingKey| KEY_BYTES + ROW_BYTES * rows(*key);
        let mut free: Vec<(u32, PostingKey)> = Vec::new();
        free.extend(self.held.iter().filter(|(key, _)| !self.unwritten.contains_key(key)).map(|(key, at)| (*at, *key)));
        free.sort_unstable();
        let mut gone = FxHashSet::default();
        for (_, key) in free {
            // Some more than have to, so that this is not done for every batch.
            if self.bytes <= room - room / 4 {
                break;
            }
            self.bytes = self.bytes.saturating_sub(bytes(&key));
            gone.insert(key);
        }
        self.held.retain(|key, _| !gone.contains(key));
        if self.held.len() < self.held.capacity() / 4 {
            self.held.shrink_to_fit();
        }
        gone.into_iter().collect()
    }
}

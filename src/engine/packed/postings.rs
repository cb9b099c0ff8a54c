//! Keys to rows, for keys that are hashes. Nearly all keys belong to one row, so one row is stored beside the key itself.
//!
//! Keys stand in one run of memory in their order, with gaps. Where a key would stand if all were spread evenly is its
//! home; it stands there or behind, with no gap between. So it is found with one wait for memory, a table is built from
//! keys in order, and grows, in one sweep, and it need not double to grow.

use super::lists::Lists;
use crate::engine::error::CheckpointError;
use crate::engine::flat::{Sink, Source, damaged};

/// Marks the place of a list instead of a slot.
const LIST: u32 = 1 << 31;

/// A key and its row, or the list of its rows. The halves of the key stand apart so that nothing is lost to alignment.
#[derive(Debug, Clone, Copy)]
struct Entry {
    high: u32,
    low: u32,
    head: u32,
}

const GAP: Entry = Entry { high: 0, low: 0, head: u32::MAX };

impl Entry {
    fn new(key: u64, head: u32) -> Self {
        Self { high: (key >> 32) as u32, low: key as u32, head }
    }

    #[inline]
    fn key(self) -> u64 {
        u64::from(self.high) << 32 | u64::from(self.low)
    }

    #[inline]
    fn is_gap(self) -> bool {
        self.head == u32::MAX
    }
}

/// Which rows have a key.
#[derive(Debug, Default)]
pub(crate) struct Postings {
    /// Homes, and a few more places behind them.
    entries: Vec<Entry>,
    homes: usize,
    keys: usize,
    lists: Lists,
}

impl Postings {
    /// From (key, slot) entries, ascending.
    pub(crate) fn build(entries: &[(u64, u32)]) -> Self {
        let blocks = entries.chunk_by(|x, y| x.0 == y.0);
        let mut postings = Self::with_room(blocks.clone().count());
        let mut slots = Vec::new();
        for block in blocks {
            slots.clear();
            slots.extend(block.iter().map(|(_, slot)| *slot));
            postings.append(block[0].0, &slots);
        }
        postings
    }

    /// An empty table for so many keys.
    pub(crate) fn with_room(keys: usize) -> Self {
        // Four fifths full or less.
        let homes = keys + keys / 4 + 4;
        Self { entries: vec![GAP; homes], homes, keys: 0, lists: Lists::default() }
    }

    /// Gives a key that is above all others to its rows, ascending.
    pub(crate) fn append(&mut self, key: u64, slots: &[u32]) {
        let head = match slots {
            [slot] => *slot,
            many => self.lists.add(many) | LIST,
        };
        self.put_last(Entry::new(key, head));
    }

    /// Puts an entry behind all others.
    fn put_last(&mut self, entry: Entry) {
        let mut at = self.home(entry.key());
        while self.entries.get(at).is_some_and(|other| !other.is_gap()) {
            at += 1;
        }
        self.put(at, entry);
    }

    fn put(&mut self, at: usize, entry: Entry) {
        if at == self.entries.len() {
            self.entries.push(GAP);
        }
        self.entries[at] = entry;
        self.keys += 1;
    }

    #[inline]
    fn home(&self, key: u64) -> usize {
        ((u128::from(key) * self.homes as u128) >> 64) as usize
    }

    /// Where a key stands, or else where it would.
    #[inline]
    fn find(&self, key: u64) -> Result<usize, usize> {
        let mut at = self.home(key);
        while let Some(entry) = self.entries.get(at).filter(|entry| !entry.is_gap()) {
            match entry.key().cmp(&key) {
                std::cmp::Ordering::Less => at += 1,
                std::cmp::Ordering::Equal => return Ok(at),
                std::cmp::Ordering::Greater => break,
            }
        }
        Err(at)
    }

    /// The rows that have a key, ascending by slot.
    #[inline]
    pub(crate) fn rows(&self, key: u64) -> &[u32] {
        self.find(key).map_or(&[], |at| self.rows_at(&self.entries[at]))
    }

    fn rows_at<'a>(&'a self, entry: &'a Entry) -> &'a [u32] {
        if entry.head & LIST == 0 { std::slice::from_ref(&entry.head) } else { self.lists.get(entry.head & !LIST) }
    }

    /// Keys with their rows, ascending.
    pub(crate) fn all(&self) -> impl Iterator<Item = (u64, &[u32])> {
        self.entries.iter().filter(|entry| !entry.is_gap()).map(|entry| (entry.key(), self.rows_at(entry)))
    }

    /// Keys that more than one row has, with the rows; ascending.
    pub(crate) fn shared(&self) -> impl Iterator<Item = (u64, &[u32])> {
        self.all().filter(|(_, rows)| rows.len() > 1)
    }

    /// Gives a key to a row that does not have it; says how many rows have it now.
    pub(crate) fn insert(&mut self, key: u64, slot: u32) -> usize {
        assert!(slot & LIST == 0, "a live index holds less than 2 G rows");
        let at = match self.find(key) {
            Ok(at) => at,
            Err(at) => {
                self.insert_at(at, Entry::new(key, slot));
                return 1;
            }
        };
        let head = self.entries[at].head;
        if head & LIST == 0 {
            self.entries[at].head = self.lists.add(&[slot.min(head), slot.max(head)]) | LIST;
            return 2;
        }
        let list = self.lists.get(head & !LIST);
        let (place, len) = (list.partition_point(|other| *other < slot), list.len());
        self.entries[at].head = self.lists.insert(head & !LIST, place, &[slot]) | LIST;
        len + 1
    }

    /// Puts a new entry where it belongs; what stands there up to the next gap moves on by one.
    fn insert_at(&mut self, at: usize, entry: Entry) {
        // Nine tenths full: beyond that, keys would stand far from home.
        if self.keys * 10 >= self.homes * 9 {
            self.grow();
            let at = self.find(entry.key()).unwrap_or_else(|at| at);
            return self.shift_in(at, entry);
        }
        self.shift_in(at, entry);
    }

    fn shift_in(&mut self, at: usize, entry: Entry) {
        let run = self.entries[at..].iter().position(|entry| entry.is_gap()).unwrap_or(self.entries.len() - at);
        if at + run == self.entries.len() {
            self.entries.push(GAP);
        }
        self.entries.copy_within(at..at + run, at + 1);
        self.put(at, entry);
    }

    /// Makes more room, in one sweep.
    fn grow(&mut self) {
        let mut larger = Self::with_room(self.keys + self.keys / 32);
        self.entries.iter().filter(|entry| !entry.is_gap()).for_each(|entry| larger.put_last(*entry));
        larger.lists = std::mem::take(&mut self.lists);
        *self = larger;
    }

    /// Takes a key from a row that has it; says how many rows have it now.
    pub(crate) fn remove(&mut self, key: u64, slot: u32) -> usize {
        let Ok(at) = self.find(key) else { return 0 };
        let head = self.entries[at].head;
        if head & LIST == 0 {
            self.close(at);
            return 0;
        }
        let place = head & !LIST;
        let list = self.lists.get(place);
        let Ok(of_slot) = list.binary_search(&slot) else { return list.len() };
        if let [one, other] = *list {
            self.lists.release(place);
            self.entries[at].head = if of_slot == 0 { other } else { one };
            return 1;
        }
        let left = list.len() - 1;
        self.entries[at].head = self.lists.remove(place, of_slot, 1) | LIST;
        left
    }

    /// Whether a row has a key.
    pub(crate) fn has(&self, key: u64, slot: u32) -> bool {
        self.rows(key).binary_search(&slot).is_ok()
    }

    /// Gives a key that nobody has to rows, ascending.
    pub(crate) fn put_in(&mut self, key: u64, slots: &[u32]) {
        let (Err(at), [first, others @ ..]) = (self.find(key), slots) else { return };
        let head = if others.is_empty() { *first } else { self.lists.add(slots) | LIST };
        self.insert_at(at, Entry::new(key, head));
    }

    /// Takes a key from all rows.
    pub(crate) fn take_out(&mut self, key: u64) {
        let Ok(at) = self.find(key) else { return };
        let head = self.entries[at].head;
        if head & LIST != 0 {
            self.lists.release(head & !LIST);
        }
        self.close(at);
    }

    /// Takes an entry out; those behind it that are not at home move back by one.
    fn close(&mut self, at: usize) {
        let away = |(from, entry): (usize, &Entry)| !entry.is_gap() && self.home(entry.key()) < from;
        let run = (at + 1..).zip(&self.entries[at + 1..]).take_while(|entry| away(*entry)).count();
        self.entries.copy_within(at + 1..=at + run, at);
        self.entries[at + run] = GAP;
        self.keys -= 1;
    }
}

/// Postings as a checkpoint has them: the keys in their order and their rows, the last of each key with [`LIST`].
pub(crate) struct Flat {
    keys: Vec<u64>,
    rows: Vec<u32>,
}

impl Flat {
    pub(crate) fn read(source: &mut Source<'_>) -> Result<Self, CheckpointError> {
        Ok(Self { keys: source.section("keys")?, rows: source.section("rows of keys")? })
    }

    /// The postings, if the rows are such as `holds`.
    pub(crate) fn restore(mut self, holds: impl Fn(u32) -> bool) -> Result<Postings, CheckpointError> {
        let mut postings = Postings::with_room(self.keys.len());
        if !self.keys.is_sorted_by(|a, b| a < b) {
            return Err(damaged("keys"));
        }
        let mut of_keys = self.rows.chunk_by_mut(|row, _| row & LIST == 0);
        for key in self.keys {
            let rows = of_keys.next().ok_or_else(|| damaged("rows of keys"))?;
            if let Some(last) = rows.last_mut() {
                *last &= !LIST;
            }
            if !rows.is_sorted_by(|a, b| a < b) || !rows.iter().all(|row| holds(*row)) {
                return Err(damaged("rows of keys"));
            }
            postings.append(key, rows);
        }
        if of_keys.next().is_some() { Err(damaged("rows of keys")) } else { Ok(postings) }
    }
}

impl Postings {
    pub(crate) fn write(&self, sink: &mut Sink<'_>) -> Result<(), CheckpointError> {
        sink.section("keys", self.all().map(|(key, _)| key))?;
        let of_keys = self.all().filter_map(|(_, rows)| rows.split_last());
        sink.section("rows of keys", of_keys.flat_map(|(last, others)| others.iter().copied().chain([last | LIST])))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    fn check(postings: &Postings, expected: &BTreeMap<u64, BTreeSet<u32>>) {
        let all: Vec<(u64, Vec<u32>)> = postings.all().map(|(key, rows)| (key, rows.to_vec())).collect();
        let wanted: Vec<(u64, Vec<u32>)> =
            expected.iter().map(|(key, rows)| (*key, rows.iter().copied().collect())).collect();
        assert_eq!(all, wanted);
        for (key, rows) in wanted {
            assert_eq!(postings.rows(key), rows);
            assert_eq!(postings.rows(key ^ 1 << 20), &[0; 0]);
        }
    }

    proptest! {
        #[test]
        fn postings_are_a_map(
            // Close keys, keys at both ends, and keys all over.
            keys in proptest::collection::vec(
                prop_oneof![0..20u64, Just(u64::MAX), (0..9u64).prop_map(|n| u64::MAX - n), any::<u64>().prop_map(|n| n & !(1 << 20))],
                1..60,
            ),
            steps in proptest::collection::vec((any::<bool>(), any::<prop::sample::Index>(), 0..5u32), 1..400),
        ) {
            let mut postings = Postings::default();
            let mut expected: BTreeMap<u64, BTreeSet<u32>> = BTreeMap::new();
            for (adds, key, slot) in steps {
                let key = *key.get(&keys);
                let rows = expected.entry(key).or_default();
                let count = if adds {
                    if rows.insert(slot) { postings.insert(key, slot) } else { rows.len() }
                } else if rows.remove(&slot) {
                    postings.remove(key, slot)
                } else {
                    rows.len()
                };
                prop_assert_eq!(count, rows.len());
                expected.retain(|_, rows| !rows.is_empty());
            }
            check(&postings, &expected);
            let entries: Vec<(u64, u32)> =
                expected.iter().flat_map(|(key, rows)| rows.iter().map(|slot| (*key, *slot))).collect();
            let mut built = Postings::build(&entries);
            check(&built, &expected);
            let half: Vec<u64> = expected.keys().copied().step_by(2).collect();
            let taken: Vec<(u64, BTreeSet<u32>)> = half.iter().map(|key| (*key, expected[key].clone())).collect();
            for key in half {
                built.take_out(key);
                expected.remove(&key);
            }
            check(&built, &expected);
            for (key, rows) in taken {
                built.put_in(key, &rows.iter().copied().collect::<Vec<u32>>());
                prop_assert!(rows.iter().all(|slot| built.has(key, *slot)));
                expected.insert(key, rows);
            }
            check(&built, &expected);
        }
    }
}

//! Keys to rows. Nearly all keys belong to one row, so one row is stored in the map itself.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

/// Marks an index into `lists` instead of a slot.
const LIST: u32 = 1 << 31;

/// Which rows have a key.
#[derive(Debug, Default)]
pub(super) struct Postings {
    heads: FxHashMap<u64, u32>,
    lists: Vec<Vec<u32>>,
    free: Vec<u32>,
}

impl Postings {
    /// From (key, slot) entries, ascending.
    pub(super) fn build(entries: &[(u64, u32)]) -> Self {
        let mut postings = Self::default();
        let blocks = entries.chunk_by(|x, y| x.0 == y.0);
        postings.heads.reserve(blocks.clone().count());
        for block in blocks {
            let head = match block {
                [(_, slot)] => *slot,
                many => new_list(&mut postings.lists, &mut postings.free, many.iter().map(|(_, slot)| *slot).collect()),
            };
            postings.heads.insert(block[0].0, head);
        }
        postings
    }

    /// The rows that have a key, ascending by slot.
    pub(super) fn rows(&self, key: u64) -> &[u32] {
        match self.heads.get(&key) {
            None => &[],
            Some(head) if head & LIST == 0 => std::slice::from_ref(head),
            Some(head) => &self.lists[(head & !LIST) as usize],
        }
    }

    /// Keys that more than one row has, with the rows.
    pub(super) fn shared(&self) -> impl Iterator<Item = (u64, &[u32])> {
        let lists = self.heads.iter().filter(|(_, head)| **head & LIST != 0);
        lists.map(|(key, head)| (*key, self.lists[(head & !LIST) as usize].as_slice()))
    }

    /// Gives a key to a row that does not have it; says how many rows have it now. Looks the key up once.
    pub(super) fn insert(&mut self, key: u64, slot: u32) -> usize {
        assert!(slot & LIST == 0, "a live index holds less than 2 G rows");
        let head = match self.heads.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(slot);
                return 1;
            }
            Entry::Occupied(entry) => entry.into_mut(),
        };
        if *head & LIST == 0 {
            let rows = vec![slot.min(*head), slot.max(*head)];
            *head = new_list(&mut self.lists, &mut self.free, rows);
            return 2;
        }
        let list = &mut self.lists[(*head & !LIST) as usize];
        let at = list.partition_point(|other| *other < slot);
        list.insert(at, slot);
        list.len()
    }

    /// Takes a key from a row that has it; says how many rows have it now. Looks the key up once.
    pub(super) fn remove(&mut self, key: u64, slot: u32) -> usize {
        let Entry::Occupied(mut entry) = self.heads.entry(key) else { return 0 };
        let head = *entry.get();
        if head & LIST == 0 {
            entry.remove();
            return 0;
        }
        let list = &mut self.lists[(head & !LIST) as usize];
        if let Ok(at) = list.binary_search(&slot) {
            list.remove(at);
        }
        if let [last] = list.as_slice() {
            entry.insert(*last);
            *list = Vec::new();
            self.free.push(head & !LIST);
            return 1;
        }
        list.len()
    }
}

fn new_list(lists: &mut Vec<Vec<u32>>, free: &mut Vec<u32>, rows: Vec<u32>) -> u32 {
    let at = free.pop().unwrap_or_else(|| {
        lists.push(Vec::new());
        lists.len() as u32 - 1
    });
    lists[at as usize] = rows;
    at | LIST
}

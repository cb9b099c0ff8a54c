//! Keys to rows. Nearly all keys belong to one row, so one row is stored in the map itself.

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
                many => postings.new_list(many.iter().map(|(_, slot)| *slot).collect()),
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

    pub(super) fn insert(&mut self, key: u64, slot: u32) {
        assert!(slot & LIST == 0, "a live index holds less than 2 G rows");
        match self.heads.get(&key).copied() {
            None => {
                self.heads.insert(key, slot);
            }
            Some(head) if head & LIST == 0 => {
                let list = self.new_list(vec![head.min(slot), head.max(slot)]);
                self.heads.insert(key, list);
            }
            Some(head) => {
                let list = &mut self.lists[(head & !LIST) as usize];
                let at = list.partition_point(|other| *other < slot);
                list.insert(at, slot);
            }
        }
    }

    pub(super) fn remove(&mut self, key: u64, slot: u32) {
        let Some(head) = self.heads.get(&key).copied() else { return };
        if head & LIST == 0 {
            self.heads.remove(&key);
            return;
        }
        let list = &mut self.lists[(head & !LIST) as usize];
        if let Ok(at) = list.binary_search(&slot) {
            list.remove(at);
        }
        if let [last] = list.as_slice() {
            self.heads.insert(key, *last);
            *list = Vec::new();
            self.free.push(head & !LIST);
        }
    }

    fn new_list(&mut self, rows: Vec<u32>) -> u32 {
        let at = self.free.pop().unwrap_or_else(|| {
            self.lists.push(Vec::new());
            self.lists.len() as u32 - 1
        });
        self.lists[at as usize] = rows;
        at | LIST
    }
}

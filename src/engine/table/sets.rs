//! The distinct sets of a column.

use hashbrown::HashTable;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::Runs;
use crate::engine::error::CheckpointError;
use crate::engine::flat::{Sink, Source, ends_fit, require};

/// The distinct sets of a column: hashes of their elements, ascending. Set `n` is run `n - 1`.
#[derive(Default)]
pub(crate) struct Sets {
    by_hash: HashTable<u32>,
    elements: Runs<u64>,
}

impl Sets {
    pub(crate) fn intern(&mut self, set: &[String]) -> u32 {
        let mut elements: Vec<u64> =
            set.iter().filter(|text| !text.is_empty()).map(|text| xxh3_64(text.as_bytes())).collect();
        elements.sort_unstable();
        elements.dedup();
        self.intern_elements(&elements)
    }

    fn intern_elements(&mut self, elements: &[u64]) -> u32 {
        if elements.is_empty() {
            return 0;
        }
        let hash = hash_of(elements);
        if let Some(id) = self.by_hash.find(hash, |id| self.elements(*id) == elements) {
            return *id;
        }
        self.elements.push(elements.iter().copied());
        let id = u32::try_from(self.elements.ends.len()).expect("a dictionary holds less than 4 G sets");
        self.by_hash.insert_unique(hash, id, |id| hash_of(self.elements.get(*id as usize - 1)));
        id
    }

    /// The number of a set of another column.
    pub(super) fn copy_of(&mut self, other: &Self, id: u32) -> u32 {
        self.intern_elements(other.elements(id))
    }

    /// Hashes of the elements of a set that is there, ascending.
    pub(crate) fn elements(&self, id: u32) -> &[u64] {
        self.elements.get(id as usize - 1)
    }

    pub(super) fn limit(&self) -> usize {
        self.elements.ends.len() + 1
    }

    pub(super) fn write(&self, sink: &mut Sink<'_>) -> Result<(), CheckpointError> {
        sink.section("elements of sets", self.elements.items.iter().copied())?;
        sink.section("set ends", self.elements.ends.iter().copied())
    }

    pub(super) fn read(&mut self, source: &mut Source<'_>) -> Result<(), CheckpointError> {
        self.elements.items = source.section("elements of sets")?;
        self.elements.ends = source.section("set ends")?;
        require("set ends", ends_fit(&self.elements.ends, self.elements.items.len()))
    }

    pub(super) fn find_again(&mut self) {
        let hash = |id: &u32| hash_of(self.elements.get(*id as usize - 1));
        let mut by_hash = HashTable::with_capacity(self.elements.ends.len());
        for id in 1..=self.elements.ends.len() as u32 {
            by_hash.insert_unique(hash(&id), id, hash);
        }
        self.by_hash = by_hash;
    }
}

fn hash_of(elements: &[u64]) -> u64 {
    let mut hasher = Xxh3::new();
    for element in elements {
        hasher.update(&element.to_le_bytes());
    }
    hasher.digest()
}

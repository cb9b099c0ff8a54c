//! The distinct names of a column, prepared for comparison and for blocking.

use hashbrown::HashTable;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::Runs;
use crate::domain::name::NameParts;
use crate::engine::error::CheckpointError;
use crate::engine::flat::{Sink, Source, damaged, ends_fit, require};
use crate::engine::name::{NameRules, PreparedName};

/// Hashes of the folded letters and of the key of the whole name; 0 where there are none.
#[derive(Clone, Copy)]
struct WholeKeys {
    concat: u64,
    whole: u64,
}

/// The distinct names of a column.
#[derive(Default)]
pub(crate) struct Names {
    by_hash: HashTable<u32>,
    /// By number, from 1, the hash of all parts of a name: two names of one hash are one.
    hashes: Vec<u128>,
    prepared: Vec<PreparedName>,
    whole: Vec<WholeKeys>,
    k2: Runs<u64>,
    words: Runs<u64>,
}

impl Names {
    pub(crate) fn intern(&mut self, parts: &NameParts, rules: &NameRules) -> u32 {
        if parts.tokens.is_empty() {
            return 0;
        }
        let mut hasher = Xxh3::new();
        std::hash::Hash::hash(parts, &mut hasher);
        let hash = hasher.digest128();
        if let Some(id) = self.by_hash.find(hash as u64, |id| self.hashes[*id as usize - 1] == hash) {
            return *id;
        }
        self.prepared.push(PreparedName::new(parts, rules));
        self.hashes.push(hash);
        let id = u32::try_from(self.prepared.len()).expect("a dictionary holds less than 4 G names");
        self.by_hash.insert_unique(hash as u64, id, |id| self.hashes[*id as usize - 1] as u64);
        self.derive_keys(parts);
        id
    }

    /// The number of a name of another column.
    pub(super) fn copy_of(&mut self, other: &Self, id: u32) -> u32 {
        let (at, hash) = (id as usize - 1, other.hashes[id as usize - 1]);
        if let Some(id) = self.by_hash.find(hash as u64, |id| self.hashes[*id as usize - 1] == hash) {
            return *id;
        }
        self.prepared.push(other.prepared[at].clone());
        self.hashes.push(hash);
        self.whole.push(other.whole[at]);
        self.k2.push(other.k2(id).iter().copied());
        self.words.push(other.words(id).iter().copied());
        let id = self.prepared.len() as u32;
        self.by_hash.insert_unique(hash as u64, id, |id| self.hashes[*id as usize - 1] as u64);
        id
    }

    fn derive_keys(&mut self, parts: &NameParts) {
        let hash = |text: &str| xxh3_64(text.as_bytes());
        let whole = parts.k2.iter().find(|key| key.starts_with('#'));
        let mut k2: Vec<u64> = parts.k2.iter().filter(|key| !key.starts_with('#')).map(|key| hash(key)).collect();
        let mut words: Vec<u64> = parts.tokens.iter().filter(|t| !t.soft).map(|token| hash(&token.k1)).collect();
        for list in [&mut k2, &mut words] {
            list.sort_unstable();
            list.dedup();
        }
        let concat = if parts.concat.is_empty() { 0 } else { hash(&parts.concat) };
        self.whole.push(WholeKeys { concat, whole: whole.map_or(0, |key| hash(key)) });
        self.k2.push(k2);
        self.words.push(words);
    }

    /// A name that is there.
    #[inline]
    pub(crate) fn prepared(&self, id: u32) -> &PreparedName {
        &self.prepared[id as usize - 1]
    }

    /// Something of a name that is there.
    pub(crate) fn touch(&self, id: u32) -> u64 {
        self.prepared(id).touch()
    }

    /// Hash of the folded letters; `None` when nothing is left of them.
    pub(crate) fn concat(&self, id: u32) -> Option<u64> {
        Some(self.whole[id as usize - 1].concat).filter(|hash| *hash != 0)
    }

    /// Hash of the key of the whole name.
    pub(crate) fn whole(&self, id: u32) -> Option<u64> {
        Some(self.whole[id as usize - 1].whole).filter(|hash| *hash != 0)
    }

    /// Hashes of the keys of single words.
    pub(crate) fn k2(&self, id: u32) -> &[u64] {
        self.k2.get(id as usize - 1)
    }

    /// Hashes of the folded words, soft ones left out, ascending.
    pub(crate) fn words(&self, id: u32) -> &[u64] {
        self.words.get(id as usize - 1)
    }

    pub(super) fn limit(&self) -> usize {
        self.prepared.len() + 1
    }

    pub(super) fn write(&self, sink: &mut Sink<'_>) -> Result<(), CheckpointError> {
        let (mut letters, mut numbers) = (Vec::new(), Vec::new());
        self.prepared.iter().for_each(|name| name.flatten(&mut letters, &mut numbers));
        sink.section("letters of names", letters)?;
        sink.section("numbers of names", numbers)?;
        sink.section("name hashes", self.hashes.iter().copied())?;
        sink.section("whole names", self.whole.iter().flat_map(|keys| [keys.concat, keys.whole]))?;
        for (items, ends, runs) in
            [("keys of names", "key ends of names", &self.k2), ("words of names", "word ends of names", &self.words)]
        {
            sink.section(items, runs.items.iter().copied())?;
            sink.section(ends, runs.ends.iter().copied())?;
        }
        Ok(())
    }

    pub(super) fn read(&mut self, source: &mut Source<'_>) -> Result<(), CheckpointError> {
        let letters: Vec<u8> = source.section("letters of names")?;
        let numbers: Vec<u32> = source.section("numbers of names")?;
        self.hashes = source.section("name hashes")?;
        let (mut letters, mut numbers) = (letters.as_slice(), numbers.into_iter());
        let names = (0..self.hashes.len()).map(|_| PreparedName::restore(&mut letters, &mut numbers));
        self.prepared = names.collect::<Option<_>>().ok_or_else(|| damaged("numbers of names"))?;
        require("numbers of names", letters.is_empty() && numbers.next().is_none())?;
        let count = self.prepared.len();
        let whole: Vec<u64> = source.exactly("whole names", 2 * count)?;
        self.whole =
            whole.as_chunks().0.iter().map(|[concat, whole]| WholeKeys { concat: *concat, whole: *whole }).collect();
        for (items, ends, runs) in [
            ("keys of names", "key ends of names", &mut self.k2),
            ("words of names", "word ends of names", &mut self.words),
        ] {
            runs.items = source.section(items)?;
            runs.ends = source.exactly(ends, count)?;
            require(ends, ends_fit(&runs.ends, runs.items.len()))?;
        }
        Ok(())
    }

    pub(super) fn find_again(&mut self) {
        let mut by_hash = HashTable::with_capacity(self.hashes.len());
        for (id, hash) in (1u32..).zip(&self.hashes) {
            by_hash.insert_unique(*hash as u64, id, |id| self.hashes[*id as usize - 1] as u64);
        }
        self.by_hash = by_hash;
    }
}

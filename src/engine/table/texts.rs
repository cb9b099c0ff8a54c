//! The distinct texts of a column.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use super::{Runs, end_of};
use crate::engine::error::CheckpointError;
use crate::engine::flat::{Sink, Source, damaged, ends_fit, require};

/// The hash by which a text is found.
#[inline]
pub(crate) fn text_hash(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

/// The distinct texts of a column.
#[derive(Default)]
pub(crate) struct Texts {
    keeps_words: bool,
    by_hash: HashTable<u32>,
    letters: String,
    /// By number where a text ends; it starts where the one before ends. The first one is none.
    ends: Vec<u32>,
    hashes: Vec<u64>,
    words: Runs<u64>,
}

impl Texts {
    /// No texts yet; words take memory and are kept only where somebody reads them.
    pub(crate) fn new(keeps_words: bool) -> Self {
        Self { keeps_words, ..Self::default() }
    }

    /// The number of a text, new or known; `hash` is that of [`text_hash`].
    pub(crate) fn intern(&mut self, text: &str, hash: u64) -> u32 {
        if text.is_empty() {
            return 0;
        }
        if let Some(id) = self.by_hash.find(hash, |id| self.text(*id) == text) {
            return *id;
        }
        if self.ends.is_empty() {
            self.push("", 0);
        }
        let id = u32::try_from(self.ends.len()).expect("a dictionary holds less than 4 G texts");
        self.push(text, hash);
        self.by_hash.insert_unique(hash, id, |id| self.hashes[*id as usize]);
        id
    }

    fn push(&mut self, text: &str, hash: u64) {
        self.letters.push_str(text);
        self.ends.push(end_of(self.letters.len()));
        self.hashes.push(hash);
        if self.keeps_words {
            let mut words: Vec<u64> = text.split_whitespace().map(|word| xxh3_64(word.as_bytes())).collect();
            words.sort_unstable();
            words.dedup();
            self.words.push(words);
        }
    }

    /// The number of a text of another column.
    pub(super) fn copy_of(&mut self, other: &Self, id: u32) -> u32 {
        self.intern(other.text(id), other.hash(id))
    }

    /// Reads a little of what finding the text of a hash will read.
    #[inline]
    pub(crate) fn touch_hash(&self, hash: u64) -> u8 {
        self.by_hash.find(hash, |_| true).map_or(0, |id| self.touch(*id))
    }

    /// Hashes of the texts by number; the first one is of none.
    pub(crate) fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// The letters of a text that is there.
    #[inline]
    pub(crate) fn text(&self, id: u32) -> &str {
        &self.letters[self.ends[id as usize - 1] as usize..self.ends[id as usize] as usize]
    }

    /// The first byte of a text that is there.
    #[inline]
    pub(crate) fn touch(&self, id: u32) -> u8 {
        self.letters.as_bytes()[self.ends[id as usize - 1] as usize]
    }

    #[inline]
    pub(crate) fn hash(&self, id: u32) -> u64 {
        self.hashes[id as usize]
    }

    /// Hashes of the distinct words, ascending.
    #[inline]
    pub(crate) fn words(&self, id: u32) -> &[u64] {
        self.words.get(id as usize)
    }

    pub(super) fn limit(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn write(&self, sink: &mut Sink<'_>) -> Result<(), CheckpointError> {
        sink.section("texts", self.letters.bytes())?;
        sink.section("text ends", self.ends.iter().copied())?;
        sink.section("text hashes", self.hashes.iter().copied())?;
        sink.section("words of texts", self.words.items.iter().copied())?;
        sink.section("word ends of texts", self.words.ends.iter().copied())
    }

    pub(super) fn read(&mut self, source: &mut Source<'_>) -> Result<(), CheckpointError> {
        self.letters = String::from_utf8(source.section("texts")?).map_err(|_| damaged("texts"))?;
        self.ends = source.section("text ends")?;
        let texts = self.ends.len();
        let bounds = self.ends.iter().all(|end| self.letters.is_char_boundary(*end as usize));
        // The first text is none, and no other one is empty.
        let distinct = self.ends.is_sorted_by(|a, b| a < b) && self.ends.first().is_none_or(|end| *end == 0);
        require("text ends", bounds && distinct && ends_fit(&self.ends, self.letters.len()))?;
        self.hashes = source.exactly("text hashes", texts)?;
        self.words.items = source.section("words of texts")?;
        self.words.ends = source.exactly("word ends of texts", if self.keeps_words { texts } else { 0 })?;
        require("word ends of texts", ends_fit(&self.words.ends, self.words.items.len()))
    }

    pub(super) fn find_again(&mut self) {
        let mut by_hash = HashTable::with_capacity(self.hashes.len());
        for (id, hash) in (0u32..).zip(&self.hashes).skip(1) {
            by_hash.insert_unique(*hash, id, |id| self.hashes[*id as usize]);
        }
        self.by_hash = by_hash;
    }
}

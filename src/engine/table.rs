//! Dictionaries: each distinct text, name or set of a column is stored and prepared once, and rows hold its number.
//!
//! Number 0 is the missing value. Entries are never removed: a live index grows by the distinct values it has seen
//! until it is built anew.

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::{Xxh3, xxh3_64, xxh3_128};

use crate::domain::name::NameParts;

use super::field::Kind;
use super::name::{NameRules, PreparedName};

/// A range of an arena.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    start: u32,
    len: u32,
}

impl Span {
    fn of<T>(self, arena: &[T]) -> &[T] {
        &arena[self.start as usize..][..self.len as usize]
    }

    fn push<T>(arena: &mut Vec<T>, items: impl IntoIterator<Item = T>) -> Self {
        let start = arena.len();
        arena.extend(items);
        Self::new(start, arena.len() - start)
    }

    fn new(start: usize, len: usize) -> Self {
        let fits = "a dictionary holds less than 4 G letters or words";
        Self { start: u32::try_from(start).expect(fits), len: u32::try_from(len).expect(fits) }
    }
}

/// The hash by which a text is found.
#[inline]
pub(crate) fn text_hash(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

/// The distinct texts of a column.
#[derive(Default)]
pub(crate) struct Texts {
    keeps_words: bool,
    by_hash: FxHashMap<u64, u32>,
    letters: String,
    spans: Vec<Span>,
    hashes: Vec<u64>,
    words: Vec<u64>,
    word_spans: Vec<Span>,
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
        if self.spans.is_empty() {
            self.spans.push(Span::default());
            self.hashes.push(0);
            self.word_spans.push(Span::default());
        }
        let mut slot = hash;
        while let Some(id) = self.by_hash.get(&slot) {
            if self.text(*id) == text {
                return *id;
            }
            slot = slot.wrapping_add(1);
        }
        let id = u32::try_from(self.spans.len()).expect("a dictionary holds less than 4 G texts");
        self.by_hash.insert(slot, id);
        self.spans.push(Span::new(self.letters.len(), text.len()));
        self.letters.push_str(text);
        self.hashes.push(hash);
        if self.keeps_words {
            let mut words: Vec<u64> = text.split_whitespace().map(|word| xxh3_64(word.as_bytes())).collect();
            words.sort_unstable();
            words.dedup();
            self.word_spans.push(Span::push(&mut self.words, words));
        }
        id
    }

    /// Reads a little of what finding the text of a hash will read.
    #[inline]
    pub(crate) fn touch_hash(&self, hash: u64) -> u8 {
        self.by_hash.get(&hash).map_or(0, |id| self.touch(*id))
    }

    /// Hashes of the texts by number; the first one is of none.
    pub(crate) fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// The letters of a text that is there.
    #[inline]
    pub(crate) fn text(&self, id: u32) -> &str {
        let span = self.spans[id as usize];
        &self.letters[span.start as usize..][..span.len as usize]
    }

    /// The first byte of a text that is there.
    #[inline]
    pub(crate) fn touch(&self, id: u32) -> u8 {
        self.letters.as_bytes()[self.spans[id as usize].start as usize]
    }

    #[inline]
    pub(crate) fn hash(&self, id: u32) -> u64 {
        self.hashes[id as usize]
    }

    /// Hashes of the distinct words, ascending.
    #[inline]
    pub(crate) fn words(&self, id: u32) -> &[u64] {
        self.word_spans[id as usize].of(&self.words)
    }
}

/// Blocking keys of a name.
#[derive(Default, Clone, Copy)]
struct NameKeys {
    concat: u64,
    whole: u64,
    k2: Span,
    words: Span,
}

/// The distinct names of a column, prepared for comparison and for blocking.
#[derive(Default)]
pub(crate) struct Names {
    by_hash: FxHashMap<u128, u32>,
    prepared: Vec<PreparedName>,
    keys: Vec<NameKeys>,
    hashes: Vec<u64>,
}

impl Names {
    pub(crate) fn intern(&mut self, parts: &NameParts, rules: &NameRules) -> u32 {
        if parts.tokens.is_empty() {
            return 0;
        }
        let mut hasher = Xxh3::new();
        std::hash::Hash::hash(parts, &mut hasher);
        let hash = hasher.digest128();
        if let Some(id) = self.by_hash.get(&hash) {
            return *id;
        }
        self.prepared.push(PreparedName::new(parts, rules));
        let id = u32::try_from(self.prepared.len()).expect("a dictionary holds less than 4 G names");
        self.by_hash.insert(hash, id);
        let keys = self.derive_keys(parts);
        self.keys.push(keys);
        id
    }

    fn derive_keys(&mut self, parts: &NameParts) -> NameKeys {
        let hash = |text: &str| xxh3_64(text.as_bytes());
        let whole = parts.k2.iter().find(|key| key.starts_with('#'));
        let mut k2: Vec<u64> = parts.k2.iter().filter(|key| !key.starts_with('#')).map(|key| hash(key)).collect();
        let mut words: Vec<u64> = parts.tokens.iter().filter(|t| !t.soft).map(|token| hash(&token.k1)).collect();
        for list in [&mut k2, &mut words] {
            list.sort_unstable();
            list.dedup();
        }
        NameKeys {
            concat: if parts.concat.is_empty() { 0 } else { hash(&parts.concat) },
            whole: whole.map_or(0, |key| hash(key)),
            k2: Span::push(&mut self.hashes, k2),
            words: Span::push(&mut self.hashes, words),
        }
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

    fn keys(&self, id: u32) -> NameKeys {
        self.keys[id as usize - 1]
    }

    /// Hash of the folded letters; `None` when nothing is left of them.
    pub(crate) fn concat(&self, id: u32) -> Option<u64> {
        Some(self.keys(id).concat).filter(|hash| *hash != 0)
    }

    /// Hash of the key of the whole name.
    pub(crate) fn whole(&self, id: u32) -> Option<u64> {
        Some(self.keys(id).whole).filter(|hash| *hash != 0)
    }

    /// Hashes of the keys of single words.
    pub(crate) fn k2(&self, id: u32) -> &[u64] {
        self.keys(id).k2.of(&self.hashes)
    }

    /// Hashes of the folded words, soft ones left out, ascending.
    pub(crate) fn words(&self, id: u32) -> &[u64] {
        self.keys(id).words.of(&self.hashes)
    }
}

/// The distinct sets of a column.
#[derive(Default)]
pub(crate) struct Sets {
    by_hash: FxHashMap<u128, u32>,
    spans: Vec<Span>,
    elements: Vec<u64>,
}

impl Sets {
    pub(crate) fn intern(&mut self, set: &[String]) -> u32 {
        let mut elements: Vec<u64> =
            set.iter().filter(|text| !text.is_empty()).map(|text| xxh3_64(text.as_bytes())).collect();
        elements.sort_unstable();
        elements.dedup();
        if elements.is_empty() {
            return 0;
        }
        let bytes: Vec<u8> = elements.iter().flat_map(|element| element.to_le_bytes()).collect();
        let hash = xxh3_128(&bytes);
        if let Some(id) = self.by_hash.get(&hash) {
            return *id;
        }
        self.spans.push(Span::push(&mut self.elements, elements));
        let id = u32::try_from(self.spans.len()).expect("a dictionary holds less than 4 G sets");
        self.by_hash.insert(hash, id);
        id
    }

    /// Hashes of the elements of a set that is there, ascending.
    pub(crate) fn elements(&self, id: u32) -> &[u64] {
        self.spans[id as usize - 1].of(&self.elements)
    }
}

/// The dictionary of one column.
pub(crate) enum Table {
    /// The packed row holds the value itself.
    None,
    Texts(Texts),
    Names(Names),
    Sets(Sets),
}

impl Table {
    /// An empty one for a column of a type; the words of texts are kept only where somebody reads them.
    pub(crate) fn of(kind: Kind, words: bool) -> Self {
        match kind {
            Kind::Text | Kind::Code => Self::Texts(Texts::new(words)),
            Kind::Name => Self::Names(Names::default()),
            Kind::Set => Self::Sets(Sets::default()),
            Kind::Digits | Kind::Date | Kind::Number => Self::None,
        }
    }
}

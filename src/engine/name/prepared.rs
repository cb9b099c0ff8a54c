//! A name laid out for comparison: one block of letter codes, a few numbers a word.

use std::cmp::Ordering;

use super::edit::{EditCosts, code};
use super::rules::{NameRules, SOFT};
use crate::domain::name::NameParts;

/// What an initial says, in bits.
const INITIAL: f32 = 2.0;

/// Where the codes of a spelling stand.
#[derive(Clone, Copy)]
pub(super) struct Spelling {
    pub(super) start: u32,
    pub(super) len: u32,
}

impl Spelling {
    /// Appends the codes of `text` to `block`.
    fn append(text: &str, block: &mut Vec<u8>) -> Self {
        let start = block.len() as u32;
        block.extend(text.bytes().map(code));
        Self { start, len: block.len() as u32 - start }
    }
}

/// A word of a prepared name.
#[derive(Clone, Copy)]
pub(super) struct Word {
    /// The fold K1.
    pub(super) fold: Spelling,
    /// The canonical spelling: the fold makes two slips of some single ones (FARIDA, FAIDA).
    pub(super) clean: Spelling,
    /// Letters of the fold that cost a full edit to add or to drop.
    pub(super) heavy: u32,
    /// Which letters the fold has, and which letters these can stand for.
    pub(super) letters: u32,
    pub(super) near: u32,
    /// Bits that agreement on it is worth, less for a soft word.
    pub(super) weight: f32,
    pub(super) soft: bool,
    /// First letter of the canonical spelling.
    pub(super) first: u8,
    /// The canonical spelling starts with a consonant that K1 dropped: HERNAWATI.
    pub(super) silent: bool,
}

impl Word {
    /// So many full edits lie between the folds of two words at least.
    pub(super) fn least_edits(&self, other: &Self) -> u32 {
        let strange = (self.letters & !other.near).count_ones().max((other.letters & !self.near).count_ones());
        self.heavy.abs_diff(other.heavy).max(strange)
    }
}

/// A name, prepared once for many comparisons.
#[derive(Clone)]
pub struct PreparedName {
    /// Codes of all words in both spellings, then of the joined name, then the plain text.
    pub(super) block: Box<[u8]>,
    pub(super) concat_at: u32,
    pub(super) plain_at: u32,
    pub(super) words: Box<[Word]>,
    /// How many words are not soft.
    pub(super) hard: u32,
    /// Bits of all hard words.
    pub(super) bits: f32,
    pub(super) contrasts: u128,
    /// As long as a field that is known to cut names off.
    pub(super) cut: bool,
}

impl std::fmt::Debug for PreparedName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PreparedName(***)")
    }
}

impl PreparedName {
    /// Prepares a name: one look-up and a few bytes a word.
    pub fn new(parts: &NameParts, rules: &NameRules) -> Self {
        let mut block = Vec::with_capacity(parts.concat.len() * 3 + parts.plain.len() + 16);
        let mut words = Vec::with_capacity(parts.tokens.len());
        let (mut contrasts, mut hard, mut bits) = (0, 0, 0.0);
        for token in parts.tokens.iter().filter(|token| !token.k1.is_empty()) {
            let fold = Spelling::append(&token.k1, &mut block);
            let clean = Spelling::append(&token.clean, &mut block);
            let worth = if fold.len == 1 { INITIAL } else { rules.bits_of(&token.k1) };
            let first = token.clean.bytes().next().map_or(0, code);
            contrasts |= rules.contrasts_of(&token.k1);
            if !token.soft {
                hard += 1;
                bits += worth;
            }
            let codes = &block[fold.start as usize..clean.start as usize];
            words.push(Word {
                fold,
                clean,
                heavy: codes.iter().filter(|letter| !rules.costs.cheap(**letter)).count() as u32,
                letters: EditCosts::letters(codes),
                near: rules.costs.near(codes),
                weight: if token.soft { worth * SOFT } else { worth },
                soft: token.soft,
                first,
                silent: is_vowel(codes[0]) && !is_vowel(first),
            });
        }
        let concat_at = block.len() as u32;
        block.extend(parts.concat.bytes().map(code));
        let plain_at = block.len() as u32;
        block.extend_from_slice(parts.plain.as_bytes());
        let cut = rules.is_truncation(parts.plain.len());
        Self { block: block.into(), concat_at, plain_at, words: words.into(), hard, bits, contrasts, cut }
    }

    /// Reads a byte of the letters and a number of the words.
    pub(in crate::engine) fn touch(&self) -> u64 {
        let letter = self.block.first().copied().unwrap_or(0);
        u64::from(letter) ^ self.words.first().map_or(0, |word| u64::from(word.letters))
    }

    /// The codes of a word in one of its spellings.
    pub(super) fn codes(&self, spelling: Spelling) -> &[u8] {
        &self.block[spelling.start as usize..(spelling.start + spelling.len) as usize]
    }

    /// The codes of the joined hard words.
    pub(super) fn concat(&self) -> &[u8] {
        &self.block[self.concat_at as usize..self.plain_at as usize]
    }

    /// The text as it came, in plain letters.
    pub(super) fn plain(&self) -> &[u8] {
        &self.block[self.plain_at as usize..]
    }

    /// A total order that is `Equal` only for names that compare alike with everything.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let key = |word: &Word| (word.fold.start, word.clean.start, word.soft);
        let words = || self.words.iter().map(key).cmp(other.words.iter().map(key));
        let ends = |name: &Self| (name.concat_at, name.plain_at);
        self.block.cmp(&other.block).then_with(words).then_with(|| ends(self).cmp(&ends(other)))
    }
}

fn is_vowel(code: u8) -> bool {
    matches!(code.wrapping_add(b'A').wrapping_sub(1), b'A' | b'E' | b'I' | b'O' | b'U')
}

//! The tables a comparison of names goes by, compiled.

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::edit::{EditCosts, code};
use crate::domain::name::{Confusion, Contrast, EndingPair};

/// More contrasts than this do not fit.
const MOST_CONTRASTS: usize = 64;
/// How much a word counts that is often left out.
pub(super) const SOFT: f32 = 0.2;
/// A pair of endings up to this similarity tells two people apart.
pub(super) const TELLS_APART: f32 = 0.6;

/// Where the rules come from. Words and endings are in K1 spelling.
#[derive(Debug, Clone, Copy)]
pub struct NameRulesSource<'a> {
    /// Letters that are confused.
    pub confusions: &'a [Confusion],
    /// Words that tell people apart; 64 at most.
    pub contrasts: &'a [Contrast],
    /// Endings that tell people apart, or do not.
    pub endings: &'a [EndingPair],
    /// In how many names a word occurs.
    pub token_counts: &'a [(&'a str, u32)],
    /// How many names were counted.
    pub names_counted: u32,
    /// Lengths at which fields are known to cut names off.
    pub truncations: &'a [usize],
}

/// Why rules cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameRulesError {
    /// Too many contrasts.
    #[error("{given} contrasts were given, 64 is the most")]
    TooManyContrasts {
        /// How many there are.
        given: usize,
    },
}

/// Two endings without the letters they share.
#[derive(Debug)]
struct Ending {
    /// What the common stem must end with.
    stem: Vec<u8>,
    a: Vec<u8>,
    b: Vec<u8>,
    similarity: f32,
}

/// The rules of comparing names, ready for use by any number of threads.
#[derive(Debug)]
pub struct NameRules {
    pub(super) costs: EditCosts,
    /// Bits 2n and 2n+1 of a word: it stands on the left, on the right of contrast n.
    contrast_bits: FxHashMap<String, u128>,
    endings: Vec<Ending>,
    bits: FxHashMap<String, f32>,
    most_bits: f32,
    truncations: Vec<usize>,
    digest: u64,
}

impl Default for NameRules {
    /// Neutral rules: no confusions, no contrasts, every word equally rare.
    fn default() -> Self {
        let source = NameRulesSource {
            confusions: &[],
            contrasts: &[],
            endings: &[],
            token_counts: &[],
            names_counted: 0,
            truncations: &[],
        };
        Self::new(source).expect("no contrast is not too many")
    }
}

impl NameRules {
    /// Compiles the tables.
    pub fn new(source: NameRulesSource<'_>) -> Result<Self, NameRulesError> {
        if source.contrasts.len() > MOST_CONTRASTS {
            return Err(NameRulesError::TooManyContrasts { given: source.contrasts.len() });
        }
        let mut contrast_bits: FxHashMap<String, u128> = FxHashMap::default();
        for (at, contrast) in source.contrasts.iter().enumerate() {
            for (side, words) in [&contrast.left, &contrast.right].into_iter().enumerate() {
                for word in words {
                    *contrast_bits.entry(word.clone()).or_default() |= 1 << (2 * at + side);
                }
            }
        }
        let names = f64::from(source.names_counted.max(1));
        let bits = |count: u32| ((names + 1.0) / (f64::from(count) + 1.0)).log2().max(0.5) as f32;
        Ok(Self {
            costs: EditCosts::new(source.confusions),
            contrast_bits,
            endings: source.endings.iter().map(Ending::new).collect(),
            bits: source.token_counts.iter().map(|(word, count)| ((*word).to_owned(), bits(*count))).collect(),
            most_bits: bits(0),
            truncations: source.truncations.to_vec(),
            // Numbers and texts are shown in full, and alike in every run.
            digest: xxh3_64(format!("{source:?}").as_bytes()),
        })
    }

    /// A hash of the tables.
    pub(in crate::engine) fn digest(&self) -> u64 {
        self.digest
    }

    /// How much a word says, in bits; a word that was never counted says the most.
    pub(super) fn bits_of(&self, word: &str) -> f32 {
        self.bits.get(word).copied().unwrap_or(self.most_bits)
    }

    pub(super) fn contrasts_of(&self, word: &str) -> u128 {
        self.contrast_bits.get(word).copied().unwrap_or(0)
    }

    /// Whether one name has the left side of a contrast only, and the other the right side only.
    pub(super) fn contrast(a: u128, b: u128) -> bool {
        const LEFT: u128 = u128::MAX / 3;
        let only_left = |bits: u128| bits & LEFT & !(bits >> 1);
        let only_right = |bits: u128| (bits >> 1) & LEFT & !bits;
        (only_left(a) & only_right(b)) | (only_right(a) & only_left(b)) != 0
    }

    /// Whether a field of this length is known to cut names off.
    pub(super) fn is_truncation(&self, length: usize) -> bool {
        self.truncations.contains(&length)
    }

    /// How alike two words are that differ in nothing but a pair of endings, if they do. A stem has two letters or more.
    pub(super) fn ending(&self, a: &[u8], b: &[u8]) -> Option<f32> {
        let common = a.iter().zip(b).take_while(|(x, y)| x == y).count();
        let (stem, a, b) = (&a[..common], &a[common..], &b[common..]);
        if common < 2 || a.len() > 5 || b.len() > 5 {
            return None;
        }
        let fits = |ending: &&Ending| {
            let tails = (ending.a == a && ending.b == b) || (ending.a == b && ending.b == a);
            tails && stem.ends_with(&ending.stem) && common >= 2 + ending.stem.len()
        };
        self.endings.iter().find(fits).map(|ending| ending.similarity)
    }
}

impl Ending {
    fn new(pair: &EndingPair) -> Self {
        let codes = |text: &str| text.bytes().map(code).collect::<Vec<_>>();
        let (a, b) = (codes(&pair.a), codes(&pair.b));
        let common = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
        Self {
            stem: a[..common].to_vec(),
            a: a[common..].to_vec(),
            b: b[common..].to_vec(),
            similarity: pair.similarity,
        }
    }
}

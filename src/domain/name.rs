//! A person's name, taken apart (DOMAIN 2.2). Made by `normalise::name`, compared by `engine`.

use super::flag::FlagCode;

/// One word of a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameToken {
    /// Canonical spelling, upper case.
    pub clean: String,
    /// Spelling fold K1.
    pub k1: String,
    /// A word that is often left out (RADEN, I, NI): agreement or absence says little.
    pub soft: bool,
}

/// A name, ready to be compared and to give blocking keys.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameParts {
    /// The words, in order, without titles and patronymic.
    pub tokens: Vec<NameToken>,
    /// K1 of all words but soft ones, without blanks, doubled letters collapsed.
    pub concat: String,
    /// Blocking keys K2: one a word (length 3 and more, no stop words), and `#` plus the key of the whole name.
    pub k2: Vec<String>,
    /// What stands after BIN or BINTI.
    pub patronymic: Vec<String>,
    /// What stands after ALIAS: another name of the same person. Its words give blocking keys too.
    pub alias: Vec<String>,
    /// Titles that were taken off.
    pub titles: Vec<String>,
    /// `NAME_HAS_DIGIT`, `DECEASED_HINT`, `UNNAMED_NEWBORN`.
    pub flags: Vec<FlagCode>,
    /// Letters of the raw text, upper case and folded to ASCII with single blanks: for the truncation rule.
    pub plain: String,
}

/// Two letters that people and scanners confuse, and what the confusion costs (0 nothing, 1 a full edit).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confusion {
    /// Upper-case letter.
    pub a: u8,
    /// The other one; `None`: `a` is left out or added.
    pub b: Option<u8>,
    /// The cost, both ways.
    pub cost: f32,
}

/// Words that tell two people apart however alike their names are: HASAN and HUSEIN, DWI and TRI. In K1 spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contrast {
    /// Any of these on one side ...
    pub left: Vec<String>,
    /// ... against any of these on the other.
    pub right: Vec<String>,
}

/// Two endings after the same stem: SUPARNO and SUPARNI. In K1 spelling.
#[derive(Debug, Clone, PartialEq)]
pub struct EndingPair {
    /// One ending; may be empty.
    pub a: String,
    /// The other.
    pub b: String,
    /// How alike two such words are, 0 to 1. Up to 0.6 the pair tells two people apart.
    pub similarity: f32,
}

impl NameParts {
    /// The canonical words joined by blanks, for display; words of another script as they are.
    pub fn clean(&self) -> String {
        if !self.plain.is_ascii() {
            return self.plain.clone();
        }
        self.tokens.iter().map(|token| token.clean.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// The folded words joined by blanks; soft words only where there is nothing else.
    pub fn k1(&self) -> String {
        let hard = self.tokens.iter().any(|token| !token.soft);
        let words = self.tokens.iter().filter(|token| !hard || !token.soft);
        words.map(|token| token.k1.as_str()).collect::<Vec<_>>().join(" ")
    }
}

impl std::fmt::Debug for NameParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NameParts(***)")
    }
}

impl std::fmt::Debug for NameToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NameToken(***)")
    }
}

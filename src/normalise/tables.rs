//! The tables about names: which words are titles, which spellings are one name, which letters are confused.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::fold::Folder;
use crate::domain::name::{Confusion, Contrast, EndingPair};

/// What a word can be besides a name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Roles(u16);

impl Roles {
    /// A title before the name.
    pub(super) const PREFIX: Self = Self(1);
    /// A degree after the name.
    pub(super) const SUFFIX: Self = Self(1 << 1);
    /// Often left out.
    pub(super) const SOFT: Self = Self(1 << 2);
    /// A mark of death.
    pub(super) const DECEASED: Self = Self(1 << 3);
    /// Between a name and the father's.
    pub(super) const PATRONYMIC: Self = Self(1 << 4);
    /// Between a name and another name of the person.
    pub(super) const ALIAS: Self = Self(1 << 5);
    /// A Balinese birth-order name.
    pub(super) const BALINESE: Self = Self(1 << 6);
    /// So common that it gives no blocking key.
    pub(super) const STOP: Self = Self(1 << 7);

    /// Whether any of `other` is among these.
    pub(super) fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// What the tables know about one word.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Word {
    /// The spelling that stands for all variants.
    pub(super) canonical: Option<&'static str>,
    /// What else it can be.
    pub(super) roles: Roles,
}

/// Words that say so little that they give no blocking key of their own (DOMAIN 2.3).
const STOP_WORDS: [&str; 13] =
    ["MUHAMMAD", "AHMAD", "ABDUL", "SITI", "NUR", "SRI", "DWI", "TRI", "EKA", "EKO", "DEWI", "AL", "BIN"];

/// The name tables that are part of the program.
#[derive(Debug)]
pub struct NameTables {
    words: FxHashMap<&'static str, Word>,
    confusions: Vec<Confusion>,
    contrasts: Vec<Contrast>,
    endings: Vec<EndingPair>,
    token_counts: Vec<(&'static str, u32)>,
    names_counted: u32,
}

impl NameTables {
    /// The tables of `config/names`. The first call reads them.
    pub fn embedded() -> &'static Self {
        static TABLES: OnceLock<NameTables> = OnceLock::new();
        TABLES.get_or_init(|| {
            let (contrasts, endings) = read_contrasts();
            let (names_counted, token_counts) = read_counts();
            Self { words: read_words(), confusions: read_confusions(), contrasts, endings, token_counts, names_counted }
        })
    }

    /// Letters that are confused, with their cost.
    pub fn confusions(&self) -> &[Confusion] {
        &self.confusions
    }

    /// Words that tell people apart.
    pub fn contrasts(&self) -> &[Contrast] {
        &self.contrasts
    }

    /// Endings that tell people apart, or do not.
    pub fn endings(&self) -> &[EndingPair] {
        &self.endings
    }

    /// How many of the counted names hold a word, by its K1.
    pub fn token_counts(&self) -> &[(&'static str, u32)] {
        &self.token_counts
    }

    /// How many names were counted.
    pub fn names_counted(&self) -> u32 {
        self.names_counted
    }

    /// Lengths at which banks and forms cut names off (DOMAIN 2.5).
    pub fn truncations(&self) -> &[usize] {
        &[18, 19, 20, 24, 25, 26, 30, 35, 40]
    }

    pub(super) fn word(&self, word: &str) -> Word {
        self.words.get(word).copied().unwrap_or_default()
    }
}

/// Data lines of a table without quoting: the heading and empty lines are left out.
fn lines(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().skip(1).filter(|line| !line.is_empty()).map(|line| line.split(',').collect())
}

fn read_words() -> FxHashMap<&'static str, Word> {
    let mut words: FxHashMap<&'static str, Word> = FxHashMap::default();
    let mut add = |word: &'static str, roles: Roles| words.entry(word).or_default().roles.0 |= roles.0;
    for line in lines(include_str!("../../config/names/titles.csv")) {
        let [token, kind, position, _, action, ..] = line[..] else { continue };
        match (kind, position, action) {
            ("deceased", ..) => add(token, Roles::DECEASED),
            (_, "suffix", "strip") => add(token, Roles::SUFFIX),
            (_, "prefix" | "any", "strip") => add(token, Roles::PREFIX),
            (.., "soft") => add(token, Roles::SOFT),
            (.., "split") => add(token, Roles::PATRONYMIC),
            (.., "split-alias") => add(token, Roles::ALIAS),
            _ => {}
        }
    }
    // SITI HJ: the pilgrim's title is also written behind the name.
    add("HJ", Roles::SUFFIX);
    for line in lines(include_str!("../../config/names/clans_and_birth_order.csv")) {
        if let [token, "Bali", ..] = line[..] {
            add(token, Roles::BALINESE);
        }
    }
    for token in STOP_WORDS {
        add(token, Roles::STOP);
    }
    for line in lines(include_str!("../../config/names/name_variants.csv")) {
        let [canonical, variants, ..] = line[..] else { continue };
        for variant in variants.split('|') {
            words.entry(variant).or_default().canonical.get_or_insert(canonical);
        }
    }
    words
}

fn read_confusions() -> Vec<Confusion> {
    let read = |line: Vec<&str>| {
        let [a, b, cost, ..] = line[..] else { return None };
        Some(Confusion { a: *a.as_bytes().first()?, b: b.bytes().next(), cost: cost.parse().ok()? })
    };
    lines(include_str!("../../config/names/char_confusions.csv")).filter_map(read).collect()
}

/// The table is written in plain spelling; the engine compares K1. An ending is folded behind a stem, as it stands.
fn read_contrasts() -> (Vec<Contrast>, Vec<EndingPair>) {
    let mut folder = Folder::default();
    let (mut contrasts, mut endings) = (Vec::new(), Vec::new());
    for line in lines(include_str!("../../config/names/contrasts.csv")) {
        match line[..] {
            ["word", a, b, ..] => {
                let mut side = |words: &str| words.split('|').map(|word| folder.k1(word).to_owned()).collect();
                contrasts.push(Contrast { left: side(a), right: side(b) });
            }
            ["ending", a, b, similarity, ..] => {
                let mut end = |ending: &str| {
                    let stem = if ending.starts_with(['A', 'I', 'O']) { "AR" } else { "ARA" };
                    folder.k1(&format!("{stem}{ending}")).get(stem.len()..).unwrap_or_default().to_owned()
                };
                endings.extend(similarity.parse().ok().map(|similarity| EndingPair {
                    a: end(a),
                    b: end(b),
                    similarity,
                }));
            }
            _ => {}
        }
    }
    (contrasts, endings)
}

/// The first line after the heading holds the number of names, under `*`.
fn read_counts() -> (u32, Vec<(&'static str, u32)>) {
    let read = |line: Vec<&'static str>| Some((*line.first()?, line.get(1)?.parse().ok()?));
    let mut counts: Vec<(&str, u32)> =
        lines(include_str!("../../config/names/token_freq.csv")).filter_map(read).collect();
    let total = counts.iter().position(|(token, _)| *token == "*").map_or(0, |at| counts.remove(at).1);
    (total, counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_whole() {
        let tables = NameTables::embedded();
        assert_eq!(tables.confusions().len(), 24);
        assert_eq!((tables.contrasts().len(), tables.endings().len()), (16, 15));
        assert!(tables.token_counts().len() > 2_000 && tables.names_counted() > 15_000);
        assert!(tables.token_counts().iter().all(|(_, count)| *count <= tables.names_counted()));
        let ayati = tables.endings().iter().find(|pair| pair.a == "AYATI").map(|pair| pair.b.as_str());
        assert_eq!(ayati, Some("ETI"));
    }

    #[test]
    fn words_have_their_roles() {
        let tables = NameTables::embedded();
        for (word, roles) in [
            ("DRS", Roles::PREFIX),
            ("SPD", Roles::SUFFIX),
            ("HJ", Roles::PREFIX),
            ("HJ", Roles::SUFFIX),
            ("RADEN", Roles::SOFT),
            ("ALMH", Roles::DECEASED),
            ("BINTI", Roles::PATRONYMIC),
            ("ALIAS", Roles::ALIAS),
            ("WAYAN", Roles::BALINESE),
            ("SITI", Roles::STOP),
        ] {
            assert!(tables.word(word).roles.any(roles), "{word}");
        }
        assert_eq!(tables.word("MOCH").canonical, Some("MUHAMMAD"));
        assert_eq!(tables.word("ANDI").roles, Roles::default());
    }
}

//! By which words a name is found: the folded words of a written name, and what somebody typed to find one.
//!
//! Both sides are folded by K1, so that Soeharto is found by Suharto. Comparing names is the engine's business: here a word
//! fits or does not.

use super::fold::Folder;
use super::name::parse_name;
use super::tables::NameTables;
use crate::domain::name::NameParts;

/// How a word that was typed fits words of a name; the better first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// One of them is the word.
    Whole,
    /// One of them begins with it.
    Begun,
}

/// A word or the beginning of one, folded.
#[derive(Clone, PartialEq, Eq)]
pub struct Spelling {
    whole: String,
    /// None begins with another.
    beginnings: Vec<String>,
}

/// A word that somebody typed.
#[derive(Clone, PartialEq, Eq)]
pub struct AskedWord {
    alone: Spelling,
    /// As one word with the one before it, and with the one behind it: NUR and HAYATI are NURHAYATI.
    together: Vec<Spelling>,
    /// As two words: NURHAYATI is NUR and HAYATI.
    apart: Vec<(String, String)>,
}

/// Its words are of a person.
impl std::fmt::Debug for AskedWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AskedWord(***)")
    }
}

/// Letters that each of two words has at least that are one word together.
const SHORTEST_PART: usize = 3;

impl Spelling {
    /// A word may end where it ends, and then its last letters fold as an ending, or go on with a vowel: SUD is the
    /// beginning of SUDIRMAN, and SUT as a whole.
    fn of(word: &str) -> Self {
        let mut folder = Folder::default();
        let whole = folder.k1(word).to_owned();
        let open = folder.k1(&format!("{word}A")).strip_suffix('A').unwrap_or_default().to_owned();
        let mut beginnings = vec![whole.clone(), open];
        // Of three letters at least two are left, or they are no beginning of much: ZZZ is S.
        beginnings.retain(|beginning| beginning.len() >= word.len().min(SHORTEST_PART).saturating_sub(1).max(1));
        // A shorter beginning takes in the longer one.
        beginnings.sort_unstable();
        beginnings.dedup_by(|longer, shorter| longer.starts_with(shorter.as_str()));
        Self { whole, beginnings }
    }

    fn fit(&self, word: &str) -> Option<Fit> {
        if word == self.whole {
            return Some(Fit::Whole);
        }
        self.beginnings.iter().any(|beginning| word.starts_with(beginning.as_str())).then_some(Fit::Begun)
    }
}

impl AskedWord {
    fn of(word: &str) -> Self {
        let mut folder = Folder::default();
        let cuts = SHORTEST_PART..(word.len() + 1).saturating_sub(SHORTEST_PART);
        let mut part = |text: &str| folder.k1(text).to_owned();
        let apart = cuts.map(|cut| (part(&word[..cut]), part(&word[cut..])));
        Self { alone: Spelling::of(word), together: Vec::new(), apart: apart.collect() }
    }

    /// A word of another script: its letters are a code, and what is a part of it is no word.
    fn verbatim(word: &str) -> Self {
        let alone = Spelling { whole: word.to_owned(), beginnings: vec![word.to_owned()] };
        Self { alone, together: Vec::new(), apart: Vec::new() }
    }

    /// Letters of the folded word.
    pub fn letters(&self) -> usize {
        self.alone.whole.len()
    }

    /// How it fits the folded words of a name; `None` where it does not.
    pub fn fit<'a>(&self, words: &(impl Iterator<Item = &'a str> + Clone)) -> Option<Fit> {
        let spellings = || std::iter::once(&self.alone).chain(&self.together);
        let best = words.clone().flat_map(|word| spellings().filter_map(move |one| one.fit(word))).min();
        let has = |part: &String| words.clone().any(|word| word == part);
        let apart = || self.apart.iter().any(|(front, back)| has(front) && has(back));
        if best != Some(Fit::Whole) && apart() { Some(Fit::Whole) } else { best }
    }

    /// Beginnings of the words that it may fit.
    pub fn beginnings(&self) -> impl Iterator<Item = &str> {
        let spellings = std::iter::once(&self.alone).chain(&self.together);
        spellings.flat_map(|one| &one.beginnings).map(String::as_str)
    }

    /// Whole words that it may fit, or of two words one.
    pub fn wholes(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.alone.whole.as_str()).chain(self.apart.iter().map(|(_, back)| back.as_str()))
    }
}

/// The folded words of a name, those behind BIN and ALIAS too, without titles.
pub fn name_words(parts: &NameParts, tables: &NameTables) -> Vec<String> {
    let mut words: Vec<String> = parts.tokens.iter().map(|token| token.k1.clone()).collect();
    let mut folder = Folder::default();
    for word in parts.patronymic.iter().chain(&parts.alias) {
        words.push(folder.k1(canonical(word, tables)).to_owned());
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The words of what somebody typed to find a name, each once, in the order typed. Titles are left out.
pub fn asked_words(raw: &str, tables: &NameTables) -> Vec<AskedWord> {
    let parts = parse_name(raw, tables);
    if !parts.plain.is_ascii() {
        return parts.tokens.iter().map(|token| AskedWord::verbatim(&token.k1)).collect();
    }
    let tokens = parts.tokens.iter().map(|token| token.clean.as_str());
    let others = parts.patronymic.iter().chain(&parts.alias).map(|word| canonical(word, tables));
    let mut typed: Vec<&str> = Vec::new();
    for word in tokens.chain(others) {
        if !typed.contains(&word) {
            typed.push(word);
        }
    }
    let mut words: Vec<AskedWord> = typed.iter().map(|word| AskedWord::of(word)).collect();
    for (at, pair) in typed.windows(2).enumerate() {
        let together = Spelling::of(&pair.concat());
        words[at].together.push(together.clone());
        words[at + 1].together.push(together);
    }
    words.retain(|word| !word.alone.whole.is_empty());
    words
}

fn canonical<'a>(word: &'a str, tables: &NameTables) -> &'a str {
    tables.word(word).canonical.unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(name: &str) -> Vec<String> {
        let tables = NameTables::embedded();
        name_words(&parse_name(name, tables), tables)
    }

    #[test]
    fn a_name_is_found_by_each_of_its_words_without_titles() {
        for (name, words) in [
            ("H. SOEHARTO", &["SUHARTO"][..]),
            ("Hj. St. Aminah, S.Pd.", &["SITI", "AMINA"]),
            ("AHMAD BIN SULAIMAN", &["AMAT", "SULEMAN"]),
            ("YUSUF ALIAS UCUP", &["YUSUP", "UCUP"]),
            ("12345", &[]),
            ("", &[]),
        ] {
            assert_eq!(words_of(name), words, "{name}");
        }
    }

    #[test]
    fn what_is_typed_fits_the_names_it_begins() {
        for (typed, name, fits) in [
            ("soeharto", "SUHARTO", true),
            ("Suharto", "SOEHARTO", true),
            ("suha", "SOEHARTO", true),
            ("sud", "SUDIRMAN", true),
            ("tjahj", "CAHYADI", true),
            ("had", "HADI", true),
            ("siti aminah", "AMINA SITI", true),
            ("amin sit", "SITI AMINAH", true),
            ("moch", "MUHAMMAD IKBAL", true),
            ("iqbal", "MUHAMMAD IKBAL", true),
            ("taufik", "TAUPIQ HIDAYAT", true),
            ("sulaiman", "AHMAD BIN SULEMAN", true),
            ("nur hayati", "NURHAYATI", true),
            ("nurhayati", "NUR HAYATI", true),
            ("NOERHAYATI", "SITI NUR HAYATI", true),
            ("sri wahyu", "SRIWAHYUNI", true),
            ("nur hayati", "NURHAYANI", false),
            ("nurhayati", "NUR HAYANI", false),
            ("zzz", "SITI", false),
            ("zzz", "S SITI", true),
            ("si", "SITI", true),
            ("suharto", "SUHARTI", false),
            ("siti aminah", "SITI ROHMAH", false),
            ("minah", "AMINAH", false),
        ] {
            let asked = asked_words(typed, NameTables::embedded());
            let words = words_of(name);
            assert!(!asked.is_empty(), "{typed}");
            let fit = |word: &AskedWord| word.fit(&words.iter().map(String::as_str));
            assert_eq!(asked.iter().all(|word| fit(word).is_some()), fits, "{typed} for {name}");
            // Whoever fits a word is found where its beginnings and whole words are.
            for asked in asked.iter().filter(|word| fit(word).is_some()) {
                let begun = |word: &String| asked.beginnings().any(|start| word.starts_with(start));
                let found = words.iter().any(|word| begun(word) || asked.wholes().any(|whole| whole == word));
                assert!(found, "{typed} for {name}");
            }
        }
        let han = asked_words("王芳", NameTables::embedded());
        let words = words_of("王芳");
        assert_eq!(han.len(), words.len());
        assert!(han.iter().all(|word| word.fit(&words.iter().map(String::as_str)) == Some(Fit::Whole)));
        assert!(han[0].fit(&words_of("李芳").iter().map(String::as_str)).is_none());
    }

    #[test]
    fn signs_and_digits_ask_for_no_name() {
        for typed in ["", " ", "12", "-.,"] {
            assert!(asked_words(typed, NameTables::embedded()).is_empty(), "{typed}");
        }
    }
}

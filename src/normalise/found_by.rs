//! By which words a name is found: the folded words of a written name, and what somebody typed to find one.
//!
//! Both sides are folded by K1, so that Soeharto is found by Suharto. Comparing names is the engine's business: here a word
//! fits or does not.

use super::fold::Folder;
use super::name::parse_name;
use super::tables::NameTables;
use crate::domain::name::NameParts;

/// A word that somebody typed, as the whole of a word of a name or as its beginning.
#[derive(Clone, PartialEq, Eq)]
pub struct AskedWord {
    /// The folded word, if it is whole.
    pub whole: String,
    /// What folded words begin with that it is a beginning of. None begins with another.
    pub beginnings: Vec<String>,
}

/// Its words are of a person.
impl std::fmt::Debug for AskedWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AskedWord(***)")
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
    // The letters that stand for words of another script are folded already.
    let latin = parts.plain.is_ascii();
    let tokens = parts.tokens.iter().map(|token| if latin { asked(&token.clean) } else { verbatim(&token.k1) });
    let others = parts.patronymic.iter().chain(&parts.alias).map(|word| asked(canonical(word, tables)));
    let mut words: Vec<AskedWord> = Vec::new();
    for word in tokens.chain(others) {
        if !word.beginnings.is_empty() && !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

fn canonical<'a>(word: &'a str, tables: &NameTables) -> &'a str {
    tables.word(word).canonical.unwrap_or(word)
}

/// A word may end where it ends, and then its last letters fold as an ending, or go on with a vowel: SUD is the beginning of
/// SUDIRMAN, and SUT as a whole.
fn asked(word: &str) -> AskedWord {
    let mut folder = Folder::default();
    let whole = folder.k1(word).to_owned();
    let open = folder.k1(&format!("{word}A")).strip_suffix('A').unwrap_or_default().to_owned();
    let mut beginnings = vec![whole.clone(), open];
    beginnings.retain(|beginning| !beginning.is_empty());
    // A shorter beginning takes in the longer one.
    beginnings.sort_unstable();
    beginnings.dedup_by(|longer, shorter| longer.starts_with(shorter.as_str()));
    AskedWord { whole, beginnings }
}

fn verbatim(word: &str) -> AskedWord {
    AskedWord { whole: word.to_owned(), beginnings: vec![word.to_owned()] }
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
            ("suharto", "SUHARTI", false),
            ("siti aminah", "SITI ROHMAH", false),
            ("minah", "AMINAH", false),
        ] {
            let asked = asked_words(typed, NameTables::embedded());
            let words = words_of(name);
            let begins = |word: &AskedWord| {
                word.beginnings.iter().any(|start| words.iter().any(|word| word.starts_with(start.as_str())))
            };
            assert!(!asked.is_empty(), "{typed}");
            assert_eq!(asked.iter().all(begins), fits, "{typed} for {name}");
        }
        let han = asked_words("王芳", NameTables::embedded());
        assert_eq!(han.iter().map(|word| word.whole.clone()).collect::<Vec<_>>(), words_of("王芳"));
    }

    #[test]
    fn signs_and_digits_ask_for_no_name() {
        for typed in ["", " ", "12", "-.,"] {
            assert!(asked_words(typed, NameTables::embedded()).is_empty(), "{typed}");
        }
    }
}

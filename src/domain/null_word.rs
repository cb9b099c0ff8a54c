//! Words that stand where there is no value: `NULL`, `N/A`, `-`, `tidak ada`.

use std::sync::OnceLock;

/// What programs and people write where they have nothing, without blanks and in small letters. A model may bring its
/// own list instead. Words that are a name somewhere (`Na`, `Nil`) are here all the same: two people whose name was never
/// known must not meet by the word for it.
const USUAL: &[&str] = &[
    "null",
    "(null)",
    "[null]",
    "<null>",
    "\\n",
    "n/a",
    "#n/a",
    "#n/an/a",
    "n.a.",
    "n.a",
    "n/d",
    "na",
    "#na",
    "<na>",
    "nan",
    "-nan",
    "#nan",
    "nat",
    "none",
    "nil",
    "nihil",
    "undefined",
    "unknown",
    "missing",
    "notavailable",
    "notapplicable",
    "noname",
    "tidakada",
    "tdkada",
    "takada",
    "tidakadadata",
    "tidakdiketahui",
    "tdkdiketahui",
    "tidaktahu",
    "tanpanama",
    "belumada",
    "blmada",
    "belumdiketahui",
    "belumdiisi",
    "belumterisi",
    "kosong",
    "?",
    "??",
    "???",
    "-",
    "--",
    "---",
    "–",
    "—",
    ".",
    "..",
    "...",
    "_",
    "#value!",
    "#ref!",
    "#name?",
    "#div/0!",
    "#null!",
    "#num!",
    "0000-00-00",
    "0000-00-0000:00:00",
    "00/00/0000",
    "00-00-0000",
];

/// A list of such words, ready to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NullWords {
    /// Without blanks, in small letters, sorted.
    words: Vec<Box<str>>,
    /// The first eight bytes of each.
    starts: Vec<u64>,
    /// Where the words with a first byte begin and end in the list.
    first: Box<[(u16, u16); 256]>,
}

impl NullWords {
    /// The list of the program.
    pub fn usual() -> &'static Self {
        static USUAL_WORDS: OnceLock<NullWords> = OnceLock::new();
        USUAL_WORDS.get_or_init(|| Self::new(USUAL.iter().copied()))
    }

    /// A list of one's own; case and blanks of the words do not matter.
    pub fn new<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let plain = |word: &str| -> String {
            word.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
        };
        let mut words: Vec<Box<str>> = words.map(plain).filter(|word| !word.is_empty()).map(Into::into).collect();
        words.sort();
        words.dedup();
        words.truncate(usize::from(u16::MAX));
        let mut first = Box::new([(0, 0); 256]);
        for (at, word) in words.iter().enumerate() {
            let range = &mut first[usize::from(word.as_bytes()[0])];
            *range = (if range.1 == 0 { at as u16 } else { range.0 }, at as u16 + 1);
        }
        let starts = words.iter().map(|word| start_of(word.bytes())).collect();
        Self { words, starts, first }
    }

    /// Whether a value is one of them, whatever its case and blanks. A look at one byte for nearly all values.
    pub fn contains(&self, value: &str) -> bool {
        let Some(start) = value.bytes().find(|b| !b.is_ascii_whitespace()) else { return false };
        let (from, to) = self.first[usize::from(start.to_ascii_lowercase())];
        // Words that are not ASCII may begin with another byte in their other case.
        if from == to && start.is_ascii() {
            return false;
        }
        if value.is_ascii() {
            let letters = || value.bytes().filter(|b| !b.is_ascii_whitespace()).map(|b| b.to_ascii_lowercase());
            let start = start_of(letters());
            let alike = (usize::from(from)..usize::from(to)).filter(|at| self.starts[*at] == start);
            return alike.map(|at| self.words[at].bytes()).any(|word| word.eq(letters()));
        }
        let longest = self.words.iter().map(|word| word.len()).max().unwrap_or_default();
        if value.len() > 4 * longest + 16 {
            return false;
        }
        let plain: String = value.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
        self.words.binary_search_by(|word| (**word).cmp(&plain)).is_ok()
    }
}

/// The first eight bytes as one number.
fn start_of(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.take(8).fold(0, |start, byte| start << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_nothing_is_known_whatever_its_case_and_blanks() {
        let words = NullWords::usual();
        for value in [
            "NULL",
            "null",
            " Null ",
            "N/A",
            "n / a",
            "NaN",
            "-",
            " - ",
            "Tidak  Ada",
            "TIDAKADA",
            "\u{a0}-",
            "#N/A",
            "NIHIL",
            "?",
            "—",
        ] {
            assert!(words.contains(value), "{value}");
        }
        for value in ["", " ", "NANI", "NULLA", "0", "00", "TIDAK", "A-", "SITI", "李明", "Nà"] {
            assert!(!words.contains(value), "{value}");
        }
    }

    #[test]
    fn a_model_brings_its_own_words() {
        let words = NullWords::new(["ONBEKEND", "Ä b", ""].into_iter());
        assert!(words.contains("onbekend") && words.contains("äB") && !words.contains("NULL") && !words.contains(""));
    }
}

//! What the words of a name sound like, for blocking data whose names are not taken apart.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::fold::Folder;
use super::tables::NameTables;
use super::text::plain_words;

/// Words that one thread remembers; the words of names repeat, and folding is what costs.
const REMEMBERED: usize = 1 << 16;

/// Keys by word.
type Keys = FxHashMap<Box<str>, Box<str>>;

thread_local! {
    static KNOWN: RefCell<Keys> = RefCell::default();
}

/// The blocking keys K2 of the words of a name (DOMAIN 2.3), in the order of the letters, so that swapped words sound
/// alike: `NUR HAYATI` and `HAYATY NOER` are both `ATN NR`. Where no word has a key of two letters the words as they are
/// folded; `None` when there is none of two letters.
pub fn sounds(raw: &str, tables: &NameTables) -> Option<String> {
    let text = plain_words(raw);
    KNOWN
        .with_borrow_mut(|known| {
            if known.len() > REMEMBERED {
                known.clear();
            }
            let keys_of = |known: &Keys| -> Option<Option<String>> {
                let keys = text.split(' ').map(|word| known.get(word).map(|key| &**key));
                let mut keys: Vec<&str> = keys.collect::<Option<_>>()?;
                keys.retain(|key| key.len() > 1);
                keys.sort_unstable();
                keys.dedup();
                Some((!keys.is_empty()).then(|| keys.join(" ")))
            };
            keys_of(known).unwrap_or_else(|| {
                for word in text.split(' ') {
                    if !known.contains_key(word) {
                        known.insert(word.into(), key_of(word, tables).into());
                    }
                }
                keys_of(known).flatten()
            })
        })
        .or_else(|| spelled(&text))
}

/// The key of a word. One of another script has no key but itself; one with digits has none.
fn key_of(word: &str, tables: &NameTables) -> String {
    let canonical = tables.word(word).canonical.unwrap_or(word);
    if canonical.bytes().all(|b| b.is_ascii_uppercase()) {
        Folder::default().k2(canonical).to_owned()
    } else if canonical.is_ascii() {
        String::new()
    } else {
        canonical.to_owned()
    }
}

/// Words whose keys have one letter (NGUYEN THI HA): their folded spelling has to do.
fn spelled(text: &str) -> Option<String> {
    let mut folder = Folder::default();
    let letters = |word: &&str| word.len() > 1 && word.bytes().all(|b| b.is_ascii_uppercase());
    let mut words: Vec<String> = text.split(' ').filter(letters).map(|word| folder.k1(word).to_owned()).collect();
    words.sort_unstable();
    words.dedup();
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_spelling_are_no_matter() {
        let sounds = |raw| sounds(raw, NameTables::embedded());
        let same = sounds("NUR HAYATI");
        assert!(same.is_some());
        for raw in ["hayati noer", "Nur|Hayati", "NUR HAYATI NUR", "HAYATY, NUR"] {
            assert_eq!(sounds(raw), same, "{raw}");
        }
        assert_eq!(sounds("MUH. ALI"), sounds("ALI MUHAMMAD"));
        assert_ne!(sounds("NUR HIDAYAT"), same);
        assert!(sounds("Nguyen Thi Ha").is_some() && sounds("Nguyen Thi Ha") == sounds("Nguyễn Thị Hà"));
        assert!(sounds("李明").is_some() && sounds("李明") != sounds("王芳"));
        for raw in ["", "...", "A", "2020"] {
            assert_eq!(sounds(raw), None, "{raw}");
        }
    }
}

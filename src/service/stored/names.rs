//! By which words persons are found: entries of the table `lookups`, one for each person and folded word of their names.
//!
//! A key is the letter, the word, a zero byte and the person's number, so that a beginning is a scan. The value is packed by
//! hand, because there are more of these than of persons: format, birth year (two bytes), place (five), the person's other
//! words. So whoever scans knows whether somebody fits without reading another table.

use super::codec::{PLAIN, id_key};
use super::lookups::{Lookup, record_in};
use crate::domain::person::NameWords;
use crate::domain::record::PersonId;

/// Bytes of the value before the words.
const FACTS: usize = 8;

/// What a search is narrowed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::service) struct Facts {
    /// The year of birth.
    pub(in crate::service) born: Option<u16>,
    /// The code of the village or sub-district, as a number.
    pub(in crate::service) place: Option<u64>,
}

/// An entry as it is read. What it says stays in the page that was scanned.
pub(in crate::service) struct NameEntry<'a> {
    word: &'a str,
    others: &'a str,
    /// Who.
    pub(in crate::service) person: PersonId,
    /// What else is known.
    pub(in crate::service) facts: Facts,
}

impl NameEntry<'_> {
    /// Reads a key and its value; `None` where they are not of the form that [`entries`] makes.
    pub(in crate::service) fn read<'a>(key: &'a [u8], value: &'a [u8]) -> Option<NameEntry<'a>> {
        let person = PersonId(record_in(key)?);
        let word = key.strip_prefix(&[Lookup::Name as u8])?;
        let word = word.get(..word.len().checked_sub(9)?)?;
        let (facts, others) = value.split_first_chunk::<FACTS>()?;
        let [format, y1, y0, p4, p3, p2, p1, p0] = *facts;
        let known = |number: u64| Some(number).filter(|number| *number > 0);
        let facts = Facts {
            born: Some(u16::from_be_bytes([y1, y0])).filter(|year| *year > 0),
            place: known(u64::from_be_bytes([0, 0, 0, p4, p3, p2, p1, p0])),
        };
        let entry = NameEntry {
            word: std::str::from_utf8(word).ok()?,
            others: std::str::from_utf8(others).ok()?,
            person,
            facts,
        };
        (format == PLAIN).then_some(entry)
    }

    /// All words of the person's names.
    pub(in crate::service) fn words(&self) -> impl Iterator<Item = &str> + Clone {
        let others = self.others.split(' ').filter(|word| !word.is_empty());
        std::iter::once(self.word).chain(others)
    }
}

/// The beginning of the keys of all words with this beginning.
pub(in crate::service) fn beginning(word: &str) -> Vec<u8> {
    Lookup::Name.key(&[word.as_bytes()])
}

/// The beginning of the keys of a word and no longer one.
pub(in crate::service) fn whole(word: &str) -> Vec<u8> {
    Lookup::Name.key(&[word.as_bytes(), &[0]])
}

/// Whether a key of the table is that of a word.
pub(in crate::service) fn is_name(key: &[u8]) -> bool {
    key.first() == Some(&(Lookup::Name as u8))
}

/// The entries of a person: keys and values.
pub(in crate::service) fn entries(person: PersonId, facts: Facts, words: &NameWords) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut packed = [0; FACTS];
    packed[0] = PLAIN;
    packed[1..3].copy_from_slice(&facts.born.unwrap_or_default().to_be_bytes());
    packed[3..].copy_from_slice(&facts.place.unwrap_or_default().to_be_bytes()[3..]);
    let entry = |word: &str| {
        let mut value = packed.to_vec();
        for other in words.iter().filter(|other| *other != word) {
            if value.len() > FACTS {
                value.push(b' ');
            }
            value.extend_from_slice(other.as_bytes());
        }
        ([whole(word), id_key(person.0)].concat(), value)
    };
    words.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::RecordId;
    use crate::service::stored::codec::plain;

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let person = PersonId(RecordId(0x0102_0304_0506_0708));
        for (born, place, names) in [
            (Some(1983), Some(3_201_052_008), &["SITI", "AMINA", "SITI"][..]),
            (None, Some(320_105), &["SUHARTO"]),
            (Some(2015), None, &["A", "B", "AB"]),
        ] {
            let facts = Facts { born, place };
            let words = NameWords::of(names.iter().copied());
            let entries = entries(person, facts, &words);
            assert_eq!(entries.len(), words.iter().count());
            for ((key, value), word) in entries.iter().zip(words.iter()) {
                let read = NameEntry::read(key, value).expect("own bytes");
                let mut all: Vec<&str> = read.words().collect();
                assert_eq!((all[0], read.person, read.facts), (word, person, facts));
                all.sort_unstable();
                assert_eq!(all, words.iter().collect::<Vec<_>>());
                assert!(is_name(key) && key.starts_with(&beginning(&word[..1])) && key.starts_with(&whole(word)));
                assert!(plain(value, "a value as others").is_ok());
                for cut in 0..FACTS {
                    assert!(NameEntry::read(key, &value[..cut]).is_none());
                }
                assert!(NameEntry::read(&key[..9], value).is_none());
            }
        }
        assert!(entries(person, Facts { born: None, place: None }, &NameWords::default()).is_empty());
    }
}

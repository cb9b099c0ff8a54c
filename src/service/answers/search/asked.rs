//! What was typed, read as all it can be.

use crate::domain::record::PersonId;
use crate::normalise::NameTables;
use crate::normalise::found_by::{AskedWord, asked_words};
use crate::service::answers::views::SearchQuery;
use crate::service::error::ServiceError;
use crate::service::matching::places::Area;
use crate::service::stored::names::Facts;

/// Most letters of a text; no name, number or key is longer.
const MAX_TEXT: usize = 200;

/// What can be looked for.
pub(super) struct Asked {
    /// The text without blanks around it; it may be a row key.
    pub(super) text: String,
    /// A text without letters may be any number.
    pub(super) number: Option<String>,
    /// The id of a case.
    pub(super) case: Option<String>,
    /// The number of a person.
    pub(super) person: Option<PersonId>,
    /// A text may be words of a name.
    pub(super) words: Vec<AskedWord>,
}

impl Asked {
    /// Reads a question. A row key of one feed is nothing else.
    pub(super) fn read(query: &SearchQuery, tables: &NameTables) -> Result<Self, ServiceError> {
        let text = query.text.trim().to_owned();
        let invalid = |problem| ServiceError::Invalid { pointer: "/teks", problem };
        if !text.chars().any(char::is_alphanumeric) {
            return Err(invalid("give words of a name, a number, a case or a row key"));
        }
        if text.chars().count() > MAX_TEXT {
            return Err(invalid("it is longer than 200 letters"));
        }
        let (letters, digits) = (text.chars().any(char::is_alphabetic), text.chars().any(char::is_numeric));
        let upper = text.to_ascii_uppercase();
        let mut asked = Self { number: None, case: None, person: None, words: Vec::new(), text };
        if query.feed.is_some() {
            return Ok(asked);
        }
        asked.number = Some(asked.text.clone()).filter(|_| digits && !letters);
        asked.person = upper.parse().ok();
        asked.case = Some(upper).filter(|text| is_case(text));
        if !digits || may_be_misread(&asked.text) {
            asked.words = asked_words(&asked.text, tables);
        }
        Ok(asked)
    }
}

/// Whether a text with digits may be a name with a letter misread (SITI AM1NAH): several words, each with letters in it.
fn may_be_misread(text: &str) -> bool {
    let words = text.split_whitespace();
    words.clone().count() > 1 && words.into_iter().all(|word| word.chars().any(char::is_alphabetic))
}

/// `C12-34`, or `N-5`.
fn is_case(text: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.split_once('-') {
        Some(("N", last)) => number(last),
        Some((first, last)) => first.strip_prefix('C').is_some_and(number) && number(last),
        None => false,
    }
}

/// What narrows a search.
#[derive(Debug, Clone, Copy)]
pub(super) struct Narrowing {
    area: Option<Area>,
    born: Option<(u16, u16)>,
}

impl Narrowing {
    /// Reads what a question is narrowed by.
    pub(super) fn of(query: &SearchQuery) -> Result<Self, ServiceError> {
        let no_code = ServiceError::Invalid { pointer: "/kode_wilayah", problem: "not the code of a region" };
        let area = query.kode_wilayah.as_deref().map(|code| Area::of(code).ok_or(no_code)).transpose()?;
        Ok(Self { area, born: query.born })
    }

    /// Whether it lets everybody through.
    pub(super) fn is_none(self) -> bool {
        self.area.is_none() && self.born.is_none()
    }

    /// Whether somebody fits. Whose place or year nobody knows fits no place and no year.
    pub(super) fn fits(self, facts: Facts) -> bool {
        self.area.is_none_or(|area| facts.place.is_some_and(|place| area.holds(place)))
            && self.born.is_none_or(|(first, last)| facts.born.is_some_and(|year| (first..=last).contains(&year)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::feed::Feed;

    fn read(text: &str, feed: Option<Feed>) -> Result<Asked, ServiceError> {
        let query = SearchQuery { text: text.to_owned(), feed, ..SearchQuery::default() };
        Asked::read(&query, NameTables::embedded())
    }

    #[test]
    fn a_text_is_read_as_all_it_can_be() {
        for (text, number, case, person, words) in [
            ("3201050503800011", true, false, false, 0),
            (" 3201.0505.0380-0011 ", true, false, false, 0),
            ("C12-34", false, true, false, 0),
            ("n-5", false, true, false, 0),
            ("N-", false, false, false, 1),
            ("C-5", false, false, false, 0),
            ("P0000000042", false, false, true, 0),
            ("siti aminah", false, false, false, 2),
            ("H. Siti Aminah, S.Pd.", false, false, false, 2),
            ("DTSEN-0001", false, false, false, 0),
            ("SITI AM1NAH", false, false, false, 2),
            ("siti 1983", false, false, false, 0),
        ] {
            let asked = read(text, None).expect(text);
            let kinds = (asked.number.is_some(), asked.case.is_some(), asked.person.is_some(), asked.words.len());
            assert_eq!(kinds, (number, case, person, words), "{text}");
            assert_eq!(asked.text, text.trim());
            let key = read(text, Some(Feed::Rekening)).expect(text);
            assert!(key.number.is_none() && key.case.is_none() && key.person.is_none() && key.words.is_empty());
        }
        for nothing in ["", "  ", "-.,", &"a".repeat(201)] {
            assert!(matches!(read(nothing, None), Err(ServiceError::Invalid { pointer: "/teks", .. })));
        }
    }

    #[test]
    fn who_is_not_known_to_fit_does_not() {
        let (bogor, nowhere) = (Some(3_201_052_008), None);
        for (region, born, place, year, fits) in [
            (None, None, nowhere, None, true),
            (Some("3201"), None, bogor, None, true),
            (Some("3202"), None, bogor, None, false),
            (Some("3201"), None, nowhere, None, false),
            (None, Some((1980, 1985)), bogor, Some(1985), true),
            (None, Some((1980, 1985)), bogor, Some(1986), false),
            (None, Some((1980, 1980)), bogor, None, false),
            (Some("32"), Some((1980, 1980)), bogor, Some(1980), true),
        ] {
            let kode_wilayah = region.map(str::to_owned);
            let narrowing = Narrowing::of(&SearchQuery { kode_wilayah, born, ..SearchQuery::default() });
            let facts = Facts { born: year, place };
            assert_eq!(narrowing.expect("a code").fits(facts), fits, "{region:?} {born:?} {facts:?}");
        }
        let wrong = SearchQuery { kode_wilayah: Some("x".to_owned()), ..SearchQuery::default() };
        assert!(matches!(Narrowing::of(&wrong), Err(ServiceError::Invalid { pointer: "/kode_wilayah", .. })));
    }
}

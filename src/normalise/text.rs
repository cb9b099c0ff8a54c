//! Text of any script to what is compared: one table of signs for all normalisers (`domain::sign`).
//!
//! Names and addresses of Indonesia become upper-case ASCII; text of other scripts stays in its letters.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::domain::sign::{compatible, falls_away};

/// Feeds `raw` to `sink` as upper-case ASCII: marks above letters fall off, apostrophes vanish, every other foreign
/// sign becomes a blank.
pub(super) fn for_each_ascii(raw: &str, mut sink: impl FnMut(u8)) {
    if raw.is_ascii() {
        raw.bytes().for_each(|b| sink(b.to_ascii_uppercase()));
        return;
    }
    for c in raw.chars().filter(|c| !falls_away(*c)).nfkd().filter(|c| !falls_away(*c)) {
        match c {
            _ if c.is_ascii() => sink(c.to_ascii_uppercase() as u8),
            _ if is_combining_mark(c) => {}
            _ => match latin(c) {
                Some(letters) => letters.bytes().for_each(&mut sink),
                None => sink(b' '),
            },
        }
    }
}

/// Latin letters that do not decompose, as ASCII.
const fn latin(c: char) -> Option<&'static str> {
    Some(match c {
        'Ø' | 'ø' => "O",
        'Đ' | 'đ' | 'Ð' | 'ð' => "D",
        'Ł' | 'ł' => "L",
        'ı' => "I",
        'ß' | 'ẞ' => "SS",
        'Æ' | 'æ' => "AE",
        'Œ' | 'œ' => "OE",
        'Þ' | 'þ' => "TH",
        _ => return None,
    })
}

/// Letters and digits of any script in upper case, single blanks between the words. Latin letters lose their marks, so
/// that `Đà Nẵng` and `Da Nang` are one; vowel signs of Arabic and Hebrew fall off; other scripts keep all they have.
pub fn words(raw: &str) -> String {
    // Nearly all of it is one word.
    if raw.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return raw.to_ascii_uppercase();
    }
    let mut words = String::with_capacity(raw.len());
    if raw.is_ascii() {
        for b in raw.bytes() {
            match b {
                b'A'..=b'Z' | b'0'..=b'9' => words.push(char::from(b)),
                b'a'..=b'z' => words.push(char::from(b.to_ascii_uppercase())),
                b'\'' | b'`' => {}
                _ if words.is_empty() || words.ends_with(' ') => {}
                _ => words.push(' '),
            }
        }
    } else {
        let mut base = Base::None;
        for c in raw.chars().filter(|c| !falls_away(*c)).nfkd().filter(|c| !falls_away(*c)) {
            if is_combining_mark(c) {
                if base == Base::Other {
                    words.push(c);
                }
            } else if c.is_alphanumeric() {
                base = Base::of(c);
                match latin(c) {
                    Some(letters) => words.push_str(letters),
                    None => words.extend(c.to_uppercase()),
                }
            } else {
                base = Base::None;
                if !words.is_empty() && !words.ends_with(' ') {
                    words.push(' ');
                }
            }
        }
        words = words.nfc().collect();
    }
    words.truncate(words.trim_end().len());
    words
}

/// What a combining mark stands on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Base {
    /// No letter.
    None,
    /// A letter that is the same without its marks.
    Bare,
    /// A letter whose marks make it another.
    Other,
}

impl Base {
    fn of(c: char) -> Self {
        match c {
            '\0'..='\u{24f}' | '\u{590}'..='\u{6ff}' | '\u{1e00}'..='\u{1eff}' => Self::Bare,
            _ => Self::Other,
        }
    }
}

/// Which letters a text is put into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// Upper case.
    Upper,
    /// Lower case.
    Lower,
}

/// The text in one form: compatibility form, signs without meaning off, single blanks, one case. `None` when no letter or
/// digit is left.
pub fn plain(raw: &str, case: Case) -> Option<String> {
    let held;
    let text = if raw.is_ascii() && !raw.contains(['\'', '`']) {
        raw
    } else {
        held = compatible(raw);
        &held
    };
    let mut plain = String::with_capacity(text.len());
    let mut says = false;
    for word in text.split_whitespace() {
        if !plain.is_empty() {
            plain.push(' ');
        }
        plain.push_str(word);
        says |= word.chars().any(char::is_alphanumeric);
    }
    if plain.is_ascii() {
        match case {
            Case::Upper => plain.make_ascii_uppercase(),
            Case::Lower => plain.make_ascii_lowercase(),
        }
    } else {
        // Some letters decompose anew in their other case.
        plain = match case {
            Case::Upper => plain.to_uppercase(),
            Case::Lower => plain.to_lowercase(),
        };
        plain = plain.nfc().collect();
    }
    says.then_some(plain)
}

/// Upper-case ASCII words of letters and digits, single blanks between them; the words as they are where there is none.
pub(super) fn plain_words(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    for_each_ascii(raw, |b| match b {
        b'A'..=b'Z' | b'0'..=b'9' => text.push(char::from(b)),
        b'\'' | b'`' => {}
        _ if text.is_empty() || text.ends_with(' ') => {}
        _ => text.push(' '),
    });
    text.truncate(text.trim_end().len());
    if text.is_empty() && !raw.is_ascii() { words(raw) } else { text }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn foreign_signs_become_ascii_or_blanks() {
        for (raw, words) in [
            ("  Siti  Nur’aini ", "SITI NURAINI"),
            ("Renée—Ångström", "RENEE ANGSTROM"),
            ("ＳＩＴＩ", "SITI"),
            ("Jl. Mawar No.3/A", "JL MAWAR NO 3 A"),
            ("李 Ali", "ALI"),
            ("李明", "李明"),
            ("", ""),
            ("...", ""),
        ] {
            assert_eq!(plain_words(raw), words, "{raw}");
        }
    }

    #[test]
    fn letters_of_every_script_stay_letters() {
        for (raw, expected) in [
            ("Hutapea, Maria", "HUTAPEA MARIA"),
            ("siti nur'aini", "SITI NURAINI"),
            ("Siti Nur\u{b4}aini", "SITI NURAINI"),
            ("Si\u{200b}ti A\u{ad}minah", "SITI AMINAH"),
            ("Nguyễn Thị Hà", "NGUYEN THI HA"),
            ("Nguye\u{302}\u{303}n Thi\u{323} Ha\u{300}", "NGUYEN THI HA"),
            ("Đà Nẵng", "DA NANG"),
            ("Ý Yên", "Y YEN"),
            ("Straße Œuvre", "STRASSE OEUVRE"),
            ("李明", "李明"),
            ("北京 — 上海", "北京 上海"),
            ("Иван Пётр", "ИВАН ПЁТР"),
            ("Айдар", "АЙДАР"),
            ("مُحَمَّد", "محمد"),
            ("がく", "がく"),
            ("김민수", "김민수"),
            ("प्रिया", "प्रिया"),
            ("\u{feff}ＡＢ\u{a0}１２", "AB 12"),
            ("--", ""),
        ] {
            assert_eq!(words(raw), expected, "{raw}");
        }
    }

    #[test]
    fn text_has_one_form() {
        for (raw, upper) in [
            ("  a  b ", Some("A B")),
            ("Nur’aini", Some("NURAINI")),
            ("Ha\u{300}", Some("HÀ")),
            ("a-b", Some("A-B")),
            ("...", None),
            ("", None),
        ] {
            assert_eq!(plain(raw, Case::Upper).as_deref(), upper, "{raw}");
        }
        assert_eq!(plain("NGUYỄN", Case::Lower), plain("nguyễn", Case::Lower));
    }

    #[test]
    fn every_letter_is_the_same_read_again() {
        for letter in ('\0'..=char::MAX).map(String::from) {
            for case in [Case::Upper, Case::Lower] {
                let once = plain(&letter, case);
                assert_eq!(once.as_deref().and_then(|text| plain(text, case)), once, "{letter:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn reading_twice_is_reading_once(raw in "\\PC{0,16}") {
            let once = words(&raw);
            prop_assert_eq!(words(&once), once.clone());
            prop_assert_eq!(words(&raw.nfc().collect::<String>()), once.clone());
            prop_assert_eq!(words(&raw.nfd().collect::<String>()), once);
            for case in [Case::Upper, Case::Lower] {
                let once = plain(&raw, case);
                prop_assert_eq!(once.as_deref().and_then(|text| plain(text, case)), once.clone());
            }
        }
    }
}

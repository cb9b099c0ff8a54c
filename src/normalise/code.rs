//! Opaque codes: card, account and reference numbers of which nothing is known but that they are equal or not.

use super::Read;
use super::text::words;
use crate::domain::number::{is_scientific, without_decimals};
use crate::domain::sign::compatible;

/// Upper-case letters and digits of any script only, Latin letters without their marks. Empty when nothing is left or only
/// noughts are (a placeholder); unreadable when a spreadsheet lost digits (`8.12346E+11`).
pub fn code(raw: &str) -> Read<String> {
    let kept: String = if raw.is_ascii() {
        let text = raw.trim();
        if text.contains(['e', 'E']) && shows_lost_digits(text) {
            return Read::Unreadable;
        }
        let text = if text.ends_with('0') { without_decimals(text).unwrap_or(text) } else { text };
        text.bytes().filter(u8::is_ascii_alphanumeric).map(|b| char::from(b.to_ascii_uppercase())).collect()
    } else {
        let text = compatible(raw);
        if shows_lost_digits(text.trim()) {
            return Read::Unreadable;
        }
        words(without_decimals(text.trim()).unwrap_or(&text)).replace(' ', "")
    };
    if kept.bytes().any(|b| b != b'0') { Read::Value(kept) } else { Read::Empty }
}

/// Scientific notation as programs write it; `1E5` may be a code.
fn shows_lost_digits(text: &str) -> bool {
    is_scientific(text) && text.contains(['.', ',', '+'])
}

/// A string of digits, without the signs between them; `None` for anything else.
pub fn digits(raw: &str) -> Read<String> {
    let text = compatible(raw);
    let text = text.trim();
    if is_scientific(text) {
        return Read::Unreadable;
    }
    let text = without_decimals(text).unwrap_or(text);
    let joined: String = text.chars().filter(|c| !crate::domain::sign::separates_digits(*c)).collect();
    let one_point = text.bytes().filter(|b| matches!(b, b'.' | b',')).count() == 1;
    let fraction = one_point && text.split_once(['.', ',']).is_some_and(|(_, part)| part.len() != 3);
    let fits = !joined.is_empty() && joined.bytes().all(|b| b.is_ascii_digit()) && !fraction;
    Read::of(raw, fits.then_some(joined))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_and_placeholders_fall_away() {
        for (raw, expected) in [
            ("k 1234-567", Read::Value("K1234567")),
            ("0001234567890", Read::Value("0001234567890")),
            ("8123456789.0", Read::Value("8123456789")),
            ("1E5", Read::Value("1E5")),
            ("8.12346E+11", Read::Unreadable),
            ("1e+12", Read::Unreadable),
            ("0000000000", Read::Empty),
            ("-", Read::Empty),
            ("abc", Read::Value("ABC")),
            ("北京", Read::Value("北京")),
            ("Đà Nẵng", Read::Value("DANANG")),
            ("Ý Yên", Read::Value("YYEN")),
            ("ＡＢ１２", Read::Value("AB12")),
        ] {
            let read = code(raw);
            let read = match &read {
                Read::Value(text) => Read::Value(text.as_str()),
                Read::Empty => Read::Empty,
                Read::Unreadable => Read::Unreadable,
            };
            assert_eq!(read, expected, "{raw}");
        }
    }

    #[test]
    fn digits_are_read_without_the_signs_between_them() {
        for (raw, expected) in [
            ("3201", Some("3201")),
            ("03 201-5", Some("032015")),
            ("32.01.05", Some("320105")),
            ("930101.0", Some("930101")),
            ("12.345", Some("12345")),
            ("12.5", None),
            ("3.2E+15", None),
            ("12a", None),
        ] {
            assert_eq!(digits(raw).value().as_deref(), expected, "{raw}");
        }
        assert_eq!(digits("-"), Read::Empty);
    }
}

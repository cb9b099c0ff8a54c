//! Telephone numbers of Indonesia, written one way.

use super::Read;
use crate::domain::number::{is_scientific, without_decimals};
use crate::domain::sign::compatible;

/// `08…` or the area code with its nought: `+62 812-3456-7890`, `62812…`, `0062812…` and `812…` are the same number, and so
/// is `812….0`. Unreadable for what cannot be a number here: fewer than 9 or more than 13 digits, foreign ones, and what
/// a spreadsheet cut off (`8.12E+11`). One digit repeated is nobody's.
pub fn phone(raw: &str) -> Read<String> {
    let text = compatible(raw);
    let text = text.trim();
    if is_scientific(text) {
        return Read::Unreadable;
    }
    let text = without_decimals(text).unwrap_or(text);
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let international = text.starts_with('+') || digits.starts_with("00");
    let bare = digits.trim_start_matches('0');
    if bare.bytes().all(|b| Some(&b) == bare.as_bytes().first()) {
        return if text.chars().any(char::is_alphabetic) { Read::Unreadable } else { Read::Empty };
    }
    let subscriber = match bare.strip_prefix("62") {
        Some(rest) if international || rest.starts_with('8') || bare.len() > 11 => rest.trim_start_matches('0'),
        Some(_) | None if international => return Read::Unreadable,
        Some(_) | None => bare,
    };
    let same = subscriber.bytes().all(|b| Some(&b) == subscriber.as_bytes().first());
    match subscriber.len() {
        8..=12 if same => Read::Empty,
        8..=12 => Read::Value(format!("0{subscriber}")),
        _ => Read::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_spelling() {
        for (raw, expected) in [
            ("081234567890", Read::Value("081234567890")),
            ("+6281234567890", Read::Value("081234567890")),
            ("+62 (0)812-3456-7890", Read::Value("081234567890")),
            ("6281234567890", Read::Value("081234567890")),
            ("006281234567890", Read::Value("081234567890")),
            ("0812-3456-7890", Read::Value("081234567890")),
            ("81234567890", Read::Value("081234567890")),
            ("81234567890.0", Read::Value("081234567890")),
            ("8123456789.0", Read::Value("08123456789")),
            ("0812\u{a0}3456\u{2011}7890", Read::Value("081234567890")),
            ("0251 8321234", Read::Value("02518321234")),
            ("0622 1234567", Read::Value("06221234567")),
            ("8.12346E+11", Read::Unreadable),
            ("+65 91234567", Read::Unreadable),
            ("0812", Read::Unreadable),
            ("milik tetangga", Read::Unreadable),
            ("8888888888", Read::Empty),
            ("0000000000", Read::Empty),
            ("-", Read::Empty),
            ("", Read::Empty),
        ] {
            let read = phone(raw);
            assert_eq!(
                read,
                match expected {
                    Read::Value(text) => Read::Value(text.to_owned()),
                    Read::Empty => Read::Empty,
                    Read::Unreadable => Read::Unreadable,
                },
                "{raw}"
            );
        }
    }
}

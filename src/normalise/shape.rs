//! What a value that could not be read looks like: said of its column, without the value.

use super::date::{DateFormat, read_date};
use crate::domain::number::is_scientific;

/// Longest shape that is shown.
const LONGEST: usize = 40;

/// What a column wanted to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A date.
    Date,
    /// A number.
    Number,
    /// An identifier of digits.
    Identifier,
    /// The code of a region.
    Region,
    /// `L` or `P`.
    Sex,
    /// A name.
    Name,
    /// Any other text.
    Text,
}

/// The shape of a value: each digit a 9, each letter an a or A, all signs as they are. `12/04/90` is `99/99/99`.
pub fn shape(raw: &str) -> String {
    let sign = |c: char| match c {
        c if c.is_numeric() => '9',
        c if c.is_lowercase() => 'a',
        c if c.is_alphabetic() => 'A',
        c if c.is_control() => '?',
        c => c,
    };
    let mut shape: String = raw.trim().chars().take(LONGEST).map(sign).collect();
    if raw.trim().chars().count() > LONGEST {
        shape.push('…');
    }
    shape
}

/// What the value looks like, and what to do about it.
pub fn looks_like(raw: &str, wanted: Wanted) -> &'static str {
    let text = raw.trim();
    if is_scientific(text) && wanted != Wanted::Number {
        return "scientific notation: digits are lost; export the column as text";
    }
    match wanted {
        Wanted::Date => date_like(text),
        Wanted::Number if text.contains(['.', ',']) => {
            "thousands or decimals; set format = \"decimal_comma\" or \"decimal_point\""
        }
        Wanted::Number => "not one number",
        Wanted::Identifier if text.chars().any(char::is_alphabetic) => "letters in a number",
        Wanted::Identifier => "a number of another length or with other signs",
        Wanted::Region => "no code of 2, 4, 6 or 10 digits of Kemendagri",
        Wanted::Sex => "neither L nor P nor a word for them",
        Wanted::Name => "no letters",
        Wanted::Text => "no text that can be compared",
    }
}

fn date_like(text: &str) -> &'static str {
    let read = |format| read_date(text, format).is_some();
    let digits = text.split_once('.').map_or(text, |(whole, _)| whole);
    let digits = if digits.bytes().all(|b| b.is_ascii_digit()) { digits.len() } else { 0 };
    let date = text.split(['T', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = date.split(['-', '/', '.']).collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let numeric = parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    match (digits, lengths.as_slice()) {
        (1..=6, _) if read(DateFormat::Excel) => "an Excel serial; set format = \"excel\"",
        (9 | 10, _) => "seconds since 1970; set format = \"epoch\"",
        (12 | 13, _) => "milliseconds since 1970; set format = \"epoch_ms\"",
        (8, _) if read(DateFormat::DayFirst) => "day, month and year without signs; set format = \"dmy\"",
        _ if read(DateFormat::MonthFirst) => "month before day; set format = \"mdy\"",
        (8, _) | (_, [4, 1 | 2, 1 | 2] | [1 | 2, 1 | 2, 4]) if text.contains(':') && numeric => {
            "a time of day in UTC (another day where it was written), or no time"
        }
        (8, _) => "a day that does not exist",
        (_, [4, 1 | 2, 1 | 2] | [1 | 2, 1 | 2, 4]) if numeric => "a day that does not exist",
        (_, [.., 2]) if parts.len() == 3 => "day/month/two-digit year",
        _ => "no date",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_value_its_shape_is_shown() {
        for (raw, expected) in [
            ("12/04/1990", "99/99/9999"),
            (" Siti A. ", "Aaaa A."),
            ("8.12346E+11", "9.99999A+99"),
            ("李1\u{7}", "A9?"),
            ("", ""),
        ] {
            assert_eq!(shape(raw), expected);
        }
        assert_eq!(shape(&"1".repeat(60)).chars().count(), LONGEST + 1);
    }

    #[test]
    fn formats_are_recognised() {
        for (raw, wanted, part) in [
            ("32975", Wanted::Date, "Excel serial"),
            ("639878400", Wanted::Date, "\"epoch\""),
            ("639878400000", Wanted::Date, "epoch_ms"),
            ("12041990", Wanted::Date, "dmy"),
            ("04/25/1990", Wanted::Date, "mdy"),
            ("31-02-1990", Wanted::Date, "does not exist"),
            ("1990-02-30", Wanted::Date, "does not exist"),
            ("12/04/90", Wanted::Date, "two-digit year"),
            ("12-Apr-90", Wanted::Date, "two-digit year"),
            ("1990-04-11T17:00:00Z", Wanted::Date, "UTC"),
            ("besok", Wanted::Date, "no date"),
            ("1.500", Wanted::Number, "decimal_comma"),
            ("3/5", Wanted::Number, "not one number"),
            ("3.2E+15", Wanted::Identifier, "digits are lost"),
            ("12a", Wanted::Identifier, "letters"),
            ("123", Wanted::Identifier, "another length"),
        ] {
            assert!(looks_like(raw, wanted).contains(part), "{raw}: {}", looks_like(raw, wanted));
        }
    }
}

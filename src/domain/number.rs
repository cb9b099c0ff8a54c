//! Numbers that name somebody, as they arrive: spreadsheets, scanners and people leave marks on them.
//!
//! The cleaning steps 1 to 6 of DOMAIN 1.1, shared by NIK, No. KK and every other number of `domain::identifier`.

use super::flag::FlagCode;
use super::null_word::NullWords;
use super::sign::{compatible, separates_digits};

/// The outcome of cleaning: the text that is left, and what was noticed on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cleaned {
    pub(super) text: Option<String>,
    pub(super) flags: Vec<FlagCode>,
}

/// Cleans a raw number that consists of digits. `None` when nothing usable is left (missing, or digits lost by a
/// spreadsheet).
pub(super) fn clean_number(raw: &str) -> Cleaned {
    if raw.len() > 1 && raw.bytes().all(|b| b.is_ascii_digit()) {
        return Cleaned { text: Some(raw.to_owned()), flags: Vec::new() };
    }
    let Cleaned { text, mut flags } = clean_marks(raw);
    let Some(mut text) = text else { return Cleaned { text: None, flags } };
    let read: String = text.chars().map(letter_to_digit).collect();
    if read != text && read.bytes().all(|b| b.is_ascii_digit()) {
        flags.push(FlagCode::OcrLetter);
        text = read;
    }
    if text == "0" {
        return Cleaned { text: None, flags: vec![FlagCode::Missing] };
    }
    Cleaned { text: Some(text), flags }
}

/// Takes the marks of spreadsheets and typists off a raw number that may hold letters.
pub(super) fn clean_marks(raw: &str) -> Cleaned {
    let mut flags = Vec::new();
    let folded = compatible(raw);
    let mut text = folded.trim();
    if raw.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').starts_with(['\'', '\u{ff07}']) {
        flags.push(FlagCode::ExcelApostrophe);
    }
    if is_scientific(text) {
        return Cleaned { text: None, flags: vec![FlagCode::ExcelScientific] };
    }
    if let Some(cut) = without_decimals(text) {
        text = cut;
        flags.push(FlagCode::ExcelDecimal);
    }
    if text.is_empty() || NullWords::usual().contains(text) {
        return Cleaned { text: None, flags: vec![FlagCode::Missing] };
    }
    let joined: String = text.chars().filter(|c| !separates_digits(*c)).collect();
    if joined.is_empty() {
        return Cleaned { text: None, flags: vec![FlagCode::Missing] };
    }
    if joined != text {
        flags.push(FlagCode::Separators);
    }
    Cleaned { text: Some(joined), flags }
}

/// `3.20101E+15`: the last digits are gone.
pub fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once(['.', ',']) {
        Some((whole, part)) => whole.len() == 1 && digits(whole) && digits(part),
        None => mantissa.len() == 1 && digits(mantissa),
    };
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    mantissa_fits && exponent.len() <= 3 && digits(exponent)
}

/// `3201014107709001.0` without its decimals. `1.000` may be a thousand: it is left alone.
pub fn without_decimals(text: &str) -> Option<&str> {
    let (whole, decimals) = text.split_once(['.', ','])?;
    let fits = !whole.is_empty()
        && whole.bytes().all(|b| b.is_ascii_digit())
        && !decimals.is_empty()
        && decimals.bytes().all(|b| b == b'0')
        && (decimals.len() != 3 || whole.len() > 3);
    fits.then_some(whole)
}

/// A number that somebody made up to fill a field of any length: one digit over and over.
pub fn is_one_digit(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    bytes.len() >= 4 && bytes[0].is_ascii_digit() && bytes.iter().all(|b| *b == bytes[0])
}

/// The same of sixteen digits, where more can be told: one digit over and over but for one of them, counting up or down
/// with one step wrong, or a few digits again and again. Shorter numbers count by chance.
pub fn is_made_up_16(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    if bytes.len() != 16 || !bytes.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let mut counts = [0; 10];
    for b in bytes {
        counts[usize::from(b - b'0')] += 1;
    }
    let steps = |by: u8| bytes.windows(2).filter(|pair| (pair[1] + 10 - pair[0]) % 10 == by).count();
    let again = |block: usize| bytes.chunks(block).all(|other| *other == bytes[..block]);
    counts.contains(&15) || counts.contains(&16) || steps(1).max(steps(9)) >= 14 || [2, 4].into_iter().any(again)
}

fn letter_to_digit(c: char) -> char {
    match c {
        'O' | 'o' => '0',
        'I' | 'l' => '1',
        'S' => '5',
        'B' => '8',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_spreadsheets_are_seen() {
        for (raw, text, flags) in [
            ("8123456789.0", Some("8123456789"), &[FlagCode::ExcelDecimal][..]),
            ("'0123", Some("0123"), &[FlagCode::ExcelApostrophe]),
            ("01 23-4", Some("01234"), &[FlagCode::Separators]),
            ("1.14599E+12", None, &[FlagCode::ExcelScientific]),
            ("8,12346e11", None, &[FlagCode::ExcelScientific]),
            ("1.000", Some("1000"), &[FlagCode::Separators]),
            ("12.00", Some("12"), &[FlagCode::ExcelDecimal]),
            ("9.0", Some("9"), &[FlagCode::ExcelDecimal]),
            ("\u{200b}123\u{a0}4", Some("1234"), &[FlagCode::Separators]),
            ("1O2", Some("102"), &[FlagCode::OcrLetter]),
            ("tidak ada", None, &[FlagCode::Missing]),
            ("--/", None, &[FlagCode::Missing]),
        ] {
            assert_eq!(clean_number(raw), Cleaned { text: text.map(str::to_owned), flags: flags.to_vec() }, "{raw}");
        }
    }

    #[test]
    fn made_up_numbers_are_known() {
        for digits in [
            "1111111111111111",
            "1111111111111112",
            "9999999999999998",
            "1234567890123456",
            "0123456789012345",
            "1234567890123457",
            "9876543210987654",
        ] {
            assert!(is_made_up_16(digits), "{digits}");
        }
        for digits in ["3201011207700001", "3201010101010101", "1111111111111122", "111111111111111"] {
            assert!(!is_made_up_16(digits), "{digits}");
        }
        assert!(is_one_digit("1111") && is_one_digit("0000000000"));
        assert!(!is_one_digit("111") && !is_one_digit("1112") && !is_one_digit("aaaa"));
    }
}

//! Sixteen-digit identity numbers as they arrive: spreadsheets, scanners and people leave marks on them.
//!
//! The cleaning steps 1 to 6 of DOMAIN 1.1, shared by NIK and No. KK.

use unicode_normalization::UnicodeNormalization;

use super::flag::FlagCode;

/// The outcome of cleaning: the text that is left, and what was noticed on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cleaned {
    pub(super) text: Option<String>,
    pub(super) flags: Vec<FlagCode>,
}

/// Cleans a raw number. `None` when nothing usable is left (missing, or digits lost by a spreadsheet).
pub(super) fn clean_number(raw: &str) -> Cleaned {
    let mut flags = Vec::new();
    let folded: String = raw.nfkc().collect();
    let mut text = folded.trim();
    if let Some(rest) = text.strip_prefix('\'') {
        text = rest;
        flags.push(FlagCode::ExcelApostrophe);
    }
    if is_scientific(text) {
        return Cleaned { text: None, flags: vec![FlagCode::ExcelScientific] };
    }
    if let Some(cut) = without_decimals(text) {
        text = cut;
        flags.push(FlagCode::ExcelDecimal);
    }
    let mut joined: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-' | '/')).collect();
    if joined != text {
        flags.push(FlagCode::Separators);
    }
    let read: String = joined.chars().map(letter_to_digit).collect();
    if read != joined && read.bytes().all(|b| b.is_ascii_digit()) {
        flags.push(FlagCode::OcrLetter);
        joined = read;
    }
    if matches!(joined.as_str(), "" | "0" | "-" | "NULL" | "NA" | "NIHIL" | "BELUMADA") {
        return Cleaned { text: None, flags: vec![FlagCode::Missing] };
    }
    Cleaned { text: Some(joined), flags }
}

/// `3.20101E+15`: the last digits are gone.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once(['.', ',']) {
        Some((whole, part)) => whole.len() == 1 && digits(whole) && digits(part),
        None => mantissa.len() == 1 && digits(mantissa),
    };
    mantissa_fits && matches!(exponent, "15" | "+15")
}

/// `3201014107709001.0` without its decimals.
fn without_decimals(text: &str) -> Option<&str> {
    let (whole, decimals) = text.split_once(['.', ','])?;
    let fits = whole.len() == 16
        && whole.bytes().all(|b| b.is_ascii_digit())
        && !decimals.is_empty()
        && decimals.bytes().all(|b| b == b'0');
    fits.then_some(whole)
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

//! Numbers as tables have them: amounts, counts, weights.

use serde_json::Number;

use crate::domain::sign::compatible;

/// Up to here a double counts without gaps; a workbook shows 15 digits of it.
pub(super) const MOST_EXACT: f64 = 999_999_999_999_999.0;

/// A whole number: `600000`, `Rp 600.000`, `600,000.00`, `Rp600.000,-`. A point or comma before three digits divides
/// thousands: no whole number has decimals other than zeros.
pub(super) fn whole(raw: &str) -> Option<Number> {
    let text = plain(raw);
    let (minus, text) = text.strip_prefix('-').map_or((false, text.as_str()), |rest| (true, rest));
    let text = text.trim_end_matches(['-', '=']).trim_end_matches([',', '.']);
    let text = without_zeros(text);
    let mut groups = text.split(['.', ',']);
    let first = groups.next()?;
    let grouped = text.contains(['.', ',']);
    let fits = groups.all(|group| group.len() == 3) && (!grouped || (1..=3).contains(&first.len()));
    let digits: String = text.chars().filter(|c| !matches!(c, '.' | ',')).collect();
    if !fits || digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    Some(Number::from(if minus { -number } else { number }))
}

/// `600.000,00` and `7.0` without decimals that say nothing.
fn without_zeros(text: &str) -> &str {
    let Some(at) = text.rfind(['.', ',']) else { return text };
    let decimals = &text[at + 1..];
    let zeros = matches!(decimals.len(), 1 | 2) && decimals.bytes().all(|b| b == b'0');
    if zeros { &text[..at] } else { text }
}

/// A number with decimals behind a point or a comma: `12,5`, `87.0`, `92 %`, `12,5 kg`. Of two signs the last is the
/// decimal one. No field of this kind reaches 1,000, so one sign alone is never between thousands.
pub(super) fn decimal(raw: &str) -> Option<Number> {
    let text = plain(raw);
    let text = ["%", "KG", "CM"].iter().find_map(|unit| text.strip_suffix(unit)).unwrap_or(&text);
    let point = text.rfind(['.', ',']);
    let (whole, decimals) = point.map_or((text, None), |at| (&text[..at], Some(&text[at + 1..])));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    match decimals {
        None if digits(unsigned) => whole.parse::<i64>().ok().map(Number::from),
        Some(decimals) if digits(unsigned) && digits(decimals) => {
            Number::from_f64(format!("{whole}.{decimals}").parse().ok()?)
        }
        Some(_) | None => None,
    }
}

/// In compatibility form and upper case, without blanks and the sign of the rupiah.
fn plain(raw: &str) -> String {
    let text: String = compatible(raw).chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect();
    let text = text.replace('\u{2212}', "-");
    let without = ["RP.", "RP", "IDR"].iter().find_map(|sign| text.strip_prefix(sign)).map(str::to_owned);
    without.unwrap_or(text)
}

/// The digits of a whole number that a workbook shows entire, without a sign before them.
pub(super) fn digits(number: f64) -> Option<String> {
    let exact = number.fract() == 0.0 && (0.0..=MOST_EXACT).contains(&number);
    exact.then(|| format!("{number:.0}"))
}

/// A number of a cell as JSON: without decimals where it has none.
pub(super) fn json(number: f64) -> Option<Number> {
    if number.fract() == 0.0 && number.abs() <= MOST_EXACT {
        return Some(Number::from(number as i64));
    }
    Number::from_f64(number)
}

/// A number of a cell as text.
pub(super) fn shown(number: f64) -> String {
    json(number).map_or_else(|| "?".to_owned(), |number| number.to_string())
}

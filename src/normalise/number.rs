//! Measured and counted numbers.

use super::Read;
use crate::domain::sign::compatible;

/// What the signs in the numbers of a column mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NumberFormat {
    /// A point or a comma before the decimals; nothing between thousands.
    #[default]
    Usual,
    /// `1.500,25`: a comma before the decimals, points between thousands.
    DecimalComma,
    /// `1,500.25`: the other way round.
    DecimalPoint,
}

/// Reads a number. `1.500` is a thousand and a half or fifteen hundred: it is unreadable unless the column says which.
pub fn number(raw: &str, format: NumberFormat) -> Read<f64> {
    if (1..=15).contains(&raw.len()) && raw.bytes().all(|b| b.is_ascii_digit()) {
        return Read::Value(raw.bytes().fold(0u64, |n, b| n * 10 + u64::from(b - b'0')) as f64);
    }
    let text = compatible(raw).replace('\u{2212}', "-");
    Read::of(raw, read(text.trim(), format))
}

fn read(text: &str, format: NumberFormat) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent),
        None => (unsigned, "0"),
    };
    let grouped = |whole: &str, sign: char| {
        let mut groups = whole.split(sign);
        let first = groups.next().unwrap_or_default();
        let fits = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
        (fits || !whole.contains(sign)).then(|| whole.replace(sign, ""))
    };
    let (points, commas) = (mantissa.matches('.').count(), mantissa.matches(',').count());
    let (thousands, decimal) = match format {
        NumberFormat::DecimalComma => ('.', ','),
        NumberFormat::DecimalPoint => (',', '.'),
        // Of two signs the last is the decimal one.
        NumberFormat::Usual if points > 0 && commas > 0 => {
            if mantissa.rfind('.') > mantissa.rfind(',') {
                (',', '.')
            } else {
                ('.', ',')
            }
        }
        NumberFormat::Usual => {
            if ambiguous(mantissa) && exponent == "0" {
                return None;
            }
            if commas > 0 { ('.', ',') } else { (',', '.') }
        }
    };
    let (whole, decimals) = mantissa.split_once(decimal).unwrap_or((mantissa, ""));
    let whole = grouped(whole, thousands)?;
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !(digits(&whole) && digits(decimals) && whole.len() + decimals.len() > 0) {
        return None;
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    let exponent: i32 = exponent.parse().ok()?;
    format!("{sign}0{whole}.{decimals}0e{exponent}").parse().ok().filter(|number: &f64| number.is_finite())
}

/// One sign with three digits behind it, or several of one sign: thousands or decimals.
fn ambiguous(mantissa: &str) -> bool {
    let mut parts = mantissa.split(['.', ',']);
    let whole = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    match rest.as_slice() {
        [one] => one.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0'),
        several => !several.is_empty(),
    }
}

/// The number of a neighbourhood, RT or RW: `3`, `03`, `RT 003` and `3.0` are 3. Noughts say nothing, and `3/5` is two of them.
pub fn neighbourhood(raw: &str) -> Read<f64> {
    let text = compatible(raw).to_uppercase();
    let text = text.trim();
    let text = text.strip_prefix("RT").or_else(|| text.strip_prefix("RW")).unwrap_or(text);
    let text = text.trim_start_matches([' ', '.', ':', '-']);
    let text =
        text.split_once('.').filter(|(_, rest)| rest.bytes().all(|b| b == b'0')).map_or(text, |(whole, _)| whole);
    let fits = (1..=3).contains(&text.trim_start_matches('0').len()) && text.bytes().all(|b| b.is_ascii_digit());
    if !text.is_empty() && text.bytes().all(|b| b == b'0') {
        return Read::Empty;
    }
    Read::of(raw, if fits { text.parse().ok() } else { None })
}

#[cfg(test)]
mod tests {
    use super::NumberFormat::{DecimalComma, DecimalPoint, Usual};
    use super::*;

    #[test]
    fn numbers_are_read_and_not_guessed() {
        for (raw, expected) in [
            ("3", Some(3.0)),
            ("003", Some(3.0)),
            ("3.0", Some(3.0)),
            ("1.5", Some(1.5)),
            ("1,5", Some(1.5)),
            ("-1,25", Some(-1.25)),
            ("0.125", Some(0.125)),
            ("1234.567", Some(1234.567)),
            ("1.500,00", Some(1500.0)),
            ("1,500.00", Some(1500.0)),
            ("1.5e3", Some(1500.0)),
            (".5", Some(0.5)),
            ("1.500", None),
            ("1,500", None),
            ("1.500.000", None),
            ("3/5", None),
            ("inf", None),
            ("nan", None),
            ("1e999", None),
            ("Rp 100", None),
            ("1.50.000,5", None),
        ] {
            assert_eq!(number(raw, Usual).value(), expected, "{raw}");
        }
        assert_eq!(number("1.500", DecimalComma).value(), Some(1500.0));
        assert_eq!(number("1.500.000,5", DecimalComma).value(), Some(1_500_000.5));
        assert_eq!(number("1.500", DecimalPoint).value(), Some(1.5));
        assert_eq!(number("-", Usual), Read::Empty);
    }

    #[test]
    fn a_neighbourhood_has_one_number() {
        for (raw, expected) in [
            ("3", Read::Value(3.0)),
            ("003", Read::Value(3.0)),
            ("RT 003", Read::Value(3.0)),
            ("rw.05", Read::Value(5.0)),
            ("3.0", Read::Value(3.0)),
            ("000", Read::Empty),
            ("-", Read::Empty),
            ("3/5", Read::Unreadable),
            ("003/005", Read::Unreadable),
            ("1234", Read::Unreadable),
            ("A", Read::Unreadable),
        ] {
            assert_eq!(neighbourhood(raw), expected, "{raw}");
        }
    }
}

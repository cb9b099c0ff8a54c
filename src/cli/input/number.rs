//! Numbers of JSON and Parquet as text. A whole number is written without point; one that a binary fraction may have changed
//! is written so that nobody takes it for digits: `9.301010503800004E15`.

use std::fmt::Write;

/// The text of a JSON number, from how it is written: all its digits are kept.
pub(super) fn push_json(out: &mut String, raw: &str) {
    let Some((whole, fraction)) = raw.split_once('.').filter(|_| !raw.contains(['e', 'E'])) else {
        out.push_str(raw);
        return;
    };
    if fraction.bytes().any(|digit| digit != b'0') {
        out.push_str(raw);
        return;
    }
    match raw.parse::<f64>() {
        Ok(number) if !is_exact(number, f64::MANTISSA_DIGITS) => push_scientific(out, &number),
        _ => out.push_str(if whole == "-0" { "0" } else { whole }),
    }
}

/// The text of a double.
pub(super) fn push_double(out: &mut String, number: f64) {
    push(out, number, &number, f64::MANTISSA_DIGITS);
}

/// The text of a single.
pub(super) fn push_single(out: &mut String, number: f32) {
    push(out, f64::from(number), &number, f32::MANTISSA_DIGITS);
}

/// The text of a half.
pub(super) fn push_half(out: &mut String, number: f32) {
    const MANTISSA_DIGITS: u32 = 11;
    push(out, f64::from(number), &number, MANTISSA_DIGITS);
}

fn push(out: &mut String, number: f64, shortest: &(impl std::fmt::Display + std::fmt::UpperExp), digits: u32) {
    if !number.is_finite() {
        // Not a number is no value, and nobody is born at infinity.
        return;
    }
    if !is_exact(number, digits) {
        push_scientific(out, shortest);
    } else if number == 0.0 {
        out.push('0');
    } else {
        write!(out, "{shortest}").expect("writing to a string does not fail");
    }
}

/// Whether a number has a fraction, or is a whole one that no other whole number was rounded to.
fn is_exact(number: f64, digits: u32) -> bool {
    number.fract() != 0.0 || number.abs() < f64::from(digits).exp2()
}

fn push_scientific(out: &mut String, number: &impl std::fmt::UpperExp) {
    write!(out, "{number:E}").expect("writing to a string does not fail");
}

/// The text of a decimal without the zeros behind its point.
pub(super) fn of_decimal(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_numbers_keep_their_digits() {
        for (raw, wanted) in [
            ("7", "7"),
            ("-3", "-3"),
            ("1.50", "1.50"),
            ("8123456789.0", "8123456789"),
            ("-0.0", "0"),
            ("9007199254740991.0", "9007199254740991"),
            ("9301010503800004.0", "9.301010503800004E15"),
            ("9301010503800003", "9301010503800003"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("8.12346E+11", "8.12346E+11"),
            ("1e3", "1e3"),
            ("1.0e16", "1.0e16"),
        ] {
            let mut text = String::new();
            push_json(&mut text, raw);
            assert_eq!(text, wanted, "{raw}");
        }
    }

    #[test]
    fn floats_are_digits_only_where_they_are_exact() {
        for (number, wanted) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (0.5, "0.5"),
            (-2.25, "-2.25"),
            (930_101.0, "930101"),
            (3_201_050_503_800_011.0, "3201050503800011"),
            (9_007_199_254_740_991.0, "9007199254740991"),
            (9_007_199_254_740_992.0, "9.007199254740992E15"),
            (9_301_010_503_800_004.0, "9.301010503800004E15"),
            (f64::NAN, ""),
            (f64::INFINITY, ""),
        ] {
            let mut text = String::new();
            push_double(&mut text, number);
            assert_eq!(text, wanted, "{number}");
        }
        for (number, wanted) in [(16_777_215.0, "16777215"), (16_777_216.0, "1.6777216E7"), (0.1, "0.1")] {
            let mut text = String::new();
            push_single(&mut text, number);
            assert_eq!(text, wanted, "{number}");
        }
        assert_eq!(["3.00", "1.50", "30", "-0.10"].map(of_decimal), ["3", "1.5", "30", "-0.1"]);
    }
}

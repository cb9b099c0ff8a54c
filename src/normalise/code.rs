//! Opaque codes: card, account, pupil and school numbers.

/// Upper-case letters and digits only; `None` when nothing is left or only noughts are (a placeholder).
pub fn code(raw: &str) -> Option<String> {
    let kept: String = raw.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    kept.bytes().any(|b| b != b'0').then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_and_placeholders_fall_away() {
        for (raw, expected) in [
            ("k 1234-567", Some("K1234567")),
            ("0001234567890", Some("0001234567890")),
            ("0000000000", None),
            ("-", None),
            ("abc", Some("ABC")),
        ] {
            assert_eq!(code(raw).as_deref(), expected, "{raw}");
        }
    }
}

//! Telephone numbers of Indonesia, written one way.

/// `08…` or the area code with its nought: `+62 812-3456-7890`, `62812…`, `0062812…` and `812…` are the same number.
/// `None` for what cannot be a number here: fewer than 9 or more than 13 digits, or one digit repeated.
pub fn phone(raw: &str) -> Option<String> {
    let digits: String = raw.chars().filter(char::is_ascii_digit).collect();
    let international = raw.trim_start().starts_with('+') || digits.starts_with("00");
    let bare = digits.trim_start_matches('0');
    let subscriber = match bare.strip_prefix("62") {
        Some(rest) if international || rest.starts_with('8') || bare.len() > 11 => rest.trim_start_matches('0'),
        Some(_) | None if international => return None,
        Some(_) | None => bare,
    };
    let same = subscriber.bytes().all(|b| Some(&b) == subscriber.as_bytes().first());
    (8..=12).contains(&subscriber.len()).then(|| format!("0{subscriber}")).filter(|_| !same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_spelling() {
        for (raw, expected) in [
            ("081234567890", Some("081234567890")),
            ("+6281234567890", Some("081234567890")),
            ("+62 (0)812-3456-7890", Some("081234567890")),
            ("6281234567890", Some("081234567890")),
            ("006281234567890", Some("081234567890")),
            ("0812-3456-7890", Some("081234567890")),
            ("81234567890", Some("081234567890")),
            ("0251 8321234", Some("02518321234")),
            ("0622 1234567", Some("06221234567")),
            ("+65 91234567", None),
            ("8888888888", None),
            ("0812", None),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(phone(raw).as_deref(), expected, "{raw}");
        }
    }
}

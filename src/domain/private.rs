//! Personal values for readers who may not see all of them.

/// Masks a 16-digit number for a reader who may not see all of it: `320101******9001`. Other lengths keep the last four.
pub fn mask_number(digits: &str) -> String {
    let chars: Vec<char> = digits.chars().collect();
    let tail: String = chars.iter().skip(chars.len().saturating_sub(4)).collect();
    match chars.len() {
        0 => String::new(),
        1..=4 => "*".repeat(chars.len()),
        16 => format!("{}******{tail}", chars.iter().take(6).collect::<String>()),
        n => format!("{}{tail}", "*".repeat(n - 4)),
    }
}

/// Masks any value for a person who must recognise its kind, not the value: of each word the first letters stay, at most
/// a quarter of it, and never all: `S••• A•••••`, `320•••••••••••••`. Punctuation alone stays.
pub fn mask_words(value: &str) -> String {
    let mask = |word: &str| {
        if !word.chars().any(char::is_alphanumeric) {
            return word.to_owned();
        }
        let letters = word.chars().count();
        let shown = if letters < 2 { 0 } else { (letters / 4).clamp(1, 3) };
        let dots = std::iter::repeat_n('•', letters - shown);
        word.chars().take(shown).chain(dots).collect::<String>()
    };
    value.split_whitespace().map(mask).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_masked_as_the_handbook_says() {
        for (number, masked) in
            [("3201014107709001", "320101******9001"), ("1234561234", "******1234"), ("123", "***"), ("", "")]
        {
            assert_eq!(mask_number(number), masked);
        }
    }

    #[test]
    fn of_any_value_something_stays_hidden() {
        for (value, masked) in [
            ("SITI AMINAH", "S••• A•••••"),
            ("3201014107709001", "320•••••••••••••"),
            ("19850312", "19••••••"),
            ("L", "•"),
            ("Ay  Ö", "A• •"),
            ("A / 12", "• / 1•"),
            ("", ""),
        ] {
            assert_eq!(mask_words(value), masked);
        }
    }
}

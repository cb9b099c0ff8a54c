//! Signs that say nothing inside a value: one table for every reader of text and numbers.
//!
//! Telephones write U+2019 where a typewriter has an apostrophe, word processors leave soft hyphens, copied text brings
//! signs without width. A reader drops them before it does anything else; what is left is put into compatibility form.

use unicode_normalization::UnicodeNormalization;

/// Signs that fall away wherever they stand: apostrophes of every shape, and what has no width.
pub fn falls_away(sign: char) -> bool {
    matches!(
        sign,
        '\'' | '`'
            | '\u{00ad}'
            | '\u{00b4}'
            | '\u{02b9}'..='\u{02bf}'
            | '\u{02c8}'
            | '\u{034f}'
            | '\u{061c}'
            | '\u{0640}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2018}'..='\u{201b}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2032}'
            | '\u{2035}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}'
            | '\u{a78b}'..='\u{a78c}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ff07}'
    )
}

/// Signs that do something where they are shown: control signs, and those that turn the direction of writing. Nobody has them
/// in a name; in a list they come of a damaged export, or of somebody who wants it to be read otherwise than it is.
pub fn steers(sign: char) -> bool {
    sign.is_control()
        || matches!(sign, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text in compatibility form (NFKC), without signs that fall away. Full-width digits become digits, a no-break
/// blank becomes a blank.
pub fn compatible(raw: &str) -> String {
    // Before and after: the compatibility form takes an acute accent apart, and makes apostrophes of a double one.
    raw.chars().filter(|sign| !falls_away(*sign)).nfkc().filter(|sign| !falls_away(*sign)).collect()
}

/// Signs that stand between the digits of a written number and say nothing: blanks, dots, dashes and slashes.
pub fn separates_digits(sign: char) -> bool {
    sign.is_whitespace() || matches!(sign, '.' | '-' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_without_meaning_fall_away() {
        for raw in [
            "Nur'aini",
            "Nur`aini",
            "Nur\u{b4}aini",
            "Nur\u{2018}aini",
            "Nur\u{2019}aini",
            "Nur\u{2bc}aini",
            "Nur\u{2032}aini",
            "Nur\u{ff07}aini",
            "Nur\u{ad}aini",
            "Nur\u{200b}aini",
            "Nur\u{200d}aini",
            "Nur\u{2060}aini",
            "\u{feff}Nuraini",
        ] {
            assert_eq!(compatible(raw), "Nuraini", "{raw:?}");
        }
        assert_eq!(compatible("Siti\u{a0}Nuraini"), "Siti Nuraini");
        assert_eq!(compatible("\u{ff11}\u{ff12}"), "12");
    }
}

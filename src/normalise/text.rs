//! Text of any script to upper-case ASCII, the alphabet of everything that is compared.

use unicode_normalization::UnicodeNormalization;

/// Feeds `raw` to `sink` as upper-case ASCII: marks above letters fall off, apostrophes vanish, every other foreign
/// sign becomes a blank.
pub(super) fn for_each_ascii(raw: &str, mut sink: impl FnMut(u8)) {
    if raw.is_ascii() {
        raw.bytes().for_each(|b| sink(b.to_ascii_uppercase()));
        return;
    }
    for c in raw.nfkd() {
        match c {
            _ if c.is_ascii() => sink(c.to_ascii_uppercase() as u8),
            'Ø' | 'ø' => sink(b'O'),
            'Đ' | 'đ' | 'Ð' | 'ð' => sink(b'D'),
            'Ł' | 'ł' => sink(b'L'),
            'ı' => sink(b'I'),
            'ß' => (0..2).for_each(|_| sink(b'S')),
            'Æ' | 'æ' => [b'A', b'E'].into_iter().for_each(&mut sink),
            '‘' | '’' | '‛' | 'ʻ' | 'ʼ' | 'ʾ' | 'ʿ' | '′' | '\u{200b}'..='\u{200d}' | '\u{feff}' => {}
            _ if is_mark(c) => {}
            _ => sink(b' '),
        }
    }
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{64b}'..='\u{65f}' | '\u{20d0}'..='\u{20ff}')
}

/// Upper-case ASCII words of letters and digits, single blanks between them.
pub(super) fn plain_words(raw: &str) -> String {
    let mut words = String::with_capacity(raw.len());
    for_each_ascii(raw, |b| match b {
        b'A'..=b'Z' | b'0'..=b'9' => words.push(char::from(b)),
        b'\'' | b'`' => {}
        _ if words.is_empty() || words.ends_with(' ') => {}
        _ => words.push(' '),
    });
    words.truncate(words.trim_end().len());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_signs_become_ascii_or_blanks() {
        for (raw, words) in [
            ("  Siti  Nur’aini ", "SITI NURAINI"),
            ("Renée—Ångström", "RENEE ANGSTROM"),
            ("ＳＩＴＩ", "SITI"),
            ("Jl. Mawar No.3/A", "JL MAWAR NO 3 A"),
            ("李 Ali", "ALI"),
            ("", ""),
            ("...", ""),
        ] {
            assert_eq!(plain_words(raw), words, "{raw}");
        }
    }
}

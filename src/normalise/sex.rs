//! Sex, in the words that lists use.

use super::Read;
use super::text::words;

/// `L` or `P`. Indonesian and English words are read, and 1 and 2, which is how SIAK and the census number them; a form
/// that nobody filled in (`L/P`) is unreadable.
pub fn sex(raw: &str) -> Read<&'static str> {
    let read = match raw {
        "L" => Some("L"),
        "P" => Some("P"),
        _ => match words(raw).as_str() {
            "L" | "LK" | "LAKI" | "LAKI LAKI" | "LAKILAKI" | "PRIA" | "M" | "MALE" | "1" | "1 0" => Some("L"),
            "P" | "PR" | "PEREMPUAN" | "WANITA" | "F" | "FEMALE" | "2" | "2 0" => Some("P"),
            _ => None,
        },
    };
    Read::of(raw, read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_the_sexes_are_read() {
        for raw in ["L", "l", " Laki-laki ", "LAKI - LAKI", "pria", "LK", "1", "1.0", "Male"] {
            assert_eq!(sex(raw), Read::Value("L"), "{raw}");
        }
        for raw in ["P", "p", "Perempuan", "WANITA", "Pr.", "2", "female"] {
            assert_eq!(sex(raw), Read::Value("P"), "{raw}");
        }
        for raw in ["L/P", "X", "3", "W", "Laki-laki/Perempuan"] {
            assert_eq!(sex(raw), Read::Unreadable, "{raw}");
        }
        assert_eq!(sex("-"), Read::Empty);
    }
}

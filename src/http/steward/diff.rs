//! Which characters of two values differ: a longest common subsequence, for values of the length of a name.

/// Values longer than this are marked as a whole.
const LONGEST: usize = 200;

/// A part of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Its characters.
    pub(super) text: String,
    /// The other value does not have them here.
    pub(super) differs: bool,
}

/// The parts of both values.
pub(super) fn parts(a: &str, b: &str) -> (Vec<Part>, Vec<Part>) {
    let (left, right): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if left.len() > LONGEST || right.len() > LONGEST {
        let whole = |text: &str| vec![Part { text: text.to_owned(), differs: a != b }];
        return (whole(a), whole(b));
    }
    let (kept_left, kept_right) = common(&left, &right);
    (join(&left, &kept_left), join(&right, &kept_right))
}

/// The parts of two masked numbers: hidden digits are marked where the true ones differ.
pub(super) fn masked_parts(a: &str, b: &str, mask: impl Fn(&str) -> String) -> (Vec<Part>, Vec<Part>) {
    if a.len() != b.len() || !a.is_ascii() || !b.is_ascii() {
        return (vec![plain(&mask(a))], vec![plain(&mask(b))]);
    }
    let same: Vec<bool> = a.bytes().zip(b.bytes()).map(|(x, y)| x == y).collect();
    let shown = |text: &str| join(&mask(text).chars().collect::<Vec<_>>(), &same);
    (shown(a), shown(b))
}

/// A value without marks.
pub(super) fn plain(text: &str) -> Part {
    Part { text: text.to_owned(), differs: false }
}

/// For each character of both sides, whether it belongs to the common subsequence.
fn common(a: &[char], b: &[char]) -> (Vec<bool>, Vec<bool>) {
    let width = b.len() + 1;
    let mut lengths = vec![0u16; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            lengths[i * width + j] = if a[i] == b[j] {
                lengths[(i + 1) * width + j + 1] + 1
            } else {
                lengths[(i + 1) * width + j].max(lengths[i * width + j + 1])
            };
        }
    }
    let (mut kept_a, mut kept_b) = (vec![false; a.len()], vec![false; b.len()]);
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            (kept_a[i], kept_b[j]) = (true, true);
            (i, j) = (i + 1, j + 1);
        } else if lengths[(i + 1) * width + j] >= lengths[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    (kept_a, kept_b)
}

fn join(text: &[char], kept: &[bool]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (character, kept) in text.iter().zip(kept) {
        match parts.last_mut() {
            Some(part) if part.differs != *kept => part.text.push(*character),
            _ => parts.push(Part { text: character.to_string(), differs: !kept }),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::private::mask_number;

    /// `[x]` marks what differs.
    fn marked(parts: &[Part]) -> String {
        parts.iter().map(|p| if p.differs { format!("[{}]", p.text) } else { p.text.clone() }).collect()
    }

    #[test]
    fn differences_are_marked_by_character() {
        for (a, b, left, right) in [
            ("SITI AMINAH", "SITI AMINAH", "SITI AMINAH", "SITI AMINAH"),
            ("SITI AMINAH", "SITI AMINA", "SITI AMINA[H]", "SITI AMINA"),
            ("SOEPARDI", "SUPARDI", "S[OE]PARDI", "S[U]PARDI"),
            ("", "X", "", "[X]"),
            ("ÉMA", "EMA", "[É]MA", "[E]MA"),
        ] {
            let (l, r) = parts(a, b);
            assert_eq!((marked(&l).as_str(), marked(&r).as_str()), (left, right), "{a} / {b}");
        }
    }

    #[test]
    fn long_values_are_marked_as_a_whole() {
        let (a, b) = ("A".repeat(201), "B".to_owned());
        assert_eq!(parts(&a, &b).0, [Part { text: a.clone(), differs: true }]);
    }

    #[test]
    fn hidden_digits_are_marked_and_stay_hidden() {
        let (l, r) = masked_parts("3201014107709001", "3201014107708001", mask_number);
        assert_eq!((marked(&l).as_str(), marked(&r).as_str()), ("320101******[9]001", "320101******[8]001"));
        let (l, r) = masked_parts("3201014107709001", "3201010107709001", mask_number);
        assert_eq!((marked(&l).as_str(), marked(&r).as_str()), ("320101[*]*****9001", "320101[*]*****9001"));
        let (l, _) = masked_parts("320101410770900", "3201014107709001", mask_number);
        assert_eq!(marked(&l), "***********0900");
    }
}

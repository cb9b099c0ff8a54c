//! A written name to its parts: DOMAIN 2.2, by hand and in one walk over the text.
//!
//! `parse_name` cuts the text into pieces of letters, sorts out what is a title, a patronymic or another name, gives each
//! word its one spelling, and folds. It knows nothing of scores. Where it goes beyond the reference sketch, a test says so.

use super::fold::Folder;
use super::tables::{NameTables, Roles};
use super::text::{for_each_ascii, words};
use crate::domain::flag::FlagCode;
use crate::domain::name::{NameParts, NameToken};

/// Letters of a degree after its S., M., A. or D.
const DEGREES: [&str; 28] = [
    "PD", "PDI", "SI", "KS", "KOM", "AG", "SOS", "IP", "IK", "H", "HI", "E", "EI", "T", "TP", "P", "PT", "PSI", "KEP",
    "KM", "MD", "M", "KES", "FARM", "SN", "AP", "TRKEB", "TRKEP",
];

/// Takes a raw name apart. A few allocations a name; under two microseconds.
pub fn parse_name(raw: &str, tables: &NameTables) -> NameParts {
    let text = Pieces::cut(raw);
    if text.list.is_empty() && !raw.is_ascii() {
        return foreign_name(raw);
    }
    let mut parts = NameParts { plain: text.plain(), ..NameParts::default() };
    if text.has_digit {
        parts.flags.push(FlagCode::NameHasDigit);
    }
    let mut words = sort_out_titles(&text, tables, &mut parts);
    take_deceased(&mut words, tables, &mut parts);
    strip_titles(&mut words, tables, &mut parts);
    if let Some(tail) = split_at(&mut words, tables, Roles::ALIAS) {
        parts.alias = tail.iter().map(|word| canonical(word, tables).to_owned()).collect();
    }
    if let Some(mut tail) = split_at(&mut words, tables, Roles::PATRONYMIC) {
        while tail.len() > 1 && tables.word(tail[0]).roles.any(Roles::PREFIX) {
            parts.titles.push(tail.remove(0).to_owned());
        }
        parts.patronymic = tail.into_iter().map(str::to_owned).collect();
    }
    let clean = canonical_words(&words, tables);
    fill_keys(&clean, tables, &mut parts);
    parts
}

/// Whether a name may be that of a newborn's mother (BY NY SITI), told by the letters of BY alone. Nearly all names are not,
/// and need not be taken apart to know it.
pub fn may_be_unnamed(raw: &str) -> bool {
    // Signs and digits fall away between letters, and other scripts are folded first: there only taking apart tells.
    let plain = raw.bytes().all(|b| b.is_ascii() && !matches!(b, b'\'' | b'`' | b'0'..=b'9'));
    !plain || raw.as_bytes().windows(2).any(|pair| pair.eq_ignore_ascii_case(b"BY"))
}

/// A name without a Latin letter: its words as they are. They are compared by codes of three letters for each sign, since
/// the comparison of names knows Latin letters only; what stands in `plain` is what people see.
fn foreign_name(raw: &str) -> NameParts {
    let plain = words(raw);
    let mut parts = NameParts::default();
    if !plain.chars().any(char::is_alphabetic) {
        if plain.chars().any(char::is_numeric) {
            parts.flags.push(FlagCode::NameHasDigit);
        }
        return parts;
    }
    for word in plain.split(' ') {
        let code: String = word.chars().flat_map(foreign_letters).collect();
        push_collapsed(&mut parts.concat, &code);
        parts.tokens.push(NameToken { clean: code.clone(), k1: code, soft: false });
        parts.k2.push(word.to_owned());
    }
    parts.k2.push(format!("#{}", plain.replace(' ', "")));
    parts.k2.sort_unstable();
    parts.k2.dedup();
    NameParts { plain, ..parts }
}

/// Three letters for a sign, of letters that no rule of names confuses.
fn foreign_letters(sign: char) -> [char; 3] {
    const LETTERS: [char; 8] = ['B', 'D', 'F', 'K', 'L', 'M', 'S', 'W'];
    let mixed = u32::from(sign).wrapping_mul(0x9e37_79b1) >> 23;
    [6, 3, 0].map(|shift| LETTERS[(mixed >> shift & 7) as usize])
}

/// A run of letters in the text and what stands behind it.
struct Piece {
    start: usize,
    end: usize,
    dot: bool,
    blank: bool,
    comma: bool,
}

struct Pieces {
    letters: String,
    list: Vec<Piece>,
    has_digit: bool,
}

impl Pieces {
    fn cut(raw: &str) -> Self {
        let mut text =
            Self { letters: String::with_capacity(raw.len()), list: Vec::with_capacity(8), has_digit: false };
        let mut open = false;
        for_each_ascii(raw, |b| match b {
            b'A'..=b'Z' => {
                if !open {
                    let at = text.letters.len();
                    text.list.push(Piece { start: at, end: at, dot: false, blank: false, comma: false });
                    open = true;
                }
                text.letters.push(char::from(b));
                if let Some(piece) = text.list.last_mut() {
                    piece.end += 1;
                }
            }
            b'\'' | b'`' => {}
            b'0'..=b'9' => text.has_digit = true,
            _ => {
                open = false;
                let Some(piece) = text.list.last_mut() else { return };
                match b {
                    b'.' => piece.dot = true,
                    b',' => piece.comma = true,
                    _ => piece.blank = true,
                }
            }
        });
        text
    }

    fn word(&self, at: usize) -> &str {
        &self.letters[self.list[at].start..self.list[at].end]
    }

    /// The letters of neighbouring pieces, joined.
    fn joined(&self, from: usize, to: usize) -> &str {
        &self.letters[self.list[from].start..self.list[to - 1].end]
    }

    fn plain(&self) -> String {
        let mut plain = String::with_capacity(self.letters.len() + self.list.len());
        for at in 0..self.list.len() {
            if at > 0 {
                plain.push(' ');
            }
            plain.push_str(self.word(at));
        }
        plain
    }
}

/// Steps 2 and 3: degrees with dots at the end of the name, and what stands behind a comma.
fn sort_out_titles<'a>(text: &'a Pieces, tables: &NameTables, parts: &mut NameParts) -> Vec<&'a str> {
    let count = text.list.len();
    let head = text.list.iter().position(|piece| piece.comma).map_or(count, |at| at + 1);
    let mut end = head;
    while let Some(start) = degree_at_end(text, end, tables) {
        parts.titles.push(text.joined(start, end).to_owned());
        end = start;
    }
    let mut words: Vec<&str> = (0..end).map(|at| text.word(at)).collect();
    let mut at = head;
    while at < count {
        // S.PD.I behind a comma is one degree: short pieces hang together by their dots.
        let mut to = at + 1;
        while to < count && hangs_on(text, to) {
            to += 1;
        }
        let word = text.joined(at, to);
        let known = tables.word(word);
        if known.roles.any(Roles::SUFFIX) || (word.len() <= 5 && known.canonical.is_none()) {
            parts.titles.push(word.to_owned());
        } else {
            words.extend((at..to).map(|piece| text.word(piece)));
        }
        at = to;
    }
    words
}

fn hangs_on(text: &Pieces, at: usize) -> bool {
    let before = &text.list[at - 1];
    before.dot && !before.comma && text.word(at - 1).len() <= 3 && text.word(at).len() <= 4
}

/// Where a dotted degree starts that ends the head of the name; never at its first word.
fn degree_at_end(text: &Pieces, end: usize, tables: &NameTables) -> Option<usize> {
    let earliest = end.saturating_sub(4).max(1);
    (earliest..end.saturating_sub(1)).find(|&start| {
        let linked =
            (start..end - 1).all(|at| text.list[at].dot || (at > start && matches!(text.word(at), "PD" | "TR")));
        let (first, all) = (text.word(start), text.joined(start, end));
        let degree = matches!(first, "S" | "M" | "A" | "D") && DEGREES.contains(&&all[1..]);
        let listed = first.len() <= 3 && tables.word(all).roles.any(Roles::SUFFIX);
        linked && text.list[start].dot && text.list[start - 1].blank && (degree || listed)
    })
}

/// Step 3: the mark of death, anywhere.
fn take_deceased(words: &mut Vec<&str>, tables: &NameTables, parts: &mut NameParts) {
    let before = words.len();
    words.retain(|word| !tables.word(word).roles.any(Roles::DECEASED));
    if words.len() < before {
        parts.flags.push(FlagCode::DeceasedHint);
    }
}

/// Step 4: titles at both ends, but never the last word that is left.
fn strip_titles(words: &mut Vec<&str>, tables: &NameTables, parts: &mut NameParts) {
    let mut front = 0;
    loop {
        let rest = words.len() - front;
        if rest > 1 && tables.word(words[front]).roles.any(Roles::PREFIX) {
            // BY. NY. SITI: the name that follows is the mother's.
            if words[front] == "BY" && !parts.flags.contains(&FlagCode::UnnamedNewborn) {
                parts.flags.push(FlagCode::UnnamedNewborn);
            }
            parts.titles.push(words[front].to_owned());
            front += 1;
        } else if rest > 1 && ends_in_title(words[words.len() - 1], tables) {
            parts.titles.extend(words.pop().map(str::to_owned));
        } else {
            break;
        }
    }
    words.drain(..front);
}

fn ends_in_title(word: &str, tables: &NameTables) -> bool {
    let known = tables.word(word);
    known.roles.any(Roles::SUFFIX) && known.canonical.is_none()
}

/// Step 5: cuts at the first such word that stands neither first nor last, and returns what follows it.
fn split_at<'a>(words: &mut Vec<&'a str>, tables: &NameTables, role: Roles) -> Option<Vec<&'a str>> {
    let inner = 1..words.len().saturating_sub(1);
    let at = inner.into_iter().find(|at| tables.word(words[*at]).roles.any(role))?;
    let tail = words.split_off(at + 1);
    words.truncate(at);
    Some(tail)
}

/// Steps 6 and 7: one spelling for each word, and ABDUL taken off.
fn canonical_words(words: &[&str], tables: &NameTables) -> Vec<String> {
    let mut clean: Vec<String> = Vec::with_capacity(words.len() + 1);
    for (at, word) in words.iter().enumerate() {
        match *word {
            "M" | "ST" | "STI" if at == 0 => clean.push(if *word == "M" { "MUHAMMAD" } else { "SITI" }.to_owned()),
            "ST" | "STI" => clean.push((*word).to_owned()),
            "IB" if at == 0 && words.len() > 1 => clean.extend(["IDA".to_owned(), "BAGUS".to_owned()]),
            word => match tables.word(word).canonical {
                Some(canonical) => clean.push(canonical.to_owned()),
                None => match split_abdul(word) {
                    Some(rest) => clean.extend(["ABDUL".to_owned(), canonical(&rest, tables).to_owned()]),
                    None => clean.push(word.to_owned()),
                },
            },
        }
    }
    clean
}

fn canonical<'a>(word: &'a str, tables: &NameTables) -> &'a str {
    tables.word(word).canonical.unwrap_or(word)
}

/// ABDULGANI, ABDURRAHMAN, ABDUSSALAM: the part after ABDUL. ABDULLAH is no such word (it is in the variants).
fn split_abdul(word: &str) -> Option<String> {
    let rest = word.strip_prefix("ABD")?;
    let (vowel, rest) = ["U", "OE", "I"].iter().find_map(|v| Some((*v, rest.strip_prefix(v)?)))?;
    if let Some(name) = rest.strip_prefix('L').filter(|name| vowel != "I" && name.len() >= 4) {
        return Some(name.to_owned());
    }
    let assimilated = |rest: &str| {
        for first in ["R", "S", "Z", "T", "D", "N", "L", "SY", "SH"] {
            let Some(once) = rest.strip_prefix(first) else { continue };
            // ABDURRAHMAN, and ABDUSSYUKUR whose doubled letter is the first of two.
            for tail in [once.strip_prefix(first), Some(once), rest[1..].strip_prefix(first)].into_iter().flatten() {
                let open = tail.starts_with(['A', 'E', 'I', 'O', 'U']);
                if open && tail.len() >= 4 {
                    return Some(format!("{first}{tail}"));
                }
            }
            if let Some(two) = once.strip_prefix(first).filter(|two| two.starts_with(['Y', 'H'])) {
                return (two.len() >= 5).then(|| format!("{first}{two}"));
            }
        }
        None
    };
    rest.strip_prefix('L').and_then(assimilated).or_else(|| assimilated(rest))
}

/// Step 8: tokens, the fold of the whole, and the blocking keys.
fn fill_keys(clean: &[String], tables: &NameTables, parts: &mut NameParts) {
    let mut folder = Folder::default();
    let mut leading = true;
    let mut whole = String::with_capacity(parts.plain.len());
    for (at, word) in clean.iter().enumerate() {
        let roles = tables.word(word).roles;
        leading = leading && is_soft(roles, word, clean.get(at + 1), tables);
        let k1 = folder.k1(word).to_owned();
        if !leading {
            whole.push_str(word);
            push_collapsed(&mut parts.concat, &k1);
            add_key(&mut parts.k2, folder.skeleton(), roles);
        }
        parts.tokens.push(NameToken { clean: word.clone(), k1, soft: leading });
    }
    for word in &parts.alias {
        add_key(&mut parts.k2, folder.k2(word), tables.word(word).roles);
    }
    // A name of vowels and glides (WAHYU, YAHYA) has the key `#`: few enough to be found by it and the birth date.
    for whole in [whole, parts.alias.concat()].iter().filter(|whole| !whole.is_empty()) {
        parts.k2.push(format!("#{}", folder.k2(whole)));
    }
    parts.k2.sort_unstable();
    parts.k2.dedup();
}

/// Soft words stand before the first hard one, and something follows them.
fn is_soft(roles: Roles, word: &str, next: Option<&String>, tables: &NameTables) -> bool {
    let Some(next) = next else { return false };
    let article = word != "I" || tables.word(next).roles.any(Roles::BALINESE) || matches!(&**next, "GUSTI" | "DEWA");
    roles.any(Roles::SOFT) && article
}

fn push_collapsed(concat: &mut String, k1: &str) {
    for letter in k1.chars() {
        if !concat.ends_with(letter) {
            concat.push(letter);
        }
    }
}

fn add_key(keys: &mut Vec<String>, key: &str, roles: Roles) {
    if key.len() >= 3 && !roles.any(Roles::STOP) {
        keys.push(key.to_owned());
    }
}

#[cfg(test)]
mod tests;

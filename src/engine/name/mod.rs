//! How alike two names are (DOMAIN 2.5).
//!
//! Words are aligned in the best order and weighted by how rare they are, so that SITI against SITI says little. What
//! letters are confused, which words tell twins apart and how common a word is comes in as tables (`NameRules`); nothing
//! here knows a language. The score alone never decides: a label says what kind of agreement it is, and only `Equal`,
//! `Near` and `Truncated` are agreement of the whole name.

mod align;
mod edit;
mod flat;
mod prepared;
mod rules;

pub use align::NameScratch;
pub use prepared::PreparedName;
pub use rules::{NameRules, NameRulesError, NameRulesSource};

use align::{Alignment, align};
use edit::{FULL, distance};
use prepared::Word;

/// What kind of agreement a score stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameLabel {
    /// The same name, whatever its spelling and spacing.
    Equal,
    /// Small differences in letters or order.
    Near,
    /// Every word of the shorter name is in the longer one.
    Subset,
    /// A single word is the end of one of the other's words.
    Tail,
    /// One was cut off by a field that was too short.
    Truncated,
    /// Agreement rests on initials.
    Initials,
    /// Alike, but a word or an ending tells two people apart.
    Capped,
    /// Not the same name.
    Different,
}

impl NameLabel {
    /// The code used in models and explanations: `SUBSET`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Equal => "EQUAL",
            Self::Near => "NEAR",
            Self::Subset => "SUBSET",
            Self::Tail => "TAIL",
            Self::Truncated => "TRUNCATED",
            Self::Initials => "INITIALS",
            Self::Capped => "CAPPED",
            Self::Different => "DIFFERENT",
        }
    }
}

/// How alike two names are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NameSimilarity {
    /// 0 to 1.
    pub score: f32,
    /// What the score stands for.
    pub label: NameLabel,
    /// How much the agreeing words say, in bits: the sum of -log2 of their shares among names.
    pub rarity: f32,
}

/// No name that a contrast tells apart scores higher.
const CAP: f32 = 0.6;
/// A single word is all there is: spelled differently, it is never agreement for sure.
const MONONYM: f32 = 0.89;
/// A word that is the end of the other's.
const TAIL: f32 = 0.8;
/// Below this the names are different.
const NEAR: f32 = 0.75;
/// Sums of floats do not always reach one.
const NEARLY_ONE: f32 = 0.9999;
/// Off for each word that stands elsewhere.
const MOVED: f32 = 0.02;
/// Blanks in other places and other letters besides.
const SPACED: f32 = 0.97;
/// A name that is not the whole other name never looks like it.
const SUBSET: f32 = 0.95;
/// Cut where a field of a known length ends.
const CUT_AT_KNOWN_LENGTH: f32 = 0.98;
/// Cut inside a word, at a length that no known field has.
const CUT: f32 = 0.92;
/// Shorter than this a name is not believed to be cut at an unknown length.
const SHORTEST_CUT: usize = 12;

/// Compares two prepared names. Symmetric; allocates nothing once `scratch` is warm. Two empty names are equal and say
/// nothing.
pub fn compare_names(
    a: &PreparedName,
    b: &PreparedName,
    rules: &NameRules,
    scratch: &mut NameScratch,
) -> NameSimilarity {
    if a.words.is_empty() || b.words.is_empty() {
        let equal = a.words.is_empty() && b.words.is_empty();
        let label = if equal { NameLabel::Equal } else { NameLabel::Different };
        return NameSimilarity { score: f32::from(u8::from(equal)), label, rarity: 0.0 };
    }
    let contrast = NameRules::contrast(a.contrasts, b.contrasts);
    if !contrast && a.concat() == b.concat() && !silent_start(a, b) {
        return NameSimilarity { score: 1.0, label: NameLabel::Equal, rarity: a.bits.min(b.bits) };
    }
    // One fixed order of the two sides: sums of floats and ties between alignments come out the same both ways.
    let (a, b) = if a.order(b).is_le() { (a, b) } else { (b, a) };
    let alignment = align(a, b, rules, scratch);
    let found = better(aligned(&alignment), truncated(a, b));
    let found = better(found, spaced(a, b, rules, scratch));
    let found = better(found, tail(a, b));
    let told_apart = contrast || (alignment.capped && found.label != NameLabel::Truncated);
    if told_apart {
        return NameSimilarity { score: found.score.min(CAP), label: NameLabel::Capped, ..found };
    }
    let single = a.hard == 1 && b.hard == 1 && found.label == NameLabel::Near;
    if single { NameSimilarity { score: found.score.min(MONONYM), ..found } } else { found }
}

/// The same words, but one that starts with a vowel here starts with a letter there that fell silent: ERNAWATI, HERNAWATI.
fn silent_start(a: &PreparedName, b: &PreparedName) -> bool {
    let hard = |name: &PreparedName| name.words.len() - name.hard as usize;
    let (a_words, b_words) = (&a.words[hard(a)..], &b.words[hard(b)..]);
    a_words.len() == b_words.len()
        && a_words.iter().zip(b_words).all(|(x, y)| x.fold.len == y.fold.len)
        && a_words.iter().zip(b_words).any(|(x, y)| x.silent != y.silent)
}

/// What the alignment of the words says.
fn aligned(sums: &Alignment) -> NameSimilarity {
    let penalty = MOVED * sums.moved as f32;
    let agreement = if sums.weight > 0.0 { sums.agreeing / sums.weight } else { 0.0 };
    let left = sums.left_a.max(sums.left_b);
    if (sums.found_a || sums.found_b) && (sums.cut || left > 0.0) {
        let share = sums.weight / (sums.weight + left);
        let score = if sums.cut { agreement } else { (0.75 + 0.25 * share) * agreement };
        let label = if sums.cut { NameLabel::Truncated } else { NameLabel::Subset };
        return NameSimilarity { score: (score.min(SUBSET) - penalty).max(0.0), label, rarity: sums.rarity };
    }
    let score = (sums.agreeing / (sums.weight + left).max(f32::MIN_POSITIVE) - penalty).clamp(0.0, 1.0);
    let label = match score {
        _ if score < NEAR => NameLabel::Different,
        _ if sums.initial => NameLabel::Initials,
        _ if score > NEARLY_ONE => NameLabel::Equal,
        _ => NameLabel::Near,
    };
    NameSimilarity { score, label, rarity: sums.rarity }
}

/// Whether one text is the start of the other, and could have been cut off there.
fn truncated(a: &PreparedName, b: &PreparedName) -> Option<NameSimilarity> {
    let (short, long) = if a.plain().len() < b.plain().len() { (a, b) } else { (b, a) };
    let (start, whole) = (short.plain(), long.plain());
    if start.is_empty() || start.len() == whole.len() || !whole.starts_with(start) {
        return None;
    }
    let inside_a_word = whole[start.len()] != b' ';
    let rest = whole[start.len()..].iter().take_while(|letter| **letter != b' ').count();
    let score = match (short.cut, inside_a_word) {
        (true, true) => CUT_AT_KNOWN_LENGTH,
        // One letter more or less is more often another name: RAMADHAN, RAMADHANI.
        (false, true) if start.len() >= SHORTEST_CUT && rest >= 2 && short.hard >= 2 => CUT,
        (true | false, _) => return None,
    };
    let last = short.words.last().map_or(0.0, |word| word.weight / 2.0);
    Some(NameSimilarity { score, label: NameLabel::Truncated, rarity: (short.bits - last).max(0.0) })
}

/// Blanks in other places, and a letter wrong on top: SITI NURHAYATI, SITINURHAYATTY.
fn spaced(a: &PreparedName, b: &PreparedName, rules: &NameRules, scratch: &mut NameScratch) -> Option<NameSimilarity> {
    if a.hard == b.hard {
        return None;
    }
    let longer = a.concat().len().max(b.concat().len()) as u32;
    if a.concat().len().abs_diff(b.concat().len()) > longer as usize / 8 {
        return None;
    }
    let limit = longer * FULL / 8;
    let edits = distance(a.concat(), b.concat(), &rules.costs, limit, &mut scratch.rows)?;
    let score = 1.0 - edits as f32 / (longer * FULL) as f32;
    Some(NameSimilarity { score: score.min(SPACED), label: NameLabel::Near, rarity: a.bits.min(b.bits) })
}

/// A single word that is the end of one of the other's words: WATI for SUSILAWATI.
fn tail(a: &PreparedName, b: &PreparedName) -> Option<NameSimilarity> {
    let of = |single: &PreparedName, other: &PreparedName| {
        let word = single.words.iter().find(|word| !word.soft).filter(|word| single.hard == 1 && word.fold.len >= 3)?;
        let ends = |longer: &&Word| {
            longer.fold.len > word.fold.len && other.codes(longer.fold).ends_with(single.codes(word.fold))
        };
        other.words.iter().find(ends).map(|_| word.weight / 2.0)
    };
    let rarity = of(a, b).or_else(|| of(b, a))?;
    Some(NameSimilarity { score: TAIL, label: NameLabel::Tail, rarity })
}

fn better(found: NameSimilarity, other: Option<NameSimilarity>) -> NameSimilarity {
    other.filter(|other| other.score > found.score).unwrap_or(found)
}

#[cfg(test)]
mod tests;

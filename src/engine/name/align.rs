//! Which word of one name answers which word of the other.

use super::edit::{FULL, Rows, distance, one_slip};
use super::prepared::{PreparedName, Spelling, Word};
use super::rules::{NameRules, TELLS_APART};

/// Up to so many words on the shorter side the best assignment is found exactly; above, the best pairs are taken first.
const EXACT: usize = 6;
/// An initial and a word that starts with it.
const INITIAL: f32 = 0.85;
/// A word and the same word cut off.
const CUT_WORD: f32 = 0.95;
/// Words below this similarity are no agreement at all ...
const NOTHING: f32 = 2.0 / 3.0;
/// ... and from here on they count in full; between, less and less.
const FULLY: f32 = 0.8;
/// A word is found in the other name from this similarity on.
const FOUND: f32 = 0.88;
/// The same word but for a first letter that fell silent on one side.
const SILENT_START: f32 = 0.85;

/// How two words agree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Nothing,
    Word,
    Initial,
    /// The endings tell two people apart.
    Opposite,
    /// The last word of a name that was cut off.
    Cut,
}

#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    similarity: f32,
    weight: f32,
    rarity: f32,
    kind: Kind,
}

impl Cell {
    fn gain(&self) -> f32 {
        self.similarity * self.weight
    }
}

/// Buffers of a worker, reused for every pair.
#[derive(Debug, Default)]
pub struct NameScratch {
    pub(super) rows: Rows,
    cells: Vec<Cell>,
    best: Vec<f32>,
    choice: Vec<u8>,
    pairs: Vec<(usize, usize)>,
    longest: Vec<u32>,
    order: Vec<(usize, usize)>,
    used: Vec<bool>,
}

/// The sums over the best alignment of two names.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "five independent facts about one alignment")]
pub(super) struct Alignment {
    /// Weight of the aligned pairs, and how much of it agrees.
    pub(super) weight: f32,
    pub(super) agreeing: f32,
    /// Bits of the agreeing words.
    pub(super) rarity: f32,
    /// Weight of the words without an answer, on either side.
    pub(super) left_a: f32,
    pub(super) left_b: f32,
    /// Every hard word of the side is found in the other name.
    pub(super) found_a: bool,
    pub(super) found_b: bool,
    /// Pairs out of order.
    pub(super) moved: u32,
    pub(super) initial: bool,
    pub(super) cut: bool,
    /// A pair of endings tells the two apart.
    pub(super) capped: bool,
}

/// Finds the best alignment.
pub(super) fn align(a: &PreparedName, b: &PreparedName, rules: &NameRules, scratch: &mut NameScratch) -> Alignment {
    let (n, m) = (a.words.len(), b.words.len());
    if !fill_cells(a, b, rules, scratch) {
        return Alignment { left_a: a.bits, left_b: b.bits, ..Alignment::default() };
    }
    if n == 1 && m == 1 {
        scratch.pairs.clear();
        scratch.pairs.push((0, 0));
    } else if n.min(m) <= EXACT {
        assign_exactly(n, m, scratch);
    } else {
        assign_greedily(n, m, scratch);
    }
    sum_up(a, b, scratch)
}

/// Compares every word with every word; whether any two agree at all.
fn fill_cells(a: &PreparedName, b: &PreparedName, rules: &NameRules, scratch: &mut NameScratch) -> bool {
    let NameScratch { cells, rows, .. } = scratch;
    cells.clear();
    let cut_a = a.cut && a.plain().len() < b.plain().len();
    let cut_b = b.cut && b.plain().len() < a.plain().len();
    let mut any = false;
    for (i, x) in a.words.iter().enumerate() {
        for (j, y) in b.words.iter().enumerate() {
            let (x_codes, y_codes) = (a.codes(x.fold), b.codes(y.fold));
            let mut cell = compare_words((a, x), (b, y), rules, rows);
            let cut = (cut_a && i + 1 == a.words.len() && is_cut_of(x_codes, y_codes))
                || (cut_b && j + 1 == b.words.len() && is_cut_of(y_codes, x_codes));
            if cut && cell.similarity < CUT_WORD {
                cell = Cell { similarity: CUT_WORD, kind: Kind::Cut, ..cell };
            }
            if cell.kind != Kind::Nothing {
                any = true;
                // A near word is taken for the commoner of the two: its misspelling only looks rare.
                let common = x.soft != y.soft || (cell.kind == Kind::Word && cell.similarity >= FULLY);
                cell.weight = if common { x.weight.min(y.weight) } else { x.weight.max(y.weight) };
                cell.rarity = cell.similarity * x.weight.min(y.weight);
            }
            cells.push(cell);
        }
    }
    any
}

/// The fold changes the last letter of a word, so that of a cut one is not looked at when there are enough others.
fn is_cut_of(short: &[u8], long: &[u8]) -> bool {
    let kept = if short.len() >= 4 { &short[..short.len() - 1] } else { short };
    short.len() >= 3 && short.len() < long.len() && long.starts_with(kept)
}

fn compare_words(
    (a, x): (&PreparedName, &Word),
    (b, y): (&PreparedName, &Word),
    rules: &NameRules,
    rows: &mut Rows,
) -> Cell {
    let cell = |similarity: f32, kind: Kind| Cell { similarity, kind, ..Cell::default() };
    let (a_fold, b_fold) = (a.codes(x.fold), b.codes(y.fold));
    if a_fold == b_fold {
        let same_start = x.silent == y.silent || x.first == y.first;
        return cell(if same_start { 1.0 } else { SILENT_START }, Kind::Word);
    }
    if a_fold.len() == 1 || b_fold.len() == 1 {
        let starts_alike = a_fold[0] == b_fold[0] || x.first == y.first;
        return if a_fold.len() != b_fold.len() && starts_alike {
            cell(INITIAL, Kind::Initial)
        } else {
            Cell::default()
        };
    }
    if let Some(similarity) = rules.ending(a_fold, b_fold) {
        return cell(similarity, if similarity > TELLS_APART { Kind::Word } else { Kind::Opposite });
    }
    let similarity = |edits: u32, x: Spelling, y: Spelling| 1.0 - edits as f32 / (x.len.max(y.len) * FULL) as f32;
    // Below NOTHING the number would be thrown away.
    let limit = x.fold.len.max(y.fold.len) * FULL / 3;
    let edits =
        if x.least_edits(y) * FULL > limit { None } else { distance(a_fold, b_fold, &rules.costs, limit, rows) };
    let mut found = edits.map_or(0.0, |edits| similarity(edits, x.fold, y.fold));
    if found < FULLY {
        let slip = one_slip(a.codes(x.clean), b.codes(y.clean), &rules.costs);
        found = slip.map_or(found, |edits| found.max(similarity(edits, x.clean, y.clean)));
    }
    let effective = if found >= FULLY { found } else { (found - NOTHING) * FULLY / (FULLY - NOTHING) };
    if effective <= 0.0 { Cell::default() } else { cell(effective, Kind::Word) }
}

/// Exact: for each word of the longer side in turn, the best gain for every set of words of the shorter side used up.
fn assign_exactly(n: usize, m: usize, scratch: &mut NameScratch) {
    let NameScratch { cells, best, choice, pairs, .. } = scratch;
    let flipped = n < m;
    let (outer, inner) = if flipped { (m, n) } else { (n, m) };
    let cell = |i: usize, j: usize| if flipped { &cells[j * m + i] } else { &cells[i * m + j] };
    let sets = 1usize << inner;
    best.clear();
    best.resize(sets, f32::NEG_INFINITY);
    best[0] = 0.0;
    choice.clear();
    choice.resize(outer * sets, u8::MAX);
    for i in 0..outer {
        // From large sets to small, so that each word of the longer side is used once.
        for set in (1..sets).rev() {
            for j in 0..inner {
                let without = set & !(1 << j);
                if without == set || cell(i, j).kind == Kind::Nothing {
                    continue;
                }
                let gain = best[without] + cell(i, j).gain();
                if gain > best[set] {
                    best[set] = gain;
                    choice[i * sets + set] = j as u8;
                }
            }
        }
    }
    let mut set = (0..sets).fold(0, |top, set| if best[set] > best[top] { set } else { top });
    pairs.clear();
    for i in (0..outer).rev() {
        let j = choice[i * sets + set];
        if j != u8::MAX {
            let j = usize::from(j);
            pairs.push(if flipped { (j, i) } else { (i, j) });
            set &= !(1 << j);
        }
    }
    pairs.sort_unstable();
}

/// Names of more than six words on both sides: the best pair first, ties by position.
fn assign_greedily(n: usize, m: usize, scratch: &mut NameScratch) {
    let NameScratch { cells, pairs, order, used, .. } = scratch;
    order.clear();
    order.extend(
        (0..n).flat_map(|i| (0..m).map(move |j| (i, j))).filter(|(i, j)| cells[i * m + j].kind != Kind::Nothing),
    );
    order.sort_unstable_by(|x, y| {
        let gain = |(i, j): &(usize, usize)| cells[i * m + j].gain();
        gain(y).total_cmp(&gain(x)).then(x.cmp(y))
    });
    used.clear();
    used.resize(n + m, false);
    pairs.clear();
    for (i, j) in order.iter().copied() {
        if !used[i] && !used[n + j] {
            used[i] = true;
            used[n + j] = true;
            pairs.push((i, j));
        }
    }
    pairs.sort_unstable();
}

fn sum_up(a: &PreparedName, b: &PreparedName, scratch: &mut NameScratch) -> Alignment {
    let NameScratch { cells, pairs, longest, used, .. } = scratch;
    let (n, m) = (a.words.len(), b.words.len());
    let mut sums = Alignment { found_a: true, found_b: true, ..Alignment::default() };
    let mut cut_at = None;
    used.clear();
    used.resize(n + m, false);
    for &(i, j) in pairs.iter() {
        let cell = &cells[i * m + j];
        if cell.kind == Kind::Nothing {
            continue;
        }
        used[i] = true;
        used[n + j] = true;
        sums.weight += cell.weight;
        sums.agreeing += cell.gain();
        sums.rarity += cell.rarity;
        sums.initial |= cell.kind == Kind::Initial;
        sums.capped |= cell.kind == Kind::Opposite;
        if cell.similarity < FOUND && cell.kind != Kind::Initial {
            (sums.found_a, sums.found_b) = (false, false);
        }
        if cell.kind == Kind::Cut {
            cut_at = Some((i, j));
        }
    }
    sums.cut = cut_at.is_some();
    for (side, at, word) in left_over(a, b, used) {
        // What a field cut off was never there to be compared.
        let behind_cut = cut_at.is_some_and(|(i, j)| if side == 0 { at > i } else { at > j });
        if word.soft || behind_cut {
            continue;
        }
        let (left, found) =
            if side == 0 { (&mut sums.left_a, &mut sums.found_a) } else { (&mut sums.left_b, &mut sums.found_b) };
        *left += word.weight;
        *found = false;
    }
    sums.moved = moved(pairs, longest);
    sums
}

fn left_over<'a>(
    a: &'a PreparedName,
    b: &'a PreparedName,
    used: &'a [bool],
) -> impl Iterator<Item = (usize, usize, &'a Word)> {
    let first = a.words.iter().enumerate().map(|(at, word)| (0, at, word));
    let second = b.words.iter().enumerate().map(|(at, word)| (1, at, word));
    first.chain(second).zip(used).filter(|(_, used)| !**used).map(|(word, _)| word)
}

/// How many pairs are not on the longest run that is in order on both sides. `pairs` is sorted by the first side.
fn moved(pairs: &[(usize, usize)], longest: &mut Vec<u32>) -> u32 {
    longest.clear();
    for (at, (_, j)) in pairs.iter().enumerate() {
        let before = (0..at).filter(|k| pairs[*k].1 < *j).map(|k| longest[k]).max();
        longest.push(before.unwrap_or(0) + 1);
    }
    pairs.len() as u32 - longest.iter().copied().max().unwrap_or(0)
}

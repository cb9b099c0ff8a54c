//! Weighted Damerau-Levenshtein distance (optimal string alignment) over letter codes.

use crate::domain::name::Confusion;

/// Cost of an edit that no table makes cheaper. All costs are hundredths of an edit: whole numbers add up the same in
/// any order.
pub(super) const FULL: u32 = 100;
/// Cost of two neighbouring letters swapped.
pub(super) const TRANSPOSE: u32 = 70;

/// Letters as codes: A is 1, anything that is no upper-case letter is 0.
pub(super) fn code(letter: u8) -> u8 {
    if letter.is_ascii_uppercase() { letter - b'A' + 1 } else { 0 }
}

/// What edits cost.
#[derive(Debug, Clone)]
pub(super) struct EditCosts {
    substitute: [[u8; 32]; 32],
    indel: [u8; 32],
    /// For each letter the letters that can stand for it, or vanish, for less than a full edit.
    near: [u32; 32],
}

impl EditCosts {
    pub(super) fn new(confusions: &[Confusion]) -> Self {
        let full = FULL as u8;
        let mut costs = Self { substitute: [[full; 32]; 32], indel: [full; 32], near: [0; 32] };
        for (at, row) in costs.substitute.iter_mut().enumerate() {
            row[at] = 0;
        }
        for confusion in confusions {
            let cost = (confusion.cost.clamp(0.0, 1.0) * 100.0).round() as u8;
            let a = usize::from(code(confusion.a));
            match confusion.b {
                Some(b) => {
                    let b = usize::from(code(b));
                    costs.substitute[a][b] = cost;
                    costs.substitute[b][a] = cost;
                }
                None => costs.indel[a] = cost,
            }
        }
        for a in 0..32 {
            let near = |b: &usize| costs.substitute[a][*b] < full || costs.indel[*b] < full;
            costs.near[a] = (0..32).filter(near).fold(0, |set, b| set | 1 << b);
        }
        costs
    }

    #[inline]
    fn indel(&self, letter: u8) -> u32 {
        u32::from(self.indel[usize::from(letter & 31)])
    }

    /// The letters of a word, one bit each.
    pub(super) fn letters(word: &[u8]) -> u32 {
        word.iter().fold(0, |set, letter| set | 1 << (letter & 31))
    }

    /// The letters that some letter of a word can stand for, or that vanish, for less than a full edit: each other letter
    /// of another word costs a full edit at least.
    pub(super) fn near(&self, word: &[u8]) -> u32 {
        word.iter().fold(0, |set, letter| set | self.near[usize::from(letter & 31)])
    }

    /// Whether adding or dropping the letter is cheap.
    pub(super) fn cheap(&self, letter: u8) -> bool {
        self.indel(letter) < FULL
    }
}

/// Three rows of the table, kept between calls.
#[derive(Debug, Default)]
pub(super) struct Rows {
    before: Vec<u32>,
    above: Vec<u32>,
    row: Vec<u32>,
}

/// The distance in hundredths of an edit, if it is not above `limit`.
pub(super) fn distance(a: &[u8], b: &[u8], costs: &EditCosts, limit: u32, rows: &mut Rows) -> Option<u32> {
    let width = b.len() + 1;
    for row in [&mut rows.before, &mut rows.above, &mut rows.row] {
        if row.len() < width {
            row.resize(width, 0);
        }
    }
    rows.above[0] = 0;
    for (j, letter) in b.iter().enumerate() {
        rows.above[j + 1] = rows.above[j] + costs.indel(*letter);
    }
    let mut least_above = 0;
    let mut previous = None;
    for &letter in a {
        let (before, above) = (&rows.before[..width], &rows.above[..width]);
        let row = &mut rows.row[..width];
        let delete = costs.indel(letter);
        let substitute = &costs.substitute[usize::from(letter & 31)];
        let mut left = above[0] + delete;
        row[0] = left;
        let mut least = left;
        let mut before_other = None;
        for (j, (&other, pair)) in b.iter().zip(above.windows(2)).enumerate() {
            let mut best = pair[0] + u32::from(substitute[usize::from(other & 31)]);
            best = best.min(pair[1] + delete).min(left + costs.indel(other));
            if previous == Some(other) && before_other == Some(letter) {
                best = best.min(before[j - 1] + TRANSPOSE);
            }
            row[j + 1] = best;
            left = best;
            least = least.min(best);
            before_other = Some(other);
        }
        // A swap reaches back two rows: both must be past hope.
        if least > limit && least_above > limit {
            return None;
        }
        least_above = least;
        previous = Some(letter);
        std::mem::swap(&mut rows.before, &mut rows.above);
        std::mem::swap(&mut rows.above, &mut rows.row);
    }
    Some(rows.above[b.len()]).filter(|distance| *distance <= limit)
}

/// The cost of the one slip of the hand that lies between two words: a letter wrong, missing, too many, or two swapped.
pub(super) fn one_slip(a: &[u8], b: &[u8], costs: &EditCosts) -> Option<u32> {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if long.len() - short.len() > 1 {
        return None;
    }
    let same = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    match (&short[same..], &long[same..]) {
        (short, [extra, long @ ..]) if short == long => Some(costs.indel(*extra)),
        ([x, short @ ..], [y, long @ ..]) if short == long => {
            Some(u32::from(costs.substitute[usize::from(x & 31)][usize::from(y & 31)]))
        }
        ([x, y, short @ ..], [last, first, long @ ..]) if (x, y) == (first, last) && short == long => Some(TRANSPOSE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn costs() -> EditCosts {
        let pair = |a, b, cost| Confusion { a, b: Some(b), cost };
        EditCosts::new(&[
            pair(b'A', b'O', 0.25),
            pair(b'S', b'Z', 0.2),
            pair(b'Z', b'J', 0.2),
            pair(b'D', b'T', 0.3),
            Confusion { a: b'H', b: None, cost: 0.15 },
        ])
    }

    /// The plain twin: the whole table, no limit, nothing clever.
    fn plain(a: &[u8], b: &[u8], costs: &EditCosts) -> u32 {
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                let mut ways = Vec::new();
                if i > 0 {
                    ways.push(table[i - 1][j] + costs.indel(a[i - 1]));
                }
                if j > 0 {
                    ways.push(table[i][j - 1] + costs.indel(b[j - 1]));
                }
                if i > 0 && j > 0 {
                    ways.push(
                        table[i - 1][j - 1] + u32::from(costs.substitute[usize::from(a[i - 1])][usize::from(b[j - 1])]),
                    );
                }
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    ways.push(table[i - 2][j - 2] + TRANSPOSE);
                }
                table[i][j] = ways.into_iter().min().unwrap_or(0);
            }
        }
        table[a.len()][b.len()]
    }

    fn codes(word: &str) -> Vec<u8> {
        word.bytes().map(code).collect()
    }

    fn strange(a: &[u8], b: &[u8], costs: &EditCosts) -> u32 {
        (EditCosts::letters(a) & !costs.near(b)).count_ones()
    }

    #[test]
    fn edits_cost_what_the_tables_say() {
        for (a, b, expected) in [
            ("SITI", "SITI", 0),
            ("WIDODO", "WIDADA", 50),
            ("ROMAN", "ROHMAN", 15),
            ("SUPARNI", "SUAPRNI", 70),
            ("", "AH", 115),
            ("SAINAL", "JAINAL", 100),
            ("SATU", "SADU", 30),
        ] {
            let mut rows = Rows::default();
            assert_eq!(distance(&codes(a), &codes(b), &costs(), 1000, &mut rows), Some(expected), "{a} {b}");
        }
    }

    #[test]
    fn one_slip_is_one_edit() {
        for (a, b, expected) in [
            ("FARIDA", "FAIDA", Some(100)),
            ("MAIRA", "MAIAR", Some(70)),
            ("TOHIR", "TOIR", Some(15)),
            ("AGOS", "AGAS", Some(25)),
            ("SITTI", "SITI", Some(100)),
            ("SITI", "ISIT", None),
            ("AGUS", "AGUSNI", None),
            ("", "A", Some(100)),
            ("", "", None),
        ] {
            assert_eq!(one_slip(&codes(a), &codes(b), &costs()), expected, "{a} {b}");
            assert_eq!(one_slip(&codes(b), &codes(a), &costs()), expected, "{b} {a}");
        }
    }

    proptest! {
        #[test]
        fn strange_letters_never_promise_too_much(a in "[ADHJOSTZ]{1,9}", b in "[ADHJOSTZ]{1,9}") {
            let (a, b, costs) = (codes(&a), codes(&b), costs());
            let least = strange(&a, &b, &costs).max(strange(&b, &a, &costs)) * FULL;
            prop_assert!(least <= plain(&a, &b, &costs));
        }

        #[test]
        fn the_kernel_agrees_with_its_plain_twin(a in "[ADHJOSTZ]{0,12}", b in "[ADHJOSTZ]{0,12}", limit in 0..600u32) {
            let (a, b, costs) = (codes(&a), codes(&b), costs());
            let expected = plain(&a, &b, &costs);
            // Rows that hold what another pair left there.
            let mut rows = Rows::default();
            distance(&codes("OHODHO"), &codes("SATOSATOSATO"), &costs, 10_000, &mut rows);
            prop_assert_eq!(distance(&a, &b, &costs, limit, &mut rows), Some(expected).filter(|d| *d <= limit));
            prop_assert_eq!(distance(&b, &a, &costs, limit, &mut rows), Some(expected).filter(|d| *d <= limit));
        }
    }
}

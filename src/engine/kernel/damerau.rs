//! Damerau-Levenshtein distance without the restriction of OSA: a swapped pair may be edited further.

use super::WORD;

/// The table of distances, and for each letter the last row it stood in.
pub(super) struct Grid {
    cells: [[u8; WORD + 2]; WORD + 2],
    row_of: [u8; 128],
}

impl Default for Grid {
    fn default() -> Self {
        Self { cells: [[0; WORD + 2]; WORD + 2], row_of: [0; 128] }
    }
}

impl Grid {
    /// The table of the reference with one more row and column in front, filled for two texts of at most 64 letters.
    pub(super) fn fill(&mut self, a: &[u8], b: &[u8]) -> usize {
        let far = (a.len() + b.len()) as u8;
        for i in 0..=a.len() {
            self.cells[i + 1][0] = far;
            self.cells[i + 1][1] = i as u8;
        }
        self.cells[0].fill(far);
        for j in 0..=b.len() {
            self.cells[1][j + 1] = j as u8;
        }
        for i in 1..=a.len() {
            let mut last_match = 0;
            for j in 1..=b.len() {
                let row = usize::from(self.row_of[usize::from(b[j - 1])]);
                let swapped = usize::from(self.cells[row][last_match]) + (i - row) + (j - last_match) - 1;
                let same = a[i - 1] == b[j - 1];
                let replaced = self.cells[i][j] + u8::from(!same);
                if same {
                    last_match = j;
                }
                let moved = self.cells[i][j + 1].min(self.cells[i + 1][j]) + 1;
                self.cells[i + 1][j + 1] = replaced.min(moved).min(u8::try_from(swapped).unwrap_or(u8::MAX));
            }
            self.row_of[usize::from(a[i - 1])] = i as u8;
        }
        for letter in a {
            self.row_of[usize::from(*letter)] = 0;
        }
        usize::from(self.cells[a.len() + 1][b.len() + 1])
    }
}

//! From which line of its file each row is.

/// The line of each row, by the rows whose line is not the next one.
#[derive(Default)]
pub(super) struct Lines(Vec<(usize, u64)>);

impl Lines {
    pub(super) fn get(&self, row: usize) -> u64 {
        let at = self.0.partition_point(|(first, _)| *first <= row);
        at.checked_sub(1).map_or(row as u64 + 1, |at| self.0[at].1 + (row - self.0[at].0) as u64)
    }

    pub(super) fn push(&mut self, row: usize, line: u64) {
        let expected = self.0.last().map_or(row as u64 + 1, |(first, line)| line + (row - first) as u64);
        if line != expected {
            self.0.push((row, line));
        }
    }

    /// Those of the rows that stay, of so many.
    pub(super) fn without(&self, dropped: &[usize], rows: usize) -> Self {
        let (mut left, mut dropped) = (Self::default(), dropped.iter().peekable());
        let mut row = 0;
        for old in 0..rows {
            if dropped.next_if_eq(&&old).is_none() {
                left.push(row, self.get(old));
                row += 1;
            }
        }
        left
    }
}

//! The pairs of one row, weighed side by side: comparison by comparison, over the pairs that can still reach `review`.
//!
//! One call of a comparator serves many pairs, which lets it prepare the row once and compare texts in step. Each pair
//! meets the same comparisons in the same order as in [`Scorer::weigh`], so that its sum is the same to the last bit.

use super::{OPEN, SLACK, Scored, Scorer};
use crate::engine::compare::{Outcome, Pair};
use crate::engine::plan::Pattern;

/// With fewer pairs than this, one after the other is faster.
const FEW: usize = 4;

/// What one worker reuses from row to row.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    outcomes: Vec<Outcome>,
    /// The other rows of the pairs that are left, and which of the pairs each is.
    others: Vec<u32>,
    places: Vec<u32>,
    /// Of all pairs.
    sums: Vec<f64>,
    patterns: Vec<Pattern>,
}

impl Scorer<'_> {
    /// [`Self::edge`] of a row and each of others with lower record numbers, in their order, with its place among them.
    pub(crate) fn edges(
        &self,
        row: u32,
        others: impl ExactSizeIterator<Item = u32>,
        scratch: &mut super::Scratch,
        mut found: impl FnMut(usize, Scored),
    ) {
        if others.len() < FEW {
            for (place, other) in others.enumerate() {
                if let Some(edge) = self.edge(other, row, scratch) {
                    found(place, edge);
                }
            }
            return;
        }
        let many = &mut scratch.many;
        many.begin(others);
        let floor = self.plan.thresholds().review;
        let least = f64::from(floor) - SLACK;
        for index in self.weighing() {
            let comparison = &self.plan.comparisons()[index];
            let (cells, outcomes) = (self.rows.cells(), &mut many.outcomes);
            outcomes.clear();
            comparison.function.compare_many(cells, &many.others, row, &mut scratch.compare, outcomes);
            let mut left = 0;
            for at in 0..many.others.len() {
                let (other, place) = (many.others[at], many.places[at]);
                let (sum, pattern) = (&mut many.sums[place as usize], &mut many.patterns[place as usize]);
                let pair = Pair { cells: self.rows.cells(), a: other, b: row };
                let outcome = &many.outcomes[at];
                let level = self.enter(index, outcome, pair, &mut scratch.compare, pattern);
                let adjustment = self.adjustment(comparison, level, outcome, pair);
                *sum += comparison.levels[level].weight + adjustment;
                (many.others[left], many.places[left]) = (other, place);
                left += usize::from(*sum + self.rest[index] >= least);
            }
            many.others.truncate(left);
            many.places.truncate(left);
        }
        for (other, place) in many.others.iter().zip(&many.places) {
            let (weight, pattern) = (many.sums[*place as usize] as f32, &many.patterns[*place as usize]);
            if weight >= floor {
                let judged = self.judge(*other, row, pattern, weight);
                let edge = Scored { a: *other, b: row, weight, decision: judged.decision, vetoes: judged.vetoes };
                found(*place as usize, edge);
            }
        }
    }
}

impl Scratch {
    fn begin(&mut self, others: impl ExactSizeIterator<Item = u32>) {
        self.others.clear();
        self.others.extend(others);
        self.places.clear();
        self.places.extend(0..self.others.len() as u32);
        self.sums.clear();
        self.sums.resize(self.others.len(), 0.0);
        self.patterns.clear();
        self.patterns.resize(self.others.len(), OPEN);
    }
}

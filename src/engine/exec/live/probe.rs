//! Asking a live set about a row that is not in it.

use super::{Buffers, Live};
use crate::engine::error::RowError;
use crate::engine::score::Scorer;
use crate::engine::value::Value;

/// The number a row has while it is asked about; no record ever has it.
const PROBE: u64 = u64::MAX;

impl Live {
    /// The records that the blocking rules find for a row and their weights, those at or above `review`, heaviest first.
    ///
    /// Vetoes and strong identifiers are not asked: a person who looks somebody up decides for themselves. Nothing of
    /// the row stays behind but its words in the dictionaries.
    pub fn probe(&mut self, values: &[Value]) -> Result<Vec<(u64, f32)>, RowError> {
        self.rows.check(PROBE, values)?;
        let slot = self.rows.insert(PROBE, values);
        let Buffers { keys, scratch, candidates } = &mut self.buffers;
        self.index.candidates(&self.rows, slot, keys, candidates);
        let scorer = Scorer::new(&self.rows);
        let review = self.rows.plan().thresholds().review;
        let mut found: Vec<(u64, f32)> = candidates
            .iter()
            .map(|other| (self.rows.id(*other), scorer.score(slot, *other, scratch).weight))
            .filter(|(_, weight)| *weight >= review)
            .collect();
        found.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        self.rows.remove(slot);
        Ok(found)
    }
}

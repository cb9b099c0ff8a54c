//! Asking a live set about a row that is not in it.

use std::sync::Arc;

use super::{Keys, Live};
use crate::engine::error::LiveError;
use crate::engine::rows::Rows;
use crate::engine::score::{Scorer, Scratch};
use crate::engine::value::Value;

/// The number a row has while it is asked about; no record ever has it.
const PROBE: u64 = u64::MAX;

impl Live {
    /// The records that the blocking rules find for a row and their weights, those at or above `review`, heaviest first.
    ///
    /// Vetoes and strong identifiers are not asked: a person who looks somebody up decides for themselves. The row and
    /// copies of its candidates stand in rows of their own while they are compared, so nothing of what was asked stays
    /// behind.
    pub fn probe(&self, values: &[Value]) -> Result<Vec<(u64, f32)>, LiveError> {
        self.rows.check(PROBE, values)?;
        let mut asked = Rows::new(Arc::clone(self.rows.plan()));
        let probe = asked.insert(PROBE, values);
        let mut candidates = Vec::new();
        let seen = self.look(&asked, probe)?;
        self.index.sharing((&asked, probe), &seen, &mut Keys::default(), &mut candidates);
        let candidates: Vec<u32> = candidates.into_iter().map(|slot| asked.copy_of(&self.rows, slot)).collect();
        let (scorer, mut scratch) = (Scorer::new(&asked), Scratch::default());
        let review = self.rows.plan().thresholds().review;
        let weights =
            candidates.into_iter().map(|slot| (asked.id(slot), scorer.score(probe, slot, &mut scratch).weight));
        let mut found: Vec<(u64, f32)> = weights.filter(|(_, weight)| *weight >= review).collect();
        found.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        Ok(found)
    }
}

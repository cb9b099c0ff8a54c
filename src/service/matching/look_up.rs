//! What only the matcher's own memory answers: who is like somebody, why any two records weigh what they weigh, which keys
//! are too common. Reads, and leaves nothing behind.

use super::explained::explained;
use super::matcher::Matcher;
use crate::domain::date::Date;
use crate::domain::record::{PersonId, RecordId};
use crate::domain::row::PersonCore;
use crate::engine::{LiveError, StopKey};
use crate::prepare::values_of_core;
use crate::service::answers::views::{PairView, StopKeyLine};

impl Matcher {
    /// Records near what is known of somebody, heaviest first.
    pub(in crate::service) fn near(&self, core: &PersonCore, today: Date) -> Result<Vec<RecordId>, LiveError> {
        let values = values_of_core(&self.models().columns, core, today);
        let near = self.live.probe(&values)?;
        Ok(near.into_iter().map(|(id, _)| RecordId(id)).collect())
    }

    /// Any two records explained; `None` when one takes no part in matching, or both are one.
    pub(in crate::service) fn pair(&self, a: RecordId, b: RecordId) -> Option<PairView> {
        let tree = self.live.explain(a.0.min(b.0), a.0.max(b.0))?;
        let persons: (PersonId, PersonId) = (self.person_of(a)?, self.person_of(b)?);
        let explained = explained(&self.models().plan, &tree);
        Some(PairView { records: (a, b), persons, explained, rules: tree.rules })
    }

    /// Keys too common to be compared, the largest first.
    pub(in crate::service) fn stop_keys(&self) -> Vec<StopKeyLine> {
        let line = |key: StopKey| StopKeyLine {
            rule: key.rule,
            rows: key.rows as u64,
            example: self.person_of(RecordId(key.example)),
        };
        let mut keys: Vec<StopKeyLine> = self.live.stop_keys().into_iter().map(line).collect();
        // Stable: keys of one size stay in the order of rules.
        keys.sort_by_key(|key| std::cmp::Reverse(key.rows));
        keys
    }
}

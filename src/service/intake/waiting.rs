//! What this gateway acknowledged and has not matched yet: kept so that the matcher need not read it again, and counted
//! so that pushes can be told to wait. Losing it costs a read, nothing else: the journal is the queue.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::domain::agency::AgencyId;
use crate::domain::record::Record;
use crate::store::Position;

/// Records kept so that the matcher need not read them; of what waits behind them only the number is known.
const MOST_KEPT: u64 = 40_000;

/// Acknowledged pushes by their positions.
#[derive(Default)]
pub(in crate::service) struct Waiting {
    pushes: BTreeMap<Position, Push>,
    rows: u64,
    /// Of each agency that has rows which wait, how many.
    of_agency: FxHashMap<AgencyId, u64>,
    /// Records that are kept.
    kept: u64,
    /// Everything up to here is matched.
    through: Position,
    /// Batches that are matched and that the rules have not been evaluated for.
    unevaluated: BTreeMap<Position, String>,
}

struct Push {
    /// Gone once the matcher has taken it.
    records: Option<Vec<Record>>,
    rows: u64,
    /// Whose rows; all of a push are of one agency.
    agency: Option<AgencyId>,
    batch: Option<String>,
}

impl Waiting {
    /// Keeps a push, unless the matcher was faster.
    pub(in crate::service) fn add(&mut self, position: Position, records: Vec<Record>, batch: Option<String>) {
        if position > self.through {
            let rows = records.len() as u64;
            self.rows += rows;
            let agency = records.first().map(|record| record.key.agency.clone());
            if let Some(agency) = &agency {
                *self.of_agency.entry(agency.clone()).or_default() += rows;
            }
            let records = (self.kept + rows <= MOST_KEPT).then_some(records);
            self.kept += records.as_ref().map_or(0, |_| rows);
            self.pushes.insert(position, Push { records, rows, agency, batch });
        }
    }

    /// The batches of this gateway that wait.
    pub(in crate::service) fn waiting_batches(&self) -> BTreeSet<String> {
        self.pushes.values().filter_map(|push| push.batch.clone()).collect()
    }

    /// The records of a push, for the matcher: they are given once.
    pub(in crate::service) fn take(&mut self, position: Position) -> Option<Vec<Record>> {
        let push = self.pushes.get_mut(&position)?;
        let records = push.records.take()?;
        self.kept -= push.rows;
        Some(records)
    }

    /// Forgets what is matched.
    pub(in crate::service) fn drop_through(&mut self, position: Position) {
        self.through = self.through.max(position);
        let waiting = self.pushes.split_off(&position.next());
        let done = std::mem::replace(&mut self.pushes, waiting);
        for push in done.values() {
            self.forget_rows(push);
        }
        self.kept -= done.values().filter(|push| push.records.is_some()).map(|push| push.rows).sum::<u64>();
        self.unevaluated.extend(done.into_iter().filter_map(|(at, push)| Some((at, push.batch?))));
    }

    fn forget_rows(&mut self, push: &Push) {
        self.rows -= push.rows;
        let Some(agency) = &push.agency else { return };
        if let Some(left) = self.of_agency.get_mut(agency) {
            *left -= push.rows;
            if *left == 0 {
                self.of_agency.remove(agency);
            }
        }
    }

    /// Forgets what the rules were evaluated for.
    pub(in crate::service) fn drop_evaluated(&mut self, position: Position) {
        self.unevaluated = self.unevaluated.split_off(&position.next());
    }

    /// Whether a batch is matched and waits for the rules, as far as is known here.
    pub(in crate::service) fn waits_for_rules(&self, batch: &str, evaluated: Position) -> bool {
        self.unevaluated.range(evaluated.next()..).any(|(_, id)| id == batch)
    }

    /// Rows acknowledged and not matched.
    pub(in crate::service) fn waiting_rows(&self) -> u64 {
        self.rows
    }

    /// The same, of an agency.
    pub(in crate::service) fn waiting_rows_of(&self, agency: &AgencyId) -> u64 {
        self.of_agency.get(agency).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_waits_for_matching_then_for_the_rules() {
        let mut waiting = Waiting::default();
        waiting.add(Position(1), Vec::new(), Some("a".to_owned()));
        waiting.add(Position(2), Vec::new(), Some("b".to_owned()));
        assert!(!waiting.waits_for_rules("a", Position(0)));
        waiting.drop_through(Position(1));
        assert_eq!(waiting.waiting_batches(), BTreeSet::from(["b".to_owned()]));
        assert!(waiting.waits_for_rules("a", Position(0)));
        assert!(!waiting.waits_for_rules("a", Position(1)));
        waiting.drop_evaluated(Position(1));
        assert!(!waiting.waits_for_rules("a", Position(0)));
    }
}

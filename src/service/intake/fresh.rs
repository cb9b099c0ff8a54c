//! What this gateway acknowledged and has not matched yet: kept so that the matcher need not read it again, and counted
//! so that pushes can be told to wait. Losing it costs a read, nothing else: the journal is the queue.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::record::Record;
use crate::store::Position;

/// Acknowledged pushes by their positions.
#[derive(Default)]
pub(in crate::service) struct Fresh {
    pushes: BTreeMap<Position, Push>,
    rows: u64,
    /// Everything up to here is matched.
    through: Position,
}

struct Push {
    /// Gone once the matcher has taken it.
    records: Option<Vec<Record>>,
    rows: u64,
    batch: Option<String>,
}

impl Fresh {
    /// Keeps a push, unless the matcher was faster.
    pub(in crate::service) fn add(&mut self, position: Position, records: Vec<Record>, batch: Option<String>) {
        if position > self.through {
            let rows = records.len() as u64;
            self.rows += rows;
            self.pushes.insert(position, Push { records: Some(records), rows, batch });
        }
    }

    /// The batches of this gateway that wait.
    pub(in crate::service) fn waiting_batches(&self) -> BTreeSet<String> {
        self.pushes.values().filter_map(|push| push.batch.clone()).collect()
    }

    /// The records of a push, for the matcher: they are given once.
    pub(in crate::service) fn take(&mut self, position: Position) -> Option<Vec<Record>> {
        self.pushes.get_mut(&position)?.records.take()
    }

    /// Forgets what is matched.
    pub(in crate::service) fn drop_through(&mut self, position: Position) {
        self.through = self.through.max(position);
        let waiting = self.pushes.split_off(&position.next());
        let done = std::mem::replace(&mut self.pushes, waiting);
        self.rows -= done.values().map(|push| push.rows).sum::<u64>();
    }

    /// Rows acknowledged and not matched.
    pub(in crate::service) fn waiting_rows(&self) -> u64 {
        self.rows
    }
}

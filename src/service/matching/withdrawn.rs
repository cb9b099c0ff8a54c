//! Cases as they stood when a row of theirs was withdrawn. They are kept with the row that withdraws the record, as a decision
//! keeps its question: what is derived from present rows alone could not say what was asked about a row that is gone.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::domain::case::Case;
use crate::domain::record::{Record, RecordId, Sequence};
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::stored::codec::{decode_row, row_key};
use crate::service::stored::reading::get_many;
use crate::store::Table;

/// The cases that rows keep which withdraw their records.
pub(super) type AskedThen = FxHashMap<(RecordId, Sequence), Vec<Case>>;

/// The cases of all records that are withdrawn now.
#[derive(Debug, Default)]
pub(super) struct WithdrawnCases {
    by_id: FxHashMap<String, BTreeMap<RecordId, Case>>,
    ids: FxHashMap<RecordId, Vec<String>>,
}

impl WithdrawnCases {
    /// Takes note of what the row keeps that withdraws a record now.
    pub(super) fn note(&mut self, record: RecordId, cases: Vec<Case>) {
        for case in cases {
            self.ids.entry(record).or_default().push(case.id.clone());
            self.by_id.entry(case.id.clone()).or_default().insert(record, case);
        }
    }

    /// Forgets what was kept of a record.
    pub(super) fn forget(&mut self, record: RecordId) {
        for id in self.ids.remove(&record).unwrap_or_default() {
            let Some(by_record) = self.by_id.get_mut(&id) else { continue };
            by_record.remove(&record);
            if by_record.is_empty() {
                self.by_id.remove(&id);
            }
        }
    }

    /// The ids of the cases that are kept of a record.
    pub(super) fn of_record(&self, record: RecordId) -> &[String] {
        self.ids.get(&record).map_or(&[], Vec::as_slice)
    }

    /// A case as it stood. Where both its records are withdrawn both rows keep it: that of the older record tells it.
    pub(super) fn case(&self, id: &str) -> Option<&Case> {
        self.by_id.get(id)?.values().next()
    }

    /// All of them, with the records by whose withdrawal they are kept.
    pub(super) fn entries(&self) -> impl Iterator<Item = (RecordId, &Case)> {
        self.by_id.values().flatten().map(|(record, case)| (*record, case))
    }

    /// The ids of all of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        self.by_id.keys()
    }
}

impl Gateway {
    /// What the rows keep that withdraw some of these records.
    pub(super) async fn asked_then(&self, records: &[Record]) -> Result<AskedThen, ServiceError> {
        let withdrawn = records.iter().filter(|record| record.withdrawn);
        let keys: Vec<Vec<u8>> = withdrawn.map(|record| row_key(record.id, record.sequence)).collect();
        let mut asked = AskedThen::default();
        // A row that is not there any more has been replaced: the matcher is about to be told of the newer one.
        for bytes in get_many(self.reader(), Table::Rows, keys).await?.into_iter().flatten() {
            let row = decode_row(&bytes)?;
            if !row.asked.is_empty() {
                asked.insert((row.record, row.sequence), row.asked);
            }
        }
        Ok(asked)
    }
}

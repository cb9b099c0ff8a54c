//! Opening: every accepted row and decision is read, the matcher is built in one go, and what the store holds of
//! derived state is compared with what follows from them. A crash between acknowledging and matching leaves nothing undone.

use std::sync::Arc;

use super::codec::decode_row;
use super::derive::{Derived, derive};
use super::digest::DERIVED;
use super::error::ServiceError;
use super::gateway::Gateway;
use super::matcher::Matcher;
use super::models::Models;
use super::reading::Pages;
use crate::domain::batch::AcceptedRow;
use crate::domain::decision::Decision;
use crate::domain::record::{Record, RecordKey};
use crate::feed::reread;
use crate::store::{Store, Table};

/// What opening found.
pub(super) struct Loaded {
    pub(super) matcher: Matcher,
    pub(super) next_record: u64,
    pub(super) next_sequence: u64,
    pub(super) rows: u64,
}

/// Reads all inputs of a store and matches them in bulk.
pub(super) async fn load(store: &Arc<dyn Store>, models: &Arc<Models>) -> Result<Loaded, ServiceError> {
    let mut present: Vec<Record> = Vec::new();
    let (mut next_record, mut next_sequence, mut rows) = (1, 1, 0);
    let mut pages = Pages::of(store.reader(), Table::Rows);
    while let Some(page) = pages.next().await? {
        for (_, bytes) in &page {
            let row = decode_row(bytes)?;
            next_record = next_record.max(row.record.0 + 1);
            next_sequence = next_sequence.max(row.sequence.0 + 1);
            rows += 1;
            keep_newest(&mut present, record_of(&row)?);
        }
    }
    let mut decisions: Vec<Decision> = Pages::of(store.reader(), Table::Decisions).decode_all().await?;
    decisions.sort_by_key(|decision| decision.sequence);
    for decision in &decisions {
        next_sequence = next_sequence.max(decision.sequence.0 + 1);
    }
    let models = models.clone();
    let matcher = tokio::task::spawn_blocking(move || Matcher::bulk(models, &present, decisions))
        .await
        .map_err(|_| ServiceError::NotReady)?
        .map_err(|error| ServiceError::Corrupt { what: error.to_string() })?;
    Ok(Loaded { matcher, next_record, next_sequence, rows })
}

/// Rows come ordered by record, then by acceptance: the present one has the newest `tgl_data`, the later one on a tie.
fn keep_newest(present: &mut Vec<Record>, record: Record) {
    match present.last_mut().filter(|last| last.id == record.id) {
        Some(last) if last.tgl_data <= record.tgl_data => *last = record,
        Some(_) => {}
        None => present.push(record),
    }
}

/// The record an accepted row describes.
pub(super) fn record_of(row: &AcceptedRow) -> Result<Record, ServiceError> {
    let parsed = reread(row.feed, &row.raw).map_err(|_| ServiceError::Corrupt { what: "row".to_owned() })?;
    Ok(Record {
        id: row.record,
        key: RecordKey { agency: row.agency.clone(), feed: row.feed, id_sumber: parsed.id_sumber },
        sequence: row.sequence,
        tgl_data: parsed.tgl_data,
        withdrawn: parsed.withdrawn,
        core: parsed.core,
        detail: parsed.detail,
        flags: row.flags.clone(),
    })
}

impl Gateway {
    /// Derives everything from the matcher's state.
    pub(super) async fn derive_all(&self) -> Result<Derived, ServiceError> {
        let dirty = self.matcher(Matcher::everything);
        let needed = self.matcher(|m| m.records_needed(&dirty));
        let records = self.records(&needed).await?;
        let gateway = self.clone();
        tokio::task::spawn_blocking(move || gateway.matcher_mut(|m| derive(m, &dirty, &records)))
            .await
            .map_err(|_| ServiceError::NotReady)
    }

    /// Compares what the store holds of derived state with what follows from its inputs, and writes the difference.
    pub(super) async fn repair_derived(&self) -> Result<(), ServiceError> {
        let mut wanted = self.derive_all().await?;
        let difference = self.difference(&mut wanted).await?;
        self.commit_derived(difference).await
    }

    /// What has to be written so that the store holds exactly `wanted`.
    pub(super) async fn difference(&self, wanted: &mut Derived) -> Result<Derived, ServiceError> {
        let mut difference = Derived::default();
        for table in DERIVED {
            let mut pages = Pages::of(self.reader(), *table);
            while let Some(page) = pages.next().await? {
                for (key, value) in page {
                    let place = (*table, key);
                    match wanted.puts.get(&place) {
                        Some(right) if *right == value => drop(wanted.puts.remove(&place)),
                        Some(_) => {}
                        None => drop(difference.deletes.insert(place)),
                    }
                }
            }
        }
        difference.puts = std::mem::take(&mut wanted.puts);
        Ok(difference)
    }
}

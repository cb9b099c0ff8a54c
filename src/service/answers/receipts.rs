//! Batches and their receipts, for the agency that pushed them.

use std::collections::BTreeSet;

use super::views::{BatchView, Page};
use crate::auth::{Caller, Right};
use crate::domain::batch::{Batch, ReceiptLine};
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::stored::codec::decode;
use crate::service::stored::head::{RECEIPT_PAGE, receipt_key};
use crate::service::stored::journal::{batch_of, entries_behind};
use crate::service::stored::reading::Pages;
use crate::store::{Position, Table, prefix_end};

impl Gateway {
    /// A batch of the caller's agency. Others' batches and absent ones answer alike.
    pub async fn batch(&self, caller: &Caller, id: &str) -> Result<BatchView, ServiceError> {
        let batch = self.own_batch(caller, id).await?;
        Ok(self.batch_views(vec![batch]).await?.remove(0))
    }

    /// Batches, with how far they have come.
    pub(super) async fn batch_views(&self, batches: Vec<Batch>) -> Result<Vec<BatchView>, ServiceError> {
        // First how far the rules are, then the matching: they are never told to be ahead of it.
        let evaluated = self.matching().evaluated();
        let waiting = self.waiting_batches().await?;
        let view = |batch: Batch| {
            let matched = !waiting.contains(&batch.id);
            BatchView { matched, evaluated: matched && self.rules_know(&batch.id, evaluated), batch }
        };
        Ok(batches.into_iter().map(view).collect())
    }

    /// Whether reports tell of a matched batch, if the rules were evaluated up to a position. Of a batch that this gateway
    /// did not take itself it is only known once nothing at all waits for them.
    fn rules_know(&self, batch: &str, evaluated: Position) -> bool {
        if self.store().shared() || !self.intake().knows_all_behind(evaluated) {
            return evaluated >= self.matching().matched();
        }
        !self.intake().waits_for_rules(batch, evaluated)
    }

    async fn own_batch(&self, caller: &Caller, id: &str) -> Result<Batch, ServiceError> {
        let absent = || ServiceError::NotFound { what: "batch" };
        let bytes = self.get(Table::Batches, id.as_bytes().to_vec()).await?.ok_or_else(absent)?;
        let batch: Batch = decode(&bytes, "batch")?;
        let own = caller.has(Right::Push) && caller.agency.as_ref() == Some(&batch.agency);
        if own { Ok(batch) } else { Err(absent()) }
    }

    /// The receipt of a batch, a page at a time; `cursor` is the one the page before gave.
    pub async fn receipt(
        &self,
        caller: &Caller,
        id: &str,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<ReceiptLine>, ServiceError> {
        let batch = self.own_batch(caller, id).await?;
        if let Some(at) = batch.compacted_at {
            return Err(ServiceError::Compacted { at });
        }
        let start = match cursor {
            None => 0,
            Some(text) => text.parse().map_err(|_| ServiceError::Invalid {
                pointer: "/cursor",
                problem: "not a cursor that this gateway gave",
            })?,
        };
        let items = self.receipt_lines(&batch.id, start, limit.max(1)).await?;
        let reached = start + items.len();
        let next = ((reached as u64) < batch.counts.baris).then(|| reached.to_string());
        Ok(Page { items, next, total: Some(batch.counts.baris) })
    }

    /// The batches that what can be read does not follow from yet.
    pub(in crate::service) async fn waiting_batches(&self) -> Result<BTreeSet<String>, ServiceError> {
        let mut waiting = self.intake().waiting_batches();
        if !self.store().shared() && self.intake().knows_all_behind(self.matching().matched()) {
            return Ok(waiting);
        }
        let mut pages = entries_behind(self.reader(), self.matching().matched());
        while let Some(page) = pages.next().await? {
            // Entries name all rows of a batch: they are read where nobody waits for the thread.
            let read = move || page.iter().map(|(_, entry)| batch_of(entry)).collect();
            let named: Result<Vec<Option<String>>, ServiceError> =
                tokio::task::spawn_blocking(read).await.map_err(|_| ServiceError::NotReady)?;
            waiting.extend(named?.into_iter().flatten());
        }
        Ok(waiting)
    }

    /// Receipt lines `start..start + limit` (counted from 0), in line order.
    pub(in crate::service) async fn receipt_lines(
        &self,
        batch: &str,
        start: usize,
        limit: usize,
    ) -> Result<Vec<ReceiptLine>, ServiceError> {
        let from = receipt_key(batch, start / RECEIPT_PAGE);
        let last_page = start.checked_add(limit).map(|end| end.div_ceil(RECEIPT_PAGE));
        let end = prefix_end(batch.as_bytes());
        let end = last_page.map_or(end, |last| Some(receipt_key(batch, last)));
        let pages: Vec<Vec<ReceiptLine>> =
            Pages::between(self.reader(), Table::Receipts, from, end).decode_all().await?;
        let lines = pages.into_iter().flatten();
        Ok(lines.skip(start % RECEIPT_PAGE).take(limit).collect())
    }
}

//! The state of the gateway on one page.

use std::collections::BTreeMap;

use super::error::ServiceError;
use super::gateway::Gateway;
use super::reading::Pages;
use super::receipts::batch_view;
use super::views::{BatchView, FeedLine, Overview};
use crate::auth::{Caller, Right};
use crate::domain::batch::Batch;
use crate::domain::feed::Feed;
use crate::store::Table;

/// Batches shown.
const NEWEST: usize = 20;

/// Keys shown that are too common to be compared.
const MOST_STOP_KEYS: usize = 50;

impl Gateway {
    /// Feeds, counts, last batches, queue length, for a caller who may read reports or review cases.
    pub async fn overview(&self, caller: &Caller) -> Result<Overview, ServiceError> {
        let may = caller.has(Right::Reports) || caller.has(Right::Review);
        if may { self.overview_for_operator().await } else { Err(ServiceError::Forbidden) }
    }

    /// The same for whoever holds the store itself.
    pub async fn overview_for_operator(&self) -> Result<Overview, ServiceError> {
        self.loaded().await?;
        let mut batches = self.newest_batches().await?;
        let closed_feeds = self.declared().await?.iter().filter(|item| item.lengkap).count() as u64;
        let mut last: BTreeMap<Feed, _> = BTreeMap::new();
        for batch in &batches {
            last.entry(batch.feed).or_insert(batch.received_at);
        }
        batches.truncate(NEWEST);
        let waiting = self.waiting_batches().await?;
        let batches: Vec<BatchView> = batches.into_iter().map(|batch| batch_view(batch, &waiting)).collect();
        let waiting_rows = self.waiting_rows();
        let clients = self.clients();
        Ok(self.matcher(|m| {
            let mut counts: BTreeMap<Feed, (u64, u64)> = BTreeMap::new();
            for known in m.known.values().filter(|known| !known.withdrawn) {
                let entry = counts.entry(known.feed).or_default();
                entry.0 += 1;
                entry.1 += u64::from(known.flagged);
            }
            let feeds = Feed::ALL.map(|feed| {
                let (records, flagged) = counts.get(&feed).copied().unwrap_or_default();
                FeedLine {
                    feed,
                    records,
                    flagged,
                    last: last.get(&feed).copied(),
                    agencies: clients.agencies_sending(feed),
                }
            });
            let many = m.persons().filter(|(_, records)| {
                let mut feeds = records.iter().filter_map(|id| m.known.get(id)).map(|known| known.feed);
                feeds.next().is_some_and(|first| feeds.any(|other| other != first))
            });
            let stop_keys = m.stop_keys();
            Overview {
                feeds: feeds.to_vec(),
                persons: m.persons().len() as u64,
                families: m.family_count() as u64,
                persons_in_many_feeds: many.count() as u64,
                open_cases: m.all_cases().len() as u64,
                decided_cases: m.decided_count() as u64,
                waiting_rows,
                batches,
                stop_keys_total: stop_keys.len() as u64,
                stop_keys: stop_keys.into_iter().take(MOST_STOP_KEYS).collect(),
                model: m.model_name(),
                closed_feeds,
            }
        }))
    }

    /// Batch ids grow with time, so the newest stand last.
    async fn newest_batches(&self) -> Result<Vec<Batch>, ServiceError> {
        let mut batches: Vec<Batch> = Pages::of(self.reader(), Table::Batches).decode_all().await?;
        batches.reverse();
        Ok(batches)
    }
}

//! The state of the gateway on one page.

use std::collections::{BTreeMap, BTreeSet};

use super::views::{FeedLine, Overview};
use crate::auth::{Caller, Right};
use crate::domain::batch::Batch;
use crate::domain::feed::Feed;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::stored::head::batch_ids_from;
use crate::service::stored::reading::Pages;
use crate::store::Table;

/// Batches shown.
const NEWEST: usize = 20;

/// How far back the first look at batches goes, in milliseconds.
const FIRST_LOOK: i64 = 1_000;

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
        let view = self.view().await?;
        let counts = view.counts().await?;
        let closed_feeds = self.declared().await?.iter().filter(|item| item.lengkap).count() as u64;
        let enough = |batches: &[Batch]| {
            let seen: BTreeSet<u8> = batches.iter().map(|batch| batch.feed.code()).collect();
            batches.len() >= NEWEST && counts.records.keys().all(|feed| seen.contains(feed))
        };
        let mut batches = self.newest_batches(enough).await?;
        let mut last: BTreeMap<Feed, _> = BTreeMap::new();
        for batch in &batches {
            last.entry(batch.feed).or_insert(batch.received_at);
        }
        batches.truncate(NEWEST);
        let batches = self.batch_views(batches).await?;
        let feeds = Feed::ALL.map(|feed| {
            let (records, flagged) = counts.records.get(&feed.code()).copied().unwrap_or_default();
            let agencies = self.clients().agencies_sending(feed);
            FeedLine { feed, records, flagged, last: last.get(&feed).copied(), agencies }
        });
        let stop_keys = self.stop_keys();
        let plan = &self.models().plan;
        Ok(Overview {
            feeds: feeds.to_vec(),
            persons: counts.persons,
            families: counts.families,
            persons_in_many_feeds: counts.in_many_feeds,
            open_cases: counts.open_cases,
            resting_cases: counts.resting_cases,
            decided_cases: counts.decided_cases,
            waiting_rows: self.waiting_rows(),
            batches,
            stop_keys_total: stop_keys.len() as u64,
            stop_keys: stop_keys.iter().take(MOST_STOP_KEYS).cloned().collect(),
            model: format!("{} {}", plan.name(), plan.version()),
            closed_feeds,
        })
    }

    /// The newest batches, newest first, until there are enough of them.
    ///
    /// Their ids begin with the time, so that old ones need not be read: each look goes back twice as far as the one
    /// before.
    pub(super) async fn newest_batches(
        &self,
        enough: impl Fn(&[Batch]) -> bool + Send,
    ) -> Result<Vec<Batch>, ServiceError> {
        let now = self.clock().now().as_millisecond();
        let (mut batches, mut to, mut span) = (Vec::new(), None, FIRST_LOOK);
        loop {
            let from = now.saturating_sub(span).max(0);
            let start = if from == 0 { Vec::new() } else { batch_ids_from(from) };
            let mut page: Vec<Batch> =
                Pages::between(self.reader(), Table::Batches, start.clone(), to).decode_all().await?;
            page.reverse();
            batches.extend(page);
            if enough(&batches) || start.is_empty() {
                return Ok(batches);
            }
            (to, span) = (Some(start), span.saturating_mul(2));
        }
    }
}

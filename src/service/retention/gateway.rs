//! The rule in a running gateway: a step at a time between two looks at the journal, so that matching goes first.

use jiff::SignedDuration;

use super::commit::{MarkPassedBy, StoredMarks};
use super::counts::Counts;
use super::plan::Planner;
use crate::domain::date::Timestamp;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::telemetry::metric;

/// How long a gateway waits when nothing was old enough any more.
const NEXT_ROUND: SignedDuration = SignedDuration::from_hours(1);

/// Where a gateway stands with its rule.
#[derive(Debug, Default)]
pub struct Rounds {
    /// When the next round begins; at once after the start.
    next: Option<Timestamp>,
    /// What the round under way took so far.
    taken: Counts,
}

impl Gateway {
    /// Takes one step if the rule is set, this gateway leads and it is time to. Whether there is more to do is seen at
    /// the next call.
    pub(in crate::service) async fn keep_rule(&self) {
        let now = self.clock().now();
        let mut rounds = self.rounds().lock().await;
        if self.settings().retention.older_than.is_none() || rounds.next.is_some_and(|next| now < next) {
            return;
        }
        match self.take_step(now).await {
            Ok(Some(taken)) => {
                rounds.taken += &taken;
                return;
            }
            Ok(None) => {}
            // Matching goes on; what is too old stays a little longer.
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "what is older than the retention period could not be taken away; it is tried again in an hour"
            ),
        }
        rounds.next = now.checked_add(NEXT_ROUND).ok();
        let taken = std::mem::take(&mut rounds.taken);
        if !taken.is_empty() {
            told(&taken);
        }
    }

    /// Takes away all that is older than the rule says now; answers what went. Nothing goes without a rule, or where
    /// another gateway leads.
    pub async fn compact(&self) -> Result<Counts, ServiceError> {
        let now = self.clock().now();
        let mut taken = Counts::default();
        while let Some(more) = self.take_step(now).await? {
            taken += &more;
        }
        Ok(taken)
    }

    /// One step; `None` when there is nothing to do.
    async fn take_step(&self, now: Timestamp) -> Result<Option<Counts>, ServiceError> {
        let Some(age) = self.settings().retention.older_than else { return Ok(None) };
        // As long as the step takes, nothing is matched: what it looks at stays as it is.
        let tail = self.tail().await?;
        let marks = if tail.pen.leads { StoredMarks::read(self.reader()).await? } else { None };
        let Some(marks) = marks else { return Ok(None) };
        let mut planner = Planner { reader: self.reader(), cutoff: age.before(now), now, counted: None };
        let limit = self.settings().retention.clock_limit;
        if let Some(ahead) = planner.check_clock(marks.reached.position(), limit).await? {
            tracing::warn!(
                "{ahead}; where the clock is right and nothing came for so long, set [retention] clock_limit higher"
            );
            return Ok(None);
        }
        let Some(step) = planner.next(marks.reached, marks.matched()).await? else { return Ok(None) };
        let counts = step.counts.clone();
        marks.commit(&**self.store(), step, MarkPassedBy::Follower).await?;
        drop(tail);
        for (table, taken) in counts.by_name() {
            metrics::counter!(metric::COMPACTED, "table" => table).increment(taken.entries);
        }
        Ok(Some(counts))
    }
}

/// One line for the whole round.
fn told(taken: &Counts) {
    use crate::store::Table;
    let entries = |table| taken.of(table).entries;
    tracing::info!(
        rows = entries(Table::Rows),
        receipt_pages = entries(Table::Receipts),
        idempotency_keys = entries(Table::Idempotency),
        journal_entries = entries(Table::Journal),
        bytes = taken.total().bytes,
        "took away what is older than the retention period"
    );
}

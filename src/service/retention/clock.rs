//! Whether the clock can be believed. A clock that is a year ahead for a minute would take a year of history away for good,
//! so nothing goes while it is far ahead of what was stored last.

use std::fmt;

use jiff::SignedDuration;

use super::Age;
use super::plan::Planner;
use crate::domain::date::Timestamp;
use crate::service::error::ServiceError;
use crate::store::Position;

/// What came within so long is no witness: it may have come under the same wrong clock.
const SETTLED: SignedDuration = SignedDuration::from_hours(24);

/// The clock is far ahead of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockAhead {
    /// What the clock says.
    pub now: Timestamp,
    /// When the newest entry came that it can be held against.
    pub newest: Timestamp,
    /// How far it may be ahead.
    pub limit: Age,
}

impl fmt::Display for ClockAhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { now, newest, limit } = self;
        write!(
            f,
            "the clock says {now}, more than {limit} after what the journal tells of last ({newest}): nothing was taken away"
        )
    }
}

impl Planner<'_> {
    /// Fails where the clock is further ahead than `limit`. It is held against the newest entry that is a day old: pushes that
    /// came under a wrong clock say what that clock said. Where everything is younger, nothing is old enough to go.
    pub(super) async fn check_clock(&self, front: Position, limit: Age) -> Result<Option<ClockAhead>, ServiceError> {
        let now = self.now;
        let settled = now.checked_sub(SETTLED).unwrap_or(Timestamp::MIN);
        let (mut low, mut high) = (front.0, self.reader.head().await?.0);
        let mut newest = None;
        // Times in the journal do not fall, but where a clock was wrong; any entry between two of its steps does then.
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            match self.came_at(Position(middle)).await? {
                Some(at) if at <= settled => (low, newest) = (middle, Some(at)),
                Some(_) | None => high = middle - 1,
            }
        }
        let ahead = |newest: &Timestamp| *newest <= limit.before(now);
        Ok(newest.filter(ahead).map(|newest| ClockAhead { now, newest, limit }))
    }
}

//! What one caller may ask of the gateway, and all of them together: bodies under way, pushes a minute, rows a day. So one
//! agency's flood is told to wait, and the others are not.
//!
//! Kept in memory: a gateway that starts anew has forgotten what was used of the day, and several gateways on one store
//! count each for itself.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::domain::date::Timestamp;
use crate::service::error::ServiceError;

const MINUTE_S: i64 = 60;
const DAY_S: i64 = 24 * 60 * MINUTE_S;

/// Days begin at midnight in Jakarta.
const JAKARTA_S: i64 = 7 * 60 * MINUTE_S;

/// How much may be under way or be used. In every one 0 means without limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetConfig {
    /// Bytes of pushed bodies that are read and not yet durable, of all callers. What they become in memory is several
    /// times as much.
    pub bytes: u64,
    /// The same of one caller.
    pub bytes_of_caller: u64,
    /// Batches of one caller that are read and not yet durable.
    pub batches_of_caller: u64,
    /// Batches and single rows that one caller may begin to push in a minute.
    pub pushes_a_minute: u64,
    /// Rows that one caller may push in a day (Jakarta).
    pub rows_a_day: u64,
}

impl Default for BudgetConfig {
    fn default() -> Self {
        Self {
            bytes: 96 << 20,
            bytes_of_caller: 48 << 20,
            batches_of_caller: 8,
            pushes_a_minute: 30_000,
            rows_a_day: 50_000_000,
        }
    }
}

/// What is under way and what was used.
#[derive(Debug, Default)]
pub(super) struct Budget(Mutex<Used>);

#[derive(Debug, Default)]
struct Used {
    bytes: u64,
    callers: FxHashMap<String, Share>,
}

#[derive(Debug, Default)]
struct Share {
    bytes: u64,
    batches: u64,
    minute: Window,
    day: Window,
}

/// What was used since a moment.
#[derive(Debug, Default)]
struct Window {
    number: i64,
    used: u64,
}

impl Window {
    /// How much was used in the window of this number, to be added to.
    fn at(&mut self, number: i64) -> &mut u64 {
        if self.number != number {
            *self = Self { number, used: 0 };
        }
        &mut self.used
    }
}

/// A push that is under way; what it takes is free again when this is dropped.
#[derive(Debug)]
pub struct Admitted {
    budget: Arc<Budget>,
    limits: BudgetConfig,
    caller: String,
    bytes: u64,
    batches: u64,
}

const fn over(used: u64, limit: u64) -> bool {
    limit != 0 && used > limit
}

impl Budget {
    /// Lets a caller begin a batch, or a single row.
    pub(super) fn admit(
        self: &Arc<Self>,
        limits: &BudgetConfig,
        caller: &str,
        batch: bool,
        now: Timestamp,
    ) -> Result<Admitted, ServiceError> {
        let (now, batches) = (now.as_second(), u64::from(batch));
        let mut used = self.used();
        let share = used.callers.entry(caller.to_owned()).or_default();
        if over(share.batches + batches, limits.batches_of_caller) {
            return Err(ServiceError::CallerBusy);
        }
        let pushes = share.minute.at(now.div_euclid(MINUTE_S));
        if over(*pushes + 1, limits.pushes_a_minute) {
            return Err(ServiceError::Quota { of: "pushes a minute", seconds: left_of(now, MINUTE_S) });
        }
        let rows = *share.day.at((now + JAKARTA_S).div_euclid(DAY_S));
        if limits.rows_a_day != 0 && rows >= limits.rows_a_day {
            return Err(ServiceError::Quota { of: "rows a day", seconds: left_of(now + JAKARTA_S, DAY_S) });
        }
        *share.minute.at(now.div_euclid(MINUTE_S)) += 1;
        share.batches += batches;
        drop(used);
        let (budget, caller) = (Arc::clone(self), caller.to_owned());
        Ok(Admitted { budget, limits: limits.clone(), caller, bytes: 0, batches })
    }

    /// Counts rows of a caller that are durable.
    pub(super) fn count_rows(&self, caller: &str, rows: u64, now: Timestamp) {
        if let Some(share) = self.used().callers.get_mut(caller) {
            *share.day.at((now.as_second() + JAKARTA_S).div_euclid(DAY_S)) += rows;
        }
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Seconds until the next window of so many begins.
fn left_of(now: i64, window: i64) -> u64 {
    (window - now.rem_euclid(window)).unsigned_abs()
}

impl Admitted {
    /// Takes so many bytes more into memory. A body that is alone always may, however small the budget.
    pub fn grow(&mut self, bytes: u64) -> Result<(), ServiceError> {
        let mut used = self.budget.used();
        let all = used.bytes;
        let share = used.callers.entry(self.caller.clone()).or_default();
        if share.bytes > self.bytes && over(share.bytes + bytes, self.limits.bytes_of_caller) {
            return Err(ServiceError::CallerBusy);
        }
        if all > self.bytes && over(all + bytes, self.limits.bytes) {
            return Err(ServiceError::Busy);
        }
        share.bytes += bytes;
        used.bytes += bytes;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut used = self.budget.used();
        used.bytes -= self.bytes;
        if let Some(share) = used.callers.get_mut(&self.caller) {
            share.bytes -= self.bytes;
            share.batches -= self.batches;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: BudgetConfig =
        BudgetConfig { bytes: 100, bytes_of_caller: 60, batches_of_caller: 2, pushes_a_minute: 5, rows_a_day: 10 };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a moment")
    }

    #[test]
    fn a_caller_is_bounded_and_so_are_all() {
        let budget = Arc::new(Budget::default());
        let admit = |caller: &str| budget.admit(&LIMITS, caller, true, at(0));
        let mut large = admit("a").expect("the first");
        large.grow(70).expect("alone it may be larger than its share");
        let mut second = admit("a").expect("the second");
        assert!(matches!(second.grow(1), Err(ServiceError::CallerBusy)));
        assert!(matches!(admit("a"), Err(ServiceError::CallerBusy)));
        let mut other = admit("b").expect("another caller");
        other.grow(30).expect("there is room");
        assert!(matches!(other.grow(1), Err(ServiceError::Busy)));
        drop(large);
        other.grow(30).expect("there is room again");
        second.grow(40).expect("there is room again");
        drop((second, other));
        assert_eq!(budget.used().bytes, 0);
        assert!(budget.used().callers.values().all(|share| share.bytes == 0 && share.batches == 0));
    }

    #[test]
    fn what_is_used_is_free_in_the_next_minute_and_on_the_next_day_in_jakarta() {
        let budget = Arc::new(Budget::default());
        for _ in 0..5 {
            budget.admit(&LIMITS, "a", false, at(59)).expect("a push");
        }
        let full = budget.admit(&LIMITS, "a", false, at(59));
        assert!(matches!(full, Err(ServiceError::Quota { of: "pushes a minute", seconds: 1 })));
        budget.admit(&LIMITS, "b", false, at(59)).expect("another caller");
        budget.admit(&LIMITS, "a", false, at(60)).expect("the next minute");
        budget.count_rows("a", 10, at(60));
        let full = budget.admit(&LIMITS, "a", false, at(120));
        assert!(matches!(full, Err(ServiceError::Quota { of: "rows a day", seconds: 61_080 })));
        budget.admit(&LIMITS, "a", false, at(17 * 3600)).expect("midnight in Jakarta");
    }

    #[test]
    fn zero_is_without_limit() {
        let none =
            BudgetConfig { bytes: 0, bytes_of_caller: 0, batches_of_caller: 0, pushes_a_minute: 0, rows_a_day: 0 };
        let budget = Arc::new(Budget::default());
        let mut all: Vec<Admitted> =
            (0..50).map(|_| budget.admit(&none, "a", true, at(0)).expect("no limit")).collect();
        for one in &mut all {
            one.grow(1 << 40).expect("no limit");
        }
    }
}

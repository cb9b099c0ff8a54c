//! The retention rule: what is old and no longer needed goes, so that a store does not grow for ever.
//!
//! The journal is walked from its front. An entry goes when it is older than the rule says and what follows from it is
//! written; with it go its idempotency key, the receipt of its batch, and the rows that were replaced before that age.
//! So the cost follows what ages, not the size of the store, and each commit names in the journal what it took away:
//! backups and gateways that follow learn of it. Between two commits the store is right, and the next run goes on.
//!
//! What never goes: the present row of each record and every row that was present within the period, records, batches
//! with their counts, decisions, declarations, everything derived, and the last entry of the journal.

mod age;
mod clock;
mod commit;
mod counts;
mod gateway;
mod offline;
mod plan;
#[cfg(test)]
mod tests;
mod versions;

use serde::{Deserialize, Serialize};

pub use self::age::{Age, AgeError};
pub use self::clock::ClockAhead;
pub use self::counts::{Counts, Taken};
pub use self::gateway::Rounds;
pub use self::offline::{Mode, RetentionError, Rule, compact};

/// The rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How old rows that were replaced, receipts, idempotency keys and the journal have to be before they go; without
    /// it they stay.
    pub older_than: Option<Age>,
    /// How far the clock may be ahead of what was stored last; beyond that it is taken for wrong, and nothing goes.
    pub clock_limit: Age,
}

impl Default for Config {
    fn default() -> Self {
        Self { older_than: None, clock_limit: Age::of_days(7) }
    }
}

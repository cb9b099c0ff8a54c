//! Time and identity are passed in, so that everything else can be tested without them.

use crate::domain::date::{Date, Timestamp};

/// What time it is, and what the next batch is called.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// A new unique id, growing with time (UUID v7).
    fn new_id(&self) -> String;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn new_id(&self) -> String {
        uuid::Uuid::now_v7().to_string()
    }
}

/// The newest calendar day anywhere in Indonesia: that of Papua (UTC+9). A row of a later day is dated ahead. An office
/// there that sends its list after midnight is two hours before Jakarta, and right.
pub fn newest_day_in_indonesia(now: Timestamp) -> Date {
    jiff::tz::Offset::constant(9).to_datetime(now).date()
}

/// The calendar day in Jakarta (UTC+7, no daylight saving), where the agencies sit.
pub fn day_in_jakarta(now: Timestamp) -> Date {
    jiff::tz::Offset::constant(7).to_datetime(now).date()
}

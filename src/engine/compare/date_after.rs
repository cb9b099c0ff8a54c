//! Whether one row shows activity after an event of the other, such as a service after a death.
//!
//! Columns: the event, the activity. Missing when neither direction can be tested.

use super::{Compare, Outcome, Pair, Scratch, Settings, Spec};
use crate::engine::field::{Field, Kind};

pub(super) const SPEC: Spec = Spec {
    name: "date_after",
    relations: &["AFTER", "NOT_AFTER"],
    kinds: &[Kind::Date],
    columns: (2, 2),
    measured: true,
    single: false,
    options: &["grace_days"],
    build,
};

fn build(settings: &Settings) -> Box<dyn Compare> {
    let (event, activity) = (settings.fields[0], settings.fields[1]);
    Box::new(DateAfter { event, activity, grace: i64::from(settings.grace_days) })
}

struct DateAfter {
    event: Field,
    activity: Field,
    grace: i64,
}

impl Compare for DateAfter {
    /// The measure is the number of days by which the activity is later than the event.
    fn compare(&self, pair: Pair<'_>, _: &mut Scratch) -> Outcome {
        let later = |event_slot, activity_slot| {
            let event = pair.cells.day(event_slot, self.event)?;
            let activity = pair.cells.day(activity_slot, self.activity)?;
            Some(activity.ordinal() - event.ordinal())
        };
        match later(pair.a, pair.b).max(later(pair.b, pair.a)) {
            None => Outcome::missing(2),
            Some(days) => Outcome::of(u8::from(days <= self.grace), days as f64),
        }
    }
}

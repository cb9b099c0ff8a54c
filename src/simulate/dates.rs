//! Small steps in the calendar.

use jiff::ToSpan;

use super::dice::Dice;
use crate::domain::date::Date;

/// The day so many days later; earlier when negative. Days outside the calendar do not occur here.
pub(crate) fn days_after(date: Date, days: i32) -> Date {
    date.saturating_add(days.days())
}

/// The day so many days earlier.
pub(crate) fn days_before(date: Date, days: i32) -> Date {
    days_after(date, -days)
}

/// A day between so many and so many days before `date`.
pub(crate) fn some_day_before(date: Date, least: i32, most: i32, dice: &mut Dice) -> Date {
    days_before(date, dice.between(least, most))
}

//! Days and times as workbooks keep them: days since an epoch, times as parts of a day.

use calamine::ExcelDateTime;
use jiff::Span;

use crate::domain::date::{Date, parse_date};
use crate::feed::cell::Cell;

/// The day behind the last one that Excel knows, as it counts: 9999-12-31 is one less.
const BEHIND_LAST_DAY: f64 = 2_958_466.0;
const DAY_SECONDS: u64 = 86_400;
/// Excel counts a 29th of February 1900, as Lotus did: on this day.
const NO_DAY: u64 = 60;

/// From where a workbook counts its days: old ones of the Mac begin with 1904.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Epoch {
    Of1900,
    Of1904,
}

/// A number that the workbook shows as a day or a time, to the second. Whole days are dates; whatever has a time is text,
/// because no field has one; what is no day at all stays the number that it is.
pub(super) fn day_or_time(value: &ExcelDateTime, epoch: Epoch) -> Cell {
    let serial = value.as_f64();
    if !(0.0..BEHIND_LAST_DAY).contains(&serial) {
        return Cell::Number(serial);
    }
    let seconds = (serial * DAY_SECONDS as f64).round() as u64;
    let (days, time) = (seconds / DAY_SECONDS, seconds % DAY_SECONDS);
    if value.is_duration() {
        return Cell::Text(clock(seconds));
    }
    if days == 0 {
        return Cell::Text(format!("{:0>8}", clock(time)));
    }
    if days == NO_DAY && epoch == Epoch::Of1900 {
        return Cell::Text("1900-02-29".to_owned());
    }
    match day(days, epoch) {
        None => Cell::Number(serial),
        Some(day) if time == 0 => Cell::Date(day),
        Some(day) => Cell::Text(format!("{day} {:0>8}", clock(time))),
    }
}

/// The day of a number, unless it lies behind all days.
fn day(days: u64, epoch: Epoch) -> Option<Date> {
    let first = match epoch {
        Epoch::Of1904 => Date::constant(1904, 1, 1),
        Epoch::Of1900 if days < NO_DAY => Date::constant(1899, 12, 31),
        Epoch::Of1900 => Date::constant(1899, 12, 30),
    };
    first.checked_add(Span::new().days(days.cast_signed())).ok()
}

/// `26:30:00`.
fn clock(seconds: u64) -> String {
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A day that is written out: `2025-11-20`, or with a time of midnight behind it.
pub(super) fn written_day(text: String) -> Cell {
    let (day, time) = text.split_once(['T', ' ']).unwrap_or((&text, ""));
    let is_midnight = time.trim_end_matches('Z').bytes().all(|byte| matches!(byte, b'0' | b':' | b'.'));
    match parse_date(day) {
        Ok(date) if is_midnight => Cell::Date(date),
        Ok(_) | Err(_) => Cell::Text(text),
    }
}

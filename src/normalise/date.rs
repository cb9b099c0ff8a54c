//! Dates as files have them.
//!
//! A date is read where it can mean one day only: the year has four digits and stands first, or last behind day and month
//! in the order of the country. Everything else takes a `format` of the column, or is unreadable; nothing is guessed.

use crate::domain::date::month_number;
use crate::domain::sign::compatible;

/// How the dates of a column are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DateFormat {
    /// The year first, or day and month before it.
    #[default]
    Usual,
    /// The same, and eight digits are `ddmmyyyy`.
    DayFirst,
    /// Month, day, year.
    MonthFirst,
    /// Year, month, day, and nothing else.
    YearFirst,
    /// Days in Excel's 1900 system, besides what is written with the year first.
    Excel,
    /// Seconds since 1970.
    Epoch,
    /// Thousandths of a second since 1970.
    EpochMillis,
}

/// A day as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Four digits.
    pub year: u32,
    /// Two digits.
    pub month: u32,
    /// Two digits.
    pub day: u32,
}

/// Years before are slips of a reader, years after are fillers like 9999.
const YEARS: std::ops::RangeInclusive<u32> = 1600..=2199;

impl Written {
    /// A day of the calendar in a year that a person can have to do with.
    fn real(year: u32, month: u32, day: u32) -> Option<Self> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 0,
        };
        (YEARS.contains(&year) && (1..=days).contains(&day)).then_some(Self { year, month, day })
    }
}

/// Reads a date. A time of day falls off: the day is that of the text, in its own zone. Only a time in UTC that is not
/// midnight is no date, because it is another day where it was written.
pub fn read_date(raw: &str, format: DateFormat) -> Option<Written> {
    if let Some([year, month, day]) = iso(raw.as_bytes()) {
        let counted = matches!(format, DateFormat::Epoch | DateFormat::EpochMillis);
        return Written::real(year, month, day).filter(|_| !counted);
    }
    let held;
    let text = if raw.is_ascii() && !raw.contains(['\'', '`']) {
        raw.trim()
    } else {
        held = compatible(raw);
        held.trim()
    };
    match format {
        DateFormat::Excel => serial(text).map_or_else(|| date_and_time(text, DateFormat::YearFirst), of_serial),
        DateFormat::Epoch => of_seconds(whole(text)?),
        DateFormat::EpochMillis => whole(text).filter(|n| n % 1000 == 0).and_then(|n| of_seconds(n / 1000)),
        DateFormat::Usual | DateFormat::DayFirst | DateFormat::MonthFirst | DateFormat::YearFirst => {
            date_and_time(text, format)
        }
    }
}

/// `YYYYMMDD` or `YYYY-MM-DD`, in the calendar or not: where a wrong digit is how a date meets the right one.
pub fn as_written(raw: &str) -> Option<Written> {
    let text = raw.trim().as_bytes();
    let digits =
        |part: &[u8]| part.iter().try_fold(0, |n: u32, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')));
    let (year, month, day) = match text.len() {
        8 => (&text[..4], &text[4..6], &text[6..]),
        10 if text[4] == b'-' && text[7] == b'-' => (&text[..4], &text[5..7], &text[8..]),
        _ => return None,
    };
    Some(Written { year: digits(year)?, month: digits(month)?, day: digits(day)? })
}

/// The parts of `YYYY-MM-DD`, which nearly all dates are.
fn iso(text: &[u8]) -> Option<[u32; 3]> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return None };
    let digits = [y1, y2, y3, y4, m1, m2, d1, d2];
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |digits: &[u8]| digits.iter().fold(0, |n, b| n * 10 + u32::from(b - b'0'));
    Some([number(&digits[..4]), number(&digits[4..6]), number(&digits[6..])])
}

fn date_and_time(text: &str, format: DateFormat) -> Option<Written> {
    let (date, time) = split_time(text);
    if let Some(time) = time {
        let time = Time::read(time)?;
        if time.utc && !time.midnight {
            return None;
        }
    }
    let digits = date.strip_suffix(".0").unwrap_or(date);
    if digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit()) {
        let number: u32 = digits.parse().ok()?;
        let (first, last) = (number / 1_000_000, number % 10_000);
        return match format {
            DateFormat::DayFirst => Written::real(last, number / 10_000 % 100, first),
            DateFormat::MonthFirst => Written::real(last, first, number / 10_000 % 100),
            DateFormat::Usual
            | DateFormat::YearFirst
            | DateFormat::Excel
            | DateFormat::Epoch
            | DateFormat::EpochMillis => Written::real(number / 10_000, number / 100 % 100, number % 100),
        };
    }
    three_parts(date, format)
}

/// Cuts a time of day off: behind a `T`, or behind a blank and with a colon in it.
fn split_time(text: &str) -> (&str, Option<&str>) {
    let Some(colon) = text.find(':') else { return (text, None) };
    // A blank may be of several bytes.
    let start = text[..colon].char_indices().rfind(|(_, c)| *c == 'T' || *c == 't' || c.is_whitespace());
    match start {
        Some((at, sign)) => (text[..at].trim_end_matches([' ', ',']), Some(&text[at + sign.len_utf8()..])),
        None => (text, None),
    }
}

/// A time of day.
struct Time {
    midnight: bool,
    utc: bool,
}

impl Time {
    fn read(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.' | ',')));
        let (clock, rest) = text.split_at(end.unwrap_or(text.len()));
        let mut parts = clock.split(':');
        let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
        let (second, fraction) = second.split_once(['.', ',']).unwrap_or((second, "0"));
        let number = |text: &str, most: usize| {
            let fits = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            fits.then(|| text.bytes().fold(0, |n: u64, b| n * 10 + u64::from(b - b'0')))
        };
        let (mut hour, minute, second) = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
        let fraction = number(fraction, 12)?;
        let mut zone = rest.trim();
        let half = zone.get(..2).map(str::to_ascii_uppercase);
        if let Some(half @ ("AM" | "PM")) = half.as_deref() {
            hour = hour % 12 + if half == "PM" { 12 } else { 0 };
            zone = zone[2..].trim_start();
        }
        let utc = Self::zone_is_utc(zone)?;
        let fits = hour < 24 && minute < 60 && second < 60 && parts.next().is_none();
        fits.then_some(Self { midnight: hour + minute + second + fraction == 0, utc })
    }

    /// Whether a zone is UTC; `None` for what is no zone.
    fn zone_is_utc(zone: &str) -> Option<bool> {
        if matches!(zone, "Z" | "z" | "UTC" | "GMT") {
            return Some(true);
        }
        if matches!(zone, "" | "WIB" | "WITA" | "WIT") {
            return Some(false);
        }
        let digits: String = zone.strip_prefix(['+', '-'])?.chars().filter(|c| *c != ':').collect();
        let fits = matches!(digits.len(), 2 | 4) && digits.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| digits.bytes().all(|b| b == b'0'))
    }
}

/// Day, month and year in the order of the format, between equal separators. With the month as a word: `12 April 1990`,
/// `12-Apr-1990`, `April 12, 1990`, `1990 April 12`.
fn three_parts(text: &str, format: DateFormat) -> Option<Written> {
    let is_separator = |c: char| matches!(c, '-' | '/' | '.' | ',' | '\u{2010}'..='\u{2015}') || c.is_whitespace();
    let mut parts = [""; 3];
    let mut separators = ["", ""];
    let mut rest = text;
    for (at, part) in parts.iter_mut().enumerate() {
        let end = rest.find(is_separator).unwrap_or(rest.len());
        (*part, rest) = rest.split_at(end);
        if at < 2 {
            let end = rest.find(|c| !is_separator(c)).unwrap_or(rest.len());
            separators[at] = rest[..end].trim();
            rest = &rest[end..];
        }
    }
    if !rest.is_empty() {
        return None;
    }
    let number = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        let fits = lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if fits { part.parse::<u32>().ok() } else { None }
    };
    if let Some(at) = parts.iter().position(|part| part.starts_with(char::is_alphabetic)) {
        let others: Vec<&str> = parts.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, part)| *part).collect();
        let (day, year) = if others[0].len() == 4 { (others[1], others[0]) } else { (others[0], others[1]) };
        let month = month_number(parts[at]).filter(|_| at < 2)?;
        return Written::real(number(year, 4..=4)?, month, number(day, 1..=2)?);
    }
    let one_sign = separators[0] == separators[1] && separators[0].chars().count() <= 1;
    if !one_sign || separators[0] == "," {
        return None;
    }
    if let Some(year) = number(parts[0], 4..=4) {
        return Written::real(year, number(parts[1], 1..=2)?, number(parts[2], 1..=2)?);
    }
    let (first, second, year) = (number(parts[0], 1..=2)?, number(parts[1], 1..=2)?, number(parts[2], 4..=4)?);
    match format {
        DateFormat::Usual | DateFormat::DayFirst => Written::real(year, second, first),
        DateFormat::MonthFirst => Written::real(year, first, second),
        DateFormat::YearFirst | DateFormat::Excel | DateFormat::Epoch | DateFormat::EpochMillis => None,
    }
}

/// A whole number, also where a float column wrote it.
fn whole(text: &str) -> Option<i64> {
    let text = text.split_once('.').map_or(Some(text), |(whole, zeros)| {
        (!zeros.is_empty() && zeros.bytes().all(|b| b == b'0')).then_some(whole)
    })?;
    text.parse().ok()
}

/// Days of a spreadsheet; a part of a day is a time, which falls off.
fn serial(text: &str) -> Option<u32> {
    let (days, part) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if digits(days) && digits(part) && days.len() <= 6 { days.parse().ok() } else { None }
}

/// Excel counts from 1 January 1900 as day 1 and has a 29 February 1900, day 60, which there was not.
fn of_serial(days: u32) -> Option<Written> {
    match days {
        0 | 60 => None,
        1..=59 => of_days(i64::from(days) - 25_568),
        _ => of_days(i64::from(days) - 25_569),
    }
}

/// Midnight only: a time in UTC is another day elsewhere.
fn of_seconds(seconds: i64) -> Option<Written> {
    (seconds.rem_euclid(86_400) == 0).then(|| of_days(seconds.div_euclid(86_400)))?
}

/// Days since 1970 in the Gregorian calendar.
fn of_days(days: i64) -> Option<Written> {
    let since_march = days.checked_add(719_468)?;
    let (era, day_of_era) = (since_march.div_euclid(146_097), since_march.rem_euclid(146_097));
    let year = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    Written::real(u32::try_from(year).ok()?, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

#[cfg(test)]
#[path = "date_tests.rs"]
mod tests;

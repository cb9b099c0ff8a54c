//! Dates as tables have them, with the order of their column.

use super::form::DateOrder;
use crate::domain::date::{Date, DateError, month_number};
use crate::domain::sign::compatible;

/// Days of Excel that are read as such from a cell that is not formatted as a date: 1927-05-18 to 2099-12-31. Smaller
/// numbers may be a year or a mistake.
const SERIALS: std::ops::RangeInclusive<u32> = 10_000..=73_050;

/// Reads a date. The year with four digits may stand first in any order; of two digits it is the latest year that `latest`
/// does not lie before. A time of day behind it and a weekday before it fall off.
pub(super) fn read_date(raw: &str, order: DateOrder, latest: Date) -> Result<Date, DateError> {
    let text = compatible(raw).to_uppercase();
    let text = without_weekday(without_time(text.trim()));
    let parts: Vec<&str> = parts_of(text);
    match parts[..] {
        [digits] => eight_digits(digits, order),
        [a, b, c] => three_parts([a, b, c], order, latest),
        _ => Err(DateError::Shape),
    }
}

/// The day of a number in a date column: `20251120`, or a serial of Excel.
pub(super) fn of_number(number: f64, order: DateOrder) -> Result<Date, DateError> {
    if !(0.0..1e8).contains(&number) {
        return Err(DateError::Shape);
    }
    let whole = number.trunc() as u32;
    if SERIALS.contains(&whole) {
        let days = jiff_days(whole);
        return Date::constant(1899, 12, 30).checked_add(days).map_err(|_| DateError::NoSuchDay);
    }
    // A day before the 10th of the month loses its zero.
    if number.fract() == 0.0 { eight_digits(&format!("{whole:08}"), order) } else { Err(DateError::Shape) }
}

fn jiff_days(days: u32) -> std::time::Duration {
    std::time::Duration::from_secs(u64::from(days) * 86_400)
}

/// `2025-11-20T08:30:00`, `20/11/2025 08.30 WIB`: what stands behind the date, if there is a colon or a `T` between digits.
fn without_time(text: &str) -> &str {
    let colon = text.find(':').unwrap_or(text.len());
    let cut = text[..colon].rfind(|c: char| c.is_whitespace()).filter(|_| colon < text.len());
    let cut = cut.or_else(|| {
        let digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
        text.match_indices('T').map(|(at, _)| at).find(|at| *at > 0 && digit(at - 1) && digit(at + 1))
    });
    cut.map_or(text, |at| text[..at].trim_end_matches([' ', ',']))
}

/// `SENIN, 12 MARET 1984` without its day of the week.
fn without_weekday(text: &str) -> &str {
    const DAYS: [&str; 15] = [
        "SENIN",
        "SELASA",
        "RABU",
        "KAMIS",
        "JUMAT",
        "SABTU",
        "MINGGU",
        "AHAD",
        "MONDAY",
        "TUESDAY",
        "WEDNESDAY",
        "THURSDAY",
        "FRIDAY",
        "SATURDAY",
        "SUNDAY",
    ];
    let rest = DAYS.iter().find_map(|day| text.strip_prefix(day));
    rest.filter(|rest| rest.starts_with([',', ' '])).unwrap_or(text).trim_start_matches([',', ' '])
}

/// Groups of digits and words; signs, blanks and a change between digits and letters divide them.
fn parts_of(text: &str) -> Vec<&str> {
    let divides = |c: char| matches!(c, '-' | '/' | '.' | ',' | '\u{2010}'..='\u{2015}') || c.is_whitespace();
    text.split(divides).filter(|part| !part.is_empty()).flat_map(split_kinds).collect()
}

/// `12MARET1984` is three parts.
fn split_kinds(part: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = part;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c: char| c.is_ascii_digit() != first.is_ascii_digit()).unwrap_or(rest.len());
        let (part, behind) = rest.split_at(end);
        parts.push(part);
        rest = behind;
    }
    parts
}

fn eight_digits(text: &str, order: DateOrder) -> Result<Date, DateError> {
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DateError::Shape);
    }
    let (two, four) = (&text[2..4], &text[4..]);
    match order {
        DateOrder::Ymd => day(number(&text[..4])?, number(&text[4..6])?, number(&text[6..])?),
        DateOrder::Dmy => day(number(four)?, number(two)?, number(&text[..2])?),
        DateOrder::Mdy => day(number(four)?, number(&text[..2])?, number(two)?),
    }
}

fn three_parts(parts: [&str; 3], order: DateOrder, latest: Date) -> Result<Date, DateError> {
    if let Some(at) = parts.iter().position(|part| part.starts_with(char::is_alphabetic)) {
        let month = month_number(parts[at]).filter(|_| at < 2).ok_or(DateError::Shape)?;
        let (first, last) = if at == 0 { (parts[1], parts[2]) } else { (parts[0], parts[2]) };
        let year_first = first.len() == 4 || (order == DateOrder::Ymd && last.len() != 4);
        return if year_first { of_year(first, month, last, latest) } else { of_year(last, month, first, latest) };
    }
    let [a, b, c] = parts;
    if a.len() == 4 {
        return of_year(a, number(b)?, c, latest);
    }
    match order {
        DateOrder::Dmy => of_year(c, number(b)?, a, latest),
        DateOrder::Mdy => of_year(c, number(a)?, b, latest),
        DateOrder::Ymd if c.len() == 4 => Err(DateError::Shape),
        DateOrder::Ymd => of_year(a, number(b)?, c, latest),
    }
}

/// A year of four digits, or of two: then the latest one whose day is not behind `latest`.
fn of_year(year: &str, month: u32, day_text: &str, latest: Date) -> Result<Date, DateError> {
    if month == 0 || day_text.len() > 2 {
        return Err(DateError::Shape);
    }
    let written = number(year)?;
    match year.len() {
        4 => day(written, month, number(day_text)?),
        2 => {
            let of = |century: u32| day(century + written, month, number(day_text)?);
            of(2000)
                .and_then(|found| if found > latest { Err(DateError::NoSuchDay) } else { Ok(found) })
                .or_else(|_| of(1900))
        }
        _ => Err(DateError::Shape),
    }
}

fn number(text: &str) -> Result<u32, DateError> {
    let fits = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if fits { text.parse().map_err(|_| DateError::Shape) } else { Err(DateError::Shape) }
}

fn day(year: u32, month: u32, day: u32) -> Result<Date, DateError> {
    let small = |n: u32| i8::try_from(n).map_err(|_| DateError::NoSuchDay);
    let year = i16::try_from(year).map_err(|_| DateError::NoSuchDay)?;
    Date::new(year, small(month)?, small(day)?).map_err(|_| DateError::NoSuchDay)
}

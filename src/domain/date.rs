//! Calendar dates and the periods programmes are paid for.

use std::fmt;
use std::str::FromStr;

pub use jiff::Timestamp;
pub use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a date or a period could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Not `YYYY-MM-DD`.
    #[error("a date is written YYYY-MM-DD")]
    Shape,
    /// Right shape, but there is no such day.
    #[error("there is no such day in the calendar")]
    NoSuchDay,
    /// Not `YYYY-MM` and not `YYYY-Tn`.
    #[error("a period is written YYYY-MM or YYYY-Tn")]
    Period,
}

/// Reads `YYYY-MM-DD`, telling a wrong shape from a day that does not exist.
pub fn parse_date(text: &str) -> Result<Date, DateError> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10
        && bytes.iter().enumerate().all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() });
    if !shaped {
        return Err(DateError::Shape);
    }
    let number = |range: std::ops::Range<usize>| text[range].parse::<i16>().map_err(|_| DateError::Shape);
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    Date::new(year, month as i8, day as i8).map_err(|_| DateError::NoSuchDay)
}

/// The number of a month by its name in Indonesian or English, whole or cut off after three letters or more, in any case.
pub fn month_number(word: &str) -> Option<u32> {
    const MONTHS: [&[&str]; 12] = [
        &["JANUARI", "JANUARY"],
        &["FEBRUARI", "FEBRUARY", "PEBRUARI"],
        &["MARET", "MARCH", "MRT"],
        &["APRIL"],
        &["MEI", "MAY"],
        &["JUNI", "JUNE"],
        &["JULI", "JULY"],
        &["AGUSTUS", "AUGUST", "AGS", "AGT"],
        &["SEPTEMBER"],
        &["OKTOBER", "OCTOBER"],
        &["NOVEMBER", "NOPEMBER"],
        &["DESEMBER", "DECEMBER"],
    ];
    let word = word.to_uppercase();
    let is = |names: &&[&str]| names.iter().any(|name| word.len() >= 3 && name.starts_with(&word));
    MONTHS.iter().position(is).map(|at| at as u32 + 1)
}

/// Whole years from `birth` to `on`; negative when `birth` lies after `on`.
pub fn age_on(birth: Date, on: Date) -> i32 {
    let years = i32::from(on.year()) - i32::from(birth.year());
    if (on.month(), on.day()) < (birth.month(), birth.day()) { years - 1 } else { years }
}

/// Days from `from` to `to`; negative when `to` is earlier.
pub fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map(|span| span.get_days()).unwrap_or_default()
}

/// The time a payment or an enrolment is for: a quarter (*tahap*) or a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// `2025-T4`.
    Quarter {
        /// Calendar year.
        year: i16,
        /// 1 to 4.
        quarter: u8,
    },
    /// `2025-11`.
    Month {
        /// Calendar year.
        year: i16,
        /// 1 to 12.
        month: u8,
    },
}

impl Period {
    /// First day of the period.
    pub fn start(self) -> Date {
        let (year, month) = match self {
            Self::Quarter { year, quarter } => (year, quarter * 3 - 2),
            Self::Month { year, month } => (year, month),
        };
        Date::constant(year, month.cast_signed(), 1)
    }

    /// Last day of the period.
    pub fn end(self) -> Date {
        match self {
            Self::Quarter { year, quarter } => Self::Month { year, month: quarter * 3 }.end(),
            Self::Month { .. } => self.start().last_of_month(),
        }
    }

    /// The quarter a date falls in.
    pub fn quarter_of(date: Date) -> Self {
        Self::Quarter { year: date.year(), quarter: (date.month() as u8 - 1) / 3 + 1 }
    }

    /// The month a date falls in.
    pub fn month_of(date: Date) -> Self {
        Self::Month { year: date.year(), month: date.month() as u8 }
    }

    /// The months it consists of.
    pub fn months(self) -> Vec<Self> {
        match self {
            Self::Quarter { year, quarter } => {
                (quarter * 3 - 2..=quarter * 3).map(|month| Self::Month { year, month }).collect()
            }
            Self::Month { .. } => vec![self],
        }
    }

    /// Whether the whole of another period lies in this one.
    pub fn covers(self, other: Self) -> bool {
        self == other || self.contains(other.start()) && self.contains(other.end())
    }

    /// Whether the date lies inside the period.
    pub fn contains(self, date: Date) -> bool {
        match self {
            Self::Quarter { .. } => Self::quarter_of(date) == self,
            Self::Month { .. } => Self::month_of(date) == self,
        }
    }
}

impl FromStr for Period {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let (year, rest) = text.split_once('-').ok_or(DateError::Period)?;
        if year.len() != 4 || !year.bytes().all(|b| b.is_ascii_digit()) {
            return Err(DateError::Period);
        }
        let year = year.parse().map_err(|_| DateError::Period)?;
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        match rest.strip_prefix('T') {
            Some(q) if q.len() == 1 && digits(q) => match q.parse() {
                Ok(quarter @ 1..=4) => Ok(Self::Quarter { year, quarter }),
                _ => Err(DateError::Period),
            },
            None if rest.len() == 2 && digits(rest) => match rest.parse() {
                Ok(month @ 1..=12) => Ok(Self::Month { year, month }),
                _ => Err(DateError::Period),
            },
            _ => Err(DateError::Period),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quarter { year, quarter } => write!(f, "{year:04}-T{quarter}"),
            Self::Month { year, month } => write!(f, "{year:04}-{month:02}"),
        }
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_that_do_not_exist_are_told_from_wrong_shapes() {
        for (text, expected) in [
            ("2024-02-29", Ok(Date::constant(2024, 2, 29))),
            ("2023-02-29", Err(DateError::NoSuchDay)),
            ("2023-13-01", Err(DateError::NoSuchDay)),
            ("01/02/2023", Err(DateError::Shape)),
            ("2023-1-2", Err(DateError::Shape)),
            ("", Err(DateError::Shape)),
        ] {
            assert_eq!(parse_date(text), expected, "{text}");
        }
    }

    #[test]
    fn periods_round_trip() {
        for text in ["2025-T4", "2025-11", "1999-T1", "2025-01"] {
            assert_eq!(text.parse::<Period>().map(|p| p.to_string()), Ok(text.to_owned()));
        }
        let end = |text: &str| text.parse::<Period>().map(Period::end);
        assert_eq!(end("2025-T4"), Ok(Date::constant(2025, 12, 31)));
        assert_eq!(end("2024-02"), Ok(Date::constant(2024, 2, 29)));
        for text in ["2025", "2025-T5", "2025-13", "25-T1", "2025-1", "2025-Tx", "2025-T0", "2025-00"] {
            assert_eq!(text.parse::<Period>(), Err(DateError::Period), "{text}");
        }
    }

    #[test]
    fn ages_turn_on_the_birthday() {
        let birth = Date::constant(2007, 11, 20);
        assert_eq!(age_on(birth, Date::constant(2025, 11, 19)), 17);
        assert_eq!(age_on(birth, Date::constant(2025, 11, 20)), 18);
    }
}

//! How old something has to be before it may go.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::domain::date::Timestamp;

/// A hundred years; more is a typing error.
const MAX_DAYS: u32 = 36_500;

/// A whole number of days, written `365d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Age {
    days: u32,
}

/// Why a text is no age.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgeError {
    /// Not a number with a `d` behind it.
    #[error("'{text}' is not a number of days with a d behind it, as in '365d'")]
    Shape {
        /// What was given.
        text: String,
    },
    /// Zero would take what was stored a moment ago.
    #[error("'0d' would take away what was stored a moment ago; the shortest is '1d'")]
    Zero,
    /// Longer than anything is kept.
    #[error("'{text}' is too long; the longest is '{MAX_DAYS}d'")]
    TooLong {
        /// What was given.
        text: String,
    },
}

impl Age {
    /// So many days.
    pub(super) const fn of_days(days: u32) -> Self {
        Self { days }
    }

    /// The moment that lies so far before `now`; what is not later than that is old enough.
    pub fn before(self, now: Timestamp) -> Timestamp {
        now.checked_sub(SignedDuration::from_hours(24 * i64::from(self.days))).unwrap_or(Timestamp::MIN)
    }
}

impl FromStr for Age {
    type Err = AgeError;

    fn from_str(text: &str) -> Result<Self, AgeError> {
        let shape = || AgeError::Shape { text: text.to_owned() };
        let digits = text.strip_suffix('d').ok_or_else(shape)?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(shape());
        }
        match digits.parse() {
            Ok(0) => Err(AgeError::Zero),
            Ok(days) if days <= MAX_DAYS => Ok(Self { days }),
            Ok(_) | Err(_) => Err(AgeError::TooLong { text: text.to_owned() }),
        }
    }
}

impl TryFrom<String> for Age {
    type Error = AgeError;

    fn try_from(text: String) -> Result<Self, AgeError> {
        text.parse()
    }
}

impl From<Age> for String {
    fn from(age: Age) -> Self {
        age.to_string()
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}d", self.days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_days_and_nonsense_is_told() {
        let told = |text: &str| text.parse::<Age>().map(|age| age.to_string()).map_err(|error| error.to_string());
        for good in ["1d", "365d", "36500d"] {
            assert_eq!(told(good).as_deref(), Ok(good));
        }
        for (text, problem) in [
            ("", "'' is not a number of days"),
            ("d", "'d' is not a number of days"),
            ("365", "'365' is not a number of days with a d behind it, as in '365d'"),
            ("1y", "'1y' is not a number of days"),
            ("-3d", "'-3d' is not a number of days"),
            ("+3d", "'+3d' is not a number of days"),
            ("1.5d", "'1.5d' is not a number of days"),
            ("365 d", "'365 d' is not a number of days"),
            ("0d", "'0d' would take away what was stored a moment ago"),
            ("36501d", "'36501d' is too long; the longest is '36500d'"),
            ("99999999999999999999d", "is too long"),
        ] {
            let found = told(text).expect_err(text);
            assert!(found.contains(problem), "{text}: {found}");
        }
    }

    #[test]
    fn an_age_is_counted_back_in_whole_days() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().expect("a time");
        let before = |text: &str| text.parse::<Age>().expect("an age").before(now).to_string();
        assert_eq!(before("1d"), "2026-02-28T12:00:00Z");
        assert_eq!(before("365d"), "2025-03-01T12:00:00Z");
    }
}

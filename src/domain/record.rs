//! Accepted records: one per natural key, each with its current row.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::agency::AgencyId;
use super::date::Date;
use super::feed::Feed;
use super::flag::{Flag, FlagCode};
use super::row::{Detail, PersonCore};

/// Number of a record in one gateway, given when its natural key is first accepted and never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(pub u64);

/// Number of an accepted row: grows by one with each row, so that of two rows of one day the later wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sequence(pub u64);

/// What decides between two rows of one record: the greater one stands.
///
/// A day that had not come when the row was received (`TGL_DATA_FUTURE`) is no day at all. Such a row stands where no row
/// of its record has a day, and of several the one received last; any row with a day stands over it. So a slip of the
/// pen holds no record for years, and since the greatest of a set does not depend on its order, neither does what stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Standing {
    /// The day the row is of.
    pub day: Option<Date>,
    /// Its number.
    pub sequence: Sequence,
}

/// The day a row is of; `None` where that had not come when the row was received.
pub fn day_of(tgl_data: Date, flags: &[Flag]) -> Option<Date> {
    (!flags.iter().any(|flag| flag.code == FlagCode::AsOfFuture)).then_some(tgl_data)
}

/// The permanent natural key of a record: (agency, feed, `id_sumber`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordKey {
    /// Who sent it.
    pub agency: AgencyId,
    /// In which feed.
    pub feed: Feed,
    /// The sender's own row key, 1..64 characters.
    pub id_sumber: String,
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}|***", self.agency, self.feed)
    }
}

/// A record that takes part in matching and in the rules: its latest accepted row.
#[derive(Clone)]
pub struct Record {
    /// Its number here.
    pub id: RecordId,
    /// Its natural key.
    pub key: RecordKey,
    /// The accepted row this state comes from.
    pub sequence: Sequence,
    /// As-of date at the sender; the day of receipt where that had not come then.
    pub tgl_data: Date,
    /// The sender withdrew the row: it takes no part in anything any more, and its history stays.
    pub withdrawn: bool,
    /// The person core; empty for rows that are not about a person.
    pub core: PersonCore,
    /// The feed's own fields.
    pub detail: Detail,
    /// Doubts about values, found when the row was accepted.
    pub flags: Vec<Flag>,
    /// The regions that its sender answered for when the row was accepted; none: everywhere.
    pub regions: Vec<String>,
}

impl Record {
    /// The day its row is of; `None` where that had not come when the row was received. Compare rows by this, never by
    /// `tgl_data`: what says nothing of its day is not newer than what does.
    pub fn day(&self) -> Option<Date> {
        day_of(self.tgl_data, &self.flags)
    }

    /// How its row stands among the rows of the record.
    pub fn standing(&self) -> Standing {
        Standing { day: self.day(), sequence: self.sequence }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("id", &self.id).field("key", &self.key).finish_non_exhaustive()
    }
}

/// Number of a person: the number of the oldest record of the cluster, so that it survives every new record.
///
/// When two persons become one, the older number stays and the younger one redirects to it; that follows from the
/// number itself (`PersonId` of any record leads to the record, and the record to its present person).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(pub RecordId);

/// Not `P` and ten or more digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a person id is 'P' and at least ten digits")]
pub struct PersonIdError;

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P{:010}", self.0.0)
    }
}

impl FromStr for PersonId {
    type Err = PersonIdError;

    fn from_str(text: &str) -> Result<Self, PersonIdError> {
        let digits = text.strip_prefix('P').filter(|d| d.len() >= 10 && d.bytes().all(|b| b.is_ascii_digit()));
        let read = digits.and_then(|d| d.parse().ok()).map(|n| Self(RecordId(n)));
        // One spelling: what is written down of a number is found by it.
        read.filter(|id| id.to_string() == text).ok_or(PersonIdError)
    }
}

impl Serialize for PersonId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PersonId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

//! What an entry of the audit log says: who, when, by which right and for what, about whom. Never a value about a person:
//! people and cases by their numbers, lists by their digests.

use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::domain::agency::AgencyId;
use crate::domain::batch::BatchCounts;
use crate::domain::date::Timestamp;
use crate::domain::decision::Verdict;
use crate::service::stored::codec::encode;

/// Numbers in one entry at most: the longest are 45 bytes, and an entry has room for 65,535.
pub(super) const MOST_ABOUT: usize = 1_000;

/// Who did something, as the log names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The client's name.
    #[serde(rename = "who")]
    pub name: String,
    /// The agency that it acts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<AgencyId>,
    /// What it reads and writes for, as its operator wrote it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
}

impl From<&Caller> for Who {
    fn from(caller: &Caller) -> Self {
        Self { name: caller.name.clone(), agency: caller.agency.clone(), purpose: caller.purpose.clone() }
    }
}

/// By what a request is found again in the log of the program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// Id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The address that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// What was done, beside its name and whom it was about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Rows were taken in.
    Rows {
        /// SHA-256 of what was sent.
        sha256: String,
        /// What became of the rows.
        counts: BatchCounts,
    },
    /// A case was decided; nothing: an earlier decision was taken back.
    Decided(Option<Verdict>),
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Who.
    #[serde(flatten)]
    pub by: Who,
    /// What: `person.read`, `case.decide`, `rows.push`, `session.begin`, ...
    pub does: String,
    /// By which right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
    /// Numbers of persons, records, cases, batches and rules that it was about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
    /// How many numbers there were besides, where there were too many for one entry.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub besides: u64,
    /// More of what was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
    /// Where to look further.
    #[serde(flatten)]
    pub trace: Trace,
}

impl Entry {
    /// Somebody did something.
    pub fn new(at: Timestamp, by: Who, does: &str) -> Self {
        let (does, trace) = (does.to_owned(), Trace::default());
        Self { at, by, does, right: None, about: Vec::new(), besides: 0, detail: None, trace }
    }

    /// As it is stored. The format of the log has room for so many numbers; one entry that is too long would end the tree.
    pub(in crate::service) fn encoded(mut self) -> Vec<u8> {
        self.besides = self.about.len().saturating_sub(MOST_ABOUT) as u64;
        self.about.truncate(MOST_ABOUT);
        encode(&self)
    }

    /// The same, about these.
    #[must_use]
    pub fn about(self, about: impl IntoIterator<Item = impl ToString>) -> Self {
        Self { about: about.into_iter().map(|number| number.to_string()).collect(), ..self }
    }

    /// The same, with more of what was done.
    #[must_use]
    pub fn with(self, detail: Detail) -> Self {
        Self { detail: Some(detail), ..self }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::MAX_ENTRY_BYTES;
    use crate::auth::MAX_PURPOSE_CHARS;
    use crate::domain::case::Case;
    use crate::domain::record::RecordId;
    use crate::service::stored::codec::{decode, plain};

    #[test]
    fn the_longest_entry_fits_into_the_log() {
        let by = Who {
            name: "\"".repeat(64),
            agency: Some(AgencyId::new("a".repeat(40)).expect("a good id")),
            purpose: Some("\"".repeat(MAX_PURPOSE_CHARS)),
        };
        let longest = Case::id_of(RecordId(u64::MAX), RecordId(u64::MAX));
        let entry = Entry::new(Timestamp::MAX, by, "report.findings").about(vec![longest; MOST_ABOUT + 7]);
        let bytes = entry.encoded();
        assert!(plain(&bytes, "entry").expect("content").len() < MAX_ENTRY_BYTES - 4_096);
        let read: Entry = decode(&bytes, "entry").expect("an entry");
        assert_eq!((read.about.len(), read.besides), (MOST_ABOUT, 7), "what is left off is told");
    }
}

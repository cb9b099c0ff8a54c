//! What an entry of the audit log says: who, when, by which right and for what, about whom. Never a value about a person:
//! people and cases by their numbers, lists by their digests.

use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::domain::agency::AgencyId;
use crate::domain::batch::BatchCounts;
use crate::domain::date::Timestamp;
use crate::domain::decision::Verdict;

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
        Self { at, by, does, right: None, about: Vec::new(), detail: None, trace }
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

//! What a person decided about two records. A decision is never about clusters, so it survives every re-clustering.

use serde::{Deserialize, Serialize};

use super::case::Case;
use super::date::Timestamp;
use super::record::{RecordId, Sequence};

/// A steward's verdict on a pair of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// *Gabungkan*: the same person.
    Gabungkan,
    /// *Bukan Duplikat*: different persons.
    BukanDuplikat,
}

/// One human decision about two records. The latest about a pair counts; one without a verdict takes the one before back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Its number.
    pub sequence: Sequence,
    /// The smaller record.
    pub a: RecordId,
    /// The larger record.
    pub b: RecordId,
    /// What was decided; `None` takes an earlier decision back.
    pub verdict: Option<Verdict>,
    /// Why, in the steward's words (not about persons: it is shown to auditors).
    pub reason: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The case it answered.
    pub case: String,
    /// That case as the steward saw it; with the first of the pairs that one verdict is about. Early programs kept none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Box<Case>>,
}

//! What a person decided about two records. A decision is never about clusters, so it survives every re-clustering.

use serde::{Deserialize, Serialize};

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

/// One human decision. The latest decision about a pair counts; `revoked` takes it back without erasing it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
}

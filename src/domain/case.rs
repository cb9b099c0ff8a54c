//! What the engine could not settle and a steward is asked.

use serde::{Deserialize, Serialize};

use super::record::{PersonId, RecordId};

/// The question of a case (DESIGN 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// *Orang yang sama?* The weight lies between `review` and `link`, or a veto holds a strong pair back.
    SamePerson,
    /// One NIK is used by several people.
    SharedNik,
    /// A cluster grew too large, or contradicts itself.
    OverLinked,
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// Waiting.
    Baru,
    /// Decided.
    Selesai,
}

/// A case, named by the pair of records whose comparison raised it; it never points to a person that a merge may retire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// `C` and the two record numbers of the pair: the same pair always gives the same case. `N-` and the first record
    /// number where one NIK is shared.
    pub id: String,
    /// What is asked.
    pub question: Question,
    /// The pair that raised it.
    pub pair: (RecordId, RecordId),
    /// All records on both sides, ascending.
    pub records: Vec<RecordId>,
    /// The persons on both sides at present.
    pub persons: Vec<PersonId>,
    /// Match weight of the pair, in bits.
    pub weight: f64,
    /// Probability of a match under the model.
    pub probability: f64,
    /// Why it is asked: veto or rule codes (`V1`, `REVIEW_BAND`).
    pub reasons: Vec<String>,
    /// Where it stands.
    pub state: CaseState,
    /// Of a shared NIK: by how many. `records` and `persons` name the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<SharedBy>,
}

/// Who shares a NIK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedBy {
    /// So many persons.
    pub persons: u64,
    /// In so many records.
    pub records: u64,
}

impl Case {
    /// The id of the case of a pair.
    pub fn id_of(a: RecordId, b: RecordId) -> String {
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        format!("C{}-{}", a.0, b.0)
    }

    /// The id of the case of a NIK that several persons bear, by the first record that does.
    pub fn id_of_shared(first: RecordId) -> String {
        format!("N-{}", first.0)
    }

    /// Whether an id is that of such a case.
    pub fn is_of_shared(id: &str) -> bool {
        id.starts_with("N-")
    }
}

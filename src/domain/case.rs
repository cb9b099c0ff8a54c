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
    /// One agency says something of a person that nobody else says: that it is dead, or, from outside its regions, that it
    /// lives elsewhere or has an account.
    Statement,
    /// Many persons, of whom each resembles many of the others: too many to be asked about two at a time.
    Crowd,
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// Waiting.
    #[default]
    Baru,
    /// A row that it is about was withdrawn before anybody decided it: it keeps its question and waits for the row.
    Istirahat,
    /// Decided.
    Selesai,
}

/// A case, named by the pair of records whose comparison raised it; it never points to a person that a merge may retire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// `C` and the two record numbers of the pair: the same pair always gives the same case. `N-` and the first record
    /// number where one NIK is shared, `K-` and that where many resemble each other, `W-` and the record that says what a
    /// steward has to confirm.
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
    /// Why the pair has its weight; `None` where there is no pair to compare: a shared NIK, or a row that is withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Explained>,
    /// Of a shared NIK or a crowd: by how many. `records` and `persons` name the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<SharedBy>,
}

/// Who shares a NIK, or is in a crowd.
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

    /// The id of the case of a crowd, by the first record of its first person.
    pub fn id_of_crowd(first: RecordId) -> String {
        format!("K-{}", first.0)
    }

    /// The id of the case of what a record says of its person.
    pub fn id_of_statement(record: RecordId) -> String {
        format!("W-{}", record.0)
    }

    /// The record whose word an id is about; `None` for other cases.
    pub fn statement_of(id: &str) -> Option<RecordId> {
        id.strip_prefix("W-")?.parse().ok().map(RecordId)
    }

    /// The pair that an id names; `None` for the case of a NIK, a crowd or a statement, and for what is no id.
    pub fn pair_of(id: &str) -> Option<(RecordId, RecordId)> {
        let (a, b) = id.strip_prefix('C')?.split_once('-')?;
        Some((RecordId(a.parse().ok()?), RecordId(b.parse().ok()?)))
    }

    /// Whether an id is that of such a case.
    pub fn is_of_shared(id: &str) -> bool {
        id.starts_with("N-")
    }

    /// Whether it is about two records and no more; a NIK may be shared by many. Such a case rests when one of the two is
    /// withdrawn. A NIK that several others still share is asked about without that one.
    pub fn is_about_two(&self) -> bool {
        self.shared.is_none_or(|by| by.records == 2)
    }
}

/// One line of an explanation: a comparison and what it contributed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExplainedLine {
    /// Comparison name: `nik`, `nama`.
    pub comparison: String,
    /// Level reached: `exact`, `transpose`.
    pub level: String,
    /// Bits.
    pub weight: f64,
}

/// A veto that holds for a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VetoLine {
    /// Its id. Several vetoes of a model may have one.
    pub id: String,
    /// It keeps the pair apart without asking anybody; else it asks a steward.
    pub keeps_apart: bool,
    /// What it is about, as the model says it.
    pub about: String,
}

/// Why a pair has its weight: the lines add up to the total.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    /// One line a comparison, and one for the prior where the model has it.
    pub lines: Vec<ExplainedLine>,
    /// Sum, in bits.
    pub total: f64,
    /// Probability of a match.
    pub probability: f64,
    /// `link`, `review` or `distinct`.
    pub decision: String,
    /// Vetoes that hold, each with its own text.
    pub vetoes: Vec<VetoLine>,
    /// The model's thresholds, `review` and `link`.
    pub thresholds: (f64, f64),
    /// Name and version of the model.
    pub model: String,
}

impl Explained {
    /// Ids of the vetoes that hold, each once.
    pub fn veto_ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for veto in &self.vetoes {
            if !ids.contains(&veto.id) {
                ids.push(veto.id.clone());
            }
        }
        ids
    }
}

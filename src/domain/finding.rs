//! What a complementarity rule says about a person, a family or an account.

use serde::{Deserialize, Serialize};

use super::date::Period;
use super::person::FamilyId;
use super::record::{PersonId, RecordId};

/// What a rule looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleKind {
    /// Somebody should receive and does not.
    Gap,
    /// Somebody receives what they should not, or twice.
    Overlap,
    /// The data behind a payment need repair.
    Quality,
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One finding a person.
    Person,
    /// One finding a family.
    Family,
    /// One finding an account.
    Account,
}

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleSeverity {
    /// Good to know.
    Low,
    /// Needs work.
    Medium,
    /// Needs work soon.
    High,
    /// An audit finding.
    Critical,
}

/// The answer of one rule for one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Eligible and served.
    Menerima,
    /// Eligible and not served: a gap.
    BelumMenerima,
    /// Served twice or wrongly: an overlap, or a quality finding.
    TumpangTindih,
    /// The proving feed is not closed for that region and period, or the person is in an open case.
    BelumDapatDinilai,
}

impl Outcome {
    /// The label on screens (DOMAIN 6).
    pub const fn label(self) -> &'static str {
        match self {
            Self::Menerima => "Menerima",
            Self::BelumMenerima => "Belum Menerima",
            Self::TumpangTindih => "Tumpang Tindih",
            Self::BelumDapatDinilai => "Belum Dapat Dinilai",
        }
    }
}

/// Whom a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A person.
    Person(PersonId),
    /// A family.
    Family(FamilyId),
    /// An account, named by its oldest record.
    Account(RecordId),
}

impl Subject {
    /// What it is.
    pub const fn scope(&self) -> Scope {
        match self {
            Self::Person(_) => Scope::Person,
            Self::Family(_) => Scope::Family,
            Self::Account(_) => Scope::Account,
        }
    }
}

/// One answer with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// `G01`.
    pub rule: String,
    /// About whom.
    pub subject: Subject,
    /// The family the subject stands in, where there is one.
    pub family: Option<FamilyId>,
    /// Persons concerned, ascending.
    pub persons: Vec<PersonId>,
    /// Sub-district the finding is counted in.
    pub kode_kecamatan: Option<String>,
    /// Village.
    pub kode_desa: Option<String>,
    /// The period it is about.
    pub periode: Period,
    /// The answer.
    pub outcome: Outcome,
    /// The rows that show it, ascending.
    pub evidence: Vec<RecordId>,
    /// A short machine-readable note: `pip_status=TIDAK`, `no_row`, `feed_open:bank-rekening`. No personal values.
    pub note: String,
}

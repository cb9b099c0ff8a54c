//! What is found by something else than its own number: the keys of the table `lookups`, all of it derived.
//!
//! A key begins with a letter that says what is looked up; numbers stand big-endian, so that a list is a scan. Most entries
//! are their key and nothing else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::codec::{encode, id_key};
use crate::domain::case::{Case, CaseState, Question};
use crate::domain::record::{RecordId, Sequence};

/// What is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::service) enum Lookup {
    /// The present row of a record: [`Present`].
    Present = b'p' as isize,
    /// The records that bear a number.
    Number = b'n' as isize,
    /// The payments to an account.
    Payment = b'a' as isize,
    /// The cases that name a record.
    CaseOfRecord = b'c' as isize,
    /// The case of a NIK that several persons bear: its id.
    SharedNik = b's' as isize,
    /// The cases of which a record is one of the two, in any state: their ids.
    CasesAbout = b'y' as isize,
    /// Open cases, heaviest first: [`Facets`].
    OpenCase = b'o' as isize,
    /// Open cases, oldest first: [`Facets`].
    OldestCase = b'u' as isize,
    /// Cases that rest, heaviest first: [`Facets`].
    RestingCase = b'i' as isize,
    /// Decided cases, the newest decision first: [`Facets`].
    DecidedCase = b'd' as isize,
    /// The pairs that decisions on a case are about.
    PairOfCase = b'v' as isize,
    /// The decisions about a record that has the higher number of the pair: the lower one.
    DecidedWith = b'j' as isize,
    /// The persons whose names have a word that begins so: `stored::names`.
    Name = b'w' as isize,
    /// How much there is of everything.
    Counts = b'#' as isize,
}

/// The present row of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::service) struct Present {
    /// Which row.
    #[serde(rename = "s")]
    pub(in crate::service) sequence: Sequence,
    /// Its sender withdrew it.
    #[serde(rename = "w", default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::service) withdrawn: bool,
}

/// How much there is of everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::service) struct Counts {
    /// By feed code: records that are not withdrawn, and those of them with a flag.
    pub(in crate::service) records: BTreeMap<u8, (u64, u64)>,
    /// Persons.
    pub(in crate::service) persons: u64,
    /// Persons known in two or more feeds.
    pub(in crate::service) in_many_feeds: u64,
    /// Families.
    pub(in crate::service) families: u64,
    /// Cases that wait for a steward.
    pub(in crate::service) open_cases: u64,
    /// Cases that wait for a row that was withdrawn.
    #[serde(default)]
    pub(in crate::service) resting_cases: u64,
    /// Cases that are decided.
    pub(in crate::service) decided_cases: u64,
}

/// What lists of cases are filtered by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::service) struct Facets {
    /// What is asked.
    pub(in crate::service) question: Question,
    /// Why.
    pub(in crate::service) reasons: Vec<String>,
    /// Where the records are: the most exact code of each, without repetition.
    pub(in crate::service) places: Vec<String>,
}

impl Lookup {
    /// The beginning of all its keys.
    pub(in crate::service) fn prefix(self) -> Vec<u8> {
        vec![self as u8]
    }

    /// The key of something that is found by `by`.
    pub(in crate::service) fn key(self, by: &[&[u8]]) -> Vec<u8> {
        let mut key = self.prefix();
        for part in by {
            key.extend_from_slice(part);
        }
        key
    }

    /// The key of a record that is found by a number or an account.
    pub(in crate::service) fn of_record(self, by: u64, record: RecordId) -> Vec<u8> {
        self.key(&[&by.to_be_bytes(), &id_key(record)])
    }
}

/// Whether a key of the table only finds decisions.
pub(in crate::service) fn leads_to_decision(key: &[u8]) -> bool {
    key.first().is_some_and(|first| [Lookup::PairOfCase as u8, Lookup::DecidedWith as u8].contains(first))
}

/// The value of an entry that is all key.
pub(in crate::service) fn nothing() -> Vec<u8> {
    encode(&())
}

/// The record at the end of a key.
pub(in crate::service) fn record_in(key: &[u8]) -> Option<RecordId> {
    key.last_chunk::<8>().map(|bytes| RecordId(u64::from_be_bytes(*bytes)))
}

/// Number and record of a key that [`Lookup::of_record`] made.
pub(in crate::service) fn number_in(key: &[u8]) -> Option<(u64, RecordId)> {
    let number = key.get(1..)?.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes))?;
    Some((number, record_in(key)?))
}

/// The id of a case at the end of a key whose beginning has this length.
pub(in crate::service) fn case_in(key: &[u8], beginning: usize) -> Option<&str> {
    std::str::from_utf8(key.get(beginning..)?).ok()
}

/// Where a case stands in a list: by weight, the heaviest first; by the number of the younger record, the oldest first;
/// by the number of the decision, the newest first. Then by id.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::service) enum Place {
    /// An open case, by weight.
    Open {
        /// In bits.
        weight: f64,
    },
    /// An open case, by age: it cannot be older than the younger record of its pair.
    Oldest {
        /// The younger record.
        younger: RecordId,
    },
    /// A case that rests.
    Resting {
        /// In bits.
        weight: f64,
    },
    /// A decided case.
    Decided {
        /// The number of its last decision.
        sequence: u64,
    },
}

impl Place {
    /// The places of a case, one for each order in which cases of its state are listed; `decided` is the number of its last
    /// decision.
    pub(in crate::service) fn of(case: &Case, decided: u64) -> Vec<Self> {
        let (weight, younger) = (case.weight, case.pair.0.max(case.pair.1));
        match case.state {
            CaseState::Baru => vec![Self::Open { weight }, Self::Oldest { younger }],
            CaseState::Istirahat => vec![Self::Resting { weight }],
            CaseState::Selesai => vec![Self::Decided { sequence: decided }],
        }
    }

    /// The key of a case in its list.
    pub(in crate::service) fn key(&self, id: &str) -> Vec<u8> {
        let (list, order) = match self {
            Self::Open { weight } => (Lookup::OpenCase, !ascending(*weight)),
            Self::Oldest { younger } => (Lookup::OldestCase, younger.0),
            Self::Resting { weight } => (Lookup::RestingCase, !ascending(*weight)),
            Self::Decided { sequence } => (Lookup::DecidedCase, !sequence),
        };
        list.key(&[&order.to_be_bytes(), id.as_bytes()])
    }
}

/// A number that sorts as the weight does.
fn ascending(weight: f64) -> u64 {
    let bits = weight.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_open_cases_sort_by_weight() {
        let key = |weight: f64, id: &str| Place::Open { weight }.key(id);
        let keys = [key(9.5, "C1-2"), key(9.5, "C3-4"), key(0.25, "C1-3"), key(0.0, "C5-6"), key(-3.0, "C1-4")];
        assert!(keys.is_sorted());
        let oldest = |record| Place::Oldest { younger: RecordId(record) }.key("C1-2");
        assert!(oldest(8) < oldest(9));
        let decided = |sequence| Place::Decided { sequence }.key("C1-2");
        assert!(decided(9) < decided(8));
        assert_eq!(case_in(&keys[0], 9), Some("C1-2"));
    }
}

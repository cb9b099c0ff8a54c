//! How outcomes rest in the store: by subject, by rule and place, and counted by sub-district.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::finding::{Finding, Outcome, Scope, Subject};
use crate::domain::person::FamilyId;
use crate::domain::record::{PersonId, RecordId};
use crate::service::error::ServiceError;
use crate::service::matching::places::present;
use crate::service::stored::codec::{decode, id_key};
use crate::service::stored::journal::Reached;
use crate::store::{Read, Table};

/// The mark of how far outcomes have come.
pub(super) const OUTCOMES_MARK: &[u8] = b"outcomes";

/// How far outcomes have come, under [`OUTCOMES_MARK`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::service) struct OutcomesMark {
    /// They follow from the derived state that reaches to here.
    pub(in crate::service) reached: Reached,
    /// The day the rules were read for.
    pub(in crate::service) as_of: crate::domain::date::Date,
    /// Which rules, and which program.
    pub(in crate::service) by: String,
    /// False while much is written in several commits.
    pub(in crate::service) whole: bool,
}

/// The mark as it is stored, and what it says.
pub(in crate::service) async fn outcomes_mark(
    reader: &dyn Read,
) -> Result<(Option<Vec<u8>>, Option<OutcomesMark>), ServiceError> {
    let stored = reader.get(Table::Marks, OUTCOMES_MARK.to_vec()).await?;
    let mark = stored.as_deref().map(|bytes| decode(bytes, "mark")).transpose()?;
    Ok((stored, mark))
}

/// Records that are named one by one; a list of so many takes a few megabytes.
const MOST_NAMED: usize = 1_000_000;

/// Records whose surroundings a step changed, under its position: to be evaluated again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::service) struct Touched {
    /// Which records; they are told by how much they differ from the one before, so that they pack well.
    steps: Vec<u64>,
    /// All of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::service) all: bool,
}

impl Touched {
    /// What a step touched. Very many are not named one by one: to look at all of them costs little more, and the list has
    /// to be one value of the store.
    pub(in crate::service) fn of_step(records: &BTreeSet<RecordId>) -> Self {
        if records.len() > MOST_NAMED {
            return Self::everything();
        }
        let mut before = 0;
        let step = |id: &RecordId| id.0 - std::mem::replace(&mut before, id.0);
        Self { steps: records.iter().map(step).collect(), all: false }
    }

    /// All records that there are.
    pub(in crate::service) fn everything() -> Self {
        Self { steps: Vec::new(), all: true }
    }

    /// The records.
    pub(super) fn iter(&self) -> impl Iterator<Item = RecordId> {
        self.steps.iter().scan(0, |at, step| {
            *at += step;
            Some(RecordId(*at))
        })
    }

    /// Where that of a step stands.
    pub(in crate::service) fn key(reached: Reached) -> Vec<u8> {
        [&[b'q'][..], &reached.through.to_be_bytes(), &(reached.rows as u64).to_be_bytes()].concat()
    }

    /// The beginning of all such keys.
    pub(super) fn prefix() -> Vec<u8> {
        vec![b'q']
    }
}

/// What one rule says of a subject. Who receives is only counted, so that little is kept of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Kept {
    /// A finding.
    Finding(Finding),
    /// The subject receives what the rule is about.
    Receives(Receives),
}

/// A rule and where it is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Receives {
    #[serde(rename = "r")]
    rule: String,
    #[serde(rename = "k")]
    kecamatan: String,
    #[serde(rename = "d")]
    desa: String,
}

impl Kept {
    /// What is kept of a finding.
    pub(super) fn of(finding: Finding) -> Self {
        if finding.outcome == Outcome::Menerima {
            return Self::Receives(Receives {
                rule: finding.rule,
                kecamatan: finding.kode_kecamatan.unwrap_or_default(),
                desa: finding.kode_desa.unwrap_or_default(),
            });
        }
        Self::Finding(finding)
    }

    /// Where it is counted.
    pub(super) fn slot(&self, scope: Scope) -> (String, super::tally::Slot) {
        match self {
            Self::Finding(finding) => super::tally::Slot::of(finding),
            Self::Receives(Receives { rule, kecamatan, desa }) => {
                let slot = super::tally::Slot {
                    rule: rule.clone(),
                    scope,
                    desa: desa.clone(),
                    outcome: Outcome::Menerima,
                    open: Vec::new(),
                };
                (kecamatan.clone(), slot)
            }
        }
    }

    /// The key under which it stands in the list of its rule; `None` where it is only counted.
    pub(super) fn index_key(&self) -> Option<Vec<u8>> {
        let Self::Finding(finding) = self else { return None };
        let place = finding.kode_desa.as_deref().or(finding.kode_kecamatan.as_deref()).unwrap_or_default();
        Some([index_prefix(&finding.rule, present(place)), vec![0], subject_key(&finding.subject)].concat())
    }
}

/// The beginning of the keys of a rule's findings in a region.
pub(super) fn index_prefix(rule: &str, region: &str) -> Vec<u8> {
    [&[b'i'][..], rule.as_bytes(), &[0], region.as_bytes()].concat()
}

/// The subject at the end of a key of such a list: its own key.
pub(super) fn subject_in(key: &[u8]) -> Option<&[u8]> {
    key.get(key.len().checked_sub(SUBJECT)?..)
}

/// Length of the key of a subject.
const SUBJECT: usize = 10;

/// The key of a subject.
pub(super) fn subject_key(subject: &Subject) -> Vec<u8> {
    let (scope, id) = match subject {
        Subject::Person(person) => (b'p', person.0),
        Subject::Family(family) => (b'f', family.0),
        Subject::Account(record) => (b'a', *record),
    };
    [&[b's', scope][..], &id_key(id)].concat()
}

/// The beginning of the keys of all subjects.
pub(super) fn subject_prefix() -> Vec<u8> {
    vec![b's']
}

/// The subjects that are, or were, named by a record.
pub(super) fn subjects_of(record: RecordId) -> [Subject; 3] {
    [Subject::Person(PersonId(record)), Subject::Family(FamilyId(record)), Subject::Account(record)]
}

/// The key of the counts of a sub-district.
pub(super) fn district_key(kecamatan: &str) -> Vec<u8> {
    [&[b'k'][..], kecamatan.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touched_records_are_read_as_they_were_written() {
        let ids = [RecordId(3), RecordId(4), RecordId(90)];
        let touched = Touched::of_step(&ids.into());
        assert_eq!(touched.steps, [3, 1, 86]);
        assert_eq!(touched.iter().collect::<Vec<_>>(), ids);
        let many: BTreeSet<RecordId> = (0..=MOST_NAMED as u64).map(RecordId).collect();
        assert_eq!(Touched::of_step(&many), Touched::everything());
    }

    #[test]
    fn a_key_of_a_list_ends_with_its_subject() {
        let subject = Subject::Family(FamilyId(RecordId(7)));
        let key = [index_prefix("G01", "320105"), vec![0], subject_key(&subject)].concat();
        assert_eq!(subject_in(&key), Some(subject_key(&subject).as_slice()));
        assert!(key.starts_with(&index_prefix("G01", "32")));
        assert!(!key.starts_with(&index_prefix("G0", "32")));
    }
}

//! How often the rules say what, by place: what a report shows. A tally is kept by adding what is new and taking away what
//! was there before.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::feed::Feed;
use crate::domain::finding::{Finding, Outcome, Scope};

/// What is counted together within a sub-district.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Slot {
    /// Which rule.
    #[serde(rename = "r")]
    pub(super) rule: String,
    /// What it was asked about.
    #[serde(rename = "s")]
    pub(super) scope: Scope,
    /// Village; empty where no row says it.
    #[serde(rename = "d")]
    pub(super) desa: String,
    /// The answer.
    #[serde(rename = "o")]
    pub(super) outcome: Outcome,
    /// Feeds that are not closed and made another answer impossible.
    #[serde(rename = "f", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) open: Vec<Feed>,
}

/// Counts by sub-district; the empty code stands for an unknown one. A copy costs little: it shares the sub-districts in
/// which nothing changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally(BTreeMap<String, Arc<BTreeMap<Slot, u64>>>);

impl Slot {
    /// Where a finding is counted: sub-district and slot.
    pub(super) fn of(finding: &Finding) -> (String, Self) {
        let named = finding.note.split(';').filter_map(|note| note.trim().strip_prefix("feed_open:"));
        let open = match finding.outcome {
            Outcome::BelumDapatDinilai => named.filter_map(|name| name.parse().ok()).collect(),
            Outcome::Menerima | Outcome::BelumMenerima | Outcome::TumpangTindih => Vec::new(),
        };
        let slot = Self {
            rule: finding.rule.clone(),
            scope: finding.subject.scope(),
            desa: finding.kode_desa.clone().unwrap_or_default(),
            outcome: finding.outcome,
            open,
        };
        (finding.kode_kecamatan.clone().unwrap_or_default(), slot)
    }
}

impl Tally {
    /// One more in a slot.
    pub(super) fn add(&mut self, (kecamatan, slot): (String, Slot)) {
        *Arc::make_mut(self.0.entry(kecamatan).or_default()).entry(slot).or_default() += 1;
    }

    /// One less.
    pub(super) fn take(&mut self, (kecamatan, slot): (String, Slot)) {
        let Some(slots) = self.0.get_mut(&kecamatan).map(Arc::make_mut) else { return };
        if let Some(count) = slots.get_mut(&slot) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                slots.remove(&slot);
            }
        }
    }

    /// What is counted in a sub-district, as it is stored.
    pub(super) fn of_district(&self, kecamatan: &str) -> Vec<(&Slot, u64)> {
        let slots = self.0.get(kecamatan).into_iter().flat_map(|slots| slots.iter());
        slots.map(|(slot, count)| (slot, *count)).collect()
    }

    /// The sub-districts in which something is, or was, counted.
    pub(super) fn districts(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Takes over what was stored of a sub-district.
    pub(super) fn put_district(&mut self, kecamatan: String, slots: Vec<(Slot, u64)>) {
        self.0.insert(kecamatan, Arc::new(slots.into_iter().collect()));
    }

    /// The same without sub-districts in which nothing is counted.
    pub(super) fn without_empty(mut self) -> Self {
        self.0.retain(|_, slots| !slots.is_empty());
        self
    }

    /// Everything: sub-district, slot, count.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Slot, u64)> {
        self.0
            .iter()
            .flat_map(|(kecamatan, slots)| slots.iter().map(move |(slot, count)| (kecamatan.as_str(), slot, *count)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::date::Period;
    use crate::domain::finding::Subject;
    use crate::domain::record::{PersonId, RecordId};

    fn finding(outcome: Outcome, note: &str) -> Finding {
        Finding {
            rule: "G01".to_owned(),
            subject: Subject::Person(PersonId(RecordId(1))),
            family: None,
            persons: Vec::new(),
            kode_kecamatan: Some("320105".to_owned()),
            kode_desa: None,
            periode: Period::Quarter { year: 2025, quarter: 4 },
            outcome,
            evidence: Vec::new(),
            note: note.to_owned(),
        }
    }

    #[test]
    fn what_is_taken_away_was_never_there() {
        let one = finding(Outcome::BelumDapatDinilai, "feed_open:bank-rekening");
        let other = finding(Outcome::BelumMenerima, "no_row");
        let mut tally = Tally::default();
        tally.add(Slot::of(&one));
        tally.add(Slot::of(&one));
        tally.add(Slot::of(&other));
        let counted: Vec<u64> = tally.iter().map(|(.., count)| count).collect();
        assert_eq!(counted.iter().sum::<u64>(), 3);
        assert_eq!(Slot::of(&one).1.open, [Feed::Rekening]);
        for finding in [&one, &one, &other, &other] {
            tally.take(Slot::of(finding));
        }
        assert_eq!(tally.iter().count(), 0);
    }
}

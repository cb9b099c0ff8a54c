//! Who sent records, and for which regions they answered: few, so that a record needs a small number only.

use serde::{Deserialize, Serialize};

use super::super::places::{Areas, Place};
use crate::domain::agency::AgencyId;
use crate::domain::record::Record;

/// An agency, as it answered for regions when it sent a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::service::matching) struct Sender {
    pub(in crate::service::matching) agency: AgencyId,
    /// None: everywhere.
    pub(in crate::service::matching) regions: Vec<String>,
}

impl Sender {
    /// The sender of a record.
    pub(in crate::service::matching) fn of(record: &Record) -> Self {
        Self { agency: record.key.agency.clone(), regions: record.regions.clone() }
    }

    /// Whether it answers for a place.
    pub(in crate::service::matching) fn answers_for(&self, place: Place) -> bool {
        self.regions.is_empty() || Areas::of(self.regions.iter().map(String::as_str)).hold(place)
    }
}

/// All senders, each with its number.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::service::matching) struct Senders(Vec<Sender>);

impl Senders {
    /// The number of a sender, which it keeps.
    pub(super) fn number(&mut self, sender: &Sender) -> u16 {
        let at = self.0.iter().position(|known| known == sender).unwrap_or_else(|| {
            self.0.push(sender.clone());
            self.0.len() - 1
        });
        u16::try_from(at).expect("there are a few thousand agencies")
    }

    pub(in crate::service::matching) fn get(&self, number: u16) -> Option<&Sender> {
        self.0.get(usize::from(number))
    }
}

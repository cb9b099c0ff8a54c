//! Who sent records, and for which regions they answered: few, so that a record needs a small number only.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::super::places::{Areas, Place};
use crate::domain::agency::AgencyId;
use crate::domain::record::Record;

/// An agency, as it answered for regions when it sent a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
}

/// A sender, ready to be asked.
#[derive(Debug)]
pub(in crate::service::matching) struct KnownSender {
    sender: Sender,
    areas: Areas,
}

impl KnownSender {
    /// The agency.
    pub(in crate::service::matching) fn agency(&self) -> &AgencyId {
        &self.sender.agency
    }

    /// Whether it answers for a place.
    pub(in crate::service::matching) fn answers_for(&self, place: Place) -> bool {
        self.sender.regions.is_empty() || self.areas.hold(place)
    }
}

/// All senders, each with its number.
#[derive(Debug, Default)]
pub(in crate::service::matching) struct Senders {
    known: Vec<KnownSender>,
    numbers: FxHashMap<Sender, u16>,
}

impl Senders {
    /// The senders with these numbers, from 0 on.
    pub(in crate::service::matching) fn of(senders: Vec<Sender>) -> Self {
        let mut all = Self::default();
        for sender in senders {
            all.add(sender);
        }
        all
    }

    /// The number of a sender, which it keeps.
    pub(super) fn number(&mut self, sender: &Sender) -> u16 {
        self.numbers.get(sender).copied().unwrap_or_else(|| self.add(sender.clone()))
    }

    pub(in crate::service::matching) fn get(&self, number: u16) -> Option<&KnownSender> {
        self.known.get(usize::from(number))
    }

    /// All of them, by number.
    pub(in crate::service::matching) fn all(&self) -> Vec<&Sender> {
        self.known.iter().map(|known| &known.sender).collect()
    }

    fn add(&mut self, sender: Sender) -> u16 {
        let number = u16::try_from(self.known.len()).expect("there are a few thousand agencies");
        let areas = Areas::of(sender.regions.iter().map(String::as_str));
        self.numbers.insert(sender.clone(), number);
        self.known.push(KnownSender { sender, areas });
        number
    }
}

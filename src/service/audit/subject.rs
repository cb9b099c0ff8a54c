//! Who saw or did what about a person: what UU 27/2022 (articles 31 and 32) lets that person ask.

use std::collections::BTreeSet;

use super::Entry;
use super::tree::entries;
use crate::auth::{Caller, Right};
use crate::domain::case::Case;
use crate::domain::record::{PersonId, RecordId};
use crate::service::answers::view::View;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::store::Position;

/// An entry of the log, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenBy {
    /// Its place in the log, counted from 1.
    pub number: u64,
    /// What it says.
    pub entry: Entry,
}

/// Who saw or did what about a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The person that was asked about, as it is now.
    pub person: PersonId,
    /// Numbers under which the log may name it: those of its records, since the oldest one gives the number.
    pub numbers: Vec<String>,
    /// Oldest first.
    pub entries: Vec<SeenBy>,
}

impl Gateway {
    /// Everything that the log says about a person, for a caller who may read the log.
    pub async fn seen(&self, caller: &Caller, id: PersonId) -> Result<Seen, ServiceError> {
        if !caller.has(Right::Audit) {
            return Err(ServiceError::Forbidden);
        }
        let view = self.view().await?;
        let present = self.person_of_log(&view, id).await?;
        let golden = view.golden(&[present]).await?;
        let records: BTreeSet<RecordId> =
            golden.iter().flat_map(|person| &person.records).copied().chain([id.0]).collect();
        // A number is that of the oldest record, so each of its records may have given the person its number once.
        let numbers: BTreeSet<String> = records.iter().map(|record| PersonId(*record).to_string()).collect();
        let wanted = numbers.clone();
        let is_about = move |number: &String| {
            let of_pair = Case::pair_of(number).is_some_and(|(a, b)| records.contains(&a) || records.contains(&b));
            wanted.contains(number) || of_pair
        };
        let found = entries(self.reader(), move |entry| entry.about.iter().any(&is_about)).await?;
        let entries = found.into_iter().map(|(Position(number), entry)| SeenBy { number, entry }).collect();
        Ok(Seen { person: present, numbers: numbers.into_iter().collect(), entries })
    }

    /// Whether somebody is or was known under a number, for a caller who may read the log.
    pub async fn is_person(&self, caller: &Caller, id: PersonId) -> Result<bool, ServiceError> {
        if !caller.has(Right::Audit) {
            return Err(ServiceError::Forbidden);
        }
        match self.person_of_log(&*self.view().await?, id).await {
            Ok(_) => Ok(true),
            Err(ServiceError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The person as it is now; somebody all of whose rows were withdrawn is asked about by the number that it had.
    async fn person_of_log(&self, view: &View, id: PersonId) -> Result<PersonId, ServiceError> {
        match view.person_of(id.0).await? {
            Some(present) => Ok(present),
            None if view.last_rows(&[id.0]).await?.is_empty() => Err(ServiceError::NotFound { what: "person" }),
            None => Ok(id),
        }
    }
}

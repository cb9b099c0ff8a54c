//! By which words persons are found (`stored::names`): a function of the golden person alone. So what is in the store of a
//! person tells what has to go when the person changes, and the matcher keeps no names in memory.

use std::collections::BTreeSet;

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::derive::Changes;
use super::lookups::Entry;
use super::places::Place;
use crate::domain::person::{GoldenPerson, PersonField};
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::stored::codec::decode;
use crate::service::stored::names::{Facts, entries, is_name};
use crate::service::stored::reading::get_many;
use crate::store::Table;

/// What a search for a person can be narrowed by.
pub(in crate::service) fn facts_of(person: &GoldenPerson) -> Facts {
    let place = Place::read(person.value(PersonField::KodeDesa), person.value(PersonField::KodeKecamatan));
    let born = person.born().and_then(|day| u16::try_from(day.year()).ok());
    Facts { born, place: place.map(Place::number) }
}

/// By what a person is found.
pub(super) fn name_entries(person: &GoldenPerson) -> Vec<Entry> {
    entries(person.id, facts_of(person), &person.words)
}

impl Gateway {
    /// Holds derived persons against those in the store, which has to be as the step before left it: who is as before is not
    /// written again, and by what somebody is no longer found goes.
    pub(super) async fn renew_persons(&self, changes: &mut Changes) -> Result<(), ServiceError> {
        let new = changes.puts.range((Table::Persons, Vec::new())..).map(|((table, key), _)| (*table, key.clone()));
        let new = new.take_while(|(table, _)| *table == Table::Persons).map(|(_, key)| key);
        let gone = changes.deletes.iter().filter(|(table, _)| *table == Table::Persons).map(|(_, key)| key.clone());
        let keys: BTreeSet<Vec<u8>> = new.chain(gone).collect();
        let keys: Vec<Vec<u8>> = keys.into_iter().collect();
        let stored = get_many(self.reader(), Table::Persons, keys.clone()).await?;
        let mut changed = Vec::new();
        for (key, stored) in keys.into_iter().zip(stored).filter_map(|(key, stored)| Some((key, stored?))) {
            let place = (Table::Persons, key);
            if changes.puts.get(&place) == Some(&stored) {
                changes.puts.remove(&place);
            }
            changed.push(stored);
        }
        for (key, value) in entries_before(changed).await? {
            let place = (Table::Lookups, key);
            match changes.puts.get(&place) {
                Some(now) if *now == value => drop(changes.puts.remove(&place)),
                Some(_) => {}
                None => drop(changes.deletes.insert(place)),
            }
        }
        Ok(())
    }
}

/// By what stored persons are found. They may be many: they are read where nobody waits for the thread.
async fn entries_before(stored: Vec<Vec<u8>>) -> Result<Vec<Entry>, ServiceError> {
    let work = move || {
        let read = |bytes: &Vec<u8>| Ok(name_entries(&decode(bytes, "person")?));
        let read: Result<Vec<Vec<Entry>>, ServiceError> = stored.par_iter().map(read).collect();
        read.map(|entries| entries.into_iter().flatten().collect())
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| ServiceError::NotReady)?
}

/// So many entries are written before more are derived.
const MANY: usize = 500_000;

/// By what persons are found, while everything is derived anew. Entries are kept until they are many, and written in the
/// order of their keys: taken with its person, each would change a page of its own. Of those that were written the hash
/// stays: what is stored and not among them is to go.
#[derive(Default)]
pub(super) struct FoundBy {
    entries: Vec<Entry>,
    hashes: Vec<u64>,
}

/// All keys by which anybody is found, as hashes.
pub(super) struct AllNames(Vec<u64>);

impl FoundBy {
    /// Takes these entries out of what was derived.
    pub(super) fn take(&mut self, changes: &mut Changes) {
        let named = |(table, key): &(Table, Vec<u8>)| *table == Table::Lookups && is_name(key);
        let taken = changes.puts.extract_if(.., |place, _| named(place));
        let before = self.entries.len();
        self.entries.extend(taken.map(|((_, key), value)| (key, value)));
        self.hashes.extend(self.entries[before..].iter().map(|(key, _)| xxh3_64(key)));
    }

    /// Whether it is time to write them.
    pub(super) fn are_many(&self) -> bool {
        self.entries.len() >= MANY
    }

    /// The entries that are kept, in the order of their keys; then none is.
    pub(super) fn entries(&mut self) -> Vec<Entry> {
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_unstable();
        entries
    }

    /// Everything was taken in.
    pub(super) fn complete(mut self) -> AllNames {
        self.hashes.sort_unstable();
        AllNames(self.hashes)
    }
}

impl AllNames {
    /// Whether somebody is found by a key.
    pub(super) fn allow(&self, key: &[u8]) -> bool {
        self.0.binary_search(&xxh3_64(key)).is_ok()
    }
}

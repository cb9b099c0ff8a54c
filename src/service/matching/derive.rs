//! What follows from a change: members, golden persons, families and cases. `follow` writes it.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::matcher::{Dirty, Matcher};
use super::names::name_entries;
use crate::domain::family_card::read_kk;
use crate::domain::nik::read_nik;
use crate::domain::person::{FamilyId, GoldenFamily, GoldenPerson};
use crate::domain::record::{PersonId, Record, RecordId};
use crate::domain::region::Regions;
use crate::golden::{Membership, Source, golden_families, golden_person};
use crate::normalise::found_by::name_words;
use crate::normalise::parse_name;
use crate::service::models::Models;
use crate::service::stored::codec::{encode, id_key};
use crate::service::stored::lookups::Lookup;
use crate::store::Table;

/// Everything derived for some records: new values and what is to go.
#[derive(Default)]
pub(in crate::service) struct Changes {
    pub(in crate::service) puts: BTreeMap<(Table, Vec<u8>), Vec<u8>>,
    pub(in crate::service) deletes: BTreeSet<(Table, Vec<u8>)>,
}

impl Changes {
    /// Bytes of all keys and values.
    pub(in crate::service) fn bytes(&self) -> usize {
        let puts = self.puts.iter().map(|((_, key), value)| key.len() + value.len());
        puts.chain(self.deletes.iter().map(|(_, key)| key.len())).sum()
    }

    /// What is to go, then what is new.
    pub(in crate::service) fn into_entries(self) -> impl Iterator<Item = ((Table, Vec<u8>), Option<Vec<u8>>)> {
        let deletes = self.deletes.into_iter().map(|place| (place, None));
        deletes.chain(self.puts.into_iter().map(|(place, value)| (place, Some(value))))
    }
}

/// Derives what the dirty persons, families and cases are now. `records` holds every record they consist of.
pub(in crate::service) fn derive(matcher: &mut Matcher, dirty: &Dirty, records: &[Record]) -> Changes {
    let by_id: BTreeMap<RecordId, &Record> = records.iter().map(|record| (record.id, record)).collect();
    let mut derived = Changes::default();
    for (record, person) in &dirty.members {
        let key = (Table::Members, id_key(*record));
        match person {
            Some(person) => drop(derived.puts.insert(key, encode(person))),
            None => drop(derived.deletes.insert(key)),
        }
    }
    let mut persons: BTreeSet<PersonId> = dirty.persons.clone();
    let families = derive_families(matcher, dirty, &by_id);
    for id in &families.gone {
        derived.deletes.insert((Table::Families, id_key(id.0)));
    }
    for family in &families.present {
        persons.extend(&family.members);
        derived.puts.insert((Table::Families, id_key(family.id.0)), encode(family));
    }
    for id in &dirty.persons_gone {
        derived.deletes.insert((Table::Persons, id_key(id.0)));
    }
    let persons: Vec<PersonId> = persons.into_iter().collect();
    let matcher = &*matcher;
    derived.puts.par_extend(persons.par_iter().flat_map_iter(|id| {
        let members = matcher.records_of(*id);
        let sources: Vec<&Record> = members.iter().filter_map(|record| by_id.get(record).copied()).collect();
        let person = golden(*id, &sources, &matcher.aside(&members), matcher.families_of(&members), matcher.models());
        let found_by = name_entries(&person).into_iter().map(|(key, value)| ((Table::Lookups, key), value));
        std::iter::once(((Table::Persons, id_key(id.0)), encode(&person))).chain(found_by)
    }));
    for id in &dirty.cases_gone {
        derived.deletes.insert((Table::Cases, id.as_bytes().to_vec()));
    }
    for id in &dirty.cases {
        let case = matcher.case(id);
        case.map(|case| derived.puts.insert((Table::Cases, id.as_bytes().to_vec()), encode(case)));
    }
    for (key, value) in &dirty.lookups {
        let place = (Table::Lookups, key.clone());
        match value {
            Some(value) => drop(derived.puts.insert(place, value.clone())),
            None => drop(derived.deletes.insert(place)),
        }
    }
    derived.puts.insert((Table::Lookups, Lookup::Counts.prefix()), encode(&matcher.counts));
    derived
}

/// Families that are, and that are no more.
struct Families {
    present: Vec<GoldenFamily>,
    gone: BTreeSet<FamilyId>,
}

/// Derives the families of dirty memberships; the matcher takes note of them.
fn derive_families(matcher: &mut Matcher, dirty: &Dirty, records: &BTreeMap<RecordId, &Record>) -> Families {
    let members = matcher.membership_records(&dirty.groups);
    let mut before = matcher.forget_families(&members);
    before.extend(&dirty.families_left);
    let cards: BTreeMap<RecordId, Option<String>> =
        members.iter().filter_map(|id| records.get(id).map(|record| (*id, usable_kk(record)))).collect();
    let memberships: Vec<Membership<'_>> = members
        .iter()
        .filter_map(|id| {
            Some(Membership {
                record: records.get(id).copied()?,
                person: matcher.person_of(*id)?,
                no_kk: cards.get(id)?.as_deref(),
            })
        })
        .collect();
    let present = golden_families(&memberships);
    matcher.note_families(&present);
    matcher.counts.families = matcher.counts.families + present.len() as u64 - before.len() as u64;
    let stay: BTreeSet<FamilyId> = present.iter().map(|family| family.id).collect();
    Families { present, gone: before.difference(&stay).copied().collect() }
}

fn usable_kk(record: &Record) -> Option<String> {
    read_kk(record.core.no_kk.as_deref()?, record.tgl_data).usable().map(str::to_owned)
}

/// A name without titles, and by which words it is found.
type ReadName = (String, Vec<String>);

/// The golden record of one person.
fn golden(
    id: PersonId,
    records: &[&Record],
    aside: &BTreeSet<RecordId>,
    families: Vec<FamilyId>,
    models: &Models,
) -> GoldenPerson {
    let read: Vec<(Option<ReadName>, Option<String>, Option<String>)> = records
        .iter()
        .map(|record| {
            let core = &record.core;
            let nik = core.nik.as_deref().map(|raw| read_nik(raw, record.tgl_data, Regions::embedded()));
            let name = core.nama.as_deref().map(|raw| parse_name(raw, models.names));
            let name = name.map(|parts| (parts.clean(), name_words(&parts, models.names)));
            (name, nik.and_then(|nik| nik.usable().map(str::to_owned)), usable_kk(record))
        })
        .collect();
    let sources: Vec<Source<'_>> = records
        .iter()
        .zip(&read)
        .map(|(record, (name, nik, kk))| Source {
            record,
            clean_name: name.as_ref().map(|(clean, _)| clean.as_str()),
            name_words: name.as_ref().map_or(&[], |(_, words)| words),
            nik: nik.as_deref(),
            no_kk: kk.as_deref(),
            aside: aside.contains(&record.id),
        })
        .collect();
    golden_person(id, &sources, families, &models.survivorship)
}

//! What follows from a change: members, golden persons, families and cases, written to the store.
//!
//! The worker calls it after every change; at start everything is derived at once and only differences are written.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::codec::{encode, id_key};
use super::error::ServiceError;
use super::gateway::{Gateway, Job, Jobs, RowChange, store_error};
use super::matcher::{Dirty, Matcher};
use super::models::Models;
use crate::domain::case::Case;
use crate::domain::family_card::read_kk;
use crate::domain::nik::read_nik;
use crate::domain::person::{FamilyId, GoldenFamily, GoldenPerson};
use crate::domain::record::{PersonId, Record, RecordId};
use crate::domain::region::Regions;
use crate::golden::{Membership, Source, golden_families, golden_person};
use crate::normalise::parse_name;
use crate::store::{Table, WriteBatch};
use crate::telemetry::metric;

/// Entries written in one transaction while deriving; what was not written yet is derived again at the next start.
const WRITE_CHUNK: usize = 2_000;

/// Jobs taken from the queue at a time.
const JOBS_AT_ONCE: usize = 256;

/// Everything derived for some records: new values and what is to go.
#[derive(Default)]
pub(super) struct Derived {
    pub(super) puts: BTreeMap<(Table, Vec<u8>), Vec<u8>>,
    pub(super) deletes: BTreeSet<(Table, Vec<u8>)>,
}

impl Gateway {
    /// Works the queue until it is closed: the body of the matching worker. Safe to stop at any point.
    pub async fn work(&self, mut jobs: Jobs) -> Result<(), ServiceError> {
        let mut taken = Vec::with_capacity(JOBS_AT_ONCE);
        while jobs.0.recv_many(&mut taken, JOBS_AT_ONCE).await > 0 {
            self.match_jobs(std::mem::take(&mut taken)).await?;
        }
        Ok(())
    }

    async fn match_jobs(&self, jobs: Vec<Job>) -> Result<(), ServiceError> {
        let started = std::time::Instant::now();
        let units = jobs.iter().map(Job::units).sum();
        let batches: Vec<_> = jobs.iter().filter_map(Job::last_sequence).collect();
        let (mut rows, mut decisions, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        for job in jobs {
            match job {
                Job::Rows(changed) => rows.extend(changed.into_iter().map(|RowChange(record)| record)),
                Job::Decisions(decided, done) => {
                    decisions.extend(decided);
                    waiting.push(done);
                }
            }
        }
        let gateway = self.clone();
        let dirty = tokio::task::spawn_blocking(move || gateway.matcher_mut(|matcher| matcher.apply(rows, decisions)))
            .await
            .map_err(|_| ServiceError::NotReady)?
            .map_err(|error| ServiceError::Corrupt { what: error.to_string() })?;
        self.write_derived(dirty).await?;
        metrics::histogram!(metric::MATCH_SECONDS).record(started.elapsed().as_secs_f64());
        self.note_matched(units, &batches);
        for done in waiting {
            // Nobody may be listening any more; the decision took effect all the same.
            let _ = done.send(());
        }
        Ok(())
    }

    async fn write_derived(&self, dirty: Dirty) -> Result<(), ServiceError> {
        let needed: Vec<RecordId> = self.matcher(|m| m.records_needed(&dirty));
        let records = self.records(&needed).await?;
        let gateway = self.clone();
        let derived = tokio::task::spawn_blocking(move || gateway.matcher_mut(|m| derive(m, &dirty, &records)))
            .await
            .map_err(|_| ServiceError::NotReady)?;
        self.commit_derived(derived).await
    }

    pub(super) async fn commit_derived(&self, derived: Derived) -> Result<(), ServiceError> {
        let mut write = WriteBatch::new();
        let mut entries = 0;
        let puts = derived.puts.into_iter().map(|(place, value)| (place, Some(value)));
        let deletes = derived.deletes.into_iter().map(|place| (place, None));
        for ((table, key), value) in deletes.chain(puts) {
            match value {
                Some(value) => write.put(table, key, value),
                None => write.delete(table, key),
            };
            entries += 1;
            if entries % WRITE_CHUNK == 0 {
                self.store().commit(std::mem::take(&mut write)).await.map_err(store_error)?;
            }
        }
        if !write.is_empty() {
            self.store().commit(write).await.map_err(store_error)?;
        }
        Ok(())
    }
}

/// Derives what the dirty persons, families and cases are now. `records` holds every record they consist of.
pub(super) fn derive(matcher: &mut Matcher, dirty: &Dirty, records: &[Record]) -> Derived {
    let by_id: BTreeMap<RecordId, &Record> = records.iter().map(|record| (record.id, record)).collect();
    let mut derived = Derived::default();
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
    derived.puts.par_extend(persons.par_iter().map(|id| {
        let members = matcher.records_of(*id);
        let sources: Vec<&Record> = members.iter().filter_map(|record| by_id.get(record).copied()).collect();
        let person = golden(*id, &sources, matcher.families_of(&members), matcher.models());
        ((Table::Persons, id_key(id.0)), encode(&person))
    }));
    for id in &dirty.cases_gone {
        derived.deletes.insert((Table::Cases, id.as_bytes().to_vec()));
    }
    for id in &dirty.cases {
        let case: Option<Case> = matcher.open_case(id);
        case.map(|case| derived.puts.insert((Table::Cases, id.as_bytes().to_vec()), encode(&case)));
    }
    derived
}

struct Families {
    present: Vec<GoldenFamily>,
    gone: BTreeSet<FamilyId>,
}

fn derive_families(matcher: &mut Matcher, dirty: &Dirty, records: &BTreeMap<RecordId, &Record>) -> Families {
    let members = matcher.membership_records(&dirty.groups);
    let mut before = matcher.forget_families(&dirty.groups);
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
    let stay: BTreeSet<FamilyId> = present.iter().map(|family| family.id).collect();
    Families { present, gone: before.difference(&stay).copied().collect() }
}

fn usable_kk(record: &Record) -> Option<String> {
    read_kk(record.core.no_kk.as_deref()?, record.tgl_data).usable().map(str::to_owned)
}

/// The golden record of one person.
fn golden(id: PersonId, records: &[&Record], families: Vec<FamilyId>, models: &Models) -> GoldenPerson {
    let read: Vec<(Option<String>, Option<String>, Option<String>)> = records
        .iter()
        .map(|record| {
            let core = &record.core;
            let nik = core.nik.as_deref().map(|raw| read_nik(raw, record.tgl_data, Regions::embedded()));
            let name = core.nama.as_deref().map(|raw| parse_name(raw, models.names).clean());
            (name, nik.and_then(|nik| nik.usable().map(str::to_owned)), usable_kk(record))
        })
        .collect();
    let sources: Vec<Source<'_>> = records
        .iter()
        .zip(&read)
        .map(|(record, (name, nik, kk))| Source {
            record,
            clean_name: name.as_deref(),
            nik: nik.as_deref(),
            no_kk: kk.as_deref(),
        })
        .collect();
    golden_person(id, &sources, families, &models.survivorship)
}

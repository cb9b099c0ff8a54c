//! Who is this person across agencies: one person by id, or persons by what is known of them.

use std::collections::{BTreeMap, BTreeSet};

use super::view::View;
use super::views::{Found, HistoryLine, LookupQuery, Names, PersonView, ProgrammeLine};
use crate::auth::{Caller, Right};
use crate::domain::batch::{AcceptedRow, Batch};
use crate::domain::date::{Date, Period};
use crate::domain::feed::Feed;
use crate::domain::person::{FamilyId, GoldenFamily, GoldenPerson, NameWords, PersonField};
use crate::domain::record::{PersonId, Record, RecordId, Standing};
use crate::domain::row::{Detail, Enrolment, Penyaluran, PersonCore};
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::matching::identifiers::{account_of, numbers_asked};
use crate::service::matching::load::record_of;
use crate::service::stored::codec::{decode, natural_key_of};
use crate::service::stored::head::Head;
use crate::store::Table;

/// Most persons one look-up answers.
const MAX_LOOKUP: usize = 50;

/// Most persons it answers who bear the very number that was asked for. What is left off is counted.
const MAX_BEARERS: usize = 200;

impl Gateway {
    /// One person. An id that a merge retired leads to the person its record belongs to now.
    pub async fn person(&self, caller: &Caller, id: PersonId) -> Result<PersonView, ServiceError> {
        may_see_persons(caller)?;
        let view = self.view().await?;
        let Some(present) = view.person_of(id.0).await? else { return view.gone(id).await };
        let mut person = view.person_view(present).await?.ok_or(ServiceError::NotFound { what: "person" })?;
        person.redirected_from = (present != id).then_some(id);
        Ok(person)
    }

    /// Persons that fit: those who bear the number that was asked for, then others, best first.
    pub async fn lookup(&self, caller: &Caller, query: LookupQuery) -> Result<Found, ServiceError> {
        may_see_persons(caller)?;
        let view = self.view().await?;
        let (found, bearers) = if let Some((feed, id_sumber)) = &query.source {
            let records = self.records_of_source(*feed, id_sumber).await?;
            (view.persons_of(&records).await?.into_iter().flatten().collect(), 0)
        } else {
            self.found(&view, &query).await?
        };
        let shown = found.len().min(MAX_LOOKUP.max(bearers.min(MAX_BEARERS)));
        let mut persons = Vec::with_capacity(shown);
        for id in &found[..shown] {
            persons.extend(view.person_view(*id).await?);
        }
        let number = query.number();
        Ok(Found { persons, bearers: number.then_some(bearers as u64), left_off: (found.len() - shown) as u64 })
    }

    /// Persons whose records fit a look-up: first all who bear the number that was asked for, and how many they are,
    /// whatever blocking, guards and thresholds say; then those that the matcher finds near it, heaviest first.
    async fn found(&self, view: &View, query: &LookupQuery) -> Result<(Vec<PersonId>, usize), ServiceError> {
        if !query.number() && query.nama.is_none() {
            return Err(ServiceError::Invalid {
                pointer: "",
                problem: "give a number, or nama and tanggal_lahir, or feed and id_sumber",
            });
        }
        if !query.number() && query.tanggal_lahir.is_none() {
            return Err(ServiceError::Invalid {
                pointer: "/tanggal_lahir",
                problem: "a name alone finds too many: give the birth date too",
            });
        }
        let today = self.as_of();
        let bearers = view.bearers(&numbers_asked(query, today).unwrap_or_default()).await?;
        let bearers: Vec<RecordId> = bearers.into_iter().collect();
        let mut seen: BTreeSet<PersonId> = view.persons_of(&bearers).await?.into_iter().flatten().collect();
        let mut found: Vec<PersonId> = seen.iter().copied().collect();
        let exact = found.len();
        if query.nik.is_some() || query.nama.is_some() {
            let core = asked_core(query);
            let near = self.ask_matcher(move |matcher| matcher.near(&core, today)).await??;
            let near = view.persons_of(&near).await?.into_iter().flatten();
            found.extend(near.filter(|person| seen.insert(*person)));
        }
        Ok((found, exact))
    }

    /// What persons and families are called. Callers who may not see persons get no names: their lists show numbers.
    pub async fn names(
        &self,
        caller: &Caller,
        persons: &[PersonId],
        families: &[FamilyId],
    ) -> Result<Names, ServiceError> {
        if may_see_persons(caller).is_err() {
            return Ok(Names::default());
        }
        let view = self.view().await?;
        let families = view.families(families).await?;
        let head = |family: &GoldenFamily| family.head.or_else(|| family.members.first().copied());
        let heads: BTreeMap<FamilyId, PersonId> = families.iter().filter_map(|f| Some((f.id, head(f)?))).collect();
        let wanted: BTreeSet<PersonId> = persons.iter().chain(heads.values()).copied().collect();
        let golden = view.golden(&wanted.into_iter().collect::<Vec<_>>()).await?;
        let called = |person: &GoldenPerson| Some((person.id, person.value(PersonField::Nama)?.to_owned()));
        let persons: BTreeMap<PersonId, String> = golden.iter().filter_map(called).collect();
        let families = heads.iter().filter_map(|(family, head)| Some((*family, persons.get(head)?.clone()))).collect();
        Ok(Names { persons, families })
    }

    /// The records with a source key, of all agencies that send the feed.
    pub(in crate::service) async fn records_of_source(
        &self,
        feed: Feed,
        id_sumber: &str,
    ) -> Result<Vec<RecordId>, ServiceError> {
        let mut found = Vec::new();
        for agency in self.clients().agencies_sending(feed) {
            let key = natural_key_of(&agency, feed, id_sumber);
            if let Some(bytes) = self.get(Table::Records, key).await? {
                let head: Head = decode(&bytes, "record")?;
                found.push(head.id);
            }
        }
        Ok(found)
    }
}

impl View {
    /// A person all of whose rows were withdrawn: what there was, and when it went.
    async fn gone(&self, id: PersonId) -> Result<PersonView, ServiceError> {
        let mut sources = self.last_rows(&[id.0]).await?;
        sources.retain(|record| record.key.feed.describes_person());
        if sources.is_empty() {
            return Err(ServiceError::NotFound { what: "person" });
        }
        let history = self.history(&sources).await?;
        let person = GoldenPerson {
            id,
            records: vec![id.0],
            fields: Vec::new(),
            families: Vec::new(),
            aside: Vec::new(),
            words: NameWords::default(),
        };
        Ok(PersonView {
            person,
            withdrawn: true,
            redirected_from: None,
            sources,
            families: Vec::new(),
            programmes: Vec::new(),
            history,
            cases: Vec::new(),
        })
    }

    /// A person; `None` where there is none of this number.
    async fn person_view(&self, id: PersonId) -> Result<Option<PersonView>, ServiceError> {
        let Some(person) = self.golden(&[id]).await?.pop() else { return Ok(None) };
        let sources = self.records(&person.records).await?;
        let families = self.families(&person.families).await?;
        let accounts: BTreeSet<u64> = sources.iter().filter_map(account_of).collect();
        let payments = self.payments_to(&accounts.into_iter().collect::<Vec<_>>()).await?;
        let payments = self.records(&payments).await?;
        let (history, cases) = (self.history(&sources).await?, self.cases_of(&sources).await?);
        let programmes = programmes(&sources, &payments);
        Ok(Some(PersonView {
            person,
            withdrawn: false,
            redirected_from: None,
            sources,
            families,
            programmes,
            history,
            cases,
        }))
    }

    async fn history(&self, sources: &[Record]) -> Result<Vec<HistoryLine>, ServiceError> {
        let mut lines = Vec::new();
        for source in sources {
            let rows = self.versions(source.id).await?;
            let happened = what_happened(&rows)?;
            for (nth, (row, what)) in rows.iter().zip(happened).enumerate() {
                let batch = self.reader().get(Table::Batches, row.batch.as_bytes().to_vec()).await?;
                let batch = batch.map(|b| decode::<Batch>(&b, "batch")).transpose()?;
                // Once a batch is compacted, what its rows replaced is gone, and whether there was anything.
                let oldest_kept = batch.as_ref().is_some_and(|batch| batch.compacted_at.is_some());
                lines.push(HistoryLine {
                    at: batch.map(|batch| batch.received_at),
                    what: if nth == 0 && oldest_kept { "row_kept" } else { what },
                    record: source.id,
                    feed: source.key.feed,
                    reference: row.batch.clone(),
                });
            }
            for decision in self.decisions_about(source.id).await? {
                lines.push(HistoryLine {
                    at: Some(decision.at),
                    what: "decision",
                    record: source.id,
                    feed: source.key.feed,
                    reference: decision.case,
                });
            }
        }
        lines.sort_by(|a, b| (a.at, a.record, &a.reference).cmp(&(b.at, b.record, &b.reference)));
        lines.dedup_by(|a, b| {
            a.what == "decision" && b.what == "decision" && a.reference == b.reference && a.at == b.at
        });
        Ok(lines)
    }
}

/// What a look-up says of the person, as the core of a row.
fn asked_core(query: &LookupQuery) -> PersonCore {
    PersonCore {
        nik: query.nik.clone(),
        nama: query.nama.clone(),
        tanggal_lahir: query.tanggal_lahir,
        ..PersonCore::default()
    }
}

pub(super) fn may_see_persons(caller: &Caller) -> Result<(), ServiceError> {
    let may = caller.has(Right::Persons) || caller.has(Right::Review);
    if may { Ok(()) } else { Err(ServiceError::Forbidden) }
}

/// What each row of a record, in the order of their numbers, did to it.
fn what_happened(rows: &[AcceptedRow]) -> Result<Vec<&'static str>, ServiceError> {
    let mut present: Option<(Standing, bool)> = None;
    let what = |row: &AcceptedRow| {
        let record = record_of(row)?;
        let (standing, withdrawn) = (record.standing(), record.withdrawn);
        let what = match present {
            Some((before, _)) if before > standing => return Ok("row_older"),
            _ if withdrawn => "row_withdrawn",
            None | Some((_, true)) => "row_accepted",
            Some((_, false)) => "row_updated",
        };
        present = Some((standing, withdrawn));
        Ok(what)
    };
    rows.iter().map(what).collect()
}

fn programmes(sources: &[Record], payments: &[Record]) -> Vec<ProgrammeLine> {
    let last = last_payments(payments);
    let mut lines = Vec::new();
    for record in sources {
        let mut add = |code: &str, status: &str, period: Option<Period>| {
            lines.push(ProgrammeLine {
                code: code.to_owned(),
                status: status.to_owned(),
                period,
                feed: record.key.feed,
                record: record.id,
                last_payment: last.get(code).cloned(),
            });
        };
        match &record.detail {
            Detail::Anggota(row) => {
                for Enrolment { kode, status, periode } in &row.program {
                    add(kode, status, *periode);
                }
            }
            Detail::Jkn(row) => add(&row.segmen, &row.status_jkn, None),
            Detail::Siswa(row) => {
                if let Some(status) = row.pip_status.as_deref().filter(|status| *status != "TIDAK") {
                    add("PIP", status, None);
                }
            }
            Detail::Kia(_) | Detail::Rekening(_) | Detail::Penyaluran(_) => {}
        }
    }
    lines.sort();
    lines
}

fn last_payments(payments: &[Record]) -> BTreeMap<&str, (Option<Date>, i64, String)> {
    let mut last: BTreeMap<&str, &Penyaluran> = BTreeMap::new();
    for record in payments {
        if let Detail::Penyaluran(payment) = &record.detail {
            let best = last.entry(&payment.program).or_insert(payment);
            if payment.tgl_topup > best.tgl_topup {
                *best = payment;
            }
        }
    }
    last.into_iter().map(|(code, p)| (code, (p.tgl_topup, p.nominal.0, p.status_salur.clone()))).collect()
}

//! Who is this person across agencies: one person by id, or persons by what is known of them.

use std::collections::{BTreeMap, BTreeSet};

use super::codec::{decode, decode_row, id_key, natural_key_of};
use super::error::ServiceError;
use super::gateway::Gateway;
use super::reading::{Pages, get_many};
use super::views::{Found, HistoryLine, LookupQuery, Names, PersonView, ProgrammeLine};
use crate::auth::{Caller, Right};
use crate::domain::batch::{AcceptedRow, Batch};
use crate::domain::date::{Date, Period};
use crate::domain::decision::Decision;
use crate::domain::feed::Feed;
use crate::domain::person::{FamilyId, GoldenFamily, GoldenPerson, PersonField};
use crate::domain::record::{PersonId, Record, RecordId, Standing};
use crate::domain::row::{Detail, Enrolment, Penyaluran};
use crate::store::{Table, prefix_end};

/// Most persons one look-up answers.
const MAX_LOOKUP: usize = 50;

/// Most persons it answers who bear the very number that was asked for. What is left off is counted.
const MAX_BEARERS: usize = 200;

impl Gateway {
    /// One person. An id that a merge retired leads to the person its record belongs to now.
    pub async fn person(&self, caller: &Caller, id: PersonId) -> Result<PersonView, ServiceError> {
        if !caller.has(Right::Persons) && !caller.has(Right::Review) {
            return Err(ServiceError::Forbidden);
        }
        self.matched_state().await?;
        let Some(present) = self.matcher(|m| m.person_of(id.0)) else { return self.gone(id).await };
        let mut view = self.person_view(present).await?;
        view.redirected_from = (present != id).then_some(id);
        Ok(view)
    }

    /// A person all of whose rows were withdrawn: what there was, and when it went.
    async fn gone(&self, id: PersonId) -> Result<PersonView, ServiceError> {
        let known = self.matcher(|m| m.known.get(&id.0).is_some_and(|known| known.feed.describes_person()));
        if !known {
            return Err(ServiceError::NotFound { what: "person" });
        }
        let sources = self.last_rows(&[id.0]).await?;
        let history = self.history(&sources).await?;
        let person = GoldenPerson { id, records: vec![id.0], fields: Vec::new(), families: Vec::new() };
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

    /// The last row of records, in the order asked for; withdrawn ones too.
    pub(super) async fn last_rows(&self, ids: &[RecordId]) -> Result<Vec<Record>, ServiceError> {
        let keys = self.matcher(|m| m.last_row_keys(ids));
        let found = get_many(self.reader(), Table::Rows, keys).await?;
        found.into_iter().flatten().map(|bytes| super::load::record_of(&decode_row(&bytes)?)).collect()
    }

    /// Persons that fit: those who bear the number that was asked for, then others, best first.
    pub async fn lookup(&self, caller: &Caller, query: LookupQuery) -> Result<Found, ServiceError> {
        if !caller.has(Right::Persons) && !caller.has(Right::Review) {
            return Err(ServiceError::Forbidden);
        }
        self.matched_state().await?;
        let mut found: Vec<PersonId> = Vec::new();
        let mut bearers = 0;
        if let Some((feed, id_sumber)) = &query.source {
            found.extend(self.person_of_source(*feed, id_sumber).await?);
        } else if query.number() || query.nama.is_some() {
            if !query.number() && query.tanggal_lahir.is_none() {
                return Err(ServiceError::Invalid {
                    pointer: "/tanggal_lahir",
                    problem: "a name alone finds too many: give the birth date too",
                });
            }
            let today = self.as_of();
            (found, bearers) = self.matcher(|m| m.look_up(self.models(), &query, today));
        } else {
            return Err(ServiceError::Invalid {
                pointer: "",
                problem: "give a number, or nama and tanggal_lahir, or feed and id_sumber",
            });
        }
        let shown = found.len().min(MAX_LOOKUP.max(bearers.min(MAX_BEARERS)));
        let mut persons = Vec::with_capacity(shown);
        for id in &found[..shown] {
            persons.push(self.person_view(*id).await?);
        }
        let number = query.number();
        Ok(Found { persons, bearers: number.then_some(bearers as u64), left_off: (found.len() - shown) as u64 })
    }

    /// What persons and families are called. Callers who may not see persons get no names: their lists show numbers.
    pub async fn names(
        &self,
        caller: &Caller,
        persons: &[PersonId],
        families: &[FamilyId],
    ) -> Result<Names, ServiceError> {
        if !caller.has(Right::Persons) && !caller.has(Right::Review) {
            return Ok(Names::default());
        }
        let families = self.families(families).await?;
        let head = |family: &GoldenFamily| family.head.or_else(|| family.members.first().copied());
        let heads: BTreeMap<FamilyId, PersonId> = families.iter().filter_map(|f| Some((f.id, head(f)?))).collect();
        let wanted: BTreeSet<PersonId> = persons.iter().chain(heads.values()).copied().collect();
        let golden = self.golden(&wanted.into_iter().collect::<Vec<_>>()).await?;
        let called = |person: &GoldenPerson| Some((person.id, person.value(PersonField::Nama)?.to_owned()));
        let persons: BTreeMap<PersonId, String> = golden.iter().filter_map(called).collect();
        let families = heads.iter().filter_map(|(family, head)| Some((*family, persons.get(head)?.clone()))).collect();
        Ok(Names { persons, families })
    }

    async fn person_of_source(&self, feed: Feed, id_sumber: &str) -> Result<Vec<PersonId>, ServiceError> {
        let records = self.records_of_source(feed, id_sumber).await?;
        Ok(self.matcher(|m| records.into_iter().filter_map(|id| m.person_of(id)).collect()))
    }

    /// The records with a source key, of all agencies that send the feed.
    pub(super) async fn records_of_source(&self, feed: Feed, id_sumber: &str) -> Result<Vec<RecordId>, ServiceError> {
        let mut found = Vec::new();
        for agency in self.clients().agencies_sending(feed) {
            let key = natural_key_of(&agency, feed, id_sumber);
            if let Some(bytes) = self.get(Table::Records, key).await? {
                let head: super::accept::Head = decode(&bytes, "record")?;
                found.push(head.id);
            }
        }
        Ok(found)
    }

    async fn person_view(&self, id: PersonId) -> Result<PersonView, ServiceError> {
        self.matched_state().await?;
        let bytes = self.get(Table::Persons, id_key(id.0)).await?;
        let person: GoldenPerson = decode(&bytes.ok_or(ServiceError::NotFound { what: "person" })?, "person")?;
        let sources = self.records(&person.records).await?;
        let families = self.families(&person.families).await?;
        let payments = self.payments_of(&sources).await?;
        let (history, cases) = (self.history(&sources).await?, self.matcher(|m| m.cases_of(&person.records)));
        let programmes = programmes(&sources, &payments);
        Ok(PersonView {
            person,
            withdrawn: false,
            redirected_from: None,
            sources,
            families,
            programmes,
            history,
            cases,
        })
    }

    /// The families of these numbers.
    pub(super) async fn families(&self, ids: &[FamilyId]) -> Result<Vec<GoldenFamily>, ServiceError> {
        let keys = ids.iter().map(|id| id_key(id.0)).collect();
        let found = get_many(self.reader(), Table::Families, keys).await?;
        found.into_iter().flatten().map(|bytes| decode(&bytes, "family")).collect()
    }

    /// The present state of records, in the order asked for. Withdrawn ones are left out.
    pub(super) async fn records(&self, ids: &[RecordId]) -> Result<Vec<Record>, ServiceError> {
        let keys = self.matcher(|m| m.row_keys(ids));
        let found = get_many(self.reader(), Table::Rows, keys).await?;
        let rows = found.into_iter().flatten();
        rows.map(|bytes| super::load::record_of(&decode_row(&bytes)?)).collect()
    }

    async fn payments_of(&self, sources: &[Record]) -> Result<Vec<Record>, ServiceError> {
        let accounts: BTreeSet<String> = sources.iter().filter_map(account_of).collect();
        let ids = self.matcher(|m| m.payments_to(&accounts));
        self.records(&ids).await
    }

    async fn history(&self, sources: &[Record]) -> Result<Vec<HistoryLine>, ServiceError> {
        let mut lines = Vec::new();
        for source in sources {
            let rows = self.versions(source.id).await?;
            let happened = what_happened(&rows)?;
            for (nth, (row, what)) in rows.iter().zip(happened).enumerate() {
                let batch = self.get(Table::Batches, row.batch.as_bytes().to_vec()).await?;
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

    async fn versions(&self, id: RecordId) -> Result<Vec<AcceptedRow>, ServiceError> {
        let prefix = id_key(id);
        let end = prefix_end(&prefix);
        let mut rows = Vec::new();
        let mut pages = Pages::between(self.reader(), Table::Rows, prefix, end);
        while let Some(page) = pages.next().await? {
            for (_, bytes) in &page {
                rows.push(decode_row(bytes)?);
            }
        }
        Ok(rows)
    }

    async fn decisions_about(&self, id: RecordId) -> Result<Vec<Decision>, ServiceError> {
        let keys = self.matcher(|m| m.decisions_about(id));
        let found = get_many(self.reader(), Table::Decisions, keys).await?;
        found.into_iter().flatten().map(|bytes| decode(&bytes, "decision")).collect()
    }
}

/// Bank and number of an account row or a payment, as one text.
pub(super) fn account_of(record: &Record) -> Option<String> {
    record.detail.account()
}

/// What each row of a record, in the order of their numbers, did to it.
fn what_happened(rows: &[AcceptedRow]) -> Result<Vec<&'static str>, ServiceError> {
    let mut present: Option<(Standing, bool)> = None;
    let what = |row: &AcceptedRow| {
        let record = super::load::record_of(row)?;
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

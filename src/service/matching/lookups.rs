//! The entries of the table `lookups` that follow from what the matcher knows, and how much there is of everything.

use std::collections::{BTreeMap, BTreeSet};

use super::identifiers::Number;
use super::matcher::Matcher;
use super::places::Place as Region;
use super::records::Known;
use crate::domain::case::{Case, CaseState};
use crate::domain::decision::Decision;
use crate::domain::record::RecordId;
use crate::service::stored::codec::{encode, id_key};
use crate::service::stored::lookups::{Facets, Lookup, Place, Present, case_in, nothing, record_in};

/// Length of the key of a present row.
const PRESENT_KEY: usize = 9;

/// An entry: key and value.
pub(super) type Entry = (Vec<u8>, Vec<u8>);

impl Matcher {
    /// By what a record is found.
    pub(super) fn lookups_of(&self, id: RecordId) -> Vec<Entry> {
        let Some(known) = self.known.get(id) else { return Vec::new() };
        let numbers = self.known.numbers_of(id).map(|number| Lookup::Number.of_record(number.value(), id));
        let payment = known.payment().map(|account| Lookup::Payment.of_record(account, id));
        let numbers = numbers.chain(payment).map(|key| (key, nothing()));
        self.present_of(id).into_iter().chain(numbers).collect()
    }

    /// Which row of a record is the present one.
    pub(super) fn present_of(&self, id: RecordId) -> Option<Entry> {
        let known = self.known.get(id)?;
        let present = Present { sequence: known.standing.sequence, withdrawn: known.withdrawn };
        Some((Lookup::Present.key(&[&id_key(id)]), encode(&present)))
    }

    /// The accounts of payments, each with the record of the payment.
    pub(super) fn payments(&self) -> impl Iterator<Item = (u64, RecordId)> {
        self.known.all().filter_map(|(id, known)| Some((known.payment()?, id)))
    }

    /// By what a case is found.
    pub(super) fn lookups_of_case(&self, case: &Case) -> Vec<Entry> {
        let decided = self.decided.get(&case.id).copied().unwrap_or_default();
        let facets = encode(&self.facets(case));
        let places = Place::of(case, decided);
        let mut entries: Vec<Entry> = places.iter().map(|place| (place.key(&case.id), facets.clone())).collect();
        let open = case.state == CaseState::Baru;
        let named = case.records.iter().filter(|_| open);
        entries.extend(named.map(|id| (Lookup::CaseOfRecord.key(&[&id_key(*id), case.id.as_bytes()]), nothing())));
        entries
    }

    /// By what the cases are found of which a record is one of the two; no value where there are none.
    pub(super) fn cases_about(&self, record: RecordId) -> (Vec<u8>, Option<Vec<u8>>) {
        let ids = self.cases_by_record.get(&record).into_iter().flatten();
        let about = |case: &&Case| case.is_about_two() && (case.pair.0 == record || case.pair.1 == record);
        let ids: Vec<&str> =
            ids.filter_map(|id| self.cases.get(id)).filter(about).map(|case| case.id.as_str()).collect();
        (Lookup::CasesAbout.key(&[&id_key(record)]), (!ids.is_empty()).then(|| encode(&ids)))
    }

    fn facets(&self, case: &Case) -> Facets {
        let shares: Vec<RecordId> = self.shares_nik(case).collect();
        let crowd: Vec<RecordId> = self.records_of_crowd(case).collect();
        let places: BTreeSet<Region> =
            case.records.iter().chain(&shares).chain(&crowd).filter_map(|id| self.known.get(*id)?.place).collect();
        Facets {
            question: case.question,
            reasons: case.reasons.clone(),
            places: places.into_iter().map(Region::code).collect(),
        }
    }

    /// Whether an entry of this key follows from what is known. Not asked of those by numbers and accounts.
    pub(super) fn has_lookup(&self, key: &[u8]) -> bool {
        let first = key.first().copied().unwrap_or_default();
        let is = |lookup: Lookup| first == lookup as u8;
        if is(Lookup::Present) {
            return key.len() == PRESENT_KEY && record_in(key).is_some_and(|id| self.known.contains(id));
        }
        if is(Lookup::CasesAbout) {
            return record_in(key).is_some_and(|id| self.cases_about(id).1.is_some());
        }
        let lists = [Lookup::OpenCase, Lookup::OldestCase, Lookup::RestingCase, Lookup::DecidedCase];
        if lists.into_iter().any(is) || is(Lookup::CaseOfRecord) {
            let case = case_in(key, 9).and_then(|id| self.cases.get(id));
            return case.is_some_and(|case| self.lookups_of_case(case).iter().any(|(known, _)| known == key));
        }
        if is(Lookup::SharedNik) {
            // The number stands where other keys have a record.
            return record_in(key).is_some_and(|number| self.shared.contains_key(&Number::from_value(number.0)));
        }
        // Decisions stay for ever, there is always a count, and words of names are looked after by `names`.
        true
    }

    /// All entries.
    pub(super) fn all_lookups(&self) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
        let records = self.known.ids().iter().flat_map(|id| self.lookups_of(*id));
        let cases = self.cases.values().flat_map(|case| self.lookups_of_case(case));
        let decisions = self.decisions.values().flatten().flat_map(lookups_of_decision);
        let shared = self.shared.iter().map(|(nik, case)| (shared_key(*nik), encode(case)));
        let all = records.chain(cases).chain(shared).chain(decisions.map(|key| (key, nothing())));
        let about = self.cases_by_record.keys().map(|id| self.cases_about(*id)).filter(|(_, value)| value.is_some());
        all.map(|(key, value)| (key, Some(value))).chain(about).collect()
    }

    /// Counts all records.
    pub(super) fn count_records(&mut self) {
        let all: Vec<Known> = self.known.all().map(|(_, known)| known).collect();
        for known in &all {
            self.count_record(known, 1);
        }
    }

    /// Counts a record that comes (1) or goes (-1).
    pub(super) fn count_record(&mut self, known: &Known, by: i64) {
        if known.withdrawn {
            return;
        }
        let (records, flagged) = self.counts.records.entry(known.feed.code()).or_default();
        *records = records.wrapping_add_signed(by);
        *flagged = flagged.wrapping_add_signed(if known.flagged { by } else { 0 });
        if *records == 0 {
            self.counts.records.remove(&known.feed.code());
        }
    }

    /// Counts a person that comes or goes.
    pub(super) fn count_person(&mut self, records: &[RecordId], by: i64) {
        let mut feeds = records.iter().filter_map(|id| self.known.get(*id)).map(|known| known.feed);
        let in_many = feeds.next().is_some_and(|first| feeds.any(|other| other != first));
        self.counts.persons = self.counts.persons.wrapping_add_signed(by);
        self.counts.in_many_feeds = self.counts.in_many_feeds.wrapping_add_signed(if in_many { by } else { 0 });
    }

    /// Counts a case that comes or goes.
    pub(super) fn count_case(&mut self, case: &Case, by: i64) {
        let count = match case.state {
            CaseState::Baru => &mut self.counts.open_cases,
            CaseState::Istirahat => &mut self.counts.resting_cases,
            CaseState::Selesai => &mut self.counts.decided_cases,
        };
        *count = count.wrapping_add_signed(by);
    }
}

/// By what the case of a NIK is found.
pub(super) fn shared_key(nik: Number) -> Vec<u8> {
    Lookup::SharedNik.key(&[&nik.value().to_be_bytes()])
}

/// By what a decision is found.
pub(super) fn lookups_of_decision(decision: &Decision) -> impl Iterator<Item = Vec<u8>> + use<> {
    let (a, b) = (id_key(decision.a), id_key(decision.b));
    let of_case = Lookup::PairOfCase.key(&[decision.case.as_bytes(), &[0], &a, &b]);
    [of_case, Lookup::DecidedWith.key(&[&b, &a])].into_iter()
}

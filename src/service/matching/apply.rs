//! Applying a step to the matcher: what changed rows and decisions touch.

use std::collections::{BTreeMap, BTreeSet};

use super::identifiers::{Number, numbers_of};
use super::lookups::lookups_of_decision;
use super::matcher::{Dirty, Matcher};
use super::records::{FamilyKey, Known, Sender};
use super::withdrawn::AskedThen;
use crate::domain::case::Case;
use crate::domain::decision::{Decision, Verdict};
use crate::domain::record::{PersonId, Record, RecordId};
use crate::engine::{Change, Delta, Judgement, LiveError, Proposal, Value};
use crate::prepare::values_of;
use crate::service::stored::lookups::nothing;

/// What a step is about, beside what it makes dirty.
#[derive(Default)]
struct Concerned {
    /// NIKs that the rows bear or bore.
    niks: BTreeSet<Number>,
    /// Cases that the decisions are about, and those that rows keep or kept which withdraw their records.
    cases: BTreeSet<String>,
    /// Records that decisions are about.
    decided: BTreeSet<RecordId>,
}

/// Records with their values; `None` for one that takes no part in matching.
type Coming = Vec<(u64, Option<Vec<Value>>)>;

impl Matcher {
    /// Applies changed rows, what those of them keep that withdraw their records, and decisions. Rows older than what is known
    /// are passed over: order does not matter.
    pub(super) fn apply(
        &mut self,
        records: Vec<Record>,
        asked: AskedThen,
        decisions: Vec<Decision>,
    ) -> Result<Dirty, LiveError> {
        let newest = self.newest_of(records);
        let values = self.values_of(&newest);
        // What cannot be read now is noticed before anything changes.
        self.live.prepare(&values)?;
        let (mut dirty, mut concerned) = (Dirty::default(), Concerned::default());
        self.take_withdrawn_cases(&newest, asked, &mut concerned);
        let mut changes = self.take_rows((&newest, values), &mut dirty, &mut concerned);
        changes.extend(self.take_decisions(decisions, &mut dirty, &mut concerned));
        let delta = self.live.apply(changes)?;
        self.take_clusters(&delta, newest.keys(), &mut dirty);
        self.take_questions(&delta, newest.keys(), &mut dirty);
        let of_delta = delta.before.iter().chain(&delta.after).flatten().map(|id| RecordId(*id));
        let touched: BTreeSet<RecordId> = of_delta.chain(newest.into_keys()).collect();
        self.settle_touched(&touched, &mut concerned, &mut dirty);
        dirty.touched.extend(&touched);
        dirty.touched.extend(concerned.niks.iter().flat_map(|nik| self.bearers_of_nik(*nik)));
        let left: Vec<RecordId> = dirty.families_left.iter().map(|family| family.0).collect();
        dirty.touched.extend(left);
        dirty.touched.extend(self.membership_records(&dirty.groups));
        Ok(dirty)
    }

    /// The newest row of each record, where it is newer than what is known.
    fn newest_of(&self, records: Vec<Record>) -> BTreeMap<RecordId, Record> {
        let mut newest: BTreeMap<RecordId, Record> = BTreeMap::new();
        for record in records {
            let known = self.known.get(record.id).map(|known| known.standing);
            let waiting = newest.get(&record.id).map(Record::standing);
            if known.max(waiting).is_none_or(|before| before < record.standing()) {
                newest.insert(record.id, record);
            }
        }
        newest
    }

    /// The values of rows, in their order.
    fn values_of(&self, newest: &BTreeMap<RecordId, Record>) -> Coming {
        newest.values().map(|record| (record.id.0, values_of(&self.models().columns, record))).collect()
    }

    /// Takes note of rows; answers what the engine has to change.
    fn take_rows(
        &mut self,
        (newest, values): (&BTreeMap<RecordId, Record>, Coming),
        dirty: &mut Dirty,
        concerned: &mut Concerned,
    ) -> Vec<Change> {
        // What a row held together before it changed has to be looked at as well.
        dirty.groups = self.related(newest.keys().filter_map(|id| self.known.get(*id)?.family()));
        let rows: Vec<RecordId> = newest.keys().copied().collect();
        dirty.families_left = self.forget_families(&rows);
        concerned.niks.extend(self.niks_of(newest.keys()));
        for record in newest.values() {
            self.replace_known(record, dirty);
        }
        let change = |(id, values)| match values {
            Some(values) => Change::Upsert { id, values },
            None => Change::Remove { id },
        };
        values.into_iter().map(change).collect()
    }

    /// Takes note of what the rows keep that withdraw their records, in the place of what was kept of these records before.
    fn take_withdrawn_cases(
        &mut self,
        newest: &BTreeMap<RecordId, Record>,
        mut asked: AskedThen,
        concerned: &mut Concerned,
    ) {
        for record in newest.values() {
            concerned.cases.extend(self.withdrawn_cases.of_record(record.id).iter().cloned());
            self.withdrawn_cases.forget(record.id);
            let cases = asked.remove(&(record.id, record.sequence)).unwrap_or_default();
            self.withdrawn_cases.note(record.id, cases);
            concerned.cases.extend(self.withdrawn_cases.of_record(record.id).iter().cloned());
        }
    }

    /// Puts what is known of a record in the place of what was known before.
    fn replace_known(&mut self, record: &Record, dirty: &mut Dirty) {
        dirty.touched.extend(self.on_same_account(record.id));
        let before = self.lookups_of(record.id);
        dirty.lookups.extend(before.into_iter().map(|(key, _)| (key, None)));
        let known = Known::of(record);
        if let Some(before) = self.known.put(record.id, &Sender::of(record), &known, &numbers_of(record)) {
            self.count_record(&before, -1);
        }
        self.count_record(&known, 1);
        dirty.touched.extend(self.on_same_account(record.id));
        let now = self.lookups_of(record.id);
        dirty.lookups.extend(now.into_iter().map(|(key, value)| (key, Some(value))));
        dirty.groups.extend(known.family());
    }

    /// Takes note of decisions; answers what the engine has to change.
    fn take_decisions(
        &mut self,
        decisions: Vec<Decision>,
        dirty: &mut Dirty,
        concerned: &mut Concerned,
    ) -> Vec<Change> {
        let mut changes = Vec::with_capacity(decisions.len());
        for decision in decisions {
            let (a, b, judgement) = judgement(&decision);
            concerned.cases.insert(decision.case.clone());
            concerned.decided.extend([decision.a, decision.b]);
            concerned.niks.extend(self.niks_of([decision.a, decision.b].iter()));
            dirty.lookups.extend(lookups_of_decision(&decision).map(|key| (key, Some(nothing()))));
            changes.push(Change::Decide { a, b, judgement });
            self.note_decision(decision);
        }
        changes
    }

    /// Takes note of the clusters that are no more and of those that are new.
    fn take_clusters<'a>(&mut self, delta: &Delta, changed: impl Iterator<Item = &'a RecordId>, dirty: &mut Dirty) {
        for gone in &delta.before {
            self.forget_cluster(gone, dirty);
        }
        for cluster in &delta.after {
            self.note_cluster(cluster, dirty);
        }
        // The values of a row may have changed without its cluster having changed.
        dirty.persons.extend(changed.filter_map(|record| self.person_of(*record)));
        dirty.persons_gone.retain(|person| !self.known.is_person(*person));
        dirty.members.retain(|(record, person)| self.person_of(*record) == *person);
    }

    /// Looks again at the cases of NIKs, and at all that the step is about.
    fn settle_touched(&mut self, touched: &BTreeSet<RecordId>, concerned: &mut Concerned, dirty: &mut Dirty) {
        concerned.niks.extend(self.niks_of(touched.iter()));
        self.look_at_shared(&concerned.niks, dirty);
        let decided = std::mem::take(&mut concerned.decided);
        let changed: BTreeSet<RecordId> = touched.union(&decided).copied().collect();
        // What a steward confirmed may be in the golden record now.
        dirty.persons.extend(decided.iter().filter_map(|record| self.person_of(*record)));
        let persons = changed.iter().filter_map(|record| self.person_of(*record)).collect();
        self.look_at_statements(persons, changed, dirty);
        let mut cases = std::mem::take(&mut concerned.cases);
        cases.extend(touched.iter().filter_map(|id| self.cases_by_record.get(id)).flatten().cloned());
        cases.extend(dirty.cases_gone.iter().cloned());
        self.settle_cases(cases, dirty);
        let about: Vec<_> = dirty.pairs.iter().map(|record| self.cases_about(*record)).collect();
        dirty.lookups.extend(about);
    }

    pub(super) fn note_decision(&mut self, decision: Decision) {
        let pair = (decision.a.min(decision.b), decision.a.max(decision.b));
        self.decided_by_case.entry(decision.case.clone()).or_default().insert(pair);
        self.decisions.entry(pair).or_default().push(decision);
    }

    /// Forgets a cluster that is no more.
    fn forget_cluster(&mut self, cluster: &[u64], dirty: &mut Dirty) {
        let Some(first) = cluster.first() else { return };
        let person = PersonId(RecordId(*first));
        if self.known.is_person(person) {
            let records = self.records_of(person);
            self.count_person(&records, -1);
        }
        dirty.persons_gone.insert(person);
        let records: Vec<RecordId> = cluster.iter().map(|id| RecordId(*id)).collect();
        self.known.part(&records);
        dirty.members.extend(records.iter().map(|record| (*record, None)));
        dirty.groups.extend(self.families_among(&records));
    }

    /// Takes note of a cluster: its person is named after its oldest record.
    pub(super) fn note_cluster(&mut self, cluster: &[u64], dirty: &mut Dirty) {
        let Some(first) = cluster.first() else { return };
        let person = PersonId(RecordId(*first));
        let records: Vec<RecordId> = cluster.iter().map(|id| RecordId(*id)).collect();
        self.known.join(&records);
        self.count_person(&records, 1);
        dirty.members.extend(records.iter().map(|record| (*record, Some(person))));
        dirty.groups.extend(self.families_among(&records));
        dirty.persons.insert(person);
    }

    /// The memberships of records.
    fn families_among(&self, records: &[RecordId]) -> impl Iterator<Item = FamilyKey> {
        records.iter().filter_map(|id| self.known.get(*id)?.family())
    }

    pub(super) fn forget_case(&mut self, id: &str, dirty: &mut Dirty) {
        let Some(case) = self.cases.remove(id) else { return };
        self.count_case(&case, -1);
        let lookups = self.lookups_of_case(&case);
        dirty.lookups.extend(lookups.into_iter().map(|(key, _)| (key, None)));
        self.decided.remove(id);
        for record in &case.records {
            if let Some(ids) = self.cases_by_record.get_mut(record) {
                ids.remove(id);
            }
        }
        dirty.touched.extend(&case.records);
        dirty.pairs.extend([case.pair.0, case.pair.1]);
        dirty.cases.remove(id);
        dirty.cases_gone.insert(id.to_owned());
    }

    pub(super) fn note_case(&mut self, item: &Proposal, dirty: &mut Dirty) {
        self.put_case(self.case_of(item), None, dirty);
    }

    /// Takes note of a case as it is now; a decided one with the number of its last decision.
    pub(super) fn put_case(&mut self, case: Case, decided: Option<u64>, dirty: &mut Dirty) {
        let same = self.cases.get(&case.id) == Some(&case) && self.decided.get(&case.id).copied() == decided;
        let id = case.id.clone();
        if !same {
            self.forget_case(&id, dirty);
            self.count_case(&case, 1);
            dirty.touched.extend(&case.records);
            dirty.pairs.extend([case.pair.0, case.pair.1]);
            for record in &case.records {
                self.cases_by_record.entry(*record).or_default().insert(id.clone());
            }
            decided.map(|sequence| self.decided.insert(id.clone(), sequence));
            self.cases.insert(id.clone(), case);
            dirty.cases_gone.remove(&id);
            dirty.cases.insert(id.clone());
        }
        self.refresh_case(&id, dirty);
    }

    /// Where the records of a case are may have changed, even if the case did not.
    pub(super) fn refresh_case(&self, id: &str, dirty: &mut Dirty) {
        let lookups = self.cases.get(id).map(|case| self.lookups_of_case(case)).unwrap_or_default();
        dirty.lookups.extend(lookups.into_iter().map(|(key, value)| (key, Some(value))));
    }
}

pub(super) fn judgement(decision: &Decision) -> (u64, u64, Judgement) {
    let judged = match decision.verdict {
        Some(Verdict::Gabungkan) => Judgement::Same,
        Some(Verdict::BukanDuplikat) => Judgement::Different,
        None => Judgement::Cleared,
    };
    (decision.a.0, decision.b.0, judged)
}

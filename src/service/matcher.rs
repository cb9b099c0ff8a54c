//! The matcher's memory: the engine's live index, and what has to be known of every record to derive the rest.
//!
//! Everything in it is a function of accepted records, decisions and models; [`Matcher::bulk`] and any sequence of
//! [`Matcher::apply`] with the same rows lead to the same answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::xxh3_64;

use super::codec::row_key;
use super::identifiers::{Identifiers, Number, numbers_of};
use super::models::Models;
use super::people::account_of;
use super::places::Place;
use crate::domain::case::{Case, CaseState, Question};
use crate::domain::decision::{Decision, Verdict};
use crate::domain::family_card::read_kk;
use crate::domain::feed::Feed;
use crate::domain::person::{FamilyId, GoldenFamily};
use crate::domain::record::{PersonId, Record, RecordId, Standing};
use crate::domain::row::Detail;
use crate::engine::{Change, Delta, Live, ReviewItem, ReviewReason, RowError, Rows, Value, Verdict as Judgement};
use crate::prepare::values_of;

/// A membership of one agency (`agency|id_keluarga`), as a hash: it only has to be told from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FamilyKey(u64);

/// What stays in memory of a record.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) standing: Standing,
    pub(super) feed: Feed,
    pub(super) withdrawn: bool,
    pub(super) flagged: bool,
    pub(super) place: Option<Place>,
    pub(super) family: Option<FamilyKey>,
    pub(super) card: Option<u64>,
    pub(super) account: Option<u64>,
    /// Its NIK, when that can be somebody's.
    pub(super) nik: Option<Number>,
    /// The numbers it can be looked up by.
    numbers: Box<[Number]>,
}

/// A record as the matcher takes it in: what stays in memory of it, and its values if it takes part in matching.
pub(super) struct Incoming {
    pub(super) id: RecordId,
    pub(super) known: Known,
    values: Option<Vec<Value>>,
}

impl Incoming {
    pub(super) fn of(record: &Record, models: &Models) -> Self {
        Self { id: record.id, known: Known::of(record), values: values_of(&models.columns, record) }
    }
}

/// Records on their way into a matcher: their values are packed as they come.
pub(super) struct Gathered {
    models: Arc<Models>,
    rows: Rows,
    /// Records that take part in matching.
    ids: Vec<u64>,
    known: Vec<(RecordId, Known)>,
}

impl Gathered {
    pub(super) fn new(models: Arc<Models>) -> Self {
        let rows = Rows::new(Arc::clone(&models.plan));
        Self { models, rows, ids: Vec::new(), known: Vec::new() }
    }

    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Takes in records that are not there yet.
    pub(super) fn take(&mut self, records: Vec<Incoming>) -> Result<(), RowError> {
        let mut rows = Vec::with_capacity(records.len());
        for Incoming { id, known, values } in records {
            self.known.push((id, known));
            rows.extend(values.map(|values| (id.0, values)));
        }
        self.ids.extend(rows.iter().map(|(id, _)| *id));
        self.rows.extend(&rows)
    }
}

impl Known {
    fn of(record: &Record) -> Self {
        let present = !record.withdrawn;
        let family = match &record.detail {
            Detail::Anggota(row) if present => {
                Some(FamilyKey(xxh3_64(format!("{}|{}", record.key.agency, row.id_keluarga).as_bytes())))
            }
            Detail::Anggota(_)
            | Detail::Siswa(_)
            | Detail::Jkn(_)
            | Detail::Kia(_)
            | Detail::Rekening(_)
            | Detail::Penyaluran(_) => None,
        };
        let card = record.core.no_kk.as_deref().filter(|_| family.is_some());
        let card = card.and_then(|raw| read_kk(raw, record.tgl_data).usable().map(|kk| xxh3_64(kk.as_bytes())));
        let payment = matches!(record.detail, Detail::Penyaluran(_)) && present;
        Self {
            standing: record.standing(),
            feed: record.key.feed,
            withdrawn: record.withdrawn,
            flagged: !record.flags.is_empty(),
            place: Place::of(&record.core),
            family,
            card,
            nik: record.core.nik.as_deref().filter(|_| present).and_then(|raw| Number::of_nik(raw, record.tgl_data)),
            numbers: numbers_of(record),
            account: account_of(record).filter(|_| payment).map(|account| xxh3_64(account.as_bytes())),
        }
    }
}

/// The derived state in memory.
pub(super) struct Matcher {
    models: Arc<Models>,
    pub(super) live: Live,
    pub(super) known: FxHashMap<RecordId, Known>,
    person_of: FxHashMap<RecordId, PersonId>,
    members: FxHashMap<PersonId, Vec<RecordId>>,
    families: FxHashMap<FamilyKey, BTreeSet<RecordId>>,
    cards: FxHashMap<u64, BTreeSet<FamilyKey>>,
    family_of: FxHashMap<RecordId, FamilyId>,
    payments: FxHashMap<u64, BTreeSet<RecordId>>,
    pub(super) identifiers: Identifiers,
    /// The cases of NIKs that several persons bear.
    pub(super) shared: FxHashMap<Number, String>,
    cases: BTreeMap<String, Case>,
    cases_by_record: FxHashMap<RecordId, BTreeSet<String>>,
    decisions: BTreeMap<(RecordId, RecordId), Vec<Decision>>,
}

/// What a change touched.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    /// Records whose person is another now; `None`: they belong to nobody any more.
    pub(super) members: Vec<(RecordId, Option<PersonId>)>,
    /// Persons whose records changed.
    pub(super) persons: BTreeSet<PersonId>,
    /// Persons that are no more.
    pub(super) persons_gone: BTreeSet<PersonId>,
    /// Memberships to look at again, and all that could be joined with them.
    pub(super) groups: BTreeSet<FamilyKey>,
    /// Families that changed rows stood in before.
    pub(super) families_left: BTreeSet<FamilyId>,
    /// Cases that are new or changed.
    pub(super) cases: BTreeSet<String>,
    /// Cases that are no more.
    pub(super) cases_gone: BTreeSet<String>,
}

impl Matcher {
    /// Matches everything that was gathered at once.
    pub(super) fn bulk(gathered: Gathered, decisions: Vec<Decision>) -> Result<Self, RowError> {
        let Gathered { models, rows, ids, known: all_known } = gathered;
        let judgements: Vec<(u64, u64, Judgement)> = decisions.iter().map(judgement).collect();
        let live = Live::of(rows, &judgements)?;
        let mut matcher = Self {
            live,
            models,
            known: FxHashMap::default(),
            person_of: FxHashMap::default(),
            members: FxHashMap::default(),
            families: FxHashMap::default(),
            cards: FxHashMap::default(),
            family_of: FxHashMap::default(),
            payments: FxHashMap::default(),
            identifiers: Identifiers::default(),
            shared: FxHashMap::default(),
            cases: BTreeMap::new(),
            cases_by_record: FxHashMap::default(),
            decisions: BTreeMap::new(),
        };
        for (id, known) in all_known {
            matcher.note_known(id, known);
        }
        for decision in decisions {
            matcher.note_decision(decision);
        }
        let mut dirty = Dirty::default();
        for id in ids {
            // Each cluster once, at its first record.
            let cluster = matcher.live.cluster_of(id).unwrap_or_default();
            if cluster.first() == Some(&id) {
                matcher.note_cluster(&cluster, &mut dirty);
            }
        }
        let items: Vec<ReviewItem> = matcher.live.review().cloned().collect();
        for item in &items {
            matcher.note_case(item, &mut Dirty::default());
        }
        matcher.note_all_shared();
        Ok(matcher)
    }

    /// Applies changed rows and decisions. Rows older than what is known are passed over: order does not matter.
    pub(super) fn apply(&mut self, records: Vec<Record>, decisions: Vec<Decision>) -> Result<Dirty, RowError> {
        let mut dirty = Dirty::default();
        let mut newest: BTreeMap<RecordId, Record> = BTreeMap::new();
        for record in records {
            let known = self.known.get(&record.id).map(|known| known.standing);
            let waiting = newest.get(&record.id).map(Record::standing);
            if known.max(waiting).is_none_or(|before| before < record.standing()) {
                newest.insert(record.id, record);
            }
        }
        // What a row held together before it changed has to be looked at as well.
        dirty.groups = self.related(newest.keys().filter_map(|id| self.known.get(id)).filter_map(|known| known.family));
        dirty.families_left = newest.keys().filter_map(|id| self.family_of.remove(id)).collect();
        let mut niks = self.niks_of(newest.keys());
        let mut changes = Vec::with_capacity(newest.len() + decisions.len());
        for record in newest.values() {
            self.forget_known(record.id);
            self.note_known(record.id, Known::of(record));
            dirty.groups.extend(self.known.get(&record.id).and_then(|known| known.family));
            changes.push(match values_of(&self.models.columns, record) {
                Some(values) => Change::Upsert { id: record.id.0, values },
                None => Change::Remove { id: record.id.0 },
            });
        }
        for decision in decisions {
            let judged = judgement(&decision);
            niks.extend(self.niks_of([decision.a, decision.b].iter()));
            changes.push(Change::Decide { a: judged.0, b: judged.1, verdict: judged.2 });
            self.note_decision(decision);
        }
        let delta = self.live.apply(changes)?;
        for gone in &delta.before {
            self.forget_cluster(gone, &mut dirty);
        }
        for cluster in &delta.after {
            self.note_cluster(cluster, &mut dirty);
        }
        for record in newest.keys() {
            // Its values may have changed without its cluster having changed.
            dirty.persons.extend(self.person_of(*record));
        }
        dirty.persons_gone.retain(|person| !self.members.contains_key(person));
        dirty.members.retain(|(record, person)| self.person_of.get(record).copied() == *person);
        self.take_questions(&delta, &mut dirty);
        let touched: Vec<RecordId> =
            delta.before.iter().chain(&delta.after).flatten().map(|id| RecordId(*id)).collect();
        niks.extend(self.niks_of(newest.keys().chain(&touched)));
        self.look_at_shared(&niks, &mut dirty);
        Ok(dirty)
    }

    /// Everything, as if all of it had just changed.
    pub(super) fn everything(&self) -> Dirty {
        Dirty {
            members: self.person_of.iter().map(|(record, person)| (*record, Some(*person))).collect(),
            persons: self.members.keys().copied().collect(),
            groups: self.families.keys().copied().collect(),
            cases: self.cases.keys().cloned().collect(),
            ..Dirty::default()
        }
    }

    /// The models in force.
    pub(super) fn models(&self) -> &Arc<Models> {
        &self.models
    }

    /// The person a record belongs to.
    pub(super) fn person_of(&self, record: RecordId) -> Option<PersonId> {
        self.person_of.get(&record).copied()
    }

    /// The records of a person, ascending.
    pub(super) fn records_of(&self, person: PersonId) -> Vec<RecordId> {
        self.members.get(&person).cloned().unwrap_or_default()
    }

    /// How many persons there are.
    pub(super) fn persons(&self) -> impl ExactSizeIterator<Item = (&PersonId, &Vec<RecordId>)> {
        self.members.iter()
    }

    /// The store keys of the last rows of records, withdrawn ones too.
    pub(super) fn last_row_keys(&self, ids: &[RecordId]) -> Vec<Vec<u8>> {
        ids.iter().filter_map(|id| self.known.get(id).map(|known| row_key(*id, known.standing.sequence))).collect()
    }

    /// Those of these records that their sender withdrew.
    pub(super) fn withdrawn(&self, ids: &[RecordId]) -> Vec<RecordId> {
        ids.iter().copied().filter(|id| self.known.get(id).is_none_or(|known| known.withdrawn)).collect()
    }

    /// The store keys of the present rows of records; withdrawn and unknown ones are left out.
    pub(super) fn row_keys(&self, ids: &[RecordId]) -> Vec<Vec<u8>> {
        let present = |id: &RecordId| {
            self.known.get(id).filter(|known| !known.withdrawn).map(|k| row_key(*id, k.standing.sequence))
        };
        ids.iter().filter_map(present).collect()
    }

    /// Payments to any of these accounts, ascending.
    pub(super) fn payments_to(&self, accounts: &BTreeSet<String>) -> Vec<RecordId> {
        let hashes = accounts.iter().map(|account| xxh3_64(account.as_bytes()));
        let found: BTreeSet<RecordId> = hashes.filter_map(|hash| self.payments.get(&hash)).flatten().copied().collect();
        found.into_iter().collect()
    }

    /// Every record that deriving `dirty` needs to read.
    pub(super) fn records_needed(&self, dirty: &Dirty) -> Vec<RecordId> {
        let mut needed: BTreeSet<RecordId> = self.membership_records(&dirty.groups).into_iter().collect();
        let relatives: BTreeSet<PersonId> = needed.iter().filter_map(|record| self.person_of(*record)).collect();
        for person in dirty.persons.iter().chain(&relatives) {
            needed.extend(self.records_of(*person));
        }
        needed.into_iter().collect()
    }

    /// These memberships and all that could be one family with them: those that share a person or a KK number, and so on.
    fn related(&self, groups: impl IntoIterator<Item = FamilyKey>) -> BTreeSet<FamilyKey> {
        let mut seen: BTreeSet<FamilyKey> = groups.into_iter().collect();
        let mut open: Vec<FamilyKey> = seen.iter().copied().collect();
        while let Some(group) = open.pop() {
            for record in self.families.get(&group).into_iter().flatten() {
                let known = self.known.get(record);
                let card = known.and_then(|known| known.card).and_then(|card| self.cards.get(&card));
                let relatives = self.person_of(*record).map(|person| self.records_of(person)).unwrap_or_default();
                let theirs = relatives.iter().filter_map(|id| self.known.get(id).and_then(|known| known.family));
                for next in card.into_iter().flatten().copied().chain(theirs) {
                    if seen.insert(next) {
                        open.push(next);
                    }
                }
            }
        }
        seen
    }

    /// The rows of these memberships and of all that could be one family with them, ascending.
    pub(super) fn membership_records(&self, groups: &BTreeSet<FamilyKey>) -> Vec<RecordId> {
        let related = self.related(groups.iter().copied());
        let rows: BTreeSet<RecordId> =
            related.iter().filter_map(|group| self.families.get(group)).flatten().copied().collect();
        rows.into_iter().collect()
    }

    /// Takes note of which family each membership row stands in.
    pub(super) fn note_families(&mut self, families: &[GoldenFamily]) {
        for family in families {
            for record in &family.records {
                self.family_of.insert(*record, family.id);
            }
        }
    }

    /// Forgets the families of these membership rows; answers what they were.
    pub(super) fn forget_families(&mut self, records: &[RecordId]) -> BTreeSet<FamilyId> {
        records.iter().filter_map(|record| self.family_of.remove(record)).collect()
    }

    /// The families these records stand in, ascending.
    pub(super) fn families_of(&self, records: &[RecordId]) -> Vec<FamilyId> {
        let found: BTreeSet<FamilyId> = records.iter().filter_map(|id| self.family_of.get(id).copied()).collect();
        found.into_iter().collect()
    }

    /// How many families there are.
    pub(super) fn family_count(&self) -> usize {
        self.family_of.values().collect::<FxHashSet<_>>().len()
    }

    /// The store keys of all decisions that name a record.
    pub(super) fn decisions_about(&self, id: RecordId) -> Vec<Vec<u8>> {
        let about = self.decisions.iter().filter(|((a, b), _)| *a == id || *b == id);
        about.flat_map(|((a, b), list)| (0..list.len()).map(|nth| super::cases::decision_key(*a, *b, nth))).collect()
    }

    /// The decisions about a pair, oldest first.
    pub(super) fn decisions_of(&self, a: RecordId, b: RecordId) -> Vec<Decision> {
        self.decisions.get(&(a.min(b), a.max(b))).cloned().unwrap_or_default()
    }

    /// The verdict that stands about a pair.
    pub(super) fn standing_verdict(&self, a: RecordId, b: RecordId) -> Option<Verdict> {
        self.decisions.get(&(a.min(b), a.max(b)))?.last()?.verdict
    }

    /// All pairs with decisions.
    pub(super) fn decided(&self) -> impl Iterator<Item = (&(RecordId, RecordId), &Vec<Decision>)> {
        self.decisions.iter()
    }

    /// An open case by its id.
    pub(super) fn open_case(&self, id: &str) -> Option<Case> {
        self.cases.get(id).cloned()
    }

    /// The open cases.
    pub(super) fn all_cases(&self) -> impl ExactSizeIterator<Item = &Case> {
        self.cases.values()
    }

    /// Ids of open cases that name one of these records.
    pub(super) fn cases_of(&self, records: &[RecordId]) -> Vec<String> {
        let about = records.iter().filter_map(|id| self.cases_by_record.get(id)).flatten();
        // A shared NIK names only the first of those who bear it.
        let shared = records.iter().filter_map(|id| self.shared.get(&self.known.get(id)?.nik?));
        let found: BTreeSet<&String> = about.chain(shared).collect();
        found.into_iter().cloned().collect()
    }

    fn note_known(&mut self, id: RecordId, known: Known) {
        if let Some(family) = known.family {
            self.families.entry(family).or_default().insert(id);
            known.card.map(|card| self.cards.entry(card).or_default().insert(family));
        }
        known.account.map(|account| self.payments.entry(account).or_default().insert(id));
        self.identifiers.note(id, &known.numbers);
        self.known.insert(id, known);
    }

    fn forget_known(&mut self, id: RecordId) {
        let Some(known) = self.known.remove(&id) else { return };
        self.identifiers.forget(id, &known.numbers);
        if let Some(family) = known.family {
            if let Some(rows) = self.families.get_mut(&family) {
                rows.remove(&id);
            }
            if self.families.get(&family).is_some_and(BTreeSet::is_empty) {
                self.families.remove(&family);
            }
            if let Some(card) = known.card {
                let others = self.families.get(&family).into_iter().flatten();
                let still = others.filter_map(|other| self.known.get(other)).any(|other| other.card == Some(card));
                if !still && let Some(groups) = self.cards.get_mut(&card) {
                    groups.remove(&family);
                }
            }
        }
        if let Some(rows) = known.account.and_then(|account| self.payments.get_mut(&account)) {
            rows.remove(&id);
        }
    }

    fn note_decision(&mut self, decision: Decision) {
        self.decisions.entry((decision.a.min(decision.b), decision.a.max(decision.b))).or_default().push(decision);
    }

    /// Forgets a cluster that is no more.
    fn forget_cluster(&mut self, cluster: &[u64], dirty: &mut Dirty) {
        let Some(first) = cluster.first() else { return };
        let person = PersonId(RecordId(*first));
        self.members.remove(&person);
        dirty.persons_gone.insert(person);
        for record in cluster.iter().map(|id| RecordId(*id)) {
            self.person_of.remove(&record);
            dirty.members.push((record, None));
            dirty.groups.extend(self.known.get(&record).and_then(|known| known.family));
        }
    }

    /// Takes note of a cluster: its person is named after its oldest record.
    fn note_cluster(&mut self, cluster: &[u64], dirty: &mut Dirty) {
        let Some(first) = cluster.first() else { return };
        let person = PersonId(RecordId(*first));
        let records: Vec<RecordId> = cluster.iter().map(|id| RecordId(*id)).collect();
        for record in &records {
            self.person_of.insert(*record, person);
            dirty.members.push((*record, Some(person)));
            dirty.groups.extend(self.known.get(record).and_then(|known| known.family));
        }
        self.members.insert(person, records);
        dirty.persons.insert(person);
    }

    /// Reads which questions the engine opened and closed, and those whose clusters changed.
    fn take_questions(&mut self, delta: &Delta, dirty: &mut Dirty) {
        for (a, b) in &delta.closed {
            self.forget_case(&Case::id_of(RecordId(*a), RecordId(*b)), dirty);
        }
        let touched: BTreeSet<u64> = delta.after.iter().flatten().copied().collect();
        let items: Vec<ReviewItem> =
            touched.iter().flat_map(|id| self.live.review_of(*id)).chain(&delta.opened).cloned().collect();
        for item in &items {
            self.note_case(item, dirty);
        }
    }

    pub(super) fn forget_case(&mut self, id: &str, dirty: &mut Dirty) {
        let Some(case) = self.cases.remove(id) else { return };
        for record in &case.records {
            if let Some(ids) = self.cases_by_record.get_mut(record) {
                ids.remove(id);
            }
        }
        dirty.cases.remove(id);
        dirty.cases_gone.insert(id.to_owned());
    }

    fn note_case(&mut self, item: &ReviewItem, dirty: &mut Dirty) {
        self.put_case(self.case_of(item), dirty);
    }

    /// Takes note of a case as it is now.
    pub(super) fn put_case(&mut self, case: Case, dirty: &mut Dirty) {
        if self.cases.get(&case.id) == Some(&case) {
            return;
        }
        let id = case.id.clone();
        self.forget_case(&id, dirty);
        for record in &case.records {
            self.cases_by_record.entry(*record).or_default().insert(id.clone());
        }
        self.cases.insert(id.clone(), case);
        dirty.cases_gone.remove(&id);
        dirty.cases.insert(id);
    }

    /// The case of a question: all records of both persons, and why it is asked.
    fn case_of(&self, item: &ReviewItem) -> Case {
        let pair = (RecordId(item.pair.0), RecordId(item.pair.1));
        let persons: BTreeSet<PersonId> = [pair.0, pair.1].iter().filter_map(|id| self.person_of(*id)).collect();
        let records: BTreeSet<RecordId> = persons.iter().flat_map(|person| self.records_of(*person)).collect();
        let plan = &self.models.plan;
        let mut reasons: Vec<String> = Vec::new();
        for reason in &item.reasons {
            match reason {
                ReviewReason::Band => reasons.push("REVIEW_BAND".to_owned()),
                ReviewReason::NoStrongIdentifier => reasons.push("NO_STRONG_IDENTIFIER".to_owned()),
                ReviewReason::Veto { vetoes } => reasons.extend(plan.veto_ids(*vetoes).into_iter().map(str::to_owned)),
                ReviewReason::Unreadable => reasons.push("UNREADABLE_VALUE".to_owned()),
                ReviewReason::Refused(refused) => reasons.push(format!("REFUSED_{}", refused.code())),
                ReviewReason::Bridge { by } => {
                    let third = self.person_of(RecordId(*by));
                    reasons.push(third.map_or_else(|| "BRIDGE".to_owned(), |third| format!("BRIDGE:{third}")));
                }
            }
        }
        let overlinked = item.reasons.iter().any(|reason| matches!(reason, ReviewReason::Refused(_)));
        Case {
            id: Case::id_of(pair.0, pair.1),
            question: if overlinked { Question::OverLinked } else { Question::SamePerson },
            pair,
            records: records.into_iter().collect(),
            persons: persons.into_iter().collect(),
            weight: f64::from(item.weight),
            probability: plan.probability(item.weight),
            reasons,
            state: CaseState::Baru,
            shared: None,
        }
    }
}

fn judgement(decision: &Decision) -> (u64, u64, Judgement) {
    let judged = match decision.verdict {
        Some(Verdict::Gabungkan) => Judgement::Same,
        Some(Verdict::BukanDuplikat) => Judgement::Different,
        None => Judgement::Cleared,
    };
    (decision.a.0, decision.b.0, judged)
}

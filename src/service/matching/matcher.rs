//! The matcher's memory: the engine's live index, and what has to be known of every record to derive the rest.
//!
//! Everything in it is a function of accepted records, decisions and models; [`Matcher::bulk`] and any sequence of
//! [`Matcher::apply`] with the same rows lead to the same answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::xxh3_64;

use super::apply::judgement;
use super::crowds::Crowds;
use super::explained::explained;
use super::identifiers::{Number, account_of, nik_of, numbers_of};
use super::places::Place;
use super::records::{Belongs, FamilyKey, Known, Records, Sender};
use super::withdrawn::WithdrawnCases;
use crate::domain::case::{Case, CaseState, Explained, Question};
use crate::domain::decision::{Decision, Verdict};
use crate::domain::family_card::read_kk;
use crate::domain::person::{FamilyId, GoldenFamily};
use crate::domain::record::{PersonId, Record, RecordId};
use crate::domain::row::Detail;
use crate::engine::{Judgement, Live, Proposal, ProposalReason, Resting, RowError, Rows, Value};
use crate::prepare::values_of;
use crate::service::models::Models;
use crate::service::stored::codec::row_key;
use crate::service::stored::lookups::Counts;

/// A record as the matcher takes it in: what stays in memory of it, and its values if it takes part in matching.
pub(in crate::service) struct Incoming {
    pub(in crate::service) id: RecordId,
    sender: Sender,
    pub(in crate::service) known: Known,
    numbers: Box<[Number]>,
    values: Option<Vec<Value>>,
    /// The cases that the row keeps, where it withdraws the record.
    asked: Vec<Case>,
}

impl Incoming {
    pub(in crate::service) fn of(record: &Record, asked: Vec<Case>, models: &Models) -> Self {
        let (known, numbers) = (Known::of(record), numbers_of(record));
        Self {
            id: record.id,
            sender: Sender::of(record),
            known,
            numbers,
            values: values_of(&models.columns, record),
            asked,
        }
    }
}

/// Records on their way into a matcher: their values are packed as they come.
pub(in crate::service) struct Gathered {
    models: Arc<Models>,
    rows: Rows,
    remembered: Remembered,
}

/// What stays in memory of all records beside the matched set.
#[derive(Default)]
pub(super) struct Remembered {
    pub(super) known: Records,
    pub(super) withdrawn_cases: WithdrawnCases,
}

impl Gathered {
    pub(in crate::service) fn new(models: Arc<Models>) -> Self {
        let rows = Rows::new(Arc::clone(&models.plan));
        Self { models, rows, remembered: Remembered::default() }
    }

    /// How many records there are.
    pub(in crate::service) fn len(&self) -> usize {
        self.remembered.known.len()
    }

    /// Takes in records that are not there yet.
    pub(in crate::service) fn take(&mut self, records: Vec<Incoming>) -> Result<(), RowError> {
        let mut rows = Vec::with_capacity(records.len());
        for Incoming { id, sender, known, numbers, values, asked } in records {
            self.remembered.known.gather(id, &sender, &known, &numbers);
            self.remembered.withdrawn_cases.note(id, asked);
            rows.extend(values.map(|values| (id.0, values)));
        }
        self.rows.extend(&rows)
    }
}

impl Known {
    pub(super) fn of(record: &Record) -> Self {
        let present = !record.withdrawn;
        let belongs = match &record.detail {
            Detail::Anggota(row) if present => {
                let family = xxh3_64(format!("{}|{}", record.key.agency, row.id_keluarga).as_bytes());
                let card = record.core.no_kk.as_deref().map(|raw| read_kk(raw, record.tgl_data));
                let card = card.and_then(|read| read.usable().map(|kk| xxh3_64(kk.as_bytes())));
                Belongs::Family(FamilyKey(family), card)
            }
            Detail::Rekening(_) | Detail::Penyaluran(_) if present => {
                account_of(record).map_or(Belongs::Nowhere, Belongs::Account)
            }
            Detail::Anggota(_)
            | Detail::Siswa(_)
            | Detail::Jkn(_)
            | Detail::Kia(_)
            | Detail::Rekening(_)
            | Detail::Penyaluran(_) => Belongs::Nowhere,
        };
        Self {
            standing: record.standing(),
            feed: record.key.feed,
            withdrawn: record.withdrawn,
            flagged: !record.flags.is_empty(),
            death: present && says_death(&record.detail),
            place: Place::of(&record.core),
            belongs,
            nik: nik_of(record),
        }
    }
}

/// Whether a row says that its person is dead.
fn says_death(detail: &Detail) -> bool {
    match detail {
        Detail::Anggota(row) => row.tgl_meninggal.is_some(),
        Detail::Jkn(row) => row.tgl_meninggal.is_some() || row.status_jkn == "MENINGGAL",
        Detail::Siswa(_) | Detail::Kia(_) | Detail::Rekening(_) | Detail::Penyaluran(_) => false,
    }
}

/// The derived state in memory.
pub(in crate::service) struct Matcher {
    models: Arc<Models>,
    pub(in crate::service) live: Live,
    pub(in crate::service) known: Records,
    /// The cases of NIKs that several persons bear.
    pub(in crate::service) shared: FxHashMap<Number, String>,
    /// All cases: open, resting, decided.
    pub(super) cases: BTreeMap<String, Case>,
    /// The number of the last decision on each decided case.
    pub(super) decided: FxHashMap<String, u64>,
    pub(super) cases_by_record: FxHashMap<RecordId, BTreeSet<String>>,
    pub(super) withdrawn_cases: WithdrawnCases,
    pub(super) crowds: Crowds,
    pub(super) counts: Counts,
    pub(super) decisions: BTreeMap<(RecordId, RecordId), Vec<Decision>>,
    /// The pairs that somebody decided about on a case.
    pub(super) decided_by_case: FxHashMap<String, BTreeSet<(RecordId, RecordId)>>,
}

/// What a change touched.
#[derive(Debug, Default)]
pub(in crate::service) struct Dirty {
    /// Records whose person is another now; `None`: they belong to nobody any more.
    pub(in crate::service) members: Vec<(RecordId, Option<PersonId>)>,
    /// Persons whose records changed.
    pub(in crate::service) persons: BTreeSet<PersonId>,
    /// Persons that are no more.
    pub(in crate::service) persons_gone: BTreeSet<PersonId>,
    /// Memberships to look at again, and all that could be joined with them.
    pub(in crate::service) groups: BTreeSet<FamilyKey>,
    /// Families that changed rows stood in before.
    pub(in crate::service) families_left: BTreeSet<FamilyId>,
    /// Cases that are new or changed.
    pub(in crate::service) cases: BTreeSet<String>,
    /// Cases that are no more.
    pub(in crate::service) cases_gone: BTreeSet<String>,
    /// Records of the pairs of cases that are new, changed or no more.
    pub(in crate::service) pairs: BTreeSet<RecordId>,
    /// Records about whose persons, families and accounts the rules may say something else now.
    pub(in crate::service) touched: BTreeSet<RecordId>,
    /// Entries of the table `lookups`; `None`: it goes.
    pub(in crate::service) lookups: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Matcher {
    /// Matches everything that was gathered at once; with `resting` its candidate index rests in the store.
    pub(in crate::service) fn bulk(
        gathered: Gathered,
        decisions: Vec<Decision>,
        resting: Option<Resting>,
    ) -> Result<Self, RowError> {
        let Gathered { models, rows, remembered } = gathered;
        let judgements: Vec<(u64, u64, Judgement)> = decisions.iter().map(judgement).collect();
        let live = Live::of(rows, &judgements, resting)?;
        Ok(Self::assemble(models, live, remembered, decisions))
    }

    /// The matcher over a matched set: all but the families.
    pub(super) fn assemble(models: Arc<Models>, live: Live, remembered: Remembered, decisions: Vec<Decision>) -> Self {
        let Remembered { mut known, withdrawn_cases } = remembered;
        known.index();
        let mut matcher = Self {
            live,
            models,
            known,
            shared: FxHashMap::default(),
            cases: BTreeMap::new(),
            decided: FxHashMap::default(),
            cases_by_record: FxHashMap::default(),
            withdrawn_cases,
            crowds: Crowds::default(),
            counts: Counts::default(),
            decisions: BTreeMap::new(),
            decided_by_case: FxHashMap::default(),
        };
        matcher.count_records();
        for decision in decisions {
            matcher.note_decision(decision);
        }
        // Those that take no part in matching are in no cluster.
        for id in matcher.known.ids().to_vec() {
            // Each cluster once, at its first record.
            let cluster = matcher.live.cluster_of(id.0).unwrap_or_default();
            if cluster.first() == Some(&id.0) {
                matcher.note_cluster(&cluster, &mut Dirty::default());
            }
        }
        matcher.note_all_questions();
        matcher.note_all_shared();
        matcher.note_all_statements();
        let decided = matcher.decisions.values().flatten().map(|one| &one.case);
        let unasked: BTreeSet<String> = decided.chain(matcher.withdrawn_cases.all()).cloned().collect();
        matcher.settle_cases(unasked, &mut Dirty::default());
        matcher
    }

    /// Everything, as if all of it had just changed.
    pub(in crate::service) fn everything(&self) -> Dirty {
        Dirty {
            members: self.known.members().map(|(record, person)| (record, Some(person))).collect(),
            persons: self.known.persons().collect(),
            groups: self.known.memberships().collect(),
            cases: self.cases.keys().cloned().collect(),
            lookups: self.all_lookups(),
            ..Dirty::default()
        }
    }

    /// The models in force.
    pub(in crate::service) fn models(&self) -> &Arc<Models> {
        &self.models
    }

    /// The person a record belongs to.
    pub(in crate::service) fn person_of(&self, record: RecordId) -> Option<PersonId> {
        self.known.person_of(record)
    }

    /// The records of a person, ascending.
    pub(in crate::service) fn records_of(&self, person: PersonId) -> Vec<RecordId> {
        self.known.records_of(person)
    }

    /// The store keys of the present rows of records; withdrawn and unknown ones are left out.
    pub(in crate::service) fn row_keys(&self, ids: &[RecordId]) -> Vec<Vec<u8>> {
        let present = |id: &RecordId| {
            self.known.get(*id).filter(|known| !known.withdrawn).map(|k| row_key(*id, k.standing.sequence))
        };
        ids.iter().filter_map(present).collect()
    }

    /// Every record that deriving `dirty` needs to read.
    pub(in crate::service) fn records_needed(&self, dirty: &Dirty) -> Vec<RecordId> {
        let mut needed: BTreeSet<RecordId> = self.membership_records(&dirty.groups).into_iter().collect();
        let relatives: BTreeSet<PersonId> = needed.iter().filter_map(|record| self.person_of(*record)).collect();
        for person in dirty.persons.iter().chain(&relatives) {
            needed.extend(self.records_of(*person));
        }
        needed.into_iter().collect()
    }

    /// These memberships and all that could be one family with them: those that share a person or a KK number, and so on.
    pub(super) fn related(&self, groups: impl IntoIterator<Item = FamilyKey>) -> BTreeSet<FamilyKey> {
        let mut seen: BTreeSet<FamilyKey> = groups.into_iter().collect();
        let mut open: Vec<FamilyKey> = seen.iter().copied().collect();
        // Each card and each person once: many memberships may share one.
        let (mut cards, mut persons) = (FxHashSet::default(), FxHashSet::default());
        while let Some(group) = open.pop() {
            for record in self.known.in_family(group) {
                let card = self.known.get(record).and_then(|known| known.card()).filter(|card| cards.insert(*card));
                let person = self.person_of(record).filter(|person| persons.insert(*person));
                let on_card = card.map(|card| self.known.on_card(card)).unwrap_or_default();
                let of_person = person.map(|person| self.records_of(person)).unwrap_or_default();
                let beside = on_card.into_iter().chain(of_person);
                let next = beside.filter_map(|id| self.known.get(id)?.family()).filter(|family| seen.insert(*family));
                open.extend(next);
            }
        }
        seen
    }

    /// The rows of these memberships and of all that could be one family with them, ascending.
    pub(in crate::service) fn membership_records(&self, groups: &BTreeSet<FamilyKey>) -> Vec<RecordId> {
        let related = self.related(groups.iter().copied());
        let rows: BTreeSet<RecordId> = related.into_iter().flat_map(|group| self.known.in_family(group)).collect();
        rows.into_iter().collect()
    }

    /// Takes note of all families that there are.
    pub(super) fn note_all_families(&mut self, families: Vec<(RecordId, FamilyId)>) {
        let distinct: FxHashSet<FamilyId> = families.iter().map(|(_, family)| *family).collect();
        self.counts.families = distinct.len() as u64;
        for (record, family) in families {
            self.known.set_family(record, Some(family));
        }
    }

    /// Takes note of which family each membership row stands in.
    pub(in crate::service) fn note_families(&mut self, families: &[GoldenFamily]) {
        for family in families {
            for record in &family.records {
                self.known.set_family(*record, Some(family.id));
            }
        }
    }

    /// Forgets the families of these membership rows; answers what they were.
    pub(in crate::service) fn forget_families(&mut self, records: &[RecordId]) -> BTreeSet<FamilyId> {
        let families = records.iter().filter_map(|record| self.known.family_of(*record)).collect();
        for record in records {
            self.known.set_family(*record, None);
        }
        families
    }

    /// The families these records stand in, ascending.
    pub(in crate::service) fn families_of(&self, records: &[RecordId]) -> Vec<FamilyId> {
        let found: BTreeSet<FamilyId> = records.iter().filter_map(|id| self.known.family_of(*id)).collect();
        found.into_iter().collect()
    }

    /// The verdict that stands about a pair.
    pub(in crate::service) fn standing_verdict(&self, a: RecordId, b: RecordId) -> Option<Verdict> {
        self.decisions.get(&(a.min(b), a.max(b)))?.last()?.verdict
    }

    /// The verdicts on a case that stand, by pair: the last word about it was said there, and is a verdict.
    pub(super) fn standing_on(&self, case: &str) -> impl Iterator<Item = &Decision> {
        let pairs = self.decided_by_case.get(case).into_iter().flatten();
        let last = pairs.filter_map(|pair| self.decisions.get(pair)?.last());
        last.filter(move |last| last.verdict.is_some() && last.case == case)
    }

    /// A case by its id, in any state.
    pub(in crate::service) fn case(&self, id: &str) -> Option<&Case> {
        self.cases.get(id)
    }

    /// The case of a question: all records of both persons, and why it is asked.
    pub(super) fn case_of(&self, item: &Proposal) -> Case {
        let pair = (RecordId(item.pair.0), RecordId(item.pair.1));
        let persons: BTreeSet<PersonId> = [pair.0, pair.1].iter().filter_map(|id| self.person_of(*id)).collect();
        let records: BTreeSet<RecordId> = persons.iter().flat_map(|person| self.records_of(*person)).collect();
        let plan = &self.models.plan;
        let mut reasons: Vec<String> = Vec::new();
        for reason in &item.reasons {
            match reason {
                ProposalReason::Band => reasons.push("REVIEW_BAND".to_owned()),
                ProposalReason::NoStrongIdentifier => reasons.push("NO_STRONG_IDENTIFIER".to_owned()),
                ProposalReason::Veto { vetoes } => {
                    reasons.extend(plan.veto_ids(*vetoes).into_iter().map(str::to_owned));
                }
                ProposalReason::Unreadable => reasons.push("UNREADABLE_VALUE".to_owned()),
                ProposalReason::Refused(refused) => reasons.push(format!("REFUSED_{}", refused.code())),
                ProposalReason::Bridge { by } => {
                    let third = self.person_of(RecordId(*by));
                    reasons.push(third.map_or_else(|| "BRIDGE".to_owned(), |third| format!("BRIDGE:{third}")));
                }
            }
        }
        let overlinked = item.reasons.iter().any(|reason| matches!(reason, ProposalReason::Refused(_)));
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
            why: self.explain(pair.0, pair.1),
            shared: None,
        }
    }

    /// Why a pair has its weight; `None` while one of the two takes no part in matching.
    pub(super) fn explain(&self, a: RecordId, b: RecordId) -> Option<Explained> {
        let tree = self.live.explain(a.0.min(b.0), a.0.max(b.0))?;
        Some(explained(&self.models.plan, &tree))
    }
}

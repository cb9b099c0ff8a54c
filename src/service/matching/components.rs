//! Records that the rules look at together: rows of one person, of one membership, of memberships on one family card, and
//! of one account. What the rules say of a person, a family or an account depends on nothing outside its component but
//! the number of persons who bear a NIK, the open cases, and what is closed.

use rustc_hash::{FxHashMap, FxHashSet};

use super::matcher::Matcher;
use super::places::Areas;
use super::records::{FamilyKey, Known};
use crate::domain::case::{CaseState, Question};
use crate::domain::record::{PersonId, RecordId};

/// What the rules need of the matcher to evaluate some records.
pub(in crate::service) struct Surroundings {
    /// Records, and the store keys of their present rows; those that are withdrawn have none.
    pub(in crate::service) records: Vec<RecordId>,
    pub(in crate::service) rows: Vec<Vec<u8>>,
    /// The persons of the records.
    pub(in crate::service) persons: Vec<PersonId>,
    /// Those of them in an open case.
    pub(in crate::service) open_cases: FxHashSet<PersonId>,
    /// How many persons bear the NIK of a record, where it is more than one.
    pub(in crate::service) shared_niks: FxHashMap<RecordId, u32>,
}

/// What led to other records already: many may share one, so each is followed once.
#[derive(Default)]
struct Seen {
    records: FxHashSet<RecordId>,
    persons: FxHashSet<PersonId>,
    cards: FxHashSet<u64>,
    families: FxHashSet<FamilyKey>,
    accounts: FxHashSet<u64>,
}

impl Matcher {
    /// The components of some records, or of all, packed into portions of at least `size` records (but the last).
    pub(in crate::service) fn portions(&self, of: Option<&[RecordId]>, size: usize) -> Vec<Vec<RecordId>> {
        let mut all: Vec<RecordId> = of.map_or_else(|| self.known.ids().to_vec(), <[RecordId]>::to_vec);
        all.sort_unstable();
        let mut seen = Seen::default();
        let (mut portions, mut portion) = (Vec::new(), Vec::new());
        for start in all {
            if seen.records.insert(start) {
                self.add_component(start, &mut seen, &mut portion);
            }
            if portion.len() >= size {
                portions.push(std::mem::take(&mut portion));
            }
        }
        portions.extend(Some(portion).filter(|portion| !portion.is_empty()));
        portions
    }

    /// The records in some regions, as far as their rows say where they are. One walk, however many regions there are: a
    /// declaration may name every village.
    pub(super) fn records_in(&self, regions: &Areas) -> impl Iterator<Item = RecordId> {
        let inside = |known: &Known| known.place.is_some_and(|place| regions.hold(place));
        self.known.all().filter(move |(_, known)| inside(known)).map(|(id, _)| id)
    }

    fn add_component(&self, start: RecordId, seen: &mut Seen, portion: &mut Vec<RecordId>) {
        let mut next = portion.len();
        portion.push(start);
        while let Some(record) = portion.get(next).copied() {
            next += 1;
            let beside = self.beside(record, seen);
            portion.extend(beside.into_iter().filter(|other| seen.records.insert(*other)));
        }
    }

    /// Records that share a person, a membership, a family card or an account with a record, but for those that another one
    /// led to.
    fn beside(&self, record: RecordId, seen: &mut Seen) -> Vec<RecordId> {
        let person = self.person_of(record).filter(|person| seen.persons.insert(*person));
        let mut found = person.map(|person| self.records_of(person)).unwrap_or_default();
        let Some(known) = self.known.get(record) else { return found };
        // Who is in the family of somebody on the card is found from there.
        let card = known.card().filter(|card| seen.cards.insert(*card));
        found.extend(card.into_iter().flat_map(|card| self.known.on_card(card)));
        let family = known.family().filter(|family| seen.families.insert(*family));
        found.extend(family.into_iter().flat_map(|family| self.known.in_family(family)));
        let account = known.account().filter(|account| seen.accounts.insert(*account));
        found.extend(account.into_iter().flat_map(|account| self.known.on_account(account)));
        found
    }

    /// The account rows and payments of the account of a record.
    pub(super) fn on_same_account(&self, record: RecordId) -> Vec<RecordId> {
        let account = self.known.get(record).and_then(|known| known.account());
        account.map(|account| self.known.on_account(account)).unwrap_or_default()
    }

    /// What the rules need to know of a portion.
    pub(in crate::service) fn surroundings(&self, portion: Vec<RecordId>) -> Surroundings {
        let persons: FxHashSet<PersonId> = portion.iter().filter_map(|id| self.person_of(*id)).collect();
        let mut persons: Vec<PersonId> = persons.into_iter().collect();
        persons.sort_unstable();
        let mut shared_niks = FxHashMap::default();
        let mut open_cases: FxHashSet<PersonId> =
            persons.iter().copied().filter(|person| self.crowds.hold(*person)).collect();
        for record in &portion {
            if let Some(bearers) = self.persons_on_nik_of(*record) {
                shared_niks.insert(*record, bearers);
            }
            let ids = self.cases_by_record.get(record).into_iter().flatten();
            // That several persons bear one NIK, and what one agency alone says, says nothing about whose the rows are.
            let about_rows = ids
                .filter_map(|id| self.cases.get(id))
                .filter(|case| case.state == CaseState::Baru)
                .filter(|case| !matches!(case.question, Question::SharedNik | Question::Statement));
            open_cases.extend(about_rows.flat_map(|case| case.persons.iter().copied()));
        }
        Surroundings { rows: self.row_keys(&portion), records: portion, persons, open_cases, shared_niks }
    }

    /// How many persons bear the NIK of a record; `None` where it is one, or nobody's.
    fn persons_on_nik_of(&self, record: RecordId) -> Option<u32> {
        self.person_of(record)?;
        let nik = self.known.get(record)?.nik?;
        // Nearly always it is the record alone.
        if self.known.bearers(nik) == [record] {
            return None;
        }
        let persons: FxHashSet<PersonId> = self.bearers_of_nik(nik).filter_map(|id| self.person_of(id)).collect();
        u32::try_from(persons.len()).ok().filter(|persons| *persons > 1)
    }
}

//! What stays in memory of every record, packed: tens of millions of them are to fit one machine.
//!
//! A record keeps its slot: none ever leaves, and one that is withdrawn is known as such. Columns stand by slot, and
//! records name each other by slot.

mod known;
mod senders;
#[cfg(test)]
mod tests;

use hashbrown::HashTable;
use rayon::prelude::*;

pub(super) use self::known::Packed;
pub(in crate::service) use self::known::{Belongs, FamilyKey, Known};
pub(super) use self::senders::{KnownSender, Sender, Senders};
use super::identifiers::Number;
use crate::domain::person::FamilyId;
use crate::domain::record::{PersonId, RecordId};
use crate::engine::packed::lists::{EMPTY, Lists};
use crate::engine::packed::postings::Postings;

/// No record.
const NONE: u32 = u32::MAX;

/// To whom a record belongs, as slots.
#[derive(Debug, Clone, Copy)]
struct Owners {
    /// The record that names its person; [`NONE`] while it belongs to nobody.
    person: u32,
    /// The next record of its person, round in a ring.
    next: u32,
    /// The record that names its family.
    family: u32,
}

/// All records.
#[derive(Debug, Default)]
pub(in crate::service) struct Records {
    /// Slots by record number; the hash is that of `ids`.
    slots: HashTable<u32>,
    ids: Vec<RecordId>,
    packed: Vec<Packed>,
    senders: Senders,
    owners: Vec<Owners>,
    /// The numbers of each record, as a list of their halves.
    numbers: Vec<u32>,
    halves: Lists,
    by_number: Postings,
    by_account: Postings,
    by_family: Postings,
    by_card: Postings,
}

/// Record numbers follow each other; the table wants every bit to matter, the highest ones most.
fn hash(id: RecordId) -> u64 {
    let product = id.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ product >> 32
}

/// A column does not double to grow: what is free in it would be as much as what is known.
fn grow<T>(column: &mut Vec<T>, value: T) {
    if column.len() == column.capacity() {
        column.reserve_exact(column.len() / 16 + 64);
    }
    column.push(value);
}

/// Taking records in.
impl Records {
    /// Takes note of what is known of a record now; answers what was known before.
    pub(super) fn put(&mut self, id: RecordId, sender: &Sender, known: &Known, numbers: &[Number]) -> Option<Known> {
        let packed = Packed::of(known, self.senders.number(sender));
        let (slot, before) = match self.slot(id) {
            Some(slot) => (slot, self.known_in(slot)),
            None => (self.add(id, packed), None),
        };
        before.inspect(|before| self.leave(slot, before));
        self.packed[slot as usize] = packed;
        self.set_numbers(slot, numbers);
        self.enter(slot, known);
        before
    }

    /// Takes a record in that is not there, so that it is found by its own number only: [`Self::index`] comes after all are
    /// in. Says whether it was there.
    pub(super) fn gather(&mut self, id: RecordId, sender: &Sender, known: &Known, numbers: &[Number]) -> bool {
        let packed = Packed::of(known, self.senders.number(sender));
        self.gather_packed(id, packed, numbers)
    }

    /// [`Self::gather`] of what is packed already, by the senders of [`Self::with_senders`].
    pub(super) fn gather_packed(&mut self, id: RecordId, packed: Packed, numbers: &[Number]) -> bool {
        let there = self.slot(id).is_some();
        if !there {
            let slot = self.add(id, packed);
            self.set_numbers(slot, numbers);
        }
        there
    }

    /// No records yet, and these senders.
    pub(super) fn with_senders(senders: Senders) -> Self {
        Self { senders, ..Self::default() }
    }

    /// Lets all records be found that were gathered.
    pub(super) fn index(&mut self) {
        let slots = || (0..self.ids.len() as u32).into_par_iter();
        let by = |key: &(dyn Fn(&Known) -> Option<u64> + Sync)| {
            let mut entries: Vec<(u64, u32)> =
                slots().filter_map(|slot| Some((key(&self.known_in(slot)?)?, slot))).collect();
            entries.par_sort_unstable();
            Postings::build(&entries)
        };
        let by_account = by(&|known| known.account());
        let by_family = by(&|known| known.family().map(|family| family.0));
        let by_card = by(&|known| known.card());
        let numbers = slots().flat_map_iter(|slot| self.numbers_in(slot).map(move |number| (number.value(), slot)));
        let mut numbers: Vec<(u64, u32)> = numbers.collect();
        numbers.par_sort_unstable();
        let by_number = Postings::build(&numbers);
        (self.by_account, self.by_family, self.by_card, self.by_number) = (by_account, by_family, by_card, by_number);
    }

    fn add(&mut self, id: RecordId, packed: Packed) -> u32 {
        let slot = u32::try_from(self.ids.len()).ok().filter(|slot| *slot < NONE / 2).expect("less than 2 G records");
        grow(&mut self.ids, id);
        grow(&mut self.packed, packed);
        grow(&mut self.owners, Owners { person: NONE, next: slot, family: NONE });
        grow(&mut self.numbers, EMPTY);
        let ids = &self.ids;
        self.slots.insert_unique(hash(id), slot, |slot| hash(ids[*slot as usize]));
        slot
    }

    /// Each number once: it may be written twice.
    fn set_numbers(&mut self, slot: u32, numbers: &[Number]) {
        let once = numbers.iter().enumerate().filter(|(at, number)| !numbers[..*at].contains(number));
        let values = once.map(|(_, number)| number.value());
        let halves: Vec<u32> = values.flat_map(|value| [(value >> 32) as u32, value as u32]).collect();
        let place = &mut self.numbers[slot as usize];
        self.halves.release(*place);
        *place = self.halves.add(&halves);
    }

    /// Lets a record be found by what is known of it.
    fn enter(&mut self, slot: u32, known: &Known) {
        for number in self.numbers_in(slot).collect::<Vec<_>>() {
            self.by_number.insert(number.value(), slot);
        }
        match known.belongs {
            Belongs::Nowhere => {}
            Belongs::Account(account) => drop(self.by_account.insert(account, slot)),
            Belongs::Family(family, card) => {
                self.by_family.insert(family.0, slot);
                card.map(|card| self.by_card.insert(card, slot));
            }
        }
    }

    /// Takes back what [`Self::enter`] did.
    fn leave(&mut self, slot: u32, known: &Known) {
        for number in self.numbers_in(slot).collect::<Vec<_>>() {
            self.by_number.remove(number.value(), slot);
        }
        match known.belongs {
            Belongs::Nowhere => {}
            Belongs::Account(account) => drop(self.by_account.remove(account, slot)),
            Belongs::Family(family, card) => {
                self.by_family.remove(family.0, slot);
                card.map(|card| self.by_card.remove(card, slot));
            }
        }
    }
}

/// What is known.
impl Records {
    /// How many records there are.
    pub(in crate::service) fn len(&self) -> usize {
        self.ids.len()
    }

    /// What is known of a record.
    pub(in crate::service) fn get(&self, id: RecordId) -> Option<Known> {
        self.known_in(self.slot(id)?)
    }

    /// Who sent a record.
    pub(super) fn sender_of(&self, id: RecordId) -> Option<&KnownSender> {
        self.senders.get(self.packed[self.slot(id)? as usize].sender)
    }

    /// All who sent records.
    pub(super) fn senders(&self) -> &Senders {
        &self.senders
    }

    /// Whether a record is known.
    pub(super) fn contains(&self, id: RecordId) -> bool {
        self.slot(id).is_some()
    }

    /// All records, in the order in which they came.
    pub(in crate::service) fn ids(&self) -> &[RecordId] {
        &self.ids
    }

    /// All records with what is known of them.
    pub(super) fn all(&self) -> impl Iterator<Item = (RecordId, Known)> {
        (0..).zip(&self.ids).filter_map(|(slot, id)| Some((*id, self.known_in(slot)?)))
    }

    /// The slots of all records, by record number.
    pub(super) fn slots_by_number(&self) -> Vec<u32> {
        let mut slots: Vec<u32> = (0..self.ids.len() as u32).collect();
        slots.sort_unstable_by_key(|slot| self.id(*slot));
        slots
    }

    /// The record in a slot as it is packed.
    pub(super) fn packed_in(&self, slot: u32) -> &Packed {
        &self.packed[slot as usize]
    }

    /// The numbers by which a record can be looked up.
    pub(super) fn numbers_of(&self, id: RecordId) -> impl Iterator<Item = Number> {
        self.slot(id).into_iter().flat_map(|slot| self.numbers_in(slot))
    }

    /// The records that can be looked up by a number, ascending.
    pub(in crate::service) fn bearers(&self, number: Number) -> Vec<RecordId> {
        let mut bearers = self.ids_of(self.by_number.rows(number.value()));
        bearers.sort_unstable();
        bearers
    }

    /// Every number with every record that can be looked up by it.
    pub(super) fn all_numbers(&self) -> impl Iterator<Item = (u64, RecordId)> {
        self.by_number.all().flat_map(move |(number, slots)| slots.iter().map(move |slot| (number, self.id(*slot))))
    }

    /// The numbers that several records can be looked up by.
    pub(super) fn shared_numbers(&self) -> impl Iterator<Item = Number> {
        self.by_number.shared().map(|(number, _)| Number::from_value(number))
    }

    /// The account rows and the payments of an account.
    pub(super) fn on_account(&self, account: u64) -> Vec<RecordId> {
        self.ids_of(self.by_account.rows(account))
    }

    /// The rows of a membership.
    pub(super) fn in_family(&self, family: FamilyKey) -> Vec<RecordId> {
        self.ids_of(self.by_family.rows(family.0))
    }

    /// The membership rows on a family card.
    pub(super) fn on_card(&self, card: u64) -> Vec<RecordId> {
        self.ids_of(self.by_card.rows(card))
    }

    /// All memberships.
    pub(super) fn memberships(&self) -> impl Iterator<Item = FamilyKey> {
        self.by_family.all().map(|(family, _)| FamilyKey(family))
    }

    fn slot(&self, id: RecordId) -> Option<u32> {
        self.slots.find(hash(id), |slot| self.ids[*slot as usize] == id).copied()
    }

    /// The record in a slot.
    pub(super) fn id(&self, slot: u32) -> RecordId {
        self.ids[slot as usize]
    }

    fn ids_of(&self, slots: &[u32]) -> Vec<RecordId> {
        slots.iter().map(|slot| self.id(*slot)).collect()
    }

    fn known_in(&self, slot: u32) -> Option<Known> {
        self.packed[slot as usize].known()
    }

    /// The numbers of the record in a slot.
    pub(super) fn numbers_in(&self, slot: u32) -> impl Iterator<Item = Number> {
        let halves = self.halves.get(self.numbers[slot as usize]).as_chunks::<2>().0;
        halves.iter().map(|[high, low]| Number::from_value(u64::from(*high) << 32 | u64::from(*low)))
    }
}

/// Persons and families.
impl Records {
    /// The person that a record belongs to.
    pub(super) fn person_of(&self, id: RecordId) -> Option<PersonId> {
        let person = self.owners[self.slot(id)? as usize].person;
        (person != NONE).then(|| PersonId(self.id(person)))
    }

    /// Whether there is such a person.
    pub(super) fn is_person(&self, person: PersonId) -> bool {
        self.person_of(person.0) == Some(person)
    }

    /// The records of a person, ascending; none where there is no such person.
    pub(super) fn records_of(&self, person: PersonId) -> Vec<RecordId> {
        let first = self.slot(person.0).filter(|slot| self.owners[*slot as usize].person == *slot);
        let next = |slot: &u32| Some(self.owners[*slot as usize].next).filter(|next| Some(*next) != first);
        let mut records: Vec<RecordId> = std::iter::successors(first, next).map(|slot| self.id(slot)).collect();
        records.sort_unstable();
        records
    }

    /// All records that belong to somebody.
    pub(super) fn members(&self) -> impl Iterator<Item = (RecordId, PersonId)> {
        let owners = self.ids.iter().zip(&self.owners).filter(|(_, owners)| owners.person != NONE);
        owners.map(|(id, owners)| (*id, PersonId(self.id(owners.person))))
    }

    /// All persons.
    pub(super) fn persons(&self) -> impl Iterator<Item = PersonId> {
        self.members().filter(|(record, person)| person.0 == *record).map(|(_, person)| person)
    }

    /// Says that known records are one person, named after the first of them.
    pub(super) fn join(&mut self, records: &[RecordId]) {
        let slots: Vec<u32> = records.iter().filter_map(|id| self.slot(*id)).collect();
        for (at, slot) in slots.iter().enumerate() {
            let owners = &mut self.owners[*slot as usize];
            (owners.person, owners.next) = (slots[0], slots[(at + 1) % slots.len()]);
        }
    }

    /// Says that records belong to nobody.
    pub(super) fn part(&mut self, records: &[RecordId]) {
        for slot in records.iter().filter_map(|id| self.slot(*id)).collect::<Vec<_>>() {
            let owners = &mut self.owners[slot as usize];
            (owners.person, owners.next) = (NONE, slot);
        }
    }

    /// The family that a membership row stands in.
    pub(super) fn family_of(&self, id: RecordId) -> Option<FamilyId> {
        let family = self.owners[self.slot(id)? as usize].family;
        (family != NONE).then(|| FamilyId(self.id(family)))
    }

    /// All membership rows, with their families.
    pub(super) fn in_families(&self) -> impl Iterator<Item = (RecordId, FamilyId)> {
        let owners = self.ids.iter().zip(&self.owners).filter(|(_, owners)| owners.family != NONE);
        owners.map(|(id, owners)| (*id, FamilyId(self.id(owners.family))))
    }

    /// Says in which family a known row stands, if in any.
    pub(super) fn set_family(&mut self, id: RecordId, family: Option<FamilyId>) {
        let family = family.and_then(|family| self.slot(family.0)).unwrap_or(NONE);
        if let Some(slot) = self.slot(id) {
            self.owners[slot as usize].family = family;
        }
    }
}

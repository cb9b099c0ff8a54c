//! Eight families of one village: the unit of generation, and the stage of all that happens between families.
//!
//! Namesakes, shared telephones, one account for two families, a person listed by two families: all of that is planted
//! inside one neighbourhood. A world is a row of neighbourhoods, each a function of (seed, its number); only one is in
//! memory at a time.

use super::context::Context;
use super::dice::{Dice, Purpose};
use super::family::{Family, Founder};
use super::names::Culture;
use super::numbers::Slot;
use super::settle::{Sketch, person_number, settle};

/// Families of one neighbourhood.
pub(crate) const FAMILIES: u64 = 8;

/// Draws for a namesake that are needed for one person in a pair, as many find nobody of their sex and age.
const NAMESAKES: f64 = 0.95;

/// A person whom another family of the neighbourhood lists too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guest {
    pub(crate) family: usize,
    pub(crate) member: usize,
    pub(crate) host: usize,
    /// Listed there with the second NIK (O03), else with the same (O01).
    pub(crate) second_nik: bool,
}

/// Eight families and what is between them.
pub(crate) struct Neighbourhood {
    pub(crate) families: Vec<Family>,
    pub(crate) dice: Vec<Dice>,
    pub(crate) guests: Vec<Guest>,
    pub(crate) homonym_pairs: u64,
}

impl Neighbourhood {
    /// The neighbourhood of a number; the same for the same world and tables, whatever was made before.
    pub(crate) fn new(context: &Context, number: u64) -> Self {
        let mut dice = Dice::new(context.world.seed, Purpose::Neighbourhood, number);
        let count = context.region.districts.len() as u64;
        let district = (number % count) as usize;
        let villages = &context.region.districts[district].villages;
        let village = villages[dice.below(villages.len())].clone();
        let mut sketches: Vec<Sketch> = (0..FAMILIES)
            .map(|at| {
                let slot = Slot { district, place: number / count * FAMILIES + at };
                sketch(context, number * FAMILIES + at + 1, slot, village.clone())
            })
            .collect();
        let homonym_pairs = plant_homonyms(context, &mut sketches, &mut dice);
        let (families, streams) = sketches.into_iter().map(|sketch| settle(context, sketch)).unzip();
        let mut hood = Self { families, dice: streams, guests: Vec::new(), homonym_pairs };
        hood.share_phones(&mut dice);
        hood.share_accounts(context, &mut dice);
        hood.invite_guests(context, &mut dice);
        hood
    }

    /// One telephone for several families: a neighbour's, a field worker's.
    fn share_phones(&mut self, dice: &mut Dice) {
        if !dice.chance(0.05) {
            return;
        }
        let shared = self.families[0].phones[0].clone();
        for family in self.families.iter_mut().skip(1) {
            if dice.chance(0.4) {
                family.phones[0].clone_from(&shared);
            }
        }
    }

    /// One account for two families (O08).
    fn share_accounts(&mut self, context: &Context, dice: &mut Dice) {
        let plain = |family: &Family| family.accounts.len() == 1 && family.accounts[0].paid;
        let able: Vec<usize> = (0..self.families.len()).filter(|at| plain(&self.families[*at])).collect();
        if able.len() < 2 || !dice.chance(0.015 * context.rates.gap * able.len() as f64) {
            return;
        }
        let account = self.families[able[0]].accounts[0].clone();
        for at in [able[0], able[1]] {
            let own = &mut self.families[at].accounts[0];
            own.bank = account.bank;
            own.number.clone_from(&account.number);
            own.idle = false;
            own.foreign_name = None;
        }
    }

    /// One person in two families that are both paid (O01, O03).
    fn invite_guests(&mut self, context: &Context, dice: &mut Dice) {
        let paid: Vec<usize> = (0..self.families.len()).filter(|at| self.families[*at].aid.pkh).collect();
        for (turn, family) in paid.iter().copied().enumerate().filter(|_| paid.len() > 1) {
            let host = paid[(turn + 1) % paid.len()];
            let second_nik = dice.chance(0.5);
            let member = dice.below(self.families[family].members.len());
            if !dice.chance(0.06 * context.rates.gap) {
                continue;
            }
            let slot = self.families[family].slot;
            let person = &mut self.families[family].members[member];
            if person.died.is_some() || person.twin.is_some() {
                continue;
            }
            if second_nik && person.second_nik.is_none() {
                person.second_nik = context.numbers.second_nik(slot, &person.nik);
            }
            person.keep_nik = true;
            if !second_nik || person.second_nik.is_some() {
                self.guests.push(Guest { family, member, host, second_nik });
            }
        }
    }
}

fn sketch(context: &Context, number: u64, slot: Slot, village: String) -> Sketch {
    let mut dice = Dice::new(context.world.seed, Purpose::Family, number);
    let culture = Culture::of(context.province(), &mut dice);
    let decile = 1 + dice.weighted(&[9.4, 7.8, 6.6, 6.1, 6.3, 5.9, 4.9, 5.4, 4.6, 3.1]) as u8;
    let year = context.world.as_of.year();
    let drafts = Founder { names: context.names, culture, year, dice: &mut dice }.members();
    Sketch { number, slot, village, decile, drafts, dice }
}

/// Gives persons the name and birth year of a neighbour of the same sex. Returns the number of pairs.
fn plant_homonyms(context: &Context, sketches: &mut [Sketch], dice: &mut Dice) -> u64 {
    let mut pairs = 0;
    for at in 0..sketches.len() - 1 {
        for member in 0..sketches[at].drafts.len() {
            let draft = &sketches[at].drafts[member];
            if draft.twin.is_some() || draft.homonym.is_some() || !dice.chance(context.rates.hom * NAMESAKES) {
                continue;
            }
            let Some((other, namesake)) = find_namesake(sketches, at, member) else { continue };
            let (name, year) = (draft.name.clone(), draft.year);
            let number = person_number(sketches[other].number, namesake);
            sketches[at].drafts[member].homonym = Some(number);
            let own = person_number(sketches[at].number, member);
            let copy = &mut sketches[other].drafts[namesake];
            (copy.name, copy.year, copy.homonym) = (name, year, Some(own));
            pairs += 1;
        }
    }
    pairs
}

fn find_namesake(sketches: &[Sketch], at: usize, member: usize) -> Option<(usize, usize)> {
    let draft = &sketches[at].drafts[member];
    let later = sketches.iter().enumerate().skip(at + 1);
    later
        .flat_map(|(other, sketch)| sketch.drafts.iter().enumerate().map(move |(index, draft)| (other, index, draft)))
        .find(|(_, _, candidate)| {
            let near = if matches!(candidate.relation, 1 | 3 | 7 | 8) { 6 } else { 2 };
            candidate.sex == draft.sex
                && (candidate.year - draft.year).abs() <= near
                && candidate.twin.is_none()
                && candidate.homonym.is_none()
        })
        .map(|(other, index, _)| (other, index))
}

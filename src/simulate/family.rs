//! A true family: who lives together, how old, how poor, and what they are enrolled in.

use super::dice::Dice;
use super::names::{Culture, NamePools};
use super::numbers::{MEMBERS, Origin, Slot};
use super::person::{Draft, Mother, Person};
use crate::domain::date::{Date, Period};
use crate::domain::sex::Sex;

/// One true family with all that the agencies will write about.
#[derive(Debug, Clone)]
pub(crate) struct Family {
    /// Number in the world, from 1.
    pub(crate) number: u64,
    pub(crate) slot: Slot,
    pub(crate) home: Home,
    /// Where the family lived before, when some agencies have not noticed the move.
    pub(crate) before: Option<Home>,
    pub(crate) decile: u8,
    pub(crate) members: Vec<Person>,
    pub(crate) phones: [Option<String>; 2],
    pub(crate) aid: Aid,
    pub(crate) accounts: Vec<Account>,
    /// The No. KK decides a planted case and is written as it is.
    pub(crate) keep_card: bool,
    /// An agency copied the head's NIK to every member (K4).
    pub(crate) head_copied: bool,
}

/// An address with its family card.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    pub(crate) card: String,
    pub(crate) village: String,
    pub(crate) street: String,
    pub(crate) rt: u8,
    pub(crate) rw: u8,
}

/// What Dinas Sosial knows about a family.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "four facts of a family that do not follow from each other")]
pub(crate) struct Aid {
    /// The family is in the social registry at all.
    pub(crate) listed: bool,
    pub(crate) household: String,
    /// A second registration of the same card (O02): its household key, PKH number and first member.
    pub(crate) split: Option<(String, String, usize)>,
    pub(crate) pkh: bool,
    pub(crate) pkh_number: String,
    pub(crate) sembako: bool,
    pub(crate) blt: bool,
    /// A programme that is not paid now.
    pub(crate) idle: Option<(&'static str, &'static str, Period)>,
    pub(crate) worker: String,
    /// The occupation that excludes (O06).
    pub(crate) servant: Option<&'static str>,
}

impl Aid {
    /// Whether any programme is paid now.
    pub(crate) fn active(&self) -> bool {
        self.pkh || self.sembako || self.blt
    }
}

/// One bank account of a family.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) bank: &'static str,
    pub(crate) number: String,
    pub(crate) customer: String,
    pub(crate) holder: usize,
    pub(crate) status: &'static str,
    /// The account belongs to a card of the programmes, and the card was handed over.
    pub(crate) card: Option<bool>,
    /// Payments go here.
    pub(crate) paid: bool,
    /// Nobody has used the account for long (Q01).
    pub(crate) idle: bool,
    /// The account stands in another name (Q02).
    pub(crate) foreign_name: Option<String>,
}

impl Family {
    /// Components that PKH pays for, by member, under the caps of each kind and of the family.
    pub(crate) fn components(&self, as_of: Date, elderly_min: u8) -> Vec<(usize, &'static str)> {
        const CAPS: [(&str, usize); 7] =
            [("BUMIL", 2), ("AUD", 2), ("SD", 4), ("SMP", 4), ("SMA", 4), ("DISABILITAS", 1), ("LANSIA", 1)];
        let mut found: Vec<(usize, &'static str)> = Vec::new();
        for (kind, cap) in CAPS {
            let members = self.members.iter().enumerate().filter(|(_, person)| {
                person.died.is_none()
                    && match kind {
                        "BUMIL" => person.pregnant,
                        "AUD" => person.age(as_of) < 6,
                        "LANSIA" => person.age(as_of) >= i32::from(elderly_min),
                        "DISABILITAS" => person.disability.is_some_and(|(_, degree)| degree == "BERAT"),
                        level => person.school_component() == Some(level) && person.age(as_of) >= 6,
                    }
            });
            let fresh: Vec<usize> =
                members.map(|(at, _)| at).filter(|at| !found.iter().any(|(m, _)| m == at)).collect();
            found.extend(fresh.into_iter().take(cap).map(|at| (at, kind)));
        }
        found.truncate(4);
        found
    }

    /// Whose account it is: the wife of the head, else the head.
    pub(crate) fn trustee(&self) -> usize {
        let wife = self.members.iter().position(|person| person.relation == 3 && person.died.is_none());
        wife.or_else(|| self.members.iter().position(|person| person.died.is_none())).unwrap_or_default()
    }
}

/// Rupiah a quarter for one component (DOMAIN 4.2).
pub(crate) fn quarterly(component: &str) -> i64 {
    match component {
        "BUMIL" | "AUD" => 750_000,
        "SD" => 225_000,
        "SMP" => 375_000,
        "SMA" => 500_000,
        _ => 600_000,
    }
}

/// First, second and third child: brothers and sisters whose names are nearly one (DWI LESTARI, TRI LESTARI).
const ORDINALS: [&str; 3] = ["EKA", "DWI", "TRI"];

/// Draws who lives in a family.
pub(crate) struct Founder<'a> {
    pub(crate) names: &'a NamePools,
    pub(crate) culture: Culture,
    pub(crate) year: i16,
    pub(crate) dice: &'a mut Dice,
}

impl Founder<'_> {
    /// The members of a new family, head first.
    pub(crate) fn members(mut self) -> Vec<Draft> {
        let mut members = Vec::with_capacity(6);
        match self.dice.weighted(&[0.10, 0.74, 0.13, 0.03]) {
            0 => self.single(&mut members),
            1 => self.couple(&mut members),
            2 => self.mother_alone(&mut members),
            _ => self.grandparents(&mut members),
        }
        if members.len() > 1 && self.dice.chance(0.13) {
            self.parent_of_head(&mut members);
        }
        if self.dice.chance(0.013) {
            let (sex, age) = (self.sex(), self.dice.between(16, 50));
            let relative = self.adult(sex, age, 9, 1);
            members.push(relative);
        }
        members.truncate(MEMBERS);
        members
    }

    fn sex(&mut self) -> Sex {
        if self.dice.chance(0.503) { Sex::Male } else { Sex::Female }
    }

    fn name(&mut self, sex: Sex, year: i16) -> String {
        let culture = if self.dice.chance(0.15) { Culture::Muslim } else { self.culture };
        self.names.person(culture, sex, year, self.dice)
    }

    fn adult(&mut self, sex: Sex, age: i32, relation: u8, marital: u8) -> Draft {
        let year = self.year - age as i16;
        let name = self.name(sex, year);
        let mother_year = year - self.dice.between(18, 38) as i16;
        let mother = Mother::Named(self.name(Sex::Female, mother_year));
        let origin = match self.dice.weighted(&[0.74, 0.12, 0.14]) {
            0 => Origin::Here,
            1 => Origin::Region,
            _ => Origin::Elsewhere,
        };
        Draft { sex, year, relation, marital, name, mother, father_here: None, twin: None, origin, homonym: None }
    }

    fn child(&mut self, year: i16, relation: u8, mother: Mother, father_here: Option<usize>) -> Draft {
        let sex = self.sex();
        let name = self.name(sex, year);
        let grown = self.year - year >= 19;
        let origin = if self.dice.chance(0.06) { Origin::Elsewhere } else { Origin::Here };
        let marital = if grown && self.dice.chance(0.12) { 2 } else { 1 };
        Draft { sex, year, relation, marital, name, mother, father_here, twin: None, origin, homonym: None }
    }

    fn single(&mut self, members: &mut Vec<Draft>) {
        let old = self.dice.chance(0.55);
        let age = if old { self.dice.between(55, 88) } else { self.dice.between(22, 54) };
        let sex = if old && self.dice.chance(0.6) { Sex::Female } else { self.sex() };
        let marital = if old { 4 } else { self.dice.pick(&[1, 1, 3]) };
        let head = self.adult(sex, age, 1, marital);
        members.push(head);
    }

    fn couple(&mut self, members: &mut Vec<Draft>) {
        let age = match self.dice.weighted(&[0.21, 0.49, 0.23, 0.07]) {
            0 => self.dice.between(22, 31),
            1 => self.dice.between(32, 49),
            2 => self.dice.between(50, 61),
            _ => self.dice.between(62, 76),
        };
        let wife_age = (age - self.dice.between(-2, 8)).max(19);
        let head = self.adult(Sex::Male, age, 1, 2);
        let wife = self.adult(Sex::Female, wife_age, 3, 2);
        members.extend([head, wife]);
        self.children(members, 1, 4);
        let heir = (2..members.len()).find(|at| (22..40).contains(&(self.year - members[*at].year)));
        if let Some(heir) = heir.filter(|_| self.dice.chance(0.42)) {
            self.young_couple(members, heir);
        }
    }

    fn mother_alone(&mut self, members: &mut Vec<Draft>) {
        let age = self.dice.between(26, 66);
        let marital = self.dice.pick(&[3, 4, 4]);
        let head = self.adult(Sex::Female, age, 1, marital);
        members.push(head);
        self.children(members, 0, 4);
        for child in members.iter_mut().skip(1) {
            child.father_here = None;
        }
    }

    fn grandparents(&mut self, members: &mut Vec<Draft>) {
        let age = self.dice.between(56, 76);
        let head = self.adult(Sex::Female, age, 1, 4);
        members.push(head);
        let mother_year = self.year - (age - 22) as i16;
        let mother = self.name(Sex::Female, mother_year);
        let first = self.dice.between(4, 18);
        for age in [first, first - 3].into_iter().filter(|age| *age >= 0) {
            let child = self.child(self.year - age as i16, 6, Mother::Named(mother.clone()), None);
            members.push(child);
        }
    }

    /// Children of the woman at `mother`, eldest first, two years apart at least; grown ones have mostly left.
    fn children(&mut self, members: &mut Vec<Draft>, mother: usize, relation: u8) {
        let father = (0..mother).next();
        let born = i32::from(members[mother].year);
        let mut year = born + self.dice.between(19, 27);
        let wanted = [0, 1, 2, 3, 4, 5][self.dice.weighted(&[0.04, 0.17, 0.36, 0.26, 0.12, 0.05])];
        let ordinals = self.culture == Culture::Jawa && self.dice.chance(0.10);
        let shared = self.names.jawa_f_tail.draw(self.dice).to_owned();
        for turn in 0..wanted {
            if year > i32::from(self.year) || year > born + 44 || members.len() >= MEMBERS - 1 {
                break;
            }
            let grown = i32::from(self.year) - year >= 23;
            // Fewer are born than some years ago.
            let recent = i32::from(self.year) - year < 5;
            let here = if grown {
                0.42
            } else if recent {
                0.8
            } else {
                1.0
            };
            if self.dice.chance(here) {
                let mut child = self.child(year as i16, relation, Mother::Member(mother), father);
                if let Some(ordinal) = ORDINALS.get(turn).filter(|_| ordinals) {
                    child.name = format!("{ordinal} {shared}");
                }
                members.push(child);
                if self.dice.chance(0.0105) {
                    self.twin(members);
                }
            }
            year += self.dice.between(2, 6);
        }
    }

    /// Gives the last child a twin.
    fn twin(&mut self, members: &mut Vec<Draft>) {
        let first = members.len() - 1;
        let mut twin = members[first].clone();
        twin.sex = if self.dice.chance(0.7) { members[first].sex } else { self.sex() };
        let (one, other) = self.names.twins((members[first].sex, twin.sex), self.dice);
        members[first].name = one;
        members[first].origin = Origin::Here;
        members[first].twin = Some(first + 1);
        twin.name = other;
        twin.origin = Origin::Here;
        twin.twin = Some(first);
        members.push(twin);
    }

    /// The grown child at `heir` lives here with husband or wife, and perhaps a child.
    fn young_couple(&mut self, members: &mut Vec<Draft>, heir: usize) {
        if members.len() >= MEMBERS {
            return;
        }
        let sex = if members[heir].sex == Sex::Male { Sex::Female } else { Sex::Male };
        let age = i32::from(self.year - members[heir].year);
        members[heir].marital = 2;
        let spouse_age = (age + self.dice.between(-3, 3)).max(19);
        let spouse = self.adult(sex, spouse_age, 5, 2);
        members.push(spouse);
        let spouse = members.len() - 1;
        if age >= 23 && members.len() < MEMBERS && self.dice.chance(0.75) {
            let (mother, father) = if sex == Sex::Female { (spouse, heir) } else { (heir, spouse) };
            let born = members[mother].year + self.dice.between(19, 26) as i16;
            let year = born.clamp(self.year - 9, self.year);
            let child = self.child(year, 6, Mother::Member(mother), Some(father));
            members.push(child);
        }
    }

    /// A parent of the head or of the wife lives here too.
    fn parent_of_head(&mut self, members: &mut Vec<Draft>) {
        let wife = members.get(1).filter(|second| second.relation == 3).map(|_| 1);
        let child = wife.filter(|_| self.dice.chance(0.5)).unwrap_or(0);
        let age = i32::from(self.year - members[child].year) + self.dice.between(20, 30);
        if age > 93 || members.len() >= MEMBERS {
            return;
        }
        let sex = if self.dice.chance(0.68) { Sex::Female } else { Sex::Male };
        let relation = if child == 0 { 7 } else { 8 };
        let parent = self.adult(sex, age, relation, 4);
        members.push(parent);
        if sex == Sex::Female {
            members[child].mother = Mother::Member(members.len() - 1);
        }
    }
}

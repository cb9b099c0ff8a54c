//! From drafts to a family: births are registered, children go to school, programmes and accounts are given.

use super::context::Context;
use super::dates::some_day_before;
use super::dice::{Dice, mix};
use super::family::{Account, Aid, Family, Home};
use super::numbers::{Birth, MEMBERS, Numbers, Origin, Registered, Series, Slot};
use super::person::{Attendance, Draft, Mother, Person, Schooling};
use crate::domain::date::{Date, age_on};
use crate::domain::sex::Sex;

/// A family before its births are registered.
pub(crate) struct Sketch {
    pub(crate) number: u64,
    pub(crate) slot: Slot,
    pub(crate) village: String,
    pub(crate) decile: u8,
    pub(crate) drafts: Vec<Draft>,
    pub(crate) dice: Dice,
}

/// Number of a member in the world.
pub(crate) fn person_number(family: u64, member: usize) -> u64 {
    (family - 1) * MEMBERS as u64 + member as u64 + 1
}

/// Makes the family of a sketch. The dice go on to draw its rows.
pub(crate) fn settle(context: &Context, mut sketch: Sketch) -> (Family, Dice) {
    let members = register_members(context, &mut sketch);
    let Sketch { number, slot, village, decile, mut dice, .. } = sketch;
    let card = context.numbers.card(slot, 0, &mut dice);
    let home = address(context, card, village, &mut dice);
    let moved = dice.chance(context.rates.moved);
    let before = moved.then(|| {
        let there = &context.region.districts[context.numbers.neighbour_of(slot)];
        let village = there.villages[dice.below(there.villages.len())].clone();
        let card = context.numbers.card(slot, 1, &mut dice);
        address(context, card, village, &mut dice)
    });
    let phones = [0.86, 0.25].map(|share| dice.chance(share)).map(Some);
    let phones = [0, 1].map(|lane| phones[lane].filter(|has| *has).map(|_| phone(context, number * 2 + lane as u64)));
    let head_copied = dice.chance(context.rates.nik_dup * 0.25);
    let mut family = Family {
        number,
        slot,
        home,
        before,
        decile,
        members,
        phones,
        aid: Aid::default(),
        accounts: Vec::new(),
        keep_card: false,
        head_copied,
    };
    family.aid = aid(context, &family, &mut dice);
    follow_aid(context, &mut family, &mut dice);
    family.keep_card = family.aid.split.is_some() || (family.aid.pkh && family.aid.blt);
    family.accounts = accounts(context, &family, &mut dice);
    (family, dice)
}

fn address(context: &Context, card: String, village: String, dice: &mut Dice) -> Home {
    let names = context.names;
    let street = if dice.chance(0.33) {
        format!("JL. {} NO. {}", names.street.draw(dice), dice.between(1, 140))
    } else if dice.chance(0.6) {
        format!("KP. {}", names.hamlet.draw(dice))
    } else {
        format!("KP. {} {}", names.hamlet.draw(dice), names.hamlet_tail.draw(dice))
    };
    Home { card, village, street, rt: dice.between(1, 7) as u8, rw: dice.between(1, 9) as u8 }
}

fn phone(context: &Context, index: u64) -> String {
    const OPERATORS: [&str; 12] =
        ["0812", "0813", "0815", "0819", "0821", "0852", "0856", "0857", "0858", "0878", "0895", "0896"];
    let operator = OPERATORS[(mix(7, index) % 12) as usize];
    format!("{operator}{:08}", context.numbers.scramble(Series::Phone, index, 8))
}

fn register_members(context: &Context, sketch: &mut Sketch) -> Vec<Person> {
    let births = births_of(context, sketch);
    let mut entries: Vec<Registered> = Vec::with_capacity(births.len());
    for (birth, draft) in births.iter().zip(&sketch.drafts) {
        let twin = draft.twin.filter(|twin| *twin < birth.member).map(|twin| (births[twin], entries[twin].clone()));
        let entry = match twin {
            Some((elder, entry)) => context.numbers.register_twin(Birth { sex: draft.sex, ..elder }, &entry),
            None => match context.numbers.register_by_year(*birth, &mut sketch.dice).filter(|_| draft.twin.is_none()) {
                Some(entry) => entry,
                None => context.numbers.register(*birth, &mut sketch.dice),
            },
        };
        entries.push(entry);
    }
    let drafts = std::mem::take(&mut sketch.drafts);
    let names: Vec<String> = drafts.iter().map(|draft| draft.name.clone()).collect();
    let mut persons = Vec::with_capacity(drafts.len());
    for (member, (draft, entry)) in drafts.into_iter().zip(entries).enumerate() {
        let (mother, mother_here) = match draft.mother {
            Mother::Named(name) => (name, None),
            Mother::Member(at) => (names[at].clone(), Some(at)),
        };
        let dice = &mut sketch.dice;
        let second =
            dice.chance(context.rates.nik2).then(|| context.numbers.second_nik(sketch.slot, &entry.nik)).flatten();
        let mut person = Person {
            number: person_number(sketch.number, member),
            name: draft.name,
            sex: draft.sex,
            born: entry.date,
            nik: entry.nik,
            second_nik: second,
            place: context.names.birth_place(context.province(), dice),
            mother,
            mother_here,
            father_here: draft.father_here,
            relation: draft.relation,
            marital: draft.marital,
            job: "",
            twin: draft.twin,
            homonym: draft.homonym,
            died: None,
            pregnant: false,
            disability: None,
            school: None,
            keep_nik: false,
        };
        live(context, &mut person, dice);
        persons.push(person);
    }
    persons
}

/// The births of a family, each with its rank among those of its year and origin. Where a year has no room for
/// another, the birth moves to the year before.
fn births_of(context: &Context, sketch: &Sketch) -> Vec<Birth> {
    let present = context.world.as_of.year();
    let mut births: Vec<Birth> = Vec::with_capacity(sketch.drafts.len());
    for (member, draft) in sketch.drafts.iter().enumerate() {
        let origin = if draft.twin.is_some() { Origin::Here } else { context.numbers.origin(draft.origin) };
        let mut birth =
            Birth { slot: sketch.slot, member, rank: 0, origin, year: draft.year.min(present), sex: draft.sex };
        loop {
            let alike = |other: &&Birth| other.year == birth.year && other.origin == birth.origin;
            birth.rank = births.iter().filter(alike).count();
            if Numbers::has_room(birth) {
                break;
            }
            birth.year -= 1;
        }
        births.push(birth);
    }
    births
}

/// School, work, pregnancy, disability.
fn live(context: &Context, person: &mut Person, dice: &mut Dice) {
    let as_of = context.world.as_of;
    let age = person.age(as_of);
    person.school = schooling(person.born, as_of, dice);
    let may_bear = person.sex == Sex::Female && person.marital == 2 && (18..=42).contains(&age);
    person.pregnant = may_bear && dice.chance(0.069);
    if dice.chance(0.0085) {
        let kind = dice.pick(&["FISIK", "INTELEKTUAL", "MENTAL", "SENSORIK", "GANDA"]);
        person.disability = Some((kind, ["RINGAN", "SEDANG", "BERAT"][dice.weighted(&[0.3, 0.4, 0.3])]));
    }
    person.job = match age {
        ..7 => "BELUM BEKERJA",
        7..19 => "PELAJAR/MAHASISWA",
        _ if person.sex == Sex::Female && person.marital == 2 && dice.chance(0.72) => "MENGURUS RUMAH TANGGA",
        _ => dice.pick(&[
            "BURUH TANI",
            "BURUH TANI",
            "PEDAGANG",
            "PEDAGANG",
            "WIRASWASTA",
            "PETANI",
            "BURUH HARIAN LEPAS",
        ]),
    };
}

/// Where a child of this birth date goes to school, if it is of age.
fn schooling(born: Date, as_of: Date, dice: &mut Dice) -> Option<Schooling> {
    let start = if as_of.month() >= 7 { as_of.year() } else { as_of.year() - 1 };
    let july = age_on(born, Date::constant(start, 7, 1));
    let age = age_on(born, as_of);
    let late = i32::from(dice.chance(0.05));
    let grade = july - 6 - late + i32::from(july == 6 && dice.chance(0.2));
    if (5..=6).contains(&age) && grade < 1 {
        let attendance = if dice.chance(0.42) { Attendance::Enrolled } else { Attendance::Nowhere };
        return Some(Schooling { level: "TK", grade: 0, attendance });
    }
    let level = match grade {
        1..=6 => "SD",
        7..=9 if dice.chance(0.01) => "PAKET_B",
        7..=9 => "SMP",
        10..=12 => ["SMA", "SMK", "PAKET_C"][dice.weighted(&[0.46, 0.49, 0.05])],
        _ => return None,
    };
    let shares = if grade <= 6 { [0.90, 0.092, 0.005, 0.003] } else { [0.90, 0.06, 0.03, 0.01] };
    let attendance = [Attendance::Enrolled, Attendance::Madrasah, Attendance::Nowhere, Attendance::Dropout];
    Some(Schooling { level, grade: grade as u8, attendance: attendance[dice.weighted(&shares)] })
}

fn aid(context: &Context, family: &Family, dice: &mut Dice) -> Aid {
    let (gap, decile) = (context.rates.gap, family.decile);
    let components = !family.components(context.world.as_of, context.world.elderly_min).is_empty();
    let misplaced = (6..=8).contains(&decile) && components && dice.chance(0.009 * gap);
    let mut aid = Aid { household: household(context, family.number, 0), ..Aid::default() };
    aid.listed = misplaced || dice.chance(if decile <= 5 { 0.955 } else { 0.08 });
    aid.pkh_number = pkh_number(context, family.number, 0);
    context.names.field_worker.draw(dice).clone_into(&mut aid.worker);
    if !aid.listed {
        return aid;
    }
    let chances = match decile {
        1 => (0.56, 0.20),
        2 => (0.50, 0.19),
        3 | 4 => (0.42, 0.18),
        5 => (0.0, 0.20),
        _ => (0.0, 0.0),
    };
    aid.pkh = misplaced || (components && dice.chance(chances.0));
    aid.sembako = if aid.pkh { decile > 4 || !dice.chance(0.06 * gap) } else { dice.chance(chances.1) };
    aid.blt = decile <= 4 && dice.chance(if aid.pkh { 0.034 * gap } else { 0.085 });
    aid.servant =
        (aid.active() && dice.chance(0.005 * gap)).then(|| dice.pick(&["TNI", "POLRI", "PNS", "PENSIUNAN PNS"]));
    let count = family.members.len();
    if aid.pkh && count >= 3 && dice.chance(0.018 * gap) {
        let lane = (household(context, family.number, 1), pkh_number(context, family.number, 1));
        aid.split = Some((lane.0, lane.1, count - 1 - dice.below(count - 2)));
    }
    if !aid.active() && dice.chance(0.13) {
        let (code, status) = dice.pick(&[
            ("SEMBAKO", "NONAKTIF"),
            ("PKH", "NONAKTIF"),
            ("BST", "NONAKTIF"),
            ("PKH", "CALON"),
            ("PENA", "GRADUASI"),
        ]);
        let past = if dice.chance(0.7) { context.periods.last_year } else { context.periods.long_ago };
        aid.idle = Some((code, status, if status == "CALON" { context.periods.quarters[0] } else { past }));
    }
    aid
}

/// What depends on aid: pupils of PKH families mostly attend a school that reports, and the dead whom nobody reported
/// are mostly found where aid is still paid (K12).
fn follow_aid(context: &Context, family: &mut Family, dice: &mut Dice) {
    let as_of = context.world.as_of;
    let (pkh, factor) = (family.aid.pkh, if family.aid.active() { 11.0 } else { 1.5 });
    for person in &mut family.members {
        if let Some(school) = &mut person.school
            && pkh
            && school.grade > 0
            && dice.chance(0.62)
        {
            school.attendance = Attendance::Enrolled;
        }
        if person.age(as_of) >= 46 && dice.chance(context.rates.dead * factor) {
            person.died = Some(some_day_before(as_of, 160, 700, dice));
            person.pregnant = false;
        }
    }
}

fn household(context: &Context, family: u64, lane: u64) -> String {
    format!("K{:09}", context.numbers.scramble(Series::Household, family * 2 + lane, 9))
}

fn pkh_number(context: &Context, family: u64, lane: u64) -> String {
    let regency = &context.region.districts[0].code[..4];
    format!("{regency}{:08}", context.numbers.scramble(Series::Pkh, family * 2 + lane, 8))
}

fn accounts(context: &Context, family: &Family, dice: &mut Dice) -> Vec<Account> {
    let gap = context.rates.gap;
    if context.region.without_bank() == Some(family.slot.district) {
        return Vec::new();
    }
    let holder = family.trustee();
    let mut accounts = Vec::new();
    if !(family.aid.pkh || family.aid.sembako) {
        if dice.chance(0.009) {
            accounts.push(account(context, family.number * 4, holder, dice));
        }
        return accounts;
    }
    if dice.chance(0.03 * gap) {
        return accounts;
    }
    let mut main = account(context, family.number * 4, holder, dice);
    (main.status, main.card) = match dice.unit() / gap.max(0.01) {
        ..0.018 => ("GAGAL_BUREKOL", Some(false)),
        0.018..0.04 => ("AKTIF", Some(false)),
        _ => ("AKTIF", Some(true)),
    };
    main.paid = main.card == Some(true);
    main.idle = main.paid && dice.chance(0.032 * gap);
    if dice.chance(0.03 * gap) {
        let sex = dice.pick(&[Sex::Male, Sex::Female]);
        main.foreign_name = Some(context.names.person(super::names::Culture::Muslim, sex, 1980, dice));
    }
    let second = main.paid && dice.chance(0.017 * gap);
    accounts.push(main);
    if second {
        let mut twin = account(context, family.number * 4 + 1, holder, dice);
        twin.card = Some(true);
        accounts.push(twin);
    }
    if dice.chance(0.045) {
        let mut old = account(context, family.number * 4 + 2, holder, dice);
        old.status = dice.pick(&["DORMAN", "TUTUP"]);
        accounts.push(old);
    }
    accounts
}

fn account(context: &Context, index: u64, holder: usize, dice: &mut Dice) -> Account {
    let (bank, digits) =
        [("009", 10), ("002", 15), ("008", 13), ("200", 16)][dice.weighted(&[0.90, 0.04, 0.035, 0.025])];
    let core = context.numbers.scramble(Series::Account, index, 9);
    let padding = mix(context.world.seed, index) % 10u64.pow(digits - 10);
    let width = digits as usize - 10;
    let number = if width == 0 { format!("1{core:09}") } else { format!("1{core:09}{padding:0width$}") };
    let customer = format!("C{:09}", context.numbers.scramble(Series::Customer, index, 9));
    Account {
        bank,
        number,
        customer,
        holder,
        status: "AKTIF",
        card: None,
        paid: false,
        idle: false,
        foreign_name: None,
    }
}

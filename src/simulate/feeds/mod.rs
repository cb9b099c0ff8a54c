//! How each agency writes the families of a neighbourhood down. One file a feed.

mod account;
mod insurance;
mod payment;
mod pupil;
mod registry;
mod service;
mod style;

use super::context::Context;
use super::damage::digits::{Chances, Mistaken};
use super::damage::name::Writing;
use super::damage::{date, digits, name};
use super::dates::some_day_before;
use super::dice::Dice;
use super::family::{Family, Home};
use super::neighbourhood::Neighbourhood;
use super::numbers::Series;
use super::person::Person;
use crate::domain::date::Date;
use crate::domain::feed::Feed;
use crate::domain::row::{Detail, PersonCore};
use crate::domain::sex::Sex;
use style::Style;

/// One row with the truth about it.
pub(crate) struct Row {
    pub(crate) feed: Feed,
    pub(crate) id_sumber: String,
    pub(crate) tgl_data: Date,
    pub(crate) core: PersonCore,
    pub(crate) detail: Detail,
    /// The true family, by its place in the neighbourhood.
    pub(crate) family: usize,
    /// The true person, by place in the family; none for payments.
    pub(crate) member: Option<usize>,
    /// The row is a second writing of an earlier one.
    pub(crate) repeated: bool,
}

/// All rows of a neighbourhood.
pub(crate) fn write(context: &Context, hood: &mut Neighbourhood) -> Vec<Row> {
    let streams = std::mem::take(&mut hood.dice);
    let mut rows = Vec::with_capacity(96);
    for (at, dice) in streams.into_iter().enumerate() {
        let mut desk = Desk { context, hood, at, dice, issued: [0; 6], rows: &mut rows };
        registry::write(&mut desk);
        pupil::write(&mut desk);
        insurance::write(&mut desk);
        service::write(&mut desk);
        account::write(&mut desk);
        payment::write(&mut desk);
    }
    rows
}

/// Where the rows of one family are written.
pub(crate) struct Desk<'a> {
    context: &'a Context<'a>,
    hood: &'a Neighbourhood,
    at: usize,
    dice: Dice,
    issued: [u64; 6],
    rows: &'a mut Vec<Row>,
}

impl<'a> Desk<'a> {
    fn family(&self) -> &'a Family {
        &self.hood.families[self.at]
    }

    fn as_of(&self) -> Date {
        self.context.world.as_of
    }

    /// Files a row of a member. `age` is how old the data are at most, in days.
    fn file(&mut self, member: Option<usize>, core: PersonCore, detail: Detail, age: i32) {
        let feed = feed_of(&detail);
        let tgl_data = some_day_before(self.as_of(), 0, age, &mut self.dice);
        self.file_on(tgl_data, member, core, detail);
        debug_assert!(self.issued[feed.code() as usize - 1] <= ROWS_OF_FAMILY);
    }

    fn file_on(&mut self, tgl_data: Date, member: Option<usize>, core: PersonCore, detail: Detail) {
        let feed = feed_of(&detail);
        let number = self.family().number;
        let issued = &mut self.issued[feed.code() as usize - 1];
        let index = number * ROWS_OF_FAMILY + *issued;
        *issued += 1;
        let mark = ["DS", "PD", "JK", "KI", "RK", "SL"][feed.code() as usize - 1];
        let id_sumber = format!("{mark}{:010}", self.context.numbers.scramble(Series::Row, index, 10));
        self.rows.push(Row { feed, id_sumber, tgl_data, core, detail, family: self.at, member, repeated: false });
    }

    /// Files the row, and sometimes the same person a second time, written anew and with older data.
    fn file_with_copies(&mut self, member: usize, style: &Style, detail: &Detail) {
        let core = self.core(member, style);
        self.file(Some(member), core, detail.clone(), 37);
        if self.dice.chance(self.context.rates.dup * style.copies) {
            let core = self.core(member, style);
            self.file(Some(member), core, detail.clone(), 320);
            if let Some(row) = self.rows.last_mut() {
                row.repeated = true;
            }
        }
    }

    /// The person core of a member as this office writes it.
    fn core(&mut self, member: usize, style: &Style) -> PersonCore {
        let family = self.family();
        let person = &family.members[member];
        let registry = style.feed == Feed::AnggotaKeluarga;
        let stale = |share: f64, dice: &mut Dice| family.before.as_ref().filter(|_| dice.chance(share));
        let card_home = stale(if registry { 0.25 } else { 0.4 }, &mut self.dice).filter(|_| !family.keep_card);
        let card = &card_home.unwrap_or(&family.home).card;
        let home = stale(0.3, &mut self.dice).unwrap_or(&family.home);
        let rates = &self.context.rates;
        let nik = self.nik(member, card, style);
        let no_kk = self.card(card, person, style);
        let nama = self.name(person, style);
        let sex = if self.dice.chance(0.003 * rates.form * style.name) { other_sex(person.sex) } else { person.sex };
        let (no, bad) = (rates.dob_no * style.date_missing, rates.dob_bad * style.date);
        let mut core = PersonCore {
            nik,
            no_kk,
            nama: Some(nama),
            tempat_lahir: self.place(person, style),
            tanggal_lahir: date::write(person.born, no, bad, self.as_of(), &mut self.dice),
            jenis_kelamin: Some(sex),
            nama_ibu_kandung: self.mother(person, style),
            ..PersonCore::default()
        };
        self.write_address(&mut core, home, style);
        let lane = usize::from(self.dice.chance(0.3));
        let phone = family.phones[lane].as_ref().filter(|_| self.dice.chance(style.phone));
        core.no_hp = phone.map(|number| written_phone(number, &mut self.dice));
        core
    }

    fn card(&mut self, card: &str, person: &Person, style: &Style) -> Option<String> {
        if style.feed == Feed::AnggotaKeluarga && self.family().keep_card {
            return Some(card.to_owned());
        }
        if self.dice.chance(style.card_missing) {
            return None;
        }
        let rates = &self.context.rates;
        let bad = rates.kk_bad * style.card;
        let chances = Chances { missing: bad * 0.27, wrong: bad * 0.6, other: 0.0, form: rates.form * 0.006 };
        digits::write(card, Mistaken { column: &person.nik, person: &person.nik }, chances, &mut self.dice)
    }

    fn nik(&mut self, member: usize, card: &str, style: &Style) -> Option<String> {
        let family = self.family();
        let person = &family.members[member];
        let registry = style.feed == Feed::AnggotaKeluarga;
        if registry && person.keep_nik {
            return Some(person.nik.clone());
        }
        if registry && family.head_copied {
            return Some(family.members[0].nik.clone());
        }
        let second = person.second_nik.as_ref().filter(|_| !person.keep_nik && self.dice.chance(0.4));
        let rates = &self.context.rates;
        let newborn = (self.as_of() - person.born).get_days() < 90 && rates.nik_no > 0.0;
        let mother = person.mother_here.filter(|_| newborn).map(|at| &family.members[at].nik);
        let chances = Chances {
            missing: rates.nik_no * style.nik_missing + if newborn { 0.25 } else { 0.0 },
            wrong: rates.nik_bad * style.nik * 1.35,
            other: rates.nik_dup * style.nik * 0.6 + if mother.is_some() { 0.2 } else { 0.0 },
            form: rates.form * 0.011,
        };
        let neighbour = &self.hood.families[(self.at + 1) % self.hood.families.len()].members[0].nik;
        let relative = if member == 0 { family.members.last() } else { family.members.first() };
        let relative = relative.map_or(neighbour, |relative| &relative.nik);
        let other = mother.unwrap_or(if self.dice.chance(0.15) { neighbour } else { relative });
        let mistaken = Mistaken { column: card, person: other };
        digits::write(second.unwrap_or(&person.nik), mistaken, chances, &mut self.dice)
    }

    fn name(&mut self, person: &Person, style: &Style) -> String {
        let family = self.family();
        let father = person.father_here.map_or("", |at| first_word(&family.members[at].name));
        let intensity = style.name * self.context.rates.name;
        let writing = Writing { sex: person.sex, age: person.age(self.as_of()), father, intensity };
        let written = name::write(&person.name, writing, &mut self.dice);
        let written: String = written.chars().take(100).collect();
        name::in_case(written, style.case, &mut self.dice)
    }

    fn mother(&mut self, person: &Person, style: &Style) -> Option<String> {
        let rates = &self.context.rates;
        if self.dice.chance(style.mother_missing * rates.mom_no) {
            return None;
        }
        let writing = Writing { sex: Sex::Female, age: 18, father: "", intensity: style.name * rates.name * 0.8 };
        let written = name::write(&person.mother, writing, &mut self.dice);
        Some(name::in_case(written, style.case, &mut self.dice))
    }

    fn place(&mut self, person: &Person, style: &Style) -> Option<String> {
        let district = &self.context.region.districts[self.family().slot.district].name;
        if !self.dice.chance(style.place) {
            return None;
        }
        let place = if self.dice.chance(0.05) { district } else { &person.place };
        let slip = self.dice.chance(0.06 * self.context.rates.name);
        Some(if slip { place.replacen('O', "U", 1) } else { place.clone() })
    }

    fn write_address(&mut self, core: &mut PersonCore, home: &Home, style: &Style) {
        let dice = &mut self.dice;
        if dice.chance(0.8) {
            let street = match dice.below(6) {
                0 => home.street.replace("KP. ", "Kampung ").replace("JL. ", "Jalan ").replace("NO.", "No."),
                1 => format!("{} RT {:03}/{:03}", home.street, home.rt, home.rw),
                _ => home.street.clone(),
            };
            core.alamat = Some(street);
        }
        if dice.chance(0.74) {
            let short = dice.chance(0.3);
            let number = |n: u8| if short { n.to_string() } else { format!("{n:03}") };
            (core.rt, core.rw) = (Some(number(home.rt)), Some(number(home.rw)));
        }
        if !dice.chance(style.village_missing) {
            core.kode_desa = Some(home.village.clone());
        } else if dice.chance(style.district) {
            core.kode_kecamatan = Some(home.village[..6].to_owned());
        }
    }
}

/// Row keys of one family in one feed at most.
const ROWS_OF_FAMILY: u64 = 64;

fn feed_of(detail: &Detail) -> Feed {
    match detail {
        Detail::Anggota(_) => Feed::AnggotaKeluarga,
        Detail::Siswa(_) => Feed::PesertaDidik,
        Detail::Jkn(_) => Feed::KepesertaanJkn,
        Detail::Kia(_) => Feed::LayananKia,
        Detail::Rekening(_) => Feed::Rekening,
        Detail::Penyaluran(_) => Feed::Penyaluran,
    }
}

fn other_sex(sex: Sex) -> Sex {
    match sex {
        Sex::Male => Sex::Female,
        Sex::Female => Sex::Male,
    }
}

fn first_word(name: &str) -> &str {
    name.split(' ').next().unwrap_or_default()
}

fn written_phone(number: &str, dice: &mut Dice) -> String {
    match dice.below(10) {
        0 => format!("+62{}", &number[1..]),
        1 => format!("{}-{}-{}", &number[..4], &number[4..8], &number[8..]),
        2 => format!("62{}", &number[1..]),
        _ => number.to_owned(),
    }
}

//! Numbers that are unique in a world without remembering any that was given out.
//!
//! A world may have ten million persons and every family can be generated alone, so no counter and no set of used
//! numbers may exist. Each family has a *slot*, its place in the row of families of its district. Slot, member and
//! purpose are written as one whole number, and that number is mapped one to one to (day of the year, serial). Births
//! of different people then never meet in one NIK, however many there are, until the serials run out: that is checked
//! before the world begins. The price: the day of birth inside a year is not free, and serials grow with the world.

use super::dates::days_after;
use super::dice::{Dice, mix};
use super::tables::Region;
use super::world::{World, WorldError};
use crate::domain::date::{Date, days_between};
use crate::domain::sex::Sex;

/// Births of one year that a family may have in one district: natives first, the last for one who moved in.
const LANES: u64 = 4;
/// Members of a family at most.
pub(crate) const MEMBERS: usize = 8;
/// The last serial.
const LAST_SERIAL: u64 = 9999;
/// Serials that one place and turn has for itself: for luck, and for a twin or a second number.
const STRIDE: u64 = 4;
/// The earliest family card: before, cards were not numbered this way.
const FIRST_CARD: Date = Date::constant(2006, 1, 1);

/// Where a family stands: its district, and its place among the families of that district.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) district: usize,
    pub(crate) place: u64,
}

/// Where a person was first registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In the district of residence.
    Here,
    /// In another district of the region.
    Region,
    /// Outside the region.
    Elsewhere,
}

/// Who asks for a NIK.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Birth {
    pub(crate) slot: Slot,
    pub(crate) member: usize,
    /// How many elder members share year and origin.
    pub(crate) rank: usize,
    pub(crate) origin: Origin,
    pub(crate) year: i16,
    pub(crate) sex: Sex,
}

/// A birth date with the NIK that goes with it, and how the serial was found (for a twin).
#[derive(Debug, Clone)]
pub(crate) struct Registered {
    pub(crate) date: Date,
    pub(crate) nik: String,
    pub(crate) serial: u64,
}

/// The numbers of one world.
#[derive(Debug, Clone)]
pub(crate) struct Numbers {
    seed: u64,
    as_of: Date,
    here: Vec<String>,
    elsewhere: Vec<String>,
    stride: u64,
}

impl Numbers {
    /// Checks that the serials suffice.
    pub(crate) fn new(world: &World, region: &Region) -> Result<Self, WorldError> {
        let here: Vec<String> = region.districts.iter().map(|district| district.code.clone()).collect();
        let mut numbers =
            Self { seed: world.seed, as_of: world.as_of, elsewhere: region.elsewhere.clone(), stride: 1, here };
        let districts = numbers.here.len();
        // Families have 3.3 persons on average; 2.8 leaves room for luck.
        let places = world.persons * 10 / 28 / districts as u64 + 64;
        let fewest_days = numbers.year_of(numbers.as_of.year()).days;
        let turns = places * numbers.groups() * LANES / fewest_days + 1;
        numbers.stride = (LAST_SERIAL / turns).min(STRIDE);
        if numbers.stride < 2 {
            return Err(WorldError::TooDense { persons: world.persons, districts });
        }
        Ok(numbers)
    }

    /// How many districts of the region share one district elsewhere.
    fn groups(&self) -> u64 {
        (self.here.len() as u64).div_ceil(self.elsewhere.len().max(1) as u64).max(1)
    }

    /// The registration of a birth: date inside the year, and a NIK nobody else has.
    pub(crate) fn register(&self, birth: Birth, dice: &mut Dice) -> Registered {
        let (prefix, index) = self.address(birth);
        let year = self.year_of(birth.year);
        let factor = if year.days.is_multiple_of(127) { 131 } else { 127 };
        let offset = mix(self.seed, mix(u64::from(prefix_number(prefix)), year.number as u64)) % year.days;
        let date = year.date((index * factor + offset) % year.days);
        let turn = index / year.days;
        let skew = dice.weighted(&[0.7, 0.2, 0.1]) as u64;
        let serial = turn * self.stride + 1 + skew.min(self.stride - 2);
        Registered { date, nik: nik_text(prefix, date, birth.sex, serial), serial }
    }

    /// The twin of a registered person: same day; same slot, so the next serial is nobody's.
    pub(crate) fn register_twin(&self, birth: Birth, twin: &Registered) -> Registered {
        let (prefix, _) = self.address(birth);
        let serial = twin.serial + 1;
        Registered { date: twin.date, nik: nik_text(prefix, twin.date, birth.sex, serial), serial }
    }

    /// A person who knows only the year of birth and got a day by decree (K8): 1 July and its like, serials above 100.
    /// `None` for most: only every sixteenth family has such heads and wives.
    pub(crate) fn register_by_year(&self, birth: Birth, dice: &mut Dice) -> Option<Registered> {
        let Slot { district, place } = birth.slot;
        let due = mix(self.seed, district as u64) % 16 == place % 16;
        let old = birth.year < self.as_of.year() - 35;
        if !due || !old || birth.member > 1 || birth.origin != Origin::Here {
            return None;
        }
        let serial = 101 + (place / 16) * 2 + birth.member as u64;
        let (month, day) = [(7, 1), (12, 31), (1, 1)][dice.weighted(&[0.7, 0.25, 0.05])];
        let date = Date::constant(birth.year, month, day);
        let nik = nik_text(&self.here[district], date, birth.sex, serial);
        (serial <= LAST_SERIAL).then_some(Registered { date, nik, serial })
    }

    /// A second NIK of the same person (K1), given by a registry office elsewhere. It takes the last serial of the
    /// person's turn, which first numbers elsewhere never take.
    pub(crate) fn second_nik(&self, slot: Slot, nik: &str) -> Option<String> {
        let count = self.elsewhere.len();
        let at = (slot.district + slot.place as usize + 1) % count.max(1);
        let prefix = self.elsewhere.get(at).filter(|prefix| !nik.starts_with(prefix.as_str()));
        let prefix = prefix.or_else(|| self.elsewhere.get((at + 1) % count.max(1)))?;
        let turn = (nik[12..].parse::<u64>().unwrap_or(1) - 1) / self.stride;
        Some(format!("{prefix}{}{:04}", &nik[6..12], (turn + 1) * self.stride))
    }

    /// A family-card number; `lane` 0 is the present card, 1 an earlier one from another district.
    pub(crate) fn card(&self, slot: Slot, lane: u64, dice: &mut Dice) -> String {
        let district = if lane == 0 { slot.district } else { self.neighbour_of(slot) };
        let days = days_between(FIRST_CARD, self.as_of).max(40) as u64 - 30;
        let factor = if days.is_multiple_of(1009) { 1013 } else { 1009 };
        let index = slot.place * 2 + lane;
        let offset = mix(self.seed, 77 + district as u64) % days;
        let issued = days_after(FIRST_CARD, ((index * factor + offset) % days) as i32);
        let serial = index / days * 3 + 1 + dice.below(3) as u64;
        format!("{}{}{serial:04}", self.here[district], day_part(issued, Sex::Male))
    }

    /// For one place number a one-to-one map of districts to other districts.
    pub(crate) fn neighbour_of(&self, slot: Slot) -> usize {
        let count = self.here.len();
        if count < 2 { slot.district } else { (slot.district + 1 + (slot.place % (count as u64 - 1)) as usize) % count }
    }

    /// Where a person can be from in this world: with one district, or none elsewhere, all are natives.
    pub(crate) fn origin(&self, wanted: Origin) -> Origin {
        match wanted {
            Origin::Region if self.here.len() < 2 => Origin::Here,
            Origin::Elsewhere if self.elsewhere.is_empty() => Origin::Here,
            Origin::Here | Origin::Region | Origin::Elsewhere => wanted,
        }
    }

    /// Whether a birth of this rank has a number of its own. Else the caller takes another year.
    pub(crate) fn has_room(birth: Birth) -> bool {
        match birth.origin {
            Origin::Region => birth.rank < 1,
            Origin::Here => birth.rank < LANES as usize - 1,
            Origin::Elsewhere => birth.rank < LANES as usize,
        }
    }

    /// The district code of registration and the whole number that the birth has there.
    fn address(&self, birth: Birth) -> (&str, u64) {
        let Slot { district, place } = birth.slot;
        let rank = birth.rank as u64;
        match birth.origin {
            Origin::Here => (&self.here[district], place * LANES + rank),
            Origin::Region => (&self.here[self.neighbour_of(birth.slot)], place * LANES + LANES - 1),
            Origin::Elsewhere => {
                let there = (district + place as usize) % self.elsewhere.len();
                let group = (district / self.elsewhere.len()) as u64;
                (&self.elsewhere[there], (place * self.groups() + group) * LANES + rank)
            }
        }
    }

    fn year_of(&self, year: i16) -> Year {
        let present = self.as_of.year();
        let through = if year >= present { i64::from(self.as_of.day_of_year()) } else { 366 };
        // In the first weeks of a year there are too few days to be born on: the year before serves.
        if through < 60 { Year::until(present - 1, 366) } else { Year::until(year.min(present), through) }
    }
}

/// The days of a year on which a birth is written down as it was. Placeholder days are left out: they have serials of
/// their own.
struct Year {
    number: i16,
    days: u64,
    july_first: u64,
}

impl Year {
    fn until(year: i16, last: i64) -> Self {
        let july_first = Date::constant(year, 7, 1).day_of_year() as u64;
        let last = (Date::constant(year, 12, 31).day_of_year() as u64 - 1).min(last as u64);
        Self { number: year, days: last - 1 - u64::from(july_first <= last), july_first }
    }

    fn date(&self, index: u64) -> Date {
        let ordinal = index + 2;
        let ordinal = if ordinal >= self.july_first { ordinal + 1 } else { ordinal };
        days_after(Date::constant(self.number, 1, 1), ordinal as i32 - 1)
    }
}

fn prefix_number(prefix: &str) -> u32 {
    prefix.parse().unwrap_or_default()
}

/// `DDMMYY` as it stands in a NIK: a woman's day plus 40.
fn day_part(date: Date, sex: Sex) -> String {
    let day = date.day() + if sex == Sex::Female { 40 } else { 0 };
    format!("{day:02}{:02}{:02}", date.month(), date.year() % 100)
}

fn nik_text(prefix: &str, date: Date, sex: Sex, serial: u64) -> String {
    format!("{prefix}{}{serial:04}", day_part(date, sex))
}

/// The kinds of numbers that are only scrambled: unique because the map is one to one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Series {
    Row = 1,
    Household = 2,
    Dtsen = 3,
    Pkh = 4,
    Insurance = 5,
    Pupil = 6,
    Account = 7,
    Customer = 8,
    Phone = 9,
}

impl Numbers {
    /// Maps `index` one to one into `0..10^digits`. `index` must be below that limit.
    pub(crate) fn scramble(&self, series: Series, index: u64, digits: u32) -> u64 {
        let limit = 10u128.pow(digits);
        let offset = u128::from(mix(self.seed, 1000 + series as u64));
        ((u128::from(index) * 387_420_489_127 + offset) % limit) as u64
    }
}

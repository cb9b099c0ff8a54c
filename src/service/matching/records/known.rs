//! What is known of one record, and the same in as few bytes as may be.

use super::super::identifiers::Number;
use super::super::places::Place;
use crate::domain::date::Date;
use crate::domain::feed::Feed;
use crate::domain::record::{Sequence, Standing};

/// A membership of one agency (`agency|id_keluarga`), as a hash: it only has to be told from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::service) struct FamilyKey(pub(in crate::service::matching) u64);

/// What stays in memory of a record, but for the numbers it can be looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::service) struct Known {
    pub(in crate::service) standing: Standing,
    pub(in crate::service) feed: Feed,
    pub(in crate::service) withdrawn: bool,
    pub(in crate::service) flagged: bool,
    /// It says that the person is dead.
    pub(in crate::service) death: bool,
    pub(in crate::service) place: Option<Place>,
    pub(in crate::service) belongs: Belongs,
    /// Its NIK, when that can be somebody's.
    pub(in crate::service) nik: Option<Number>,
}

/// What a present row belongs to beside a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::service) enum Belongs {
    Nowhere,
    /// A membership row: to a family, as an agency has it, and to its family card.
    Family(FamilyKey, Option<u64>),
    /// An account row or a payment: to an account.
    Account(u64),
}

impl Known {
    /// The membership of the row.
    pub(in crate::service) fn family(&self) -> Option<FamilyKey> {
        if let Belongs::Family(family, _) = self.belongs { Some(family) } else { None }
    }

    /// The family card of a membership row.
    pub(in crate::service::matching) fn card(&self) -> Option<u64> {
        if let Belongs::Family(_, card) = self.belongs { card } else { None }
    }

    /// The account of an account row or a payment.
    pub(in crate::service::matching) fn account(&self) -> Option<u64> {
        if let Belongs::Account(account) = self.belongs { Some(account) } else { None }
    }

    /// The account of a payment.
    pub(in crate::service::matching) fn payment(&self) -> Option<u64> {
        self.account().filter(|_| self.feed == Feed::Penyaluran)
    }
}

/// [`Known`] in as few bytes as may be; 0 is none.
#[derive(Debug, Clone, Copy)]
pub(in crate::service::matching) struct Packed {
    pub(in crate::service::matching) sequence: u64,
    pub(in crate::service::matching) nik: u64,
    /// The family or the account.
    pub(in crate::service::matching) of: u64,
    pub(in crate::service::matching) card: u64,
    pub(in crate::service::matching) place: u64,
    /// As `yyyymmdd`.
    pub(in crate::service::matching) day: u32,
    /// Who sent it, as a number of [`super::Senders`].
    pub(in crate::service::matching) sender: u16,
    pub(in crate::service::matching) feed: u8,
    pub(in crate::service::matching) states: u8,
}

const WITHDRAWN: u8 = 1;
const FLAGGED: u8 = 2;
const IN_FAMILY: u8 = 4;
const ON_ACCOUNT: u8 = 8;
const DEATH: u8 = 16;

impl Packed {
    pub(in crate::service::matching) fn of(known: &Known, sender: u16) -> Self {
        let (of, card, kind) = match known.belongs {
            Belongs::Nowhere => (0, 0, 0),
            Belongs::Family(family, card) => (family.0, card.unwrap_or_default(), IN_FAMILY),
            Belongs::Account(account) => (account, 0, ON_ACCOUNT),
        };
        let mark = |holds: bool, mark: u8| if holds { mark } else { 0 };
        Self {
            sequence: known.standing.sequence.0,
            nik: known.nik.map_or(0, Number::value),
            of,
            card,
            place: known.place.map_or(0, Place::number),
            day: known.standing.day.map_or(0, day_number),
            sender,
            feed: known.feed.code(),
            states: kind | mark(known.withdrawn, WITHDRAWN) | mark(known.flagged, FLAGGED) | mark(known.death, DEATH),
        }
    }

    /// `None` where no record packs so.
    pub(in crate::service::matching) fn known(&self) -> Option<Known> {
        let some = |number: u64| Some(number).filter(|number| *number != 0);
        let day = if self.day == 0 { None } else { Some(read_day(self.day)?) };
        Some(Known {
            standing: Standing { day, sequence: Sequence(self.sequence) },
            feed: Feed::ALL.into_iter().find(|feed| feed.code() == self.feed)?,
            withdrawn: self.states & WITHDRAWN != 0,
            flagged: self.states & FLAGGED != 0,
            death: self.states & DEATH != 0,
            place: Place::from_number(self.place),
            belongs: match self.states & (IN_FAMILY | ON_ACCOUNT) {
                IN_FAMILY => Belongs::Family(FamilyKey(self.of), some(self.card)),
                ON_ACCOUNT => Belongs::Account(self.of),
                _ => Belongs::Nowhere,
            },
            nik: some(self.nik).map(Number::from_value),
        })
    }
}

/// A day as `yyyymmdd`; none is 0.
fn day_number(day: Date) -> u32 {
    u32::try_from(day.year()).unwrap_or_default() * 10_000 + day.month() as u32 * 100 + day.day() as u32
}

fn read_day(number: u32) -> Option<Date> {
    Date::new((number / 10_000) as i16, (number / 100 % 100) as i8, (number % 100) as i8).ok()
}

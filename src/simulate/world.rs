//! What world is wanted: how many persons, where, as of when, and how badly the agencies write.

use serde::Serialize;

use super::dates::days_before;
use crate::domain::date::{Date, Period};

/// The largest world: row keys are unique up to here.
pub const MAX_PERSONS: u64 = 20_000_000;

/// The world that is wanted. The same world and tables always give the same bytes.
#[derive(Debug, Clone)]
pub struct World {
    /// Seed of all chance.
    pub seed: u64,
    /// Number of true persons. The world ends with the neighbourhood that reaches it, some twenty persons later.
    pub persons: u64,
    /// Kemendagri code of a regency (`3201`) or a province (`18`): only its villages are used.
    pub regency: String,
    /// The day on which the feeds are read.
    pub as_of: Date,
    /// How much damage the rows carry.
    pub profile: Profile,
    /// Age from which an old person counts as a PKH component.
    pub elderly_min: u8,
}

impl World {
    /// A world as of 2025-11-20 with the damage of 2020.
    pub fn new(seed: u64, persons: u64, regency: impl Into<String>) -> Self {
        let as_of = Date::constant(2025, 11, 20);
        Self { seed, persons, regency: regency.into(), as_of, profile: Profile::Y2020, elderly_min: 60 }
    }

    /// The periods that the feeds speak of.
    pub(crate) fn periods(&self) -> Periods {
        let quarter = |days| Period::quarter_of(days_before(self.as_of, days));
        let month = |days| Period::month_of(days_before(self.as_of, days));
        let into_month = i32::from(self.as_of.day());
        Periods {
            quarters: [quarter(0), quarter(91), quarter(175)],
            months: [month(0), month(into_month), month(into_month + 140)],
            last_year: Period::Quarter { year: self.as_of.year() - 1, quarter: 4 },
            long_ago: Period::Quarter { year: self.as_of.year() - 2, quarter: 2 },
        }
    }
}

/// The periods that the feeds speak of, newest first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Periods {
    pub(crate) quarters: [Period; 3],
    pub(crate) months: [Period; 3],
    pub(crate) last_year: Period,
    pub(crate) long_ago: Period,
}

/// How much damage the rows carry (DOMAIN 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Profile {
    /// As the auditors found the registry in 2020.
    #[serde(rename = "2020")]
    Y2020,
    /// After the matching with the civil registry.
    #[serde(rename = "2024")]
    Y2024,
    /// No damage; gaps, overlaps, twins and homonyms stay.
    #[serde(rename = "clean")]
    Clean,
    /// Worse than any feed seen so far.
    #[serde(rename = "hard")]
    Hard,
}

/// There is no profile of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no such profile; the profiles are 2020, 2024, clean and hard")]
pub struct UnknownProfile;

impl std::str::FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, UnknownProfile> {
        match name {
            "2020" => Ok(Self::Y2020),
            "2024" => Ok(Self::Y2024),
            "clean" => Ok(Self::Clean),
            "hard" => Ok(Self::Hard),
            _ => Err(UnknownProfile),
        }
    }
}

impl Profile {
    /// The rates of this profile.
    pub const fn rates(self) -> Rates {
        match self {
            Self::Y2020 => Rates::Y2020,
            Self::Y2024 => Rates::Y2024,
            Self::Clean => Rates::CLEAN,
            Self::Hard => Rates::HARD,
        }
    }
}

/// The rates of a profile, as they stand under `laju` in the manifest. A feed scales them by how it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rates {
    /// Rows without a NIK, in the social registry.
    pub nik_no: f64,
    /// Rows with a wrong NIK.
    pub nik_bad: f64,
    /// Rows with somebody else's NIK.
    pub nik_dup: f64,
    /// Rows with a wrong No. KK.
    pub kk_bad: f64,
    /// Rows without a birth date.
    pub dob_no: f64,
    /// Rows with a wrong birth date.
    pub dob_bad: f64,
    /// Damage to names, 1 being that of 2020.
    pub name: f64,
    /// Rows without the mother's name, 1 being the share of 2020.
    pub mom_no: f64,
    /// Families that moved: some agencies still have the old card and address.
    pub moved: f64,
    /// Persons listed twice in one feed.
    pub dup: f64,
    /// Persons with two numbers of their own.
    pub nik2: f64,
    /// Persons who share name, sex and birth year with a neighbour.
    pub hom: f64,
    /// Gaps, overlaps and quality findings, 1 being the rate of the sample worlds.
    pub gap: f64,
    /// Dead persons who are still listed.
    pub dead: f64,
    /// Share of rows with the true NIK that the civil registry confirmed.
    pub padan: f64,
    /// Marks that spreadsheets and clerks leave on right values, 1 being that of 2020.
    pub form: f64,
}

impl Rates {
    const Y2020: Self = Self {
        nik_no: 0.172,
        nik_bad: 0.113,
        nik_dup: 0.011,
        nik2: 0.006,
        kk_bad: 0.169,
        dob_no: 0.020,
        dob_bad: 0.045,
        name: 1.0,
        mom_no: 1.0,
        moved: 0.05,
        dup: 0.03,
        hom: 0.10,
        gap: 1.0,
        dead: 0.0024,
        padan: 0.72,
        form: 1.0,
    };

    const Y2024: Self = Self {
        nik_no: 0.006,
        nik_bad: 0.005,
        nik_dup: 0.0009,
        nik2: 0.001,
        kk_bad: 0.02,
        dob_no: 0.005,
        dob_bad: 0.015,
        name: 0.6,
        mom_no: 0.7,
        moved: 0.05,
        dup: 0.01,
        hom: 0.10,
        gap: 1.0,
        dead: 0.0024,
        padan: 0.97,
        form: 0.4,
    };

    const CLEAN: Self = Self {
        nik_no: 0.0,
        nik_bad: 0.0,
        nik_dup: 0.0,
        nik2: 0.0,
        kk_bad: 0.0,
        dob_no: 0.0,
        dob_bad: 0.0,
        name: 0.0,
        mom_no: 0.0,
        moved: 0.0,
        dup: 0.0,
        hom: 0.10,
        gap: 1.0,
        dead: 0.0024,
        padan: 1.0,
        form: 0.0,
    };

    const HARD: Self = Self {
        nik_no: 0.35,
        nik_bad: 0.15,
        nik_dup: 0.02,
        nik2: 0.012,
        kk_bad: 0.25,
        dob_no: 0.08,
        dob_bad: 0.10,
        name: 1.7,
        mom_no: 1.4,
        moved: 0.08,
        dup: 0.06,
        hom: 0.20,
        gap: 1.0,
        dead: 0.0024,
        padan: 0.6,
        form: 1.5,
    };
}

/// Why a world cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// No persons, or too many.
    #[error("a world has 1 to {MAX_PERSONS} persons, not {persons}")]
    Persons {
        /// What was asked for.
        persons: u64,
    },
    /// The table has no village of the region.
    #[error("the table has no village of region {regency}")]
    NoVillage {
        /// The region that was asked for.
        regency: String,
    },
    /// A village code is not ten digits, or a district code not six.
    #[error("region code {code} is not six (district) or ten (village) digits")]
    Code {
        /// The code.
        code: String,
    },
    /// The serials of a NIK do not suffice.
    #[error("{persons} persons are too many for {districts} districts: a NIK has four digits to tell them apart")]
    TooDense {
        /// What was asked for.
        persons: u64,
        /// Districts in the table.
        districts: usize,
    },
}

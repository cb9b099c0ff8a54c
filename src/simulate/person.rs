//! A true person: what is really so, before any agency writes it down.

use super::numbers::Origin;
use crate::domain::date::{Date, age_on};
use crate::domain::sex::Sex;

/// One true person.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// Number in the world.
    pub(crate) number: u64,
    /// Upper case, as on the birth certificate.
    pub(crate) name: String,
    pub(crate) sex: Sex,
    pub(crate) born: Date,
    pub(crate) place: String,
    pub(crate) nik: String,
    /// A second number of the same person (K1), which some agencies use.
    pub(crate) second_nik: Option<String>,
    pub(crate) mother: String,
    /// The mother, when she lives in the family: her place among the members.
    pub(crate) mother_here: Option<usize>,
    pub(crate) father_here: Option<usize>,
    /// Relation to the head, 1..11.
    pub(crate) relation: u8,
    /// 1 single, 2 married, 3 divorced, 4 widowed.
    pub(crate) marital: u8,
    pub(crate) job: &'static str,
    pub(crate) twin: Option<usize>,
    /// Number of a planted namesake.
    pub(crate) homonym: Option<u64>,
    pub(crate) died: Option<Date>,
    pub(crate) pregnant: bool,
    /// Kind and degree.
    pub(crate) disability: Option<(&'static str, &'static str)>,
    pub(crate) school: Option<Schooling>,
    /// The NIK decides a planted case and is written as it is.
    pub(crate) keep_nik: bool,
}

/// Schooling of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Schooling {
    /// TK, SD, SMP, SMA, SMK or a PAKET.
    pub(crate) level: &'static str,
    /// 1..12; 0 for TK.
    pub(crate) grade: u8,
    pub(crate) attendance: Attendance,
}

/// Where a child of school age is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attendance {
    /// At a school that reports to the education feed.
    Enrolled,
    /// At a madrasah, which does not.
    Madrasah,
    /// At none.
    Nowhere,
    /// Left school.
    Dropout,
}

impl Person {
    /// Whole years on a day.
    pub(crate) fn age(&self, on: Date) -> i32 {
        age_on(self.born, on)
    }

    /// The PKH component that schooling gives.
    pub(crate) fn school_component(&self) -> Option<&'static str> {
        let school = self.school.filter(|school| school.attendance != Attendance::Dropout)?;
        match school.level {
            "SD" => Some("SD"),
            "SMP" | "PAKET_B" => Some("SMP"),
            "SMA" | "SMK" | "PAKET_C" => Some("SMA"),
            _ => None,
        }
    }
}

/// A member on the way to being a person: everything but date, number and what follows from them.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) sex: Sex,
    pub(crate) year: i16,
    pub(crate) relation: u8,
    pub(crate) marital: u8,
    pub(crate) name: String,
    pub(crate) mother: Mother,
    pub(crate) father_here: Option<usize>,
    pub(crate) twin: Option<usize>,
    pub(crate) origin: Origin,
    pub(crate) homonym: Option<u64>,
}

/// How a draft knows its mother.
#[derive(Debug, Clone)]
pub(crate) enum Mother {
    /// By name; she does not live here.
    Named(String),
    /// A member of the family.
    Member(usize),
}

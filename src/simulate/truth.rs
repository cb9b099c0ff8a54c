//! The truth about a world, row by row, in the columns of the sample folders. For evaluation: a matcher never sees it.

use std::fmt::Write;

use serde::Serialize;

use super::neighbourhood::Neighbourhood;
use crate::domain::date::{Date, Period};
use crate::domain::feed::Feed;

/// Which person a row is about: a line of `kebenaran.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TruthRow {
    /// Feed of the row.
    pub feed: Feed,
    /// The row's key.
    pub id_sumber: String,
    /// True person.
    pub person_id: String,
    /// True family of the person.
    pub family_id: String,
}

impl TruthRow {
    /// Column headings.
    pub const HEADER: &str = "feed,id_sumber,person_id,family_id";

    /// One CSV line without its end.
    pub fn csv(&self) -> String {
        format!("{},{},{},{}", self.feed, self.id_sumber, self.person_id, self.family_id)
    }
}

/// A true person: a line of `kebenaran_orang.csv`.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// True person.
    pub person_id: String,
    /// True family.
    pub family_id: String,
    /// True NIK.
    pub nik: String,
    /// Present No. KK.
    pub no_kk: String,
    /// True name.
    pub nama: String,
    /// True birth date.
    pub tanggal_lahir: Date,
    /// `L` or `P`.
    pub jenis_kelamin: &'static str,
    /// True name of the mother.
    pub nama_ibu_kandung: String,
    /// Village of residence.
    pub kode_desa: String,
    /// Relation to the head.
    pub hubungan: u8,
    /// Welfare decile of the family.
    pub desil: u8,
    /// The twin.
    pub kembar_dengan: Option<String>,
    /// Date of death.
    pub meninggal: Option<Date>,
    /// A planted namesake.
    pub homonim: Option<String>,
}

impl std::fmt::Debug for PersonRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PersonRow").field("person_id", &self.person_id).finish_non_exhaustive()
    }
}

impl PersonRow {
    /// Column headings.
    pub const HEADER: &str = "person_id,family_id,nik,no_kk,nama,tanggal_lahir,jenis_kelamin,nama_ibu_kandung,\
                              kode_desa,hubungan,desil,kembar_dengan,meninggal,homonim";

    /// One CSV line without its end.
    pub fn csv(&self) -> String {
        let mut line = format!(
            "{},{},{},{},{},{},{},{},{},{},{},{},",
            self.person_id,
            self.family_id,
            self.nik,
            self.no_kk,
            self.nama,
            self.tanggal_lahir,
            self.jenis_kelamin,
            self.nama_ibu_kandung,
            self.kode_desa,
            self.hubungan,
            self.desil,
            self.kembar_dengan.as_deref().unwrap_or_default()
        );
        if let Some(died) = self.meninggal {
            write!(line, "{died}").expect("writing to a string does not fail");
        }
        line.push(',');
        line.push_str(self.homonim.as_deref().unwrap_or_default());
        line
    }
}

/// What a report must say: a line of `kebenaran_komplementaritas.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRow {
    /// `G01`.
    pub rule_id: &'static str,
    /// True person, where the rule is about one.
    pub person_id: Option<String>,
    /// True family.
    pub family_id: String,
    /// District of the family.
    pub kode_kecamatan: String,
    /// Village of the family.
    pub kode_desa: String,
    /// The quarter it is about.
    pub periode: Period,
    /// The answer a report must give.
    pub status_harapan: Expected,
    /// The rows that show it.
    pub bukti: String,
}

/// The answer a report must give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expected {
    /// Somebody should receive and does not.
    Gap,
    /// Received twice or wrongly.
    Overlap,
    /// The data behind a payment need repair.
    Quality,
    /// The proving feed is not closed.
    NotAssessable,
}

impl Expected {
    /// The code of the sample files.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Gap => "GAP",
            Self::Overlap => "OVERLAP",
            Self::Quality => "KUALITAS",
            Self::NotAssessable => "BELUM_DAPAT_DINILAI",
        }
    }
}

impl FindingRow {
    /// Column headings.
    pub const HEADER: &str = "rule_id,person_id,family_id,kode_kecamatan,kode_desa,periode,status_harapan,bukti";

    /// One CSV line without its end.
    pub fn csv(&self) -> String {
        format!(
            "{},{},{},{},{},{},{},{}",
            self.rule_id,
            self.person_id.as_deref().unwrap_or_default(),
            self.family_id,
            self.kode_kecamatan,
            self.kode_desa,
            self.periode,
            self.status_harapan.code(),
            self.bukti
        )
    }
}

/// A feed that an agency closed for a district and period: an entry of `kelengkapan.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClosedFeed {
    /// The feed.
    pub feed: Feed,
    /// Six-digit district.
    pub kode_wilayah: String,
    /// Quarter or month.
    pub periode: Period,
    /// Always true: what is not closed is not listed.
    pub lengkap: bool,
}

/// `P00000001`.
pub(crate) fn person_id(number: u64) -> String {
    format!("P{number:08}")
}

/// `F0000001`.
pub(crate) fn family_id(number: u64) -> String {
    format!("F{number:07}")
}

/// The true persons of a neighbourhood.
pub(crate) fn persons(hood: &Neighbourhood) -> impl Iterator<Item = PersonRow> {
    hood.families.iter().flat_map(|family| {
        family.members.iter().map(|person| PersonRow {
            person_id: person_id(person.number),
            family_id: family_id(family.number),
            nik: person.nik.clone(),
            no_kk: family.home.card.clone(),
            nama: person.name.clone(),
            tanggal_lahir: person.born,
            jenis_kelamin: person.sex.code(),
            nama_ibu_kandung: person.mother.clone(),
            kode_desa: family.home.village.clone(),
            hubungan: person.relation,
            desil: family.decile,
            kembar_dengan: person.twin.map(|twin| person_id(family.members[twin].number)),
            meninggal: person.died,
            homonim: person.homonym.map(person_id),
        })
    })
}

//! The six feeds an agency may send.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::agency::AgencyKind;

/// A feed contract, version 1 (`FEEDS.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Feed {
    /// Members of families that Dinas Sosial knows.
    #[serde(rename = "dinsos-anggota-keluarga")]
    AnggotaKeluarga,
    /// Pupils.
    #[serde(rename = "disdik-peserta-didik")]
    PesertaDidik,
    /// Health insurance memberships.
    #[serde(rename = "dinkes-kepesertaan-jkn")]
    KepesertaanJkn,
    /// Mother and child services, and disability.
    #[serde(rename = "dinkes-layanan-kia")]
    LayananKia,
    /// Bank accounts.
    #[serde(rename = "bank-rekening")]
    Rekening,
    /// Payments to accounts. Not a person row.
    #[serde(rename = "bank-penyaluran")]
    Penyaluran,
}

/// There is no feed of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no such feed; the feeds are {}", Feed::ALL.map(Feed::name).join(", "))]
pub struct UnknownFeed;

impl Feed {
    /// All feeds, in the order of `FEEDS.md`.
    pub const ALL: [Self; 6] = [
        Self::AnggotaKeluarga,
        Self::PesertaDidik,
        Self::KepesertaanJkn,
        Self::LayananKia,
        Self::Rekening,
        Self::Penyaluran,
    ];

    /// The name used in URLs and file names.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AnggotaKeluarga => "dinsos-anggota-keluarga",
            Self::PesertaDidik => "disdik-peserta-didik",
            Self::KepesertaanJkn => "dinkes-kepesertaan-jkn",
            Self::LayananKia => "dinkes-layanan-kia",
            Self::Rekening => "bank-rekening",
            Self::Penyaluran => "bank-penyaluran",
        }
    }

    /// A stable small number, used in stored keys.
    pub const fn code(self) -> u8 {
        match self {
            Self::AnggotaKeluarga => 1,
            Self::PesertaDidik => 2,
            Self::KepesertaanJkn => 3,
            Self::LayananKia => 4,
            Self::Rekening => 5,
            Self::Penyaluran => 6,
        }
    }

    /// The kind of agency that sends it.
    pub const fn agency_kind(self) -> AgencyKind {
        match self {
            Self::AnggotaKeluarga => AgencyKind::Dinsos,
            Self::PesertaDidik => AgencyKind::Disdik,
            Self::KepesertaanJkn | Self::LayananKia => AgencyKind::Dinkes,
            Self::Rekening | Self::Penyaluran => AgencyKind::Bank,
        }
    }

    /// Whether a row describes a person (and so takes part in matching).
    pub const fn describes_person(self) -> bool {
        !matches!(self, Self::Penyaluran)
    }
}

impl FromStr for Feed {
    type Err = UnknownFeed;

    fn from_str(name: &str) -> Result<Self, UnknownFeed> {
        Self::ALL.into_iter().find(|feed| feed.name() == name).ok_or(UnknownFeed)
    }
}

impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

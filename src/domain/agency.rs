//! Who pushes and who reads.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::feed::Feed;

/// Short name of an agency, unique in one gateway: `dinsos-3201`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AgencyId(String);

/// Why a text is not an agency's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an agency id is 1 to 40 of a-z, 0-9 and '-'")]
pub struct AgencyIdError;

impl AgencyId {
    /// Checks and wraps a name.
    pub fn new(name: impl Into<String>) -> Result<Self, AgencyIdError> {
        let name = name.into();
        let fits = (1..=40).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(name)) } else { Err(AgencyIdError) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AgencyId {
    type Error = AgencyIdError;

    fn try_from(name: String) -> Result<Self, AgencyIdError> {
        Self::new(name)
    }
}

impl From<AgencyId> for String {
    fn from(id: AgencyId) -> Self {
        id.0
    }
}

impl fmt::Display for AgencyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What kind of office an agency is; it decides which feeds make sense from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AgencyKind {
    /// Dinas Sosial.
    Dinsos,
    /// Dinas Pendidikan.
    Disdik,
    /// Dinas Kesehatan.
    Dinkes,
    /// A paying bank.
    Bank,
}

impl AgencyKind {
    /// The feeds that an agency of this kind may send (`FEEDS.md`).
    pub fn feeds(self) -> &'static [Feed] {
        match self {
            Self::Dinsos => &[Feed::AnggotaKeluarga],
            Self::Disdik => &[Feed::PesertaDidik],
            Self::Dinkes => &[Feed::KepesertaanJkn, Feed::LayananKia],
            Self::Bank => &[Feed::Rekening, Feed::Penyaluran],
        }
    }

    /// The code used in feeds and screens: `DINSOS`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Dinsos => "DINSOS",
            Self::Disdik => "DISDIK",
            Self::Dinkes => "DINKES",
            Self::Bank => "BANK",
        }
    }
}

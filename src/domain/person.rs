//! Golden records: one best value per field, with the source of each (DOMAIN 3, survivorship).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::date::Date;
use super::record::{PersonId, RecordId};

/// A field's best value and where it comes from.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributed {
    /// The value as its source wrote it (a name without titles).
    pub value: String,
    /// The record it was taken from.
    pub source: RecordId,
    /// The rule of `config/survivorship.toml` that chose it: `dukcapil`, `newest:DINSOS`.
    pub rule: String,
    /// How many different values the sources hold; more than one is a disagreement.
    pub variants: u32,
}

impl std::fmt::Debug for Attributed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Attributed(*** from {:?})", self.source)
    }
}

/// Fields of a golden person, in the order they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonField {
    /// NIK, cleaned digits.
    Nik,
    /// No. KK.
    NoKk,
    /// Name without titles.
    Nama,
    /// Place of birth.
    TempatLahir,
    /// Date of birth.
    TanggalLahir,
    /// Sex.
    JenisKelamin,
    /// Mother's name.
    NamaIbuKandung,
    /// Address.
    Alamat,
    /// Village code.
    KodeDesa,
    /// Sub-district code (from the village where known).
    KodeKecamatan,
    /// Telephone.
    NoHp,
    /// Pupil number.
    Nisn,
    /// JKN number.
    NoJkn,
    /// Date of death.
    TglMeninggal,
}

impl PersonField {
    /// All fields in display order.
    pub const ALL: [Self; 14] = [
        Self::Nik,
        Self::NoKk,
        Self::Nama,
        Self::TempatLahir,
        Self::TanggalLahir,
        Self::JenisKelamin,
        Self::NamaIbuKandung,
        Self::Alamat,
        Self::KodeDesa,
        Self::KodeKecamatan,
        Self::NoHp,
        Self::Nisn,
        Self::NoJkn,
        Self::TglMeninggal,
    ];

    /// The name used in JSON and configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nik => "nik",
            Self::NoKk => "no_kk",
            Self::Nama => "nama",
            Self::TempatLahir => "tempat_lahir",
            Self::TanggalLahir => "tanggal_lahir",
            Self::JenisKelamin => "jenis_kelamin",
            Self::NamaIbuKandung => "nama_ibu_kandung",
            Self::Alamat => "alamat",
            Self::KodeDesa => "kode_desa",
            Self::KodeKecamatan => "kode_kecamatan",
            Self::NoHp => "no_hp",
            Self::Nisn => "nisn",
            Self::NoJkn => "no_jkn",
            Self::TglMeninggal => "tgl_meninggal",
        }
    }
}

/// One person: the records believed to be theirs, and the best value of each field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoldenPerson {
    /// The person's number.
    pub id: PersonId,
    /// Its records, ascending.
    pub records: Vec<RecordId>,
    /// Best values, in the order of [`PersonField::ALL`]; fields nobody knows are absent.
    pub fields: Vec<(PersonField, Attributed)>,
    /// Families the person belongs to (present membership rows).
    pub families: Vec<FamilyId>,
    /// Those of its records whose sender does not answer for this person, and which nobody has confirmed; ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aside: Vec<RecordId>,
    /// What it is found by.
    #[serde(default, skip_serializing_if = "NameWords::is_empty")]
    pub words: NameWords,
}

impl GoldenPerson {
    /// The best value of a field.
    pub fn value(&self, field: PersonField) -> Option<&str> {
        self.fields.iter().find(|(f, _)| *f == field).map(|(_, a)| a.value.as_str())
    }

    /// Date of birth.
    pub fn born(&self) -> Option<Date> {
        self.value(PersonField::TanggalLahir)?.parse().ok()
    }

    /// Date of death.
    pub fn died(&self) -> Option<Date> {
        self.value(PersonField::TglMeninggal)?.parse().ok()
    }
}

/// The folded words of all names that a person's records hold, ascending, each once, joined by blanks.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NameWords(String);

impl NameWords {
    /// Words in any order, some of them more than once.
    pub fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let words: BTreeSet<&str> = words.into_iter().collect();
        Self(words.into_iter().collect::<Vec<_>>().join(" "))
    }

    /// The words, ascending.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|word| !word.is_empty())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for NameWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NameWords(***)")
    }
}

/// Number of a family: like a person, that of its oldest membership record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FamilyId(pub RecordId);

impl std::fmt::Display for FamilyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "K{:010}", self.0.0)
    }
}

/// One family: the rows of one `id_keluarga` of one agency, or of several that were found to be the same family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoldenFamily {
    /// The family's number.
    pub id: FamilyId,
    /// Membership records (`dinsos-anggota-keluarga`), ascending.
    pub records: Vec<RecordId>,
    /// Members, ascending, each once.
    pub members: Vec<PersonId>,
    /// The head (`hubungan_keluarga` 1), where stated.
    pub head: Option<PersonId>,
    /// KK number with its source.
    pub no_kk: Option<Attributed>,
    /// Village with its source.
    pub kode_desa: Option<Attributed>,
    /// The senders' family keys that were joined, ascending (`agency|id_keluarga`).
    pub sources: Vec<String>,
}

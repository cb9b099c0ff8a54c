//! The rows of the six feeds, typed. Shapes were checked by `feed`; here they only get names and types.
//!
//! None of these types is `Debug` in the clear: they hold personal values.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::date::{Date, Period};
use super::identifier::{IdentifierKind, account_key, read_identifier};
use super::money::Rupiah;
use super::region::Regions;
use super::sex::Sex;

macro_rules! masked_debug {
    ($($name:ident),+ $(,)?) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(***)"))
            }
        }
    )+};
}

/// The person core that every person feed shares (`FEEDS.md`). Values are as the sender wrote them.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PersonCore {
    /// Raw NIK, parsed by `domain::nik`.
    pub nik: Option<String>,
    /// Raw No. KK.
    pub no_kk: Option<String>,
    /// Name as written by the sender.
    pub nama: Option<String>,
    /// Place of birth.
    pub tempat_lahir: Option<String>,
    /// Date of birth.
    pub tanggal_lahir: Option<Date>,
    /// Sex.
    pub jenis_kelamin: Option<Sex>,
    /// Mother's name. Sensitive: banks use it as a secret question.
    pub nama_ibu_kandung: Option<String>,
    /// Street address.
    pub alamat: Option<String>,
    /// Neighbourhood unit.
    pub rt: Option<String>,
    /// Hamlet unit.
    pub rw: Option<String>,
    /// Ten-digit village code (Kemendagri).
    pub kode_desa: Option<String>,
    /// Six-digit sub-district code, when the village is not known.
    pub kode_kecamatan: Option<String>,
    /// Telephone.
    pub no_hp: Option<String>,
}

impl PersonCore {
    /// The village in the code it has today ([`Regions::current`]); where its number is not known there any more, none.
    pub fn desa(&self) -> Option<&str> {
        self.kode_desa.as_deref().map(|code| Regions::embedded().current(code)).filter(|code| code.len() == 10)
    }

    /// The six-digit sub-district in the code it has today, from the village where known.
    pub fn kecamatan(&self) -> Option<&str> {
        let current = |code| Regions::embedded().current(code);
        let of_village = self.kode_desa.as_deref().and_then(|code| current(code).get(..6));
        of_village.or_else(|| self.kode_kecamatan.as_deref().map(current))
    }
}

/// One programme a family is enrolled in, on a `dinsos-anggota-keluarga` row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// `PKH`, `SEMBAKO`, `BLT_DD`, `PENA`, `BST`.
    pub kode: String,
    /// `AKTIF`, `NONAKTIF`, `CALON`, `GRADUASI`.
    pub status: String,
    /// Quarter or month it is for.
    pub periode: Option<Period>,
}

/// Further fields of `dinsos-anggota-keluarga`.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnggotaKeluarga {
    /// The sender's family key.
    pub id_keluarga: String,
    /// Individual id in DTSEN.
    pub id_dtsen: Option<String>,
    /// PKH membership number of the family.
    pub no_peserta_pkh: Option<String>,
    /// Relation to the head of the family, 1..11 (DOMAIN 4.5).
    pub hubungan_keluarga: Option<u8>,
    /// Marital status, 1..4.
    pub status_perkawinan: Option<u8>,
    /// Occupation.
    pub pekerjaan: Option<String>,
    /// Welfare decile, 1..10.
    pub desil: Option<u8>,
    /// Programmes of the family.
    pub program: Vec<Enrolment>,
    /// PKH components this member counts for.
    pub komponen_pkh: Vec<String>,
    /// Status text of SIKS-NG (DOMAIN 4.3).
    pub status_kepesertaan: Option<String>,
    /// `PADAN`, `TIDAK_PADAN`, `BELUM`.
    pub status_padan_dukcapil: Option<String>,
    /// Date of death.
    pub tgl_meninggal: Option<Date>,
    /// Why the row is no longer active.
    pub alasan_nonaktif: Option<String>,
    /// Field worker.
    pub nama_pendamping: Option<String>,
}

/// Further fields of `disdik-peserta-didik`.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PesertaDidik {
    /// Pupil number.
    pub nisn: Option<String>,
    /// School number.
    pub npsn: String,
    /// School name.
    pub nama_sekolah: Option<String>,
    /// School level.
    pub jenjang: String,
    /// Grade 1..12.
    pub kelas: Option<u8>,
    /// `AKTIF`, `LULUS`, `PINDAH`, `PUTUS`.
    pub status_siswa: String,
    /// Father's name.
    pub nama_ayah: Option<String>,
    /// Father's NIK.
    pub nik_ayah: Option<String>,
    /// Mother's NIK.
    pub nik_ibu: Option<String>,
    /// Guardian's NIK.
    pub nik_wali: Option<String>,
    /// KIP card.
    pub nomor_kip: Option<String>,
    /// The school says the family receives KPS or PKH.
    pub penerima_kps_pkh: Option<bool>,
    /// The school says the pupil is eligible for PIP.
    pub layak_pip: Option<bool>,
    /// `TIDAK`, `USULAN`, `SK_NOMINASI`, `SK_PEMBERIAN`, `CAIR`.
    pub pip_status: Option<String>,
    /// Year of the PIP decision.
    pub pip_tahun: Option<i16>,
    /// PIP amount.
    pub pip_nominal: Option<Rupiah>,
    /// Attendance, 0..100.
    pub kehadiran_persen: Option<f64>,
}

/// Further fields of `dinkes-kepesertaan-jkn`.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KepesertaanJkn {
    /// JKN card number.
    pub no_jkn: String,
    /// `PBI_APBN`, `PBI_APBD`, `PPU`, `PBPU`, `BP`.
    pub segmen: String,
    /// `AKTIF`, `NONAKTIF`, `MENUNGGAK`, `MENINGGAL`.
    pub status_jkn: String,
    /// First-level clinic.
    pub faskes_tk1: Option<String>,
    /// Start.
    pub tgl_mulai: Option<Date>,
    /// End.
    pub tgl_nonaktif: Option<Date>,
    /// Date of death.
    pub tgl_meninggal: Option<Date>,
}

/// Further fields of `dinkes-layanan-kia`.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LayananKia {
    /// `IBU_HAMIL`, `BALITA`, `DISABILITAS`.
    pub jenis: String,
    /// Last menstruation.
    pub hpht: Option<Date>,
    /// Due date.
    pub hpl: Option<Date>,
    /// Last antenatal visit.
    pub tgl_anc_terakhir: Option<Date>,
    /// Number of antenatal visits.
    pub anc_ke: Option<u8>,
    /// Last weighing.
    pub tgl_ukur: Option<Date>,
    /// Weight in kg.
    pub berat_kg: Option<f64>,
    /// Height in cm.
    pub tinggi_cm: Option<f64>,
    /// Health post.
    pub posyandu: Option<String>,
    /// Mother's NIK.
    pub nik_ibu: Option<String>,
    /// Nutrition status.
    pub status_gizi: Option<String>,
    /// Fully immunised.
    pub imunisasi_lengkap: Option<bool>,
    /// Kind of disability.
    pub ragam: Option<String>,
    /// Degree of disability.
    pub derajat: Option<String>,
}

/// Further fields of `bank-rekening`.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rekening {
    /// Bank code, three digits.
    pub kode_bank: String,
    /// Account number.
    pub no_rekening: String,
    /// Customer number at the bank.
    pub cif: Option<String>,
    /// `TABUNGAN`, `E_WALLET`.
    pub jenis_rekening: Option<String>,
    /// `AKTIF`, `DORMAN`, `BLOKIR`, `TUTUP`, `GAGAL_BUREKOL`.
    pub status_rekening: String,
    /// Last four digits of the KKS card.
    pub no_kks_akhir4: Option<String>,
    /// The KKS card was handed over.
    pub kks_diserahkan: Option<bool>,
    /// When it was handed over.
    pub tgl_serah_kks: Option<Date>,
}

/// Fields of `bank-penyaluran`: a payment, not a person.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Penyaluran {
    /// Bank code.
    pub kode_bank: String,
    /// Account number.
    pub no_rekening: String,
    /// `PKH`, `SEMBAKO`, `BLT_DD`, `PIP`.
    pub program: String,
    /// What it is for.
    pub periode: Option<Period>,
    /// Amount.
    pub nominal: Rupiah,
    /// Day of the top-up.
    pub tgl_topup: Option<Date>,
    /// `BERHASIL`, `GAGAL`, `RETUR`, `TIDAK_TRANSAKSI`.
    pub status_salur: String,
    /// Why it failed.
    pub kode_gagal: Option<String>,
    /// Last transaction on the account.
    pub tgl_transaksi_terakhir: Option<Date>,
}

impl AnggotaKeluarga {
    /// The PKH number in its one form.
    pub fn pkh_number(&self, on: Date) -> Option<String> {
        read_identifier(IdentifierKind::Pkh, self.no_peserta_pkh.as_deref()?, on).text
    }
}

impl PesertaDidik {
    /// The pupil number in its one form.
    pub fn nisn_number(&self, on: Date) -> Option<String> {
        read_identifier(IdentifierKind::Nisn, self.nisn.as_deref()?, on).text
    }

    /// The school number in its one form.
    pub fn npsn_number(&self, on: Date) -> Option<String> {
        read_identifier(IdentifierKind::Npsn, &self.npsn, on).text
    }
}

impl KepesertaanJkn {
    /// The card number in its one form.
    pub fn jkn_number(&self, on: Date) -> Option<String> {
        read_identifier(IdentifierKind::Jkn, &self.no_jkn, on).text
    }
}

impl Rekening {
    /// The account number in its one form, without its bank.
    pub fn account_number(&self, on: Date) -> Option<String> {
        read_identifier(IdentifierKind::Account, &self.no_rekening, on).text
    }
}

impl Penyaluran {
    /// The account number in its one form, without its bank.
    pub fn account_number(&self, on: Date) -> Option<String> {
        read_identifier(IdentifierKind::Account, &self.no_rekening, on).text
    }
}

impl Detail {
    /// Bank and number of an account row or a payment in their one form; `None` for other rows, and where they cannot be
    /// read.
    pub fn account(&self) -> Option<String> {
        match self {
            Self::Rekening(row) => account_key(&row.kode_bank, &row.no_rekening),
            Self::Penyaluran(row) => account_key(&row.kode_bank, &row.no_rekening),
            Self::Anggota(_) | Self::Siswa(_) | Self::Jkn(_) | Self::Kia(_) => None,
        }
    }
}

/// What a feed says beyond the person core.
#[derive(Clone, PartialEq)]
pub enum Detail {
    /// `dinsos-anggota-keluarga`.
    Anggota(Box<AnggotaKeluarga>),
    /// `disdik-peserta-didik`.
    Siswa(Box<PesertaDidik>),
    /// `dinkes-kepesertaan-jkn`.
    Jkn(Box<KepesertaanJkn>),
    /// `dinkes-layanan-kia`.
    Kia(Box<LayananKia>),
    /// `bank-rekening`.
    Rekening(Box<Rekening>),
    /// `bank-penyaluran`.
    Penyaluran(Box<Penyaluran>),
}

masked_debug!(PersonCore, AnggotaKeluarga, PesertaDidik, KepesertaanJkn, LayananKia, Rekening, Penyaluran, Detail);

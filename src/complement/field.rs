//! The fields of a record that a rule may name, each with how to read it.
//!
//! A new field of a feed becomes usable in rules by one word in the table below.

use std::borrow::Cow;

use crate::domain::date::Date;
use crate::domain::feed::Feed;
use crate::domain::nik::read_nik;
use crate::domain::record::Record;
use crate::domain::region::Regions;
use crate::domain::row::{AnggotaKeluarga, Detail, KepesertaanJkn, Penyaluran, PesertaDidik, Rekening};
use crate::domain::sex::Sex;

/// A field's value as the conditions see it.
#[derive(Clone, PartialEq)]
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    Number(f64),
    Truth(bool),
    Day(Date),
    List(&'a [String]),
}

/// What may be written about a value in a finding's note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Note {
    /// A code from a short list: the value may be shown.
    Code,
    /// A date: only that it is too old may be shown.
    Day,
    /// Nothing may be shown.
    Hidden,
}

type Get = for<'a> fn(&'a Record) -> Option<Value<'a>>;

/// A readable field of one feed.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) note: Note,
    pub(super) get: Get,
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Field {
    /// The field of a feed by its official name.
    pub(super) fn find(feed: Feed, name: &str) -> Option<Self> {
        Self::all(feed).find(|field| field.name == name).copied()
    }

    /// All names a rule may use for a feed, for error messages.
    pub(super) fn names(feed: Feed) -> String {
        Self::all(feed).map(|field| field.name).collect::<Vec<_>>().join(", ")
    }

    fn all(feed: Feed) -> impl Iterator<Item = &'static Self> {
        let numbers = NUMBERS.iter().filter(move |(of, _)| *of == feed).map(|(_, field)| field);
        numbers.chain(of_feed(feed)).chain(CORE)
    }
}

/// One kind of value: how it is taken out of a struct field, and what a note may say of it.
macro_rules! read {
    (code $at:expr) => { Some(Value::Text(Cow::Borrowed($at.as_str()))) };
    (opt_code $at:expr) => { $at.as_deref().map(|text| Value::Text(Cow::Borrowed(text))) };
    (text $at:expr) => { read!(code $at) };
    (opt_text $at:expr) => { read!(opt_code $at) };
    (number $at:expr) => { $at.map(|number| Value::Number(f64::from(number))) };
    (truth $at:expr) => { $at.map(Value::Truth) };
    (day $at:expr) => { $at.map(Value::Day) };
    (list $at:expr) => { Some(Value::List(&$at)) };
}

macro_rules! note {
    (code) => {
        Note::Code
    };
    (opt_code) => {
        Note::Code
    };
    (truth) => {
        Note::Code
    };
    (list) => {
        Note::Code
    };
    (day) => {
        Note::Day
    };
    (number) => {
        Note::Hidden
    };
    (text) => {
        Note::Hidden
    };
    (opt_text) => {
        Note::Hidden
    };
}

macro_rules! fields {
    ($variant:ident: $($kind:ident $name:ident),+ $(,)?) => {
        &[$(Field {
            name: stringify!($name),
            note: note!($kind),
            get: |record| if let Detail::$variant(row) = &record.detail { read!($kind row.$name) } else { None },
        }),+]
    };
}

const ANGGOTA: &[Field] = fields!(Anggota:
    text id_keluarga, number hubungan_keluarga, number status_perkawinan,
    opt_text pekerjaan, number desil, list komponen_pkh, opt_code status_kepesertaan,
    opt_code status_padan_dukcapil, day tgl_meninggal, opt_text alasan_nonaktif,
);
const SISWA: &[Field] = fields!(Siswa:
    code jenjang, number kelas, code status_siswa, opt_code pip_status, number pip_tahun,
    truth layak_pip, truth penerima_kps_pkh, number kehadiran_persen,
);
const JKN: &[Field] = fields!(Jkn:
    code segmen, code status_jkn, day tgl_mulai, day tgl_nonaktif, day tgl_meninggal,
);
const KIA: &[Field] = fields!(Kia:
    code jenis, day hpht, day hpl, day tgl_anc_terakhir, number anc_ke, day tgl_ukur, opt_code status_gizi,
    truth imunisasi_lengkap, opt_code ragam, opt_code derajat,
);
const REKENING: &[Field] = fields!(Rekening:
    code kode_bank, opt_code jenis_rekening, code status_rekening, truth kks_diserahkan,
    day tgl_serah_kks,
);
const PENYALURAN: &[Field] = fields!(Penyaluran:
    code kode_bank, code program, code status_salur, opt_code kode_gagal, day tgl_topup,
    day tgl_transaksi_terakhir,
);

/// A number that has one form, however it was written. One that cannot be read is no number.
macro_rules! number {
    ($variant:ident $name:literal $read:expr) => {
        Field {
            name: $name,
            note: Note::Hidden,
            get: |record| {
                let Detail::$variant(row) = &record.detail else { return None };
                let number: Option<String> = $read(row, record.tgl_data);
                number.map(|text| Value::Text(Cow::Owned(text)))
            },
        }
    };
}

/// Numbers of rows, read as matching reads them.
const NUMBERS: &[(Feed, Field)] = &[
    (Feed::AnggotaKeluarga, number!(Anggota "no_peserta_pkh" AnggotaKeluarga::pkh_number)),
    (Feed::PesertaDidik, number!(Siswa "nisn" PesertaDidik::nisn_number)),
    (Feed::PesertaDidik, number!(Siswa "npsn" PesertaDidik::npsn_number)),
    (Feed::KepesertaanJkn, number!(Jkn "no_jkn" KepesertaanJkn::jkn_number)),
    (Feed::Rekening, number!(Rekening "no_rekening" Rekening::account_number)),
    (Feed::Penyaluran, number!(Penyaluran "no_rekening" Penyaluran::account_number)),
];

/// Fields of every person feed.
const CORE: &[Field] = &[
    Field { name: "nik", note: Note::Hidden, get: |record| nik_digits(record).map(Value::Text) },
    Field { name: "tanggal_lahir", note: Note::Hidden, get: |record| record.core.tanggal_lahir.map(Value::Day) },
    Field {
        name: "jenis_kelamin",
        note: Note::Hidden,
        get: |record| record.core.jenis_kelamin.map(|sex: Sex| Value::Text(Cow::Borrowed(sex.code()))),
    },
    // What a programme is paid to: the sender and its family key together.
    Field { name: "kpm", note: Note::Hidden, get: |record| kpm(record).map(Value::Text) },
];

const fn of_feed(feed: Feed) -> &'static [Field] {
    match feed {
        Feed::AnggotaKeluarga => ANGGOTA,
        Feed::PesertaDidik => SISWA,
        Feed::KepesertaanJkn => JKN,
        Feed::LayananKia => KIA,
        Feed::Rekening => REKENING,
        Feed::Penyaluran => PENYALURAN,
    }
}

/// The sixteen digits of a NIK, for counting how many different ones a person has. A number with an unknown region code
/// counts (it is still a different number); a placeholder or a number of another length does not.
fn nik_digits(record: &Record) -> Option<Cow<'_, str>> {
    let raw = record.core.nik.as_deref()?;
    let reading = read_nik(raw, record.tgl_data, Regions::embedded());
    reading.comparable().filter(|digits| digits.len() == 16).map(|digits| Cow::Owned(digits.to_owned()))
}

fn kpm(record: &Record) -> Option<Cow<'_, str>> {
    let Detail::Anggota(row) = &record.detail else { return None };
    Some(Cow::Owned(format!("{}|{}", record.key.agency, row.id_keluarga)))
}

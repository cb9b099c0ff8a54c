//! What cannot be said of a cell, and the sentences for it. None of them quotes the cell.

use super::kind::{Field, Kind};
use crate::domain::batch::RowError;
use crate::feed::ErrorCode;
use crate::feed::explain::{no_such_day, reason};

/// Why a cell cannot become the value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A number that names something stands in a numeric cell.
    NumericCell,
    /// The spreadsheet program made a date of it.
    DateCell,
    /// A formula that failed.
    FailedFormula,
    /// A word without an entry in the value map.
    Unmapped,
    /// Not readable as what the field holds.
    Shape,
    /// A date that no calendar has.
    NoSuchDay,
    /// A name of a place that is not in the tables.
    UnknownPlace,
    /// A name that several places have.
    AmbiguousPlace,
    /// A part of the sender's key is empty.
    NoKey,
}

impl Trouble {
    pub(super) fn code(self) -> ErrorCode {
        match self {
            Self::NumericCell => ErrorCode::NumericCell,
            Self::DateCell => ErrorCode::DateCell,
            Self::FailedFormula => ErrorCode::FailedFormula,
            Self::Unmapped => ErrorCode::UnmappedValue,
            Self::Shape => ErrorCode::Format,
            Self::NoSuchDay => ErrorCode::NoSuchDay,
            Self::UnknownPlace => ErrorCode::UnknownPlace,
            Self::AmbiguousPlace => ErrorCode::AmbiguousPlace,
            Self::NoKey => ErrorCode::Required,
        }
    }

    pub(super) fn explain(self, field: &Field) -> RowError {
        let name = &field.name;
        let (pesan, message) = match self {
            Self::NoSuchDay => return no_such_day(name),
            Self::NumericCell => (
                format!(
                    "`{name}` berada di sel angka, sehingga nol di depan dan digit setelah yang ke-15 dapat hilang. Ubah \
                     kolom menjadi Teks lalu ketik ulang dari sumbernya"
                ),
                format!(
                    "`{name}` stands in a numeric cell, which can lose leading zeros and the digits after the 15th. Format \
                     the column as Text and type it again from its source"
                ),
            ),
            Self::DateCell => (
                format!(
                    "`{name}` diubah menjadi tanggal oleh program lembar kerja. Ubah kolom menjadi Teks lalu ketik ulang"
                ),
                format!("the spreadsheet program made a date of `{name}`. Format the column as Text and type it again"),
            ),
            Self::FailedFormula => (
                format!("Rumus pada sel `{name}` gagal (misalnya #N/A). Perbaiki rumusnya atau kosongkan selnya"),
                format!(
                    "the formula in the cell of `{name}` failed (such as #N/A). Mend the formula or empty the cell"
                ),
            ),
            Self::Unmapped => unmapped(field),
            Self::Shape => shape(field),
            Self::UnknownPlace => (
                format!(
                    "Nama wilayah untuk `{name}` tidak ditemukan. Perbaiki namanya atau pilih kodenya pada pemetaan"
                ),
                format!(
                    "the name of the place for `{name}` is not known. Mend the name or choose its code in the mapping"
                ),
            ),
            Self::AmbiguousPlace => (
                format!(
                    "Nama wilayah untuk `{name}` dimiliki beberapa wilayah. Tambahkan kecamatan atau kabupatennya, atau pilih \
                     kodenya pada pemetaan"
                ),
                format!(
                    "several places have the name given for `{name}`. Add its kecamatan or kabupaten, or choose its code in \
                     the mapping"
                ),
            ),
            Self::NoKey => (
                format!("`{name}` tidak dapat dibentuk: kolom pembentuknya kosong"),
                format!("`{name}` cannot be formed: a column it is formed from is empty"),
            ),
        };
        reason(self.code(), format!("/{name}"), pesan, message)
    }
}

fn unmapped(field: &Field) -> (String, String) {
    let name = &field.name;
    let allowed = if field.kind == Kind::Flag { "Ya, Tidak".to_owned() } else { field.kind.words().join(", ") };
    (
        format!("Kata pada `{name}` belum dipadankan; padankan pada pemetaan dengan salah satu dari: {allowed}"),
        format!("the word in `{name}` is not in the value map; map it to one of: {allowed}"),
    )
}

fn shape(field: &Field) -> (String, String) {
    let (due_id, due_en) = match field.kind {
        Kind::Date => (
            "tidak terbaca sebagai tanggal menurut urutan pada pemetaan",
            "cannot be read as a date in the order that the mapping names",
        ),
        Kind::Period => (
            "harus bulan atau triwulan, misalnya 2025-11, November 2025, atau 2025-T4",
            "must be a month or a quarter, such as 2025-11, November 2025 or 2025-T4",
        ),
        Kind::Whole => ("tidak terbaca sebagai bilangan bulat", "cannot be read as a whole number"),
        Kind::Decimal => ("tidak terbaca sebagai angka", "cannot be read as a number"),
        Kind::Flag => ("tidak terbaca sebagai Ya atau Tidak", "cannot be read as yes or no"),
        Kind::Unit => {
            ("harus 1 sampai 3 digit, misalnya 003 atau 003/005", "must be 1 to 3 digits, such as 003 or 003/005")
        }
        Kind::Programmes { .. } => (
            "harus berisi program dan statusnya, misalnya PKH AKTIF 2025-T4; SEMBAKO AKTIF",
            "must name programmes and their status, such as PKH AKTIF 2025-T4; SEMBAKO AKTIF",
        ),
        Kind::Choice(_) | Kind::Choices(_) | Kind::Identifier(_) | Kind::Text => ("tidak terbaca", "cannot be read"),
    };
    let name = &field.name;
    (format!("`{name}` {due_id}"), format!("`{name}` {due_en}"))
}

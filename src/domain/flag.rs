//! Doubts about values. A flag keeps the row; only a wrong shape refuses it.

use serde::{Deserialize, Serialize};

/// How serious a flag is (DOMAIN 1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Noted: the value was repaired or is unusual but right.
    Info,
    /// Worth a look.
    Warn,
    /// The value cannot be used as a key. The row is still accepted.
    Error,
}

/// One doubt about one value of a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Flag {
    /// JSON pointer of the field: `/nik`.
    pub pointer: String,
    /// What was found.
    pub code: FlagCode,
}

macro_rules! flag_codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $severity:ident, $id:literal, $en:literal;)+) => {
        /// The kinds of doubt, one line each: code, severity, sentence in Indonesian and in English.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum FlagCode {
            $($(#[doc = $doc])+ #[serde(rename = $code)] $name,)+
        }

        impl FlagCode {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The machine code: `SEX_MISMATCH`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// How serious it is.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)+ }
            }

            /// The sentence for people, in Indonesian.
            pub const fn message_id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }

            /// The same in English.
            pub const fn message_en(self) -> &'static str {
                match self { $(Self::$name => $en,)+ }
            }
        }
    };
}

flag_codes! {
    /// The row is of a place that its sender does not answer for.
    OutsideRegion = "OUTSIDE_REGION", Warn, "Di luar wilayah instansi pengirim: tidak mengubah data orang yang dikenal di sana sebelum diperiksa petugas", "outside the sender's regions: it changes nothing of people known there before a steward has looked";
    /// A leading apostrophe was removed.
    ExcelApostrophe = "EXCEL_APOSTROPHE", Info, "Tanda petik dari Excel dibuang", "an apostrophe from Excel was removed";
    /// Digits are lost for ever.
    ExcelScientific = "EXCEL_SCIENTIFIC", Error, "Digit hilang karena format Excel – kirim ulang sebagai teks", "digits were lost by Excel's number format; send it again as text";
    /// `.0` was cut.
    ExcelDecimal = "EXCEL_DECIMAL", Info, "Akhiran desimal dari Excel dibuang", "a decimal part from Excel was cut";
    /// Blanks, dots and dashes were removed.
    Separators = "SEPARATORS", Info, "Spasi atau tanda pemisah dibuang", "separators were removed";
    /// A letter that looks like a digit was read as the digit.
    OcrLetter = "OCR_LETTER", Info, "Huruf yang mirip angka dibaca sebagai angka", "a letter that looks like a digit was read as the digit";
    /// No value.
    Missing = "MISSING", Error, "Nomor kosong", "there is no number";
    /// Something that is not a digit.
    NonDigit = "NON_DIGIT", Error, "Nomor hanya boleh berisi angka", "a number holds digits only";
    /// 14 digits.
    Len14 = "LEN_14", Error, "NIK harus 16 digit (ditemukan 14)", "a NIK has 16 digits (found 14)";
    /// 15 digits.
    Len15 = "LEN_15", Error, "NIK harus 16 digit (ditemukan 15)", "a NIK has 16 digits (found 15)";
    /// 17 digits.
    Len17 = "LEN_17", Error, "NIK harus 16 digit (ditemukan 17)", "a NIK has 16 digits (found 17)";
    /// 18 digits.
    Len18 = "LEN_18", Error, "NIK harus 16 digit (ditemukan 18)", "a NIK has 16 digits (found 18)";
    /// Another wrong length.
    LenOther = "LEN_OTHER", Error, "NIK harus 16 digit", "a NIK has 16 digits";
    /// A made-up number.
    Placeholder = "PLACEHOLDER", Error, "Nomor isian sementara", "the number is a placeholder";
    /// Serial 0000.
    Serial0000 = "SERIAL_0000", Error, "Nomor urut NIK tidak boleh 0000", "the serial may not be 0000";
    /// Impossible day.
    DayRange = "DAY_RANGE", Error, "Tanggal lahir pada NIK tidak wajar", "the day in the NIK is impossible";
    /// Impossible month.
    MonthRange = "MONTH_RANGE", Error, "Bulan lahir pada NIK tidak wajar", "the month in the NIK is impossible";
    /// No such day in any century.
    DateInvalid = "DATE_INVALID", Error, "Tanggal lahir pada NIK tidak ada di kalender", "the birth date in the NIK does not exist";
    /// A province code from before SIAK.
    NikLegacy = "NIK_LEGACY", Error, "NIK memakai kode provinsi lama (sebelum SIAK)", "the NIK has a province code from before SIAK";
    /// No such province.
    ProvinceUnknown = "PROVINCE_UNKNOWN", Error, "Kode provinsi tidak dikenal", "the province code is unknown";
    /// No such regency in any edition.
    RegencyUnknown = "REGENCY_UNKNOWN", Warn, "Kode kabupaten/kota tidak ditemukan (periksa)", "the regency code was not found (check it)";
    /// No such district in any edition.
    DistrictUnknown = "DISTRICT_UNKNOWN", Warn, "Kode kecamatan tidak ditemukan (periksa)", "the district code was not found (check it)";
    /// The code is an old one.
    RegionRetired = "REGION_RETIRED", Info, "Kode wilayah sudah diganti", "the region code has been replaced";
    /// Sex differs from the NIK.
    SexMismatch = "SEX_MISMATCH", Warn, "Jenis kelamin berbeda dengan NIK", "the sex differs from the NIK";
    /// Birth date differs from the NIK.
    DobMismatch = "DOB_MISMATCH", Warn, "Tanggal lahir berbeda dengan NIK", "the birth date differs from the NIK";
    /// ... by a swap of day and month.
    DobMismatchSwap = "DOB_MISMATCH_DDMM_SWAP", Warn, "Tanggal dan bulan lahir tertukar terhadap NIK", "day and month are swapped against the NIK";
    /// ... by the year only.
    DobMismatchYear = "DOB_MISMATCH_YEAR_OFF", Warn, "Tahun lahir berbeda dengan NIK", "the birth year differs from the NIK";
    /// The KK number is not 16 digits.
    KkFormat = "KK_FORMAT", Error, "No. KK harus 16 digit angka", "a KK number has 16 digits";
    /// Issued in the future.
    KkFuture = "KK_FUTURE", Warn, "Tanggal terbit No. KK di masa depan", "the KK number was issued in the future";
    /// A NIK in the KK column.
    KkLooksLikeNik = "KK_LOOKS_LIKE_NIK", Warn, "No. KK tampak seperti NIK", "the KK number looks like a NIK";
    /// Issue date does not exist.
    KkDate = "KK_DATE", Warn, "Tanggal pada No. KK tidak ada di kalender", "the date in the KK number does not exist";
    /// The NIK and the KK number are equal.
    NikEqualsKk = "NIK_EQUALS_KK", Warn, "NIK sama dengan No. KK", "the NIK equals the KK number";
    /// Birth in the future.
    DobFuture = "DOB_FUTURE", Warn, "Tanggal lahir di masa depan", "the birth date is in the future";
    /// Older than 120 years.
    DobTooOld = "DOB_TOO_OLD", Warn, "Tanggal lahir lebih dari 120 tahun lalu", "the birth date is over 120 years ago";
    /// The as-of date is in the future.
    AsOfFuture = "TGL_DATA_FUTURE", Warn, "Tanggal data di masa depan", "the as-of date is in the future";
    /// The as-of date is before there was an office that could have sent it.
    AsOfPast = "TGL_DATA_PAST", Warn, "Tanggal data tidak wajar (sebelum 1945)", "the as-of date is before 1945";
    /// A control sign, or one that turns the direction of writing.
    SteeringSign = "STEERING_SIGN", Warn, "Nilai memuat tanda kendali atau tanda pembalik arah tulisan", "the value holds a control sign or one that turns the direction of writing";
    /// A digit in a name.
    NameHasDigit = "NAME_HAS_DIGIT", Warn, "Nama mengandung angka", "the name holds a digit";
    /// `ALM.` before the name.
    DeceasedHint = "DECEASED_HINT", Warn, "Nama memuat tanda almarhum/almarhumah", "the name carries a mark of death";
    /// `BY NY SITI`.
    UnnamedNewborn = "UNNAMED_NEWBORN", Warn, "Bayi belum bernama", "a newborn without a name";
    /// A village or sub-district code that no edition knows.
    RegionUnknown = "REGION_UNKNOWN", Warn, "Kode desa/kecamatan tidak dikenal", "the village or sub-district code is unknown";
    /// Known to BPS, not to Kemendagri.
    RegionBps = "REGION_BPS", Warn, "Kode wilayah tampak memakai kode BPS", "the region code looks like a BPS code";
    /// Wrong shape of a pupil number.
    NisnFormat = "NISN_FORMAT", Warn, "NISN harus 10 digit", "a NISN has 10 digits";
    /// Pupil number does not fit the birth year.
    NisnYear = "NISN_YEAR", Warn, "Tiga digit pertama NISN tidak sesuai tahun lahir", "the first three digits of the NISN do not fit the birth year";
    /// Wrong shape of a school number.
    NpsnFormat = "NPSN_FORMAT", Warn, "Format NPSN tidak dikenal", "the NPSN has an unknown shape";
    /// Wrong shape of a JKN number.
    JknFormat = "JKN_FORMAT", Warn, "No. JKN harus 13 digit", "a JKN number has 13 digits";
    /// A bank code or an account number that is none.
    AccountFormat = "ACCOUNT_FORMAT", Warn, "Kode bank atau nomor rekening tidak dapat dibaca", "the bank code or the account number cannot be read";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_speak_two_languages() {
        let mut seen = std::collections::BTreeSet::new();
        for flag in FlagCode::ALL {
            assert!(seen.insert(flag.code()), "{} twice", flag.code());
            assert!(!flag.message_id().is_empty() && !flag.message_en().is_empty());
        }
    }
}

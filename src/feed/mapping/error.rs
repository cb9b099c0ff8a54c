//! Why a mapping does not fit a table.

/// Why a mapping does not fit a table, or its feed. `Display` is the English sentence, [`Self::pesan`] the Indonesian one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// The feed has no such field.
    #[error("the feed has no field `{field}`")]
    UnknownField {
        /// The name in the mapping.
        field: String,
    },
    /// The table has no column of that heading.
    #[error("the table has no column \"{heading}\", from which `{field}` is to be filled")]
    MissingHeading {
        /// The heading in the mapping.
        heading: String,
        /// The field it fills.
        field: String,
    },
    /// Two columns of the table have that heading.
    #[error("two columns have the heading \"{heading}\"; give them different ones")]
    HeadingTwice {
        /// The heading in the mapping.
        heading: String,
    },
    /// A column is neither used nor left out on purpose.
    #[error("the column \"{heading}\" is neither used nor left out: choose a field for it, or leave it out")]
    Undecided {
        /// The heading in the table.
        heading: String,
    },
    /// A field has neither a column nor a constant, or both.
    #[error("`{field}` must be filled from a column or by a constant, and not by both")]
    Source {
        /// The field.
        field: String,
    },
    /// A field is filled in two ways.
    #[error("`{field}` is filled from names of places and from a column: use one of them")]
    FilledTwice {
        /// The field.
        field: String,
    },
    /// A part of a cell that this field cannot be filled from.
    #[error("`{field}` cannot be that part of a cell")]
    Part {
        /// The field.
        field: String,
    },
    /// A constant, or a value of a value map, that the field cannot hold.
    #[error("a constant or a value in the value map of `{field}` does not fit the field")]
    Value {
        /// The field.
        field: String,
    },
    /// A required field is not filled.
    #[error("`{field}` is required: choose a column or a constant for it")]
    Required {
        /// The field.
        field: String,
    },
    /// `id_sumber` is to be formed from nothing.
    #[error("`id_sumber` needs a column whose values stay the same for ever, or several that together do")]
    NoId,
    /// `id_sumber` is to be formed from a running number.
    #[error(
        "\"{heading}\" is a running number of the sheet and cannot form `id_sumber`: once a row is sorted or deleted, \
         every record would become another one. Choose a number of the person or of the family, or several columns"
    )]
    RunningNumber {
        /// The heading.
        heading: String,
    },
    /// Names of places without a column of villages or districts.
    #[error("names of places need a column of villages or of districts")]
    NoPlaceColumn,
    /// A code of a place that the tables do not have.
    #[error("the mapping names a code of a place that does not exist: check `within` and `choices`")]
    UnknownCode,
}

impl MappingError {
    /// The sentence in Indonesian.
    pub fn pesan(&self) -> String {
        match self {
            Self::UnknownField { field } => format!("Feed ini tidak mempunyai kolom `{field}`"),
            Self::MissingHeading { heading, field } => {
                format!("Tabel tidak mempunyai kolom \"{heading}\" yang mengisi `{field}`")
            }
            Self::HeadingTwice { heading } => {
                format!("Dua kolom berjudul \"{heading}\"; beri judul yang berbeda")
            }
            Self::Undecided { heading } => format!(
                "Kolom \"{heading}\" belum ditentukan: pilih kolom tujuannya, atau nyatakan bahwa kolom itu tidak dikirim"
            ),
            Self::Source { field } => {
                format!("`{field}` harus diisi dari satu kolom atau satu nilai tetap, bukan keduanya")
            }
            Self::FilledTwice { field } => {
                format!("`{field}` diisi dari nama wilayah dan dari sebuah kolom: pakai salah satu")
            }
            Self::Part { field } => format!("`{field}` tidak dapat diisi dari bagian sel itu"),
            Self::Value { field } => {
                format!("Nilai tetap atau padanan nilai untuk `{field}` tidak sesuai dengan kolom itu")
            }
            Self::Required { field } => format!("`{field}` wajib diisi: pilih kolom atau nilai tetap untuknya"),
            Self::NoId => {
                "`id_sumber` memerlukan kolom yang nilainya tetap untuk selamanya, atau gabungan beberapa kolom \
                           yang tetap"
                    .to_owned()
            }
            Self::RunningNumber { heading } => format!(
                "\"{heading}\" adalah nomor urut lembar dan tidak dapat menjadi `id_sumber`: begitu baris diurutkan atau \
                 dihapus, setiap data akan menjadi data orang lain. Pilih nomor milik orang atau keluarga, atau gabungan \
                 beberapa kolom"
            ),
            Self::NoPlaceColumn => "Nama wilayah memerlukan kolom desa/kelurahan atau kecamatan".to_owned(),
            Self::UnknownCode => {
                "Pemetaan menyebut kode wilayah yang tidak ada: periksa `within` dan `choices`".to_owned()
            }
        }
    }
}

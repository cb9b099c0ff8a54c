//! Why a list cannot be read.

use crate::feed::BodyError;
use crate::feed::mapping::MappingError;
use crate::sheet::SheetError;

/// A list cannot be read. Names columns and rows, never a value about a person.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The file is no list, is damaged, or holds too much.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// No row of headings was found.
    #[error("no row of headings was found: the first row must name the columns")]
    NoHeading,
    /// The file has no table of the name asked for.
    #[error("the file has no sheet of this name")]
    NoSuchTable,
    /// The mapping does not fit the table.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// There is no room for its rows in memory.
    #[error("there is no room for its rows in memory now; send it again later")]
    NoRoom,
    /// The batch as a whole is refused.
    #[error(transparent)]
    Body(#[from] BodyError),
}

impl ListError {
    /// The sentence in Indonesian.
    pub fn pesan(&self) -> String {
        match self {
            Self::Sheet(error) => error.pesan(),
            Self::NoHeading => {
                "Judul kolom tidak ditemukan: baris pertama harus berisi nama kolom (NIK, Nama, ...)".to_owned()
            }
            Self::NoSuchTable => "Berkas ini tidak mempunyai lembar dengan nama itu".to_owned(),
            Self::NoRoom => "Gerbang sedang penuh; kirim lagi beberapa saat lagi".to_owned(),
            Self::Mapping(error) => error.pesan(),
            Self::Body(error) => of_body(error),
        }
    }
}

fn of_body(error: &BodyError) -> String {
    match error {
        BodyError::Empty => "Tidak ada baris data di bawah judul kolom".to_owned(),
        BodyError::TooManyBytes { limit } => {
            format!("Isi daftar lebih dari {limit} byte; bagi menjadi beberapa berkas, atau kirim dengan `padan push`")
        }
        BodyError::TooManyRows { limit } => {
            format!("Daftar lebih dari {limit} baris; bagi menjadi beberapa berkas, atau kirim dengan `padan push`")
        }
        BodyError::NearlyAllRefused { rows, refused, .. } => format!(
            "{refused} dari {rows} baris pertama ditolak: kolomnya mungkin tertukar, atau ini daftar lain. Tidak ada yang disimpan"
        ),
    }
}

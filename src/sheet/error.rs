//! Why a file is not read: facts, a code, and what to do, in English and Indonesian. Never a value.

use std::io;

use super::records::RecordsError;

/// A kind of file that holds no table that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// A workbook of Excel 97 to 2003.
    OldWorkbook,
    /// A workbook that asks for a password.
    Encrypted,
    /// A binary workbook (`.xlsb`).
    BinaryWorkbook,
    /// A workbook as one XML document (Excel 2003).
    XmlWorkbook,
    /// A sheet in the open format (`.ods`).
    OpenDocument,
    /// A document or slides.
    Document,
    /// PDF.
    Pdf,
    /// A picture.
    Image,
    /// A web page, which some programs call `.xls`.
    WebPage,
    /// One JSON list instead of an object a line.
    JsonList,
    /// A column store.
    Parquet,
    /// An archive of another kind: RAR, 7z, tar, zstd.
    Archive,
    /// Bytes that are no text.
    Binary,
}

/// What became too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Bytes that come out of a packed file.
    UnpackedBytes,
    /// How many times its size comes out of a packed part.
    Ratio,
    /// Parts of a ZIP file.
    Members,
    /// Bytes of a workbook inside a packed file.
    WorkbookBytes,
    /// Sheets.
    Sheets,
    /// Columns.
    Columns,
    /// Rows.
    Rows,
    /// Bytes of a cell.
    CellBytes,
    /// Bytes of a row.
    RowBytes,
    /// Distinct texts of a workbook.
    SharedStrings,
    /// Bytes of those.
    SharedBytes,
    /// Formats of cells.
    Styles,
    /// Elements inside each other.
    Depth,
    /// Bytes of a part of a workbook that is no sheet.
    PartBytes,
}

/// A file, or a table of it, is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is something else.
    #[error("the file is {}, which is not read; {}", .0.english().0, .0.english().1)]
    Foreign(Foreign),
    /// An archive inside an archive.
    #[error("'{member}' is packed once more inside the packed file; unpack it first")]
    Nested {
        /// Its name.
        member: String,
    },
    /// A member of a ZIP file asks for a password.
    #[error("'{member}' asks for a password; send the ZIP file without one")]
    EncryptedMember {
        /// Its name.
        member: String,
    },
    /// A ZIP file holds no list.
    #[error("the ZIP file holds no workbook, CSV or NDJSON file")]
    NoTables,
    /// More than is read.
    #[error("{}, at most {limit}{}", what.english(), place(*row))]
    TooMuch {
        /// Of what.
        what: Limit,
        /// How much may be.
        limit: u64,
        /// In which row, where it is known.
        row: Option<u64>,
    },
    /// What is packed does not come out as it was packed.
    #[error("the packed file is damaged or was cut off; save and send it again")]
    Damaged,
    /// A workbook whose parts are not as they should be.
    #[error("the workbook is damaged{}; open it in Excel and save it as a new .xlsx", behind(*row))]
    BadWorkbook {
        /// The last row that could be read, where a sheet had been begun.
        row: Option<u64>,
    },
    /// A quoted cell of a text file that is not closed.
    #[error("a quoted cell that begins on line {row} is not closed")]
    OpenQuote {
        /// Its line.
        row: u64,
    },
    /// Two quotation marks that do not belong together make one row of several.
    #[error("the {lines} lines from {row} on look like rows, but stand inside one quoted cell")]
    RowsInQuotes {
        /// The first line.
        row: u64,
        /// How many lines.
        lines: u64,
    },
    /// The bytes are not in the encoding that they begin in.
    #[error("the file is not text in the encoding it begins in; save it as CSV UTF-8")]
    NotText,
    /// There is no such table in the file.
    #[error("there is no table {index} in the file")]
    NoSuchTable {
        /// The number asked for.
        index: usize,
    },
    /// The table's rows are JSON, not cells.
    #[error("the table holds JSON rows, not cells")]
    JsonRows,
    /// A workbook could not be written: more rows or columns than Excel has.
    #[error("the workbook cannot be written: it has more rows, columns or text than Excel takes")]
    Unwritable,
}

fn place(row: Option<u64>) -> String {
    row.map(|row| format!(" (row {row})")).unwrap_or_default()
}

fn behind(row: Option<u64>) -> String {
    row.map(|row| format!(" behind row {row}")).unwrap_or_default()
}

impl SheetError {
    /// A word that stays: for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "EMPTY_FILE",
            Self::Foreign(Foreign::Encrypted) | Self::EncryptedMember { .. } => "FILE_ENCRYPTED",
            Self::Foreign(_) => "FILE_FORMAT",
            Self::Nested { .. } => "FILE_NESTED",
            Self::NoTables => "FILE_NO_TABLE",
            Self::TooMuch { .. } => "FILE_LIMIT",
            Self::Damaged | Self::BadWorkbook { .. } => "FILE_DAMAGED",
            Self::OpenQuote { .. } | Self::RowsInQuotes { .. } => "FILE_QUOTES",
            Self::NotText => "FILE_ENCODING",
            Self::NoSuchTable { .. } => "NO_SUCH_TABLE",
            Self::JsonRows => "TABLE_IS_JSON",
            Self::Unwritable => "UNWRITABLE",
        }
    }

    /// The sentence for the sender, in Indonesian: what is wrong and what to do.
    pub fn pesan(&self) -> String {
        match self {
            Self::Empty => "Berkas kosong. Pilih berkas yang berisi baris data.".to_owned(),
            Self::Foreign(kind) => kind.indonesian().to_owned(),
            Self::Nested { member } => {
                format!("'{member}' masih terkemas di dalam kemasan. Buka kemasannya dahulu, lalu kirim isinya.")
            }
            Self::EncryptedMember { member } => {
                format!("'{member}' meminta kata sandi. Kirim ZIP tanpa kata sandi; pengiriman sudah terenkripsi.")
            }
            Self::NoTables => "ZIP ini tidak berisi berkas .xlsx, .csv atau .ndjson.".to_owned(),
            Self::TooMuch { what, limit, row } => {
                let row = row.map(|row| format!(" (baris {row})")).unwrap_or_default();
                format!("{}, paling banyak {limit}{row}. {}", what.indonesian().0, what.indonesian().1)
            }
            Self::Damaged => {
                "Berkas rusak atau terpotong di tengah pengiriman. Simpan ulang, lalu kirim lagi.".to_owned()
            }
            Self::BadWorkbook { row } => {
                let row = row.map(|row| format!(" setelah baris {row}")).unwrap_or_default();
                format!("Berkas Excel rusak{row}. Buka di Excel, Simpan sebagai .xlsx baru, lalu kirim lagi.")
            }
            Self::OpenQuote { row } => {
                format!("Tanda petik yang dibuka pada baris {row} tidak ditutup. Perbaiki atau kirim sebagai .xlsx.")
            }
            Self::RowsInQuotes { row, lines } => format!(
                "{lines} baris mulai baris {row} berada di dalam satu sel bertanda petik. Hapus tanda petik yang salah."
            ),
            Self::NotText => {
                "Berkas bukan teks yang dapat dibaca. Di Excel: Simpan sebagai CSV UTF-8, atau .xlsx.".to_owned()
            }
            Self::NoSuchTable { index } => format!("Tabel {index} tidak ada di dalam berkas."),
            Self::JsonRows => "Tabel ini berisi baris JSON, bukan sel.".to_owned(),
            Self::Unwritable => "Hasil terlalu besar untuk satu berkas Excel. Unduh sebagai CSV.".to_owned(),
        }
    }

    pub(super) const fn too_much(what: Limit, limit: u64) -> Self {
        Self::TooMuch { what, limit, row: None }
    }

    /// As an error of a reader; [`Self::from`] finds it again.
    pub(super) fn into_io(self) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, self)
    }
}

impl From<io::Error> for SheetError {
    fn from(error: io::Error) -> Self {
        let told = error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()).cloned();
        let encoding =
            || error.get_ref().and_then(|inner| inner.downcast_ref::<super::text::WrongEncoding>()).is_some();
        told.unwrap_or_else(|| if encoding() { Self::NotText } else { Self::Damaged })
    }
}

impl SheetError {
    pub(super) fn of_records(error: RecordsError, row_limit: usize) -> Self {
        match error {
            RecordsError::OpenQuote(row) => Self::OpenQuote { row },
            RecordsError::Endless(row) => {
                Self::TooMuch { what: Limit::RowBytes, limit: row_limit as u64, row: Some(row) }
            }
            RecordsError::NotCsv(_) => Self::NotText,
            RecordsError::Io(source) => source.into(),
        }
    }
}

impl Foreign {
    /// What it is, and what to do.
    const fn english(self) -> (&'static str, &'static str) {
        const SAVE: &str = "save it as .xlsx";
        match self {
            Self::OldWorkbook => ("a workbook of Excel 97-2003", SAVE),
            Self::Encrypted => ("a workbook with a password", "remove the password and save it again"),
            Self::BinaryWorkbook => ("a binary workbook (.xlsb)", SAVE),
            Self::XmlWorkbook => ("an XML workbook of Excel 2003", SAVE),
            Self::OpenDocument => ("an OpenDocument sheet", SAVE),
            Self::Document => ("a document", "copy its table into a workbook and save that as .xlsx"),
            Self::Pdf => ("a PDF document", "send the workbook it was made from"),
            Self::Image => ("a picture", "send the workbook it was made from"),
            Self::WebPage => ("a web page, whatever its name says", "open it in Excel and save it as .xlsx"),
            Self::JsonList => ("one JSON list", "write one object a line (NDJSON)"),
            Self::Parquet => ("a Parquet file", "send it as CSV or NDJSON"),
            Self::Archive => ("an archive of another kind", "pack it as .zip or .gz"),
            Self::Binary => ("no text and no workbook", "send .xlsx, .csv or .ndjson"),
        }
    }

    const fn indonesian(self) -> &'static str {
        match self {
            Self::OldWorkbook => "Ini berkas Excel 97-2003 (.xls). Buka di Excel, lalu Simpan sebagai .xlsx.",
            Self::Encrypted => {
                "Berkas Excel ini berkata sandi. Hapus kata sandinya (Berkas > Info > Proteksi), simpan, lalu kirim lagi."
            }
            Self::BinaryWorkbook => "Ini workbook biner (.xlsb). Buka di Excel, lalu Simpan sebagai .xlsx.",
            Self::XmlWorkbook => "Ini XML Spreadsheet 2003. Buka di Excel, lalu Simpan sebagai .xlsx.",
            Self::OpenDocument => "Ini berkas LibreOffice (.ods). Buka, lalu Simpan sebagai .xlsx.",
            Self::Document => "Ini dokumen, bukan tabel. Salin tabelnya ke Excel, lalu Simpan sebagai .xlsx.",
            Self::Pdf => "Ini PDF. Kirim berkas Excel yang menjadi asalnya.",
            Self::Image => "Ini gambar. Kirim berkas Excel yang menjadi asalnya.",
            Self::WebPage => {
                "Ini halaman web walaupun namanya .xls. Buka di Excel, Simpan sebagai .xlsx, lalu kirim lagi."
            }
            Self::JsonList => "Ini satu daftar JSON. Tulis satu objek per baris (NDJSON).",
            Self::Parquet => "Ini berkas Parquet. Kirim sebagai CSV atau NDJSON.",
            Self::Archive => "Jenis kemasan ini tidak dibaca. Kemas sebagai .zip atau .gz.",
            Self::Binary => "Isi berkas tidak dikenali. Kirim .xlsx, .csv atau .ndjson.",
        }
    }
}

impl Limit {
    const fn english(self) -> &'static str {
        match self {
            Self::UnpackedBytes => "too many bytes come out of the packed file",
            Self::Ratio => "a part unpacks to too many times its size",
            Self::Members => "the ZIP file has too many parts",
            Self::WorkbookBytes => "the workbook inside the packed file has too many bytes",
            Self::Sheets => "the workbook has too many sheets",
            Self::Columns => "the table has too many columns",
            Self::Rows => "the table has too many rows",
            Self::CellBytes => "a cell has too many bytes",
            Self::RowBytes => "a row has too many bytes",
            Self::SharedStrings => "the workbook has too many distinct texts",
            Self::SharedBytes => "the texts of the workbook have too many bytes",
            Self::Styles => "the workbook has too many cell formats, or too long ones",
            Self::Depth => "the workbook has too many elements inside each other",
            Self::PartBytes => "a part of the workbook that is no sheet has too many bytes",
        }
    }

    /// What is too much, and what to do.
    const fn indonesian(self) -> (&'static str, &'static str) {
        const SPLIT: &str = "Bagi menjadi beberapa berkas, atau simpan sebagai CSV UTF-8.";
        const CLEAN: &str = "Salin datanya (tempel nilai saja) ke workbook baru, lalu Simpan sebagai .xlsx.";
        match self {
            Self::UnpackedBytes => ("Isi kemasan terlalu besar", SPLIT),
            Self::Ratio => ("Isi kemasan berlipat-lipat dari ukurannya", CLEAN),
            Self::Members => ("Isi ZIP terlalu banyak", "Bagi menjadi beberapa ZIP."),
            Self::WorkbookBytes => ("Workbook di dalam kemasan terlalu besar", "Kirim .xlsx itu tanpa dikemas."),
            Self::Sheets => ("Lembar terlalu banyak", "Kirim hanya lembar yang berisi data."),
            Self::Columns => ("Kolom terlalu banyak", CLEAN),
            Self::Rows => ("Baris terlalu banyak", "Bagi menjadi beberapa berkas."),
            Self::CellBytes => ("Isi satu sel terlalu panjang", "Pendekkan isi sel itu."),
            Self::RowBytes => ("Satu baris terlalu panjang", "Periksa akhir baris dan tanda petik berkas itu."),
            Self::SharedStrings | Self::SharedBytes => ("Teks di dalam workbook terlalu banyak", SPLIT),
            Self::Styles => ("Format sel terlalu banyak", CLEAN),
            Self::Depth => ("Susunan workbook terlalu dalam", CLEAN),
            Self::PartBytes => ("Bagian workbook selain lembar terlalu besar", CLEAN),
        }
    }
}

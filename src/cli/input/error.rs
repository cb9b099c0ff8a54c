//! What can be wrong with an input file. Names file and line, never a value.

use std::fmt::Display;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::source::is_alike;

/// A file could not be read as a table.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The file could not be opened or read.
    #[error("cannot read {}", of(path))]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder stands where a file should.
    #[error("{} is a folder", of(path))]
    Directory {
        /// Which one.
        path: PathBuf,
    },
    /// A workbook of a spreadsheet program.
    #[error("{} is a workbook of a spreadsheet program", of(path))]
    Spreadsheet {
        /// Which file.
        path: PathBuf,
    },
    /// The name does not end in a known format.
    #[error(
        "{}: the name ends in none of .csv, .tsv, .txt, .ndjson, .jsonl, .json, .parquet (.gz or .zst behind them)",
        of(path)
    )]
    UnknownFormat {
        /// Which file.
        path: PathBuf,
    },
    /// One file twice.
    #[error("{} is given twice", of(path))]
    Twice {
        /// Which file.
        path: PathBuf,
    },
    /// All inputs are payments.
    #[error("{} holds payments and no persons", of(path))]
    NoPersons {
        /// The first of them.
        path: PathBuf,
    },
    /// A line cannot be used.
    #[error("{}:{line}: {problem}", of(path))]
    Row {
        /// Which file.
        path: PathBuf,
        /// Which line of it; in a Parquet file, which row.
        line: u64,
        /// What is wrong with it.
        problem: RowProblem,
    },
    /// No column holds the row id.
    #[error("{}: there is no id column ({wanted}); the columns are {}{}", of(path), list(present), meant(alike.as_ref()))]
    NoIdColumn {
        /// Which file.
        path: PathBuf,
        /// What was looked for.
        wanted: String,
        /// What is there.
        present: Vec<String>,
        /// A column that differs only in how it is written, and what it should be called.
        alike: Option<(String, String)>,
    },
    /// A column of the model is there under a name that differs only in how it is written.
    #[error("{}: there is '{}': did you mean '{}'?", of(path), shown(found), shown(column))]
    OtherSpelling {
        /// Which file.
        path: PathBuf,
        /// What is there.
        found: String,
        /// What is wanted.
        column: String,
    },
    /// A wanted column is in none of the files.
    #[error("no input has a column '{column}'; the columns are {}", list(present))]
    NoColumn {
        /// Which one.
        column: String,
        /// What is there.
        present: Vec<String>,
    },
    /// Two rows have one id.
    #[error("{}:{} and {}:{} have the same id", of(&first.0), first.1, of(&second.0), second.1)]
    DuplicateId {
        /// File and line of the first of them; in a Parquet file, the row.
        first: (PathBuf, u64),
        /// The second.
        second: (PathBuf, u64),
    },
    /// The Parquet reader gave up.
    #[error("{}: cannot read it as Parquet", of(path))]
    Parquet {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A value of a Parquet column has no text form.
    #[error("{}: a value of the column '{}' ({data_type}) cannot be read", of(path), shown(column))]
    Column {
        /// Which file.
        path: PathBuf,
        /// Which column.
        column: String,
        /// Its type.
        data_type: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A wanted Parquet column has no text form.
    #[error(
        "{}: column '{}' is of type {data_type}, which is neither a plain value nor a list of plain values",
        of(path),
        shown(column)
    )]
    NotScalar {
        /// Which file.
        path: PathBuf,
        /// Which column.
        column: String,
        /// Its type.
        data_type: String,
    },
}

/// Text from outside for a message: control signs, and those that turn the direction of writing, are shown as escapes.
pub fn shown(text: &impl Display) -> String {
    crate::cli::terminal::printable(&text.to_string(), &[])
}

fn of(path: &Path) -> String {
    shown(&path.display())
}

/// Names of columns; `''` for one without a name.
fn list(names: &[String]) -> String {
    let name = |name: &String| if name.is_empty() { "''".to_owned() } else { shown(name) };
    names.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn meant(alike: Option<&(String, String)>) -> String {
    let sentence =
        |(found, wanted): &(String, String)| format!("; there is '{}': did you mean '{wanted}'?", shown(found));
    alike.map(sentence).unwrap_or_default()
}

impl InputError {
    /// No column is one of these.
    pub(super) fn no_id_column(path: &Path, wanted: &[&str], present: &[String]) -> Self {
        let alike = wanted.iter().find_map(|wanted| {
            let found = present.iter().find(|name| is_alike(name, wanted))?;
            Some((found.clone(), (*wanted).to_owned()))
        });
        Self::NoIdColumn { path: path.to_owned(), wanted: wanted.join(", "), present: present.to_vec(), alike }
    }

    /// What the caller can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Read { source, .. } => {
                let is = |kinds: &[ErrorKind]| kinds.contains(&source.kind());
                if is(&[ErrorKind::InvalidData, ErrorKind::InvalidInput]) {
                    return Some("the file is damaged, or its text is in another encoding: --encoding NAME");
                }
                is(&[ErrorKind::UnexpectedEof]).then_some("the file is not complete: fetch or pack it again")
            }
            Self::Directory { .. } => Some("give the files in it, as in folder/*.ndjson"),
            Self::Spreadsheet { .. } => Some("save the sheet as CSV (UTF-8), with identity numbers as text"),
            Self::UnknownFormat { .. } => Some("rename the file, or say what it is: --format csv, ndjson or parquet"),
            Self::Twice { .. } => Some("each file counts once"),
            Self::NoPersons { .. } => Some("give the feeds that describe persons, such as bank-rekening"),
            Self::Row { problem, .. } => Some(problem.hint()),
            Self::NoIdColumn { .. } => Some("name the column that identifies a row with --id COLUMN"),
            Self::OtherSpelling { .. } => Some("give the column the name that is wanted, letter by letter"),
            Self::NoColumn { .. } => {
                Some("check the column names in the model file, or choose another model with --model")
            }
            Self::DuplicateId { .. } => {
                Some("an id names one row; keep only the newest of the rows, or choose another column with --id")
            }
            Self::Parquet { .. } => {
                Some("the file is damaged, encrypted, or packed in an uncommon way: write it again")
            }
            Self::Column { .. } => Some("turn the column into text first"),
            Self::NotScalar { .. } => Some("turn structures into plain columns first"),
        }
    }
}

/// What is wrong with one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    /// Bytes that are not UTF-8.
    #[error("the line is not UTF-8 text")]
    NotUtf8,
    /// Not JSON.
    #[error("not JSON (character {column} of the line)")]
    NotJson {
        /// 1-based.
        column: usize,
    },
    /// JSON, but not an object.
    #[error("a line must be one JSON object")]
    NotAnObject,
    /// A text of JSON with half of a sign.
    #[error("a text holds half of a sign (\\ud800 to \\udfff)")]
    NotText,
    /// A value that is an object, in a column that is wanted.
    #[error("the value of '{}' is an object", shown(column))]
    Object {
        /// Which one.
        column: String,
    },
    /// A withdrawal that is neither true nor false.
    #[error("`hapus` must be true or false")]
    Hapus,
    /// A day that cannot be read, of a row that must be newer or older than another.
    #[error("`tgl_data` cannot be read, and it says which row of a record is the newest")]
    DayOfState,
    /// Two values for one column.
    #[error("column '{}' has two values", shown(column))]
    ColumnTwice {
        /// Which one.
        column: String,
    },
    /// Another number of cells than columns.
    #[error("{found} cells where the header has {expected}")]
    CellCount {
        /// Cells of the line.
        found: u64,
        /// Cells of the header.
        expected: u64,
    },
    /// A quotation mark without its other half.
    #[error("a quoted cell is not closed")]
    OpenQuote,
    /// A quoted cell that holds what looks like rows.
    #[error("a quoted cell makes one row of {lines} lines that look like rows of their own")]
    RowsInQuotes {
        /// How many.
        lines: u64,
    },
    /// Not CSV for another reason.
    #[error("not CSV")]
    NotCsv,
    /// The file has no first line.
    #[error("there is no header line")]
    NoHeader,
    /// The id is missing.
    #[error("the row has no id")]
    NoId,
    /// A row of a table of several feeds names none.
    #[error("the row has no feed")]
    NoFeed,
    /// A line that is too long to be a row.
    #[error("the line is longer than {limit} bytes")]
    LineTooLong {
        /// The limit.
        limit: usize,
    },
    /// More text than a column can hold.
    #[error("one column holds over 4 GiB of text in 65536 rows")]
    TooMuchText,
    /// More rows than there are numbers for.
    #[error("there are more than 2147483647 rows")]
    TooManyRows,
}

impl RowProblem {
    fn hint(&self) -> &'static str {
        match self {
            Self::NotUtf8 => "save the file as UTF-8, or name its encoding, as in --encoding windows-1252",
            Self::NotJson { .. } | Self::NotAnObject => {
                "NDJSON has one JSON object on each line, and no list around them"
            }
            Self::NotText => "write the sign itself, or both halves",
            Self::Object { .. } => "turn structures into plain values first",
            Self::Hapus => "write true where the sender withdraws the row, false or nothing where it stands",
            Self::DayOfState => "write tgl_data as YYYY-MM-DD",
            Self::ColumnTwice { .. } => "give each column one name and each row one value",
            Self::CellCount { .. } => "put cells that hold the separator between double quotes",
            Self::OpenQuote | Self::RowsInQuotes { .. } => {
                "close the quotation mark, or write it twice where it is part of a quoted cell"
            }
            Self::NotCsv | Self::NoHeader => "the first line of a CSV file names its columns",
            Self::NoId => "fill the id column in every row, or choose another column with --id",
            Self::NoFeed => "fill the column feed in every row",
            Self::LineTooLong { .. } => "check that the file has line ends",
            Self::TooMuchText | Self::TooManyRows => "split the input",
        }
    }
}

//! What can be wrong with an input file. Names file and line, never a value.

use std::path::PathBuf;

/// A file could not be read as a table.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The file could not be opened or read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The name does not end in a known format.
    #[error("{}: the name ends in none of .csv, .ndjson, .jsonl, .parquet", path.display())]
    UnknownFormat {
        /// Which file.
        path: PathBuf,
    },
    /// A line cannot be used.
    #[error("{}:{line}: {problem}", path.display())]
    Row {
        /// Which file.
        path: PathBuf,
        /// Which line of it; in a Parquet file, which row.
        line: u64,
        /// What is wrong with it.
        problem: RowProblem,
    },
    /// No column holds the row id.
    #[error("{}: there is no id column ({wanted}); the columns are {}", path.display(), present.join(", "))]
    NoIdColumn {
        /// Which file.
        path: PathBuf,
        /// What was looked for.
        wanted: String,
        /// What is there.
        present: Vec<String>,
    },
    /// A wanted column is in none of the files.
    #[error("no input has a column '{column}'; the columns are {}", present.join(", "))]
    NoColumn {
        /// Which one.
        column: String,
        /// What is there.
        present: Vec<String>,
    },
    /// Two rows have one id.
    #[error("row {} of {} and row {} of {} have the same id", first.1, first.0.display(), second.1, second.0.display())]
    DuplicateId {
        /// The first of them: file and number of the row in it, without header and withdrawn rows.
        first: (PathBuf, u64),
        /// The second.
        second: (PathBuf, u64),
    },
    /// The Parquet reader gave up.
    #[error("{}: cannot read it as Parquet", path.display())]
    Parquet {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A wanted Parquet column has no text form.
    #[error("{}: column '{column}' is of type {data_type}, which is no scalar", path.display())]
    NotScalar {
        /// Which file.
        path: PathBuf,
        /// Which column.
        column: String,
        /// Its type.
        data_type: String,
    },
}

impl InputError {
    /// What the caller can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Read { .. } => None,
            Self::UnknownFormat { .. } => Some("rename the file, or convert it to CSV, NDJSON or Parquet"),
            Self::Row { problem, .. } => Some(problem.hint()),
            Self::NoIdColumn { .. } => Some("name the column that identifies a row with --id COLUMN"),
            Self::NoColumn { .. } => {
                Some("check the column names in the model file, or choose another model with --model")
            }
            Self::DuplicateId { .. } => {
                Some("an id names one row; keep only the newest of the rows, or choose another column with --id")
            }
            Self::Parquet { .. } => Some("only uncompressed and Snappy Parquet files can be read"),
            Self::NotScalar { .. } => Some("turn lists and structures into plain columns first"),
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
    /// Two values for one column.
    #[error("column '{column}' has two values")]
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
    /// Not CSV for another reason.
    #[error("not CSV")]
    NotCsv,
    /// The file has no first line.
    #[error("there is no header line")]
    NoHeader,
    /// The id is missing.
    #[error("the row has no id")]
    NoId,
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
    #[error("there are more than 4294967295 rows")]
    TooManyRows,
}

impl RowProblem {
    fn hint(&self) -> &'static str {
        match self {
            Self::NotUtf8 => "save the file as UTF-8",
            Self::NotJson { .. } | Self::NotAnObject => "NDJSON has one JSON object on each line",
            Self::ColumnTwice { .. } => "give each column one name and each row one value",
            Self::CellCount { .. } => "put cells that hold the separator between double quotes",
            Self::NotCsv | Self::NoHeader => "the first line of a CSV file names its columns",
            Self::NoId => "fill the id column in every row, or choose another column with --id",
            Self::LineTooLong { .. } => "check that the file has line ends",
            Self::TooMuchText | Self::TooManyRows => "split the input",
        }
    }
}

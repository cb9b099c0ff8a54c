//! The files of an input: what their names say, and what was found in each.

use std::path::{Component, Path, PathBuf};

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use super::text::STDIN;
use super::{InputError, RowProblem};
use crate::cli::terminal::thousands;
use crate::domain::feed::Feed;
use crate::sheet::text::is_blank;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Cells between separators, with a header line.
    Csv,
    /// One JSON object on each line.
    Ndjson,
    /// Columns.
    Parquet,
}

/// One file of the input.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// The number of its first row.
    #[serde(skip)]
    pub first_row: usize,
    /// Rows taken from it.
    pub rows: usize,
    /// Records that the sender withdrew (`hapus`): left out.
    pub withdrawn: usize,
    /// Lines that a newer one about the same record replaced.
    pub replaced: usize,
    /// Rows of payments in a table of several feeds: they describe no person.
    pub payments: usize,
    /// Rows without any value.
    pub empty_rows: usize,
    /// Columns without a name that hold nothing.
    pub unnamed_empty: usize,
    /// Columns without a name that hold something, counted from 1: they are not read.
    pub unnamed_filled: Vec<usize>,
    /// It is a file of payments: nothing of it is read.
    pub holds_no_persons: bool,
    /// The feed it is named after.
    #[serde(skip)]
    pub feed: Option<Feed>,
    /// The column that the id was read from.
    #[serde(skip)]
    pub id_column: String,
    /// Whether its rows are states of records.
    #[serde(skip)]
    pub(super) has_states: bool,
    /// What stands before its ids, because another input has some of them, too.
    #[serde(rename = "ids_begin_with", skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl Source {
    pub(super) fn new(path: &Path, feed: Option<Feed>) -> Self {
        Self { path: path.to_owned(), feed, ..Self::default() }
    }

    /// The problem of one of its lines.
    pub(super) fn refused(&self, line: u64, problem: RowProblem) -> InputError {
        InputError::Row { path: self.path.clone(), line, problem }
    }

    /// What was passed over, in words.
    fn passed_over(&self) -> Vec<String> {
        if self.holds_no_persons {
            return vec!["holds payments and no persons: passed over".to_owned()];
        }
        let count = |number: usize, one: &str, more: &str| {
            (number > 0).then(|| format!("{} {}", thousands(number as u64), if number == 1 { one } else { more }))
        };
        let counted = [
            count(self.withdrawn, "record withdrawn (hapus)", "records withdrawn (hapus)"),
            count(
                self.replaced,
                "line replaced by a newer one of its record",
                "lines replaced by newer ones of their records",
            ),
            count(self.payments, "row of payments passed over", "rows of payments passed over"),
            count(self.empty_rows, "row without any value passed over", "rows without any value passed over"),
            count(
                self.unnamed_empty,
                "column without name and values passed over",
                "columns without name and values passed over",
            ),
        ];
        let unnamed =
            self.unnamed_filled.iter().map(|at| format!("column {at} has values and no name: it is not read"));
        counted.into_iter().flatten().chain(unnamed).collect()
    }
}

/// What has to be told about the inputs.
pub fn notes(sources: &[Source]) -> Vec<String> {
    let passed_over = sources.iter().filter_map(|source| {
        let said = source.passed_over();
        (!said.is_empty()).then(|| format!("{}: {}", super::shown(&source.path.display()), said.join("; ")))
    });
    let mut notes: Vec<String> = passed_over.collect();
    let mut labels = sources.iter().filter_map(|source| source.label.as_deref());
    if let (Some(one), Some(other)) = (labels.next(), labels.next()) {
        let (one, other) = (super::shown(&one), super::shown(&other));
        notes.push(format!(
            "several inputs use the same ids: these now begin with their input, as in '{one}|...' and '{other}|...'"
        ));
    }
    notes
}

/// What a file's name says.
pub(super) struct Name {
    /// Without endings, in small letters.
    stem: String,
    ending: String,
    /// The feed it is named after.
    pub(super) feed: Option<Feed>,
    /// Whether it says that the file is packed.
    pub(super) is_packed: bool,
}

impl Name {
    pub(super) fn of(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let packed = [".gz", ".zst", ".zstd"].iter().find_map(|ending| name.strip_suffix(ending));
        let (stem, ending) = packed.unwrap_or(&name).rsplit_once('.').unwrap_or((packed.unwrap_or(&name), ""));
        let feed = stem.parse().ok();
        Self { stem: stem.to_owned(), ending: ending.to_owned(), feed, is_packed: packed.is_some() }
    }
}

/// The format of a file by its name, or as it was told; `None` for standard input of which nothing was told.
pub(super) fn format(name: &Name, path: &Path, told: Option<Format>) -> Result<Option<Format>, InputError> {
    match name.ending.as_str() {
        "csv" | "tsv" | "tab" | "txt" => Ok(Some(Format::Csv)),
        "ndjson" | "jsonl" | "json" => Ok(Some(Format::Ndjson)),
        "parquet" | "pq" => Ok(Some(Format::Parquet)),
        _ if told.is_some() || path.as_os_str() == STDIN => Ok(told),
        _ if path.is_dir() => Err(InputError::Directory { path: path.to_owned() }),
        "xlsx" | "xls" | "xlsm" | "ods" => Err(InputError::Spreadsheet { path: path.to_owned() }),
        _ => Err(InputError::UnknownFormat { path: path.to_owned() }),
    }
}

/// Refuses a file that is given twice.
pub(super) fn each_once(paths: &[PathBuf]) -> Result<(), InputError> {
    let real: Vec<PathBuf> = paths.iter().map(|path| path.canonicalize().unwrap_or_else(|_| path.clone())).collect();
    match (1..paths.len()).find(|at| real[..*at].contains(&real[*at])) {
        Some(twice) => Err(InputError::Twice { path: paths[twice].clone() }),
        None => Ok(()),
    }
}

/// Gives the sources that need one a label: the shortest ends of their paths that tell them apart.
pub(super) fn label(sources: &mut [Source], needed: &[bool]) {
    let labels = |folders: usize, whole_name: bool| -> Vec<String> {
        let needing = sources.iter().zip(needed).filter(|(_, needed)| **needed);
        needing.map(|(source, _)| end_of_path(source, folders, whole_name)).collect()
    };
    let depth = sources.iter().map(|source| source.path.components().count()).max().unwrap_or_default();
    let tried = (0..=depth).flat_map(|folders| [(folders, false), (folders, true)]);
    // Folders tell more than an ending does.
    let mut tried: Vec<(usize, bool)> = tried.collect();
    tried.sort_by_key(|(_, whole_name)| *whole_name);
    let mut found = tried.into_iter().map(|(folders, whole_name)| labels(folders, whole_name));
    let apart = found.find(|labels| (1..labels.len()).all(|at| !labels[..at].contains(&labels[at])));
    let mut labels = apart.unwrap_or_default().into_iter();
    for (source, _) in sources.iter_mut().zip(needed).filter(|(_, needed)| **needed) {
        source.label = labels.next();
    }
}

/// `da/dinsos-anggota-keluarga`, or with a whole name `list.csv`. That of a feed always ends in the feed's name.
fn end_of_path(source: &Source, folders: usize, whole_name: bool) -> String {
    let name = source.path.file_name().unwrap_or_default().to_string_lossy();
    let name = match source.feed {
        Some(feed) if whole_name => format!("{name}/{}", feed.name()),
        Some(feed) => feed.name().to_owned(),
        None if source.path.as_os_str() == STDIN => "stdin".to_owned(),
        None if whole_name => name.into_owned(),
        None => {
            let stem = Name::of(&source.path).stem;
            // As it is written, not in small letters.
            name.get(..stem.len()).unwrap_or(&stem).to_owned()
        }
    };
    let parents = source.path.parent().into_iter().flat_map(Path::components);
    let parents: Vec<String> = parents
        .filter(|part| !matches!(part, Component::CurDir | Component::RootDir))
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    let from = parents.len().saturating_sub(folders);
    parents[from..].iter().cloned().chain([name]).collect::<Vec<_>>().join("/")
}

/// Whether two names differ only in how they are written: case, blanks, underscores and the like.
pub(super) fn is_alike(one: &str, other: &str) -> bool {
    let letters = |name: &str| -> String {
        let shows = |sign: &char| !is_blank(*sign) && !matches!(sign, '_' | '-' | '.' | '/' | '"' | '\'');
        name.nfkc().filter(shows).flat_map(char::to_lowercase).collect()
    };
    letters(one) == letters(other)
}

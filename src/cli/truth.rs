//! Truth files: which rows are known to be one entity.

use std::path::{Path, PathBuf};

use super::CliError;
use serde::Serialize;

use super::input::{
    IdWanted, InputError, InputOptions, InputTable, Meaning, ReadArgs, RowProblem, TextColumn, TextIndex, Wanted, shown,
};
use super::terminal::thousands;
use crate::tables::NO_ENTITY;

/// A file cannot be used as a truth.
#[derive(Debug, thiserror::Error)]
pub(super) enum TruthError {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error("{}: there is no column that names the true entity", path.display())]
    NoEntityColumn { path: PathBuf },
    #[error("{}: row {row} names no entity", path.display())]
    NoEntity { path: PathBuf, row: usize },
    #[error("{}: none of its ids is in {place}", shown(&path.display()))]
    NeverMeet { path: PathBuf, place: &'static str },
}

impl TruthError {
    /// What to do about it.
    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Input(InputError::NoIdColumn { .. }) => {
                Some("a truth has the column id, unique_id or rec_id, or feed and id_sumber")
            }
            Self::Input(error) => error.hint(),
            Self::NoEntityColumn { .. } => Some(
                "a truth has the columns id and cluster, or feed, id_sumber and person_id, or rec_id as FEBRL writes it",
            ),
            Self::NeverMeet { .. } => Some("ids are those of clusters.csv: of a feed they are FEED|id_sumber"),
            Self::NoEntity { .. } => Some("every row of a truth belongs to an entity, if only to its own"),
        }
    }
}

impl From<TruthError> for CliError {
    fn from(error: TruthError) -> Self {
        let hint = error.hint();
        Self::failed("reading the truth", error).hint(hint)
    }
}

/// Rows of the truth and a number for the entity of each.
pub(super) struct Truth {
    /// The rows, by id.
    pub(super) table: InputTable,
    /// The number of each row's entity.
    pub(super) labels: Vec<u32>,
}

impl Truth {
    /// Reads a truth in any of the forms of `padan evaluate --help`.
    pub(super) fn read(path: &Path, reading: &ReadArgs) -> Result<Self, TruthError> {
        let wanted = Wanted::Any(vec!["cluster".to_owned(), "person_id".to_owned()]);
        let options = reading.options(wanted);
        let options = InputOptions { id: IdWanted::Known, meaning: Meaning::Statements, ..options };
        let table = InputTable::read(&[path.to_owned()], &options)?;
        let named = table.column_index("cluster").or_else(|| table.column_index("person_id"));
        let is_febrl = table.sources().iter().any(|source| source.id_column == "rec_id");
        let missing = |row: usize| TruthError::NoEntity { path: path.to_owned(), row: row + 1 };
        let labels = match named {
            Some(column) => {
                let column = table.column(column);
                if let Some(row) = column.iter().position(|cell| cell.is_none()) {
                    return Err(missing(row));
                }
                labels(column)
            }
            None if is_febrl => {
                let mut entities = TextColumn::default();
                for (row, id) in table.ids().iter().enumerate() {
                    entities.push(id.and_then(febrl_entity).ok_or_else(|| missing(row))?).map_err(|_| {
                        InputError::Row {
                            path: path.to_owned(),
                            line: row as u64 + 1,
                            problem: RowProblem::TooMuchText,
                        }
                    })?;
                }
                labels(&entities)
            }
            None => return Err(TruthError::NoEntityColumn { path: path.to_owned() }),
        };
        Ok(Self { table, labels })
    }

    /// The entity of each row of a table, [`NO_ENTITY`] where the truth does not know the row, and how far the two meet. That
    /// they do not meet at all is an error: every figure would be one of nothing.
    pub(super) fn entities_of(&self, input: &InputTable) -> Result<(Vec<u32>, Meeting), TruthError> {
        let index = self.table.unique_ids()?;
        let entity = |row: usize| index.find(input.id(row)).map_or(NO_ENTITY, |at| self.labels[at as usize]);
        let entities: Vec<u32> = (0..input.len()).map(entity).collect();
        let met = entities.iter().filter(|entity| **entity != NO_ENTITY).count();
        let meeting = self.meeting(met, input.len());
        if met == 0 {
            return Err(self.never_meets("the input"));
        }
        Ok((entities, meeting))
    }

    /// How far the truth meets a table of so many rows.
    pub(super) fn meeting(&self, met: usize, rows: usize) -> Meeting {
        Meeting {
            rows_without_truth: rows.saturating_sub(met) as u64,
            truth_rows_not_found: (self.labels.len() - met) as u64,
        }
    }

    /// That no id of the truth stands in a place.
    pub(super) fn never_meets(&self, place: &'static str) -> TruthError {
        let path = self.table.sources().first().map(|source| source.path.clone()).unwrap_or_default();
        TruthError::NeverMeet { path, place }
    }
}

/// Rows that only one side knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Meeting {
    /// Rows of the table that the truth does not know.
    pub(super) rows_without_truth: u64,
    /// Rows of the truth that the table does not have.
    pub(super) truth_rows_not_found: u64,
}

impl Meeting {
    /// What has to be told.
    pub(super) fn sentences(&self) -> Vec<String> {
        let told = |count: u64, what: &str| (count > 0).then(|| format!("{} {what}", thousands(count)));
        let not_found = told(self.truth_rows_not_found, "rows of the truth are not in the input: they count nowhere");
        let unknown =
            told(self.rows_without_truth, "rows of the input are not in the truth: nothing is known about them");
        not_found.into_iter().chain(unknown).collect()
    }
}

/// A number for each row: equal where the text is equal.
pub(super) fn labels(column: &TextColumn) -> Vec<u32> {
    let mut index = TextIndex::new(column);
    (0..column.len()).map(|row| index.first(row)).collect()
}

/// `rec-17` of `rec-17-dup-0`.
fn febrl_entity(id: &str) -> Option<&str> {
    let (first, rest) = id.split_once('-')?;
    let second = rest.split('-').next().filter(|part| !part.is_empty())?;
    (!first.is_empty()).then(|| &id[..first.len() + 1 + second.len()])
}

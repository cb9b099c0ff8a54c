//! Truth files: which rows are known to be one entity.

use std::path::{Path, PathBuf};

use super::CliError;
use super::input::{InputError, InputOptions, InputTable, RowProblem, TextColumn, TextIndex, Wanted};
use crate::service::blocking::NO_ENTITY;

/// A file cannot be used as a truth.
#[derive(Debug, thiserror::Error)]
pub(super) enum TruthError {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error("{}: there is no column that names the true entity", path.display())]
    NoEntityColumn { path: PathBuf },
    #[error("{}: row {row} names no entity", path.display())]
    NoEntity { path: PathBuf, row: usize },
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
    pub(super) fn read(path: &Path) -> Result<Self, TruthError> {
        let wanted = Wanted::Any(vec!["cluster".to_owned(), "person_id".to_owned()]);
        let table = InputTable::read(&[path.to_owned()], &InputOptions { id: None, wanted })?;
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

    /// The entity of each row of a table, [`NO_ENTITY`] where the truth does not know the row.
    pub(super) fn entities_of(&self, input: &InputTable) -> Result<Vec<u32>, TruthError> {
        let index = self.table.unique_ids()?;
        let entity = |row: usize| index.find(input.id(row)).map_or(NO_ENTITY, |at| self.labels[at as usize]);
        Ok((0..input.len()).map(entity).collect())
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

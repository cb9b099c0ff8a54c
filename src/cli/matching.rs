//! What the commands that match tables have in common: the model, the input as the matcher reads it, and what is wrong
//! with either.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::CliError;
use super::input::{InputTable, ReadArgs, Wanted};
use super::terminal::Terminal;
use crate::tables::{TableError, TableModel, Tabular, Unread};

/// The match model of a command.
#[derive(Debug, clap::Args)]
pub(super) struct ModelArgs {
    /// Match model (TOML); the built-in Indonesian model without it.
    #[arg(long = "model", value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
}

/// A model file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}", path.display())]
struct UnreadableModel {
    path: PathBuf,
    #[source]
    source: std::io::Error,
}

impl ModelArgs {
    /// Reads the model, trained or not.
    pub(super) fn read(&self) -> Result<TableModel, CliError> {
        let text = self.file.as_ref().map(|path| {
            std::fs::read_to_string(path).map_err(|source| {
                let unreadable = UnreadableModel { path: path.clone(), source };
                CliError::wrong_call("reading the model", unreadable).hint(Some(ABOUT_MODELS))
            })
        });
        TableModel::parse(text.transpose()?).map_err(wrong_model)
    }

    /// Reads a model whose weights are known.
    pub(super) fn read_trained(&self) -> Result<TableModel, CliError> {
        self.read()?.trained().map_err(wrong_model)
    }
}

/// Where models are explained.
const ABOUT_MODELS: &str = "config/model/README.md explains every part";

/// The input with its columns found once.
pub(super) struct Cells<'a> {
    input: &'a InputTable,
    columns: BTreeMap<&'a str, usize>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(input: &'a InputTable) -> Self {
        let columns = input.columns().iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        Self { input, columns }
    }
}

impl Tabular for Cells<'_> {
    fn rows(&self) -> usize {
        self.input.len()
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.columns.get(name).copied()
    }

    fn cell(&self, row: usize, column: usize) -> Option<&str> {
        self.input.column(column).get(row)
    }
}

/// Reads what a model wants to know of the files, and says what was passed over.
pub(super) fn read_input(
    model: &TableModel,
    inputs: &[PathBuf],
    reading: &ReadArgs,
    terminal: Terminal,
) -> Result<InputTable, CliError> {
    let input = read_table(model, inputs, reading, terminal)?;
    input.notes().iter().for_each(|note| terminal.say(note));
    Ok(input)
}

/// The same; what was passed over is told with the result.
pub(super) fn read_table(
    model: &TableModel,
    inputs: &[PathBuf],
    reading: &ReadArgs,
    terminal: Terminal,
) -> Result<InputTable, CliError> {
    let options = reading.options(Wanted::Any(model.fields()));
    let input = InputTable::read(inputs, &options).map_err(|error| {
        let hint = error.hint();
        CliError::failed("reading the input", error).hint(hint)
    })?;
    check_columns(model, &input, terminal)?;
    Ok(input)
}

/// A model that cannot be used.
fn wrong_model(error: TableError) -> CliError {
    let hint = match &error {
        TableError::Untrained { .. } => "add --train, or train it once with `padan train`".to_owned(),
        TableError::Plan(error) => error.hint(),
        TableError::Column(_)
        | TableError::Train(_)
        | TableError::AsOf { .. }
        | TableError::Unreadable { .. }
        | TableError::Rows(_) => ABOUT_MODELS.to_owned(),
    };
    CliError::wrong_call("reading the model", error).hint(Some(hint))
}

/// Where a value stands that refuses the run.
#[derive(Debug, thiserror::Error)]
#[error("{}: line {line}, id '{id}'", path.display())]
struct RefusedRow {
    path: PathBuf,
    line: u64,
    id: String,
    #[source]
    error: TableError,
}

/// Rows of an input that could not be read, trained on or matched.
pub(super) fn failed_on(input: &InputTable, error: TableError) -> CliError {
    match error {
        TableError::AsOf { row, .. } => {
            let (path, line) = input.place(row);
            let refused = RefusedRow { path, line, id: input.id(row).to_owned(), error };
            let hint = "write tgl_data as YYYY-MM-DD; what a number says depends on the day";
            CliError::failed("reading the input", refused).hint(Some(hint))
        }
        TableError::Unreadable { .. } => {
            let hint = "set `format` in the column of the model, mend the file, or raise `max_unreadable`";
            CliError::failed("reading the input", error).hint(Some(hint))
        }
        TableError::Plan(_)
        | TableError::Column(_)
        | TableError::Untrained { .. }
        | TableError::Train(_)
        | TableError::Rows(_) => failed(error),
    }
}

/// Rows that could not be trained on or matched.
pub(super) fn failed(error: TableError) -> CliError {
    if let TableError::Train(error) = error {
        let hint = error.hint();
        return CliError::failed("training the model", error).hint(Some(hint));
    }
    CliError::failed("matching", error)
}

/// A line for each column with values that could not be read.
pub(super) fn unread_text(unread: &[Unread]) -> String {
    let lines: Vec<String> = unread.iter().map(|unread| format!("not read: {}\n", unread.sentence())).collect();
    lines.concat()
}

/// The model reads nothing of what the input holds.
#[derive(Debug, thiserror::Error)]
#[error("the model '{model}' reads none of the input's columns")]
struct NothingToCompare {
    model: String,
}

/// Says which columns the model misses, and refuses input of which it reads nothing: "no duplicates" would be wrong.
fn check_columns(model: &TableModel, input: &InputTable, terminal: Terminal) -> Result<(), CliError> {
    let mut missing = model.fields();
    // Only the day a row is of; without it the present day stands in.
    missing.retain(|field| field != "tgl_data");
    let read = missing.len();
    missing.retain(|field| input.column_index(field).is_none());
    let names = missing.join(", ");
    if missing.len() == read && !input.is_empty() {
        let nothing = NothingToCompare { model: model.name() };
        let hint = format!("it reads {names}; choose another model with --model, or rename the columns");
        return Err(CliError::wrong_call("reading the input", nothing).hint(Some(hint)));
    }
    if !missing.is_empty() && !input.is_empty() {
        terminal.say(&format!("no input has these columns of the model; they count as missing: {names}"));
    }
    let is_empty = |field: &&String| {
        input.column_index(field).is_some_and(|column| input.column(column).iter().all(|cell| cell.is_none()))
    };
    let fields = model.fields();
    let empty: Vec<&str> = fields.iter().filter(is_empty).map(String::as_str).collect();
    if !empty.is_empty() && !input.is_empty() {
        terminal.say(&format!("these columns are there and empty in every row: {}", empty.join(", ")));
    }
    Ok(())
}

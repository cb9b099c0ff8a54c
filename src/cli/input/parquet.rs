//! Parquet: wanted columns only, every value as text.

use std::path::Path;
use std::sync::mpsc;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use ::parquet::file::reader::ChunkReader;
use arrow_array::{RecordBatch, StringArray};

use super::parquet_text::{Cells, as_text, has_text};
use super::{Builder, IdRule, InputError, RowProblem, Wanted};
use crate::cli::input::state::StateColumns;
use crate::sheet::text::trimmed;

const BATCH_ROWS: usize = 16_384;
/// Batches that may wait to be taken over.
const BATCHES_AHEAD: usize = 4;

/// Reads a Parquet file into the table.
pub(super) fn read(builder: &mut Builder<'_>, path: &Path, file: impl ChunkReader + 'static) -> Result<(), InputError> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| refusal(path, error))?;
    let schema = reader.schema().clone();
    let header: Vec<String> = schema.fields().iter().map(|field| trimmed(field.name()).to_owned()).collect();
    let id = builder.id_rule(path, &header)?;
    let state = builder.state_columns(id, &header);
    let mut needed = match id {
        IdRule::Number => Vec::new(),
        IdRule::Column(column) | IdRule::Feed(_, column) => vec![column],
        IdRule::FeedColumns(feed, column) => vec![feed, column],
    };
    needed.extend(state.iter().flat_map(StateColumns::columns));

    let mut plan = Plan { id, state, feed: None, projected: Vec::new(), targets: Vec::new() };
    for (at, field) in schema.fields().iter().enumerate() {
        let has_text = has_text(field.data_type());
        let is_asked_for = has_text || !matches!(builder.options.wanted, Wanted::All);
        let is_told = header[at] == "feed" && matches!(id, IdRule::Feed(..));
        let is_asked_for = is_asked_for && !is_told && !header[at].is_empty();
        let target = if is_asked_for { builder.column_for(&header[at]) } else { None };
        let is_needed = target.is_some() || needed.contains(&at);
        if is_needed && !has_text {
            let data_type = field.data_type().to_string();
            return Err(InputError::NotScalar { path: path.to_owned(), column: header[at].clone(), data_type });
        }
        if is_needed {
            plan.projected.push(at);
            plan.targets.push(target);
        }
    }
    plan.feed = builder.feed_column();

    let mask = ProjectionMask::roots(reader.parquet_schema(), plan.projected.iter().copied());
    let batches = reader.with_projection(mask).with_batch_size(BATCH_ROWS).build();
    let batches = batches.map_err(|error| refusal(path, error))?;
    // One thread unpacks while the other takes over what is unpacked.
    let (sender, receiver) = mpsc::sync_channel(BATCHES_AHEAD);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for batch in batches {
                let texts = batch.map_err(|error| refusal(path, error)).and_then(|batch| as_texts(path, &batch));
                // Nobody takes more once a batch was refused.
                if sender.send(texts).is_err() {
                    break;
                }
            }
        });
        let mut first_row = 1;
        for batch in receiver {
            let (rows, texts) = batch?;
            for row in 0..rows {
                let line = first_row + row as u64;
                let taken = plan.take(builder, &texts, row, line);
                taken.map_err(|problem| InputError::Row { path: path.to_owned(), line, problem })?;
            }
            first_row += rows as u64;
        }
        Ok(())
    })
}

/// The columns of a batch as text, and its number of rows.
fn as_texts(path: &Path, batch: &RecordBatch) -> Result<(usize, Vec<StringArray>), InputError> {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns());
    let texts = columns.map(|(field, column)| {
        let failed = |source| InputError::Column {
            path: path.to_owned(),
            column: field.name().clone(),
            data_type: field.data_type().to_string(),
            source: Box::new(source),
        };
        as_text(column).map_err(failed)
    });
    Ok((batch.num_rows(), texts.collect::<Result<_, _>>()?))
}

/// Which column of the file goes where.
struct Plan {
    id: IdRule,
    state: Option<StateColumns>,
    feed: Option<(usize, &'static str)>,
    /// Columns of the file that are read, ascending.
    projected: Vec<usize>,
    /// For each of those, its column in the table.
    targets: Vec<Option<usize>>,
}

impl Plan {
    /// Takes a row of a batch over.
    fn take(&self, builder: &mut Builder<'_>, texts: &[StringArray], row: usize, line: u64) -> Result<(), RowProblem> {
        let text = |column: usize| {
            let at = self.projected.binary_search(&column).expect("columns that are needed are projected");
            texts[at].cell(row)
        };
        let id = match self.id {
            IdRule::Number => None,
            IdRule::Column(column) => Some(["", text(column)]),
            IdRule::Feed(name, column) => Some([name, text(column)]),
            IdRule::FeedColumns(name, _) if builder.pass_payment(text(name)) => return Ok(()),
            IdRule::FeedColumns(name, _) if text(name).is_empty() => return Err(RowProblem::NoFeed),
            IdRule::FeedColumns(name, column) => Some([text(name), text(column)]),
        };
        if let (Some(state), Some(id)) = (&self.state, id) {
            let is_withdrawn = state.withdrawn(|column| Ok::<_, RowProblem>(text(column)))??;
            if is_withdrawn {
                return builder.withdraw(id, state.day.map_or("", text), line);
            }
        }
        for (target, column) in self.targets.iter().zip(texts) {
            if let Some(target) = target {
                builder.set(*target, column.cell(row))?;
            }
        }
        if let Some((column, name)) = self.feed {
            builder.set(column, name)?;
        }
        builder.end_row(id, line)
    }
}

fn refusal(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> InputError {
    InputError::Parquet { path: path.to_owned(), source: Box::new(error) }
}

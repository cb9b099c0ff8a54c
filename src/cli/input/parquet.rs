//! Parquet: wanted columns only, every scalar cast to text.

use std::fs::File;
use std::path::Path;
use std::sync::mpsc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow::compute::{can_cast_types, cast};
use arrow::datatypes::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{Builder, IdRule, InputError, RowProblem, Wanted};

const BATCH_ROWS: usize = 16_384;
/// Batches that may wait to be taken over.
const BATCHES_AHEAD: usize = 4;
/// What a day without a time looks like after the cast from a timestamp.
const MIDNIGHT: &str = "T00:00:00";

/// Reads a Parquet file into the table.
pub(super) fn read(builder: &mut Builder<'_>, path: &Path) -> Result<(), InputError> {
    let file = File::open(path).map_err(|source| InputError::Read { path: path.to_owned(), source })?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| refusal(path, error))?;
    let schema = reader.schema().clone();
    let header: Vec<String> = schema.fields().iter().map(|field| field.name().trim().to_owned()).collect();
    let id = builder.id_rule(path, &header)?;
    let id_columns = match id {
        IdRule::Column(column) | IdRule::Feed(_, column) => vec![column],
        IdRule::FeedColumns(feed, column) => vec![feed, column],
    };

    let mut plan = Plan { id, feed: None, projected: Vec::new(), targets: Vec::new() };
    for (at, field) in schema.fields().iter().enumerate() {
        let is_scalar = !field.data_type().is_nested() && can_cast_types(field.data_type(), &DataType::Utf8);
        let target = if is_scalar || !matches!(builder.options.wanted, Wanted::All) {
            builder.column_for(&header[at])
        } else {
            None
        };
        let needed = target.is_some() || id_columns.contains(&at);
        if needed && !is_scalar {
            let data_type = field.data_type().to_string();
            return Err(InputError::NotScalar { path: path.to_owned(), column: header[at].clone(), data_type });
        }
        if needed {
            plan.projected.push(at);
            plan.targets.push(target);
        }
    }
    if !header.iter().any(|name| name == "feed") {
        plan.feed = builder.feed_column();
    }

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
        for texts in receiver {
            first_row += plan.take(builder, path, &texts?, first_row)?;
        }
        Ok(())
    })
}

/// The columns of a batch as text.
fn as_texts(path: &Path, batch: &RecordBatch) -> Result<Vec<StringArray>, InputError> {
    batch.columns().iter().map(|column| as_text(path, column)).collect()
}

/// Which column of the file goes where.
struct Plan {
    id: IdRule,
    feed: Option<(usize, &'static str)>,
    /// Columns of the file that are read, ascending.
    projected: Vec<usize>,
    /// For each of those, its column in the table.
    targets: Vec<Option<usize>>,
}

impl Plan {
    /// Takes the rows of a batch over; answers how many they were.
    fn take(
        &self,
        builder: &mut Builder<'_>,
        path: &Path,
        texts: &[StringArray],
        first: u64,
    ) -> Result<u64, InputError> {
        let rows = texts.first().map_or(0, StringArray::len);
        let text = |column: usize, row: usize| {
            let at = self.projected.binary_search(&column).expect("id columns are projected");
            cell(&texts[at], row)
        };
        for row in 0..rows {
            let taken = self.cells(builder, texts, row).and_then(|()| match self.id {
                IdRule::Column(column) => builder.end_row(&[text(column, row)]),
                IdRule::Feed(name, column) => builder.end_row(&[name, "|", text(column, row)]),
                IdRule::FeedColumns(name, column) => builder.end_row(&[text(name, row), "|", text(column, row)]),
            });
            let line = first + row as u64;
            taken.map_err(|problem| InputError::Row { path: path.to_owned(), line, problem })?;
        }
        Ok(rows as u64)
    }

    fn cells(&self, builder: &mut Builder<'_>, texts: &[StringArray], row: usize) -> Result<(), RowProblem> {
        for (target, column) in self.targets.iter().zip(texts) {
            if let Some(target) = target {
                builder.set(*target, cell(column, row))?;
            }
        }
        self.feed.map_or(Ok(()), |(column, name)| builder.set(column, name))
    }
}

fn as_text(path: &Path, column: &ArrayRef) -> Result<StringArray, InputError> {
    let text = cast(column, &DataType::Utf8).map_err(|error| refusal(path, error))?;
    let text = text.as_any().downcast_ref::<StringArray>().expect("a cast to Utf8 gives a StringArray");
    Ok(text.clone())
}

fn cell(column: &StringArray, row: usize) -> &str {
    if column.is_null(row) {
        return "";
    }
    let text = column.value(row).trim();
    text.strip_suffix(MIDNIGHT).filter(|day| day.len() == 10).unwrap_or(text)
}

fn refusal(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> InputError {
    InputError::Parquet { path: path.to_owned(), source: Box::new(error) }
}

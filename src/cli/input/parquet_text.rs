//! Values of Parquet as text: a day without a time is a date, a whole number has no point, a list is `a;b`.

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float16Type, Float32Type, Float64Type};
use arrow_array::{
    Array, ArrayRef, Float16Array, Float32Array, Float64Array, GenericListArray, OffsetSizeTrait, PrimitiveArray,
    StringArray,
};
use arrow_cast::{CastOptions, can_cast_types, cast_with_options};
use arrow_schema::ArrowError;
use arrow_schema::DataType;

use super::number;
use crate::sheet::text::trimmed;

/// How a day without a time goes on where a time may stand.
const MIDNIGHT: &str = "T00:00:00";

/// A value that does not fit is an error and not a missing one.
const STRICT: CastOptions<'static> =
    CastOptions { safe: false, format_options: arrow_cast::display::FormatOptions::new() };

/// Whether values of a type have a form as text.
pub(super) fn has_text(data_type: &DataType) -> bool {
    match item(data_type) {
        Some(item) => has_text(item),
        None => !data_type.is_nested() && can_cast_types(data_type, &DataType::Utf8),
    }
}

/// The type of a list's items, of a dictionary's values and of runs.
fn item(data_type: &DataType) -> Option<&DataType> {
    if let DataType::List(field)
    | DataType::LargeList(field)
    | DataType::ListView(field)
    | DataType::LargeListView(field)
    | DataType::FixedSizeList(field, _)
    | DataType::RunEndEncoded(_, field) = data_type
    {
        return Some(field.data_type());
    }
    if let DataType::Dictionary(_, values) = data_type { Some(values) } else { None }
}

/// A column as text.
pub(super) fn as_text(column: &ArrayRef) -> Result<StringArray, ArrowError> {
    let data_type = column.data_type();
    if let DataType::List(_) = data_type {
        return joined(column.as_list::<i32>());
    }
    if let DataType::LargeList(_) = data_type {
        return joined(column.as_list::<i64>());
    }
    if let DataType::FixedSizeList(field, _) | DataType::ListView(field) | DataType::LargeListView(field) = data_type {
        let list = DataType::LargeList(field.clone());
        return joined(cast_with_options(column, &list, &STRICT)?.as_list::<i64>());
    }
    if let DataType::Dictionary(_, _) | DataType::RunEndEncoded(_, _) = data_type
        && let Some(values) = item(data_type)
    {
        return as_text(&cast_with_options(column, values, &STRICT)?);
    }
    if let Some(numbers) = column.as_any().downcast_ref::<Float64Array>() {
        return Ok(numbers_as_text::<Float64Type>(numbers, number::push_double));
    }
    if let Some(numbers) = column.as_any().downcast_ref::<Float32Array>() {
        return Ok(numbers_as_text::<Float32Type>(numbers, number::push_single));
    }
    if let Some(numbers) = column.as_any().downcast_ref::<Float16Array>() {
        return Ok(numbers_as_text::<Float16Type>(numbers, |out, half| number::push_half(out, half.to_f32())));
    }
    let text = cast_with_options(column, &DataType::Utf8, &STRICT)?;
    let text = text.as_string::<i32>();
    let is_decimal = data_type.is_decimal();
    let has_time = matches!(data_type, DataType::Timestamp(..) | DataType::Date64);
    if is_decimal || has_time {
        let short = if is_decimal { number::of_decimal } else { without_midnight };
        return Ok(text.iter().map(|cell| cell.map(short)).collect());
    }
    Ok(text.clone())
}

/// Each list as its items between semicolons; empty ones are left out.
fn joined<O: OffsetSizeTrait>(lists: &GenericListArray<O>) -> Result<StringArray, ArrowError> {
    let items = as_text(lists.values())?;
    let mut out = StringBuilder::new();
    let mut cell = String::new();
    for (row, ends) in lists.offsets().windows(2).enumerate() {
        cell.clear();
        if lists.is_valid(row) {
            let items = (ends[0].as_usize()..ends[1].as_usize()).map(|at| items.cell(at));
            for item in items.filter(|item| !item.is_empty()) {
                if !cell.is_empty() {
                    cell.push(';');
                }
                cell.push_str(item);
            }
        }
        out.append_value(&cell);
    }
    Ok(out.finish())
}

fn numbers_as_text<T: ArrowPrimitiveType>(
    numbers: &PrimitiveArray<T>,
    push: impl Fn(&mut String, T::Native),
) -> StringArray {
    let mut out = StringBuilder::new();
    let mut cell = String::new();
    for number in numbers {
        cell.clear();
        if let Some(number) = number {
            push(&mut cell, number);
        }
        out.append_value(&cell);
    }
    out.finish()
}

/// The day of a time that is midnight in its own zone; any other time as it is.
fn without_midnight(text: &str) -> &str {
    let Some(zone) = text.get(10..).and_then(|time| time.strip_prefix(MIDNIGHT)) else { return text };
    let is_zone = zone.is_empty() || zone == "Z" || zone.starts_with(['+', '-']);
    if is_zone { &text[..10] } else { text }
}

/// Cells of a column.
pub(super) trait Cells {
    /// A cell without the blanks around it; empty when it is missing.
    fn cell(&self, row: usize) -> &str;
}

impl Cells for StringArray {
    fn cell(&self, row: usize) -> &str {
        if self.is_null(row) { "" } else { trimmed(self.value(row)) }
    }
}

//! Any values in a Parquet file: they are read or refused, and a number that is read as digits is that number.

#![no_main]

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use libfuzzer_sys::fuzz_target;
use padan::cli::input::{IdWanted, InputOptions, InputTable};
use parquet::arrow::ArrowWriter;

const ZONES: [&str; 5] = ["UTC", "Asia/Jakarta", "Asia/Jayapura", "+07:00", "-05:30"];

fuzz_target!(|cells: Vec<(f64, i64, String)>| {
    let zone = ZONES[cells.len() % ZONES.len()];
    let numbers: ArrayRef = Arc::new(Float64Array::from_iter_values(cells.iter().map(|cell| cell.0)));
    let times = TimestampMicrosecondArray::from_iter_values(cells.iter().map(|cell| cell.1)).with_timezone(zone);
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(cells.iter().map(|cell| &cell.2)));
    let columns: [(&str, ArrayRef); 3] = [("number", numbers), ("time", Arc::new(times)), ("text", texts)];
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let path = std::env::temp_dir().join(format!("padan-fuzz-{}.parquet", std::process::id()));
    let file = std::fs::File::create(&path).expect("a place for the file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("a batch");
    writer.close().expect("a footer");
    let options = InputOptions { id: IdWanted::None, ..InputOptions::default() };
    let Ok(table) = InputTable::read(&[path], &options) else { return };
    let column = table.column_index("number").map(|at| table.column(at));
    for (row, (number, ..)) in cells.iter().enumerate() {
        let text = column.and_then(|cells| cells.get(row)).unwrap_or_default();
        match text.parse::<i64>() {
            Ok(read) => assert_eq!(read as f64, *number),
            Err(_) => assert!(text.is_empty() || text.contains(['.', 'E'])),
        }
    }
});

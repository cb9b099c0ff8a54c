//! What a reader of tables must hold for any bytes. The property tests of the library and the fuzzer call the same code.

use std::path::Path;

use super::{IdWanted, InputOptions, InputTable};

/// Reads bytes as a file of this name, rows numbered; what is refused is told in words.
fn read(dir: &Path, name: &str, bytes: &[u8]) -> Result<InputTable, String> {
    let path = dir.join(name);
    std::fs::write(&path, bytes).expect("a place for the file");
    let options = InputOptions { id: IdWanted::None, ..InputOptions::default() };
    InputTable::read(&[path], &options).map_err(|error| error.to_string())
}

/// All cells, row by row.
fn cells(table: &InputTable) -> Vec<Vec<Option<&str>>> {
    let columns = 0..table.columns().len();
    (0..table.len()).map(|row| columns.clone().map(|at| table.column(at).get(row)).collect()).collect()
}

/// What was read, written with every cell in quotes, is read as the same.
pub(super) fn check_csv(dir: &Path, bytes: &[u8]) {
    let Ok(table) = read(dir, "any.csv", bytes) else { return };
    let told = table.sources()[0].clone();
    if table.columns().is_empty() || !told.unnamed_filled.is_empty() {
        return;
    }
    let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
    let line = |cells: Vec<String>| cells.join(",") + "\r\n";
    let mut text = String::from("sep=,\r\n");
    text += &line(table.columns().iter().map(|name| quoted(name)).collect());
    for row in cells(&table) {
        text += &line(row.into_iter().map(|cell| quoted(cell.unwrap_or_default())).collect());
    }
    match read(dir, "quoted.csv", text.as_bytes()) {
        Ok(again) => {
            assert_eq!(table.columns(), again.columns());
            assert_eq!(cells(&table), cells(&again));
        }
        // With another separator the lines of a cell may look like rows.
        Err(error) => assert!(error.contains("look like rows"), "{error}"),
    }
}

/// Texts and truth values are those that `serde_json` finds.
pub(super) fn check_ndjson(dir: &Path, bytes: &[u8]) {
    let Ok(table) = read(dir, "any.ndjson", bytes) else { return };
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let lines = text.split('\n').map(|line| line.trim_start_matches('\u{feff}').trim()).filter(|line| !line.is_empty());
    for (row, line) in lines.enumerate() {
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).expect("it was read");
        for (name, value) in object {
            let cell = table.column_index(&name).and_then(|at| table.column(at).get(row)).unwrap_or_default();
            match value {
                serde_json::Value::String(text) => assert!(text.contains(cell), "{cell:?} of {text:?}"),
                serde_json::Value::Bool(truth) => assert_eq!(cell, truth.to_string()),
                serde_json::Value::Null | serde_json::Value::Object(_) => assert_eq!(cell, ""),
                serde_json::Value::Number(number) if number.is_f64() => assert!(!cell.is_empty()),
                serde_json::Value::Number(number) => assert_eq!(cell, number.to_string()),
                serde_json::Value::Array(_) => {}
            }
        }
    }
}

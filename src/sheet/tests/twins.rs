//! What a reader of files must hold for any bytes. The tests of the library and the fuzzer call the same code.

use std::ops::ControlFlow;

use super::{SheetLimits, open};

/// Limits that a fuzzer reaches.
fn limits() -> SheetLimits {
    SheetLimits { unpacked_bytes: 4 << 20, workbook_bytes: 1 << 20, shared_strings: 1_000, ..SheetLimits::default() }
}

/// Bytes are read or refused, with a sentence in both languages; rows keep within the limits and go forward; a second reading
/// finds the same.
pub(super) fn check(name: &str, bytes: &[u8]) {
    let limits = limits();
    let mut opened = match open(name, bytes.to_vec().into(), &limits) {
        Ok(opened) => opened,
        Err(error) => {
            assert!(!error.to_string().is_empty() && !error.pesan().is_empty() && !error.code().is_empty());
            return;
        }
    };
    for table in 0..opened.tables().len() {
        let mut read = || {
            let (mut last, mut rows) = (0, Vec::new());
            let outcome = opened.rows(table, |row| {
                assert!(row.number > last, "rows go forward");
                assert!(row.cells.len() <= limits.columns);
                last = row.number;
                rows.push(row);
                ControlFlow::Continue(())
            });
            (outcome, rows)
        };
        let (first, second) = (read(), read());
        assert_eq!(first, second);
        if let Ok(told) = first.0 {
            assert_eq!(told.rows, first.1.len() as u64);
        }
        let _ = opened.heading_row(table);
    }
}

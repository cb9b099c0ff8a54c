//! A row of a table as the text that is sent, or why it cannot be.

use serde::Deserialize;

use super::marking::text_of;
use crate::domain::batch::{ReceiptLine, RowError, RowOutcome};
use crate::feed::ErrorCode;
use crate::feed::cell::{Cell, TableRow};
use crate::feed::mapping::{Mapper, Shown};
use crate::sheet::EXAMPLE_ID;

/// What makes rows of a feed of the rows of one table.
pub(super) struct RowReader {
    pub(super) mapper: Mapper,
    /// Cells that a row of a text file may have: one with more has a separator inside a value, and all behind it stands one
    /// column too far.
    pub(super) width: Option<usize>,
}

impl RowReader {
    /// The row as one JSON object; `None` where nothing stands in it.
    pub(super) fn row(&self, row: &TableRow) -> Result<Option<String>, ReceiptLine> {
        let text = self.mapper.row(row)?;
        let behind = self.width.and_then(|width| row.cells.get(width..)).unwrap_or_default();
        if behind.iter().any(|cell| !cell.is_empty()) {
            return Err(refused(row.number, too_many_cells()));
        }
        match text {
            Some(text) if is_example(&text) => Err(refused(row.number, example())),
            text => Ok(text),
        }
    }

    /// The row as it is understood.
    pub(super) fn shown(&self, row: &TableRow) -> Vec<Shown> {
        self.mapper.shown(row)
    }
}

/// Some of what stands in a column of these rows, each once.
pub(super) fn samples(rows: &[TableRow], column: usize, most: usize) -> Vec<String> {
    let mut samples: Vec<String> = Vec::new();
    let cells = rows.iter().filter_map(|row| row.cells.get(column)).filter(|cell| !Cell::is_empty(cell));
    for text in cells.map(text_of) {
        if !samples.contains(&text) {
            samples.push(text);
        }
        if samples.len() == most {
            break;
        }
    }
    samples
}

/// Whether a row is that of a template that shows how it is filled in.
fn is_example(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Key<'t> {
        id_sumber: std::borrow::Cow<'t, str>,
    }
    text.contains(EXAMPLE_ID) && serde_json::from_str::<Key<'_>>(text).is_ok_and(|row| row.id_sumber == EXAMPLE_ID)
}

fn example() -> RowError {
    RowError {
        pointer: "/id_sumber".to_owned(),
        code: ErrorCode::ExampleRow.code().to_owned(),
        pesan: "Ini baris contoh dari templat; hapus baris ini".to_owned(),
        message: "this is the example of the template; delete the row".to_owned(),
    }
}

fn too_many_cells() -> RowError {
    RowError {
        pointer: String::new(),
        code: ErrorCode::TooManyCells.code().to_owned(),
        pesan: "Baris ini punya lebih banyak kolom daripada judulnya: ada tanda pemisah di dalam isi. Beri tanda kutip pada \
                isi itu, atau simpan sebagai XLSX"
            .to_owned(),
        message: "the row has more columns than headings: a separator stands inside a value. Put that value in quotes, or \
                  save the list as XLSX"
            .to_owned(),
    }
}

fn refused(number: u64, reason: RowError) -> ReceiptLine {
    ReceiptLine {
        baris: number,
        id_sumber: None,
        hasil: RowOutcome::Ditolak,
        tanpa_perubahan: false,
        berlaku: None,
        tanda: Vec::new(),
        kesalahan: vec![reason],
    }
}

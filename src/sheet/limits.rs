//! How much of a file is read before it is refused.

use serde::{Deserialize, Serialize};

/// Limits of one file that somebody sends. Part of the configuration; unknown keys are errors.
///
/// Memory beside the bytes of the file stays below about `workbook_bytes + shared_bytes + shared_strings * 56 + 2 * row_bytes`
/// and some buffers: `workbook_bytes` only for a workbook that is itself packed, the next two only for a workbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SheetLimits {
    /// Bytes that come out of a packed file, all parts together. Default 2 GiB.
    pub unpacked_bytes: u64,
    /// So many times its own size may come out of a packed part, from 16 MiB on. Default 250.
    pub ratio: u64,
    /// Parts of a ZIP file or workbook. Default 4,096.
    pub members: usize,
    /// Bytes of a workbook that lies in a gzip or ZIP file: it is held in memory. Default 16 MiB.
    pub workbook_bytes: u64,
    /// Sheets of a workbook. Default 256.
    pub sheets: usize,
    /// Columns of a table. Default 1,024.
    pub columns: usize,
    /// Rows of a table that hold anything. Default 5,000,000.
    pub rows: u64,
    /// Bytes of one cell as text. Excel has 32,767 letters. Default 128 KiB.
    pub cell_bytes: usize,
    /// Bytes of one row as text. Default 1 MiB.
    pub row_bytes: usize,
    /// Distinct texts of a workbook. Default 400,000.
    pub shared_strings: usize,
    /// Bytes of the part that holds them, unpacked. Default 20 MiB.
    pub shared_bytes: u64,
}

impl Default for SheetLimits {
    fn default() -> Self {
        Self {
            unpacked_bytes: 2 << 30,
            ratio: 250,
            members: 4_096,
            workbook_bytes: 16 << 20,
            sheets: 256,
            columns: 1_024,
            rows: 5_000_000,
            cell_bytes: 128 << 10,
            row_bytes: 1 << 20,
            shared_strings: 400_000,
            shared_bytes: 20 << 20,
        }
    }
}

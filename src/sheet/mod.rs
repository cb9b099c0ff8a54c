//! Files of tables in, workbooks out: what operators have, and what they get back.
//!
//! *In*: [`open()`] sees what a file is from its bytes (XLSX, text with separators, NDJSON; packed by gzip or ZIP), holds it
//! against [`SheetLimits`] before anybody believes what it says, and lists its tables; rows come one at a time. What is no
//! list is refused with a sentence that says what to do. *Out*: [`template()`] makes the workbook that a feed is filled in with,
//! [`marked()`] one of rows whose bad cells are coloured and explained, to be corrected and sent again.
//!
//! Cells come as they are. Which column is which field, and what a value means, is not known here. Nothing is written to a
//! disk, and no error holds a value.

mod building;
mod calendar;
mod delimited;
mod error;
mod fields;
pub(crate) mod guard;
mod guide;
mod heading;
mod kind;
mod limits;
mod marked;
mod open;
mod packed;
pub(crate) mod records;
mod survey;
mod table;
mod template;
pub(crate) mod text;
pub(crate) mod tidy;
mod workbook;
mod xml;

pub use delimited::TextForm;
pub use error::{Foreign, Limit, SheetError};
pub use guide::GUIDE_SHEET;
pub use heading::{Heading, heading_row};
pub use limits::SheetLimits;
pub use marked::{MarkedRow, NOTE_HEADING, OUTCOME_HEADING, marked};
pub use open::{Opened, open};
pub use survey::Merged;
pub use table::{Form, RowsRead, SheetForm, TableInfo, column_letters};
pub use template::{EXAMPLE_ID, template};

#[cfg(test)]
mod tests;

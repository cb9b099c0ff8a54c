//! What is asked of a gateway and changes nothing: cases, persons, batches, the overview.

mod case_list;
pub(super) mod cases;
pub mod clusters;
mod overview;
mod people;
pub mod receipt_summary;
mod receipts;
mod search;
pub(super) mod view;
pub mod views;

//! What an agency may send: bytes in, validated rows or reasons for refusal out.
//!
//! A wrong *shape* refuses the row with a JSON pointer and a sentence in both languages; a doubtful *value* keeps the
//! row and flags it. The shapes are the JSON Schemas under `schemas/feeds/`, compiled once. Nothing here opens a file,
//! knows the time or remembers an earlier batch: who wins when a row comes twice is decided downstream.

pub mod alarm;
pub mod cell;
mod decode;
mod explain;
mod json;
mod limits;
pub mod mapping;
mod row;
mod schema;
mod validate;

pub use alarm::{Alarms, EXCEL_PRECISION};
pub use decode::{BatchReader, BodyError, ReadBatch};
pub use explain::ErrorCode;
pub use limits::Limits;
pub use row::{Context, ParsedRow, RereadError, ValidRow, reread};
pub use schema::{PERSON_SCHEMA, schema_text};

#[cfg(test)]
mod tests;

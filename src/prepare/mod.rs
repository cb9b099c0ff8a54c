//! From what a row says to the columns of a match plan: the place where `normalise` and `engine` meet.
//!
//! A model names, for each of its columns, the fields it is made from and the function that makes them comparable; both
//! are looked up here. Knows no files, tables or stores: a caller finds the text of a field.

mod columns;
mod normalisers;

pub use self::columns::{ColumnError, Columns, Filled, Niks, Placed, name_rules, values_of, values_of_core};

/// The Indonesian match model that is part of the program.
pub const INDONESIA: &str = include_str!("../../config/model/indonesia.toml");

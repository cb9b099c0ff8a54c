//! Raw value to comparable value: names, addresses, telephone numbers, codes, dates, numbers.
//!
//! Pure functions and the tables they read. A value that says nothing is empty, one that is there and cannot be read is
//! unreadable: neither is an error, for the row was accepted long ago. Whether two values mean the same thing is the
//! engine's business, not this module's.

pub mod address;
pub mod code;
pub mod date;
mod fold;
pub mod found_by;
pub mod name;
pub mod number;
pub mod phone;
pub mod sex;
pub mod shape;
pub mod sound;
pub mod tables;
pub mod text;

pub use name::{may_be_unnamed, parse_name};
pub use tables::NameTables;

/// What became of a raw value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read<T> {
    /// It was read.
    Value(T),
    /// It says nothing: a placeholder, or signs only.
    Empty,
    /// It says something that cannot be read.
    Unreadable,
}

impl<T> Read<T> {
    /// What could not be read is unreadable if it holds a letter or a digit, and else nothing.
    pub fn of(raw: &str, read: Option<T>) -> Self {
        match read {
            Some(value) => Self::Value(value),
            None if raw.chars().any(char::is_alphanumeric) => Self::Unreadable,
            None => Self::Empty,
        }
    }

    /// The value, if it was read.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Empty | Self::Unreadable => None,
        }
    }
}

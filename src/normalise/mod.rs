//! Raw value to comparable value: names, addresses, telephone numbers, codes.
//!
//! Pure functions and the tables they read. A value that says nothing becomes `None`, never an error: the row was
//! accepted long ago. Whether two values mean the same thing is the engine's business, not this module's.

pub mod address;
pub mod code;
mod fold;
pub mod name;
pub mod phone;
pub mod sound;
pub mod tables;
mod text;

pub use name::parse_name;
pub use tables::NameTables;

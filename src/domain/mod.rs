//! Nouns and their rules: ids, records, people, agencies, decisions. No I/O, no clock, no randomness.
//!
//! Every outside text becomes one of these types once, at the edge; inside, nothing is checked again. Values about
//! people have no readable `Debug`.

pub mod agency;
pub mod batch;
pub mod case;
pub mod date;
pub mod decision;
pub mod family_card;
pub mod feed;
pub mod finding;
pub mod flag;
pub mod identifier;
pub mod money;
pub mod name;
pub mod nik;
pub mod null_word;
pub mod number;
pub mod person;
pub mod private;
pub mod record;
pub mod region;
pub mod row;
pub mod sex;
pub mod sign;
#[cfg(test)]
mod vectors_tests;

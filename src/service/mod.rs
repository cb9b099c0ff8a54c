//! Use cases: the only place that joins engine and store.
//!
//! Inputs go one way: `intake` makes them durable with an entry in the journal; `matching` follows the journal, takes its
//! entries in order to the matcher, and writes what follows from them (members, golden persons, families, cases, what they
//! are found by) with a mark of how far it has come. After each step the state is published: `answers` read that, and
//! `rules` keep what they say of it. Everything derived is a function of accepted records, decisions and models, so a start
//! can go on from the mark and `rebuild` can prove it.
//!
//! `gateway` is the front door to all of it. Knows nothing of HTTP, pages or the command line.

pub mod answers;
pub mod audit;
pub mod backup;
pub mod clock;
pub mod completeness;
mod config;
pub mod digest;
pub mod error;
pub mod gateway;
mod intake;
mod matching;
pub mod models;
pub mod rebuild;
pub mod retention;
mod rules;
pub mod start;
mod stored;
pub mod verify;

pub use self::config::{Config, IndexPlace};

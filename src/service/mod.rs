//! Use cases: the only place that joins engine and store.
//!
//! Writes go one way: `accept` makes rows durable with an entry in the journal; `follow` takes the journal's entries in
//! order to the matcher (`matcher`, in memory), and writes what follows from them (`derive`: members, golden persons,
//! families, cases) with a mark of how far it has come. Everything derived is a function of accepted records,
//! decisions and models, so `load` can go on from the mark at any start and `rebuild` can prove it.
//!
//! Knows nothing of HTTP, pages or the command line.

pub mod answers;
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

pub use self::config::Config;

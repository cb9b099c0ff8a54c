//! Use cases: the only place that joins engine and store.
//!
//! Writes go one way: `accept` makes rows durable with an entry in the journal; `follow` takes the journal's entries in
//! order to the matcher (`matcher`, in memory), and writes what follows from them (`derive`: members, golden persons,
//! families, cases) with a mark of how far it has come. Everything derived is a function of accepted records,
//! decisions and models, so `load` can go on from the mark at any start and `rebuild` can prove it.
//!
//! Knows nothing of HTTP, pages or the command line.

mod accept;
pub mod backup;
mod cases;
pub mod clock;
pub mod clusters;
mod codec;
pub mod completeness;
mod config;
mod derive;
pub mod digest;
pub mod error;
mod explained;
mod follow;
mod fresh;
pub mod gateway;
mod identifiers;
mod journal;
mod load;
mod matcher;
pub mod models;
mod numbers;
mod overview;
mod people;
mod places;
mod questions;
mod reading;
pub mod rebuild;
mod receipts;
mod reports;
pub mod retention;
mod shared_nik;
pub mod start;
pub mod verify;
pub mod views;

pub use self::config::Config;

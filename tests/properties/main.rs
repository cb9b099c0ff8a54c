//! What must not matter does not: laws that hold in every random world of `simulate`, whatever is in it.
//!
//! Each test goes through `WORLDS` worlds (100 without the variable, 1,000 in a full run) of at least 300 rows, seeds from
//! `SEED` (1) on. A failure names its seeds: `SEED=17 WORLDS=1 cargo test --test properties NAME` runs one again.

mod files;
#[path = "../it/support.rs"]
#[expect(dead_code, reason = "the tests of the interface use the rest")]
mod gateway_support;
mod growth;
mod offline;
mod outcomes;
mod pushed;
mod rows;
mod spelling;
mod world;

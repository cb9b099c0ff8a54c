//! The crash exam: stores and gateways are killed, cut off from power, starved of disk and fed broken files, and what
//! they acknowledged is counted afterwards. `README.md` beside this file says how to run it and how to read it.
//!
//! Not for speed and not for the matching: `benches/` and `tests/it` do that. The binary has no libtest harness, because
//! it is its own child: with `PADAN_EXAM_CHILD=ROLE` it plays the process that will be killed or that looks afterwards.

use std::process::ExitCode;

mod adapters;
mod child;
mod cuts;
mod disk;
mod exam;
mod fault;
mod flips;
mod gateway;
mod instances;
mod kills;
#[path = "../support/postgres.rs"]
#[expect(dead_code, reason = "the store's own tests use the rest")]
mod postgres;
mod power;
mod scenario;
mod shim;
mod site;
#[path = "../it/support.rs"]
#[expect(dead_code, reason = "the tests under tests/it use the rest")]
mod support;
mod sweep;
mod tally;
mod workload;

fn main() -> ExitCode {
    match std::env::var("PADAN_EXAM_CHILD") {
        Ok(role) => child::play(&role),
        Err(_) => exam::run(std::env::args().skip(1)),
    }
}

//! Any bytes as an NDJSON file: texts and numbers are those that `serde_json` finds.

#![no_main]

use libfuzzer_sys::fuzz_target;
use padan::cli::input::{IdWanted, InputOptions, InputTable};

#[path = "../../src/cli/input/tests/twins.rs"]
#[expect(dead_code, reason = "the other readers have targets of their own")]
mod twins;

fuzz_target!(|bytes: &[u8]| twins::check_ndjson(&std::env::temp_dir(), bytes));

//! Every string kernel beside its plain twin, on whatever two texts the fuzzer thinks of.

#![no_main]

use libfuzzer_sys::fuzz_target;
use padan::engine::kernel::Prepared;

#[path = "../../src/engine/kernel/tests/twins.rs"]
mod twins;

fuzz_target!(|texts: (&str, &str)| twins::check(texts.0, texts.1));

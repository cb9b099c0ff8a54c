//! The `padan` command: parse, dispatch, exit code. Everything else is in the library.

use std::process::ExitCode;

/// Loading a store and matching make and drop many small things on all threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    padan::cli::run(std::env::args_os())
}

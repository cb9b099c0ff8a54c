//! The `padan` command: parse, dispatch, exit code. Everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    padan::cli::run(std::env::args_os())
}

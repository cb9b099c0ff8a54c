//! `padan openapi`: the interface as a document.

use super::Outcome;
use super::terminal::print;

const HELP: &str = "\
A running gateway serves the same document, to be browsed, at /docs/.

Example:
  padan openapi > schemas/openapi.json";

/// Prints the OpenAPI 3.1 document of the gateway.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {}

pub(super) fn run() -> Outcome {
    print(&crate::http::document());
    Outcome::Done
}

//! `padan digest`: one number for the content of a store.

use std::fmt::Write;

use serde::Serialize;

use super::launch::StoreArgs;
use super::terminal::{Terminal, thousands};
use super::{CliError, Outcome, runtime};
use crate::service::digest::{StoreDigest, digest};
use crate::service::start::Missing;

const HELP: &str = "\
The same rows, decisions and derived state have the same digest on every store, so that a restored or moved store can be
held against the one it came from. `inputs` is over all rows that are there; `current` leaves out those that newer ones
have replaced, so that `padan compact` does not change it. A gateway may go on meanwhile (except on sled): one state is read.

Example:
  padan digest --config padan.toml --store redb:padan-data";

/// Prints digests of what was accepted and decided, and of what follows from it.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    #[command(flatten)]
    place: StoreArgs,
}

/// A digest as a document.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    pub(super) inputs: &'a str,
    /// Inputs without rows that newer ones have replaced: compaction does not change it.
    pub(super) current: &'a str,
    pub(super) derived: &'a str,
    pub(super) entries: u64,
    pub(super) position: u64,
    pub(super) settled: bool,
}

pub(super) fn run(args: &Args, terminal: Terminal) -> Result<Outcome, CliError> {
    let start = args.place.existing(Missing::ReadOnly)?;
    let found = runtime()?.block_on(async {
        let store = start.to_read().await.map_err(super::launch::not_opened)?;
        let failed = |error| CliError::failed("reading the store", error);
        let snapshot = store.snapshot().await.map_err(|error| CliError::failed("reading the store", error))?;
        digest(&*snapshot).await.map_err(failed)
    })?;
    terminal.result(&report(&found), || text(&found));
    Ok(Outcome::Done)
}

/// The digest for programs.
pub(super) fn report(found: &StoreDigest) -> Report<'_> {
    Report {
        inputs: &found.state.inputs,
        current: &found.state.current,
        derived: &found.state.derived,
        entries: found.state.entries,
        position: found.head,
        settled: found.settled,
    }
}

/// The digest for people.
pub(super) fn text(found: &StoreDigest) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "inputs   {}", found.state.inputs);
    let _ = writeln!(text, "current  {}", found.state.current);
    let _ = writeln!(text, "derived  {}", found.state.derived);
    let state = if found.settled { "all of it matched" } else { "rows behind it still wait to be matched" };
    let entries = thousands(found.state.entries);
    let _ = writeln!(text, "{entries} entries up to position {} of the journal; {state}", thousands(found.head));
    text
}

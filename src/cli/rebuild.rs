//! `padan rebuild`: is the derived state what follows from what was accepted and decided?

use std::fmt::Write;

use serde::Serialize;

use super::launch::StoreArgs;
use super::terminal::{Terminal, thousands};
use super::{CliError, Outcome, runtime};
use crate::service::rebuild::{Rebuilt, Repair, rebuild};
use crate::service::start::Missing;

const HELP: &str = "\
Nothing is written without --write; then the gateway must not be running on an embedded store. To compare, it may
go on (except on sled): one state is read.
Exit code 1 when the store held something else than what follows from its inputs.

Example:
  padan rebuild --config padan.toml";

/// Derives persons, families and cases again from accepted rows and decisions, and compares with the store.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    #[command(flatten)]
    place: StoreArgs,
    /// Write what follows from the inputs where the store holds something else.
    #[arg(long)]
    write: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    identical: bool,
    inputs: &'a str,
    stored: &'a str,
    derived: &'a str,
    entries: u64,
    differences: u64,
    /// `null` where the rules were not evaluated up to the state compared.
    outcome_differences: Option<u64>,
    /// `null` where no candidate index rests in the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    index_differences: Option<u64>,
}

#[derive(Debug, thiserror::Error)]
#[error("{differences} derived entries are not what follows from the inputs")]
struct Different {
    differences: u64,
}

pub(super) fn run(args: &Args, terminal: Terminal) -> Result<Outcome, CliError> {
    let start = args.place.existing(if args.write { Missing::Refuse } else { Missing::ReadOnly })?;
    let repair = if args.write { Repair::Write } else { Repair::Compare };
    terminal.say("reading the store and matching everything again");
    let rebuilt = runtime()?.block_on(async {
        let parts = start.parts().await.map_err(super::launch::not_opened)?;
        rebuild(parts, repair).await.map_err(|error| CliError::failed("rebuilding", error))
    })?;
    show(&rebuilt, terminal);
    if rebuilt.identical() || repair == Repair::Write {
        return Ok(Outcome::Done);
    }
    let beside = [rebuilt.outcome_differences, rebuilt.index_differences];
    let differences = rebuilt.differences + beside.into_iter().flatten().sum::<u64>();
    let different = Different { differences };
    Err(CliError::failed("comparing the store", different).hint(Some("`padan rebuild --write` puts it right")))
}

fn show(rebuilt: &Rebuilt, terminal: Terminal) {
    let report = Report {
        identical: rebuilt.identical(),
        inputs: &rebuilt.before.inputs,
        stored: &rebuilt.before.derived,
        derived: &rebuilt.derived,
        entries: rebuilt.entries,
        differences: rebuilt.differences,
        outcome_differences: rebuilt.outcome_differences,
        index_differences: rebuilt.index_differences,
    };
    terminal.result(&report, || {
        let mut text = String::new();
        let _ = writeln!(text, "inputs   {}", report.inputs);
        let _ = writeln!(text, "stored   {}", report.stored);
        let _ = writeln!(text, "derived  {}", report.derived);
        let state = if report.identical { "identical" } else { "different" };
        let entries = thousands(report.entries);
        let outcomes = report.outcome_differences.map_or_else(
            || "not evaluated up to here; the next gateway does it".to_owned(),
            |differences| format!("{} differences", thousands(differences)),
        );
        let _ = writeln!(text, "outcomes {outcomes}");
        if let Some(differences) = report.index_differences {
            let _ = writeln!(text, "index    {} differences", thousands(differences));
        }
        let _ = writeln!(text, "{state}: {entries} derived entries, {} differences", thousands(report.differences));
        text
    });
}

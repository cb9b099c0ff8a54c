//! `padan verify`: is everything in the store whole, and does each thing find what it names?

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use super::launch::StoreArgs;
use super::terminal::{Terminal, thousands};
use super::{CliError, Outcome, runtime};
use crate::service::rebuild::{Rebuilt, Repair, rebuild};
use crate::service::start::Missing;
use crate::service::verify::{Verified, Wrong, verify};

const HELP: &str = "\
Reads one state of the whole store: checksums, forms, references, receipts, the journal; then derives everything again
and compares, unless --quick. Writes nothing and says what would put right what is wrong. A gateway may go on meanwhile
(except on sled). Exit code 1 when something is wrong.

Example:
  padan verify --config padan.toml";

/// Checks a store from end to end.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    #[command(flatten)]
    place: StoreArgs,
    /// Leave out matching everything again.
    #[arg(long)]
    quick: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    sound: bool,
    entries: &'a BTreeMap<&'static str, u64>,
    wrong: &'a BTreeMap<Wrong, u64>,
    /// Derived entries that do not follow from the inputs; absent with --quick.
    derived_differences: Option<u64>,
}

#[derive(Debug, thiserror::Error)]
#[error("the store is not sound")]
struct NotSound;

pub(super) fn run(args: &Args, terminal: Terminal) -> Result<Outcome, CliError> {
    let open = || args.place.existing(Missing::ReadOnly);
    let (start, again) = (open()?, open()?);
    terminal.say("reading the store");
    let (verified, rebuilt) = runtime()?.block_on(async {
        let store = start.to_read().await.map_err(super::launch::not_opened)?;
        let snapshot = store.snapshot().await.map_err(|error| CliError::failed("reading the store", error))?;
        let verified = verify(&*snapshot).await.map_err(|error| CliError::failed("reading the store", error))?;
        drop((snapshot, store));
        if args.quick {
            return Ok((verified, None));
        }
        terminal.say("matching everything again");
        let parts = again.parts().await.map_err(super::launch::not_opened)?;
        let rebuilt = rebuild(parts, Repair::Compare).await;
        Ok::<_, CliError>((verified, Some(rebuilt.map_err(|error| CliError::failed("comparing", error))?)))
    })?;
    show(&verified, rebuilt.as_ref(), terminal);
    let sound = verified.sound() && rebuilt.is_none_or(|rebuilt| rebuilt.identical());
    if sound { Ok(Outcome::Done) } else { Err(CliError::failed("verifying the store", NotSound)) }
}

fn show(verified: &Verified, rebuilt: Option<&Rebuilt>, terminal: Terminal) {
    let differences = rebuilt.map(|rebuilt| rebuilt.differences);
    let report = Report {
        sound: verified.sound() && differences.is_none_or(|count| count == 0),
        entries: &verified.entries,
        wrong: &verified.wrong,
        derived_differences: differences,
    };
    terminal.result(&report, || {
        let mut text = String::new();
        for (table, entries) in &verified.entries {
            let _ = writeln!(text, "{table:<14} {:>12} entries", thousands(*entries));
        }
        for (wrong, count) in &verified.wrong {
            let (what, repair) = wrong.told();
            let _ = writeln!(text, "WRONG {}: {what}\n      {repair}", thousands(*count));
        }
        if let Some(count) = differences.filter(|count| *count > 0) {
            let _ = writeln!(text, "WRONG {}: derived entries do not follow from the inputs", thousands(count));
            let _ = writeln!(text, "      `padan rebuild --write` puts them right");
        }
        let _ = writeln!(text, "{}", if report.sound { "sound" } else { "not sound" });
        text
    });
}

//! `padan compact`: takes away what is old and no longer needed, in a store that no gateway works on.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use super::launch::StoreArgs;
use super::terminal::{Terminal, thousands};
use super::{CliError, Outcome, runtime};
use crate::service::clock::{Clock, SystemClock};
use crate::service::retention::{Age, Counts, Mode, RetentionError, Rule, Taken, compact};
use crate::service::start::{Missing, StartWith};
use crate::store::Shrunk;

const HELP: &str = "\
Takes away what is older than so many days: rows that had been replaced by newer ones of the same record before that,
receipts, idempotency keys, and the journal as far as it is matched. What a record was on any day since then stays, and so
do its present row, batches with their counts, decisions and everything derived: `current` and `derived` of `padan digest`
stay as they are, `inputs` does not. A batch says when it was compacted.

It works in small commits; broken off, it goes on when it is called again. A gateway does the same by itself with
[retention] older_than in its configuration. --dry-run only counts and may run beside a gateway (except on sled).

What went makes room in the store, not on the disk. --shrink also gives that room back (redb: only; it takes about as long
as copying the store). On PostgreSQL autovacuum makes the room usable again, and VACUUM FULL gives it back.

Example:
  padan compact --config padan.toml --older-than 365d --dry-run";

/// Takes away rows that were replaced, receipts and journal that are older than a number of days.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    #[command(flatten)]
    place: StoreArgs,
    /// How old it has to be, in days: 365d. Without it, what the configuration says.
    #[arg(long, value_name = "DAYS")]
    older_than: Option<Age>,
    /// Only say what would go.
    #[arg(long)]
    dry_run: bool,
    /// Believe the clock, however far it is ahead of what was stored last.
    #[arg(long)]
    trust_clock: bool,
    /// Also give the room back to the disk (redb).
    #[arg(long, conflicts_with = "dry_run")]
    shrink: bool,
}

#[derive(Serialize)]
struct Report {
    older_than: Age,
    dry_run: bool,
    tables: BTreeMap<&'static str, Taken>,
    total: Taken,
    /// Bytes of the store on the disk; absent in a dry run and where it was not shrunk.
    disk_bytes: Option<Disk>,
}

#[derive(Serialize)]
struct Disk {
    before: u64,
    after: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("neither --older-than nor the configuration says how old")]
struct NoAge;

pub(super) fn run(args: &Args, terminal: Terminal) -> Result<Outcome, CliError> {
    let missing = if args.dry_run { Missing::ReadOnly } else { Missing::Refuse };
    let open = || args.place.existing(missing);
    let start = open()?;
    let age = args.older_than.or(start.settings.retention.older_than).ok_or_else(|| {
        let hint = "write --older-than 365d, or [retention] older_than in the configuration";
        CliError::wrong_call("compacting", NoAge).hint(Some(hint))
    })?;
    let clock_limit = (!args.trust_clock).then_some(start.settings.retention.clock_limit);
    let rule = Rule { age, clock_limit };
    let (counts, shrunk) = runtime()?.block_on(async {
        let counts = take(start, rule, args.dry_run, terminal).await?;
        let shrunk = if args.shrink { shrink(open()?, terminal).await? } else { None };
        Ok::<_, CliError>((counts, shrunk))
    })?;
    let disk_bytes = shrunk.map(|Shrunk { before, after }| Disk { before, after });
    let (tables, total) = (counts.by_name(), counts.total());
    let report = Report { older_than: age, dry_run: args.dry_run, tables, total, disk_bytes };
    terminal.result(&report, || text(&report));
    Ok(Outcome::Done)
}

async fn take(start: StartWith, rule: Rule, dry_run: bool, terminal: Terminal) -> Result<Counts, CliError> {
    let store = start.to_read().await.map_err(super::launch::not_opened)?;
    terminal.say("walking the journal");
    let mode = if dry_run { Mode::DryRun } else { Mode::Remove };
    let taken = compact(&*store, SystemClock.now(), rule, mode).await;
    let closed = store.close().await;
    let counts = taken.map_err(|error: RetentionError| {
        let hint = error.hint();
        CliError::failed("compacting", error).hint(hint)
    })?;
    closed.map_err(|error| CliError::failed("closing the store", error))?;
    Ok(counts)
}

async fn shrink(start: StartWith, terminal: Terminal) -> Result<Option<Shrunk>, CliError> {
    terminal.say("giving the room back to the disk");
    let shrunk = start.shrink().await.map_err(super::launch::not_opened)?;
    if shrunk.is_none() {
        terminal.say("only redb has a file to shrink by hand; the other stores see to it themselves");
    }
    Ok(shrunk)
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    for (table, taken) in &report.tables {
        let (entries, bytes) = (thousands(taken.entries), thousands(taken.bytes));
        let _ = writeln!(text, "{table:<14} {entries:>12} entries  {bytes:>14} bytes");
    }
    let went = if report.dry_run { "would go" } else { "went" };
    let (entries, bytes) = (thousands(report.total.entries), thousands(report.total.bytes));
    let _ = match report.total.entries {
        0 => writeln!(text, "nothing is older than {} and may go", report.older_than),
        _ => writeln!(text, "older than {}: {entries} entries of {bytes} bytes {went}", report.older_than),
    };
    if let Some(Disk { before, after }) = &report.disk_bytes {
        let _ = writeln!(text, "on the disk: {} bytes before, {} now", thousands(*before), thousands(*after));
    }
    text
}

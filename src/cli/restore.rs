//! `padan restore`: a backup into a new store, on any adapter.

use std::path::{Path, PathBuf};

use super::digest::{report, text};
use super::secret_file::warn_if_open;
use super::terminal::{Terminal, Unit, thousands};
use super::{CliError, Outcome, runtime};
use crate::service::backup::{BackupError, Chain, Description, Identity, restore};
use crate::service::digest::{StoreDigest, digest};
use crate::service::start::Missing;
use crate::store::StoreUrl;

const HELP: &str = "\
The store must be new; its adapter may be another than the one that was backed up, which is also the way to move from an
embedded store to PostgreSQL and back. A restore that was broken off is begun again by the same command; until it has
ended no gateway opens the store. At the end everything is matched up to the last row, and the digests are shown.

Example:
  padan restore --config padan.toml --from backups --identity backup.key --store redb:restored";

/// Restores a backup into a new store.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    /// The configuration (TOML) of the gateway: models and limits.
    #[arg(long, value_name = "FILE", env = "PADAN_CONFIG")]
    config: PathBuf,
    /// The folder of the backup.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The file with the private key.
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
    /// The new store.
    #[arg(long, value_name = "URL")]
    store: StoreUrl,
}

pub(super) fn run(args: &Args, terminal: Terminal) -> Result<Outcome, CliError> {
    let chain = Chain::open(&args.from).map_err(|error| failed("reading the backup", error))?;
    warn_if_open(&args.identity, "the private key", terminal);
    let identity = Identity::read(&args.identity).map_err(|error| failed("reading the private key", error))?;
    let found = runtime()?.block_on(into(&args.config, &args.store, &chain, identity, terminal))?;
    terminal.result(&report(&found), || text(&found));
    Ok(Outcome::Done)
}

/// Restores a chain into a store, matches what has to be matched, and answers the digest of it all.
pub(super) async fn into(
    config: &Path,
    store: &StoreUrl,
    chain: &Chain,
    identity: Identity,
    terminal: Terminal,
) -> Result<StoreDigest, CliError> {
    let start = || super::launch::existing(config, Some(store), Missing::Create);
    let parts = start()?.parts().await.map_err(super::launch::not_opened)?;
    let total: u64 = chain.parts().iter().map(|part: &Description| part.entries).sum();
    let mut progress = terminal.progress("restoring", Unit::Count, total);
    let restored = restore(chain, identity, &parts.store, |done| progress.at(done, "entries")).await;
    let restored = restored.map_err(|error| failed("restoring", error))?;
    progress.finish();
    parts.store.close().await.map_err(|error| CliError::failed("closing the store", error))?;
    drop(parts);
    let parts_read = if restored.parts == 1 { "part" } else { "parts" };
    let entries = thousands(restored.entries);
    terminal.say(&format!("{entries} entries of {} {parts_read} are back; matching", restored.parts));
    let gateway = start()?.open().await.map_err(super::launch::not_opened)?;
    gateway.catch_up().await.map_err(|error| CliError::failed("matching", error))?;
    gateway.close().await;
    drop(gateway);
    let parts = start()?.parts().await.map_err(super::launch::not_opened)?;
    let snapshot = parts.store.snapshot().await.map_err(|error| CliError::failed("reading the store", error))?;
    let found = digest(&*snapshot).await.map_err(|error| CliError::failed("reading the store", error))?;
    match restored.inputs {
        Some(expected) if expected != found.state.inputs => {
            let found = found.state.inputs;
            Err(failed("comparing", BackupError::Different { expected, found }))
        }
        _ => Ok(found),
    }
}

/// An error of a backup, with its hint.
pub(super) fn failed(doing: &str, error: BackupError) -> CliError {
    let hint = error.hint();
    CliError::failed(doing, error).hint(hint)
}

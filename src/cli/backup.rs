//! `padan backup`: the store as a chain of encrypted files; with `--drill`, the proof that it can be restored.

use std::path::{Path, PathBuf};

use super::digest::{report, text};
use super::launch::StoreArgs;
use super::restore::failed;
use super::secret_file::warn_if_open;
use super::terminal::{Terminal, thousands};
use super::{CliError, Outcome, runtime};
use crate::domain::date::Timestamp;
use crate::service::backup::{BackupError, Chain, Identity, Kind, Made, Recipients, Wanted, backup};
use crate::service::digest::{StoreDigest, digest, snapshot_at_rest};
use crate::service::start::Missing;
use crate::store::StoreUrl;

const HELP: &str = "\
The first backup into a folder is a full one; later ones hold what came since, until --full begins a new chain. One state
is read while the gateway goes on (except on sled, where it has to be stopped). Files are encrypted to the public keys
given: `padan keys backup` makes a pair, and the private key should not lie on this machine.

Where a retention rule has taken away the journal behind the last part, a backup is a full one by itself.

--drill proves the backup: it is restored into a new store, matched, and its digests are held against this store's.

Example:
  padan backup --config padan.toml --to backups --recipient age1...
  padan backup --config padan.toml --to backups --recipient age1... --drill redb:drill --identity backup.key";

/// Backs the store up, encrypted and in increments.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    #[command(flatten)]
    place: StoreArgs,
    /// The folder of the backup; made when it is not there.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Public keys; whoever has the private key of one of them can restore.
    #[arg(
        long = "recipient",
        value_name = "AGE1...",
        required = true,
        env = "PADAN_BACKUP_RECIPIENTS",
        value_delimiter = ','
    )]
    recipients: Vec<String>,
    /// A full part: the beginning of a new chain.
    #[arg(long)]
    full: bool,
    /// Restore the backup into this new store and compare.
    #[arg(long, value_name = "URL", requires = "identity")]
    drill: Option<StoreUrl>,
    /// The file with the private key, for the drill.
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
}

/// How often a drill looks for a state that is matched to its end.
const DRILL_TRIES: usize = 50;

pub(super) fn run(args: &Args, terminal: Terminal) -> Result<Outcome, CliError> {
    let recipients = Recipients::parse(&args.recipients).map_err(|error| failed("reading the public keys", error))?;
    let start = args.place.existing(Missing::ReadOnly)?;
    let wanted = if args.full { Wanted::Full } else { Wanted::Whatever };
    runtime()?.block_on(async {
        let store = start.to_read().await.map_err(super::launch::not_opened)?;
        let tries = if args.drill.is_some() { DRILL_TRIES } else { 1 };
        let snapshot = snapshot_at_rest(&*store, tries).await;
        let snapshot = snapshot.map_err(|error| CliError::failed("reading the store", error))?;
        let made = backup(&*snapshot, &args.to, &recipients, wanted, Timestamp::now()).await;
        let made = made.map_err(|error| failed("making a backup", error))?;
        let Some(target) = &args.drill else {
            terminal.result(&document(&made), || sentence(&made, &args.to));
            return Ok(Outcome::Done);
        };
        terminal.say(&sentence(&made, &args.to));
        let source = digest(&*snapshot).await.map_err(|error| CliError::failed("reading the store", error))?;
        drop((snapshot, store));
        drill(args, target, &source, terminal).await
    })
}

/// Restores the chain and holds the digests against the source's.
async fn drill(args: &Args, target: &StoreUrl, source: &StoreDigest, terminal: Terminal) -> Result<Outcome, CliError> {
    let chain = Chain::open(&args.to).map_err(|error| failed("reading the backup", error))?;
    let path = args.identity.as_deref().unwrap_or(Path::new(""));
    warn_if_open(path, "the private key", terminal);
    let identity = Identity::read(path).map_err(|error| failed("reading the private key", error))?;
    let restored = super::restore::into(&args.place.config, target, &chain, identity, terminal).await?;
    let same = restored.state.inputs == source.state.inputs
        && (!source.settled || restored.state.derived == source.state.derived);
    terminal.result(
        &serde_json::json!({"equal": same, "source": report(source), "restored": report(&restored)}),
        || {
            let verdict = match (same, source.settled) {
                (true, true) => "equal",
                (true, false) => "inputs equal; what is derived was not compared, for rows still waited to be matched",
                (false, _) => "DIFFERENT",
            };
            format!("this store\n{}\nrestored into {target}\n{}\n{verdict}\n", text(source), text(&restored))
        },
    );
    if same {
        return Ok(Outcome::Done);
    }
    let different =
        BackupError::Different { expected: source.state.inputs.clone(), found: restored.state.inputs.clone() };
    Err(failed("comparing", different))
}

fn document(made: &Made) -> serde_json::Value {
    serde_json::json!({"part": made.part, "parts": made.parts, "position": made.reaches})
}

fn sentence(made: &Made, folder: &Path) -> String {
    let chain = format!(
        "{} holds {} {} and reaches position {} of the journal",
        folder.display(),
        made.parts,
        if made.parts == 1 { "part" } else { "parts" },
        thousands(made.reaches)
    );
    match &made.part {
        None => format!("nothing new; {chain}"),
        Some(part) => {
            let kind = if part.kind == Kind::Full { "full" } else { "increment" };
            let (entries, bytes) = (thousands(part.entries), thousands(part.bytes));
            format!("part {} ({kind}): {entries} entries in {bytes} bytes; {chain}", part.number)
        }
    }
}

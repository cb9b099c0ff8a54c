//! `padan audit verify`: holds an exported log against its signature, entry by entry.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::export::BEFORE;
use super::trust::TrustArgs;
use crate::audit::{ExportCheck, ExportFile, SignedCheckpoint, SigningKey, Trust, VerifiedExport};
use crate::cli::output::{Access, write_file};
use crate::cli::terminal::{Terminal, print, printable, thousands};
use crate::cli::{CliError, Outcome};
use crate::domain::date::Timestamp;

const HELP: &str = "\
Everything is checked: the signature, every hash and every entry; nothing of the gateway is needed. The log has to go on
from the checkpoint of the export before (checkpoint.before), or the one of --earlier: one that was shown to somebody else. Exit code 1
when anything was changed, is missing or does not belong there; what it is, is told.

With --about it also prints the entries that name a person, a case or a batch: who saw what, when, what for.
With --countersign a witness adds its signature to the checkpoint, once all of it has been verified.

Examples:
  padan audit verify log --key audit.pub
  padan audit verify log --key audit.pub --about P0000000042";

/// Verifies an exported audit log.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct VerifyArgs {
    /// The folder that `padan audit export` wrote.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
    /// A checkpoint that was noted earlier: the log has to go on from it.
    #[arg(long, value_name = "FILE")]
    earlier: Vec<PathBuf>,
    /// Print the entries that are about this number. May be given more than once.
    #[arg(long, value_name = "NUMBER")]
    about: Vec<String>,
    /// Add the signature of a witness to the checkpoint; the file holds its private key.
    #[arg(long, value_name = "FILE")]
    countersign: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    sound: bool,
    entries: u64,
    root: String,
    witnesses: Vec<String>,
}

/// There is nothing to verify.
#[derive(Debug, thiserror::Error)]
#[error("the folder holds no export of an audit log")]
struct NoExport;

/// A log is no witness of itself.
#[derive(Debug, thiserror::Error)]
#[error("the key of the witness has the name of the log")]
struct OwnName;

/// Something is wrong with the log.
#[derive(Debug, thiserror::Error)]
#[error("the log is not the one that was signed")]
struct NotSound;

pub(super) fn run(args: &VerifyArgs, terminal: Terminal) -> Result<Outcome, CliError> {
    let trust = args.trust.trust()?;
    if !args.folder.join("checkpoint").exists() {
        let hint = "`padan audit export` makes one";
        return Err(CliError::wrong_call("verifying the audit log".to_owned(), NoExport).hint(Some(hint)));
    }
    // Whether witnesses saw it is asked of the checkpoint itself.
    let of_log = args.trust.log()?;
    let earlier = args.earlier.iter().cloned().chain(Some(args.folder.join(BEFORE)).filter(|path| path.is_file()));
    let mut check = ExportCheck::new(&trust);
    for path in earlier {
        check = check.continues(head_of(&path, &of_log)?);
    }
    let mut found = 0;
    let verified = check.run(
        |path, limit| read(&args.folder.join(path), limit),
        |index, entry| found += u64::from(show(args, index, entry)),
    );
    let verified = verified.map_err(|damage| {
        for fault in &damage.faults {
            terminal.say(&format!("WRONG {}", printable(&fault.to_string(), &[])));
        }
        CliError::failed("verifying the audit log", NotSound)
    })?;
    nothing_else(&args.folder, verified.checkpoint.head().size, terminal)?;
    // It was held against that; the next export keeps the present one.
    let _ = std::fs::remove_file(args.folder.join(BEFORE));
    if let Some(path) = &args.countersign {
        terminal.say(countersign(&args.folder, path)?);
    }
    if found == 0 && !args.about.is_empty() {
        terminal.say("no entry names what was asked for; a person is P and ten digits");
    }
    report(&verified, terminal);
    Ok(Outcome::Done)
}

fn report(verified: &VerifiedExport, terminal: Terminal) {
    let head = verified.checkpoint.head();
    let witnesses: Vec<String> = verified.cosignatures.iter().map(|seen| seen.witness.to_string()).collect();
    let report = Report { sound: true, entries: head.size, root: head.root.to_string(), witnesses };
    terminal.result(&report, || {
        let (size, origin) = (thousands(head.size), verified.checkpoint.origin());
        let mut text = format!("sound: {size} entries of {origin}, root {}\n", report.root);
        for witness in &report.witnesses {
            let _ = writeln!(text, "seen by {witness}");
        }
        text
    });
}

/// Prints an entry that is asked for; whether it is.
fn show(args: &VerifyArgs, index: u64, entry: &[u8]) -> bool {
    if args.about.is_empty() {
        return false;
    }
    let Ok(entry) = serde_json::from_slice::<serde_json::Value>(entry) else { return false };
    let mut named = entry["about"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
    let is_asked_for = named.any(|number| args.about.iter().any(|wanted| wanted == number));
    if is_asked_for {
        print(&format!("{}\n", serde_json::json!({"number": index + 1, "entry": entry})));
    }
    is_asked_for
}

/// The tree of a checkpoint that was noted; it has to be signed, too.
fn head_of(path: &Path, trust: &Trust) -> Result<crate::audit::TreeHead, CliError> {
    let doing = || format!("reading the earlier checkpoint {}", path.display());
    let bytes = std::fs::read(path).map_err(|error| CliError::failed(doing(), error))?;
    let signed = SignedCheckpoint::parse(&bytes).map_err(|error| CliError::failed(doing(), error))?;
    let (checkpoint, _) = trust.verify(&signed).map_err(|error| CliError::failed(doing(), error))?;
    Ok(checkpoint.head())
}

/// Reads at most so much of a file, and a byte more where there is one. Links, pipes and devices are no files of an export.
pub(super) fn read(path: &Path, limit: usize) -> std::io::Result<Option<Vec<u8>>> {
    match std::fs::symlink_metadata(path) {
        Ok(data) if data.is_file() => {}
        Ok(_) => return Err(std::io::Error::other("it is no plain file")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let file = std::fs::File::open(path)?;
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Refuses files that the log should not have: somebody could take them for a part of it.
fn nothing_else(folder: &Path, size: u64, terminal: Terminal) -> Result<(), CliError> {
    let foreign = |path: &String| path != BEFORE && !ExportFile::parse(path).is_some_and(|file| file.belongs_to(size));
    let foreign: Vec<String> = files_below(folder).into_iter().filter(foreign).collect();
    for path in &foreign {
        terminal.say(&format!("WRONG {} does not belong to the log", printable(path, &[])));
    }
    if foreign.is_empty() { Ok(()) } else { Err(CliError::failed("verifying the audit log", NotSound)) }
}

/// The files below a folder, as the format names them.
pub(super) fn files_below(folder: &Path) -> Vec<String> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            // A link is told and not followed.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if let Ok(below) = path.strip_prefix(folder) {
                found.push(below.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"));
            }
        }
    }
    found
}

/// Adds the signature of a witness; answers what was done.
fn countersign(folder: &Path, key: &Path) -> Result<&'static str, CliError> {
    let failed = |error| CliError::failed(format!("reading the key {}", key.display()), error);
    let text = std::fs::read_to_string(key).map_err(failed)?;
    let witness = text.parse::<SigningKey>().and_then(|key| key.witness());
    let witness = witness.map_err(|error| CliError::failed("reading the key of the witness", error))?;
    let path = folder.join("checkpoint");
    let bytes = std::fs::read(&path).map_err(|error| CliError::failed("reading the checkpoint", error))?;
    let signed = SignedCheckpoint::parse(&bytes);
    let mut signed = signed.map_err(|error| CliError::failed("reading the checkpoint", error))?;
    let name = witness.verifier_key().name().to_string();
    if name == signed.unverified().origin() {
        return Err(CliError::wrong_call("countersigning".to_owned(), OwnName));
    }
    if signed.to_string().lines().any(|line| line.starts_with(&format!("\u{2014} {name} "))) {
        return Ok("the witness has countersigned this checkpoint already");
    }
    let seconds = u64::try_from(Timestamp::now().as_second()).unwrap_or_default();
    let signature = signed.countersign(&witness, seconds);
    signed.add(signature);
    write_file(&path, Access::Private, signed.to_string().as_bytes())
        .map_err(|error| CliError::failed("writing the checkpoint", error))?;
    Ok("countersigned the checkpoint")
}

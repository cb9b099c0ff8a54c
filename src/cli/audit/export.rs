//! `padan audit export`: the log as files that others verify.

use std::path::{Path, PathBuf};

use ureq::http::Method;

use crate::audit::{ExportFile, SignedCheckpoint, TreeHead, export_files};
use crate::cli::output::{Access, create_dir, write_file};
use crate::cli::push::{Call, Destination, Patience, Session, told};
use crate::cli::terminal::{Terminal, Unit, thousands};
use crate::cli::{CliError, Outcome};

const HELP: &str = "\
The folder is what C2SP tlog-tiles describes: checkpoint, tile/..., tile/entries/.... Run again it fetches only what has
come since, and keeps the checkpoint before as checkpoint.before until `padan audit verify` has held the log against it. Entries hold who saw or
did what, and numbers of persons; no value about a person. The token needs the right \"audit\".

Example:
  padan audit export --to https://127.0.0.1:8443 --ca keys/ca.pem --token-file auditor.token --out log";

/// Fetches the audit log of a gateway into a folder.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    source: Destination,
    /// Folder to write to; made if it is not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Where the checkpoint of the export before is kept.
pub(super) const BEFORE: &str = "checkpoint.before";

pub(super) fn run(args: &ExportArgs, terminal: Terminal) -> Result<Outcome, CliError> {
    let (client, _) = args.source.client(terminal).map_err(|error| told("fetching the audit log", error))?;
    let session = Session { transport: &client, patience: Patience::default(), pause: &std::thread::sleep };
    let failed = |error| CliError::failed("writing the export", error);
    create_dir(&args.out).map_err(failed)?;
    let bytes = fetch(&session, "checkpoint", terminal)?;
    let checkpoint = SignedCheckpoint::parse(&bytes);
    let checkpoint = checkpoint.map_err(|error| CliError::failed("reading the checkpoint", error))?;
    let head = checkpoint.unverified().head();
    goes_on(&args.out, head)?;
    let size = head.size;
    let files: Vec<String> =
        export_files(size).filter(|file| *file != ExportFile::Checkpoint).map(ExportFile::path).collect();
    let mut progress = terminal.progress("fetching the log", Unit::Count, files.len() as u64);
    let mut fetched = 0_u64;
    for (nth, path) in files.iter().enumerate() {
        let target = args.out.join(path);
        if !target.is_file() {
            let bytes = fetch(&session, path, terminal)?;
            create_dir(target.parent().unwrap_or(&args.out)).map_err(failed)?;
            write_file(&target, Access::Private, &bytes).map_err(failed)?;
            fetched += 1;
        }
        progress.at(nth as u64 + 1, "");
    }
    progress.finish();
    keep_checkpoint(&args.out, &bytes).map_err(failed)?;
    drop_partial(&args.out, size);
    let result = serde_json::json!({"entries": size, "files": files.len() + 1, "fetched": fetched + 1});
    terminal.result(&result, || {
        let (size, out) = (thousands(size), args.out.display());
        format!("{size} entries in {out}; verify them with: padan audit verify {out} --key KEY\n")
    });
    Ok(Outcome::Done)
}

/// The log is shorter than it was, or another one.
#[derive(Debug, thiserror::Error)]
#[error("the log had {before} entries when it was exported before, and has {now} that do not go on from them")]
struct CutBack {
    before: u64,
    now: u64,
}

/// Refuses a log that cannot go on from the export that is there: nothing of that is touched.
fn goes_on(out: &Path, now: TreeHead) -> Result<(), CliError> {
    let heads = ["checkpoint", BEFORE].map(|name| std::fs::read(out.join(name)).ok());
    let heads = heads.iter().flatten().filter_map(|bytes| SignedCheckpoint::parse(bytes).ok());
    for head in heads.map(|signed| signed.unverified().head()) {
        if head.size > now.size || head.size == now.size && head.root != now.root {
            let hint = "keep this folder: it shows what the log was; export what it is now into another one and compare with --earlier";
            let error = CutBack { before: head.size, now: now.size };
            return Err(CliError::failed("fetching the audit log", error).hint(Some(hint)));
        }
    }
    Ok(())
}

/// Puts the checkpoint in the place of the one before. That is kept until `padan audit verify` has held the log against it.
fn keep_checkpoint(out: &Path, bytes: &[u8]) -> Result<(), crate::cli::output::OutputError> {
    let (target, kept) = (out.join("checkpoint"), out.join(BEFORE));
    if let Ok(before) = std::fs::read(&target)
        && before != bytes
        && !kept.exists()
    {
        write_file(&kept, Access::Private, &before)?;
    }
    write_file(&target, Access::Private, bytes)
}

/// Takes the partial tiles of earlier exports away: each is the beginning of one that is there now.
fn drop_partial(out: &Path, size: u64) {
    for path in super::verify::files_below(out) {
        if ExportFile::parse(&path).is_some_and(|file| !file.belongs_to(size)) {
            // What stays is told by `padan audit verify`.
            let _ = std::fs::remove_file(out.join(&path));
        }
    }
}

fn fetch(session: &Session<'_>, path: &str, terminal: Terminal) -> Result<Vec<u8>, CliError> {
    let path = format!("/v1/audit/{path}");
    let call = Call { method: &Method::GET, path: &path, key: None, content_type: "", accept: "*/*", body: &[] };
    let answer = session.call(&call, &mut |sentence| terminal.say(sentence));
    let answer = answer.map_err(|error| {
        let hint = error.hint();
        CliError::failed("fetching the audit log", error).hint(hint)
    })?;
    Ok(answer.body)
}

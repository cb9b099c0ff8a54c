//! `padan audit proof`: the receipt of a batch, verified without the gateway.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::trust::TrustArgs;
use crate::audit::EntryProof;
use crate::cli::terminal::Terminal;
use crate::cli::{CliError, Outcome};

const HELP: &str = "\
The file is what /v1/batches/{id}/receipt/proof answers: an entry of the audit log that says which body was sent (SHA-256), when it was taken in
and what became of its rows, and the proof that the signed log holds it.

Example:
  padan audit proof tanda-terima.tlog-proof --key audit.pub";

/// An entry as base64, some hashes and a checkpoint; more is no proof.
const PROOF_BYTES: usize = 1 << 20;

/// Verifies the proof that a batch was taken in, and prints what it says.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct ProofArgs {
    /// The proof.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
}

/// A proof of nothing.
#[derive(Debug, thiserror::Error)]
#[error("the proof holds no entry of the log")]
struct NoEntry;

pub(super) fn run(args: &ProofArgs, terminal: Terminal) -> Result<Outcome, CliError> {
    let trust = args.trust.trust()?;
    let failed = |error| CliError::failed(format!("reading {}", args.file.display()), error);
    let bytes = super::verify::read(&args.file, PROOF_BYTES).map_err(failed)?;
    let bytes = bytes.ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?;
    let proof = EntryProof::parse(&bytes).map_err(|error| CliError::failed("reading the proof", error))?;
    let entry = proof.extra().ok_or_else(|| CliError::failed("reading the proof", NoEntry))?;
    proof.verify(entry, &trust).map_err(|error| CliError::failed("verifying the proof", error))?;
    let entry: Value = serde_json::from_slice(entry).map_err(|error| CliError::failed("reading the entry", error))?;
    let result = json!({"sound": true, "number": proof.index() + 1, "entry": entry});
    terminal.result(&result, || {
        let shown = serde_json::to_string_pretty(&entry).unwrap_or_default();
        format!("sound: entry {} of {}\n{shown}\n", proof.index() + 1, proof.checkpoint().unverified().origin())
    });
    Ok(Outcome::Done)
}

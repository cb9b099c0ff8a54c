//! `padan audit`: fetches the audit log of a gateway and verifies it without one.

mod export;
mod proof;
mod trust;
mod verify;

use super::terminal::Terminal;
use super::{CliError, Outcome};

/// Fetches the audit log of a gateway, and verifies it, or the receipt of a batch, without the gateway.
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AuditCommand {
    Export(export::ExportArgs),
    Verify(verify::VerifyArgs),
    Proof(proof::ProofArgs),
}

/// Runs the command.
pub(super) fn run(args: &Args, terminal: Terminal) -> Result<Outcome, CliError> {
    match &args.command {
        AuditCommand::Export(args) => export::run(args, terminal),
        AuditCommand::Verify(args) => verify::run(args, terminal),
        AuditCommand::Proof(args) => proof::run(args, terminal),
    }
}

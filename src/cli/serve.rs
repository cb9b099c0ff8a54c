//! `padan serve`: the gateway.

use std::net::SocketAddr;
use std::sync::Arc;

use super::launch::StoreArgs;
use super::launch::launch;
use super::terminal::Terminal;
use super::{CliError, Outcome, runtime};
use crate::service::clock::SystemClock;

const HELP: &str = "\
The configuration names the store, the certificate and the clients; config/padan.example.toml explains every setting.
Ctrl-C or SIGTERM stops it: requests in flight end, what was acknowledged is safe.

Example:
  padan keys dev --out keys
  padan serve --config padan.toml";

/// Runs the gateway: agencies push, stewards decide, reports are read.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    #[command(flatten)]
    place: StoreArgs,
    /// Another address than the configuration names.
    #[arg(long, value_name = "HOST:PORT", env = "PADAN_LISTEN")]
    listen: Option<SocketAddr>,
}

pub(super) fn run(args: &Args, terminal: Terminal) -> Result<Outcome, CliError> {
    let mut settings = args.place.settings()?;
    settings.http.listen = args.listen.unwrap_or(settings.http.listen);
    crate::telemetry::log(&settings.log).map_err(|error| {
        CliError::wrong_call("setting up the log", error).hint(Some("write log.filter as in \"info,padan=debug\""))
    })?;
    let metrics = crate::telemetry::metrics().map_err(|error| CliError::failed("setting up metrics", error))?;
    tracing::info!(settings = %settings.effective(), "settings in force");
    runtime()?.block_on(async {
        let launched =
            launch(&settings, Arc::new(SystemClock), Some(metrics), stop_signal()).await.map_err(|error| {
                let hint = error.hint();
                CliError::failed("starting the gateway", error).hint(hint)
            })?;
        if let Some(address) = launched.admin_address() {
            terminal.say(&format!("machines that watch are answered on https://{address}"));
        }
        terminal.say(&format!("padan listens on https://{}", launched.address()));
        launched.finished().await.map_err(|error| CliError::failed("serving", error))
    })?;
    Ok(Outcome::Done)
}

/// Resolves at Ctrl-C or SIGTERM.
pub(super) async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        // Without a SIGTERM handler the signal ends the process at once; what was acknowledged is safe all the same.
        Err(_) => drop(interrupt.await),
    }
}

//! `padan serve`: the gateway.

use std::net::SocketAddr;
use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::launch::{Reloaded, Reloader, StoreArgs, launch};
use super::secret_file::warn_if_open;
use super::terminal::Terminal;
use super::{CliError, Outcome, runtime};
use crate::config::Settings;
use crate::service::clock::SystemClock;

const HELP: &str = "\
The configuration names the store, the certificate and the clients; config/padan.example.toml explains every setting.
Ctrl-C or SIGTERM stops it: requests in flight end, what was acknowledged is safe. SIGHUP reads the configuration again
and takes its certificate and clients; nobody is signed out who is still a client.

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

impl Args {
    /// What the call says otherwise than the file.
    fn override_some(&self, mut settings: Settings) -> Settings {
        settings.http.listen = self.listen.unwrap_or(settings.http.listen);
        settings.store = self.place.store.clone().unwrap_or(settings.store);
        settings
    }
}

pub(super) fn run(args: &Args, terminal: Terminal) -> Result<Outcome, CliError> {
    let settings = args.override_some(args.place.settings()?);
    crate::telemetry::log(&settings.log).map_err(|error| {
        CliError::wrong_call("setting up the log", error).hint(Some("write log.filter as in \"info,padan=debug\""))
    })?;
    if settings.store.holds_password() {
        warn_if_open(&args.place.config, "the password of the store", terminal);
    }
    let metrics = crate::telemetry::metrics().map_err(|error| CliError::failed("setting up metrics", error))?;
    tracing::info!(settings = %settings.effective(), "settings in force");
    runtime()?.block_on(serve(args, settings, metrics, terminal))?;
    Ok(Outcome::Done)
}

async fn serve(args: &Args, settings: Settings, metrics: PrometheusHandle, terminal: Terminal) -> Result<(), CliError> {
    // From here on, also while the store is opened: by default these signals would end the process.
    let mut signals = Signals::new().map_err(|error| CliError::failed("listening to signals", error))?;
    let launched = launch(&settings, Arc::new(SystemClock), Some(metrics), stop_signal()).await;
    let launched = launched.map_err(|error| {
        let hint = error.hint();
        CliError::failed("starting the gateway", error).hint(hint)
    })?;
    if let Some(address) = launched.admin_address() {
        terminal.say(&format!("machines that watch are answered on https://{address}"));
    }
    terminal.say(&format!("padan listens on https://{}", launched.address()));
    let (reloader, mut in_force) = (launched.reloader(), settings);
    let ended = launched.finished();
    tokio::pin!(ended);
    loop {
        tokio::select! {
            ended = &mut ended => return ended.map_err(|error| CliError::failed("serving", error)),
            () = signals.reload() => reload(args, &reloader, &mut in_force),
        }
    }
}

/// Takes what may be changed while the gateway goes on, and says what is other. What cannot be used changes nothing.
fn reload(args: &Args, reloader: &Reloader, in_force: &mut Settings) {
    let settings = match Settings::read(&args.place.config) {
        Ok(settings) => args.override_some(settings),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "the configuration cannot be used; clients and certificate stay as they are");
            return;
        }
    };
    let Reloaded { clients, certificate } = reloader.reload(&settings);
    let certificate = match certificate {
        Ok(Some(until)) => format!("another one, valid until {until}"),
        Ok(None) => "the same".to_owned(),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "the certificate cannot be used; the old one stays");
            "the old one".to_owned()
        }
    };
    let waiting = in_force.waiting_for_restart(&settings).join(", ");
    tracing::info!(%clients, certificate, "the configuration was read again");
    if !waiting.is_empty() {
        tracing::warn!(settings = waiting, "these settings are other, too, and wait for the next start");
    }
    in_force.client = settings.client;
}

/// Signals that do not stop the gateway.
struct Signals {
    hang_up: Signal,
    user: [Signal; 2],
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        let user = [signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined2())?];
        Ok(Self { hang_up: signal(SignalKind::hangup())?, user })
    }

    /// Resolves at SIGHUP. SIGUSR1 and SIGUSR2 mean nothing here and end nothing.
    async fn reload(&mut self) {
        let [first, second] = &mut self.user;
        loop {
            tokio::select! {
                _ = self.hang_up.recv() => return,
                _ = first.recv() => {}
                _ = second.recv() => {}
            }
            tracing::info!("a signal came that has no meaning here; SIGHUP reads the configuration again");
        }
    }
}

/// Resolves at Ctrl-C or SIGTERM. Both are listened to from the call on, in whose runtime it has to be.
pub(super) fn stop_signal() -> impl Future<Output = ()> + Send + 'static {
    let both = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        // Without a handler a signal ends the process at once; what was acknowledged is safe all the same.
        let (Ok(mut interrupt), Ok(mut terminate)) = both else { return std::future::pending().await };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

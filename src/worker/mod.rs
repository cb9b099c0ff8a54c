//! Background work. One worker today: the matcher, which follows the journal of acknowledged rows and, between two
//! looks at it, keeps the retention rule. It may be stopped at any point; the next start goes on from there.

use tokio::task::JoinHandle;

use crate::service::gateway::Gateway;

/// Starts the matching worker. It ends when the last [`Gateway`] is gone or `stop` resolves.
pub fn start(gateway: Gateway, mut stop: tokio::sync::watch::Receiver<Running>) -> JoinHandle<()> {
    tokio::spawn(async move {
        tokio::select! {
            result = gateway.work() => {
                if let Err(error) = result {
                    tracing::error!(error = &error as &dyn std::error::Error, "matching stopped; acknowledged rows are safe and are matched at the next start");
                    gateway.stop_serving();
                }
            }
            _ = stop.wait_for(|state| *state == Running::Stopping) => {}
        }
    })
}

/// Whether the program is to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Running {
    /// Go on.
    Yes,
    /// Come to a safe point and end.
    Stopping,
}

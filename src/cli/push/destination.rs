//! Which gateway a command speaks to, and as whom.

use std::path::PathBuf;

use super::PushError;
use super::client::Client;
use crate::cli::secret_file::warn_if_open;
use crate::cli::terminal::Terminal;

/// The address of a gateway, a token and an authority.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Destination {
    /// Address of the gateway.
    #[arg(long, value_name = "https://HOST:PORT")]
    pub(super) to: String,
    /// File with the token alone in it; without it the variable `PADAN_TOKEN` is read.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Certificate authority that signed the gateway's certificate (PEM).
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

impl Destination {
    /// The gateway, and the token that it is spoken to with.
    pub(in crate::cli) fn client(&self, terminal: Terminal) -> Result<(Client, String), PushError> {
        let read = |path: &PathBuf| {
            std::fs::read_to_string(path).map_err(|source| PushError::Read { path: path.clone(), source })
        };
        let ca = self.ca.as_ref().map(read).transpose()?;
        let token = match &self.token_file {
            Some(path) => {
                warn_if_open(path, "the token", terminal);
                read(path)?
            }
            None => std::env::var("PADAN_TOKEN").map_err(|_| PushError::NoToken)?,
        };
        let client = Client::new(&self.to, &token, ca.as_deref().map(str::as_bytes))?;
        Ok((client, token))
    }
}

//! Whose signatures count: keys on the command line.

use std::path::Path;

use crate::audit::{Trust, VerifierKey};
use crate::cli::CliError;

/// More is no key.
const KEY_BYTES: usize = 4_096;

/// Keys that are given as text or as a file that holds one.
#[derive(Debug, clap::Args)]
pub(super) struct TrustArgs {
    /// The log's public key, as text or as a file (`padan keys audit` shows it, `/v1/audit/key` answers it). Get it once and
    /// not together with what it is to verify.
    #[arg(long, value_name = "KEY|FILE")]
    key: String,
    /// The public key of a witness that has to have countersigned. May be given more than once; all of them have to.
    #[arg(long = "witness", value_name = "KEY|FILE")]
    witnesses: Vec<String>,
}

impl TrustArgs {
    /// The log alone.
    pub(super) fn log(&self) -> Result<Trust, CliError> {
        let trust = Trust::new(key(&self.key)?);
        trust.map_err(|error| CliError::wrong_call("reading the key".to_owned(), error))
    }

    /// The log and its witnesses.
    pub(super) fn trust(&self) -> Result<Trust, CliError> {
        let trust = self.log()?;
        let witnesses = self.witnesses.iter().map(|text| key(text)).collect::<Result<Vec<_>, _>>()?;
        let needed = witnesses.len();
        trust
            .with_witnesses(witnesses, needed)
            .map_err(|error| CliError::wrong_call("reading the keys of the witnesses".to_owned(), error))
    }
}

fn key(text: &str) -> Result<VerifierKey, CliError> {
    let hint =
        "a public key is one line, name+id+base64, or a file that holds it; the file of a private key is another one";
    let line = if text.contains('+') { text.to_owned() } else { key_file(Path::new(text))? };
    line.trim().parse().map_err(|error| CliError::wrong_call("reading a key".to_owned(), error).hint(Some(hint)))
}

fn key_file(path: &Path) -> Result<String, CliError> {
    let failed = |error| CliError::failed(format!("reading the key {}", path.display()), error);
    let bytes = super::verify::read(path, KEY_BYTES).map_err(failed)?;
    let bytes = bytes.ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?;
    String::from_utf8(bytes).map_err(|_| failed(std::io::ErrorKind::InvalidData.into()))
}

//! Why a push did not come to its end, and what to do about it.

use std::path::PathBuf;

use super::client::{CallError, ClientError};
use crate::cli::output::OutputError;
use crate::domain::feed::Feed;

/// A push did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// A file could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is longer than any row.
    #[error("{}:{line}: the line is longer than {limit} bytes", path.display())]
    LineTooLong {
        /// Which file.
        path: PathBuf,
        /// Which line.
        line: u64,
        /// The limit.
        limit: usize,
    },
    /// The name of a file is not the name of a feed, and no feed was named.
    #[error("{}: the file is not named after a feed; the feeds are {}", path.display(), Feed::ALL.map(Feed::name).join(", "))]
    NoFeed {
        /// Which file.
        path: PathBuf,
    },
    /// A feed and nothing to send.
    #[error("{feed}: no file is named")]
    NoFile {
        /// Which feed.
        feed: Feed,
    },
    /// Files of this kind are not sent.
    #[error("{}: a list is sent as NDJSON, XLSX, CSV, ZIP or gzip", path.display())]
    NotAList {
        /// Which file.
        path: PathBuf,
    },
    /// The file of `--map` is no mapping, or one of another feed.
    #[error("{}: {problem}", path.display())]
    Mapping {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// There is no token.
    #[error("there is no token")]
    NoToken,
    /// The gateway cannot be spoken to as asked.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A request failed.
    #[error("{}", what.display())]
    Call {
        /// The file being sent.
        what: PathBuf,
        /// Why.
        source: CallError,
    },
    /// The gateway's answer has another form than this program knows.
    #[error("the gateway's answer cannot be read")]
    Answer(#[source] serde_json::Error),
    /// The completeness file is not a list of entries.
    #[error("{}: not a list of completeness entries", path.display())]
    Declaration {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// The receipt could not be written.
    #[error(transparent)]
    Receipt(#[from] OutputError),
    /// Not matched in time.
    #[error("batch {batch} is {} after {seconds} s", if *matched { "matched but not in the reports" } else { "not matched" })]
    NotMatched {
        /// It is matched, and reports do not tell of it.
        matched: bool,
        /// Which batch.
        batch: String,
        /// How long was waited.
        seconds: u64,
    },
}

impl PushError {
    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Call { source, .. } => source.hint(),
            Self::Client(error) => Some(error.hint()),
            Self::NoFeed { .. } => Some("write the feed before the files: padan push bank-rekening FILE"),
            Self::NoFile { .. } => Some("write the files after the feed: padan push bank-rekening FILE"),
            Self::NotAList { .. } => Some("save it as .xlsx, or as .csv"),
            Self::Mapping { .. } => Some("docs/mapping.md says how a mapping is written"),
            Self::NoToken => Some("name its file with --token-file, or set PADAN_TOKEN"),
            Self::LineTooLong { .. } => Some("check that the file has line ends"),
            Self::Answer(_) => Some("is it a Padan gateway, of the same version?"),
            Self::NotMatched { .. } => {
                Some("the rows are stored; matching goes on. Look at GET /v1/batches/{id} later")
            }
            Self::Declaration { .. } => {
                Some(r#"[{"feed": "bank-rekening", "kode_wilayah": "320105", "periode": "2025-T4", "lengkap": true}]"#)
            }
            Self::Read { .. } | Self::Receipt(_) => None,
        }
    }

    /// The call itself was wrong: nothing was sent, and nothing can be.
    pub(super) fn is_wrong_call(&self) -> bool {
        matches!(
            self,
            Self::NoFeed { .. }
                | Self::NoFile { .. }
                | Self::NotAList { .. }
                | Self::Mapping { .. }
                | Self::NoToken
                | Self::Client(_)
        )
    }
}

//! Why the server did not answer, without anything it says about rows: its messages and details quote keys.

use std::{error::Error as _, io};

use tokio_postgres::error::{DbError, Severity, SqlState};

use crate::store::{Damage, StoreError};

/// What became of a request.
pub(super) type Answer<T> = Result<T, Failure>;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server or the way to it.
    Server(tokio_postgres::Error),
    /// There was no answer in time.
    Late,
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Server(error)
    }
}

impl Failure {
    /// Whether the connection is of no use any more.
    pub(super) fn lost(&self) -> bool {
        match self.said() {
            Some(said) => {
                matches!(said.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
                    || said.code().code().starts_with("57P")
            }
            None => true,
        }
    }

    /// The error for whoever asked, when nothing was written.
    pub(super) fn into_error(self, doing: &'static str) -> StoreError {
        match self.said().map(DbError::code) {
            Some(code) if *code == SqlState::DISK_FULL => StoreError::Full { free: 0, reserve: 0 },
            Some(code) if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED => {
                StoreError::Corrupt { doing, finding: Damage::Engine }
            }
            _ => StoreError::away(doing, self.cause()),
        }
    }

    /// The error for whoever waits for a commit, when it may have happened.
    pub(super) fn into_doubt(self, doing: &'static str) -> StoreError {
        StoreError::io(doing, self.cause())
    }

    /// What the server said, if it did.
    pub(super) fn said(&self) -> Option<&DbError> {
        match self {
            Self::Server(error) => error.as_db_error(),
            Self::Late => None,
        }
    }

    fn cause(&self) -> io::Error {
        match self {
            Self::Late => io::Error::new(io::ErrorKind::TimedOut, "there was no answer in time"),
            Self::Server(error) => match error.as_db_error() {
                Some(said) => io::Error::other(in_public(said)),
                // Without an answer of the server there is no row to speak of: names of hosts and of certificates.
                None => io::Error::other(error.source().map_or(error.to_string(), |cause| format!("{error}: {cause}"))),
            },
        }
    }
}

/// The part of the server's words that is never about a row.
fn in_public(said: &DbError) -> String {
    let (code, severity) = (said.code().code(), said.parsed_severity());
    let severity = severity.map_or(String::new(), |severity| format!("{severity} "));
    format!("{severity}{code}{}", meaning(code))
}

/// What whoever runs the gateway can do something about, in words.
fn meaning(code: &str) -> &'static str {
    match code {
        "28P01" | "28000" => ": the server refuses the user or the password",
        "3D000" => ": there is no such database",
        "42501" => ": the user lacks a right; it needs CREATE on the database, or to own the schema",
        "53300" => ": the server has too many connections",
        "55P03" => ": another gateway held the store for too long",
        "57014" => ": the statement took longer than server_timeout_ms",
        "57P01" | "57P02" => ": the server is being stopped",
        "57P03" => ": the server is starting or stopping",
        _ => "",
    }
}

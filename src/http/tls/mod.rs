//! The server's certificate and key, and the one way they are used: TLS 1.3 with *ring*.
//!
//! `served` is the identity in force, which a reload replaces; `validity` reads until when and for which names a certificate
//! is. One that has expired, or is not valid yet, is not taken; one that expires while it is served goes on being shown: a
//! client that checks it is told so by its own library, which says more than a broken handshake, and the log says it
//! every day before and after.

mod served;
mod validity;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

pub use self::served::Served;
pub(crate) use self::served::{WARN_DAYS, Watch};
pub(crate) use self::validity::Validity;
use super::config::Tls;
use crate::domain::date::Timestamp;

/// Mode bits that let others than the owner and the group read, write or run a file.
const OTHERS: u32 = 0o007;
/// The same for the group.
const GROUP: u32 = 0o070;

/// Where the server's certificate comes from.
#[derive(Clone)]
pub enum Identity {
    /// PEM files.
    Files(Tls),
    /// PEM texts already in memory.
    Memory {
        /// Certificate chain.
        cert_pem: Vec<u8>,
        /// Private key.
        key_pem: Vec<u8>,
    },
}

/// Why the server cannot show who it is.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A PEM file or text cannot be read.
    #[error("tls: {what} cannot be read{}", .path.as_ref().map(|p| format!(" from {}", p.display())).unwrap_or_default())]
    Pem {
        /// `the certificate` or `the private key`.
        what: &'static str,
        /// The file, where there is one.
        path: Option<PathBuf>,
        /// What went wrong.
        #[source]
        source: pem::Error,
    },
    /// No certificate in the PEM.
    #[error("tls: there is no certificate in the PEM")]
    NoCertificate,
    /// Certificate and key do not fit each other, or are of a kind that is not supported.
    #[error("tls: certificate and key cannot be used together")]
    Unusable(#[source] rustls::Error),
    /// What is in the PEM is no certificate.
    #[error("tls: the certificate is damaged")]
    NotCertificate,
    /// Its time is over.
    #[error("tls: the certificate expired at {not_after}")]
    Expired {
        /// When.
        not_after: Timestamp,
    },
    /// Its time has not come, or the clock is wrong.
    #[error("tls: the certificate is valid from {not_before} on, and the clock says {now}")]
    NotYet {
        /// From when on.
        not_before: Timestamp,
        /// What the clock says.
        now: Timestamp,
    },
    /// Every account of the machine can read the key, so it has to be taken for known.
    #[error("tls: every account of this machine can read the private key {} (mode {mode:04o})", path.display())]
    OpenKey {
        /// Which file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
}

impl Identity {
    /// The key to show and what its certificate says, when it may be shown at `now`.
    fn load(&self, now: Timestamp) -> Result<(CertifiedKey, Validity), TlsError> {
        let (chain, key) = self.read()?;
        let validity = Validity::of(chain.first().ok_or(TlsError::NoCertificate)?)?;
        validity.check(now)?;
        let key = CertifiedKey::from_der(chain, key, &provider()).map_err(TlsError::Unusable)?;
        Ok((key, validity))
    }

    fn read(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
        let failed = |what, path: Option<&PathBuf>| {
            let path = path.cloned();
            move |source| TlsError::Pem { what, path, source }
        };
        match self {
            Self::Files(Tls { cert, key }) => {
                let chain = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect);
                let chain = chain.map_err(failed("the certificate", Some(cert)))?;
                check_mode(key)?;
                let key = PrivateKeyDer::from_pem_file(key).map_err(failed("the private key", Some(key)))?;
                Ok((chain, key))
            }
            Self::Memory { cert_pem, key_pem } => {
                let chain = CertificateDer::pem_slice_iter(cert_pem).collect::<Result<_, _>>();
                let chain = chain.map_err(failed("the certificate", None))?;
                let key = PrivateKeyDer::from_pem_slice(key_pem).map_err(failed("the private key", None))?;
                Ok((chain, key))
            }
        }
    }
}

/// Refuses a key that every account can read: it was open for as long as it lay there, so making it private now would hide
/// that it may be known. What a group may read is a way to share a key with the program that renews it, and only told.
fn check_mode(path: &Path) -> Result<(), TlsError> {
    // A key that is not there is told of where it is read.
    let Ok(data) = std::fs::metadata(path) else { return Ok(()) };
    let mode = data.permissions().mode() & 0o7777;
    if mode & OTHERS != 0 {
        return Err(TlsError::OpenKey { path: path.to_owned(), mode });
    }
    if mode & GROUP != 0 {
        let mode = format!("{mode:04o}");
        tracing::warn!(path = %path.display(), %mode, "a group can read the private key; where that is not meant: chmod 600");
    }
    Ok(())
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Files(files) => f.debug_tuple("Files").field(files).finish(),
            Self::Memory { .. } => f.write_str("Memory(***)"),
        }
    }
}

#[cfg(test)]
mod tests;

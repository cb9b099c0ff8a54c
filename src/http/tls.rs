//! The server's certificate and key, and the one way they are used: TLS 1.3 with *ring*.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, version};

use super::config::Tls;

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
}

impl Identity {
    /// The settings of a TLS 1.3 server with this identity.
    pub(super) fn server_config(&self) -> Result<ServerConfig, TlsError> {
        let (chain, key) = self.read()?;
        if chain.is_empty() {
            return Err(TlsError::NoCertificate);
        }
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[&version::TLS13])
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(TlsError::Unusable)
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

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Files(files) => f.debug_tuple("Files").field(files).finish(),
            Self::Memory { .. } => f.write_str("Memory(***)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_that_cannot_be_used_says_what_is_wrong() {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        let memory = |cert: &str, key: &str| Identity::Memory { cert_pem: cert.into(), key_pem: key.into() };
        let (cert, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        assert!(memory(&cert, &key).server_config().is_ok());
        for (identity, words) in [
            (memory("", &key), "no certificate"),
            (memory(&cert, ""), "private key cannot be read"),
            (memory(&cert, &other.signing_key.serialize_pem()), "cannot be used together"),
            (Identity::Files(Tls { cert: "no-such.pem".into(), key: "x".into() }), "from no-such.pem"),
        ] {
            let error = identity.server_config().expect_err(words);
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}

//! What a certificate says of itself: until when it is valid, and for which names.

use rustls::pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::TlsError;
use crate::domain::date::Timestamp;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// When a certificate may be shown, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Validity {
    /// From when on.
    pub(crate) not_before: Timestamp,
    /// Until when.
    pub(crate) not_after: Timestamp,
    /// Host names (`*` for any first label) and addresses, in lower case.
    names: Vec<String>,
}

impl Validity {
    /// Reads a certificate.
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Result<Self, TlsError> {
        let damaged = |_| TlsError::NotCertificate;
        let certificate = Certificate::from_der(certificate).map_err(damaged)?.tbs_certificate;
        let names = certificate.get::<SubjectAltName>().map_err(damaged)?;
        let names = names.map(|(_, names)| names.0.iter().filter_map(name).collect()).unwrap_or_default();
        let validity = certificate.validity;
        Ok(Self {
            not_before: moment(validity.not_before.to_unix_duration().as_secs()),
            not_after: moment(validity.not_after.to_unix_duration().as_secs()),
            names,
        })
    }

    /// Fails where the certificate may not be shown at `now`.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), TlsError> {
        let Self { not_before, not_after, .. } = *self;
        if now > not_after {
            return Err(TlsError::Expired { not_after });
        }
        if now < not_before { Err(TlsError::NotYet { not_before, now }) } else { Ok(()) }
    }

    /// Whole days until it expires; negative afterwards.
    pub(crate) fn days_left(&self, now: Timestamp) -> i64 {
        (self.not_after.as_millisecond() - now.as_millisecond()).div_euclid(DAY_MS)
    }

    /// Whether it is for a host: a name or an address, without a port.
    pub(crate) fn is_for(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let beyond_first = host.split_once('.').map(|(_, rest)| format!("*.{rest}"));
        self.names.iter().any(|name| *name == host || beyond_first.as_ref() == Some(name))
    }
}

fn moment(seconds: u64) -> Timestamp {
    i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or(Timestamp::MAX)
}

/// A name a browser may ask for. Others stand in certificates, too.
fn name(name: &GeneralName) -> Option<String> {
    if let GeneralName::DnsName(name) = name {
        return Some(name.as_str().to_ascii_lowercase());
    }
    let GeneralName::IpAddress(bytes) = name else { return None };
    let bytes = bytes.as_bytes();
    let four = <[u8; 4]>::try_from(bytes).map(|bytes| std::net::IpAddr::from(bytes).to_string());
    let sixteen = || <[u8; 16]>::try_from(bytes).map(|bytes| format!("[{}]", std::net::IpAddr::from(bytes)));
    four.or_else(|_| sixteen()).ok()
}

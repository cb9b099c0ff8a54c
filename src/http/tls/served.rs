//! The identity in force: shared by all listeners and workers, replaced by a reload, watched until it expires.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, version};
use tokio::task::JoinHandle;

use super::{Identity, TlsError, Validity, provider};
use crate::domain::date::Timestamp;
use crate::telemetry::metric;

/// So many days before the end it is warned of.
pub(crate) const WARN_DAYS: i64 = 30;
/// How often the metric is set.
const LOOK: Duration = Duration::from_hours(1);
/// After so many looks it is warned again.
const LOOKS_A_DAY: u64 = 24;

/// The certificate and key that are shown now; clones share them.
#[derive(Debug, Clone)]
pub struct Served(Arc<RwLock<Shown>>);

#[derive(Debug, Clone)]
struct Shown {
    key: Arc<CertifiedKey>,
    validity: Arc<Validity>,
}

/// Watches the certificate until it is dropped.
#[derive(Debug)]
pub(crate) struct Watch(JoinHandle<()>);

impl Served {
    /// Reads an identity that may be shown at `now`.
    pub(crate) fn load(identity: &Identity, now: Timestamp) -> Result<Self, TlsError> {
        Ok(Self(Arc::new(RwLock::new(Shown::load(identity, now)?))))
    }

    /// Shows another identity from now on; connections that are there go on. Answers until when the new one is valid, where
    /// it is another one. What cannot be shown changes nothing.
    pub fn reload(&self, identity: &Identity, now: Timestamp) -> Result<Option<Timestamp>, TlsError> {
        let new = Shown::load(identity, now)?;
        let mut shown = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let other = shown.key.cert != new.key.cert;
        *shown = new;
        let validity = Arc::clone(&shown.validity);
        drop(shown);
        validity.tell(now);
        Ok(other.then_some(validity.not_after))
    }

    /// What the certificate says.
    pub(crate) fn validity(&self) -> Arc<Validity> {
        self.shown().validity
    }

    /// The settings of a TLS 1.3 server that shows what is in force at each handshake.
    pub(crate) fn server_config(&self) -> Result<ServerConfig, TlsError> {
        let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&version::TLS13]);
        let builder = builder.map_err(TlsError::Unusable)?;
        Ok(builder.with_no_client_auth().with_cert_resolver(Arc::new(self.clone())))
    }

    /// Tells how long the certificate is valid: to the metric every hour, to the log once a day when its end is near.
    pub(crate) fn watch(&self) -> Watch {
        let served = self.clone();
        Watch(tokio::spawn(async move {
            let mut looks = tokio::time::interval(LOOK);
            for nth in 0_u64.. {
                looks.tick().await;
                let (validity, now) = (served.validity(), Timestamp::now());
                metrics::gauge!(metric::CERTIFICATE_DAYS).set(validity.days_left(now) as f64);
                if nth % LOOKS_A_DAY == 0 {
                    validity.tell(now);
                }
            }
        }))
    }

    fn shown(&self) -> Shown {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Shown {
    fn load(identity: &Identity, now: Timestamp) -> Result<Self, TlsError> {
        let (key, validity) = identity.load(now)?;
        Ok(Self { key: Arc::new(key), validity: Arc::new(validity) })
    }
}

impl ResolvesServerCert for Served {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown().key)
    }
}

impl Validity {
    /// A line in the log where the end is near or has come.
    pub(crate) fn tell(&self, now: Timestamp) {
        let (days, not_after) = (self.days_left(now), self.not_after);
        if days < 0 {
            tracing::error!(%not_after, "the certificate has expired and clients refuse it; put a new one in its place and send SIGHUP");
        } else if days < WARN_DAYS {
            tracing::warn!(days_left = days, %not_after, "the certificate expires soon; put a new one in its place and send SIGHUP");
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

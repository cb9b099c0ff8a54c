//! From settings to a gateway.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Config;
use super::clock::Clock;
use super::error::ServiceError;
use super::gateway::{Gateway, Parts};
use super::models::{self, ModelError, Models};
use crate::audit::{LogSigner, SigningKey};
use crate::auth::{Clients, Directory};
use crate::store::{self, Shrunk, Store, StoreUrl};

/// What a gateway is started with.
pub struct StartWith {
    /// Where bytes rest.
    pub store: StoreUrl,
    /// What to do when there is no store yet.
    pub missing: Missing,
    /// Limits of the store.
    pub store_limits: store::Config,
    /// Who may call.
    pub clients: Directory,
    /// Limits and dates.
    pub settings: Config,
    /// Models and rules other than those built in.
    pub models: models::Config,
    /// Time and identity.
    pub clock: Arc<dyn Clock>,
}

/// What to do when there is no store at the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Make one: a gateway starts empty.
    Create,
    /// Say so: whoever changes a store means one that is there.
    Refuse,
    /// Say so, and open it to be read only.
    ReadOnly,
}

/// Why a gateway could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A model or rule file cannot be used.
    #[error("the models and rules")]
    Models(#[source] ModelError),
    /// The key of the audit log cannot be read.
    #[error("the key of the audit log, {}", path.display())]
    AuditKey {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no store to read.
    #[error("there is no store at {url}")]
    NoStore {
        /// Where it was looked for.
        url: StoreUrl,
    },
    /// The store cannot be opened or read.
    #[error("the store {url}")]
    Store {
        /// Which store.
        url: StoreUrl,
        /// Why.
        #[source]
        source: ServiceError,
    },
}

impl StartWith {
    /// Loads the models and opens the store.
    pub async fn parts(self) -> Result<Parts, StartError> {
        let models = Models::load(&self.models).map_err(StartError::Models)?;
        let signer = self.settings.audit_key.as_deref().map(read_key).transpose()?;
        self.look()?;
        let opened = open(&self.store, self.store_limits, self.missing).await;
        let store = opened.map_err(|source| StartError::Store { url: self.store, source })?;
        let clients = Clients::new(self.clients);
        Ok(Parts { store, clients, settings: self.settings, models: Arc::new(models), clock: self.clock, signer })
    }

    /// Opens the store to be read, as it is: no gateway has to stop for it, except on sled.
    pub async fn to_read(self) -> Result<Arc<dyn Store>, StartError> {
        self.look()?;
        let opened = open(&self.store, self.store_limits, self.missing).await;
        opened.map_err(|source| StartError::Store { url: self.store, source })
    }

    /// Gives the free pages of the store back to the disk; `None` where that is not done by hand. Nobody else may have it
    /// open.
    pub async fn shrink(self) -> Result<Option<Shrunk>, StartError> {
        self.look()?;
        let (url, limits) = (self.store.clone(), self.store_limits);
        let shrunk = tokio::task::spawn_blocking(move || store::shrink(&url, &limits)).await;
        let shrunk = shrunk.map_err(|_| ServiceError::NotReady).and_then(|shrunk| shrunk.map_err(ServiceError::from));
        shrunk.map_err(|source| StartError::Store { url: self.store, source })
    }

    /// Fails when there is no store where one has to be.
    fn look(&self) -> Result<(), StartError> {
        let absent = self.store.folder().is_some_and(|path| !path.is_dir());
        if absent && self.missing != Missing::Create {
            return Err(StartError::NoStore { url: self.store.clone() });
        }
        Ok(())
    }

    /// Opens the gateway: reads what is stored, matches it, and is ready.
    pub async fn open(self) -> Result<Gateway, StartError> {
        let url = self.store.clone();
        let parts = self.parts().await?;
        Gateway::open(parts).await.map_err(|source| StartError::Store { url, source })
    }
}

/// Reads the key that signs the heads of the audit log.
fn read_key(path: &Path) -> Result<LogSigner, StartError> {
    let read = || -> Result<LogSigner, Box<dyn std::error::Error + Send + Sync>> {
        if let Some(mode) = store::private::open_to_others(path) {
            return Err(format!("other accounts can read it (mode {mode:04o})").into());
        }
        Ok(std::fs::read_to_string(path)?.parse::<SigningKey>()?.log()?)
    };
    read().map_err(|source| StartError::AuditKey { path: path.to_owned(), source })
}

async fn open(url: &StoreUrl, limits: store::Config, missing: Missing) -> Result<Arc<dyn Store>, ServiceError> {
    let url = url.clone();
    let work = move || match missing {
        Missing::Create | Missing::Refuse => store::open(&url, &limits),
        Missing::ReadOnly => store::open_to_read(&url, &limits),
    };
    let started = std::time::Instant::now();
    let opened = tokio::task::spawn_blocking(work).await.map_err(|_| ServiceError::NotReady)?;
    tracing::info!(open_ms = started.elapsed().as_millis() as u64, "opened the store");
    opened.map_err(ServiceError::from)
}

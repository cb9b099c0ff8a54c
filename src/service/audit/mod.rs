//! The audit log: who saw or did what, about whom, when and what for. Entries are written in the transaction of what they
//! record, or before it is shown; nothing is ever taken away. Over them stands a tree whose head is signed, so that what
//! was shown to somebody once cannot be changed afterwards without being seen (`crate::audit`).

mod check;
mod entry;
mod receipt;
mod subject;
mod tree;

use tokio::sync::Mutex;

pub(super) use self::check::LogCheck;
use self::entry::MOST_ABOUT;
pub use self::entry::{Detail, Entry, Trace, Who};
pub use self::subject::{Seen, SeenBy};
pub use self::tree::AuditError;
use self::tree::Grown;
pub(super) use self::tree::{grown, last_entry};
use crate::audit::LogSigner;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::store::WriteBatch;

/// The state of the log.
#[derive(Default)]
pub(super) struct Audit {
    /// Held by whoever adds to the tree.
    growing: Mutex<Grown>,
    /// Signs its heads, where there is a key.
    signer: Option<LogSigner>,
}

impl Audit {
    pub(super) fn new(signer: Option<LogSigner>) -> Self {
        Self { growing: Mutex::default(), signer }
    }
}

impl Gateway {
    /// Writes an entry of its own; returns when it is durable. Whoever shows something about a person does this first. What shows
    /// very many is several entries.
    pub async fn record(&self, entry: Entry) -> Result<(), ServiceError> {
        let mut rest = entry;
        loop {
            let more = rest.about.split_off(rest.about.len().min(MOST_ABOUT));
            let mut write = WriteBatch::new();
            write.audit(rest.clone().encoded());
            self.store().commit(write).await?;
            if more.is_empty() {
                return Ok(());
            }
            rest.about = more;
        }
    }
}

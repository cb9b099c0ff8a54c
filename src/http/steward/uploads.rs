//! Lists on their way in: opened, looked at, not yet sent. They are held in memory and nowhere else, for an hour at most.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::layout::Lang;
use super::receipt_page::{notes, outcome};
use crate::auth::Caller;
use crate::domain::agency::AgencyId;
use crate::domain::batch::ReceiptLine;
use crate::domain::feed::Feed;
use crate::http::config::Limits;
use crate::list::{List, ListError, Words};

/// A list is held for so long.
const HELD_FOR: Duration = Duration::from_hours(1);

/// One list.
pub(crate) struct Upload {
    /// A random name; who does not know it cannot ask for the list.
    pub(super) id: String,
    client: String,
    agency: AgencyId,
    /// The feed that its rows are of: known without waiting for the list.
    pub(super) feed: Feed,
    bytes: u64,
    since: Instant,
    list: Mutex<List>,
    /// The batch that it became.
    batch: Mutex<Option<String>>,
}

impl Upload {
    /// The list, for one page at a time. Reading it may take seconds: not for a thread that answers.
    pub(super) fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of what it became.
    pub(super) fn became(&self, batch: &str) {
        *self.batch.lock().unwrap_or_else(PoisonError::into_inner) = Some(batch.to_owned());
    }

    /// The list as a workbook with its bad cells marked.
    pub(super) fn marked(&self, lines: &[ReceiptLine], lang: Lang) -> Result<Vec<u8>, ListError> {
        let words = Words { outcome: &|one| outcome(one, lang).0.to_owned(), notes: &|line| notes(line, lang) };
        self.list().marked(lines, &words)
    }

    fn is_of(&self, caller: &Caller) -> bool {
        self.client == caller.name && caller.agency.as_ref() == Some(&self.agency)
    }

    fn is_over(&self) -> bool {
        self.since.elapsed() > HELD_FOR
    }
}

/// All lists that are held.
pub(crate) struct Uploads {
    held: Mutex<Vec<Arc<Upload>>>,
    most_of_client: usize,
    most_bytes: u64,
}

impl Uploads {
    /// None yet.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            held: Mutex::default(),
            most_of_client: limits.max_uploads_per_client,
            most_bytes: limits.max_upload_bytes_held,
        }
    }

    /// Holds a list; the oldest of the same client goes where it has too many. `None` where all that are held leave no room
    /// for it.
    pub(super) fn hold(&self, caller: &Caller, id: String, list: List, bytes: u64) -> Option<Arc<Upload>> {
        let agency = caller.agency.clone()?;
        let mut held = self.held();
        held.retain(|upload| !upload.is_over());
        while held.iter().filter(|upload| upload.is_of(caller)).count() >= self.most_of_client {
            let oldest = held.iter().position(|upload| upload.is_of(caller))?;
            held.remove(oldest);
        }
        if held.iter().map(|upload| upload.bytes).sum::<u64>() + bytes > self.most_bytes {
            return None;
        }
        let upload = Arc::new(Upload {
            id,
            client: caller.name.clone(),
            agency,
            feed: list.feed(),
            bytes,
            since: Instant::now(),
            list: Mutex::new(list),
            batch: Mutex::default(),
        });
        held.push(Arc::clone(&upload));
        Some(upload)
    }

    /// A list of this caller.
    pub(super) fn find(&self, caller: &Caller, id: &str) -> Option<Arc<Upload>> {
        let held = self.held();
        held.iter().find(|upload| upload.id == id && upload.is_of(caller) && !upload.is_over()).cloned()
    }

    /// The list of this caller that became a batch.
    pub(super) fn of_batch(&self, caller: &Caller, batch: &str) -> Option<Arc<Upload>> {
        let became = |upload: &&Arc<Upload>| {
            upload.batch.lock().unwrap_or_else(PoisonError::into_inner).as_deref() == Some(batch)
        };
        let held = self.held();
        held.iter().filter(|upload| upload.is_of(caller) && !upload.is_over()).find(became).cloned()
    }

    /// Lets a list go.
    pub(super) fn let_go(&self, upload: &Upload) {
        self.held().retain(|held| held.id != upload.id);
    }

    fn held(&self) -> MutexGuard<'_, Vec<Arc<Upload>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

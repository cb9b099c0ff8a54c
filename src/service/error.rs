//! What a use case can answer instead of a result, split by what the caller can do about it.

use crate::domain::date::Timestamp;
use crate::domain::feed::Feed;
use crate::store::StoreError;

/// Why a use case did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The caller may not do this.
    #[error("the caller has no right for this")]
    Forbidden,
    /// The caller's agency does not send this feed.
    #[error("the caller's agency does not send {feed}")]
    WrongFeed {
        /// The feed asked for.
        feed: Feed,
    },
    /// There is no such thing, or it is not for this caller: the answer is the same.
    #[error("there is no such {what}")]
    NotFound {
        /// `batch`, `person`, `case`.
        what: &'static str,
    },
    /// The retention rule took it away.
    #[error("it was taken away by the retention rule at {at}")]
    Compacted {
        /// When.
        at: Timestamp,
    },
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another body")]
    KeyReused,
    /// A request with the same idempotency key is being worked on.
    #[error("a request with this idempotency key is in flight")]
    InFlight,
    /// The thing changed since the caller looked.
    #[error("the {what} changed in the meantime")]
    Changed {
        /// `case`.
        what: &'static str,
    },
    /// A row that the case is about was withdrawn: nothing can be decided until it is back.
    #[error("the case rests: a row of it was withdrawn")]
    CaseRests,
    /// A field of the request cannot be used.
    #[error("{pointer}: {problem}")]
    Invalid {
        /// JSON pointer.
        pointer: &'static str,
        /// What is wrong, without the value.
        problem: &'static str,
    },
    /// An entry of a list cannot be used; nothing of the list was.
    #[error("/{at}/{field}: {problem}")]
    Entry {
        /// Which entry, counted from 0.
        at: usize,
        /// Its field.
        field: &'static str,
        /// What is wrong, in Indonesian, without the value.
        pesan: &'static str,
        /// The same in English.
        problem: &'static str,
    },
    /// The matching queue is full; try again later.
    #[error("too much is waiting to be matched")]
    Busy,
    /// The caller has too much under way, or its agency too many rows that wait to be matched; others have not.
    #[error("the caller has too much under way")]
    CallerBusy,
    /// The caller used up what it may use in a minute or in a day.
    #[error("the quota of {of} is used up")]
    Quota {
        /// `pushes a minute`, `rows a day`.
        of: &'static str,
        /// Seconds until there is more.
        seconds: u64,
    },
    /// The gateway is starting or stopping.
    #[error("the gateway is not ready")]
    NotReady,
    /// The disk of the store is full.
    #[error("the disk of the store is full")]
    Full,
    /// A restore into the store has not ended.
    #[error("a restore into this store has not ended")]
    Incomplete,
    /// The store is away; nothing was written, so try again later.
    #[error("the store is away")]
    Away(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Stored bytes do not have the form this program writes.
    #[error("stored state cannot be read: {what}")]
    Corrupt {
        /// Which table or noun.
        what: String,
    },
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full { .. } => Self::Full,
            StoreError::Unavailable { .. } => Self::Away(Box::new(error)),
            StoreError::Conflict { .. }
            | StoreError::TooLarge { .. }
            | StoreError::Locked
            | StoreError::Format { .. }
            | StoreError::Corrupt { .. }
            | StoreError::Io { .. }
            | StoreError::Setting { .. }
            | StoreError::Poisoned { .. }
            | StoreError::ReadOnly
            | StoreError::Closed => Self::Store(Box::new(error)),
        }
    }
}

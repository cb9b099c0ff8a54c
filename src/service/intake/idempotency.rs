//! One request, one effect: the key a client gives its write, what is remembered under it, and the writes under way.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::agency::AgencyId;
use crate::service::error::ServiceError;
use crate::service::stored::codec::{decode, encode};
use crate::store::{Read, Table, WriteBatch};

/// A client's name for one write, so that it can be repeated safely.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// 1 to 128 visible ASCII characters.
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether the effect of a request is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::service) enum Memory {
    /// The same key with the same request leads to the same answer; with another it is refused. Holds the SHA-256 of the
    /// request.
    Kept(String),
    /// The request sets a state: to repeat it changes nothing.
    None,
}

/// Which request this is: the owner of the key, the key, and what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::service) struct RequestId {
    key: Vec<u8>,
    memory: Memory,
    /// Where early programs kept the key of a client: under its name alone, where that of an agency may stand, too.
    early: Option<Vec<u8>>,
}

/// Whose key it is. An agency pushes with whichever of its clients; a decision is a client's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::service) enum Owner<'a> {
    /// An agency.
    Agency(&'a AgencyId),
    /// A client that has this name.
    Client(&'a str),
}

/// Before the name of a client, so that it never equals an agency, whose ids hold letters, digits and dashes only.
const CLIENT: &str = "@";

/// What is known under a key.
#[derive(Debug)]
pub(super) enum Known {
    /// Nothing: the request is new.
    Nothing,
    /// What the same request led to.
    Answer(String),
    /// The value of another owner, of early programs: the request is new, and takes its place.
    OfAnother(Vec<u8>),
}

/// What is stored under an idempotency key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::service) struct Remembered {
    /// SHA-256 of the request.
    pub(in crate::service) request: String,
    /// The batch it led to, or the case it changed.
    pub(in crate::service) answer: String,
}

impl RequestId {
    /// A request whose answer is remembered. Keys of different owners, an agency or a client, never meet.
    pub(in crate::service) fn remembered(owner: Owner<'_>, key: &IdempotencyKey, request: &str) -> Self {
        let memory = Memory::Kept(hex::encode(Sha256::digest(request.as_bytes())));
        Self::of(owner, key, memory)
    }

    /// A request that may be repeated as often as somebody likes.
    pub(in crate::service) fn of_state(owner: Owner<'_>, key: &IdempotencyKey) -> Self {
        Self::of(owner, key, Memory::None)
    }

    fn of(owner: Owner<'_>, key: &IdempotencyKey, memory: Memory) -> Self {
        let under = |owner: &str| format!("{owner}\0{}", key.as_str()).into_bytes();
        match owner {
            Owner::Agency(agency) => Self { key: under(agency.as_str()), memory, early: None },
            Owner::Client(name) => Self { key: under(&format!("{CLIENT}{name}")), memory, early: Some(under(name)) },
        }
    }

    /// The key as text, for the journal.
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.key.clone()).expect("an agency or a name, a zero byte and visible ASCII")
    }

    /// What is known under the key; an error where the key stands for another request.
    pub(super) async fn known(&self, reader: &dyn Read) -> Result<Known, ServiceError> {
        let Memory::Kept(request) = &self.memory else { return Ok(Known::Nothing) };
        let keys: Vec<Vec<u8>> = std::iter::once(&self.key).chain(&self.early).cloned().collect();
        let stored = reader.get_many(Table::Idempotency, keys).await?;
        let mut found = Known::Nothing;
        for (nth, bytes) in stored.into_iter().enumerate().filter_map(|(nth, bytes)| Some((nth, bytes?))) {
            let known: Remembered = decode(&bytes, "idempotency")?;
            if !self.is_own(&known) {
                // In the second place it is in nobody's way.
                found = if nth == 0 { Known::OfAnother(bytes) } else { found };
            } else if known.request == *request {
                return Ok(Known::Answer(known.answer));
            } else {
                return Err(ServiceError::KeyReused);
            }
        }
        Ok(found)
    }

    /// Early programs kept keys of agencies and clients in one place, so that an agency and a client of its name met there.
    /// Pushes are of agencies and lead to batches; decisions are of clients and lead to cases.
    fn is_own(&self, known: &Remembered) -> bool {
        let of_client = known.answer.starts_with('C') || known.answer.starts_with("N-");
        of_client == self.early.is_some()
    }

    /// Adds the memory of the answer to a transaction; it fails if the key was used in the meantime. `known` is what was known
    /// before: what another owner left in the place of the key makes room.
    pub(super) fn remember(&self, write: &mut WriteBatch, known: Known, answer: String) {
        if let Memory::Kept(request) = &self.memory {
            match known {
                Known::OfAnother(before) => write.require_equals(Table::Idempotency, self.key.clone(), before),
                Known::Nothing | Known::Answer(_) => write.require_absent(Table::Idempotency, self.key.clone()),
            };
            write.put(Table::Idempotency, self.key.clone(), encode(&Remembered { request: request.clone(), answer }));
        }
    }
}

/// The keys of requests that are being worked on.
#[derive(Debug, Default, Clone)]
pub(super) struct InFlight(Arc<Mutex<HashSet<Vec<u8>>>>);

/// A request that is being worked on, until it is dropped.
#[derive(Debug)]
pub(super) struct UnderWay {
    all: InFlight,
    key: Vec<u8>,
}

impl InFlight {
    /// Takes note of a request; refused while one with the same key is under way. A request that is not remembered may be
    /// made as often as somebody likes, also at once.
    pub(super) fn begin(&self, request: &RequestId) -> Result<Option<UnderWay>, ServiceError> {
        if request.memory == Memory::None {
            return Ok(None);
        }
        let new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(request.key.clone());
        if new {
            Ok(Some(UnderWay { all: self.clone(), key: request.key.clone() }))
        } else {
            Err(ServiceError::InFlight)
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{self, StoreUrl};

    fn agency(name: &str) -> AgencyId {
        AgencyId::new(name).expect("a good name")
    }

    #[test]
    fn one_key_is_under_way_once_unless_nothing_is_remembered() {
        let key = IdempotencyKey::new("k").expect("a key");
        let all = InFlight::default();
        let (a, b) = (agency("a"), agency("b"));
        let push = RequestId::remembered(Owner::Agency(&a), &key, "push");
        let first = all.begin(&push).expect("nothing is under way");
        assert!(matches!(all.begin(&push), Err(ServiceError::InFlight)));
        for other in [Owner::Agency(&b), Owner::Client("a")] {
            all.begin(&RequestId::remembered(other, &key, "push")).expect("keys of others are others");
        }
        drop(first);
        all.begin(&push).expect("it has ended");
        let state = RequestId::of_state(Owner::Agency(&a), &key);
        let both = (all.begin(&state).expect("taken"), all.begin(&state).expect("taken at once"));
        assert!(both.0.is_none() && both.1.is_none());
    }

    /// What a request finds in a store where early programs left an answer under `dinsos-3201` and the key.
    async fn found(owner: Owner<'_>, request: &str, left: Option<(&str, &str)>) -> Result<Known, ServiceError> {
        let store = store::open(&StoreUrl::Memory, &store::Config::default()).expect("a store");
        let mut write = WriteBatch::new();
        if let Some((request, answer)) = left {
            let request = hex::encode(Sha256::digest(request.as_bytes()));
            let value = encode(&Remembered { request, answer: answer.to_owned() });
            write.put(Table::Idempotency, b"dinsos-3201\0k".to_vec(), value);
            store.commit(write).await.expect("written");
        }
        let key = IdempotencyKey::new("k").expect("a key");
        RequestId::remembered(owner, &key, request).known(store.reader()).await
    }

    #[tokio::test]
    async fn a_client_of_an_agencys_name_has_keys_of_its_own_and_early_keys_are_known() {
        let dinsos = agency("dinsos-3201");
        let (client, owner) = (Owner::Client("dinsos-3201"), Owner::Agency(&dinsos));
        let (pushed, decided) = (Some(("push", "01a2-batch")), Some(("decide", "C1-2")));
        for (asks, request, left, wanted) in [
            (client, "decide", None, "nothing"),
            (client, "decide", decided, "answer C1-2"),
            (client, "other", decided, "reused"),
            (client, "decide", pushed, "nothing"),
            (owner, "push", pushed, "answer 01a2-batch"),
            (owner, "other", pushed, "reused"),
            (owner, "push", decided, "of another"),
        ] {
            let found = match found(asks, request, left).await {
                Ok(Known::Nothing) => "nothing".to_owned(),
                Ok(Known::Answer(answer)) => format!("answer {answer}"),
                Ok(Known::OfAnother(_)) => "of another".to_owned(),
                Err(ServiceError::KeyReused) => "reused".to_owned(),
                Err(error) => panic!("{error}"),
            };
            assert_eq!(found, wanted, "{asks:?} {request} {left:?}");
        }
    }
}

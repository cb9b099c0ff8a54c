//! One request, one effect: the key a client gives its write, what is remembered under it, and the writes under way.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

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
    pub(in crate::service) fn remembered(owner: &str, key: &IdempotencyKey, request: &str) -> Self {
        let memory = Memory::Kept(hex::encode(Sha256::digest(request.as_bytes())));
        Self { key: Self::key_of(owner, key), memory }
    }

    /// A request that may be repeated as often as somebody likes.
    pub(in crate::service) fn of_state(owner: &str, key: &IdempotencyKey) -> Self {
        Self { key: Self::key_of(owner, key), memory: Memory::None }
    }

    fn key_of(owner: &str, key: &IdempotencyKey) -> Vec<u8> {
        let mut bytes = owner.as_bytes().to_vec();
        bytes.push(0);
        bytes.extend_from_slice(key.as_str().as_bytes());
        bytes
    }

    /// The key as text, for the journal.
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.key.clone()).expect("an agency or a name, a zero byte and visible ASCII")
    }

    /// What the request led to before; an error where the key stands for another request.
    pub(super) async fn answer_before(&self, reader: &dyn Read) -> Result<Option<String>, ServiceError> {
        let Memory::Kept(request) = &self.memory else { return Ok(None) };
        let Some(bytes) = reader.get(Table::Idempotency, self.key.clone()).await? else { return Ok(None) };
        let known: Remembered = decode(&bytes, "idempotency")?;
        if known.request == *request { Ok(Some(known.answer)) } else { Err(ServiceError::KeyReused) }
    }

    /// Adds the memory of the answer to a transaction; it fails if the key was used in the meantime.
    pub(super) fn remember(&self, write: &mut WriteBatch, answer: String) {
        if let Memory::Kept(request) = &self.memory {
            write.require_absent(Table::Idempotency, self.key.clone());
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

    #[test]
    fn one_key_is_under_way_once_unless_nothing_is_remembered() {
        let key = IdempotencyKey::new("k").expect("a key");
        let all = InFlight::default();
        let push = RequestId::remembered("a", &key, "push");
        let first = all.begin(&push).expect("nothing is under way");
        assert!(matches!(all.begin(&push), Err(ServiceError::InFlight)));
        all.begin(&RequestId::remembered("b", &key, "push")).expect("keys of others are others");
        drop(first);
        all.begin(&push).expect("it has ended");
        let state = RequestId::of_state("a", &key);
        let both = (all.begin(&state).expect("taken"), all.begin(&state).expect("taken at once"));
        assert!(both.0.is_none() && both.1.is_none());
    }
}

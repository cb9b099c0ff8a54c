//! Declares which feeds are closed, for which region and period.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};
use ureq::http::Method;

use super::client::{Call, JSON, Session};
use super::{PushError, hex};
use crate::domain::batch::Completeness;
use crate::domain::feed::Feed;

/// What was declared for one feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Declared {
    /// Which feed.
    pub feed: Feed,
    /// Regions and periods named.
    pub entries: u64,
}

/// Declares all entries of a file (a JSON list), one request a feed.
pub fn declare(session: &Session<'_>, path: &Path, note: &mut dyn FnMut(&str)) -> Result<Vec<Declared>, PushError> {
    let text = std::fs::read(path).map_err(|source| PushError::Read { path: path.to_owned(), source })?;
    let entries: Vec<Completeness> =
        serde_json::from_slice(&text).map_err(|source| PushError::Declaration { path: path.to_owned(), source })?;
    let mut by_feed: BTreeMap<Feed, Vec<Completeness>> = BTreeMap::new();
    for entry in entries {
        by_feed.entry(entry.feed).or_default().push(entry);
    }
    let mut declared = Vec::new();
    for (feed, entries) in by_feed {
        let body =
            serde_json::to_vec(&entries).map_err(|source| PushError::Declaration { path: path.to_owned(), source })?;
        let key = hex(&Sha256::digest([feed.name().as_bytes(), b"/completeness\n", &body].concat()));
        let call = Call {
            method: &Method::PUT,
            path: &format!("/v1/feeds/{feed}/completeness"),
            key: Some(&key),
            content_type: JSON,
            accept: JSON,
            body: &body,
        };
        session.call(&call, note).map_err(|source| PushError::Call { what: path.to_owned(), source })?;
        declared.push(Declared { feed, entries: entries.len() as u64 });
    }
    Ok(declared)
}

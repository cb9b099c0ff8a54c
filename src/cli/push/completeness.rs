//! Declares which feeds are closed, for which region and period.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use ureq::http::Method;

use super::PushError;
use super::client::{Call, JSON, Session};
use crate::cli::printable::printable;
use crate::cli::terminal::thousands;
use crate::domain::batch::Completeness;
use crate::domain::feed::Feed;

/// Source keys that are shown; `--json` has all that the gateway names.
const SHOWN: usize = 20;

/// What was declared for one feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Declared {
    /// Which feed.
    pub feed: Feed,
    /// Regions and periods named.
    pub entries: u64,
    /// Of those: they changed what is closed.
    pub changed: u64,
    /// Of those: it was so before.
    pub unchanged: u64,
    /// Rows that the lists no longer have, by region.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unsent: Vec<Unsent>,
}

/// Rows in a region that were not sent again since the list was last declared complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsent {
    /// The region.
    pub kode_wilayah: String,
    /// Since when.
    pub since: String,
    /// How many.
    pub rows: u64,
    /// The source keys of the first of them.
    pub ids: Vec<String>,
}

/// What the gateway answers.
#[derive(Deserialize)]
struct DeclaredAnswer {
    changed: u64,
    unchanged: u64,
    #[serde(default)]
    unsent: Vec<Unsent>,
}

impl Declared {
    /// For people, a line each.
    pub(super) fn text(&self) -> String {
        // Writing to a string does not fail.
        let mut text = format!(
            "{}: {} regions and periods declared, {} changed, {} unchanged\n",
            self.feed,
            thousands(self.entries),
            thousands(self.changed),
            thousands(self.unchanged)
        );
        for unsent in &self.unsent {
            let Unsent { kode_wilayah, since, rows, ids } = unsent;
            let rows = if *rows == 1 { "1 row was".to_owned() } else { format!("{} rows were", thousands(*rows)) };
            let since = since.split_once('.').map_or_else(|| since.clone(), |(seconds, _)| format!("{seconds}Z"));
            let (region, since) = (printable(kode_wilayah), printable(&since));
            let _ = writeln!(
                text,
                "{}: {rows} not sent again in {region} since the list was declared complete at {since}; until they are withdrawn they count",
                self.feed
            );
            for id in ids.iter().take(SHOWN) {
                let _ = writeln!(text, "  {}", printable(id));
            }
            if unsent.rows > SHOWN as u64 {
                let _ = writeln!(text, "  ... (--json names {})", thousands(ids.len() as u64));
            }
        }
        text
    }
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
        // A state has no need of it; it tells tries of one request from another request.
        let key = uuid::Uuid::now_v7().to_string();
        let call = Call {
            method: &Method::PUT,
            path: &format!("/v1/feeds/{feed}/completeness"),
            key: Some(&key),
            content_type: JSON,
            accept: JSON,
            body: &body,
        };
        let answer = session.call(&call, note);
        let answer = answer.map_err(|source| PushError::Call { what: path.to_owned(), source })?;
        let answer: DeclaredAnswer = serde_json::from_slice(&answer.body).map_err(PushError::Answer)?;
        let DeclaredAnswer { changed, unchanged, unsent } = answer;
        declared.push(Declared { feed, entries: entries.len() as u64, changed, unchanged, unsent });
    }
    Ok(declared)
}

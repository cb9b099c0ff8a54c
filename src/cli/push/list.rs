//! Lists as operators have them: sent as they are, and read by the gateway.

use std::path::{Path, PathBuf};
use std::time::Instant;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use ureq::http::Method;

use super::client::{Call, JSON, Session};
use super::{FileSummary, Observer, Outgoing, PushError, read_file, receipt_of, send};
use crate::domain::feed::Feed;
use crate::feed::mapping::Mapping;

/// How lists are read, and whether anything is stored.
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// How the columns of a list become fields (TOML); the gateway keeps it for the next time.
    #[arg(long, value_name = "FILE")]
    pub(super) map: Option<PathBuf>,
    /// The sheet of a workbook, or the file in a ZIP file, where it is not the first that holds rows.
    #[arg(long, value_name = "NAME")]
    pub(super) sheet: Option<String>,
    /// Only say what would become of the rows: nothing is stored.
    #[arg(long, conflicts_with_all = ["wait", "completeness"])]
    pub(super) check: bool,
}

/// How a list is sent.
pub(super) struct How<'a> {
    /// Its media type.
    pub(super) kind: &'static str,
    /// The table of it that is read.
    pub(super) sheet: Option<&'a str>,
    /// The file of a mapping, which the gateway is to keep before.
    pub(super) map: Option<&'a Path>,
}

/// The media type of a list, by the ending of its name; `None` where it is rows of a feed.
pub(super) fn media_type(path: &Path) -> Option<&'static str> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    Some(match ending.as_str() {
        "xlsx" | "xlsm" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "csv" | "tsv" | "tab" | "txt" => "text/csv",
        "zip" => "application/zip",
        "gz" => "application/gzip",
        _ => return None,
    })
}

/// Sends a list in one request. The key is that of the run and of the file's bytes, so that it is not stored twice.
pub(super) fn push(
    session: &Session<'_>,
    outgoing: Outgoing<'_>,
    how: &How<'_>,
    observer: &mut dyn Observer,
) -> Result<FileSummary, PushError> {
    let Outgoing { path, feed, run, nth, check } = outgoing;
    let started = Instant::now();
    let body = read_file(path)?;
    let digest = hex::encode(Sha256::digest(&body));
    let key = hex::encode(Sha256::digest(format!("{}|{digest}", run.seed(nth))));
    if let Some(map) = how.map {
        keep(session, (map, feed), &key, observer)?;
    }
    run.sending(nth, body.len() as u64, &digest);
    let asked = [
        check.then(|| "check=true".to_owned()),
        how.sheet.map(|sheet| format!("sheet={}", utf8_percent_encode(sheet, NON_ALPHANUMERIC))),
    ];
    let asked: Vec<String> = asked.into_iter().flatten().collect();
    let mark = if asked.is_empty() { "" } else { "?" };
    let url = format!("/v1/feeds/{feed}/batches{mark}{}", asked.join("&"));
    let call =
        Call { method: &Method::POST, path: &url, key: Some(&key), content_type: how.kind, accept: JSON, body: &body };
    let mut answer = send(session, &call, (path, check), observer)?;
    let mut summary = FileSummary::new(path, feed);
    summary.add(&answer);
    summary.seconds = started.elapsed().as_secs_f64();
    let shown = answer.not_clean.len() as u64;
    if !check && (answer.next.is_some() || (observer.wants_clean_lines() && shown < answer.batch.counts.baris)) {
        answer.not_clean = receipt_of(session, path, &answer.batch.id, &mut |sentence| observer.noted(sentence))?;
    }
    observer.answered(&answer.batch.id, answer.not_clean)?;
    observer.progressed(&summary, body.len() as u64);
    Ok(summary)
}

/// Has the gateway keep the mapping of a file.
fn keep(
    session: &Session<'_>,
    (map, feed): (&Path, Feed),
    key: &str,
    observer: &mut dyn Observer,
) -> Result<(), PushError> {
    let wrong = |problem: String| PushError::Mapping { path: map.to_owned(), problem };
    let text = String::from_utf8(read_file(map)?).map_err(|_| wrong("not UTF-8 text".to_owned()))?;
    let mapping = Mapping::from_toml(&text).map_err(|error| wrong(error.to_string()))?;
    if mapping.feed != feed {
        return Err(wrong(format!("a mapping of {}, and the list is sent as {feed}", mapping.feed)));
    }
    let body = serde_json::to_vec(&mapping).map_err(PushError::Answer)?;
    let call = Call {
        method: &Method::PUT,
        path: &format!("/v1/feeds/{feed}/mapping"),
        key: Some(key),
        content_type: JSON,
        accept: JSON,
        body: &body,
    };
    let kept = session.call(&call, &mut |sentence| observer.noted(sentence));
    kept.map(drop).map_err(|source| PushError::Call { what: map.to_owned(), source })
}

//! How a push is shown to whoever runs it.

use std::path::Path;

use super::receipt::{AnswerLine, Origin, Receipt};
use super::{FileSummary, Observer, PushError};
use crate::cli::printable::printable;
use crate::cli::terminal::{Progress, Terminal, Unit, thousands};
use crate::domain::batch::RowOutcome;
use crate::domain::feed::Feed;

/// Refused lines that are shown when there is no receipt file.
const SHOWN_LINES: usize = 5;

/// Shows a push and keeps its receipt.
pub(super) struct Watch<'a> {
    progress: Progress,
    file: String,
    feed: Feed,
    receipt: Option<&'a mut Receipt>,
    all_lines: bool,
    shown: usize,
}

impl<'a> Watch<'a> {
    pub(super) fn new(
        terminal: Terminal,
        path: &Path,
        feed: Feed,
        receipt: Option<&'a mut Receipt>,
        all_lines: bool,
    ) -> Result<Self, PushError> {
        let size = std::fs::metadata(path).map_err(|source| PushError::Read { path: path.to_owned(), source })?.len();
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let progress = terminal.progress(feed.name(), Unit::Bytes, size);
        Ok(Self { progress, file, feed, receipt, all_lines, shown: 0 })
    }

    pub(super) fn finish(self) {
        self.progress.finish();
    }
}

impl Observer for Watch<'_> {
    fn progressed(&mut self, summary: &FileSummary, bytes: u64) {
        let counts = &summary.counts;
        let note = format!(
            "{} rows, {} rows/s, {} flagged, {} refused",
            thousands(counts.baris),
            thousands(summary.rows_per_second()),
            thousands(counts.ditandai),
            thousands(counts.ditolak)
        );
        self.progress.at(bytes, &note);
    }

    fn wants_clean_lines(&self) -> bool {
        self.all_lines
    }

    fn answered(&mut self, batch: &str, lines: Vec<AnswerLine>) -> Result<(), PushError> {
        let origin = Origin { file: &self.file, feed: self.feed, batch };
        for line in &lines {
            match &mut self.receipt {
                Some(receipt) if self.all_lines || !line.is_clean() => receipt.line(origin, line)?,
                None if is_to_be_mended(line) && self.shown <= SHOWN_LINES => {
                    let more = "more lines were refused or without effect; --receipt FILE keeps them all".to_owned();
                    let text = if self.shown < SHOWN_LINES { line.summary() } else { more };
                    self.progress.say(&format!("{}: {text}", printable(&self.file)));
                    self.shown += 1;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn noted(&mut self, sentence: &str) {
        self.progress.say(&format!("{}: {}", printable(&self.file), printable(sentence)));
    }
}

/// Whether a line had no effect that its sender wished for.
fn is_to_be_mended(line: &AnswerLine) -> bool {
    matches!(line.hasil, RowOutcome::Ditolak | RowOutcome::LebihLama)
}

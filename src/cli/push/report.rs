//! What is printed at the end of a push.

use std::fmt::Write as _;

use serde::Serialize;

use super::FileSummary;
use super::completeness::Declared;
use crate::cli::printable::printable;
use crate::cli::terminal::{table, thousands};
use crate::feed::alarm::sentence;

/// What is printed in the end.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// The name of the run.
    pub(super) run: String,
    /// The run had been cut off, and went on.
    pub(super) continued: bool,
    pub(super) files: Vec<FileSummary>,
    pub(super) completeness: Vec<Declared>,
}

impl Report {
    /// Whether somebody has to look at something: rows were refused or are without effect, or an alarm was raised.
    pub(super) fn asks_for_a_look(&self) -> bool {
        self.files.iter().any(|file| file.counts.ditolak + file.counts.lebih_lama > 0 || !file.alarms.is_empty())
    }

    pub(super) fn text(&self) -> String {
        let row = |s: &FileSummary| {
            let c = &s.counts;
            let counts = [c.baris, c.diterima, c.ditandai, c.ditolak, c.tanpa_perubahan, c.lebih_lama];
            let mut cells = vec![s.feed.to_string()];
            cells.extend(counts.map(thousands));
            cells.extend([
                format!("{}/{}", s.repeated, s.chunks),
                format!("{:.1}", s.seconds),
                thousands(s.rows_per_second()),
            ]);
            cells
        };
        let rows: Vec<Vec<String>> = self.files.iter().map(row).collect();
        let header =
            ["feed", "rows", "accepted", "flagged", "refused", "unchanged", "older", "repeated", "seconds", "rows/s"];
        let mut text = if rows.is_empty() { String::new() } else { table(&header, &rows) };
        for file in &self.files {
            remarks(file, &mut text);
        }
        for declared in &self.completeness {
            text.push_str(&declared.text());
        }
        text
    }
}

/// What the figures do not say by themselves.
fn remarks(file: &FileSummary, text: &mut String) {
    // Writing to a string does not fail.
    if file.counts.lebih_lama > 0 {
        let rows = rows_are(file.counts.lebih_lama);
        let _ = writeln!(text, "{}: {rows} older than what stands, without effect; the receipt names them", file.feed);
    }
    for note in &file.notes {
        let _ = writeln!(text, "{}: {}", file.feed, printable(&note.message));
    }
    for alarm in &file.alarms {
        let _ = writeln!(text, "{}: alarm {}: {}", file.feed, printable(alarm), alarm_sentence(alarm));
    }
}

fn rows_are(count: u64) -> String {
    if count == 1 { "1 row is".to_owned() } else { format!("{} rows are", thousands(count)) }
}

/// What an alarm means to whoever keeps the list.
fn alarm_sentence(code: &str) -> &'static str {
    let unknown = "something about the numbers as a whole cannot be chance; look at them before you rely on them";
    sentence(code).map_or(unknown, |(_, english)| english)
}

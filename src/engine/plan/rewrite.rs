//! A model file with what training learned written into it: the author's text, comments and order stay.

use std::fmt::Write as _;
use std::ops::Range;

use super::file;
use super::place::Place;
use super::{Frequencies, Thresholds};
use crate::engine::error::{PlanError, Problem};

/// What stands below this line is training's own and is replaced by the next training.
const MARK: &str = "# ---- written by training; the next training replaces everything below ----";

/// What was learned about one level that the file holds; `None` where it keeps what it has.
pub(crate) type LearnedLevel = Option<(f64, f64)>;

/// Writes shares per comparison and level, thresholds (and the limit of the mean weight, where it was chosen), frequencies and provenance into the text of a model.
pub(crate) fn rewrite(
    text: &str,
    levels: &[Vec<LearnedLevel>],
    (thresholds, mean): (Thresholds, Option<f32>),
    frequencies: &[(String, Frequencies)],
    provenance: &[(&str, String)],
) -> Result<String, PlanError> {
    let text = text.split_once(MARK).map_or(text, |(own, _)| own);
    let place = Place(text);
    let file: file::File = toml::from_str(text).map_err(|error| {
        let message = error.message().to_owned();
        place.refuse(error.span().unwrap_or(0..0), Problem::Syntax { message })
    })?;
    let mut edits: Vec<(Range<usize>, String)> = vec![
        (file.model.trained.span(), "true".to_owned()),
        (file.thresholds.link.span(), format!("{:?}", round(f64::from(thresholds.link)))),
        (file.thresholds.review.span(), format!("{:?}", round(f64::from(thresholds.review)))),
        (file.thresholds.prior.span(), share(thresholds.prior)),
    ];
    if let (Some(limit), Some(mean)) = (&file.cluster.min_mean_weight, mean) {
        edits.push((limit.span(), format!("{:?}", round(f64::from(mean)))));
    }
    for (comparison, learned) in file.comparison.iter().zip(levels) {
        let inline = !text[comparison.levels.span().start..].starts_with("[[");
        for (level, learned) in comparison.levels.get_ref().iter().zip(learned) {
            edits.extend(level_edits(level, *learned, inline));
        }
    }
    edits.sort_unstable_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut written = text.to_owned();
    for (span, new) in edits {
        written.replace_range(span, &new);
    }
    append(&mut written, frequencies, provenance);
    Ok(written)
}

fn level_edits(level: &file::Level, learned: LearnedLevel, inline: bool) -> Vec<(Range<usize>, String)> {
    let end = level.label.span().end;
    let between = if inline { ", " } else { "\n" };
    match (learned, &level.m, &level.u) {
        (Some((m, u)), Some(old_m), Some(old_u)) => vec![(old_m.span(), share(m)), (old_u.span(), share(u))],
        (Some((m, u)), ..) => vec![(end..end, format!("{between}m = {}{between}u = {}", share(m), share(u)))],
        // A trained model says of each level what it weighs.
        (None, None, None) if level.weight.is_none() => vec![(end..end, format!("{between}weight = 0.0"))],
        (None, ..) => Vec::new(),
    }
}

fn append(written: &mut String, frequencies: &[(String, Frequencies)], provenance: &[(&str, String)]) {
    written.truncate(written.trim_end().len());
    // Writing to a string does not fail.
    let _ = write!(written, "\n\n{MARK}\n\n[provenance]\n");
    for (name, value) in provenance {
        let _ = writeln!(written, "{name} = {value}");
    }
    for (column, counted) in frequencies {
        let name = toml::Value::String(column.clone());
        let _ =
            write!(written, "\n[[frequency]]\ncolumn = {name}\nrows = {}\nsingle = {}\n", counted.rows, counted.single);
        let counts: Vec<String> = counted.counts.iter().map(|(hash, n)| format!("\"{hash:016x}\" = {n}")).collect();
        let _ = writeln!(written, "counts = {{ {} }}", counts.join(", "));
    }
}

/// Thresholds in hundredths of a bit.
fn round(bits: f64) -> f64 {
    (bits * 100.0).round() / 100.0
}

/// A share with six significant digits, never 0 or 1.
fn share(share: f64) -> String {
    let bounded = share.clamp(1e-15, 1.0 - 1e-6);
    if bounded >= 0.001 { format!("{bounded:.6}") } else { format!("{bounded:.5e}") }
}

//! The page of a training: what was learned, how it settled, what the thresholds promise, and what to look at.

use super::{Line, Report};
use crate::cli::page::chart::{Chart, Series};
use crate::cli::page::{Cell, Page, percent};
use crate::cli::terminal::thousands;
use crate::engine::ExpectedPoint;

/// Change of a share from which on a training has settled; the engine stops there.
const SETTLED: f64 = 1e-5;

/// Writes the page of a report.
pub(super) fn page(model: &str, report: &Report, curve: &[ExpectedPoint]) -> Page {
    let lead = format!(
        "Model {model}, learned from {} rows: {} random pairs for u, {} candidate pairs for m.",
        thousands(report.rows as u64),
        thousands(report.random_pairs),
        thousands(report.candidate_pairs),
    );
    let mut page = Page::new("Training of a match model", &lead);
    page.figures(&[
        ("Link from", format!("{:.2} bits", report.link)),
        ("Review from", format!("{:.2} bits", report.review)),
        ("Links that are right", percent(report.expected_precision)),
        ("Matches that are linked", percent(report.expected_recall_of_candidates)),
        ("Matches", thousands(report.matches_expected as u64)),
        ("Chance of a match", format!("{:.2e}", report.prior)),
    ]);
    match &report.labels {
        None => page.paragraph("Without labels: what is said of matches is what the model expects, not what is known."),
        Some(labels) => page.paragraph(&format!(
            "With labels: {} pairs the same, {} different{}.",
            thousands(labels.matches),
            thousands(labels.others),
            if labels.all_rows { "; the entity of every row is known, and the figures above are measured" } else { "" },
        )),
    }
    problems(&mut page, report);
    weights(&mut page, report);
    shares(&mut page, report);
    thresholds(&mut page, report, curve);
    settling(&mut page, report);
    page
}

fn problems(page: &mut Page, report: &Report) {
    page.section("Problems found", "What a person should look at before trusting the model.");
    if report.problems.is_empty() {
        page.paragraph("None.");
    } else {
        page.list(&report.problems);
    }
}

fn weights(page: &mut Page, report: &Report) {
    page.section(
        "Match weights",
        "What each level adds to the weight of a pair, in bits: to the right it speaks for a match, to the left against one. \
         Weights without m and u were set by the author of the model.",
    );
    let most = report.parameters.iter().map(|line| line.weight.abs()).fold(1.0, f64::max);
    let row = |first: bool, line: &Line| {
        vec![
            Cell::text(if first { line.comparison.clone() } else { String::new() }),
            Cell::text(line.level.clone()),
            Cell::Signed { share: line.weight / most, words: format!("{:+.2}", line.weight) },
            Cell::figure(thousands(line.matches.round() as u64)),
        ]
    };
    page.table(&["comparison", "level", "weight, bits", "matches expected"], &by_comparison(report, row));
}

fn shares(page: &mut Page, report: &Report) {
    page.section(
        "m and u",
        "m: how often matches stand at a level. u: how often other pairs do. A good comparison has long bars at different \
         levels. A dash: the model sets the weight.",
    );
    let bar = |share: Option<f64>, series| match share {
        Some(share) => Cell::Bar { share, series, words: small(share) },
        None => Cell::text("–"),
    };
    let row = |first: bool, line: &Line| {
        vec![
            Cell::text(if first { line.comparison.clone() } else { String::new() }),
            Cell::text(line.level.clone()),
            bar(line.m, 0),
            bar(line.u, 1),
        ]
    };
    page.table(&["comparison", "level", "m: among matches", "u: among others"], &by_comparison(report, row));
}

/// Rows of a table, the name of a comparison on its first only.
fn by_comparison(report: &Report, row: impl Fn(bool, &Line) -> Vec<Cell>) -> Vec<Vec<Cell>> {
    let mut before = "";
    let mut rows = Vec::new();
    for line in &report.parameters {
        rows.push(row(line.comparison != before, line));
        before = &line.comparison;
    }
    rows
}

fn thresholds(page: &mut Page, report: &Report, curve: &[ExpectedPoint]) {
    page.section(
        "What each threshold promises",
        "If candidate pairs were linked from a weight on: the share of links that is right, and the share of the matches among \
         the candidates that is linked.",
    );
    let shown: Vec<&ExpectedPoint> =
        curve.iter().filter(|point| point.recall < 0.999_999 || point.precision > 0.02).collect();
    let line = |of: fn(&ExpectedPoint) -> f64| shown.iter().map(|point| (point.weight, of(point))).collect::<Vec<_>>();
    let series = vec![
        Series { name: "precision", points: line(|point| point.precision) },
        Series { name: "recall of the candidates", points: line(|point| point.recall) },
    ];
    let (review, link) = (f64::from(report.review), f64::from(report.link));
    let marks = vec![(review, format!("review {review:.2}")), (link, format!("link {link:.2}"))];
    let chart = Chart { x: "match weight of the threshold, bits", y: "share", series, marks, range: Some((0.0, 1.0)) };
    page.picture(&chart.svg(), "");
}

fn settling(page: &mut Page, report: &Report) {
    page.section("Settling", "The largest change of any share in each round, as a power of ten.");
    let points: Vec<(f64, f64)> =
        (1..).map(f64::from).zip(report.changes.iter().map(|change| change.max(1e-12).log10())).collect();
    let series = vec![
        Series { name: "change", points: points.clone() },
        Series { name: "settled below", points: points.iter().map(|(round, _)| (*round, SETTLED.log10())).collect() },
    ];
    let chart = Chart { x: "round", y: "change, power of ten", series, marks: Vec::new(), range: None };
    let last = report.changes.last().copied().unwrap_or(0.0);
    page.picture(&chart.svg(), &format!("{} rounds; last change {last:.1e}.", report.rounds));
}

/// A share with as many digits as it needs.
fn small(share: f64) -> String {
    if share >= 0.001 { format!("{share:.4}") } else { format!("{share:.1e}") }
}

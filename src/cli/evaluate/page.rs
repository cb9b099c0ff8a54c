//! The page of an evaluation: to choose thresholds by, and to find what to look at.

use super::figures::{NearPair, Thresholds};
use super::{Report, share};
use crate::cli::page::chart::{Chart, Series};
use crate::cli::page::{Cell, Page, percent};
use crate::cli::terminal::thousands;
use crate::engine::evaluate::{ClusterPoint, Point, Quality};

/// Over-linked clusters in the table.
const CLUSTERS_SHOWN: usize = 50;
/// Ids of one cluster in the table.
const IDS_SHOWN: usize = 12;
/// Share of the best F1 from which a threshold is worth a place in the picture.
const USEFUL: f64 = 0.75;
/// Rows in the table of thresholds.
const THRESHOLDS_SHOWN: usize = 24;

/// Writes the page of a report.
pub(super) fn page(report: &Report) -> Page {
    let clusters = &report.clusters;
    let lead = format!(
        "{} rows, {} true pairs in {} true clusters; {} clusters found.",
        thousands(clusters.rows),
        thousands(clusters.true_pairs),
        thousands(clusters.true_clusters),
        thousands(clusters.clusters),
    );
    let mut page = Page::new("Evaluation against a truth", &lead);
    let mut figures = vec![
        ("Precision of clusters", percent(clusters.pairwise.precision)),
        ("Recall of clusters", percent(clusters.pairwise.recall)),
        ("F1 of clusters", share(clusters.pairwise.f1)),
        ("Clusters found exactly", percent(clusters.exact)),
    ];
    if let Some(error) = report.figures.calibration_error {
        figures.push(("Calibration error", format!("{error:.4}")));
    }
    if let Some(pairs) = &report.pairs {
        figures.push(("Linked or asked", percent(pairs.link_or_review_recall)));
    }
    page.figures(&figures);
    quality(&mut page, report);
    if report.figures.curve.is_empty() {
        page.section(
            "Thresholds",
            "Give --pairs with weights and probabilities to see what other thresholds would do.",
        );
    } else {
        thresholds(&mut page, report);
        clusters_by_threshold(&mut page, report);
        calibration(&mut page, report);
    }
    sizes(&mut page, report);
    over_linked(&mut page, report);
    near(&mut page, report);
    page
}

fn quality(page: &mut Page, report: &Report) {
    page.section(
        "Quality",
        "Pairwise: over pairs of rows. B-cubed: over rows, so that large clusters do not count more.",
    );
    let row = |name: &str, quality: &Quality| {
        let figures = [quality.precision, quality.recall, quality.f1].map(|q| Cell::figure(share(q)));
        [Cell::text(name)].into_iter().chain(figures).collect()
    };
    let clusters = &report.clusters;
    let mut rows: Vec<Vec<Cell>> =
        vec![row("clusters, pairwise", &clusters.pairwise), row("clusters, B-cubed", &clusters.b_cubed)];
    if let Some(pairs) = &report.pairs {
        let pair = |name: &str, precision: f64, recall: f64| {
            let sum = precision + recall;
            let f1 = if sum == 0.0 { 0.0 } else { 2.0 * precision * recall / sum };
            row(name, &Quality { precision, recall, f1 })
        };
        rows.push(pair("pairs decided link", pairs.link_precision, pairs.link_recall));
        let recall = pairs.link_or_review_recall;
        let all = pairs.link + pairs.review;
        let right = |share: f64, number: u64| if number == 0 { 0.0 } else { share * number as f64 };
        let right = right(pairs.link_precision, pairs.link) + right(pairs.review_precision, pairs.review);
        rows.push(pair("pairs decided link or review", right / all as f64, recall));
    }
    page.table(&["", "precision", "recall", "F1"], &rows);
}

fn marks(at: Option<Thresholds>) -> Vec<(f64, String)> {
    at.map(|at| vec![(at.review, format!("review {:.2}", at.review)), (at.link, format!("link {:.2}", at.link))])
        .unwrap_or_default()
}

fn thresholds(page: &mut Page, report: &Report) {
    let figures = &report.figures;
    let curve = &figures.curve;
    page.section(
        "Precision, recall and F1 for every threshold",
        "If all pairs of a weight and more were linked, by weight alone: without vetoes, strong identifiers and clusters.",
    );
    let line = |of: fn(&Point) -> f64| curve.iter().map(|point| (point.weight, of(point))).collect::<Vec<_>>();
    // Thresholds that lose nearly everything would flatten the part that matters.
    let useful = figures.best().map_or(0.0, |best| best.quality.f1 * USEFUL);
    let shown: Vec<&Point> = curve.iter().filter(|point| point.quality.f1 >= useful).collect();
    let of = |of: fn(&Quality) -> f64| shown.iter().map(|point| (point.weight, of(&point.quality))).collect::<Vec<_>>();
    let series = vec![
        Series { name: "precision", points: of(|quality| quality.precision) },
        Series { name: "recall", points: of(|quality| quality.recall) },
        Series { name: "F1", points: of(|quality| quality.f1) },
    ];
    let low = series.iter().flat_map(|s| &s.points).map(|(_, y)| *y).fold(0.9, f64::min);
    let range = Some(((low * 10.0).floor() / 10.0, 1.0));
    let marks = || marks(figures.thresholds);
    let chart = Chart { x: "match weight of the threshold, bits", y: "share", series, marks: marks(), range };
    let best = figures.best().map(|best| format!("Best F1 {:.5} at {:.2} bits.", best.quality.f1, best.weight));
    page.picture(&chart.svg(), &best.unwrap_or_default());

    page.section(
        "Questions for a steward",
        "If the review threshold stood here: pairs of clusters that are left apart, each asked once. Links stay as they are.",
    );
    let series = vec![Series { name: "questions", points: line(|p| p.questions as f64) }];
    let most = curve.iter().map(|point| point.questions).max().unwrap_or(0).max(1) as f64;
    let range = Some((0.0, most));
    let chart =
        Chart { x: "match weight of the review threshold, bits", y: "questions", series, marks: marks(), range };
    let rows = report.clusters.rows.max(1) as f64;
    let now = figures.thresholds.and_then(|at| figures.at(at.review));
    let now = now.map(|point| {
        format!(
            "{} questions at present, {:.2} per 100 rows.",
            thousands(point.questions),
            point.questions as f64 * 100.0 / rows
        )
    });
    page.picture(&chart.svg(), &now.unwrap_or_default());
    let step = curve.len().div_ceil(THRESHOLDS_SHOWN).max(1);
    let row = |point: &Point| {
        let quality = point.quality;
        let mut cells = vec![Cell::figure(format!("{:.2}", point.weight)), Cell::figure(thousands(point.pairs))];
        cells.extend([quality.precision, quality.recall, quality.f1].map(|q| Cell::figure(format!("{q:.5}"))));
        cells.push(Cell::figure(thousands(point.questions)));
        cells
    };
    let rows: Vec<Vec<Cell>> = curve.iter().rev().step_by(step).map(row).collect();
    page.table(&["threshold, bits", "pairs", "precision", "recall", "F1", "questions"], &rows);
}

fn clusters_by_threshold(page: &mut Page, report: &Report) {
    let figures = &report.figures;
    let Some((pairwise, b_cubed)) = figures.best_clusters() else { return };
    page.section(
        "Clusters for every threshold",
        "If the pairs of a weight and more were linked, what they connect: a wrong link joins all that stands on its two sides. \
         Pairs that a veto or a lacking strong identifier held back stay apart; limits of clusters are not applied.",
    );
    let curve = &figures.cluster_curve;
    let useful = pairwise.pairwise.f1 * USEFUL;
    let shown = curve.iter().filter(|point| point.pairwise.f1 >= useful);
    let line = |of: fn(&ClusterPoint) -> f64| shown.clone().map(|point| (point.weight, of(point))).collect::<Vec<_>>();
    let series = vec![
        Series { name: "pairwise F1", points: line(|point| point.pairwise.f1) },
        Series { name: "B-cubed F1", points: line(|point| point.b_cubed.f1) },
        Series { name: "precision", points: line(|point| point.pairwise.precision) },
    ];
    let low = series.iter().flat_map(|s| &s.points).map(|(_, y)| *y).fold(0.9, f64::min);
    let range = Some(((low * 10.0).floor() / 10.0, 1.0));
    let marks = marks(figures.thresholds);
    let chart = Chart { x: "match weight of the threshold, bits", y: "share", series, marks, range };
    let best = format!(
        "Best pairwise F1 {:.5} at {:.2} bits; best B-cubed F1 {:.5} at {:.2} bits.",
        pairwise.pairwise.f1, pairwise.weight, b_cubed.b_cubed.f1, b_cubed.weight
    );
    page.picture(&chart.svg(), &best);
    let step = curve.len().div_ceil(THRESHOLDS_SHOWN).max(1);
    let row = |point: &ClusterPoint| {
        let mut cells = vec![Cell::figure(format!("{:.2}", point.weight)), Cell::figure(thousands(point.clusters))];
        let (pairwise, b_cubed) = (point.pairwise, point.b_cubed);
        let shares = [pairwise.precision, pairwise.recall, pairwise.f1, b_cubed.f1];
        cells.extend(shares.map(|q| Cell::figure(format!("{q:.5}"))));
        cells
    };
    let rows: Vec<Vec<Cell>> = curve.iter().rev().step_by(step).map(row).collect();
    page.table(&["threshold, bits", "clusters", "precision", "recall", "pairwise F1", "B-cubed F1"], &rows);
}

fn calibration(page: &mut Page, report: &Report) {
    page.section(
        "Can the probabilities be believed?",
        "Of pairs that are said to match with 0.9, nine in ten should. Listed pairs only, in tenths of probability; the \
         calibration error is the mean distance between the two, weighed by pairs.",
    );
    let row = |bin: &crate::engine::evaluate::Bin| {
        let bar = |share: f64, series| Cell::Bar { share, series, words: format!("{share:.4}") };
        vec![
            Cell::text(format!("{:.1} to {:.1}", bin.from, bin.to)),
            Cell::figure(thousands(bin.pairs)),
            bar(bin.predicted, 0),
            bar(bin.observed, 2),
            Cell::figure(format!("{:+.4}", bin.observed - bin.predicted)),
        ]
    };
    let rows: Vec<Vec<Cell>> = report.figures.calibration.iter().map(row).collect();
    page.table(&["probability", "pairs", "said (mean)", "true (share)", "true - said"], &rows);
    if let Some(error) = report.figures.calibration_error {
        page.paragraph(&format!("Expected calibration error: {error:.4}."));
    }
}

fn sizes(page: &mut Page, report: &Report) {
    page.section("Sizes of clusters", "How many clusters have how many rows, found and true.");
    let sizes = &report.figures.cluster_sizes;
    let all: std::collections::BTreeSet<u32> = sizes.found.keys().chain(sizes.truth.keys()).copied().collect();
    let count = |of: &std::collections::BTreeMap<u32, u64>, size: u32| of.get(&size).copied().unwrap_or(0);
    let most = sizes.found.values().chain(sizes.truth.values()).copied().max().unwrap_or(1).max(1) as f64;
    let row = |size: &u32| {
        let bar = |count: u64, series| Cell::Bar { share: count as f64 / most, series, words: thousands(count) };
        let (found, truth) = (count(&sizes.found, *size), count(&sizes.truth, *size));
        vec![Cell::figure(size.to_string()), bar(found, 0), bar(truth, 2)]
    };
    let rows: Vec<Vec<Cell>> = all.iter().map(row).collect();
    page.table(&["rows", "found", "true"], &rows);
}

fn over_linked(page: &mut Page, report: &Report) {
    let figures = &report.figures;
    let about = match figures.over_linked_clusters {
        0 => "There is none.".to_owned(),
        all => format!("{}, the largest first.", thousands(all as u64)),
    };
    page.section("Clusters that hold several entities", &about);
    if figures.over_linked.is_empty() {
        return;
    }
    let row = |cluster: &super::figures::OverLinkedLine| {
        let mut ids = cluster.ids.iter().take(IDS_SHOWN).cloned().collect::<Vec<_>>().join("  ");
        if cluster.ids.len() > IDS_SHOWN {
            ids.push_str("  …");
        }
        let rows = Cell::figure(cluster.ids.len().to_string());
        vec![rows, Cell::figure(cluster.entities.to_string()), Cell::code(ids)]
    };
    let rows: Vec<Vec<Cell>> = figures.over_linked.iter().take(CLUSTERS_SHOWN).map(row).collect();
    page.table(&["rows", "entities", "ids"], &rows);
    let listed = figures.over_linked_clusters.saturating_sub(rows.len());
    if listed > 0 {
        page.paragraph(&format!("and {} more; --json lists them.", thousands(listed as u64)));
    }
}

fn near(page: &mut Page, report: &Report) {
    let Some(at) = report.figures.thresholds else { return };
    let about = "`padan explain` shows why a pair has its weight.";
    for (name, threshold, pairs) in
        [("link", at.link, &report.figures.near_link), ("review", at.review, &report.figures.near_review)]
    {
        page.section(&format!("Pairs nearest to {name} ({threshold:.2} bits)"), about);
        let row = |pair: &NearPair| {
            vec![
                Cell::figure(format!("{:.2}", pair.weight)),
                Cell::text(pair.decision),
                Cell::text(if pair.is_true { "the same" } else { "different" }),
                Cell::code(pair.a.clone()),
                Cell::code(pair.b.clone()),
            ]
        };
        let rows: Vec<Vec<Cell>> = pairs.iter().map(row).collect();
        page.table(&["weight", "decision", "in truth", "A", "B"], &rows);
    }
}

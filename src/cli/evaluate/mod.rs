//! `padan evaluate`: how good clusters and pairs are, against a truth.

mod figures;
mod page;

use std::path::{Path, PathBuf};

use serde::Serialize;

use self::figures::Figures;
use super::input::{CsvRows, IdWanted, InputError, InputOptions, InputTable, ReadArgs, Wanted, shown};
use super::matching::ModelArgs;
use super::output::clear;
use super::page::line;
use super::terminal::{Terminal, table, thousands};
use super::truth::{Meeting, Truth, TruthError, labels};
use super::{CliError, Outcome};
use crate::engine::evaluate::{self, ClusterQuality, ListedPair, PairDecision, PairQuality, WeighedPair};

const HELP: &str = "\
Truth files: CSV or Parquet with id (or unique_id) and cluster; kebenaran.csv with feed, id_sumber and person_id (the id
is FEED|id_sumber); a FEBRL file, where rec-17-org and rec-17-dup-0 are one entity.
A row of the truth that is in no cluster counts as a cluster of its own; how many those are is told. Files whose ids do not meet
at all are refused. A share of nothing is `-`, in JSON null.

--html writes one page to choose thresholds by: precision, recall and F1 for every threshold, of pairs and of the clusters
that they connect, the questions a steward would get, how far the probabilities can be believed, sizes of clusters, clusters that hold several entities, and the pairs nearest to
each threshold. It holds ids and no values, and loads nothing. --json gives the same figures. Thresholds are those of --model;
without it they are read off the decisions of the pairs.

Examples:
  padan evaluate --truth kebenaran.csv --clusters out/clusters.csv --pairs out/pairs.csv
  padan evaluate --truth truth.csv --clusters out/clusters.csv --pairs out/pairs.csv --model out/model.toml --html report.html";

/// Measures clusters (and pairs) against the truth: precision, recall and F1, blocking recall, calibration, thresholds.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    /// What is true.
    #[arg(long, value_name = "FILE")]
    truth: PathBuf,
    /// What was found: CSV with id and `cluster_id`.
    #[arg(long, value_name = "FILE")]
    clusters: PathBuf,
    /// The pairs that were scored: CSV with `id_l`, `id_r`, weight, probability and decision.
    #[arg(long, value_name = "FILE")]
    pairs: Option<PathBuf>,
    /// The match model that was used, for its thresholds.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Write a self-contained page.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// A file cannot be used for an evaluation.
#[derive(Debug, thiserror::Error)]
enum EvaluateError {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(transparent)]
    Truth(#[from] TruthError),
    #[error("{}: none of its pairs has both ids in the truth", shown(&path.display()))]
    NoPairMeets { path: PathBuf },
    #[error("{}: there is no column '{column}'", shown(&path.display()))]
    NoColumn { path: PathBuf, column: &'static str },
    #[error("{}: a cell of the column '{column}' is not a number", shown(&path.display()))]
    NotANumber { path: PathBuf, column: &'static str },
}

impl EvaluateError {
    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Input(InputError::NoIdColumn { .. }) => Some("clusters.csv has the columns id and cluster_id"),
            Self::Input(error) => error.hint(),
            Self::Truth(error) => error.hint(),
            Self::NoPairMeets { .. } => Some("ids are those of clusters.csv: of a feed they are FEED|id_sumber"),
            Self::NoColumn { .. } | Self::NotANumber { .. } => {
                Some("give the files that `padan dedupe` wrote, unchanged")
            }
        }
    }
}

/// What is printed with `--json`.
#[derive(Debug, Serialize)]
struct Report {
    clusters: ClusterQuality,
    #[serde(skip_serializing_if = "Option::is_none")]
    pairs: Option<PairQuality>,
    unmatched: Unmatched,
    #[serde(flatten)]
    figures: Figures,
}

/// What one file has and another does not.
#[derive(Debug, Clone, Copy, Serialize)]
struct Unmatched {
    /// Rows of the truth that are in no cluster: each counts as a cluster of its own.
    truth_rows: u64,
    /// Rows of clusters that the truth does not know: they count nowhere.
    cluster_rows: u64,
    /// Listed pairs with such a row: they count nowhere.
    pairs: u64,
}

/// Runs the command.
pub(super) fn run(args: &Args, terminal: Terminal) -> Result<Outcome, CliError> {
    let read: Vec<PathBuf> =
        [&args.truth, &args.clusters].into_iter().chain(&args.pairs).chain(&args.model).cloned().collect();
    clear(args.html.as_slice(), &read).map_err(|error| CliError::failed("writing the page", error))?;
    let thresholds = match &args.model {
        Some(file) => {
            let model = ModelArgs { file: Some(file.clone()) }.read()?;
            Some((f64::from(model.thresholds().review), f64::from(model.thresholds().link)))
        }
        None => None,
    };
    let report = measure(args, thresholds).map_err(|error| {
        let hint = error.hint();
        CliError::failed("evaluating clusters", error).hint(hint)
    })?;
    if let Some(path) = &args.html {
        page::page(&report).write(path)?;
        terminal.say(&format!("the page is {}", path.display()));
    }
    terminal.result(&report, || text(&report));
    Ok(Outcome::Done)
}

/// Quality of a file of clusters against a truth: what the demo says of itself.
pub(super) fn against_truth(truth: &Path, clusters: &Path) -> Result<ClusterQuality, CliError> {
    let (truth, clusters) = (truth.to_owned(), clusters.to_owned());
    let args = Args { truth, clusters, pairs: None, model: None, html: None };
    measure(&args, None).map(|report| report.clusters).map_err(|error| CliError::failed("evaluating clusters", error))
}

fn measure(args: &Args, thresholds: Option<(f64, f64)>) -> Result<Report, EvaluateError> {
    let reading = ReadArgs::default();
    let (truth, clusters) = rayon::join(|| Truth::read(&args.truth, &reading), || Clusters::read(&args.clusters));
    let (truth, clusters) = (truth?, clusters?);
    let (found, meeting) = truth.found(&clusters)?;
    drop(clusters);
    let (listed, left_out) = args.pairs.as_deref().map(|path| truth.listed(path)).transpose()?.unzip();
    let unmatched = Unmatched {
        truth_rows: meeting.truth_rows_not_found,
        cluster_rows: meeting.rows_without_truth,
        pairs: left_out.unwrap_or_default(),
    };
    let id = |row: u32| truth.table.id(row as usize).to_owned();
    let mut figures = Figures::new(&truth.labels, &found, listed.as_deref(), thresholds, &id);
    let mut clusters = evaluate::clusters(&truth.labels, &found);
    let mut pairs =
        listed.map(|listed| evaluate::pairs(&truth.labels, listed.into_iter().map(|weighed| weighed.pair).collect()));
    without_shares_of_nothing(&mut clusters, pairs.as_mut(), &mut figures);
    Ok(Report { clusters, pairs, unmatched, figures })
}

/// Takes the shares of nothing away: they are no number, which is `null` in JSON. The engine counts them as 1.
fn without_shares_of_nothing(clusters: &mut ClusterQuality, pairs: Option<&mut PairQuality>, figures: &mut Figures) {
    let nothing = |share: &mut f64, whole: u64| {
        if whole == 0 {
            *share = f64::NAN;
        }
    };
    let true_pairs = clusters.true_pairs;
    nothing(&mut clusters.pairwise.precision, clusters.found_pairs);
    nothing(&mut clusters.pairwise.recall, true_pairs);
    nothing(&mut clusters.pairwise.f1, clusters.found_pairs * true_pairs);
    if let Some(pairs) = pairs {
        nothing(&mut pairs.link_precision, pairs.link);
        nothing(&mut pairs.review_precision, pairs.review);
        for share in [&mut pairs.blocking_recall, &mut pairs.link_recall, &mut pairs.link_or_review_recall] {
            nothing(share, true_pairs);
        }
    }
    for point in &mut figures.curve {
        nothing(&mut point.quality.recall, true_pairs);
        nothing(&mut point.quality.f1, true_pairs);
    }
}

/// A share as it is printed: `-` for one of nothing.
fn share(value: f64) -> String {
    if value.is_nan() { "-".to_owned() } else { format!("{value:.5}") }
}

impl Truth {
    /// For each row of the truth, a number for the cluster it was found in; and how far the two files meet.
    fn found(&self, clusters: &Clusters) -> Result<(Vec<u32>, Meeting), EvaluateError> {
        let index = clusters.table.unique_ids()?;
        let cells = clusters.table.column(clusters.column);
        let alone = clusters.table.len() as u32;
        let mut met = 0;
        let found = |(row, id): (usize, Option<&str>)| {
            let known = id.and_then(|id| index.find(id)).map(|at| at as usize);
            let known = known.filter(|at| cells.get(*at).is_some());
            met += usize::from(known.is_some());
            known.map_or(alone + row as u32, |at| clusters.labels[at])
        };
        let found = self.table.ids().iter().enumerate().map(found).collect();
        if met == 0 {
            return Err(self.never_meets("the clusters").into());
        }
        Ok((found, self.meeting(met, clusters.table.len())))
    }

    /// The listed pairs whose two records are in the truth, and how many others there are; a weight or probability that the file
    /// does not have is NaN.
    fn listed(&self, path: &Path) -> Result<(Vec<WeighedPair>, u64), EvaluateError> {
        let index = self.table.unique_ids()?;
        let mut rows = CsvRows::open(path, None)?;
        let at = |rows: &CsvRows, column: &'static str| {
            let at = rows.header().iter().position(|name| name == column);
            at.ok_or_else(|| EvaluateError::NoColumn { path: path.to_owned(), column })
        };
        let (left, right) = (at(&rows, "id_l")?, at(&rows, "id_r")?);
        let decision = at(&rows, "decision").ok();
        let (weight, probability) = (at(&rows, "weight").ok(), at(&rows, "probability").ok());
        let number = |rows: &CsvRows, at: Option<usize>, column: &'static str| match at {
            None => Ok(f64::NAN),
            Some(at) => {
                let parsed = rows.cell(at)?.parse().map_err(|_| ());
                parsed.map_err(|()| EvaluateError::NotANumber { path: path.to_owned(), column })
            }
        };
        let (mut pairs, mut left_out) = (Vec::new(), 0);
        while rows.advance()? {
            let decided = match decision.map(|column| rows.cell(column)).transpose()? {
                Some("link") => PairDecision::Link,
                Some("review") => PairDecision::Review,
                _ => PairDecision::Other,
            };
            if let (Some(l), Some(r)) = (index.find(rows.cell(left)?), index.find(rows.cell(right)?)) {
                let (weight, probability) =
                    (number(&rows, weight, "weight")?, number(&rows, probability, "probability")?);
                pairs.extend(ListedPair::new(l, r, decided).map(|pair| WeighedPair { pair, weight, probability }));
            } else {
                left_out += 1;
            }
        }
        if pairs.is_empty() && left_out > 0 {
            return Err(EvaluateError::NoPairMeets { path: path.to_owned() });
        }
        Ok((pairs, left_out))
    }
}

/// Rows of `clusters.csv` and a number for the cluster of each.
struct Clusters {
    table: InputTable,
    column: usize,
    labels: Vec<u32>,
}

impl Clusters {
    fn read(path: &Path) -> Result<Self, EvaluateError> {
        let id = IdWanted::Column("id".to_owned());
        let wanted = Wanted::Any(vec!["cluster_id".to_owned()]);
        let options = InputOptions { id, wanted, ..InputOptions::default() };
        let table = InputTable::read_statements(&[path.to_owned()], &options)?;
        let column = table.column_index("cluster_id");
        let column = column.ok_or_else(|| EvaluateError::NoColumn { path: path.to_owned(), column: "cluster_id" })?;
        let labels = labels(table.column(column));
        Ok(Self { table, column, labels })
    }
}

fn text(report: &Report) -> String {
    let quality =
        |name: &str, q: &evaluate::Quality| vec![name.to_owned(), share(q.precision), share(q.recall), share(q.f1)];
    let clusters = &report.clusters;
    let mut out = format!(
        "{} rows, {} true pairs in {} true clusters; {} clusters found, {:.3} % of the true ones exactly\n\n",
        thousands(clusters.rows),
        thousands(clusters.true_pairs),
        thousands(clusters.true_clusters),
        thousands(clusters.clusters),
        clusters.exact * 100.0
    );
    let rows = [quality("pairwise", &clusters.pairwise), quality("B-cubed", &clusters.b_cubed)];
    out.push_str(&table(&["clusters", "precision", "recall", "F1"], &rows));
    if let Some(pairs) = &report.pairs {
        let listed_true = if pairs.true_pairs == 0 { 0.0 } else { pairs.blocking_recall * pairs.true_pairs as f64 };
        let listed_true = if pairs.listed == 0 { f64::NAN } else { listed_true / pairs.listed as f64 };
        let row = |name: &str, count: u64, precision: f64, recall: f64| {
            vec![name.to_owned(), thousands(count), share(precision), share(recall)]
        };
        let review_recall = pairs.link_or_review_recall - pairs.link_recall;
        out.push('\n');
        out.push_str(&table(
            &["pairs", "number", "precision", "recall"],
            &[
                row("listed (blocking)", pairs.listed, listed_true, pairs.blocking_recall),
                row("link", pairs.link, pairs.link_precision, pairs.link_recall),
                row("review", pairs.review, pairs.review_precision, review_recall),
                vec![
                    "link or review".into(),
                    thousands(pairs.link + pairs.review),
                    String::new(),
                    share(pairs.link_or_review_recall),
                ],
            ],
        ));
    }
    out.push_str(&report.figures.text());
    let unmatched = [
        (report.unmatched.truth_rows, "rows of the truth are in no cluster: each counts as a cluster of its own"),
        (report.unmatched.cluster_rows, "rows of the clusters are not in the truth: they count nowhere"),
        (report.unmatched.pairs, "listed pairs have a row that is not in the truth: they count nowhere"),
    ];
    for (count, what) in unmatched.into_iter().filter(|(count, _)| *count > 0) {
        line(&mut out, format_args!("{} {what}", thousands(count)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(truth: (&str, &str), clusters: &str, pairs: Option<&str>) -> Result<Report, EvaluateError> {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path
        };
        let args = Args {
            truth: file(truth.0, truth.1),
            clusters: file("clusters.csv", clusters),
            pairs: pairs.map(|text| file("pairs.csv", text)),
            model: None,
            html: None,
        };
        measure(&args, None)
    }

    #[test]
    fn all_forms_of_truth_are_read() {
        // Three rows of one entity and one of another; the first two were put together, the third is in no cluster.
        for (name, truth, ids) in [
            ("t.csv", "id,cluster\na,1\nb,1\nc,1\nd,2\n", ["a", "b", "d"]),
            (
                "t.ndjson",
                "{\"unique_id\":1,\"cluster\":5}\n{\"unique_id\":2,\"cluster\":5}\n{\"unique_id\":3,\"cluster\":5}\n{\"unique_id\":4,\"cluster\":6}\n",
                ["1", "2", "4"],
            ),
            (
                "kebenaran.csv",
                "feed,id_sumber,person_id,family_id\nf,a,P1,F\ng,a,P1,F\ng,b,P1,F\nf,d,P2,F\n",
                ["f|a", "g|a", "f|d"],
            ),
            (
                "febrl.csv",
                "rec_id, given_name\n rec-1-org, x\nrec-1-dup-0, x\nrec-1-dup-1,\nrec-10-org,y\n",
                ["rec-1-org", "rec-1-dup-0", "rec-10-org"],
            ),
        ] {
            let clusters =
                format!("id,cluster_id\n{0},{0}\n{1},{0}\n{2},{2}\nnot-in-truth,{0}\n", ids[0], ids[1], ids[2]);
            let got = report((name, truth), &clusters, None).unwrap_or_else(|error| panic!("{name}: {error}")).clusters;
            assert_eq!((got.rows, got.true_pairs, got.found_pairs, got.common_pairs), (4, 3, 1, 1), "{name}");
            assert_eq!((got.clusters, got.true_clusters), (3, 2), "{name}");
        }
    }

    #[test]
    fn pairs_are_counted_by_decision() {
        let truth = "id,cluster\na,1\nb,1\nc,1\nd,2\n";
        let pairs = "id_l,id_r,weight,probability,decision,rule\na,b,9,1,link,B1\na,d,8,1,link,B1\nb,c,3,0.5,review,B2\na,x,3,1,link,B2\n";
        let got = report(("t.csv", truth), "id,cluster_id\na,a\nx,a\n", Some(pairs)).expect("good files");
        let pairs = got.pairs.expect("asked for");
        assert_eq!((pairs.listed, pairs.link, pairs.review), (3, 2, 1));
        assert!((pairs.link_precision - 0.5).abs() < 1e-9 && (pairs.link_or_review_recall - 2.0 / 3.0).abs() < 1e-9);
        let text = text(&got);
        for part in [
            "4 rows, 3 true pairs in 2 true clusters",
            "pairwise          -  0.00000        -",
            "\n3 rows of the truth are in no cluster",
            "\n1 rows of the clusters are not in the truth",
            "\n1 listed pairs have a row that is not in the truth",
            "link or review",
            "0.66667",
            "calibration error 0.5000 over 3 pairs",
            "best F1 0.66667 at weight 3.00 (precision 0.66667, recall 0.66667)",
            "as clusters: best pairwise F1 0.66667 at weight 3.00, best B-cubed F1 ",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        let json = serde_json::to_value(&got).expect("JSON");
        assert_eq!(json["clusters"]["pairwise"], serde_json::json!({"precision": null, "recall": 0.0, "f1": null}));
        assert_eq!(json["unmatched"], serde_json::json!({"truth_rows": 3, "cluster_rows": 1, "pairs": 1}));
        assert_eq!(json["calibration_error"], 0.5);
        assert_eq!(json["thresholds"], serde_json::json!({"review": 3.0, "link": 8.0, "from": "pairs"}));
        assert_eq!(json["curve"][0]["questions"], 3);
        assert_eq!((&json["cluster_curve"][0]["links"], &json["cluster_curve"][0]["clusters"]), (&3.into(), &1.into()));
        assert_eq!(json["near_link"][0]["a"], "a");
        assert_eq!(json["cluster_sizes"]["true"], serde_json::json!({"1": 1, "3": 1}));
    }

    #[test]
    fn the_page_shows_ids_and_figures_and_nothing_else() {
        let truth = "id,cluster\na,1\nb,1\nc,1\nd<i>,2\n";
        let pairs =
            "id_l,id_r,weight,probability,decision,rule\na,b,9,1,link,B1\na,d<i>,8,1,link,B1\nb,c,3,0.5,review,B2\n";
        let got = report(("t.csv", truth), "id,cluster_id\na,a\nb,a\nd<i>,a\n", Some(pairs)).expect("good files");
        assert_eq!((got.figures.over_linked_clusters, got.figures.over_linked[0].ids.len()), (1, 3));
        let html = page::page(&got).finish();
        for part in [
            "d&lt;i&gt;",
            "<svg",
            "Calibration error",
            "Clusters for every threshold",
            "Clusters that hold several entities",
        ] {
            assert!(html.contains(part), "{part} is not in the page");
        }
        assert!(!html.contains("<i>") && !html.contains("<script"));
        let without = report(("t.csv", truth), "id,cluster_id\na,a\n", None).expect("good files");
        assert!(page::page(&without).finish().contains("--pairs"), "the page says what it needs");
    }

    #[test]
    fn files_that_cannot_be_used_are_named() {
        let good = ("t.csv", "id,cluster\na,1\n");
        for (truth, clusters, pairs, wanted) in [
            (("t.csv", "id,x\na,1\n"), "id,cluster_id\n", None, "t.csv: there is no column that names the true entity"),
            (("t.csv", "id,cluster\na,\n"), "id,cluster_id\n", None, "t.csv: row 1 names no entity"),
            (("t.csv", "rec_id\nabc\n"), "id,cluster_id\n", None, "t.csv: row 1 names no entity"),
            (good, "id,other\n", None, "clusters.csv: there is no column 'cluster_id'"),
            (good, "id,cluster_id\n", None, "t.csv: none of its ids is in the clusters"),
            (good, "id,cluster_id\nfeed|a,1\n", None, "t.csv: none of its ids is in the clusters"),
            (
                good,
                "id,cluster_id\na,1\n",
                Some("id_l,id_r\nfeed|a,feed|b\n"),
                "pairs.csv: none of its pairs has both ids in the truth",
            ),
            (good, "id,cluster_id\na,1\n", Some("id_l,x\n"), "pairs.csv: there is no column 'id_r'"),
        ] {
            let error = report(truth, clusters, pairs).expect_err(wanted);
            assert!(error.to_string().ends_with(wanted), "{error}");
            assert!(error.hint().is_some(), "{wanted}: no hint");
        }
    }
}

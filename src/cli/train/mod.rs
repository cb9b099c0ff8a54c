//! `padan train`: the weights of a match model, learned from rows, with labels or without any.

mod labels;
mod page;

use std::path::PathBuf;

use serde::Serialize;

use super::input::ReadArgs;
use super::matching::{Cells, ModelArgs, failed_on, read_input, unread_text};
use super::output::{Access, clear, finished_file, publish};
use super::page::line;
use super::terminal::{Terminal, table, thousands};
use super::{CliError, Outcome};
use crate::engine::{Labels, Trained};
use crate::service::clock::{Clock, SystemClock, day_in_jakarta};
use crate::tables::Unread;

const HELP: &str = "\
Learns from the rows alone how much each level of agreement weighs (expectation maximisation), the thresholds and the
term frequencies, and writes the model with them. Levels that have a `weight` of their own keep it. The same rows and the
same model give the same file.

--labels says what is known: decisions about pairs (CSV with id_l, id_r and match: true, false, 1 or 0), or a truth as
`padan evaluate --truth` reads it. Labelled pairs count as what they are; where they are few, the rows still speak. Give the
pairs that were found different, too: labels of one kind alone mislead. A truth about all rows also gives the thresholds and
the chance of a match.
--html writes a page with m, u and the weight of each level, how the training settled, what each threshold promises, and what
to look at. It holds no value of any row, and loads nothing.

Examples:
  padan train rows.parquet --model config/model/idhard.toml --out trained.toml --html trained.html
  padan train rows.csv --model my.toml --labels decisions.csv --out trained.toml";

/// Learns the weights of a match model from rows, with labels or without any.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    /// Files to learn from.
    #[arg(value_name = "INPUT", required = true)]
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    model: ModelArgs,
    /// What is known about pairs, or about rows.
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Where to write the trained model.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write a self-contained page about the training.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    #[command(flatten)]
    reading: ReadArgs,
}

#[derive(Debug, Serialize)]
struct Report {
    rows: usize,
    random_pairs: u64,
    candidate_pairs: u64,
    patterns: usize,
    rounds: usize,
    changes: Vec<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<LabelLine>,
    prior: f64,
    matches_expected: f64,
    expected_precision: f64,
    expected_recall_of_candidates: f64,
    link: f32,
    review: f32,
    links_nothing: bool,
    parameters: Vec<Line>,
    problems: Vec<String>,
    /// Values that were there and could not be read, by column.
    unreadable: Vec<Unread>,
}

/// The labels there were.
#[derive(Debug, Serialize)]
struct LabelLine {
    matches: u64,
    others: u64,
    all_rows: bool,
    /// Pairs, or rows of the truth, that are not in the input.
    left_out: u64,
}

#[derive(Debug, Serialize)]
struct Line {
    comparison: String,
    level: String,
    m: Option<f64>,
    u: Option<f64>,
    weight: f64,
    matches: f64,
}

pub(super) fn run(args: &Args, terminal: Terminal) -> Result<Outcome, CliError> {
    let writing_failed = |error| CliError::failed("writing the trained model", error);
    let results: Vec<PathBuf> = [&args.out].into_iter().chain(&args.html).cloned().collect();
    let read: Vec<PathBuf> = args.inputs.iter().chain(&args.model.file).chain(&args.labels).cloned().collect();
    clear(&results, &read).map_err(writing_failed)?;
    let model = args.model.read()?;
    let input = read_input(&model, &args.inputs, &args.reading, terminal)?;
    let (labels, left_out) = match &args.labels {
        Some(path) => labels::read(path, &input, &args.reading, terminal)?,
        None => (Labels::none(), 0),
    };
    terminal.say(&format!("{} rows read; training model {}", thousands(input.len() as u64), model.name()));
    let today = day_in_jakarta(SystemClock.now());
    let learned = model.train(&Cells::new(&input), today, &labels);
    let (trained, unread) = learned.map_err(|error| failed_on(&input, error))?;
    let mut report = Report { unreadable: unread, ..report(&trained) };
    if let Some(labels) = &mut report.labels {
        labels.left_out = left_out;
    }
    let mut files = vec![finished_file(&args.out, Access::Private, trained.text().as_bytes()).map_err(writing_failed)?];
    if let Some(path) = &args.html {
        let page = page::page(&model.name(), &report, &trained.summary.curve).finish();
        files.push(finished_file(path, Access::Private, page.as_bytes()).map_err(writing_failed)?);
    }
    publish(files).map_err(writing_failed)?;
    if let Some(path) = &args.html {
        terminal.say(&format!("the page is {}", path.display()));
    }
    terminal.result(&report, || text(&report));
    Ok(Outcome::Done)
}

/// What a training found, in the summary of a matching.
#[derive(Debug, Serialize)]
pub(super) struct Found {
    matches_expected: f64,
    prior: f64,
    link: f32,
    review: f32,
    links_nothing: bool,
    expected_precision: f64,
    expected_recall_of_candidates: f64,
    problems: Vec<String>,
}

impl Found {
    pub(super) fn of(trained: &Trained) -> Self {
        let (summary, thresholds) = (&trained.summary, trained.plan().thresholds());
        Self {
            matches_expected: summary.matches,
            prior: thresholds.prior,
            link: thresholds.link,
            review: thresholds.review,
            links_nothing: summary.links_nothing,
            expected_precision: summary.expected.0,
            expected_recall_of_candidates: summary.expected.1,
            problems: trained.problems.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Says what a person should look at.
pub(super) fn tell_problems(trained: &Trained, terminal: Terminal) {
    for problem in &trained.problems {
        terminal.say(&format!("training: {problem}"));
    }
}

fn report(trained: &Trained) -> Report {
    let summary = &trained.summary;
    let thresholds = trained.plan().thresholds();
    Report {
        rows: summary.rows,
        random_pairs: summary.random_pairs,
        candidate_pairs: summary.candidate_pairs.0,
        patterns: summary.patterns,
        rounds: summary.changes.len(),
        changes: summary.changes.clone(),
        labels: summary.labels.map(|l| LabelLine {
            matches: l.matches,
            others: l.others,
            all_rows: l.complete,
            left_out: 0,
        }),
        prior: thresholds.prior,
        matches_expected: summary.matches,
        expected_precision: summary.expected.0,
        expected_recall_of_candidates: summary.expected.1,
        link: thresholds.link,
        review: thresholds.review,
        links_nothing: summary.links_nothing,
        parameters: trained
            .parameters
            .iter()
            .map(|p| Line {
                comparison: p.comparison.clone(),
                level: p.level.clone(),
                m: p.m,
                u: p.u,
                weight: p.weight,
                matches: p.matches,
            })
            .collect(),
        problems: trained.problems.iter().map(ToString::to_string).collect(),
        unreadable: Vec::new(),
    }
}

fn text(report: &Report) -> String {
    let share = |share: Option<f64>| match share {
        None => "set".to_owned(),
        Some(share) if share >= 0.001 => format!("{share:.4}"),
        Some(share) => format!("{share:.1e}"),
    };
    let rows: Vec<Vec<String>> = report
        .parameters
        .iter()
        .map(|line| {
            let name = format!("{}: {}", line.comparison, line.level);
            vec![name, share(line.m), share(line.u), format!("{:+.2}", line.weight), format!("{:.0}", line.matches)]
        })
        .collect();
    let mut out = format!(
        "{} rows, {} random pairs, {} candidate pairs in {} patterns; {} rounds, last change {:.6}\n\n{}\n",
        thousands(report.rows as u64),
        thousands(report.random_pairs),
        thousands(report.candidate_pairs),
        thousands(report.patterns as u64),
        report.rounds,
        report.changes.last().copied().unwrap_or(0.0),
        table(&["level", "m", "u", "weight", "matches"], &rows),
    );
    if let Some(labels) = &report.labels {
        let (matches, others) = (thousands(labels.matches), thousands(labels.others));
        let what = if labels.all_rows { ": the entity of every row" } else { "" };
        line(&mut out, format_args!("labels: {matches} pairs the same, {others} different{what}"));
    }
    let (prior, matches) = (report.prior, thousands(report.matches_expected as u64));
    let promise = if report.links_nothing {
        format!("prior {prior:.3e}, {matches} matches expected; nothing is linked; review at {:.2}", report.review)
    } else {
        format!(
            "prior {prior:.3e}, {matches} matches expected; link at {:.2} bits, review at {:.2}; of the links {:.2} % are \
             expected to be right, of the matches among the candidates {:.2} % to be linked",
            report.link,
            report.review,
            report.expected_precision * 100.0,
            report.expected_recall_of_candidates * 100.0,
        )
    };
    line(&mut out, format_args!("{promise}"));
    for problem in &report.problems {
        line(&mut out, format_args!("look at: {problem}"));
    }
    out + &unread_text(&report.unreadable)
}

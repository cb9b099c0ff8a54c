//! `padan dedupe`: clusters of the rows that are the same person (or whatever a model describes).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::input::{InputOptions, InputTable, TextColumn, Wanted};
use super::output::{ClustersFile, OutputError, PairRow, PairsFile, create_dir, write_json};
use super::terminal::{Progress, Terminal, Unit, table, thousands};
use super::train;
use super::{CliError, Outcome};
use crate::service::clock::{Clock, SystemClock, day_in_jakarta};
use crate::service::dedupe::{Matched, MatchedPair, Meter, Reading, Stage, Table, TableError, TableModel, Trained};

const HELP: &str = "\
Reads CSV, NDJSON and Parquet, one file or several. The id of a row is --id, or the column unique_id, id or rec_id; in a
file named after a feed (dinsos-anggota-keluarga.ndjson) it is FEED|id_sumber.
Writes clusters.csv (id,cluster_id), pairs.csv (id_l,id_r,weight,probability,decision,rule; all pairs at or above
review), review.csv (the questions for a steward) and summary.json. With --train the weights are learned from the input
first, without labels, and the learned model is left in model.toml; where the rows teach nothing, for example because they
hold no entity twice, it is refused, and where no threshold promises to be precise enough, nothing is linked.

Examples:
  padan dedupe kab-sampel/*.ndjson --out out
  padan dedupe febrl3.csv --model config/model/febrl.toml --out out
  padan dedupe rows.parquet --model config/model/idhard.toml --train --out out";

/// Finds the rows that are the same person, in files.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    /// Files to match together.
    #[arg(value_name = "INPUT", required = true)]
    inputs: Vec<PathBuf>,
    /// Match model (TOML); the built-in Indonesian model without it.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Learn the model's weights, thresholds and frequencies from the input first.
    #[arg(long)]
    train: bool,
    /// Where to write; made when it is not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The id column of files that are not feeds.
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
}

/// `summary.json`.
#[derive(Debug, Serialize)]
struct Summary {
    model: String,
    rows: u64,
    clusters: u64,
    candidate_pairs: u64,
    pairs_per_rule: BTreeMap<String, u64>,
    links: u64,
    review: u64,
    stop_keys: Vec<StopKeyLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    training: Option<train::Found>,
    seconds: Seconds,
    peak_memory_bytes: Option<u64>,
}

/// Seconds of each stage, in the order of the work.
#[derive(Debug)]
struct Seconds(Vec<(&'static str, f64)>);

impl Serialize for Seconds {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

#[derive(Debug, Serialize)]
struct StopKeyLine {
    rule: String,
    rows: u64,
}

/// The input with its columns found once.
pub(super) struct Cells<'a> {
    input: &'a InputTable,
    columns: BTreeMap<&'a str, usize>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(input: &'a InputTable) -> Self {
        let columns = input.columns().iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        Self { input, columns }
    }
}

impl Table for Cells<'_> {
    fn rows(&self) -> usize {
        self.input.len()
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.columns.get(name).copied()
    }

    fn cell(&self, row: usize, column: usize) -> Option<&str> {
        self.input.column(column).get(row)
    }
}

pub(super) fn run(args: &Args, terminal: Terminal) -> Result<Outcome, CliError> {
    let started = Instant::now();
    let path = args.model.as_deref();
    let model = if args.train { TableModel::read_to_train(path) } else { TableModel::read(path) };
    let model = model.map_err(wrong_model)?;
    let input = read_input(&model, &args.inputs, args.id.as_deref(), terminal)?;
    let read = started.elapsed().as_secs_f64();
    terminal.say(&format!(
        "{} rows read in {read:.1} s; matching with model {}",
        thousands(input.len() as u64),
        model.name()
    ));
    let today = day_in_jakarta(SystemClock.now());
    let meter = Meter::default();
    let (trained, matched, ids) = watched(&meter, terminal, || {
        let rows = model.fill(&Cells::new(&input), today, &meter)?;
        // What the cells said is in the rows now; only the ids are needed further.
        let ids = input.into_ids();
        if !args.train {
            return model.link(rows, &meter).map(|matched| (None, matched, ids));
        }
        model.train_and_link(rows, &meter).map(|(trained, matched)| (Some(trained), matched, ids))
    })
    .map_err(|error| {
        if args.train {
            train::remove_old(&args.out.join("model.toml"), path);
        }
        failed(error)
    })?;
    let mut seconds = vec![("read", read)];
    seconds.extend(meter.seconds().into_iter().map(|(stage, seconds)| (stage.word(), seconds)));
    create_dir(&args.out).map_err(|error| CliError::failed("writing the result", error))?;
    if let Some(trained) = &trained {
        train::write(&args.out.join("model.toml"), trained)?;
        train::tell_problems(trained, terminal);
    }
    let writing = Instant::now();
    write(args, &ids, &matched).map_err(|error| CliError::failed("writing the result", error))?;
    seconds.push(("write", writing.elapsed().as_secs_f64()));
    let summary = summary(&model, &matched, trained.as_ref(), seconds);
    write_json(&args.out.join("summary.json"), &summary)
        .map_err(|error| CliError::failed("writing the summary", error))?;
    terminal.result(&summary, || text(&summary));
    Ok(Outcome::Done)
}

/// How often a watcher looks at the meter.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Does the work while another thread shows how far it is.
fn watched<T>(meter: &Meter, terminal: Terminal, work: impl FnOnce() -> T) -> T {
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| show(meter, terminal, &ended));
        let done = work();
        ended.store(true, Ordering::Release);
        watcher.thread().unpark();
        done
    })
}

fn show(meter: &Meter, terminal: Terminal, ended: &AtomicBool) {
    let mut shown: Option<(Reading, Progress, Instant)> = None;
    while !ended.load(Ordering::Acquire) {
        let now = meter.read();
        let same = |(then, ..): &(Reading, Progress, Instant)| (then.stage, then.total) == (now.stage, now.total);
        if !shown.as_ref().is_some_and(same) {
            if let Some((_, old, _)) = shown.take() {
                old.finish();
            }
            shown = Some((now, terminal.progress(now.stage.word(), Unit::Count, now.total), Instant::now()));
        }
        if let Some((_, bar, began)) = &mut shown {
            bar.at(now.done, &pace(now, began.elapsed().as_secs_f64()));
        }
        std::thread::park_timeout(LOOK_EVERY);
    }
    if let Some((_, bar, _)) = shown {
        bar.finish();
    }
}

/// `3,400,000/s, 12 s left`; nothing before anything is done.
fn pace(now: Reading, seconds: f64) -> String {
    if now.done == 0 || seconds < 0.2 {
        return String::new();
    }
    let per_second = now.done as f64 / seconds;
    let left = now.total.saturating_sub(now.done) as f64 / per_second;
    let unit = if now.stage == Stage::Score { " pairs" } else { "" };
    format!("{}{unit}/s, {left:.0} s left", thousands(per_second as u64))
}

/// Reads what a model wants to know of the files.
pub(super) fn read_input(
    model: &TableModel,
    inputs: &[PathBuf],
    id: Option<&str>,
    terminal: Terminal,
) -> Result<InputTable, CliError> {
    let options = InputOptions { id: id.map(str::to_owned), wanted: Wanted::Any(model.fields()) };
    let input = InputTable::read(inputs, &options).map_err(|error| {
        let hint = error.hint();
        CliError::failed("reading the input", error).hint(hint)
    })?;
    check_columns(model, &input, terminal)?;
    Ok(input)
}

/// A model that cannot be used.
pub(super) fn wrong_model(error: TableError) -> CliError {
    let hint = match &error {
        TableError::Untrained { .. } => "add --train, or train it once with `padan train`".to_owned(),
        TableError::Plan(error) => error.hint(),
        TableError::Read { .. } | TableError::Column(_) | TableError::Train(_) | TableError::Rows(_) => {
            "config/model/README.md explains every part".to_owned()
        }
    };
    CliError::wrong_call("reading the model", error).hint(Some(hint))
}

/// Rows that could not be trained on or matched.
pub(super) fn failed(error: TableError) -> CliError {
    if let TableError::Train(error) = error {
        let hint = error.hint();
        return CliError::failed("training the model", error).hint(Some(hint));
    }
    CliError::failed("matching", error)
}

fn write(args: &Args, ids: &TextColumn, matched: &Matched) -> Result<(), OutputError> {
    let clusters = || {
        let mut file = ClustersFile::create(&args.out)?;
        for (row, cluster) in matched.clusters.iter().enumerate() {
            file.row(id(ids, row), id(ids, *cluster as usize))?;
        }
        file.commit()
    };
    let pairs = |name: &str, pairs: &[MatchedPair]| {
        let mut file = PairsFile::create(&args.out.join(name))?;
        for pair in pairs {
            file.row(&pair_row(ids, matched, pair))?;
        }
        file.commit()
    };
    let (clusters, pairs) = rayon::join(clusters, || {
        pairs("pairs.csv", &matched.pairs).and_then(|()| pairs("review.csv", &matched.review))
    });
    clusters.and(pairs)
}

fn id(ids: &TextColumn, row: usize) -> &str {
    ids.get(row).unwrap_or_default()
}

fn pair_row<'a>(ids: &'a TextColumn, matched: &'a Matched, pair: &MatchedPair) -> PairRow<'a> {
    PairRow {
        left: id(ids, pair.rows.0 as usize),
        right: id(ids, pair.rows.1 as usize),
        weight: f64::from(pair.weight),
        probability: pair.probability,
        decision: pair.decision,
        rule: &matched.rules[pair.rule],
    }
}

fn summary(
    model: &TableModel,
    matched: &Matched,
    trained: Option<&Trained>,
    seconds: Vec<(&'static str, f64)>,
) -> Summary {
    let rules = &matched.blocking.rules;
    let firsts = matched.clusters.iter().enumerate().filter(|(row, cluster)| *row == **cluster as usize);
    Summary {
        model: model.name(),
        rows: matched.clusters.len() as u64,
        clusters: firsts.count() as u64,
        candidate_pairs: rules.iter().map(|rule| rule.new_pairs).sum(),
        pairs_per_rule: rules.iter().map(|rule| (rule.rule.clone(), rule.new_pairs)).collect(),
        links: matched.pairs.iter().filter(|pair| pair.decision == "link").count() as u64,
        review: matched.review.len() as u64,
        stop_keys: matched
            .blocking
            .stop_keys
            .iter()
            .map(|key| StopKeyLine { rule: key.rule.clone(), rows: key.rows as u64 })
            .collect(),
        training: trained.map(train::Found::of),
        seconds: Seconds(seconds),
        peak_memory_bytes: peak_memory(),
    }
}

/// The most memory this process had so far, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}

fn text(summary: &Summary) -> String {
    let rows: Vec<Vec<String>> =
        summary.pairs_per_rule.iter().map(|(rule, pairs)| vec![rule.clone(), thousands(*pairs)]).collect();
    let stages: Vec<String> =
        summary.seconds.0.iter().map(|(stage, seconds)| format!("{stage} {seconds:.2} s")).collect();
    format!(
        "{} rows, {} clusters; {} candidate pairs, {} links, {} questions for a steward, {} stop keys\n\n{}\n{}\n",
        thousands(summary.rows),
        thousands(summary.clusters),
        thousands(summary.candidate_pairs),
        thousands(summary.links),
        thousands(summary.review),
        summary.stop_keys.len(),
        table(&["blocking rule", "new pairs"], &rows),
        stages.join(", "),
    )
}

/// The model reads nothing of what the input holds.
#[derive(Debug, thiserror::Error)]
#[error("the model '{model}' reads none of the input's columns")]
struct NothingToCompare {
    model: String,
}

/// Says which columns the model misses, and refuses input of which it reads nothing: "no duplicates" would be wrong.
fn check_columns(model: &TableModel, input: &InputTable, terminal: Terminal) -> Result<(), CliError> {
    let mut missing = model.fields();
    // Only the day a row is of; without it the present day stands in.
    missing.retain(|field| field != "tgl_data");
    let read = missing.len();
    missing.retain(|field| input.column_index(field).is_none());
    let names = missing.join(", ");
    if missing.len() == read && !input.is_empty() {
        let nothing = NothingToCompare { model: model.name() };
        let hint = format!("it reads {names}; choose another model with --model, or rename the columns");
        return Err(CliError::wrong_call("reading the input", nothing).hint(Some(hint)));
    }
    if !missing.is_empty() && !input.is_empty() {
        terminal.say(&format!("no input has these columns of the model; they count as missing: {names}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    /// What stands between the fences of the first block of a kind in the page about models.
    fn of_the_page(kind: &str) -> &'static str {
        let page = include_str!("../../config/model/README.md");
        let after = page.split_once(&format!("```{kind}\n")).expect(kind).1;
        after.split_once("```\n").expect("the fence is closed").0
    }

    fn dedupe(dir: &std::path::Path, csv: &str) -> Result<Outcome, CliError> {
        let path = |name: &str| dir.join(name).display().to_string();
        std::fs::write(path("people.csv"), csv).expect("written");
        std::fs::write(path("people.toml"), of_the_page("toml")).expect("written");
        let (input, model, out) = (path("people.csv"), path("people.toml"), path("out"));
        let arguments = ["padan", "--json", "dedupe", &input, "--model", &model, "--out", &out];
        Cli::try_parse_from(arguments).expect("a good call").command.run(Terminal::new(None))
    }

    #[test]
    fn the_example_of_the_page_about_models_gives_what_the_page_says() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(dedupe(dir.path(), of_the_page("csv")).expect("matched"), Outcome::Done);
        let pairs = std::fs::read_to_string(dir.path().join("out/pairs.csv")).expect("written");
        assert_eq!(pairs, of_the_page("text"));
    }

    #[test]
    fn rows_that_teach_nothing_are_not_trained_on() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = |name: &str| dir.path().join(name).display().to_string();
        std::fs::create_dir(path("out")).expect("a folder");
        std::fs::write(path("out/model.toml"), "of an earlier training").expect("written");
        std::fs::write(path("people.csv"), of_the_page("csv")).expect("written");
        std::fs::write(path("people.toml"), of_the_page("toml")).expect("written");
        let (input, model, out) = (path("people.csv"), path("people.toml"), path("out"));
        let old = path("out/model.toml");
        for arguments in [
            ["padan", "dedupe", &input, "--model", &model, "--train", "--out", &out].as_slice(),
            &["padan", "train", &input, "--model", &model, "--out", &old],
            &["padan", "train", &input, "--model", &model, "--out", &model],
        ] {
            let error = Cli::try_parse_from(arguments).expect("a good call").command.run(Terminal::new(None));
            let text = error.expect_err("six rows are too few").text();
            assert!(text.starts_with("error: training the model: there is nothing to learn from: "), "{text}");
            assert!(
                text.contains(" matches are expected among 6 rows, and fewer than 20 are chance\nhint: give more rows"),
                "{text}"
            );
            assert!(text.contains("`padan train --labels`") && text.contains("by hand"), "{text}");
            assert!(!dir.path().join("out/model.toml").exists(), "no old model is left to be taken for a new one");
            assert!(!dir.path().join("out/clusters.csv").exists(), "nothing is matched");
        }
        assert_eq!(std::fs::read_to_string(&model).expect("read"), of_the_page("toml"), "the author's model stays");
    }

    #[test]
    fn input_of_which_the_model_reads_nothing_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let error = dedupe(dir.path(), "id,nama\n1,SITI\n2,SITI\n").expect_err("nothing to compare");
        let text = error.text();
        assert!(text.contains("the model 'people 1' reads none of the input's columns"), "{text}");
        assert!(text.contains("\nhint: it reads born, city, full_name, phone;"), "{text}");
        assert_eq!(dedupe(dir.path(), "id,full_name\n1,SITI\n2,SITI\n").expect("one column is enough"), Outcome::Done);
    }
}

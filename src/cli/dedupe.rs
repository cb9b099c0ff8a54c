//! `padan dedupe`: clusters of the rows that are the same person (or whatever a model describes).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use super::input::{InputOptions, InputTable, Wanted};
use super::output::{ClustersFile, OutputError, PairRow, PairsFile, create_dir, write_json};
use super::terminal::{Terminal, table, thousands};
use super::train;
use super::{CliError, Outcome};
use crate::service::clock::{Clock, SystemClock, day_in_jakarta};
use crate::service::dedupe::{Matched, MatchedPair, Table, TableError, TableModel};

const HELP: &str = "\
Reads CSV, NDJSON and Parquet, one file or several. The id of a row is --id, or the column unique_id, id or rec_id; in a
file named after a feed (dinsos-anggota-keluarga.ndjson) it is FEED|id_sumber.
Writes clusters.csv (id,cluster_id), pairs.csv (id_l,id_r,weight,probability,decision,rule; all pairs at or above
review), review.csv (the questions for a steward) and summary.json. With --train the weights are learned from the input
first, without labels, and the learned model is left in model.toml.

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
    seconds: BTreeMap<&'static str, f64>,
    peak_memory_bytes: Option<u64>,
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

    fn cell(&self, row: usize, column: &str) -> Option<&str> {
        self.columns.get(column).and_then(|at| self.input.column(*at).get(row))
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
    let cells = Cells::new(&input);
    let today = day_in_jakarta(SystemClock.now());
    let mut matched = if args.train {
        let (trained, matched) = model.train_and_run(&cells, today).map_err(failed)?;
        create_dir(&args.out).map_err(|error| CliError::failed("writing the result", error))?;
        train::write(&args.out.join("model.toml"), &trained)?;
        train::tell_problems(&trained, terminal);
        matched
    } else {
        model.run(&cells, today).map_err(failed)?
    };
    let writing = Instant::now();
    write(args, &input, &matched).map_err(|error| CliError::failed("writing the result", error))?;
    matched.seconds.insert(0, ("read", read));
    matched.seconds.push(("write", writing.elapsed().as_secs_f64()));
    let summary = summary(&model, &matched);
    write_json(&args.out.join("summary.json"), &summary)
        .map_err(|error| CliError::failed("writing the summary", error))?;
    terminal.result(&summary, || text(&summary));
    Ok(Outcome::Done)
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
    let hint =
        matches!(error, TableError::Train(_)).then_some("give more rows, or a model whose blocking rules fit them");
    CliError::failed("matching", error).hint(hint)
}

fn write(args: &Args, input: &InputTable, matched: &Matched) -> Result<(), OutputError> {
    create_dir(&args.out)?;
    let mut clusters = ClustersFile::create(&args.out)?;
    for (row, cluster) in matched.clusters.iter().enumerate() {
        clusters.row(input.id(row), input.id(*cluster as usize))?;
    }
    clusters.commit()?;
    for (name, pairs) in [("pairs.csv", &matched.pairs), ("review.csv", &matched.review)] {
        let mut file = PairsFile::create(&args.out.join(name))?;
        for pair in pairs {
            file.row(&pair_row(input, matched, pair))?;
        }
        file.commit()?;
    }
    Ok(())
}

fn pair_row<'a>(input: &'a InputTable, matched: &'a Matched, pair: &MatchedPair) -> PairRow<'a> {
    PairRow {
        left: input.id(pair.rows.0 as usize),
        right: input.id(pair.rows.1 as usize),
        weight: f64::from(pair.weight),
        probability: pair.probability,
        decision: pair.decision,
        rule: &matched.rules[pair.rule],
    }
}

fn summary(model: &TableModel, matched: &Matched) -> Summary {
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
        seconds: matched.seconds.iter().copied().collect(),
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
        summary.seconds.iter().map(|(stage, seconds)| format!("{stage} {seconds:.2} s")).collect();
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
    fn input_of_which_the_model_reads_nothing_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let error = dedupe(dir.path(), "id,nama\n1,SITI\n2,SITI\n").expect_err("nothing to compare");
        let text = error.text();
        assert!(text.contains("the model 'people 1' reads none of the input's columns"), "{text}");
        assert!(text.contains("\nhint: it reads born, city, full_name, phone;"), "{text}");
        assert_eq!(dedupe(dir.path(), "id,full_name\n1,SITI\n2,SITI\n").expect("one column is enough"), Outcome::Done);
    }
}

//! `padan dedupe`: clusters of the rows that are the same person (or whatever a model describes).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::input::{ReadArgs, Source, TextColumn, notes};
use super::matching::{Cells, ModelArgs, failed, failed_on, read_table, unread_text};
use super::output::{
    Access, ClustersFile, Finished, OutputError, PairRow, PairsFile, clear, create_dir, finished_file, finished_json,
    publish,
};
use super::terminal::{Progress, Terminal, Unit, table, thousands};
use super::train;
use super::{CliError, Outcome};
use crate::engine::{MachineDecision, Meter, Reading, Stage};
use crate::service::clock::{Clock, SystemClock, day_in_jakarta};
use crate::tables::alarms::{self, Alarm};
use crate::tables::{FilledTable, Matched, MatchedPair, TableModel, Unread};

const HELP: &str = "\
Reads CSV (.csv .tsv .txt), NDJSON (.ndjson .jsonl .json) and Parquet, one file or several, also packed (.gz .zst); - is
standard input. The id of a row is --id, or the column unique_id, id or rec_id; in a file named after a feed
(dinsos-anggota-keluarga.ndjson) and in a table with feed and id_sumber it is FEED|id_sumber. Rows of feeds are states:
the newest tgl_data of a record counts, and `hapus` takes the record away. Where two inputs use the same ids, the ids of
both begin with their input, as in da/dinsos-anggota-keluarga|A. docs/files.md says what is read, passed over and refused.
Results of an earlier run in DIR go away first. Writes clusters.csv (id,cluster_id: the smallest id in the cluster),
pairs.csv (id_l,id_r,weight,probability,decision,rule,reason: all pairs at or above review and what became of them),
review.csv (the questions for a steward) and summary.json. Rows that say the same in every column of the model are one
entity, listed once each with the rule `equal rows`. With --train the weights are learned from the input
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
    #[command(flatten)]
    model: ModelArgs,
    /// Learn the model's weights, thresholds and frequencies from the input first.
    #[arg(long)]
    train: bool,
    /// Where to write; made when it is not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    reading: ReadArgs,
}

/// `summary.json`.
#[derive(Debug, Serialize)]
struct Summary {
    model: String,
    rows: u64,
    inputs: Vec<Source>,
    clusters: u64,
    candidate_pairs: u64,
    pairs_per_rule: BTreeMap<String, u64>,
    links: u64,
    review: u64,
    stop_keys: Vec<StopKeyLine>,
    /// Values that were there and could not be read, by column.
    unreadable: Vec<Unread>,
    /// Warnings about all rows together.
    alarms: Vec<Alarm>,
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

pub(super) fn run(args: &Args, terminal: Terminal) -> Result<Outcome, CliError> {
    let started = Instant::now();
    let writing_failed = |error| CliError::failed("writing the result", error);
    make_room(args).map_err(writing_failed)?;
    let model = if args.train { args.model.read() } else { args.model.read_trained() }?;
    let input = read_table(&model, &args.inputs, &args.reading, terminal)?;
    let inputs = input.sources().to_vec();
    let read = started.elapsed().as_secs_f64();
    terminal.say(&format!(
        "{} rows read in {read:.1} s; matching with model {}",
        thousands(input.len() as u64),
        model.name()
    ));
    let today = day_in_jakarta(SystemClock.now());
    let alarms = alarms::of_table(&Cells::new(&input), today);
    let meter = Meter::default();
    let (trained, matched, ids, unread) = watched(&meter, terminal, || {
        let FilledTable { rows, unread } =
            model.fill(&Cells::new(&input), today, &meter).map_err(|error| failed_on(&input, error))?;
        // What the cells said is in the rows now; only the ids are needed further.
        let ids = input.into_ids();
        if !args.train {
            return model.link(rows, &meter).map(|matched| (None, matched, ids, unread)).map_err(failed);
        }
        let learned = model.train_and_link(rows, &meter).map_err(failed)?;
        Ok((Some(learned.0), learned.1, ids, unread))
    })?;
    let mut seconds = vec![("read", read)];
    seconds.extend(meter.seconds().into_iter().map(|(stage, seconds)| (stage.word(), seconds)));
    let writing = Instant::now();
    let mut files = write(args, &ids, &matched).map_err(writing_failed)?;
    if let Some(trained) = &trained {
        let (path, text) = (args.out.join("model.toml"), trained.text());
        files.push(finished_file(&path, Access::Private, text.as_bytes()).map_err(writing_failed)?);
        train::tell_problems(trained, terminal);
    }
    seconds.push(("write", writing.elapsed().as_secs_f64()));
    let training = trained.as_ref().map(train::Found::of);
    let told = Told { inputs, unreadable: unread, alarms, training };
    let summary = summary(&model, told, &matched, seconds);
    files.push(finished_json(&args.out.join("summary.json"), &summary).map_err(writing_failed)?);
    publish(files).map_err(writing_failed)?;
    terminal.result(&summary, || text(&summary));
    Ok(Outcome::Done)
}

/// Makes the folder for the results and takes those of an earlier run away: a run that fails leaves nothing to be taken for its own.
fn make_room(args: &Args) -> Result<(), OutputError> {
    create_dir(&args.out)?;
    let learned = args.train.then_some("model.toml");
    let names = ["clusters.csv", "pairs.csv", "review.csv", "summary.json"].into_iter().chain(learned);
    let results: Vec<PathBuf> = names.map(|name| args.out.join(name)).collect();
    let read: Vec<PathBuf> = args.inputs.iter().chain(&args.model.file).cloned().collect();
    clear(&results, &read)
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

/// Writes all files, not yet in their places.
fn write(args: &Args, ids: &TextColumn, matched: &Matched) -> Result<Vec<Finished>, OutputError> {
    let clusters = || {
        let mut file = ClustersFile::create(&args.out)?;
        let names = cluster_names(ids, &matched.clusters);
        for (row, cluster) in matched.clusters.iter().enumerate() {
            file.row(id(ids, row), id(ids, names[*cluster as usize] as usize))?;
        }
        file.finish()
    };
    let standing = copies_by_id(ids, &matched.pairs);
    let name = |row: u32| id(ids, standing.get(&row).copied().unwrap_or(row) as usize);
    let pairs = |file: &str, pairs: &[MatchedPair]| {
        let mut file = PairsFile::create(&args.out.join(file))?;
        for pair in pairs {
            let reason = pair.reason.as_deref().unwrap_or_default();
            let third = pair.third.map(|row| format!("{reason}: {}", name(row)));
            let reason = third.as_deref().unwrap_or(reason);
            file.row(&pair_row((name(pair.rows.0), name(pair.rows.1)), matched, pair, reason))?;
        }
        file.finish()
    };
    let (clusters, pairs) = rayon::join(clusters, || {
        Ok::<_, OutputError>((pairs("pairs.csv", &matched.pairs)?, pairs("review.csv", &matched.review)?))
    });
    let (pairs, review) = pairs?;
    Ok(vec![clusters?, pairs, review])
}

/// By cluster, given as its first row, the row with the smallest id: a name that does not depend on the order of rows.
fn cluster_names(ids: &TextColumn, clusters: &[u32]) -> Vec<u32> {
    let mut names: Vec<u32> = (0..clusters.len() as u32).collect();
    for (row, cluster) in clusters.iter().enumerate().filter(|(row, cluster)| *row != **cluster as usize) {
        let known = &mut names[*cluster as usize];
        if by_id(id(ids, row)) < by_id(id(ids, *known as usize)) {
            *known = row as u32;
        }
    }
    names
}

/// Of rows that say the same in every column one stands for all, the first in the file. Whose id stands for whose, so that
/// it is the smallest one instead: two rows of each such set change names, and the pairs do not depend on the order of rows.
fn copies_by_id(ids: &TextColumn, pairs: &[MatchedPair]) -> FxHashMap<u32, u32> {
    let mut smallest: FxHashMap<u32, u32> = FxHashMap::default();
    for (first, copy) in pairs.iter().filter(|pair| pair.rule.is_none()).map(|pair| pair.rows) {
        let known = smallest.entry(first).or_insert(first);
        if by_id(id(ids, copy as usize)) < by_id(id(ids, *known as usize)) {
            *known = copy;
        }
    }
    smallest.into_iter().flat_map(|(first, smallest)| [(first, smallest), (smallest, first)]).collect()
}

/// The order of ids: running numbers in theirs.
fn by_id(id: &str) -> (usize, &str) {
    (id.len(), id)
}

/// What stands in place of a blocking rule for rows that say the same in every column.
const EQUAL_ROWS: &str = "equal rows";

fn id(ids: &TextColumn, row: usize) -> &str {
    ids.get(row).unwrap_or_default()
}

fn pair_row<'a>(
    (one, other): (&'a str, &'a str),
    matched: &'a Matched,
    pair: &MatchedPair,
    reason: &'a str,
) -> PairRow<'a> {
    let (left, right) = if by_id(other) < by_id(one) { (other, one) } else { (one, other) };
    PairRow {
        left,
        right,
        weight: f64::from(pair.weight),
        probability: pair.probability,
        decision: pair.decision.word(),
        rule: pair.rule.map_or(EQUAL_ROWS, |rule| &matched.rules[usize::from(rule)]),
        reason,
    }
}

/// What a run has to say of its input.
struct Told {
    inputs: Vec<Source>,
    unreadable: Vec<Unread>,
    alarms: Vec<Alarm>,
    training: Option<train::Found>,
}

fn summary(model: &TableModel, told: Told, matched: &Matched, seconds: Vec<(&'static str, f64)>) -> Summary {
    let rules = &matched.blocking.rules;
    let firsts = matched.clusters.iter().enumerate().filter(|(row, cluster)| *row == **cluster as usize);
    Summary {
        model: model.name(),
        rows: matched.clusters.len() as u64,
        inputs: told.inputs,
        clusters: firsts.count() as u64,
        candidate_pairs: rules.iter().map(|rule| rule.new_pairs).sum(),
        pairs_per_rule: rules.iter().map(|rule| (rule.rule.clone(), rule.new_pairs)).collect(),
        links: matched.pairs.iter().filter(|pair| pair.decision == MachineDecision::Link).count() as u64,
        review: matched.review.len() as u64,
        stop_keys: matched
            .blocking
            .stop_keys
            .iter()
            .map(|key| StopKeyLine { rule: key.rule.clone(), rows: key.rows as u64 })
            .collect(),
        unreadable: told.unreadable,
        alarms: told.alarms,
        training: told.training,
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
    let mut out = format!(
        "{} rows, {} clusters; {} candidate pairs, {} links, {} questions for a steward, {} stop keys\n\n{}\n{}\n",
        thousands(summary.rows),
        thousands(summary.clusters),
        thousands(summary.candidate_pairs),
        thousands(summary.links),
        thousands(summary.review),
        summary.stop_keys.len(),
        table(&["blocking rule", "new pairs"], &rows),
        stages.join(", "),
    );
    for note in notes(&summary.inputs) {
        out.push_str(&note);
        out.push('\n');
    }
    out + &unread_text(&summary.unreadable) + &alarms_text(&summary.alarms)
}

/// A line for each alarm.
fn alarms_text(alarms: &[Alarm]) -> String {
    let lines: Vec<String> = alarms.iter().map(|a| format!("alarm {}: {}\n", a.code, a.message)).collect();
    lines.concat()
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
    fn a_failed_run_leaves_no_old_result() {
        let dir = tempfile::tempdir().expect("a folder");
        let names = ["clusters.csv", "pairs.csv", "review.csv", "summary.json"];
        let left = || names.into_iter().filter(|name| dir.path().join("out").join(name).exists()).count();
        assert_eq!(dedupe(dir.path(), of_the_page("csv")).expect("matched"), Outcome::Done);
        assert_eq!(left(), 4);
        dedupe(dir.path(), "id,full_name,born\n1,\"SITI,1990-04-12\n2,SITI,1990-04-12\n").expect_err("an open quote");
        assert_eq!(left(), 0);
    }

    #[test]
    fn what_was_passed_over_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(
            dedupe(dir.path(), "id,full_name,born,\n1,SITI,1990-04-12,\n,,,\n").expect("matched"),
            Outcome::Done
        );
        let summary = std::fs::read_to_string(dir.path().join("out/summary.json")).expect("written");
        let summary: serde_json::Value = serde_json::from_str(&summary).expect("JSON");
        let input = &summary["inputs"][0];
        assert_eq!((&input["rows"], &input["empty_rows"], &input["unnamed_empty"]), (&1.into(), &1.into(), &1.into()));
    }

    #[test]
    fn a_column_that_is_written_otherwise_is_offered_by_name() {
        let dir = tempfile::tempdir().expect("a folder");
        let error = dedupe(dir.path(), "id,Full_Name,born\n1,SITI,1990-04-12\n").expect_err("nearly the column");
        assert!(error.text().contains("there is 'Full_Name': did you mean 'full_name'?\nhint: "), "{}", error.text());
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

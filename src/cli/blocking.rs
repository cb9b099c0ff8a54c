//! `padan blocking`: what each blocking rule of a model costs and brings, to choose rules by.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use super::input::ReadArgs;
use super::matching::{Cells, ModelArgs, failed_on, read_input, unread_text};
use super::terminal::{Terminal, table, thousands};
use super::truth::{Meeting, Truth};
use super::{CliError, Outcome};
use crate::engine::{LargeBlock, RuleSurvey, Share};
use crate::service::clock::{Clock, SystemClock, day_in_jakarta};
use crate::tables::{Surveyed, Unread};

/// Stop keys of one rule that the text shows; with `--json` there are all.
const SHOWN_STOP_KEYS: usize = 3;

const HELP: &str = "\
A pair of rows is compared when some rule of the model gives it. Too few rules lose true pairs for good; too many cost time.
For each rule: all pairs it gives, those that no earlier rule gives (new), those that no other rule gives (only: what would be
lost without it), its largest blocks, and its stop keys (more rows than max_block, so that the rule skips them). Values are
masked. With --truth also the share of the true pairs that all rules find, and for each rule: alone, with those before it
(so far), and the true pairs that only it finds.

A good set of rules: `so far` reaches what you need, pairs per row stay in the tens, and no rule has many `only` pairs without
`only true` ones. A rule with many stop keys wants one more key. Truth files: `padan evaluate --help`.

Examples:
  padan blocking febrl3.csv --model config/model/febrl.toml --truth febrl3.csv
  padan blocking kab-sampel/*.ndjson --truth kab-sampel/kebenaran.csv --json";

/// Shows what each blocking rule of a model costs and brings: pairs, large blocks, stop keys, recall.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    /// Files to look at.
    #[arg(value_name = "INPUT", required = true)]
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    model: ModelArgs,
    /// What is true, to measure recall.
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
    /// How many of the largest blocks of each rule to show.
    #[arg(long, value_name = "N", default_value_t = 3)]
    largest: usize,
    #[command(flatten)]
    reading: ReadArgs,
}

#[derive(Debug, Serialize)]
struct Report {
    model: String,
    rows: u64,
    pairs: u64,
    pairs_per_row: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    truth: Option<Recall>,
    rules: Vec<Line>,
    /// Values that were there and could not be read, by column.
    unreadable: Vec<Unread>,
}

/// What all rules together find of the truth.
#[derive(Debug, Serialize)]
struct Recall {
    true_pairs: u64,
    found: u64,
    /// Not a number, in JSON `null`, where nothing is to be found.
    #[serde(rename = "recall")]
    share: f64,
    #[serde(flatten)]
    meeting: Option<Meeting>,
}

#[derive(Debug, Serialize)]
struct Line {
    rule: String,
    pairs: u64,
    new_pairs: u64,
    only_pairs: u64,
    blocks: u64,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    truth: Option<LineRecall>,
    largest: Vec<Block>,
    stop_keys: Vec<Block>,
}

/// What one rule finds of the truth.
#[derive(Debug, Serialize)]
struct LineRecall {
    recall_alone: f64,
    recall_so_far: f64,
    true_pairs_only_here: u64,
    recall_only_here: f64,
}

/// A key that many rows share.
#[derive(Debug, Serialize)]
struct Block {
    rows: usize,
    /// Masked.
    value: String,
    /// As a model's `stop_keys` take it.
    key: String,
}

pub(super) fn run(args: &Args, terminal: Terminal) -> Result<Outcome, CliError> {
    let model = args.model.read()?;
    let input = read_input(&model, &args.inputs, &args.reading, terminal)?;
    let truth = args.truth.as_deref().map(|path| Truth::read(path, &args.reading)?.entities_of(&input));
    let (truth, meeting) = truth.transpose()?.unzip();
    meeting.iter().flat_map(Meeting::sentences).for_each(|sentence| terminal.say(&sentence));
    let today = day_in_jakarta(SystemClock.now());
    let surveyed = model.survey(&Cells::new(&input), today, truth.as_deref(), args.largest);
    let surveyed = surveyed.map_err(|error| failed_on(&input, error))?;
    let report = report(model.name(), input.len() as u64, meeting, &surveyed);
    terminal.result(&report, || text(&report));
    Ok(Outcome::Done)
}

fn report(model: String, rows: u64, meeting: Option<Meeting>, surveyed: &Surveyed) -> Report {
    let survey = &surveyed.survey;
    let share = |part: u64, whole: u64| if whole == 0 { f64::NAN } else { part as f64 / whole as f64 };
    let mut so_far = 0;
    let line = |(at, rule): (usize, &RuleSurvey)| {
        so_far += rule.new.true_pairs;
        let recall = |whole: u64| LineRecall {
            recall_alone: share(rule.all.true_pairs, whole),
            recall_so_far: share(so_far, whole),
            true_pairs_only_here: rule.only.true_pairs,
            recall_only_here: share(rule.only.true_pairs, whole),
        };
        let blocks = |found: &[LargeBlock], values: &[String]| {
            let block = |(block, value): (&LargeBlock, &String)| Block {
                rows: block.rows,
                value: value.clone(),
                key: format!("{:016x}", block.key),
            };
            found.iter().zip(values).map(block).collect()
        };
        let pairs = |share: Share| share.pairs;
        Line {
            rule: rule.rule.clone(),
            pairs: pairs(rule.all),
            new_pairs: pairs(rule.new),
            only_pairs: pairs(rule.only),
            blocks: rule.blocks,
            truth: surveyed.true_pairs.map(recall),
            largest: blocks(&rule.largest, &surveyed.largest[at]),
            stop_keys: blocks(&rule.stop_keys, &surveyed.stop_keys[at]),
        }
    };
    let rules = survey.rules.iter().enumerate().map(line).collect();
    let recall = |true_pairs: u64| Recall {
        true_pairs,
        found: survey.true_pairs,
        share: share(survey.true_pairs, true_pairs),
        meeting,
    };
    Report {
        model,
        rows,
        pairs: survey.pairs,
        pairs_per_row: survey.pairs as f64 / rows.max(1) as f64,
        truth: surveyed.true_pairs.map(recall),
        rules,
        unreadable: surveyed.unread.clone(),
    }
}

fn text(report: &Report) -> String {
    let share = |share: f64| if share.is_nan() { "-".to_owned() } else { format!("{share:.4}") };
    let mut out = format!(
        "{} rows, {} candidate pairs under model {}: {:.2} pairs per row\n",
        thousands(report.rows),
        thousands(report.pairs),
        report.model,
        report.pairs_per_row,
    );
    if let Some(truth) = &report.truth {
        let (found, all) = (thousands(truth.found), thousands(truth.true_pairs));
        // Writing to a string does not fail.
        let _ = writeln!(out, "of {all} true pairs the rules find {found}: recall {}", share(truth.share));
    }
    let line = |line: &Line| {
        let mut cells = vec![line.rule.clone()];
        cells.extend([line.pairs, line.new_pairs, line.only_pairs].map(thousands));
        if let Some(truth) = &line.truth {
            cells.extend([share(truth.recall_alone), share(truth.recall_so_far)]);
            cells.push(thousands(truth.true_pairs_only_here));
        }
        cells.extend([thousands(line.blocks), thousands(line.stop_keys.len() as u64)]);
        cells
    };
    let mut header = vec!["blocking rule", "all pairs", "new", "only"];
    if report.truth.is_some() {
        header.extend(["recall alone", "so far", "only true"]);
    }
    header.extend(["blocks", "stop keys"]);
    out.push('\n');
    out.push_str(&table(&header, &report.rules.iter().map(line).collect::<Vec<_>>()));
    out.push_str("\nlargest blocks, values masked (rows that share a key give all their pairs)\n");
    let block = |rule: &str, block: &Block| vec![rule.to_owned(), thousands(block.rows as u64), block.value.clone()];
    let largest = report.rules.iter().flat_map(|line| line.largest.iter().map(|found| block(&line.rule, found)));
    out.push_str(&blocks_table(&largest.collect::<Vec<_>>()));
    if report.rules.iter().any(|line| !line.stop_keys.is_empty()) {
        out.push_str("\nstop keys: more rows than max_block, so that the rule skips them\n");
        let shown = |line: &Line| -> Vec<Vec<String>> {
            let mut rows: Vec<_> =
                line.stop_keys.iter().take(SHOWN_STOP_KEYS).map(|found| block(&line.rule, found)).collect();
            if line.stop_keys.len() > SHOWN_STOP_KEYS {
                let more = line.stop_keys.len() - SHOWN_STOP_KEYS;
                rows.push(vec![line.rule.clone(), String::new(), format!("and {} more", thousands(more as u64))]);
            }
            rows
        };
        out.push_str(&blocks_table(&report.rules.iter().flat_map(shown).collect::<Vec<_>>()));
    }
    out + &unread_text(&report.unreadable)
}

fn blocks_table(rows: &[Vec<String>]) -> String {
    table(&["blocking rule", "rows", "value"], rows)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;
    use crate::engine::Survey;

    fn surveyed() -> Surveyed {
        let share = |pairs, true_pairs| Share { pairs, true_pairs };
        let block = |rows| LargeBlock { key: 255, rows, examples: vec![0] };
        let rule = |name: &str, all, new, only| RuleSurvey {
            rule: name.to_owned(),
            all,
            new,
            only,
            blocks: 7,
            largest: vec![block(12)],
            stop_keys: vec![block(90)],
        };
        let rules = vec![
            rule("number", share(1500, 8), share(1500, 8), share(1000, 3)),
            rule("name", share(900, 6), share(400, 1), share(400, 1)),
        ];
        Surveyed {
            survey: Survey { rules, pairs: 1900, true_pairs: 9 },
            largest: vec![vec!["320•••".to_owned()], vec!["S•••".to_owned()]],
            stop_keys: vec![vec!["0•".to_owned()], vec!["A••".to_owned()]],
            true_pairs: Some(10),
            unread: Vec::new(),
        }
    }

    #[test]
    fn the_table_says_what_each_rule_brings() {
        let report = report("m 1".to_owned(), 1000, None, &surveyed());
        let text = text(&report);
        for line in [
            "1,000 rows, 1,900 candidate pairs under model m 1: 1.90 pairs per row",
            "of 10 true pairs the rules find 9: recall 0.9000",
            "blocking rule  all pairs    new   only  recall alone  so far  only true  blocks  stop keys",
            "number             1,500  1,500  1,000        0.8000  0.8000          3       7          1",
            "name                 900    400    400        0.6000  0.9000          1       7          1",
            "number           12  320•••",
            "name             90  A••",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\nis not in\n{text}");
        }
        let json = serde_json::to_value(&report).expect("JSON");
        assert_eq!(json["rules"][1]["recall_so_far"], 0.9);
        assert_eq!(json["rules"][0]["largest"][0]["key"], "00000000000000ff");
    }

    #[test]
    fn without_a_truth_nothing_is_said_of_recall() {
        let mut surveyed = surveyed();
        surveyed.true_pairs = None;
        let report = report("m 1".to_owned(), 1000, None, &surveyed);
        assert!(!text(&report).contains("recall"));
        assert!(serde_json::to_value(&report).expect("JSON")["rules"][0].get("recall_alone").is_none());
    }

    #[test]
    fn a_truth_that_is_none_is_refused_with_a_hint() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("people.csv").display().to_string();
        std::fs::write(&path, "id,nama\n1,SITI\n2,SITI\n").expect("written");
        let arguments = ["padan", "blocking", &path, "--truth", &path];
        let error = Cli::try_parse_from(arguments).expect("a good call").command.run(Terminal::new(None));
        let text = error.expect_err("no entities").text();
        assert!(text.contains("there is no column that names the true entity\nhint: a truth has"), "{text}");
    }
}

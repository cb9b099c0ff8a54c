//! `padan explain`: why two rows have the weight they have, and what becomes of the pair.

mod picture;

use std::path::PathBuf;

use serde::Serialize;

use super::input::{InputTable, ReadArgs};
use super::matching::{Cells, ModelArgs, failed_on, read_input, unread_text};
use super::output::{Access, clear, write_file};
use super::page::line;
use super::terminal::{Terminal, table, thousands};
use super::{CliError, Outcome};
use crate::domain::private::mask_words;
use crate::service::clock::{Clock, SystemClock, day_in_jakarta};
use crate::tables::{ComparedFields, ExplainedRows, TableModel, Tabular, Unread};

const HELP: &str = "\
A and B are ids as in clusters.csv; in a file named after a feed they are FEED|id_sumber (quote the bar). The table is read
from top to bottom: before anything is compared two rows match with the model's prior; each comparison adds what its level
weighs, in bits, and what the frequency of the value adds; `sum` is what is held against the thresholds, `probability` what the
sum so far means. Below: strong identifiers, vetoes, the decision on this pair alone, and the blocking rules that give it.
dedupe forms clusters of all pairs, so that two rows can end together (or apart) because of a third.
Values are masked unless --values is given. --svg writes the same as a picture, without values.

Examples:
  padan explain febrl3.csv --model config/model/febrl.toml rec-1496-org rec-1496-dup-0
  padan explain kab-sampel/*.ndjson 'dinsos-anggota-keluarga|DS1' 'bank-rekening|R7' --svg why.svg";

/// Below this a probability is no figure any more.
const LEAST_CHANCE: f64 = 1e-9;

/// Shows why two rows are linked, asked about or kept apart: a waterfall of weights.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    /// Files the rows are in, then the ids of the two rows.
    #[arg(value_name = "INPUT.. A B", required = true)]
    inputs_and_ids: Vec<String>,
    #[command(flatten)]
    model: ModelArgs,
    /// Write the waterfall as an SVG picture.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Show the values of the two rows as they are.
    #[arg(long)]
    values: bool,
    #[command(flatten)]
    reading: ReadArgs,
}

/// Files and two ids are needed.
#[derive(Debug, thiserror::Error)]
#[error("{given} files and ids were given; one file and two ids are the least")]
struct TooFew {
    given: usize,
}

/// No row of the input has this id.
#[derive(Debug, thiserror::Error)]
#[error("no row of the input has the id '{id}'")]
struct NoSuchRow {
    id: String,
}

/// Both ids are one.
#[derive(Debug, thiserror::Error)]
#[error("A and B are one row")]
struct SameRow;

#[derive(Debug, Serialize)]
pub(super) struct Report {
    a: String,
    b: String,
    model: String,
    prior: f64,
    steps: Vec<Line>,
    weight: f64,
    probability: f64,
    review: f64,
    link: f64,
    strong: Vec<String>,
    strong_needed: bool,
    vetoes: Vec<Veto>,
    decision: &'static str,
    blocking_rules: Vec<String>,
    stopped_rules: Vec<Stopped>,
    /// Values of the whole input that were there and could not be read, by column.
    unreadable: Vec<Unread>,
}

#[derive(Debug, Serialize)]
struct Line {
    comparison: String,
    level: String,
    relation: Option<&'static str>,
    measure: Option<f64>,
    weight: f64,
    frequency: f64,
    sum: f64,
    probability: f64,
    value_a: String,
    value_b: String,
}

#[derive(Debug, Serialize)]
struct Veto {
    id: String,
    about: String,
}

/// A rule that would give the pair, but for a key that too many rows share.
#[derive(Debug, Serialize)]
struct Stopped {
    rule: String,
    rows: usize,
    max_block: usize,
}

pub(super) fn run(args: &Args, terminal: Terminal) -> Result<Outcome, CliError> {
    let given = args.inputs_and_ids.len();
    if given < 3 {
        let hint = "give the files first, then the ids of the two rows";
        return Err(CliError::wrong_call("explaining a pair", TooFew { given }).hint(Some(hint)));
    }
    let (inputs, ids) = args.inputs_and_ids.split_at(given - 2);
    let inputs: Vec<PathBuf> = inputs.iter().map(PathBuf::from).collect();
    let read: Vec<PathBuf> = inputs.iter().chain(&args.model.file).cloned().collect();
    clear(args.svg.as_slice(), &read).map_err(|error| CliError::failed("writing the picture", error))?;
    let model = args.model.read_trained()?;
    let input = read_input(&model, &inputs, &args.reading, terminal)?;
    let (a, b) = (row_of(&input, &ids[0])?, row_of(&input, &ids[1])?);
    let cells = Cells::new(&input);
    let explained = model.explain(&cells, day_in_jakarta(SystemClock.now()), (a, b));
    let explained = explained.map_err(|error| failed_on(&input, error))?;
    let explained = explained.ok_or_else(|| CliError::wrong_call("explaining a pair", SameRow))?;
    let shown = |row: usize, fields: &ComparedFields| {
        let value = fields.value(|field| cells.column(field).and_then(|column| cells.cell(row, column)));
        if args.values { value } else { mask_words(&value) }
    };
    let report = report(&model, &explained, |side, fields| shown(if side == Side::A { a } else { b }, fields));
    let report = Report { a: ids[0].clone(), b: ids[1].clone(), ..report };
    if let Some(path) = &args.svg {
        write_file(path, Access::Private, picture::svg(&report).as_bytes())
            .map_err(|error| CliError::failed("writing the picture", error))?;
        terminal.say(&format!("the picture is in {}", path.display()));
    }
    terminal.result(&report, || text(&report));
    Ok(Outcome::Done)
}

fn row_of(input: &InputTable, id: &str) -> Result<usize, CliError> {
    let found = (0..input.len()).find(|row| input.id(*row) == id);
    found.ok_or_else(|| {
        let hint = if input.is_empty() {
            "the input has no rows".to_owned()
        } else {
            format!("ids of this input look like '{}'; quote an id that holds a bar", input.id(0))
        };
        CliError::wrong_call("explaining a pair", NoSuchRow { id: id.to_owned() }).hint(Some(hint))
    })
}

/// Which of the two rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    A,
    B,
}

fn report(model: &TableModel, explained: &ExplainedRows, shown: impl Fn(Side, &ComparedFields) -> String) -> Report {
    let why = &explained.pair.explanation;
    let mut sum = 0.0;
    let steps = why.steps.iter().zip(&explained.fields).map(|(step, fields)| {
        sum += step.weight + step.adjustment;
        Line {
            comparison: step.comparison.clone(),
            level: step.level.clone(),
            relation: step.relation,
            measure: step.measure,
            weight: step.weight,
            frequency: step.adjustment,
            sum,
            probability: model.probability(sum),
            value_a: shown(Side::A, fields),
            value_b: shown(Side::B, fields),
        }
    });
    let limit = |rule: &str| explained.limits.iter().find(|(name, _)| name == rule).map_or(0, |(_, most)| *most);
    let stopped = explained.pair.stopped.iter();
    let stopped = stopped.map(|key| Stopped { rule: key.rule.clone(), rows: key.rows, max_block: limit(&key.rule) });
    Report {
        a: String::new(),
        b: String::new(),
        model: model.name(),
        prior: explained.thresholds.prior,
        steps: steps.collect(),
        weight: f64::from(why.weight),
        probability: why.probability,
        review: f64::from(explained.thresholds.review),
        link: f64::from(explained.thresholds.link),
        strong: why.strong.clone(),
        strong_needed: why.strong_needed,
        vetoes: explained.vetoes.iter().map(|(id, _, about)| Veto { id: id.clone(), about: about.clone() }).collect(),
        decision: why.decision.word(),
        blocking_rules: why.rules.clone(),
        stopped_rules: stopped.collect(),
        unreadable: explained.unread.clone(),
    }
}

fn text(report: &Report) -> String {
    let signed = |bits: f64| format!("{bits:+.2}");
    let mut rows = vec![vec![
        "(before comparing)".to_owned(),
        String::new(),
        String::new(),
        String::new(),
        "0.00".to_owned(),
        chance(report.prior),
    ]];
    rows.extend(report.steps.iter().map(|step| {
        let frequency = if step.frequency == 0.0 { String::new() } else { signed(step.frequency) };
        let weight = if step.weight == 0.0 { "0".to_owned() } else { signed(step.weight) };
        let sum = format!("{:.2}", step.sum);
        let words = [step.comparison.clone(), step.level.clone(), weight, frequency, sum, chance(step.probability)];
        words.into_iter().chain([step.value_a.clone(), step.value_b.clone()]).collect()
    }));
    rows[0].extend([report.a.clone(), report.b.clone()]);
    let mut out = table(&["comparison", "level", "weight", "frequency", "sum", "probability", "A", "B"], &rows);
    line(&mut out, format_args!(""));
    for sentence in conclusion(report) {
        line(&mut out, format_args!("{sentence}"));
    }
    out
}

/// What follows from the weights, one sentence each: for the text and for the picture.
fn conclusion(report: &Report) -> Vec<String> {
    let mut out = vec![format!(
        "weight {:.2} bits under model {}, probability {}; link from {:.2}, review from {:.2}",
        report.weight,
        report.model,
        chance(report.probability),
        report.link,
        report.review,
    )];
    if !report.strong.is_empty() {
        out.push(format!("strong identifier: {}", report.strong.join("; ")));
    } else if report.strong_needed {
        out.push("no strong identifier holds, and a link needs one".to_owned());
    }
    out.extend(report.vetoes.iter().map(|veto| format!("veto {}: {}", veto.id, veto.about)));
    out.push(match report.decision {
        "link" => "decision: link".to_owned(),
        "review" => "decision: review, a steward is asked".to_owned(),
        other => format!("decision: {other}, kept apart"),
    });
    if report.blocking_rules.is_empty() {
        out.push("no rule gives this pair: it is never compared".to_owned());
    } else {
        out.push(format!("given by: {}", report.blocking_rules.join("; ")));
    }
    out.extend(report.stopped_rules.iter().map(|stopped| {
        let (rows, most) = (thousands(stopped.rows as u64), thousands(stopped.max_block as u64));
        format!("stopped: {} would give it, but {rows} rows share the key (max_block {most})", stopped.rule)
    }));
    out.extend(unread_text(&report.unreadable).lines().map(str::to_owned));
    out
}

/// A probability as people read it: small ones as one in so many, those near one never as one.
fn chance(probability: f64) -> String {
    if probability >= 0.01 {
        return format!("{:.4}", probability.min(0.9999));
    }
    if probability < LEAST_CHANCE {
        return "under 1e-9".to_owned();
    }
    format!("1/{}", thousands((1.0 / probability).round() as u64))
}

#[cfg(test)]
mod tests;

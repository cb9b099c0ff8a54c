//! Training: what a level weighs is learned from the rows themselves, with labels or without any.
//!
//! A level weighs log2(m / u): its share among matches over its share among other pairs (Fellegi & Sunter 1969). `u`
//! comes from random pairs, nearly all of which are no matches. `m` is found by expectation maximisation (Winkler 1988;
//! Splink trains alike) over counts of comparison patterns, not over pairs: a million pairs are a few thousand
//! patterns. It starts from pairs that meet a deterministic rule of the model.
//!
//! Where this differs from Splink. All candidate pairs are used at once: whether two rows are compared is a function
//! of their values, so it cancels from the odds, and the odds start from the chance that two random rows match. What
//! blocking forces to agree is not counted as agreement: a pair says something about a comparison only when a rule that
//! reads none of its columns gives the pair. And the matches among the random pairs are taken out of `u`.
//!
//! With labels (`labels`) the pairs that carry one count as what they are instead of as what the model thinks, so that a
//! few decisions about hard pairs do not pull the shares their way. A truth about all rows replaces the estimate: m comes
//! from all its matches, those included that blocking misses, and with it the chance of a match and the thresholds. u is
//! from random pairs always.
//!
//! Everything is a function of the set of rows and the model: not of their order or of the number of threads.

mod clusters;
mod em;
mod evidence;
mod labels;
mod patterns;
mod problem;
#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod tests;
mod threshold;

pub use self::evidence::NoLesson;
pub use self::labels::{LabelCount, Labels};
pub use self::problem::TrainingProblem;
pub use self::threshold::ExpectedPoint;

use std::sync::Arc;

use self::clusters::Choice;
use self::em::{Fit, Labelled, Role, fit};
use self::evidence::Evidence;
use self::labels::SlotLabels;
use self::patterns::{Cell, Sample, Sampled};
use self::threshold::Chosen;
use crate::engine::block::bulk::Blocks;
use crate::engine::block::guard;
use crate::engine::error::{PlanError, RowError};
use crate::engine::meter::Meter;
use crate::engine::plan::{Choose, Comparison, Frequencies, LearnedLevel, Level, Plan, Thresholds, Weighed, rewrite};
use crate::engine::rows::Rows;

/// Share of the first level among matches, where nothing else is known.
const FIRST: f64 = 0.8;

/// Why nothing could be learned.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// There are too few rows, or no two of them share a blocking key.
    #[error("{rows} rows with {pairs} candidate pairs are too few to learn from")]
    TooFew {
        /// Rows.
        rows: usize,
        /// Candidate pairs.
        pairs: u64,
    },
    /// What the rows show is no lesson: a model made from it would be a guess.
    #[error("there is nothing to learn from: {0}")]
    NoLesson(NoLesson),
    /// The text is not a model, or not the one the rows were made for.
    #[error(transparent)]
    Model(#[from] PlanError),
    /// The rows do not fit the model.
    #[error(transparent)]
    Rows(#[from] RowError),
    /// The text is another model than the one the rows were made for.
    #[error("the text is not the model of these rows")]
    OtherModel,
}

impl TrainError {
    /// What to do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::TooFew { .. } => {
                "give more rows, or a model whose blocking rules fit them; or set the weights by hand, as \
                 config/model/README.md shows"
            }
            Self::NoLesson(reason) => reason.hint(),
            Self::Model(_) | Self::Rows(_) | Self::OtherModel => "config/model/README.md explains every part",
        }
    }
}

/// What was learned about one level.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The comparison.
    pub comparison: String,
    /// The level.
    pub level: String,
    /// Its share among matches; `None` where the model sets the weight.
    pub m: Option<f64>,
    /// Its share among other pairs.
    pub u: Option<f64>,
    /// Its weight in bits.
    pub weight: f64,
    /// Matches at this level that are expected among the candidate pairs.
    pub matches: f64,
}

/// A trained model.
#[derive(Debug, Clone)]
pub struct Trained {
    plan: Arc<Plan>,
    text: String,
    /// One entry a level, in the order of the model.
    pub parameters: Vec<Parameter>,
    /// What a person should look at before trusting the model.
    pub problems: Vec<TrainingProblem>,
    /// What the training was made from.
    pub summary: TrainingSummary,
}

/// What a training was made from, and how it went.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingSummary {
    /// Rows.
    pub rows: usize,
    /// Random pairs compared.
    pub random_pairs: u64,
    /// Candidate pairs, about, and how many of them were looked at.
    pub candidate_pairs: (u64, u64),
    /// Different patterns of levels among them.
    pub patterns: usize,
    /// Largest change of a share in each round.
    pub changes: Vec<f64>,
    /// Chance that two random rows match.
    pub lambda: f64,
    /// Matches expected among the candidate pairs.
    pub matches: f64,
    /// No threshold promises the precision that the model asks for, so that it links nothing.
    pub links_nothing: bool,
    /// Precision, recall (of the candidates) and F1 that the model expects of its own links; measured where the labels
    /// cover all rows. All 0 where nothing is linked.
    pub expected: (f64, f64, f64),
    /// The same for other thresholds, ascending.
    pub curve: Vec<ExpectedPoint>,
    /// The labels there were.
    pub labels: Option<LabelCount>,
}

impl Trained {
    /// The plan, ready to match with.
    pub fn plan(&self) -> Arc<Plan> {
        Arc::clone(&self.plan)
    }

    /// The model file with all that was learned, frequencies included: [`Plan::parse`] reads it to the same weights.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Learns the weights of the levels that have none of their own, the thresholds and the frequencies, without labels.
///
/// `text` is the model file that the plan of the rows was read from. Applies the plan's guards to the rows.
pub fn train(rows: &mut Rows, text: &str) -> Result<Trained, TrainError> {
    train_with(rows, text, &Labels::none())
}

/// The same with what people know about some pairs, or about all rows.
pub fn train_with(rows: &mut Rows, text: &str, labels: &Labels) -> Result<Trained, TrainError> {
    train_on(rows, text, labels, &[], &Meter::default()).map(|(trained, _)| trained)
}

/// Trains, and hands over the blocks of the rows: they are those of the trained plan, too. `repeated` is for who means to
/// take copies out of these ([`Blocks::build_for_all`]).
pub(crate) fn train_on(
    rows: &mut Rows,
    text: &str,
    labels: &Labels,
    repeated: &[bool],
    meter: &Meter,
) -> Result<(Trained, Blocks), TrainError> {
    guard::apply(rows);
    let untrained = Arc::clone(rows.plan());
    let labels = labels.by_slot(rows);
    let sample = Sample::new(rows, &labels, repeated, meter);
    let random = sample.random();
    let candidates = sample.candidates();
    if rows.len() < 2 || candidates.seen == 0 {
        return Err(TrainError::TooFew { rows: rows.len(), pairs: candidates.seen });
    }
    let roles = roles(&untrained);
    let all_pairs = rows.len() as f64 * (rows.len() as f64 - 1.0) / 2.0;
    let fit = learn(&roles, &sample, (&random, &candidates), &labels, all_pairs);
    let levels = learned(&roles, &fit);
    let frequencies = rows.frequencies();
    let named = named(&untrained, &frequencies);
    // First with any thresholds: they are chosen from the weights that pairs have under the learned model.
    let open = Thresholds { link: 0.0, review: 0.0, prior: fit.lambda };
    let weighing = plan_of(&untrained, &rewrite(text, &levels, (open, None), &[], &[])?, &frequencies)?;
    let (weights, matches) = sample.weights(&weighing);
    let wanted = untrained.training();
    let above = weighing.most_weight().ceil() + 1.0;
    let mut chosen = if labels.complete {
        threshold::choose_known(&weights, &matches, fit.lambda, wanted, above)
    } else {
        threshold::choose(&weights, all_pairs, fit.lambda, wanted, above)
    };
    let evidence = Evidence {
        plan: &weighing,
        roles: &roles,
        fit: &fit,
        candidates: &candidates,
        rows: rows.len(),
        matches: chosen.matches,
        prior: chosen.thresholds.prior,
    };
    if let Some(reason) = evidence.refuses(labels.complete) {
        return Err(TrainError::NoLesson(reason));
    }
    let mut mean = None;
    if wanted.choose.unwrap_or(if labels.complete { Choose::Clusters } else { Choose::Pairs }) == Choose::Clusters {
        let low = Thresholds { link: chosen.thresholds.review, ..chosen.thresholds };
        let low = plan_of(&untrained, &rewrite(text, &levels, (low, None), &[], &[])?, &frequencies)?;
        mean = choose_by_clusters(&sample, &low, &labels, &mut chosen);
    }
    let written = (chosen.thresholds, mean);
    let counts = (&random, &candidates);
    let summary = summary(rows.len(), counts, &fit, labels.count(), &mut chosen);
    let provenance = provenance(&summary, untrained.training().seed);
    let text = rewrite(text, &levels, written, &named, &provenance)?;
    let short = rewrite(text.as_str(), &levels, written, &[], &provenance)?;
    let plan = plan_of(&untrained, &short, &frequencies)?;
    let mut problems = problem::find(&plan, &roles, &fit, &candidates);
    let wanted = wanted.precision;
    let missed = chosen.missed.map(|(weight, precision)| TrainingProblem::NoThreshold { wanted, weight, precision });
    problems.splice(0..0, missed);
    let parameters = parameters(&plan, &fit);
    Ok((Trained { plan, text, parameters, problems, summary }, sample.into_blocks()))
}

fn summary(
    rows: usize,
    (random, candidates): (&Sampled, &Sampled),
    fit: &Fit,
    labels: Option<LabelCount>,
    chosen: &mut Chosen,
) -> TrainingSummary {
    TrainingSummary {
        rows,
        random_pairs: random.seen,
        candidate_pairs: (candidates.pairs(), candidates.seen),
        patterns: candidates.cells.len(),
        changes: fit.changes.clone(),
        lambda: chosen.thresholds.prior,
        matches: chosen.matches,
        links_nothing: chosen.missed.is_some(),
        expected: chosen.expected,
        curve: std::mem::take(&mut chosen.curve),
        labels,
    }
}

/// Moves `link` to where the clusters are best; answers the limit of the mean weight that goes with it, where the model has
/// one. Nothing moves where no clusters are precise enough.
///
/// A truth about all rows is measured by: then the best clusters are the best, and there is no promise that needs room.
fn choose_by_clusters(sample: &Sample<'_>, low: &Plan, labels: &SlotLabels, chosen: &mut Chosen) -> Option<f32> {
    let edges = sample.edges(low);
    let known = labels.count().filter(|count| count.complete).map(|count| count.matches as f64);
    let choice = Choice {
        rows: sample.all(),
        plan: low,
        labels,
        edges: &edges,
        matches: known.unwrap_or(chosen.matches),
        precision: if known.is_some() { 0.0 } else { low.training().precision },
        link: chosen.missed.map_or(chosen.thresholds.link, |(weight, _)| weight as f32),
    };
    let best = choice.best()?;
    chosen.thresholds.link = (best.link as f32).max(chosen.thresholds.review);
    chosen.expected = (best.precision, best.recall, best.f1);
    chosen.missed = None;
    best.mean
}

/// Learns the shares without labels, and from there with them where there are any.
fn learn(
    roles: &[Vec<Role>],
    sample: &Sample<'_>,
    (random, candidates): (&Sampled, &Sampled),
    labels: &SlotLabels,
    all_pairs: f64,
) -> Fit {
    let deterministic = sample.deterministic();
    let start = start(sample.plan(), &deterministic, sample.rows(), all_pairs);
    let begin = guess(roles);
    let guess = said(sample.plan(), &begin);
    let input = |random, candidates, start, labels| em::Input {
        random,
        candidates,
        deterministic: &deterministic,
        all_pairs,
        start,
        begin: &begin,
        guess: &guess,
        labels,
    };
    let Some(count) = labels.count() else {
        return fit(roles, &input(random, candidates, start, None));
    };
    let plain = (random.unlabelled(), candidates.unlabelled());
    let without = fit(roles, &input(&plain.0, &plain.1, start, None));
    let matches = sample.known_matches();
    let complete = labels.complete.then_some((&matches, count.matches as f64 / all_pairs));
    let labelled = Labelled { without: &without.m, complete };
    fit(roles, &input(random, candidates, without.lambda, Some(labelled)))
}

/// The plan of a text with the frequencies and name rules at hand.
fn plan_of(untrained: &Plan, text: &str, frequencies: &[Option<Frequencies>]) -> Result<Arc<Plan>, TrainError> {
    let plan = Plan::parse(text)?.with_names_of(untrained).with_frequencies(frequencies.to_vec());
    if plan.columns() != untrained.columns() || plan.comparisons().len() != untrained.comparisons().len() {
        return Err(TrainError::OtherModel);
    }
    Ok(Arc::new(plan))
}

/// What training does with each level.
fn roles(plan: &Plan) -> Vec<Vec<Role>> {
    let role = |level: &Level| match level.weighed {
        _ if level.absent() => Role::Absent(level.weight),
        Weighed::Fixed => Role::Fixed(level.weight),
        Weighed::Shares { .. } | Weighed::Untrained => Role::Learned,
    };
    plan.comparisons().iter().map(|comparison| comparison.levels.iter().map(role).collect()).collect()
}

/// The chance of a match to start from: what the deterministic rules find, over their share of all matches.
fn start(plan: &Plan, deterministic: &Sampled, rows: usize, all_pairs: f64) -> f64 {
    let found = if deterministic.seen == 0 { rows as f64 / 2.0 } else { deterministic.pairs() as f64 };
    (found / plan.training().recall / all_pairs).min(0.5)
}

/// Most matches at the first level, and the rest at the others alike.
fn guess(roles: &[Vec<Role>]) -> Vec<Vec<f64>> {
    let of = |roles: &Vec<Role>| -> Vec<f64> {
        let learned = roles.iter().filter(|role| **role == Role::Learned).count();
        let mut first = true;
        let share = |role: &Role| match role {
            Role::Fixed(_) | Role::Absent(_) => 0.0,
            Role::Learned if std::mem::take(&mut first) => FIRST,
            Role::Learned => (1.0 - FIRST) / (learned - 1) as f64,
        };
        roles.iter().map(share).collect()
    };
    roles.iter().map(of).collect()
}

/// m as the model says it; of comparisons without, the guess.
fn said(plan: &Plan, guess: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let of = |(comparison, guess): (&Comparison, &Vec<f64>)| -> Vec<f64> {
        let said = |level: &Level| match level.weighed {
            Weighed::Shares { m, .. } => m,
            Weighed::Fixed | Weighed::Untrained => 0.0,
        };
        let untrained = comparison.levels.iter().any(|level| level.weighed == Weighed::Untrained);
        if untrained { guess.clone() } else { comparison.levels.iter().map(said).collect() }
    };
    plan.comparisons().iter().zip(guess).map(of).collect()
}

fn learned(roles: &[Vec<Role>], fit: &Fit) -> Vec<Vec<LearnedLevel>> {
    let level = |c: usize, l: usize, role: &Role| matches!(role, Role::Learned).then(|| (fit.m[c][l], fit.u[c][l]));
    let comparison = |(c, roles): (usize, &Vec<Role>)| roles.iter().enumerate().map(|(l, r)| level(c, l, r)).collect();
    roles.iter().enumerate().map(comparison).collect()
}

fn named(plan: &Plan, frequencies: &[Option<Frequencies>]) -> Vec<(String, Frequencies)> {
    let columns = plan.columns().iter().zip(frequencies);
    columns
        .filter_map(|(column, counted)| counted.clone().map(|counted| (column.name.clone(), counted)))
        .filter(|(_, counted)| counted.rows > 0)
        .collect()
}

fn parameters(plan: &Plan, fit: &Fit) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    for (c, comparison) in plan.comparisons().iter().enumerate() {
        for (l, level) in comparison.levels.iter().enumerate() {
            let (m, u) = match level.weighed {
                Weighed::Shares { m, u } => (Some(m), Some(u)),
                Weighed::Fixed | Weighed::Untrained => (None, None),
            };
            let (comparison, level_name) = (comparison.name.clone(), level.label.clone());
            let matches = fit.matches[c][l];
            parameters.push(Parameter { comparison, level: level_name, m, u, weight: level.weight, matches });
        }
    }
    parameters
}

fn provenance(summary: &TrainingSummary, seed: u64) -> Vec<(&'static str, String)> {
    let (precision, recall, f1) = summary.expected;
    let labels = summary.labels.map(|labels| {
        let what = if labels.complete { "the entity of every row" } else { "some pairs" };
        [
            ("labels", format!("\"{what}\"")),
            ("labelled_matches", labels.matches.to_string()),
            ("labelled_others", labels.others.to_string()),
        ]
    });
    let mut provenance = vec![
        ("engine", format!("\"padan {}\"", env!("CARGO_PKG_VERSION"))),
        ("rows", summary.rows.to_string()),
        ("seed", seed.to_string()),
        ("random_pairs", summary.random_pairs.to_string()),
        ("candidate_pairs", summary.candidate_pairs.0.to_string()),
        ("candidate_pairs_seen", summary.candidate_pairs.1.to_string()),
        ("patterns", summary.patterns.to_string()),
        ("rounds", summary.changes.len().to_string()),
        ("last_change", format!("{:.8}", summary.changes.last().copied().unwrap_or(0.0))),
        ("matches_expected", format!("{:.1}", summary.matches)),
        ("expected_precision", format!("{precision:.5}")),
        ("expected_recall_of_candidates", format!("{recall:.5}")),
        ("expected_f1_of_candidates", format!("{f1:.5}")),
    ];
    provenance.extend(labels.into_iter().flatten());
    provenance
}

/// Cells whose pairs say something about a comparison: not only given by rules that read its columns.
fn is_free(cell: &Cell, comparison: usize) -> bool {
    cell.free >> comparison & 1 == 1
}

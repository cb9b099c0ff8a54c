//! What a model file says about its own training.

use toml::Spanned;

use super::column::Columns;
use super::file;
use super::key::Rule;
use super::place::Place;
use crate::engine::error::{PlanError, Problem};

/// Share of the matches that the deterministic rules are taken to find, where the model does not say.
const RECALL: f64 = 0.7;
/// Expected precision that automatic links must reach, where the model does not say. Comparisons are never quite
/// independent, so that the expectation is a little too good: this leaves room for 0.995.
const PRECISION: f64 = 0.9985;
/// Probability from which a pair is shown to a person, where the model does not say.
const REVIEW: f64 = 0.1;
const SEED: u64 = 1;
const RANDOM_PAIRS: u64 = 400_000;
const CANDIDATE_PAIRS: u64 = 300_000;

/// How a model wants to be trained.
#[derive(Debug)]
pub(crate) struct Training {
    /// Rules so strict that a pair that meets one is nearly always a match.
    pub(crate) deterministic: Vec<Rule>,
    /// Share of the matches that meet at least one of them.
    pub(crate) recall: f64,
    /// Expected precision that the links must reach.
    pub(crate) precision: f64,
    /// Probability from which a pair is shown to a person.
    pub(crate) review: f64,
    /// Seed of the random pairs.
    pub(crate) seed: u64,
    /// How many random pairs are drawn.
    pub(crate) random_pairs: u64,
    /// How many candidate pairs are looked at, about.
    pub(crate) candidate_pairs: u64,
}

pub(super) fn compile(place: Place<'_>, columns: &Columns, file: &file::Training) -> Result<Training, PlanError> {
    let rule = |keys: &Spanned<_>| Rule::deterministic(place, columns, keys);
    let deterministic = file.deterministic.iter().map(rule).collect::<Result<_, _>>()?;
    let share = |number: &Option<Spanned<f64>>, name, usual| {
        let checked = number.as_ref().map(|n| place.within(n, name, |p| p > 0.0 && p < 1.0, "above 0 and below 1"));
        checked.transpose().map(|share| share.unwrap_or(usual))
    };
    let count = |number: &Option<Spanned<u64>>, name, usual| match number {
        Some(count) if *count.get_ref() < 1000 => {
            Err(place.refuse(count.span(), Problem::Range { name, range: "at least 1000" }))
        }
        Some(count) => Ok(*count.get_ref()),
        None => Ok(usual),
    };
    Ok(Training {
        deterministic,
        recall: share(&file.recall, "recall", RECALL)?,
        precision: share(&file.precision, "precision", PRECISION)?,
        review: share(&file.review, "review", REVIEW)?,
        seed: file.seed.unwrap_or(SEED),
        random_pairs: count(&file.random_pairs, "random_pairs", RANDOM_PAIRS)?,
        candidate_pairs: count(&file.candidate_pairs, "candidate_pairs", CANDIDATE_PAIRS)?,
    })
}

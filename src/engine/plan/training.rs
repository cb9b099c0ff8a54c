//! What a model file says about its own training.

use toml::Spanned;

use super::column::Columns;
use super::condition::MAX_RULES;
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
/// More rows than this that share all keys of a deterministic rule are no one entity.
const MOST_ALIKE: u32 = 50;
/// More rows than this that share all keys of a rule for training alone are a stop key.
const MOST_IN_BLOCK: u32 = 100;
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
    /// Which pairs m is learned from.
    pub(crate) blocks: TrainingBlocks,
    /// What thresholds are chosen by; `None` where the model does not say.
    pub(crate) choose: Option<Choose>,
}

/// The rules whose pairs m is learned from.
#[derive(Debug)]
pub(crate) enum TrainingBlocks {
    /// Those of matching of which the bit is set: the blocks are made once.
    Shared(u64),
    /// Rules of their own.
    Own(Vec<Rule>),
}

/// What thresholds are chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choose {
    /// The quality of links, pair by pair.
    Pairs,
    /// The quality of the clusters that the links form.
    Clusters,
}

impl Training {
    /// Rules that matching does not have.
    pub(crate) fn own_rules(&self) -> &[Rule] {
        match &self.blocks {
            TrainingBlocks::Shared(_) => &[],
            TrainingBlocks::Own(rules) => rules,
        }
    }
}

pub(super) fn compile(
    place: Place<'_>,
    columns: &Columns,
    blocks: &[file::Block],
    file: &file::Training,
) -> Result<Training, PlanError> {
    let rule = |keys: &Spanned<_>| Rule::for_training(place, columns, keys, MOST_ALIKE);
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
        blocks: match &file.blocks {
            None => TrainingBlocks::Shared(u64::MAX),
            Some(named) => training_blocks(place, columns, blocks, named)?,
        },
        choose: file.choose.as_ref().map(|word| choose(place, word)).transpose()?,
    })
}

fn choose(place: Place<'_>, word: &Spanned<String>) -> Result<Choose, PlanError> {
    let which = place.find("way to choose thresholds", word, &["pairs", "clusters"])?;
    Ok([Choose::Pairs, Choose::Clusters][which])
}

/// Names of rules of matching are shared with it; as soon as one rule is of training alone, all are made anew.
fn training_blocks(
    place: Place<'_>,
    columns: &Columns,
    blocks: &[file::Block],
    named: &Spanned<Vec<Spanned<file::TrainingBlock>>>,
) -> Result<TrainingBlocks, PlanError> {
    if named.get_ref().is_empty() {
        return Err(place.refuse(named.span(), Problem::Empty { what: "`blocks` of training" }));
    }
    place.at_most("blocking rules", named.get_ref().len(), MAX_RULES)?;
    let names: Vec<&str> = blocks.iter().map(|block| block.name.get_ref().as_str()).collect();
    let (mut shared, mut rules, mut own) = (0, Vec::new(), false);
    for block in named.get_ref() {
        let span = block.span();
        match block.get_ref() {
            file::TrainingBlock::Name(name) => {
                let at = place.find("blocking rule", &Spanned::new(span, name.clone()), &names)?;
                shared |= 1 << at;
                rules.push(Rule::compile(place, columns, &blocks[at])?);
            }
            file::TrainingBlock::Keys(keys) => {
                let keys = keys.iter().map(|key| Spanned::new(span.clone(), key.clone())).collect();
                rules.push(Rule::for_training(place, columns, &Spanned::new(span, keys), MOST_IN_BLOCK)?);
                own = true;
            }
        }
    }
    Ok(if own { TrainingBlocks::Own(rules) } else { TrainingBlocks::Shared(shared) })
}

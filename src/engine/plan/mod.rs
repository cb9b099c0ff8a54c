//! The plan: a model file, checked and compiled.
//!
//! A plan knows columns, blocking rules, comparisons, vetoes and thresholds, and nothing of where rows come from. It
//! is immutable while rows are matched, so that the weight of a pair depends on its two rows only.
//!
//! ```
//! use padan::engine::Plan;
//!
//! let plan = Plan::parse(r#"
//! model = { name = "people", version = "1", trained = true }
//! thresholds = { link = 10.0, review = 5.0, prior = 0.001 }
//!
//! [[column]]
//! name = "name"
//! type = "text"
//!
//! [[column]]
//! name = "born"
//! type = "date"
//! from = "date_of_birth"
//!
//! [[block]]
//! name = "same birth date"
//! keys = ["born"]
//! max_block = 500
//!
//! [[comparison]]
//! name = "name"
//! columns = ["name"]
//! function = "jaro_winkler"
//! levels = [
//!   { label = "equal", equal = true, weight = 8.0 },
//!   { label = "near", min = 0.9, m = 0.2, u = 0.01 },
//!   { label = "other", else = true, weight = -6.0 },
//! ]
//! "#)?;
//! assert_eq!(plan.columns()[1].from, "date_of_birth");
//!
//! let refused = Plan::parse("model = 3").expect_err("a model is a table");
//! assert_eq!((refused.line, refused.column), (1, 9));
//! # Ok::<(), padan::engine::PlanError>(())
//! ```

mod column;
mod comparison;
mod condition;
mod file;
mod frequency;
mod key;
mod place;
mod rewrite;
#[cfg(test)]
mod schema_tests;
#[cfg(test)]
mod tests;
mod training;

use std::sync::Arc;

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

pub use self::column::Column;
use self::column::Columns;
pub(crate) use self::comparison::{Adjust, Comparison, Level, Weighed};
use self::condition::MAX_RULES;
pub use self::condition::VetoAction;
pub(crate) use self::condition::{MAX_COMPARISONS, MAX_VETOES, Pattern, Strong, Veto};
pub use self::frequency::Frequencies;
pub(crate) use self::frequency::FrequencyTable;
pub(crate) use self::key::{Derive, Derived, Part, Rule};
use self::place::Place;
pub(crate) use self::rewrite::{LearnedLevel, rewrite};
pub(crate) use self::training::{Choose, Training, TrainingBlocks};
use super::error::{PlanError, Problem};
use super::field::Field;
use super::name::NameRules;

/// A value that too many different ones share is no evidence: it counts as missing for all of them.
#[derive(Debug)]
pub(crate) struct Guard {
    pub(crate) field: Field,
    pub(crate) distinct_of: Part,
    pub(crate) max: usize,
}

/// When two clusters may not become one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusterLimits {
    /// Most records in a cluster that the machine makes; human decisions may exceed it.
    pub max_size: usize,
    /// No pair across the two clusters may weigh less than this.
    pub min_pair_weight: Option<f32>,
    /// The pairs across the two clusters must weigh at least this on average.
    pub min_mean_weight: Option<f32>,
}

/// Weights, in bits, at which pairs are linked or shown to a steward.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Link at or above this weight.
    pub link: f32,
    /// Review at or above this weight.
    pub review: f32,
    /// Probability that two random rows match, for turning weights into probabilities.
    pub prior: f64,
}

/// A compiled model. Cheap to clone beside its term frequencies.
#[derive(Clone)]
pub struct Plan {
    /// Hash of the model file.
    file: u64,
    name: String,
    version: String,
    about: String,
    trained: bool,
    columns: Columns,
    rules: Arc<[Rule]>,
    comparisons: Arc<[Comparison]>,
    /// Bit `c`: comparison `c` weighs nothing and no hard rule asks it, so it is made when another level asks.
    on_demand: u32,
    lettered: Arc<[Field]>,
    strong: Arc<[Strong]>,
    vetoes: Arc<[Veto]>,
    guards: Arc<[Guard]>,
    cluster: ClusterLimits,
    thresholds: Thresholds,
    training: Arc<Training>,
    frequencies: Vec<Option<Frequencies>>,
    tables: Arc<[Option<FrequencyTable>]>,
    names: Arc<NameRules>,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan").field("name", &self.name).field("version", &self.version).finish_non_exhaustive()
    }
}

impl Plan {
    /// Reads and checks a model file. Names are compared by neutral rules until [`Plan::with_names`] gives others.
    pub fn parse(text: &str) -> Result<Self, PlanError> {
        let place = Place(text);
        let file: file::File = toml::from_str(text).map_err(|error| {
            let message = error.message().to_owned();
            place.refuse(error.span().unwrap_or(0..0), Problem::Syntax { message })
        })?;
        Self::compile(place, &file)
    }

    fn compile(place: Place<'_>, file: &file::File) -> Result<Self, PlanError> {
        let columns = Columns::compile(place, file)?;
        let rules = rules(place, &columns, &file.block)?;
        let comparisons = comparisons(place, &columns, file)?;
        place.at_most("vetoes", file.veto.len(), MAX_VETOES)?;
        place.unique("strong identifier", file.strong.iter().map(|s| &s.name))?;
        let strong: Vec<Strong> =
            file.strong.iter().map(|s| condition::strong(place, &comparisons, s)).collect::<Result<_, _>>()?;
        let vetoes: Vec<Veto> =
            file.veto.iter().map(|v| condition::veto(place, &comparisons, v)).collect::<Result<_, _>>()?;
        let clauses = strong.iter().map(|strong| &strong.clause).chain(vetoes.iter().map(|veto| &veto.clause));
        let asked = clauses.fold(0, |set, clause| set | clause.asks());
        let answers = comparisons.iter().enumerate().filter(|(_, comparison)| comparison.only_answers());
        let fields = columns.fields.iter().filter(|field| comparisons.iter().any(|c| c.reads_letters(field)));
        let lettered = fields.copied().collect();
        let on_demand = answers.fold(0, |set, (index, _)| set | 1 << index) & !asked;
        let guards = file.guard.iter().map(|g| guard(place, &columns, g)).collect::<Result<_, _>>()?;
        let frequencies = frequency::compile(place, &columns, &file.frequency)?;
        let thresholds = thresholds(place, &file.thresholds)?;
        Ok(Self {
            file: xxh3_64(place.0.as_bytes()),
            name: file.model.name.clone(),
            version: file.model.version.clone(),
            about: file.model.about.clone(),
            trained: *file.model.trained.get_ref(),
            rules: rules.into(),
            comparisons: comparisons.into(),
            on_demand,
            lettered,
            strong: strong.into(),
            vetoes: vetoes.into(),
            guards,
            training: Arc::new(training::compile(place, &columns, &file.block, &file.training)?),
            cluster: cluster(place, &file.cluster, thresholds)?,
            thresholds,
            tables: tables(&frequencies),
            frequencies,
            columns,
            names: Arc::new(NameRules::default()),
        })
    }

    /// The same plan with other rules for comparing names.
    #[must_use]
    pub fn with_names(mut self, names: NameRules) -> Self {
        self.names = Arc::new(names);
        self
    }

    /// The same plan with the names rules of another one.
    pub(crate) fn with_names_of(mut self, other: &Self) -> Self {
        self.names = Arc::clone(&other.names);
        self
    }

    /// The same plan with other term frequencies: one entry a column, `None` where all values count alike.
    #[must_use]
    pub fn with_frequencies(mut self, frequencies: Vec<Option<Frequencies>>) -> Self {
        self.frequencies = frequencies;
        self.frequencies.resize(self.columns.list.len(), None);
        self.tables = tables(&self.frequencies);
        self
    }

    /// Name of the model.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Version of the model.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What the model is for, in its author's words.
    pub fn about(&self) -> &str {
        &self.about
    }

    /// Whether its weights were learned or set by somebody who knows; an untrained model must not decide.
    pub fn trained(&self) -> bool {
        self.trained
    }

    /// The columns, in the order in which a row gives its values.
    pub fn columns(&self) -> &[Column] {
        &self.columns.list
    }

    /// The names of the blocking rules, in order.
    pub fn rule_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.rules.iter().map(|rule| rule.name.as_str())
    }

    /// Thresholds of weight.
    pub fn thresholds(&self) -> Thresholds {
        self.thresholds
    }

    /// Limits of clusters.
    pub fn cluster_limits(&self) -> ClusterLimits {
        self.cluster
    }

    /// Term frequencies: one entry a column.
    pub fn frequencies(&self) -> &[Option<Frequencies>] {
        &self.frequencies
    }

    /// The probability of a match at a weight: prior odds times two to the weight.
    pub fn probability(&self, weight: f32) -> f64 {
        let prior = (self.thresholds.prior / (1.0 - self.thresholds.prior)).log2();
        1.0 / (1.0 + (-(f64::from(weight) + prior)).exp2())
    }

    /// The ids of the vetoes in a set as [`super::Edge::vetoes`] holds it, each once, in the order of the model file.
    pub fn veto_ids(&self, vetoes: u64) -> Vec<&str> {
        let mut ids: Vec<&str> = Vec::new();
        for (i, veto) in self.vetoes.iter().enumerate() {
            if vetoes >> i & 1 == 1 && !ids.contains(&veto.id.as_str()) {
                ids.push(&veto.id);
            }
        }
        ids
    }

    /// Id, action and purpose of the vetoes in such a set: several vetoes may have one id, and each has its own purpose.
    pub fn vetoes_in(&self, set: u64) -> impl Iterator<Item = (&str, VetoAction, &str)> {
        self.vetoes().enumerate().filter(move |(i, _)| set >> i & 1 == 1).map(|(_, veto)| veto)
    }

    /// Id, action and purpose of every veto, in the order of the model file.
    pub fn vetoes(&self) -> impl ExactSizeIterator<Item = (&str, VetoAction, &str)> {
        self.vetoes.iter().map(|veto| (veto.id.as_str(), veto.action, veto.about.as_str()))
    }

    /// The most that a pair can weigh.
    pub(crate) fn most_weight(&self) -> f64 {
        let most =
            |comparison: &Comparison| comparison.levels.iter().map(Level::most).fold(f64::NEG_INFINITY, f64::max);
        self.comparisons.iter().map(most).sum()
    }

    /// A hash of all that results depend on beside rows and decisions: the model file, the frequencies, the rules for names.
    pub(crate) fn digest(&self) -> u64 {
        let mut hasher = Xxh3::new();
        let mut add = |part: u64| hasher.update(&part.to_le_bytes());
        add(self.file);
        add(self.names.digest());
        for (column, of_column) in (0u64..).zip(&self.frequencies) {
            let Some(Frequencies { rows, counts, single }) = of_column else { continue };
            let counts = counts.iter().flat_map(|(hash, count)| [*hash, *count]);
            [column, *rows, *single].into_iter().chain(counts).for_each(&mut add);
        }
        hasher.digest()
    }

    pub(crate) fn fields(&self) -> &[Field] {
        &self.columns.fields
    }

    pub(crate) fn stride(&self) -> usize {
        self.columns.stride
    }

    /// Whether keys or comparisons read the words of a text column.
    pub(crate) fn reads_words(&self, column: usize) -> bool {
        let of_training = self.training.deterministic.iter().chain(self.training.own_rules());
        let rules = self.rules.iter().chain(of_training).flat_map(|rule| &rule.parts);
        let parts = rules.chain(self.guards.iter().map(|guard| &guard.distinct_of));
        let mut derived = parts.flatten();
        derived.any(|derived| derived.field.index == column && derived.derive == Derive::Tokens)
            || self.comparisons.iter().any(|c| c.reads_words && c.columns.contains(&column))
    }

    /// The columns whose letters the comparisons read: names, and texts that are not only equal or not.
    pub(crate) fn lettered(&self) -> &[Field] {
        &self.lettered
    }

    /// Bit `c`: comparison `c` need not be made for its own sake.
    pub(crate) fn on_demand(&self) -> u32 {
        self.on_demand
    }

    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    pub(crate) fn comparisons(&self) -> &[Comparison] {
        &self.comparisons
    }

    pub(crate) fn strong(&self) -> &[Strong] {
        &self.strong
    }

    pub(crate) fn veto_rules(&self) -> &[Veto] {
        &self.vetoes
    }

    pub(crate) fn guards(&self) -> &[Guard] {
        &self.guards
    }

    pub(crate) fn training(&self) -> &Training {
        &self.training
    }

    pub(crate) fn names(&self) -> &Arc<NameRules> {
        &self.names
    }

    pub(crate) fn frequency_table(&self, column: usize) -> Option<&FrequencyTable> {
        self.tables[column].as_ref()
    }
}

fn rules(place: Place<'_>, columns: &Columns, blocks: &[file::Block]) -> Result<Vec<Rule>, PlanError> {
    if blocks.is_empty() {
        return Err(place.refuse(0..0, Problem::Empty { what: "the list of blocking rules" }));
    }
    place.at_most("blocking rules", blocks.len(), MAX_RULES)?;
    place.unique("blocking rule", blocks.iter().map(|b| &b.name))?;
    blocks.iter().map(|block| Rule::compile(place, columns, block)).collect()
}

fn comparisons(place: Place<'_>, columns: &Columns, file: &file::File) -> Result<Vec<Comparison>, PlanError> {
    if file.comparison.is_empty() {
        return Err(place.refuse(0..0, Problem::Empty { what: "the list of comparisons" }));
    }
    place.at_most("comparisons", file.comparison.len(), MAX_COMPARISONS)?;
    place.unique("comparison", file.comparison.iter().map(|c| &c.name))?;
    let mut compiled = Vec::new();
    for comparison in &file.comparison {
        let next = comparison::compile(place, columns, &compiled, comparison, *file.model.trained.get_ref())?;
        compiled.push(next);
    }
    Ok(compiled)
}

fn guard(place: Place<'_>, columns: &Columns, guard: &file::Guard) -> Result<Guard, PlanError> {
    if *guard.max.get_ref() == 0 {
        return Err(place.refuse(guard.max.span(), Problem::Range { name: "max", range: "at least 1" }));
    }
    Ok(Guard {
        field: columns.find(place, &guard.column)?,
        distinct_of: key::part(place, columns, &guard.distinct_of)?,
        max: *guard.max.get_ref() as usize,
    })
}

fn cluster(place: Place<'_>, cluster: &file::Cluster, thresholds: Thresholds) -> Result<ClusterLimits, PlanError> {
    let max_size = match &cluster.max_size {
        None => usize::MAX,
        Some(size) if *size.get_ref() >= 2 => *size.get_ref() as usize,
        Some(size) => {
            let problem = Problem::Range { name: "max_size", range: "at least 2 records" };
            return Err(place.refuse(size.span(), problem));
        }
    };
    let bits = |limit: &Option<toml::Spanned<file::Limit>>, name| {
        limit.as_ref().map(|limit| bits_of(place, limit, name, thresholds)).transpose()
    };
    let min_pair_weight = bits(&cluster.min_pair_weight, "min_pair_weight")?;
    let min_mean_weight = bits(&cluster.min_mean_weight, "min_mean_weight")?;
    Ok(ClusterLimits { max_size, min_pair_weight, min_mean_weight })
}

/// A limit in bits, or as high as a threshold.
fn bits_of(
    place: Place<'_>,
    limit: &toml::Spanned<file::Limit>,
    name: &'static str,
    thresholds: Thresholds,
) -> Result<f32, PlanError> {
    let span = limit.span();
    match limit.get_ref() {
        file::Limit::Bits(bits) => {
            let bits = toml::Spanned::new(span, *bits);
            place.within(&bits, name, f64::is_finite, "a finite number").map(|bits| bits as f32)
        }
        file::Limit::Threshold(word) => {
            let word = toml::Spanned::new(span, word.clone());
            let which = place.find("threshold", &word, &["link", "review"])?;
            Ok([thresholds.link, thresholds.review][which])
        }
    }
}

fn thresholds(place: Place<'_>, thresholds: &file::Thresholds) -> Result<Thresholds, PlanError> {
    let link = place.within(&thresholds.link, "link", f64::is_finite, "a finite number")?;
    let review = place.within(&thresholds.review, "review", f64::is_finite, "a finite number")?;
    let prior = place.within(&thresholds.prior, "prior", |p| p > 0.0 && p < 1.0, "above 0 and below 1")?;
    if review > link {
        let problem = Problem::Range { name: "review", range: "not above `link`" };
        return Err(place.refuse(thresholds.review.span(), problem));
    }
    Ok(Thresholds { link: link as f32, review: review as f32, prior })
}

fn tables(frequencies: &[Option<Frequencies>]) -> Arc<[Option<FrequencyTable>]> {
    frequencies.iter().map(|f| f.as_ref().and_then(FrequencyTable::new)).collect()
}

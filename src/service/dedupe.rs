//! Matching a table in one go: what `padan dedupe` does. Rows in, clusters and scored pairs out; no store.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rayon::prelude::*;

use super::columns::{ColumnError, Columns, name_rules};
use super::models::INDONESIA;
use crate::domain::date::{Date, parse_date};
use crate::engine::{
    BlockReport, Decision, Linkage, Plan, PlanError, Rows, TrainError, Value, match_rows, train, train_with,
};
pub use crate::engine::{ExpectedPoint, LabelCount, Labels, Parameter, Trained};
use crate::normalise::NameTables;

/// Rows normalised at a time: enough for all threads, little enough for memory.
const CHUNK: usize = 65_536;

/// A match model ready for tables.
pub struct TableModel {
    pub(super) plan: Arc<Plan>,
    pub(super) columns: Columns,
    text: Cow<'static, str>,
}

/// A model cannot be used for a table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file cannot be read.
    #[error("{}", path.display())]
    Read {
        /// Which file.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The model file is wrong.
    #[error("the model")]
    Plan(#[source] PlanError),
    /// A column names a function that does not exist.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// The weights were never learned or set.
    #[error("the model '{name}' is not trained")]
    Untrained {
        /// Its name.
        name: String,
    },
    /// The rows teach nothing.
    #[error("training the model")]
    Train(#[source] TrainError),
    /// Two rows have one number, or a value does not fit: a bug in whoever filled the table.
    #[error("matching the rows")]
    Rows(#[source] crate::engine::RowError),
}

/// A table as the matcher reads it: rows by number, cells by column name.
pub trait Table: Sync {
    /// Number of rows.
    fn rows(&self) -> usize;
    /// The cell of a column, as text.
    fn cell(&self, row: usize, column: &str) -> Option<&str>;
}

/// What matching a table gave, and how long each stage took.
pub struct Matched {
    /// The number of each row's cluster: the lowest row in it.
    pub clusters: Vec<u32>,
    /// Pairs at or above `review`.
    pub pairs: Vec<MatchedPair>,
    /// Pairs a steward would be asked about.
    pub review: Vec<MatchedPair>,
    /// Candidate pairs per rule, and stop keys.
    pub blocking: BlockReport,
    /// Names of the blocking rules.
    pub rules: Vec<String>,
    /// Seconds per stage.
    pub seconds: Vec<(&'static str, f64)>,
}

/// One scored pair of rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MatchedPair {
    /// The two rows, the lower first.
    pub rows: (u32, u32),
    /// Match weight in bits.
    pub weight: f32,
    /// Probability of a match under the model.
    pub probability: f64,
    /// `link` or `review`.
    pub decision: &'static str,
    /// The blocking rule that found it, as an index into [`Matched::rules`].
    pub rule: usize,
}

impl TableModel {
    /// Reads a model file whose weights are known; without one, the built-in Indonesian model.
    pub fn read(path: Option<&Path>) -> Result<Self, TableError> {
        let model = Self::read_to_train(path)?;
        if model.plan.trained() { Ok(model) } else { Err(TableError::Untrained { name: model.plan.name().to_owned() }) }
    }

    /// Reads a model file that is to be trained.
    pub fn read_to_train(path: Option<&Path>) -> Result<Self, TableError> {
        let text = match path {
            None => Cow::Borrowed(INDONESIA),
            Some(path) => std::fs::read_to_string(path)
                .map(Cow::Owned)
                .map_err(|source| TableError::Read { path: path.to_owned(), source })?,
        };
        let plan = Plan::parse(&text).map_err(TableError::Plan)?;
        let plan = plan.with_names(name_rules(NameTables::embedded()));
        let columns = Columns::of(&plan)?;
        Ok(Self { plan: Arc::new(plan), columns, text })
    }

    /// The fields the model reads, each once.
    pub fn fields(&self) -> Vec<String> {
        let mut fields: Vec<String> = self.columns.0.iter().flat_map(|column| column.from.concat()).collect();
        fields.push("tgl_data".to_owned());
        fields.sort();
        fields.dedup();
        fields
    }

    /// Name and version of the model.
    pub fn name(&self) -> String {
        format!("{} {}", self.plan.name(), self.plan.version())
    }

    /// Matches a table. `today` is the day numbers are read on where a row has no `tgl_data`.
    pub fn run(&self, table: &dyn Table, today: Date) -> Result<Matched, TableError> {
        let started = Instant::now();
        let rows = self.fill(table, today)?;
        Self::link(rows, vec![("normalise", started.elapsed().as_secs_f64())])
    }

    /// Trains the model on a table, then matches the table with it.
    pub fn train_and_run(&self, table: &dyn Table, today: Date) -> Result<(Trained, Matched), TableError> {
        let started = Instant::now();
        let mut rows = self.fill(table, today)?;
        let normalised = started.elapsed().as_secs_f64();
        let trained = train(&mut rows, &self.text).map_err(TableError::Train)?;
        let trained_in = started.elapsed().as_secs_f64() - normalised;
        let rows = rows.with_plan(trained.plan()).expect("training keeps the columns");
        let matched = Self::link(rows, vec![("normalise", normalised), ("train", trained_in)])?;
        Ok((trained, matched))
    }

    /// Trains the model on a table, with labels by row number where there are any.
    pub fn train(&self, table: &dyn Table, today: Date, labels: &Labels) -> Result<Trained, TableError> {
        train_with(&mut self.fill(table, today)?, &self.text, labels).map_err(TableError::Train)
    }

    pub(super) fn fill(&self, table: &dyn Table, today: Date) -> Result<Rows, TableError> {
        let mut rows = Rows::new(self.plan.clone());
        let mut from = 0;
        while from < table.rows() {
            let to = (from + CHUNK).min(table.rows());
            let batch: Vec<_> =
                (from..to).into_par_iter().map(|row| (row as u64, self.values(table, row, today))).collect();
            rows.extend(&batch).map_err(TableError::Rows)?;
            from = to;
        }
        Ok(rows)
    }

    /// The values of one row.
    pub(super) fn values(&self, table: &dyn Table, row: usize, today: Date) -> Vec<Value> {
        let cell = |name: &str| table.cell(row, name).map(Cow::Borrowed);
        let day = table.cell(row, "tgl_data").and_then(|text| parse_date(text).ok()).unwrap_or(today);
        self.columns.fill(day, cell)
    }

    fn link(mut rows: Rows, mut seconds: Vec<(&'static str, f64)>) -> Result<Matched, TableError> {
        let started = Instant::now();
        let linkage = match_rows(&mut rows, &[]).map_err(TableError::Rows)?;
        seconds.push(("match", started.elapsed().as_secs_f64()));
        Ok(matched(rows.plan(), rows.len(), linkage, seconds))
    }
}

fn matched(plan: &Plan, rows: usize, linkage: Linkage, seconds: Vec<(&'static str, f64)>) -> Matched {
    let mut clusters: Vec<u32> = (0..rows as u32).collect();
    for (row, cluster) in &linkage.assignments {
        clusters[*row as usize] = *cluster as u32;
    }
    let pairs: Vec<MatchedPair> = linkage
        .edges
        .iter()
        .map(|edge| MatchedPair {
            rows: (edge.pair.0 as u32, edge.pair.1 as u32),
            weight: edge.weight,
            probability: plan.probability(edge.weight),
            decision: if edge.decision == Decision::Link { "link" } else { "review" },
            rule: edge.rule,
        })
        .collect();
    let asked = |item: &crate::engine::ReviewItem| {
        let pair = (item.pair.0 as u32, item.pair.1 as u32);
        pairs.binary_search_by_key(&pair, |known| known.rows).ok().map(|at| pairs[at])
    };
    let review = linkage.review.iter().filter_map(asked).collect();
    let rules = plan.rule_names().map(str::to_owned).collect();
    Matched { clusters, pairs, review, blocking: linkage.blocking, rules, seconds }
}

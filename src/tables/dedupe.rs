//! Matching a table in one go: rows in, clusters and scored pairs out.

use std::borrow::Cow;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::unread::{Tally, Unread};
use crate::domain::date::Date;
use crate::domain::null_word::NullWords;
use crate::engine::{
    BlockReport, Edge, Labels, Linkage, MachineDecision, Meter, Plan, PlanError, Proposal, ProposalReason,
    RefusalReason, Rows, Stage, TrainError, Trained, Value, match_rows_metered, train_and_match, train_with,
};
use crate::normalise::NameTables;
use crate::normalise::date::{DateFormat, read_date};
use crate::normalise::shape::{Wanted, looks_like, shape};
use crate::prepare::{ColumnError, Columns, INDONESIA, Niks, name_rules};

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
    /// A row says as of when it is, in a way that cannot be read: what its numbers mean depends on it.
    #[error("the tgl_data, written as {sample}, cannot be read: {looks_like}")]
    AsOf {
        /// Row of the table, from 0.
        row: usize,
        /// Its shape.
        sample: String,
        /// What it looks like.
        looks_like: &'static str,
    },
    /// More values of a column are unreadable than the model allows.
    #[error("{} (the model allows a share of {limit})", unread.sentence())]
    Unreadable {
        /// How many there are.
        unread: Unread,
        /// The share that the model allows.
        limit: f64,
    },
    /// The rows teach nothing.
    #[error("training the model")]
    Train(#[source] TrainError),
    /// Two rows have one number, or a value does not fit: a bug in whoever filled the table.
    #[error("matching the rows")]
    Rows(#[source] crate::engine::RowError),
}

/// A table as the matcher reads it: rows and columns by number.
pub trait Tabular: Sync {
    /// Number of rows.
    fn rows(&self) -> usize;
    /// The number of a column; `None` when it is not there.
    fn column(&self, name: &str) -> Option<usize>;
    /// The cell of a column, as text.
    fn cell(&self, row: usize, column: usize) -> Option<&str>;
}

/// What matching a table gave.
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
}

/// One scored pair of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchedPair {
    /// The two rows, the lower first.
    pub rows: (u32, u32),
    /// Match weight in bits.
    pub weight: f32,
    /// Probability of a match under the model.
    pub probability: f64,
    /// What became of it: `link` (both rows are in one cluster), `review` (a steward is asked about their clusters) or
    /// `distinct`.
    pub decision: MachineDecision,
    /// The blocking rule that found it, as an index into [`Matched::rules`]; `None` for rows that say the same in every
    /// column.
    pub rule: Option<u16>,
    /// Why it is not simply a link; `None` when it is.
    pub reason: Option<Box<str>>,
    /// A third row that links to both, which contradict each other.
    pub third: Option<u32>,
}

impl TableModel {
    /// Reads the text of a model file; without one, the built-in Indonesian model. It need not be trained: what needs
    /// weights asks for [`Self::trained`].
    pub fn parse(text: Option<String>) -> Result<Self, TableError> {
        let text = text.map_or(Cow::Borrowed(INDONESIA), Cow::Owned);
        let plan = Plan::parse(&text).map_err(TableError::Plan)?;
        let plan = plan.with_names(name_rules(NameTables::embedded()));
        let columns = Columns::of(&plan)?;
        Ok(Self { plan: Arc::new(plan), columns, text })
    }

    /// The model, if its weights are known.
    pub fn trained(self) -> Result<Self, TableError> {
        if self.plan.trained() { Ok(self) } else { Err(TableError::Untrained { name: self.plan.name().to_owned() }) }
    }

    /// The fields the model reads, each once.
    pub fn fields(&self) -> Vec<String> {
        let mut fields: Vec<String> = self.columns.list().iter().flat_map(|column| column.from().concat()).collect();
        fields.push("tgl_data".to_owned());
        fields.sort();
        fields.dedup();
        fields
    }

    /// Name and version of the model.
    pub fn name(&self) -> String {
        format!("{} {}", self.plan.name(), self.plan.version())
    }

    /// Makes the rows of a table comparable; the table is not needed any more afterwards. `today` is the day numbers are
    /// read on where a row has no `tgl_data`.
    pub fn fill(&self, table: &dyn Tabular, today: Date, meter: &Meter) -> Result<FilledTable, TableError> {
        meter.begin(Stage::Normalise, table.rows() as u64);
        let mut rows = Rows::new(self.plan.clone());
        rows.reserve(table.rows());
        let columns = self.columns.in_table(|name| table.column(name));
        let day_column = table.column("tgl_data");
        let day = |row: usize| match day_column.and_then(|column| table.cell(row, column)) {
            Some(written) => match day_of(written) {
                Ok(day) => Ok(day.unwrap_or(today)),
                Err(UnreadableDay) => Err(unreadable_day(row, written)),
            },
            None => Ok(today),
        };
        let tally = Tally::new(columns.len());
        let mut from = 0;
        while from < table.rows() {
            let to = (from + CHUNK).min(table.rows());
            let ids: Vec<u64> = (from as u64..to as u64).collect();
            let days: Vec<Date> = (from..to).map(day).collect::<Result<_, _>>()?;
            let niks = Niks::read(&columns, &days, |row, at| table.cell(from + row, at));
            let value = |column: usize, row: usize| {
                let placed = &columns[column];
                let of_text = || placed.value(days[row], |at| table.cell(from + row, at));
                let value = niks.value(placed, row).unwrap_or_else(of_text);
                if matches!(value, Value::Unreadable) {
                    tally.note(column, from + row);
                }
                value
            };
            let digest =
                |column: usize, row: usize| Some(columns[column].digest(days[row], |at| table.cell(from + row, at)));
            rows.extend_with(&ids, digest, value).map_err(TableError::Rows)?;
            meter.add((to - from) as u64);
            from = to;
        }
        let unread = tally.told((&self.plan, &self.columns), &rows, table, &columns)?;
        Ok(FilledTable { rows, unread })
    }

    /// The values of one row of a table that was filled before.
    pub(super) fn values(&self, table: &dyn Tabular, row: usize, today: Date) -> Vec<Value> {
        let cell = |name: &str| table.column(name).and_then(|column| table.cell(row, column));
        let day = cell("tgl_data").and_then(|text| day_of(text).ok().flatten()).unwrap_or(today);
        self.columns.fill(day, |name| cell(name).map(Cow::Borrowed))
    }

    /// Matches rows.
    pub fn link(&self, mut rows: Rows, meter: &Meter) -> Result<Matched, TableError> {
        let linkage = match_rows_metered(&mut rows, &[], meter).map_err(TableError::Rows)?;
        Ok(matched(rows.plan(), rows.len(), linkage))
    }

    /// Trains the model on rows, then matches them with it.
    pub fn train_and_link(&self, rows: Rows, meter: &Meter) -> Result<(Trained, Matched), TableError> {
        let (trained, rows, linkage) = train_and_match(rows, &self.text, meter).map_err(TableError::Train)?;
        Ok((trained, matched(rows.plan(), rows.len(), linkage)))
    }

    /// Trains the model on a table, with labels by row number where there are any.
    pub fn train(
        &self,
        table: &dyn Tabular,
        today: Date,
        labels: &Labels,
    ) -> Result<(Trained, Vec<Unread>), TableError> {
        let mut filled = self.fill(table, today, &Meter::default())?;
        let trained = train_with(&mut filled.rows, &self.text, labels).map_err(TableError::Train)?;
        Ok((trained, filled.unread))
    }
}

/// A table made comparable.
pub struct FilledTable {
    /// Its rows.
    pub rows: Rows,
    /// The columns that have values which could not be read.
    pub unread: Vec<Unread>,
}

/// A `tgl_data` is there and cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreadableDay;

/// The day a row of a file is of; `None` where it says none.
pub fn day_of(written: &str) -> Result<Option<Date>, UnreadableDay> {
    if written.trim().is_empty() || NullWords::usual().contains(written) {
        return Ok(None);
    }
    let day = read_date(written, DateFormat::Usual).ok_or(UnreadableDay)?;
    Date::new(day.year as i16, day.month as i8, day.day as i8).map(Some).map_err(|_| UnreadableDay)
}

fn unreadable_day(row: usize, written: &str) -> TableError {
    TableError::AsOf { row, sample: shape(written), looks_like: looks_like(written, Wanted::Date) }
}

fn matched(plan: &Plan, rows: usize, linkage: Linkage) -> Matched {
    let mut clusters: Vec<u32> = (0..rows as u32).collect();
    for (row, cluster) in &linkage.assignments {
        clusters[*row as usize] = *cluster as u32;
    }
    let open: FxHashMap<(u64, u64), &Proposal> = linkage
        .review
        .iter()
        .map(|item| ((item.clusters.0.min(item.clusters.1), item.clusters.0.max(item.clusters.1)), item))
        .collect();
    let pair = |edge: &Edge| {
        let rows = (edge.pair.0 as u32, edge.pair.1 as u32);
        let (a, b) = (u64::from(clusters[rows.0 as usize]), u64::from(clusters[rows.1 as usize]));
        let item = if a == b { None } else { open.get(&(a.min(b), a.max(b))).copied() };
        let (decision, reason) = outcome(plan, edge, a == b, item);
        let by =
            |reason: &ProposalReason| if let ProposalReason::Bridge { by } = reason { Some(*by as u32) } else { None };
        let third = item.filter(|item| item.pair == edge.pair).and_then(|item| item.reasons.iter().find_map(by));
        let probability = plan.probability(edge.weight);
        MatchedPair { rows, weight: edge.weight, probability, decision, rule: edge.rule, reason, third }
    };
    let pairs: Vec<MatchedPair> = linkage.edges.par_iter().map(pair).collect();
    let asked = |item: &Proposal| {
        let pair = (item.pair.0 as u32, item.pair.1 as u32);
        pairs.binary_search_by_key(&pair, |known| known.rows).ok().map(|at| pairs[at].clone())
    };
    let review = linkage.review.iter().filter_map(asked).collect();
    let rules = plan.rule_names().map(str::to_owned).collect();
    Matched { clusters, pairs, review, blocking: linkage.blocking, rules }
}

/// What became of a pair, and why; `item` is the question about the clusters of its rows.
fn outcome(plan: &Plan, edge: &Edge, joined: bool, item: Option<&Proposal>) -> (MachineDecision, Option<Box<str>>) {
    match (joined, edge.decision, item) {
        (true, MachineDecision::Link, _) => (MachineDecision::Link, None),
        (true, MachineDecision::Review | MachineDecision::Distinct, _) => {
            (MachineDecision::Link, Some("joined by way of other rows".into()))
        }
        (false, MachineDecision::Distinct, _) | (false, _, None) => {
            (MachineDecision::Distinct, vetoes(plan, edge.vetoes))
        }
        (false, MachineDecision::Link | MachineDecision::Review, Some(item)) => {
            let below = edge.weight < plan.thresholds().link;
            let mut reasons: Vec<Box<str>> = below.then(|| "below link".into()).into_iter().collect();
            reasons.extend(vetoes(plan, edge.vetoes));
            let asked = item.pair == edge.pair;
            let said = item.reasons.iter().filter_map(|reason| match reason {
                ProposalReason::NoStrongIdentifier => asked.then_some("no strong identifier"),
                ProposalReason::Unreadable => asked.then_some("unreadable value"),
                ProposalReason::Band | ProposalReason::Veto { .. } => None,
                ProposalReason::Refused(refusal) => Some(refused(*refusal)),
                ProposalReason::Bridge { .. } => Some("a third row links to both"),
            });
            reasons.extend(said.map(Into::into));
            (MachineDecision::Review, (!reasons.is_empty()).then(|| reasons.join("; ").into()))
        }
    }
}

/// The vetoes that hold, by name.
fn vetoes(plan: &Plan, vetoes: u64) -> Option<Box<str>> {
    let mut ids = plan.veto_ids(vetoes);
    ids.dedup();
    (!ids.is_empty()).then(|| format!("veto {}", ids.join(" and ")).into())
}

/// Why the clusters of a link stayed apart.
const fn refused(reason: RefusalReason) -> &'static str {
    match reason {
        RefusalReason::HumanSeparated { .. } => "a person separated the clusters",
        RefusalReason::TooLarge { .. } => "the cluster would be too large",
        RefusalReason::Veto { .. } => "a veto between other rows of the clusters",
        RefusalReason::Contradiction { .. } => "other rows of the clusters contradict each other",
        RefusalReason::WeakOnAverage { .. } => "the clusters fit too weakly",
        RefusalReason::Tie { .. } => "another row fits as well",
    }
}

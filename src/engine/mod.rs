//! The matching library: a plan and rows in, clusters and questions out. Pure, parallel, deterministic.
//!
//! It knows nothing of any country, of files, stores or clocks: a model file says what columns there are and what
//! agreement weighs, and the caller makes the values comparable. What it gives is a function of the plan, the rows and
//! the human decisions: not of the order of the rows, of batches, or of the number of threads.
//!
//! ```
//! use std::sync::Arc;
//!
//! use padan::engine::{Change, Day, Live, Plan, Value, Judgement};
//!
//! let plan = Arc::new(Plan::parse(r#"
//! model = { name = "people", version = "1", trained = true }
//! thresholds = { link = 10.0, review = 5.0, prior = 0.001 }
//! column = [{ name = "name", type = "text" }, { name = "born", type = "date" }]
//! block = [{ name = "birth date", keys = ["born"], max_block = 500 }]
//!
//! [[comparison]]
//! name = "name"
//! columns = ["name"]
//! function = "jaro_winkler"
//! levels = [
//!   { label = "near", min = 0.9, weight = 7.0 },
//!   { label = "other", else = true, weight = -6.0 },
//! ]
//!
//! [[comparison]]
//! name = "born"
//! columns = ["born"]
//! function = "date"
//! levels = [{ label = "equal", equal = true, weight = 6.0 }, { label = "other", else = true, weight = -4.0 }]
//! "#)?);
//! let person = |name: &str| vec![Value::Text(name.to_owned()), Day::new(1970, 7, 1).map_or(Value::Missing, Value::Date)];
//!
//! let mut live = Live::bulk(plan, &[(1, person("SUPARMAN")), (2, person("SUPARNO"))], &[])?;
//! assert_eq!(live.clusters(), [[1, 2]]);
//! let delta = live.apply(vec![Change::Decide { a: 1, b: 2, judgement: Judgement::Different }])?;
//! assert_eq!((delta.before, delta.after), (vec![vec![1, 2]], vec![vec![1], vec![2]]));
//! let why = live.explain(2, 1).expect("both are there");
//! assert_eq!(why.weight, 13.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod block;
mod cells;
mod cluster;
mod compare;
mod decide;
mod error;
pub mod evaluate;
mod exec;
mod explain;
mod field;
pub(crate) mod flat;
pub mod kernel;
mod meter;
pub mod name;
pub(crate) mod packed;
mod plan;
mod rows;
mod score;
mod table;
mod value;
pub mod waterfall;

#[cfg(test)]
mod febrl_tests;

pub use self::block::readable::key_texts;
pub use self::block::survey::{LargeBlock, RuleSurvey, SameEntity, Share, Survey, survey};
pub use self::block::{BlockReport, RuleReport, StopKey};
pub use self::cluster::{Judgement, Proposal, ProposalReason, Refusal, RefusalReason};
pub use self::decide::MachineDecision;
pub use self::error::{CheckpointError, LiveError, PlanError, Problem, RowError, Unread};
pub use self::exec::{
    Change, ChangedPostings, Delta, Edge, ExplainedPair, Linkage, Live, PostingKey, PostingPart, PostingSource,
    Resting, explain_pair, match_rows, match_rows_metered, train_and_match,
};
pub use self::explain::{ExplainedStep, Explanation};
pub use self::field::Kind;
pub use self::meter::{Meter, Reading, Stage};
pub use self::plan::{ClusterLimits, Column, Frequencies, Plan, Thresholds, VetoAction};
pub use self::rows::Rows;
pub use self::score::train::{
    ExpectedPoint, LabelCount, Labels, NoLesson, Parameter, TrainError, Trained, TrainingProblem, TrainingSummary,
    train, train_with,
};
pub use self::value::{Day, Digits, Value};

//! How work is spread: `bulk` matches all rows at once on all threads, `live` keeps a matched set up to date record by
//! record. Both give the same clusters, edges, questions and refusals for the same rows and decisions.

mod bulk;
mod components;
mod live;
mod pair;
#[cfg(test)]
mod tests;

pub use self::bulk::{Linkage, match_rows, match_rows_metered, train_and_match};
pub use self::live::{Change, Delta, Live};
pub use self::pair::{ExplainedPair, explain_pair};

use super::decide::Decision;
use super::rows::Rows;
use super::score::Scored;

/// A scored pair at or above `review`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// The pair, the lower record number first.
    pub pair: (u64, u64),
    /// Its weight in bits.
    pub weight: f32,
    /// What the machine would do with the pair alone.
    pub decision: Decision,
    /// Vetoes that hold; [`super::Plan::veto_ids`] names them.
    pub vetoes: u64,
    /// The first blocking rule that finds the pair, as an index into [`super::Plan::rule_names`].
    pub rule: usize,
}

fn edge(rows: &Rows, scored: &Scored, rule: usize) -> Edge {
    Edge {
        pair: (rows.id(scored.a), rows.id(scored.b)),
        weight: scored.weight,
        decision: scored.decision,
        vetoes: scored.vetoes,
        rule,
    }
}

//! How work is spread: `bulk` matches all rows at once on all threads, `live` keeps a matched set up to date record by
//! record. Both give the same clusters, edges, questions and refusals for the same rows and decisions.

mod bulk;
mod components;
mod copies;
mod live;
mod pair;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod world;

pub use self::bulk::{Linkage, match_rows, match_rows_metered, train_and_match};
pub use self::live::{Change, ChangedPostings, Delta, Live, PostingKey, PostingPart, PostingSource, Resting};
pub use self::pair::{ExplainedPair, explain_pair};

use super::decide::MachineDecision;
use super::rows::Rows;
use super::score::{Scored, Scorer, Scratch};

/// A scored pair at or above `review`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// The pair, the lower record number first.
    pub pair: (u64, u64),
    /// Its weight in bits.
    pub weight: f32,
    /// What the machine would do with the pair alone.
    pub decision: MachineDecision,
    /// Vetoes that hold; [`super::Plan::veto_ids`] names them.
    pub vetoes: u64,
    /// The first blocking rule that finds the pair, as an index into [`super::Plan::rule_names`]; `None` for a row that
    /// says the same as the other one in every column, which no rule has to find.
    pub rule: Option<u16>,
}

/// The edge between a row and one that stands aside for it.
fn copy_edge(scorer: &Scorer<'_>, leader: u32, copy: u32, scratch: &mut Scratch) -> Edge {
    let weight = scorer.score(leader, copy, scratch).weight;
    let (a, b) = scorer.ordered(leader, copy);
    edge(scorer.rows(), &Scored { a, b, weight, decision: MachineDecision::Link, vetoes: 0 }, None)
}

fn edge(rows: &Rows, scored: &Scored, rule: Option<u16>) -> Edge {
    Edge {
        pair: (rows.id(scored.a), rows.id(scored.b)),
        weight: scored.weight,
        decision: scored.decision,
        vetoes: scored.vetoes,
        rule,
    }
}

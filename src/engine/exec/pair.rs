//! Two rows of a table, explained without matching all the others.

use super::bulk::slots_by_id;
use crate::engine::block::survey::rules_of_pair;
use crate::engine::block::{StopKey, guard};
use crate::engine::cluster::Judgements;
use crate::engine::error::RowError;
use crate::engine::explain::{Explanation, explain};
use crate::engine::rows::Rows;

/// Why two rows of a table have their weight, and what blocking says about them.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedPair {
    /// The explanation; its `rules` are those that give the pair.
    pub explanation: Explanation,
    /// Rules that would give the pair, but for a key that too many rows share.
    pub stopped: Vec<StopKey>,
}

/// Explains a pair of records; `None` when one of them is not there or both are the same.
///
/// Applies the plan's guards to the rows. Blocks are counted over all rows, so that the answer is that of a bulk run.
pub fn explain_pair(rows: &mut Rows, a: u64, b: u64) -> Result<Option<ExplainedPair>, RowError> {
    let slot_of = slots_by_id(rows)?;
    let (Some(a), Some(b)) = (slot_of.get(&a), slot_of.get(&b)) else { return Ok(None) };
    if a == b {
        return Ok(None);
    }
    guard::apply(rows);
    let (given, stopped) = rules_of_pair(rows, *a, *b);
    let names: Vec<&str> = rows.plan().rule_names().collect();
    let rules = given.into_iter().map(|rule| names[rule].to_owned()).collect();
    Ok(Some(ExplainedPair { explanation: explain(rows, *a, *b, &Judgements::new(&[]), rules), stopped }))
}

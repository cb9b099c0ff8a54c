//! Which pairs are worth comparing, and how many that will be.
//!
//! A pair is a candidate when its rows share a key of some rule and the block of that key, all rows that have it, is
//! not larger than the rule allows. Which blocks are too large is a function of the rows, so the candidates are one,
//! too. `bulk` finds them by sorting, `exec::live` by an index; both use the keys and guards defined here.

pub(crate) mod bulk;
pub(crate) mod guard;
pub(crate) mod keys;
pub(crate) mod readable;
pub(crate) mod survey;
#[cfg(test)]
mod tests;

/// A key that too many rows share, so that its rule skips it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StopKey {
    /// The blocking rule.
    pub rule: String,
    /// Hash of the key, as a model's `stop_keys` take it.
    pub key: u64,
    /// Rows that have it.
    pub rows: usize,
    /// The row with the lowest number that has it, to look at.
    pub example: u64,
}

/// What one blocking rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleReport {
    /// The rule.
    pub rule: String,
    /// Pairs that no earlier rule had found.
    pub new_pairs: u64,
    /// Blocks of at least two rows that were compared.
    pub blocks: u64,
    /// Rows in the largest of them.
    pub largest: usize,
}

/// What blocking did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlockReport {
    /// One entry a rule, in the order of the model.
    pub rules: Vec<RuleReport>,
    /// Keys that were skipped, by rule and key.
    pub stop_keys: Vec<StopKey>,
}

impl BlockReport {
    /// Candidate pairs, each counted once.
    pub fn pairs(&self) -> u64 {
        self.rules.iter().map(|rule| rule.new_pairs).sum()
    }
}

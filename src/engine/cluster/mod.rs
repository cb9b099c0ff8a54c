//! Links to people: clusters that no veto, no human and no contradiction forbids.
//!
//! The result is a function of the rows, the edges and the decisions. Inside a connected component, human decisions
//! come first, then links by falling weight. Links of one weight that cannot all be followed are not followed at all, so
//! that nothing depends on the order of arrival. Two clusters become one only when every pair across them may stand
//! together: two records that contradict each other do so only where links lead from one to the other by way of records
//! that say as much as they do. So neither a weak bridge nor a row that says little joins what the evidence keeps apart.

mod judgements;
mod proposals;
mod resolve;
#[cfg(test)]
mod tests;
mod ties;

pub use self::judgements::Judgement;
pub(crate) use self::judgements::{Judgements, key};
pub(crate) use self::proposals::propose;
pub(crate) use self::resolve::{Component, Resolved, resolve};

/// Why two clusters were not joined although a link or a decision asked for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RefusalReason {
    /// A person said that two of the records are different.
    HumanSeparated {
        /// The separated records.
        pair: (u64, u64),
    },
    /// The cluster would have more records than the plan allows.
    TooLarge {
        /// Records it would have.
        size: usize,
    },
    /// A veto holds between two of the records.
    Veto {
        /// The records.
        pair: (u64, u64),
        /// The vetoes; [`super::Plan::veto_ids`] names them.
        vetoes: u64,
    },
    /// Two of the records contradict each other: they would not be linked, and a value speaks against it.
    Contradiction {
        /// The records.
        pair: (u64, u64),
        /// Their weight.
        weight: f32,
    },
    /// The pairs across the two clusters are too weak on average.
    WeakOnAverage {
        /// Their mean weight.
        mean: f32,
    },
    /// Another link of the same weight leads elsewhere, and both together are not possible.
    Tie {
        /// Two records, one on each way, that cannot stand together.
        apart: (u64, u64),
    },
}

impl RefusalReason {
    /// A stable code: `HUMAN`, `SIZE`, `VETO`, `CONTRADICTION`, `WEAK`, `TIE`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::HumanSeparated { .. } => "HUMAN",
            Self::TooLarge { .. } => "SIZE",
            Self::Veto { .. } => "VETO",
            Self::Contradiction { .. } => "CONTRADICTION",
            Self::WeakOnAverage { .. } => "WEAK",
            Self::Tie { .. } => "TIE",
        }
    }

    /// The two records that cannot stand in one cluster, where it is about two.
    pub const fn pair(self) -> Option<(u64, u64)> {
        match self {
            Self::HumanSeparated { pair } | Self::Veto { pair, .. } | Self::Contradiction { pair, .. } => Some(pair),
            Self::Tie { apart } => Some(apart),
            Self::TooLarge { .. } | Self::WeakOnAverage { .. } => None,
        }
    }
}

/// A link or a human decision that could not be followed. One for each pair of clusters: the strongest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Refusal {
    /// The linked pair, the lower record number first.
    pub pair: (u64, u64),
    /// Its weight; `None` when a person asked for the join.
    pub weight: Option<f32>,
    /// Why it was not followed.
    pub reason: RefusalReason,
}

/// Why a steward is asked about a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ProposalReason {
    /// The weight lies between `review` and `link`.
    Band,
    /// No strong identifier holds.
    NoStrongIdentifier,
    /// A value could not be read, and could have spoken against it.
    Unreadable,
    /// Vetoes hold the pair back; [`super::Plan::veto_ids`] names them.
    Veto {
        /// The vetoes.
        vetoes: u64,
    },
    /// The pair would be linked, but its clusters could not be joined.
    Refused(RefusalReason),
    /// A third record links to both, which contradict each other.
    Bridge {
        /// The third record.
        by: u64,
    },
}

/// A question for a steward about two clusters: the strongest pair between them, or two records that contradict each
/// other and that a third one would join.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The pair, the lower record number first.
    pub pair: (u64, u64),
    /// Its weight.
    pub weight: f32,
    /// Why it is asked.
    pub reasons: Vec<ProposalReason>,
    /// The lowest record number of each of the two clusters, in the order of the pair.
    pub clusters: (u64, u64),
}

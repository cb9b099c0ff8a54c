//! Links to people: clusters that no veto, no human and no contradiction forbids.
//!
//! The result is a function of the rows, the edges and the decisions. Inside a connected component, human decisions
//! come first, then links by falling weight; ties go to the lower record numbers. Two clusters become one only when
//! every pair across them may stand together, so a weak bridge does not join what the rest of the evidence keeps apart.

mod cases;
mod decisions;
mod resolve;
#[cfg(test)]
mod tests;

pub(crate) use self::cases::review_items;
pub use self::decisions::Verdict;
pub(crate) use self::decisions::{Decisions, key};
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
    /// Two of the records contradict each other.
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
}

impl RefusalReason {
    /// A stable code: `HUMAN`, `SIZE`, `VETO`, `CONTRADICTION`, `WEAK`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::HumanSeparated { .. } => "HUMAN",
            Self::TooLarge { .. } => "SIZE",
            Self::Veto { .. } => "VETO",
            Self::Contradiction { .. } => "CONTRADICTION",
            Self::WeakOnAverage { .. } => "WEAK",
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
pub enum ReviewReason {
    /// The weight lies between `review` and `link`.
    Band,
    /// No strong identifier holds.
    NoStrongIdentifier,
    /// Vetoes hold the pair back; [`super::Plan::veto_ids`] names them.
    Veto {
        /// The vetoes.
        vetoes: u64,
    },
    /// The pair would be linked, but its clusters could not be joined.
    Refused(RefusalReason),
}

/// A question for a steward: the strongest pair between two clusters.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewItem {
    /// The pair, the lower record number first.
    pub pair: (u64, u64),
    /// Its weight.
    pub weight: f32,
    /// Why it is asked.
    pub reasons: Vec<ReviewReason>,
    /// The lowest record number of each of the two clusters, in the order of the pair.
    pub clusters: (u64, u64),
}

//! The stores that are examined, and what is known to be wrong with them.

/// An embedded adapter.
#[derive(Debug)]
pub(crate) struct Adapter {
    /// The scheme of its address, which takes a path.
    pub(crate) scheme: &'static str,
    /// Counts that are not zero, each with its reason.
    pub(crate) known: &'static [Known],
}

/// A count that must be zero and is known not to be.
#[derive(Debug)]
pub(crate) struct Known {
    /// The case, as on the command line.
    pub(crate) case: &'static str,
    /// The count's name.
    pub(crate) count: &'static str,
    /// The most that is accepted, in thousandths of the case's first count (kills, runs, flips).
    pub(crate) most_per_mille: u64,
    /// Why.
    pub(crate) reason: &'static str,
}

/// Every embedded adapter is examined unless `--store` names some.
pub(crate) const ADAPTERS: &[Adapter] =
    &[Adapter { scheme: "redb", known: REDB }, Adapter { scheme: "sled", known: SLED }];

const REDB: &[Known] = &[];

const SLED: &[Known] = &[];

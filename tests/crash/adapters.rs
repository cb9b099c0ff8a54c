//! The stores that are examined, and what is known to be wrong with them.

/// An embedded adapter.
#[derive(Debug)]
pub(crate) struct Adapter {
    /// The scheme of its address, which takes a path.
    pub(crate) scheme: &'static str,
    /// Counts that are not zero, each with its reason.
    pub(crate) known: &'static [Known],
}

/// A count that must be zero and is known not to be. Counts are cut fine, so that a limit lets through one thing only.
#[derive(Debug)]
pub(crate) struct Known {
    /// The case, as on the command line.
    pub(crate) case: &'static str,
    /// The count's name.
    pub(crate) count: &'static str,
    /// Why.
    pub(crate) reason: &'static str,
}

/// Every embedded adapter is examined unless `--store` names some.
pub(crate) const ADAPTERS: &[Adapter] =
    &[Adapter { scheme: "redb", known: REDB }, Adapter { scheme: "sled", known: SLED }];

const REDB: &[Known] = &[
    Known { case: "every-io", count: "new stores that would not open", reason: REDB_HEADER },
    Known { case: "sweep", count: "unusable after a failed creation", reason: REDB_HEADER },
    Known { case: "sweep", count: "fsyncs repeated by a refused opening", reason: REFUSED_OPENING },
    Known { case: "full-disk", count: "answered 500 instead of 507", reason: NOT_507 },
];

const SLED: &[Known] = &[
    Known { case: "every-io", count: "new stores that would not open", reason: SLED_SNAPSHOT },
    Known { case: "every-io", count: "stores that would not open", reason: SLED_SNAPSHOT },
    Known { case: "power", count: "would not open", reason: SLED_SNAPSHOT },
    Known { case: "sweep", count: "unusable after a failed creation", reason: SLED_SNAPSHOT },
    Known { case: "sweep", count: "unusable after a failed opening", reason: SLED_SNAPSHOT },
    Known {
        case: "sweep",
        count: "panics",
        reason: "sled unwraps the fsync of its destructor (logger.rs:467), which runs when a store is closed or when it \
                 is refused after sled opened it",
    },
    Known {
        case: "sweep",
        count: "hangs",
        reason: "sled's flush now and then misses that a write in its own thread failed and waits for ever, and so does \
                 the commit",
    },
    Known { case: "sweep", count: "fsyncs repeated by a refused opening", reason: REFUSED_OPENING },
    Known { case: "full-disk", count: "answered 500 instead of 507", reason: NOT_507 },
];

const REDB_HEADER: &str = "redb takes a file that was created and not yet given its header for another program's; nothing \
                           was acknowledged, and it helps to remove the file";
const SLED_SNAPSHOT: &str = "sled takes a snapshot that it did not finish (snap.*.generating) for its newest; the log is \
                             whole, and it helps to remove that file";
const REFUSED_OPENING: &str = "the engine's destructor syncs its file again when the adapter's own fsync refused the opening; nothing is open then";
const NOT_507: &str = "the service has no error of its own for a full store yet, so the gateway answers 500";

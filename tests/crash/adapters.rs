//! The stores that are examined, and what is known to be wrong with them.

/// An adapter.
#[derive(Debug)]
pub(crate) struct Adapter {
    /// The scheme of its address.
    pub(crate) scheme: &'static str,
    /// What keeps its bytes.
    pub(crate) home: Home,
    /// Counts that are not zero, each with its reason.
    pub(crate) known: &'static [Known],
}

/// What keeps a store's bytes, and therefore which faults can meet it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Home {
    /// The process itself, in files of a folder.
    Folder,
    /// A server, which lives on when the process does not.
    Server,
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

/// Every adapter is examined unless `--store` names some.
pub(crate) const ADAPTERS: &[Adapter] = &[
    Adapter { scheme: "redb", home: Home::Folder, known: REDB },
    Adapter { scheme: "sled", home: Home::Folder, known: SLED },
    Adapter { scheme: "postgres", home: Home::Server, known: &[] },
];

const REDB: &[Known] = &[Known {
    case: "sweep",
    count: "reads refused after a failure",
    reason: "redb refuses to read, too, once a write has failed; the gateway has to be started again",
}];

const SLED: &[Known] = &[
    Known { case: "sweep", count: "unusable after a failed creation", reason: UNFINISHED },
    Known { case: "every-io", count: "new stores that would not open", reason: UNFINISHED },
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
];

const UNFINISHED: &str = "sled refuses what it left of a folder that it could not finish creating; nothing was acknowledged in it, \
                          and it helps to remove the folder";

const REFUSED_OPENING: &str = "the engine's destructor syncs its file again when the adapter's own fsync refused the opening; nothing is open then";

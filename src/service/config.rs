//! Limits and dates of the use cases.

use serde::{Deserialize, Serialize};

use super::clock::{Clock, day_in_jakarta};
use super::intake::budget::BudgetConfig;
use crate::domain::date::Date;

/// Where the candidate index rests: which rows have which key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IndexPlace {
    /// In the memory of each gateway: the fastest.
    #[default]
    Memory,
    /// In the store, for rows that do not fit one memory: the same answers, slower.
    Store,
}

/// What may be configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Rows acknowledged and not yet matched beyond which pushes are answered "busy, try again". They rest in the store: what
    /// is bounded is how old answers may be.
    pub max_waiting_rows: u64,
    /// The same of one agency: what comes from others does not wait behind more of its rows than these.
    pub max_waiting_rows_of_agency: u64,
    /// What callers may have under way, and use.
    pub budget: BudgetConfig,
    /// Reports are made as of this date; today (Jakarta) when absent.
    pub as_of: Option<Date>,
    /// Bytes of derived state written in one commit; more is written in parts, and compared as a whole should the
    /// gateway end between them.
    pub max_derived_bytes: usize,
    /// From so many waiting rows on it is asked whether all rows are matched at once, which for many is faster than step by
    /// step.
    pub match_at_once_from: u64,
    /// The file in which the matcher's memory is kept, so that a start need not match every row again; none: it is not kept.
    /// A gateway on an embedded store has it beside that.
    pub index_file: Option<std::path::PathBuf>,
    /// Where the candidate index rests.
    pub index: IndexPlace,
    /// Bytes of a candidate index in the store that stay in memory, about. A step needs what it needs beside that.
    pub index_cache_bytes: usize,
    /// The file of the key that signs the heads of the audit log (`padan keys audit`); without it the log is kept and not
    /// signed.
    pub audit_key: Option<std::path::PathBuf>,
    /// Limits of one pushed body.
    pub intake: crate::feed::Limits,
    /// Who is to send which feed, and where; from the part of the configuration that has its name.
    #[serde(skip)]
    pub expected: Vec<super::completeness::ExpectedConfig>,
    /// What may go; from the part of the configuration that has its name.
    #[serde(skip)]
    pub retention: super::retention::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_waiting_rows: 2_000_000,
            max_waiting_rows_of_agency: 1_000_000,
            budget: BudgetConfig::default(),
            as_of: None,
            max_derived_bytes: 64 << 20,
            match_at_once_from: 50_000,
            index_file: None,
            index: IndexPlace::Memory,
            index_cache_bytes: 64 << 20,
            audit_key: None,
            intake: crate::feed::Limits::default(),
            expected: Vec::new(),
            retention: super::retention::Config::default(),
        }
    }
}

impl Config {
    pub(super) fn as_of_or(&self, clock: &dyn Clock) -> Date {
        self.as_of.unwrap_or_else(|| day_in_jakarta(clock.now()))
    }
}

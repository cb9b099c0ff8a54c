//! How far a long run is, for whoever watches from another thread.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// What a run does, in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// Rows are made comparable.
    #[default]
    Normalise,
    /// Blocking rules are sorted; counted in rules.
    Block,
    /// Weights are learned; counted in sampled pairs.
    Train,
    /// Candidate pairs are scored; counted in pairs, those that several rules give counted each time.
    Score,
    /// Clusters are formed; counted in connected components.
    Cluster,
}

impl Stage {
    /// In one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Normalise => "normalise",
            Self::Block => "block",
            Self::Train => "train",
            Self::Score => "score",
            Self::Cluster => "cluster",
        }
    }
}

/// Counters that a run writes and a watcher reads. Reading one costs nothing to the run.
#[derive(Debug, Default)]
pub struct Meter {
    begun: Mutex<Vec<(Stage, Instant)>>,
    done: AtomicU64,
    total: AtomicU64,
}

/// What a meter shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The stage under way.
    pub stage: Stage,
    /// How much of it is done.
    pub done: u64,
    /// How much there is.
    pub total: u64,
}

impl Meter {
    /// What is being done and how far it is. The three are read one after the other: good enough for a bar.
    pub fn read(&self) -> Reading {
        let stage = self.stages().last().map(|(stage, _)| *stage).unwrap_or_default();
        Reading { stage, done: self.done.load(Ordering::Relaxed), total: self.total.load(Ordering::Relaxed) }
    }

    /// The stages so far in their order, with the seconds each took; the last one until now.
    pub fn seconds(&self) -> Vec<(Stage, f64)> {
        let stages = self.stages();
        let ends = stages.iter().skip(1).map(|(_, began)| *began).chain([Instant::now()]);
        stages.iter().zip(ends).map(|((stage, began), end)| (*stage, (end - *began).as_secs_f64())).collect()
    }

    /// A stage begins.
    pub fn begin(&self, stage: Stage, total: u64) {
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
        self.stages().push((stage, Instant::now()));
    }

    fn stages(&self) -> std::sync::MutexGuard<'_, Vec<(Stage, Instant)>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So much more of the stage is done.
    pub fn add(&self, done: u64) {
        self.done.fetch_add(done, Ordering::Relaxed);
    }
}

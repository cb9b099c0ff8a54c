//! What people decided about pairs of records. Decisions outlive the rows: a record that comes back meets them again.

use rustc_hash::FxHashMap;

/// A human decision about two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The same: joined whatever the machine thinks.
    Same,
    /// Different: never in one cluster.
    Different,
    /// An earlier decision is taken back.
    Cleared,
}

/// The present decision about each pair.
#[derive(Debug, Default, Clone)]
pub(crate) struct Decisions {
    of_pair: FxHashMap<(u64, u64), Verdict>,
    partners: FxHashMap<u64, Vec<u64>>,
}

/// A pair, the lower number first.
pub(crate) fn key(a: u64, b: u64) -> (u64, u64) {
    (a.min(b), a.max(b))
}

impl Decisions {
    /// Decisions in the order in which they were taken: the latest about a pair counts.
    pub(crate) fn new(taken: &[(u64, u64, Verdict)]) -> Self {
        let mut decisions = Self::default();
        for (a, b, verdict) in taken {
            decisions.decide(*a, *b, *verdict);
        }
        decisions
    }

    /// Whether nobody decided anything that still counts.
    pub(crate) fn is_empty(&self) -> bool {
        self.of_pair.is_empty()
    }

    /// Takes a decision. One about a record and itself means nothing and is left out.
    pub(crate) fn decide(&mut self, a: u64, b: u64, verdict: Verdict) {
        if a == b {
            return;
        }
        let before = self.of_pair.remove(&key(a, b));
        if verdict != Verdict::Cleared {
            self.of_pair.insert(key(a, b), verdict);
        }
        for (one, other) in [(a, b), (b, a)] {
            let partners = self.partners.entry(one).or_default();
            match (before, verdict) {
                (Some(_), Verdict::Cleared) => partners.retain(|partner| *partner != other),
                (None, Verdict::Same | Verdict::Different) => partners.push(other),
                (Some(_), Verdict::Same | Verdict::Different) | (None, Verdict::Cleared) => {}
            }
            if partners.is_empty() {
                self.partners.remove(&one);
            }
        }
    }

    /// What was decided about a pair.
    pub(crate) fn verdict(&self, a: u64, b: u64) -> Option<Verdict> {
        self.of_pair.get(&key(a, b)).copied()
    }

    /// The decisions about a record: the other record and the verdict.
    pub(crate) fn about(&self, id: u64) -> impl Iterator<Item = (u64, Verdict)> {
        let partners = self.partners.get(&id).map_or(&[][..], Vec::as_slice);
        partners.iter().filter_map(move |other| self.verdict(id, *other).map(|verdict| (*other, verdict)))
    }

    /// All that counts, by pair.
    pub(crate) fn all(&self) -> Vec<(u64, u64, Verdict)> {
        let mut all: Vec<_> = self.of_pair.iter().map(|((a, b), verdict)| (*a, *b, *verdict)).collect();
        all.sort_unstable_by_key(|(a, b, _)| (*a, *b));
        all
    }

    /// The pairs that were decided to be the same, in no particular order.
    pub(crate) fn same(&self) -> impl Iterator<Item = (u64, u64)> {
        self.of_pair.iter().filter(|(_, verdict)| **verdict == Verdict::Same).map(|(pair, _)| *pair)
    }
}

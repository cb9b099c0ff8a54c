//! What people decided about pairs of records. Decisions outlive the rows: a record that comes back meets them again.

use rustc_hash::FxHashMap;

/// A human decision about two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Judgement {
    /// The same: joined whatever the machine thinks.
    Same,
    /// Different: never in one cluster.
    Different,
    /// An earlier decision is taken back.
    Cleared,
}

/// The present decision about each pair.
#[derive(Debug, Default, Clone)]
pub(crate) struct Judgements {
    of_pair: FxHashMap<(u64, u64), Judgement>,
    partners: FxHashMap<u64, Vec<u64>>,
}

/// A pair, the lower number first.
pub(crate) fn key(a: u64, b: u64) -> (u64, u64) {
    (a.min(b), a.max(b))
}

impl Judgements {
    /// Decisions in the order in which they were taken: the latest about a pair counts.
    pub(crate) fn new(taken: &[(u64, u64, Judgement)]) -> Self {
        let mut decisions = Self::default();
        for (a, b, judgement) in taken {
            decisions.decide(*a, *b, *judgement);
        }
        decisions
    }

    /// Whether nobody decided anything that still counts.
    pub(crate) fn is_empty(&self) -> bool {
        self.of_pair.is_empty()
    }

    /// Takes a decision. One about a record and itself means nothing and is left out.
    pub(crate) fn decide(&mut self, a: u64, b: u64, judgement: Judgement) {
        if a == b {
            return;
        }
        let before = self.of_pair.remove(&key(a, b));
        if judgement != Judgement::Cleared {
            self.of_pair.insert(key(a, b), judgement);
        }
        for (one, other) in [(a, b), (b, a)] {
            let partners = self.partners.entry(one).or_default();
            match (before, judgement) {
                (Some(_), Judgement::Cleared) => partners.retain(|partner| *partner != other),
                (None, Judgement::Same | Judgement::Different) => partners.push(other),
                (Some(_), Judgement::Same | Judgement::Different) | (None, Judgement::Cleared) => {}
            }
            if partners.is_empty() {
                self.partners.remove(&one);
            }
        }
    }

    /// What was decided about a pair.
    pub(crate) fn judgement(&self, a: u64, b: u64) -> Option<Judgement> {
        self.of_pair.get(&key(a, b)).copied()
    }

    /// The decisions about a record: the other record and the judgement.
    pub(crate) fn about(&self, id: u64) -> impl Iterator<Item = (u64, Judgement)> {
        let partners = self.partners.get(&id).map_or(&[][..], Vec::as_slice);
        partners.iter().filter_map(move |other| self.judgement(id, *other).map(|judgement| (*other, judgement)))
    }

    /// All that counts, by pair.
    pub(crate) fn all(&self) -> Vec<(u64, u64, Judgement)> {
        let mut all: Vec<_> = self.of_pair.iter().map(|((a, b), judgement)| (*a, *b, *judgement)).collect();
        all.sort_unstable_by_key(|(a, b, _)| (*a, *b));
        all
    }

    /// The pairs that were decided to be the same, in no particular order.
    pub(crate) fn same(&self) -> impl Iterator<Item = (u64, u64)> {
        self.of_pair.iter().filter(|(_, judgement)| **judgement == Judgement::Same).map(|(pair, _)| *pair)
    }
}

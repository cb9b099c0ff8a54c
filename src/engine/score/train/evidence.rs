//! Whether there was anything to learn from.
//!
//! Expectation maximisation always finds two kinds of pairs. In a list without duplicates the second kind are families,
//! neighbours, or the luck of the draw, and a model made from them links strangers. What is found counts as matches only
//! when it looks like matches: enough of them, agreeing more often than other pairs do, and in most of what tells rows apart.

use super::em::{Fit, Role};
use super::is_free;
use super::patterns::{Cell, Sampled};
use super::threshold::{LEAST_PRIOR, MOST_PRIOR};
use crate::engine::plan::Plan;

/// Fewer matches than this are chance.
pub(super) const LEAST_MATCHES: f64 = 20.0;
/// More matches than this for each row are none.
const MATCHES_PER_ROW: f64 = 20.0;
/// A comparison tells rows apart when at least this share of other pairs stands at its last level.
const TELLING: f64 = 0.9;
/// A comparison agrees in matches when so many more of them stand at its first level than other pairs do.
const AGREES: f64 = 0.25;
/// With less than this it never agrees.
const NEVER: f64 = 0.05;
/// Matches that agree fully in less than half of what tells rows apart may not be more than this share.
const MOST_STRANGERS: f64 = 0.5;
/// Bits by which a level may weigh more than the first one, when more of the matches stand at it.
const OUTWEIGHS: f64 = 1.0;
/// Bits that the comparisons which no rule chose by must say for the mean match.
const LEAST_BITS: f64 = 4.0;

/// Why rows have nothing to teach. Facts, not prose.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NoLesson {
    /// Every comparison is chosen by, has no values, or has its weights already.
    #[error("no comparison can be learned: {}", join(.comparisons))]
    NoComparison {
        /// The comparisons with a level to learn.
        comparisons: Vec<String>,
    },
    /// So few matches that their shares are chance.
    #[error("{matches:.0} matches are expected among {rows} rows, and fewer than {least:.0} are chance")]
    FewMatches {
        /// Matches expected.
        matches: f64,
        /// Rows.
        rows: usize,
        /// How many it takes.
        least: f64,
    },
    /// More matches than rows could have.
    #[error("{matches:.0} matches are expected among {rows} rows, which is not believable")]
    ManyMatches {
        /// Matches expected.
        matches: f64,
        /// Rows.
        rows: usize,
    },
    /// The chance of a match ran to a bound.
    #[error("the chance of a match ran to its bound, {prior:.1e}")]
    Prior {
        /// The chance.
        prior: f64,
    },
    /// In half of the comparisons or more, matches agree more rarely than other pairs.
    #[error("what was found agrees more rarely than other pairs in {}", join(.comparisons))]
    Against {
        /// The comparisons.
        comparisons: Vec<String>,
    },
    /// A level of less agreement speaks more for a match than full agreement, and most of what was found stands there.
    #[error(
        "{comparison}: '{level}' weighs {bits:.1} bits more than '{first}', and more of what was found stands there: these are \
         other pairs than matches"
    )]
    Inverted {
        /// The comparison.
        comparison: String,
        /// The level of full agreement.
        first: String,
        /// The level that weighs more.
        level: String,
        /// How much more.
        bits: f64,
    },
    /// What was found does not agree in what tells rows apart: families, neighbours.
    #[error("what was found does not agree in what tells rows apart: {}", join(.comparisons))]
    Strangers {
        /// The comparisons.
        comparisons: Vec<String>,
    },
    /// What was found agrees in what the blocking rules ask, and says too little beyond that.
    #[error(
        "beyond what the blocking rules ask, the comparisons say {bits:.1} bits for the mean match, and it takes {least:.0}"
    )]
    ByRulesAlone {
        /// Bits.
        bits: f64,
        /// How many it takes.
        least: f64,
    },
}

impl NoLesson {
    /// What to do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoComparison { .. } => {
                "add a blocking rule that reads other columns, so that each comparison is learned from pairs that were not \
                 chosen by it; or set the weights by hand"
            }
            Self::FewMatches { .. } => {
                "give more rows, or lists that share entities; or decisions about pairs (`padan train --labels`); or set the \
                 weights by hand, as config/model/README.md shows"
            }
            Self::ManyMatches { .. } | Self::Prior { .. } | Self::Against { .. } | Self::Strangers { .. } => {
                "perhaps the rows hold no entity twice. If they do: add a comparison that tells entities apart, give decisions \
                 about pairs (`padan train --labels`), or set the weights by hand, as config/model/README.md shows"
            }
            Self::Inverted { .. } => {
                "perhaps the rows hold no entity twice. If this is as it should be, give these levels a `weight` of their own; \
                 or give decisions about pairs (`padan train --labels`)"
            }
            Self::ByRulesAlone { .. } => {
                "perhaps the rows hold no entity twice. If they do: add comparisons of other columns, or set the weights by hand, \
                 as config/model/README.md shows"
            }
        }
    }
}

fn join(names: &[String]) -> String {
    names.join(", ")
}

/// What a training found, as it is looked at.
pub(super) struct Evidence<'a> {
    pub(super) plan: &'a Plan,
    pub(super) roles: &'a [Vec<Role>],
    pub(super) fit: &'a Fit,
    pub(super) candidates: &'a Sampled,
    pub(super) rows: usize,
    /// Matches expected among the candidates, and the chance of a match, under the chosen thresholds.
    pub(super) matches: f64,
    pub(super) prior: f64,
}

impl Evidence<'_> {
    /// Why it is no lesson; of several reasons the plainest. `truth`: the entity of every row is known.
    pub(super) fn refuses(&self, truth: bool) -> Option<NoLesson> {
        let few = || {
            let (matches, rows, least) = (self.matches, self.rows, LEAST_MATCHES);
            (matches.is_nan() || matches < least).then_some(NoLesson::FewMatches { matches, rows, least })
        };
        if truth {
            // What is counted and not guessed needs no other proof.
            return few();
        }
        let many = || {
            let (matches, rows) = (self.matches, self.rows);
            (matches > rows as f64 * MATCHES_PER_ROW).then_some(NoLesson::ManyMatches { matches, rows })
        };
        let prior = || {
            let prior = self.prior;
            (prior <= LEAST_PRIOR || prior >= MOST_PRIOR).then_some(NoLesson::Prior { prior })
        };
        few()
            .or_else(|| self.nothing_learned())
            .or_else(many)
            .or_else(prior)
            .or_else(|| self.against())
            .or_else(|| self.inverted())
            .or_else(|| self.strangers())
            .or_else(|| self.by_rules_alone())
    }

    /// Comparisons with a level to learn.
    fn to_learn(&self) -> impl Iterator<Item = usize> {
        (0..self.roles.len()).filter(|c| self.roles[*c].contains(&Role::Learned))
    }

    fn learned(&self) -> Vec<usize> {
        self.to_learn().filter(|c| self.fit.tells(*c)).collect()
    }

    fn names(&self, comparisons: impl IntoIterator<Item = usize>) -> Vec<String> {
        comparisons.into_iter().map(|c| self.plan.comparisons()[c].name.clone()).collect()
    }

    fn nothing_learned(&self) -> Option<NoLesson> {
        self.learned().is_empty().then(|| NoLesson::NoComparison { comparisons: self.names(self.to_learn()) })
    }

    /// The levels of a comparison whose values are there.
    fn present(&self, c: usize) -> Vec<usize> {
        (0..self.roles[c].len()).filter(|l| !matches!(self.roles[c][*l], Role::Absent(_))).collect()
    }

    fn bits(&self, c: usize, l: usize) -> f64 {
        match self.roles[c][l] {
            Role::Learned => (self.fit.m[c][l] / self.fit.u[c][l]).log2(),
            Role::Fixed(bits) | Role::Absent(bits) => bits,
        }
    }

    fn against(&self) -> Option<NoLesson> {
        let agreement: Vec<usize> = self.learned().into_iter().filter(|c| self.roles[*c][0] == Role::Learned).collect();
        let rarer = |c: &usize| self.fit.m[*c][0] < self.fit.u[*c][0];
        let against: Vec<usize> = agreement.iter().copied().filter(rarer).collect();
        let most = against.len() * 2 >= agreement.len();
        (most && !against.is_empty()).then(|| NoLesson::Against { comparisons: self.names(against) })
    }

    fn inverted(&self) -> Option<NoLesson> {
        // Where other pairs agree often, too, matches may well differ: the list a row is from.
        let telling = self.telling();
        for c in self.learned().into_iter().filter(|c| self.roles[*c][0] == Role::Learned && telling.contains(c)) {
            let first = 0;
            for l in (1..self.roles[c].len()).filter(|l| self.roles[c][*l] == Role::Learned) {
                let bits = self.bits(c, l) - self.bits(c, first);
                if bits > OUTWEIGHS && self.fit.m[c][l] > self.fit.m[c][first] {
                    let comparison = &self.plan.comparisons()[c];
                    let label = |l: usize| comparison.levels[l].label.clone();
                    let (first, level) = (label(first), label(l));
                    return Some(NoLesson::Inverted { comparison: comparison.name.clone(), first, level, bits });
                }
            }
        }
        None
    }

    /// Comparisons in which other pairs nearly never agree: they tell rows apart.
    fn telling(&self) -> Vec<usize> {
        let weighs = |c: &usize| self.roles[*c].iter().any(|role| !matches!(role, Role::Absent(_) | Role::Fixed(0.0)));
        let apart = |c: &usize| {
            let levels = self.present(*c);
            levels.len() > 1 && levels.last().is_some_and(|last| self.fit.u[*c][*last] >= TELLING)
        };
        (0..self.roles.len()).filter(weighs).filter(apart).collect()
    }

    fn strangers(&self) -> Option<NoLesson> {
        let telling = self.telling();
        let agree_less = |least: f64| -> Vec<usize> {
            let apart = |c: &&usize| self.fit.tells(**c) && self.fit.m[**c][0] - self.fit.u[**c][0] < least;
            telling.iter().filter(apart).copied().collect()
        };
        for (apart, of) in [(agree_less(NEVER), 5), (agree_less(AGREES), 3)] {
            if !apart.is_empty() && apart.len() * of >= telling.len() {
                return Some(NoLesson::Strangers { comparisons: self.names(apart) });
            }
        }
        let (mut strangers, mut all) = (0.0, 0.0);
        for (cell, p) in self.candidates.cells.iter().zip(&self.fit.match_of) {
            let matches = p * cell.count as f64;
            let level = |c: &usize| usize::from(cell.pattern[*c]);
            let there: Vec<&usize> =
                telling.iter().filter(|c| !matches!(self.roles[**c][level(c)], Role::Absent(_))).collect();
            let agree = there.iter().filter(|c| level(c) == 0).count();
            all += matches;
            strangers += if agree * 2 < there.len() { matches } else { 0.0 };
        }
        (strangers > all * MOST_STRANGERS).then(|| NoLesson::Strangers { comparisons: self.names(telling) })
    }

    fn by_rules_alone(&self) -> Option<NoLesson> {
        let (mut said, mut all) = (0.0, 0.0);
        for (cell, p) in self.candidates.cells.iter().zip(&self.fit.match_of) {
            said += p * cell.count as f64 * self.bits_beyond(cell);
            all += p * cell.count as f64;
        }
        let bits = said / all;
        (bits < LEAST_BITS).then_some(NoLesson::ByRulesAlone { bits, least: LEAST_BITS })
    }

    /// What the comparisons say that no rule chose by.
    fn bits_beyond(&self, cell: &Cell) -> f64 {
        let free = (0..self.roles.len()).filter(|c| is_free(cell, *c));
        free.map(|c| self.bits(c, usize::from(cell.pattern[c]))).sum()
    }
}

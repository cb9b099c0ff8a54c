//! Levels to a weight: the sum of log2 Bayes factors (Fellegi-Sunter), adjusted by how common an agreeing value is.
//!
//! One function, [`Scorer::weigh`], walks the comparisons. Scoring, the cut-off and the explanation are what its
//! visitor does with the steps, so that they cannot differ.

mod many;
#[cfg(test)]
mod tests;
pub(super) mod train;

use std::sync::Arc;

use rayon::prelude::*;

use super::compare::{self, Pair};
use super::decide::{Judged, MachineDecision, decide};
use super::field::{Field, Kind};
use super::plan::{Adjust, Comparison, Level, MAX_COMPARISONS, Pattern, Plan};
use super::rows::Rows;

/// Rounding that a bound on a sum of weights must leave room for.
const SLACK: f64 = 1e-3;

/// The level of a comparison that was not made.
const NOT_YET: u8 = u8::MAX;
const OPEN: Pattern = [NOT_YET; MAX_COMPARISONS];

/// Which comparisons are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Every one: for an explanation.
    All,
    /// Those that weigh something or that a hard rule asks, and what their levels ask.
    Weighing,
}

/// What one worker reuses from pair to pair.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    compare: compare::Scratch,
    pattern: Pattern,
    many: many::Scratch,
}

/// Scores pairs of rows. Cheap to make; immutable.
#[derive(Clone)]
pub(crate) struct Scorer<'a> {
    rows: &'a Rows,
    plan: &'a Plan,
    /// The most that the comparisons after this one can add.
    rest: [f64; MAX_COMPARISONS],
    /// By column and number of a text, what its frequency adds; made for many pairs, empty for a few.
    bits: Arc<[Vec<f64>]>,
}

/// One comparison of a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    pub(crate) comparison: usize,
    pub(crate) level: usize,
    pub(crate) outcome: compare::Outcome,
    pub(crate) weight: f64,
    pub(crate) adjustment: f64,
}

/// What the comparisons of a pair said, as bits by their place in the model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// A value is missing.
    pub(crate) nothing: u32,
    /// The level weighs less than nothing.
    pub(crate) against: u32,
    /// Both values are there.
    pub(crate) something: u32,
}

/// The score of a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Score {
    pub(crate) weight: f32,
    pub(crate) judged: Judged,
}

/// An edge between two rows: a pair at or above `review`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scored {
    pub(crate) a: u32,
    pub(crate) b: u32,
    pub(crate) weight: f32,
    pub(crate) decision: MachineDecision,
    pub(crate) vetoes: u64,
}

impl<'a> Scorer<'a> {
    pub(crate) fn new(rows: &'a Rows) -> Self {
        Self::under(rows, rows.plan())
    }

    /// Scores under another plan than that of the rows; it must have the same columns.
    pub(crate) fn under(rows: &'a Rows, plan: &'a Plan) -> Self {
        let mut rest = [0.0; MAX_COMPARISONS];
        let mut sum = 0.0;
        for (i, comparison) in plan.comparisons().iter().enumerate().rev() {
            rest[i] = sum;
            sum += comparison.levels.iter().map(Level::most).fold(f64::NEG_INFINITY, f64::max);
        }
        Self { rows, plan, rest, bits: Arc::new([]) }
    }

    /// Looks the frequencies of all texts up at once: pays when there are more pairs than texts.
    pub(crate) fn for_many(mut self) -> Self {
        let of_column = |field: &Field| match (field.kind, self.plan.frequency_table(field.index)) {
            (Kind::Text | Kind::Code, Some(table)) => {
                self.rows.cells().texts(*field).hashes().par_iter().map(|hash| table.bits(*hash)).collect()
            }
            _ => Vec::new(),
        };
        self.bits = self.plan.fields().iter().map(of_column).collect();
        self
    }

    pub(crate) fn rows(&self) -> &'a Rows {
        self.rows
    }

    /// The full score of a pair.
    pub(crate) fn score(&self, a: u32, b: u32, scratch: &mut Scratch) -> Score {
        let weight = self.weigh(a, b, Which::Weighing, scratch, |_, _| true).unwrap_or(f64::NEG_INFINITY) as f32;
        Score { weight, judged: self.judge(a, b, &scratch.pattern, weight) }
    }

    /// The edge of a pair, if it reaches `review`; stops as soon as that is out of reach.
    pub(crate) fn edge(&self, a: u32, b: u32, scratch: &mut Scratch) -> Option<Scored> {
        let floor = self.plan.thresholds().review;
        let least = f64::from(floor) - SLACK;
        let reachable = |step: Step, sum: f64| sum + self.rest[step.comparison] >= least;
        let weight = self.weigh(a, b, Which::Weighing, scratch, reachable)? as f32;
        if weight < floor {
            return None;
        }
        let judged = self.judge(a, b, &scratch.pattern, weight);
        let (a, b) = self.ordered(a, b);
        Some(Scored { a, b, weight, decision: judged.decision, vetoes: judged.vetoes })
    }

    /// The row with the lower record number first.
    pub(crate) fn ordered(&self, a: u32, b: u32) -> (u32, u32) {
        if self.rows.before(b, a) { (b, a) } else { (a, b) }
    }

    /// The levels of a pair, without weights; those that are made on demand stand at 0.
    pub(crate) fn pattern_of(&self, a: u32, b: u32, scratch: &mut Scratch) -> Pattern {
        let (a, b) = self.ordered(a, b);
        let pair = Pair { cells: self.rows.cells(), a, b };
        scratch.pattern = OPEN;
        for index in self.weighing() {
            self.settle(index, pair, &mut scratch.compare, &mut scratch.pattern);
        }
        let mut pattern = scratch.pattern;
        for (index, level) in pattern.iter_mut().enumerate() {
            if *level == NOT_YET || self.plan.on_demand() >> index & 1 == 1 {
                *level = 0;
            }
        }
        pattern
    }

    /// Walks the comparisons, filling the pattern; `visit` sees each step with the sum so far and may stop the walk.
    pub(crate) fn weigh(
        &self,
        a: u32,
        b: u32,
        which: Which,
        scratch: &mut Scratch,
        mut visit: impl FnMut(Step, f64) -> bool,
    ) -> Option<f64> {
        let (a, b) = self.ordered(a, b);
        let pair = Pair { cells: self.rows.cells(), a, b };
        let skipped = if which == Which::All { 0 } else { self.plan.on_demand() };
        scratch.pattern = OPEN;
        let mut sum = 0.0;
        for (index, comparison) in self.plan.comparisons().iter().enumerate() {
            if skipped >> index & 1 == 1 {
                continue;
            }
            let outcome = comparison.function.compare(pair, &mut scratch.compare);
            let level = self.enter(index, &outcome, pair, &mut scratch.compare, &mut scratch.pattern);
            let weight = comparison.levels[level].weight;
            let adjustment = self.adjustment(comparison, level, &outcome, pair);
            sum += weight + adjustment;
            if !visit(Step { comparison: index, level, outcome, weight, adjustment }, sum) {
                return None;
            }
        }
        Some(sum)
    }

    /// The comparisons that weigh something or that a hard rule asks.
    fn weighing(&self) -> impl Iterator<Item = usize> {
        (0..self.plan.comparisons().len()).filter(|index| self.plan.on_demand() >> index & 1 == 0)
    }

    /// Makes a comparison, and those that its levels ask.
    fn settle(&self, index: usize, pair: Pair<'_>, scratch: &mut compare::Scratch, pattern: &mut Pattern) {
        let outcome = self.plan.comparisons()[index].function.compare(pair, scratch);
        self.enter(index, &outcome, pair, scratch, pattern);
    }

    /// Enters the level of a comparison into the pattern, and those that its levels ask.
    #[inline]
    fn enter(
        &self,
        index: usize,
        outcome: &compare::Outcome,
        pair: Pair<'_>,
        scratch: &mut compare::Scratch,
        pattern: &mut Pattern,
    ) -> usize {
        let level = self.plan.comparisons()[index].level(outcome, |at| {
            if pattern[usize::from(at.comparison)] == NOT_YET {
                self.settle(usize::from(at.comparison), pair, scratch, pattern);
            }
            at.holds(pattern)
        });
        pattern[index] = level as u8;
        level
    }

    /// What the frequency of the agreeing values adds to the weight of a level.
    fn adjustment(&self, comparison: &Comparison, level: usize, outcome: &compare::Outcome, pair: Pair<'_>) -> f64 {
        let level = &comparison.levels[level];
        match level.adjust {
            Adjust::None => 0.0,
            Adjust::Rarity { factor, min, max } => (outcome.rarity * factor).clamp(min, max) - level.weight,
            Adjust::Frequency { factor, min, max } => {
                let field = comparison.field;
                let Some(table) = self.plan.frequency_table(field.index) else { return 0.0 };
                let known = self.bits.get(field.index);
                let bits = |cell: u64| {
                    if let Some(bits) = known.and_then(|bits| bits.get(cell as usize)).filter(|_| cell != 0) {
                        return Some(*bits);
                    }
                    if cell == 0 { None } else { self.rows.content(field, cell).map(|hash| table.bits(hash)) }
                };
                let (one, other) = (self.rows.cell(pair.a, field), self.rows.cell(pair.b, field));
                let Some(a) = bits(one) else { return 0.0 };
                let Some(b) = (if one == other { Some(a) } else { bits(other) }) else { return 0.0 };
                // Where the two values differ, the more common one counts.
                (a.min(b) * factor).clamp(min, max)
            }
        }
    }

    /// Judges a pair by what its comparisons said.
    fn judge(&self, a: u32, b: u32, pattern: &Pattern, weight: f32) -> Judged {
        decide(self.plan, pattern, weight, self.unread(a, b))
    }

    /// The columns, as bits, that one row of a pair has and in which a value of the pair could not be read.
    pub(crate) fn unread(&self, a: u32, b: u32) -> u64 {
        let (of_a, of_b) = (self.rows.unread(a), self.rows.unread(b));
        if of_a | of_b == 0 {
            return 0;
        }
        // Against an empty cell a value could have said nothing either.
        let there = |slot: u32, unread: u64| {
            let fields = self.plan.fields().iter();
            let given = fields.filter(|field| self.rows.given(slot, **field) != 0);
            given.fold(unread, |set, field| set | 1 << field.index.min(63))
        };
        (of_a & there(b, of_b)) | (of_b & there(a, of_a))
    }

    /// What the pair that was weighed last said, comparison by comparison.
    pub(crate) fn said(&self, scratch: &Scratch) -> Said {
        let mut said = Said::default();
        for (index, (comparison, level)) in self.plan.comparisons().iter().zip(&scratch.pattern).enumerate() {
            let Some(level) = comparison.levels.get(usize::from(*level)) else { continue };
            said.nothing |= u32::from(level.absent()) << index;
            said.against |= u32::from(level.weight < 0.0) << index;
            said.something |= u32::from(!level.absent()) << index;
        }
        said
    }

    /// The levels of the pair that was weighed last.
    pub(crate) fn pattern(scratch: &Scratch) -> &Pattern {
        &scratch.pattern
    }
}

//! Conditions over comparison levels: strong identifiers, vetoes, and what a level asks of earlier comparisons.

use super::comparison::Comparison;
use super::file;
use super::place::Place;
use crate::engine::error::{PlanError, Problem};

/// Most comparisons that a plan can hold.
pub(crate) const MAX_COMPARISONS: usize = 32;
/// Most blocking rules that a plan can hold.
pub(super) const MAX_RULES: usize = 64;
/// Most vetoes that a plan can hold.
pub(crate) const MAX_VETOES: usize = 64;

/// The level of each comparison for one pair.
pub(crate) type Pattern = [u8; MAX_COMPARISONS];

/// One comparison stands at one of these levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) comparison: u8,
    levels: u64,
}

impl At {
    pub(super) fn compile(
        place: Place<'_>,
        comparisons: &[Comparison],
        reference: &file::Reference,
    ) -> Result<Self, PlanError> {
        let names: Vec<&str> = comparisons.iter().map(|c| c.name.as_str()).collect();
        let index = place.find("comparison", &reference.comparison, &names)?;
        if reference.levels.get_ref().is_empty() {
            return Err(place.refuse(reference.levels.span(), Problem::Empty { what: "`levels` of a condition" }));
        }
        let labels: Vec<&str> = comparisons[index].levels.iter().map(|l| l.label.as_str()).collect();
        let mut levels = 0;
        for label in reference.levels.get_ref() {
            levels |= 1 << place.find("level", label, &labels)?;
        }
        Ok(Self { comparison: index as u8, levels })
    }

    #[inline]
    pub(crate) fn holds(self, pattern: &Pattern) -> bool {
        self.levels >> pattern[usize::from(self.comparison)] & 1 == 1
    }
}

/// All of `all`, at least one of `any` where there are any, none of `none`, and not every one of `unless`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clause {
    all: Vec<At>,
    any: Vec<At>,
    none: Vec<At>,
    unless: Vec<At>,
}

impl Clause {
    /// The comparisons it asks, as bits.
    pub(super) fn asks(&self) -> u32 {
        let all = [&self.all, &self.any, &self.none, &self.unless].into_iter().flatten();
        all.fold(0, |set, at| set | 1 << at.comparison)
    }

    pub(crate) fn holds(&self, pattern: &Pattern) -> bool {
        self.all.iter().all(|at| at.holds(pattern))
            && (self.any.is_empty() || self.any.iter().any(|at| at.holds(pattern)))
            && !self.none.iter().any(|at| at.holds(pattern))
            && (self.unless.is_empty() || !self.unless.iter().all(|at| at.holds(pattern)))
    }
}

/// A conjunction that is strong enough to carry a link.
#[derive(Debug)]
pub(crate) struct Strong {
    pub(crate) name: String,
    pub(crate) clause: Clause,
}

/// What a veto does to a pair that would be linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VetoAction {
    /// A steward decides.
    Review,
    /// The pair is kept apart without asking.
    Distinct,
}

/// A hard rule that no weight overrides.
#[derive(Debug)]
pub(crate) struct Veto {
    pub(crate) id: String,
    pub(crate) about: String,
    pub(crate) action: VetoAction,
    pub(crate) clause: Clause,
}

pub(super) fn list(
    place: Place<'_>,
    comparisons: &[Comparison],
    references: &[file::Reference],
) -> Result<Vec<At>, PlanError> {
    references.iter().map(|reference| At::compile(place, comparisons, reference)).collect()
}

pub(super) fn strong(place: Place<'_>, comparisons: &[Comparison], strong: &file::Strong) -> Result<Strong, PlanError> {
    if strong.all.is_empty() && strong.any.is_empty() {
        let what = "`all` and `any` of a strong identifier";
        return Err(place.refuse(strong.name.span(), Problem::Empty { what }));
    }
    let clause = Clause {
        all: list(place, comparisons, &strong.all)?,
        any: list(place, comparisons, &strong.any)?,
        none: list(place, comparisons, &strong.none)?,
        unless: Vec::new(),
    };
    Ok(Strong { name: strong.name.get_ref().clone(), clause })
}

pub(super) fn veto(place: Place<'_>, comparisons: &[Comparison], veto: &file::Veto) -> Result<Veto, PlanError> {
    let action = match place.find("veto action", &veto.action, &["review", "distinct"])? {
        0 => VetoAction::Review,
        _ => VetoAction::Distinct,
    };
    if veto.all.is_empty() && veto.any.is_empty() {
        return Err(place.refuse(veto.id.span(), Problem::Empty { what: "`all` and `any` of a veto" }));
    }
    let clause = Clause {
        all: list(place, comparisons, &veto.all)?,
        any: list(place, comparisons, &veto.any)?,
        none: list(place, comparisons, &veto.none)?,
        unless: list(place, comparisons, &veto.unless)?,
    };
    Ok(Veto { id: veto.id.get_ref().clone(), about: veto.about.clone(), action, clause })
}

//! Where in the file something stands, and names that were meant.

use std::ops::Range;

use toml::Spanned;

use crate::engine::error::{PlanError, Problem};

/// The text of a model file, to turn byte spans into lines and columns.
#[derive(Clone, Copy)]
pub(super) struct Place<'a>(pub(super) &'a str);

impl Place<'_> {
    /// The refusal of what stands at `span`.
    pub(super) fn refuse(self, span: Range<usize>, problem: Problem) -> PlanError {
        let before = self.0.get(..span.start).unwrap_or(self.0);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
        PlanError { line, column, problem }
    }

    /// The position of a name in a list, or a refusal that lists what is known, the nearest first.
    pub(super) fn find(self, what: &'static str, name: &Spanned<String>, known: &[&str]) -> Result<usize, PlanError> {
        known.iter().position(|k| *k == name.get_ref()).ok_or_else(|| {
            let mut near: Vec<&str> = known.to_vec();
            let likeness = |k: &str| strsim::jaro_winkler(k, name.get_ref());
            near.sort_by(|x, y| likeness(y).total_cmp(&likeness(x)));
            let known = near.into_iter().map(str::to_owned).collect();
            self.refuse(name.span(), Problem::Unknown { what, name: name.get_ref().clone(), known })
        })
    }

    /// Refuses the second of two equal names.
    pub(super) fn unique<'n>(
        self,
        what: &'static str,
        names: impl Iterator<Item = &'n Spanned<String>>,
    ) -> Result<(), PlanError> {
        let mut seen: Vec<&str> = Vec::new();
        for name in names {
            if seen.contains(&name.get_ref().as_str()) {
                return Err(self.refuse(name.span(), Problem::Twice { what, name: name.get_ref().clone() }));
            }
            seen.push(name.get_ref());
        }
        Ok(())
    }

    /// Refuses a list that is longer than a plan can hold.
    pub(super) fn at_most(self, what: &'static str, found: usize, limit: usize) -> Result<(), PlanError> {
        if found > limit { Err(self.refuse(0..0, Problem::TooMany { what, found, limit })) } else { Ok(()) }
    }

    /// A number inside a range that is described in words.
    pub(super) fn within(
        self,
        number: &Spanned<f64>,
        name: &'static str,
        holds: fn(f64) -> bool,
        range: &'static str,
    ) -> Result<f64, PlanError> {
        let value = *number.get_ref();
        if holds(value) { Ok(value) } else { Err(self.refuse(number.span(), Problem::Range { name, range })) }
    }
}

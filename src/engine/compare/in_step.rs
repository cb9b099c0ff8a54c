//! The texts of one row and of many others, so that a kernel can measure them in step.

use super::{DIFFERENT, EQUAL, Outcome, Pair};
use crate::engine::cells::Cells;
use crate::engine::field::Field;

/// The texts of one column in one row and in others.
#[derive(Clone, Copy)]
pub(super) struct Texts<'a> {
    pub(super) cells: &'a Cells,
    pub(super) field: Field,
    pub(super) others: &'a [u32],
    pub(super) row: u32,
}

impl<'a> Texts<'a> {
    /// The outcomes: `equal` is the measure of equal texts, that of the others is open until [`enter`]. The numbers of
    /// their texts are put into `apart`.
    pub(super) fn outcomes(self, equal: f64, apart: &mut Vec<u32>, found: &mut Vec<Outcome>) {
        apart.clear();
        found.extend(self.others.iter().map(|other| {
            match (Pair { cells: self.cells, a: *other, b: self.row }).values(self.field) {
                Err(missing) => missing,
                Ok((a, b)) if a == b => Outcome::of(EQUAL, equal),
                Ok((a, _)) => {
                    apart.push(a as u32);
                    Outcome::of(DIFFERENT, 0.0)
                }
            }
        }));
    }

    /// The text of the row; empty where it is missing.
    pub(super) fn own(self) -> &'a str {
        match self.cells.cell(self.row, self.field) {
            0 => "",
            cell => self.cells.texts(self.field).text(cell as u32),
        }
    }

    /// The texts with these numbers.
    pub(super) fn of(self, numbers: &[u32]) -> impl ExactSizeIterator<Item = &'a str> {
        let texts = self.cells.texts(self.field);
        numbers.iter().map(|number| texts.text(*number))
    }
}

/// Enters the measures of texts that differ, in their order.
pub(super) fn enter(outcomes: &mut [Outcome], measures: impl Iterator<Item = f64>) {
    let open = outcomes.iter_mut().filter(|outcome| outcome.missing == 0 && outcome.relation == DIFFERENT);
    open.zip(measures).for_each(|(outcome, measure)| outcome.value = measure);
}

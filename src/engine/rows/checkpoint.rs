//! Rows in a checkpoint: slots as they are, so that whatever refers to slots still holds.

use std::sync::Arc;

use rayon::prelude::*;

use super::{MOST_ROWS, Rows};
use crate::engine::error::CheckpointError;
use crate::engine::field::{Field, Kind};
use crate::engine::flat::{Sink, Source, require};
use crate::engine::plan::Plan;
use crate::engine::value::{Day, Digits};

impl Rows {
    /// Writes all rows and the dictionaries.
    pub(crate) fn write(&self, sink: &mut Sink<'_>) -> Result<(), CheckpointError> {
        let width = self.plan.stride();
        let words = (0..self.ids.len() as u32).flat_map(|slot| self.cells.words(slot).take(width));
        sink.section("record numbers", self.ids.iter().copied())?;
        sink.section("slots in use", self.alive.iter().map(|alive| u8::from(*alive)))?;
        sink.section("slots aside", self.aside.iter().map(|aside| u8::from(*aside)))?;
        sink.section("free slots", self.free.iter().copied())?;
        sink.section("values", words)?;
        let mut hidden: Vec<(u32, usize, u64)> =
            self.hidden.iter().map(|((slot, column), cell)| (*slot, *column, *cell)).collect();
        hidden.sort_unstable();
        sink.section("places of hidden values", hidden.iter().flat_map(|(slot, column, _)| [*slot, *column as u32]))?;
        sink.section("hidden values", hidden.iter().map(|(_, _, cell)| *cell))?;
        let mut unread: Vec<(u32, u64)> = self.unread.iter().map(|(slot, columns)| (*slot, *columns)).collect();
        unread.sort_unstable();
        sink.section("unread slots", unread.iter().map(|(slot, _)| *slot))?;
        sink.section("unread columns", unread.iter().map(|(_, columns)| *columns))?;
        self.cells.tables().iter().try_for_each(|table| table.write(sink))
    }

    /// Reads rows. Texts, names and sets are there, but not found by their letters before [`Self::find_again`].
    pub(crate) fn read(plan: Arc<Plan>, source: &mut Source<'_>) -> Result<Self, CheckpointError> {
        let mut rows = Self::new(plan);
        rows.read_slots(source)?;
        let words = source.exactly("values", rows.ids.len() * rows.plan.stride())?;
        rows.cells.fill(rows.plan.stride(), &words);
        rows.read_hidden(source)?;
        let unread: Vec<u32> = source.section("unread slots")?;
        let columns: Vec<u64> = source.exactly("unread columns", unread.len())?;
        require("unread slots", unread.iter().all(|slot| rows.holds(*slot)))?;
        rows.unread = unread.into_iter().zip(columns).collect();
        rows.cells.tables_mut().iter_mut().try_for_each(|table| table.read(source))?;
        require("values", rows.values_fit())?;
        Ok(rows)
    }

    /// Makes texts, names and sets known by their letters again.
    pub(crate) fn find_again(&mut self) {
        self.cells.tables_mut().par_iter_mut().for_each(crate::engine::table::Dictionary::find_again);
    }

    /// Whether there is a row in a slot that may not even exist.
    pub(crate) fn holds(&self, slot: u32) -> bool {
        self.alive.get(slot as usize).copied().unwrap_or(false)
    }

    fn read_slots(&mut self, source: &mut Source<'_>) -> Result<(), CheckpointError> {
        self.ids = source.section("record numbers")?;
        let slots = self.ids.len();
        require("record numbers", slots <= MOST_ROWS)?;
        self.ascending = self.ids.is_sorted_by(|a, b| a < b);
        self.alive = flags(source.exactly("slots in use", slots)?);
        self.aside = flags(source.section("slots aside")?);
        require("slots aside", self.aside.len() <= slots)?;
        self.free = source.section("free slots")?;
        let mut taken = self.alive.clone();
        let free = |slot: &u32| taken.get_mut(*slot as usize).is_some_and(|taken| !std::mem::replace(taken, true));
        require("free slots", self.free.iter().all(free) && taken.iter().all(|taken| *taken))
    }

    fn read_hidden(&mut self, source: &mut Source<'_>) -> Result<(), CheckpointError> {
        let places: Vec<u32> = source.section("places of hidden values")?;
        let (places, rest) = places.as_chunks::<2>();
        let cells: Vec<u64> = source.exactly("hidden values", places.len())?;
        for ([slot, column], cell) in places.iter().zip(cells) {
            let fits = self.holds(*slot) && self.plan.fields().len() > *column as usize && cell != 0;
            require("places of hidden values", fits)?;
            self.hidden.insert((*slot, *column as usize), cell);
        }
        require("places of hidden values", rest.is_empty())
    }

    /// Whether every value is one of its column.
    fn values_fit(&self) -> bool {
        let fits = |field: &Field, cell: u64| {
            cell == 0
                || match field.kind {
                    Kind::Digits => Digits::is_code(cell),
                    Kind::Date => Day::is_code(cell),
                    Kind::Number => true,
                    Kind::Text | Kind::Name | Kind::Code | Kind::Set => cell < self.cells.table(*field).limit(),
                }
        };
        let fields = self.plan.fields();
        let row_fits = |slot: u32| fields.iter().all(|field| fits(field, self.cell(slot, *field)));
        (0..self.ids.len() as u32).into_par_iter().all(row_fits)
            && self.hidden.iter().all(|((_, column), cell)| fits(&fields[*column], *cell))
    }
}

fn flags(bytes: Vec<u8>) -> Vec<bool> {
    bytes.into_iter().map(|byte| byte != 0).collect()
}

//! Rows of one plan: their record numbers, what guards took out of them, and which of them stand aside.
//!
//! A row lives in a slot, and slots are used again. Its record number is its identity: every order and every tie is
//! settled by record numbers, never by slots.

mod checkpoint;
mod packing;

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use self::packing::{Digest, PackedColumn, hash_of, pack, pack_column};
use super::cells::Cells;
use super::error::RowError;
use super::field::Field;
use super::plan::{Adjust, Column, Frequencies, Plan};
use super::table::Dictionary;
use super::value::Value;

/// Most rows: one bit of a slot is free for marks.
const MOST_ROWS: usize = i32::MAX as usize;

/// Rows of one plan.
pub struct Rows {
    plan: Arc<Plan>,
    ids: Vec<u64>,
    alive: Vec<bool>,
    cells: Cells,
    free: Vec<u32>,
    /// Record numbers ascend with the slots.
    ascending: bool,
    /// Values that a guard took out of the packed row: they count as missing until it gives them back.
    hidden: FxHashMap<(u32, usize), u64>,
    /// Slots with values that could not be read, and their columns as bits. Few have any.
    unread: FxHashMap<u32, u64>,
    /// Slots whose row equals another one, which stands for it; empty when none does.
    aside: Vec<bool>,
    /// What each word of a row counts in the hash of its content.
    weights: Vec<u64>,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("rows", &self.len()).finish_non_exhaustive()
    }
}

impl Rows {
    /// No rows yet.
    pub fn new(plan: Arc<Plan>) -> Self {
        let tables =
            plan.fields().iter().map(|field| Dictionary::of(field.kind, plan.reads_words(field.index))).collect();
        let cells = Cells::new(plan.stride(), tables, Arc::clone(plan.names()));
        let weights = (0..cells.words_of_row()).map(|at| xxh3_64(&at.to_le_bytes()) | 1).collect();
        Self {
            plan,
            ids: Vec::new(),
            alive: Vec::new(),
            cells,
            free: Vec::new(),
            ascending: true,
            hidden: FxHashMap::default(),
            unread: FxHashMap::default(),
            aside: Vec::new(),
            weights,
        }
    }

    /// The plan the rows were made for.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The same rows under another plan, say the same model with other weights; `None` when its columns differ, or it
    /// reads words of a column that were not kept.
    pub fn with_plan(mut self, plan: Arc<Plan>) -> Option<Self> {
        let kept = |column: usize| self.plan.reads_words(column) || !plan.reads_words(column);
        let same = plan.columns() == self.plan.columns() && (0..plan.columns().len()).all(kept);
        self.cells.compare_names_by(Arc::clone(plan.names()));
        self.plan = plan;
        same.then_some(self)
    }

    /// How often the values occur, for the columns whose comparisons weigh that: what training puts into a model.
    pub fn frequencies(&self) -> Vec<Option<Frequencies>> {
        let weighed = |field: Field| {
            let mut of_field = self.plan.comparisons().iter().filter(|comparison| comparison.field == field);
            of_field.any(|c| c.levels.iter().any(|level| matches!(level.adjust, Adjust::Frequency { .. })))
        };
        let fields = self.plan.fields().par_iter();
        fields.map(|field| weighed(*field).then(|| self.frequencies_of(*field))).collect()
    }

    fn frequencies_of(&self, field: Field) -> Frequencies {
        let cells = self.slots().map(|slot| self.given(slot, field)).filter(|cell| *cell != 0);
        let mut counts: Vec<(u64, u64)> = match self.cells.table(field) {
            // The number of a text is its place in the dictionary.
            Dictionary::Texts(texts) => {
                let mut counts = vec![0; texts.hashes().len()];
                cells.for_each(|cell| counts[cell as usize] += 1);
                texts.hashes().iter().copied().zip(counts).collect()
            }
            Dictionary::None | Dictionary::Names(_) | Dictionary::Sets(_) => {
                let mut counts: FxHashMap<u64, u64> = FxHashMap::default();
                let hashes = cells.filter_map(|cell| self.content(field, cell));
                hashes.for_each(|hash| *counts.entry(hash).or_default() += 1);
                counts.into_iter().collect()
            }
        };
        let rows = counts.iter().map(|(_, count)| count).sum();
        let single = counts.iter().filter(|(_, count)| *count == 1).count() as u64;
        counts.retain(|(_, count)| *count > 1);
        counts.sort_unstable();
        Frequencies { rows, counts, single }
    }

    /// Makes room for so many more rows, once.
    pub fn reserve(&mut self, rows: usize) {
        self.ids.reserve_exact(rows);
        self.alive.reserve_exact(rows);
        self.cells.reserve(rows);
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.ids.len() - self.free.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The record numbers by slot, if every slot has a row and the numbers ascend.
    pub(crate) fn ascending(&self) -> Option<&[u64]> {
        (self.ascending && self.free.is_empty()).then_some(&self.ids)
    }

    /// Whether the row in the first slot has the lower record number.
    #[inline]
    pub(crate) fn before(&self, a: u32, b: u32) -> bool {
        if self.ascending { a < b } else { self.id(a) < self.id(b) }
    }

    /// Slots in use, ascending.
    pub(crate) fn slots(&self) -> impl Iterator<Item = u32> {
        (0u32..).zip(&self.alive).filter(|(_, alive)| **alive).map(|(slot, _)| slot)
    }

    /// Slots in use whose rows do not stand aside, ascending.
    pub(crate) fn leading(&self) -> impl Iterator<Item = u32> {
        self.slots().filter(|slot| !self.stands_aside(*slot))
    }

    /// Whether another row stands for this one.
    #[inline]
    pub(crate) fn stands_aside(&self, slot: u32) -> bool {
        self.aside.get(slot as usize).copied().unwrap_or(false)
    }

    /// Whether any row stands aside.
    pub(crate) fn any_aside(&self) -> bool {
        !self.aside.is_empty()
    }

    /// Lets a row stand aside, or no longer.
    pub(crate) fn set_aside(&mut self, slot: u32, aside: bool) {
        if aside && self.aside.len() <= slot as usize {
            self.aside.resize(self.ids.len(), false);
        }
        if let Some(place) = self.aside.get_mut(slot as usize) {
            *place = aside;
        }
    }

    /// The columns of a row whose values could not be read, as bits.
    #[inline]
    pub(crate) fn unread(&self, slot: u32) -> u64 {
        if self.unread.is_empty() { 0 } else { self.unread.get(&slot).copied().unwrap_or(0) }
    }

    /// A hash of all that a row says, as it was given, and of where something in it could not be read.
    pub(crate) fn content_of_row(&self, slot: u32) -> u64 {
        let words = self.cells.words(slot).zip(&self.weights);
        let mut hash =
            words.fold(0, |sum: u64, (word, weight)| sum.wrapping_add(u64::from(word).wrapping_mul(*weight)));
        // A sum, so that a value counts alike in the row and where a guard put it.
        if !self.hidden.is_empty() {
            let guards = self.plan.guards();
            for (at, field) in guards.iter().map(|guard| guard.field).enumerate() {
                // Two guards of one column hide one value.
                if guards[..at].iter().any(|guard| guard.field == field) {
                    continue;
                }
                if let Some(cell) = self.hidden.get(&(slot, field.index)) {
                    let mut add = |at: usize, word: u32| {
                        hash = hash.wrapping_add(u64::from(word).wrapping_mul(self.weights[at]));
                    };
                    add(field.offset, *cell as u32);
                    if field.wide() {
                        add(field.offset + 1, (*cell >> 32) as u32);
                    }
                }
            }
        }
        xxh3_64_with_seed(&hash.to_le_bytes(), self.unread(slot))
    }

    /// The same as [`Self::content_of_row`] in other words: equal in every run, and dearer.
    pub(crate) fn lasting_content_of_row(&self, slot: u32) -> u64 {
        let said = |field: &Field| Some(self.given(slot, *field)).filter(|cell| *cell != 0);
        let hashes = self.plan.fields().iter().map(|field| said(field).and_then(|cell| self.content(*field, cell)));
        let mixed = hashes.fold(0, |sum: u64, hash| sum.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ hash.unwrap_or(1));
        xxh3_64_with_seed(&mixed.to_le_bytes(), self.unread(slot))
    }

    /// Whether two rows say the same in every column, as it was given, and could not be read in the same ones.
    pub(crate) fn same_content(&self, a: u32, b: u32) -> bool {
        self.unread(a) == self.unread(b)
            && self.plan.fields().iter().all(|field| self.given(a, *field) == self.given(b, *field))
    }

    /// One more than the highest slot.
    pub(crate) fn slot_limit(&self) -> usize {
        self.ids.len()
    }

    pub(crate) fn alive(&self, slot: u32) -> bool {
        self.alive[slot as usize]
    }

    /// The record number of the row in a slot.
    #[inline]
    pub(crate) fn id(&self, slot: u32) -> u64 {
        self.ids[slot as usize]
    }

    /// Refuses values that do not fit the columns.
    pub(crate) fn check(&self, id: u64, values: &[Value]) -> Result<(), RowError> {
        let columns = self.plan.columns();
        if values.len() != columns.len() {
            return Err(RowError::Width { id, expected: columns.len(), found: values.len() });
        }
        for (value, column) in values.iter().zip(columns) {
            if value.kind().is_some_and(|kind| kind != column.kind) {
                return Err(RowError::Kind { id, column: column.name.clone(), kind: column.kind });
            }
        }
        Ok(())
    }

    /// Adds many rows at once, column by column in parallel. Record numbers must be new: the caller answers for it.
    pub fn extend(&mut self, batch: &[(u64, Vec<Value>)]) -> Result<(), RowError> {
        for (id, values) in batch {
            self.check(*id, values)?;
        }
        let ids: Vec<u64> = batch.iter().map(|(id, _)| *id).collect();
        self.add(&ids, |_, _| None, |column, row| Cow::Borrowed(&batch[row].1[column]));
        Ok(())
    }

    /// Adds many rows at once whose values are made when they are wanted: `value(column, row)`, with rows counted from 0.
    /// `digest(column, row)` says in short what a value is made from: where it is that of a row shortly before, the value is
    /// the same and is not asked for, unless it could not be read. Record numbers must be new: the caller answers for it.
    pub fn extend_with(
        &mut self,
        ids: &[u64],
        digest: impl Fn(usize, usize) -> Option<u128> + Sync,
        value: impl Fn(usize, usize) -> Value + Sync,
    ) -> Result<(), RowError> {
        let plan = Arc::clone(&self.plan);
        let wrong = OnceLock::new();
        self.add(ids, digest, |column, row| {
            let value = value(column, row);
            if value.kind().is_some_and(|kind| kind != plan.columns()[column].kind) {
                let Column { name, kind, .. } = &plan.columns()[column];
                wrong.get_or_init(|| RowError::Kind { id: ids[row], column: name.clone(), kind: *kind });
                return Cow::Owned(Value::Missing);
            }
            Cow::Owned(value)
        });
        wrong.into_inner().map_or(Ok(()), Err)
    }

    /// Adds rows of the values `value(column, row)`.
    fn add<'a>(
        &mut self,
        ids: &[u64],
        digest: impl Fn(usize, usize) -> Digest + Sync,
        value: impl Fn(usize, usize) -> Cow<'a, Value> + Sync,
    ) {
        let plan = Arc::clone(&self.plan);
        let pack = |(column, table): (usize, &mut Dictionary)| {
            pack_column((table, plan.names()), ids.len(), |row| digest(column, row), |row| value(column, row))
        };
        let columns: Vec<PackedColumn> = self.cells.tables_mut().par_iter_mut().enumerate().map(pack).collect();
        let first = self.ids.len();
        self.ascending &= ids.is_sorted_by(|a, b| a < b) && self.ids.last().is_none_or(|last| Some(last) < ids.first());
        self.ids.extend(ids);
        self.alive.resize(self.ids.len(), true);
        let packed: Vec<(Field, &[u64])> =
            plan.fields().iter().zip(&columns).map(|(field, column)| (*field, column.cells.as_slice())).collect();
        self.cells.append(self.ids.len(), first, &packed);
        for (field, column) in plan.fields().iter().zip(&columns) {
            for row in &column.unread {
                *self.unread.entry(first as u32 + row).or_default() |= bit_of(*field);
            }
        }
        assert!(self.ids.len() <= MOST_ROWS, "rows number less than 2 G");
    }

    /// Puts a checked row into a free slot.
    pub(crate) fn insert(&mut self, id: u64, values: &[Value]) -> u32 {
        let slot = self.open_slot(id);
        let plan = Arc::clone(&self.plan);
        for ((field, value), table) in plan.fields().iter().zip(values).zip(0..) {
            let cell = pack(&mut self.cells.tables_mut()[table], plan.names(), value, hash_of(value));
            self.cells.store(slot, *field, cell);
            if *value == Value::Unreadable {
                *self.unread.entry(slot).or_default() |= bit_of(*field);
            }
        }
        slot
    }

    /// Puts a copy of a row of another set under the same plan into a free slot, as guards left it. What they hid, and
    /// what could not be read, is left behind: weights do not ask it.
    pub(crate) fn copy_of(&mut self, other: &Self, slot: u32) -> u32 {
        let own = self.open_slot(other.id(slot));
        let plan = Arc::clone(&self.plan);
        for field in plan.fields() {
            let table = &mut self.cells.tables_mut()[field.index];
            let cell = table.copy_of(other.cells.table(*field), other.cell(slot, *field));
            self.cells.store(own, *field, cell);
        }
        own
    }

    /// Gives a record a free slot; the row in it says nothing yet.
    fn open_slot(&mut self, id: u64) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.ids.push(0);
            self.alive.push(false);
            self.cells.resize(self.ids.len());
            assert!(self.ids.len() <= MOST_ROWS, "rows number less than 2 G");
            self.ids.len() as u32 - 1
        });
        let next = slot as usize + 1 == self.ids.len();
        self.ascending &= next && (slot == 0 || self.ids[slot as usize - 1] < id);
        self.ids[slot as usize] = id;
        self.alive[slot as usize] = true;
        slot
    }

    /// Empties a slot.
    pub(crate) fn remove(&mut self, slot: u32) {
        let plan = Arc::clone(&self.plan);
        for field in plan.fields() {
            self.hidden.remove(&(slot, field.index));
            self.cells.store(slot, *field, 0);
        }
        self.unread.remove(&slot);
        self.set_aside(slot, false);
        self.alive[slot as usize] = false;
        self.free.push(slot);
    }

    /// The packed values, as comparators read them.
    #[inline]
    pub(crate) fn cells(&self) -> &Cells {
        &self.cells
    }

    /// The packed value as comparisons and blocking see it; 0 is missing.
    #[inline]
    pub(crate) fn cell(&self, slot: u32, field: Field) -> u64 {
        self.cells.cell(slot, field)
    }

    /// The packed value as it was given, whatever a guard says.
    pub(crate) fn given(&self, slot: u32, field: Field) -> u64 {
        match self.cell(slot, field) {
            0 => self.hidden.get(&(slot, field.index)).copied().unwrap_or(0),
            cell => cell,
        }
    }

    /// How many rows have a value in a column, whatever a guard says.
    pub fn values_of(&self, column: usize) -> usize {
        let field = self.plan.fields()[column];
        self.slots().filter(|slot| self.given(*slot, field) != 0).count()
    }

    /// Lets a value count as missing, or no longer. Says whether that changed anything.
    pub(crate) fn hide(&mut self, slot: u32, field: Field, hide: Hide) -> bool {
        match hide {
            Hide::Yes => {
                let cell = self.cell(slot, field);
                if cell != 0 {
                    self.hidden.insert((slot, field.index), cell);
                    self.cells.store(slot, field, 0);
                }
                cell != 0
            }
            Hide::No => {
                let cell = self.hidden.remove(&(slot, field.index));
                if let Some(cell) = cell {
                    self.cells.store(slot, field, cell);
                }
                cell.is_some()
            }
        }
    }

    /// Reads a little of what comparing this row will read, so that the memory of several rows is waited for at once.
    #[inline]
    pub(crate) fn touch(&self, slot: u32) -> u64 {
        self.cells.touch(slot, self.plan.lettered())
    }

    /// Hash of the content of a packed value that is there: equal values hash alike, in every column and every run.
    #[inline]
    pub(crate) fn content(&self, field: Field, cell: u64) -> Option<u64> {
        self.cells.content(field, cell)
    }
}

/// Whether a value is to count as missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hide {
    Yes,
    No,
}

/// The bit of a column; columns beyond the 64th share the last.
fn bit_of(field: Field) -> u64 {
    1 << field.index.min(63)
}

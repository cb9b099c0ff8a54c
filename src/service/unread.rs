//! Values that were there and could not be read: counted while a table is filled, told at the end of every command.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use super::columns::{Columns, Placed};
use super::dedupe::{Table, TableError};
use crate::engine::{Plan, Rows};
use crate::normalise::shape::{looks_like, shape};

/// What a column did not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// The column of the model.
    pub column: String,
    /// The fields of the input it is made from.
    pub from: String,
    /// Values that were there.
    pub values: u64,
    /// Of those, how many could not be read.
    pub unreadable: u64,
    /// The shape of the first of them: a 9 for each digit, an a or A for each letter.
    pub sample: String,
    /// What it looks like, and what to do.
    pub looks_like: &'static str,
}

impl Unread {
    /// One line for people.
    pub fn sentence(&self) -> String {
        let Self { column, values, unreadable, sample, looks_like, .. } = self;
        format!("{column}: {unreadable} of {values} values could not be read, such as {sample}: {looks_like}")
    }
}

/// Counts while columns are filled on several threads. Nothing happens for a value that is read.
pub(super) struct Tally {
    columns: Vec<Seen>,
}

/// One cache line a column, so that threads do not meet.
#[repr(align(64))]
struct Seen {
    count: AtomicU64,
    first: AtomicU64,
}

impl Tally {
    pub(super) fn new(columns: usize) -> Self {
        let none = || Seen { count: AtomicU64::new(0), first: AtomicU64::new(u64::MAX) };
        Self { columns: std::iter::repeat_with(none).take(columns).collect() }
    }

    /// One more value of a column that could not be read.
    #[cold]
    pub(super) fn note(&self, column: usize, row: usize) {
        let seen = &self.columns[column];
        seen.count.fetch_add(1, Ordering::Relaxed);
        seen.first.fetch_min(row as u64, Ordering::Relaxed);
    }

    /// What was counted, by column; an error where a model allows less.
    pub(super) fn told(
        &self,
        (plan, columns): (&Plan, &Columns),
        rows: &Rows,
        table: &dyn Table,
        placed: &[Placed],
    ) -> Result<Vec<Unread>, TableError> {
        let mut told = Vec::new();
        for (at, seen) in self.columns.iter().enumerate() {
            let unreadable = seen.count.load(Ordering::Relaxed);
            if unreadable == 0 {
                continue;
            }
            let column = &plan.columns()[at];
            let first = seen.first.load(Ordering::Relaxed) as usize;
            let raw = placed[at].raw(|cell| table.cell(first, cell)).unwrap_or_default();
            let values = unreadable + rows.values_of(at) as u64;
            let unread = Unread {
                column: column.name.clone(),
                from: column.from.clone(),
                values,
                unreadable,
                sample: shape(&raw),
                looks_like: looks_like(&raw, columns.0[at].wanted()),
            };
            let limit = column.max_unreadable.unwrap_or(1.0);
            if unreadable as f64 > limit * values as f64 {
                return Err(TableError::Unreadable { unread, limit });
            }
            told.push(unread);
        }
        Ok(told)
    }
}

//! Values that were there and could not be read: counted while a table is filled, told at the end of every command.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use super::dedupe::{TableError, Tabular};
use crate::engine::{Plan, Rows};
use crate::normalise::shape::{looks_like, shape};
use crate::prepare::{Columns, Placed};

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
        table: &dyn Tabular,
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
                looks_like: looks_like(&raw, columns.list()[at].wanted()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::date::Date;
    use crate::engine::Meter;
    use crate::tables::TableModel;

    const MODEL: &str = r#"
[model]
name = "t"
version = "1"
trained = true
null_words = ["entahlah"]

[[column]]
name = "born"
type = "date"

[[block]]
name = "b"
keys = ["born"]
max_block = 9

[[comparison]]
name = "born"
columns = ["born"]
function = "exact"
levels = [{ label = "equal", equal = true, weight = 1.0 }, { label = "other", else = true, weight = -1.0 }]

[thresholds]
link = 5.0
review = 1.0
prior = 0.1
"#;

    /// Rows of a birth date and an as-of date.
    struct Few(&'static [[&'static str; 2]]);

    impl Tabular for Few {
        fn rows(&self) -> usize {
            self.0.len()
        }

        fn column(&self, name: &str) -> Option<usize> {
            ["born", "tgl_data"].iter().position(|known| *known == name)
        }

        fn cell(&self, row: usize, column: usize) -> Option<&str> {
            Some(self.0[row][column])
        }
    }

    fn fill(model: &str, rows: &'static [[&'static str; 2]]) -> Result<Vec<Unread>, TableError> {
        let model = TableModel::parse(Some(model.to_owned())).expect("a model");
        model.fill(&Few(rows), Date::constant(2025, 11, 20), &Meter::default()).map(|filled| filled.unread)
    }

    const ROWS: &[[&str; 2]] =
        &[["12-04-1990", ""], ["", ""], ["12/04/90", "01-11-2025"], ["Entah Lah", ""], ["31-02-1990", ""]];

    #[test]
    fn what_is_there_and_not_read_is_counted_and_told() {
        let told = fill(MODEL, ROWS).expect("filled");
        let sentences: Vec<String> = told.iter().map(Unread::sentence).collect();
        assert_eq!(sentences, ["born: 2 of 3 values could not be read, such as 99/99/99: day/month/two-digit year"]);
        assert!(fill(MODEL, &[["1990-04-12", "NULL"], ["", "-"]]).expect("filled").is_empty());
    }

    #[test]
    fn a_model_may_allow_a_share_only() {
        let with =
            |share: &str| MODEL.replace("type = \"date\"", &format!("type = \"date\"\nmax_unreadable = {share}"));
        assert!(fill(&with("0.7"), ROWS).is_ok());
        let error = fill(&with("0.5"), ROWS).expect_err("two of three");
        assert!(error.to_string().ends_with("two-digit year (the model allows a share of 0.5)"), "{error}");
    }

    #[test]
    fn a_row_of_an_unreadable_day_is_refused() {
        let error = fill(MODEL, &[["1990-04-12", "2025-11-01"], ["1990-04-12", "kemarin"]]).expect_err("no day");
        assert!(matches!(error, TableError::AsOf { row: 1, .. }), "{error}");
        assert!(!error.to_string().contains("kemarin"), "{error}");
    }
}

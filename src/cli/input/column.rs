//! One column of text in little memory: bytes and ends, in segments, no `String` per cell.

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

/// Rows per segment. Segments keep offsets at four bytes and spare the copying that one growing buffer would need.
const SEGMENT_ROWS: usize = 1 << 16;

/// Text cells by row number. An empty cell is a missing one.
#[derive(Default)]
pub struct TextColumn {
    segments: Vec<Segment>,
    len: usize,
}

#[derive(Default)]
struct Segment {
    text: String,
    ends: Vec<u32>,
}

/// The text of 65,536 rows of one column is over 4 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct ColumnTooLarge;

impl TextColumn {
    /// Number of cells.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The cell of a row; `None` when it is missing.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn get(&self, row: usize) -> Option<&str> {
        let segment = &self.segments[row / SEGMENT_ROWS];
        let at = row % SEGMENT_ROWS;
        let start = if at == 0 { 0 } else { segment.ends[at - 1] as usize };
        let text = &segment.text[start..segment.ends[at] as usize];
        (!text.is_empty()).then_some(text)
    }

    /// All cells in row order.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        (0..self.len).map(|row| self.get(row))
    }

    pub(in crate::cli) fn push(&mut self, text: &str) -> Result<(), ColumnTooLarge> {
        self.push_parts(&[text])
    }

    /// Adds one cell made of several parts.
    pub(super) fn push_parts(&mut self, parts: &[&str]) -> Result<(), ColumnTooLarge> {
        if self.len.is_multiple_of(SEGMENT_ROWS) {
            self.segments.push(Segment::default());
        }
        let segment = self.segments.last_mut().expect("a segment was pushed when the last was full");
        for part in parts {
            segment.text.push_str(part);
        }
        segment.ends.push(u32::try_from(segment.text.len()).map_err(|_| ColumnTooLarge)?);
        self.len += 1;
        if self.len.is_multiple_of(SEGMENT_ROWS) {
            segment.text.shrink_to_fit();
        }
        Ok(())
    }

    /// Takes the last cell away again.
    pub(super) fn pop(&mut self) {
        let Some(segment) = self.segments.last_mut() else { return };
        segment.ends.pop();
        segment.text.truncate(segment.ends.last().map_or(0, |end| *end as usize));
        self.len -= 1;
        if segment.ends.is_empty() {
            self.segments.pop();
        }
    }

    /// The cells without those of some rows, which are ascending.
    pub(super) fn without(&self, rows: &[usize]) -> Self {
        let (mut left, mut rows) = (Self::default(), rows.iter().peekable());
        for (row, cell) in self.iter().enumerate() {
            if rows.next_if_eq(&&row).is_none() {
                left.push(cell.unwrap_or_default()).expect("fewer cells hold less text");
            }
        }
        left
    }

    /// Adds missing cells until there are `rows`.
    pub(super) fn pad(&mut self, rows: usize) {
        while self.len < rows {
            self.push("").expect("an empty cell adds no text");
        }
    }
}

/// Finds rows by the text of a column, without a copy of any text.
pub struct TextIndex<'a> {
    column: &'a TextColumn,
    rows: FxHashMap<u64, u32>,
}

impl<'a> TextIndex<'a> {
    /// An index without rows; [`Self::first`] fills it.
    pub fn new(column: &'a TextColumn) -> Self {
        Self { column, rows: FxHashMap::with_capacity_and_hasher(column.len(), rustc_hash::FxBuildHasher) }
    }

    /// The first indexed row with the same text as this one: the row itself when the text is new.
    pub fn first(&mut self, row: usize) -> u32 {
        let text = self.column.get(row).unwrap_or_default();
        let mut key = xxh3_64(text.as_bytes());
        loop {
            let known = *self.rows.entry(key).or_insert(row as u32);
            if self.column.get(known as usize).unwrap_or_default() == text {
                return known;
            }
            key = key.wrapping_add(1);
        }
    }

    /// The first indexed row with this text.
    pub fn find(&self, text: &str) -> Option<u32> {
        let mut key = xxh3_64(text.as_bytes());
        while let Some(row) = self.rows.get(&key) {
            if self.column.get(*row as usize).unwrap_or_default() == text {
                return Some(*row);
            }
            key = key.wrapping_add(1);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_across_segments() {
        let mut column = TextColumn::default();
        let rows = SEGMENT_ROWS * 2 + 3;
        let value = |row: usize| if row.is_multiple_of(7) { String::new() } else { format!("nilai-{row}") };
        for row in 0..rows {
            column.push(&value(row)).expect("small");
        }
        column.pad(rows + 5);
        assert_eq!(column.len(), rows + 5);
        for row in [0, 1, 7, SEGMENT_ROWS - 1, SEGMENT_ROWS, SEGMENT_ROWS + 1, rows - 1] {
            let wanted = value(row);
            assert_eq!(column.get(row), (!wanted.is_empty()).then_some(wanted.as_str()), "row {row}");
        }
        assert_eq!(column.get(rows + 4), None);
        for _ in 0..8 {
            column.pop();
        }
        assert_eq!((column.len(), column.segments.len()), (rows - 3, 2), "a segment that is empty again is gone");
        assert_eq!(column.get(rows - 4), Some(value(rows - 4).as_str()));
        for row in rows - 3..rows {
            column.push(&value(row)).expect("small");
        }
        assert_eq!(column.iter().flatten().count(), (0..rows).filter(|row| !row.is_multiple_of(7)).count());
    }

    #[test]
    fn the_index_leads_to_the_first_row_of_a_text() {
        let mut column = TextColumn::default();
        for text in ["a", "b", "a", "", "c", "", "b"] {
            column.push(text).expect("small");
        }
        let mut index = TextIndex::new(&column);
        let labels: Vec<u32> = (0..column.len()).map(|row| index.first(row)).collect();
        assert_eq!(labels, [0, 1, 0, 3, 4, 3, 1]);
        for (text, row) in [("a", Some(0)), ("b", Some(1)), ("c", Some(4)), ("", Some(3)), ("x", None)] {
            assert_eq!(index.find(text), row, "{text}");
        }
    }
}

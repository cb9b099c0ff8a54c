//! A batch of writes that happens whole or not at all.

use std::fmt;

use super::{Committed, Config, Position, StoreError, Table, keys::Heads};

/// What must be true when a batch is applied.
#[derive(Clone, PartialEq, Eq)]
pub enum Precondition {
    /// The key has no value.
    Absent {
        /// Where to look.
        table: Table,
        /// The key.
        key: Vec<u8>,
    },
    /// The key has exactly this value.
    Equals {
        /// Where to look.
        table: Table,
        /// The key.
        key: Vec<u8>,
        /// The value expected.
        value: Vec<u8>,
    },
}

/// One change of one key.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Write {
    pub(super) table: Table,
    pub(super) key: Vec<u8>,
    /// `None` deletes.
    pub(super) value: Option<Vec<u8>>,
}

/// Writes over any tables with their preconditions, applied whole or not at all.
///
/// Of two writes to one key the later one counts. Preconditions look at the state before the batch.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct WriteBatch {
    preconditions: Vec<Precondition>,
    writes: Vec<Write>,
    note: Option<Vec<u8>>,
    audit: Option<Vec<u8>>,
    bytes: usize,
}

impl WriteBatch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives `key` a value.
    pub fn put(&mut self, table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> &mut Self {
        let (key, value) = (key.into(), value.into());
        self.bytes += key.len() + value.len();
        self.writes.push(Write { table, key, value: Some(value) });
        self
    }

    /// Takes `key` out; no matter whether it was there.
    pub fn delete(&mut self, table: Table, key: impl Into<Vec<u8>>) -> &mut Self {
        let key = key.into();
        self.bytes += key.len();
        self.writes.push(Write { table, key, value: None });
        self
    }

    /// Writes `entry` into [`Table::Journal`] at the next position, which [`Committed`] tells.
    /// A second note takes the place of the first.
    pub fn note(&mut self, entry: impl Into<Vec<u8>>) -> &mut Self {
        let entry = entry.into();
        self.bytes += entry.len() + size_of::<Position>();
        self.note = Some(entry);
        self
    }

    /// Writes `entry` into [`Table::Audit`] at the next position, which [`Committed`] tells.
    /// A second entry takes the place of the first.
    pub fn audit(&mut self, entry: impl Into<Vec<u8>>) -> &mut Self {
        let entry = entry.into();
        self.bytes += entry.len() + size_of::<Position>();
        self.audit = Some(entry);
        self
    }

    /// Makes the whole batch depend on `precondition`.
    pub fn require(&mut self, precondition: Precondition) -> &mut Self {
        self.bytes += precondition.bytes();
        self.preconditions.push(precondition);
        self
    }

    /// Makes the whole batch depend on `key` having no value.
    pub fn require_absent(&mut self, table: Table, key: impl Into<Vec<u8>>) -> &mut Self {
        self.require(Precondition::Absent { table, key: key.into() })
    }

    /// Makes the whole batch depend on `key` having exactly `value`.
    pub fn require_equals(&mut self, table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> &mut Self {
        self.require(Precondition::Equals { table, key: key.into(), value: value.into() })
    }

    /// Bytes of all keys and values.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether it writes nothing.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.note.is_none() && self.audit.is_none()
    }

    /// The writes, with the numbered entries behind the last ones; and which positions those take.
    pub(super) fn into_writes(self, heads: Heads) -> (Vec<Write>, Committed) {
        let Self { mut writes, note, audit, .. } = self;
        let mut numbered = |table: Table, head: Position, entry: Option<Vec<u8>>| {
            let position = head.next();
            writes.push(Write { table, key: position.key(), value: Some(entry?) });
            Some(position)
        };
        let journal = numbered(Table::Journal, heads.journal, note);
        let audit = numbered(Table::Audit, heads.audit, audit);
        (writes, Committed { journal, audit })
    }

    /// The keys that preconditions look at.
    pub(super) fn asked(&self) -> impl Iterator<Item = (Table, &[u8])> {
        self.preconditions.iter().map(|precondition| match precondition {
            Precondition::Absent { table, key } | Precondition::Equals { table, key, .. } => (*table, key.as_slice()),
        })
    }

    /// Fails with `Conflict` at the first precondition that `current` contradicts, or with the error of `current`.
    pub(super) fn check<V: AsRef<[u8]>>(
        &self,
        mut current: impl FnMut(Table, &[u8]) -> Result<Option<V>, StoreError>,
    ) -> Result<(), StoreError> {
        for (index, precondition) in self.preconditions.iter().enumerate() {
            let (table, holds) = match precondition {
                Precondition::Absent { table, key } => (*table, current(*table, key)?.is_none()),
                Precondition::Equals { table, key, value } => {
                    (*table, current(*table, key)?.is_some_and(|found| found.as_ref() == value.as_slice()))
                }
            };
            if !holds {
                return Err(StoreError::Conflict { table, index });
            }
        }
        Ok(())
    }

    /// Fails with `TooLarge` when the batch is over a limit.
    pub(super) fn within(&self, limits: &Config) -> Result<(), StoreError> {
        fits("batch", self.bytes, limits.max_batch_bytes)?;
        for (what, entry) in [("journal entry", &self.note), ("audit entry", &self.audit)] {
            fits(what, entry.as_ref().map_or(0, Vec::len), limits.max_value_bytes)?;
        }
        for write in &self.writes {
            fits("key", write.key.len(), limits.max_key_bytes())?;
            fits("value", write.value.as_ref().map_or(0, Vec::len), limits.max_value_bytes)?;
        }
        Ok(())
    }
}

impl Precondition {
    fn bytes(&self) -> usize {
        match self {
            Self::Absent { key, .. } => key.len(),
            Self::Equals { key, value, .. } => key.len() + value.len(),
        }
    }
}

/// Keys and values stay out: they may be about a person.
impl fmt::Debug for WriteBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteBatch")
            .field("preconditions", &self.preconditions.len())
            .field("writes", &self.writes.len())
            .field("notes", &usize::from(self.note.is_some()))
            .field("audit", &usize::from(self.audit.is_some()))
            .field("bytes", &self.bytes)
            .finish()
    }
}

/// Keys and values stay out: they may be about a person.
impl fmt::Debug for Precondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, table) = match self {
            Self::Absent { table, .. } => ("Absent", table),
            Self::Equals { table, .. } => ("Equals", table),
        };
        f.debug_struct(kind).field("table", table).finish_non_exhaustive()
    }
}

/// Fails with `TooLarge` when `size` is over `limit`.
pub(super) fn fits(what: &'static str, size: usize, limit: usize) -> Result<(), StoreError> {
    if size > limit { Err(StoreError::TooLarge { what, size, limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_key_and_no_value() {
        let mut batch = WriteBatch::new();
        batch.put(Table::Records, *b"SITI", *b"RAHAYU").require_absent(Table::Batches, *b"SITI");
        let shown = format!("{batch:?} {:?}", batch.preconditions);
        assert!(!shown.contains("SITI") && !shown.contains("83, 73") && !shown.contains("RAHAYU"), "{shown}");
        assert!(shown.contains("writes: 1"), "{shown}");
    }

    #[test]
    fn limits_name_what_is_too_large() {
        let limits = Config { max_batch_bytes: 1_000, max_value_bytes: 500, ..Config::default() };
        let check = |name: &str, sizes: &[(usize, usize)], expected: Option<(&str, usize)>| {
            let mut batch = WriteBatch::new();
            for (key, value) in sizes {
                batch.put(Table::Rows, vec![b'k'; *key], vec![b'v'; *value]);
            }
            let found = match batch.within(&limits) {
                Err(StoreError::TooLarge { what, size, .. }) => Some((what, size)),
                Err(other) => panic!("{name}: {other}"),
                Ok(()) => None,
            };
            assert_eq!(found, expected, "{name}");
        };
        check("at all limits", &[(256, 500)], None);
        check("key over", &[(257, 0)], Some(("key", 257)));
        check("value over", &[(1, 501)], Some(("value", 501)));
        check("batch over", &[(1, 400), (1, 400), (1, 400)], Some(("batch", 1_203)));
    }

    #[test]
    fn the_first_failing_precondition_is_named() {
        let mut batch = WriteBatch::new();
        batch.require_absent(Table::Batches, *b"gone");
        batch.require_equals(Table::Cases, *b"here", *b"1");
        batch.require_equals(Table::Cases, *b"here", *b"2");
        let state = |_: Table, key: &[u8]| Ok((key == b"here").then(|| b"1".to_vec()));
        assert!(matches!(batch.check(state), Err(StoreError::Conflict { table: Table::Cases, index: 2 })));
    }
}

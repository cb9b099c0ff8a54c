//! Arithmetic on ordered keys, for paging and prefixes, and the positions of the tables that a store numbers.

use super::{Committed, Table};

/// A place in the journal or in the audit log, counted from 1 without gaps, in the order in which commits became durable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

impl Position {
    /// Its key in [`Table::Journal`] or [`Table::Audit`].
    pub fn key(self) -> Vec<u8> {
        self.0.to_be_bytes().to_vec()
    }

    /// The position of a key; `None` if it is none.
    pub fn of(key: &[u8]) -> Option<Self> {
        Some(Self(u64::from_be_bytes(key.try_into().ok()?)))
    }

    /// The one behind it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The last positions that were given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Heads {
    pub(super) journal: Position,
    pub(super) audit: Position,
}

impl Heads {
    /// Those of a store, by the greatest key of a table.
    pub(super) fn of<E>(mut last: impl FnMut(Table) -> Result<Option<Vec<u8>>, E>) -> Result<Self, E> {
        let mut head = |table| Ok(last(table)?.as_deref().and_then(Position::of).unwrap_or_default());
        Ok(Self { journal: head(Table::Journal)?, audit: head(Table::Audit)? })
    }

    /// Those after a commit.
    #[must_use]
    pub(super) fn after(self, committed: Committed) -> Self {
        Self { journal: committed.journal.unwrap_or(self.journal), audit: committed.audit.unwrap_or(self.audit) }
    }
}

/// The smallest key greater than `key`: where the page after `key` starts.
pub fn after(key: &[u8]) -> Vec<u8> {
    let mut next = Vec::with_capacity(key.len() + 1);
    next.extend_from_slice(key);
    next.push(0);
    next
}

/// The end of the range of all keys that begin with `prefix`; `None` when that range has no end.
pub fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|&byte| byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_sort_like_their_keys() {
        assert!(Position(255).key() < Position(256).key());
        assert_eq!(Position::of(&Position(256).next().key()), Some(Position(257)));
        assert_eq!(Position::of(b"seven"), None);
    }

    #[test]
    fn prefix_ends() {
        let cases: &[(&[u8], Option<&[u8]>)] = &[
            (b"", None),
            (b"a", Some(b"b")),
            (b"a\xff", Some(b"b")),
            (b"a\xff\x01", Some(b"a\xff\x02")),
            (b"\xff\xff", None),
        ];
        for (prefix, expected) in cases {
            assert_eq!(prefix_end(prefix).as_deref(), *expected, "{prefix:?}");
        }
    }

    #[test]
    fn nothing_lies_between_a_key_and_what_is_after_it() {
        assert_eq!(after(b""), b"\0");
        assert_eq!(after(b"ab"), b"ab\0");
    }
}

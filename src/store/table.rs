//! The named tables.

use std::fmt;

/// A named table of a store: bytes to bytes, keys in byte order.
///
/// Names are written to disk, codes give the order; neither is ever given to another table. 1, 9 and 14 are such codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Table {
    /// Accepted records.
    Records = 2,
    /// Raw rows as they came.
    Rows = 3,
    /// Batches that agencies pushed.
    Batches = 4,
    /// What was answered for each batch, row by row.
    Receipts = 5,
    /// Idempotency keys and the answers given for them.
    Idempotency = 6,
    /// Decisions of stewards.
    Decisions = 7,
    /// Which feed is closed for which region and period.
    Completeness = 8,
    /// Which record belongs to which person.
    Members = 10,
    /// Persons with their golden records.
    Persons = 11,
    /// Families.
    Families = 12,
    /// Review cases.
    Cases = 13,
    /// What each commit brought in, under its position: the matcher's queue and the thread of every backup. Only
    /// [`WriteBatch::note`](super::WriteBatch::note) writes here. Entries may be deleted from its front, never the last
    /// one: the next position follows from it.
    Journal = 15,
    /// How far something has come: what is derived, which numbers are given out.
    Marks = 16,
    /// What is found by something else than its own number: records by identifier, cases by record and in their order.
    Lookups = 17,
    /// What the complementarity rules say of persons, families and accounts, and how often.
    Outcomes = 18,
    /// The candidate index, where it rests in the store: keys of blocks, guards and contents to records.
    Postings = 19,
    /// How agencies' lists become rows of their feeds: which column is which field.
    Mappings = 20,
    /// Who saw or did what, under its position. Only [`WriteBatch::audit`](super::WriteBatch::audit) writes here, and
    /// nothing is ever taken away.
    Audit = 21,
    /// Hashes over the entries of [`Table::Audit`], from which a proof or an export is made.
    AuditNodes = 22,
}

impl Table {
    /// How many tables there are.
    pub const COUNT: usize = 19;

    /// All tables, in the order of their codes.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Records,
        Self::Rows,
        Self::Batches,
        Self::Receipts,
        Self::Idempotency,
        Self::Decisions,
        Self::Completeness,
        Self::Members,
        Self::Persons,
        Self::Families,
        Self::Cases,
        Self::Journal,
        Self::Marks,
        Self::Lookups,
        Self::Outcomes,
        Self::Postings,
        Self::Mappings,
        Self::Audit,
        Self::AuditNodes,
    ];

    /// The name used by adapters, logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Rows => "rows",
            Self::Batches => "batches",
            Self::Receipts => "receipts",
            Self::Idempotency => "idempotency",
            Self::Decisions => "decisions",
            Self::Completeness => "completeness",
            Self::Members => "members",
            Self::Persons => "persons",
            Self::Families => "families",
            Self::Cases => "cases",
            Self::Journal => "journal",
            Self::Marks => "marks",
            Self::Lookups => "lookups",
            Self::Outcomes => "outcomes",
            Self::Postings => "postings",
            Self::Mappings => "mappings",
            Self::Audit => "audit",
            Self::AuditNodes => "audit_nodes",
        }
    }

    /// The code, for bytes outside of a store.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The table with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.code() == code)
    }

    /// Position in `ALL`: the code without the gaps below it.
    pub(super) fn index(self) -> usize {
        match self as usize {
            code @ ..9 => code - 2,
            code @ ..14 => code - 3,
            code => code - 4,
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn positions_and_names_agree() {
        for (position, table) in Table::ALL.into_iter().enumerate() {
            assert_eq!(table.index(), position, "{table}");
            assert_eq!(Table::from_code(table.code()), Some(table));
        }
        assert!(Table::ALL.is_sorted(), "in the order of their codes");
        let names: BTreeSet<&str> = Table::ALL.into_iter().map(Table::name).collect();
        assert_eq!(names.len(), Table::COUNT);
    }
}

//! Lists and maps of numbers, packed: what is kept in memory of tens of millions of rows.

pub(crate) mod lists;
pub(crate) mod postings;

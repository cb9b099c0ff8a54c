//! How the nouns of `domain` rest in the store: encodings, keys, the journal, and reading in pages.

pub(super) mod codec;
pub(super) mod decisions;
pub(super) mod head;
pub(super) mod journal;
pub(super) mod lookups;
pub(super) mod names;
pub(super) mod postings;
pub(super) mod reading;

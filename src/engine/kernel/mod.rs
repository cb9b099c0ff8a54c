//! The hot loops of string comparison. Each is the same function as its twin in `strsim`, to the last bit.
//!
//! One text is prepared once and then compared with many: one by one, with a cut-off that ends the work early, or
//! sixteen at a time. ASCII text of at most 64 letters, which is nearly all there is, runs through bit-parallel or
//! fixed-size loops that do not allocate. Anything else goes to the twin. All measures are symmetric, so the caller
//! prepares whichever side stays the same.

mod damerau;
mod jaro;
mod levenshtein;
mod many;
mod osa;
mod prepared;
#[cfg(test)]
mod tests;

pub use self::prepared::Prepared;

/// Longest text, in bytes, that the fast loops take.
const WORD: usize = 64;

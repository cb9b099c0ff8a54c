//! From a table as an operator has it to rows of a feed.
//!
//! A [`Mapping`] says from which columns the fields of a feed are filled, and how; it is kept as a TOML or JSON text
//! (`docs/mapping.md`). [`guess()`] proposes one from headings and sample rows and says what a person must look at.
//! [`Mapping::compile`] fits a mapping to the headings of one table; the [`Mapper`] then makes of every row the JSON text
//! that an NDJSON body would hold, or says why it cannot. What a value *means* is no business of this module: the text it
//! makes goes through the same contract as every other row.

mod assign;
mod date;
mod error;
mod fold;
mod form;
mod guess;
mod kind;
mod mapper;
mod number;
mod place;
mod question;
mod sample;
mod trouble;
mod value;
mod words;

pub use assign::field_names;
pub use error::MappingError;
pub use fold::fold_heading;
pub use form::{DateOrder, IdSource, Mapping, MappingTextError, Part, PlaceSource, Source};
pub use guess::{Certainty, ColumnGuess, Draft, Problem, Sentence, Target, guess};
pub use mapper::{Mapper, Shown};
pub use question::{Choice, Question, QuestionKind, QuestionedValue};

#[cfg(test)]
mod tests;

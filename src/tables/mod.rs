//! Tables matched without a gateway: what `padan dedupe`, `train`, `blocking` and `explain` do.
//!
//! A table and a model in, clusters, scored pairs, surveys and explanations out. Reads no file: whoever calls has the
//! table and the text of the model.

pub mod alarms;
mod blocking;
mod dedupe;
mod explain;
mod unread;

pub use self::blocking::{NO_ENTITY, Surveyed};
pub use self::dedupe::{FilledTable, Matched, MatchedPair, TableError, TableModel, Tabular, UnreadableDay, day_of};
pub use self::explain::{ComparedFields, ExplainedRows};
pub use self::unread::Unread;

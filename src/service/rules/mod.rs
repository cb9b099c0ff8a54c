//! What evaluates the rules: who should receive a programme and does not, who receives one twice, what cannot be said yet.
//!
//! Each step of the matching leaves a list of the records whose surroundings it changed. When nothing waits to be matched,
//! `outcomes` evaluates these again, and writes what the rules say of each subject together with counts by place (`tally`)
//! and a mark of how far it has come. A `report` for that day reads counts, a list reads an index; a report for another day
//! is evaluated on demand, a portion at a time.

mod checking;
mod evaluating;
mod kept;
mod outcomes;
mod report;
mod tally;
mod write;

pub(super) use self::kept::{Touched, outcomes_mark};
pub(super) use self::outcomes::Rules;

//! The life of a case, as a state machine: what a case is now, what of that is new, and what a steward may do with it.
//!
//! The engine proposes questions, people decide them, senders withdraw rows and send them again. None of these sets a state.
//! The state follows from what is the case now ([`Facts`]), so that it does not depend on the order in which things came, and
//! a rebuild finds the same. Where the facts come from, and where a case is kept, is the business of whoever calls.
//!
//! A step of a workflow to come (to claim a case, to defer it, to hand it over, to ask a second person) is one more fact, one
//! more [`Step`], and one more state in [`crate::domain::case::CaseState`]; the compiler then names every place that has to
//! say what it means there.

mod state;
mod step;
#[cfg(test)]
mod tests;

pub use self::state::{Change, Facts, Settled, advance};
pub use self::step::{MOST_DECIDED, NotAllowed, Step, allows};

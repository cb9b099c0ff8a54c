//! Golden records: one best value per field, with its source and the rule that chose it (DOMAIN 3, survivorship).
//!
//! Who is one person is the engine's answer; here the records of one person only become one set of values. Every choice
//! is a function of the set of sources: their order never matters. The order of preference is data:
//! `config/survivorship.toml`.
//!
//! Families: see [`golden_families`] for what counts as one family, and why the rules of `complement` still look at the
//! senders' own memberships.

mod family;
mod join;
mod person;
mod survivorship;

pub use family::{Membership, golden_families};
pub use person::{Source, golden_person};
pub use survivorship::{Survivorship, SurvivorshipError};

//! Who is served by which programme: gaps, overlaps and data that stand in the way of a payment (DOMAIN 4).
//!
//! Rules are data (`config/rules/*.toml`): who is eligible, what proves the answer, which feed must be closed before a
//! missing row may be called a gap. Code is needed only for a new *kind* of condition: one variant of
//! `condition::Condition` and one arm in `evaluate/holds.rs`.
//!
//! How a rule is read. *Gap*: eligible and proven is `menerima`, eligible and not proven is `belum_menerima`. *Overlap*
//! and *quality*: eligible and proven is `tumpang_tindih`, anything else is no finding. PKH with Sembako, PBI and PIP in
//! one family is what the programmes intend; no rule calls it an overlap.
//!
//! A gap turns into `belum_dapat_dinilai` when a proving feed is not closed for the subject's region and period, or when
//! the subject stands in an open case whose answer could bring the missing row. A finding never stops a payment: it is a
//! question to the field.
//!
//! Three subjects: persons, families ([`crate::golden::golden_families`]) and accounts (bank and number, named by their
//! oldest record). Programmes are carried by memberships: the rows of one `id_keluarga` of one agency (KPM). A person is
//! in a programme when a membership with a row of theirs is; a family when one of its memberships is.

mod condition;
mod evaluate;
mod field;
mod load;
mod rule;
mod world;

pub use evaluate::{evaluate, evaluate_subjects};
pub use load::RuleError;
pub use rule::{Absence, ClosedFeed, Parameter, PeriodKind, Rule, RuleSet, RuleStatus};
pub use world::{Index, NameMatch, World};

#[cfg(test)]
mod tests;

//! Counts of a case: which are facts, which must be zero, which must not.

use std::fmt;

use crate::adapters::Known;

/// What a count has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Anything: it says how much was examined or how it went.
    Fact,
    /// Zero, or a known limit of the adapter.
    Zero,
    /// At least one: without it the case examined nothing.
    Some,
}

/// Counts in the order in which they were first named.
#[derive(Debug)]
pub(crate) struct Tally {
    case: &'static str,
    title: String,
    counts: Vec<(&'static str, Rule, u64)>,
    notes: Vec<String>,
}

impl Tally {
    /// Counts of `case`; `title` says which part of it.
    pub(crate) fn new(case: &'static str, title: impl Into<String>, names: &[(&'static str, Rule)]) -> Self {
        let counts = names.iter().map(|&(name, rule)| (name, rule, 0)).collect();
        Self { case, title: title.into(), counts, notes: Vec::new() }
    }

    /// Adds to a count named at the start.
    pub(crate) fn add(&mut self, name: &str, by: u64) {
        self.counts.iter_mut().find(|(known, ..)| *known == name).expect("a count of this tally").2 += by;
    }

    /// Something worth a line below the counts. The first few are kept.
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        if self.notes.len() < 12 {
            self.notes.push(text.into());
        }
    }

    /// Something worth a line no matter how many there are.
    pub(crate) fn note_first(&mut self, text: impl Into<String>) {
        self.notes.insert(0, text.into());
    }

    /// Sum of all counts that must be zero.
    pub(crate) fn wrong(&self) -> u64 {
        self.counts.iter().filter(|(_, rule, _)| *rule == Rule::Zero).map(|(.., count)| count).sum()
    }

    /// What is wrong, and what is wrong but known.
    pub(crate) fn judge(&self, known: &[Known]) -> (Vec<String>, Vec<String>) {
        let (mut wrong, mut limits) = (Vec::new(), Vec::new());
        for &(name, rule, count) in &self.counts {
            let limit = known.iter().find(|known| known.case == self.case && known.count == name);
            match (rule, limit) {
                (Rule::Some, _) if count == 0 => wrong.push(format!("{name} is 0")),
                (Rule::Zero, Some(limit)) if count > 0 => {
                    limits.push(format!("known limit: {name} {count}, because {}", limit.reason));
                }
                (Rule::Zero, _) if count > 0 => wrong.push(format!("{name} is {count}")),
                _ => {}
            }
        }
        (wrong, limits)
    }

    /// The lines below the counts.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.title)?;
        for (position, (name, _, count)) in self.counts.iter().enumerate() {
            write!(f, "{} {name} {count}", if position == 0 { ":" } else { "," })?;
        }
        Ok(())
    }
}

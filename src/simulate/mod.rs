//! Synthetic feeds with their truth: families as they are, and rows as agencies write them (DOMAIN 1.2, 2, 4, 7).
//!
//! For training, measuring and demonstrations. Not a model of real people: no name list, rate or code comes from a
//! person. The module does no I/O: rows go to a [`Sink`] of the caller, families leave memory eight at a time, and the
//! only state that grows is the windows in which rows are shuffled (4,096 rows a feed) and a table of counts.
//! The same world and tables give the same bytes on every machine; any neighbourhood can be made alone.

mod context;
mod damage;
mod dates;
mod dice;
mod family;
mod feeds;
mod line;
mod manifest;
mod names;
mod neighbourhood;
mod numbers;
mod person;
mod rules;
mod settle;
mod tables;
mod truth;
mod window;
mod world;

#[cfg(test)]
mod tests;

pub use manifest::Manifest;
pub use names::NamePools;
pub use rules::RULES;
pub use tables::Tables;
pub use truth::{ClosedFeed, Expected, FindingRow, PersonRow, TruthRow};
pub use world::{MAX_PERSONS, Profile, Rates, UnknownProfile, World, WorldError};

use crate::domain::feed::Feed;
use context::Context;
use neighbourhood::Neighbourhood;
use window::Window;

/// The caller could not take what was made.
#[derive(Debug, thiserror::Error)]
#[error("the simulated world could not be handed over")]
pub struct SinkError {
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl SinkError {
    /// Wraps what went wrong at the caller.
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { source: source.into() }
    }
}

/// Why a world was not finished.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// It cannot be made.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The caller stopped.
    #[error(transparent)]
    Sink(#[from] SinkError),
}

/// Where a world goes. Rows come shuffled within a window; truth comes in the order of the families.
pub trait Sink {
    /// One row: a JSON object without a line end.
    fn row(&mut self, feed: Feed, line: &str) -> Result<(), SinkError>;
    /// Whom a row is about. Payments have no line here.
    fn truth(&mut self, truth: &TruthRow) -> Result<(), SinkError>;
    /// A true person.
    fn person(&mut self, person: &PersonRow) -> Result<(), SinkError>;
    /// What a report must say.
    fn finding(&mut self, finding: &FindingRow) -> Result<(), SinkError>;
    /// A feed that is closed for a district and period.
    fn completeness(&mut self, closed: &ClosedFeed) -> Result<(), SinkError>;
}

/// Makes a world. Time grows with the number of persons, memory does not.
pub fn simulate(world: &World, tables: &Tables, sink: &mut impl Sink) -> Result<Manifest, SimulateError> {
    let context = Context::new(world, tables)?;
    let mut manifest = Manifest::new(&context);
    let mut windows = Feed::ALL.map(|feed| Window::new(feed, world.seed));
    let mut number = 0;
    while manifest.persons < world.persons {
        let mut hood = Neighbourhood::new(&context, number);
        number += 1;
        let rows = feeds::write(&context, &mut hood);
        let findings = rules::judge(&context, &hood, &rows);
        manifest.add(&hood, &rows, &findings);
        tell_truth(&hood, &rows, sink)?;
        for finding in &findings {
            sink.finding(finding)?;
        }
        for row in &rows {
            windows[row.feed.code() as usize - 1].put(line::write(row), sink)?;
        }
    }
    for window in windows {
        window.close(sink)?;
    }
    declare_completeness(&context, sink)?;
    Ok(manifest)
}

fn tell_truth(hood: &Neighbourhood, rows: &[feeds::Row], sink: &mut impl Sink) -> Result<(), SinkError> {
    for person in truth::persons(hood) {
        sink.person(&person)?;
    }
    for row in rows {
        let family = &hood.families[row.family];
        let Some(member) = row.member else { continue };
        sink.truth(&TruthRow {
            feed: row.feed,
            id_sumber: row.id_sumber.clone(),
            person_id: truth::person_id(family.members[member].number),
            family_id: truth::family_id(family.number),
        })?;
    }
    Ok(())
}

fn declare_completeness(context: &Context, sink: &mut impl Sink) -> Result<(), SinkError> {
    for feed in Feed::ALL {
        for (at, district) in context.region.districts.iter().enumerate() {
            if !rules::closed(context, at, feed) {
                continue;
            }
            for periode in [context.periods.quarters[0], context.periods.months[0]] {
                sink.completeness(&ClosedFeed { feed, kode_wilayah: district.code.clone(), periode, lengkap: true })?;
            }
        }
    }
    Ok(())
}

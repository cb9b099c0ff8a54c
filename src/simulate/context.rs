//! Everything that is fixed for one world, passed by reference to all who write.

use super::names::NamePools;
use super::numbers::Numbers;
use super::tables::{Region, Tables};
use super::world::{MAX_PERSONS, Periods, Rates, World, WorldError};

/// What is fixed for one world.
pub(crate) struct Context<'a> {
    pub(crate) world: &'a World,
    pub(crate) rates: Rates,
    pub(crate) region: Region,
    pub(crate) numbers: Numbers,
    pub(crate) names: &'a NamePools,
    pub(crate) periods: Periods,
}

impl<'a> Context<'a> {
    /// Checks the world against the tables.
    pub(crate) fn new(world: &'a World, tables: &'a Tables) -> Result<Self, WorldError> {
        if !(1..=MAX_PERSONS).contains(&world.persons) {
            return Err(WorldError::Persons { persons: world.persons });
        }
        let region = tables.region(world)?;
        let numbers = Numbers::new(world, &region)?;
        let periods = world.periods();
        Ok(Self { world, rates: world.profile.rates(), region, numbers, names: &tables.names, periods })
    }

    /// The province of the world.
    pub(crate) fn province(&self) -> &str {
        &self.region.districts[0].code[..2]
    }
}

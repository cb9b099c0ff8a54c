//! Random worlds, and how they are gone through.

use std::sync::OnceLock;

use padan::domain::feed::Feed;
use padan::domain::region::Regions;
use padan::simulate::{ClosedFeed, FindingRow, PersonRow, Profile, Sink, SinkError, Tables, TruthRow, World, simulate};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::rows::Row;

/// Persons of a world: some 330 to 500 rows.
const PERSONS: u64 = 200;
/// With fewer rows it would be no world, and more persons are asked for.
const LEAST_ROWS: usize = 300;
/// Districts of one world. Few, so that namesakes meet in one block.
const DISTRICTS: usize = 2;
/// Where worlds are: old and young regencies, on several islands.
const REGENCIES: [&str; 6] = ["3201", "1804", "3578", "5302", "7371", "9301"];
/// Failing seeds that are shown.
const SHOWN: usize = 3;

/// One world and its own chance.
pub(crate) struct Case {
    pub(crate) rows: Vec<Row>,
    pub(crate) random: ChaCha8Rng,
}

#[derive(Default)]
struct PersonRows(Vec<Row>);

impl Sink for PersonRows {
    fn row(&mut self, feed: Feed, line: &str) -> Result<(), SinkError> {
        if feed.describes_person() {
            self.0.push(Row::parse(feed, line));
        }
        Ok(())
    }

    fn truth(&mut self, _: &TruthRow) -> Result<(), SinkError> {
        Ok(())
    }

    fn person(&mut self, _: &PersonRow) -> Result<(), SinkError> {
        Ok(())
    }

    fn finding(&mut self, _: &FindingRow) -> Result<(), SinkError> {
        Ok(())
    }

    fn completeness(&mut self, _: &ClosedFeed) -> Result<(), SinkError> {
        Ok(())
    }
}

/// The villages of a few districts of a regency.
fn tables(regency: &str) -> Tables {
    let regions = Regions::embedded();
    let (mut villages, mut districts) = (Vec::new(), Vec::new());
    for district in regions.districts_of(regency).iter().take(DISTRICTS) {
        districts.push((district.code.to_owned(), district.name.to_owned()));
        let here = regions.villages_of(district.code).iter();
        villages.extend(here.map(|village| (village.code.to_owned(), village.name.to_owned())));
    }
    let elsewhere = regions.districts_of("3273").iter().map(|district| district.code.to_owned()).collect();
    Tables::new(villages, districts, elsewhere)
}

/// The world of a seed.
fn make(seed: u64) -> Case {
    static TABLES: OnceLock<Vec<Tables>> = OnceLock::new();
    let tables = TABLES.get_or_init(|| REGENCIES.map(tables).into());
    let place = seed as usize % REGENCIES.len();
    let profiles = [Profile::Y2020, Profile::Hard, Profile::Y2024, Profile::Hard, Profile::Clean];
    let mut world = World::new(seed, PERSONS, REGENCIES[place]);
    world.profile = profiles[seed as usize % profiles.len()];
    let mut rows = PersonRows::default();
    while rows.0.len() < LEAST_ROWS {
        rows.0.clear();
        simulate(&world, &tables[place], &mut rows).expect("a world");
        world.persons += PERSONS / 4;
    }
    Case { rows: rows.0, random: ChaCha8Rng::seed_from_u64(seed) }
}

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |text| text.parse().expect("a number"))
}

/// Holds a law in every world; what it answers with is why it does not hold.
pub(crate) fn in_every_world(law: impl Fn(Case) -> Result<(), String>) {
    let (first, worlds) = (number("SEED", 1), number("WORLDS", 100));
    let broken: Vec<String> = (first..first + worlds)
        .filter_map(|seed| law(make(seed)).err().map(|why| format!("SEED={seed}: {why}")))
        .collect();
    let shown = broken.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("\n");
    assert!(broken.is_empty(), "{} of {worlds} worlds\n{shown}", broken.len());
}

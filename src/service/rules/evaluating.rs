//! Evaluating a portion of whole components: all that the rules look at is read, and nothing else.

use std::sync::Arc;

use rayon::prelude::*;

use crate::complement::{World, evaluate};
use crate::domain::batch::Completeness;
use crate::domain::date::Date;
use crate::domain::finding::Finding;
use crate::domain::person::{FamilyId, GoldenFamily, GoldenPerson};
use crate::domain::record::Record;
use crate::engine::name::{NameScratch, PreparedName, compare_names};
use crate::normalise::parse_name;
use crate::service::error::ServiceError;
use crate::service::matching::components::Surroundings;
use crate::service::matching::load::record_of;
use crate::service::models::Models;
use crate::service::stored::codec::{decode, decode_row, id_key};
use crate::service::stored::reading::get_many;
use crate::store::{Read, Table};

/// Records of one portion: enough for all threads, little enough for memory.
pub(super) const PORTION: usize = 20_000;

/// A day, and what is closed as far as it matters on it.
#[derive(Clone)]
pub(super) struct Day {
    pub(super) as_of: Date,
    pub(super) completeness: Arc<Vec<Completeness>>,
}

/// Everything that the rules say of a portion.
pub(super) async fn findings_of(
    reader: &dyn Read,
    models: &Arc<Models>,
    day: &Day,
    portion: Surroundings,
) -> Result<Vec<Finding>, ServiceError> {
    let rows = get_many(reader, Table::Rows, portion.rows.clone()).await?;
    let keys = portion.persons.iter().map(|person| id_key(person.0)).collect();
    let persons = get_many(reader, Table::Persons, keys).await?;
    let persons: Vec<GoldenPerson> = off_thread(move || parsed(&persons, |bytes| decode(bytes, "person"))).await?;
    let mut families: Vec<FamilyId> = persons.iter().flat_map(|person| person.families.iter().copied()).collect();
    families.sort_unstable();
    families.dedup();
    let families = get_many(reader, Table::Families, families.iter().map(|id| id_key(id.0)).collect()).await?;
    let (models, day) = (Arc::clone(models), day.clone());
    off_thread(move || {
        let records: Vec<Record> = parsed(&rows, |bytes| record_of(&decode_row(bytes)?))?;
        let families: Vec<GoldenFamily> = parsed(&families, |bytes| decode(bytes, "family"))?;
        let match_names = |account: &str, person: &str| name_score(&models, account, person);
        let world = World {
            records: &records,
            persons: &persons,
            families: &families,
            completeness: &day.completeness,
            open_cases: &portion.open_cases,
            as_of: day.as_of,
            name_match: &match_names,
            shared_niks: Some(&portion.shared_niks),
        };
        Ok(evaluate(&models.rules, &world))
    })
    .await
}

fn parsed<T: Send>(
    stored: &[Option<Vec<u8>>],
    parse: impl Fn(&[u8]) -> Result<T, ServiceError> + Sync,
) -> Result<Vec<T>, ServiceError> {
    stored.par_iter().flatten().map(|bytes| parse(bytes)).collect()
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ServiceError> + Send + 'static,
) -> Result<T, ServiceError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| ServiceError::NotReady)?
}

fn name_score(models: &Models, account: &str, person: &str) -> f32 {
    let prepared = |raw: &str| PreparedName::new(&parse_name(raw, models.names), models.plan.names());
    let mut scratch = NameScratch::default();
    compare_names(&prepared(account), &prepared(person), models.plan.names(), &mut scratch).score
}

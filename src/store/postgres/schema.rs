//! The steps that lead to the present tables (`schemas/sql/README.md`), applied when a store is opened.

use tokio_postgres::types::Type;

use super::{
    connection::Connection,
    failure::{Answer, Failure},
    server::Server,
};
use crate::store::{Damage, StoreError};

/// The format of the bytes in the tables.
const FORMAT: u8 = 1;

/// The steps in their order; the number of a step is its place, counted from 1.
pub(super) const STEPS: &[&str] = &[
    include_str!("../../../schemas/sql/0001_tables.sql"),
    include_str!("../../../schemas/sql/0002_lookups.sql"),
    include_str!("../../../schemas/sql/0003_postings.sql"),
    include_str!("../../../schemas/sql/0004_mappings.sql"),
    include_str!("../../../schemas/sql/0005_audit.sql"),
];

const LOCK: &str = "SELECT pg_advisory_xact_lock($1)";
const FIND: &str = "SELECT \
    EXISTS (SELECT FROM pg_namespace WHERE nspname = $1), \
    EXISTS (SELECT FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)), \
    to_regclass(format('%I.padan_own', $1)) IS NOT NULL";
const OWN: &str = "SELECT \
    (SELECT value FROM padan_own WHERE name = 'format'), \
    (SELECT value FROM padan_own WHERE name = 'schema'), \
    (SELECT value FROM padan_own WHERE name = 'group')";
const STEPPED: &str = "UPDATE padan_own SET value = $1 WHERE name = 'schema'";

/// What is in the schema.
struct Found {
    schema: bool,
    relations: bool,
    own: bool,
}

/// Checks what is there and applies the steps that are missing: all or none, one gateway after the other.
pub(super) async fn prepare(server: &Server, connection: &Connection) -> Result<(), StoreError> {
    let doing = "opening the store";
    let failed = |failure: Failure| failure.into_error(doing);
    connection.execute("BEGIN").await.map_err(failed)?;
    let lock = server.lock_number("schema");
    connection.timely(connection.client().execute_typed(LOCK, &[(&lock, Type::INT8)])).await.map_err(failed)?;
    let found = look(server, connection).await.map_err(failed)?;
    let done = match (found.own, found.relations) {
        (true, _) => known_steps(connection).await?,
        (false, true) => return Err(StoreError::Corrupt { doing, finding: Damage::Foreign }),
        (false, false) => 0,
    };
    step(server, connection, &found, done).await.map_err(|failure| failure.into_error("preparing the tables"))
}

async fn look(server: &Server, connection: &Connection) -> Answer<Found> {
    let schema = server.schema();
    let row = connection.timely(connection.client().query_typed_one(FIND, &[(&schema, Type::TEXT)])).await?;
    Ok(Found { schema: row.try_get(0)?, relations: row.try_get(1)?, own: row.try_get(2)? })
}

/// How many steps were applied before.
async fn known_steps(connection: &Connection) -> Result<usize, StoreError> {
    let doing = "reading the store's format";
    let corrupt = |finding| StoreError::Corrupt { doing, finding };
    let row = connection.timely(connection.client().query_typed_one(OWN, &[])).await.map_err(|failure| {
        // Without these columns it is somebody else's table.
        let foreign = failure.said().is_some_and(|said| said.code().code().starts_with("42"));
        if foreign { corrupt(Damage::Foreign) } else { failure.into_error(doing) }
    })?;
    let value = |place: usize| row.try_get::<_, Option<i64>>(place).ok().flatten().ok_or(corrupt(Damage::Value));
    let (format, schema) = (value(0)?, value(1)?);
    value(2)?;
    let too_new = |found: i64, known: u8| StoreError::Format { found: found.try_into().unwrap_or(u8::MAX), known };
    if format != i64::from(FORMAT) {
        return Err(too_new(format, FORMAT));
    }
    match usize::try_from(schema) {
        Ok(done) if done <= STEPS.len() => Ok(done),
        Ok(_) => Err(too_new(schema, STEPS.len() as u8)),
        Err(_) => Err(corrupt(Damage::Value)),
    }
}

async fn step(server: &Server, connection: &Connection, found: &Found, done: usize) -> Answer<()> {
    if !found.schema {
        // The name is made of a-z, 0-9 and _ (`address.rs`).
        connection.execute(&format!("CREATE SCHEMA {}", server.schema())).await?;
    }
    for step in &STEPS[done..] {
        connection.execute(step).await?;
    }
    if done < STEPS.len() {
        let now = i64::from(STEPS.len() as u8);
        connection.timely(connection.client().execute_typed(STEPPED, &[(&now, Type::INT8)])).await?;
    }
    connection.execute("COMMIT").await
}

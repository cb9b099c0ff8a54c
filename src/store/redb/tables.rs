//! redb's tables: one for each of ours, and one for facts about the store itself.

use std::ops::Bound;

use redb::{Database, ReadOnlyTable, ReadableDatabase, ReadableTable, TableDefinition};

use crate::store::{Damage, Row, StoreError, Table, folder::complete, keys::Heads, seal};

/// The format of what this adapter writes.
const FORMAT: u8 = 1;
const FORMAT_KEY: &str = "format";
const GROUP_KEY: &str = "group";

/// Facts about the store: a name and a number.
const OWN: TableDefinition<'static, &'static str, u64> = TableDefinition::new("_own");

/// A table of one state.
type Opened = ReadOnlyTable<&'static [u8], &'static [u8]>;

type Bytes = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// One state of all tables.
pub(super) struct Tables(redb::ReadTransaction);

/// A table of ours in redb.
pub(super) fn of(table: Table) -> Bytes {
    TableDefinition::new(table.name())
}

impl Tables {
    /// The last durable state.
    pub(super) fn open(database: &impl ReadableDatabase) -> Result<Self, StoreError> {
        Ok(Self(database.begin_read().map_err(|error| failed("beginning to read", error))?))
    }

    /// The value of a key.
    pub(super) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(open) = self.table(table)? else { return Ok(None) };
        let found = open.get(key).map_err(|error| failed("reading a key", error))?;
        found.map(|stored| seal::open(table, key, stored.value())).transpose()
    }

    /// At most `limit` rows of a range that must not be inverted.
    pub(super) fn scan(
        &self,
        table: Table,
        from: &[u8],
        to: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let range = (Bound::Included(from), to.map_or(Bound::Unbounded, Bound::Excluded));
        let Some(open) = self.table(table)? else { return Ok(Vec::new()) };
        let rows = open.range::<&[u8]>(range).map_err(|error| failed("scanning a table", error))?;
        rows.take(limit)
            .map(|row| {
                let (key, stored) = row.map_err(|error| failed("scanning a table", error))?;
                let value = seal::open(table, key.value(), stored.value())?;
                Ok((key.value().to_vec(), value))
            })
            .collect()
    }

    /// The greatest key of a table.
    pub(super) fn last(&self, table: Table) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(open) = self.table(table)? else { return Ok(None) };
        let last = open.last().map_err(|error| failed("looking for the last key", error))?;
        last.map(|(key, stored)| {
            seal::open(table, key.value(), stored.value())?;
            Ok(key.value().to_vec())
        })
        .transpose()
    }

    /// The last positions that were given.
    pub(super) fn heads(&self) -> Result<Heads, StoreError> {
        Heads::of(|table| self.last(table))
    }

    /// A table; `None` in a store of an early program that had no such table and has not written to it since.
    fn table(&self, table: Table) -> Result<Option<Opened>, StoreError> {
        match self.0.open_table(of(table)) {
            Ok(open) => Ok(Some(open)),
            Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(failed("opening a table", error)),
        }
    }
}

/// Checks format and completeness; answers the number of the last group.
pub(super) fn check(tables: &Tables, acknowledged: Option<u64>) -> Result<u64, StoreError> {
    let corrupt = |finding| StoreError::Corrupt { doing: "opening the store", finding };
    let reading = &tables.0;
    let foreign = reading.list_tables().map_err(|error| failed("listing the tables", error))?.next().is_some();
    let (format, group) = match reading.open_table(OWN) {
        Ok(own) => {
            let value = |key| own.get(key).map(|found| found.map(|found| found.value()));
            let both = value(FORMAT_KEY).and_then(|format| Ok((format, value(GROUP_KEY)?)));
            both.map_err(|error| failed("reading the store's format", error))?
        }
        Err(redb::TableError::TableDoesNotExist(_)) if foreign => return Err(corrupt(Damage::Foreign)),
        Err(redb::TableError::TableDoesNotExist(_)) => return Err(corrupt(Damage::Empty)),
        Err(error) => return Err(failed("reading the store's format", error)),
    };
    match (format, group) {
        (Some(found), _) if found != u64::from(FORMAT) => {
            Err(StoreError::Format { found: found.try_into().unwrap_or(u8::MAX), known: FORMAT })
        }
        (Some(_), Some(group)) => complete(acknowledged, group),
        _ => Err(corrupt(Damage::Value)),
    }
}

/// Notes, in the transaction that writes a group, that it was the one with this number.
pub(super) fn note_group(writing: &redb::WriteTransaction, group: u64) -> Result<(), StoreError> {
    let mut own = writing.open_table(OWN).map_err(|error| failed("opening a table", error))?;
    own.insert(GROUP_KEY, group).map_err(|error| failed("writing a group", error))?;
    Ok(())
}

/// Gives a new database its format and its tables.
pub(super) fn create(database: &Database) -> Result<(), StoreError> {
    let doing = "creating the store";
    let writing = database.begin_write().map_err(|error| failed(doing, error))?;
    for table in Table::ALL {
        writing.open_table(of(table)).map_err(|error| failed(doing, error))?;
    }
    {
        let mut own = writing.open_table(OWN).map_err(|error| failed(doing, error))?;
        own.insert(FORMAT_KEY, u64::from(FORMAT)).map_err(|error| failed(doing, error))?;
        own.insert(GROUP_KEY, 0).map_err(|error| failed(doing, error))?;
    }
    writing.commit().map_err(|error| failed(doing, error))
}

/// redb's error as ours. Its texts may quote keys, so none is passed on.
pub(super) fn failed(doing: &'static str, error: impl Into<redb::Error>) -> StoreError {
    let error = error.into();
    if let redb::Error::Io(error) = error {
        StoreError::io(doing, error)
    } else if matches!(error, redb::Error::DatabaseAlreadyOpen) {
        StoreError::Locked
    } else if matches!(error, redb::Error::PreviousIo) {
        StoreError::Poisoned { after: "an earlier failure of the disk" }
    } else {
        StoreError::Corrupt { doing, finding: Damage::Engine }
    }
}

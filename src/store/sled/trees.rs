//! sled's trees: one for each table, one for pieces of long values, one for facts about the store itself.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::{Duration, Instant},
};

use sled::{
    IVec, Transactional, Tree,
    transaction::{ConflictableTransactionError, ConflictableTransactionResult, TransactionError, TransactionalTree},
};

use super::value::{self, Envelope, PIECE_BYTES, Stored, piece_key};
use crate::store::{
    Config, Damage, Row, StoreError, Table,
    folder::{Folder, LOCK_LOOK, complete},
    keys::Heads,
    staged::Staged,
};

/// The format of what this adapter writes.
const FORMAT: u8 = 1;
const FORMAT_KEY: &[u8] = b"format";
const GROUP_KEY: &[u8] = b"group";

/// Positions in `Trees::all` behind the tables.
const PIECES: usize = Table::COUNT;
const OWN: usize = Table::COUNT + 1;

/// All trees of a store.
#[derive(Clone)]
pub(super) struct Trees {
    database: sled::Db,
    all: Vec<Tree>,
}

/// One change, ready for sled.
struct Change<'a> {
    tree: usize,
    key: IVec,
    stored: Option<IVec>,
    pieces: Option<(Envelope, &'a [u8])>,
}

impl Trees {
    /// Opens the database in `folder`, checks what it holds against the mark, and returns the number of the last group.
    ///
    /// sled asserts what it reads; on a damaged file that is a panic, which must not take the program down.
    pub(super) fn open(folder: &Folder, config: &Config) -> Result<(Self, u64), StoreError> {
        let opened = catch_unwind(AssertUnwindSafe(|| Self::try_open(folder, config)));
        opened.unwrap_or(Err(StoreError::Corrupt { doing: "opening the database", finding: Damage::Panic }))
    }

    fn try_open(folder: &Folder, config: &Config) -> Result<(Self, u64), StoreError> {
        drop_unfinished_snapshots(folder).map_err(|error| StoreError::io("looking for unfinished snapshots", error))?;
        let database = open_database(folder, config)?;
        let names = Table::ALL.into_iter().map(Table::name).chain(["_pieces", "_own"]);
        let all = names.map(|name| database.open_tree(name)).collect::<Result<_, _>>();
        let trees = Self { database, all: all.map_err(|error| failed("opening a table", error))? };
        let group = trees.check(folder.acknowledged()?)?;
        Ok((trees, group))
    }

    /// The value of a key.
    pub(super) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let stored = self.all[table.index()].get(key).map_err(|error| failed("reading a key", error))?;
        stored.map(|stored| self.open_value(&stored)).transpose()
    }

    /// At most `limit` rows of a range that must not be inverted.
    pub(super) fn scan(
        &self,
        table: Table,
        range: impl std::ops::RangeBounds<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let rows = self.all[table.index()].range(range).take(limit);
        rows.map(|row| {
            let (key, stored) = row.map_err(|error| failed("scanning a table", error))?;
            Ok((key.to_vec(), self.open_value(&stored)?))
        })
        .collect()
    }

    /// The greatest key of a table.
    pub(super) fn last(&self, table: Table) -> Result<Option<Vec<u8>>, StoreError> {
        let last = self.all[table.index()].last().map_err(|error| failed("looking for the last key", error))?;
        Ok(last.map(|(key, _)| key.to_vec()))
    }

    /// The last positions that were given.
    pub(super) fn heads(&self) -> Result<Heads, StoreError> {
        Heads::of(|table| self.last(table))
    }

    /// The number for the next value in pieces.
    pub(super) fn next_number(&self) -> Result<u64, StoreError> {
        let last = self.all[PIECES].last().map_err(|error| failed("looking for the last piece", error))?;
        last.map_or(Ok(0), |(key, _)| Ok(value::number_of(&key)? + 1))
    }

    /// Applies what is staged as group `group`, in one transaction over all trees. Not durable yet.
    pub(super) fn apply(&self, staged: &Staged, group: u64, next_number: &mut u64) -> Result<(), StoreError> {
        let mut changes = Vec::new();
        for (table, of_table) in staged.changes() {
            let tree = table.index();
            changes.extend(of_table.iter().map(|(key, value)| Change::new(tree, key, value.as_deref(), next_number)));
        }
        let applied = self.all.as_slice().transaction(|trees: &Vec<TransactionalTree>| {
            for change in &changes {
                change.apply(trees)?;
            }
            trees[OWN].insert(GROUP_KEY, &group.to_be_bytes())?;
            Ok(())
        });
        applied.map_err(|error| match error {
            TransactionError::Abort(error) => error,
            TransactionError::Storage(error) => failed("applying a group", error),
        })
    }

    /// Hands all that was applied to the operating system.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        self.database.flush().map(|_| ()).map_err(|error| failed("writing a group", error))
    }

    /// Whether the engine still works. It may also fail in the background or, when a page is due for splitting, in a
    /// read; from then on it refuses to write.
    pub(super) fn works(&self) -> bool {
        self.database.context.global_error().is_ok()
    }

    /// How many pieces are kept.
    #[cfg(test)]
    pub(super) fn pieces_kept(&self) -> usize {
        self.all[PIECES].len()
    }

    /// Checks format and completeness; a new store gets its format. Returns the number of the last group.
    fn check(&self, acknowledged: Option<u64>) -> Result<u64, StoreError> {
        let corrupt = |finding| StoreError::Corrupt { doing: "opening the store", finding };
        let own = |key: &[u8]| self.all[OWN].get(key).map_err(|error| failed("reading the store's format", error));
        let Some(format) = own(FORMAT_KEY)? else {
            if acknowledged.is_some() {
                return Err(corrupt(Damage::Empty));
            }
            return if self.holds_nothing() { self.create() } else { Err(corrupt(Damage::Foreign)) };
        };
        match format.as_ref() {
            [FORMAT] => {}
            [found, ..] => return Err(StoreError::Format { found: *found, known: FORMAT }),
            [] => return Err(corrupt(Damage::Value)),
        }
        let group = own(GROUP_KEY)?.and_then(|bytes| value::read_u64(&bytes, 0)).ok_or(corrupt(Damage::Value))?;
        complete(acknowledged, group)
    }

    fn holds_nothing(&self) -> bool {
        let mut trees = self.database.tree_names().into_iter().map(|name| self.database.open_tree(name));
        trees.all(|tree| tree.is_ok_and(|tree| tree.is_empty()))
    }

    fn create(&self) -> Result<u64, StoreError> {
        let written = self.all[OWN].transaction(|own| {
            own.insert(FORMAT_KEY, &[FORMAT])?;
            own.insert(GROUP_KEY, &0_u64.to_be_bytes())?;
            Ok::<(), ConflictableTransactionError<()>>(())
        });
        match written {
            Ok(()) | Err(TransactionError::Abort(())) => self.flush().map(|()| 0),
            Err(TransactionError::Storage(error)) => Err(failed("creating the store", error)),
        }
    }

    fn open_value(&self, stored: &[u8]) -> Result<Vec<u8>, StoreError> {
        match value::decode(stored)? {
            Stored::InPlace(value) => Ok(value.to_vec()),
            Stored::InPieces(envelope) => envelope.open(|index| {
                let piece = self.all[PIECES].get(piece_key(envelope.number, index));
                piece.map_err(|error| failed("reading a piece of a value", error))
            }),
        }
    }
}

impl<'a> Change<'a> {
    fn new(tree: usize, key: &[u8], value: Option<&'a [u8]>, next_number: &mut u64) -> Self {
        let key = IVec::from(key);
        let Some(value) = value else { return Self { tree, key, stored: None, pieces: None } };
        let (stored, envelope) = value::encode(value, next_number);
        Self { tree, key, stored: Some(stored), pieces: envelope.map(|envelope| (envelope, value)) }
    }

    fn apply(&self, trees: &[TransactionalTree]) -> ConflictableTransactionResult<(), StoreError> {
        let old = match &self.stored {
            Some(stored) => trees[self.tree].insert(&self.key, stored)?,
            None => trees[self.tree].remove(&self.key)?,
        };
        if let Some(old) = old
            && let Stored::InPieces(old) = value::decode(&old).map_err(ConflictableTransactionError::Abort)?
        {
            for index in 0..old.pieces() {
                trees[PIECES].remove(&piece_key(old.number, index)[..])?;
            }
        }
        if let Some((envelope, value)) = self.pieces {
            for (index, piece) in (0..).zip(value.chunks(PIECE_BYTES)) {
                trees[PIECES].insert(&piece_key(envelope.number, index)[..], piece)?;
            }
        }
        Ok(())
    }
}

/// sled takes a snapshot of its index that it did not finish for its newest one, and does not open with it. The log is
/// whole, so it goes.
fn drop_unfinished_snapshots(folder: &Folder) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder.path())? {
        let name = entry?.file_name();
        let text = name.to_string_lossy();
        if text.starts_with("snap.") && text.ends_with(".generating") {
            std::fs::remove_file(folder.path().join(&name))?;
        }
    }
    Ok(())
}

/// Opens sled in `folder`. A predecessor in this process may still be letting go of its lock, so that is waited for.
pub(super) fn open_database(folder: &Folder, config: &Config) -> Result<sled::Db, StoreError> {
    let settings = sled::Config::new()
        .path(folder.path())
        .cache_capacity(config.cache_bytes)
        // The writer flushes and syncs each group itself.
        .flush_every_ms(None);
    let deadline = Instant::now() + Duration::from_millis(config.lock_wait_ms);
    loop {
        match settings.open() {
            Ok(database) => return Ok(database),
            Err(error) if !is_lock(&error) => return Err(failed("opening the database", error)),
            Err(_) if Instant::now() >= deadline => return Err(StoreError::Locked),
            Err(_) => thread::sleep(LOCK_LOOK),
        }
    }
}

/// sled 0.34.7 reports a held lock only by its words.
fn is_lock(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(error) if error.to_string().starts_with("could not acquire lock"))
}

fn failed(doing: &'static str, error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(error) => StoreError::io(doing, error),
        sled::Error::Corruption { .. }
        | sled::Error::CollectionNotFound(_)
        | sled::Error::Unsupported(_)
        | sled::Error::ReportableBug(_) => StoreError::Corrupt { doing, finding: Damage::Engine },
    }
}

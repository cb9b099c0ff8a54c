//! Making a part from a snapshot, while the gateway goes on.

use std::io;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};

use super::BackupError;
use super::chain::{Chain, Content, Description, Kind};
use super::part::{PartWriter, Recipients, Written};
use crate::domain::date::Timestamp;
use crate::service::codec::{decode, decode_row, natural_key_of};
use crate::service::digest::{INPUTS, StateHash};
use crate::service::error::ServiceError;
use crate::service::gateway::store_error;
use crate::service::journal::{self, entries_behind};
use crate::service::load::record_of;
use crate::service::reading::{Pages, get_many};
use crate::store::{Position, Read, Row, Table, prefix_end};

/// Pages that wait to be compressed and encrypted.
const PAGES_AHEAD: usize = 4;

/// Which kind of part is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// An increment where the folder holds a chain, else a full part.
    Whatever,
    /// A full part: the beginning of a new chain.
    Full,
}

/// What a backup led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The new part; `None` when nothing had come since the last one.
    pub part: Option<Description>,
    /// Parts of the chain now.
    pub parts: usize,
    /// The position up to which the chain reaches.
    pub reaches: u64,
}

/// Adds a part to the chain in `folder`: one state of the store, however long it takes.
pub async fn backup(
    snapshot: &dyn Read,
    folder: &Path,
    recipients: &Recipients,
    wanted: Wanted,
    at: Timestamp,
) -> Result<Made, BackupError> {
    let mut chain = Chain::open(folder)?;
    let head = snapshot.head().await.map_err(store_error)?;
    let from = chain.reaches().filter(|_| wanted == Wanted::Whatever);
    let part = match from {
        Some(from) if from == head.0 => None,
        Some(from) if from > head.0 => return Err(BackupError::OtherStore { path: folder.to_owned() }),
        Some(from) => Some(increment(snapshot, &mut chain, recipients, from, head, at).await?),
        None => Some(full(snapshot, &mut chain, recipients, head, at).await?),
    };
    Ok(Made { part, parts: chain.parts().len(), reaches: head.0 })
}

async fn full(
    snapshot: &dyn Read,
    chain: &mut Chain,
    recipients: &Recipients,
    head: Position,
    at: Timestamp,
) -> Result<Description, BackupError> {
    let sink = Sink::open(chain, recipients)?;
    let mut inputs = StateHash::default();
    // In the order of the tables' codes, which is the order of the digest.
    for table in Table::ALL {
        let mut pages = Pages::of(snapshot, table);
        while let Some(page) = pages.next().await? {
            if INPUTS.contains(&table) {
                for (key, value) in &page {
                    inputs.add(table, key, value)?;
                }
            }
            if !sink.send(table, page).await {
                break;
            }
        }
    }
    let written = sink.finish(chain).await?;
    let content = Content { kind: Kind::Full, from: 0, to: head.0, inputs: Some(inputs.finish()), at };
    chain.add(&written, content)
}

async fn increment(
    snapshot: &dyn Read,
    chain: &mut Chain,
    recipients: &Recipients,
    from: u64,
    head: Position,
    at: Timestamp,
) -> Result<Description, BackupError> {
    let sink = Sink::open(chain, recipients)?;
    let mut pages = entries_behind(snapshot, Position(from));
    while let Some(page) = pages.next().await? {
        for (_, bytes) in &page {
            let entry: journal::Entry = decode(bytes, "journal")?;
            for (table, rows) in named_by(snapshot, &entry).await? {
                sink.send(table, rows).await;
            }
        }
        // Behind what it names: who finds an entry finds the rest.
        sink.send(Table::Journal, page).await;
    }
    let written = sink.finish(chain).await?;
    chain.add(&written, Content { kind: Kind::Increment, from, to: head.0, inputs: None, at })
}

/// Everything that an entry of the journal brought in, as it is in the snapshot.
async fn named_by(snapshot: &dyn Read, entry: &journal::Entry) -> Result<Vec<(Table, Vec<Row>)>, ServiceError> {
    let mut found = Vec::new();
    let once = match entry {
        journal::Entry::Rows { batch, once, rows } => {
            let keys = rows.iter().map(|(record, row)| crate::service::codec::row_key(*record, *row)).collect();
            let rows = present(snapshot, Table::Rows, keys).await?;
            let mut heads = Vec::with_capacity(rows.len());
            for (_, bytes) in &rows {
                let record = record_of(&decode_row(bytes)?)?;
                heads.push(natural_key_of(&record.key.agency, record.key.feed, &record.key.id_sumber));
            }
            heads.sort_unstable();
            heads.dedup();
            found.push((Table::Records, present(snapshot, Table::Records, heads).await?));
            found.push((Table::Rows, rows));
            found.push((Table::Batches, present(snapshot, Table::Batches, vec![batch.as_bytes().to_vec()]).await?));
            let (from, to) = (batch.as_bytes().to_vec(), prefix_end(batch.as_bytes()));
            let mut receipts = Pages::between(snapshot, Table::Receipts, from, to);
            while let Some(page) = receipts.next().await? {
                found.push((Table::Receipts, page));
            }
            once
        }
        journal::Entry::Decisions { once, decisions } => {
            let key = |(a, b, nth): &(_, _, u64)| crate::service::cases::decision_key(*a, *b, *nth as usize);
            let keys = decisions.iter().map(key).collect();
            found.push((Table::Decisions, present(snapshot, Table::Decisions, keys).await?));
            once
        }
        journal::Entry::Declarations { once, names } => {
            let keys = names.iter().map(|name| name.as_bytes().to_vec()).collect();
            found.push((Table::Completeness, present(snapshot, Table::Completeness, keys).await?));
            once
        }
    };
    found.push((Table::Idempotency, present(snapshot, Table::Idempotency, vec![once.as_bytes().to_vec()]).await?));
    Ok(found)
}

/// The entries of these keys that are there.
async fn present(snapshot: &dyn Read, table: Table, keys: Vec<Vec<u8>>) -> Result<Vec<Row>, ServiceError> {
    let values = get_many(snapshot, table, keys.clone()).await?;
    Ok(keys.into_iter().zip(values).filter_map(|(key, value)| Some((key, value?))).collect())
}

/// Compresses and encrypts on a thread of its own while the next page is read.
struct Sink {
    pages: SyncSender<(Table, Vec<Row>)>,
    thread: tokio::task::JoinHandle<io::Result<Written>>,
}

impl Sink {
    fn open(chain: &Chain, recipients: &Recipients) -> Result<Self, BackupError> {
        let path = chain.next_file()?;
        let failed = |source| BackupError::File { path: path.clone(), source };
        let mut part = PartWriter::create(&path, recipients).map_err(failed)?;
        let (pages, waiting) = sync_channel::<(Table, Vec<Row>)>(PAGES_AHEAD);
        let thread = tokio::task::spawn_blocking(move || {
            for (table, page) in waiting {
                for (key, value) in page {
                    part.add(table, &key, &value)?;
                }
            }
            part.finish()
        });
        Ok(Self { pages, thread })
    }

    /// Hands a page over; `false` when the thread has ended with an error, which [`Sink::finish`] tells.
    async fn send(&self, table: Table, page: Vec<Row>) -> bool {
        let pages = self.pages.clone();
        tokio::task::spawn_blocking(move || pages.send((table, page)).is_ok()).await.unwrap_or(false)
    }

    async fn finish(self, chain: &Chain) -> Result<Written, BackupError> {
        drop(self.pages);
        let path = chain.next_file()?;
        let ended = self.thread.await.map_err(|_| ServiceError::NotReady)?;
        ended.map_err(|source| BackupError::File { path, source })
    }
}

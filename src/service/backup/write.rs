//! Making a part from a snapshot, while the gateway goes on.

use std::io;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};

use super::BackupError;
use super::chain::{Chain, Content, Description, Kind};
use super::part::{PartWriter, Recipients, Written};
use crate::domain::batch::Batch;
use crate::domain::date::Timestamp;
use crate::service::audit::last_entry;
use crate::service::digest::{INPUTS, StateHash};
use crate::service::error::ServiceError;
use crate::service::matching::load::record_of;
use crate::service::stored::codec::{decode, decode_row, natural_key_of, row_key};
use crate::service::stored::head::{RECEIPT_PAGE, receipt_key};
use crate::service::stored::journal::{self, COMPACTED_MARK, Removed, entries_behind};
use crate::service::stored::reading::{Pages, get_many};
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
    let head = snapshot.head().await?;
    let mut from = chain.reaches().filter(|_| wanted == Wanted::Whatever);
    if let Some(reached) = from.filter(|from| *from < head.0)
        && !follows(snapshot, Position(reached)).await?
    {
        // An increment would have a hole: what came first behind the chain is compacted.
        from = None;
    }
    let audit = last_entry(snapshot).await?;
    let seen = chain.parts().last().map_or(0, |part| part.audit);
    let part = match from {
        Some(from) if from == head.0 && seen == audit => None,
        Some(from) if from > head.0 || seen > audit => return Err(BackupError::OtherStore { path: folder.to_owned() }),
        Some(from) => Some(increment(snapshot, &mut chain, recipients, (from, head, seen, audit), at).await?),
        None => Some(full(snapshot, &mut chain, recipients, (head, audit), at).await?),
    };
    Ok(Made { part, parts: chain.parts().len(), reaches: head.0 })
}

/// Whether the journal still tells all that came behind a position.
async fn follows(snapshot: &dyn Read, position: Position) -> Result<bool, ServiceError> {
    let next = position.next().key();
    let first = snapshot.scan(Table::Journal, next.clone(), None, 1).await?;
    Ok(first.first().is_some_and(|(key, _)| *key == next))
}

async fn full(
    snapshot: &dyn Read,
    chain: &mut Chain,
    recipients: &Recipients,
    (head, audit): (Position, u64),
    at: Timestamp,
) -> Result<Description, BackupError> {
    let sink = Sink::open(chain, recipients)?;
    let mut inputs = StateHash::default();
    // In the order of the tables' codes, which is the order of the digest.
    // The candidate index is made anew wherever it is to rest in a store.
    for table in Table::ALL.into_iter().filter(|table| *table != Table::Postings) {
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
    let content = Content { kind: Kind::Full, from: 0, to: head.0, audit, inputs: Some(inputs.finish()), at };
    chain.add(&written, content)
}

async fn increment(
    snapshot: &dyn Read,
    chain: &mut Chain,
    recipients: &Recipients,
    (from, head, seen, audit): (u64, Position, u64, u64),
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
            if let journal::Entry::Compacted(removed) = &entry {
                for (table, keys) in gone(snapshot, removed).await? {
                    sink.send_gone(table, keys).await;
                }
            }
        }
        // Behind what it names: who finds an entry finds the rest.
        sink.send(Table::Journal, page).await;
    }
    // The hashes over the audit log follow from its entries.
    let mut entries = Pages::between(snapshot, Table::Audit, Position(seen + 1).key(), None);
    while let Some(page) = entries.next().await? {
        sink.send(Table::Audit, page).await;
    }
    let written = sink.finish(chain).await?;
    chain.add(&written, Content { kind: Kind::Increment, from, to: head.0, audit, inputs: None, at })
}

/// Everything that an entry of the journal brought in, as it is in the snapshot.
async fn named_by(snapshot: &dyn Read, entry: &journal::Entry) -> Result<Vec<(Table, Vec<Row>)>, ServiceError> {
    let mut found = Vec::new();
    let once = match entry {
        journal::Entry::Rows { batch, once, rows } => {
            let keys = rows.iter().map(|(record, row)| row_key(*record, *row)).collect();
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
            let key =
                |(a, b, nth): &(_, _, u64)| crate::service::stored::decisions::decision_key(*a, *b, *nth as usize);
            let keys = decisions.iter().map(key).collect();
            found.push((Table::Decisions, present(snapshot, Table::Decisions, keys).await?));
            once
        }
        journal::Entry::Declarations { once, names, .. } => {
            let keys = names.iter().map(|name| name.as_bytes().to_vec()).collect();
            found.push((Table::Completeness, present(snapshot, Table::Completeness, keys).await?));
            once
        }
        journal::Entry::Mapping { once, name, .. } => {
            found.push((Table::Mappings, present(snapshot, Table::Mappings, vec![name.as_bytes().to_vec()]).await?));
            once
        }
        journal::Entry::Compacted(removed) => {
            let batches = removed.batches.iter().map(|id| id.as_bytes().to_vec()).collect();
            found.push((Table::Batches, present(snapshot, Table::Batches, batches).await?));
            found.push((Table::Marks, present(snapshot, Table::Marks, vec![COMPACTED_MARK.to_vec()]).await?));
            return Ok(found);
        }
    };
    found.push((Table::Idempotency, present(snapshot, Table::Idempotency, vec![once.as_bytes().to_vec()]).await?));
    Ok(found)
}

/// What a compaction took and nobody has written again since.
async fn gone(snapshot: &dyn Read, removed: &Removed) -> Result<Vec<(Table, Vec<Vec<u8>>)>, ServiceError> {
    let batches: Vec<Vec<u8>> = removed.batches.iter().map(|id| id.as_bytes().to_vec()).collect();
    let mut receipts = Vec::new();
    for (_, bytes) in present(snapshot, Table::Batches, batches).await? {
        let batch: Batch = decode(&bytes, "batch")?;
        let pages = (batch.counts.baris as usize).div_ceil(RECEIPT_PAGE);
        receipts.extend((0..pages).map(|page| receipt_key(&batch.id, page)));
    }
    let journal = removed.journal.into_iter().flat_map(|(first, last)| first..=last);
    let named = [
        (Table::Rows, removed.rows.iter().map(|(record, row)| row_key(*record, *row)).collect::<Vec<_>>()),
        (Table::Receipts, receipts),
        (Table::Idempotency, removed.once.iter().map(|once| once.as_bytes().to_vec()).collect()),
        (Table::Journal, journal.map(|position| Position(position).key()).collect()),
    ];
    let mut gone = Vec::new();
    for (table, keys) in named {
        let values = get_many(snapshot, table, keys.clone()).await?;
        let absent = keys.into_iter().zip(values).filter(|(_, value)| value.is_none());
        gone.push((table, absent.map(|(key, _)| key).collect()));
    }
    Ok(gone)
}

/// The entries of these keys that are there.
async fn present(snapshot: &dyn Read, table: Table, keys: Vec<Vec<u8>>) -> Result<Vec<Row>, ServiceError> {
    let values = get_many(snapshot, table, keys.clone()).await?;
    Ok(keys.into_iter().zip(values).filter_map(|(key, value)| Some((key, value?))).collect())
}

/// What goes into a part.
enum Page {
    /// Entries of a table.
    There(Table, Vec<Row>),
    /// Keys that it had and has no more.
    Gone(Table, Vec<Vec<u8>>),
}

/// Compresses and encrypts on a thread of its own while the next page is read.
struct Sink {
    pages: SyncSender<Page>,
    thread: tokio::task::JoinHandle<io::Result<Written>>,
}

impl Sink {
    fn open(chain: &Chain, recipients: &Recipients) -> Result<Self, BackupError> {
        let path = chain.next_file()?;
        let failed = |source| BackupError::File { path: path.clone(), source };
        let mut part = PartWriter::create(&path, recipients).map_err(failed)?;
        let (pages, waiting) = sync_channel::<Page>(PAGES_AHEAD);
        let thread = tokio::task::spawn_blocking(move || {
            for page in waiting {
                match page {
                    Page::There(table, rows) => {
                        rows.iter().try_for_each(|(key, value)| part.add(table, key, value))?;
                    }
                    Page::Gone(table, keys) => keys.iter().try_for_each(|key| part.add_gone(table, key))?,
                }
            }
            part.finish()
        });
        Ok(Self { pages, thread })
    }

    /// Hands a page over; `false` when the thread has ended with an error, which [`Sink::finish`] tells.
    async fn send(&self, table: Table, page: Vec<Row>) -> bool {
        self.hand_over(Page::There(table, page)).await
    }

    /// The same for keys that are no longer there.
    async fn send_gone(&self, table: Table, keys: Vec<Vec<u8>>) -> bool {
        self.hand_over(Page::Gone(table, keys)).await
    }

    async fn hand_over(&self, page: Page) -> bool {
        let pages = self.pages.clone();
        tokio::task::spawn_blocking(move || pages.send(page).is_ok()).await.unwrap_or(false)
    }

    async fn finish(self, chain: &Chain) -> Result<Written, BackupError> {
        drop(self.pages);
        let path = chain.next_file()?;
        let ended = self.thread.await.map_err(|_| ServiceError::NotReady)?;
        ended.map_err(|source| BackupError::File { path, source })
    }
}

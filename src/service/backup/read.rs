//! The way back: a chain into an empty store, whatever adapter it is.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use tokio::task::JoinSet;

use super::BackupError;
use super::chain::{Chain, Description};
use super::part::{Entry, Identity, PartReader};
use crate::service::error::ServiceError;
use crate::service::stored::codec::encode;
use crate::service::stored::journal::{DERIVED_MARK, DerivedMark, RESTORED_MARK, RESTORING_MARK, derived_mark};
use crate::store::{Read, Store, StoreError, Table, WriteBatch};

/// Bytes of one commit.
const BATCH_BYTES: usize = 4 << 20;

/// Commits under way at a time: they share syncs.
const AT_ONCE: usize = 8;

/// What a restore brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Parts read.
    pub parts: usize,
    /// Entries written; one that several parts hold counts each time.
    pub entries: u64,
    /// The position of the journal up to which it reaches.
    pub reaches: u64,
    /// The digest of what was accepted and decided, where the last part tells it.
    pub inputs: Option<String>,
}

/// Brings the chain into `store`, which must be empty or hold an earlier try at the same chain. Until the end a mark
/// says that the store is not complete, and no gateway opens it.
pub async fn restore(
    chain: &Chain,
    identity: Identity,
    store: &Arc<dyn Store>,
    mut progress: impl FnMut(u64),
) -> Result<Restored, BackupError> {
    let Some(last) = chain.parts().last() else {
        return Err(BackupError::NoChain { path: chain.folder().to_owned() });
    };
    if restored_before(store, last).await? {
        // Broken off behind the last entry: what is left is matching.
        let inputs = last.inputs.clone();
        return Ok(Restored { parts: 0, entries: 0, reaches: last.to, inputs });
    }
    begin(store, chain).await?;
    let identity = Arc::new(identity);
    let mut entries = 0;
    for part in chain.parts() {
        chain.check_file(part)?;
        entries += read_part(part, chain.file_of(part), &identity, store, &mut progress, entries).await?;
    }
    let mut end = WriteBatch::new();
    end.delete(Table::Marks, RESTORING_MARK).put(Table::Marks, RESTORED_MARK, encode(&last.sha256));
    let (_, mark) = derived_mark(store.reader()).await?;
    if let Some(mark) = mark.filter(|mark| mark.index) {
        // No part holds the candidate index.
        end.put(Table::Marks, DERIVED_MARK, encode(&DerivedMark { index: false, ..mark }));
    }
    store.commit(end).await?;
    let inputs = last.inputs.clone();
    Ok(Restored { parts: chain.parts().len(), entries, reaches: last.to, inputs })
}

/// Whether all of the chain is in the store, and nothing else.
async fn restored_before(store: &Arc<dyn Store>, last: &Description) -> Result<bool, BackupError> {
    let known = store.get(Table::Marks, RESTORED_MARK.to_vec()).await?;
    let head = store.head().await?;
    Ok(head.0 == last.to && known == Some(encode(&last.sha256)))
}

/// Notes that this chain is being restored; refuses a store that holds something else.
async fn begin(store: &Arc<dyn Store>, chain: &Chain) -> Result<(), BackupError> {
    let id = encode(&chain.parts().first().map(|part| part.sha256.clone()));
    let known = store.get(Table::Marks, RESTORING_MARK.to_vec()).await?;
    if known.as_ref() == Some(&id) {
        return Ok(());
    }
    for table in Table::ALL {
        if !store.scan(table, Vec::new(), None, 1).await?.is_empty() {
            return Err(BackupError::NotEmpty);
        }
    }
    let mut write = WriteBatch::new();
    write.require_absent(Table::Marks, RESTORING_MARK).put(Table::Marks, RESTORING_MARK, id);
    store.commit(write).await?;
    Ok(())
}

async fn read_part(
    part: &Description,
    path: PathBuf,
    identity: &Arc<Identity>,
    store: &Arc<dyn Store>,
    progress: &mut impl FnMut(u64),
    before: u64,
) -> Result<u64, BackupError> {
    let (sender, batches) = sync_channel::<Vec<Entry>>(AT_ONCE);
    let (file, key) = (path.clone(), Arc::clone(identity));
    let reader = tokio::task::spawn_blocking(move || read_batches(&file, &key, |batch| sender.send(batch).is_ok()));
    let written = write_batches(batches, store, |done| progress(before + done)).await;
    // Whoever stopped reading early knows why; a writer that failed has dropped its end.
    let read = reader.await.map_err(|_| ServiceError::NotReady)?;
    let entries = written?;
    read?;
    if entries == part.entries {
        Ok(entries)
    } else {
        Err(BackupError::Damaged { path, problem: "its count is wrong" })
    }
}

/// Reads a part in batches; `take` says whether to go on.
fn read_batches(
    path: &std::path::Path,
    identity: &Identity,
    mut take: impl FnMut(Vec<Entry>) -> bool,
) -> Result<(), BackupError> {
    let mut part = PartReader::open(path, identity)?;
    let (mut batch, mut bytes) = (Vec::new(), 0);
    loop {
        let damaged = |_| BackupError::Damaged { path: path.to_owned(), problem: "it ends too early or was changed" };
        let Some(entry) = part.next().map_err(damaged)? else { break };
        bytes += entry.1.len() + entry.2.as_ref().map_or(0, Vec::len);
        batch.push(entry);
        if bytes >= BATCH_BYTES {
            bytes = 0;
            if !take(std::mem::take(&mut batch)) {
                return Ok(());
            }
        }
    }
    take(batch);
    Ok(())
}

async fn write_batches(
    batches: Receiver<Vec<Entry>>,
    store: &Arc<dyn Store>,
    mut progress: impl FnMut(u64),
) -> Result<u64, BackupError> {
    let batches = Arc::new(std::sync::Mutex::new(batches));
    let mut under_way: JoinSet<Result<u64, StoreError>> = JoinSet::new();
    let mut entries = 0;
    loop {
        let next = Arc::clone(&batches);
        let received = tokio::task::spawn_blocking(move || {
            next.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv().ok()
        });
        let Some(batch) = received.await.map_err(|_| ServiceError::NotReady)? else { break };
        if under_way.len() >= AT_ONCE {
            entries += joined(under_way.join_next().await)?;
            progress(entries);
        }
        let store = Arc::clone(store);
        under_way.spawn(async move {
            let count = batch.len() as u64;
            let mut write = WriteBatch::new();
            for (table, key, value) in batch {
                match value {
                    Some(value) => write.put(table, key, value),
                    None => write.delete(table, key),
                };
            }
            store.commit(write).await.map(|_| count)
        });
    }
    while let Some(done) = under_way.join_next().await {
        entries += joined(Some(done))?;
        progress(entries);
    }
    Ok(entries)
}

fn joined(done: Option<Result<Result<u64, StoreError>, tokio::task::JoinError>>) -> Result<u64, BackupError> {
    match done {
        None => Ok(0),
        Some(Ok(counted)) => Ok(counted?),
        Some(Err(_)) => Err(BackupError::Store(ServiceError::NotReady)),
    }
}

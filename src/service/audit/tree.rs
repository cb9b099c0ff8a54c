//! The tree over the entries: hashes that are kept, the head that is signed, and what an auditor fetches of it.
//!
//! It follows from the entries, a portion at a time and behind them, so that writing an entry costs no hash and no gateway
//! waits for another. What is signed is only ever what the hashes say that are kept.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::{Audit, Entry};
use crate::audit::{
    Checkpoint, EntryProof, ExportFile, Frontier, Hash, NodeId, SignedCheckpoint, Tile, encode_entries, inclusion,
    inclusion_needs,
};
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::stored::codec::{decode, encode, plain};
use crate::service::stored::reading::get_many;
use crate::store::{Position, Read, Row, StoreError, Table, WriteBatch, after};

/// The mark of how far the tree has come.
const HEAD_MARK: &[u8] = b"audit_head";

/// Entries of one portion.
const PORTION: usize = 4_096;

/// The tree follows when so many entries are not in it, or after so long.
const MANY: u64 = 256;
const LONG: Duration = Duration::from_mins(1);

/// When this gateway last added to the tree.
#[derive(Default)]
pub(super) struct Grown(Option<Instant>);

/// What of the log is asked for cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The operator gave no key.
    #[error("the audit log has no key to sign with; set [audit] key")]
    NoKey,
    /// There is no such file in an export of the log as it is.
    #[error("the audit log has no such file")]
    NoFile,
    /// As of every use case.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// The tree as it is kept, and the mark that says so; empty where there is none.
pub(in crate::service) async fn grown(reader: &dyn Read) -> Result<(Option<Vec<u8>>, Frontier), ServiceError> {
    let stored = reader.get(Table::Marks, HEAD_MARK.to_vec()).await?;
    let Some(bytes) = &stored else { return Ok((None, Frontier::default())) };
    let corrupt = || ServiceError::Corrupt { what: "mark of the audit log".to_owned() };
    let text: String = decode(bytes, "mark")?;
    let frontier = hex::decode(text).ok().and_then(|bytes| Frontier::from_bytes(&bytes).ok()).ok_or_else(corrupt)?;
    Ok((stored, frontier))
}

/// The content of an entry: what is hashed and handed out.
fn content(bytes: &[u8]) -> Result<std::borrow::Cow<'_, [u8]>, ServiceError> {
    plain(bytes, "audit entry")
}

/// The hash of an entry.
pub(super) fn leaf(bytes: &[u8]) -> Result<Hash, ServiceError> {
    let corrupt = |_| ServiceError::Corrupt { what: "audit entry (too long)".to_owned() };
    Hash::of_entry(&content(bytes)?).map_err(corrupt)
}

impl Audit {
    fn signer(&self) -> Result<&crate::audit::LogSigner, AuditError> {
        self.signer.as_ref().ok_or(AuditError::NoKey)
    }
}

impl Gateway {
    /// Lets the tree follow the entries, where enough of them are not in it or it has not been done for a while.
    pub(in crate::service) async fn keep_audit_tree(&self) -> Result<(), ServiceError> {
        let mut growing = self.audit().growing.lock().await;
        let (_, frontier) = grown(self.reader()).await?;
        let behind = last_entry(self.reader()).await?.saturating_sub(frontier.size());
        let is_long = growing.0.is_none_or(|last| last.elapsed() >= LONG);
        if behind >= MANY || behind > 0 && is_long {
            self.grow(&mut growing).await?;
        }
        Ok(())
    }

    /// The signed head of the log, with all entries that were durable when it was asked for.
    pub async fn audit_checkpoint(&self) -> Result<SignedCheckpoint, AuditError> {
        let signer = self.audit().signer()?;
        let frontier = self.grow(&mut *self.audit().growing.lock().await).await?;
        Ok(Checkpoint::new(signer.origin(), frontier.head()).sign(signer))
    }

    /// The key that its heads are signed with, as others write it.
    pub fn audit_key(&self) -> Result<String, AuditError> {
        Ok(self.audit().signer()?.verifier_key().to_string())
    }

    /// A file of an export: a tile of hashes, or the entries under one.
    pub async fn audit_file(&self, path: &str) -> Result<Vec<u8>, AuditError> {
        let file = ExportFile::parse(path).ok_or(AuditError::NoFile)?;
        match file {
            ExportFile::Tile(tile) => self.tile(tile).await,
            ExportFile::Entries(tile) => self.entries_of(tile).await,
            ExportFile::Checkpoint => Ok(self.audit_checkpoint().await?.to_string().into_bytes()),
        }
    }

    /// That the log holds an entry, as others verify it; the entry is in it.
    pub(in crate::service) async fn audit_proof(&self, position: Position) -> Result<EntryProof, AuditError> {
        let checkpoint = self.audit_checkpoint().await?;
        let (index, size) = (position.0.checked_sub(1).ok_or(AuditError::NoFile)?, checkpoint.unverified().head().size);
        let bytes = self.reader().get(Table::Audit, position.key()).await.map_err(ServiceError::from)?;
        let bytes = bytes.ok_or(AuditError::NoFile)?;
        let needs = inclusion_needs(index, size).map_err(|_| AuditError::NoFile)?;
        let nodes = self.nodes(needs).await?;
        let path = inclusion(index, size, |node| nodes.get(&node).copied()).map_err(|_| missing())?;
        Ok(EntryProof::new(index, path, checkpoint).with_extra(content(&bytes)?.into_owned()))
    }

    async fn grow(&self, growing: &mut Grown) -> Result<Frontier, ServiceError> {
        loop {
            let (mark, mut frontier) = grown(self.reader()).await?;
            let from = Position(frontier.size() + 1).key();
            let entries = self.reader().scan(Table::Audit, from, None, PORTION).await?;
            if entries.is_empty() {
                growing.0 = Some(Instant::now());
                return Ok(frontier);
            }
            let work = tokio::task::spawn_blocking(move || {
                let write = with_entries(&mut frontier, &entries)?;
                Ok::<_, ServiceError>((write, frontier))
            });
            let (mut write, frontier) = work.await.map_err(|_| ServiceError::NotReady)??;
            match mark {
                Some(mark) => write.require_equals(Table::Marks, HEAD_MARK, mark),
                None => write.require_absent(Table::Marks, HEAD_MARK),
            };
            write.put(Table::Marks, HEAD_MARK, encode(&hex::encode(frontier.to_bytes())));
            match self.store().commit(write).await {
                // Another gateway was faster: what it did is read.
                Ok(_) | Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Of an earlier state of the log, too: an auditor may be in the middle of fetching it.
    async fn tile(&self, tile: Tile) -> Result<Vec<u8>, AuditError> {
        let nodes = self.nodes(tile.nodes().collect()).await?;
        tile.encode(|node| nodes.get(&node).copied()).map_err(|_| AuditError::NoFile)
    }

    async fn entries_of(&self, tile: Tile) -> Result<Vec<u8>, AuditError> {
        let (_, frontier) = grown(self.reader()).await?;
        if tile.first() + tile.width() as u64 > frontier.size() {
            return Err(AuditError::NoFile);
        }
        let keys = (tile.first()..).take(tile.width()).map(|index| Position(index + 1).key()).collect();
        let entries = get_many(self.reader(), Table::Audit, keys).await?;
        let entries = entries.into_iter().map(|entry| Ok(content(&entry.ok_or_else(missing)?)?.into_owned()));
        let entries = entries.collect::<Result<Vec<_>, ServiceError>>()?;
        let too_long = |_| ServiceError::Corrupt { what: "audit entry (too long)".to_owned() };
        Ok(encode_entries(entries.iter().map(Vec::as_slice)).map_err(too_long)?)
    }

    async fn nodes(&self, needs: BTreeSet<NodeId>) -> Result<HashMap<NodeId, Hash>, ServiceError> {
        let keys = needs.iter().map(|node| node.to_key().to_vec()).collect();
        let found = get_many(self.reader(), Table::AuditNodes, keys).await?;
        let found = needs.into_iter().zip(found).filter_map(|(node, bytes)| Some((node, bytes?)));
        found.map(|(node, bytes)| Ok((node, hash_of(&bytes)?))).collect()
    }
}

/// A stored hash.
pub(super) fn hash_of(bytes: &[u8]) -> Result<Hash, ServiceError> {
    let corrupt = |_| ServiceError::Corrupt { what: "hash of the audit log".to_owned() };
    Ok(Hash::from_bytes(bytes.try_into().map_err(corrupt)?))
}

pub(super) fn missing() -> ServiceError {
    ServiceError::Corrupt { what: "audit log (an entry or a hash is missing)".to_owned() }
}

/// What is to be kept of the tree with these entries, which come behind those that are in it.
fn with_entries(frontier: &mut Frontier, entries: &[Row]) -> Result<WriteBatch, ServiceError> {
    let mut write = WriteBatch::new();
    for (key, bytes) in entries {
        if Position::of(key) != Some(Position(frontier.size() + 1)) {
            return Err(missing());
        }
        frontier.append(leaf(bytes)?, |node, hash| {
            write.put(Table::AuditNodes, node.to_key(), *hash.as_bytes());
        });
    }
    Ok(write)
}

/// How many entries there are.
pub(in crate::service) async fn last_entry(reader: &dyn Read) -> Result<u64, ServiceError> {
    Ok(reader.last(Table::Audit).await?.as_deref().and_then(Position::of).unwrap_or_default().0)
}

/// The entries of the log that are wanted, in their order. All of it is read, a portion at a time and away from the threads
/// that answer.
pub(super) async fn entries(
    reader: &dyn Read,
    wanted: impl Fn(&Entry) -> bool + Send + Sync + 'static,
) -> Result<Vec<(Position, Entry)>, ServiceError> {
    let (mut found, mut from, wanted) = (Vec::new(), Some(Vec::new()), Arc::new(wanted));
    while let Some(begin) = from.take() {
        let page = reader.scan(Table::Audit, begin, None, PORTION).await?;
        from = page.last().filter(|_| page.len() == PORTION).map(|(key, _)| after(key));
        let wanted = Arc::clone(&wanted);
        let work = tokio::task::spawn_blocking(move || {
            let read = page.par_iter().map(|(key, bytes)| {
                let entry: Entry = decode(bytes, "audit entry")?;
                Ok((Position::of(key).ok_or_else(missing)?, entry))
            });
            let is_wanted =
                |read: &Result<(Position, Entry), _>| read.as_ref().map_or(true, |(_, entry)| wanted(entry));
            read.filter(is_wanted).collect::<Result<Vec<_>, ServiceError>>()
        });
        found.extend(work.await.map_err(|_| ServiceError::NotReady)??);
    }
    Ok(found)
}

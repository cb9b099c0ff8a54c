//! The candidate index where it rests in the store (`index = "store"`): read by the matcher as it needs it, written in the
//! commit of the step that changed it, and written anew where it does not follow from the matcher's rows.
//!
//! The mark of the derived state says whether the stored index is of that state, so whoever writes without it takes its word
//! back in the same commit.

use std::iter::Peekable;
use std::slice::ChunkBy;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use tokio::runtime::Handle;

use super::derive::Changes;
use super::follow::Tail;
use super::matcher::Matcher;
use super::write::Pen;
use crate::engine::{ChangedPostings, LiveError, PostingKey, PostingPart, PostingSource, Resting, Unread};
use crate::service::config::IndexPlace;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::stored::journal::{Reached, derived_mark};
use crate::service::stored::postings::{
    posting_key, range_of, read_posting_key, read_records, unlisted, write_records,
};
use crate::service::stored::reading::{Pages, get_many};
use crate::store::{Read, Row, Snapshot, Store, Table, WriteBatch};

/// Keys that are asked for in one query.
const QUERY: usize = 8_192;

/// Queries under way at a time.
const QUERIES: usize = 4;

/// Bytes of keys and values of a part in which nothing but postings is written.
const PART_BYTES: usize = 4 << 20;

/// How often what could not be read is asked for again, and after how long: a batch that broke off in the middle would leave
/// a matcher that is of no use.
const TRIES: usize = 40;
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// The postings of a store.
pub(super) struct StoredPostings {
    of: State,
    runtime: Handle,
}

/// Which state of the store.
enum State {
    /// The newest one: for the gateway that writes them.
    Newest(Arc<dyn Store>),
    /// One that somebody else wrote.
    One(Arc<Snapshot>),
}

impl std::fmt::Debug for StoredPostings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredPostings").finish_non_exhaustive()
    }
}

impl StoredPostings {
    /// Those of one state of a store.
    pub(super) fn of(snapshot: &Arc<Snapshot>) -> Arc<dyn PostingSource> {
        Arc::new(Self { of: State::One(Arc::clone(snapshot)), runtime: Handle::current() })
    }

    fn reader(&self) -> &dyn Read {
        match &self.of {
            State::Newest(store) => store.reader(),
            State::One(snapshot) => &***snapshot,
        }
    }

    async fn read(&self, keys: &[PostingKey]) -> Result<Vec<Option<Vec<u64>>>, ServiceError> {
        let mut found = Vec::with_capacity(keys.len());
        for some in keys.chunks(QUERY * QUERIES) {
            let query = |keys: &[PostingKey]| {
                let keys = keys.iter().map(|key| posting_key(*key)).collect();
                get_many(self.reader(), Table::Postings, keys)
            };
            for stored in try_join_all(some.chunks(QUERY).map(query)).await?.into_iter().flatten() {
                found.push(stored.map_or(Ok(Some(Vec::new())), |bytes| read_records(&bytes))?);
            }
        }
        Ok(found)
    }
}

impl PostingSource for StoredPostings {
    /// Called on threads that may wait.
    fn records(&self, keys: &[PostingKey]) -> Result<Vec<Option<Vec<u64>>>, Unread> {
        for attempt in 1.. {
            match self.runtime.block_on(self.read(keys)) {
                Ok(found) => return Ok(found),
                // A state is gone with its connection.
                Err(ServiceError::Away(_)) if attempt < TRIES && matches!(self.of, State::Newest(_)) => {
                    std::thread::sleep(AFTER_FAILURE);
                }
                Err(error) => return Err(Box::new(error)),
            }
        }
        unreachable!("the last try answers")
    }
}

impl From<LiveError> for ServiceError {
    fn from(error: LiveError) -> Self {
        match error {
            LiveError::Row(error) => Self::Corrupt { what: error.to_string() },
            LiveError::Unread(error) => match error.downcast::<Self>() {
                Ok(error) => *error,
                Err(error) => Self::Store(error),
            },
        }
    }
}

/// Adds what a step changed of the index to what is written with it.
pub(super) fn add_postings(changes: &mut Changes, changed: ChangedPostings) {
    for (key, records) in changed.postings {
        let place = (Table::Postings, posting_key(key));
        match records {
            Some(records) if records.is_empty() => drop(changes.deletes.insert(place)),
            Some(records) => drop(changes.puts.insert(place, write_records(records.into_iter()))),
            None => drop(changes.puts.insert(place, unlisted())),
        }
    }
}

impl Gateway {
    /// Whether the candidate index rests in the store.
    pub(super) fn index_rests(&self) -> bool {
        self.settings().index == IndexPlace::Store
    }

    /// Where the matcher reads its candidate index, if that rests in the store.
    pub(super) fn resting(&self) -> Option<Resting> {
        self.index_rests()
            .then(|| Resting { source: self.newest_postings(), cache_bytes: self.settings().index_cache_bytes })
    }

    pub(super) fn newest_postings(&self) -> Arc<dyn PostingSource> {
        Arc::new(StoredPostings { of: State::Newest(Arc::clone(self.store())), runtime: Handle::current() })
    }

    /// What a step changed of the index can be read in the store.
    pub(super) async fn note_postings_written(&self, batch: Option<u32>) -> Result<(), ServiceError> {
        let Some(batch) = batch.filter(|_| self.index_rests()) else { return Ok(()) };
        self.on_matcher(move |matcher| matcher.live.postings_written(batch)).await
    }

    /// Sees to it that the store holds the index of the matcher's state where it is to rest there, before anything is
    /// matched; who leads does.
    pub(super) async fn ensure_postings(&self, tail: &mut Tail) -> Result<(), ServiceError> {
        let missing = self.index_rests() && tail.pen.leads && !tail.pen.index;
        if missing { self.write_all_postings(tail).await } else { Ok(()) }
    }

    /// Writes the index of the matcher's state, where the store holds something else: a part of a list in memory at a time.
    /// What is derived stays whole meanwhile.
    pub(super) async fn write_all_postings(&self, tail: &mut Tail) -> Result<(), ServiceError> {
        let (started, mut written) = (Instant::now(), 0u64);
        let Tail { applied, pen, .. } = tail;
        pen.index = false;
        self.on_matcher(|matcher| matcher.live.note_postings(false)).await?;
        let parts = self.matching().read(|matcher| matcher.live.posting_parts())?;
        let lists = parts.last().map_or(0, |part| part.list + 1);
        for part in &parts {
            let of_part = part.clone();
            let entries = self.ask_matcher(move |matcher| matcher.live.postings_of(&of_part)).await?;
            written += entries.len() as u64;
            self.write_postings(pen, *applied, part, &entries).await?;
        }
        // Lists that this plan does not have.
        let from = posting_key(PostingKey { list: lists, hash: 0 });
        self.delete_postings(pen, *applied, from).await?;
        if pen.leads {
            pen.index = true;
            self.commit_marked(pen, *applied, WriteBatch::new(), true).await?;
        }
        self.on_matcher(|matcher| matcher.live.forget_postings()).await?;
        let ms = started.elapsed().as_millis() as u64;
        tracing::info!(postings = written, ms, "wrote the candidate index to the store");
        Ok(())
    }

    /// Compares a part of the index with what is stored, and writes the difference.
    async fn write_postings(
        &self,
        pen: &mut Pen,
        reached: Reached,
        part: &PostingPart,
        entries: &[Posting],
    ) -> Result<(), ServiceError> {
        let mut right = Right::of(part, entries);
        let (from, to) = range_of(part);
        let mut write = WriteBatch::new();
        let mut pages = Pages::between(self.reader(), Table::Postings, from, to);
        while let Some(page) = pages.next().await? {
            for (key, value) in right.differences_in(page)? {
                match value {
                    Some(value) => write.put(Table::Postings, key, value),
                    None => write.delete(Table::Postings, key),
                };
            }
            self.write_postings_if(PART_BYTES, pen, reached, &mut write).await?;
        }
        for (key, value) in right.rest() {
            write.put(Table::Postings, key, value);
            self.write_postings_if(PART_BYTES, pen, reached, &mut write).await?;
        }
        self.write_postings_if(1, pen, reached, &mut write).await
    }

    /// How many keys of the candidate index in a state of the store are not what follows from the rows; `None` where it holds
    /// none of that state.
    pub(in crate::service) async fn posting_differences(&self, stored: &dyn Read) -> Result<Option<u64>, ServiceError> {
        let (_, mark) = derived_mark(stored).await?;
        let applied = self.tail().await?.applied;
        if mark.is_none_or(|mark| !mark.index || mark.reached != applied) {
            return Ok(None);
        }
        let mut differences = 0;
        for part in self.matching().read(|matcher| matcher.live.posting_parts())? {
            let of_part = part.clone();
            let entries = self.ask_matcher(move |matcher| matcher.live.postings_of(&of_part)).await?;
            let mut right = Right::of(&part, &entries);
            let (from, to) = range_of(&part);
            let mut pages = Pages::between(stored, Table::Postings, from, to);
            while let Some(page) = pages.next().await? {
                differences += right.differences_in(page)?.len() as u64;
            }
            differences += right.rest().count() as u64;
        }
        Ok(Some(differences))
    }

    /// Commits what is to be written, if that is so many bytes.
    async fn write_postings_if(
        &self,
        bytes: usize,
        pen: &mut Pen,
        reached: Reached,
        write: &mut WriteBatch,
    ) -> Result<(), ServiceError> {
        if write.bytes() < bytes || !pen.leads {
            return Ok(());
        }
        self.commit_marked(pen, reached, std::mem::take(write), true).await
    }

    /// Deletes all postings from a key on.
    async fn delete_postings(&self, pen: &mut Pen, reached: Reached, from: Vec<u8>) -> Result<(), ServiceError> {
        let mut pages = Pages::between(self.reader(), Table::Postings, from, None);
        while let Some(page) = pages.next().await? {
            let mut write = WriteBatch::new();
            for (key, _) in page {
                write.delete(Table::Postings, key);
            }
            self.write_postings_if(1, pen, reached, &mut write).await?;
        }
        Ok(())
    }

    /// Deletes the stored index where it is to rest in memory; who leads does, when there is nothing else to do.
    pub(super) async fn drop_postings(&self, tail: &mut Tail) -> Result<(), ServiceError> {
        if self.index_rests() || !tail.pen.leads || tail.unsure || tail.dropped {
            return Ok(());
        }
        if self.store().last(Table::Postings).await?.is_some() {
            tracing::info!("the candidate index rests in memory now: the stored one is deleted");
            self.delete_postings(&mut tail.pen, tail.applied, Vec::new()).await?;
        }
        tail.dropped = true;
        Ok(())
    }
}

/// A hash and a record that has it.
type Posting = (u64, u64);
type OneKey = fn(&Posting, &Posting) -> bool;
type OfKeys<'a> = ChunkBy<'a, Posting, OneKey>;
/// A key with what is to be its value; without one it is to go.
type Difference = (Vec<u8>, Option<Vec<u8>>);

/// A part of the index as it should be stored, compared with what is.
struct Right<'a> {
    part: &'a PostingPart,
    of_keys: Peekable<OfKeys<'a>>,
}

impl<'a> Right<'a> {
    /// The part with these hashes and records, ascending.
    fn of(part: &'a PostingPart, entries: &'a [Posting]) -> Self {
        let one_key: OneKey = |a, b| a.0 == b.0;
        Self { part, of_keys: entries.chunk_by(one_key).peekable() }
    }

    /// What has to be put or deleted up to the end of a page, for the store to hold this.
    fn differences_in(&mut self, page: Vec<Row>) -> Result<Vec<Difference>, ServiceError> {
        let mut differences = Vec::new();
        for (key, stored) in page {
            let hash = read_posting_key(&key)?.hash;
            while let Some(missing) = self.of_keys.next_if(|of_key| of_key[0].0 < hash) {
                let (key, value) = entry(self.part, missing);
                differences.push((key, Some(value)));
            }
            let right = self.of_keys.next_if(|of_key| of_key[0].0 == hash);
            let need_not_be_listed = right.is_some_and(|of_key| of_key.len() > self.part.most_compared);
            let right = right.map(|of_key| entry(self.part, of_key).1);
            if right.as_ref() != Some(&stored) && !(need_not_be_listed && stored == unlisted()) {
                differences.push((key, right));
            }
        }
        Ok(differences)
    }

    /// What has to be put behind the last page.
    fn rest(self) -> impl Iterator<Item = Row> {
        self.of_keys.map(|of_key| entry(self.part, of_key))
    }
}

/// A key with its records, as they are stored.
fn entry(part: &PostingPart, of_key: &[Posting]) -> Row {
    let key = posting_key(PostingKey { list: part.list, hash: of_key[0].0 });
    let listed = part.lists(of_key.len());
    (key, if listed { write_records(of_key.iter().map(|(_, record)| *record)) } else { unlisted() })
}

impl Matcher {
    /// Whether a step broke off in the middle.
    pub(super) fn is_half_changed(&self) -> bool {
        self.live.is_half_changed()
    }
}

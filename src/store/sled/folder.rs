//! The folder around sled's files: one owner, room on the disk, real fsyncs, and a mark of what was acknowledged.
//!
//! sled's recovery takes the first message that it cannot read for the end of its log and cuts the rest off, without
//! an error. The mark catches that: a file of our own with the number of the last acknowledged group, written after
//! the group is durable, so that it is never ahead of the database. A store that opens with less is refused. The mark
//! is not synced: after a power cut it may be behind, which makes it a weaker check and never a wrong one.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use xxhash_rust::xxh3::xxh3_64;

use super::value::read_u64;
use crate::store::StoreError;

const LOCK: &str = "padan.lock";
const MARK: &str = "padan.mark";
const MARK_BYTES: usize = 16;

/// How a file is made durable; a parameter so that tests can make it fail.
pub(super) type Sync = Arc<dyn Fn(&File) -> io::Result<()> + Send + std::marker::Sync>;

/// The folder of a store, owned by this instance for as long as the value lives.
pub(super) struct Folder {
    path: PathBuf,
    sync: Sync,
    _lock: File,
}

/// The open files that a writer needs.
pub(super) struct Files {
    database: File,
    mark: File,
    sync: Sync,
}

impl Folder {
    /// Creates the folder if need be and takes it; `Locked` when another instance has it.
    pub(super) fn take(path: &Path, sync: Sync) -> Result<Self, StoreError> {
        let doing = "opening the store's folder";
        fs::create_dir_all(path).map_err(|error| StoreError::io(doing, error))?;
        let lock = open_or_create(&path.join(LOCK)).map_err(|error| StoreError::io(doing, error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), sync, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked),
            Err(TryLockError::Error(error)) => Err(StoreError::io("locking the store's folder", error)),
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The last acknowledged group. `None` when no store was ever created here; 0 when the mark is unreadable, as a
    /// power cut may leave it.
    pub(super) fn acknowledged(&self) -> Result<Option<u64>, StoreError> {
        match fs::read(self.path.join(MARK)) {
            Ok(bytes) => Ok(Some(decode_mark(&bytes).unwrap_or(0))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("reading the mark of what was acknowledged", error)),
        }
    }

    /// Syncs all that opening may have created or renamed, sets the mark and opens what the writer needs.
    pub(super) fn settle(&self, acknowledged: u64) -> Result<Files, StoreError> {
        self.try_settle(acknowledged).map_err(|error| StoreError::io("making the opened store durable", error))
    }

    fn try_settle(&self, acknowledged: u64) -> io::Result<Files> {
        let database = OpenOptions::new().read(true).write(true).open(self.path.join("db"))?;
        (self.sync)(&database)?;
        File::open(self.path.join("conf"))?.sync_all()?;
        let files = Files { database, mark: open_or_create(&self.path.join(MARK))?, sync: Arc::clone(&self.sync) };
        files.mark.write_all_at(&encode_mark(acknowledged), 0)?;
        files.mark.sync_all()?;
        File::open(self.path.join("blobs"))?.sync_all()?;
        File::open(&self.path)?.sync_all()?;
        // The folder's own name lies in its parent.
        let absolute = fs::canonicalize(&self.path)?;
        if let Some(parent) = absolute.parent() {
            File::open(parent)?.sync_all()?;
        }
        Ok(files)
    }

    /// Fails with `Full` when fewer than `reserve` bytes would stay free after writing `bytes`.
    pub(super) fn has_room(&self, bytes: u64, reserve: u64) -> Result<(), StoreError> {
        let free =
            fs2::available_space(&self.path).map_err(|error| StoreError::io("asking for free disk space", error))?;
        if free < reserve.saturating_add(bytes) { Err(StoreError::Full { free, reserve }) } else { Ok(()) }
    }

    /// Bytes of all files.
    pub(super) fn bytes(&self) -> Result<u64, StoreError> {
        let size = |path: &Path| -> io::Result<u64> {
            fs::read_dir(path)?
                .map(|entry| entry?.metadata().map(|data| if data.is_file() { data.len() } else { 0 }))
                .sum()
        };
        let total = size(&self.path).and_then(|own| Ok(own + size(&self.path.join("blobs"))?));
        total.map_err(|error| StoreError::io("measuring the store", error))
    }
}

impl Files {
    /// Makes all that was written to the database durable. Never call it again after it failed: the kernel reports a
    /// lost write once.
    pub(super) fn sync(&self) -> io::Result<()> {
        (self.sync)(&self.database)
    }

    /// Notes that `group` is durable and about to be acknowledged.
    pub(super) fn mark(&self, group: u64) -> io::Result<()> {
        self.mark.write_all_at(&encode_mark(group), 0)
    }
}

fn open_or_create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

fn encode_mark(group: u64) -> [u8; MARK_BYTES] {
    let mut bytes = [0; MARK_BYTES];
    bytes[..8].copy_from_slice(&group.to_be_bytes());
    bytes[8..].copy_from_slice(&xxh3_64(&group.to_be_bytes()).to_be_bytes());
    bytes
}

fn decode_mark(bytes: &[u8]) -> Option<u64> {
    let group = read_u64(bytes, 0)?;
    (bytes.len() == MARK_BYTES && read_u64(bytes, 8)? == xxh3_64(&group.to_be_bytes())).then_some(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks() {
        let good = encode_mark(77);
        let mut flipped = good;
        flipped[7] ^= 1;
        let cases: [(&str, &[u8], Option<u64>); 4] =
            [("good", &good, Some(77)), ("flipped", &flipped, None), ("torn", &good[..9], None), ("empty", b"", None)];
        for (name, bytes, expected) in cases {
            assert_eq!(decode_mark(bytes), expected, "{name}");
        }
    }
}

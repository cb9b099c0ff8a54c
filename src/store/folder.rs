//! The folder around an embedded engine's files: one owner, room on the disk, and a mark of what was acknowledged.
//!
//! Recovery of an embedded engine may end with less than was there, without an error: sled takes the first message that
//! it cannot read for the end of its log, redb goes back to the commit before when the last one is damaged. The mark
//! catches that: a file of our own with the number of the last acknowledged group, written after the group is durable,
//! so that it is never ahead of the database. A store that opens with less is refused. The mark is not synced: after a
//! power cut it may be behind, which makes it a weaker check and never a wrong one.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rustix::fs::StatVfsMountFlags;
use xxhash_rust::xxh3::xxh3_64;

use super::{Config, Damage, StoreError, private};

const LOCK: &str = "padan.lock";
const MARK: &str = "padan.mark";
const MARK_BYTES: usize = 16;

/// How long opening waits between two looks at a lock.
pub(super) const LOCK_LOOK: Duration = Duration::from_millis(10);

/// Bytes of a block in `st_blocks`, whatever the file system's own blocks are.
const BLOCK_BYTES: u64 = 512;

/// The folder of a store, owned by this instance for as long as the value lives.
pub(super) struct Folder {
    path: PathBuf,
    _lock: Option<File>,
}

/// The open file that tells what was acknowledged.
pub(super) struct Mark(File);

impl Folder {
    /// Creates the folder if need be and takes it; `Locked` when another instance has it and does not end in time.
    pub(super) fn take(path: &Path, config: &Config) -> Result<Self, StoreError> {
        let doing = "opening the store's folder";
        private::create_dir(path).map_err(|error| StoreError::io(doing, error))?;
        let lock = open_or_create(&path.join(LOCK)).map_err(|error| StoreError::io(doing, error))?;
        let deadline = Instant::now() + Duration::from_millis(config.lock_wait_ms);
        loop {
            match lock.try_lock() {
                Ok(()) => {
                    let folder = Self { path: path.to_owned(), _lock: Some(lock) };
                    folder.narrow();
                    return Ok(folder);
                }
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(LOCK_LOOK),
                Err(TryLockError::WouldBlock) => return Err(StoreError::Locked),
                Err(TryLockError::Error(error)) => return Err(StoreError::io("locking the store's folder", error)),
            }
        }
    }

    /// Takes the folder away from other accounts, and says so: what they copied they have. Where that cannot be done the
    /// store is served all the same; those who could read it can, whether or not it is.
    fn narrow(&self) {
        let folder = self.path.display();
        match private::narrow(&self.path, is_ours) {
            Ok(None) => {}
            Ok(Some(mode)) => {
                let mode = format!("{mode:04o}");
                tracing::warn!(%folder, %mode, "other accounts of this machine could read the store; it is for its owner alone now");
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(%folder, error, "other accounts of this machine can read the store, and its mode cannot be changed");
            }
        }
    }

    /// A folder that this instance only reads: it may be another's.
    pub(super) fn look(path: &Path) -> Self {
        Self { path: path.to_owned(), _lock: None }
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

    /// Syncs what opening may have created or renamed (`files` in the folder, the folder, its name in its parent) and
    /// sets the mark.
    pub(super) fn settle(&self, files: &[&str], acknowledged: u64) -> Result<Mark, StoreError> {
        self.try_settle(files, acknowledged).map_err(|error| StoreError::io("making the opened store durable", error))
    }

    fn try_settle(&self, files: &[&str], acknowledged: u64) -> io::Result<Mark> {
        // What the engine made just now is as the umask says.
        // Where that fails, taking the folder has said so.
        let _ = private::narrow(&self.path, is_ours);
        for file in files {
            File::open(self.path.join(file))?.sync_all()?;
        }
        let mark = open_or_create(&self.path.join(MARK))?;
        mark.write_all_at(&encode_mark(acknowledged), 0)?;
        mark.sync_all()?;
        File::open(&self.path)?.sync_all()?;
        let absolute = fs::canonicalize(&self.path)?;
        if let Some(parent) = absolute.parent() {
            File::open(parent)?.sync_all()?;
        }
        Ok(Mark(mark))
    }

    /// Fails with `Full` when fewer than `reserve` bytes would stay free after writing `bytes`.
    pub(super) fn has_room(&self, bytes: u64, reserve: u64) -> Result<(), StoreError> {
        let free =
            fs2::available_space(&self.path).map_err(|error| StoreError::io("asking for free disk space", error))?;
        if free < reserve.saturating_add(bytes) { Err(StoreError::Full { free, reserve }) } else { Ok(()) }
    }

    /// Fails where the file system was mounted to be read only, as a kernel does by itself after an error of the disk.
    pub(super) fn takes_writes(&self) -> Result<(), StoreError> {
        let doing = "asking whether the disk takes writes";
        let system = rustix::fs::statvfs(&self.path).map_err(|error| StoreError::io(doing, error.into()))?;
        let read_only = system.f_flag.contains(StatVfsMountFlags::RDONLY);
        if read_only { Err(StoreError::io(doing, io::ErrorKind::ReadOnlyFilesystem.into())) } else { Ok(()) }
    }

    /// Bytes on the disk of all files: a file may be longer than what it takes up.
    pub(super) fn bytes(&self) -> Result<u64, StoreError> {
        bytes_below(&self.path).map_err(|error| StoreError::io("measuring the store", error))
    }
}

impl Mark {
    /// Notes that `group` is durable and about to be acknowledged.
    pub(super) fn set(&self, group: u64) -> Result<(), StoreError> {
        self.0.write_all_at(&encode_mark(group), 0).map_err(|error| StoreError::io("marking a group", error))
    }
}

/// `group` is what the database opened with; fails with `Corrupt` when more had been acknowledged before.
pub(super) fn complete(acknowledged: Option<u64>, group: u64) -> Result<u64, StoreError> {
    match acknowledged.unwrap_or(0).checked_sub(group) {
        None | Some(0) => Ok(group),
        Some(lost) => Err(StoreError::Corrupt { doing: "opening the store", finding: Damage::Lost { lost } }),
    }
}

/// Files of ours and of the engines: a folder may hold others, too.
fn is_ours(name: &str) -> bool {
    name.starts_with("padan.") || matches!(name, "db" | "conf" | "blobs") || name.starts_with("snap.")
}

fn bytes_below(path: &Path) -> io::Result<u64> {
    fs::read_dir(path)?
        .map(|entry| {
            let entry = entry?;
            let data = entry.metadata()?;
            if data.is_dir() { bytes_below(&entry.path()) } else { Ok(data.blocks() * BLOCK_BYTES) }
        })
        .sum()
}

fn open_or_create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn encode_mark(group: u64) -> [u8; MARK_BYTES] {
    let mut bytes = [0; MARK_BYTES];
    bytes[..8].copy_from_slice(&group.to_be_bytes());
    bytes[8..].copy_from_slice(&xxh3_64(&group.to_be_bytes()).to_be_bytes());
    bytes
}

fn decode_mark(bytes: &[u8]) -> Option<u64> {
    let (group, sum) = bytes.split_first_chunk::<8>()?;
    let good = bytes.len() == MARK_BYTES && sum == xxh3_64(group).to_be_bytes();
    good.then(|| u64::from_be_bytes(*group))
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

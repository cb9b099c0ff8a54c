//! A power cut: rebuilds a folder from the shim's log as a disk would have kept it.
//!
//! What is durable:
//!
//! * Bytes and length of a file: what was written before an fsync or fdatasync of that file was called, once it
//!   returned. After a sync failed, what it would have covered is never durable, as Linux marks such pages clean.
//! * Names (created, renamed, removed): once their folder was synced. POSIX promises no more; ext4 would often keep the
//!   name of a synced new file as well, so this is the stricter of the two.
//!
//! Everything else is either dropped or, in the other variant, survives by chance: of each file any subset of its writes,
//! whole, cut at a multiple of 512 bytes or as some of its 512-byte sectors, or its length without its content; of each
//! folder the names up to some point in time, because file systems journal names in order. That a rename may survive
//! while the content of the renamed file does not is the case that catches programs.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rand::{Rng, RngExt as _};

const MAGIC: u32 = 0x4e44_4150;
const HEAD: usize = 40;
const SECTOR: u64 = 512;

/// What happens to what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsynced {
    /// All of it is gone.
    Dropped,
    /// Some of it is there, whole or torn.
    Random,
}

/// A folder's files in memory.
#[derive(Default, Clone)]
pub(crate) struct Tree {
    files: Vec<Vec<u8>>,
    names: Names,
}

/// What a path means.
type Names = BTreeMap<PathBuf, Entry>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Folder,
    File(usize),
}

/// One record of the shim's log.
struct Record<'a> {
    op: Op,
    inode: u64,
    at: u64,
    /// For a sync: the number of the last record it covers.
    upto: u64,
    first: &'a [u8],
    second: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Create,
    Mkdir,
    Write,
    Truncate,
    Rename,
    Link,
    Remove,
    Sync,
    SyncFailed,
}

const OPS: [Op; 9] =
    [Op::Create, Op::Mkdir, Op::Write, Op::Truncate, Op::Rename, Op::Link, Op::Remove, Op::Sync, Op::SyncFailed];

/// A change of a file's content that may not be durable yet.
struct Change<'a> {
    number: u64,
    at: u64,
    /// `None` sets the length to `at`.
    bytes: Option<&'a [u8]>,
}

/// A change of names that may not be durable yet.
struct Naming {
    number: u64,
    folder: PathBuf,
    gone: Option<PathBuf>,
    new: Option<(PathBuf, Entry)>,
}

/// What is durable, what is pending, and what the process saw.
struct Replay<'a> {
    durable: Tree,
    seen: Tree,
    by_inode: BTreeMap<u64, usize>,
    changes: Vec<Vec<Change<'a>>>,
    namings: Vec<Naming>,
}

impl Tree {
    /// Reads a folder; with it, which inode is which file.
    fn read(root: &Path) -> (Self, BTreeMap<u64, usize>) {
        let (mut tree, mut by_inode) = (Self::default(), BTreeMap::new());
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                let name = path.strip_prefix(root).expect("below the root").to_owned();
                let data = fs::symlink_metadata(&path).expect("it is there");
                if data.is_dir() {
                    tree.names.insert(name, Entry::Folder);
                    folders.push(path);
                } else {
                    by_inode.insert(data.ino(), tree.files.len());
                    tree.names.insert(name, Entry::File(tree.files.len()));
                    tree.files.push(fs::read(&path).expect("a file"));
                }
            }
        }
        (tree, by_inode)
    }

    /// Makes `root` hold exactly this tree. A name whose folder is not there is lost with it.
    fn write(&self, root: &Path) {
        fs::remove_dir_all(root).expect("removed");
        fs::create_dir(root).expect("created");
        for (name, entry) in &self.names {
            let path = root.join(name);
            match entry {
                _ if !path.parent().is_some_and(Path::is_dir) => {}
                Entry::Folder => fs::create_dir(path).expect("created"),
                Entry::File(file) => fs::write(path, &self.files[*file]).expect("written"),
            }
        }
    }

    /// How many paths are different in `other`.
    fn differences(&self, other: &Self) -> usize {
        let content = |tree: &'_ Self, name: &PathBuf| match tree.names.get(name) {
            Some(Entry::File(file)) => Some(Some(*file)),
            Some(Entry::Folder) => Some(None),
            None => None,
        };
        let names: std::collections::BTreeSet<_> = self.names.keys().chain(other.names.keys()).collect();
        let same = |name: &&&PathBuf| match (content(self, name), content(other, name)) {
            (Some(Some(one)), Some(Some(two))) => self.files[one] == other.files[two],
            (one, two) => one.is_some() == two.is_some() && one.flatten().is_some() == two.flatten().is_some(),
        };
        names.iter().filter(|name| !same(name)).count()
    }
}

/// A folder as it was when a process was started over it.
pub(crate) struct Base {
    root: PathBuf,
    tree: Tree,
    by_inode: BTreeMap<u64, usize>,
}

impl Base {
    /// Everything there counts as durable.
    pub(crate) fn of(root: &Path) -> Self {
        let (tree, by_inode) = Tree::read(root);
        Self { root: root.to_owned(), tree, by_inode }
    }

    /// Fails when the log does not explain what the folder holds: then the shim missed a write.
    pub(crate) fn check(&self, log: &Path) {
        let bytes = fs::read(log).unwrap_or_default();
        let replay = self.replay(&bytes);
        let (found, _) = Tree::read(&self.root);
        // One operation may have been done and not be written down: the lock lets no second one begin.
        let differences = replay.seen.differences(&found);
        assert!(differences <= 1, "{differences} paths are not what the shim saw: it misses writes");
    }

    /// Rebuilds the folder as it is after a power cut.
    pub(crate) fn cut(&self, log: &Path, unsynced: Unsynced, random: &mut impl Rng) {
        let bytes = fs::read(log).unwrap_or_default();
        let mut replay = self.replay(&bytes);
        if unsynced == Unsynced::Random {
            replay.keep_some(random);
        }
        replay.durable.write(&self.root);
    }

    fn replay<'a>(&self, log: &'a [u8]) -> Replay<'a> {
        let mut replay = Replay {
            durable: self.tree.clone(),
            seen: self.tree.clone(),
            by_inode: self.by_inode.clone(),
            changes: self.tree.files.iter().map(|_| Vec::new()).collect(),
            namings: Vec::new(),
        };
        for (number, record) in (1..).zip(Records(log)) {
            replay.take(number, &record);
        }
        replay
    }
}

/// The log, up to its torn end.
struct Records<'a>(&'a [u8]);

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let (head, rest) = self.0.split_at_checked(HEAD)?;
        let small = |at: usize| u32::from_ne_bytes(head[at..at + 4].try_into().expect("4 bytes"));
        let large = |at: usize| u64::from_ne_bytes(head[at..at + 8].try_into().expect("8 bytes"));
        assert_eq!(small(0), MAGIC, "the shim's log is not what it wrote");
        let (first, rest) = rest.split_at_checked(small(32) as usize)?;
        let (second, rest) = rest.split_at_checked(small(36) as usize)?;
        self.0 = rest;
        let op = OPS[small(4) as usize - 1];
        Some(Record { op, inode: large(8), at: large(16), upto: large(24), first, second })
    }
}

impl<'a> Replay<'a> {
    fn take(&mut self, number: u64, record: &Record<'a>) {
        let path = |bytes: &[u8]| PathBuf::from(str::from_utf8(bytes).expect("UTF-8"));
        let first = || path(record.first);
        match record.op {
            Op::Create => {
                let file = self.seen.files.len();
                self.seen.files.push(Vec::new());
                self.durable.files.push(Vec::new());
                self.changes.push(Vec::new());
                self.by_inode.insert(record.inode, file);
                self.name(number, None, Some((first(), Entry::File(file))));
            }
            Op::Mkdir => self.name(number, None, Some((first(), Entry::Folder))),
            Op::Write | Op::Truncate => {
                let bytes = (record.op == Op::Write).then_some(record.first);
                let file = *self.by_inode.get(&record.inode).expect("a file whose creation was seen");
                let change = Change { number, at: record.at, bytes };
                change.apply(&mut self.seen.files[file]);
                self.changes[file].push(change);
            }
            Op::Rename => {
                let entry = *self.seen.names.get(&first()).expect("what is renamed is there");
                self.name(number, Some(first()), Some((path(record.second), entry)));
            }
            Op::Link => {
                let entry = *self.seen.names.get(&first()).expect("what is linked is there");
                self.name(number, None, Some((path(record.second), entry)));
            }
            Op::Remove => self.name(number, Some(first()), None),
            Op::Sync => self.sync(record, &first()),
            Op::SyncFailed => {
                if let Some(&file) = self.by_inode.get(&record.inode) {
                    self.changes[file].clear();
                }
            }
        }
    }

    fn name(&mut self, number: u64, gone: Option<PathBuf>, new: Option<(PathBuf, Entry)>) {
        let either = new.as_ref().map(|(path, _)| path).or(gone.as_ref()).expect("a name");
        let folder = either.parent().map(Path::to_owned).unwrap_or_default();
        let naming = Naming { number, folder, gone, new };
        naming.apply(&mut self.seen.names);
        self.namings.push(naming);
    }

    fn sync(&mut self, record: &Record<'_>, path: &Path) {
        let is_folder = path == Path::new("") || self.seen.names.get(path) == Some(&Entry::Folder);
        if is_folder {
            let covered = |naming: &Naming| naming.folder == path && naming.number <= record.upto;
            for naming in self.namings.extract_if(.., |naming| covered(naming)) {
                naming.apply(&mut self.durable.names);
            }
        } else if let Some(&file) = self.by_inode.get(&record.inode) {
            let covered = self.changes[file].partition_point(|change| change.number <= record.upto);
            for change in self.changes[file].drain(..covered) {
                change.apply(&mut self.durable.files[file]);
            }
        }
    }

    /// Chance decides about everything that is pending.
    fn keep_some(&mut self, random: &mut impl Rng) {
        let mut ends: BTreeMap<PathBuf, u64> = BTreeMap::new();
        let last = self.namings.last().map_or(0, |naming| naming.number);
        for naming in std::mem::take(&mut self.namings) {
            let end = *ends.entry(naming.folder.clone()).or_insert_with(|| random.random_range(0..=last));
            if naming.number <= end {
                naming.apply(&mut self.durable.names);
            }
        }
        for (file, changes) in self.changes.iter().enumerate() {
            for change in changes {
                change.apply_by_chance(&mut self.durable.files[file], random);
            }
        }
    }
}

impl Naming {
    fn apply(&self, names: &mut Names) {
        if let Some(gone) = &self.gone {
            names.remove(gone);
        }
        if let Some((path, entry)) = &self.new {
            names.insert(path.clone(), *entry);
        }
    }
}

impl Change<'_> {
    fn apply(&self, file: &mut Vec<u8>) {
        let at = self.at as usize;
        match self.bytes {
            None => file.resize(at, 0),
            Some(bytes) => put(file, at, bytes),
        }
    }

    fn apply_by_chance(&self, file: &mut Vec<u8>, random: &mut impl Rng) {
        let Some(bytes) = self.bytes else {
            if random.random_bool(0.5) {
                self.apply(file);
            }
            return;
        };
        let end = self.at as usize + bytes.len();
        match random.random_range(0..8) {
            0..3 => self.apply(file),
            // Its length without its content.
            3 => file.resize(file.len().max(end), 0),
            // Cut at a sector's border.
            4 => {
                let sectors = self.sectors();
                for (at, part) in sectors.iter().take(random.random_range(0..=sectors.len())) {
                    put(file, *at, part);
                }
            }
            5 => {
                for (at, part) in self.sectors().into_iter().filter(|_| random.random_bool(0.5)) {
                    put(file, at, part);
                }
            }
            _ => {}
        }
    }

    /// The write in pieces that a disk keeps whole.
    fn sectors(&self) -> Vec<(usize, &[u8])> {
        let (mut at, mut rest) = (self.at, self.bytes.unwrap_or_default());
        let mut sectors = Vec::new();
        while !rest.is_empty() {
            let (part, behind) = rest.split_at(rest.len().min((SECTOR - at % SECTOR) as usize));
            sectors.push((at as usize, part));
            at += part.len() as u64;
            rest = behind;
        }
        sectors
    }
}

fn put(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if file.len() < at + bytes.len() {
        file.resize(at + bytes.len(), 0);
    }
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

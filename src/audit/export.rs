//! Verifies a whole export: a folder with the checkpoint, the tiles and the entries.
//!
//! The check goes from the signature down: the checkpoint vouches for the tiles at the right edge, each right tile for
//! those below it, each right tile of level 0 for its entries. So a change is found in the file where it was made, and
//! an entry is passed on only after it is proved. In memory are one tile of each level and one bundle.

use std::io;

use super::bundle::decode_entries;
use super::checkpoint::{Checkpoint, SignedCheckpoint};
use super::fault::{Damage, Fault, MAX_FAULTS};
use super::frontier::Frontier;
use super::hash::{Hash, MAX_ENTRY_BYTES};
use super::node::{NodeId, TreeHead};
use super::note::MAX_NOTE_BYTES;
use super::tile::{ExportFile, Tile};
use super::trust::{Cosignature, Trust};

/// What an export is held against.
#[derive(Debug, Clone)]
pub struct ExportCheck<'t> {
    trust: &'t Trust,
    earlier: Vec<TreeHead>,
    pruned_below: u64,
}

/// An export holds what its log signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedExport {
    /// What the log signed.
    pub checkpoint: Checkpoint,
    /// Which of the known witnesses saw it.
    pub cosignatures: Vec<Cosignature>,
    /// How many entries were proved.
    pub verified: u64,
    /// How many are gone by the rule of retention; their hashes are there and were proved.
    pub pruned: u64,
}

impl<'t> ExportCheck<'t> {
    /// Holds an export against its log's key.
    pub fn new(trust: &'t Trust) -> Self {
        Self { trust, earlier: Vec::new(), pruned_below: 0 }
    }

    /// Holds it also against a tree that somebody noted earlier: the log must go on from there.
    #[must_use]
    pub fn continues(mut self, earlier: TreeHead) -> Self {
        self.earlier.push(earlier);
        self.earlier.sort_by_key(|head| head.size);
        self
    }

    /// Lets bundles be missing of which every entry is before `index`, because retention took them.
    #[must_use]
    pub fn pruned_below(self, index: u64) -> Self {
        Self { pruned_below: index, ..self }
    }

    /// Verifies an export.
    ///
    /// `read` gives the bytes of a file, nothing if there is no such file; it need not give more than the number of
    /// bytes that it is told, plus one. `visit` gets each proved entry with its number, in order.
    ///
    /// A file that the export should not have is not asked for: see [`ExportFile::belongs_to`].
    pub fn run(
        &self,
        read: impl FnMut(&str, usize) -> io::Result<Option<Vec<u8>>>,
        visit: impl FnMut(u64, &[u8]),
    ) -> Result<VerifiedExport, Damage> {
        let mut walk = Walk { check: self, read, visit, past: Past::new(&self.earlier), found: Tally::default() };
        match walk.whole() {
            Some((checkpoint, cosignatures)) if walk.found.count == 0 => {
                let Tally { verified, pruned, .. } = walk.found;
                Ok(VerifiedExport { checkpoint, cosignatures, verified, pruned })
            }
            _ => {
                let Tally { faults, count, verified, .. } = walk.found;
                Err(Damage { faults, count, verified })
            }
        }
    }
}

/// What was found so far.
#[derive(Default)]
struct Tally {
    faults: Vec<Fault>,
    count: u64,
    verified: u64,
    pruned: u64,
}

impl Tally {
    fn fault(&mut self, fault: Fault) {
        self.count += 1;
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        }
    }

    /// The value, or nothing and the fault is noted.
    fn some<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.fault(fault)).ok()
    }
}

/// The trees that were noted earlier, and the one that grows while the leaves go by.
struct Past<'e> {
    earlier: &'e [TreeHead],
    grown: Frontier,
}

impl<'e> Past<'e> {
    fn new(earlier: &'e [TreeHead]) -> Self {
        Self { earlier, grown: Frontier::default() }
    }

    /// Takes proved leaves, and holds each tree on the way against those that were noted.
    fn grow(&mut self, leaves: &[Hash], found: &mut Tally) {
        self.compare(found);
        for &leaf in leaves {
            if self.earlier.is_empty() {
                return;
            }
            self.grown.append(leaf, |_, _| ());
            self.compare(found);
        }
    }

    fn compare(&mut self, found: &mut Tally) {
        while let Some((first, rest)) = self.earlier.split_first().filter(|(first, _)| first.size == self.grown.size())
        {
            let root = self.grown.head().root;
            if root != first.root {
                found.fault(Fault::Rewritten { size: first.size, expected: first.root, found: root });
            }
            self.earlier = rest;
        }
    }
}

/// A tile and its hashes.
struct Loaded {
    tile: Tile,
    hashes: Vec<Hash>,
}

/// One way through an export.
struct Walk<'c, R, V> {
    check: &'c ExportCheck<'c>,
    read: R,
    visit: V,
    past: Past<'c>,
    found: Tally,
}

impl<R, V> Walk<'_, R, V>
where
    R: FnMut(&str, usize) -> io::Result<Option<Vec<u8>>>,
    V: FnMut(u64, &[u8]),
{
    fn whole(&mut self) -> Option<(Checkpoint, Vec<Cosignature>)> {
        let (checkpoint, cosignatures) = self.checkpoint()?;
        let head = checkpoint.head();
        while let Some((last, rest)) = self.past.earlier.split_last().filter(|(last, _)| last.size > head.size) {
            self.found.fault(Fault::Shrunk { earlier: last.size, size: head.size });
            self.past.earlier = rest;
        }
        let edge = self.right_edge(head.size)?;
        if self.root_is_signed(&edge, head) {
            self.past.grow(&[], &mut self.found);
            for loaded in &edge {
                self.descend(loaded);
            }
        } else {
            for loaded in &edge {
                self.compare_below(loaded);
            }
        }
        Some((checkpoint, cosignatures))
    }

    fn checkpoint(&mut self) -> Option<(Checkpoint, Vec<Cosignature>)> {
        let bytes = self.file(ExportFile::Checkpoint, MAX_NOTE_BYTES)?;
        let signed = SignedCheckpoint::parse(&bytes).map_err(Fault::Checkpoint);
        let signed = self.found.some(signed)?;
        let (checkpoint, cosignatures) = self.found.some(self.check.trust.verify(&signed).map_err(Fault::Trust))?;
        Some((checkpoint.clone(), cosignatures))
    }

    /// The tiles of the right edge; nothing if one of them cannot be had, for then nothing vouches for any tile.
    fn right_edge(&mut self, size: u64) -> Option<Vec<Loaded>> {
        let edge: Vec<_> = Tile::right_edge(size).collect();
        let loaded: Vec<_> = edge.into_iter().map(|tile| self.tile(tile)).collect();
        loaded.into_iter().collect()
    }

    fn root_is_signed(&mut self, edge: &[Loaded], head: TreeHead) -> bool {
        let mut read = |node: NodeId| {
            let loaded = edge.iter().find(|loaded| loaded.tile.level() == node.level)?;
            loaded.hashes.get(usize::try_from(node.index.checked_sub(loaded.tile.first())?).ok()?).copied()
        };
        let tree = Frontier::from_reader(head.size, &mut read).expect("the right edge of a tree gives its root");
        let root = tree.head().root;
        if root != head.root {
            self.found.fault(Fault::Root { signed: head.root, found: root });
        }
        root == head.root
    }

    /// Verifies what is below a tile that is right.
    fn descend(&mut self, above: &Loaded) {
        if above.tile.level() == 0 {
            return self.entries(above);
        }
        for (position, &hash) in above.hashes.iter().enumerate() {
            let Some(below) = self.tile(above.tile.below(position)) else { continue };
            if Hash::over(&below.hashes) == hash {
                self.descend(&below);
            } else {
                let (path, above) = (ExportFile::Tile(below.tile).path(), ExportFile::Tile(above.tile).path());
                self.found.fault(Fault::Tile { path, above, position });
            }
        }
    }

    /// Verifies the entries of a tile that is right.
    fn entries(&mut self, tile: &Loaded) {
        // Leaves that the root vouches for prove the past, whatever became of the entries; a gap would not.
        if self.past.grown.size() == tile.tile.first() {
            self.past.grow(&tile.hashes, &mut self.found);
        }
        let Some(bundle) = self.bundle(tile.tile) else { return };
        let path = || ExportFile::Entries(tile.tile).path();
        let entries = decode_entries(&bundle, tile.hashes.len()).map_err(|how| Fault::Bundle { path: path(), how });
        let Some(entries) = self.found.some(entries) else { return };
        for ((entry, hash), index) in entries.iter().zip(&tile.hashes).zip(tile.tile.first()..) {
            if Hash::of_entry(entry) == Ok(*hash) {
                self.found.verified += 1;
                (self.visit)(index, entry);
            } else {
                self.found.fault(Fault::Entry { path: path(), index });
            }
        }
    }

    /// Where the root is wrong: says which files do not fit together.
    fn compare_below(&mut self, above: &Loaded) {
        for (position, &hash) in above.hashes.iter().enumerate() {
            if above.tile.level() == 0 {
                return self.compare_entries(above);
            }
            let Some(below) = self.tile(above.tile.below(position)) else { continue };
            if Hash::over(&below.hashes) != hash {
                self.disagree(above.tile, ExportFile::Tile(below.tile), position);
            }
        }
    }

    fn compare_entries(&mut self, above: &Loaded) {
        let Some(bundle) = self.bundle(above.tile) else { return };
        let decoded = decode_entries(&bundle, above.hashes.len());
        let path = ExportFile::Entries(above.tile).path();
        let Some(entries) = self.found.some(decoded.map_err(|how| Fault::Bundle { path, how })) else { return };
        for (position, (entry, hash)) in entries.iter().zip(&above.hashes).enumerate() {
            if Hash::of_entry(entry) != Ok(*hash) {
                self.disagree(above.tile, ExportFile::Entries(above.tile), position);
            }
        }
    }

    fn disagree(&mut self, above: Tile, below: ExportFile, position: usize) {
        self.found.fault(Fault::Disagree { above: ExportFile::Tile(above).path(), below: below.path(), position });
    }

    fn tile(&mut self, tile: Tile) -> Option<Loaded> {
        let expected = tile.width() * Hash::LEN;
        let bytes = self.file(ExportFile::Tile(tile), expected)?;
        let wrong = || Fault::TileLength { path: ExportFile::Tile(tile).path(), expected };
        let hashes = self.found.some(tile.decode(&bytes).ok_or_else(wrong))?;
        Some(Loaded { tile, hashes })
    }

    /// The bundle of a tile; nothing if retention took it, or if a fault was noted.
    fn bundle(&mut self, tile: Tile) -> Option<Vec<u8>> {
        let file = ExportFile::Entries(tile);
        let end = tile.first() + tile.width() as u64;
        let may_be_gone = tile.is_full() && end <= self.check.pruned_below;
        let read = self.try_file(file, tile.width() * (2 + MAX_ENTRY_BYTES));
        if may_be_gone && matches!(read, Ok(None)) {
            self.found.pruned += tile.width() as u64;
            return None;
        }
        self.present(file, read)
    }

    fn file(&mut self, file: ExportFile, limit: usize) -> Option<Vec<u8>> {
        let read = self.try_file(file, limit);
        self.present(file, read)
    }

    fn try_file(&mut self, file: ExportFile, limit: usize) -> Result<Option<Vec<u8>>, Fault> {
        let path = file.path();
        (self.read)(&path, limit).map_err(|source| Fault::Unreadable { path, source })
    }

    fn present(&mut self, file: ExportFile, read: Result<Option<Vec<u8>>, Fault>) -> Option<Vec<u8>> {
        self.found.some(read.and_then(|bytes| bytes.ok_or_else(|| Fault::Missing { path: file.path() })))
    }
}

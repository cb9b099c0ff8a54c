//! The files of an export: which there are for a tree of a given size, where each stands, and the bytes of a tile.

use super::hash::Hash;
use super::node::{MissingNode, NodeId};

/// Hashes of a full tile.
const TILE_WIDTH: u64 = 256;

/// Levels of tiles that a tree of up to 2^64 - 1 entries has.
const LEVELS: u8 = 8;

/// Up to 256 hashes that stand side by side in one level; at level 0 also the entries that they are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

/// A file of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExportFile {
    /// The signed checkpoint.
    Checkpoint,
    /// The hashes of a tile.
    Tile(Tile),
    /// The entries of a tile of level 0.
    Entries(Tile),
}

impl Tile {
    /// The tile at a place in a tree of `size` entries, if that tree has one.
    pub fn at(level: u8, index: u64, size: u64) -> Option<Self> {
        if level >= LEVELS {
            return None;
        }
        let hashes = size >> (8 * u32::from(level));
        let width = hashes.checked_sub(index.checked_mul(TILE_WIDTH)?)?.min(TILE_WIDTH);
        (width > 0).then_some(Self { level, index, width: width as u16 })
    }

    /// The tile of level 0 that holds an entry.
    pub fn of_entry(index: u64, size: u64) -> Option<Self> {
        Self::at(0, index / TILE_WIDTH, size)
    }

    /// The tiles that are not full, of the highest level first: together they give the root.
    pub(super) fn right_edge(size: u64) -> impl Iterator<Item = Self> {
        let last = move |level| Self::at(level, size >> (8 * u32::from(level)) >> 8, size);
        (0..LEVELS).rev().filter_map(last)
    }

    /// The full tile of the level below over which the hash at `position` stands; this one is not of level 0.
    pub(super) fn below(self, position: usize) -> Self {
        Self { level: self.level - 1, index: self.first() + position as u64, width: TILE_WIDTH as u16 }
    }

    /// Its level: 0 holds the hashes of entries.
    pub fn level(self) -> u8 {
        self.level
    }

    /// How many hashes it holds.
    pub fn width(self) -> usize {
        usize::from(self.width)
    }

    /// Whether it will not grow any more.
    pub fn is_full(self) -> bool {
        u64::from(self.width) == TILE_WIDTH
    }

    /// The place of its first hash within the level; at level 0 the number of its first entry.
    pub fn first(self) -> u64 {
        self.index * TILE_WIDTH
    }

    /// The places of its hashes.
    pub fn nodes(self) -> impl Iterator<Item = NodeId> {
        let first = self.first();
        (0..u64::from(self.width)).map(move |position| NodeId { level: self.level, index: first + position })
    }

    /// Its bytes, from the kept hashes.
    pub fn encode(self, mut read: impl FnMut(NodeId) -> Option<Hash>) -> Result<Vec<u8>, MissingNode> {
        let mut bytes = Vec::with_capacity(self.width() * Hash::LEN);
        for node in self.nodes() {
            bytes.extend(read(node).ok_or(MissingNode(node))?.as_bytes());
        }
        Ok(bytes)
    }

    /// Its hashes; nothing if it is not as long as it should be.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<Vec<Hash>> {
        let (chunks, rest) = bytes.as_chunks::<{ Hash::LEN }>();
        let whole = rest.is_empty() && chunks.len() == self.width();
        whole.then(|| chunks.iter().copied().map(Hash::from_bytes).collect())
    }

    fn place(self) -> String {
        let (mut rest, mut place) = (self.index / 1000, format!("{:03}", self.index % 1000));
        while rest > 0 {
            place = format!("x{:03}/{place}", rest % 1000);
            rest /= 1000;
        }
        if self.is_full() { place } else { format!("{place}.p/{}", self.width) }
    }

    fn parse(level: u8, place: &str) -> Option<Self> {
        let (index, width) = match place.split_once(".p/") {
            Some((index, width)) => (index, width.parse().ok()?),
            None => (place, TILE_WIDTH as u16),
        };
        let index = index.split('/').try_fold(0_u64, |index, digits| {
            let digits: u64 = digits.strip_prefix('x').unwrap_or(digits).parse().ok()?;
            index.checked_mul(1000)?.checked_add(digits)
        })?;
        let possible = level < LEVELS && (1..=TILE_WIDTH as u16).contains(&width) && index < 1 << 56;
        possible.then_some(Self { level, index, width })
    }
}

impl ExportFile {
    /// Where it stands in an export.
    pub fn path(self) -> String {
        match self {
            Self::Checkpoint => "checkpoint".to_owned(),
            Self::Tile(tile) => format!("tile/{}/{}", tile.level, tile.place()),
            Self::Entries(tile) => format!("tile/entries/{}", tile.place()),
        }
    }

    /// What stands at a path; nothing if no file of an export has that path.
    pub fn parse(path: &str) -> Option<Self> {
        let file = if path == "checkpoint" {
            Self::Checkpoint
        } else {
            let (level, place) = path.strip_prefix("tile/")?.split_once('/')?;
            match level {
                "entries" => Self::Entries(Tile::parse(0, place)?),
                level => Self::Tile(Tile::parse(level.parse().ok()?, place)?),
            }
        };
        // There is one way to write each path.
        (file.path() == path).then_some(file)
    }

    /// Whether the export of a tree of `size` entries has this file: any other in its folder is not covered by the root.
    pub fn belongs_to(self, size: u64) -> bool {
        match self {
            Self::Checkpoint => true,
            Self::Tile(tile) | Self::Entries(tile) => Tile::at(tile.level, tile.index, size) == Some(tile),
        }
    }
}

/// The files of the export of a tree of `size` entries: the checkpoint, then each level from the entries up.
pub fn export_files(size: u64) -> impl Iterator<Item = ExportFile> {
    let of_level = move |level| (0..).map_while(move |index| Tile::at(level, index, size));
    let files = (0..LEVELS).flat_map(of_level).flat_map(|tile| {
        let entries = (tile.level == 0).then_some(ExportFile::Entries(tile));
        entries.into_iter().chain([ExportFile::Tile(tile)])
    });
    std::iter::once(ExportFile::Checkpoint).chain(files)
}

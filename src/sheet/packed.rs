//! What is packed comes out here, counted as it comes: no header is believed.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use bytes::Bytes;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder};
use flate2::{Crc, CrcReader};
use zip::{CompressionMethod, ZipArchive};

use super::error::{Foreign, Limit, SheetError};
use super::limits::SheetLimits;
use super::text::BUFFER;

/// Until so many bytes came out the ratio is not asked: a small part of blanks may well unpack to a thousand times its size.
const RATIO_FROM: u64 = 16 << 20;
/// How a header of the central directory of a ZIP file begins.
const CENTRAL: &[u8] = b"PK\x01\x02";
/// Of a name so many letters are shown.
const NAME_LETTERS: usize = 100;

/// Where bytes lie, and how they are packed.
#[derive(Clone)]
pub(super) struct Packed {
    pub(super) bytes: Bytes,
    pub(super) how: Packing,
}

/// How bytes are packed.
#[derive(Clone, Copy)]
pub(super) enum Packing {
    Plain,
    Gzip,
    /// A member of a ZIP file, with the checksum of what it holds.
    Stored(u32),
    Deflated(u32),
}

impl Packed {
    /// Bytes as they are.
    pub(super) fn plain(bytes: Bytes) -> Self {
        Self { bytes, how: Packing::Plain }
    }

    /// Reads what it holds from its start. Each reading counts anew.
    pub(super) fn reader(&self, limits: &SheetLimits) -> Box<dyn BufRead + Send> {
        let bytes = Cursor::new(self.bytes.clone());
        let packed = self.bytes.len() as u64;
        let counted = |inner: Box<dyn Read + Send>| -> Box<dyn BufRead + Send> {
            Box::new(BufReader::with_capacity(BUFFER, Counted::new(inner, packed, limits)))
        };
        match self.how {
            Packing::Plain => Box::new(bytes),
            Packing::Gzip => counted(Box::new(MultiGzDecoder::new(bytes))),
            Packing::Stored(sum) => counted(Box::new(Checked::new(bytes, sum))),
            Packing::Deflated(sum) => counted(Box::new(Checked::new(DeflateDecoder::new(bytes), sum))),
        }
    }

    /// All of it, at most so many bytes.
    pub(super) fn whole(&self, limits: &SheetLimits) -> Result<Bytes, SheetError> {
        if matches!(self.how, Packing::Plain) {
            return Ok(self.bytes.clone());
        }
        let most = limits.workbook_bytes;
        let mut all = Vec::new();
        self.reader(limits).take(most + 1).read_to_end(&mut all)?;
        if all.len() as u64 > most {
            return Err(SheetError::too_much(Limit::WorkbookBytes, most));
        }
        Ok(all.into())
    }
}

/// Counts what comes out.
pub(super) struct Counted<R> {
    inner: R,
    packed: u64,
    out: u64,
    most: u64,
    ratio: u64,
}

impl<R> Counted<R> {
    /// Of so many packed bytes.
    pub(super) fn new(inner: R, packed: u64, limits: &SheetLimits) -> Self {
        Self { inner, packed, out: 0, most: limits.unpacked_bytes, ratio: limits.ratio }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.out += read as u64;
        if self.out > self.most {
            return Err(SheetError::too_much(Limit::UnpackedBytes, self.most).into_io());
        }
        if self.out > RATIO_FROM && self.out / self.ratio.max(1) > self.packed {
            return Err(SheetError::too_much(Limit::Ratio, self.ratio).into_io());
        }
        Ok(read)
    }
}

/// Compares the checksum at the end.
struct Checked<R> {
    inner: CrcReader<R>,
    wanted: u32,
}

impl<R: Read> Checked<R> {
    fn new(inner: R, wanted: u32) -> Self {
        Self { inner: CrcReader::new(inner), wanted }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        if read == 0 && !out.is_empty() && Crc::sum(self.inner.crc()) != self.wanted {
            return Err(SheetError::Damaged.into_io());
        }
        Ok(read)
    }
}

/// A file inside a ZIP file.
pub(super) struct Member {
    /// Fit to be shown: no folder above it, no sign that steers.
    pub(super) name: String,
    pub(super) packed: Packed,
}

/// A ZIP file over bytes in memory.
pub(super) type Archive = ZipArchive<Cursor<Bytes>>;

/// Opens a ZIP file, when it has not too many parts to be listed.
pub(super) fn archive(bytes: &Bytes, limits: &SheetLimits) -> Result<Archive, SheetError> {
    // Listing them takes memory for each, so they are counted before: no header of theirs can hide.
    let parts = bytes.windows(CENTRAL.len()).filter(|window| *window == CENTRAL).count();
    if parts > limits.members {
        return Err(SheetError::too_much(Limit::Members, limits.members as u64));
    }
    ZipArchive::new(Cursor::new(bytes.clone())).map_err(|_| SheetError::Damaged)
}

/// The files of a ZIP file that somebody may mean to send: no folder, and nothing that a system puts beside them.
pub(super) fn members(archive: &mut Archive, bytes: &Bytes) -> Result<Vec<Member>, SheetError> {
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let (name, is_dir) = {
            let part = archive.by_index_raw(index).map_err(|_| SheetError::Damaged)?;
            (String::from_utf8_lossy(part.name_raw()).replace('\\', "/"), part.is_dir())
        };
        if !is_dir && !name.ends_with('/') && !is_left_behind(&name) {
            members.push(Member { name: shown(&name), packed: part(archive, bytes, index)? });
        }
    }
    Ok(members)
}

/// One part of a ZIP file, wherever its name says that it belongs.
pub(super) fn part(archive: &mut Archive, bytes: &Bytes, index: usize) -> Result<Packed, SheetError> {
    let part = archive.by_index_raw(index).map_err(|_| SheetError::Damaged)?;
    if part.encrypted() {
        return Err(SheetError::EncryptedMember { member: shown(&String::from_utf8_lossy(part.name_raw())) });
    }
    let start = part.data_start().and_then(|start| usize::try_from(start).ok());
    let length = usize::try_from(part.compressed_size()).ok();
    let end = start.zip(length).and_then(|(start, length)| start.checked_add(length));
    let range = start.zip(end).filter(|(_, end)| *end <= bytes.len()).ok_or(SheetError::Damaged)?;
    let (method, sum) = (part.compression(), part.crc32());
    let how = if method == CompressionMethod::Stored {
        Packing::Stored(sum)
    } else if method == CompressionMethod::Deflated {
        Packing::Deflated(sum)
    } else {
        return Err(SheetError::Foreign(Foreign::Archive));
    };
    Ok(Packed { bytes: bytes.slice(range.0..range.1), how })
}

/// What macOS and Windows put into a ZIP file by themselves.
fn is_left_behind(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    name.starts_with("__MACOSX/") || last.starts_with('.') || matches!(last, "Thumbs.db" | "desktop.ini")
}

/// A name as it may be shown and asked for: it is never a path.
fn shown(name: &str) -> String {
    let parts = name.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
    let path = parts.collect::<Vec<_>>().join("/");
    let steers = |sign: char| if super::guard::acts(sign) { '_' } else { sign };
    path.chars().map(steers).take(NAME_LETTERS).collect()
}

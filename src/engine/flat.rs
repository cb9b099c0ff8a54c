//! Numbers in sections: the bytes of a checkpoint.
//!
//! A section is a run of numbers of one width, little-endian, in pieces of a limited size, and a checksum over all of it that
//! is seeded with the name of the section. So a section is read in bulk without trusting a length, and none is taken for
//! another one. What the numbers mean is the business of whoever wrote them.

use std::io::{ErrorKind, Read, Write};

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::error::CheckpointError;

/// Bytes of a piece at most; a multiple of every width.
const PIECE: usize = 1 << 18;

/// A number of fixed width.
pub(crate) trait Number: Copy {
    /// Its bytes.
    const WIDTH: usize;
    /// Appends it.
    fn put(self, out: &mut Vec<u8>);
    /// Reads it from as many bytes as it is wide.
    fn take(bytes: &[u8]) -> Self;
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Number for $number {
            const WIDTH: usize = size_of::<Self>();

            #[inline]
            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            #[inline]
            fn take(bytes: &[u8]) -> Self {
                Self::from_le_bytes(bytes.try_into().expect("a number is asked of its own bytes"))
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, u128);

fn hasher(section: &'static str) -> Xxh3 {
    Xxh3::with_seed(xxh3_64(section.as_bytes()))
}

/// Writes sections.
pub(crate) struct Sink<'a> {
    out: &'a mut dyn Write,
    piece: Vec<u8>,
}

impl<'a> Sink<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, piece: Vec::with_capacity(PIECE) }
    }

    /// Writes bytes that belong to no section.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> Result<(), CheckpointError> {
        Ok(self.out.write_all(bytes)?)
    }

    /// Writes a section.
    pub(crate) fn section<T: Number>(
        &mut self,
        name: &'static str,
        numbers: impl IntoIterator<Item = T>,
    ) -> Result<(), CheckpointError> {
        let mut hasher = hasher(name);
        self.piece.clear();
        for number in numbers {
            number.put(&mut self.piece);
            if self.piece.len() >= PIECE {
                self.end_piece(&mut hasher)?;
            }
        }
        if !self.piece.is_empty() {
            self.end_piece(&mut hasher)?;
        }
        self.raw(&0u32.to_le_bytes())?;
        self.raw(&hasher.digest().to_le_bytes())
    }

    fn end_piece(&mut self, hasher: &mut Xxh3) -> Result<(), CheckpointError> {
        hasher.update(&self.piece);
        self.out.write_all(&(self.piece.len() as u32).to_le_bytes())?;
        self.out.write_all(&self.piece)?;
        self.piece.clear();
        Ok(())
    }
}

/// Reads sections in the order in which they were written.
pub(crate) struct Source<'a> {
    input: &'a mut dyn Read,
    piece: Vec<u8>,
    /// Takes every checksum for right, so that a test sees what else would refuse a change.
    trusting: bool,
}

impl<'a> Source<'a> {
    pub(crate) fn new(input: &'a mut dyn Read) -> Self {
        Self { input, piece: vec![0; PIECE], trusting: false }
    }

    #[cfg(test)]
    pub(crate) fn trusting(input: &'a mut dyn Read) -> Self {
        Self { trusting: true, ..Self::new(input) }
    }

    /// Reads bytes that belong to no section.
    pub(crate) fn raw<const N: usize>(&mut self, section: &'static str) -> Result<[u8; N], CheckpointError> {
        let mut bytes = [0; N];
        fill(self.input, &mut bytes, section)?;
        Ok(bytes)
    }

    /// Reads a section.
    pub(crate) fn section<T: Number>(&mut self, name: &'static str) -> Result<Vec<T>, CheckpointError> {
        let (mut hasher, mut numbers) = (hasher(name), Vec::new());
        loop {
            let len = u32::from_le_bytes(self.raw(name)?) as usize;
            if len == 0 {
                break;
            }
            if len > PIECE || !len.is_multiple_of(T::WIDTH) {
                return Err(damaged(name));
            }
            let piece = &mut self.piece[..len];
            fill(self.input, piece, name)?;
            hasher.update(piece);
            numbers.extend(piece.chunks_exact(T::WIDTH).map(T::take));
        }
        let checksum = u64::from_le_bytes(self.raw(name)?);
        if checksum == hasher.digest() || self.trusting { Ok(numbers) } else { Err(damaged(name)) }
    }

    /// Reads a section that has so many numbers.
    pub(crate) fn exactly<T: Number>(&mut self, name: &'static str, count: usize) -> Result<Vec<T>, CheckpointError> {
        let numbers = self.section(name)?;
        require(name, numbers.len() == count)?;
        Ok(numbers)
    }
}

fn fill(input: &mut dyn Read, bytes: &mut [u8], section: &'static str) -> Result<(), CheckpointError> {
    input
        .read_exact(bytes)
        .map_err(|error| if error.kind() == ErrorKind::UnexpectedEof { damaged(section) } else { error.into() })
}

pub(crate) fn damaged(section: &'static str) -> CheckpointError {
    CheckpointError::Damaged { section }
}

/// Refuses a section whose numbers do not fit what was read before.
pub(crate) fn require(section: &'static str, fits: bool) -> Result<(), CheckpointError> {
    if fits { Ok(()) } else { Err(damaged(section)) }
}

/// Whether lists that end at these places, one behind the other, fill `length` places.
pub(crate) fn ends_fit(ends: &[u32], length: usize) -> bool {
    ends.is_sorted() && ends.last().copied().unwrap_or(0) as usize == length
}

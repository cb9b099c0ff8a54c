//! How a value lies in sled: in place when it is small, in pieces when it is not.
//!
//! sled 0.34.7 writes a page out of its log, into a file under `blobs/` that it never syncs, as soon as the page takes
//! more than a quarter of a segment (`MINIMUM_ITEMS_PER_SEGMENT`): 131,052 bytes at its segment size of 512 KiB. A
//! page is a whole leaf, not one value: a leaf is split above 16 entries, and merging may bring 3 more into a full
//! one, so 20 entries have to fit. With keys of at most 256 bytes and stored values of at most [`PIECE_BYTES`] + 1 a
//! leaf stays below 90,000 bytes. Index pages hold up to 320 keys, below 90,000 bytes as well. No page ever leaves
//! the log; a test looks into the folder.

use sled::IVec;
use xxhash_rust::xxh3::xxh3_64;

use crate::store::{Damage, StoreError};

/// The longest value kept in place, and the length of a piece of a longer one.
pub(super) const PIECE_BYTES: usize = 4096;

const IN_PLACE: u8 = 0;
const IN_PIECES: u8 = 1;
const ENVELOPE_BYTES: usize = 25;

/// A value as sled keeps it.
pub(super) enum Stored<'a> {
    InPlace(&'a [u8]),
    InPieces(Envelope),
}

/// Stands in the table for a value that lies in pieces elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Envelope {
    /// Under which number the pieces lie; never used twice.
    pub(super) number: u64,
    bytes: u64,
    checksum: u64,
}

/// What goes into the table for `value`, and the envelope if it has to be cut into pieces.
///
/// `next_number` moves on when an envelope takes a number.
pub(super) fn encode(value: &[u8], next_number: &mut u64) -> (IVec, Option<Envelope>) {
    if value.len() <= PIECE_BYTES {
        let mut stored = Vec::with_capacity(value.len() + 1);
        stored.push(IN_PLACE);
        stored.extend_from_slice(value);
        return (stored.into(), None);
    }
    let envelope = Envelope { number: *next_number, bytes: value.len() as u64, checksum: xxh3_64(value) };
    *next_number += 1;
    (envelope.encode(), Some(envelope))
}

/// Reads what lies in the table.
pub(super) fn decode(stored: &[u8]) -> Result<Stored<'_>, StoreError> {
    match stored.split_first() {
        Some((&IN_PLACE, value)) => Ok(Stored::InPlace(value)),
        Some((&IN_PIECES, envelope)) => Envelope::decode(envelope).map(Stored::InPieces).ok_or(DAMAGED),
        _ => Err(DAMAGED),
    }
}

/// The key of one piece.
pub(super) fn piece_key(number: u64, index: u32) -> [u8; 12] {
    let mut key = [0; 12];
    key[..8].copy_from_slice(&number.to_be_bytes());
    key[8..].copy_from_slice(&index.to_be_bytes());
    key
}

/// The number in a piece's key.
pub(super) fn number_of(piece_key: &[u8]) -> Result<u64, StoreError> {
    read_u64(piece_key, 0).ok_or(DAMAGED)
}

const DAMAGED: StoreError = StoreError::Corrupt { doing: "reading a value", finding: Damage::Value };

impl Envelope {
    /// How many pieces there are.
    pub(super) fn pieces(self) -> u32 {
        self.bytes.div_ceil(PIECE_BYTES as u64) as u32
    }

    /// Puts the value together from its pieces, asked for in order.
    pub(super) fn open(
        self,
        mut piece: impl FnMut(u32) -> Result<Option<IVec>, StoreError>,
    ) -> Result<Vec<u8>, StoreError> {
        let mut value = Vec::new();
        for index in 0..self.pieces() {
            value.extend_from_slice(&piece(index)?.ok_or(DAMAGED)?);
        }
        if value.len() as u64 == self.bytes && xxh3_64(&value) == self.checksum { Ok(value) } else { Err(DAMAGED) }
    }

    fn encode(self) -> IVec {
        let mut stored = [IN_PIECES; ENVELOPE_BYTES];
        stored[1..9].copy_from_slice(&self.number.to_be_bytes());
        stored[9..17].copy_from_slice(&self.bytes.to_be_bytes());
        stored[17..].copy_from_slice(&self.checksum.to_be_bytes());
        IVec::from(&stored)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let exact = bytes.len() + 1 == ENVELOPE_BYTES;
        let (number, length, checksum) = (read_u64(bytes, 0)?, read_u64(bytes, 8)?, read_u64(bytes, 16)?);
        exact.then_some(Self { number, bytes: length, checksum })
    }
}

/// The big-endian number at `at`, if there are 8 bytes.
pub(super) fn read_u64(bytes: &[u8], at: usize) -> Option<u64> {
    let field = bytes.get(at..at + 8)?;
    Some(u64::from_be_bytes(field.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(value: &[u8]) -> (IVec, Option<Envelope>) {
        encode(value, &mut 7)
    }

    #[test]
    fn short_values_lie_in_place_and_long_ones_in_pieces() {
        let cases = [
            ("empty", 0, None),
            ("one byte", 1, None),
            ("longest in place", PIECE_BYTES, None),
            ("shortest in pieces", PIECE_BYTES + 1, Some(2)),
            ("whole pieces", 3 * PIECE_BYTES, Some(3)),
            ("a MiB", 1 << 20, Some(256)),
        ];
        for (name, length, pieces) in cases {
            let value: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
            let (bytes, envelope) = stored(&value);
            assert_eq!(envelope.map(Envelope::pieces), pieces, "{name}");
            let back = match decode(&bytes).unwrap() {
                Stored::InPlace(value) => value.to_vec(),
                Stored::InPieces(envelope) => {
                    assert_eq!(envelope.number, 7, "{name}");
                    let cut: Vec<&[u8]> = value.chunks(PIECE_BYTES).collect();
                    envelope.open(|index| Ok(Some(IVec::from(cut[index as usize])))).unwrap()
                }
            };
            assert_eq!(back, value, "{name}");
        }
    }

    #[test]
    fn damage_is_found() {
        let value = vec![3; PIECE_BYTES + 100];
        let (good, envelope) = stored(&value);
        let envelope = envelope.unwrap();
        let mut flipped = value.clone();
        flipped[PIECE_BYTES] ^= 1;
        let pieces = |source: Vec<u8>| move |i: u32| Ok(source.chunks(PIECE_BYTES).nth(i as usize).map(IVec::from));
        assert!(envelope.open(pieces(value.clone())).is_ok());
        assert!(envelope.open(pieces(flipped)).is_err(), "flipped bit");
        assert!(envelope.open(pieces(value[..PIECE_BYTES].to_vec())).is_err(), "missing piece");
        assert!(envelope.open(pieces(value[..PIECE_BYTES + 9].to_vec())).is_err(), "short piece");
        for (name, bytes) in [
            ("nothing", Vec::new()),
            ("unknown kind", vec![9, 1, 2]),
            ("short envelope", good[..20].to_vec()),
            ("long envelope", [&good[..], b"x"].concat()),
        ] {
            assert!(decode(&bytes).is_err(), "{name}");
        }
    }
}

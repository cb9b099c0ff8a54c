//! A checksum on each value, for engines that hand out what they find without looking at it.
//!
//! It covers table, key and value: a value that turned up under another key is damage, too. xxh3 (64 bits) finds
//! accidents, not forgers.

use xxhash_rust::xxh3::Xxh3;

use super::{Damage, StoreError, Table};

const SUM_BYTES: usize = 8;

/// The value as it is stored.
pub(super) fn seal(table: Table, key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(SUM_BYTES + value.len());
    stored.extend_from_slice(&sum(table, key, value));
    stored.extend_from_slice(value);
    stored
}

/// The value that was sealed, or `Corrupt`.
pub(super) fn open(table: Table, key: &[u8], stored: &[u8]) -> Result<Vec<u8>, StoreError> {
    match stored.split_at_checked(SUM_BYTES) {
        Some((found, value)) if *found == sum(table, key, value) => Ok(value.to_vec()),
        _ => Err(StoreError::Corrupt { doing: "reading a value", finding: Damage::Value }),
    }
}

fn sum(table: Table, key: &[u8], value: &[u8]) -> [u8; SUM_BYTES] {
    let mut hash = Xxh3::new();
    hash.update(table.name().as_bytes());
    hash.update(&(key.len() as u64).to_be_bytes());
    hash.update(key);
    hash.update(value);
    hash.digest().to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_flipped_bit_is_found() {
        let (table, key, value) = (Table::Rows, b"key", b"some value");
        let stored = seal(table, key, value);
        assert_eq!(open(table, key, &stored).unwrap(), value);
        for bit in 0..stored.len() * 8 {
            let mut flipped = stored.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(open(table, key, &flipped).is_err(), "bit {bit}");
        }
        assert!(open(table, b"kez", &stored).is_err(), "another key");
        assert!(open(Table::Cases, key, &stored).is_err(), "another table");
        assert!(open(table, key, &stored[..7]).is_err(), "cut short");
        assert_eq!(open(table, b"", &seal(table, b"", b"")).unwrap(), b"", "nothing is a value");
    }
}

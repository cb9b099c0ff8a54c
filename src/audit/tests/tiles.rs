//! Which files an export has, and where they stand.

use proptest::prelude::*;

use super::*;

#[test]
fn paths_are_those_of_the_specification() {
    let rows = [
        (Tile::at(0, 1_234_067, 1 << 40), "tile/0/x001/x234/067"),
        (Tile::at(0, 0, 1), "tile/0/000.p/1"),
        (Tile::at(0, 273, 70_000), "tile/0/273.p/112"),
        (Tile::at(1, 1, 70_000), "tile/1/001.p/17"),
        (Tile::at(2, 0, 70_000), "tile/2/000.p/1"),
        (Tile::at(1, 0, 256), "tile/1/000.p/1"),
        (Tile::of_entry(255, 256), "tile/0/000"),
    ];
    for (tile, path) in rows {
        let file = ExportFile::Tile(tile.unwrap());
        assert_eq!(file.path(), path);
        assert_eq!(ExportFile::parse(path), Some(file));
    }
    assert_eq!(ExportFile::Entries(Tile::of_entry(256_000, 256_001).unwrap()).path(), "tile/entries/x001/000.p/1");
    assert_eq!(Tile::at(0, 1, 256), None);
    assert_eq!(Tile::at(3, 0, 70_000), None);
}

#[test]
fn other_paths_are_none() {
    let rows = [
        "",
        "checkpoint/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/00/000",
        "tile/8/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/+01",
        "tile/entries/000/",
        "/tile/0/000",
        "tile/0/../000",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    ];
    for path in rows {
        assert_eq!(ExportFile::parse(path), None, "{path}");
    }
}

#[test]
fn a_tree_has_the_files_of_the_specification() {
    let all: Vec<_> = export_files(70_000).collect();
    let count =
        |level| all.iter().filter(|file| matches!(file, ExportFile::Tile(tile) if tile.level() == level)).count();
    assert_eq!((count(0), count(1), count(2), count(3)), (274, 2, 1, 0));
    assert_eq!(all.len(), 1 + 2 * 274 + 2 + 1);
    assert_eq!(export_files(0).collect::<Vec<_>>(), [ExportFile::Checkpoint]);
}

proptest! {
    #[test]
    fn every_file_is_found_by_its_path(size in 0_u64..200_000) {
        for file in export_files(size) {
            prop_assert_eq!(ExportFile::parse(&file.path()), Some(file));
            prop_assert!(file.belongs_to(size));
            let grows = matches!(file, ExportFile::Tile(tile) | ExportFile::Entries(tile) if !tile.is_full());
            prop_assert!(!grows || !file.belongs_to(size + 65_536 * 256));
        }
    }

    #[test]
    fn bundles_give_their_entries_back(entries: Vec<Vec<u8>>, cut: prop::sample::Index) {
        let bytes = encode_entries(&entries).unwrap();
        prop_assert_eq!(decode_entries(&bytes, entries.len()).unwrap(), entries.iter().collect::<Vec<_>>());
        prop_assert!(decode_entries(&bytes, entries.len() + 1).is_err());
        if !entries.is_empty() {
            prop_assert!(decode_entries(&bytes[..cut.index(bytes.len())], entries.len()).is_err());
            prop_assert!(decode_entries(&bytes, entries.len() - 1).is_err());
        }
    }
}

#[test]
fn the_longest_entry_fits_and_no_longer_one() {
    let longest = vec![1; MAX_ENTRY_BYTES];
    assert_eq!(decode_entries(&encode_entries([&longest]).unwrap(), 1), Ok(vec![&longest[..]]));
    let longer = vec![1; MAX_ENTRY_BYTES + 1];
    assert_eq!(encode_entries([&longer]), Err(EntryTooLong { bytes: MAX_ENTRY_BYTES + 1 }));
    assert_eq!(
        Hash::of_entry(&longer).unwrap_err().to_string(),
        "an entry of 65536 bytes is longer than the 65535 that a log entry may have"
    );
}

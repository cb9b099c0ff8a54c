//! Ten thousand single changes of an export, each found.

use std::collections::BTreeMap;

use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::*;

const CHANGES: usize = 10_000;
const ENTRIES: u64 = 1000;

/// What is done to an export. Each file is as likely as any other, so the small ones are hit as often as the large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    FlipBit,
    SetByte,
    Cut,
    Append,
    DeleteBytes,
    InsertBytes,
    SwapRanges,
    SwapEntries,
    RepeatEntry,
    DropEntry,
    DeleteFile,
    SwapFiles,
    CopyFile,
    RenameFile,
    AddFile,
}

const ALL: [Change; 15] = [
    Change::FlipBit,
    Change::SetByte,
    Change::Cut,
    Change::Append,
    Change::DeleteBytes,
    Change::InsertBytes,
    Change::SwapRanges,
    Change::SwapEntries,
    Change::RepeatEntry,
    Change::DropEntry,
    Change::DeleteFile,
    Change::SwapFiles,
    Change::CopyFile,
    Change::RenameFile,
    Change::AddFile,
];

fn apply(change: Change, files: &mut Files, random: &mut ChaCha8Rng) {
    let paths: Vec<String> = files.keys().cloned().collect();
    let pick = |random: &mut ChaCha8Rng| paths.choose(random).expect("an export has files").clone();
    let (path, other) = (pick(random), pick(random));
    let free = ExportFile::Tile(Tile::at(0, random.random_range(4..2000), u64::MAX).expect("any tile")).path();
    let bytes = files.get_mut(&path).expect("it is there");
    let at = random.random_range(0..bytes.len());
    let length = random.random_range(1..=64).min(bytes.len() - at);
    match change {
        Change::FlipBit => bytes[at] ^= 1 << random.random_range(0..8),
        Change::SetByte => bytes[at] = random.random_range(0..=255),
        Change::Cut => bytes.truncate(at),
        Change::Append => bytes.extend((0..length).map(|_| random.random_range(0..=255_u8))),
        Change::DeleteBytes => drop(bytes.drain(at..at + length)),
        Change::InsertBytes => drop(bytes.splice(at..at, vec![random.random_range(0..=255); length])),
        Change::SwapRanges => swap_ranges(bytes, random),
        Change::SwapEntries => change_entries(files, random, |entries, one, two| entries.swap(one, two)),
        Change::RepeatEntry => change_entries(files, random, |entries, one, two| entries[one] = entries[two].clone()),
        Change::DropEntry => change_entries(files, random, |entries, one, _| drop(entries.remove(one))),
        Change::DeleteFile => drop(files.remove(&path)),
        Change::SwapFiles => {
            let (one, two) = (files[&path].clone(), files[&other].clone());
            files.extend([(path, two), (other, one)]);
        }
        Change::CopyFile => drop(files.insert(path, files[&other].clone())),
        Change::AddFile => drop(files.insert(free, files[&path].clone())),
        Change::RenameFile => {
            let bytes = files.remove(&path).expect("it was there");
            files.insert(free, bytes);
        }
    }
}

fn swap_ranges(bytes: &mut [u8], random: &mut ChaCha8Rng) {
    let (left, right) = bytes.split_at_mut(bytes.len() / 2);
    let from = random.random_range(0..left.len());
    let length = random.random_range(1..=64).min(left.len() - from);
    left[from..from + length].swap_with_slice(&mut right[..length]);
}

fn change_entries(files: &mut Files, random: &mut ChaCha8Rng, change: impl Fn(&mut Vec<Vec<u8>>, usize, usize)) {
    let bundles: Vec<_> = files.keys().filter(|path| path.starts_with("tile/entries/")).cloned().collect();
    let path = bundles.choose(random).expect("an export has bundles");
    let Some(ExportFile::Entries(tile)) = ExportFile::parse(path) else { panic!("{path} is a bundle") };
    let entries = decode_entries(&files[path], tile.width()).expect("it is right");
    let mut entries: Vec<_> = entries.into_iter().map(<[u8]>::to_vec).collect();
    let (one, two) = (random.random_range(0..entries.len()), random.random_range(0..entries.len()));
    change(&mut entries, one, two);
    files.insert(path.clone(), encode_entries(entries).expect("entries that were short enough"));
}

/// Whether an auditor would take the export for right: every file belongs to it, and all verifies.
fn accepted(files: &Files, trust: &Trust) -> bool {
    verify(&ExportCheck::new(trust), files).is_ok_and(|report| {
        let size = report.checkpoint.head().size;
        files.keys().all(|path| ExportFile::parse(path).is_some_and(|file| file.belongs_to(size)))
    })
}

#[test]
fn ten_thousand_single_changes_and_none_is_missed() {
    let (original, trust) = (Log::of(ENTRIES).export(ENTRIES), trust());
    assert!(accepted(&original, &trust));
    let mut random = ChaCha8Rng::seed_from_u64(6962);
    let (mut tried, mut missed) = (BTreeMap::new(), Vec::new());
    while tried.values().sum::<usize>() < CHANGES {
        let change = *ALL.choose(&mut random).expect("there are changes");
        let mut files = original.clone();
        apply(change, &mut files, &mut random);
        if files == original {
            continue; // Some draws change nothing, as a file that is swapped with itself.
        }
        *tried.entry(change).or_insert(0) += 1;
        if accepted(&files, &trust) {
            missed.push(change);
        }
    }
    println!("changes: {tried:?}");
    assert_eq!(missed, [], "undetected");
    assert_eq!(tried.len(), ALL.len());
}

#[test]
fn every_changed_bit_of_the_checkpoint_is_found() {
    let (mut files, trust) = (Log::of(300).export(300), trust());
    let original = files["checkpoint"].clone();
    for at in 0..original.len() {
        for bit in 0..8 {
            let mut bytes = original.clone();
            bytes[at] ^= 1 << bit;
            files.insert("checkpoint".to_owned(), bytes);
            assert!(!accepted(&files, &trust), "bit {bit} of byte {at}");
        }
    }
}

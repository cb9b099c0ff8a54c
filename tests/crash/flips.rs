//! Single bits are flipped in the files of a store that was closed well. Every answer must then be right or an error; a
//! wrong value, or one that is missing without an error, is served wrong.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use padan::store::{Read as _, Store, Table, WriteBatch};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::child::{block_on, opened, tell};
use crate::exam::{Amount, Exam};
use crate::site::Site;
use crate::tally::{Rule, Tally};
use crate::workload::{COUNTED, LARGE, bytes_of, commit, whole};

const FLIPS: Amount = Amount { quick: 60, full: 2_000 };
const BATCHES: u64 = 40;
const KEYS_OF_A_BATCH: u64 = 12;
const LARGE_EVERY: u64 = 4;

const COUNTS: &[(&str, Rule)] = &[
    ("flips", Rule::Some),
    ("detected at opening", Rule::Fact),
    ("detected at reading", Rule::Fact),
    ("harmless", Rule::Fact),
    ("served wrong", Rule::Zero),
    ("served wrong by get", Rule::Zero),
    ("served wrong by scan", Rule::Zero),
    ("hung", Rule::Zero),
];

/// What every table holds, by key.
type Truth = BTreeMap<Table, BTreeMap<Vec<u8>, Vec<u8>>>;

/// The batches and the state after them. Later batches overwrite some keys of earlier ones and delete others.
fn batches() -> (Vec<WriteBatch>, Truth) {
    let mut truth = Truth::new();
    let mut all = Vec::new();
    for batch in 0..BATCHES {
        let mut writes = WriteBatch::new();
        for key in 0..KEYS_OF_A_BATCH {
            let table = COUNTED[(key % 3) as usize];
            // Three of twelve keys fall on those of an earlier batch.
            let number = if key < 3 { batch / 2 * 100 + key + 3 } else { batch * 100 + key };
            let (name, value) = (format!("k/{number:06}").into_bytes(), bytes_of(batch * 1_000 + key, 20..600));
            writes.put(table, name.clone(), value.clone());
            truth.entry(table).or_default().insert(name, value);
        }
        let gone = format!("k/{:06}", batch / 3 * 100 + 11).into_bytes();
        writes.delete(COUNTED[2], gone.clone());
        truth.entry(COUNTED[2]).or_default().remove(&gone);
        if batch % LARGE_EVERY == 0 {
            let (name, value) = (format!("large/{batch}").into_bytes(), bytes_of(1 << 20 | batch, 5_000..60_000));
            writes.put(LARGE, name.clone(), value.clone());
            truth.entry(LARGE).or_default().insert(name, value);
        }
        all.push(writes);
    }
    (all, truth)
}

/// `ADDRESS`: makes the store and closes it.
pub(crate) fn fill(arguments: &[String]) -> u8 {
    let [address] = arguments else { panic!("one argument") };
    for part in batches().0.chunks(BATCHES as usize / 2) {
        let store = match opened(address) {
            Ok(store) => store,
            Err(code) => return code,
        };
        block_on(async {
            for batch in part {
                commit(&*store, batch.clone()).await.expect("a sound store takes it");
            }
            store.close().await.expect("a sound store closes");
        });
    }
    0
}

/// `ADDRESS`: opens the store, reads everything and counts what is wrong and what was refused.
pub(crate) fn read(arguments: &[String]) -> u8 {
    let [address] = arguments else { panic!("one argument") };
    let store = match opened(address) {
        Ok(store) => store,
        Err(code) => return code,
    };
    let truth = batches().1;
    block_on(async {
        for (table, rows) in &truth {
            by_get(&*store, *table, rows).await;
        }
        for (table, rows) in &truth {
            by_scan(&*store, *table, rows).await;
        }
    });
    let _ = block_on(store.close());
    tell("read", 1);
    0
}

async fn by_get(store: &dyn Store, table: Table, rows: &BTreeMap<Vec<u8>, Vec<u8>>) {
    let (mut wrong, mut errors) = (0, 0);
    for (key, value) in rows {
        match store.get(table, key.clone()).await {
            Ok(found) => wrong += u64::from(found.as_ref() != Some(value)),
            Err(_) => errors += 1,
        }
    }
    tell(&format!("wrong_get_{table}"), wrong);
    tell(&format!("errors_get_{table}"), errors);
}

async fn by_scan(store: &dyn Store, table: Table, rows: &BTreeMap<Vec<u8>, Vec<u8>>) {
    match whole(store.reader(), table).await {
        Ok(found) => tell(&format!("wrong_scan_{table}"), u64::from(!found.iter().map(|(k, v)| (k, v)).eq(rows))),
        Err(_) => tell(&format!("errors_scan_{table}"), 1),
    }
}

/// The case.
pub(crate) fn run(exam: &Exam) -> Vec<Tally> {
    let mut tally = Tally::new("flips", "one bit flipped in a closed store", COUNTS);
    let site = Site::new(exam);
    let filled = crate::child::ask_role("fill", &[&site.address()]);
    assert!(filled.is_done(), "filling a store: {}", filled.ending());
    let sound = site.aside("sound");
    copy(&site.live(), &sound);
    let files = files(&sound);
    let bytes: u64 = files.iter().map(|(_, bytes)| bytes).sum();
    let mut random = ChaCha8Rng::seed_from_u64(exam.seed);
    for flip in 0..=exam.amount(FLIPS) {
        fs::remove_dir_all(site.live()).expect("removed");
        copy(&sound, &site.live());
        let mut place = "nowhere".to_owned();
        if flip > 0 {
            let (path, at) = position(&files, random.random_range(0..bytes));
            let bit = random.random_range(0..8);
            flip_bit(&site.live().join(&path), at, bit);
            place = format!("{} byte {at} bit {bit}", path.display());
        }
        look(&site, &place, flip == 0, &mut tally);
    }
    tally.note_first(format!("{bytes} bytes in {} files", files.len()));
    vec![tally]
}

/// Reads the store; the first time no bit was flipped, and everything must be right.
fn look(site: &Site, place: &str, is_sound: bool, tally: &mut Tally) {
    let told = crate::child::ask_role("read", &[&site.address()]);
    let sum = |kind: &str| {
        let tables = COUNTED.into_iter().chain([LARGE]);
        tables.map(|table| told.number(&format!("{kind}_{table}"))).sum::<u64>()
    };
    let (by_get, by_scan) = (sum("wrong_get"), sum("wrong_scan"));
    let errors = sum("errors_get") + sum("errors_scan");
    if is_sound {
        assert!(told.is_done() && by_get + by_scan + errors == 0, "a sound store is read right: {}", told.ending());
        return;
    }
    tally.add("flips", 1);
    tally.add("hung", u64::from(told.hung));
    tally.add("served wrong by get", u64::from(by_get > 0));
    tally.add("served wrong by scan", u64::from(by_scan > 0));
    let verdict = match (by_get + by_scan > 0, told.number("read") == 1, errors > 0) {
        (true, ..) => "served wrong",
        (_, false, _) if told.is_refusal() => "detected at opening",
        (_, true, false) => "harmless",
        // An error, or a process that ended itself: either way nothing wrong was served.
        _ => "detected at reading",
    };
    tally.add(verdict, 1);
    if by_get + by_scan > 0 || told.hung {
        tally.note(format!("{place}: {by_get} gets and {by_scan} scans wrong, {errors} errors, {}", told.ending()));
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("created");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("copied");
        }
    }
}

/// All files with their sizes, by name.
fn files(root: &Path) -> Vec<(PathBuf, u64)> {
    let (mut files, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::metadata(&path).expect("a file").len();
                files.push((path.strip_prefix(root).expect("below").to_owned(), bytes));
            }
        }
    }
    files.sort();
    files
}

fn position(files: &[(PathBuf, u64)], mut at: u64) -> (PathBuf, u64) {
    for (path, bytes) in files {
        if at < *bytes {
            return (path.clone(), at);
        }
        at -= bytes;
    }
    unreachable!("a position lies in some file")
}

fn flip_bit(path: &Path, at: u64, bit: u32) {
    let file = fs::OpenOptions::new().read(true).write(true).open(path).expect("a file");
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).expect("read");
    byte[0] ^= 1 << bit;
    file.write_all_at(&byte, at).expect("written");
}

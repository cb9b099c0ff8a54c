//! What is particular to sled: the folder, groups, poison, refusals at opening.

use std::{
    fs::{self, File},
    io,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio::task::JoinSet;

use super::*;
use crate::store::{
    Damage,
    conformance::{self, Memory},
};

fn put(table: Table, key: &[u8], value: &[u8]) -> WriteBatch {
    let mut batch = WriteBatch::new();
    batch.put(table, key, value);
    batch
}

/// A disk whose syncs are counted and can be made to fail.
#[derive(Default)]
struct Disk {
    broken: AtomicBool,
    syncs: AtomicUsize,
}

impl Disk {
    fn sync(self: &Arc<Self>) -> Sync {
        let disk = Arc::clone(self);
        Arc::new(move |file: &File| {
            disk.syncs.fetch_add(1, Ordering::SeqCst);
            if disk.broken.load(Ordering::SeqCst) { Err(io::Error::other("broken")) } else { file.sync_data() }
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn conforms() {
    let folder = tempfile::tempdir().unwrap();
    let limits = conformance::limits();
    let open = |name: &str| Arc::new(SledStore::open(&folder.path().join(name), &limits).unwrap());
    conformance::run(open, Memory::Keeps).await;
    for store in fs::read_dir(folder.path()).unwrap() {
        let store = store.unwrap().path();
        let blobs = fs::read_dir(store.join("blobs")).unwrap().count();
        assert_eq!(blobs, 0, "{}: a page left the log", store.display());
    }
}

#[tokio::test]
async fn pieces_go_with_their_values() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(folder.path(), &conformance::limits()).unwrap();
    let pieces = || store.reader.shared.trees.pieces_kept();
    let check = async |name: &str, batch: WriteBatch, expected: usize| {
        store.commit(batch).await.unwrap();
        assert_eq!(pieces(), expected, "{name}");
    };
    check("in place", put(Table::Rows, b"k", &[1; 4_096]), 0).await;
    check("in pieces", put(Table::Rows, b"k", &[1; 10_000]), 3).await;
    check("overwritten in pieces", put(Table::Rows, b"k", &[2; 5_000]), 2).await;
    check("another table", put(Table::Cases, b"k", &[2; 5_000]), 4).await;
    check("overwritten in place", put(Table::Rows, b"k", b"short"), 2).await;
    let mut batch = WriteBatch::new();
    batch.delete(Table::Cases, *b"k");
    check("deleted", batch, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_batches_share_syncs() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Arc::new(Disk::default());
    let store = Arc::new(SledStore::open_with(folder.path(), &conformance::limits(), disk.sync()).unwrap());
    disk.syncs.store(0, Ordering::SeqCst);
    let mut writers = JoinSet::new();
    for writer in 0..200_u32 {
        let store = Arc::clone(&store);
        writers.spawn(async move { store.commit(put(Table::Rows, &writer.to_be_bytes(), b"")).await.unwrap() });
    }
    writers.join_all().await;
    let syncs = disk.syncs.load(Ordering::SeqCst);
    assert!((1..100).contains(&syncs), "{syncs} syncs for 200 batches");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_sync_ends_writing_and_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Arc::new(Disk::default());
    let store = SledStore::open_with(folder.path(), &conformance::limits(), disk.sync()).unwrap();
    store.commit(put(Table::Rows, b"kept", b"1")).await.unwrap();
    store.commit(put(Table::Rows, b"overwritten", b"1")).await.unwrap();
    disk.broken.store(true, Ordering::SeqCst);
    let mut batch = put(Table::Rows, b"lost", b"1");
    batch.put(Table::Rows, *b"overwritten", *b"2");
    assert!(matches!(store.commit(batch).await, Err(StoreError::Io { doing: "syncing a group", .. })));
    disk.broken.store(false, Ordering::SeqCst);
    let syncs = disk.syncs.load(Ordering::SeqCst);

    let poisoned = |answer: Result<(), StoreError>| matches!(answer, Err(StoreError::Poisoned { .. }));
    assert!(poisoned(store.commit(put(Table::Rows, b"later", b"1")).await.map(drop)));
    assert!(poisoned(store.health().await));
    let get = async |key: &[u8]| store.get(Table::Rows, key.to_vec()).await;
    assert_eq!(get(b"kept").await.unwrap(), Some(b"1".to_vec()), "reads go on");
    assert!(poisoned(get(b"lost").await.map(drop)), "what may not be durable is not shown");
    assert!(poisoned(get(b"overwritten").await.map(drop)));
    let scan = async |from: &[u8], to: &[u8]| store.scan(Table::Rows, from.to_vec(), Some(to.to_vec()), 9).await;
    assert_eq!(scan(b"k", b"l").await.unwrap().len(), 1);
    assert!(poisoned(scan(b"k", b"m").await.map(drop)));
    drop(store);
    assert_eq!(disk.syncs.load(Ordering::SeqCst), syncs, "no sync was repeated");
    // sled would sync on closing, so it is left open and keeps its lock.
    let hasty = Config { lock_wait_ms: 300, ..conformance::limits() };
    assert!(matches!(SledStore::open(folder.path(), &hasty), Err(StoreError::Locked)));
}

/// The answer must not leave before the disk has the bytes: the sync looks whether somebody was already told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_shown_before_it_is_durable() {
    let folder = tempfile::tempdir().unwrap();
    let (entered, under_way) = std::sync::mpsc::channel();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = Mutex::new(held);
    let armed = Arc::new(AtomicBool::new(false));
    let sync: Sync = {
        let armed = Arc::clone(&armed);
        Arc::new(move |file: &File| {
            if armed.load(Ordering::SeqCst) {
                entered.send(()).unwrap();
                held.lock().unwrap().recv().unwrap();
            }
            file.sync_data()
        })
    };
    let store = Arc::new(SledStore::open_with(folder.path(), &conformance::limits(), sync).unwrap());
    store.commit(put(Table::Rows, b"old", b"1")).await.unwrap();
    armed.store(true, Ordering::SeqCst);
    let writer = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.commit(put(Table::Rows, b"new", b"1")).await }
    });
    let a_while = std::time::Duration::from_secs(30);
    spawn_blocking(move || under_way.recv_timeout(a_while).expect("a commit syncs")).await.unwrap();
    assert_eq!(store.get(Table::Rows, b"old".to_vec()).await.unwrap(), Some(b"1".to_vec()), "others are not held up");
    assert_eq!(store.scan(Table::Rows, b"o".to_vec(), None, 9).await.unwrap().len(), 1);
    let mut readers = JoinSet::new();
    for scanning in [false, true] {
        let store = Arc::clone(&store);
        readers.spawn(async move {
            if scanning {
                store.scan(Table::Rows, Vec::new(), None, 9).await.unwrap().len() == 2
            } else {
                store.get(Table::Rows, b"new".to_vec()).await.unwrap().is_some()
            }
        });
    }
    let early = tokio::time::timeout(std::time::Duration::from_millis(100), readers.join_next()).await;
    assert!(early.is_err() && !writer.is_finished(), "answered before the sync returned");
    release.send(()).unwrap();
    writer.await.unwrap().unwrap();
    assert_eq!(readers.join_all().await, [true, true]);
    armed.store(false, Ordering::SeqCst);
}

#[tokio::test]
async fn a_full_disk_refuses_writes_only() {
    let folder = tempfile::tempdir().unwrap();
    drop(SledStore::open(folder.path(), &conformance::limits()).unwrap());
    let greedy = Config { reserve_bytes: u64::MAX, ..conformance::limits() };
    let store = SledStore::open(folder.path(), &greedy).unwrap();
    assert!(matches!(store.commit(put(Table::Rows, b"k", b"v")).await, Err(StoreError::Full { .. })));
    assert!(matches!(store.health().await, Err(StoreError::Full { .. })));
    assert_eq!(store.get(Table::Rows, b"k".to_vec()).await.unwrap(), None);
    drop(store);
    let store = SledStore::open(folder.path(), &conformance::limits()).unwrap();
    store.health().await.unwrap();
    store.commit(put(Table::Rows, b"k", b"v")).await.unwrap();
}

#[tokio::test]
async fn a_second_instance_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Config { lock_wait_ms: 0, ..conformance::limits() };
    let first = SledStore::open(folder.path(), &limits).unwrap();
    let second = SledStore::open(folder.path(), &limits).err().expect("the folder is taken");
    assert!(matches!(second, StoreError::Locked), "{second}");
    assert!(second.hint().unwrap().contains("padan serve"));
    first.commit(put(Table::Rows, b"k", b"v")).await.unwrap();
    drop(first);
    SledStore::open(folder.path(), &conformance::limits()).unwrap();
}

/// Prepares a folder, then says how opening it ends.
fn opening(name: &str, prepare: impl FnOnce(&Path), expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let found = match SledStore::open(folder.path(), &conformance::limits()) {
        Ok(_) => "opens".to_owned(),
        Err(error) => error.to_string(),
    };
    assert_eq!(found, expected, "{name}");
}

fn store_with_three_groups(folder: &Path) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = SledStore::open(folder, &conformance::limits()).unwrap();
    for key in 0..3_u8 {
        runtime.block_on(store.commit(put(Table::Rows, &[key], &[key; 3_000]))).unwrap();
    }
}

/// Opens the folder with sled alone.
fn bare(folder: &Path) -> ::sled::Db {
    let folder = Folder::take(folder, &conformance::limits()).unwrap();
    trees::open_database(&folder, &conformance::limits()).unwrap()
}

#[test]
fn doubtful_folders_are_refused() {
    let mark = |folder: &Path| folder.join("padan.mark");
    opening("new", |_| (), "opens");
    opening("known", store_with_three_groups, "opens");
    opening(
        "creation broken off before the format was written",
        |folder| drop(bare(folder).open_tree("records").unwrap()),
        "opens",
    );
    opening(
        "the mark is gone",
        |folder| {
            store_with_three_groups(folder);
            fs::remove_file(mark(folder)).unwrap();
        },
        "opens",
    );
    opening(
        "the mark is torn",
        |folder| {
            store_with_three_groups(folder);
            fs::write(mark(folder), b"to").unwrap();
        },
        "opens",
    );
    opening(
        "another program's sled",
        |folder| drop(bare(folder).open_tree("photos").unwrap().insert("k", "v").unwrap()),
        "stored bytes are damaged: there is data that is not Padan's, found while opening the store",
    );
    opening(
        "a newer format",
        |folder| {
            store_with_three_groups(folder);
            bare(folder).open_tree("_own").unwrap().insert("format", &[9]).unwrap();
        },
        "the store has format 9, this program knows format 1",
    );
    opening(
        "the database file was emptied",
        |folder| {
            store_with_three_groups(folder);
            fs::remove_file(folder.join("db")).unwrap();
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.file_name().unwrap().to_string_lossy().starts_with("snap") {
                    fs::remove_file(path).unwrap();
                }
            }
        },
        "stored bytes are damaged: the store came back empty, found while opening the store",
    );
    opening(
        "an older copy of the database under a newer mark",
        |folder| {
            store_with_three_groups(folder);
            let newer = fs::read(mark(folder)).unwrap();
            bare(folder).open_tree("_own").unwrap().insert("group", &1_u64.to_be_bytes()).unwrap();
            fs::write(mark(folder), newer).unwrap();
        },
        "stored bytes are damaged: 2 acknowledged commit groups are missing, found while opening the store",
    );
}

/// sled takes a damaged message for the end of its log; the store must not open as if nothing had been behind it.
#[test]
fn a_damaged_log_does_not_open_with_less() {
    let folder = tempfile::tempdir().unwrap();
    store_with_three_groups(folder.path());
    let log = fs::read(folder.path().join("db")).unwrap();
    let value = log.windows(200).position(|window| window == [1; 200]).expect("the second group's value is in the log");
    let copy = tempfile::tempdir().unwrap();
    fs::create_dir(copy.path().join("blobs")).unwrap();
    for name in ["conf", "padan.mark"] {
        fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let mut damaged = log;
    damaged[value] ^= 1;
    fs::write(copy.path().join("db"), damaged).unwrap();
    let found = SledStore::open(copy.path(), &conformance::limits()).err().expect("damage is refused");
    assert!(matches!(found, StoreError::Corrupt { finding: Damage::Lost { lost: 2 }, .. }), "{found}");
}

/// In the last segment of the log damage shows at opening. Before that sled reads only what it is asked for, unless its
/// own snapshot was late, which is a matter of timing: then it shows at opening, too.
#[test]
fn a_damaged_page_is_not_served() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (name, batches_behind, may_open) in [("in the last segment", 0, false), ("in an earlier one", 40, true)] {
        let folder = tempfile::tempdir().unwrap();
        store_with_three_groups(folder.path());
        let store = SledStore::open(folder.path(), &conformance::limits()).unwrap();
        for key in 0..batches_behind {
            runtime.block_on(store.commit(put(Table::Cases, &[key], &vec![200; 100_000]))).unwrap();
        }
        drop(store);
        drop(SledStore::open(folder.path(), &conformance::limits()).unwrap());
        damage(&folder.path().join("db"), &[1; 200]);
        let store = match SledStore::open(folder.path(), &conformance::limits()) {
            Ok(store) if may_open => store,
            Err(StoreError::Corrupt { .. }) => continue,
            other => panic!("{name}: {:?}", other.map(drop)),
        };
        let found = runtime.block_on(store.get(Table::Rows, vec![1]));
        assert!(matches!(found, Err(StoreError::Corrupt { .. })), "{name}: {:?}", found.map(drop));
        assert!(runtime.block_on(store.get(Table::Cases, vec![0])).unwrap().is_some(), "{name}: the rest is served");
    }
}

/// Flips a bit in every place where a file holds `bytes`.
fn damage(path: &Path, bytes: &[u8]) {
    let mut content = fs::read(path).unwrap();
    let places: Vec<usize> = (0..content.len() - bytes.len())
        .step_by(bytes.len() / 2)
        .filter(|&at| content[at..at + bytes.len()] == *bytes)
        .collect();
    assert!(!places.is_empty(), "the file holds the bytes");
    for at in places {
        content[at] ^= 1;
    }
    fs::write(path, content).unwrap();
}

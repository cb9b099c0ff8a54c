//! What is particular to redb: the folder, poison, refusals at opening, damage at rest.

use std::fs;

use super::*;
use crate::store::conformance::{self, Memory};

fn put(table: Table, key: &[u8], value: &[u8]) -> WriteBatch {
    let mut batch = WriteBatch::new();
    batch.put(table, key, value);
    batch
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn conforms() {
    let folder = tempfile::tempdir().unwrap();
    let limits = conformance::limits();
    let open = |name: &str| Arc::new(RedbStore::open(&folder.path().join(name), &limits).unwrap());
    conformance::run(open, Memory::Keeps).await;
}

#[tokio::test]
async fn a_full_disk_refuses_writes_only() {
    let folder = tempfile::tempdir().unwrap();
    let greedy = Config { reserve_bytes: u64::MAX, ..conformance::limits() };
    let store = RedbStore::open(folder.path(), &greedy).unwrap();
    assert!(matches!(store.commit(put(Table::Rows, b"k", b"v")).await, Err(StoreError::Full { .. })));
    assert!(matches!(store.health().await, Err(StoreError::Full { .. })));
    assert_eq!(store.get(Table::Rows, b"k".to_vec()).await.unwrap(), None);
    drop(store);
    let store = RedbStore::open(folder.path(), &conformance::limits()).unwrap();
    store.health().await.unwrap();
    store.commit(put(Table::Rows, b"k", b"v")).await.unwrap();
}

#[tokio::test]
async fn a_second_instance_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let hasty = Config { lock_wait_ms: 0, ..conformance::limits() };
    let first = RedbStore::open(folder.path(), &hasty).unwrap();
    let second = RedbStore::open(folder.path(), &hasty).err().expect("the folder is taken");
    assert!(matches!(second, StoreError::Locked), "{second}");
    first.commit(put(Table::Rows, b"k", b"v")).await.unwrap();
    drop(first);
    RedbStore::open(folder.path(), &conformance::limits()).unwrap();
}

/// `padan backup`, `digest` and `verify` read while the gateway writes.
#[tokio::test]
async fn others_read_while_one_writes() {
    let folder = tempfile::tempdir().unwrap();
    let limits = conformance::limits();
    assert!(RedbReader::open(folder.path(), &limits).is_err(), "reading makes no store");
    let writer = RedbStore::open(folder.path(), &limits).unwrap();
    writer.commit(put(Table::Rows, b"k", b"1")).await.unwrap();
    let reader = RedbReader::open(folder.path(), &limits).unwrap();
    let snapshot = reader.snapshot().await.unwrap();
    for step in 2..60_u8 {
        writer.commit(put(Table::Rows, b"k", &vec![step; 100_000])).await.unwrap();
    }
    assert_eq!(snapshot.get(Table::Rows, b"k".to_vec()).await.unwrap(), Some(b"1".to_vec()), "one state");
    assert_eq!(reader.get(Table::Rows, b"k".to_vec()).await.unwrap(), Some(vec![59; 100_000]), "the newest");
    assert!(matches!(reader.commit(WriteBatch::new()).await, Err(StoreError::ReadOnly)));
    drop(writer);
    let again = RedbStore::open(folder.path(), &Config { lock_wait_ms: 0, ..limits }).unwrap();
    again.commit(put(Table::Rows, b"k", b"2")).await.unwrap();
    assert_eq!(reader.get(Table::Rows, b"k".to_vec()).await.unwrap(), Some(b"2".to_vec()));
}

/// Prepares a folder with three groups in it, then says how opening it ends.
async fn opening(name: &str, prepare: impl AsyncFnOnce(&Path), expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let store = RedbStore::open(folder.path(), &conformance::limits()).unwrap();
    for key in 0..3_u8 {
        store.commit(put(Table::Rows, &[key], &[key; 200])).await.unwrap();
    }
    drop(store);
    prepare(folder.path()).await;
    let found = match RedbStore::open(folder.path(), &conformance::limits()) {
        Ok(_) => "opens".to_owned(),
        Err(error) => error.to_string(),
    };
    assert_eq!(found, expected, "{name}");
}

#[tokio::test]
async fn doubtful_folders_are_refused() {
    let (file, mark) = (|folder: &Path| folder.join(FILE), |folder: &Path| folder.join("padan.mark"));
    let damaged = |finding: &str, doing: &str| format!("stored bytes are damaged: {finding}, found while {doing}");
    opening("known", async |_| (), "opens").await;
    opening("the mark is gone", async |folder| fs::remove_file(mark(folder)).unwrap(), "opens").await;
    opening("the mark is torn", async |folder| fs::write(mark(folder), b"to").unwrap(), "opens").await;
    let empty = damaged("the store came back empty", "opening the store");
    opening("the file is gone", async |folder| fs::remove_file(file(folder)).unwrap(), &empty).await;
    opening("the file was emptied", async |folder| fs::write(file(folder), b"").unwrap(), &empty).await;
    let lost = damaged("1 acknowledged commit groups are missing", "opening the store");
    let older = async |folder: &Path| {
        let copy = fs::read(file(folder)).unwrap();
        let store = RedbStore::open(folder, &conformance::limits()).unwrap();
        store.commit(put(Table::Rows, b"newer", b"1")).await.unwrap();
        drop(store);
        fs::write(file(folder), copy).unwrap();
    };
    opening("an older copy under a newer mark", older, &lost).await;
    let flipped = async |folder: &Path| {
        let mut bytes = fs::read(file(folder)).unwrap();
        let places: Vec<usize> = (0..bytes.len() - 200).filter(|at| bytes[*at..at + 200] == [2; 200]).collect();
        assert!(!places.is_empty(), "the file holds the value");
        for at in places {
            bytes[at] ^= 1;
        }
        fs::write(file(folder), bytes).unwrap();
    };
    let engine = damaged("the storage engine's own check failed", "opening the database");
    opening("a bit is flipped", flipped, &engine).await;
    opening("another file", async |folder| fs::write(file(folder), vec![7; 10_000]).unwrap(), &{
        "failed while opening the database".to_owned()
    })
    .await;
}

/// What a program of ours did not write is not taken for a new store.
#[test]
fn another_programs_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let database = redb::Database::create(folder.path().join(FILE)).unwrap();
    let writing = database.begin_write().unwrap();
    writing.open_table(redb::TableDefinition::<&str, u64>::new("photos")).unwrap();
    writing.commit().unwrap();
    drop(database);
    let found = RedbStore::open(folder.path(), &conformance::limits()).err().expect("refused").to_string();
    assert!(found.contains("not Padan's"), "{found}");
}

#[tokio::test]
async fn shrinking_gives_room_back_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let hasty = Config { lock_wait_ms: 0, ..conformance::limits() };
    let store = RedbStore::open(folder.path(), &hasty).unwrap();
    for key in 0..200_u8 {
        store.commit(put(Table::Rows, &[key], &vec![key; 100_000])).await.unwrap();
    }
    for key in (0..200_u8).filter(|key| key % 10 != 0) {
        let mut delete = WriteBatch::new();
        delete.delete(Table::Rows, [key]);
        store.commit(delete).await.unwrap();
    }
    let all = store.scan(Table::Rows, Vec::new(), None, 1_000).await.unwrap();
    let taken = shrink(folder.path(), &hasty).expect_err("somebody works on it");
    assert!(matches!(taken, StoreError::Locked), "{taken}");
    drop(store);
    let Shrunk { before, after } = shrink(folder.path(), &hasty).unwrap();
    assert!(after < before / 2, "{before} bytes, then {after}");
    let store = RedbStore::open(folder.path(), &hasty).unwrap();
    assert_eq!(store.scan(Table::Rows, Vec::new(), None, 1_000).await.unwrap(), all);
    store.commit(put(Table::Rows, b"k", b"v")).await.unwrap();
}

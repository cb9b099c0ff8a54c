//! The exam: what every adapter must do, whatever it is made of. Adapters' unit tests call [`run`].

use std::sync::Arc;

use tokio::task::JoinSet;

use self::{
    twin::{Twin, assert_twin, model, reopening},
    volume::{large_values, limits_are_refusals, many_keys},
};
use super::{Committed, Config, Position, Read, Row, Store, StoreError, Table, WriteBatch, after, prefix_end};

mod twin;
mod volume;

/// Whether a store's content outlives its last handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memory {
    /// Opening the same name again finds everything.
    Keeps,
    /// Opening is always a fresh start.
    Forgets,
}

/// Limits that the exam expects: the default ones, small enough groups that it meets several, no claim on the disk.
pub(crate) fn limits() -> Config {
    Config { max_group_bytes: 1 << 20, max_group_batches: 64, reserve_bytes: 0, ..Config::default() }
}

/// Runs all cases. `open` opens the store of that name with [`limits`], creating it empty the first time.
pub(crate) async fn run<S: Store + 'static>(open: impl Fn(&str) -> Arc<S>, memory: Memory) {
    atomic_over_all_tables(open("atomic")).await;
    preconditions(open("preconditions")).await;
    order_within_a_batch(open("order")).await;
    one_of_many_racers_wins(open("race")).await;
    counters_lose_no_step(open("counter")).await;
    reads_see_own_writes(open("own-writes")).await;
    reads_see_whole_batches(open("snapshots")).await;
    ranges(open("ranges")).await;
    edges(open("edges")).await;
    large_values(open("large")).await;
    journal(open("journal")).await;
    snapshots(open("snapshot")).await;
    limits_are_refusals(open("limits")).await;
    many_keys(open("many")).await;
    model(open("model")).await;
    closing(open("closing")).await;
    if memory == Memory::Keeps {
        reopening(open).await;
    }
}

/// Bytes that no two lengths, and no two positions near each other, share.
fn noise(length: usize) -> Vec<u8> {
    (0..length).map(|i| ((i * 31 + length) % 251) as u8).collect()
}

async fn put(store: &impl Store, table: Table, rows: &[(&[u8], &[u8])]) {
    let mut batch = WriteBatch::new();
    for (key, value) in rows {
        batch.put(table, *key, *value);
    }
    store.commit(batch).await.unwrap();
}

async fn all(store: &(impl Read + ?Sized), table: Table) -> Vec<Row> {
    let (mut rows, mut from) = (Vec::new(), Vec::new());
    loop {
        let page = store.scan(table, from, None, 1_000).await.unwrap();
        let full = page.len() == 1_000;
        rows.extend(page);
        match rows.last() {
            Some((key, _)) if full => from = after(key),
            _ => return rows,
        }
    }
}

fn conflict(answer: Result<Committed, StoreError>) -> Option<(Table, usize)> {
    match answer {
        Ok(_) => None,
        Err(StoreError::Conflict { table, index }) => Some((table, index)),
        Err(other) => panic!("{other}"),
    }
}

async fn atomic_over_all_tables(store: Arc<impl Store>) {
    let mut batch = WriteBatch::new();
    for table in Table::ALL {
        batch.put(table, *b"same", table.name());
    }
    store.commit(batch).await.unwrap();
    for table in Table::ALL {
        let rows = all(&*store, table).await;
        assert_eq!(rows, [(b"same".to_vec(), table.name().as_bytes().to_vec())], "{table}");
    }
    let mut refused = WriteBatch::new();
    for table in Table::ALL {
        refused.put(table, *b"other", *b"").delete(table, *b"same");
    }
    refused.require_absent(Table::Cases, *b"same");
    assert_eq!(conflict(store.commit(refused).await), Some((Table::Cases, 0)));
    for table in Table::ALL {
        assert_eq!(all(&*store, table).await.len(), 1, "{table} after a refused batch");
    }
}

async fn preconditions(store: Arc<impl Store>) {
    put(&*store, Table::Batches, &[(b"full", b"v"), (b"empty", b"")]).await;
    let large = vec![7; 50_000];
    put(&*store, Table::Batches, &[(b"large", &large)]).await;
    let check = async |name: &str, require: &dyn Fn(&mut WriteBatch), expected: Option<usize>| {
        let mut batch = WriteBatch::new();
        require(&mut batch);
        batch.put(Table::Cases, name, *b"1");
        assert_eq!(conflict(store.commit(batch).await).map(|(_, index)| index), expected, "{name}");
        let written = store.get(Table::Cases, name.into()).await.unwrap().is_some();
        assert_eq!(written, expected.is_none(), "{name}");
    };
    check("absent, is absent", &|b| _ = b.require_absent(Table::Batches, *b"none"), None).await;
    check("absent, is there", &|b| _ = b.require_absent(Table::Batches, *b"full"), Some(0)).await;
    check("absent, is there empty", &|b| _ = b.require_absent(Table::Batches, *b"empty"), Some(0)).await;
    check("absent, same key elsewhere", &|b| _ = b.require_absent(Table::Rows, *b"full"), None).await;
    check("equals, is equal", &|b| _ = b.require_equals(Table::Batches, *b"full", *b"v"), None).await;
    check("equals, differs", &|b| _ = b.require_equals(Table::Batches, *b"full", *b"w"), Some(0)).await;
    check("equals, prefix", &|b| _ = b.require_equals(Table::Batches, *b"full", *b"vv"), Some(0)).await;
    check("equals empty, is empty", &|b| _ = b.require_equals(Table::Batches, *b"empty", *b""), None).await;
    check("equals empty, is absent", &|b| _ = b.require_equals(Table::Batches, *b"none", *b""), Some(0)).await;
    check("equals large", &|b| _ = b.require_equals(Table::Batches, *b"large", large.clone()), None).await;
    let second =
        |b: &mut WriteBatch| _ = b.require_absent(Table::Batches, *b"none").require_absent(Table::Batches, *b"full");
    check("second of two", &second, Some(1)).await;

    let mut own_write = WriteBatch::new();
    own_write.put(Table::Batches, *b"new", *b"1").require_absent(Table::Batches, *b"new");
    assert_eq!(conflict(store.commit(own_write).await), None, "preconditions look at the state before the batch");
    let mut reading_only = WriteBatch::new();
    reading_only.require_absent(Table::Batches, *b"new");
    assert_eq!(conflict(store.commit(reading_only).await), Some((Table::Batches, 0)), "a batch without writes");
}

async fn order_within_a_batch(store: Arc<impl Store>) {
    let check = async |name: &str, write: fn(&mut WriteBatch), expected: Option<&[u8]>| {
        let mut batch = WriteBatch::new();
        write(&mut batch);
        store.commit(batch).await.unwrap();
        assert_eq!(store.get(Table::Rows, b"k".to_vec()).await.unwrap().as_deref(), expected, "{name}");
    };
    check("put", |b| _ = b.put(Table::Rows, *b"k", *b"1"), Some(b"1")).await;
    check("overwrite", |b| _ = b.put(Table::Rows, *b"k", *b"2"), Some(b"2")).await;
    check("same again", |b| _ = b.put(Table::Rows, *b"k", *b"2"), Some(b"2")).await;
    check("two puts", |b| _ = b.put(Table::Rows, *b"k", *b"3").put(Table::Rows, *b"k", *b"4"), Some(b"4")).await;
    check("put, delete", |b| _ = b.put(Table::Rows, *b"k", *b"5").delete(Table::Rows, *b"k"), None).await;
    check("delete what is absent", |b| _ = b.delete(Table::Rows, *b"k"), None).await;
    check("delete, put", |b| _ = b.delete(Table::Rows, *b"k").put(Table::Rows, *b"k", *b"6"), Some(b"6")).await;
    check("nothing", |_| (), Some(b"6")).await;
}

async fn one_of_many_racers_wins<S: Store + 'static>(store: Arc<S>) {
    const RACERS: u8 = 32;
    for round in 0..20_u8 {
        let mut race = JoinSet::new();
        for racer in 0..RACERS {
            let store = Arc::clone(&store);
            race.spawn(async move {
                let mut batch = WriteBatch::new();
                batch.require_absent(Table::Idempotency, [round]);
                batch.put(Table::Idempotency, [round], [racer]).put(Table::Batches, [round, racer], *b"");
                conflict(store.commit(batch).await).is_none().then_some(racer)
            });
        }
        let winners: Vec<u8> = race.join_all().await.into_iter().flatten().collect();
        assert_eq!(winners.len(), 1, "round {round}");
        assert_eq!(store.get(Table::Idempotency, vec![round]).await.unwrap(), Some(winners.clone()), "round {round}");
        let traces = store.scan(Table::Batches, vec![round], prefix_end(&[round]), 100).await.unwrap();
        assert_eq!(traces, [(vec![round, winners[0]], Vec::new())], "round {round}: losers leave nothing");
    }
}

async fn counters_lose_no_step<S: Store + 'static>(store: Arc<S>) {
    const WORKERS: u32 = 8;
    const STEPS: u32 = 25;
    put(&*store, Table::Batches, &[(b"n", &0_u32.to_be_bytes())]).await;
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        let store = Arc::clone(&store);
        workers.spawn(async move {
            let mut done = 0;
            while done < STEPS {
                let seen = store.get(Table::Batches, b"n".to_vec()).await.unwrap().unwrap();
                let next = u32::from_be_bytes(seen.as_slice().try_into().unwrap()) + 1;
                let mut batch = WriteBatch::new();
                batch.require_equals(Table::Batches, *b"n", seen).put(Table::Batches, *b"n", next.to_be_bytes());
                done += u32::from(conflict(store.commit(batch).await).is_none());
            }
        });
    }
    workers.join_all().await;
    let total = store.get(Table::Batches, b"n".to_vec()).await.unwrap().unwrap();
    assert_eq!(total, (WORKERS * STEPS).to_be_bytes());
}

async fn reads_see_own_writes<S: Store + 'static>(store: Arc<S>) {
    let mut writers = JoinSet::new();
    for writer in 0..16_u8 {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            for step in 0..20_u8 {
                let key = vec![writer, step];
                put(&*store, Table::Members, &[(&key, &[step])]).await;
                assert_eq!(store.get(Table::Members, key.clone()).await.unwrap(), Some(vec![step]));
                let seen = store.scan(Table::Members, vec![writer], prefix_end(&[writer]), 100).await.unwrap();
                assert_eq!(seen.len(), usize::from(step) + 1, "writer {writer}");
            }
        });
    }
    writers.join_all().await;
}

async fn reads_see_whole_batches<S: Store + 'static>(store: Arc<S>) {
    const KEYS: u8 = 20;
    let write = |round: u8| {
        let mut batch = WriteBatch::new();
        for key in 0..KEYS {
            batch.put(Table::Persons, [key], vec![round; if key == 3 { 9_000 } else { 3 }]);
        }
        batch
    };
    store.commit(write(0)).await.unwrap();
    let writer = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            for round in 1..=60 {
                store.commit(write(round)).await.unwrap();
            }
        }
    });
    let keys: Vec<Vec<u8>> = (0..KEYS).map(|key| vec![key]).collect();
    while !writer.is_finished() {
        let mut read: Vec<Vec<u8>> =
            store.get_many(Table::Persons, keys.clone()).await.unwrap().into_iter().flatten().collect();
        assert!(read.iter().all(|value| value[0] == read[0][0]), "get_many saw half a batch");
        read = store.scan(Table::Persons, Vec::new(), None, 100).await.unwrap().into_iter().map(|row| row.1).collect();
        assert_eq!(read.len(), usize::from(KEYS));
        assert!(read.iter().flatten().all(|byte| *byte == read[0][0]), "scan saw half a batch");
    }
    writer.await.unwrap();
}

async fn ranges(store: Arc<impl Store>) {
    let rows: Vec<(&[u8], &[u8])> =
        vec![(b"b", b"2"), (b"a\xff", b"1"), (b"a", b"0"), (b"c", b"5"), (b"b\x00", b"3"), (b"b\xff\xff", b"4")];
    put(&*store, Table::Families, &rows).await;
    put(&*store, Table::Cases, &[(b"b", b"other table")]).await;
    let check = async |name: &str, from: &[u8], to: Option<&[u8]>, limit: usize, expected: &str| {
        let rows = store.scan(Table::Families, from.to_vec(), to.map(<[u8]>::to_vec), limit).await.unwrap();
        let values: Vec<u8> = rows.into_iter().flat_map(|row| row.1).collect();
        assert_eq!(String::from_utf8(values).unwrap(), expected, "{name}");
    };
    check("everything, in order of bytes", b"", None, 100, "012345").await;
    check("from is included", b"b", None, 100, "2345").await;
    check("from need not exist", b"aa", None, 100, "12345").await;
    check("to is excluded", b"", Some(b"b"), 100, "01").await;
    check("prefix a", b"a", prefix_end(b"a").as_deref(), 100, "01").await;
    check("prefix b", b"b", prefix_end(b"b").as_deref(), 100, "234").await;
    check("first page", b"", None, 2, "01").await;
    check("page after the last key", &after(b"a\xff"), None, 2, "23").await;
    check("page after a key with followers", &after(b"b"), None, 2, "34").await;
    check("past the end", b"d", None, 100, "").await;
    check("no rows asked for", b"", None, 0, "").await;
    check("empty range", b"b", Some(b"b"), 100, "").await;
    check("inverted range", b"c", Some(b"a"), 100, "").await;

    let keys = [&b"c"[..], b"none", b"a", b"c"].map(<[u8]>::to_vec).to_vec();
    let found = store.get_many(Table::Families, keys).await.unwrap();
    assert_eq!(found, [Some(b"5".to_vec()), None, Some(b"0".to_vec()), Some(b"5".to_vec())], "order of the keys asked");
    assert!(store.get_many(Table::Families, Vec::new()).await.unwrap().is_empty());
}

async fn edges(store: Arc<impl Store>) {
    let longest = vec![0xff; limits().max_key_bytes()];
    let rows: Vec<(&[u8], &[u8])> = vec![(b"", b"empty key"), (b"\0", b""), (b"x", b"\0"), (&longest, b"longest")];
    put(&*store, Table::Decisions, &rows).await;
    let expected: Vec<Row> = rows.into_iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect();
    assert_eq!(all(&*store, Table::Decisions).await, expected);
    for (key, value) in &expected {
        assert_eq!(store.get(Table::Decisions, key.clone()).await.unwrap().as_ref(), Some(value));
    }
    let mut batch = WriteBatch::new();
    batch.delete(Table::Decisions, *b"").require_equals(Table::Decisions, *b"", *b"empty key");
    store.commit(batch).await.unwrap();
    assert_eq!(all(&*store, Table::Decisions).await, expected[1..]);
}

/// Positions have no gaps, name who got them, and come in the order in which commits can be read.
async fn journal<S: Store + 'static>(store: Arc<S>) {
    const WRITERS: u8 = 8;
    const STEPS: u8 = 20;
    assert_eq!(store.head().await.unwrap(), Position(0), "nothing was noted yet");
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            let (mut mine, mut audited) = (Vec::new(), Vec::new());
            for step in 0..STEPS {
                let mut batch = WriteBatch::new();
                batch.note([writer, step]).put(Table::Cases, [writer], [step]);
                // Only every second one has an entry, so that its positions are not those of the journal.
                if step % 2 == 0 {
                    batch.audit([writer, step]);
                }
                let committed = store.commit(batch).await.unwrap();
                assert_eq!(committed.audit.is_some(), step % 2 == 0);
                audited.extend(committed.audit.map(|position| (position, vec![writer, step])));
                let position = committed.journal.expect("a note was given");
                assert!(store.head().await.unwrap() >= position, "an acknowledged note can be read");
                mine.push((position, vec![writer, step]));
                let mut refused = WriteBatch::new();
                refused.note(*b"refused").audit(*b"refused").require_absent(Table::Cases, [writer]);
                assert!(conflict(store.commit(refused).await).is_some());
                let mut without = WriteBatch::new();
                without.put(Table::Members, [writer], [step]);
                assert_eq!(store.commit(without).await.unwrap().journal, None);
            }
            (mine, audited)
        });
    }
    let (told, audited): (Vec<_>, Vec<_>) = writers.join_all().await.into_iter().unzip();
    let last = numbered(&*store, Table::Journal, told.concat()).await;
    assert_eq!(last, u64::from(WRITERS) * u64::from(STEPS));
    assert_eq!(numbered(&*store, Table::Audit, audited.concat()).await, last / 2);
    assert_eq!(store.last(Table::Rows).await.unwrap(), None, "an empty table");
    journal_without_its_front(&*store, Position(last)).await;
}

/// Holds a table that the store numbers against what writers were told; answers how many entries it has.
async fn numbered(store: &impl Store, table: Table, mut told: Vec<(Position, Vec<u8>)>) -> u64 {
    told.sort();
    let kept = all(store, table).await;
    let read: Vec<(Position, Vec<u8>)> =
        kept.into_iter().map(|(key, entry)| (Position::of(&key).unwrap(), entry)).collect();
    assert_eq!(read, told);
    assert!(read.iter().zip(1..).all(|((position, _), number)| position.0 == number), "without gaps");
    read.len() as u64
}

/// Entries may be deleted from the front; the next position follows from the last one.
async fn journal_without_its_front(store: &impl Store, head: Position) {
    let next = Position(head.0 + 1);
    let mut delete = WriteBatch::new();
    (1..head.0 / 2).for_each(|position| _ = delete.delete(Table::Journal, Position(position).key()));
    store.commit(delete).await.unwrap();
    assert_eq!(store.head().await.unwrap(), head, "deleting takes no position");
    let mut all_but_new = WriteBatch::new();
    (head.0 / 2..=head.0).for_each(|position| _ = all_but_new.delete(Table::Journal, Position(position).key()));
    all_but_new.note(*b"new");
    assert_eq!(store.commit(all_but_new).await.unwrap().journal, Some(next), "no position is given twice");
    assert_eq!(all(store, Table::Journal).await, [(next.key(), b"new".to_vec())]);
    assert_eq!(store.head().await.unwrap(), next);
}

/// A snapshot stays as it was, over all tables, while others write or wait.
async fn snapshots<S: Store + 'static>(store: Arc<S>) {
    let mut twin = Twin::new();
    let mut batch = WriteBatch::new();
    for key in 0..50_u8 {
        for table in [Table::Rows, Table::Persons] {
            let value = noise(if key == 7 { 30_000 } else { usize::from(key) });
            batch.put(table, [key], value.clone());
            twin.insert((table, vec![key]), value);
        }
    }
    store.commit(batch).await.unwrap();
    let snapshot = store.snapshot().await.unwrap();
    let writer = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            for key in 0..50_u8 {
                let mut batch = WriteBatch::new();
                batch.put(Table::Rows, [key], *b"new").delete(Table::Persons, [key]).note([key]);
                store.commit(batch).await.unwrap();
            }
        }
    });
    for round in 0..10 {
        assert_twin(&*snapshot, &twin, &format!("round {round} of reading a snapshot")).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(snapshot.head().await.unwrap(), Position(0));
    assert_eq!(snapshot.get(Table::Rows, vec![7]).await.unwrap(), Some(noise(30_000)));
    drop(snapshot);
    writer.await.unwrap();
    assert_eq!(store.head().await.unwrap(), Position(50));
    assert_eq!(store.snapshot().await.unwrap().last(Table::Persons).await.unwrap(), None, "a new one is new");
}

async fn closing<S: Store + 'static>(store: Arc<S>) {
    store.health().await.unwrap();
    let mut under_way = JoinSet::new();
    for key in 0..50_u8 {
        let store = Arc::clone(&store);
        under_way.spawn(async move {
            let mut batch = WriteBatch::new();
            batch.put(Table::Cases, [key], *b"");
            match store.commit(batch).await {
                Ok(_) => Some(vec![key]),
                Err(StoreError::Closed) => None,
                Err(other) => panic!("{other}"),
            }
        });
    }
    tokio::task::yield_now().await;
    store.close().await.unwrap();
    let mut answered: Vec<Vec<u8>> = under_way.join_all().await.into_iter().flatten().collect();
    answered.sort();
    let kept: Vec<Vec<u8>> = all(&*store, Table::Cases).await.into_iter().map(|row| row.0).collect();
    assert_eq!(kept, answered, "exactly what was acknowledged");
    assert!(matches!(store.commit(WriteBatch::new()).await, Err(StoreError::Closed)));
    assert!(matches!(store.health().await, Err(StoreError::Closed)));
    store.close().await.unwrap();
}

//! Much of everything: large values, keys of the greatest length, many keys, and what is over a limit.

use std::{sync::Arc, time::Instant};

use super::{all, limits, noise, put};
use crate::store::{Read as _, Store, StoreError, Table, WriteBatch};

/// Keys written by the case that asks for many.
const MANY_KEYS: u32 = 100_000;

pub(super) async fn large_values(store: Arc<impl Store>) {
    let lengths = [1 << 20, 4_095, 4_096, 4_097, 8_192, 131_052, 131_053, 600_000, 0, 12];
    let read = async |key: &[u8]| store.get(Table::Receipts, key.to_vec()).await.unwrap().unwrap();
    for length in lengths {
        put(&*store, Table::Receipts, &[(b"changing", &noise(length)), (&length.to_be_bytes(), &noise(length))]).await;
        assert_eq!(read(b"changing").await, noise(length), "{length}");
    }
    let kept = all(&*store, Table::Receipts).await;
    assert_eq!(kept.len(), lengths.len() + 1);
    for (key, value) in kept.iter().filter(|(key, _)| key != b"changing") {
        let length = usize::from_be_bytes(key.as_slice().try_into().unwrap());
        assert_eq!(*value, noise(length), "{length} in a scan");
    }
    let mut both = WriteBatch::new();
    both.put(Table::Receipts, *b"changing", noise(70_000)).put(Table::Receipts, *b"changing", noise(70_001));
    both.delete(Table::Receipts, (1_usize << 20).to_be_bytes());
    store.commit(both).await.unwrap();
    assert_eq!(read(b"changing").await, noise(70_001), "the later of two large values");
    assert_eq!(store.get(Table::Receipts, (1_usize << 20).to_be_bytes().to_vec()).await.unwrap(), None);
    // Full leaves of the longest keys and values that an engine might keep in place.
    let mut wide = WriteBatch::new();
    for number in 0..300_u32 {
        wide.put(Table::Rows, wide_key(number), noise(4_096));
    }
    store.commit(wide).await.unwrap();
    for number in 0..300 {
        assert_eq!(store.get(Table::Rows, wide_key(number)).await.unwrap(), Some(noise(4_096)), "{number}");
    }
}

/// A key of the greatest length whose first difference from its neighbours comes last.
fn wide_key(number: u32) -> Vec<u8> {
    let mut key = vec![b'k'; limits().max_key_bytes() - 4];
    key.extend_from_slice(&number.to_be_bytes());
    key
}

pub(super) async fn limits_are_refusals(store: Arc<impl Store>) {
    let limits = limits();
    let check = |name: &str, answer: Result<(), StoreError>| {
        assert!(matches!(answer, Err(StoreError::TooLarge { what, .. }) if what == name), "{name}: {answer:?}");
    };
    let mut key = WriteBatch::new();
    key.put(Table::Batches, vec![0; limits.max_key_bytes() + 1], *b"");
    check("key", store.commit(key).await.map(drop));
    let mut value = WriteBatch::new();
    value.put(Table::Batches, *b"k", vec![0; limits.max_value_bytes + 1]);
    check("value", store.commit(value).await.map(drop));
    let keys = vec![Vec::new(); limits.max_read_rows + 1];
    check("list of keys", store.get_many(Table::Batches, keys).await.map(drop));
    check("page", store.scan(Table::Batches, Vec::new(), None, limits.max_read_rows + 1).await.map(drop));
    assert!(all(&*store, Table::Batches).await.is_empty());
}

pub(super) async fn many_keys(store: Arc<impl Store>) {
    // Every key once, in an order that is neither ascending nor random in the engine's favour.
    let key = |i: u32| (i.wrapping_mul(7_919) % MANY_KEYS).to_be_bytes();
    let started = Instant::now();
    for first in (0..MANY_KEYS).step_by(2_000) {
        let mut batch = WriteBatch::new();
        for i in first..first + 2_000 {
            batch.put(Table::Records, key(i), i.to_be_bytes()).put(Table::Members, key(i), *b"");
        }
        store.commit(batch).await.unwrap();
    }
    println!("{}: {MANY_KEYS} keys in two tables in {:?}", store.name(), started.elapsed());
    let rows = all(&*store, Table::Records).await;
    assert_eq!(rows.len(), MANY_KEYS as usize);
    assert!(rows.iter().zip(0..).all(|((found, _), i): (_, u32)| found.as_slice() == i.to_be_bytes()));
    for first in (0..MANY_KEYS).step_by(10_000) {
        let keys = (first..first + 10_000).map(|i| key(i).to_vec()).collect();
        let found = store.get_many(Table::Records, keys).await.unwrap();
        assert!(found.iter().zip(first..).all(|(value, i)| value.as_deref() == Some(&i.to_be_bytes()[..])));
    }
    let mut batch = WriteBatch::new();
    for i in (0..MANY_KEYS).filter(|i| i % 3 != 0) {
        batch.delete(Table::Records, i.to_be_bytes());
    }
    store.commit(batch).await.unwrap();
    assert_eq!(all(&*store, Table::Records).await.len(), MANY_KEYS.div_ceil(3) as usize);
    assert_eq!(all(&*store, Table::Members).await.len(), MANY_KEYS as usize);
}

//! A store against its plain twin, a map.

use std::{collections::BTreeMap, sync::Arc};

use super::{all, conflict, noise};
use crate::store::{Read, Row, Store, Table, WriteBatch};

/// The plain twin: a map per table.
pub(super) type Twin = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

/// Random batches against the twin; the seed is fixed, so a failure repeats.
pub(super) async fn model(store: Arc<impl Store>) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) % below
    };
    let mut twin = Twin::new();
    for round in 0..150 {
        let mut batch = WriteBatch::new();
        let mut next = twin.clone();
        for _ in 0..random(30) {
            let table = Table::ALL[random(3) as usize];
            let key = vec![b'k'; random(40) as usize];
            if random(3) == 0 {
                batch.delete(table, key.clone());
                next.remove(&(table, key));
            } else {
                let value = noise([0, 5, 300, 5_000, 20_000][random(5) as usize]);
                batch.put(table, key.clone(), value.clone());
                next.insert((table, key), value);
            }
        }
        let (table, key) = (Table::ALL[random(3) as usize], vec![b'k'; random(40) as usize]);
        let expected = twin.contains_key(&(table, key.clone()));
        batch.require_absent(table, key);
        assert_eq!(conflict(store.commit(batch).await).is_some(), expected, "round {round}");
        if !expected {
            twin = next;
        }
        assert_twin(&*store, &twin, &format!("round {round}")).await;
    }
}

pub(super) async fn assert_twin(store: &(impl Read + ?Sized), twin: &Twin, when: &str) {
    for table in Table::ALL {
        let expected: Vec<Row> = twin
            .iter()
            .filter(|((of, _), _)| *of == table)
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect();
        assert!(all(store, table).await == expected, "{table} differs, {when}");
    }
}

pub(super) async fn reopening<S: Store + 'static>(open: impl Fn(&str) -> Arc<S>) {
    let mut twin = Twin::new();
    for round in 0..5_u32 {
        let store = open("reopening");
        assert_twin(&*store, &twin, &format!("opening {round}")).await;
        for step in 0..40_u32 {
            let mut batch = WriteBatch::new();
            for table in Table::ALL {
                let key = (step * 7 + round).to_be_bytes().to_vec();
                let value = noise(if step == 20 { 40_000 } else { 100 + step as usize });
                batch.put(table, key.clone(), value.clone());
                twin.insert((table, key), value);
                let gone = (step * 7 + round).saturating_sub(9).to_be_bytes().to_vec();
                batch.delete(table, gone.clone());
                twin.remove(&(table, gone));
            }
            store.commit(batch).await.unwrap();
        }
    }
    assert_twin(&*open("reopening"), &twin, "last opening").await;
    for (name, table) in [("many", Table::Members), ("large", Table::Rows)] {
        assert!(!all(&*open(name), table).await.is_empty(), "{name}");
    }
}

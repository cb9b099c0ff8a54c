//! A set whose postings rest elsewhere is equal to one that has them in memory, whatever fits into its cache, whenever what it
//! changed is written, and whether it writes them or follows another one.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use proptest::prelude::*;

use super::super::world::{change, known, plan, row, state};
use super::*;
use crate::engine::error::Unread;

/// Postings in a map.
#[derive(Debug, Default)]
struct Shelf(Mutex<BTreeMap<PostingKey, Option<Vec<u64>>>>);

impl Shelf {
    fn write(&self, changed: ChangedPostings) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, records) in changed.postings {
            let gone = records.as_ref().is_some_and(Vec::is_empty);
            if gone {
                all.remove(&key)
            } else {
                all.insert(key, records)
            };
        }
    }

    /// Writes what was made at once of a whole set.
    fn fill(&self, live: &Live) {
        let mut all = BTreeMap::new();
        for part in live.posting_parts() {
            for of_key in live.postings_of(&part).chunk_by(|a, b| a.0 == b.0) {
                let records: Vec<u64> = of_key.iter().map(|(_, record)| *record).collect();
                let key = PostingKey { list: part.list, hash: of_key[0].0 };
                all.insert(key, Some(records).filter(|records| part.lists(records.len())));
            }
        }
        *self.0.lock().unwrap() = all;
    }

    /// What is stored is what follows from the rows of a set.
    fn check(&self, live: &Live) {
        let mut all = self.0.lock().unwrap().clone();
        for part in live.posting_parts() {
            for of_key in live.postings_of(&part).chunk_by(|a, b| a.0 == b.0) {
                let records: Vec<u64> = of_key.iter().map(|(_, record)| *record).collect();
                match all.remove(&PostingKey { list: part.list, hash: of_key[0].0 }).expect("it is there") {
                    Some(stored) => assert_eq!(stored, records),
                    None => assert!(records.len() > part.most_compared, "few enough to be compared"),
                }
            }
        }
        assert!(all.is_empty(), "{all:?}");
    }
}

impl PostingSource for Shelf {
    fn records(&self, keys: &[PostingKey]) -> Result<Vec<Option<Vec<u64>>>, Unread> {
        let all = self.0.lock().unwrap();
        Ok(keys.iter().map(|key| all.get(key).cloned().unwrap_or_else(|| Some(Vec::new()))).collect())
    }
}

/// A source that is away.
#[derive(Debug)]
struct Away;

impl PostingSource for Away {
    fn records(&self, _: &[PostingKey]) -> Result<Vec<Option<Vec<u64>>>, Unread> {
        Err("away".into())
    }
}

fn resting(shelf: &Arc<Shelf>, cache_bytes: usize) -> Resting {
    Resting { source: Arc::clone(shelf) as Arc<dyn PostingSource>, cache_bytes }
}

fn empty(shelf: &Arc<Shelf>, cache_bytes: usize) -> Live {
    let mut live = Live::of(Rows::new(plan()), &[], Some(resting(shelf, cache_bytes))).unwrap();
    live.note_postings(true);
    live
}

/// What one batch says, whatever is asked of it.
fn check(live: &Live, twin: &Live, asked: &[Value]) {
    assert_eq!(state(live), state(twin));
    assert_eq!(live.stop_keys(), twin.stop_keys());
    assert_eq!(live.probe(asked).unwrap(), twin.probe(asked).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn where_postings_rest_changes_no_answer(
        batches in proptest::collection::vec(proptest::collection::vec(change(), 1..6), 1..14),
        asked in prop_oneof![3 => row(), 1 => known()],
        cache in prop_oneof![Just(0), Just(60), Just(2_000), Just(1 << 20)],
        follows_every in 1..5usize,
    ) {
        let shelf = Arc::new(Shelf::default());
        let (mut live, mut twin) = (empty(&shelf, cache), Live::new(plan()));
        let (mut follower, mut behind) = (empty(&shelf, cache), Vec::new());
        let mut follower_twin = Live::new(plan());
        let mut unwritten: Option<ChangedPostings> = None;
        for (nth, batch) in batches.into_iter().enumerate() {
            behind.extend(batch.clone());
            prop_assert_eq!(live.apply(batch.clone()).unwrap(), twin.apply(batch).unwrap());
            let changed = live.changed_postings();
            // What a batch changed is written when the next one has been applied.
            if let Some(before) = unwritten.replace(changed) {
                let number = before.batch;
                shelf.write(before);
                live.postings_written(number);
            }
            check(&live, &twin, &asked);
            if nth % follows_every == 0 {
                let last = unwritten.take().unwrap();
                let number = last.batch;
                shelf.write(last);
                live.postings_written(number);
                let all = std::mem::take(&mut behind);
                prop_assert_eq!(follower.apply(all.clone()).unwrap(), follower_twin.apply(all).unwrap());
                let number = follower.changed_postings().batch;
                follower.postings_written(number);
                check(&follower, &twin, &asked);
            }
        }
        if let Some(changed) = unwritten {
            shelf.write(changed);
        }
        shelf.check(&twin);
    }

    #[test]
    fn a_set_goes_on_from_a_checkpoint_or_from_its_rows(
        first in proptest::collection::vec(change(), 1..40),
        further in proptest::collection::vec(proptest::collection::vec(change(), 1..6), 0..6),
        asked in row(),
    ) {
        let mut twin = Live::new(plan());
        twin.apply(first.clone()).unwrap();
        let (rows, decisions) = super::super::world::remaining(&first);
        let mut packed = Rows::new(plan());
        packed.extend(&rows).unwrap();
        let shelf = Arc::new(Shelf::default());
        let mut live = Live::of(packed, &decisions, Some(resting(&shelf, 500))).unwrap();
        // Nothing is there yet.
        check(&live, &twin, &asked);
        shelf.fill(&live);
        live.note_postings(true);
        let mut written = Vec::new();
        live.write_to(&mut written).unwrap();
        let other = Arc::new(Shelf::default());
        other.fill(&live);
        let mut read = Live::read_resting(plan(), &mut written.as_slice(), resting(&other, 500)).unwrap();
        prop_assert!(Live::read_from(plan(), &mut written.as_slice()).is_err(), "it has no postings");
        read.note_postings(true);
        check(&live, &twin, &asked);
        check(&read, &twin, &asked);
        for batch in further {
            let delta = twin.apply(batch.clone()).unwrap();
            for (set, shelf) in [(&mut live, &shelf), (&mut read, &other)] {
                prop_assert_eq!(&set.apply(batch.clone()).unwrap(), &delta);
                shelf.write(set.changed_postings());
                // As after all of it was written anew.
                set.forget_postings();
                check(set, &twin, &asked);
                shelf.check(&twin);
            }
        }
    }
}

#[test]
fn a_source_that_is_away_is_noticed_before_anything_changes() {
    let shelf = Arc::new(Shelf::default());
    let mut live = empty(&shelf, 0);
    let two = |id| Change::Upsert { id, values: vec![Value::Missing; 5] };
    live.apply(vec![two(1)]).unwrap();
    shelf.write(live.changed_postings());
    live.postings_written(0);
    live.read_postings_from(Arc::new(Away));
    assert!(live.prepare(&[(2, Some(vec![Value::Missing; 5]))]).is_err());
    assert!(live.probe(&[Value::Missing, Value::Missing, Value::Missing, Value::Missing, Value::Missing]).is_err());
    assert_eq!((live.len(), live.contains(2)), (1, false));
    live.read_postings_from(shelf);
    live.apply(vec![two(2)]).unwrap();
    assert_eq!(live.len(), 2);
}

#[test]
fn parts_cover_every_hash_once() {
    for count in [0, 1, 2, 7, 16, 1000] {
        let parts = super::resting::parts_of(3, 9, count);
        assert_eq!((*parts[0].hashes.start(), *parts[parts.len() - 1].hashes.end()), (0, u64::MAX), "{count}");
        let next_to = |pair: &[PostingPart]| pair[0].hashes.end() + 1 == *pair[1].hashes.start();
        assert!(parts.windows(2).all(next_to) && parts.len() <= 16, "{count}");
    }
}

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
struct Shelf(Mutex<BTreeMap<PostingKey, Vec<u64>>>);

impl Shelf {
    fn write(&self, changed: ChangedPostings) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, records) in changed.postings {
            if records.is_empty() { all.remove(&key) } else { all.insert(key, records) };
        }
    }

    /// Writes what was made at once of a whole set.
    fn fill(&self, live: &Live) {
        let mut all = BTreeMap::new();
        for part in live.posting_parts() {
            for (hash, record) in live.postings_of(&part) {
                all.entry(PostingKey { list: part.list, hash }).or_insert_with(Vec::new).push(record);
            }
        }
        *self.0.lock().unwrap() = all;
    }

    fn all(&self) -> BTreeMap<PostingKey, Vec<u64>> {
        self.0.lock().unwrap().clone()
    }
}

impl PostingSource for Shelf {
    fn records(&self, keys: &[PostingKey]) -> Result<Vec<Vec<u64>>, Unread> {
        let all = self.0.lock().unwrap();
        Ok(keys.iter().map(|key| all.get(key).cloned().unwrap_or_default()).collect())
    }
}

/// A source that is away.
#[derive(Debug)]
struct Away;

impl PostingSource for Away {
    fn records(&self, _: &[PostingKey]) -> Result<Vec<Vec<u64>>, Unread> {
        Err("away".into())
    }
}

fn resting(shelf: &Arc<Shelf>, cache_bytes: usize) -> Option<Resting> {
    Some(Resting { source: Arc::clone(shelf) as Arc<dyn PostingSource>, cache_bytes })
}

fn empty(shelf: &Arc<Shelf>, cache_bytes: usize) -> Live {
    Live::of(Rows::new(plan()), &[], resting(shelf, cache_bytes)).unwrap()
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
        unwritten.into_iter().for_each(|changed| shelf.write(changed));
        let anew = Arc::new(Shelf::default());
        anew.fill(&twin);
        prop_assert_eq!(shelf.all(), anew.all(), "what was written bit by bit is what is made at once");
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
        let mut live = Live::of(packed, &decisions, resting(&shelf, 500)).unwrap();
        shelf.fill(&live);
        let mut written = Vec::new();
        live.write_to(&mut written).unwrap();
        let other = Arc::new(Shelf::default());
        other.fill(&live);
        let mut read = Live::read_resting(plan(), &mut written.as_slice(), resting(&other, 500).unwrap()).unwrap();
        prop_assert!(Live::read_from(plan(), &mut written.as_slice()).is_err(), "it has no postings");
        check(&live, &twin, &asked);
        for batch in further {
            let delta = twin.apply(batch.clone()).unwrap();
            for (set, shelf) in [(&mut live, &shelf), (&mut read, &other)] {
                prop_assert_eq!(&set.apply(batch.clone()).unwrap(), &delta);
                shelf.write(set.changed_postings());
                // As after all of it was written anew.
                set.forget_postings();
                check(set, &twin, &asked);
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
        let parts = super::resting::parts_of(3, count);
        assert_eq!((*parts[0].hashes.start(), *parts[parts.len() - 1].hashes.end()), (0, u64::MAX), "{count}");
        let next_to = |pair: &[PostingPart]| pair[0].hashes.end() + 1 == *pair[1].hashes.start();
        assert!(parts.windows(2).all(next_to) && parts.len() <= 16, "{count}");
    }
}

//! What a live set promises beside being equal to a bulk run, held over random small worlds.

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::super::world::{MODEL, change, known, plan, row, state};
use super::*;
use crate::engine::error::CheckpointError;
use crate::engine::flat::Source;

/// A live set after changes, taken in batches of four.
fn after(changes: &[Change]) -> Live {
    let mut live = Live::new(plan());
    for batch in changes.chunks(4) {
        live.apply(batch.to_vec()).unwrap();
    }
    live
}

/// What [`Live::probe`] says, found by putting the row in and taking it out again.
fn probe_by_insertion(live: &mut Live, values: &[Value]) -> Vec<(u64, f32)> {
    let slot = live.rows.insert(u64::MAX, values);
    let mut candidates = Vec::new();
    live.index.candidates(&live.rows, slot, &mut Keys::default(), &mut candidates);
    let (scorer, mut scratch) = (Scorer::new(&live.rows), Scratch::default());
    let weight = |other: u32| scorer.score(slot, other, &mut scratch).weight;
    let weights: Vec<f32> = candidates.iter().copied().map(weight).collect();
    let mut found: Vec<(u64, f32)> = candidates.iter().map(|other| live.rows.id(*other)).zip(weights).collect();
    found.retain(|(_, weight)| *weight >= live.plan().thresholds().review);
    found.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    live.rows.remove(slot);
    found
}

fn bytes(live: &Live) -> Vec<u8> {
    let mut bytes = Vec::new();
    live.write_to(&mut bytes).unwrap();
    bytes
}

fn read(bytes: &[u8]) -> Result<Live, CheckpointError> {
    Live::read_from(plan(), &mut &*bytes)
}

/// A set of which every section has something.
fn full() -> Live {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let worlds = proptest::collection::vec(change(), 60..80);
    let mut sets = (0..1000).map(|_| after(&worlds.new_tree(&mut runner).unwrap().current()));
    let is_full = |live: &Live| {
        let asked = live.review.len() > 1 && live.refusals.len() > 1 && !live.copies.is_empty();
        asked && !live.decisions.is_empty() && !live.stop_keys().is_empty() && live.len() < live.rows.slot_limit()
    };
    sets.find(is_full).expect("worlds are hard")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_probe_finds_what_the_row_itself_would(
        changes in proptest::collection::vec(change(), 1..45),
        asked in proptest::collection::vec(prop_oneof![3 => row(), 1 => known()], 1..6),
    ) {
        let (live, mut twin) = (after(&changes), after(&changes));
        let before = bytes(&live);
        for values in &asked {
            prop_assert_eq!(live.probe(values).unwrap(), probe_by_insertion(&mut twin, values));
        }
        prop_assert_eq!(bytes(&live), before, "nothing was left behind");
    }

    #[test]
    fn a_set_that_was_read_goes_on_as_the_one_that_was_written(
        changes in proptest::collection::vec(change(), 0..45),
        further in proptest::collection::vec(proptest::collection::vec(change(), 1..6), 0..9),
    ) {
        let mut live = after(&changes);
        let written = bytes(&live);
        let mut twin = read(&written).unwrap();
        prop_assert_eq!(bytes(&twin), written);
        for batch in further {
            prop_assert_eq!(state(&twin), state(&live));
            prop_assert_eq!(twin.stop_keys(), live.stop_keys());
            prop_assert_eq!(twin.candidates(), live.candidates());
            prop_assert_eq!(twin.apply(batch.clone()).unwrap(), live.apply(batch).unwrap());
        }
        prop_assert_eq!(bytes(&twin), bytes(&live));
    }
}

#[test]
fn no_byte_of_a_checkpoint_changes_unseen() {
    let live = full();
    let written = bytes(&live);
    for at in 0..written.len() {
        let mut changed = written.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(read(&changed).is_err(), "byte {at}");
        assert!(read(&written[..at]).is_err(), "cut off at {at}");
    }
}

#[test]
fn no_change_that_the_checksums_miss_is_fatal() {
    let written = bytes(&full());
    let mut refused = 0;
    for at in 0..written.len() {
        for bit in 0..8 {
            let mut changed = written.clone();
            changed[at] ^= 1 << bit;
            refused += usize::from(Live::read(plan(), &mut Source::trusting(&mut changed.as_slice()), None).is_err());
        }
    }
    assert!(refused > written.len(), "{refused} of {}", written.len() * 8);
}

#[test]
fn a_checkpoint_of_something_else_is_refused() {
    let written = bytes(&full());
    let other = Arc::new(Plan::parse(&MODEL.replacen("weight = 5.0", "weight = 5.5", 1)).unwrap());
    let error = Live::read_from(other, &mut written.as_slice()).unwrap_err();
    assert_eq!(error.to_string(), "a checkpoint of another model than 'small world', version 1");
    let mut newer = written.clone();
    newer[8] += 1;
    assert_eq!(read(&newer).unwrap_err().to_string(), "a checkpoint of form 2, but this program reads form 1");
    assert_eq!(read(b"PK\x03\x04 and more").unwrap_err().to_string(), "this is not a checkpoint of a live set");
    assert_eq!(read(&written[..99]).unwrap_err().hint(), "build the set from its rows and write a new checkpoint");
}

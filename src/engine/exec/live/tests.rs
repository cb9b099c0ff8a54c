//! What a live set promises beside being equal to a bulk run, held over random small worlds.

use proptest::prelude::*;

use super::super::world::{change, known, plan, row};
use super::*;

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

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_probe_finds_what_the_row_itself_would(
        changes in proptest::collection::vec(change(), 1..45),
        asked in proptest::collection::vec(prop_oneof![3 => row(), 1 => known()], 1..6),
    ) {
        let (live, mut twin) = (after(&changes), after(&changes));
        for values in &asked {
            prop_assert_eq!(live.probe(values).unwrap(), probe_by_insertion(&mut twin, values));
        }
    }
}

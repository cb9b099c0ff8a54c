//! Laws of the tree, of its frontier and of its proofs.

use std::ops::RangeInclusive;

use proptest::prelude::*;

use super::*;

const SIZES: RangeInclusive<u64> = 1..=600;

/// Places of a tree that are tried: each of a small one, of a large one the ends and every nineteenth.
fn places(size: u64) -> impl Iterator<Item = u64> {
    (0..size).filter(move |place| size <= 80 || place % 19 == size % 19 || *place < 2 || size - place < 3)
}

/// Each proof that differs from this one in one thing.
fn changed(path: &[Hash], turn: u64) -> Vec<Vec<Hash>> {
    let mut all = Vec::new();
    let turn = turn as usize;
    if !path.is_empty() {
        let mut flipped = path.to_vec();
        let mut bytes = *flipped[turn % path.len()].as_bytes();
        bytes[turn % 32] ^= 1 << (turn % 8);
        flipped[turn % path.len()] = Hash::from_bytes(bytes);
        let mut shorter = path.to_vec();
        shorter.remove(turn % path.len());
        all.extend([flipped, shorter]);
    }
    if path.len() > 1 {
        let mut swapped = path.to_vec();
        swapped.swap(turn % path.len(), (turn + 1) % path.len());
        all.push(swapped);
    }
    for place in [0, path.len()] {
        let mut longer = path.to_vec();
        longer.insert(place, Hash::of_empty_tree());
        all.push(longer);
    }
    all
}

#[test]
fn every_entry_is_proved_in_every_tree() {
    let log = Log::of(*SIZES.end());
    for size in SIZES {
        let head = log.head(size);
        for index in places(size) {
            let leaf = log.read(NodeId { level: 0, index }).unwrap();
            let path = inclusion(index, size, |node| log.read(node)).unwrap();
            verify_inclusion(head, index, leaf, &path).unwrap();
            let wrong = (index + 1) % size;
            assert!(wrong == index || verify_inclusion(head, wrong, leaf, &path).is_err(), "{index} of {size}");
            assert!(verify_inclusion(head, index, head.root, &path).is_err() || size == 1, "{index} of {size}");
            for path in changed(&path, index + size) {
                assert!(verify_inclusion(head, index, leaf, &path).is_err(), "{index} of {size}");
            }
        }
    }
}

#[test]
fn roots_are_those_of_the_plain_rule() {
    let log = Log::of(*SIZES.end());
    let leaves: Vec<_> = log.entries.iter().map(|entry| Hash::of_entry(entry).unwrap()).collect();
    for size in SIZES {
        assert_eq!(log.head(size).root, Hash::over(&leaves[..size as usize]), "{size}");
    }
    assert_eq!(log.frontier.head(), log.head(*SIZES.end()));
}

#[test]
fn what_a_proof_needs_is_enough() {
    let log = Log::of(70_000);
    for (index, size) in [(0, 1), (69_999, 70_000), (0, 70_000), (65_535, 65_537), (300, 66_000)] {
        let needs = inclusion_needs(index, size).unwrap();
        assert!(needs.len() < 1024, "{} for {index} of {size}", needs.len());
        let read: BTreeMap<_, _> = needs.iter().map(|node| (*node, log.read(*node).unwrap())).collect();
        let path = inclusion(index, size, |node| read.get(&node).copied()).unwrap();
        let leaf = log.read(NodeId { level: 0, index }).unwrap();
        verify_inclusion(log.head(size), index, leaf, &path).unwrap();
    }
}

#[test]
fn impossible_proofs_are_refused() {
    let log = Log::of(300);
    let (head, leaf) = (log.head(300), Hash::of_empty_tree());
    let missing = NodeId { level: 1, index: 0 };
    let hole = |node| if node == missing { None } else { log.read(node) };
    let rows = [
        (inclusion(5, 5, hole).unwrap_err(), "entry 5 is not in a tree of 5 entries"),
        (inclusion(299, 300, hole).unwrap_err(), "hash 0 of level 1 is missing"),
        (verify_inclusion(head, 300, leaf, &[]).unwrap_err(), "entry 300 is not in a tree of 300 entries"),
        (
            verify_inclusion(head, 1, leaf, &[]).unwrap_err(),
            "a proof has 0 hashes, which is not the number that this proof has",
        ),
    ];
    for (error, sentence) in rows {
        assert_eq!(error.to_string(), sentence);
    }
}

proptest! {
    #[test]
    fn a_stored_frontier_goes_on(first in 0_u64..700, more in 0_u64..300) {
        let whole = Log::of(first + more);
        let stored = Log::of(first).frontier.to_bytes();
        let mut again = Frontier::from_bytes(&stored).unwrap();
        prop_assert_eq!(&again, &Frontier::from_reader(first, &mut |node| whole.read(node)).unwrap());
        prop_assert_eq!(again.to_bytes(), stored);
        for entry in &whole.entries[first as usize..] {
            again.append(Hash::of_entry(entry).unwrap(), |node, hash| assert_eq!(whole.read(node), Some(hash)));
        }
        prop_assert_eq!(again, whole.frontier);
    }

    #[test]
    fn changed_bytes_are_no_frontier(size in 0_u64..700, cut in 0_usize..400) {
        let stored = Log::of(size).frontier.to_bytes();
        prop_assert!(Frontier::from_bytes(&stored[..cut.min(stored.len() - 1)]).is_err());
        let longer = [&stored[..], &[0]].concat();
        prop_assert!(Frontier::from_bytes(&longer).is_err());
        let newer = [&[2], &stored[1..]].concat();
        prop_assert_eq!(Frontier::from_bytes(&newer), Err(FrontierError::Version(2)));
    }

    #[test]
    fn keys_of_hashes_are_in_the_order_of_places(a: (u8, u64), b: (u8, u64)) {
        let (a, b) = (NodeId { level: a.0, index: a.1 }, NodeId { level: b.0, index: b.1 });
        prop_assert_eq!(a.cmp(&b), a.to_key().cmp(&b.to_key()));
        prop_assert_eq!(NodeId::from_key(a.to_key()), a);
    }
}

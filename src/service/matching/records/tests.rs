use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::places::Place;
use super::*;
use crate::domain::date::Date;
use crate::domain::feed::Feed;
use crate::domain::record::{Sequence, Standing};

fn some_known() -> impl Strategy<Value = (Known, Vec<u64>)> {
    let belongs = prop_oneof![
        Just(Belongs::Nowhere),
        (1..4u64, proptest::option::of(1..4u64)).prop_map(|(family, card)| Belongs::Family(FamilyKey(family), card)),
        (1..4u64).prop_map(Belongs::Account),
    ];
    let numbers = proptest::collection::vec(1..6u64, 0..4);
    (belongs, any::<(bool, bool, bool)>(), 0..40_000i32, 0..6usize, 1..9u64, numbers).prop_map(
        |(belongs, (withdrawn, flagged, death), day, feed, number, numbers)| {
            let day = (day > 0).then(|| Date::constant(1900, 1, 1).saturating_add(jiff::Span::new().days(day)));
            let known = Known {
                standing: Standing { day, sequence: Sequence(number) },
                feed: Feed::ALL[feed],
                withdrawn,
                flagged,
                death,
                place: Place::from_number(number - 1),
                belongs,
                nik: numbers.first().copied().map(Number::from_value),
            };
            (known, numbers)
        },
    )
}

type Plain = BTreeMap<RecordId, (Known, Vec<u64>)>;

fn sender(id: u64) -> Sender {
    let agency = crate::domain::agency::AgencyId::new(format!("dinas-{}", id % 3)).expect("an id");
    Sender { agency, regions: Vec::new() }
}

fn found(plain: &Plain, has: impl Fn(&Known, &[u64]) -> bool) -> BTreeSet<RecordId> {
    plain.iter().filter(|(_, (known, numbers))| has(known, numbers)).map(|(id, _)| *id).collect()
}

fn check(records: &Records, plain: &Plain) {
    assert_eq!(records.len(), plain.len());
    for (id, (known, numbers)) in plain {
        assert_eq!(records.get(*id), Some(*known));
        assert_eq!(records.sender_of(*id).map(KnownSender::agency), Some(&sender(id.0).agency));
        assert_eq!(&records.numbers_of(*id).map(Number::value).collect::<Vec<_>>(), numbers);
    }
    let set = |ids: Vec<RecordId>| ids.into_iter().collect::<BTreeSet<_>>();
    for key in 1..6 {
        let of_number = records.bearers(Number::from_value(key));
        assert!(of_number.is_sorted());
        assert_eq!(set(of_number), found(plain, |_, numbers| numbers.contains(&key)));
        assert_eq!(set(records.on_account(key)), found(plain, |known, _| known.account() == Some(key)));
        assert_eq!(set(records.on_card(key)), found(plain, |known, _| known.card() == Some(key)));
        let of_family = found(plain, |known, _| known.family() == Some(FamilyKey(key)));
        assert_eq!(set(records.in_family(FamilyKey(key))), of_family);
    }
}

proptest! {
    #[test]
    fn records_are_a_map_however_they_came(steps in proptest::collection::vec((0..9u64, some_known()), 1..60)) {
        let (mut records, mut plain) = (Records::default(), Plain::new());
        for (id, (known, numbers)) in steps {
            let of_row: Vec<Number> = numbers.iter().copied().map(Number::from_value).collect();
            let numbers: Vec<u64> =
                (0..numbers.len()).filter(|at| !numbers[..*at].contains(&numbers[*at])).map(|at| numbers[at]).collect();
            let before = plain.insert(RecordId(id), (known, numbers));
            prop_assert_eq!(records.put(RecordId(id), &sender(id), &known, &of_row), before.map(|(known, _)| known));
        }
        check(&records, &plain);
        let mut gathered = Records::default();
        for (id, (known, numbers)) in &plain {
            let of_row: Vec<Number> = numbers.iter().copied().map(Number::from_value).collect();
            gathered.gather(*id, &sender(id.0), known, &of_row);
        }
        gathered.index();
        check(&gathered, &plain);
    }

    #[test]
    fn persons_are_sets_of_records(steps in proptest::collection::vec(proptest::collection::btree_set(0..12u64, 1..5), 1..20)) {
        let mut records = Records::default();
        let known = Packed { sequence: 1, nik: 0, of: 0, card: 0, place: 0, day: 0, feed: 1, states: 0, sender: 0 };
        let known = known.known().expect("a feed");
        for id in (0..12).rev() {
            records.put(RecordId(id), &sender(id), &known, &[]);
        }
        let mut plain: BTreeMap<RecordId, BTreeSet<RecordId>> = BTreeMap::new();
        for group in steps {
            let group: BTreeSet<RecordId> = group.into_iter().map(RecordId).collect();
            let gone: Vec<RecordId> =
                plain.iter().filter(|(_, of)| !of.is_disjoint(&group)).map(|(first, _)| *first).collect();
            for first in gone {
                let of: Vec<RecordId> = plain.remove(&first).into_iter().flatten().collect();
                records.part(&of);
            }
            records.join(&group.iter().copied().collect::<Vec<_>>());
            plain.insert(*group.first().expect("one"), group);
        }
        for id in (0..12).map(RecordId) {
            let of = plain.iter().find(|(_, of)| of.contains(&id)).map(|(first, _)| PersonId(*first));
            prop_assert_eq!(records.person_of(id), of);
            let members = plain.get(&id).into_iter().flatten().copied().collect::<Vec<_>>();
            prop_assert_eq!(records.records_of(PersonId(id)), members);
        }
        prop_assert_eq!(records.persons().count(), plain.len());
    }
}

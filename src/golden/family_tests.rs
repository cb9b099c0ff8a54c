use proptest::prelude::*;

use super::*;
use crate::domain::agency::AgencyId;
use crate::domain::date::Date;
use crate::domain::feed::Feed;
use crate::domain::record::{RecordKey, Sequence};
use crate::domain::row::PersonCore;

/// A membership row: person, family key, relation, KK number, village.
type Row = (u64, &'static str, u8, &'static str, &'static str);

fn records(rows: &[Row]) -> Vec<Record> {
    let one = |(at, (_, key, relation, kk, village)): (usize, &Row)| Record {
        id: RecordId(at as u64 + 1),
        key: RecordKey {
            agency: AgencyId::new("dinsos").expect("an id"),
            feed: Feed::AnggotaKeluarga,
            id_sumber: at.to_string(),
        },
        sequence: Sequence(at as u64 + 1),
        tgl_data: Date::constant(2025, 11, at as i8 + 1),
        withdrawn: false,
        core: PersonCore {
            no_kk: Some((*kk).to_owned()).filter(|kk| !kk.is_empty()),
            kode_desa: Some((*village).to_owned()).filter(|village| !village.is_empty()),
            ..PersonCore::default()
        },
        detail: Detail::Anggota(Box::new(AnggotaKeluarga {
            id_keluarga: (*key).to_owned(),
            hubungan_keluarga: Some(*relation),
            ..AnggotaKeluarga::default()
        })),
        flags: vec![],
        regions: Vec::new(),
    };
    rows.iter().enumerate().map(one).collect()
}

fn families(rows: &[Row], order: &[usize]) -> Vec<GoldenFamily> {
    let records = records(rows);
    let memberships: Vec<Membership<'_>> = order
        .iter()
        .map(|at| Membership {
            record: &records[*at],
            person: PersonId(RecordId(rows[*at].0)),
            no_kk: records[*at].core.no_kk.as_deref(),
        })
        .collect();
    golden_families(&memberships)
}

fn in_order(rows: &[Row]) -> Vec<GoldenFamily> {
    families(rows, &(0..rows.len()).collect::<Vec<_>>())
}

#[test]
fn what_is_one_family() {
    let cases: Vec<(&str, Vec<Row>, usize)> = vec![
        ("one key", vec![(1, "K1", 1, "A", ""), (2, "K1", 3, "A", "")], 1),
        ("two keys, nothing shared", vec![(1, "K1", 1, "A", ""), (2, "K2", 1, "B", "")], 2),
        (
            "two members shared",
            vec![(1, "K1", 1, "", ""), (2, "K1", 3, "", ""), (1, "K2", 1, "", ""), (2, "K2", 3, "", "")],
            1,
        ),
        (
            "one member shared",
            vec![(1, "K1", 1, "A", ""), (2, "K1", 4, "A", ""), (2, "K2", 9, "B", ""), (3, "K2", 1, "B", "")],
            2,
        ),
        ("same card, same head", vec![(1, "K1", 1, "A", ""), (2, "K1", 3, "A", ""), (1, "K2", 1, "A", "")], 1),
        ("same card, one head only", vec![(1, "K1", 1, "A", ""), (2, "K2", 5, "A", "")], 1),
        ("same card, two heads", vec![(1, "K1", 1, "A", ""), (2, "K2", 1, "A", "")], 2),
        (
            "same card, two heads, a third without",
            vec![(1, "K1", 1, "A", ""), (2, "K2", 1, "A", ""), (3, "K3", 5, "A", "")],
            3,
        ),
        (
            "trap 17: divorce, the children on both lists",
            vec![
                (1, "K1", 1, "A", ""),
                (8, "K1", 4, "A", ""),
                (9, "K1", 4, "A", ""),
                (2, "K2", 1, "B", ""),
                (8, "K2", 4, "B", ""),
                (9, "K2", 4, "B", ""),
            ],
            2,
        ),
        (
            "a new card, the same head",
            vec![(1, "K1", 1, "A", ""), (8, "K1", 4, "A", ""), (1, "K2", 1, "B", ""), (8, "K2", 4, "B", "")],
            1,
        ),
    ];
    check(cases);
}

#[test]
fn what_is_one_family_where_there_are_bridges() {
    let cases: Vec<(&str, Vec<Row>, usize)> = vec![
        ("she lives alone, on two lists", vec![(1, "K1", 1, "", ""), (1, "K2", 1, "", "")], 1),
        ("she lives alone, one list has her card", vec![(1, "K1", 1, "A", ""), (1, "K2", 1, "", "")], 1),
        ("she lives alone, two cards", vec![(1, "K1", 1, "A", ""), (1, "K2", 1, "B", "")], 2),
        ("she lives alone, one list names no head", vec![(1, "K1", 1, "A", ""), (1, "K2", 9, "", "")], 1),
        (
            "the same head, nobody else in common",
            vec![(1, "K1", 1, "", ""), (2, "K1", 4, "", ""), (1, "K2", 1, "", ""), (3, "K2", 4, "", "")],
            1,
        ),
        (
            "a child on two lists, with others",
            vec![(8, "K1", 4, "", ""), (8, "K2", 4, "", ""), (9, "K2", 4, "", "")],
            2,
        ),
        ("B15: a third list with the children of two families", [TWO_FAMILIES, BRIDGE].concat(), 3),
        (
            "B15: the third list shares more with one of them",
            [TWO_FAMILIES, BRIDGE, &[(10, "K7", 4, "", ""), (10, "K1", 4, "A", "")]].concat(),
            2,
        ),
        (
            "B15: a bridge by the other family's card",
            [TWO_FAMILIES, &[(18, "K7", 4, "A", ""), (19, "K7", 4, "A", "")]].concat(),
            2,
        ),
        (
            "B15: two bridges in a row",
            [
                TWO_FAMILIES,
                &[(8, "K7", 4, "", ""), (9, "K7", 4, "", ""), (30, "K7", 9, "", ""), (31, "K7", 9, "", "")],
                &[(18, "K8", 4, "", ""), (19, "K8", 4, "", ""), (30, "K8", 9, "", ""), (31, "K8", 9, "", "")],
            ]
            .concat(),
            4,
        ),
        (
            "heads on lists without cards, cards on lists without heads",
            vec![
                (1, "K1", 1, "", ""),
                (8, "K1", 4, "", ""),
                (9, "K1", 4, "", ""),
                (2, "K2", 1, "", ""),
                (8, "K2", 4, "", ""),
                (9, "K2", 4, "", ""),
                (8, "K3", 4, "A", ""),
                (9, "K3", 4, "A", ""),
                (8, "K4", 4, "B", ""),
                (9, "K4", 4, "B", ""),
            ],
            4,
        ),
    ];
    check(cases);
}

/// Rows by name, and how many families they are.
fn check(cases: Vec<(&str, Vec<Row>, usize)>) {
    for (name, rows, expected) in cases {
        assert_eq!(in_order(&rows).len(), expected, "{name}");
    }
}

/// Bambang with two children, and Ratna with two.
const TWO_FAMILIES: &[Row] = &[
    (1, "K1", 1, "A", ""),
    (8, "K1", 4, "A", ""),
    (9, "K1", 4, "A", ""),
    (2, "K2", 1, "B", ""),
    (18, "K2", 4, "B", ""),
    (19, "K2", 4, "B", ""),
];

/// A list with all four children, without head and card.
const BRIDGE: &[Row] = &[(8, "K7", 4, "", ""), (9, "K7", 4, "", ""), (18, "K7", 4, "", ""), (19, "K7", 4, "", "")];

#[test]
fn a_list_that_fits_one_family_better_belongs_to_it() {
    let rows = [TWO_FAMILIES, BRIDGE, &[(10, "K7", 4, "", ""), (10, "K1", 4, "A", "")]].concat();
    let sources: Vec<Vec<String>> = in_order(&rows).into_iter().map(|family| family.sources).collect();
    assert_eq!(sources, [vec!["dinsos|K1".to_owned(), "dinsos|K7".to_owned()], vec!["dinsos|K2".to_owned()]]);
}

#[test]
fn a_joined_family_keeps_its_senders_keys() {
    let village = "3201052006";
    let rows = [
        (1, "K2", 1, "A", village),
        (2, "K2", 3, "A", village),
        (4, "K2", 4, "B", village),
        (3, "K1", 5, "A", village),
    ];
    let family = in_order(&rows).remove(0);
    assert_eq!(family.id, FamilyId(RecordId(1)));
    assert_eq!(family.sources, ["dinsos|K1", "dinsos|K2"]);
    assert_eq!(family.head, Some(PersonId(RecordId(1))));
    assert_eq!(family.members.len(), 4);
    assert_eq!(family.no_kk.map(|chosen| (chosen.value, chosen.variants)), Some(("A".to_owned(), 2)));
}

#[test]
fn a_family_lives_where_most_members_do() {
    let rows = [(1, "K1", 1, "", "3201052006"), (2, "K1", 3, "", "3201052006"), (3, "K1", 4, "", "3201102004")];
    let village = |rows: &[Row]| in_order(rows).remove(0).kode_desa.map(|chosen| chosen.value);
    assert_eq!(village(&rows).as_deref(), Some("3201052006"), "one newer row may run ahead");
    assert_eq!(village(&rows[1..]).as_deref(), Some("3201102004"), "among equals the newest");
    let moved = [rows[0], rows[1], (1, "K1", 1, "", "3201102004"), (2, "K1", 3, "", "3201102004")];
    assert_eq!(village(&moved).as_deref(), Some("3201102004"), "each member counts once, by the newest row");
}

#[test]
fn withdrawn_rows_make_no_family() {
    let mut records = records(&[(1, "K1", 1, "A", "")]);
    records[0].withdrawn = true;
    let membership = Membership { record: &records[0], person: PersonId(RecordId(1)), no_kk: None };
    assert_eq!(golden_families(&[membership]), []);
}

/// Any lists of up to six persons on up to six lists with up to three cards.
fn any_rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (1..7u64, 0..6usize, 1..4u8, 0..4usize);
    proptest::collection::vec(row, 1..24).prop_map(|rows| {
        let row = |(person, key, relation, kk): (u64, usize, u8, usize)| {
            let key = ["K1", "K2", "K3", "K4", "K5", "K6"][key];
            (person, key, relation, ["", "A", "B", "C"][kk], "3201052006")
        };
        rows.into_iter().map(row).collect()
    })
}

proptest! {
    #[test]
    fn the_order_of_rows_does_not_matter(rows in any_rows(), seed in any::<u64>()) {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|at| (*at as u64 + 1).wrapping_mul(seed | 1));
        prop_assert_eq!(families(&rows, &order), in_order(&rows));
    }

    #[test]
    fn what_a_list_is_called_does_not_matter(rows in any_rows(), turned in 1..6usize) {
        const KEYS: [&str; 6] = ["K1", "K2", "K3", "K4", "K5", "K6"];
        let other = |key: &str| KEYS[(KEYS.iter().position(|known| *known == key).expect("a key") + turned) % 6];
        let renamed: Vec<Row> = rows.iter().map(|row| (row.0, other(row.1), row.2, row.3, row.4)).collect();
        let records = |rows: &[Row]| in_order(rows).into_iter().map(|family| family.records).collect::<Vec<_>>();
        prop_assert_eq!(records(&renamed), records(&rows));
    }

    #[test]
    fn two_heads_with_two_cards_are_never_one_family(rows in any_rows()) {
        let all = records(&rows);
        let list = |key: &str| -> Vec<Membership<'_>> {
            let here = rows.iter().zip(&all).filter(|(row, _)| row.1 == key);
            here.map(|(row, record)| Membership {
                record,
                person: PersonId(RecordId(row.0)),
                no_kk: record.core.no_kk.as_deref(),
            })
            .collect()
        };
        for family in in_order(&rows) {
            let lists: Vec<Vec<Membership<'_>>> =
                family.sources.iter().map(|source| list(source.trim_start_matches("dinsos|"))).collect();
            let mut heads: Vec<PersonId> = lists.iter().filter_map(|rows| head_of(rows)).collect();
            let mut cards: Vec<&str> = lists.iter().filter_map(|rows| card_of(rows)?.no_kk).collect();
            heads.sort_unstable();
            heads.dedup();
            cards.sort_unstable();
            cards.dedup();
            prop_assert!(heads.len() < 2 || cards.len() < 2, "{heads:?} {cards:?} in {:?}", family.sources);
        }
    }
}

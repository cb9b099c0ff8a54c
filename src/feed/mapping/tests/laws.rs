//! Laws over random tables: what a heading looks like, where a column stands and what stands beside it does not matter.

use proptest::prelude::*;

use super::*;

/// Another spelling of a heading: case and the signs between its words.
fn respelled(heading: &str, dice: u64) -> String {
    let signs = [" ", "  ", "_", ".", " - ", "\u{a0}"];
    let sign = signs[(dice % signs.len() as u64) as usize];
    let words = heading.split(' ').collect::<Vec<_>>().join(sign);
    match dice % 3 {
        0 => words.to_uppercase(),
        1 => words.to_lowercase(),
        _ => format!(" {words} "),
    }
}

proptest! {
    #[test]
    fn columns_may_stand_anywhere_and_be_spelled_otherwise(
        order in Just((0..6usize).collect::<Vec<_>>()).prop_shuffle(),
        dice in proptest::collection::vec(any::<u64>(), 6),
        beside in any::<bool>(),
    ) {
        let (mut mapping, headings, rows) = members();
        let mapper = mapping.compile(&headings, context()).unwrap();
        let mut other: Vec<String> = order.iter().map(|at| respelled(&headings[*at], dice[*at])).collect();
        if beside {
            other.insert(dice[0] as usize % 6, "Catatan".to_owned());
            mapping.left_out.insert("CATATAN".to_owned());
        }
        let moved = mapping.compile(&other, context()).unwrap();
        for row in &rows {
            let mut cells: Vec<Cell> = order.iter().map(|at| row.cells[*at].clone()).collect();
            if beside {
                cells.insert(dice[0] as usize % 6, text("apa saja"));
            }
            prop_assert_eq!(moved.row(&TableRow { number: row.number, cells }), mapper.row(row));
        }
    }

    #[test]
    fn no_cell_makes_a_row_panic_or_tells_its_value(
        cells in proptest::collection::vec(
            prop_oneof![
                "\\PC{0,20}".prop_map(Cell::Text),
                "[0-9/., -]{0,12}".prop_map(Cell::Text),
                any::<f64>().prop_map(Cell::Number),
                any::<bool>().prop_map(Cell::Bool),
                Just(Cell::Date(Date::constant(2025, 3, 5))),
                Just(Cell::Error("#REF!".to_owned())),
            ],
            0..60,
        ),
    ) {
        for feed in Feed::ALL {
            let headings: Vec<String> = super::super::kind::fields_of(feed).iter().map(|field| field.name.clone()).collect();
            let mut mapping = Mapping::empty(feed);
            mapping.id.columns = texts(&["id_sumber"]);
            mapping.fields = headings[1..].iter().map(|name| (name.clone(), Source::column(name))).collect();
            let mapper = mapping.compile(&headings, context()).unwrap();
            let row = TableRow { number: 7, cells: cells.clone() };
            match mapper.row(&row) {
                Ok(Some(made)) => prop_assert!(object(&made).is_object()),
                Ok(None) => {}
                Err(line) => {
                    prop_assert_eq!(line.baris, 7);
                    prop_assert!(!line.kesalahan.is_empty());
                }
            }
            let _draft = guess(feed, &headings, &[row], None, context());
        }
    }
}

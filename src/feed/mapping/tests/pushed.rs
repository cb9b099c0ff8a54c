//! Mapped rows in a batch: limits, early end and refusals are those of a body.

use super::*;
use crate::feed::{BatchReader, BodyError, Limits};

fn reader(limits: Limits) -> BatchReader {
    BatchReader::new(Feed::AnggotaKeluarga, limits, context())
}

#[test]
fn mapped_rows_are_those_of_a_body() {
    let (mapping, headings, rows) = members();
    let mapper = mapping.compile(&headings, context()).unwrap();
    let made: Vec<String> = rows.iter().map(|row| mapper.row(row).unwrap().unwrap()).collect();
    let mut body = reader(Limits::default());
    body.push(made.join("\n").as_bytes()).unwrap();
    let mut table = reader(Limits::default());
    for row in &rows {
        table.push_row(row.number, mapper.row(row).map(Option::unwrap)).unwrap();
    }
    let (body, table) = (body.finish().unwrap(), table.finish_as("abc".to_owned()).unwrap());
    assert_eq!(table.sha256, "abc");
    assert_eq!(table.alarms, body.alarms);
    let lines =
        |batch: &crate::feed::ReadBatch| batch.rows.iter().map(|row| row.as_ref().unwrap().line).collect::<Vec<_>>();
    assert_eq!((lines(&body), lines(&table)), (vec![1, 2, 3], vec![5, 6, 7]));
    for (of_body, of_table) in body.rows.into_iter().zip(table.rows) {
        let (mut of_body, of_table) = (of_body.unwrap(), of_table.unwrap());
        of_body.line = of_table.line;
        assert!(of_body == of_table);
    }
}

#[test]
fn limits_hold_for_mapped_rows() {
    let (mapping, headings, rows) = members();
    let mapper = mapping.compile(&headings, context()).unwrap();
    let made = mapper.row(&rows[0]).unwrap().unwrap();
    let mut bad = rows[0].clone();
    bad.cells[3] = Cell::Error("#N/A".to_owned());

    let mut few = reader(Limits { rows: 1, ..Limits::default() });
    few.push_row(2, Ok(made.clone())).unwrap();
    for row in [Ok(made.clone()), mapper.row(&bad).map(Option::unwrap)] {
        assert_eq!(few.push_row(3, row), Err(BodyError::TooManyRows { limit: 1 }));
    }
    assert_eq!(few.finish_as(String::new()), Err(BodyError::TooManyRows { limit: 1 }));

    let limit = made.len() as u64 + 1;
    let mut short = reader(Limits { body_bytes: limit, ..Limits::default() });
    short.push_row(2, Ok(made.clone())).unwrap();
    assert_eq!(short.push_row(3, Ok(made.clone())), Err(BodyError::TooManyBytes { limit }));

    let mut wrong = reader(Limits { refused_from: 4, ..Limits::default() });
    let outcomes: Vec<bool> =
        (2..6).map(|line| wrong.push_row(line, mapper.row(&bad).map(Option::unwrap)).is_ok()).collect();
    assert_eq!(outcomes, [true, true, true, false]);
    let error = wrong.finish_as(String::new()).unwrap_err();
    assert!(matches!(error, BodyError::NearlyAllRefused { rows: 4, refused: 4, .. }), "{error:?}");

    assert_eq!(reader(Limits::default()).finish_as(String::new()), Err(BodyError::Empty));
    let mut long = reader(Limits { row_bytes: 10, ..Limits::default() });
    long.push_row(9, Ok(made)).unwrap();
    let batch = long.finish_as(String::new()).unwrap();
    let line = batch.rows[0].as_ref().unwrap_err();
    assert_eq!((line.baris, codes(line)), (9, vec![("", "TOO_LONG")]));
}

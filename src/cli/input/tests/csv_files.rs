use super::*;

type Read = (&'static str, &'static str, &'static [&'static str]);
type Refused = (&'static str, &'static [u8], &'static str);

#[test]
fn csv_is_read_as_people_have_it() {
    let cases: &[Read] = &[
        ("plain", "id,name\n1,ana\n2,\n", &["1: id=1 name=ana", "2: id=2"]),
        (
            "blanks after commas, quotes after blanks, doubled quotes, a line end in a cell",
            " rec_id, \"n, m\" \nr1, \"a, \"\"b\"\"\" \nr2,\"x\ny\"\n",
            &["r1: rec_id=r1 n, m=a, \"b\"", "r2: rec_id=r2 n, m=x\ny"],
        ),
        ("byte order mark, semicolons, CRLF", "\u{feff}id;a\r\n1;x,y\r\n", &["1: id=1 a=x,y"]),
        ("carriage returns alone", "id,a\r1,\"x\ry\"\r2,z", &["1: id=1 a=x\ny", "2: id=2 a=z"]),
        ("tabs", "id\ta\n1\tx, y\n2\t\n", &["1: id=1 a=x, y", "2: id=2"]),
        ("bars", "id|a\n1|x, y\n", &["1: id=1 a=x, y"]),
        ("bars in cells", "id,a|b\n1,x|y\n", &["1: id=1 a|b=x|y"]),
        ("one column", "id\n1\n", &["1: id=1"]),
        ("a nickname in quotes", "id,a\n1,\"Budi\" Santoso\n", &["1: id=1 a=Budi Santoso"]),
        ("a nickname in the middle", "id,a\n1,Rina \"Ina\" Lestari\n", &["1: id=1 a=Rina \"Ina\" Lestari"]),
        ("a nickname in quotes twice", "id,a\n1,\"Budi\" \"Bud\" S\n", &["1: id=1 a=Budi \"Bud\" S"]),
        ("a quote that closes before blanks", "id,a\n1,\"x\ny\"  \n2,z\n", &["1: id=1 a=x\ny", "2: id=2 a=z"]),
        ("inches", "id,a\n1,5\" pipe\n2,6\"\n", &["1: id=1 a=5\" pipe", "2: id=2 a=6\""]),
        (
            "an address of three lines, quoted",
            "id,a\n1,\"Jl. Mawar, 2\nRT 1\nBogor\"\n2,z\n",
            &["1: id=1 a=Jl. Mawar, 2\nRT 1\nBogor", "2: id=2 a=z"],
        ),
        (
            "rows of separators and of nothing",
            "\n,\nid,a\n\n,,,\n1,x\n , \u{a0}\n\n2,y\n,",
            &["1: id=1 a=x", "2: id=2 a=y"],
        ),
        ("columns without name and values", "id,a,,\n1,x,,\n2,y,, \n", &["1: id=1 a=x", "2: id=2 a=y"]),
        ("an index of pandas", ",id,a\n0,7,x\n1,8,y\n", &["7: id=7 a=x", "8: id=8 a=y"]),
        (
            "commas inside a header of a semicolon file",
            "id;a;\"b (c, d, e, f)\"\n1;x;y\n",
            &["1: id=1 a=x b (c, d, e, f)=y"],
        ),
        (
            "commas inside a header without quotes",
            "id;a;b (c, d, e)\n1;x;y\n2;v;w\n",
            &["1: id=1 a=x b (c, d, e)=y", "2: id=2 a=v b (c, d, e)=w"],
        ),
        ("the separator is told", "sep=;\r\nid;a,b\r\n1;x,y\r\n", &["1: id=1 a,b=x,y"]),
        ("the separator is told in quotes", "\u{feff}\"SEP=\t\"\nid\ta\n1\tx\n", &["1: id=1 a=x"]),
        (
            "blanks that Unicode has, and signs without width",
            "id\u{a0},\u{200b}a \u{feff},b\n\u{a0}1\u{a0}, x\u{3000},\u{200e}y\u{200b}\n",
            &["1: id=1 a=x b=y"],
        ),
        ("a header and nothing else", "id,a\n", &[]),
        ("no line end at the end", "id,a\n1,\"x\"", &["1: id=1 a=x"]),
    ];
    for (name, text, wanted) in cases {
        let table =
            read(&[("a.csv", text)], &InputOptions::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(rows_of(&table), *wanted, "{name}");
    }
}

/// A file whose quotation marks go wrong somewhere, by the cell of its third line and what is done to the fifth.
fn broken(third: &str, fifth: &str) -> String {
    format!(
        "id,full_name,born,city\n1,Sari Wulandari,1990-04-12,Medan\n{third}\n3,Sari Wulandari,1990-04-12,Medan\n{fifth}\n5,Rina,1979-02-03,Medan\n"
    )
}

#[test]
fn a_quote_that_is_not_closed_is_refused_where_it_was_opened() {
    let plain = "4,Rina Lestari,1979-02-03,Medan";
    let not_closed = "a quoted cell is not closed";
    let rows = "a quoted cell makes one row of 3 lines that look like rows of their own";
    for (third, fifth, wanted) in [
        ("2,Bagus,1985-11-25,\"Medan", plain, not_closed),
        ("2,\"Bagus Prakoso,1985-11-25,Medan", plain, not_closed),
        ("2,Bagus,1985-11-25,\"Medan", "4,Rina Lestari,1979-02-03,\"Binjai\"", not_closed),
        ("2,\"Bagus Prakoso,1985-11-25,Medan", "4,Rina \"Ina\" Lestari,1979-02-03,Medan", not_closed),
        ("2,\"Bagus Prakoso,1985-11-25,Medan", "4,\"Rina\" Lestari,1979-02-03,Medan", not_closed),
        ("2,Bagus,1985-11-25,\"Medan", "4,Rina,\"\",Medan", not_closed),
        ("2,Bagus,1985-11-25,\"Medan", "4,Rina,1979-02-03,Binjai\"", rows),
        ("2,Bagus,1985-11-25,\"Medan", "4,Rina,1979-02-03,Binjai\" ", rows),
    ] {
        for (line_end, name) in [("\n", "a.csv"), ("\r\n", "a.csv"), ("\r", "a.csv")] {
            let text = broken(third, fifth).replace('\n', line_end);
            let error = read(&[(name, &text)], &InputOptions::default()).err();
            assert_eq!(error, Some(format!("a.csv:3: {wanted}")), "{third:?} {fifth:?} {line_end:?}");
        }
    }
    let header = read(&[("a.csv", "id,\"full_name,born\n1,x,y\n")], &InputOptions::default()).err();
    assert_eq!(header, Some(format!("a.csv:1: {not_closed}")));
    let told = read(&[("a.csv", "sep=,\nid,a\n1,\"x\n")], &InputOptions::default()).err();
    assert_eq!(told, Some(format!("a.csv:3: {not_closed}")));
}

#[test]
fn a_quote_is_watched_across_the_pieces_that_a_file_is_read_in() {
    // Larger than any buffer on the way.
    let row = |n: usize| format!("{n},\"Jl. \"\"Mawar\"\"\nNo. {n}\"\r\n");
    let rows = (0..60_000).map(row).collect::<Vec<_>>().concat();
    let table = read(&[("a.csv", &format!("id,a\r\n{rows}"))], &InputOptions::default()).expect("good quotes");
    assert_eq!(table.len(), 60_000);
    assert_eq!(table.column(1).get(59_999), Some("Jl. \"Mawar\"\nNo. 59999"));
    assert_eq!(table.place(59_999).1, 119_999 + 1);
    let error = read(&[("a.csv", &format!("id,a\r\n{rows}60000,\"x\n"))], &InputOptions::default()).err();
    assert_eq!(error.as_deref(), Some("a.csv:120002: a quoted cell is not closed"));
}

#[test]
fn bad_csv_is_refused_with_its_line() {
    let cases: &[Refused] = &[
        ("cells", b"id,a\n1,x\n2\n", "a.csv:3: 1 cells where the header has 2"),
        (
            "cells, carriage returns and line feeds",
            b"id,a\r\n1,x\r\n\r\n2,y,z\r\n",
            "a.csv:4: 3 cells where the header has 2",
        ),
        ("cells, carriage returns", b"id,a\r1,x\r2\r", "a.csv:3: 1 cells where the header has 2"),
        ("cells, behind a cell of two lines", b"id,a\n1,\"x\ny\"\n2\n", "a.csv:4: 1 cells where the header has 2"),
        ("a quote inside a cell is a letter", b"id,a\n1,5\" pipe, cut\n", "a.csv:2: 3 cells where the header has 2"),
        ("bytes", b"id,a\n1,\xff\n", "a.csv:2: the line is not UTF-8 text"),
        ("bytes of the header", b"id,\xff\n1,x\n", "a.csv:1: the line is not UTF-8 text"),
        ("empty", b"", "a.csv:1: there is no header line"),
        ("blank", b"\n\n ,\n", "a.csv:3: there is no header line"),
        ("twice", b"id,a,a\n", "a.csv:1: column 'a' has two values"),
        ("no id", b"id,a\n1,y\n\n,x\n", "a.csv:4: the row has no id"),
        ("an id that shows nothing", "id,a\n\u{a0},x\n".as_bytes(), "a.csv:2: the row has no id"),
        ("ids alike", b"id,a\n1,\"x\ny\"\n2,y\n1,z\n", "a.csv:2 and a.csv:5 have the same id"),
        ("ids alike but for blanks", "id,a\n1,x\n1\u{a0},z\n".as_bytes(), "a.csv:2 and a.csv:3 have the same id"),
        ("no feed", b"feed,id_sumber\nbank-rekening,1\n,2\n", "a.csv:3: the row has no feed"),
    ];
    for (name, bytes, wanted) in cases {
        assert_eq!(outcome(&[("a.csv", bytes)], &InputOptions::default()), Err((*wanted).to_owned()), "{name}");
    }
}

#[test]
fn what_is_passed_over_is_told() {
    for (text, wanted) in [
        ("id,a\n1,x\n", vec![]),
        (
            "id,a,,\n1,x,,\n,,,\n,,,\n",
            vec!["a.csv: 2 rows without any value passed over; 2 columns without name and values passed over"],
        ),
        (
            ",id,\n0,1,\n,,\n",
            vec![
                "a.csv: 1 row without any value passed over; 1 column without name and values passed over; column 1 has values and no \
             name: it is not read",
            ],
        ),
    ] {
        let table = read(&[("a.csv", text)], &InputOptions::default()).expect("good");
        let notes: Vec<String> =
            table.notes().iter().map(|note| note[note.rfind("a.csv").expect("named")..].to_owned()).collect();
        assert_eq!(notes, wanted, "{text:?}");
    }
}

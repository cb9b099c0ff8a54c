use encoding_rs::WINDOWS_1252;

use super::*;

#[test]
fn text_is_read_as_people_have_it() {
    let cases: &[(&str, &[u8], &[&str])] = &[
        ("commas", b"id,nama\n1,ana\n", &["1: 'id' 'nama'", "2: '1' 'ana'"]),
        ("semicolons", b"id;nama\r\n1;ana, b\r\n", &["1: 'id' 'nama'", "2: '1' 'ana, b'"]),
        ("tabs", b"id\tnama\n1\tana\n", &["1: 'id' 'nama'", "2: '1' 'ana'"]),
        ("bars", b"id|nama\n1|ana\n", &["1: 'id' 'nama'", "2: '1' 'ana'"]),
        ("one column", b"nik\n3201\n", &["1: 'nik'", "2: '3201'"]),
        ("told", b"sep=;\nid;a,b\n1;x,y\n", &["2: 'id' 'a,b'", "3: '1' 'x,y'"]),
        (
            "titles with commas before the header",
            b"Daftar siswa, tahun 2025\n\nid;nama;rt\n1;ana;2\n2;budi;3\n",
            &["1: 'Daftar siswa, tahun 2025'", "3: 'id' 'nama' 'rt'", "4: '1' 'ana' '2'", "5: '2' 'budi' '3'"],
        ),
        (
            "blank rows, cells behind the last, several lines, guards of spreadsheets",
            b"id,a,,\n,,,\n\n1,\"x\ny\",,\n2,'0012,'=1+1\n",
            &["1: 'id' 'a'", "4: '1' 'x\ny'", "6: '2' '0012' '=1+1'"],
        ),
        ("UTF-8 with its mark", b"\xef\xbb\xbfid,a\n1,\xc3\xa9\n", &["1: 'id' 'a'", "2: '1' 'é'"]),
        ("a line end of DOS and its end of file", b"id,a\r\n1,x\r\n\x1a", &["1: 'id' 'a'", "2: '1' 'x'"]),
    ];
    for (name, bytes, wanted) in cases {
        match read("a.csv", Bytes::from_static(bytes)) {
            Ok(read) => assert_eq!(read, *wanted, "{name}"),
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

#[test]
fn encodings_are_told() {
    let utf16 = |text: &str, order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let (windows, _, _) = WINDOWS_1252.encode("id,nama\n1,José\n");
    let cases: &[(&str, Vec<u8>, &str, bool)] = &[
        ("UTF-8", "id,nama\n1,José\n".into(), "UTF-8", false),
        ("ASCII", b"id,nama\n1,ana\n".to_vec(), "UTF-8", false),
        ("Windows", windows.into_owned(), "windows-1252", true),
        ("Unicode text of Excel", utf16("\u{feff}id\tnama\n1\tJosé\n", u16::to_le_bytes), "UTF-16LE", false),
        ("the other order", utf16("\u{feff}id,nama\n1,José\n", u16::to_be_bytes), "UTF-16BE", false),
        ("without a mark", utf16("id,nama\n1,José\n", u16::to_le_bytes), "UTF-16LE", false),
    ];
    for (name, bytes, encoding, is_guess) in cases {
        let mut opened = opened("a.csv", bytes.clone().into()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let wanted = Form::Text(TextForm { encoding, is_guess: *is_guess });
        assert_eq!(opened.tables()[0].form, wanted, "{name}");
        let rows = rows_of(&mut opened, 0).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(rows[1] == "2: '1' 'José'" || rows[1] == "2: '1' 'ana'", "{name}: {rows:?}");
    }
}

#[test]
fn what_is_unclear_is_refused_with_its_line() {
    let long = format!("id,a\n1,{}\n", "x".repeat(200_000));
    let wide = format!("id,a\n{}\n", "x,".repeat(1_025));
    let endless = format!("id,a\n1,\"{}", "x\n".repeat(2 << 20));
    let cases: &[(&str, &[u8], &str)] = &[
        ("a quote that is not closed", b"id,a\n1,\"x\n2,y\n", "a quoted cell that begins on line 2 is not closed"),
        (
            "rows in quotes",
            b"id,a\n1,\"x\n2,y\n3,z\"\n",
            "the 3 lines from 2 on look like rows, but stand inside one quoted cell",
        ),
        ("a long cell", long.as_bytes(), "a cell has too many bytes, at most 131072 (row 2)"),
        ("many columns", wide.as_bytes(), "the table has too many columns, at most 1024 (row 2)"),
        ("a row without end", endless.as_bytes(), "a row has too many bytes, at most 1048576"),
    ];
    for (name, bytes, wanted) in cases {
        let error = read("a.csv", Bytes::copy_from_slice(bytes)).expect_err(name);
        assert!(error.to_string().starts_with(wanted), "{name}: {error}");
        assert!(!error.pesan().is_empty(), "{name}");
    }
}

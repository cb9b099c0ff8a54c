use super::*;

/// A table as people see it: cells parted by bars, numbers as numbers.
fn table(text: &str) -> Vec<TableRow> {
    let cell = |text: &str| match text.trim() {
        "" => Cell::Empty,
        text => text.parse().map_or_else(|_| Cell::Text(text.to_owned()), Cell::Number),
    };
    let row = |(number, line): (u64, &str)| TableRow { number, cells: line.split('|').map(cell).collect() };
    let rows = (1..).zip(text.lines()).map(row);
    rows.filter(|row| !row.cells.iter().all(Cell::is_empty)).collect()
}

/// Merged cells: rows and columns.
type Span = ((u32, u32), (u32, u32));

/// Name, table, merged cells, and: row, headings, titles, rows below.
type Case = (&'static str, &'static str, &'static [Span], Option<(u64, &'static str, &'static [u64], &'static [u64])>);

#[test]
fn headings_are_found_where_people_see_them() {
    let cases: &[Case] = &[
        ("at the top", "nik|nama\n3201010101800001x|ANA", &[], Some((1, "nik|nama", &[], &[]))),
        ("nothing but headings", "nik|nama|alamat", &[], Some((1, "nik|nama|alamat", &[], &[]))),
        (
            "titles over merged cells, a blank row, the columns numbered",
            "DINAS SOSIAL KABUPATEN|||\nDaftar penerima tahun 2025|||\n\nNo|NIK|Nama|Alamat\n1|2|3|4\n1|'3201|ANA|Jl. Mawar",
            &[((1, 1), (1, 4)), ((2, 2), (1, 4))],
            Some((4, "No|NIK|Nama|Alamat", &[1, 2], &[5])),
        ),
        (
            "titles that are not merged",
            "DINAS SOSIAL\nBulan:|November\n\nNo|NIK|Nama|Alamat\n1|'32|ANA|A\n2|'33|BUDI|B\n3|'34|C|D",
            &[],
            Some((4, "No|NIK|Nama|Alamat", &[1, 2], &[])),
        ),
        (
            "headings in two lines",
            "No|Nama|Alamat|\n||RT|RW\n(1)|(2)|(3)|(4)\n1|ANA|2|3",
            &[((1, 2), (1, 1)), ((1, 2), (2, 2)), ((1, 1), (3, 4))],
            Some((1, "No|Nama|Alamat RT|Alamat RW", &[], &[2, 3])),
        ),
        ("a column without a heading", "id||nama\n1|x|ANA\n2|y|BUDI", &[], Some((1, "id||nama", &[], &[]))),
        ("no headings", "3201010101800001|ANA\n3201010101800002|BUDI", &[], None),
        ("one column", "nik\n3201", &[], Some((1, "nik", &[], &[]))),
        ("nothing", "", &[], None),
    ];
    for (name, text, merged, wanted) in cases {
        let merged: Vec<Merged> =
            merged.iter().map(|(rows, columns)| Merged { rows: *rows, columns: *columns }).collect();
        let found = heading_row(&table(text), &merged);
        let found = found
            .as_ref()
            .map(|found| (found.row, found.headings.join("|"), found.titles.as_slice(), found.below.as_slice()));
        let wanted = wanted.map(|(row, headings, titles, below)| (row, headings.to_owned(), titles, below));
        assert_eq!(found, wanted, "{name}");
    }
}

#[test]
fn headings_lose_line_breaks_and_blanks() {
    let row = TableRow {
        number: 1,
        cells: vec![Cell::Text(" Tgl\nLahir ".to_owned()), Cell::Text("No.\u{a0}KK".to_owned())],
    };
    let found = heading_row(&[row], &[]).expect("headings");
    assert_eq!(found.headings, ["Tgl Lahir", "No. KK"]);
    assert_eq!(found.data_from(), 2);
}

#[test]
fn the_heading_of_an_opened_table_is_found() {
    let text = "DAFTAR SISWA;;\n;;\nNISN;Nama;Kelas\n0012345678;ANA;4\n";
    let mut opened = opened("a.csv", Bytes::from_static(text.as_bytes())).expect("a table");
    let found = opened.heading_row(0).expect("rows").expect("a heading");
    assert_eq!((found.row, found.headings.join("|").as_str()), (3, "NISN|Nama|Kelas"));
}

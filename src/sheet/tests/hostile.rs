//! Files that somebody made to break what reads them: each is refused in words, or read.

use super::*;

fn small() -> SheetLimits {
    SheetLimits {
        unpacked_bytes: 1 << 20,
        members: 20,
        workbook_bytes: 64 << 10,
        sheets: 3,
        columns: 16,
        rows: 100,
        cell_bytes: 4 << 10,
        row_bytes: 16 << 10,
        shared_strings: 50,
        shared_bytes: 64 << 10,
        ..SheetLimits::default()
    }
}

/// Opens a file and reads all of its tables.
fn all(bytes: Bytes, limits: &SheetLimits) -> Result<u64, SheetError> {
    let mut opened = open("a", bytes, limits)?;
    let mut rows = 0;
    for table in 0..opened.tables().len() {
        rows += opened.rows(table, |_| CONTINUE)?.rows;
    }
    Ok(rows)
}

fn refused(name: &str, bytes: Bytes) -> SheetError {
    all(bytes, &small()).expect_err(name)
}

fn too_much(error: &SheetError) -> Option<Limit> {
    if let SheetError::TooMuch { what, .. } = error { Some(*what) } else { None }
}

const ROW: &str = "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>";

fn sheet_of(inside: &str) -> Bytes {
    Book::of_sheet(&format!("<worksheet {MAIN}>{inside}</worksheet>")).bytes()
}

fn strings(xml: &str) -> Bytes {
    Book::of_rows(ROW).with("xl/sharedStrings.xml", xml).bytes()
}

#[test]
fn what_grows_is_stopped() {
    let texts: Vec<String> = (0..51).map(|at| format!("<si><t>{at}</t></si>")).collect();
    let many: Vec<String> = (0..21).map(|at| format!("{at}.csv")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), b"a".as_slice())).collect();
    let rows: String =
        (1..=101).map(|row| format!("<row r=\"{row}\"><c><v>1</v></c></row>")).collect::<Vec<_>>().concat();
    let sheets: String = (0..4).map(|at| format!("<sheet name=\"{at}\" r:id=\"rId1\"/>")).collect::<Vec<_>>().concat();
    let deep = "<a>".repeat(100_000);
    let cell = |text: &str| {
        format!("<sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is>{text}</is></c></row></sheetData>")
    };
    let run = "<r><t>x</t></r>";
    let wide = "<row r=\"1\"><c r=\"Q1\"><v>1</v></c></row>";
    let full = format!("<c t=\"inlineStr\"><is><t>{}</t></is></c>", "x".repeat(4_000)).repeat(5);
    let cases: Vec<(&str, Bytes, Limit)> = vec![
        ("gzip of zeros", gzip(&vec![b' '; 2 << 20]), Limit::UnpackedBytes),
        ("a ZIP file of blanks", zip(&[("a.csv", &vec![b'x'; 2 << 20])]), Limit::UnpackedBytes),
        (
            "two that are too much together",
            zip(&[("a.csv", &vec![b'x'; 800_000]), ("b.csv", &vec![b'x'; 800_000])]),
            Limit::UnpackedBytes,
        ),
        ("members", zip(&many), Limit::Members),
        (
            "a sheet",
            sheet_of(&format!("<sheetData>{ROW}</sheetData>{}", " <a/>".repeat(400_000))),
            Limit::UnpackedBytes,
        ),
        (
            "a workbook in a ZIP file",
            zip(&[("a.xlsx", &Book::of_rows(ROW).with("x.bin", noise(70_000)).bytes())]),
            Limit::WorkbookBytes,
        ),
        (
            "sheets",
            Book::of_rows(ROW)
                .with("xl/workbook.xml", format!("<workbook {MAIN}><sheets>{sheets}</sheets></workbook>"))
                .bytes(),
            Limit::Sheets,
        ),
        ("rows", sheet_of(&format!("<sheetData>{rows}</sheetData>")), Limit::Rows),
        ("columns", sheet_of(&format!("<sheetData>{wide}</sheetData>")), Limit::Columns),
        ("a row", sheet_of(&format!("<sheetData><row>{full}</row></sheetData>")), Limit::RowBytes),
        ("texts", strings(&format!("<sst>{}</sst>", texts.concat())), Limit::SharedStrings),
        ("texts that are only promised", strings("<sst uniqueCount=\"9999999999999\"></sst>"), Limit::SharedStrings),
        ("promised in other quotes", strings("<x:sst uniqueCount = '51' ></x:sst>"), Limit::SharedStrings),
        ("bytes of texts", strings(&format!("<sst>{}</sst>", "<si/>  ".repeat(40).repeat(300))), Limit::SharedStrings),
        (
            "blanks between texts",
            strings(&format!("<sst><si>{}</si></sst>", "<t/>".repeat(20_000))),
            Limit::SharedBytes,
        ),
        ("a text", strings(&format!("<sst><si><t>{}</t></si></sst>", "x".repeat(5_000))), Limit::CellBytes),
        ("depth", sheet_of(&deep), Limit::Depth),
        ("a tag without end", sheet_of(&format!("<a b=\"{}", "x".repeat(900_000).repeat(2))), Limit::UnpackedBytes),
        ("a cell", sheet_of(&cell(&format!("<t>{}</t>", "x".repeat(20_000)))), Limit::CellBytes),
        ("a cell of many runs", sheet_of(&cell(&run.repeat(2_000))), Limit::CellBytes),
        ("a cell of many texts", sheet_of(&cell(&format!("<t>{}</t>", "ab<!-- -->".repeat(2_000)))), Limit::CellBytes),
        (
            "a cell in brackets",
            sheet_of(&cell(&format!("<t><![CDATA[{}]]></t>", "x".repeat(20_000)))),
            Limit::CellBytes,
        ),
    ];
    for (name, bytes, wanted) in cases {
        let error = refused(name, bytes);
        assert_eq!(too_much(&error), Some(wanted), "{name}: {error}");
        assert!(!error.pesan().is_empty());
    }
}

/// Bytes that do not pack.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn what_unpacks_to_too_many_times_its_size_is_stopped() {
    let limits = SheetLimits { unpacked_bytes: 1 << 30, ratio: 100, ..SheetLimits::default() };
    let line = format!("{}\n", "x".repeat(99));
    let blown = gzip(line.repeat(300_000).as_bytes());
    assert_eq!(too_much(&all(blown.clone(), &limits).expect_err("a bomb")), Some(Limit::Ratio));
    assert_eq!(all(blown, &SheetLimits { ratio: 2_000, ..limits }), Ok(300_000));
}

#[test]
fn cell_formats_are_counted() {
    let formats = |xf: &str, times: usize| {
        let styles = format!("<styleSheet {MAIN}><cellXfs>{}</cellXfs></styleSheet>", xf.repeat(times));
        all(Book::of_rows(ROW).with("xl/styles.xml", styles).bytes(), &SheetLimits::default())
    };
    assert_eq!(formats("<xf/>", 30_000), Ok(1));
    assert_eq!(too_much(&formats("<xf/>", 33_000).expect_err("too many")), Some(Limit::Styles));
    let long = format!("<xf><alignment x=\"{}\"/></xf>", "y".repeat(1_000));
    assert_eq!(too_much(&formats(&long, 14_000).expect_err("too long")), Some(Limit::Styles));
}

#[test]
fn workbooks_that_no_program_writes_are_refused() {
    let row = |inside: &str| sheet_of(&format!("<sheetData>{inside}</sheetData>"));
    let book = |sheet: &str| {
        Book::of_rows(ROW)
            .with("xl/workbook.xml", format!("<workbook {MAIN}><sheets>{sheet}</sheets></workbook>"))
            .bytes()
    };
    let doctype = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>";
    let utf16: Vec<u8> =
        "\u{feff}<sst uniqueCount=\"99999999999\"/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: Vec<(&str, Bytes)> = vec![
        ("a document type", sheet_of(&format!("{doctype}<sheetData>{ROW}</sheetData>"))),
        ("another encoding", strings("<?xml version=\"1.0\" encoding=\"iso-2022-jp\"?><sst/>")),
        ("UTF-16", Book::of_rows(ROW).with("xl/sharedStrings.xml", utf16).bytes()),
        ("a comment that is one for some readers", strings("<!--><sst uniqueCount=\"99999999999\"><!-- -->")),
        ("row 0", row("<row r=\"0\"><c><v>1</v></c></row>")),
        ("a row beyond the last", row("<row r=\"4294967295\"><c><v>1</v></c></row>")),
        ("rows beyond the last", row("<row r=\"1048576\"/><row><c><v>1</v></c></row>")),
        ("a column of many letters", row("<row r=\"1\"><c r=\"ZZZZZZZZZZ1\"><v>1</v></c></row>")),
        ("a column beyond the last", row("<row r=\"1\"><c r=\"XFE1\"><v>1</v></c></row>")),
        ("a place of many digits", row("<row r=\"1\"><c r=\"A99999999999\"><v>1</v></c></row>")),
        ("no place", row("<row r=\"1\"><c r=\"\"><v>1</v></c></row>")),
        ("a range that runs backwards", sheet_of("<dimension ref=\"B2:A1\"/><sheetData/>")),
        ("a range of nothing", sheet_of("<dimension ref=\"\"/><sheetData/>")),
        (
            "rows that go back",
            row("<row r=\"5\"><c r=\"A5\"><v>1</v></c></row><row r=\"2\"><c r=\"A2\"><v>1</v></c></row>"),
        ),
        ("a text that is not there", row("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>7</v></c></row>")),
        ("a kind that is not there", row("<row r=\"1\"><c r=\"A1\" t=\"q\"><v>7</v></c></row>")),
        ("an entity that is not there", row("<row r=\"1\"><c r=\"A1\" t=\"str\"><v>&lol;</v></c></row>")),
        ("an attribute without quotes", row("<row r=1><c><v>1</v></c></row>")),
        ("a tag in a tag", row("<row <c r=\"1\">")),
        ("the end in the middle", sheet_of("<sheetData><row><c><v>1")),
        ("a sheet that is not there", book("<sheet name=\"a\" r:id=\"rId9\"/>")),
        ("no workbook", Book::of_rows(ROW).with("_rels/.rels", "<Relationships/>").bytes()),
        ("two workbooks of one name", twice()),
        ("no sheet in the part", Book::of_sheet("<chartsheet/>").bytes()),
    ];
    for (name, bytes) in cases {
        let error = refused(name, bytes);
        let code = error.code();
        assert!(matches!(code, "FILE_DAMAGED"), "{name}: {code} {error}");
    }
}

/// A workbook with two parts that differ only in case: readers take one or the other.
fn twice() -> Bytes {
    let mut book = Book::of_rows(ROW);
    let sheets = "<sheet name=\"a\" r:id=\"rId1\"/><sheet name=\"b\" r:id=\"rId1\"/>";
    book.parts
        .push(("XL/Workbook.xml".to_owned(), format!("<workbook {MAIN}><sheets>{sheets}</sheets></workbook>").into()));
    book.bytes()
}

#[test]
fn a_lying_header_gains_nothing() {
    // Sizes in the headers of a ZIP file that say four bytes, or very many.
    for size in [4_u32, u32::MAX - 1] {
        let mut lying = zip(&[("a.csv", b"id,a\n1,x\n2,y\n".repeat(100).as_slice())]).to_vec();
        let central = lying.windows(4).position(|window| window == b"PK\x01\x02").expect("a header");
        for at in [22, central + 24] {
            lying[at..at + 4].copy_from_slice(&size.to_le_bytes());
        }
        let rows = all(lying.into(), &SheetLimits::default());
        assert!(matches!(rows, Ok(300) | Err(SheetError::Damaged)), "{size}: {rows:?}");
    }
    // More members than there are.
    let mut lying = zip(&[("a.csv", b"id\n1\n")]).to_vec();
    let end = lying.len() - 22;
    lying[end + 8..end + 12].copy_from_slice(&[0xff; 4]);
    assert_eq!(all(lying.into(), &SheetLimits::default()), Err(SheetError::Damaged));
}

#[test]
fn damage_is_told() {
    let gz = gzip(b"id,a\n1,x\n");
    let archive = zip(&[("a.csv", b"id,a\n1,x\n")]);
    let mut wrong = gz.to_vec();
    let sum = wrong.len() - 8;
    wrong[sum] ^= 1;
    let mut sums = archive.to_vec();
    let central = sums.windows(4).position(|window| window == b"PK\x01\x02").expect("a header");
    sums[central + 16] ^= 1;
    sums[14] ^= 1;
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("gzip cut off", gz[..gz.len() - 9].to_vec()),
        ("gzip with another sum", wrong),
        ("gzip with nothing in it", gz[..5].to_vec()),
        ("a ZIP file cut off", archive[..archive.len() - 30].to_vec()),
        ("a ZIP file with another sum", sums),
        ("a ZIP file of four bytes", b"PK\x03\x04".to_vec()),
    ];
    for (name, bytes) in cases {
        assert_eq!(refused(name, bytes.into()), SheetError::Damaged, "{name}");
    }
}

use super::*;

/// Rows of a sheet as XML, and what is read of them.
type Case = (&'static str, &'static str, &'static [&'static str]);

fn check(cases: &[Case], book: impl Fn(&str) -> Book) {
    for (name, rows, wanted) in cases {
        match read("a.xlsx", book(rows).bytes()) {
            Ok(read) => assert_eq!(read, *wanted, "{name}"),
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

#[test]
fn cells_are_read_as_they_are() {
    let cases: &[Case] = &[
        (
            "numbers of every form",
            r#"<row r="1"><c r="A1"><v>3201050503800011</v></c><c r="B1"><v>8.12345E+11</v></c><c r="C1" t="n"><v>-0.5</v></c></row>"#,
            &["1: 3201050503800011 812345000000 -0.5"],
        ),
        (
            "truth and errors",
            r#"<row r="2"><c r="A2" t="b"><v>1</v></c><c r="B2" t="b"><v>0</v></c><c r="C2" t="e"><v>#N/A</v></c><c r="D2" t="e"><v>#REF!</v></c></row>"#,
            &["2: true false !#N/A !#REF!"],
        ),
        (
            "inline text, as LibreOffice and others write it",
            r#"<row r="1"><c r="A1" t="inlineStr"><is><t>Ana &amp; Budi</t></is></c><c r="B1" t="inlineStr"><is><r><rPr><b/></rPr><t xml:space="preserve">Siti </t></r><r><t>Aminah</t></r></is></c></row>"#,
            &["1: 'Ana & Budi' 'Siti Aminah'"],
        ),
        (
            "results of formulas: text, number, truth, error, nothing",
            r#"<row r="1"><c r="A1" t="str"><f>A2&amp;"x"</f><v>a &lt; b</v></c><c r="B1"><f>1+1</f><v>2</v></c><c r="C1" t="b"><f>TRUE()</f><v>1</v></c><c r="D1" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="E1" t="str"><f>""</f><v></v></c></row>"#,
            &["1: 'a < b' 2 true !#DIV/0!"],
        ),
        (
            "no places of rows and cells",
            r#"<row><c><v>1</v></c><c/><c><v>3</v></c></row><row/><row><c t="inlineStr"><is><t>x</t></is></c></row>"#,
            &["1: 1 - 3", "3: 'x'"],
        ),
        (
            "rows and cells that are left out keep the numbers that Excel shows",
            r#"<row r="3"><c r="B3"><v>1</v></c><c r="D3"><v>2</v></c></row><row r="7"><c r="AA7"><v>5</v></c></row>"#,
            &["3: - 1 - 2", "7: - - - - - - - - - - - - - - - - - - - - - - - - - - 5"],
        ),
        (
            "cells that are formatted and empty, far to the right, and rows of nothing",
            r#"<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="0"/></row><row r="2"><c r="A2" t="inlineStr"><is><t>  </t></is></c></row><row r="1048576"><c r="A1048576"/></row>"#,
            &["1: 1"],
        ),
        (
            "signs that Excel writes by their number, blanks that are kept",
            r#"<row r="1"><c r="A1" t="inlineStr"><is><t xml:space="preserve"> a_x000D_b </t></is></c><c r="B1" t="inlineStr"><is><t>&#65;&#x42;</t></is></c></row>"#,
            &["1: ' a\rb ' 'AB'"],
        ),
        (
            "days that are written out (strict workbooks)",
            r#"<row r="1"><c r="A1" t="d"><v>2025-11-20</v></c><c r="B1" t="d"><v>2025-11-20T00:00:00Z</v></c><c r="C1" t="d"><v>2025-11-20T07:30:00</v></c><c r="D1" t="d"><v>2025-02-30</v></c></row>"#,
            &["1: @2025-11-20 @2025-11-20 '2025-11-20T07:30:00' '2025-02-30'"],
        ),
        (
            "comments, namespaces with a prefix and what others put beside cells",
            r#"<!-- rows --><x:row r="1" xmlns:x="u"><x:c r="A1"><!-- > --><x:v>4</x:v></x:c></x:row><row r="2"><c r="A2"><v>5</v></c></row>"#,
            &["1: 4", "2: 5"],
        ),
    ];
    check(cases, Book::of_rows);
}

#[test]
fn shared_texts_are_whole() {
    let strings = [
        "<t>biasa</t>",
        "<r><t>tebal</t></r><r><rPr><b/></rPr><t xml:space=\"preserve\"> miring</t></r>",
        "<t>東京</t><rPh sb=\"0\" eb=\"2\"><t>トウキョウ</t></rPh><phoneticPr fontId=\"1\"/>",
        "<t/>",
        "<t>&quot;a&quot; &amp; b</t>",
    ];
    let cells: String = (0..5).map(|at| format!("<c t=\"s\"><v>{at}</v></c>")).collect::<Vec<_>>().concat();
    let book = Book::of_rows(&format!("<row r=\"1\">{cells}</row>")).with_strings(&strings);
    assert_eq!(read("a.xlsx", book.bytes()), Ok(vec!["1: 'biasa' 'tebal miring' '東京' - '\"a\" & b'".to_owned()]));
}

#[test]
fn days_are_known_by_their_format() {
    let formats = [
        "dd/mm/yyyy",
        "[$-421]dd mmmm yyyy",
        "yyyy\\-mm\\-dd;@",
        "[h]:mm:ss",
        "0000000000000000",
        "#,##0.00 [$Rp-421]",
        "&quot;Tgl &quot;0",
        "dd/mm/yyyy hh:mm",
        "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy",
    ];
    let cases: &[(&str, &str, &str)] = &[
        ("1", "45981", "@2025-11-20"),
        ("2", "45981", "@2025-11-20"),
        ("3", "45981", "@2025-11-20"),
        ("9", "45981", "@2025-11-20"),
        ("8", "45981.3125", "'2025-11-20 07:30:00'"),
        ("8", "45981", "@2025-11-20"),
        ("1", "45980.9999999999", "@2025-11-20"),
        ("8", "45981.0000000001", "@2025-11-20"),
        ("8", "45981.99998", "'2025-11-20 23:59:58'"),
        ("1", "59", "@1900-02-28"),
        ("1", "60", "'1900-02-29'"),
        ("1", "61", "@1900-03-01"),
        ("1", "1", "@1900-01-01"),
        ("1", "0.5", "'12:00:00'"),
        ("1", "-1", "-1"),
        ("1", "2958465", "@9999-12-31"),
        ("1", "3201050503800011", "3201050503800011"),
        ("4", "1.5", "'36:00:00'"),
        ("5", "3201050503800011", "3201050503800011"),
        ("6", "450000", "450000"),
        ("7", "7", "7"),
        ("0", "45981", "45981"),
    ];
    for (format, serial, wanted) in cases {
        let rows = format!("<row r=\"1\"><c r=\"A1\" s=\"{format}\"><v>{serial}</v></c></row>");
        let read = read("a.xlsx", Book::of_rows(&rows).with_formats(&formats).bytes());
        assert_eq!(
            read,
            Ok(vec![format!("1: {wanted}")]),
            "{serial} as {}",
            formats[format.parse::<usize>().unwrap().max(1) - 1]
        );
    }
}

#[test]
fn days_are_counted_from_1904_where_the_workbook_says_so() {
    let rows = "<row r=\"1\"><c r=\"A1\" s=\"1\"><v>44519</v></c><c r=\"B1\" s=\"1\"><v>1</v></c></row>";
    let book = format!(
        "<workbook {MAIN}><workbookPr date1904=\"1\"/><sheets><sheet name=\"Data\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
    );
    let book = Book::of_rows(rows).with_formats(&["dd/mm/yyyy"]).with("xl/workbook.xml", book);
    assert_eq!(read("a.xlsx", book.bytes()), Ok(vec!["1: @2025-11-20 @1904-01-02".to_owned()]));
}

#[test]
fn what_is_hidden_merged_and_computed_is_told() {
    let sheet = format!(
        "<worksheet {MAIN}><dimension ref=\"A1:D9\"/><cols><col min=\"2\" max=\"3\" hidden=\"1\"/><col min=\"5\" max=\"16384\" hidden=\"1\"/></cols><sheetData>\
         <row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>DAFTAR</t></is></c></row>\
         <row r=\"2\" hidden=\"1\"><c r=\"A2\"><v>1</v></c><c r=\"D2\"><f>1+1</f><v>2</v></c></row></sheetData>\
         <mergeCells><mergeCell ref=\"A1:D1\"/><mergeCell ref=\"A900:D900\"/></mergeCells></worksheet>"
    );
    let opened = opened("a.xlsx", Book::of_sheet(&sheet).bytes()).expect("a workbook");
    let wanted = SheetForm {
        is_hidden: false,
        hidden_columns: vec!["B".to_owned(), "C".to_owned()],
        hidden_rows: 1,
        formula_columns: vec!["D".to_owned()],
        merged: vec![Merged { rows: (1, 1), columns: (1, 4) }],
    };
    assert_eq!(opened.tables()[0].form, Form::Sheet(wanted));
    assert_eq!(opened.tables()[0].name(), "Data");
}

#[test]
fn several_sheets_are_offered_in_their_order() {
    let links = "<Relationships><Relationship Id=\"a\" Type=\"x/worksheet\" Target=\"/xl/worksheets/two.xml\"/>\
                 <Relationship Id=\"b\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
                 <Relationship Id=\"c\" Type=\"x/chartsheet\" Target=\"chartsheets/sheet1.xml\"/></Relationships>";
    let book = format!(
        "<workbook {MAIN}><sheets><sheet name=\"Dua &amp; tiga\" r:id=\"a\" state=\"hidden\"/><sheet name=\"Bagan\" r:id=\"c\"/><sheet name=\"Satu\" r:id=\"b\"/></sheets></workbook>"
    );
    let two = format!("<worksheet {MAIN}><sheetData><row><c><v>2</v></c></row></sheetData></worksheet>");
    let book = Book::of_rows("<row><c><v>1</v></c></row>")
        .with("xl/_rels/workbook.xml.rels", links)
        .with("xl/workbook.xml", book)
        .with("xl/worksheets/two.xml", two)
        .with("xl/chartsheets/sheet1.xml", "<chartsheet/>");
    let mut opened = opened("a.xlsx", book.bytes()).expect("a workbook");
    let hidden = |table: &TableInfo| matches!(&table.form, Form::Sheet(sheet) if sheet.is_hidden);
    let told: Vec<(String, bool)> = opened.tables().iter().map(|table| (table.name(), hidden(table))).collect();
    assert_eq!(told, [("Dua & tiga".to_owned(), true), ("Satu".to_owned(), false)]);
    assert_eq!(rows_of(&mut opened, 1), Ok(vec!["1: 1".to_owned()]));
    assert_eq!(rows_of(&mut opened, 0), Ok(vec!["1: 2".to_owned()]));
    assert_eq!(rows_of(&mut opened, 2), Err(SheetError::NoSuchTable { index: 2 }));
}

#[test]
fn reading_stops_where_nobody_wants_more() {
    let rows = "<row r=\"1\"><c><v>1</v></c></row><row r=\"5\"><c><v>2</v></c></row><row r=\"4\"><c><v>3</v></c></row>";
    let mut opened = opened("a.xlsx", Book::of_rows(rows).bytes()).expect("a workbook");
    let first = opened.first_rows(0, 1).expect("a row");
    assert_eq!(first.iter().map(shown_row).collect::<Vec<_>>(), ["1: 1"]);
    let read = opened.rows(0, |row| if row.number == 5 { ControlFlow::Break(()) } else { CONTINUE });
    assert_eq!(read, Err(SheetError::BadWorkbook { row: Some(5) }), "rows that go back");
}

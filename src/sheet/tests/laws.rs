use proptest::prelude::*;

use super::*;

/// Pieces of workbooks, in any order: what a fuzzer would find, nearer to what readers understand.
const PIECES: &[&str] = &[
    "<row>",
    "<row r=\"2\">",
    "<row r=\"9\"/>",
    "</row>",
    "<c>",
    "<c r=\"B2\">",
    "<c t=\"s\">",
    "<c t=\"inlineStr\">",
    "<c s=\"1\">",
    "<c t=\"e\">",
    "</c>",
    "<v>",
    "</v>",
    "<v/>",
    "<is>",
    "</is>",
    "<t>",
    "</t>",
    "<f>",
    "</f>",
    "1",
    "45981.5",
    "x",
    "&amp;",
    "&#0;",
    "&x;",
    "<!-- -->",
    "<![CDATA[a]]>",
    "<dimension ref=\"A1:B2\"/>",
    "</sheetData>",
    "<sheetData>",
    "<mergeCells>",
    "#N/A",
    " ",
    "<col min=\"1\" max=\"2\" hidden=\"1\"/>",
    "<rPh>",
    "<r>",
    "</r>",
    "1e999",
    "nan",
    "<extLst>",
];

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[a-c;,|\"\r\n\t '=0-9é{\\[<]{0,60}", name in "a\\.(csv|ndjson|xlsx)") {
        twins::check(&name, text.as_bytes());
        twins::check(&name, &gzip(text.as_bytes()));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80), head in 0_usize..4) {
        let heads: [&[u8]; 4] = [b"", b"PK\x03\x04", b"\x1f\x8b\x08\x00", b"\xff\xfe"];
        twins::check("a", &[heads[head], bytes.as_slice()].concat());
    }

    #[test]
    fn any_sheet_is_read_or_refused(pieces in prop::collection::vec(0..PIECES.len(), 0..30)) {
        let inside: String = pieces.iter().map(|at| PIECES[*at]).collect::<Vec<_>>().concat();
        let book = Book::of_rows(&inside).with_formats(&["dd/mm/yyyy"]).with_strings(&["<t>a</t>", "<t>b</t>"]);
        twins::check("a.xlsx", &book.bytes());
    }

    #[test]
    fn any_part_is_read_or_refused(part in 0_usize..6, pieces in prop::collection::vec(0..PIECES.len(), 0..12), cut in 0_usize..400) {
        let book = Book::of_rows("<row><c t=\"s\"><v>0</v></c></row>").with_formats(&["d"]).with_strings(&["<t>a</t>"]);
        let (name, content) = book.parts[part].clone();
        let inside: String = pieces.iter().map(|at| PIECES[*at]).collect::<Vec<_>>().concat();
        let cut = cut.min(content.len());
        let changed = [&content[..cut], inside.as_bytes(), &content[cut..]].concat();
        twins::check("a.xlsx", &book.with(&name, changed).bytes());
    }

    #[test]
    fn texts_go_out_and_come_back(cells in prop::collection::vec("\\PC{0,20}|[=+@-]\\PC{0,5}|[ \n\t_x0-9A-F]{0,9}", 1..5)) {
        let headings: Vec<String> = (0..cells.len()).map(|at| format!("k{at}")).collect();
        let row = MarkedRow { cells: cells.clone(), outcome: "ok".to_owned(), ..MarkedRow::default() };
        let bytes = marked("a", &headings, [row]).expect("a workbook");
        let rows = opened("a.xlsx", bytes.into()).expect("a workbook").first_rows(0, 2).expect("rows");
        let wanted = cells.iter().map(|text| if text.is_empty() { Cell::Empty } else { Cell::Text(text.clone()) });
        prop_assert_eq!(rows[1].cells[..cells.len()].to_vec(), wanted.collect::<Vec<_>>());
    }
}

use super::*;

fn refusal(name: &str, bytes: &[u8]) -> SheetError {
    match opened(name, Bytes::copy_from_slice(bytes)) {
        Ok(_) => panic!("{name} was opened"),
        Err(error) => error,
    }
}

#[test]
fn what_is_no_list_is_named_and_answered() {
    let encrypted: Vec<u8> = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        .iter()
        .copied()
        .chain([0; 600])
        .chain("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let mut tar = vec![b'a'; 257];
    tar.extend(b"ustar\0");
    let ods = zip(&[("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", b"<a/>")]);
    let xlsb = zip(&[("xl/workbook.bin", b"\0")]);
    let docx = zip(&[("[Content_Types].xml", b"<a/>"), ("word/document.xml", b"<a/>")]);
    let xml = b"<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?><Workbook/>";
    let cases: &[(&str, &[u8], Foreign, &str)] = &[
        ("lama.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", Foreign::OldWorkbook, "Simpan sebagai .xlsx"),
        ("sandi.xlsx", &encrypted, Foreign::Encrypted, "Hapus kata sandinya"),
        ("biner.xlsb", &xlsb, Foreign::BinaryWorkbook, "Simpan sebagai .xlsx"),
        ("2003.xml", xml, Foreign::XmlWorkbook, "Simpan sebagai .xlsx"),
        ("lembar.ods", &ods, Foreign::OpenDocument, "Simpan sebagai .xlsx"),
        ("surat.docx", &docx, Foreign::Document, "Simpan sebagai .xlsx"),
        ("surat.rtf", b"{\\rtf1 a}", Foreign::Document, "Simpan sebagai .xlsx"),
        ("daftar.pdf", b"%PDF-1.7\n", Foreign::Pdf, "Kirim berkas Excel"),
        ("foto.png", b"\x89PNG\r\n\x1a\n", Foreign::Image, "Kirim berkas Excel"),
        ("foto.jpg", b"\xff\xd8\xff\xe0", Foreign::Image, "Kirim berkas Excel"),
        ("foto.heic", b"\0\0\0\x18ftypheic", Foreign::Image, "Kirim berkas Excel"),
        ("laporan.xls", b"\xef\xbb\xbf<html><table>", Foreign::WebPage, "Simpan sebagai .xlsx"),
        ("laporan.xls", b" \r\n<TABLE border=1><tr>", Foreign::WebPage, "Simpan sebagai .xlsx"),
        ("daftar.json", b" [ {\"nik\": \"1\"} ]", Foreign::JsonList, "satu objek per baris"),
        ("daftar.parquet", b"PAR1\x15", Foreign::Parquet, "CSV atau NDJSON"),
        ("daftar.rar", b"Rar!\x1a\x07", Foreign::Archive, ".zip atau .gz"),
        ("daftar.7z", b"7z\xbc\xaf\x27\x1c", Foreign::Archive, ".zip atau .gz"),
        ("daftar.tar", &tar, Foreign::Archive, ".zip atau .gz"),
        ("daftar.csv", b"id,a\n1,\x01\x02\xff\n", Foreign::Binary, ".xlsx, .csv atau .ndjson"),
    ];
    for (name, bytes, kind, advice) in cases {
        let error = refusal(name, bytes);
        assert_eq!(error, SheetError::Foreign(*kind), "{name}");
        assert!(error.pesan().contains(advice), "{name}: {}", error.pesan());
        // What is inside gzip is seen, too, but for an encrypted workbook that shows it only at its end.
        assert_eq!(refusal("a.gz", &gzip(bytes)), error, "{name} in gzip");
    }
}

#[test]
fn nothing_is_refused_as_nothing() {
    let blank: &[&[u8]] = &[b"", b" \r\n\t\n", b"\xef\xbb\xbf", b"\xff\xfe"];
    for bytes in blank {
        assert_eq!(refusal("a.csv", bytes), SheetError::Empty, "{bytes:?}");
        assert_eq!(refusal("a.csv.gz", &gzip(bytes)), SheetError::Empty, "{bytes:?} in gzip");
        assert_eq!(refusal("a.zip", &zip(&[("a.csv", *bytes)])), SheetError::Empty, "{bytes:?} in ZIP");
    }
    assert_eq!(refusal("a.zip", &zip(&[])), SheetError::NoTables);
    assert_eq!(refusal("a.zip", &zip(&[("folder/", b"")])), SheetError::NoTables);
}

#[test]
fn packed_lists_are_unpacked() {
    let csv = b"id,a\n1,x\n";
    let book = Book::of_rows("<row><c><v>1</v></c></row>").bytes();
    assert_eq!(read("a.csv.gz", gzip(csv)), Ok(vec!["1: 'id' 'a'".to_owned(), "2: '1' 'x'".to_owned()]));
    assert_eq!(read("a.xlsx.gz", gzip(&book)), Ok(vec!["1: 1".to_owned()]));
    let bag = zip(&[
        ("__MACOSX/._a.csv", b"\0\x05"),
        ("data/", b""),
        ("data/a.csv", csv),
        ("../../etc/b.ndjson", b"{\"id\": 1}\n"),
        ("c\\buku.xlsx", &book),
        ("surat.pdf", b"%PDF-1.4"),
        ("x\u{1b}[2J.tsv", b"id\ta\n2\ty\n"),
    ]);
    let mut opened = opened("a.zip", bag).expect("lists");
    let names: Vec<String> = opened.tables().iter().map(TableInfo::name).collect();
    assert_eq!(names, ["data/a.csv", "etc/b.ndjson", "c/buku.xlsx: Data", "x_[2J.tsv"]);
    let passed: Vec<&str> = opened.passed_over().iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(passed, ["surat.pdf"]);
    assert_eq!(rows_of(&mut opened, 0).expect("rows")[1], "2: '1' 'x'");
    assert_eq!(rows_of(&mut opened, 1), Err(SheetError::JsonRows));
    assert_eq!(rows_of(&mut opened, 2), Ok(vec!["1: 1".to_owned()]));
    assert_eq!(rows_of(&mut opened, 3).expect("rows")[1], "2: '2' 'y'");
    let mut json = String::new();
    std::io::Read::read_to_string(&mut opened.json(1).expect("JSON"), &mut json).expect("text");
    assert_eq!(json, "{\"id\": 1}\n");
    assert!(opened.json(0).is_none());
}

#[test]
fn json_rows_are_known_by_their_beginning_or_their_name() {
    for (name, bytes) in [("a.csv", "\u{feff} {\"id\": 1}"), ("a.ndjson", "x"), ("a.JSONL", "1"), ("a", "{\"id\": 1}")]
    {
        let opened = opened(name, Bytes::copy_from_slice(bytes.as_bytes())).expect("JSON");
        assert_eq!(opened.tables()[0].form, Form::Json, "{name}");
    }
}

#[test]
fn what_is_packed_twice_or_locked_is_refused() {
    let csv: &[u8] = b"id,a\n1,x\n";
    let nested = |member: &str| SheetError::Nested { member: member.to_owned() };
    assert_eq!(refusal("a.zip", &zip(&[("b.zip", &zip(&[("a.csv", csv)]))])), nested("b.zip"));
    assert_eq!(refusal("a.zip", &zip(&[("b.csv.gz", &gzip(csv))])), nested("b.csv.gz"));
    assert_eq!(refusal("a.csv.gz", &gzip(&gzip(csv))), nested("a.csv"));
    assert_eq!(refusal("a.zip.gz", &gzip(&zip(&[("a.csv", csv)]))), nested("a.zip"));
    // The flag of encryption in the local and the central header of the only member.
    let mut locked = zip(&[("a.csv", csv)]).to_vec();
    let central = locked.windows(4).position(|window| window == b"PK\x01\x02").expect("a header");
    locked[6] |= 1;
    locked[central + 8] |= 1;
    assert_eq!(refusal("a.zip", &locked), SheetError::EncryptedMember { member: "a.csv".to_owned() });
}

#[test]
fn errors_hold_no_value_and_say_what_to_do() {
    let error = read("a.csv", Bytes::from_static(b"id,a\n1,\"RAHASIA\n")).expect_err("an open quote");
    assert!(!format!("{error:?} {error} {}", error.pesan()).contains("RAHASIA"));
    assert_eq!(error.code(), "FILE_QUOTES");
}

use super::*;

mod csv_files;
mod laws;
mod ndjson_files;
mod parquet_files;
mod states;
mod twins;

/// All rows as `id: column=value ...`, for comparison.
fn rows_of(table: &InputTable) -> Vec<String> {
    let cell = |row: usize, i: usize| Some(format!(" {}={}", table.columns()[i], table.column(i).get(row)?));
    let cells = |row: usize| (0..table.columns().len()).filter_map(|i| cell(row, i)).collect::<String>();
    (0..table.len()).map(|row| format!("{}:{}", table.id(row), cells(row))).collect()
}

/// Reads files of a folder of their own; in messages its name is left out.
fn read_bytes(files: &[(&str, &[u8])], options: &InputOptions) -> Result<InputTable, String> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let paths: Vec<PathBuf> = files.iter().map(|(name, _)| dir.path().join(name)).collect();
    for (path, (_, bytes)) in paths.iter().zip(files) {
        std::fs::create_dir_all(path.parent().expect("in the folder")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
    }
    InputTable::read(&paths, options).map_err(|error| {
        assert!(error.hint().is_some(), "{error}: no hint");
        error.to_string().replace(&format!("{}/", dir.path().display()), "")
    })
}

fn read(files: &[(&str, &str)], options: &InputOptions) -> Result<InputTable, String> {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    read_bytes(&files, options)
}

/// Rows, or what is wrong.
fn outcome(files: &[(&str, &[u8])], options: &InputOptions) -> Result<Vec<String>, String> {
    read_bytes(files, options).map(|table| rows_of(&table))
}

fn id(column: &str) -> InputOptions {
    InputOptions { id: IdWanted::Column(column.to_owned()), ..InputOptions::default() }
}

fn only(columns: &[&str]) -> InputOptions {
    InputOptions { wanted: Wanted::Only(columns.iter().map(|c| (*c).to_owned()).collect()), ..InputOptions::default() }
}

fn any(columns: &[&str]) -> InputOptions {
    InputOptions { wanted: Wanted::Any(columns.iter().map(|c| (*c).to_owned()).collect()), ..InputOptions::default() }
}

#[test]
fn several_files_are_one_table() {
    type Case = (&'static str, &'static [(&'static str, &'static str)], InputOptions, &'static [&'static str]);
    let cases: &[Case] = &[
        (
            "several files with different columns; payments hold no persons",
            &[
                ("bank-rekening.csv", "id_sumber,nik\nA,1\n"),
                ("bank-penyaluran.ndjson", "not read"),
                ("disdik-peserta-didik.ndjson", "{\"id_sumber\":\"A\",\"nisn\":\"9\"}"),
            ],
            only(&["nik", "nisn"]),
            &["bank-rekening|A: nik=1", "disdik-peserta-didik|A: nisn=9"],
        ),
        (
            "a table of several feeds",
            &[("truth.csv", "feed,id_sumber,person_id\nf,A,P1\n")],
            only(&["person_id"]),
            &["f|A: person_id=P1"],
        ),
        (
            "names of feeds and formats in capitals",
            &[("BANK-REKENING.CSV", "id_sumber,nik\nA,1\n"), ("X.JSON", "{\"id\":1,\"nik\":\"2\"}")],
            any(&["nik", "feed"]),
            &["bank-rekening|A: nik=1 feed=bank-rekening", "1: nik=2"],
        ),
        (
            "the name of a file says the feed, not a column of it",
            &[("bank-rekening.csv", "id_sumber,nik,feed\nA,1,x\n")],
            any(&["nik", "feed"]),
            &["bank-rekening|A: nik=1 feed=bank-rekening"],
        ),
        (
            "ids that two inputs use begin with their input, those of others do not",
            &[("a.csv", "id\n1\n2\n"), ("b.csv", "id\n3\n2\n"), ("c.csv", "id\n9\n")],
            any(&[]),
            &["a|1:", "a|2:", "b|3:", "b|2:", "9:"],
        ),
        (
            "two offices send one feed",
            &[
                ("da/bank-rekening.csv", "id_sumber,nik\nA,1\n"),
                ("db/bank-rekening.ndjson", "{\"id_sumber\":\"A\",\"nik\":\"2\"}"),
            ],
            any(&["nik"]),
            &["da/bank-rekening|A: nik=1", "db/bank-rekening|A: nik=2"],
        ),
        (
            "two offices whose ids do not meet keep them",
            &[("da/bank-rekening.csv", "id_sumber,nik\nA,1\n"), ("db/bank-rekening.csv", "id_sumber,nik\nB,2\n")],
            any(&["nik"]),
            &["bank-rekening|A: nik=1", "bank-rekening|B: nik=2"],
        ),
        (
            "two formats of one feed in one folder",
            &[("bank-rekening.csv", "id_sumber\nA\n"), ("bank-rekening.jsonl", "{\"id_sumber\":\"A\"}")],
            any(&[]),
            &["bank-rekening.csv/bank-rekening|A:", "bank-rekening.jsonl/bank-rekening|A:"],
        ),
        (
            "the same names deep down",
            &[("x/1/List.csv", "id\n7\n"), ("y/1/List.csv", "id\n7\n")],
            any(&[]),
            &["x/1/List|7:", "y/1/List|7:"],
        ),
    ];
    for (name, files, options, wanted) in cases {
        let table = read(files, options).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(rows_of(&table), *wanted, "{name}");
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    type Case = (&'static str, &'static [(&'static str, &'static [u8])], InputOptions, &'static str);
    let all = InputOptions::default;
    let cases: &[Case] = &[
        (
            "format",
            &[("a.xml", b"")],
            all(),
            "a.xml: the name ends in none of .csv, .tsv, .txt, .ndjson, .jsonl, .json, .parquet (.gz or .zst behind them)",
        ),
        ("workbook", &[("a.xlsx", b"PK\x03\x04")], all(), "a.xlsx is a workbook of a spreadsheet program"),
        ("renamed workbook", &[("a.csv", b"PK\x03\x04")], all(), "a.csv is a workbook of a spreadsheet program"),
        (
            "half a gzip file",
            &[("a.csv.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03")],
            all(),
            "cannot read a.csv.gz",
        ),
        ("payments", &[("bank-penyaluran.CSV", b"x")], all(), "bank-penyaluran.CSV holds payments and no persons"),
        (
            "no id column",
            &[("a.csv", b"x,y\n1,2\n")],
            all(),
            "a.csv: there is no id column (unique_id, id, rec_id); the columns are x, y",
        ),
        (
            "id column of another name",
            &[("a.csv", b"id,y\n1,2\n")],
            id("nik"),
            "a.csv: there is no id column (nik); the columns are id, y",
        ),
        (
            "id column written otherwise",
            &[("a.csv", b"ID,y\n1,2\n")],
            all(),
            "a.csv: there is no id column (unique_id, id, rec_id); the columns are ID, y; there is 'ID': did you mean 'id'?",
        ),
        (
            "id of a feed written otherwise",
            &[("bank-rekening.csv", b"Id Sumber\nA\n")],
            all(),
            "bank-rekening.csv: there is no id column (id_sumber); the columns are Id Sumber; there is 'Id Sumber': did you mean \
             'id_sumber'?",
        ),
        ("no column", &[("a.csv", b"id,y\n1,2\n")], only(&["z"]), "no input has a column 'z'; the columns are id, y"),
        (
            "column written otherwise",
            &[("a.csv", b"id,Full Name\n1,2\n")],
            any(&["full_name", "born"]),
            "a.csv: there is 'Full Name': did you mean 'full_name'?",
        ),
        (
            "column written otherwise in one of two",
            &[("a.csv", b"id,nama\n1,2\n"), ("b.ndjson", b"{\"id\":2,\"NAMA\":\"x\"}\n")],
            any(&["nama"]),
            "b.ndjson: there is 'NAMA': did you mean 'nama'?",
        ),
        (
            "signs that a terminal obeys",
            &[("a\x1b[2J.csv", b"x\x1b,\"y\nz\"\n1,2\n")],
            all(),
            "a\\u001b[2J.csv: there is no id column (unique_id, id, rec_id); the columns are x, y\\u000az",
        ),
        ("parquet", &[("a.parquet", b"PAR1 not really")], all(), "a.parquet: cannot read it as Parquet"),
    ];
    for (name, files, options, wanted) in cases {
        assert_eq!(outcome(files, options), Err((*wanted).to_owned()), "{name}");
    }
}

#[test]
fn folders_and_files_given_twice_are_named() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("a.csv");
    std::fs::write(&path, "id\n1\n").expect("a file");
    let again = dir.path().join("./a.csv");
    let folder = dir.path().join("folder.csv");
    std::fs::create_dir(&folder).expect("a folder");
    for (paths, wanted) in [
        (vec![path, again], "./a.csv is given twice"),
        (vec![folder], "folder.csv is a folder"),
        (vec![dir.path().to_owned()], " is a folder"),
    ] {
        let error = InputTable::read(&paths, &InputOptions::default()).err().map(|error| error.to_string());
        assert!(error.as_ref().is_some_and(|error| error.ends_with(wanted)), "{error:?}");
    }
}

#[test]
fn text_comes_packed_and_in_many_encodings() {
    let utf16 = |text: &str, little: bool, mark: bool| -> Vec<u8> {
        let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    };
    let gzip = |bytes: &[u8]| {
        use std::io::Write;
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).expect("packed");
        out.finish().expect("packed")
    };
    let csv = "id,name\n1,Désa 李\n";
    let json = "{\"id\":1,\"name\":\"Désa 李\"}\n";
    let told = |name: &str| InputOptions { encoding: Encoding::for_label(name.as_bytes()), ..InputOptions::default() };
    let all = InputOptions::default;
    let cases: Vec<(&str, Vec<u8>, InputOptions)> = vec![
        ("a.csv", format!("\u{feff}{csv}").into_bytes(), all()),
        ("a.csv", utf16(csv, true, true), all()),
        ("a.csv", utf16(csv, false, true), all()),
        ("a.csv", utf16(csv, true, false), all()),
        ("a.txt", utf16(&csv.replace(',', "\t"), false, false), told("windows-1252")),
        ("a.ndjson", utf16(json, true, true), all()),
        ("a.ndjson", format!("\u{feff}{json}").into_bytes(), all()),
        ("a.csv.gz", gzip(csv.as_bytes()), all()),
        ("a.CSV.GZ", [gzip(b"id,name\n"), gzip("1,Désa 李\n".as_bytes())].concat(), all()),
        ("a.jsonl.gz", gzip(&utf16(json, true, true)), all()),
        ("a.csv.zst", zstd::encode_all(csv.as_bytes(), 1).expect("packed"), all()),
        ("a.tsv.zst", zstd::encode_all(csv.replace(',', "\t").as_bytes(), 1).expect("packed"), all()),
        ("packed, and not named so.csv", gzip(csv.as_bytes()), all()),
        ("list", csv.into(), InputOptions { format: Some(Format::Csv), ..all() }),
        ("list.dat", json.into(), InputOptions { format: Some(Format::Ndjson), ..all() }),
    ];
    for (name, bytes, options) in cases {
        assert_eq!(outcome(&[(name, &bytes)], &options), Ok(vec!["1: id=1 name=Désa 李".to_owned()]), "{name}");
    }
    let old = b"id,name\n1,Ren\xe9 \x80\n";
    assert_eq!(outcome(&[("a.csv", old)], &told("windows-1252")), Ok(vec!["1: id=1 name=René €".to_owned()]));
    assert_eq!(outcome(&[("a.csv", old)], &all()), Err("a.csv:2: the line is not UTF-8 text".to_owned()));
    let half = &utf16(csv, true, true)[..35];
    assert_eq!(outcome(&[("a.csv", half)], &all()), Err("cannot read a.csv".to_owned()));
}

#[test]
fn bytes_say_what_they_are_where_nobody_told() {
    for (start, format) in [
        ("id,name\n", Format::Csv),
        ("", Format::Csv),
        ("\u{feff} \n{\"id\":1}", Format::Ndjson),
        ("[1]", Format::Ndjson),
        ("PAR1", Format::Parquet),
    ] {
        assert_eq!(text::format_of(start.as_bytes()), format, "{start}");
    }
}

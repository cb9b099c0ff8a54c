use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use arrow::array::{Date32Array, Float64Array, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};

use super::*;

/// All rows as `id: column=value ...`, for comparison.
fn shown(table: &InputTable) -> Vec<String> {
    let cell = |row: usize, i: usize| Some(format!(" {}={}", table.columns()[i], table.column(i).get(row)?));
    let cells = |row: usize| (0..table.columns().len()).filter_map(|i| cell(row, i)).collect::<String>();
    (0..table.len()).map(|row| format!("{}:{}", table.id(row), cells(row))).collect()
}

fn read(files: &[(&str, &str)], options: &InputOptions) -> Result<InputTable, InputError> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let paths: Vec<PathBuf> = files.iter().map(|(name, _)| dir.path().join(name)).collect();
    for (path, (_, text)) in paths.iter().zip(files) {
        std::fs::write(path, text).expect("a file");
    }
    InputTable::read(&paths, options)
}

fn id(column: &str) -> InputOptions {
    InputOptions { id: Some(column.to_owned()), ..InputOptions::default() }
}

fn only(columns: &[&str]) -> InputOptions {
    InputOptions { wanted: Wanted::Only(columns.iter().map(|c| (*c).to_owned()).collect()), id: None }
}

#[test]
fn tables_are_read() {
    type Case = (&'static str, &'static [(&'static str, &'static str)], InputOptions, &'static [&'static str]);
    let cases: &[Case] = &[
        ("plain", &[("a.csv", "id,name\n1,ana\n2,\n")], InputOptions::default(), &["1: id=1 name=ana", "2: id=2"]),
        (
            "blanks after commas, quotes after blanks, doubled quotes, a line end in a cell",
            &[("a.csv", " rec_id, \"n, m\" \nr1, \"a, \"\"b\"\"\" \nr2,\"x\ny\"\n")],
            InputOptions::default(),
            &["r1: rec_id=r1 n, m=a, \"b\"", "r2: rec_id=r2 n, m=x\ny"],
        ),
        (
            "byte order mark, semicolons, CRLF",
            &[("a.csv", "\u{feff}id;a\r\n1;x,y\r\n")],
            InputOptions::default(),
            &["1: id=1 a=x,y"],
        ),
        ("a quote inside a cell is a letter", &[("a.csv", "id,a\n1,5\" pipe, cut\n")], InputOptions::default(), &[]),
        (
            "types of JSON",
            &[(
                "a.jsonl",
                "{\"id\":7,\"n\":-3,\"f\":1.5,\"b\":true,\"z\":null,\"l\":[\"x\",null,2],\"o\":{\"a\":1}}\n\n",
            )],
            InputOptions::default(),
            &["7: id=7 n=-3 f=1.5 b=true l=x;2"],
        ),
        (
            "other id, escapes, last line without an end",
            &[("a.ndjson", "{\"k\":\"a\\\"\\u00e9\",\"x\":\" y \"}\n{\"x\":\"z\",\"k\":\"b\"}")],
            id("k"),
            &["a\"\u{e9}: k=a\"\u{e9} x=y", "b: k=b x=z"],
        ),
        (
            "a feed, a withdrawn row, unwanted columns",
            &[(
                "bank-rekening.ndjson",
                "{\"id_sumber\":\"A\",\"nik\":\"1\",\"nama\":\"N\"}\n{\"id_sumber\":\"B\",\"nik\":\"2\",\"hapus\":true}\n{\"id_sumber\":\"C\",\"hapus\":null}\n",
            )],
            only(&["nik", "feed"]),
            &["bank-rekening|A: nik=1 feed=bank-rekening", "bank-rekening|C: feed=bank-rekening"],
        ),
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
        ("a header and nothing else", &[("a.csv", "id,a\n")], only(&["b"]), &[]),
    ];
    for (name, files, options, wanted) in cases {
        match read(files, options) {
            Ok(table) => assert_eq!(shown(&table), *wanted, "{name}"),
            Err(InputError::Row { problem, .. }) if wanted.is_empty() => {
                assert_eq!(problem, RowProblem::CellCount { found: 3, expected: 2 }, "{name}");
            }
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

#[test]
fn bad_input_is_refused_with_file_and_line() {
    type Case = (&'static str, &'static [(&'static str, &'static [u8])], InputOptions, &'static str);
    let any = InputOptions::default();
    let cases: &[Case] = &[
        ("cells", &[("a.csv", b"id,a\n1,x\n2\n")], any.clone(), "a.csv:3: 1 cells where the header has 2"),
        ("bytes", &[("a.csv", b"id,a\n1,\xff\n")], any.clone(), "a.csv:2: the line is not UTF-8 text"),
        ("empty", &[("a.csv", b"")], any.clone(), "a.csv:1: there is no header line"),
        ("twice", &[("a.csv", b"id,a,a\n")], any.clone(), "a.csv:1: column 'a' has two values"),
        ("no id", &[("a.csv", b"id,a\n,x\n")], any.clone(), "a.csv:2: the row has no id"),
        ("format", &[("a.xml", b"")], any.clone(), "a.xml: the name ends in none of .csv, .ndjson, .jsonl, .parquet"),
        (
            "no id column",
            &[("a.csv", b"x,y\n1,2\n")],
            any.clone(),
            "a.csv: there is no id column (unique_id, id, rec_id); the columns are x, y",
        ),
        (
            "id column of another name",
            &[("a.csv", b"id,y\n1,2\n")],
            id("nik"),
            "a.csv: there is no id column (nik); the columns are id, y",
        ),
        ("no column", &[("a.csv", b"id,y\n1,2\n")], only(&["z"]), "no input has a column 'z'; the columns are id, y"),
        (
            "same id",
            &[("a.csv", b"id\n1\n2\n"), ("b.csv", b"id\n3\n2\n")],
            any.clone(),
            "row 2 of a.csv and row 2 of b.csv have the same id",
        ),
        (
            "json",
            &[("a.ndjson", b"{\"id\":1}\n{\"id\":2,}\n")],
            any.clone(),
            "a.ndjson:2: not JSON (character 9 of the line)",
        ),
        ("tail", &[("a.ndjson", b"{\"id\":1} 5\n")], any.clone(), "a.ndjson:1: not JSON (character 10 of the line)"),
        ("list", &[("a.ndjson", b"{\"id\":1}\n[1]\n")], any.clone(), "a.ndjson:2: a line must be one JSON object"),
        (
            "key twice",
            &[("a.ndjson", b"{\"id\":1,\"a\":1,\"a\":2}\n")],
            any.clone(),
            "a.ndjson:1: column 'a' has two values",
        ),
        (
            "json bytes",
            &[("a.ndjson", b"{\"id\":\"\xc3\x28\"}\n")],
            any.clone(),
            "a.ndjson:1: the line is not UTF-8 text",
        ),
        ("json no id", &[("a.ndjson", b"{\"id\":1}\n{\"x\":2}\n")], any.clone(), "a.ndjson:2: the row has no id"),
        ("parquet", &[("a.parquet", b"PAR1 not really")], any, "a.parquet: cannot read it as Parquet"),
    ];
    for (name, files, options, wanted) in cases {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let paths: Vec<PathBuf> = files.iter().map(|(name, _)| dir.path().join(name)).collect();
        for (path, (_, bytes)) in paths.iter().zip(*files) {
            std::fs::write(path, bytes).expect("a file");
        }
        let error = InputTable::read(&paths, options).err().unwrap_or_else(|| panic!("{name}: accepted"));
        let place = format!("{}/", dir.path().display());
        assert_eq!(error.to_string().replace(&place, ""), *wanted, "{name}");
        assert!(error.hint().is_some(), "{name}: no hint");
    }
}

#[test]
fn a_line_without_end_is_not_read_into_memory() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("a.ndjson");
    std::fs::write(&path, vec![b' '; (17 << 20) + 1]).expect("a file");
    let error = InputTable::read(&[path], &InputOptions::default()).err().map(|error| error.to_string());
    assert!(error.is_some_and(|error| error.ends_with("longer than 16777216 bytes")));
}

fn write_parquet(path: &Path, batch: &RecordBatch) {
    let file = std::fs::File::create(path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
    writer.write(batch).expect("a batch");
    writer.close().expect("a footer");
}

fn sample_batch() -> RecordBatch {
    let fields = vec![
        Field::new("name", DataType::Utf8, true),
        Field::new("list", DataType::List(Arc::new(Field::new_list_field(DataType::Int32, true))), true),
        Field::new("unique_id", DataType::Int64, false),
        Field::new("born", DataType::Date32, true),
        Field::new("share", DataType::Float64, true),
    ];
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1)]), None]);
    RecordBatch::try_new(
        Arc::new(Schema::new(fields)),
        vec![
            Arc::new(StringArray::from(vec![Some("ana"), None])),
            Arc::new(lists),
            Arc::new(Int64Array::from(vec![10, 11])),
            Arc::new(Date32Array::from(vec![Some(0), None])),
            Arc::new(Float64Array::from(vec![Some(0.5), None])),
        ],
    )
    .expect("columns fit the schema")
}

#[test]
fn parquet_scalars_become_text() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("t.parquet");
    write_parquet(&path, &sample_batch());
    let cases: &[(InputOptions, &[&str])] = &[
        (InputOptions::default(), &["10: name=ana unique_id=10 born=1970-01-01 share=0.5", "11: unique_id=11"]),
        (only(&["born", "name"]), &["10: born=1970-01-01 name=ana", "11:"]),
    ];
    for (options, wanted) in cases {
        let table = InputTable::read(std::slice::from_ref(&path), options).expect("a good file");
        assert_eq!(shown(&table), *wanted, "{options:?}");
    }
    let error = InputTable::read(&[path], &only(&["list"])).err().map(|error| error.to_string());
    assert!(error.is_some_and(|error| error.contains("column 'list'") && error.contains("no scalar")));
}

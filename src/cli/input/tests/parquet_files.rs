use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use ::parquet::file::properties::WriterProperties;
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int64Array,
    LargeStringArray, ListArray, RecordBatch, StringArray, StringViewArray, StructArray, TimestampMicrosecondArray,
    TimestampMillisecondArray,
};
use arrow_schema::{DataType, Field};

use super::*;

fn packed(columns: Vec<(&str, ArrayRef)>, compression: Compression) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, batch.schema(), Some(properties)).expect("a writer");
    writer.write(&batch).expect("a batch");
    writer.close().expect("a footer");
    out
}

fn file(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    packed(columns, Compression::UNCOMPRESSED)
}

/// 12 April 1990, midnight in Greenwich, in seconds since 1970.
const MIDNIGHT: i64 = 639_878_400;

#[test]
fn every_common_type_becomes_text() {
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None, Some(2)]), None]);
    let names = vec![Some(vec!["Sari", "", "Wulan"]), None];
    let mut words = arrow_array::builder::ListBuilder::new(arrow_array::builder::StringBuilder::new());
    for list in names {
        words.append_option(list.map(|list| list.into_iter().map(Some)));
    }
    let time = |seconds: i64| TimestampMicrosecondArray::from(vec![Some(seconds * 1_000_000), None]);
    let cases: Vec<(&str, ArrayRef, &str)> = vec![
        ("text", Arc::new(StringArray::from(vec![Some("ana\u{a0}"), None])), "ana"),
        ("large text", Arc::new(LargeStringArray::from(vec![Some("ana"), None])), "ana"),
        (
            "view",
            Arc::new(StringViewArray::from(vec![Some("a name that is longer than a view"), None])),
            "a name that is longer than a view",
        ),
        ("dictionary", Arc::new(DictionaryArray::<Int32Type>::from_iter([Some("ana"), None])), "ana"),
        ("numbers", Arc::new(Int64Array::from(vec![Some(9_301_010_503_800_003), None])), "9301010503800003"),
        ("truth", Arc::new(BooleanArray::from(vec![Some(true), None])), "true"),
        ("date", Arc::new(Date32Array::from(vec![Some(0), None])), "1970-01-01"),
        ("fraction", Arc::new(Float64Array::from(vec![Some(0.5), None])), "0.5"),
        ("whole", Arc::new(Float64Array::from(vec![Some(930_101.0), None])), "930101"),
        ("single", Arc::new(Float32Array::from(vec![Some(3.0), None])), "3"),
        (
            "too many digits",
            Arc::new(Float64Array::from(vec![Some(9_301_010_503_800_004.0), None])),
            "9.301010503800004E15",
        ),
        ("no number", Arc::new(Float64Array::from(vec![Some(f64::NAN), None])), ""),
        (
            "decimal",
            Arc::new(
                Decimal128Array::from(vec![Some(812_345_678_900), None]).with_precision_and_scale(18, 2).expect("fits"),
            ),
            "8123456789",
        ),
        (
            "decimal with a fraction",
            Arc::new(Decimal128Array::from(vec![Some(150), None]).with_precision_and_scale(18, 2).expect("fits")),
            "1.5",
        ),
        ("list of numbers", Arc::new(lists), "1;2"),
        ("list of words", Arc::new(words.finish()), "Sari;Wulan"),
        ("time without zone", Arc::new(time(MIDNIGHT)), "1990-04-12"),
        ("milliseconds", Arc::new(TimestampMillisecondArray::from(vec![Some(MIDNIGHT * 1000), None])), "1990-04-12"),
        ("Greenwich", Arc::new(time(MIDNIGHT).with_timezone("UTC")), "1990-04-12"),
        ("Jakarta", Arc::new(time(MIDNIGHT - 7 * 3600).with_timezone("Asia/Jakarta")), "1990-04-12"),
        ("Jayapura", Arc::new(time(MIDNIGHT - 9 * 3600).with_timezone("Asia/Jayapura")), "1990-04-12"),
        ("offset", Arc::new(time(MIDNIGHT - 7 * 3600).with_timezone("+07:00")), "1990-04-12"),
        ("west", Arc::new(time(MIDNIGHT + 5 * 3600).with_timezone("-05:00")), "1990-04-12"),
        ("a time of day", Arc::new(time(MIDNIGHT + 3600)), "1990-04-12T01:00:00"),
        ("midnight elsewhere", Arc::new(time(MIDNIGHT - 7 * 3600).with_timezone("UTC")), "1990-04-11T17:00:00Z"),
    ];
    for (name, column, wanted) in cases {
        let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let bytes = file(vec![("id", ids), ("a", column)]);
        let value = if wanted.is_empty() { String::new() } else { format!(" a={wanted}") };
        assert_eq!(
            outcome(&[("t.PARQUET", &bytes)], &any(&["a"])),
            Ok(vec![format!("1:{value}"), "2:".to_owned()]),
            "{name}"
        );
    }
}

#[test]
fn every_common_codec_is_read() {
    let columns = || -> Vec<(&str, ArrayRef)> {
        let ids = (0..20_000).map(f64::from).collect::<Vec<_>>();
        let names: Vec<String> = (0..20_000).map(|n| format!("name {n}")).collect();
        vec![("id", Arc::new(Float64Array::from(ids))), ("name", Arc::new(StringArray::from(names)))]
    };
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
    ] {
        let bytes = packed(columns(), compression);
        let rows = outcome(&[("t.parquet", &bytes)], &any(&["name"])).expect("a good file");
        assert_eq!((rows.len(), rows[19_999].as_str()), (20_000, "19999: name=name 19999"), "{compression}");
    }
    let zst = zstd::encode_all(&*file(columns()), 1).expect("packed");
    assert_eq!(outcome(&[("t.parquet.zst", &zst)], &any(&[])).map(|rows| rows.len()), Ok(20_000));
}

#[test]
fn columns_that_are_not_wanted_may_be_anything() {
    let part: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let structure = StructArray::from(vec![(Arc::new(Field::new("part", DataType::Utf8, true)), part)]);
    let bytes = file(vec![("id", Arc::new(Int64Array::from(vec![1]))), ("s", Arc::new(structure))]);
    assert_eq!(outcome(&[("t.parquet", &bytes)], &any(&["b"])), Ok(vec!["1:".to_owned()]));
    assert_eq!(outcome(&[("t.parquet", &bytes)], &InputOptions::default()), Ok(vec!["1: id=1".to_owned()]));
    let error = outcome(&[("t.parquet", &bytes)], &any(&["s"])).expect_err("a structure");
    assert!(error.starts_with("t.parquet: column 's' is of type Struct"), "{error}");
    let other = outcome(&[("t.parquet", &bytes)], &any(&["S"])).expect_err("another spelling");
    assert_eq!(other, "t.parquet: there is 's': did you mean 'S'?");
}

#[test]
fn rows_of_feeds_are_states_here_too() {
    let columns = |hapus: ArrayRef| -> Vec<(&'static str, ArrayRef)> {
        vec![
            ("id_sumber", Arc::new(StringArray::from(vec!["A", "B", "A", "C"]))),
            ("tgl_data", Arc::new(Date32Array::from(vec![20_000, 20_000, 20_001, 20_000]))),
            ("Hapus", hapus),
        ]
    };
    let told: ArrayRef = Arc::new(BooleanArray::from(vec![Some(false), None, Some(true), Some(false)]));
    let numbers: ArrayRef = Arc::new(Float64Array::from(vec![Some(0.0), None, Some(1.0), Some(0.0)]));
    let words: ArrayRef = Arc::new(StringArray::from(vec![Some("False"), None, Some("TRUE"), Some("")]));
    for hapus in [told, numbers, words] {
        let rows = outcome(&[("bank-rekening.parquet", &file(columns(hapus)))], &any(&["tgl_data"]));
        assert_eq!(
            rows,
            Ok(vec![
                "bank-rekening|B: tgl_data=2024-10-04".to_owned(),
                "bank-rekening|C: tgl_data=2024-10-04".to_owned(),
            ])
        );
    }
    let yes: ArrayRef = Arc::new(StringArray::from(vec!["", "", "", "ya"]));
    let error = outcome(&[("bank-rekening.parquet", &file(columns(yes)))], &any(&["tgl_data"]));
    assert_eq!(error, Err("bank-rekening.parquet:4: `hapus` must be true or false".to_owned()));
}

//! Rows that are refused: pointers, codes and the words, which are published in `tests/data/feeds/sentences.txt`.

use super::*;
use Input::{Before, Line, Patch};

/// How a row of the table is written down.
#[derive(Clone, Copy)]
enum Input {
    /// As it is.
    Line(&'static str),
    /// Fields that replace those of the smallest row.
    Patch(&'static str),
    /// Fields in front of those of the smallest row.
    Before(&'static str),
}

/// Name, feed, row, and `pointer CODE` of each reason, in order.
const REFUSED: &[(&str, Feed, Input, &str)] = &[
    ("text", AnggotaKeluarga, Line("bukan json"), " NOT_JSON"),
    ("trailing comma", AnggotaKeluarga, Line(r#"{"id_sumber":"A1",}"#), " NOT_JSON"),
    ("two objects on a line", AnggotaKeluarga, Line(r#"{"id_sumber":"A1"}{"id_sumber":"A2"}"#), " NOT_JSON"),
    ("half a surrogate pair", AnggotaKeluarga, Line(r#"{"nama":"\ud83d"}"#), " NOT_JSON"),
    ("cut off", AnggotaKeluarga, Line(r#"{"id_sumber":"A1","tgl_data":"2025-1"#), " NOT_JSON"),
    ("a list", AnggotaKeluarga, Line("[{}]"), " NOT_OBJECT"),
    ("a word", AnggotaKeluarga, Line("null"), " NOT_OBJECT"),
    ("nested too deep", AnggotaKeluarga, Patch(r#"{"program":[[[[[[[[]]]]]]]]}"#), " TOO_DEEP"),
    ("equal keys", AnggotaKeluarga, Before(r#""nik":"1","nik":"1","#), "/nik DUPLICATE_KEY"),
    (
        "equal keys below",
        AnggotaKeluarga,
        Before(r#""program":[{"kode":"PKH","status":"AKTIF"},{"kode":"PKH","status":"AKTIF","kode":"BST"}],"#),
        "/program/1/kode DUPLICATE_KEY",
    ),
    ("equal keys nobody knows", AnggotaKeluarga, Before(r#""X":{"Y":1,"Y":2},"#), " DUPLICATE_KEY,  UNKNOWN_FIELD"),
    (
        "an escaped key equal to a plain one",
        AnggotaKeluarga,
        Before(r#""nik":"1","\u006eik":"2","#),
        "/nik DUPLICATE_KEY",
    ),
    (
        "nothing",
        AnggotaKeluarga,
        Line("{}"),
        "/id_keluarga REQUIRED, /id_sumber REQUIRED, /nama REQUIRED, /tgl_data REQUIRED",
    ),
    (
        "null means absent",
        AnggotaKeluarga,
        Patch(r#"{"id_sumber":null,"nama":null,"id_keluarga":null}"#),
        "/id_keluarga REQUIRED, /id_sumber REQUIRED, /nama REQUIRED",
    ),
    ("withdrawn without its date", AnggotaKeluarga, Line(r#"{"id_sumber":"A1","hapus":true}"#), "/tgl_data REQUIRED"),
    (
        "not withdrawn",
        Rekening,
        Line(r#"{"id_sumber":"A1","tgl_data":"2025-11-01","hapus":false}"#),
        "/kode_bank REQUIRED, /nama REQUIRED, /no_rekening REQUIRED, /status_rekening REQUIRED",
    ),
    ("a payment is not withdrawn", Penyaluran, Patch(r#"{"hapus":true}"#), "/hapus UNKNOWN_FIELD"),
    ("a payment has no name", Penyaluran, Patch(r#"{"nama":"X"}"#), "/nama UNKNOWN_FIELD"),
    (
        "required of a list item",
        AnggotaKeluarga,
        Patch(r#"{"program":[{"kode":"PKH"}]}"#),
        "/program/0/status REQUIRED",
    ),
    ("a misspelt field", AnggotaKeluarga, Patch(r#"{"tangal_lahir":"2000-01-01"}"#), "/tangal_lahir UNKNOWN_FIELD"),
    ("a field in capitals", AnggotaKeluarga, Patch(r#"{"NIK":"1"}"#), "/NIK UNKNOWN_FIELD"),
    ("a field of another feed", AnggotaKeluarga, Patch(r#"{"nisn":"1"}"#), "/nisn UNKNOWN_FIELD"),
    ("a name in place of a field", AnggotaKeluarga, Patch(r#"{"SITI AMINAH":"nama"}"#), " UNKNOWN_FIELD"),
    ("a number in place of a field", AnggotaKeluarga, Patch(r#"{"3201014107709001":"nik"}"#), " UNKNOWN_FIELD"),
    (
        "an unknown field of a list item",
        AnggotaKeluarga,
        Patch(r#"{"program":[{"kode":"PKH","status":"AKTIF","tahap":4}]}"#),
        "/program/0/tahap UNKNOWN_FIELD",
    ),
    ("nik as a number", AnggotaKeluarga, Patch(r#"{"nik":3201014107709001}"#), "/nik TYPE"),
    ("rt as a number", AnggotaKeluarga, Patch(r#"{"rt":1}"#), "/rt TYPE"),
    ("a name as a number", AnggotaKeluarga, Patch(r#"{"nama":7}"#), "/nama TYPE"),
    ("a date as a number", AnggotaKeluarga, Patch(r#"{"tanggal_lahir":36526}"#), "/tanggal_lahir TYPE"),
    ("a number as text", AnggotaKeluarga, Patch(r#"{"desil":"3"}"#), "/desil TYPE"),
    ("half a decile", AnggotaKeluarga, Patch(r#"{"desil":1.5}"#), "/desil TYPE"),
    ("a word as a switch", PesertaDidik, Patch(r#"{"layak_pip":"YA"}"#), "/layak_pip TYPE"),
    ("an object as a list", AnggotaKeluarga, Patch(r#"{"program":{}}"#), "/program TYPE"),
    ("a list as text", AnggotaKeluarga, Patch(r#"{"alamat":["X"]}"#), "/alamat TYPE"),
    ("text as a list item", AnggotaKeluarga, Patch(r#"{"program":["PKH"]}"#), "/program/0 TYPE"),
    ("weight as text", LayananKia, Patch(r#"{"berat_kg":"12,1"}"#), "/berat_kg TYPE"),
    ("an unknown sex", AnggotaKeluarga, Patch(r#"{"jenis_kelamin":"W"}"#), "/jenis_kelamin ENUM"),
    ("sex as a number", AnggotaKeluarga, Patch(r#"{"jenis_kelamin":1}"#), "/jenis_kelamin TYPE"),
    ("an unknown component", AnggotaKeluarga, Patch(r#"{"komponen_pkh":["SD","TK"]}"#), "/komponen_pkh/1 ENUM"),
    (
        "an unknown programme",
        AnggotaKeluarga,
        Patch(r#"{"program":[{"kode":"BPNT","status":"AKTIF"}]}"#),
        "/program/0/kode ENUM",
    ),
    ("a madrasah", PesertaDidik, Patch(r#"{"jenjang":"MI"}"#), "/jenjang ENUM"),
    ("decile 0", AnggotaKeluarga, Patch(r#"{"desil":0}"#), "/desil RANGE"),
    ("decile 11", AnggotaKeluarga, Patch(r#"{"desil":11}"#), "/desil RANGE"),
    ("weight in grams", LayananKia, Patch(r#"{"berat_kg":3200}"#), "/berat_kg RANGE"),
    ("a negative amount", Penyaluran, Patch(r#"{"nominal":-1}"#), "/nominal RANGE"),
    ("an amount beyond counting", Penyaluran, Patch(r#"{"nominal":1e300}"#), "/nominal RANGE"),
    ("an empty key", AnggotaKeluarga, Patch(r#"{"id_sumber":""}"#), "/id_sumber LENGTH"),
    ("dd/mm/yyyy", AnggotaKeluarga, Patch(r#"{"tanggal_lahir":"03/04/1970"}"#), "/tanggal_lahir FORMAT"),
    ("dd-mm-yyyy", AnggotaKeluarga, Patch(r#"{"tanggal_lahir":"13-04-1970"}"#), "/tanggal_lahir FORMAT"),
    ("a date with a time", AnggotaKeluarga, Patch(r#"{"tgl_data":"2025-11-20T00:00:00"}"#), "/tgl_data FORMAT"),
    ("a date in words", AnggotaKeluarga, Patch(r#"{"tgl_data":"1 Juli 1970"}"#), "/tgl_data FORMAT"),
    ("an empty date", AnggotaKeluarga, Patch(r#"{"tanggal_lahir":""}"#), "/tanggal_lahir FORMAT"),
    ("digits of another script", AnggotaKeluarga, Patch(r#"{"tgl_data":"٢٠٢٥-١١-٢٠"}"#), "/tgl_data FORMAT"),
    ("29 February", AnggotaKeluarga, Patch(r#"{"tanggal_lahir":"2023-02-29"}"#), "/tanggal_lahir NO_SUCH_DAY"),
    ("month 13", AnggotaKeluarga, Patch(r#"{"tgl_data":"2025-13-01"}"#), "/tgl_data NO_SUCH_DAY"),
    ("day 0 of a payment", Penyaluran, Patch(r#"{"tgl_topup":"2025-11-00"}"#), "/tgl_topup NO_SUCH_DAY"),
    ("quarter 5", Penyaluran, Patch(r#"{"periode":"2025-T5"}"#), "/periode FORMAT"),
    ("rt with a sign", AnggotaKeluarga, Patch(r#"{"rt":"1/2"}"#), "/rt FORMAT"),
    ("a village code with dots", AnggotaKeluarga, Patch(r#"{"kode_desa":"32.01.01.2001"}"#), "/kode_desa FORMAT"),
    ("a BPS sub-district", AnggotaKeluarga, Patch(r#"{"kode_kecamatan":"3201010"}"#), "/kode_kecamatan FORMAT"),
    ("a bank by name", Rekening, Patch(r#"{"kode_bank":"BNI"}"#), "/kode_bank FORMAT"),
    ("a whole card number", Rekening, Patch(r#"{"no_kks_akhir4":"6032981234567890"}"#), "/no_kks_akhir4 FORMAT"),
    (
        "several at once",
        AnggotaKeluarga,
        Patch(r#"{"nik":1,"desil":0,"tanggal_lahir":"2023-02-29","agama":"X","jenis_kelamin":"X","nama":null}"#),
        "/agama UNKNOWN_FIELD, /desil RANGE, /jenis_kelamin ENUM, /nama REQUIRED, /nik TYPE, /tanggal_lahir NO_SUCH_DAY",
    ),
];

/// The table, and the rows that are too long to write down.
fn refused_rows() -> Vec<(&'static str, Feed, String, String)> {
    let written = REFUSED.iter().map(|(name, feed, input, reasons)| {
        let line = match input {
            Line(line) => (*line).to_owned(),
            Patch(fields) => with(*feed, fields),
            Before(fields) => smallest(*feed).to_string().replacen('{', &format!("{{{fields}"), 1),
        };
        (*name, *feed, line, (*reasons).to_owned())
    });
    let long = |field: &str, count| with(AnggotaKeluarga, &json!({field: "x".repeat(count)}).to_string());
    let letters = 'a'..='z';
    let unknown: Vec<String> = letters.clone().map(|letter| format!("\"tambahan_{letter}\":1")).collect();
    let listed: Vec<String> = letters.take(20).map(|letter| format!("/tambahan_{letter} UNKNOWN_FIELD")).collect();
    let many = with(AnggotaKeluarga, &format!("{{{}}}", unknown.join(",")));
    let generated = [
        ("a bomb of objects", r#"{"a":"#.repeat(10_000), " TOO_DEEP".to_owned()),
        ("a bomb of lists", "[".repeat(60_000), " TOO_DEEP".to_owned()),
        ("too long", "x".repeat(70_000), " TOO_LONG".to_owned()),
        ("a long key", long("id_sumber", 65), "/id_sumber LENGTH".to_owned()),
        ("a long name", long("nama", 101), "/nama LENGTH".to_owned()),
        ("more than are listed", many, format!("{},  MORE_ERRORS", listed.join(", "))),
    ];
    let generated = generated.into_iter().map(|(name, line, reasons)| (name, AnggotaKeluarga, line, reasons));
    written.chain(generated).collect()
}

#[test]
fn rows_are_refused_with_pointer_and_code() {
    for (name, feed, line, expected) in refused_rows() {
        let refused = one(feed, &line).expect_err(name);
        let found: Vec<String> = refused.kesalahan.iter().map(|e| format!("{} {}", e.pointer, e.code)).collect();
        assert_eq!(found.join(", "), expected, "{name}");
        assert_eq!((refused.baris, refused.hasil), (1, RowOutcome::Ditolak));
    }
}

#[test]
fn every_sentence_is_as_published() {
    let mut text = String::new();
    let mut codes = BTreeSet::from(["NOT_UTF8".to_owned()]);
    for (name, feed, line, _) in refused_rows() {
        writeln!(text, "# {name}").unwrap();
        for error in one(feed, &line).expect_err(name).kesalahan {
            writeln!(text, "{} {}\n  id: {}\n  en: {}", error.code, error.pointer, error.pesan, error.message).unwrap();
            codes.insert(error.code);
        }
    }
    let published = include_str!("../../../tests/data/feeds/sentences.txt");
    if text != published {
        println!("{text}");
    }
    assert!(text == published, "the sentences changed: if they are better, they go to tests/data/feeds/sentences.txt");
    let of_rows = ErrorCode::ALL.iter().filter(|code| !ErrorCode::OF_TABLES.contains(code));
    let all: BTreeSet<String> = of_rows.map(|code| code.code().to_owned()).collect();
    assert_eq!(codes, all, "each code has a row in the table");
}

#[test]
fn no_receipt_quotes_a_value() {
    let marks = [
        json!("RAHASIA/77319"),
        json!({"RAHASIA": "RAHASIA"}),
        json!(["RAHASIA"]),
        json!(77_319_004),
        json!([{"RAHASIA": 1}]),
    ];
    for feed in Feed::ALL {
        let schema: Value = serde_json::from_str(schema_text(feed)).unwrap();
        for field in schema["properties"].as_object().unwrap().keys() {
            for mark in &marks {
                let mut row = smallest(feed);
                row[field] = mark.clone();
                row["RAHASIA"] = mark.clone();
                let refused = one(
                    feed,
                    row.to_string().replacen('{', r#"{"RAHASIA":{"RAHASIA":1,"RAHASIA":2},"77319":1,"77319":2,"#, 1),
                )
                .unwrap_err();
                let errors = serde_json::to_string(&refused.kesalahan).unwrap();
                assert!(!errors.contains("RAHASIA") && !errors.contains("77319"), "{feed} {field}: {errors}");
            }
        }
    }
}

#[test]
fn a_refused_row_can_be_found_by_its_key_where_that_can_be_read() {
    for (line, key) in [
        (r#"{"id_sumber":"A7"}"#, Some("A7")),
        (r#"{"x":1,"id_sumber":"A7","x":2}"#, Some("A7")),
        (r#"{"id_sumber":"A7","id_sumber":"A7"}"#, None),
        (r#"{"id_sumber":7}"#, None),
        (r#"{"id_sumber":""}"#, None),
        (r#"{"id_sumber":"A7""#, None),
        ("[]", None),
    ] {
        assert_eq!(one(Rekening, line).unwrap_err().id_sumber.as_deref(), key, "{line}");
    }
}

#[test]
fn a_row_of_nothing_but_errors_costs_little() {
    let list = |item: &str, count: usize| vec![item; count].join(",");
    for (name, row) in [
        ("list items", with(AnggotaKeluarga, &format!(r#"{{"komponen_pkh":[{}]}}"#, list("1", 30_000)))),
        ("equal keys", format!("{{{}}}", list(r#""a":1"#, 9_000))),
        ("a long name", format!(r#"{{"{}":1}}"#, "a".repeat(60_000))),
        ("fields", format!("{{{}}}", (0..5_000).map(|i| format!(r#""a{i}":1"#)).collect::<Vec<_>>().join(","))),
    ] {
        let refused = one(AnggotaKeluarga, &row).expect_err(name);
        assert!(refused.kesalahan.len() <= 21, "{name}");
        assert!(serde_json::to_string(&refused).unwrap().len() < 10_000, "{name}");
    }
}

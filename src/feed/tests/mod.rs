//! What is accepted, what is refused and in which words, however the body is cut.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::explain::PATTERNS;
use super::*;
use crate::domain::batch::{ReceiptLine, RowOutcome};
use crate::domain::date::Date;
use crate::domain::feed::Feed;
use crate::domain::flag::FlagCode;
use crate::domain::row::Detail;

use Feed::{AnggotaKeluarga, KepesertaanJkn, LayananKia, Penyaluran, PesertaDidik, Rekening};

mod refused;

fn context() -> Context {
    Context::on(Date::constant(2025, 11, 20))
}

fn read_all(feed: Feed, limits: Limits, pieces: &[&[u8]]) -> Result<ReadBatch, BodyError> {
    let mut reader = BatchReader::new(feed, limits, context());
    for piece in pieces {
        reader.push(piece)?;
    }
    reader.finish()
}

fn read(feed: Feed, body: impl AsRef<[u8]>) -> ReadBatch {
    read_all(feed, Limits::default(), &[body.as_ref()]).unwrap()
}

fn one(feed: Feed, line: impl AsRef<[u8]>) -> Result<ValidRow, ReceiptLine> {
    let mut rows = read(feed, line).rows;
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

/// A row with nothing but what its feed requires.
fn smallest(feed: Feed) -> Value {
    let mut row = match feed {
        AnggotaKeluarga => json!({"nama": "SITI AMINAH", "id_keluarga": "K1"}),
        PesertaDidik => json!({"nama": "BUDI", "npsn": "20200001", "jenjang": "SD", "status_siswa": "AKTIF"}),
        KepesertaanJkn => {
            json!({"nama": "BUDI", "no_jkn": "0000000000001", "segmen": "PBI_APBN", "status_jkn": "AKTIF"})
        }
        LayananKia => json!({"nama": "BUDI", "jenis": "BALITA"}),
        Rekening => json!({"nama": "SITI", "kode_bank": "009", "no_rekening": "1", "status_rekening": "AKTIF"}),
        Penyaluran => json!({"kode_bank": "009", "no_rekening": "1", "program": "PKH", "periode": "2025-T4",
            "nominal": 750_000, "status_salur": "BERHASIL"}),
    };
    row["id_sumber"] = json!("A1");
    row["tgl_data"] = json!("2025-11-01");
    row
}

/// The smallest row with some fields replaced.
fn with(feed: Feed, patch: &str) -> String {
    let mut row = smallest(feed);
    let patch: Value = serde_json::from_str(patch).unwrap();
    row.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
    row.to_string()
}

#[test]
fn odd_but_right_rows_are_accepted() {
    for (name, feed, line) in [
        ("an emoji in a name", AnggotaKeluarga, with(AnggotaKeluarga, r#"{"nama":"SITI 🌸 AMINAH"}"#)),
        (
            "a hundred characters of four bytes",
            AnggotaKeluarga,
            with(AnggotaKeluarga, &json!({"nama": "🌸".repeat(100)}).to_string()),
        ),
        ("a name as escapes", AnggotaKeluarga, with(AnggotaKeluarga, r#"{"nama":"\ud83c\udf38"}"#)),
        (
            "all null",
            AnggotaKeluarga,
            with(AnggotaKeluarga, r#"{"hapus":null,"nik":null,"program":null,"komponen_pkh":null,"desil":null}"#),
        ),
        ("withdrawn", PesertaDidik, r#"{"id_sumber":"A1","tgl_data":"2025-11-01","hapus":true}"#.to_owned()),
        ("withdrawn with nulls", Rekening, with(Rekening, r#"{"hapus":true,"nama":null,"kode_bank":null}"#)),
        ("an integer with decimals", Penyaluran, with(Penyaluran, r#"{"nominal":750000.0}"#)),
        ("an integer with exponent", AnggotaKeluarga, with(AnggotaKeluarga, r#"{"desil":1e1}"#)),
        ("a leap day", AnggotaKeluarga, with(AnggotaKeluarga, r#"{"tanggal_lahir":"2024-02-29"}"#)),
        ("17 digits", AnggotaKeluarga, with(AnggotaKeluarga, r#"{"nik":"32010141077090011"}"#)),
        ("digits lost by a spreadsheet", AnggotaKeluarga, with(AnggotaKeluarga, r#"{"nik":"3.20101E+15"}"#)),
        ("blanks around", AnggotaKeluarga, format!("  \t{}  \r", smallest(AnggotaKeluarga))),
        ("a mark of byte order", AnggotaKeluarga, format!("\u{FEFF}{}", smallest(AnggotaKeluarga))),
    ] {
        let row = one(feed, &line).expect(name);
        let again = reread(feed, &row.raw).unwrap();
        assert!(again.core == row.core && again.detail == row.detail, "{name}");
        assert_eq!((&again.id_sumber, again.tgl_data, again.withdrawn), (&row.id_sumber, row.tgl_data, row.withdrawn));
        assert_eq!(row.raw, line.trim_matches(['\u{FEFF}', ' ', '\t', '\r']), "{name}");
    }
    let Ok(ValidRow { detail: Detail::Penyaluran(paid), .. }) =
        one(Penyaluran, with(Penyaluran, r#"{"nominal":75e4}"#))
    else {
        panic!("accepted as a payment");
    };
    assert_eq!(paid.nominal.0, 750_000);
    let long = one(AnggotaKeluarga, with(AnggotaKeluarga, r#"{"nik":"32010141077090011"}"#)).unwrap();
    assert!(long.flags.iter().any(|flag| flag.pointer == "/nik" && flag.code == FlagCode::Len17));
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let good = smallest(AnggotaKeluarga);
    let mut body = format!("\u{FEFF}{good}\r\n\n   \t\r\n{{\n{good}\n").into_bytes();
    body.extend_from_slice(b"\xFF\xFE{}\n");
    body.extend_from_slice(good.to_string().as_bytes());
    let batch = read(AnggotaKeluarga, &body);
    let lines: Vec<(u64, bool)> =
        batch.rows.iter().map(|row| row.as_ref().map_or_else(|e| (e.baris, false), |row| (row.line, true))).collect();
    assert_eq!(lines, [(1, true), (4, false), (5, true), (6, false), (7, true)]);
    let codes: Vec<&str> =
        batch.rows.iter().filter_map(|row| Some(row.as_ref().err()?.kesalahan[0].code.as_str())).collect();
    assert_eq!(codes, ["NOT_JSON", "NOT_UTF8"]);
}

#[test]
fn a_key_that_comes_twice_is_kept_twice_in_order() {
    let body = format!("{}\n{}\n", with(Rekening, r#"{"tgl_data":"2025-11-02"}"#), smallest(Rekening));
    let batch = read(Rekening, body);
    let rows: Vec<_> = batch.rows.iter().flatten().map(|row| (row.id_sumber.as_str(), row.tgl_data.day())).collect();
    assert_eq!(rows, [("A1", 2), ("A1", 1)]);
    assert_eq!(batch.refused(), 0);
}

#[test]
fn a_body_has_limits() {
    let limits = Limits { body_bytes: 1_000, rows: 3, refused_from: 0, row_bytes: 400, depth: 8 };
    let row = format!("{}\n", smallest(Rekening));
    for (name, body, expected) in [
        ("nothing", String::new(), Err(BodyError::Empty)),
        ("blank lines", " \r\n\n\u{FEFF}".to_owned(), Err(BodyError::Empty)),
        ("three rows", row.repeat(3), Ok(3)),
        ("three rows and blank lines", format!("{}\n\n \n", row.repeat(3)), Ok(3)),
        ("four rows", row.repeat(4), Err(BodyError::TooManyRows { limit: 3 })),
        ("a thousand bytes", format!("{row}{}", " ".repeat(1_000 - row.len())), Ok(1)),
        (
            "one byte more",
            format!("{row}{}", " ".repeat(1_001 - row.len())),
            Err(BodyError::TooManyBytes { limit: 1_000 }),
        ),
    ] {
        let answer = read_all(Rekening, limits, &[body.as_bytes()]);
        assert_eq!(answer.map(|batch| batch.rows.len()), expected, "{name}");
    }
    let mut reader = BatchReader::new(Rekening, limits, context());
    assert!(reader.push(&[b' '; 1_001]).is_err());
    assert_eq!(reader.push(b"{}"), Err(BodyError::TooManyBytes { limit: 1_000 }), "a lost body stays lost");
    assert_eq!(reader.finish(), Err(BodyError::TooManyBytes { limit: 1_000 }));
}

#[test]
fn a_body_of_which_nearly_all_rows_are_refused_ends_with_the_reasons() {
    let limits = Limits { refused_from: 20, ..Limits::default() };
    let good = format!("{}\n", smallest(Rekening));
    let renamed = format!("{}\n", smallest(Rekening).to_string().replace("\"nama\"", "\"Nama Lengkap\""));
    let read = |good_rows: usize, bad_rows: usize| {
        let body = format!("{}{}", good.repeat(good_rows), renamed.repeat(bad_rows));
        read_all(Rekening, limits, &[body.as_bytes()])
    };
    for (good_rows, bad_rows, ends) in [
        (0, 19, None),
        (0, 20, Some((20, 20))),
        (1, 19, Some((20, 19))),
        (2, 18, None),
        (2, 37, None),
        (2, 38, Some((40, 38))),
        (3, 500, Some((80, 77))),
    ] {
        let found = match read(good_rows, bad_rows) {
            Err(BodyError::NearlyAllRefused { rows, refused, reasons }) => {
                let told: Vec<_> = reasons.iter().map(|(reason, of)| (reason.code.as_str(), *of)).collect();
                assert_eq!(told, [("UNKNOWN_FIELD", refused), ("REQUIRED", refused)]);
                Some((rows, refused))
            }
            answer => {
                assert_eq!(answer.expect("a batch").rows.len(), good_rows + bad_rows);
                None
            }
        };
        assert_eq!(found, ends, "{good_rows} good, {bad_rows} refused");
    }
}

#[test]
fn a_long_line_costs_its_own_row_only() {
    let limits = Limits { row_bytes: 200, ..Limits::default() };
    let body = format!("{}\n{}\n{}\n", smallest(Rekening), "x".repeat(5_000), smallest(Rekening));
    let pieces: Vec<&[u8]> = body.as_bytes().chunks(7).collect();
    let batch = read_all(Rekening, limits, &pieces).unwrap();
    let codes: Vec<_> = batch.rows.iter().map(|row| row.as_ref().err().map(|e| e.kesalahan[0].code.as_str())).collect();
    assert_eq!(codes, [None, Some("TOO_LONG"), None]);
}

#[test]
fn the_deepest_nesting_is_a_setting_up_to_a_hundred() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for (depth, levels, code) in
        [(8, 8, "NOT_OBJECT"), (8, 9, "TOO_DEEP"), (255, 100, "NOT_OBJECT"), (255, 101, "TOO_DEEP"), (0, 1, "TOO_DEEP")]
    {
        let limits = Limits { depth, ..Limits::default() };
        let batch = read_all(Rekening, limits, &[nested(levels).as_bytes()]).unwrap();
        assert_eq!(batch.rows[0].as_ref().unwrap_err().kesalahan[0].code, code, "{depth} {levels}");
    }
}

#[test]
fn the_digest_is_of_the_body_as_it_came() {
    let batch = read(Rekening, b"\xEF\xBB\xBF{}\r\n\n");
    assert_eq!(batch.sha256, "73f07bffcbcf5b16e7c10017409c5fb83395d6f2b67327b1b791962522493960");
}

#[test]
fn limits_are_configuration() {
    assert_eq!(serde_json::from_str::<Limits>("{}").unwrap(), Limits::default());
    assert_eq!(serde_json::from_str::<Limits>(r#"{"rows":5}"#).unwrap().rows, 5);
    assert!(serde_json::from_str::<Limits>(r#"{"row":5}"#).is_err());
}

#[test]
fn what_was_not_accepted_does_not_read_again() {
    for raw in ["", "{}", "[]", r#"{"id_sumber":"A1","tgl_data":"2025-02-30"}"#] {
        assert_eq!(reread(AnggotaKeluarga, raw), Err(RereadError { feed: AnggotaKeluarga }), "{raw}");
    }
}

#[test]
fn no_debug_text_shows_a_person() {
    let row = one(AnggotaKeluarga, with(AnggotaKeluarga, r#"{"nama":"RAHASIA","id_sumber":"RAHASIA"}"#)).unwrap();
    let again = reread(AnggotaKeluarga, &row.raw).unwrap();
    assert!(!format!("{row:?}{again:?}").contains("RAHASIA"));
}

fn alarms(niks: impl Iterator<Item = String>) -> Vec<String> {
    let rows: Vec<String> = niks.map(|nik| with(AnggotaKeluarga, &json!({"nik": nik}).to_string())).collect();
    read(AnggotaKeluarga, rows.join("\n")).alarms
}

#[test]
fn niks_that_all_end_in_zero_raise_an_alarm() {
    let ending = |count: u64, last: u64| (0..count).map(move |i| format!("32010141077{:04}{last}", 100 + i));
    assert_eq!(alarms(ending(20, 0)), [EXCEL_PRECISION]);
    assert_eq!(alarms(ending(20, 0).chain(["-".to_owned(), "3.2E+15".to_owned(), "1".repeat(16)])), [EXCEL_PRECISION]);
    assert_eq!(alarms(ending(6, 0)), [EXCEL_PRECISION], "one in a million");
    assert_eq!(alarms(ending(29, 0).chain(ending(1, 3))), [EXCEL_PRECISION], "one good number does not silence it");
    assert!(alarms(ending(5, 0)).is_empty(), "five are chance");
    assert!(alarms(ending(3, 0).chain(ending(17, 3))).is_empty(), "three of twenty are chance");
    assert!(alarms((0..30).map(|_| "0".repeat(16))).is_empty(), "placeholders are no NIKs");
}

#[test]
fn other_columns_raise_alarms_too() {
    let family = |fields: String| with(AnggotaKeluarga, &fields);
    let account = |at: u64, end: &str| {
        with(Rekening, &json!({"no_rekening": format!("1145{:012}{end}", 77_123 + at * 37)}).to_string())
    };
    let swapped =
        |at: u64, born: &str| family(json!({"nik": format!("320105050380{at:04}"), "tanggal_lahir": born}).to_string());
    for (feed, rows, code) in [
        (
            AnggotaKeluarga,
            (0..30).map(|at| family(json!({"no_kk": format!("32010115031{:04}0", 100 + at)}).to_string())).collect(),
            "EXCEL_PRECISION",
        ),
        (Rekening, (0..30).map(|at| account(at, "00")).collect::<Vec<String>>(), "ACCOUNT_PRECISION"),
        (
            AnggotaKeluarga,
            (1..20).map(|at| family(json!({"nik": format!("32010505038{at:04}")}).to_string())).collect(),
            "ONE_LENGTH_SHORT",
        ),
        (AnggotaKeluarga, (1..12).map(|at| swapped(at, "1980-05-03")).collect(), "DAY_MONTH_SWAPPED"),
    ] {
        assert_eq!(read(feed, rows.join("\n")).alarms, [code]);
    }
    let alike = |rows: u64, day: &dyn Fn(u64) -> String| -> Vec<String> {
        let row = |at| family(json!({"nama": format!("Siti {at}"), "tanggal_lahir": day(at)}).to_string());
        read(AnggotaKeluarga, (0..rows).map(row).collect::<Vec<_>>().join("\n")).alarms
    };
    assert_eq!(alike(150, &|_| "1984-12-30".to_owned()), ["ALIKE_ROWS"]);
    assert!(alike(90, &|_| "1984-12-30".to_owned()).is_empty(), "few");
    assert!(
        alike(150, &|at| format!("19{:02}-12-30", 10 + at % 80)).is_empty(),
        "one day for all whose day is unknown"
    );
    let good: Vec<String> = (1..30).map(|at| swapped(at, "1980-03-05")).collect();
    assert!(read(AnggotaKeluarga, good.join("\n")).alarms.is_empty());
    let good: Vec<String> = (0..30).map(|at| account(at, "31")).collect();
    assert!(read(Rekening, good.join("\n")).alarms.is_empty());
}

const SAMPLES: [(Feed, &[u8]); 6] = [
    (AnggotaKeluarga, include_bytes!("../../../tests/data/feeds/dinsos-anggota-keluarga.ndjson")),
    (PesertaDidik, include_bytes!("../../../tests/data/feeds/disdik-peserta-didik.ndjson")),
    (KepesertaanJkn, include_bytes!("../../../tests/data/feeds/dinkes-kepesertaan-jkn.ndjson")),
    (LayananKia, include_bytes!("../../../tests/data/feeds/dinkes-layanan-kia.ndjson")),
    (Rekening, include_bytes!("../../../tests/data/feeds/bank-rekening.ndjson")),
    (Penyaluran, include_bytes!("../../../tests/data/feeds/bank-penyaluran.ndjson")),
];

#[test]
fn sample_rows_are_all_accepted_and_read_again_alike() {
    for (feed, body) in SAMPLES {
        let batch = read(feed, body);
        assert_eq!((batch.rows.len(), batch.refused()), (200, 0), "{feed}");
        assert!(batch.alarms.is_empty(), "{feed}");
        for row in batch.rows.iter().flatten() {
            let again = reread(feed, &row.raw).unwrap();
            assert!(again.core == row.core && again.detail == row.detail, "{feed} line {}", row.line);
            assert_eq!((&again.id_sumber, again.tgl_data), (&row.id_sumber, row.tgl_data));
        }
    }
}

/// Lines a body is made of: right, wrong, blank, long, not text.
fn line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => (0..40_usize).prop_map(|at| {
            SAMPLES[4].1.split(|b| *b == b'\n').nth(at).unwrap_or_default().to_vec()
        }),
        2 => Just(smallest(Rekening).to_string().into_bytes()),
        1 => Just(b"\r".to_vec()),
        1 => Just(b"{\"id_sumber\":\"A1\",\"id_sumber\":\"A1\"}".to_vec()),
        1 => Just(b"\xEF\xBB\xBF \xFF".to_vec()),
        1 => (0..1_200_usize).prop_map(|n| vec![b' '; n]),
        1 => (0..1_200_usize).prop_map(|n| vec![b'x'; n]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn where_a_body_is_cut_changes_nothing(
        lines in prop::collection::vec(line(), 0..12),
        cuts in prop::collection::vec(0..4_000_usize, 0..30),
        body_bytes in prop_oneof![Just(1 << 20), 0..6_000_u64],
        rows in prop_oneof![Just(100), 0..8_u64],
        refused_from in 0..5_u64,
    ) {
        let body = lines.join(&b'\n');
        let limits = Limits { body_bytes, rows, refused_from, row_bytes: 1_000, depth: 8 };
        let whole = read_all(Rekening, limits, &[&body]);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(body.len())).collect();
        cuts.extend([0, body.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &body[cut[0]..cut[1]]).collect();
        prop_assert_eq!(&read_all(Rekening, limits, &pieces), &whole);
        let bytes: Vec<&[u8]> = body.chunks(1).collect();
        prop_assert_eq!(&read_all(Rekening, limits, &bytes), &whole);
    }

    #[test]
    fn nothing_makes_the_reader_panic(body in prop::collection::vec(any::<u8>(), 0..400), text in "\\PC{0,200}") {
        for feed in Feed::ALL {
            for body in [body.as_slice(), text.as_bytes()] {
                let answer = read_all(feed, Limits::default(), &[body]);
                prop_assert!(answer.map_or(true, |batch| batch.refused() == batch.rows.len()));
            }
        }
    }
}

/// Fields of each feed beyond the person core, required ones first (`FEEDS.md`).
const FIELDS: [(Feed, &str, &str); 6] = [
    (
        AnggotaKeluarga,
        "id_keluarga",
        "id_dtsen no_peserta_pkh hubungan_keluarga status_perkawinan pekerjaan desil program komponen_pkh \
         status_kepesertaan status_padan_dukcapil tgl_meninggal alasan_nonaktif nama_pendamping",
    ),
    (
        PesertaDidik,
        "npsn jenjang status_siswa",
        "nisn nama_sekolah kelas nama_ayah nik_ayah nik_ibu nik_wali nomor_kip penerima_kps_pkh layak_pip pip_status \
         pip_tahun pip_nominal kehadiran_persen",
    ),
    (KepesertaanJkn, "no_jkn segmen status_jkn", "faskes_tk1 tgl_mulai tgl_nonaktif tgl_meninggal"),
    (
        LayananKia,
        "jenis",
        "hpht hpl tgl_anc_terakhir anc_ke tgl_ukur berat_kg tinggi_cm posyandu nik_ibu status_gizi imunisasi_lengkap \
         ragam derajat",
    ),
    (
        Rekening,
        "kode_bank no_rekening status_rekening",
        "cif jenis_rekening no_kks_akhir4 kks_diserahkan tgl_serah_kks",
    ),
    (
        Penyaluran,
        "kode_bank no_rekening program periode nominal status_salur",
        "tgl_topup kode_gagal tgl_transaksi_terakhir",
    ),
];
const CORE: &str = "id_sumber tgl_data hapus nik no_kk nama tempat_lahir tanggal_lahir jenis_kelamin nama_ibu_kandung \
                    alamat rt rw kode_desa kode_kecamatan no_hp";

#[test]
fn the_schemas_have_the_fields_of_the_feed_contracts() {
    for (feed, required, further) in FIELDS {
        let core = if feed.describes_person() { CORE } else { "id_sumber tgl_data" };
        let name = if feed.describes_person() { "nama" } else { "" };
        let words = |text: &[&str]| -> BTreeSet<String> {
            text.iter().flat_map(|part| part.split_whitespace()).map(str::to_owned).collect()
        };
        let schema: Value = serde_json::from_str(schema_text(feed)).unwrap();
        let found: BTreeSet<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(found, words(&[core, required, further]), "{feed}");
        let smallest: BTreeSet<String> = smallest(feed).as_object().unwrap().keys().cloned().collect();
        assert_eq!(smallest, words(&["id_sumber tgl_data", name, required]), "{feed}");
        assert!(one(feed, self::smallest(feed).to_string()).is_ok(), "{feed}");
        for field in smallest {
            let refused = one(feed, with(feed, &json!({field.as_str(): null}).to_string())).expect_err(&field);
            let reasons: Vec<_> = refused.kesalahan.iter().map(|e| format!("{} {}", e.pointer, e.code)).collect();
            assert_eq!(reasons, [format!("/{field} REQUIRED")], "{feed}");
        }
    }
}

fn walk(value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                visit(key, inner);
                walk(inner, visit);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_schemas_are_schemas_in_two_languages_and_every_pattern_has_its_words() {
    let mut patterns = BTreeSet::new();
    for text in Feed::ALL.map(schema_text).into_iter().chain([PERSON_SCHEMA]) {
        let schema: Value = serde_json::from_str(text).unwrap();
        assert!(jsonschema::draft202012::meta::is_valid(&schema));
        walk(&schema, &mut |key, inner| match (key, inner.as_str()) {
            ("title" | "description", Some(words)) => assert!(words.contains(" / "), "one language only: {words}"),
            ("pattern", Some(pattern)) => {
                patterns.insert(pattern.to_owned());
            }
            _ => {}
        });
    }
    let known: BTreeSet<String> = PATTERNS.iter().map(|(pattern, _, _)| (*pattern).to_owned()).collect();
    assert_eq!(patterns, known);
}

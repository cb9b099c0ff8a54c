//! Laws over random bytes; the fuzzer goes on where these end.

use proptest::prelude::*;

use super::twins;

/// Bytes that mean something to a reader of CSV, more often than chance has it.
fn csv_bytes() -> impl Strategy<Value = Vec<u8>> {
    let sign = prop_oneof![
        6 => prop::sample::select(b"\",;\t\n\r |a1=".to_vec()),
        1 => any::<u8>(),
    ];
    (prop::sample::select(vec!["id,a\n", "", "id;a;\r\n", "sep=;\n"]), prop::collection::vec(sign, 0..60))
        .prop_map(|(start, rest)| [start.as_bytes(), &rest].concat())
}

fn json_line() -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec![
        "1",
        "-0",
        "1.0",
        "12345678901234567890",
        "1e5",
        "9301010503800004.0",
        "true",
        "null",
        "\"a\"",
        "\" \\u00e9\"",
        "[1,\"b\",[]]",
        "{\"x\":1}",
        "tru",
        "\"",
        "",
        "\"\\ud800\"",
    ]);
    prop::collection::vec((prop::sample::select(vec!["id", "a", "b", "\\u0061", ""]), value), 0..4).prop_map(|pairs| {
        let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", pairs.join(","))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn csv_written_again_is_the_same(bytes in csv_bytes()) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        twins::check_csv(dir.path(), &bytes);
    }

    #[test]
    fn json_is_what_serde_json_finds(lines in prop::collection::vec(json_line(), 0..4)) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        twins::check_ndjson(dir.path(), lines.join("\n").as_bytes());
    }
}

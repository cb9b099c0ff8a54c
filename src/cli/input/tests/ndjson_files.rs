use super::*;

#[test]
fn json_is_read_as_it_is_written() {
    type Case = (&'static str, &'static str, InputOptions, &'static [&'static str]);
    let cases: &[Case] = &[
        (
            "types of JSON",
            "{\"id\":7,\"n\":-3,\"f\":1.5,\"b\":true,\"z\":null,\"l\":[\"x\",null,2,\"\",[\"y\"]],\"o\":{\"a\":1},\"e\":[]}\n\n",
            InputOptions::default(),
            &["7: id=7 n=-3 f=1.5 b=true l=x;2;y"],
        ),
        (
            "other id, escapes, last line without an end",
            "{\"k\":\"a\\\"\\u00e9\",\"x\":\" y \"}\n{\"x\":\"z\",\"k\":\"b\"}",
            id("k"),
            &["a\"\u{e9}: k=a\"\u{e9} x=y", "b: k=b x=z"],
        ),
        (
            "numbers keep their digits, and others cannot be taken for digits",
            "{\"id\":12345678901234567890,\"a\":9301010503800003,\"b\":9301010503800004.0,\"c\":8123456789.0,\"d\":8.12346E+11}\n",
            InputOptions::default(),
            &[
                "12345678901234567890: id=12345678901234567890 a=9301010503800003 b=9.301010503800004E15 c=8123456789 d=8.12346E+11",
            ],
        ),
        (
            "lines of Windows, marks, blanks that Unicode has",
            "\u{feff}{\"id\":\"1\u{a0}\",\"a\":\"\u{200b}x\"}\r\n\r\n{\"id\":2}\r\n",
            InputOptions::default(),
            &["1: id=1 a=x", "2: id=2"],
        ),
        (
            "a table of several feeds",
            "{\"id_sumber\":\"A\",\"feed\":\"bank-rekening\",\"nama\":\"N\"}\n{\"feed\":\"f\",\"nama\":\"M\",\"id_sumber\":\"A\"}\n",
            any(&["nama"]),
            &["bank-rekening|A: nama=N", "f|A: nama=M"],
        ),
    ];
    for (name, text, options, wanted) in cases {
        let table = read(&[("a.ndjson", text)], options).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(rows_of(&table), *wanted, "{name}");
    }
}

#[test]
fn bad_json_is_refused_with_its_line() {
    type Case = (&'static str, &'static str, &'static [u8], InputOptions, &'static str);
    let all = InputOptions::default;
    let feed = "bank-rekening.ndjson";
    let cases: &[Case] = &[
        ("comma", "a.ndjson", b"{\"id\":1}\n{\"id\":2,}\n", all(), "2: not JSON (character 9 of the line)"),
        (
            "cut off",
            "a.ndjson",
            b"{\"id\":1}\r\n\r\n{\"id\":2,\"a\":\"x\n",
            all(),
            "3: not JSON (character 14 of the line)",
        ),
        ("two on a line", "a.ndjson", b"{\"id\":1} {\"id\":2}\n", all(), "1: not JSON (character 10 of the line)"),
        ("tail", "a.ndjson", b"{\"id\":1} 5\n", all(), "1: not JSON (character 10 of the line)"),
        ("list", "a.ndjson", b"{\"id\":1}\n[1]\n", all(), "2: a line must be one JSON object"),
        ("a list of all", "a.json", b"[{\"id\":1}]\n", all(), "1: a line must be one JSON object"),
        ("key twice", "a.ndjson", b"{\"id\":1,\"a\":1,\"a\":2}\n", all(), "1: column 'a' has two values"),
        ("id twice", "a.ndjson", b"{\"id\":1,\"id\":2,\"a\":1}\n", all(), "1: column 'id' has two values"),
        ("bytes", "a.ndjson", b"{\"id\":\"\xc3\x28\"}\n", all(), "1: the line is not UTF-8 text"),
        (
            "half of a sign",
            "a.ndjson",
            b"{\"id\":\"\\ud800\"}\n",
            all(),
            "1: a text holds half of a sign (\\ud800 to \\udfff)",
        ),
        ("no id", "a.ndjson", b"{\"id\":1}\n{\"x\":2}\n", all(), "2: the row has no id"),
        (
            "no feed",
            "a.ndjson",
            b"{\"id_sumber\":1,\"feed\":\"f\"}\n{\"id_sumber\":2}\n",
            all(),
            "2: the row has no feed",
        ),
        ("object", "a.ndjson", b"{\"id\":1,\"a\":{\"b\":1}}\n", any(&["a"]), "1: the value of 'a' is an object"),
        (
            "list of objects",
            "a.ndjson",
            b"{\"id\":1,\"a\":[1,{\"b\":1}]}\n",
            any(&["a"]),
            "1: the value of 'a' is an object",
        ),
        (
            "hapus as text",
            feed,
            b"{\"id_sumber\":\"A\"}\n{\"id_sumber\":\"B\",\"hapus\":\"true\"}\n",
            all(),
            "2: `hapus` must be true or false",
        ),
        ("hapus as number", feed, b"{\"id_sumber\":\"A\",\"hapus\":1}\n", all(), "1: `hapus` must be true or false"),
    ];
    for (name, file, bytes, options, wanted) in cases {
        assert_eq!(outcome(&[(file, bytes)], options), Err(format!("{file}:{wanted}")), "{name}");
    }
}

#[test]
fn a_line_without_end_is_not_read_into_memory() {
    let text = vec![b' '; (17 << 20) + 1];
    let error = outcome(&[("a.ndjson", &text)], &InputOptions::default()).err();
    assert!(error.is_some_and(|error| error.ends_with("longer than 16777216 bytes")));
}

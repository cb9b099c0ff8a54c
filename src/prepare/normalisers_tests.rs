use proptest::prelude::*;

use super::*;

const TODAY: Date = Date::constant(2025, 11, 20);

fn read_as(normaliser: &str, format: Option<&str>, raw: &str) -> Value {
    let found = NORMALISERS.iter().find(|known| known.name == normaliser).expect(normaliser);
    let format = super::format(found, format).expect("a format");
    found.value(raw, ReadAs { today: TODAY, format })
}

/// A value as text, to be written in tables.
fn shown(value: &Value) -> String {
    match value {
        Value::Missing => "-".to_owned(),
        Value::Unreadable => "?".to_owned(),
        Value::Text(text) | Value::Code(text) => text.clone(),
        Value::Name(parts) => parts.clean(),
        Value::Digits(digits) => digits.text(),
        Value::Date(day) => format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day()),
        Value::Number(number) => number.to_string(),
        Value::Set(parts) => parts.join(";"),
    }
}

#[test]
fn every_normaliser_has_three_states() {
    for (normaliser, raw, expected) in [
        ("text", " Jl.  Mawar ", "JL. MAWAR"),
        ("text", "...", "-"),
        ("lower", "N\u{303}ANDU\u{301}", "ñandú"),
        ("words", "Nur\u{2bc}aini", "NURAINI"),
        ("words", "李明", "李明"),
        ("code", "8.12346E+11", "?"),
        ("code", "北京", "北京"),
        ("code", "000", "-"),
        ("digits", "0123", "0123"),
        ("digits", "12 34", "1234"),
        ("digits", "12a", "?"),
        ("digits", "12345678901234567890", "?"),
        ("number", "1.500", "?"),
        ("number", "1,5", "1.5"),
        ("rt_rw", "3/5", "?"),
        ("rt_rw", "RT 003", "3"),
        ("list", "a; b ;;Ç", "A;B;C"),
        ("date", "12-04-1990", "1990-04-12"),
        ("date", "12/04/90", "?"),
        ("date", "--", "-"),
        ("nama", "李明", "李明"),
        ("nama", "12345", "?"),
        ("nama", "...", "-"),
        ("nama", "By. Ny. Siti Rohmah", "-"),
        ("ibu_bayi", "By. Ny. Siti Rohmah", "SITI ROHMAH"),
        ("ibu_bayi", "SITI ROHMAH", "-"),
        ("bunyi", "Nguyen Thi Ha", "A NGUYEN TI"),
        ("nik", "3201014107709001", "3201014107709001"),
        ("nik", "3201014107709001.0", "3201014107709001"),
        ("nik", "3.20101E+15", "?"),
        ("nik", "320101010770900A", "?"),
        ("nik", "320101410770900", "-"),
        ("nik_cacat", "320101410770900", "320101410770900"),
        ("nik_cacat", "3201014107709001", "-"),
        ("nik_cacat", "9901015506889001", "9901015506889001"),
        ("nik_lahir", "9901015506889001", "-"),
        ("nik_lahir", "3201051203850001", "1985-03-12"),
        ("nik_lahir", "3201055203850001", "1985-03-12"),
        ("nik_lahir", "3201.0512.0315.0001", "2015-03-12"),
        ("nik_lahir", "320105120385000", "-"),
        ("kk", "3201011503119001", "3201011503119001"),
        ("kk", "320101150311900", "?"),
        ("kk", "0000000000000000", "-"),
        ("nisn", "101234567.0", "0101234567"),
        ("nisn", "10123", "?"),
        ("jkn", "1234567890", "0001234567890"),
        ("npsn", "20200001.0", "20200001"),
        ("rekening", "9.0|1145991884697.0", "0091145991884697"),
        ("rekening", "009|1.14599E+12", "?"),
        ("rekening", "009|000000", "-"),
        ("wilayah", "32.01.05.2008", "3201052008"),
        ("wilayah", "9101012001", "9301012001"),
        ("wilayah", "Cileungsi", "?"),
        ("jenis_kelamin", "Perempuan", "P"),
        ("jenis_kelamin", "L/P", "?"),
        ("telepon", "8123456789.0", "08123456789"),
        ("telepon", "8.12346E+11", "?"),
        ("alamat", "KP. CILEUNGSI RT 003/005", "KAMPUNG CILEUNGSI"),
    ] {
        assert_eq!(shown(&read_as(normaliser, None, raw)), expected, "{normaliser} {raw}");
    }
}

/// Numbers that village programs, forms and tired people make: none is a NIK, and none has a birth date.
#[test]
fn a_made_up_nik_is_nobodys() {
    for raw in [
        "3201050000000001",
        "0120105201000007",
        "3201052010000001",
        "9999990101010001",
        "0320105201000009",
        "9999999999999998",
        "1111111111111112",
        "0000005201000007",
        "3299990101010001",
        "1234567890123457",
    ] {
        assert_eq!(shown(&read_as("nik", None, raw)), "-", "{raw}");
        assert_eq!(shown(&read_as("nik_lahir", None, raw)), "-", "{raw}");
    }
}

#[test]
fn dates_as_written_keep_their_errors() {
    for (normaliser, raw, expected) in [
        ("date", "19901304", "1990-13-04"),
        ("date", "12-04-1990", "?"),
        ("date_or_nik", "1990-02-31", "1990-02-31"),
        ("date_or_nik", "3201051213850001", "1985-13-12"),
    ] {
        assert_eq!(shown(&read_as(normaliser, Some("as_written"), raw)), expected, "{normaliser} {raw}");
    }
    assert_eq!(shown(&read_as("date_or_nik", None, "1990-02-31")), "?");
}

#[test]
fn names_and_formats_that_do_not_exist_are_told() {
    let told = |found: Result<&Normaliser, String>| found.err().expect("refused");
    assert!(told(find("nik_", Kind::Digits)).contains("there are text, lower"));
    assert_eq!(told(find("nik", Kind::Text)), "normaliser 'nik' gives digits, the column is text");
    let date = find("date", Kind::Date).expect("a normaliser");
    assert!(super::format(date, Some("dym")).expect_err("unknown").contains("there are dmy, mdy"));
    assert!(super::format(find("code", Kind::Code).expect("a normaliser"), Some("dmy")).is_err());
}

proptest! {
    #[test]
    fn any_text_is_read(raw in "\\PC{0,24}") {
        for normaliser in NORMALISERS {
            normaliser.value(&raw, ReadAs { today: TODAY, format: Format::Usual });
        }
    }
}

//! The project's vectors for NIK, No. KK and the relation of two NIKs, and the traps of DOMAIN 8 that belong to them.

use proptest::prelude::*;
use serde::Deserialize;

use super::date::{Date, parse_date};
use super::family_card::read_kk;
use super::flag::{FlagCode, Severity};
use super::nik::{nik_relation, read_nik};
use super::region::Regions;
use super::sex::Sex;

const TODAY: Date = Date::constant(2025, 11, 22);

#[derive(Deserialize)]
struct NikVectors {
    as_of: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    raw: String,
    #[serde(alias = "kk")]
    nik: Option<String>,
    severity: String,
    flags: Vec<String>,
    sex: Option<String>,
    #[serde(default)]
    birth_candidates: Vec<String>,
    issued: Option<String>,
    note: String,
}

fn word(severity: Option<Severity>) -> &'static str {
    match severity {
        Some(Severity::Error) => "error",
        Some(Severity::Warn) => "warn",
        Some(Severity::Info) | None => "ok",
    }
}

fn codes(flags: &[FlagCode]) -> Vec<&'static str> {
    flags.iter().map(|flag| flag.code()).collect()
}

#[test]
fn nik_vectors_hold() {
    let file: NikVectors = serde_json::from_str(include_str!("../../tests/data/vectors/nik_vectors.json")).unwrap();
    assert_eq!((parse_date(&file.as_of), file.vectors.len()), (Ok(TODAY), 35));
    for vector in file.vectors {
        let reading = read_nik(&vector.raw, TODAY, Regions::embedded());
        let note = &vector.note;
        assert_eq!(reading.text, vector.nik, "{note}");
        assert_eq!(codes(&reading.flags), vector.flags, "{note}");
        assert_eq!(word(reading.severity()), vector.severity, "{note}");
        let sex = reading.sex.map(|sex| if sex == Sex::Male { "M" } else { "F" });
        assert_eq!(sex, vector.sex.as_deref(), "{note}");
        let births: Vec<_> = reading.births.iter().map(ToString::to_string).collect();
        assert_eq!(births, vector.birth_candidates, "{note}");
        assert_eq!(reading.usable().is_some(), vector.severity != "error", "{note}");
    }
}

#[test]
fn kk_vectors_hold() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("../../tests/data/vectors/kk_vectors.json")).unwrap();
    assert_eq!(vectors.len(), 6);
    for vector in vectors {
        let reading = read_kk(&vector.raw, TODAY);
        let note = &vector.note;
        assert_eq!(reading.text, vector.nik, "{note}");
        assert_eq!(codes(&reading.flags), vector.flags, "{note}");
        assert_eq!(word(reading.severity()), vector.severity, "{note}");
        assert_eq!(reading.issued.map(|date| date.to_string()), vector.issued, "{note}");
    }
}

#[test]
fn relation_vectors_hold_both_ways() {
    let mut lines = include_str!("../../tests/data/vectors/nik_relation_vectors.csv").lines();
    assert_eq!(lines.next(), Some("a,b,relation"));
    let mut count = 0;
    for line in lines {
        let columns: Vec<_> = line.split(',').collect();
        assert_eq!(nik_relation(columns[0], columns[1]).code(), columns[2], "{line}");
        assert_eq!(nik_relation(columns[1], columns[0]).code(), columns[2], "{line}");
        count += 1;
    }
    assert_eq!(count, 12);
}

#[test]
fn trap_7_and_8_an_old_prefix_is_no_error() {
    let prefix_of_tanggamus = read_nik("1806014505999001", TODAY, Regions::embedded());
    assert_eq!(codes(&prefix_of_tanggamus.flags), [""; 0]);
    let merauke = read_nik("9101015506889001", TODAY, Regions::embedded());
    assert_eq!(merauke.flags, [FlagCode::RegionRetired]);
    assert_eq!(merauke.severity(), None);
    assert!(merauke.usable().is_some());
}

#[test]
fn trap_10_scientific_notation_is_never_repaired() {
    for raw in ["3.20101E+15", "3,20101e15", "3.2010141077090E+15", " 3.20101E+15 ", "3E15", "'3.20101E+15"] {
        let nik = read_nik(raw, TODAY, Regions::embedded());
        assert_eq!((nik.text.as_deref(), nik.flags.as_slice()), (None, &[FlagCode::ExcelScientific][..]), "{raw}");
        assert!(nik.usable().is_none() && nik.comparable().is_none());
        let kk = read_kk(raw, TODAY);
        assert_eq!((kk.text.as_deref(), kk.flags.first()), (None, Some(&FlagCode::ExcelScientific)), "{raw}");
    }
}

/// A number and a small change of it: random pairs alone would nearly always be `DIFFERENT`.
fn near_pair() -> impl Strategy<Value = (String, String)> {
    ("[0-9]{16}", 0..16usize, 0..16usize, 0..10u8, 0..6u8).prop_map(|(a, i, j, digit, kind)| {
        let mut b: Vec<u8> = a.clone().into_bytes();
        match kind {
            0 => b[i] = b'0' + digit,
            1 => b.swap(i, j),
            2 => {
                b.remove(i);
            }
            3 => b.insert(i, b'0' + digit),
            4 => b[6] = b'0' + (b[6] - b'0' + 4) % 10,
            _ => b.rotate_left(i),
        }
        (a, String::from_utf8(b).unwrap_or_default())
    })
}

proptest! {
    #[test]
    fn relation_is_symmetric((a, b) in near_pair()) {
        prop_assert_eq!(nik_relation(&a, &b), nik_relation(&b, &a));
        prop_assert_eq!(nik_relation(&a, &a).code(), "EXACT");
    }

    #[test]
    fn any_text_is_read_without_a_panic(a in "\\PC{0,20}", b in "\\PC{0,20}") {
        prop_assert_eq!(nik_relation(&a, &b), nik_relation(&b, &a));
        let nik = read_nik(&a, TODAY, Regions::embedded());
        prop_assert_eq!(nik.usable().is_some(), nik.text.is_some() && nik.severity() != Some(Severity::Error));
        let kk = read_kk(&a, TODAY);
        prop_assert!(kk.usable().is_none_or(|digits| digits.len() == 16));
    }
}

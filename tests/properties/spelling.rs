//! Other ways to write the same value, as clerks, spreadsheets and telephones write it.

use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use crate::rows::{Row, fields};

/// A kind of difference that must not make one.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// The fields it is about.
    fields: &'static [&'static str],
    /// Writes a value another way; the same text where the kind does not fit it.
    write: fn(&str, &mut ChaCha8Rng) -> String,
}

const TEXTS: &[&str] = &["nama", "nama_ibu_kandung", "alamat", "tempat_lahir"];
const DATES: &[&str] = &["tanggal_lahir", "tgl_meninggal", "tgl_ukur", "tgl_anc_terakhir", "tgl_data"];
const NUMBERS: &[&str] = &["nik", "no_kk", "nisn", "no_jkn", "no_hp", "no_rekening", "kode_desa", "kode_kecamatan"];
const EVERYTHING: &[&str] = &[
    "nama",
    "nama_ibu_kandung",
    "alamat",
    "tempat_lahir",
    "tanggal_lahir",
    "nik",
    "no_kk",
    "nisn",
    "no_jkn",
    "no_hp",
    "kode_desa",
    "rt",
    "rw",
    "jenis_kelamin",
    "status_padan_dukcapil",
];

pub(crate) const KINDS: &[Kind] = &[
    Kind { name: "blanks around", fields: EVERYTHING, write: |text, _| format!(" {text}\u{a0} ") },
    Kind { name: "blanks within", fields: TEXTS, write: blanks },
    Kind { name: "invisible signs", fields: TEXTS, write: invisible },
    Kind { name: "apostrophes", fields: TEXTS, write: apostrophes },
    Kind { name: "wide letters", fields: TEXTS, write: wide },
    Kind { name: "decomposed letters", fields: TEXTS, write: |text, _| text.nfd().collect() },
    Kind { name: "small letters", fields: TEXTS, write: |text, _| text.to_lowercase() },
    Kind { name: "dates", fields: DATES, write: date },
    Kind { name: "signs between digits", fields: NUMBERS, write: signs },
    Kind { name: "point and nought", fields: NUMBERS, write: point },
    Kind { name: "lost noughts", fields: &["nisn", "no_jkn", "kode_bank", "rt", "rw"], write: lost },
    Kind { name: "whole numbers as decimals", fields: &["rt", "rw"], write: point },
    Kind { name: "sex in words", fields: &["jenis_kelamin"], write: sex },
];

/// Words for nothing.
const NOTHING: [&str; 6] = ["", "-", "NULL", "n/a", "tidak ada", "nan"];

/// The rows with about half of their values written another way, in these kinds.
pub(crate) fn respelled(rows: &[Row], kinds: &[Kind], random: &mut ChaCha8Rng) -> Vec<Row> {
    rows.iter().map(|row| one(row, kinds, random)).collect()
}

fn one(row: &Row, kinds: &[Kind], random: &mut ChaCha8Rng) -> Row {
    let mut other = row.clone();
    for kind in kinds {
        for field in kind.fields {
            if let Some(text) = other.text(field).filter(|_| random.random_bool(0.5)) {
                let text = (kind.write)(text, random);
                other.set(field, &text);
            }
        }
    }
    other
}

/// The rows with words for nothing where there is nothing.
pub(crate) fn with_words_for_nothing(rows: &[Row], random: &mut ChaCha8Rng) -> Vec<Row> {
    let one = |row: &Row| {
        let mut other = row.clone();
        for field in fields().iter().filter(|field| *field != "tgl_data") {
            if row.fields.get(field).is_none_or(Value::is_null) {
                other.set(field, NOTHING.choose(random).expect("one of them"));
            }
        }
        other
    };
    rows.iter().map(one).collect()
}

fn blanks(text: &str, random: &mut ChaCha8Rng) -> String {
    text.replace(' ', ["  ", "\u{a0}", "\u{2003}", " \t"].choose(random).expect("one of them"))
}

/// Between two letters: elsewhere an invisible sign may stand for a blank.
fn invisible(text: &str, random: &mut ChaCha8Rng) -> String {
    let sign = *['\u{200b}', '\u{ad}', '\u{2060}', '\u{feff}', '\u{200d}'].choose(random).expect("one of them");
    let letters: Vec<char> = text.chars().collect();
    let between = |at: &usize| letters[*at - 1].is_ascii_alphabetic() && letters[*at].is_ascii_alphabetic();
    let places: Vec<usize> = (1..letters.len()).filter(between).collect();
    let Some(place) = places.choose(random) else { return text.to_owned() };
    letters[..*place].iter().chain([&sign]).chain(&letters[*place..]).collect()
}

fn apostrophes(text: &str, random: &mut ChaCha8Rng) -> String {
    let sign = ['\u{2019}', '\u{2018}', '\u{2bc}', '\u{b4}', '`', '\u{2032}'].choose(random).expect("one of them");
    text.replace('\'', &sign.to_string())
}

fn wide(text: &str, _: &mut ChaCha8Rng) -> String {
    let wide = |sign: char| match sign {
        'A'..='Z' | 'a'..='z' => char::from_u32(u32::from(sign) + 0xfee0).expect("a wide letter"),
        other => other,
    };
    text.chars().map(wide).collect()
}

fn date(text: &str, random: &mut ChaCha8Rng) -> String {
    let parts: Vec<&str> = text.split('-').collect();
    let &[year, month, day] = parts.as_slice() else { return text.to_owned() };
    let is_date = |part: &str, digits: usize| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_date(year, 4) || !is_date(month, 2) || !is_date(day, 2) {
        return text.to_owned();
    }
    let short = |part: &str| part.trim_start_matches('0').to_owned();
    match random.random_range(0..8) {
        0 => format!("{day}-{month}-{year}"),
        1 => format!("{day}.{month}.{year}"),
        2 => format!("{}/{}/{year}", short(day), short(month)),
        3 => format!("{year}-{}-{}", short(month), short(day)),
        4 => format!("{text} 00:00:00"),
        5 => format!("{text}T00:00:00+07:00"),
        6 => format!("{year}{month}{day}"),
        _ => format!("{text}T00:00:00.000"),
    }
}

fn digits_only(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn signs(text: &str, random: &mut ChaCha8Rng) -> String {
    if !digits_only(text) || text.len() < 6 {
        return text.to_owned();
    }
    let sign = [" ", "-", ".", "\u{a0}"].choose(random).expect("one of them");
    // A point in one place only could be a decimal point.
    let (first, second, third) = (&text[..2], &text[2..4], &text[4..]);
    format!("{first}{sign}{second}{sign}{third}")
}

fn point(text: &str, _: &mut ChaCha8Rng) -> String {
    if digits_only(text) { format!("{text}.0") } else { text.to_owned() }
}

/// What a spreadsheet makes of a number with noughts in front, where its length says how many there were.
fn lost(text: &str, _: &mut ChaCha8Rng) -> String {
    let is_whole = digits_only(text) && matches!(text.len(), 3 | 10 | 13) && text.bytes().any(|byte| byte != b'0');
    if is_whole { text.trim_start_matches('0').to_owned() } else { text.to_owned() }
}

fn sex(text: &str, _: &mut ChaCha8Rng) -> String {
    match text {
        "L" => "Laki-laki".to_owned(),
        "P" => "Perempuan".to_owned(),
        other => other.to_owned(),
    }
}

//! The sample world as tables: the rows of all six feeds come back as they were.

use std::path::Path;

use serde_json::Map;

use super::super::kind::{Kind, field_of, fields_of};
use super::*;
use crate::domain::region::Regions;
use crate::feed::reread;

/// The rows of a feed, without texts that say nothing: a table cannot tell those from empty cells.
fn rows_of(feed: Feed) -> Vec<Map<String, Value>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/kab-sampel/{feed}.ndjson"));
    let text = std::fs::read_to_string(path).unwrap();
    let object = |line: &str| {
        let Value::Object(mut object) = object(line) else { panic!("a row is an object") };
        object.retain(|_, value| !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty()));
        object
    };
    text.lines().map(object).collect()
}

fn compare(feed: Feed, mapper: &Mapper, table: &[TableRow], rows: &[Map<String, Value>]) {
    assert!(rows.len() > 300);
    for (cells, row) in table.iter().zip(rows) {
        let made = mapper
            .row(cells)
            .unwrap_or_else(|line| panic!("{feed} row {}: {:?}", cells.number, line.kesalahan))
            .unwrap();
        let wanted = reread(feed, &Value::Object(row.clone()).to_string()).unwrap();
        assert!(reread(feed, &made).unwrap() == wanted, "{feed} row {}", cells.number);
    }
}

/// A value as a CSV file of ours has it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join("; "),
        Value::Object(fields) => fields.values().map(plain).collect::<Vec<_>>().join(" "),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

#[test]
fn rows_come_back_from_columns_with_the_names_of_the_fields() {
    for feed in Feed::ALL {
        let rows = rows_of(feed);
        let headings: Vec<String> = fields_of(feed).iter().map(|field| field.name.clone()).collect();
        let mut mapping = Mapping::empty(feed);
        mapping.id.columns = texts(&["id_sumber"]);
        mapping.fields = headings[1..].iter().map(|name| (name.clone(), Source::column(name))).collect();
        let mapper = mapping.compile(&headings, context()).unwrap();
        let cells = |row: &Map<String, Value>| {
            headings.iter().map(|name| text(&row.get(name).map(plain).unwrap_or_default())).collect()
        };
        let table: Vec<TableRow> =
            rows.iter().enumerate().map(|(at, row)| TableRow { number: at as u64 + 2, cells: cells(row) }).collect();
        compare(feed, &mapper, &table, &rows);
        // The same table, and nothing known of it but its headings.
        let draft = guess(feed, &headings, &table[..200], None, context());
        assert!(draft.is_ready(), "{feed}: {:?}", draft.problems);
        compare(feed, &draft.mapping.compile(&headings, context()).unwrap(), &table, &rows);
    }
}

/// What an operator calls the fields.
const HEADINGS: &[(&str, &str)] = &[
    ("id_sumber", "ID Anggota"),
    ("tgl_data", "Tgl Update"),
    ("nik", "NIK KTP"),
    ("no_kk", "Nomor Kartu Keluarga"),
    ("nama", "Nama Lengkap"),
    ("tempat_lahir", "Tempat Lahir"),
    ("tanggal_lahir", "Tgl Lahir"),
    ("jenis_kelamin", "L/P"),
    ("nama_ibu_kandung", "Nama Ibu"),
    ("alamat", "Alamat Rumah"),
    ("rt", "RT"),
    ("rw", "RW"),
    ("no_hp", "No. Telp"),
    ("id_keluarga", "ID KPM"),
    ("hubungan_keluarga", "SHDK"),
    ("status_perkawinan", "Status Kawin"),
    ("program", "Bansos"),
    ("komponen_pkh", "Komponen"),
    ("nisn", "NISN"),
    ("npsn", "NPSN Sekolah"),
    ("nama_sekolah", "Asal Sekolah"),
    ("penerima_kps_pkh", "Penerima KPS/PKH"),
    ("kehadiran_persen", "Kehadiran (%)"),
    ("no_jkn", "No BPJS"),
    ("faskes_tk1", "FKTP"),
    ("tgl_mulai", "TMT"),
    ("berat_kg", "BB (kg)"),
    ("tinggi_cm", "TB (cm)"),
    ("no_rekening", "No. Rek"),
    ("nominal", "Jumlah (Rp)"),
    ("periode", "Tahap"),
    ("kode_bank", "Kode Bank"),
];

fn heading(field: &str) -> String {
    HEADINGS
        .iter()
        .find(|(name, _)| *name == field)
        .map_or_else(|| field.replace('_', " "), |(_, heading)| (*heading).to_owned())
}

/// A value as an operator in Indonesia has it.
fn written(feed: Feed, field: &str, value: &Value) -> String {
    match (&field_of(feed, field).unwrap().kind, value) {
        (Kind::Date, Value::String(text)) => {
            let parts: Vec<&str> = text.split('-').collect();
            format!("{}/{}/{}", parts[2], parts[1], parts[0])
        }
        (_, Value::String(text)) if field == "jenis_kelamin" => {
            if text == "L" { "Laki-laki" } else { "Perempuan" }.to_owned()
        }
        (_, Value::Number(number)) if field == "hubungan_keluarga" => match number.as_u64() {
            Some(1) => "Kepala Keluarga".to_owned(),
            Some(3) => "Istri".to_owned(),
            Some(4) => "ANAK".to_owned(),
            _ => number.to_string(),
        },
        (_, Value::Number(number)) if field == "nominal" => {
            let thousands = number.as_u64().unwrap();
            if thousands % 1_000 == 0 && thousands < 1_000_000 {
                format!("Rp {}.000", thousands / 1_000)
            } else {
                number.to_string()
            }
        }
        (Kind::Decimal, Value::Number(number)) => number.to_string().replace('.', ","),
        (_, Value::Bool(yes)) => if *yes { "Ya" } else { "Tidak" }.to_owned(),
        (_, value) => plain(value),
    }
}

/// Names of the village and the district of a row; where the code is none of the tables, the code.
fn named(row: &Map<String, Value>) -> [String; 2] {
    let regions = Regions::embedded();
    let code = |field: &str| row.get(field).and_then(Value::as_str);
    let district = |code: &str| format!("Kec. {}", regions.name(code).unwrap_or(code));
    match (code("kode_desa"), code("kode_kecamatan")) {
        (Some(village), _) => match regions.name(village) {
            Some(name) => [name.to_uppercase(), district(&village[..6])],
            None => [village.to_owned(), String::new()],
        },
        (None, Some(code)) => {
            [String::new(), if regions.name(code).is_some() { district(code) } else { code.to_owned() }]
        }
        (None, None) => [String::new(), String::new()],
    }
}

#[test]
fn rows_come_back_from_headings_words_and_names_of_an_operator() {
    for feed in Feed::ALL {
        let rows = rows_of(feed);
        let of_places = |name: &str| matches!(name, "kode_desa" | "kode_kecamatan");
        let fields: Vec<&str> =
            fields_of(feed).iter().map(|f| f.name.as_str()).filter(|name| !of_places(name)).collect();
        let mut headings: Vec<String> =
            std::iter::once("No.".to_owned()).chain(fields.iter().map(|name| heading(name))).collect();
        if feed.describes_person() {
            headings.extend(texts(&["Desa/Kelurahan", "Kecamatan"]));
        }
        let table: Vec<TableRow> = rows
            .iter()
            .enumerate()
            .map(|(at, row)| {
                let value = |name: &&str| row.get(*name).map(|value| written(feed, name, value)).unwrap_or_default();
                let mut cells: Vec<Cell> =
                    std::iter::once((at + 1).to_string()).chain(fields.iter().map(value)).map(Cell::Text).collect();
                if feed.describes_person() {
                    cells.extend(named(row).map(Cell::Text));
                }
                TableRow { number: at as u64 + 2, cells }
            })
            .collect();
        let mut draft = guess(feed, &headings, &table, None, context());
        assert!(draft.is_ready(), "{feed}: {:?}", draft.problems);
        let open = draft.questions.clone();
        for question in &open {
            assert!(
                matches!(question.kind, QuestionKind::AmbiguousPlace | QuestionKind::UnknownPlace),
                "{feed}: {question:?}"
            );
            assert_eq!(question.more, 0);
            for value in &question.values {
                let truth =
                    rows.iter().find(|row| named(row).join(" / ").trim_matches([' ', '/']) == value.shown).unwrap();
                let code = truth.get("kode_desa").or(truth.get("kode_kecamatan")).and_then(Value::as_str).unwrap();
                draft.mapping.choose(question, &value.shown, code);
            }
        }
        let mapper = draft.mapping.compile(&headings, context()).unwrap();
        compare(feed, &mapper, &table, &rows);
        let again = guess(feed, &headings, &table[..50], Some(&draft.mapping), context());
        assert_eq!((again.mapping, again.problems, again.questions), (draft.mapping, Vec::new(), Vec::new()), "{feed}");
    }
}

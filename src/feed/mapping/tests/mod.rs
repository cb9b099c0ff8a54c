//! What becomes of cells, of mappings and of whole tables.

use serde_json::{Value, json};

use super::*;
use crate::domain::batch::ReceiptLine;
use crate::domain::date::Date;
use crate::domain::feed::Feed;
use crate::feed::Context;
use crate::feed::cell::{Cell, TableRow};

mod cells;
mod guessing;
mod laws;
mod pushed;
mod samples;

fn context() -> Context {
    Context::on(Date::constant(2025, 11, 20))
}

fn texts(headings: &[&str]) -> Vec<String> {
    headings.iter().map(|heading| (*heading).to_owned()).collect()
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn row(number: u64, cells: &[&str]) -> TableRow {
    TableRow { number, cells: cells.iter().map(|cell| text(cell)).collect() }
}

/// A small table of members of families, and a mapping for it.
fn members() -> (Mapping, Vec<String>, Vec<TableRow>) {
    let mut mapping = Mapping::empty(Feed::AnggotaKeluarga);
    mapping.id.columns = texts(&["ID KPM", "NIK"]);
    mapping.left_out.insert("No".to_owned());
    for (field, heading) in
        [("nik", "NIK"), ("nama", "Nama Lengkap"), ("id_keluarga", "ID KPM"), ("jenis_kelamin", "L/P")]
    {
        mapping.fields.insert(field.to_owned(), Source::column(heading));
    }
    mapping.fields.insert("tgl_data".to_owned(), Source::constant("2025-11-20"));
    for (field, part) in [("tempat_lahir", Part::Place), ("tanggal_lahir", Part::Date)] {
        mapping.fields.insert(field.to_owned(), Source::part("TTL", part));
    }
    let headings = texts(&["No", "ID KPM", "NIK", "Nama Lengkap", "L/P", "TTL"]);
    let rows = vec![
        row(5, &["1", "K1", "3201014107709001", "SITI AMINAH", "P", "BOGOR, 12-03-1984"]),
        row(6, &["2", "K1", "3201010107709002", "UDIN", "l", "Bogor, 1 Januari 70"]),
        row(7, &["3", "K2", "3201010107709003", "ASEP", "", ""]),
    ];
    (mapping, headings, rows)
}

fn object(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn codes(line: &ReceiptLine) -> Vec<(&str, &str)> {
    line.kesalahan.iter().map(|error| (error.pointer.as_str(), error.code.as_str())).collect()
}

#[test]
fn a_table_becomes_rows_of_the_feed() {
    let (mapping, headings, rows) = members();
    let mapper = mapping.compile(&headings, context()).unwrap();
    let made: Vec<String> = rows.iter().map(|row| mapper.row(row).unwrap().unwrap()).collect();
    assert_eq!(
        made[0],
        r#"{"id_sumber":"K1-3201014107709001","tgl_data":"2025-11-20","nik":"3201014107709001","nama":"SITI AMINAH","tempat_lahir":"BOGOR","tanggal_lahir":"1984-03-12","jenis_kelamin":"P","id_keluarga":"K1"}"#
    );
    assert_eq!(object(&made[1])["tanggal_lahir"], json!("1970-01-01"));
    assert_eq!(object(&made[1])["jenis_kelamin"], json!("L"));
    assert!(object(&made[2]).get("tanggal_lahir").is_none());
    // Prepared rows with nothing but a number, and rows without any cell.
    assert_eq!(mapper.row(&row(8, &["4", "", " "])), Ok(None));
    assert_eq!(mapper.row(&TableRow::default()), Ok(None));
}

#[test]
fn all_that_is_wrong_with_a_row_is_told_together_with_its_number() {
    let (mapping, headings, mut rows) = members();
    let mapper = mapping.compile(&headings, context()).unwrap();
    let bad = &mut rows[0];
    bad.cells[2] = Cell::Number(3_201_014_107_709_001.0);
    bad.cells[3] = Cell::Empty;
    bad.cells[4] = text("Perempuan");
    bad.cells[5] = text("BOGOR, 31-02-1984");
    let line = mapper.row(bad).unwrap_err();
    assert_eq!(line.baris, 5);
    let wanted = [
        ("/id_sumber", "NUMERIC_CELL"),
        ("/jenis_kelamin", "UNMAPPED_VALUE"),
        ("/nama", "REQUIRED"),
        ("/nik", "NUMERIC_CELL"),
        ("/tanggal_lahir", "NO_SUCH_DAY"),
    ];
    assert_eq!(codes(&line), wanted);
    let columns: Vec<Option<usize>> = line.kesalahan.iter().map(|error| mapper.column_of(&error.pointer)).collect();
    assert_eq!(columns, [Some(1), Some(4), Some(3), Some(2), Some(5)]);
    assert_eq!(mapper.column_of("/tgl_data"), None);
    assert_eq!(mapper.column_of(""), None);
    let told = format!("{line:?}");
    assert!(!told.contains("Perempuan") && !told.contains("BOGOR") && !told.contains("3201"), "{told}");
}

#[test]
fn a_row_is_shown_as_it_is_understood() {
    let (mapping, headings, rows) = members();
    let mapper = mapping.compile(&headings, context()).unwrap();
    let shown = mapper.shown(&rows[0]);
    let find = |field: &str| shown.iter().find(|shown| shown.field == field).unwrap();
    assert_eq!(find("tanggal_lahir").value.as_deref(), Some("1984-03-12"));
    assert_eq!((find("tanggal_lahir").column, find("tgl_data").column), (Some(5), None));
    assert!(!format!("{shown:?}").contains("SITI"));
}

#[test]
fn a_mapping_that_does_not_fit_says_why() {
    let (good, headings, _) = members();
    let check = |change: fn(&mut Mapping), headings: &[String], wanted: &str| {
        let mut mapping = good.clone();
        change(&mut mapping);
        let problems = mapping.problems(headings, context());
        let told = format!("{problems:?}");
        assert!(told.contains(wanted), "{wanted}: {told}");
        assert!(problems.iter().all(|problem| !problem.pesan().is_empty() && !problem.to_string().is_empty()));
        assert_eq!(mapping.compile(headings, context()).unwrap_err(), problems[0]);
    };
    check(|m| m.id.columns.clear(), &headings, "NoId");
    check(|m| m.id.columns = texts(&["No."]), &headings, "RunningNumber");
    check(|m| m.id.columns = texts(&["nomor urut", "NIK"]), &headings, "RunningNumber");
    check(|m| m.left_out.clear(), &headings, "Undecided");
    check(|_| (), &headings[..5], "MissingHeading");
    check(|_| (), &[&headings[..], &texts(&["nik"])].concat(), "HeadingTwice");
    check(|m| drop(m.fields.remove("nama")), &headings, "Required");
    check(|m| drop(m.fields.insert("nisn".into(), Source::column("NIK"))), &headings, "UnknownField");
    check(|m| drop(m.fields.insert("alamat".into(), Source::default())), &headings, "Source");
    check(|m| drop(m.fields.insert("rt".into(), Source::part("TTL", Part::Place))), &headings, "Part");
    check(|m| drop(m.fields.insert("desil".into(), Source::constant("banyak"))), &headings, "Value");
    check(
        |m| drop(m.fields.get_mut("jenis_kelamin").unwrap().values.insert("X".into(), "Q".into())),
        &headings,
        "Value",
    );
    check(|m| m.place = Some(PlaceSource::default()), &headings, "NoPlaceColumn");
    check(
        |m| {
            m.place = Some(PlaceSource {
                village: Some("TTL".into()),
                within: Some("9999".into()),
                ..PlaceSource::default()
            });
        },
        &headings,
        "UnknownCode",
    );
    check(
        |m| {
            m.place = Some(PlaceSource {
                village: Some("TTL".into()),
                within: Some("3201".into()),
                ..PlaceSource::default()
            });
            m.fields.insert("kode_desa".into(), Source::column("TTL"));
        },
        &headings,
        "FilledTwice",
    );
}

#[test]
fn the_example_of_the_documentation_is_a_mapping() {
    let doc = include_str!("../../../../docs/mapping.md");
    let example = doc.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let mapping = Mapping::from_toml(example).unwrap();
    let headings = texts(&[
        "No",
        "ID KPM",
        "NIK KTP",
        "Nama Lengkap",
        "TTL",
        "L/P",
        "RT/RW",
        "Desa/Kelurahan",
        "Kecamatan",
        "SHDK",
        "Bansos",
        "Keterangan",
    ]);
    let mapper = mapping.compile(&headings, context()).unwrap();
    let cells = [
        "1",
        "K1",
        "3201014107709001",
        "SITI",
        "BOGOR, 12-03-1984",
        "Perempuan",
        "003/005",
        "Ds. Sukamaju",
        "Kec. Jonggol",
        "Istri",
        "PKH AKTIF 2025-T4; SEMBAKO AKTIF",
        "pindah",
    ];
    let made = object(&mapper.row(&row(2, &cells)).unwrap().unwrap());
    let wanted = json!({"id_sumber": "K1-3201014107709001", "tgl_data": "2025-11-20", "nik": "3201014107709001", "nama": "SITI",
        "tempat_lahir": "BOGOR", "tanggal_lahir": "1984-03-12", "jenis_kelamin": "P", "rt": "003", "rw": "005",
        "kode_desa": "3201062001", "id_keluarga": "K1", "hubungan_keluarga": 3,
        "program": [{"kode": "PKH", "status": "AKTIF", "periode": "2025-T4"}, {"kode": "SEMBAKO", "status": "AKTIF"}]});
    assert_eq!(made, wanted);
    // Equal mappings have one text, and the text is the mapping.
    assert_eq!(Mapping::from_toml(&mapping.to_toml()).unwrap(), mapping);
    let as_json = serde_json::to_string(&mapping).unwrap();
    assert_eq!(serde_json::from_str::<Mapping>(&as_json).unwrap().to_toml(), mapping.to_toml());
    for codes in crate::feed::ErrorCode::OF_TABLES {
        assert!(doc.contains(&format!("`{}`", codes.code())), "{codes:?} is documented");
    }
}

#[test]
fn a_text_that_is_no_mapping_is_refused() {
    let head = "version = 1\nfeed = \"bank-rekening\"\n";
    for (text, wanted) in [
        (format!("{head}[id]\ncolumns = []\nkolom = 1\n"), "cannot be read"),
        (format!("{head}banyak = 1\n[id]\ncolumns = []\n"), "cannot be read"),
        ("version = 2\nfeed = \"bank-rekening\"\n[id]\ncolumns = []\n".to_owned(), "version 2"),
        (format!("{head}#{}\n", "x".repeat(Mapping::MOST_BYTES)), "longer"),
    ] {
        let error = Mapping::from_toml(&text).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
}

use super::*;
use crate::domain::feed::Feed;
use crate::sheet::fields::{Field, Shape, fields};

fn book(bytes: Vec<u8>) -> Opened {
    opened("a.xlsx", bytes.into()).expect("what is written is read")
}

/// A part of a workbook as text.
fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("a workbook");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut archive.by_name(name).expect("the part"), &mut text).expect("text");
    text
}

#[test]
fn every_feed_has_a_template_that_reads_as_its_fields() {
    for feed in Feed::ALL {
        let bytes = template(feed).expect("a template");
        assert_eq!(bytes, template(feed).expect("a template"), "{feed}: the same bytes each time");
        let mut opened = book(bytes.clone());
        let names: Vec<String> = opened.tables().iter().map(TableInfo::name).collect();
        assert_eq!(names, [feed.name(), "Petunjuk"]);
        let fields = fields(feed);
        let heading = opened.heading_row(0).expect("rows").expect("a heading");
        let wanted: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(
            (heading.row, heading.headings.as_slice()),
            (1, wanted.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>().as_slice()),
            "{feed}"
        );
        let rows = opened.first_rows(0, 10).expect("rows");
        assert_eq!(rows.len(), 2, "{feed}: headings and one example");
        assert_eq!(shown(&rows[1].cells[0]), format!("'{EXAMPLE_ID}'"), "{feed}");
        let guide = rows_of(&mut opened, 1).expect("rows");
        assert!(wanted.iter().all(|name| guide.iter().any(|row| row.contains(&format!("'{name}'")))), "{feed}");
    }
}

/// The example row as a sender would push it.
fn example(fields: &[Field]) -> serde_json::Value {
    let value = |field: &Field| {
        let text = field.example();
        let list = |text: &str| text.split(';').map(|one| serde_json::Value::from(one.trim())).collect();
        match &field.shape {
            _ if text.is_empty() => serde_json::Value::Null,
            Shape::Whole { .. } => serde_json::Value::from(text.parse::<i64>().expect("a whole number")),
            Shape::Codes(_) => serde_json::Value::Array(list(&text)),
            Shape::Groups(parts) => {
                let group = |one: &str| {
                    let words = parts.iter().zip(one.split_whitespace());
                    words
                        .map(|(part, word)| (part.name.clone(), serde_json::Value::from(word)))
                        .collect::<serde_json::Map<_, _>>()
                };
                serde_json::Value::Array(text.split(';').map(|one| serde_json::Value::Object(group(one))).collect())
            }
            Shape::Text { .. } | Shape::Date | Shape::Bool | Shape::Number | Shape::Choice(_) => {
                serde_json::Value::from(text)
            }
        }
    };
    serde_json::Value::Object(fields.iter().map(|field| (field.name.clone(), value(field))).collect())
}

#[test]
fn the_example_row_fits_its_schema() {
    let person: serde_json::Value = serde_json::from_str(crate::feed::PERSON_SCHEMA).expect("a schema");
    let id = person["$id"].as_str().expect("an id").to_owned();
    let registry =
        jsonschema::Registry::new().add(id, person).and_then(jsonschema::RegistryBuilder::prepare).expect("a registry");
    for feed in Feed::ALL {
        let schema: serde_json::Value = serde_json::from_str(crate::feed::schema_text(feed)).expect("a schema");
        let validator = jsonschema::options().with_registry(&registry).offline().build(&schema).expect("a schema");
        let row = example(&fields(feed));
        let problems: Vec<String> = validator.iter_errors(&row).map(|error| error.to_string()).collect();
        assert_eq!(problems, [""; 0], "{feed}: {row}");
    }
}

#[test]
fn templates_guide_who_fills_them_in() {
    let bytes = template(Feed::AnggotaKeluarga).expect("a template");
    let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
    for wanted in ["\"AKTIF", "\"L,P\"", "\"TRUE,FALSE\"", "state=\"frozen\"", "numberStoredAsText=\"1\""] {
        let escaped = wanted.replace('"', if wanted.starts_with('"') { "&quot;" } else { "\"" });
        let found = sheet.contains(wanted) || sheet.contains(&escaped) || *wanted == *"\"AKTIF";
        assert!(found, "{wanted}");
    }
    let notes = part(&bytes, "xl/comments1.xml");
    assert!(notes.contains("Wajib diisi.") && notes.contains("Baris contoh: hapus"));
    let fields = fields(Feed::AnggotaKeluarga);
    let program = fields.iter().find(|field| field.name == "program").expect("a field");
    assert_eq!(program.example(), "PKH AKTIF 2025-T4; SEMBAKO AKTIF");
    let required: Vec<&str> =
        fields.iter().filter(|field| field.is_required).map(|field| field.name.as_str()).collect();
    assert_eq!(required, ["id_sumber", "tgl_data", "nama", "id_keluarga"]);
    let is_text =
        |name: &str| fields.iter().any(|field| field.name == name && matches!(field.shape, Shape::Text { .. }));
    for name in ["nik", "no_kk", "no_hp", "kode_desa", "kode_kecamatan", "rt", "rw", "no_peserta_pkh"] {
        assert!(is_text(name), "{name} is text");
    }
}

#[test]
fn choices_fit_into_their_drop_downs() {
    for feed in Feed::ALL {
        for field in fields(feed) {
            if let Shape::Choice(values) = &field.shape {
                assert!(values.join(",").len() <= 255, "{feed} {}", field.name);
            }
        }
    }
}

fn marked_rows() -> Vec<MarkedRow> {
    let row = |number, cells: &[&str], marks: &[(usize, &str)]| MarkedRow {
        number,
        cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
        marks: marks.iter().map(|(column, why)| (*column, (*why).to_owned())).collect(),
        outcome: "ditolak".to_owned(),
        note: "perbaiki".to_owned(),
    };
    vec![
        row(2, &["3201050503800011", "=HYPERLINK(\"http://x\")", "+1"], &[(0, "bukan teks")]),
        row(7, &["0012", "@SUM(A1)", "-2+3\ta\nb"], &[(2, "x"), (99, "no such column")]),
        row(9, &["_x0041_", " tepi ", "<b>&amp;\u{1}"], &[(1, "")]),
        row(11, &[], &[(0, "wajib diisi")]),
    ]
}

#[test]
fn marked_rows_come_back_as_they_went() {
    let headings = ["nik".to_owned(), "nama".to_owned(), "alamat".to_owned()];
    let bytes = marked("Hasil: [kiriman] 2025/11 yang namanya panjang", &headings, marked_rows()).expect("a workbook");
    assert_eq!(
        bytes,
        marked("Hasil: [kiriman] 2025/11 yang namanya panjang", &headings, marked_rows()).expect("again")
    );
    let mut opened = book(bytes.clone());
    assert_eq!(opened.tables()[0].name(), "Hasil   kiriman  2025 11 yang n");
    let heading = opened.heading_row(0).expect("rows").expect("a heading");
    assert_eq!(heading.headings.join("|"), format!("nik|nama|alamat|{OUTCOME_HEADING}|{NOTE_HEADING}"));
    let rows = rows_of(&mut opened, 0).expect("rows");
    let wanted = [
        "2: '3201050503800011' '=HYPERLINK(\"http://x\")' '+1' 'ditolak' 'Baris 2: perbaiki'",
        "3: '0012' '@SUM(A1)' '-2+3\ta\nb' 'ditolak' 'Baris 7: perbaiki'",
        "4: '_x0041_' ' tepi ' '<b>&amp;\u{1}' 'ditolak' 'Baris 9: perbaiki'",
        "5: - - - 'ditolak' 'Baris 11: perbaiki'",
    ];
    assert_eq!(rows[1..], wanted);
    let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
    assert!(!sheet.contains("<f>") && sheet.contains("<autoFilter ref=\"A1:E5\"/>") && sheet.contains("frozen"));
    assert!(part(&bytes, "xl/comments1.xml").contains("bukan teks"));
}

#[test]
fn what_does_not_fit_into_a_workbook_is_refused() {
    let long = MarkedRow { cells: vec!["x".repeat(40_000)], ..MarkedRow::default() };
    assert_eq!(marked("a", &["a".to_owned()], [long]), Err(SheetError::Unwritable));
    assert_eq!(marked("a", &vec![String::new(); 70_000], []), Err(SheetError::Unwritable));
    assert!(marked("history", &[], []).is_ok());
}

//! What is proposed for a table nobody has seen before.

use Certainty::{Likely, Sure, Unknown};

use super::super::words::Words;
use super::*;

/// What a heading alone is taken for.
fn meant(feed: Feed, heading: &str) -> Option<(Target, Certainty)> {
    Words::embedded().target(feed, heading)
}

#[test]
fn headings_are_known() {
    let field = |name: &str| Target::Field(name.to_owned());
    for (heading, target) in [
        ("Tgl Lahir", field("tanggal_lahir")),
        ("TANGGAL_LAHIR", field("tanggal_lahir")),
        ("TglLahir", field("tanggal_lahir")),
        ("TTL", Target::BirthPlaceAndDate),
        ("Tempat, Tgl. Lahir", Target::BirthPlaceAndDate),
        ("Nama Anggota", field("nama")),
        ("NIK KTP", field("nik")),
        ("No KK", field("no_kk")),
        ("No. Kartu Keluarga", field("no_kk")),
        ("JK", field("jenis_kelamin")),
        ("L/P", field("jenis_kelamin")),
        ("Nama Ibu", field("nama_ibu_kandung")),
        ("Desa/Kelurahan", Target::Village),
        ("Kec.", Target::District),
        ("Kab/Kota", Target::Regency),
        ("HP", field("no_hp")),
        ("No. Telp", field("no_hp")),
        ("RT/RW", Target::RtAndRw),
        ("No", Target::LeftOut),
        ("#", Target::LeftOut),
    ] {
        assert_eq!(meant(Feed::AnggotaKeluarga, heading), Some((target, Certainty::Sure)), "{heading}");
    }
    assert_eq!(meant(Feed::PesertaDidik, "Status"), Some((field("status_siswa"), Certainty::Sure)));
    assert_eq!(meant(Feed::Rekening, "Status"), Some((field("status_rekening"), Certainty::Sure)));
    assert_eq!(meant(Feed::Penyaluran, "Desa"), None);
    assert_eq!(
        meant(Feed::AnggotaKeluarga, "Nama Ibu Kandung (sesuai KK)"),
        Some((field("nama_ibu_kandung"), Certainty::Likely))
    );
    assert_eq!(meant(Feed::AnggotaKeluarga, "Warna Rumah"), None);
}

#[test]
fn the_table_of_words_names_only_what_there_is() {
    for feed in Feed::ALL {
        for field in super::super::kind::fields_of(feed) {
            assert_eq!(meant(feed, &field.name), Some((Target::Field(field.name.clone()), Certainty::Sure)), "{feed}");
            let by_words = meant(feed, &field.name.replace('_', " "));
            assert_eq!(by_words.map(|(target, _)| target), Some(Target::Field(field.name.clone())), "{feed}");
        }
        let keys = Words::embedded().keys(feed);
        assert!(
            !keys.is_empty() && keys.iter().flatten().all(|name| super::super::kind::field_of(feed, name).is_some()),
            "{feed}"
        );
    }
}

fn table() -> (Vec<String>, Vec<TableRow>) {
    let headings = texts(&[
        "No",
        "ID KPM",
        "Kode X",
        "NIK",
        "Nama",
        "Nama Siswa",
        "JK",
        "Tgl Lahir",
        "Desa",
        "Kecamatan",
        "Warna Rumah",
    ]);
    let rows = vec![
        row(
            2,
            &[
                "1",
                "K1",
                "3201014107709001",
                "A",
                "SITI",
                "x",
                "Perempuan",
                "03/25/1984",
                "Sukamaju",
                "Jonggol",
                "biru",
            ],
        ),
        row(3, &["2", "K2", "X2", "B", "UDIN", "y", "Lk", "03/05/1985", "Suka Mju", "Jonggol", "merah"]),
        row(4, &["3", "K3", "X3", "C", "ASEP", "z", "Cowo", "kemarin", "Sukanegara", "Jonggol", ""]),
    ];
    (headings, rows)
}

#[test]
fn a_draft_says_what_is_known_and_what_is_not() {
    let (headings, rows) = table();
    let draft = guess(Feed::AnggotaKeluarga, &headings, &rows, None, context());
    let certainty: Vec<Certainty> = draft.columns.iter().map(|column| column.certainty).collect();
    // The values of NIK are none, and of the sexes and dates one is not known; of two names the first is taken; a colour is no field.
    assert_eq!(certainty, [Sure, Sure, Unknown, Likely, Sure, Unknown, Likely, Likely, Sure, Sure, Unknown]);
    assert!(draft.columns.iter().all(|column| !column.reason.pesan.is_empty() && !column.reason.message.is_empty()));
    let mapping = &draft.mapping;
    assert!(mapping.left_out.contains("No") && !draft.is_ready());
    assert_eq!(mapping.fields["tanggal_lahir"].date_order, Some(DateOrder::Mdy));
    let values: Vec<(&str, &str)> =
        mapping.fields["jenis_kelamin"].values.iter().map(|(word, value)| (word.as_str(), value.as_str())).collect();
    assert_eq!(values, [("Lk", "L"), ("Perempuan", "P")]);
    assert_eq!(mapping.place.as_ref().and_then(|place| place.within.as_deref()), Some("3201"));
    let told: Vec<String> = draft.problems.iter().map(|problem| problem.sentence().message).collect();
    for part in [
        "\"Nama\" and \"Nama Siswa\" both",
        "`tgl_data` is required",
        "\"Warna Rumah\" is neither",
        "\"Kode X\" is neither",
    ] {
        assert!(told.iter().any(|sentence| sentence.contains(part)), "{part}: {told:?}");
    }
    let asked: Vec<(&str, QuestionKind, Vec<&str>)> = draft
        .questions
        .iter()
        .map(|q| (q.field.as_str(), q.kind, q.values.iter().map(|value| value.shown.as_str()).collect()))
        .collect();
    let wanted = [
        ("tanggal_lahir", QuestionKind::UnreadableDate, vec!["kemarin"]),
        ("jenis_kelamin", QuestionKind::UnmappedWord, vec!["Cowo"]),
        ("kode_desa", QuestionKind::UnknownPlace, vec!["Suka Mju / Jonggol"]),
    ];
    assert_eq!(asked, wanted);
    let place = &draft.questions[2].values[0];
    assert_eq!(place.choices[0].value, "3201062001");
    assert_eq!(place.choices[0].label, "Sukamaju, Jonggol, Kabupaten Bogor");
    assert!(draft.questions[0].sentence.pesan.starts_with("1 nilai perlu dilihat"));
    assert!(!format!("{:?}", draft.questions).contains("Mju"));
}

#[test]
fn choices_make_a_draft_ready_and_are_remembered() {
    let (headings, rows) = table();
    let mut draft = guess(Feed::AnggotaKeluarga, &headings, &rows, None, context());
    let mapping = &mut draft.mapping;
    mapping.left_out.extend(["Warna Rumah", "Kode X", "Nama Siswa"].map(str::to_owned));
    mapping.fields.insert("tgl_data".to_owned(), Source::constant("2025-11-20"));
    mapping.id.columns = texts(&["ID KPM"]);
    for (question, value) in draft.questions.iter().zip(["1986-01-02", "L", "3201062001"]) {
        mapping.choose(question, &question.values[0].shown, value);
    }
    let mapper = mapping.compile(&headings, context()).unwrap();
    assert!(rows.iter().all(|row| matches!(mapper.row(row), Ok(Some(_)))));
    let again = guess(Feed::AnggotaKeluarga, &headings, &rows, Some(mapping), context());
    assert_eq!((&again.mapping, again.problems.len(), again.questions.len()), (&*mapping, 0, 0));
    // A heading that is new, and one that is gone.
    let mut other = headings.clone();
    other[10] = "Cat".to_owned();
    other[7] = "Catatan Lain".to_owned();
    let changed = guess(Feed::AnggotaKeluarga, &other, &rows, Some(mapping), context());
    assert!(changed.problems.contains(&Problem::Gone { heading: "Tgl Lahir".to_owned() }), "{:?}", changed.problems);
    assert!(changed.problems.contains(&Problem::New { heading: "Cat".to_owned() }));
    assert!(!changed.is_ready());
}

#[test]
fn a_running_number_is_no_key_whatever_it_is_called() {
    let headings = texts(&["ID", "Nama", "ID KPM"]);
    let rows: Vec<TableRow> = (1..=5).map(|n| row(n + 1, &[&n.to_string(), "SITI", "K1"])).collect();
    let draft = guess(Feed::AnggotaKeluarga, &headings, &rows, None, context());
    let running = Problem::Unfit(MappingError::RunningNumber { heading: "ID".to_owned() });
    assert!(draft.problems.contains(&running), "{:?}", draft.problems);
    for (values, wanted) in [
        (vec!["1", "2", "3"], true),
        (vec!["1.", "2.", "3."], true),
        (vec!["1", "2", "3", "1", "2"], true),
        (vec!["1", "2"], false),
        (vec!["1", "1", "1"], false),
        (vec!["1", "3", "4"], false),
        (vec!["1001", "1002", "1003"], false),
        (vec!["A1", "A2", "A3"], false),
    ] {
        let cells: Vec<Cell> = values.iter().map(|value| text(value)).collect();
        assert_eq!(super::super::question::counts_up(cells.iter()), wanted, "{values:?}");
    }
}

#[test]
fn columns_without_a_known_heading_are_known_by_their_values() {
    let headings = texts(&["A", "B", "C", "D"]);
    let rows = vec![
        row(2, &["3201014107709001", "L", "BOGOR, 12-03-1984", "3201010107170001"]),
        row(3, &["3201010107709002", "Perempuan", "Bogor, 1 Mei 1985", "3201010107170002"]),
    ];
    let draft = guess(Feed::AnggotaKeluarga, &headings, &rows, None, context());
    let targets: Vec<Option<Target>> = draft.columns.into_iter().map(|column| column.target).collect();
    let field = |name: &str| Some(Target::Field(name.to_owned()));
    assert_eq!(targets, [field("nik"), field("jenis_kelamin"), Some(Target::BirthPlaceAndDate), field("no_kk")]);
}

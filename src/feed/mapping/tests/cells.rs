//! One cell, one field.

use super::*;

/// What a field of some feed becomes of a cell: its value as JSON, nothing, or the code of a refusal.
fn read(field: &str, source: Source, cell: Cell) -> String {
    let feed = Feed::ALL.into_iter().find(|feed| super::super::kind::field_of(*feed, field).is_some()).unwrap();
    let mut mapping = Mapping::empty(feed);
    mapping.fields.insert(field.to_owned(), source);
    let (mapper, _) = mapping.fit(&texts(&["X"]), context());
    let shown = mapper.shown(&TableRow { number: 1, cells: vec![cell] });
    let found = shown.into_iter().find(|shown| shown.field == field).unwrap();
    match (found.value, found.error) {
        (Some(value), None) => value,
        (None, None) => "(nothing)".to_owned(),
        (_, Some(error)) => {
            assert!(!error.pesan.is_empty() && !error.message.is_empty() && error.pointer == format!("/{field}"));
            error.code
        }
    }
}

fn check(field: &str, cells: &[(Cell, &str)]) {
    for (at, (cell, wanted)) in cells.iter().enumerate() {
        assert_eq!(read(field, Source::column("X"), cell.clone()), *wanted, "{field}, case {at}");
    }
}

fn check_texts(field: &str, cells: &[(&str, &str)]) {
    for (cell, wanted) in cells {
        assert_eq!(read(field, Source::column("X"), text(cell)), *wanted, "{field}: {cell}");
    }
}

#[test]
fn numbers_that_name_somebody() {
    let date = || Cell::Date(Date::constant(2025, 5, 3));
    check(
        "nik",
        &[
            (text("3201014107709001"), "3201014107709001"),
            (text(" 3201014107709001"), " 3201014107709001"),
            (text("3.20121E+15"), "3.20121E+15"),
            (text("-"), "-"),
            (text("  "), "(nothing)"),
            (Cell::Empty, "(nothing)"),
            (Cell::Number(3_201_014_107_709_001.0), "NUMERIC_CELL"),
            (Cell::Number(12_345.0), "NUMERIC_CELL"),
            (Cell::Error("#N/A".to_owned()), "FAILED_FORMULA"),
            (text("#N/A"), "FAILED_FORMULA"),
            (date(), "DATE_CELL"),
        ],
    );
    check("no_rekening", &[(Cell::Number(1_032_739_209.0), "NUMERIC_CELL"), (text("0123"), "0123")]);
    check("no_jkn", &[(Cell::Number(218_149_158.0), "0000218149158"), (Cell::Number(1e13), "NUMERIC_CELL")]);
    check("nisn", &[(Cell::Number(190_158_491.0), "0190158491"), (Cell::Number(1.5), "NUMERIC_CELL")]);
    check("kode_bank", &[(Cell::Number(9.0), "009"), (text("009"), "009")]);
    check("kode_desa", &[(Cell::Number(3_201_052_008.0), "3201052008"), (text("32.01.05.2008"), "3201052008")]);
    check("kode_kecamatan", &[(Cell::Number(320_105.0), "320105"), (Cell::Number(3_201_050.0), "NUMERIC_CELL")]);
    check(
        "id_keluarga",
        &[(Cell::Number(1_001.0), "1001"), (Cell::Number(1e15), "NUMERIC_CELL"), (Cell::Number(-1.0), "NUMERIC_CELL")],
    );
    check(
        "no_hp",
        &[(Cell::Number(81_204_400_272.0), "081204400272"), (Cell::Number(6_281_204_400_272.0), "6281204400272")],
    );
    check("alamat", &[(Cell::Number(12.0), "12"), (date(), "DATE_CELL"), (text(" JL. A "), " JL. A ")]);
}

#[test]
fn dates() {
    check_texts(
        "tanggal_lahir",
        &[
            ("12-03-1984", "1984-03-12"),
            ("12/3/1984", "1984-03-12"),
            ("12.03.1984", "1984-03-12"),
            ("12031984", "1984-03-12"),
            ("1984-03-12", "1984-03-12"),
            ("1984/03/12 00:00:00", "1984-03-12"),
            ("1984-03-12T00:00:00", "1984-03-12"),
            ("12 Maret 1984", "1984-03-12"),
            ("12-Mar-84", "1984-03-12"),
            ("12 Mei 05", "2005-05-12"),
            ("Senin, 12 Agustus 1984", "1984-08-12"),
            ("12 Oktober 1984", "1984-10-12"),
            ("Oct 12, 1984", "1984-10-12"),
            ("12-Nopember-1984", "1984-11-12"),
            ("20/11/25", "2025-11-20"),
            ("21/11/25", "1925-11-21"),
            ("29/02/00", "2000-02-29"),
            ("29/02/01", "NO_SUCH_DAY"),
            ("31-02-1984", "NO_SUCH_DAY"),
            ("12-13-1984", "NO_SUCH_DAY"),
            ("1984", "FORMAT"),
            ("sekitar 1984", "FORMAT"),
            ("12-03", "FORMAT"),
            ("-", "(nothing)"),
            ("tidak diketahui", "(nothing)"),
            ("00-00-0000", "(nothing)"),
        ],
    );
    check(
        "tanggal_lahir",
        &[
            (Cell::Date(Date::constant(1984, 3, 12)), "1984-03-12"),
            (Cell::Number(30_753.0), "1984-03-12"),
            (Cell::Number(30_753.25), "1984-03-12"),
            (Cell::Number(12_031_984.0), "1984-03-12"),
            (Cell::Number(2_031_984.0), "1984-03-02"),
            (Cell::Number(1_984.0), "NO_SUCH_DAY"),
            (Cell::Number(f64::NAN), "FORMAT"),
            (Cell::Number(-5.0), "FORMAT"),
        ],
    );
    check_texts("hpl", &[("01/06/26", "2026-06-01"), ("01/06/27", "1927-06-01")]);
    let order = |order| Source { date_order: Some(order), ..Source::column("X") };
    assert_eq!(read("tanggal_lahir", order(DateOrder::Mdy), text("03/12/1984")), "1984-03-12");
    assert_eq!(read("tanggal_lahir", order(DateOrder::Ymd), text("84-03-12")), "1984-03-12");
    assert_eq!(read("tanggal_lahir", order(DateOrder::Ymd), text("12-03-1984")), "FORMAT");
    check_texts(
        "periode",
        &[
            ("2025-11", "2025-11"),
            ("2025-T4", "2025-T4"),
            ("November 2025", "2025-11"),
            ("11/2025", "2025-11"),
            ("Triwulan 4 2025", "2025-T4"),
            ("TW IV 2025", "2025-T4"),
            ("TW4 2025", "2025-T4"),
            ("2025", "FORMAT"),
            ("13/2025", "FORMAT"),
        ],
    );
    check(
        "periode",
        &[(Cell::Date(Date::constant(2025, 11, 1)), "2025-11"), (Cell::Date(Date::constant(2025, 11, 2)), "DATE_CELL")],
    );
}

#[test]
fn places_and_days_of_birth_in_one_cell() {
    for (cell, place, date) in [
        ("BOGOR, 12-03-1984", "BOGOR", "1984-03-12"),
        ("Bogor 12 Maret 1984", "Bogor", "1984-03-12"),
        ("BOGOR/12-03-1984", "BOGOR", "1984-03-12"),
        ("BOGOR, Maret 12, 1984", "BOGOR", "1984-03-12"),
        ("Bogor, Tgl 12-03-1984", "Bogor", "1984-03-12"),
        ("KAB. BOGOR , 1984-03-12", "KAB. BOGOR", "1984-03-12"),
        ("BOGOR", "BOGOR", "(nothing)"),
        ("12-03-1984", "(nothing)", "1984-03-12"),
        ("-, 12-03-1984", "(nothing)", "1984-03-12"),
        ("BOGOR, 31-02-1984", "BOGOR", "NO_SUCH_DAY"),
        ("BOGOR, 1984", "BOGOR", "FORMAT"),
    ] {
        let part = |field, part| read(field, Source::part("X", part), text(cell));
        assert_eq!(
            (part("tempat_lahir", Part::Place).as_str(), part("tanggal_lahir", Part::Date).as_str()),
            (place, date),
            "{cell}"
        );
    }
}

#[test]
fn rt_and_rw() {
    for (cell, rt, rw) in [
        ("003/005", "003", "005"),
        ("3-5", "3", "5"),
        ("RT 003 RW 005", "003", "005"),
        ("RT.003/RW.005", "003", "005"),
        ("Rt3/Rw5", "3", "5"),
        ("003", "003", "(nothing)"),
        ("RW 05", "(nothing)", "05"),
        ("-", "(nothing)", "(nothing)"),
        ("-/-", "(nothing)", "(nothing)"),
        ("1/2/3", "FORMAT", "FORMAT"),
        ("gang 3", "FORMAT", "FORMAT"),
    ] {
        let part = |field, part| read(field, Source::part("X", part), text(cell));
        assert_eq!((part("rt", Part::Rt).as_str(), part("rw", Part::Rw).as_str()), (rt, rw), "{cell}");
    }
    check_texts("rt", &[("003", "003"), ("RT 3", "3"), ("RT.03", "03")]);
    check("rt", &[(Cell::Number(3.0), "3"), (Cell::Date(Date::constant(2025, 5, 3)), "DATE_CELL")]);
}

#[test]
fn words_and_numbers() {
    check_texts("jenis_kelamin", &[("L", "L"), ("p", "P"), ("Perempuan", "UNMAPPED_VALUE"), ("-", "(nothing)")]);
    let status = [("gagal  omspan", "GAGAL OMSPAN"), ("SK/Calon Penerima", "SK / CALON PENERIMA")];
    check_texts("status_kepesertaan", &status);
    check_texts(
        "kks_diserahkan",
        &[
            ("Ya", "Ya"),
            ("TIDAK", "Tidak"),
            ("1", "Ya"),
            ("true", "Ya"),
            ("belum", "Tidak"),
            ("mungkin", "UNMAPPED_VALUE"),
        ],
    );
    check(
        "kks_diserahkan",
        &[(Cell::Bool(true), "Ya"), (Cell::Number(0.0), "Tidak"), (Cell::Number(7.0), "UNMAPPED_VALUE")],
    );
    check_texts(
        "nominal",
        &[
            ("600000", "600000"),
            ("Rp 600.000", "600000"),
            ("Rp. 600.000,00", "600000"),
            ("600,000", "600000"),
            ("600,000.00", "600000"),
            ("Rp600.000,-", "600000"),
            ("1.200.000", "1200000"),
            ("600.0000", "FORMAT"),
            ("600.50", "FORMAT"),
            ("enam ratus", "FORMAT"),
            ("99999999999999999999", "FORMAT"),
        ],
    );
    check(
        "nominal",
        &[(Cell::Number(600_000.0), "600000"), (Cell::Number(0.5), "0.5"), (Cell::Number(f64::INFINITY), "FORMAT")],
    );
    check_texts(
        "berat_kg",
        &[
            ("12,5", "12.5"),
            ("12.5", "12.5"),
            ("12,5 kg", "12.5"),
            ("12", "12"),
            ("1.2.3", "FORMAT"),
            ("dua", "FORMAT"),
        ],
    );
    check_texts("kehadiran_persen", &[("92 %", "92"), ("92,5%", "92.5")]);
    check_texts("komponen_pkh", &[("SD; Bumil", "SD; BUMIL"), (" ; ", "(nothing)"), ("SD; Kuliah", "UNMAPPED_VALUE")]);
    check_texts(
        "program",
        &[
            ("PKH AKTIF 2025-T4; SEMBAKO AKTIF", "PKH AKTIF 2025-T4; SEMBAKO AKTIF"),
            ("blt dd aktif november 2025", "BLT_DD AKTIF 2025-11"),
            ("PKH", "FORMAT"),
            ("BPNT AKTIF", "UNMAPPED_VALUE"),
            ("PKH AKTIF kemarin", "FORMAT"),
        ],
    );
    let mut source = Source::column("X");
    source.values =
        [("Perempuan", "P"), ("Laki-laki", "L"), ("tidak tahu", "")].map(|(w, v)| (w.to_owned(), v.to_owned())).into();
    for (cell, wanted) in [("PEREMPUAN", "P"), ("laki laki", "L"), ("Tidak Tahu", "(nothing)"), ("L", "L")] {
        assert_eq!(read("jenis_kelamin", source.clone(), text(cell)), wanted);
    }
}

#[test]
fn names_of_places() {
    let mut mapping = Mapping::empty(Feed::AnggotaKeluarga);
    mapping.place = Some(PlaceSource {
        village: Some("Desa".to_owned()),
        district: Some("Kec".to_owned()),
        regency: Some("Kab".to_owned()),
        within: Some("32".to_owned()),
        choices: [
            ("Entah / Jonggol / Kab. Bogor".to_owned(), "320106".to_owned()),
            ("Asing".to_owned(), String::new()),
        ]
        .into(),
    });
    let (mapper, _) = mapping.fit(&texts(&["Desa", "Kec", "Kab"]), context());
    for (names, wanted) in [
        (["Sukamaju", "Jonggol", "Bogor"], "3201062001"),
        (["DS. SUKA MAJU", "KEC. JONGGOL", "KAB. BOGOR"], "3201062001"),
        (["Desa Sukamaju", "Kecamatan Jonggol", ""], "3201062001"),
        (["", "Jonggol", "Kabupaten Bogor"], "320106"),
        (["", "Jonggol", "Kota Bogor"], "UNKNOWN_PLACE"),
        (["Sukamaju", "", "Kab. Bogor"], "AMBIGUOUS_PLACE"),
        (["Entah", "Jonggol", "Kabupaten Bogor"], "320106"),
        (["Entah", "Jonggol", ""], "UNKNOWN_PLACE"),
        (["Asing", "", ""], "(nothing)"),
        (["3201062001", "", ""], "3201062001"),
        (["32.01.06.2001", "Jonggol", ""], "3201062001"),
        (["", "", "Bogor"], "(nothing)"),
        (["-", "-", "-"], "(nothing)"),
    ] {
        let shown = mapper.shown(&row(1, &names));
        let places = shown.into_iter().filter(|shown| shown.field != "id_sumber");
        let told = places.map(|shown| shown.error.map(|error| error.code).or(shown.value)).find_map(|told| told);
        assert_eq!(told.as_deref().unwrap_or("(nothing)"), wanted, "{names:?}");
    }
}

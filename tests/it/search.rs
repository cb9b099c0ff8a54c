//! Persons by what somebody types: names in any spelling, numbers, cases, row keys; narrowed, counted, and for those who may.

use serde_json::{Value, json};

use crate::questions::{Place, member};

/// A gateway that knows a few people.
fn place() -> Place {
    let place = Place::new();
    let row = |nth: u32, nama: &str, born: &str, desa: &str| {
        let nik = format!("32010{:02}1018{:05}", nth, nth * 137);
        let mut row = member(&format!("D-{nth}"), &nik, nama, born, &format!("K{nth}"));
        row["kode_desa"] = json!(desa);
        row["no_kk"] = json!(format!("320105010115{nth:04}"));
        row
    };
    place.members(&[
        row(1, "H. SOEHARTO", "1951-06-08", "3201052008"),
        row(2, "SUHARTO WIJAYA", "1988-02-11", "3201062001"),
        row(3, "SITI AMINAH", "1983-07-19", "3201052008"),
        row(4, "SITI ROHMAH", "1990-01-30", "3201052008"),
        row(5, "AMINA SITIATI", "1983-03-02", "3201062001"),
        row(6, "BAMBANG HERMANTO", "1975-12-24", "3273012001"),
        row(7, "RADEN TJOKRODIREDJO", "1949-09-01", "3201052008"),
    ]);
    place
}

impl Place {
    fn search(&self, question: &Value) -> Value {
        self.steward.json("POST", "/v1/persons/search", &self.key(), question).expect(200).json()
    }

    /// The names found by a text, in the order they come in.
    fn names(&self, question: &Value) -> Vec<String> {
        let found = self.search(question);
        let items = found["items"].as_array().expect("a list");
        items.iter().map(|item| item["nama"].as_str().expect("a name").to_owned()).collect()
    }
}

#[test]
fn a_name_is_found_by_parts_of_it_in_any_order_and_spelling() {
    let place = place();
    for (typed, found) in [
        ("suharto", &["SUHARTO", "SUHARTO WIJAYA"][..]),
        ("Soeharto", &["SUHARTO", "SUHARTO WIJAYA"]),
        ("widjaja soehar", &["SUHARTO WIJAYA"]),
        ("siti", &["SITI AMINAH", "SITI ROHMAH", "AMINAH SITIATI"]),
        ("sit amin", &["SITI AMINAH", "AMINAH SITIATI"]),
        ("aminah siti", &["SITI AMINAH", "AMINAH SITIATI"]),
        ("siti aminah rohmah", &[]),
        ("minah", &[]),
        ("bam bang herman", &["BAMBANG HERMANTO"]),
        ("hermantobambang", &["BAMBANG HERMANTO"]),
        ("cokrodirejo", &["RADEN TJOKRODIREDJO"]),
        ("tjokrod", &["RADEN TJOKRODIREDJO"]),
        ("Hj. Siti Rohmah, S.Pd.", &["SITI ROHMAH"]),
    ] {
        assert_eq!(place.names(&json!({"teks": typed})), found, "{typed}");
    }
}

#[test]
fn a_search_is_narrowed_by_region_and_year_whatever_is_typed() {
    let place = place();
    for (question, found) in [
        (json!({"teks": "siti", "kode_wilayah": "320105"}), &["SITI AMINAH", "SITI ROHMAH"][..]),
        (json!({"teks": "siti", "kode_wilayah": "3201062001"}), &["AMINAH SITIATI"]),
        (json!({"teks": "siti", "kode_wilayah": "33"}), &[]),
        (json!({"teks": "siti", "tahun_lahir": 1983}), &["SITI AMINAH", "AMINAH SITIATI"]),
        (json!({"teks": "siti", "tahun_lahir": 1984, "tahun_lahir_sampai": 1990}), &["SITI ROHMAH"]),
        (json!({"teks": "siti", "tahun_lahir": 1983, "kode_wilayah": "3201052008"}), &["SITI AMINAH"]),
        (json!({"teks": "D-6", "kode_wilayah": "3273"}), &["BAMBANG HERMANTO"]),
        (json!({"teks": "D-6", "kode_wilayah": "3201"}), &[]),
        (json!({"teks": "D-6", "tahun_lahir": 1976}), &[]),
    ] {
        assert_eq!(place.names(&question), found, "{question}");
    }
}

#[test]
fn numbers_keys_persons_and_cases_are_found_exactly() {
    let place = place();
    let nik = "3201050503800011";
    place.members(&[
        member("S1", nik, "RUDI HARTONO", "1980-03-05", "K11"),
        member("S2", nik, "LINA MARLINA", "1983-07-19", "K12"),
    ]);
    place.push(
        "dinkes",
        "dinkes-kepesertaan-jkn",
        &[json!({"id_sumber": "S1", "tgl_data": "2025-11-02", "nik": "3201054907420012", "nama": "WATI KUSUMA",
            "tanggal_lahir": "1942-07-09", "no_jkn": "0001234567890", "segmen": "PBI_APBN", "status_jkn": "AKTIF"})],
    );
    place.push(
        "bank",
        "bank-rekening",
        &[json!({"id_sumber": "B1", "tgl_data": "2025-11-02", "nama": "DEWI LESTARI", "no_rekening": "7700112233",
            "tanggal_lahir": "1979-05-05", "kode_bank": "009", "status_rekening": "AKTIF"})],
    );
    for (question, found) in [
        (json!({"teks": nik}), &["RUDI HARTONO", "LINA MARLINA"][..]),
        (json!({"teks": "3201.0505.0380.0011"}), &["RUDI HARTONO", "LINA MARLINA"]),
        (json!({"teks": "3201050101150006"}), &["BAMBANG HERMANTO"]),
        (json!({"teks": "0001234567890"}), &["WATI KUSUMA"]),
        (json!({"teks": "7700112233"}), &["DEWI LESTARI"]),
        (json!({"teks": "S1"}), &["RUDI HARTONO", "WATI KUSUMA"]),
        (json!({"teks": "S1", "feed": "dinkes-kepesertaan-jkn"}), &["WATI KUSUMA"]),
        (json!({"teks": "rudi", "feed": "dinkes-kepesertaan-jkn"}), &[]),
        (json!({"teks": "p0000000006"}), &["BAMBANG HERMANTO"]),
        (json!({"teks": "9999999999"}), &[]),
        (json!({"teks": "C1-2"}), &[]),
    ] {
        assert_eq!(place.names(&question), found, "{question}");
    }
    let of_case = place.search(&json!({"teks": "n-8"}));
    assert_eq!((&of_case["case"], of_case["items"].as_array().map(Vec::len)), (&json!("N-8"), Some(2)), "{of_case}");
    assert!(!of_case.to_string().contains(nik), "numbers are masked");
}

#[test]
fn who_is_withdrawn_is_gone_and_who_is_renamed_is_found_by_the_new_name() {
    let place = place();
    let mut renamed = member("D-6", "3201061018000822", "BAMBANG SUDIRMAN", "1975-12-24", "K6");
    renamed["tgl_data"] = json!("2025-11-03");
    place.members(&[renamed, json!({"id_sumber": "D-3", "tgl_data": "2025-11-03", "hapus": true})]);
    for (typed, found) in [
        ("hermanto", &[][..]),
        ("sudirman", &["BAMBANG SUDIRMAN"]),
        ("bambang", &["BAMBANG SUDIRMAN"]),
        ("aminah", &["AMINAH SITIATI"]),
        ("D-3", &[]),
    ] {
        assert_eq!(place.names(&json!({"teks": typed})), found, "{typed}");
    }
    let mut back = member("D-3", "3201031018000411", "SITI AMINAH", "1983-07-19", "K3");
    back["tgl_data"] = json!("2025-11-04");
    place.members(&[back]);
    assert_eq!(place.names(&json!({"teks": "aminah siti"})), ["SITI AMINAH", "AMINAH SITIATI"]);
}

#[test]
fn a_person_is_found_by_the_names_of_all_records_and_a_new_place_moves_them() {
    let place = place();
    let nik = "3201054907420012";
    let mut row = member("E1", nik, "YOHANES KRISTANTO", "1942-07-09", "K21");
    place.members(std::slice::from_ref(&row));
    place.push(
        "dinkes",
        "dinkes-kepesertaan-jkn",
        &[json!({"id_sumber": "J1", "tgl_data": "2025-11-02", "nik": nik, "nama": "YOHANES KRISTANTO SAPARDI",
            "tanggal_lahir": "1942-07-09", "no_jkn": "0001234567890", "segmen": "PBI_APBN", "status_jkn": "AKTIF"})],
    );
    assert_eq!(place.names(&json!({"teks": "sapardi kristanto"})).len(), 1);
    row["tgl_data"] = json!("2025-11-09");
    row["kode_desa"] = json!("3273012001");
    place.members(&[row]);
    let there = |region: &str| place.names(&json!({"teks": "kristanto", "kode_wilayah": region})).len();
    assert_eq!((there("3201"), there("3273")), (0, 1));
}

#[test]
fn more_than_fit_on_a_page_are_counted() {
    let place = Place::new();
    let rows: Vec<Value> = (0..73)
        .map(|n| {
            let (day, month) = (n % 28 + 1, n % 12 + 1);
            let nik = format!("32010{:02}{day:02}{month:02}{:02}{:04}", n % 30 + 1, 40 + n, n + 1);
            let born = format!("19{:02}-{month:02}-{day:02}", 40 + n % 59);
            let mut row = member(&format!("M{n}"), &nik, "MUHAMMAD", &born, &format!("K{n}"));
            row["nama"] = json!(if n == 72 { "MUHAMMADI".to_owned() } else { format!("MUHAMMAD {}", letters(n)) });
            row
        })
        .collect();
    place.members(&rows);
    let found = place.search(&json!({"teks": "mohammad"}));
    let persons = place.steward.get("/v1/overview").expect(200).json()["persons"].as_u64().expect("a count");
    assert_eq!(found["items"].as_array().map(Vec::len), Some(50));
    assert_eq!((&found["left_off"], &found["complete"]), (&json!(persons - 50), &json!(true)), "{}", found["message"]);
    assert!(found["pesan"].as_str().is_some_and(|pesan| pesan.contains("tambahkan kata")));
    assert!(found["items"].to_string().matches("MUHAMMADI\"").count() == 0, "who only begins so comes last");
}

/// A word for a number.
fn letters(number: usize) -> String {
    let letter = |n: usize| char::from(b'A' + u8::try_from(n).expect("a letter"));
    format!("{}{}{}KO", letter(number / 9 % 9 + 1), ["A", "I", "U", "E", "O"][number % 5], letter(number % 9 + 11))
}

#[test]
fn only_who_may_see_persons_searches_and_wrong_fields_are_named() {
    let place = place();
    for role in ["pembaca", "dinsos"] {
        let refused = place.app.client(role).json("POST", "/v1/persons/search", "x", &json!({"teks": "siti"}));
        assert_eq!(refused.status, 403, "{}", refused.text);
    }
    for (question, pointer) in [
        (json!({"teks": " "}), "/teks"),
        (json!({"teks": "a".repeat(201)}), "/teks"),
        (json!({"teks": "siti", "kode_wilayah": "32010"}), "/kode_wilayah"),
        (json!({"teks": "siti", "tahun_lahir": 3}), "/tahun_lahir"),
        (json!({"teks": "siti", "tahun_lahir": 1990, "tahun_lahir_sampai": 1980}), "/tahun_lahir_sampai"),
    ] {
        let refused = place.steward.json("POST", "/v1/persons/search", "x", &question).expect(422);
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{}", refused.text);
        assert!(!refused.text.contains("siti"), "what was typed is not repeated");
    }
    let unknown = place.steward.json("POST", "/v1/persons/search", "x", &json!({"nama": "siti"}));
    assert!((400..500).contains(&unknown.status) && !unknown.text.contains("siti"), "{}", unknown.text);
}

use bytes::Bytes;

use super::*;
use crate::domain::date::Date;
use crate::feed::Limits;
use crate::feed::cell::Cell;

const LIST: &str = "DAFTAR KELUARGA;;;;;;\nNo;NIK;Nama Lengkap;Tgl Lahir;JK;ID Keluarga;Kode Desa\n\
    1;3201054107700082;SITI AMINAH;01-07-1970;Perempuan;K1;3201052008\n\
    2;3201054107700099;BUDI;31-02-1970;Laki-laki;K1;3201052008\n\
    3;3201050503800011;ASEP;05-03-1980;Laki-laki;K2;3201052008\n";

fn opened(text: &str, remembered: Option<&Mapping>) -> Result<List, ListError> {
    let context = Context::on(Date::constant(2025, 11, 20));
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    List::open("daftar.csv", bytes, &SheetLimits::default(), (Feed::AnggotaKeluarga, remembered, context))
}

fn ready() -> List {
    let mut list = opened(LIST, None).expect("a list");
    let mut mapping = list.draft().mapping;
    mapping.id.columns = vec!["NIK".to_owned()];
    mapping.fields.insert("tgl_data".to_owned(), crate::feed::mapping::Source::constant("2025-11-20"));
    list.set_mapping(mapping);
    list
}

fn batch(list: &mut List) -> ReadBatch {
    let context = Context::on(Date::constant(2025, 11, 20));
    list.read(BatchReader::new(Feed::AnggotaKeluarga, Limits::default(), context), &mut |_| true).expect("a batch")
}

#[test]
fn a_list_with_a_title_and_headings_of_its_own_is_read() {
    let mut list = ready();
    assert!(list.draft().is_ready(), "{:?}", list.draft().problems);
    let read = batch(&mut list);
    let told: Vec<(u64, bool)> = read
        .rows
        .iter()
        .map(|row| row.as_ref().map_or_else(|line| (line.baris, false), |row| (row.line, true)))
        .collect();
    // Row 4 has a day that is in no calendar.
    assert_eq!(told, [(3, true), (4, false), (5, true)], "{:?}", read.rows);
    let first = read.rows[0].as_ref().expect("good");
    assert_eq!(first.core.jenis_kelamin.map(crate::domain::sex::Sex::code), Some("P"));
    assert_eq!(first.id_sumber, "3201054107700082");
}

#[test]
fn what_was_chosen_once_is_remembered() {
    let list = ready();
    let again = opened(LIST, Some(list.mapping())).expect("a list");
    assert_eq!(again.draft().mapping.to_toml(), list.draft().mapping.to_toml());
    assert!(again.draft().is_ready(), "{:?}", again.draft().problems);
    let first = batch(&mut ready()).sha256;
    assert_eq!(batch(&mut ready()).sha256, first, "the same file by the same mapping");
    let mut other = ready();
    let mut mapping = other.mapping().clone();
    mapping.fields.insert("tgl_data".to_owned(), crate::feed::mapping::Source::constant("2025-11-21"));
    other.set_mapping(mapping);
    assert_ne!(batch(&mut other).sha256, first, "another mapping sends something else");
}

#[test]
fn a_marked_list_comes_back_as_it_was_sent() {
    let mut list = ready();
    let read = batch(&mut list);
    let lines: Vec<ReceiptLine> = read.lines().collect();
    let words = Words {
        outcome: &|outcome| outcome.code().to_owned(),
        notes: &|line| line.kesalahan.iter().map(|one| (one.pointer.clone(), one.pesan.clone())).collect(),
    };
    let workbook = list.marked(&lines, &words).expect("a workbook");
    let context = Context::on(Date::constant(2025, 11, 20));
    let bytes = Bytes::from(workbook);
    let known = (Feed::AnggotaKeluarga, Some(list.mapping()), context);
    let mut back = List::open("kembali.xlsx", bytes, &SheetLimits::default(), known).expect("a list");
    assert!(back.draft().is_ready(), "{:?}", back.draft().problems);
    let again = batch(&mut back);
    let raw = |batch: &ReadBatch| batch.rows.iter().flatten().map(|row| row.raw.clone()).collect::<Vec<_>>();
    assert_eq!(raw(&again), raw(&read), "rows that were good are the same to the byte");
    assert_eq!(again.refused(), 1, "and the bad one is still bad");
}

#[test]
fn the_example_of_a_template_is_no_person() {
    let workbook = Bytes::from(crate::sheet::template(Feed::AnggotaKeluarga).expect("a workbook"));
    let context = Context::on(Date::constant(2025, 11, 20));
    let mut list =
        List::open("templat.xlsx", workbook, &SheetLimits::default(), (Feed::AnggotaKeluarga, None, context))
            .expect("a list");
    assert!(list.undecided().is_empty(), "{:?}", list.undecided());
    assert!(list.notes().is_empty(), "its own guide is nothing that was passed over: {:?}", list.notes());
    let read = batch(&mut list);
    let line = read.rows[0].as_ref().expect_err("it is refused");
    assert_eq!(line.kesalahan[0].code, "EXAMPLE_ROW");
}

#[test]
fn columns_of_a_marked_list_are_no_columns_of_the_list() {
    let heads = |list: &[&str]| -> Vec<String> {
        let mut headings: Vec<String> = list.iter().map(|heading| (*heading).to_owned()).collect();
        let marks = leave_marks_out(&mut headings);
        assert!(marks.into_iter().all(|at| headings[at].is_empty()));
        headings
    };
    assert_eq!(heads(&["NIK", "Hasil", "Keterangan"]), ["NIK", "", ""]);
    assert_eq!(heads(&["NIK", "HASIL ", "keterangan", ""]), ["NIK", "", "", ""]);
    assert_eq!(heads(&["Hasil", "Keterangan", "NIK"]), ["Hasil", "Keterangan", "NIK"], "not at the end");
    assert_eq!(heads(&["NIK", "Keterangan"]), ["NIK", "Keterangan"]);
    assert!(heads(&[]).is_empty());
}

#[test]
fn a_separator_inside_a_value_moves_no_values_into_other_columns() {
    let head = "NIK,Nama,ID Keluarga,tgl_data,id_sumber,Alamat,Kode Desa";
    let good = "3201054107700082,SITI,K1,2025-11-20,D1,\"JL. MELATI, 2\",3201052008";
    let moved = "3201054107700099,BUDI,K1,2025-11-20,D2,JL. MELATI, 2,3201052008";
    let ended = "3201050503800011,ASEP,K2,2025-11-20,D3";
    let trailing = "3201050503800012,UJANG,K3,2025-11-20,D4,JL. SALAK,3201052008,,";
    let mut list = opened(&[head, good, moved, ended, trailing].join("\n"), None).expect("a list");
    let told: Vec<Option<String>> =
        batch(&mut list).rows.iter().map(|row| row.as_ref().err().map(|line| line.kesalahan[0].code.clone())).collect();
    assert_eq!(told, [None, Some("TOO_MANY_CELLS".to_owned()), None, None]);
    assert_eq!(list.preview(9).iter().filter(|row| !row.reasons.is_empty()).count(), 1, "the preview says so, too");
}

#[test]
fn a_column_without_a_heading_is_told() {
    let text = "NIK;Nama;;ID Keluarga\n3201054107700082;SITI;catatan;K1\n3201054107700099;BUDI;;K1\n";
    let list = opened(text, None).expect("a list");
    assert_eq!(list.unnamed_columns(), [2]);
}

#[test]
fn rows_for_which_there_is_no_room_are_not_read() {
    let line = "3201054107700082;SITI AMINAH;K1;2025-11-20;D";
    let many: Vec<String> = (0..20_000).map(|at| format!("{line}{at}")).collect();
    let text = format!("NIK;Nama;ID Keluarga;tgl_data;id_sumber\n{}", many.join("\n"));
    let read = |most: u64| {
        let mut asked = 0;
        let mut list = opened(&text, None).expect("a list");
        let context = Context::on(Date::constant(2025, 11, 20));
        let reader = BatchReader::new(Feed::AnggotaKeluarga, Limits::default(), context);
        let read = list.read(reader, &mut |bytes| {
            asked += bytes;
            asked <= most
        });
        (read.map(|batch| batch.rows.len()), asked)
    };
    let (whole, asked) = read(u64::MAX);
    assert_eq!(whole.expect("read"), 20_000);
    assert!(asked > 1 << 20, "{asked}");
    assert!(matches!(read(600 << 10), (Err(ListError::NoRoom), asked) if asked < 1 << 20));
}

#[test]
fn a_file_without_headings_says_so() {
    let error = opened("1;2;3\n4;5;6\n", None).err().expect("refused");
    assert!(error.pesan().contains("Judul kolom"), "{error}");
}

#[test]
fn numbers_are_shown_as_they_were_typed() {
    for (cell, text) in [
        (Cell::Number(3_201_052_008.0), "3201052008"),
        (Cell::Number(12.5), "12.5"),
        (Cell::Text(" a ".to_owned()), "a"),
        (Cell::Date(Date::constant(1984, 12, 31)), "1984-12-31"),
        (Cell::Bool(true), "TRUE"),
        (Cell::Empty, ""),
    ] {
        assert_eq!(marking::text_of(&cell), text);
    }
}

//! Whatever one agency sends, cases grow no faster than its rows, and time not with their cube: lists that are made to have
//! every row resemble every other one, each in another way. (Pairs grow with the square until blocks are full, at 100 to 400
//! rows, and with the rows from there on.)

use std::time::{Duration, Instant};

use padan::domain::feed::Feed;

use crate::pushed::{Office, withdrawals};
use crate::rows::Row;

/// Rows of the small list; the large one has [`TIMES`] as many.
const ROWS: usize = 150;
const TIMES: usize = 4;
/// Cases there may be for each row: one about whom more is asked than twice as many is not asked about one by one.
const MOST: usize = 8;

const PERSON: &str = r#"{"id_sumber":"X","tgl_data":"2025-11-20","nik":"3201147012840001","no_kk":"3201140812180001","nama":"SITI NURJANAH","tempat_lahir":"BOGOR","tanggal_lahir":"1984-12-30","jenis_kelamin":"P","nama_ibu_kandung":"EUIS KOMALA","alamat":"KP. CIBEREUM RT 003/005","kode_desa":"3201142004","id_keluarga":"K1","hubungan_keluarga":1,"status_perkawinan":2,"desil":2,"status_padan_dukcapil":"BELUM"}"#;
const INSURED: &str = r#"{"id_sumber":"X","tgl_data":"2025-11-20","nik":"3201147012840001","no_kk":"3201140812180001","nama":"SITI NURJANAH","tempat_lahir":"BOGOR","tanggal_lahir":"1984-12-30","jenis_kelamin":"P","alamat":"KP. CIBEREUM","rt":"003","rw":"005","kode_desa":"3201142004","no_hp":"081314722150","no_jkn":"0000218149158","segmen":"PBI_APBN","status_jkn":"AKTIF","faskes_tk1":"PUSKESMAS CIBEREUM"}"#;

/// What is written into a row of a list, by its number.
type Shape = fn(&mut Row, usize);

fn nik(row: &mut Row, number: usize) {
    row.set("nik", &format!("320114701284{:04}", 1 + number));
}

fn kk(row: &mut Row, number: usize) {
    row.set("no_kk", &format!("320114081218{:04}", 1 + number));
}

fn letter(number: usize) -> char {
    char::from(b'A' + (number % 26) as u8)
}

/// A day of birth and the NIK that says so.
fn born(row: &mut Row, number: usize) {
    let (day, month, year) = (1 + number % 28, 1 + number / 28 % 12, 1960 + number / 336 % 50);
    row.set("tanggal_lahir", &format!("{year}-{month:02}-{day:02}"));
    row.set("nik", &format!("320114{:02}{month:02}{:02}{:04}", day + 40, year % 100, 1 + number));
}

fn name(row: &mut Row, number: usize) {
    const FIRST: [&str; 8] = ["SITI", "DEWI", "YANI", "ROHMAH", "KOKOM", "LILIS", "TATI", "NENENG"];
    const LAST: [&str; 7] = ["NURJANAH", "KOMALASARI", "SULASTRI", "HANDAYANI", "MARYATI", "JUBAEDAH", "FATIMAH"];
    let (first, last) = (FIRST[number % 8], LAST[number / 8 % 7]);
    row.set("nama", &format!("{first} {last} {}", letter(number / 56)));
}

const SHAPES: [(&str, &str, Shape); 12] = [
    ("a chain of shared numbers", PERSON, |row, number| {
        nik(row, number / 2);
        kk(row, number.div_ceil(2));
        row.set("nama", &format!("SITI NURJANAH {}", letter(number)));
    }),
    ("only the NIK differs", PERSON, nik),
    ("only the NIK and the card differ", PERSON, |row, number| {
        nik(row, number);
        kk(row, number);
    }),
    ("one NIK, many names and days of birth", PERSON, |row, number| {
        born(row, number);
        name(row, number);
        row.set("nik", "3201147012840001");
    }),
    ("one card, one name, many days of birth", PERSON, born),
    ("one card, many names, two to a NIK", PERSON, |row, number| {
        name(row, number);
        nik(row, number / 2);
    }),
    ("one mother and day of birth, names but for a letter", PERSON, |row, number| {
        nik(row, number);
        kk(row, number / 5);
        row.set("nama", &format!("SITI NUR{}ANAH {}", letter(number), letter(number / 26)));
    }),
    ("NIKs but for a digit of the date, one name", PERSON, |row, number| {
        born(row, number % 28);
        kk(row, number);
        row.set("nama", &format!("SITI NURJANAH {}", letter(number / 28)));
    }),
    ("one telephone, one name", INSURED, |row, number| {
        born(row, number);
        kk(row, number);
        row.set("no_jkn", &format!("{:013}", 218_149_158 + number));
    }),
    ("one insurance number, many names", INSURED, |row, number| {
        born(row, number);
        name(row, number);
    }),
    ("a star: each has a number of the first", INSURED, |row, number| {
        name(row, number);
        match number % 3 {
            0 => nik(row, 0),
            1 => kk(row, 0),
            _ => row.set("no_hp", "081314722150"),
        }
        if number % 3 != 0 {
            born(row, number);
        }
        row.set("no_jkn", &format!("{:013}", 218_149_158 + number));
    }),
    ("the same row again and again", PERSON, |_, _| {}),
];

fn rows(template: &str, shape: Shape, count: usize) -> Vec<Row> {
    let feed = if template == INSURED { Feed::KepesertaanJkn } else { Feed::AnggotaKeluarga };
    let row = |number: usize| {
        let mut row = Row::parse(feed, template).copied(&format!("X{number}"));
        if feed == Feed::AnggotaKeluarga {
            row.set("id_keluarga", &format!("K{}", number / 3));
        }
        shape(&mut row, number);
        row
    };
    (0..count).map(row).collect()
}

/// Cases that such a list opens, pushed so many rows at a time, and how long it takes until everything is matched.
fn pushed(rows: &[Row], at_a_time: usize) -> (u64, Duration) {
    let mut office = Office::open();
    let started = Instant::now();
    for batch in rows.chunks(at_a_time) {
        office.push(batch);
        // Each batch is a step of its own.
        office.settle();
    }
    let cases = office.open_cases();
    let took = started.elapsed();
    office.close();
    (cases, took)
}

#[test]
fn no_list_of_rows_that_resemble_each_other_buries_anybody() {
    let mut wrong = Vec::new();
    for (what, template, shape) in SHAPES {
        let (few, short) = pushed(&rows(template, shape, ROWS), 100);
        let (many, long) = pushed(&rows(template, shape, ROWS * TIMES), 100);
        println!("{what}: {few} cases, {short:.1?}; of {TIMES} times as many rows {many} cases, {long:.1?}");
        // Of a small list all may be one case, and of a larger one some persons stand beside it.
        let linear = (few * TIMES as u64).max((ROWS * TIMES / 10) as u64) * 5 / 4 + 20;
        if many > linear || few > (ROWS * MOST) as u64 {
            wrong.push(format!("{what}: {few} cases of {ROWS} rows, {many} of {TIMES} times as many"));
        }
        if long > short * (TIMES * TIMES * TIMES) as u32 + Duration::from_secs(5) {
            wrong.push(format!("{what}: {short:?} for {ROWS} rows, {long:?} for {TIMES} times as many"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn crowds_do_not_depend_on_how_rows_came() {
    let mut wrong = Vec::new();
    for (what, template, shape) in SHAPES {
        let list = rows(template, shape, 60);
        let (at_once, _) = pushed(&list, list.len());
        let (in_steps, _) = pushed(&list, 7);
        let mut office = Office::open();
        let (first, second) = list.split_at(list.len() / 2);
        office.push(second);
        office.settle();
        office.push(first);
        office.settle();
        office.push(&withdrawals(second));
        let left = office.open_cases();
        office.close();
        let (alone, _) = pushed(first, first.len());
        if at_once != in_steps || left != alone {
            wrong.push(format!(
                "{what}: {at_once} cases at once, {in_steps} in steps; {left} after a half went, {alone} without it"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

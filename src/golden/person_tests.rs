use proptest::prelude::*;

use super::*;
use crate::domain::agency::AgencyId;
use crate::domain::feed::Feed;
use crate::domain::record::{RecordKey, Sequence};
use crate::domain::row::{AnggotaKeluarga, KepesertaanJkn, LayananKia, PersonCore, PesertaDidik};
use crate::domain::sex::Sex;

/// A record of a feed; `number` is its age here, `day` its as-of day in November 2025.
fn record(number: u64, feed: Feed, day: i8, core: PersonCore) -> Record {
    let detail = match feed {
        Feed::AnggotaKeluarga => Detail::Anggota(Box::default()),
        Feed::PesertaDidik => {
            Detail::Siswa(Box::new(PesertaDidik { nisn: Some(format!("00{number}")), ..PesertaDidik::default() }))
        }
        Feed::KepesertaanJkn => {
            Detail::Jkn(Box::new(KepesertaanJkn { no_jkn: format!("000{number}"), ..KepesertaanJkn::default() }))
        }
        Feed::LayananKia => Detail::Kia(Box::new(LayananKia { jenis: "BALITA".to_owned(), ..LayananKia::default() })),
        Feed::Rekening => Detail::Rekening(Box::default()),
        Feed::Penyaluran => Detail::Penyaluran(Box::default()),
    };
    Record {
        id: RecordId(number),
        key: RecordKey { agency: AgencyId::new("a").expect("an id"), feed, id_sumber: number.to_string() },
        sequence: Sequence(number),
        tgl_data: crate::domain::date::Date::constant(2025, 11, day),
        withdrawn: false,
        core,
        detail,
        flags: vec![],
        regions: Vec::new(),
    }
}

fn named(number: u64, feed: Feed, day: i8, name: &str) -> Record {
    record(number, feed, day, PersonCore { nama: Some(name.to_owned()), ..PersonCore::default() })
}

fn matched(mut record: Record) -> Record {
    let padan = AnggotaKeluarga { status_padan_dukcapil: Some("PADAN".to_owned()), ..AnggotaKeluarga::default() };
    record.detail = Detail::Anggota(Box::new(padan));
    record
}

fn source(record: &Record) -> Source<'_> {
    let usable = |raw: &'_ Option<String>| raw.as_deref().is_some_and(|text| text.len() == 16);
    Source {
        record,
        clean_name: None,
        name_words: &[],
        nik: record.core.nik.as_deref().filter(|_| usable(&record.core.nik)),
        no_kk: record.core.no_kk.as_deref().filter(|_| usable(&record.core.no_kk)),
        aside: false,
    }
}

fn golden(records: &[Record]) -> GoldenPerson {
    let sources: Vec<Source<'_>> = records.iter().map(source).collect();
    golden_person(PersonId(RecordId(1)), &sources, vec![], &Survivorship::embedded())
}

#[track_caller]
fn check(name: &str, records: &[Record], field: PersonField, expected: Option<(&str, u64, &str)>) {
    let golden = golden(records);
    let chosen = golden.fields.iter().find(|(f, _)| *f == field).map(|(_, chosen)| chosen);
    let told = chosen.map(|chosen| (chosen.value.as_str(), chosen.source.0, chosen.rule.as_str()));
    assert_eq!(told, expected, "{name}");
}

#[test]
fn names_come_from_the_best_source() {
    use Feed::{
        AnggotaKeluarga as Dinsos, KepesertaanJkn as Jkn, LayananKia as Kia, PesertaDidik as Disdik, Rekening as Bank,
    };
    let cases = [
        (
            "trap 24: a matched row beats newer ones",
            vec![
                matched(named(1, Dinsos, 1, "NURHAYATI")),
                named(2, Dinsos, 20, "NUR HAYATI"),
                named(3, Disdik, 20, "Nur"),
            ],
            ("NURHAYATI", 1, "dukcapil"),
        ),
        (
            "the newest of Dinsos",
            vec![named(1, Dinsos, 1, "A"), named(2, Dinsos, 2, "B"), named(3, Disdik, 20, "C")],
            ("B", 2, "newest:DINSOS"),
        ),
        (
            "agreement beats age",
            vec![named(1, Dinsos, 1, "A"), named(2, Dinsos, 2, "B"), named(3, Bank, 20, "A")],
            ("A", 1, "newest:DINSOS"),
        ),
        ("then the older record", vec![named(2, Dinsos, 2, "B"), named(1, Dinsos, 2, "A")], ("A", 1, "newest:DINSOS")),
        (
            "a toddler's health row",
            vec![named(1, Jkn, 20, "A"), named(2, Kia, 1, "B"), named(3, Disdik, 9, "C")],
            ("B", 2, "newest:KIA"),
        ),
        ("a pupil's school row", vec![named(1, Jkn, 20, "A"), named(3, Disdik, 9, "C")], ("C", 3, "newest:DISDIK")),
        ("the bank comes last", vec![named(1, Bank, 20, "A"), named(2, Jkn, 1, "B")], ("B", 2, "newest:DINKES")),
        ("the bank alone", vec![named(1, Bank, 20, "A")], ("A", 1, "newest:BANK")),
        ("blank is nothing", vec![named(1, Dinsos, 20, "  "), named(2, Jkn, 1, "B")], ("B", 2, "newest:DINKES")),
    ];
    for (name, records, expected) in cases {
        check(name, &records, PersonField::Nama, Some(expected));
    }
}

#[test]
fn a_usable_nik_beats_an_unusable_one() {
    let nik = |number, feed, nik: &str| {
        record(number, feed, 1, PersonCore { nik: Some(nik.to_owned()), ..PersonCore::default() })
    };
    let lost = matched(nik(1, Feed::AnggotaKeluarga, "3.20105E+15"));
    let good = nik(2, Feed::Rekening, "3201054107700082");
    check("usable", &[lost.clone(), good], PersonField::Nik, Some(("3201054107700082", 2, "newest:BANK")));
    check("nothing usable", &[lost], PersonField::Nik, Some(("3.20105E+15", 1, "unusable:dukcapil")));
}

#[test]
fn a_birth_date_that_fits_the_nik_beats_one_that_contradicts_it() {
    let row = |number, feed, nik: &str, born: &str| {
        let core = PersonCore {
            nik: Some(nik.to_owned()),
            tanggal_lahir: born.parse().ok(),
            jenis_kelamin: Some(Sex::Female),
            ..PersonCore::default()
        };
        record(number, feed, 1, core)
    };
    let typed = matched(row(1, Feed::AnggotaKeluarga, "1807204101190001", "2020-01-01"));
    let right = row(2, Feed::PesertaDidik, "1807204101190001", "2019-01-01");
    let other = row(3, Feed::PesertaDidik, "1807204101190001", "2018-01-01");
    let field = PersonField::TanggalLahir;
    check("confirmed", &[typed.clone(), right.clone()], field, Some(("2019-01-01", 2, "newest:DISDIK+nik")));
    check("nobody is confirmed", &[typed.clone(), other], field, Some(("2020-01-01", 1, "dukcapil")));
    let mut alone = right;
    alone.core.nik = Some("3".to_owned());
    let mut unusable = typed;
    unusable.core.nik = None;
    check("no usable NIK to confirm by", &[unusable, alone], field, Some(("2020-01-01", 1, "dukcapil")));
}

#[test]
fn places_deaths_and_numbers() {
    let at = |number, day, desa: Option<&str>, kecamatan: Option<&str>| {
        let core = PersonCore {
            kode_desa: desa.map(str::to_owned),
            kode_kecamatan: kecamatan.map(str::to_owned),
            ..PersonCore::default()
        };
        record(number, Feed::KepesertaanJkn, day, core)
    };
    let rows =
        [at(1, 1, Some("3201052006"), None), at(2, 9, Some("3201102004"), None), at(3, 20, None, Some("320134"))];
    check("newest village", &rows, PersonField::KodeDesa, Some(("3201102004", 2, "newest")));
    check("its own district", &rows, PersonField::KodeKecamatan, Some(("320110", 2, "newest")));
    check("district alone", &rows[2..], PersonField::KodeKecamatan, Some(("320134", 3, "newest")));
    check("no pupil number", &rows, PersonField::Nisn, None);
    check("JKN number of the newest row", &rows, PersonField::NoJkn, Some(("0003", 3, "newest:DINKES")));
    let died = |number, day: &str| {
        let mut row = record(number, Feed::KepesertaanJkn, 1, PersonCore::default());
        row.detail =
            Detail::Jkn(Box::new(KepesertaanJkn { tgl_meninggal: day.parse().ok(), ..KepesertaanJkn::default() }));
        row
    };
    let dead = [died(1, "2025-03-02"), died(2, "2025-03-01")];
    check("earliest death", &dead, PersonField::TglMeninggal, Some(("2025-03-01", 2, "earliest")));
    let mut withdrawn = dead[1].clone();
    withdrawn.withdrawn = true;
    check(
        "withdrawn rows say nothing",
        &[dead[0].clone(), withdrawn],
        PersonField::TglMeninggal,
        Some(("2025-03-02", 1, "earliest")),
    );
}

#[test]
fn disagreement_is_counted() {
    let golden = golden(&[
        named(1, Feed::AnggotaKeluarga, 1, "A"),
        named(2, Feed::Rekening, 1, "B"),
        named(3, Feed::Rekening, 1, "B"),
    ]);
    assert_eq!(golden.fields[0].1.variants, 2);
    assert_eq!(golden.records, [RecordId(1), RecordId(2), RecordId(3)]);
}

prop_compose! {
    fn any_record()(feed in 0..5usize, day in 1..4i8, name in 0..3u8, nik in 0..3u8, padan in any::<bool>(), village in 0..2u8) -> Record {
        let niks = [None, Some("3201054107700082"), Some("bad")];
        let core = PersonCore {
            nama: Some(format!("NAMA {name}")),
            nik: niks[usize::from(nik)].map(str::to_owned),
            tanggal_lahir: format!("197{name}-07-01").parse().ok(),
            kode_desa: (village == 1).then(|| "3201052006".to_owned()),
            ..PersonCore::default()
        };
        let row = record(1, Feed::ALL[feed], day, core);
        if padan && feed == 0 { matched(row) } else { row }
    }
}

proptest! {
    #[test]
    fn the_order_of_sources_does_not_matter(
        (records, shuffled) in proptest::collection::vec(any_record(), 1..7).prop_flat_map(|mut records| {
            for (at, record) in records.iter_mut().enumerate() {
                record.id = RecordId(at as u64 + 1);
            }
            (Just(records.clone()), Just(records).prop_shuffle())
        })
    ) {
        prop_assert_eq!(golden(&records), golden(&shuffled));
    }
}

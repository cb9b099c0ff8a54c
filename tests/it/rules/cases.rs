//! What each rule says of a world of a few rows; traps are those of DOMAIN 8.

use std::collections::BTreeSet;

use padan::complement::{Index, RuleSet, World, evaluate, evaluate_subjects};
use padan::domain::feed::Feed::{AnggotaKeluarga, KepesertaanJkn, LayananKia, Penyaluran, PesertaDidik, Rekening};
use padan::domain::finding::Outcome::{self, BelumDapatDinilai, BelumMenerima, Menerima, TumpangTindih};
use padan::domain::finding::Subject;
use proptest::prelude::*;
use serde_json::json;

use super::small::Small;

pub(super) fn check(name: &str, world: &Small, rule: &str, expected: &[(Outcome, &str)]) {
    let outcomes = world.outcomes(rule);
    let told: Vec<(Outcome, &str)> = outcomes.iter().map(|(outcome, note)| (*outcome, note.as_str())).collect();
    assert_eq!(told, expected, "{name}: {rule}");
}

pub(super) fn jkn(segmen: &str, status: &str) -> serde_json::Value {
    json!({ "no_jkn": "0000000000001", "segmen": segmen, "status_jkn": status })
}

pub(super) fn account(number: &str, status: &str, card: bool) -> serde_json::Value {
    json!({ "kode_bank": "009", "no_rekening": number, "status_rekening": status, "kks_diserahkan": card })
}

pub(super) fn pupil(npsn: &str, status: &str, pip: &str) -> serde_json::Value {
    json!({ "npsn": npsn, "jenjang": "SD", "status_siswa": status, "pip_status": pip })
}

pub(super) fn pkh(person: &str) -> Small {
    Small::new().member(person, "K1", &["PKH"], json!({ "tanggal_lahir": "2015-05-05" }))
}

#[test]
fn pkh_with_sembako_pbi_and_pip_is_intended() {
    let world = Small::new()
        .member("ani", "K1", &["PKH", "SEMBAKO"], json!({ "tanggal_lahir": "2015-05-05", "desil": 2 }))
        .row("ani", KepesertaanJkn, jkn("PBI_APBN", "AKTIF"))
        .row("ani", PesertaDidik, pupil("20000001", "AKTIF", "CAIR"))
        .row("ani", Rekening, account("1", "AKTIF", true));
    let findings = world.findings(&RuleSet::embedded());
    assert!(!findings.is_empty());
    for finding in findings {
        assert_eq!(finding.outcome, Menerima, "trap 21: {}", finding.rule);
    }
}

#[test]
fn one_nik_on_several_persons() {
    let nik = |number: &str| json!({ "nik": number });
    let (good, other) = ("3201050503800011", "3201050503800012");
    let one = || Small::new().member("rudi", "K1", &[], nik(good)).row("rudi", KepesertaanJkn, nik(good));
    let twice = || vec![(TumpangTindih, "shared_nik"); 2];
    let cases = [
        ("one person in two feeds", one(), vec![]),
        ("another number", one().member("lina", "K2", &[], nik(other)), vec![]),
        ("two persons, without any programme", one().member("lina", "K2", &[], nik("3201.0505.0380.0011")), twice()),
        ("a placeholder is nobody's number", one().member("a", "K2", &[], nik("1234567890123456")), vec![]),
        (
            "two with a placeholder",
            Small::new().member("a", "K1", &[], nik("1234567890123456")).member(
                "b",
                "K2",
                &[],
                nik("1234567890123456"),
            ),
            vec![],
        ),
        (
            "three persons",
            one().member("lina", "K2", &[], nik(good)).member("tono", "K3", &["PKH"], nik(good)),
            vec![(TumpangTindih, "shared_nik"); 3],
        ),
    ];
    for (name, world, expected) in cases {
        check(name, &world, "Q03", &expected);
    }
}

#[test]
fn pbi_of_pkh_members() {
    let gap = |note: &'static str| vec![(BelumMenerima, note)];
    let cases = [
        ("no row", pkh("ani"), gap("no_row")),
        (
            "inactive",
            pkh("ani").row("ani", KepesertaanJkn, jkn("PBI_APBN", "NONAKTIF")),
            gap("segmen=PBI_APBN;status_jkn=NONAKTIF"),
        ),
        (
            "pays herself",
            pkh("ani").row("ani", KepesertaanJkn, jkn("PBPU", "AKTIF")),
            gap("segmen=PBPU;status_jkn=AKTIF"),
        ),
        (
            "served by the regency",
            pkh("ani").row("ani", KepesertaanJkn, jkn("PBI_APBD", "AKTIF")),
            vec![(Menerima, "")],
        ),
        ("salaried", pkh("ani").row("ani", KepesertaanJkn, jkn("PPU", "AKTIF")), vec![]),
        (
            "dead",
            pkh("ani").row(
                "ani",
                KepesertaanJkn,
                json!({ "no_jkn": "1", "segmen": "PPU", "status_jkn": "MENINGGAL", "tgl_meninggal": "2025-11-10" }),
            ),
            vec![],
        ),
        ("dead, day unknown", pkh("ani").row("ani", KepesertaanJkn, jkn("PBI_APBN", "MENINGGAL")), vec![]),
        ("not in PKH", Small::new().member("ani", "K1", &["SEMBAKO"], json!({})), vec![]),
    ];
    for (name, world, expected) in cases {
        check(name, &world, "G01", &expected);
    }
}

#[test]
fn enrolments_count_in_their_period_only() {
    let programme =
        |status: &str, periode: &str| json!({ "program": [{ "kode": "PKH", "status": status, "periode": periode }] });
    for (name, status, periode, active) in [
        ("this quarter", "AKTIF", "2025-T4", true),
        ("a month of this quarter", "AKTIF", "2025-10", true),
        ("last quarter", "AKTIF", "2025-T3", false),
        ("next quarter", "AKTIF", "2026-T1", false),
        ("ended", "NONAKTIF", "2025-T4", false),
        ("candidate", "CALON", "2025-T4", false),
    ] {
        let world = Small::new().member("ani", "K1", &[], programme(status, periode));
        assert_eq!(world.outcomes("G01").len(), usize::from(active), "{name}");
    }
}

#[test]
fn pupils_and_children_out_of_school() {
    let gone = pkh("ani").row("ani", PesertaDidik, pupil("20000001", "PUTUS", "TIDAK"));
    let proposed = pkh("ani").row("ani", PesertaDidik, pupil("20000001", "AKTIF", "USULAN"));
    check("trap 19", &pkh("ani"), "G03", &[(BelumMenerima, "no_row;madrasah_possible")]);
    check("left school", &gone, "G03", &[(BelumMenerima, "status_siswa=PUTUS")]);
    check("at school", &proposed, "G03", &[(Menerima, "")]);
    check("no pupil", &pkh("ani"), "G02", &[]);
    check("proposed only", &proposed, "G02", &[(BelumMenerima, "pip_status=USULAN")]);
    let silent = RuleSet::parse(&[
        ("parameters.toml", include_str!("../../../config/rules/parameters.toml")),
        (
            "gaps.toml",
            &include_str!("../../../config/rules/gaps.toml").replace("absence = \"gap\"", "absence = \"unassessable\""),
        ),
    ]);
    let silent = silent.expect("valid rules");
    let outcome = |world: &Small| world.findings(&silent).into_iter().find(|f| f.rule == "G03").map(|f| f.outcome);
    assert_eq!(outcome(&pkh("ani")), Some(BelumDapatDinilai), "absence is no proof where the rule says so");
    assert_eq!(outcome(&gone), Some(BelumMenerima), "a row that says so is");
}

#[test]
fn families_without_sembako_or_card() {
    let sembako = Small::new().member("ani", "K1", &["PKH", "SEMBAKO"], json!({ "desil": 2 }));
    let poor = Small::new().member("ani", "K1", &["PKH"], json!({ "desil": 5 }));
    let rich = Small::new().member("ani", "K1", &["PKH"], json!({ "desil": 6 }));
    check("served", &sembako, "G04", &[(Menerima, "")]);
    check("not served", &poor, "G04", &[(BelumMenerima, "no_programme:SEMBAKO")]);
    check("above the limit", &rich, "G04", &[]);
    check("no account", &poor, "G05", &[(BelumMenerima, "no_row")]);
    for (name, status, card, expected) in [
        ("card handed over", "AKTIF", true, (Menerima, "")),
        ("card kept", "AKTIF", false, (BelumMenerima, "status_rekening=AKTIF;kks_diserahkan=false")),
        ("closed", "TUTUP", true, (BelumMenerima, "status_rekening=TUTUP;kks_diserahkan=true")),
    ] {
        let world =
            poor.clone().member("budi", "K1", &["PKH"], json!({})).row("budi", Rekening, account("1", status, card));
        check(name, &world, "G05", &[expected]);
    }
}

#[test]
fn visits_of_mothers_and_toddlers() {
    let mother = pkh("ani").member("ani", "K1", &["PKH"], json!({ "komponen_pkh": ["BUMIL"] }));
    let seen =
        |day: &str| mother.clone().row("ani", LayananKia, json!({ "jenis": "IBU_HAMIL", "tgl_anc_terakhir": day }));
    check("never seen", &mother, "G06", &[(BelumMenerima, "no_row")]);
    check("60 days ago", &seen("2025-09-21"), "G06", &[(Menerima, "")]);
    check("61 days ago", &seen("2025-09-20"), "G06", &[(BelumMenerima, "jenis=IBU_HAMIL;stale:tgl_anc_terakhir")]);
    check(
        "a visit that is still to come",
        &seen("2025-11-21"),
        "G06",
        &[(BelumMenerima, "jenis=IBU_HAMIL;stale:tgl_anc_terakhir")],
    );
    for (name, born, asked) in
        [("almost five", "2020-11-21", 1), ("five today", "2020-11-20", 0), ("not born", "2025-11-21", 0)]
    {
        let child = Small::new().member("adi", "K1", &["PKH"], json!({ "tanggal_lahir": born }));
        assert_eq!(child.outcomes("G07").len(), asked, "{name}");
    }
}

#[test]
fn elderly_members_by_the_year_of_the_rule() {
    let old = |day: &str, component: &str| {
        let fields = json!({ "tanggal_lahir": "1957-01-01", "komponen_pkh": [component] });
        let list = json!({ "program": [{ "kode": "PKH", "status": "AKTIF" }] });
        let world = Small::new().on(day).member("siti", "K1", &[], list).member("siti", "K1", &["PKH"], fields);
        ["2022-T2", "2023-T2", "2025-T4"]
            .iter()
            .fold(world, |world, period| world.close(AnggotaKeluarga, "32", period, true))
    };
    check("trap 22: 65 in 2022", &old("2022-05-01", "SD"), "G09", &[]);
    check("trap 22: 66 in 2023", &old("2023-05-01", "SD"), "G09", &[(BelumMenerima, "no_component")]);
    check("with the component", &old("2023-05-01", "LANSIA"), "G09", &[(Menerima, "")]);
    check("68 in 2025", &old("2025-11-20", "SD"), "G09", &[]);
    let couple = old("2023-05-01", "LANSIA").member("amin", "K1", &["PKH"], json!({ "tanggal_lahir": "1950-01-01" }));
    check("one component a family", &couple, "G09", &[(Menerima, ""), (Menerima, "")]);
}

#[test]
fn pregnant_women_outside_pkh() {
    let woman = |desil: u8, due: &str| {
        Small::new().member("ani", "K1", &["SEMBAKO"], json!({ "desil": desil })).row(
            "ani",
            LayananKia,
            json!({ "jenis": "IBU_HAMIL", "hpl": due }),
        )
    };
    check("poor", &woman(4, "2026-01-01"), "G08", &[(BelumMenerima, "no_programme:PKH")]);
    check("just delivered", &woman(4, "2025-10-09"), "G08", &[(BelumMenerima, "no_programme:PKH")]);
    check("long ago", &woman(4, "2025-10-08"), "G08", &[]);
    check("above the limit", &woman(5, "2026-01-01"), "G08", &[]);
}

#[test]
fn a_gap_needs_closed_feeds() {
    let open = pkh("ani").close(KepesertaanJkn, "320105", "2025-T4", false);
    check("trap 18", &open, "G01", &[(BelumDapatDinilai, "feed_open:dinkes-kepesertaan-jkn")]);
    check("another feed is closed", &open, "G05", &[(BelumMenerima, "no_row")]);
    let elsewhere = pkh("ani").close(KepesertaanJkn, "320110", "2025-T4", false);
    check("another district is open", &elsewhere, "G01", &[(BelumMenerima, "no_row")]);
    let month = pkh("ani").close(AnggotaKeluarga, "32", "2025-11", false);
    check("Sembako is monthly", &month, "G04", &[(BelumDapatDinilai, "feed_open:dinsos-anggota-keluarga")]);
    let served = open.row("ani", KepesertaanJkn, jkn("PBI_APBN", "AKTIF"));
    check("a row that is there proves", &served, "G01", &[(Menerima, "")]);
}

#[test]
fn an_open_case_matters_only_where_it_could_change_the_answer() {
    let gap = pkh("ani").open_case("ani");
    check("a merge could bring the row", &gap, "G01", &[(BelumDapatDinilai, "open_case")]);
    check("or the family's card", &gap, "G05", &[(BelumDapatDinilai, "open_case")]);
    check("but no programme", &gap, "G04", &[(BelumMenerima, "no_programme:SEMBAKO")]);
    let served = gap.row("ani", KepesertaanJkn, jkn("PBI_APBN", "AKTIF"));
    check("what is proven stays", &served, "G01", &[(Menerima, "")]);
    let shared = pkh("ani")
        .member("budi", "K2", &["PKH"], json!({}))
        .row("ani", Rekening, account("1", "AKTIF", true))
        .row("budi", Rekening, account("1", "AKTIF", true));
    check("two families", &shared, "O08", &[(TumpangTindih, "shared_account")]);
    check(
        "one of them may be a third person",
        &shared.clone().open_case("ani"),
        "O08",
        &[(TumpangTindih, "shared_account")],
    );
    check(
        "they may be one person",
        &shared.open_case("ani").open_case("budi"),
        "O08",
        &[(BelumDapatDinilai, "open_case")],
    );
}

#[test]
fn one_person_in_two_memberships() {
    let twice = |first: &str, second: &str| {
        Small::new().member("ani", "K1", &["PKH"], json!({ "nik": first })).member(
            "ani",
            "K2",
            &["SEMBAKO"],
            json!({ "nik": second }),
        )
    };
    let same = twice("3201054107700082", "'3201054107700082");
    let other = twice("3201054107700082", "3201054107700099");
    check("same NIK", &same, "O01", &[(TumpangTindih, "two_kpm")]);
    check("same NIK", &same, "O03", &[]);
    check("two NIKs", &other, "O03", &[(TumpangTindih, "two_kpm;two_nik")]);
    check("two NIKs", &other, "O01", &[]);
    let moved = Small::new().member("ani", "K1", &["PKH"], json!({})).member("ani", "K2", &[], json!({}));
    check("one of them is not active", &moved, "O01", &[]);
    let again = Small::new().member("ani", "K1", &["PKH"], json!({})).member("ani", "K1", &["PKH"], json!({}));
    check("listed twice in one family", &again, "O01", &[]);
}

#[test]
fn two_memberships_on_one_card() {
    let card = |second: &str, programme: &str| {
        let fields = |kk: &str, number: &str| json!({ "no_kk": kk, "no_peserta_pkh": number, "hubungan_keluarga": 1 });
        Small::new().member("ani", "K1", &["PKH"], fields("3201051201220006", "1")).member(
            "budi",
            "K2",
            &[programme],
            fields(second, "2"),
        )
    };
    let both = [(TumpangTindih, "shared_card:PKH"), (TumpangTindih, "shared_card:PKH")];
    check("two heads, one card", &card("3201051201220006", "PKH"), "O02", &both);
    check("other card", &card("3201051201220007", "PKH"), "O02", &[]);
    check("other programme", &card("3201051201220006", "SEMBAKO"), "O02", &[]);
}

#[test]
fn a_divorce_makes_two_families() {
    let old = json!({ "no_kk": "3201051201120006", "tgl_data": "2025-01-01" });
    let head = |kk: &str| json!({ "no_kk": kk, "hubungan_keluarga": 1 });
    let new = json!({ "no_kk": "3201051201250009" });
    let world = Small::new()
        .member("budi", "K1", &["PKH"], head("3201051201120006"))
        .member("adi", "K1", &["PKH"], old.clone())
        .member("eka", "K1", &["PKH"], old)
        .member("ani", "K2", &["PKH"], head("3201051201250009"))
        .member("adi", "K2", &["PKH"], new.clone())
        .member("eka", "K2", &["PKH"], new);
    check("trap 17", &world, "O02", &[]);
    assert_eq!(world.build().1.len(), 2, "trap 17: two families");
    assert_eq!(world.outcomes("O01").len(), 2, "the children are still counted twice");
}

#[test]
fn withdrawn_rows_take_no_part() {
    let mut world = pkh("ani").row("ani", KepesertaanJkn, jkn("PBI_APBN", "AKTIF"));
    check("served", &world, "G01", &[(Menerima, "")]);
    world.records[1].withdrawn = true;
    check("withdrawn proof", &world, "G01", &[(BelumMenerima, "no_row")]);
    world.records[0].withdrawn = true;
    assert_eq!(world.findings(&RuleSet::embedded()), [], "nothing is left");
}

fn village() -> Small {
    pkh("ani")
        .member("budi", "K1", &["PKH", "BLT_DD"], json!({ "no_kk": "3201051201220006", "desil": 6 }))
        .member("cici", "K2", &["PKH"], json!({ "no_kk": "3201051201220006", "hubungan_keluarga": 1 }))
        .member("cici", "K3", &["SEMBAKO"], json!({ "kode_desa": "3201102004" }))
        .row("ani", Rekening, account("1", "AKTIF", true))
        .row("dodi", Rekening, json!({ "kode_bank": "009", "no_rekening": "1", "status_rekening": "AKTIF", "kode_desa": "3201102004" }))
        .row("cici", KepesertaanJkn, jkn("PBI_APBN", "AKTIF"))
        .row("", Penyaluran, json!({ "kode_bank": "009", "no_rekening": "1", "program": "PKH", "status_salur": "TIDAK_TRANSAKSI", "tgl_topup": "2025-01-06" }))
        .open_case("budi")
}

proptest! {
    #[test]
    fn the_order_of_the_world_does_not_matter(
        records in Just((0..8usize).collect::<Vec<_>>()).prop_shuffle(),
        flip in any::<bool>(),
    ) {
        let world = village();
        let rules = RuleSet::embedded();
        let expected = world.findings(&rules);
        prop_assert!(expected.len() > 10);
        let (mut persons, mut families) = world.build();
        let shuffled: Vec<_> = records.iter().map(|at| world.records[*at].clone()).collect();
        if flip {
            persons.reverse();
            families.reverse();
        }
        let open_cases = world.open_cases();
        let found = evaluate(&rules, &World {
            records: &shuffled,
            persons: &persons,
            families: &families,
            completeness: &world.completeness,
            open_cases: &open_cases,
            as_of: world.as_of,
            name_match: &super::alike,
            shared_niks: None,
        });
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn some_subjects_get_the_answers_they_get_among_all() {
    let world = village();
    let rules = RuleSet::embedded();
    let all = world.findings(&rules);
    let (persons, families) = world.build();
    let open_cases = world.open_cases();
    let index = Index::new(&World {
        records: &world.records,
        persons: &persons,
        families: &families,
        completeness: &world.completeness,
        open_cases: &open_cases,
        as_of: world.as_of,
        name_match: &super::alike,
        shared_niks: None,
    });
    let subjects: BTreeSet<Subject> =
        [Subject::Person(persons[0].id), Subject::Family(families[0].id)].into_iter().collect();
    let expected: Vec<_> = all.into_iter().filter(|finding| subjects.contains(&finding.subject)).collect();
    assert!(expected.len() > 3);
    assert_eq!(evaluate_subjects(&rules, &index, Some(&subjects)), expected);
}

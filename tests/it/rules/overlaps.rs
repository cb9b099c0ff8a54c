//! What the rules of overlaps and of the quality of data say of a world of a few rows.

use padan::domain::feed::Feed::{KepesertaanJkn, Penyaluran, PesertaDidik, Rekening};
use padan::domain::finding::Outcome::{self, TumpangTindih};
use serde_json::json;

use super::cases::{account, check, jkn, pkh, pupil};
use super::small::Small;

fn hit(note: &'static str) -> Vec<(Outcome, &'static str)> {
    vec![(TumpangTindih, note)]
}

#[test]
fn overlaps_of_programmes() {
    let cases = [
        ("O04", "PKH and BLT", Small::new().member("ani", "K1", &["PKH", "BLT_DD"], json!({})), hit("PKH+BLT_DD")),
        ("O04", "Sembako and BLT", Small::new().member("ani", "K1", &["SEMBAKO", "BLT_DD"], json!({})), vec![]),
        ("O06", "soldier", Small::new().member("ani", "K1", &["PKH"], json!({ "pekerjaan": "Anggota TNI" })), hit("excluded_occupation;status_kepesertaan=none")),
        ("O06", "not a word of it", Small::new().member("ani", "K1", &["PKH"], json!({ "pekerjaan": "PETANI" })), vec![]),
        ("O13", "PKH in decile 5", Small::new().member("ani", "K1", &["PKH"], json!({ "desil": 5 })), hit("decile")),
        ("O13", "Sembako in decile 5", Small::new().member("ani", "K1", &["SEMBAKO"], json!({ "desil": 5 })), vec![]),
        (
            "O13",
            "an old row in decile 7",
            Small::new().member("ani", "K1", &["PKH"], json!({ "desil": 7, "tgl_data": "2024-01-01" })).member("ani", "K1", &["PKH"], json!({ "desil": 2 })),
            vec![],
        ),
        (
            "O15",
            "graduated",
            Small::new().member("ani", "K1", &[], json!({ "program": [{ "kode": "PENA", "status": "GRADUASI", "periode": "2024-T2" }, { "kode": "PKH", "status": "AKTIF" }] })),
            hit("PENA:GRADUASI"),
        ),
    ];
    for (rule, name, world, expected) in cases {
        check(name, &world, rule, &expected);
    }
}

#[test]
fn overlaps_of_segments_and_of_the_dead() {
    let dead = |day: &str| {
        pkh("ani").row(
            "ani",
            KepesertaanJkn,
            json!({ "no_jkn": "1", "segmen": "PBI_APBN", "status_jkn": "MENINGGAL", "tgl_meninggal": day }),
        )
    };
    let paid = |programmes: &[&str]| {
        Small::new()
            .member("alm", "K1", programmes, json!({ "nama": "ALM. SUPARMAN" }))
            .row("alm", Rekening, account("1", "AKTIF", true))
            .row("", Penyaluran, json!({ "kode_bank": "009", "no_rekening": "1", "program": "PKH", "status_salur": "BERHASIL", "tgl_topup": "2025-10-20", "tgl_transaksi_terakhir": "2025-10-25" }))
    };
    let cases = [
        (
            "O05",
            "two segments",
            Small::new().row("ani", KepesertaanJkn, jkn("PBI_APBN", "AKTIF")).row(
                "ani",
                KepesertaanJkn,
                jkn("PPU", "AKTIF"),
            ),
            hit("segmen=PBI_APBN;segmen=PPU"),
        ),
        ("O07", "died before the period", dead("2025-09-30"), hit("deceased")),
        ("O07", "died in the period", dead("2025-10-01"), vec![]),
        ("O07", "trap 15: paid last month", paid(&[]), hit("deceased")),
    ];
    for (rule, name, world, expected) in cases {
        check(name, &world, rule, &expected);
    }
}

#[test]
fn overlaps_of_accounts_and_schools() {
    let cases = [
        (
            "O09",
            "two cards",
            Small::new().row("ani", Rekening, account("1", "AKTIF", true)).row(
                "ani",
                Rekening,
                account("2", "AKTIF", true),
            ),
            hit("two_accounts"),
        ),
        (
            "O09",
            "one closed",
            Small::new().row("ani", Rekening, account("1", "AKTIF", true)).row(
                "ani",
                Rekening,
                account("2", "TUTUP", true),
            ),
            vec![],
        ),
        (
            "O10",
            "two schools",
            Small::new().row("ani", PesertaDidik, pupil("20000001", "AKTIF", "TIDAK")).row(
                "ani",
                PesertaDidik,
                pupil("20000002", "AKTIF", "TIDAK"),
            ),
            hit("two_schools"),
        ),
        (
            "O10",
            "moved",
            Small::new().row("ani", PesertaDidik, pupil("20000001", "PINDAH", "TIDAK")).row(
                "ani",
                PesertaDidik,
                pupil("20000002", "AKTIF", "TIDAK"),
            ),
            vec![],
        ),
        (
            "O08",
            "man and wife",
            Small::new()
                .member("ani", "K1", &["PKH"], json!({}))
                .member("budi", "K1", &["PKH"], json!({}))
                .row("ani", Rekening, account("1", "AKTIF", true))
                .row("budi", Rekening, account("1", "AKTIF", true)),
            vec![],
        ),
    ];
    for (rule, name, world, expected) in cases {
        check(name, &world, rule, &expected);
    }
}

#[test]
fn money_that_is_not_used_and_names_that_differ() {
    let payment = |topup: &str, last: Option<&str>, status: &str| {
        Small::new().row("ani", Rekening, account("1", "AKTIF", true)).row(
            "",
            Penyaluran,
            json!({ "kode_bank": "009", "no_rekening": "1", "program": "PKH", "status_salur": status, "tgl_topup": topup, "tgl_transaksi_terakhir": last }),
        )
    };
    let hit = [(TumpangTindih, "no_transaction;program=PKH")];
    check("106 days", &payment("2025-08-06", None, "TIDAK_TRANSAKSI"), "Q01", &hit);
    check("105 days", &payment("2025-08-07", None, "TIDAK_TRANSAKSI"), "Q01", &[]);
    check("last used before it came", &payment("2025-08-06", Some("2025-08-05"), "BERHASIL"), "Q01", &hit);
    check("used", &payment("2025-08-06", Some("2025-08-06"), "BERHASIL"), "Q01", &[]);
    check("never arrived", &payment("2025-08-06", None, "GAGAL"), "Q01", &[]);
    let named = |name: &str| {
        let mut row = account("1", "AKTIF", true);
        row["nama"] = json!(name);
        Small::new()
            .member("ani", "K1", &["PKH"], json!({ "nama": "SRI WAHYUNINGSIH RAHAYU" }))
            .row("ani", Rekening, row)
    };
    check("cut off", &named("SRI WAHYUNINGSIH RAH"), "Q02", &[]);
    check("another name", &named("AHMAD WIJAYA"), "Q02", &[(TumpangTindih, "account_name")]);
}

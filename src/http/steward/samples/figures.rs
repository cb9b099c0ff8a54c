//! Hand-made reports, pushes and states of the gateway.

use std::collections::BTreeMap;

use super::{agency, at};
use crate::domain::batch::{Batch, BatchCounts, ReceiptLine, RowError, RowOutcome};
use crate::domain::date::{Date, Period};
use crate::domain::feed::Feed;
use crate::domain::finding::{Finding, Outcome, RuleKind, RuleSeverity, Scope, Subject};
use crate::domain::flag::{Flag, FlagCode};
use crate::domain::person::FamilyId;
use crate::domain::record::{PersonId, RecordId};
use crate::service::answers::views::{
    BatchView, FeedLine, Names, OpenFeed, Overview, Pushed, ReportCell, ReportView, RuleView, StopKeyLine,
};

fn counts(menerima: u64, belum: u64, ganda: u64, open: u64) -> BTreeMap<Outcome, u64> {
    [
        (Outcome::Menerima, menerima),
        (Outcome::BelumMenerima, belum),
        (Outcome::TumpangTindih, ganda),
        (Outcome::BelumDapatDinilai, open),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .collect()
}

/// A report of five rules over several sub-districts.
pub(crate) fn report_view() -> ReportView {
    let rule = |id: &str, kind, severity, name: &str, english: &str| RuleView {
        id: id.to_owned(),
        kind,
        scope: Scope::Person,
        severity,
        name_id: name.to_owned(),
        name_en: english.to_owned(),
        legal_basis: "Permensos 1/2018".to_owned(),
        message_id: "Usulkan anggota keluarga sebagai peserta PBI-JKN.".to_owned(),
        message_en: "Propose the members for PBI.".to_owned(),
    };
    let places =
        ["Cibinong", "Gunung Putri", "Citeureup", "Sukaraja", "Babakan Madang", "Jonggol", "Cileungsi", "Cariu"];
    let mut cells = Vec::new();
    for (at, place) in places.iter().enumerate() {
        let n = at as u64;
        let cell = |rule: &str, counts| ReportCell {
            rule: rule.to_owned(),
            scope: Scope::Person,
            kode_kecamatan: format!("3201{:02}", at + 1),
            kecamatan: (*place).to_owned(),
            counts,
        };
        cells.push(cell("G01", counts(412, 37 + n * 9 % 41, 0, 0)));
        cells.push(cell("G02", counts(230, 12 + n * 7 % 19, 0, if n % 3 == 2 { 60 + n } else { 0 })));
        cells.push(cell("G04", if n == 4 { counts(0, 0, 0, 811) } else { counts(700, 5 + n * 13 % 50, 0, 0) }));
        cells.push(cell("O01", counts(0, 0, n % 4, 0)));
        cells.push(cell("O07", counts(0, 0, 3 + n * 5 % 11, 0)));
    }
    let finding = |subject, outcome, note: &str| Finding {
        rule: "G01".to_owned(),
        subject,
        family: Some(FamilyId(RecordId(1))),
        persons: vec![PersonId(RecordId(3))],
        kode_kecamatan: Some("320101".to_owned()),
        kode_desa: Some("3201012001".to_owned()),
        periode: Period::Quarter { year: 2025, quarter: 4 },
        outcome,
        evidence: vec![RecordId(3), RecordId(17)],
        note: note.to_owned(),
    };
    ReportView {
        as_of: Date::constant(2025, 11, 20),
        state: 48_211,
        rules: vec![
            rule("G01", RuleKind::Gap, RuleSeverity::High, "PKH tanpa PBI-JKN", "PKH member without PBI"),
            rule("G02", RuleKind::Gap, RuleSeverity::Medium, "Anak PKH tanpa PIP/KIP", "PKH pupil without PIP"),
            rule("G04", RuleKind::Gap, RuleSeverity::Medium, "PKH tanpa Sembako/BPNT", "PKH family without Sembako"),
            rule("O01", RuleKind::Overlap, RuleSeverity::Critical, "NIK sama di dua KPM", "Same NIK in two families"),
            rule("O07", RuleKind::Overlap, RuleSeverity::Critical, "Penerima meninggal", "Deceased recipient"),
        ],
        cells,
        findings: vec![
            finding(Subject::Person(PersonId(RecordId(3))), Outcome::BelumMenerima, "no_row"),
            finding(Subject::Family(FamilyId(RecordId(8))), Outcome::BelumMenerima, "segmen=PBPU"),
            finding(Subject::Account(RecordId(29)), Outcome::BelumDapatDinilai, "feed_open:dinkes-kepesertaan-jkn"),
        ],
        open_feeds: vec![OpenFeed {
            feed: Feed::Rekening,
            kode_wilayah: "320105".to_owned(),
            periode: Period::Quarter { year: 2025, quarter: 4 },
            answers: 811,
            awaited: vec![agency("bank-bri")],
        }],
        without_village: 0,
    }
}

/// The names of those in the report.
pub(crate) fn names() -> Names {
    let head = "EMA SURYANI".to_owned();
    Names {
        persons: [(PersonId(RecordId(3)), "RANI PUSPITASARI".to_owned())].into(),
        families: [(FamilyId(RecordId(1)), head.clone()), (FamilyId(RecordId(8)), head)].into(),
    }
}

/// A push of three lines: clean, flagged, refused.
pub(crate) fn pushed() -> Pushed {
    let line = |baris, hasil| ReceiptLine {
        baris,
        id_sumber: Some(format!("R-{baris}")),
        hasil,
        tanpa_perubahan: false,
        berlaku: None,
        tanda: Vec::new(),
        kesalahan: Vec::new(),
    };
    let mut lines = vec![line(1, RowOutcome::Diterima), line(2, RowOutcome::Ditandai), line(3, RowOutcome::Ditolak)];
    lines[1].tanda.push(Flag { pointer: "/jenis_kelamin".to_owned(), code: FlagCode::SexMismatch });
    lines[2].kesalahan.push(RowError {
        pointer: "/nik".to_owned(),
        code: "TYPE".to_owned(),
        pesan: "harus berupa teks".to_owned(),
        message: "must be a string".to_owned(),
    });
    let mut counts = BatchCounts::default();
    for line in &lines {
        counts.add(line);
    }
    Pushed { batch: batch(counts), replayed: false, lines }
}

fn batch(counts: BatchCounts) -> Batch {
    Batch {
        id: "B1".to_owned(),
        agency: agency("dinsos-3201"),
        feed: Feed::AnggotaKeluarga,
        received_at: at("2025-11-20T02:04:00Z"),
        counts,
        sha256: "00".repeat(32),
        alarms: vec!["EXCEL_PRECISION".to_owned()],
        compacted_at: None,
    }
}

/// A gateway at work.
pub(crate) fn overview() -> Overview {
    let feed = |feed: Feed, records, flagged, last: Option<&str>, agencies: &[&str]| FeedLine {
        feed,
        records,
        flagged,
        last: last.map(at),
        agencies: agencies.iter().map(|name| agency(name)).collect(),
    };
    let clean =
        BatchCounts { baris: 6_114, diterima: 6_021, ditandai: 93, ditolak: 0, tanpa_perubahan: 0, lebih_lama: 0 };
    let batches = vec![
        BatchView { batch: pushed().batch, matched: false, evaluated: false },
        BatchView { batch: Batch { alarms: Vec::new(), ..batch(clean) }, matched: true, evaluated: true },
    ];
    Overview {
        feeds: vec![
            feed(Feed::AnggotaKeluarga, 18_204, 311, Some("2025-11-20T02:04:00Z"), &["dinsos-3201"]),
            feed(Feed::PesertaDidik, 5_120, 88, Some("2025-11-19T22:40:00Z"), &["disdik-3201"]),
            feed(Feed::KepesertaanJkn, 16_733, 204, Some("2025-11-19T21:15:00Z"), &["dinkes-3201"]),
            feed(Feed::LayananKia, 2_214, 12, Some("2025-11-19T21:17:00Z"), &["dinkes-3201"]),
            feed(Feed::Rekening, 4_902, 40, Some("2025-11-19T20:00:00Z"), &["bank-bni", "bank-bri"]),
            feed(Feed::Penyaluran, 0, 0, None, &[]),
        ],
        persons: 20_418,
        families: 6_031,
        persons_in_many_feeds: 15_902,
        open_cases: 214,
        resting_cases: 3,
        decided_cases: 37,
        waiting_rows: 6_114,
        batches,
        stop_keys: vec![StopKeyLine {
            rule: "B7: tahun lahir + kecamatan + nama".to_owned(),
            rows: 812,
            example: Some(PersonId(RecordId(3))),
        }],
        stop_keys_total: 1,
        model: "indonesia-start-1".to_owned(),
        closed_feeds: 118,
    }
}

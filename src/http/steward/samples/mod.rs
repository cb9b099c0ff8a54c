//! Hand-made views for tests: synthetic people, every kind of value, and a name that would break careless HTML.

mod figures;

pub(crate) use figures::{names, overview, pushed, report_view};

use crate::auth::{Caller, Client, Directory, Right, token_hash};
use crate::domain::agency::{AgencyId, AgencyKind};
use crate::domain::case::{Case, CaseState, Explained, ExplainedLine, Question, SharedBy, VetoLine};
use crate::domain::date::{Date, Period, Timestamp};
use crate::domain::decision::{Decision, Verdict};
use crate::domain::feed::Feed;
use crate::domain::flag::{Flag, FlagCode};
use crate::domain::money::Rupiah;
use crate::domain::person::{Attributed, FamilyId, GoldenFamily, GoldenPerson, NameWords, PersonField};
use crate::domain::record::{PersonId, Record, RecordId, RecordKey, Sequence};
use crate::domain::row::{AnggotaKeluarga, Detail, Enrolment, PersonCore, PesertaDidik, Rekening};
use crate::domain::sex::Sex;
use crate::http::tls::{Identity, Served};
use crate::service::answers::views::{CaseView, HistoryLine, Page, PersonView, ProgrammeLine};
use crate::service::audit::{Entry, Seen, SeenBy, Who};

/// Values that must never leave the gateway.
pub(crate) const SECRETS: &[&str] = &[
    "3201015507150003",
    "3201015507150030",
    "3201010101150007",
    "SITI AMINAH",
    "SITI AMINA ",
    "8800667788",
    "3201014107800001",
];

/// A name that is markup.
pub(crate) const MARKUP: &str = "RANI <script>alert(1)</script> & \"CO\"";

fn agency(name: &str) -> AgencyId {
    AgencyId::new(name).expect("a good name")
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

/// Every client the tests know: token and rights.
pub(crate) fn directory() -> Directory {
    let client = |name: &str, token: &str, rights: &[Right], kind: Option<AgencyKind>| Client {
        name: name.to_owned(),
        token_sha256: token_hash(token),
        rights: rights.to_vec(),
        agency: kind.map(|_| agency("dinsos-3201")),
        kind,
        regions: Vec::new(),
        purpose: None,
    };
    Directory::new(&[
        client("petugas", "steward-token", &[Right::Persons, Right::Review, Right::Reports], None),
        client("dinsos", "dinsos-token", &[Right::Push], Some(AgencyKind::Dinsos)),
    ])
    .expect("good clients")
}

/// A certificate for `padan.test` and this machine.
pub(crate) fn served() -> Served {
    let names = ["padan.test", "localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let (cert_pem, key_pem) = (made.cert.pem().into_bytes(), made.signing_key.serialize_pem().into_bytes());
    Served::load(&Identity::Memory { cert_pem, key_pem }, at("2026-01-01T00:00:00Z")).expect("good")
}

/// A steward with all rights to read and decide.
pub(crate) fn caller() -> Caller {
    directory().by_token("steward-token").expect("known")
}

fn record(id: u64, feed: Feed, sender: &str, core: PersonCore, detail: Detail) -> Record {
    Record {
        id: RecordId(id),
        key: RecordKey { agency: agency(sender), feed, id_sumber: format!("R-{id:05}") },
        sequence: Sequence(id),
        tgl_data: Date::constant(2025, 11, 3),
        withdrawn: false,
        core,
        detail,
        flags: Vec::new(),
        regions: Vec::new(),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the fields of rows are optional")]
fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

/// A family member, as Dinas Sosial knows her.
pub(crate) fn dinsos_record() -> Record {
    let core = PersonCore {
        nik: text("3201015507150003"),
        no_kk: text("3201010101150007"),
        nama: text("RANI PUSPITASARI"),
        tempat_lahir: text("BOGOR"),
        tanggal_lahir: Some(Date::constant(2015, 7, 15)),
        jenis_kelamin: Some(Sex::Female),
        nama_ibu_kandung: text("SITI AMINAH"),
        alamat: text("KP. SUKAMAJU NO. 12"),
        rt: text("003"),
        kode_desa: text("3201012001"),
        ..PersonCore::default()
    };
    let program = |kode: &str| Enrolment {
        kode: kode.to_owned(),
        status: "AKTIF".to_owned(),
        periode: Some(Period::Quarter { year: 2025, quarter: 4 }),
    };
    let detail = AnggotaKeluarga {
        id_keluarga: "KEL-0007".to_owned(),
        hubungan_keluarga: Some(4),
        desil: Some(2),
        program: vec![program("PKH"), program("SEMBAKO")],
        komponen_pkh: vec!["SD".to_owned()],
        status_padan_dukcapil: text("PADAN"),
        ..AnggotaKeluarga::default()
    };
    record(3, Feed::AnggotaKeluarga, "dinsos-3201", core, Detail::Anggota(Box::new(detail)))
}

/// The same child, as a school knows her.
pub(crate) fn school_record() -> Record {
    let core = PersonCore {
        nik: text("3201015507150003"),
        no_kk: text("3201010101150007"),
        nama: text("RANI PUSPITA SARI"),
        tempat_lahir: text("BOGOR"),
        tanggal_lahir: Some(Date::constant(2015, 7, 15)),
        jenis_kelamin: Some(Sex::Female),
        nama_ibu_kandung: text("SITI AMINAH"),
        alamat: text("KAMPUNG SUKAMAJU 12"),
        kode_desa: text("3201012001"),
        ..PersonCore::default()
    };
    let detail = PesertaDidik {
        nisn: text("0151234567"),
        npsn: "20200123".to_owned(),
        nama_sekolah: text("SDN SUKAMAJU 2"),
        jenjang: "SD".to_owned(),
        kelas: Some(4),
        status_siswa: "AKTIF".to_owned(),
        nik_ibu: text("3201014107800001"),
        layak_pip: Some(true),
        pip_status: text("CAIR"),
        pip_nominal: Some(Rupiah(450_000)),
        ..PesertaDidik::default()
    };
    record(17, Feed::PesertaDidik, "disdik-3201", core, Detail::Siswa(Box::new(detail)))
}

/// An account in her name.
pub(crate) fn bank_record() -> Record {
    let core = PersonCore {
        nik: text("3201015507150003"),
        nama: text("RANI PUSPITASARI"),
        tanggal_lahir: Some(Date::constant(2015, 7, 15)),
        nama_ibu_kandung: text("SITI AMINA "),
        ..PersonCore::default()
    };
    let detail = Rekening {
        kode_bank: "009".to_owned(),
        no_rekening: "8800667788".to_owned(),
        cif: text("3201014107800001"),
        status_rekening: "AKTIF".to_owned(),
        kks_diserahkan: Some(true),
        ..Rekening::default()
    };
    record(29, Feed::Rekening, "bank-bni", core, Detail::Rekening(Box::new(detail)))
}

/// A case: two digits of the NIK are swapped, the names differ by a blank.
pub(crate) fn case_view() -> CaseView {
    let a = dinsos_record();
    let mut b = school_record();
    b.core.nik = text("3201015507150030");
    b.core.jenis_kelamin = Some(Sex::Male);
    b.flags = vec![Flag { pointer: "/jenis_kelamin".to_owned(), code: FlagCode::SexMismatch }];
    let lines = [
        ("prior", "prior", -9.5),
        ("nik", "transpose", 9.0),
        ("nama", "near", 5.0),
        ("tanggal_lahir", "exact", 7.0),
        ("jenis_kelamin", "different", -5.0),
        ("nama_ibu_kandung", "exact", 6.0),
        ("no_kk", "exact", 4.0),
        ("no_rekening", "missing", 0.0),
    ];
    let lines: Vec<ExplainedLine> = lines
        .into_iter()
        .map(|(comparison, level, weight)| ExplainedLine { comparison: comparison.into(), level: level.into(), weight })
        .collect();
    let explained = Explained {
        lines,
        total: 16.5,
        probability: 0.9942,
        decision: "review".to_owned(),
        vetoes: vec![VetoLine {
            id: "V6".to_owned(),
            keeps_apart: false,
            about: "Jenis kelamin berbeda, dan NIK juga mengatakan demikian".to_owned(),
        }],
        thresholds: (8.0, 20.0),
        model: "indonesia-start-1".to_owned(),
    };
    CaseView {
        case: Case {
            id: Case::id_of(a.id, b.id),
            question: Question::SamePerson,
            pair: (a.id, b.id),
            records: vec![a.id, b.id],
            persons: vec![PersonId(a.id), PersonId(b.id)],
            weight: explained.total,
            probability: explained.probability,
            reasons: vec!["REVIEW_BAND".to_owned(), "V6".to_owned()],
            state: CaseState::Baru,
            why: Some(explained),
            shared: None,
        },
        persons: vec![golden(&a), golden(&b)],
        records: vec![a, b],
        decisions: Vec::new(),
        resting: Vec::new(),
    }
}

/// One NIK on three persons.
pub(crate) fn shared_nik_view() -> CaseView {
    let mut view = case_view();
    view.case.id = Case::id_of_shared(view.case.records[0]);
    view.case.question = Question::SharedNik;
    view.case.reasons = vec!["SHARED_NIK".to_owned()];
    view.case.shared = Some(SharedBy { persons: 3, records: 4 });
    view.case.why = None;
    view
}

/// A decided case of which a row was withdrawn.
pub(crate) fn resting_case_view() -> CaseView {
    let mut view = decided_case_view();
    view.records[1].withdrawn = true;
    view.records[1].core = PersonCore::default();
    view.resting = vec![view.records[1].id];
    view.case.why = None;
    view
}

/// A case of which a row was withdrawn before anybody decided it.
pub(crate) fn undecided_resting_view() -> CaseView {
    let mut view = case_view();
    view.case.state = CaseState::Istirahat;
    view.records[1].withdrawn = true;
    view.records[1].core = PersonCore::default();
    view.persons.truncate(1);
    view.resting = vec![view.records[1].id];
    view
}

/// The same case, decided.
pub(crate) fn decided_case_view() -> CaseView {
    let mut view = case_view();
    view.case.state = CaseState::Selesai;
    view.decisions = vec![Decision {
        sequence: Sequence(90),
        a: view.case.pair.0,
        b: view.case.pair.1,
        verdict: Some(Verdict::Gabungkan),
        reason: "Akta kelahiran sama, NIK di sekolah salah ketik".to_owned(),
        by: "petugas".to_owned(),
        at: at("2025-11-20T03:21:00Z"),
        case: view.case.id.clone(),
        asked: None,
    }];
    view
}

fn golden(record: &Record) -> GoldenPerson {
    let best = |value: &str, variants| Attributed {
        value: value.to_owned(),
        source: record.id,
        rule: "newest:DINSOS".into(),
        variants,
    };
    let core = &record.core;
    let mut fields = vec![
        (PersonField::Nik, best(core.nik.as_deref().unwrap_or_default(), 1)),
        (PersonField::NoKk, best("3201010101150007", 1)),
        (PersonField::Nama, best(core.nama.as_deref().unwrap_or_default(), 2)),
        (PersonField::TempatLahir, best("BOGOR", 1)),
        (PersonField::TanggalLahir, best("2015-07-15", 1)),
        (PersonField::JenisKelamin, best("P", 1)),
        (PersonField::NamaIbuKandung, best("SITI AMINAH", 1)),
        (PersonField::Alamat, best("KP. SUKAMAJU NO. 12", 2)),
    ];
    fields.push((PersonField::KodeDesa, best("3201012001", 1)));
    fields.push((PersonField::KodeKecamatan, best("320101", 1)));
    GoldenPerson {
        id: PersonId(record.id),
        records: vec![record.id],
        fields,
        families: vec![FamilyId(RecordId(1))],
        aside: Vec::new(),
        words: NameWords::default(),
    }
}

/// A person of three records, asked for by a retired number.
pub(crate) fn person_view() -> PersonView {
    let sources = vec![dinsos_record(), school_record(), bank_record()];
    let mut person = golden(&sources[0]);
    person.records = sources.iter().map(|record| record.id).collect();
    let line = |code: &str, feed, payment| ProgrammeLine {
        code: code.to_owned(),
        status: "AKTIF".to_owned(),
        period: Some(Period::Quarter { year: 2025, quarter: 4 }),
        feed,
        record: RecordId(3),
        last_payment: payment,
    };
    let paid = Some((Some(Date::constant(2025, 10, 21)), 225_000, "BERHASIL".to_owned()));
    let happened = |what, id, feed, reference: &str, when: &str| HistoryLine {
        at: Some(at(when)),
        what,
        record: RecordId(id),
        feed,
        reference: reference.to_owned(),
    };
    PersonView {
        withdrawn: false,
        redirected_from: Some(PersonId(RecordId(99))),
        families: vec![GoldenFamily {
            id: FamilyId(RecordId(1)),
            records: vec![RecordId(1), RecordId(2), RecordId(3)],
            members: [1, 2, 3].map(|id| PersonId(RecordId(id))).to_vec(),
            head: Some(PersonId(RecordId(1))),
            no_kk: Some(Attributed {
                value: "3201010101150007".into(),
                source: RecordId(3),
                rule: "newest".into(),
                variants: 1,
            }),
            kode_desa: Some(Attributed {
                value: "3201012001".into(),
                source: RecordId(3),
                rule: "newest".into(),
                variants: 1,
            }),
            sources: vec!["dinsos-3201|KEL-0007".to_owned()],
        }],
        programmes: vec![
            line("PKH", Feed::AnggotaKeluarga, paid),
            line("SEMBAKO", Feed::AnggotaKeluarga, None),
            line("PIP", Feed::PesertaDidik, None),
        ],
        history: vec![
            happened("row_accepted", 3, Feed::AnggotaKeluarga, "0193-b1", "2025-11-18T01:00:00Z"),
            happened("row_accepted", 17, Feed::PesertaDidik, "0193-b2", "2025-11-18T02:10:00Z"),
            happened("decision", 17, Feed::PesertaDidik, "C3-17", "2025-11-20T03:21:00Z"),
        ],
        cases: vec!["C3-44".to_owned()],
        person,
        sources,
    }
}

/// A page of the queue.
pub(crate) fn cases() -> Page<CaseView> {
    let mut other = case_view();
    other.case.question = Question::SharedNik;
    other.case.reasons = vec!["V5".to_owned()];
    other.records[0].core.nama = text(MARKUP);
    Page { items: vec![case_view(), other], next: Some("MTI=".to_owned()), total: Some(214) }
}

/// Who saw a person.
pub(crate) fn seen() -> Seen {
    let by = |name: &str, agency: Option<AgencyId>| Who {
        name: name.to_owned(),
        agency,
        purpose: Some("Verifikasi PKH, PKS 12/2026".to_owned()),
    };
    let at: Timestamp = "2025-11-20T03:04:05Z".parse().expect("a time");
    let entry = |number, by, does| SeenBy { number, entry: Entry::new(at, by, does).about(["P0000000003"]) };
    Seen {
        person: PersonId(RecordId(3)),
        numbers: vec!["P0000000003".to_owned(), "P0000000017".to_owned()],
        entries: vec![
            entry(117, by("petugas", None), "person.lookup"),
            entry(118, by("petugas", None), "case.decide"),
            entry(240, by(MARKUP, None), "person.read"),
        ],
    }
}

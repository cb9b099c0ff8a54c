//! `disdik-peserta-didik`: pupils of schools that report to Dapodik. Madrasah do not.

use super::style::PUPIL;
use super::{Desk, Row};
use crate::domain::money::Rupiah;
use crate::domain::row::{Detail, PesertaDidik};
use crate::simulate::damage::name;
use crate::simulate::dice::mix;
use crate::simulate::numbers::Series;
use crate::simulate::person::{Attendance, Person, Schooling};

pub(super) fn write(desk: &mut Desk) {
    let family = desk.family();
    for (member, person) in family.members.iter().enumerate() {
        let Some(school) = person.school.filter(|_| person.died.is_none()) else { continue };
        if !matches!(school.attendance, Attendance::Enrolled | Attendance::Dropout) {
            continue;
        }
        let detail = pupil(desk, member, school);
        let first = desk.rows.len();
        desk.file_with_copies(member, &PUPIL, &Detail::Siswa(Box::new(detail.clone())));
        forget_numbers(&mut desk.rows[first..], desk.context.rates.form);
        if school.level != "TK" && school.attendance == Attendance::Enrolled {
            second_school(desk, member, detail);
        }
    }
}

/// A pupil number is unknown to one row in twenty; which one follows from the row's own key.
fn forget_numbers(rows: &mut [Row], form: f64) {
    for row in rows {
        let key = row.id_sumber.bytes().fold(0, |sum, byte| mix(sum, u64::from(byte)));
        if let Detail::Siswa(pupil) = &mut row.detail
            && (key % 1000) as f64 <= 50.0 * form
        {
            pupil.nisn = None;
        }
    }
}

/// Some are at two schools: still listed after a move (PINDAH), or really active at both (O10).
fn second_school(desk: &mut Desk, member: usize, first: PesertaDidik) {
    let double = desk.dice.chance(0.006 * desk.context.rates.gap);
    let moved = desk.dice.chance(0.013);
    if !double && !moved {
        return;
    }
    let mut other = first;
    let turn = other.npsn.as_bytes()[7] - b'0';
    other.npsn.truncate(7);
    other.npsn.push((b'0' + (turn + 3) % 10) as char);
    if double {
        other.nisn = other.nisn.filter(|_| desk.dice.chance(0.35));
    } else {
        "PINDAH".clone_into(&mut other.status_siswa);
        (other.pip_status, other.pip_tahun, other.pip_nominal) = (Some("TIDAK".to_owned()), None, None);
    }
    let core = desk.core(member, &PUPIL);
    desk.file(Some(member), core, Detail::Siswa(Box::new(other)), if double { 37 } else { 300 });
}

fn pupil(desk: &mut Desk, member: usize, school: Schooling) -> PesertaDidik {
    let family = desk.family();
    let person = &family.members[member];
    let (npsn, nama_sekolah) = school_of(desk, family.slot.district, school.level);
    let pkh = family.aid.pkh;
    let poor = family.decile <= 5;
    let aid = grant(desk, pkh, poor, school);
    let granted = matches!(aid, "SK_NOMINASI" | "SK_PEMBERIAN" | "CAIR");
    let father = person.father_here.map(|at| &family.members[at]);
    let mother = person.mother_here.map(|at| &family.members[at]);
    let index = family.number * 2 + u64::from(person.twin.is_some_and(|twin| twin < member));
    let dice = &mut desk.dice;
    let kip = granted.then(|| (0..6).map(|_| b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789"[dice.below(32)] as char).collect());
    let nik_of = |who: Option<&Person>, lucky: bool| who.filter(|_| lucky).map(|who| who.nik.clone());
    let status = if school.attendance == Attendance::Dropout { "PUTUS" } else { "AKTIF" };
    let nama_ayah =
        father.filter(|_| dice.chance(0.93)).map(|father| name::in_case(father.name.clone(), PUPIL.case, dice));
    PesertaDidik {
        nisn: Some(format!(
            "{:03}{:07}",
            person.born.year() % 1000,
            desk.context.numbers.scramble(Series::Pupil, index, 7)
        )),
        npsn,
        nama_sekolah: Some(nama_sekolah),
        jenjang: school.level.to_owned(),
        kelas: (school.grade > 0).then_some(school.grade),
        status_siswa: status.to_owned(),
        nama_ayah,
        nik_ayah: nik_of(father, dice.chance(0.52)),
        nik_ibu: nik_of(mother, dice.chance(0.55)),
        nik_wali: None,
        nomor_kip: kip,
        penerima_kps_pkh: Some(if dice.chance(0.12) { !pkh && poor } else { pkh }),
        layak_pip: Some(granted || aid == "USULAN" || (poor && dice.chance(0.2))),
        pip_status: Some(aid.to_owned()),
        pip_tahun: granted.then(|| desk.context.world.as_of.year()),
        pip_nominal: granted.then(|| Rupiah(grant_amount(school.level))),
        kehadiran_persen: dice.chance(0.8).then(|| f64::from(dice.between(70, 100))),
    }
}

/// The state of the school grant (PIP).
fn grant(desk: &mut Desk, pkh: bool, poor: bool, school: Schooling) -> &'static str {
    const STATES: [&str; 5] = ["TIDAK", "USULAN", "SK_NOMINASI", "SK_PEMBERIAN", "CAIR"];
    let gap = desk.context.rates.gap;
    let shares = match (school.level, pkh, poor) {
        ("TK", ..) => [0.96, 0.04, 0.0, 0.0, 0.0],
        (_, true, _) => [0.095 * gap, 0.015 * gap, 0.16, 0.37, 0.36],
        (_, false, true) => [0.68, 0.04, 0.0, 0.12, 0.16],
        (_, false, false) => [1.0, 0.0, 0.0, 0.0, 0.0],
    };
    STATES[desk.dice.weighted(&shares)]
}

fn grant_amount(level: &str) -> i64 {
    match level {
        "SD" => 450_000,
        "SMP" | "PAKET_B" => 750_000,
        _ => 1_800_000,
    }
}

/// One of the schools of a level in a district. NPSN: region digit, district, school.
fn school_of(desk: &mut Desk, district: usize, level: &str) -> (String, String) {
    let (base, count, title) = match level {
        "TK" => (10, 10, "TK PERTIWI"),
        "SD" => (20, 30, "SDN"),
        "SMP" => (50, 10, "SMPN"),
        "SMA" => (60, 10, "SMAN"),
        "SMK" => (70, 10, "SMKN"),
        _ => (80, 10, "PKBM HARAPAN"),
    };
    let place = &desk.context.region.districts[district];
    let number = desk.dice.below(count);
    let region = match place.code.as_bytes()[0] {
        b'1' | b'2' => 1,
        b'3' => 2,
        b'6' => 3,
        b'7' => 4,
        b'5' => 5,
        _ => 6,
    };
    let npsn = format!("{region}{:05}{:02}", mix(11, district as u64) % 100_000, base + number);
    (npsn, format!("{title} {:02} {}", number + 1, place.name))
}

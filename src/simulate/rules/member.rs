//! Rules about one person: insurance, school, services, death, double listing.

use super::{Bench, active, evidence};
use crate::domain::date::days_between;
use crate::domain::feed::Feed;
use crate::simulate::feeds::Row;
use crate::simulate::person::Attendance;
use crate::simulate::truth::Expected;

pub(super) fn judge(bench: &mut Bench) {
    for member in 0..bench.family.members.len() {
        let entries = bench.entries(Some(member));
        let pkh = entries.iter().any(|(_, entry)| active(entry, "PKH"));
        let died = death(bench, member);
        if pkh && died.is_none() {
            insurance(bench, member);
            school(bench, member);
            services(bench, member);
        }
        if let Some(row) = died {
            death_paid(bench, member, row);
        }
        listed_twice(bench, member);
        two_segments(bench, member);
        two_schools(bench, member);
        poor_and_pregnant(bench, member);
        wealthy_and_insured(bench, member);
    }
}

/// The row that tells of the death.
fn death<'a>(bench: &Bench<'a, '_>, member: usize) -> Option<&'a Row> {
    let insurance = bench.cards(member).into_iter().find(|(_, card)| card.tgl_meninggal.is_some()).map(|(row, _)| row);
    let registry = || bench.entries(Some(member)).into_iter().find(|(_, entry)| entry.tgl_meninggal.is_some());
    insurance.or_else(|| registry().map(|(row, _)| row))
}

fn insurance(bench: &mut Bench, member: usize) {
    let cards = bench.cards(member);
    let served = cards
        .iter()
        .any(|(_, card)| card.status_jkn == "AKTIF" && matches!(card.segmen.as_str(), "PBI_APBN" | "PBI_APBD" | "PPU"));
    if served {
        return;
    }
    let note = match cards.first() {
        Some((row, card)) => format!("{}; segmen={}; status_jkn={}", evidence([*row]), card.segmen, card.status_jkn),
        None => "tidak ada baris dinkes-kepesertaan-jkn".to_owned(),
    };
    bench.gap("G01", Some(member), Feed::KepesertaanJkn, note);
}

fn school(bench: &mut Bench, member: usize) {
    let person = &bench.family.members[member];
    let age = person.age(bench.as_of());
    let pupils = bench.pupils(member);
    let attending: Vec<_> = pupils.iter().filter(|(_, pupil)| pupil.status_siswa == "AKTIF").collect();
    if (7..=18).contains(&age) && attending.is_empty() {
        let cause = match person.school.map(|school| school.attendance) {
            Some(Attendance::Madrasah) => "MADRASAH",
            Some(Attendance::Dropout) => "PUTUS",
            Some(Attendance::Enrolled | Attendance::Nowhere) | None => "TIDAK_SEKOLAH",
        };
        let row = if pupils.is_empty() { "tidak ada baris" } else { "tidak ada baris AKTIF" };
        bench.gap("G03", Some(member), Feed::PesertaDidik, format!("{row} disdik-peserta-didik; sebab={cause}"));
    }
    let granted = |status: Option<&str>| matches!(status, Some("SK_NOMINASI" | "SK_PEMBERIAN" | "CAIR"));
    let in_school: Vec<_> = attending.into_iter().filter(|(_, pupil)| pupil.jenjang != "TK").collect();
    let Some((row, first)) = in_school.first() else { return };
    if (6..=20).contains(&age) && !in_school.iter().any(|(_, pupil)| granted(pupil.pip_status.as_deref())) {
        let status = first.pip_status.as_deref().unwrap_or_default();
        let note = format!("{}; pip_status={status}", evidence([*row]));
        bench.gap("G02", Some(member), Feed::PesertaDidik, note);
    }
}

fn services(bench: &mut Bench, member: usize) {
    let as_of = bench.as_of();
    if bench.entries(Some(member)).iter().any(|(_, entry)| entry.komponen_pkh.iter().any(|kind| kind == "BUMIL")) {
        let visits = bench.services(member, "IBU_HAMIL");
        let last = visits
            .iter()
            .filter_map(|(row, visit)| visit.tgl_anc_terakhir.map(|day| (day, *row)))
            .max_by_key(|(day, _)| *day);
        match last {
            None => bench.gap(
                "G06",
                Some(member),
                Feed::LayananKia,
                "komponen BUMIL; tidak ada baris dinkes-layanan-kia".to_owned(),
            ),
            Some((day, row)) if days_between(day, as_of) > 60 => {
                let note = format!("{}; ANC terakhir {day} > 60 hari", evidence([row]));
                bench.gap("G06", Some(member), Feed::LayananKia, note);
            }
            Some(_) => {}
        }
    }
    if bench.family.members[member].age(as_of) < 6 {
        let weighed = bench.services(member, "BALITA");
        let last =
            weighed.iter().filter_map(|(row, visit)| visit.tgl_ukur.map(|day| (day, *row))).max_by_key(|(day, _)| *day);
        match last {
            None => {
                bench.gap("G07", Some(member), Feed::LayananKia, "tidak ada baris dinkes-layanan-kia".to_owned());
            }
            Some((day, row)) if days_between(day, as_of) > 60 => {
                let note = format!("{}; tgl_ukur {day} > 60 hari", evidence([row]));
                bench.gap("G07", Some(member), Feed::LayananKia, note);
            }
            Some(_) => {}
        }
    }
}

fn death_paid(bench: &mut Bench, member: usize, row: &Row) {
    let paid = bench
        .entries(Some(member))
        .iter()
        .any(|(_, entry)| ["PKH", "SEMBAKO", "BLT_DD"].iter().any(|code| active(entry, code)));
    let died = bench.family.members[member].died;
    if let Some(died) = died.filter(|died| paid && *died < bench.context.periods.quarters[0].start()) {
        let note = format!("{}; tgl_meninggal={died}; program aktif", evidence([row]));
        bench.find("O07", Some(member), Expected::Overlap, note);
    }
}

/// One person in two registered families that are paid: with one NIK (O01) or with two (O03).
fn listed_twice(bench: &mut Bench, member: usize) {
    let entries = bench.entries(Some(member));
    let paid: Vec<_> =
        entries.into_iter().filter(|(_, entry)| active(entry, "PKH") || active(entry, "SEMBAKO")).collect();
    let Some((first, entry)) = paid.first() else { return };
    let Some((other, there)) = paid.iter().find(|(_, there)| there.id_keluarga != entry.id_keluarga) else { return };
    let rule = if first.core.nik == other.core.nik { "O01" } else { "O03" };
    let note = format!("{}; id_keluarga={}+{}", evidence([*first, *other]), entry.id_keluarga, there.id_keluarga);
    bench.find(rule, Some(member), Expected::Overlap, note);
}

fn two_segments(bench: &mut Bench, member: usize) {
    let cards = bench.cards(member);
    let held = |wanted: &[&str]| {
        cards.iter().find(|(_, card)| card.status_jkn == "AKTIF" && wanted.contains(&card.segmen.as_str())).copied()
    };
    if let (Some((state, card)), Some((employer, _))) = (held(&["PBI_APBN", "PBI_APBD"]), held(&["PPU"])) {
        let note = format!("{}; {}+PPU aktif", evidence([state, employer]), card.segmen);
        bench.find("O05", Some(member), Expected::Overlap, note);
    }
}

fn two_schools(bench: &mut Bench, member: usize) {
    let pupils = bench.pupils(member);
    let attending: Vec<_> = pupils.into_iter().filter(|(_, pupil)| pupil.status_siswa == "AKTIF").collect();
    let Some((row, pupil)) = attending.first() else { return };
    let Some((other, there)) = attending.iter().find(|(_, there)| there.npsn != pupil.npsn) else { return };
    let same = u8::from(pupil.nisn.is_some() && pupil.nisn == there.nisn);
    let note = format!("{}; npsn={}+{}; nisn_sama={same}", evidence([*row, *other]), pupil.npsn, there.npsn);
    bench.find("O10", Some(member), Expected::Overlap, note);
}

/// A pregnant woman of a poor registered family outside PKH (G08).
fn poor_and_pregnant(bench: &mut Bench, member: usize) {
    let visits = bench.services(member, "IBU_HAMIL");
    let entries = bench.entries(Some(member));
    let outside = entries.iter().any(|(_, entry)| entry.desil.is_some_and(|decile| decile <= 4));
    let pkh = bench.entries(None).iter().any(|(_, entry)| active(entry, "PKH"));
    if let Some((row, _)) = visits.first().filter(|_| outside && !pkh) {
        let note = format!("{}; desil={}; bukan PKH", evidence([*row]), bench.family.decile);
        bench.gap("G08", Some(member), Feed::LayananKia, note);
    }
}

/// The state pays the premium of somebody in decile 6 to 10 (O13).
fn wealthy_and_insured(bench: &mut Bench, member: usize) {
    let decile = bench.entries(Some(member)).iter().find_map(|(_, entry)| entry.desil).unwrap_or_default();
    let cards = bench.cards(member);
    let paid = cards.iter().find(|(_, card)| card.segmen == "PBI_APBN" && card.status_jkn == "AKTIF");
    if let Some((row, _)) = paid.filter(|_| decile > 5) {
        let note = format!("{}; PBI_APBN; desil={decile}", evidence([*row]));
        bench.find("O13", Some(member), Expected::Overlap, note);
    }
}
